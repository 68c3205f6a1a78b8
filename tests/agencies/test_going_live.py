"""Set-up and going live: nothing is taken until nothing that is needed is missing."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from agencies import opening, retention, workflow
from agencies.health import Problem
from agencies.models import Contact, Opening, RetentionRule
from agencies.opening import Need
from agencies.terms import ContactPurpose, Kept, Role, RouteKind
from audit.models import AuditEvent
from guidance import loading
from guidance.models import StatementPage
from referrals.models import Referral
from tests import entry
from tests.factories import (
    AgencyFactory,
    LocalityFactory,
    MembershipFactory,
    RouteFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def set_up():
    """A new portal, as before anybody opened it; afterwards the process looks again."""
    Opening.objects.all().delete()
    opening.forget()
    yield
    opening.forget()


@pytest.fixture
def officer(db):
    person = UserFactory(name="Frank Tully")
    MembershipFactory(person=person, role=Role.PRIVACY_OFFICER)
    return person


def signed(kind, by, signer, months=12):
    rule = retention.propose(kind, months=months, child_months=None, source="Board, 3 May", by=by)
    return retention.sign(rule, by=signer)


@pytest.fixture
def ready(portal_admin, officer):
    """Everything that a portal needs."""
    place = LocalityFactory()
    for kind in RouteKind:
        RouteFactory(locality=place, kind=kind, in_portal=False)
    for kept in Kept:
        signed(kept, officer, portal_admin)
    loading.load()
    Contact.objects.create(
        purpose=ContactPurpose.CONTROLLER,
        name="Data protection officer",
        phone="01632 960308",
        source="Their page",
        owner="Frank Tully",
        checked_on=timezone.localdate(),
    )


def still_missing():
    return [problem.what for need in opening.needs() for problem in need.missing]


# --- What is needed ---------------------------------------------------------------------------
def test_a_portal_with_everything_opens_and_says_who_opened_it(ready, portal_admin):
    assert still_missing() == []
    opening.open_portal(by=portal_admin, now=timezone.now())
    assert opening.is_open()
    event = AuditEvent.objects.get(kind="portal.opened")
    assert event.person == portal_admin


def no_route():
    RouteFactory._meta.model.objects.filter(kind=RouteKind.POLICE).delete()


def no_number_at_night():
    RouteFactory._meta.model.objects.filter(kind=RouteKind.POLICE).update(out_of_hours_phone="")


def no_signature():
    RetentionRule.objects.filter(kind=Kept.ADOPTED).update(signed_at=None, signed_by=None)


def no_notice():
    StatementPage.objects.get(slug="privacy").unpublish()


def no_controller():
    Contact.objects.all().delete()


def late_notice():
    StatementPage.objects.filter(slug="privacy").update(review_by="2020-01-01")


@pytest.mark.parametrize(
    ("missing", "title"),
    [
        (no_route, "routes"),
        (no_number_at_night, "out of hours"),
        (no_signature, "Signed rules"),
        (no_notice, "Privacy statement"),
        (no_controller, "Privacy statement"),
        (late_notice, "Privacy statement"),
    ],
)
def test_a_portal_stays_in_set_up_while_one_thing_is_missing(ready, portal_admin, missing, title):
    missing()
    with pytest.raises(workflow.RefusedError, match=title):
        opening.open_portal(by=portal_admin, now=timezone.now())
    assert not opening.is_open()
    browser = entry.enter(portal_admin)
    page = browser.get("/agency/going-live/").content.decode()
    assert "It cannot open yet: 1 part above is not done." in page
    assert "Put it right" in page
    refused = browser.post("/agency/going-live/", follow=True).content.decode()
    assert "The portal cannot open yet. Still missing" in refused
    assert not Opening.objects.exists()


def test_an_app_may_add_a_check(ready, portal_admin, monkeypatch):
    monkeypatch.setattr(opening, "_checks", list(opening._checks))
    opening.register(lambda: Need("Bell", "It rings", [Problem("Bell", "It is broken", "/")]))
    with pytest.raises(workflow.RefusedError, match="Bell"):
        opening.open_portal(by=portal_admin, now=timezone.now())


def test_only_a_portal_administrator_opens_the_portal(ready, officer):
    with pytest.raises(PermissionDenied):
        opening.open_portal(by=officer, now=timezone.now())
    assert entry.enter(officer).get("/agency/going-live/").status_code == 404
    assert entry.enter(officer).post("/agency/going-live/").status_code == 404


def test_agencies_without_a_lead_are_listed_and_hold_nothing_up(
    ready, portal_admin, django_assert_max_num_queries
):
    browser = entry.enter(portal_admin)
    page = browser.get("/agency/going-live/").content.decode()
    assert "Every agency has a safeguarding lead." in page
    for number in range(26):
        AgencyFactory(name=f"Leaderless {number:02}")
    MembershipFactory(agency=AgencyFactory(name="Led"), role=Role.LEAD)
    MembershipFactory(agency=AgencyFactory(name="Deputised"), role=Role.DEPUTY_LEAD)
    with django_assert_max_num_queries(15):
        page = browser.get("/agency/going-live/").content.decode()
    assert "27 agencies have no safeguarding lead." in page
    assert "<strong>Deputised</strong>" in page
    assert "<strong>Leaderless 23</strong>" in page
    assert "<strong>Led</strong>" not in page
    assert "The first 25 stand here." in page
    assert "Everything is there." in page


def test_opening_twice_opens_once(ready, portal_admin):
    first = opening.open_portal(by=portal_admin, now=timezone.now())
    assert opening.open_portal(by=portal_admin, now=timezone.now()) == first
    with pytest.raises(IntegrityError), transaction.atomic():
        Opening.objects.create(id=2, opened_at=timezone.now())


def test_the_button_asks_for_a_fresh_factor_and_opens(
    ready, portal_admin, client, django_assert_max_num_queries
):
    client.force_login(portal_admin)
    assert "/accounts/" in client.post("/agency/going-live/").headers["Location"]
    assert not opening.is_open()
    browser = entry.enter(portal_admin)
    browser.get("/agency/going-live/")  # what a process reads once in a while
    with django_assert_max_num_queries(15):
        page = browser.get("/agency/going-live/").content.decode()
    assert "Everything is there." in page
    assert "Monday to Friday, 9am to 5pm. Bank holidays of England" in " ".join(page.split())
    done = browser.post("/agency/going-live/", follow=True).content.decode()
    assert "The portal is open." in done
    assert "The portal has been open since" in done


# --- Until then -------------------------------------------------------------------------------
def test_until_it_is_open_the_gate_and_the_first_page_say_whom_to_ring(
    school, lead, practitioner, client
):
    gate = client.get("/referrals/start/")
    assert "The portal is not open yet" in gate.content.decode()
    assert 'href="tel:101"' in gate.content.decode()
    assert not gate.cookies
    for person in (lead, practitioner):
        browser = entry.enter(person)
        for page in (browser.get("/referrals/new/"), browser.post("/referrals/new/")):
            words = page.content.decode()
            assert "The portal is not open yet" in words
            assert 'href="tel:999"' in words
            assert 'href="tel:101"' in words
    assert not Referral.objects.exists()
    assert "not open yet" not in client.get("/referrals/start/stop/").content.decode()


def test_once_open_nobody_asks_the_database_again(client, django_assert_num_queries):
    Opening.objects.create(opened_at=timezone.now())
    assert "not open yet" not in client.get("/referrals/start/").content.decode()
    with django_assert_num_queries(0):
        assert opening.is_open()


# --- Rules on how long things are kept --------------------------------------------------------
def test_nobody_signs_their_own_rule(portal_admin, officer):
    rule = retention.propose(Kept.ADOPTED, months=72, child_months=None, source="Board", by=officer)
    with pytest.raises(PermissionDenied):
        retention.sign(rule, by=officer)
    with pytest.raises(IntegrityError), transaction.atomic():
        RetentionRule.objects.filter(pk=rule.pk).update(signed_by=officer, signed_at=timezone.now())
    assert retention.sign(rule, by=portal_admin).signed_by == portal_admin
    with pytest.raises(workflow.RefusedError):
        retention.sign(rule, by=portal_admin)


def test_a_signed_rule_stays_until_another_is_signed(portal_admin, officer):
    first = signed(Kept.ADOPTED, officer, portal_admin, months=72)
    second = retention.propose(
        Kept.ADOPTED, months=60, child_months=12, source="Board", by=portal_admin
    )
    assert RetentionRule.objects.in_force().get() == first
    retention.sign(second, by=officer)
    assert RetentionRule.objects.in_force().get() == second
    first.refresh_from_db()
    assert first.months == 72
    assert first.ended_at


def test_rules_are_kept_by_two_kinds_of_people_only(portal_admin, officer, lead, admin):
    for person in (portal_admin, officer):
        assert entry.enter(person).get("/agency/retention/").status_code == 200
    for person in (lead, admin):
        for path in ("", "adopted/"):
            assert entry.enter(person).get(f"/agency/retention/{path}").status_code == 404
        with pytest.raises(PermissionDenied):
            signed(Kept.ADOPTED, person, portal_admin)


def test_a_rule_is_proposed_and_signed_on_the_pages(portal_admin, officer):
    proposing, signing = entry.enter(officer), entry.enter(portal_admin)
    page = proposing.get("/agency/retention/adopted/").content.decode()
    assert 'value="72"' in page
    empty = proposing.post("/agency/retention/adopted/", {"months": "0", "source": ""})
    assert "Write where this was decided" in empty.content.decode()
    assert proposing.get("/agency/retention/nonsense/").status_code == 404
    said = {"months": "60", "child_months": "24", "source": "Board, 3 May"}
    proposing.post("/agency/retention/adopted/", said)
    rule = RetentionRule.objects.get()
    own = proposing.post(f"/agency/retention/{rule.pk}/sign/", follow=True).content.decode()
    assert "Another person signs what you proposed." in own
    assert "You proposed it, so another person signs it." in own
    done = signing.post(f"/agency/retention/{rule.pk}/sign/", follow=True).content.decode()
    assert "Signed: Adopted by the panel." in done
    assert "60 months, for a child 24 months" in done
    assert list(AuditEvent.objects.filter(kind__startswith="retention").values_list("kind")) == [
        ("retention.proposed",),
        ("retention.signed",),
    ]
