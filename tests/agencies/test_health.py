"""Whether every concern has somewhere to go."""

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from agencies.health import problems
from agencies.models import Locality, Membership
from agencies.terms import ROUTE_DEPUTIES, ROUTE_LEADS, AgencyType, Role, RouteKind, Sector
from tests.entry import enter
from tests.factories import (
    AgencyFactory,
    LocalityFactory,
    MembershipFactory,
    RouteFactory,
    UserFactory,
)
from ui.trouble import NotSetUpError

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def scanner(settings):
    settings.SCANNER = "clamd:///run/clamav/clamd.ctl"


def said():
    return [str(problem) for problem in problems()]


@pytest.fixture
def healthy():
    """North Yorkshire with all its routes, leads, deputies and telephone numbers."""
    locality = LocalityFactory()
    for kind in RouteKind:
        RouteFactory(locality=locality, kind=kind)
        for role in (*ROUTE_LEADS[kind], *(ROUTE_DEPUTIES[kind] or ROUTE_LEADS[kind])):
            MembershipFactory(role=role, locality=locality)
    return locality


def test_a_place_with_everything_has_no_problems(healthy):
    assert said() == []


def test_a_portal_that_waits_for_a_virus_check_that_nobody_makes_says_so(
    healthy, portal_admin, settings, capsys
):
    settings.SCANNER = ""
    assert said()[0].startswith("Files: No virus scanner is set up, so only who added a file")
    with pytest.raises(CommandError, match="1 thing to put right"):
        call_command("check_configuration")
    assert capsys.readouterr().out.strip().endswith("with the setting SCANNER.")
    for page in ("health", "going-live"):
        words = enter(portal_admin).get(f"/agency/{page}/").content.decode()
        assert "No virus scanner is set up" in words
        assert 'href=""' not in words
    settings.REQUIRE_SCAN = False  # a demonstration, which warns at each file instead
    assert said() == []


def test_a_missing_route_and_a_missing_default_are_said():
    locality = LocalityFactory(is_default=False)
    assert said()[0] == "Unknown place: No locality takes concerns from unknown places."
    assert len(said()) == 1 + len(RouteKind)
    assert f"{locality}, Advice line: There is no such route." in said()


def test_an_empty_portal_is_said_in_one_line_with_where_to_mend_it(db):
    assert said() == [
        "Unknown place: There is no locality yet, so no concern can be raised.",
    ]
    assert problems()[0].fix_path == reverse("wagtailsnippets_agencies_locality:list")
    with pytest.raises(CommandError, match="1 thing to put right"):
        call_command("check_configuration")


def test_where_none_is_named_for_unknown_places_the_first_takes_them():
    first = LocalityFactory(is_default=False)
    LocalityFactory(code="YK", name="York", is_default=False)
    assert Locality.objects.default() == first
    assert said()[0].startswith("Unknown place: No locality takes")


def test_raising_a_concern_in_an_empty_portal_says_whom_to_ring():
    """It is said before anybody has written a word that would reach nobody."""
    client = enter(UserFactory(), Client(raise_request_exception=False))
    answer = client.get(reverse("referrals:new"), follow=True)
    html = answer.content.decode()
    assert answer.status_code == 503
    assert "Tell your safeguarding lead now, by telephone" in html
    assert 'href="tel:101"' in html


def test_where_a_concern_goes_without_any_locality_is_no_plain_fault():
    with pytest.raises(NotSetUpError):
        Locality.objects.default()


def test_a_route_without_lead_deputy_or_telephone_is_said(healthy):
    Membership.objects.filter(role=Role.PREVENT_DEPUTY).delete()
    Membership.objects.filter(role=Role.GATEWAY_OFFICER).delete()
    healthy.routes.filter(kind=RouteKind.FRONT_DOOR).update(out_of_hours_phone="")
    healthy.routes.filter(kind=RouteKind.ADVICE_LINE).update(phone="", email="")
    healthy.routes.filter(kind=RouteKind.ADULT_SAFEGUARDING).update(is_open=False)
    assert said() == [
        "North Yorkshire, Police Prevent team: Nobody takes its work in the portal.",
        "North Yorkshire, Police Prevent team: Nobody stands in when that person is away.",
        "North Yorkshire, Local authority Prevent lead: Nobody stands in when that person is away.",
        "North Yorkshire, Children’s front door: It has no telephone contact out of hours.",
        "North Yorkshire, Adult safeguarding: The route is closed.",
        "North Yorkshire, Advice line: It has neither a telephone number nor an e-mail address.",
    ]


def test_a_team_outside_the_portal_needs_no_people_in_it(healthy):
    Membership.objects.filter(role=Role.FRONT_DOOR).delete()
    assert len(said()) == 2
    healthy.routes.filter(kind=RouteKind.FRONT_DOOR).update(in_portal=False)
    assert said() == []


def test_a_route_of_one_sector_needs_one_for_the_others_beside_it(healthy):
    adult = {"kind": RouteKind.ADULT_SAFEGUARDING, "locality": healthy}
    own = RouteFactory(**adult, sector=Sector.HEALTH)
    assert said() == []
    healthy.routes.filter(kind=RouteKind.ADULT_SAFEGUARDING, sector="").delete()
    assert said() == [
        "North Yorkshire, Adult safeguarding: It takes some sectors only. "
        "A concern from any other has nowhere to go."
    ]
    own.is_open = False
    own.save()
    assert said() == ["North Yorkshire, Adult safeguarding: There is no such route."]
    RouteFactory(**adult)
    assert said() == []  # a closed one leaves its concerns to the general one
    own.is_open, own.out_of_hours_phone = True, ""
    own.save()
    assert said() == [
        "North Yorkshire, Adult safeguarding, Health: It has no telephone contact out of hours."
    ]


def test_people_who_cannot_sign_in_take_no_work(healthy):
    lead = Membership.objects.get(role=Role.PREVENT_LEAD).person
    lead.is_active = False
    lead.save()
    assert any("Nobody takes its work" in each for each in said())


def test_an_agency_needs_a_lead_and_somebody_to_stand_in(healthy):
    school = AgencyFactory(name="Fellgate High School", locality=healthy)
    AgencyFactory(kind=AgencyType.INDEPENDENT, locality=healthy)
    AgencyFactory(is_active=False, locality=healthy)
    assert said() == [
        "Fellgate High School: It has no safeguarding lead.",
        "Fellgate High School: Nobody stands in when the safeguarding lead is away.",
    ]
    assert problems()[0].fix_path == f"/agency/{school.pk}/"
    MembershipFactory(agency=school, role=Role.LEAD)
    assert len(said()) == 1
    MembershipFactory(agency=school, role=Role.DEPUTY_LEAD)
    assert said() == []


def test_asking_costs_the_same_however_many_agencies(healthy, django_assert_num_queries):
    for _number in range(5):
        AgencyFactory(locality=healthy)
    with django_assert_num_queries(5):
        problems()


def test_the_command_fails_while_there_are_problems(healthy, capsys):
    call_command("check_configuration")
    assert "Every route has a lead" in capsys.readouterr().out
    healthy.routes.all().delete()
    with pytest.raises(CommandError, match="5 things to put right"):
        call_command("check_configuration")
    assert "Advice line: There is no such route." in capsys.readouterr().out


def test_the_first_administrator_is_appointed_from_the_terminal(db, capsys):
    call_command("appoint_administrator", "noor@example.org", "Noor Rahman")
    assert "Noor Rahman is the first portal administrator" in capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command("appoint_administrator", "frank@example.org", "Frank Tully")
