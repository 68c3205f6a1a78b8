"""My agency on the screen: who sees which page, and what it says."""

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agencies import people, workflow
from agencies.models import Absence, Agency, Invitation, Membership
from agencies.terms import AgencyType, Role
from audit.signals import agency_names, may_read
from tests import entry
from tests.agencies.conftest import membership_of
from tests.factories import AgencyFactory, LocalityFactory, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db
MOST_QUERIES = 15


@pytest.fixture(autouse=True)
def _mails(mails):
    """No test here writes to the real outbox."""


@pytest.fixture
def enter(client):
    """Sign a person in as after both steps."""
    return lambda person: entry.enter(person, client)


def words(response):
    assert response.status_code == 200, response
    return response.content.decode()


def people_of(agency):
    return f"/agency/{agency.pk}/"


# --- Who sees the people ----------------------------------------------------------------------
def test_administrators_leads_and_portal_administrators_see_the_people(
    enter, school, admin, lead, portal_admin, practitioner
):
    for person in (admin, lead, portal_admin):
        page = words(enter(person).get(people_of(school)))
        assert "Hannah Ellis" in page
        assert ("Invite someone" in page) is (person != lead)
        assert ("Lost phone" in page) is (person == portal_admin)


def test_to_everyone_else_the_page_does_not_exist(enter, school, practitioner):
    stranger = MembershipFactory(role=Role.AGENCY_ADMIN).person
    for person in (practitioner, stranger, UserFactory()):
        for path in ("", "invite/", "contact/"):
            assert enter(person).get(people_of(school) + path).status_code == 404
    chief = MembershipFactory(role=Role.PREVENT_LEAD).person
    for path in ("/agency/NY/", "/agency/portal/", "/agency/health/"):
        assert enter(chief).get(path).status_code == 404


@pytest.mark.parametrize("key", ["999999", "9" * 30, "XX", "nonsense"])
def test_an_unknown_place_is_not_found(enter, portal_admin, key):
    assert enter(portal_admin).get(f"/agency/{key}/").status_code == 404


def test_a_lead_confirms_but_does_not_manage(enter, lead, school, practitioner):
    client = enter(lead)
    held = membership_of(practitioner)
    assert client.get(f"/agency/member/{held.pk}/change/").status_code == 404
    assert client.get(f"/agency/member/{held.pk}/end/").status_code == 404
    assert client.get(f"{people_of(school)}invite/").status_code == 404
    waiting = MembershipFactory(person=UserFactory(name="Owen Pryce"), agency=school, pending=True)
    assert "Asking to join" in words(client.get(people_of(school)))
    done = client.post(f"/agency/member/{waiting.pk}/confirm/", follow=True)
    assert "Owen Pryce has joined." in words(done)
    assert people.agency_of(waiting.person) == school


def test_a_request_is_answered_once(enter, lead, school):
    waiting = MembershipFactory(agency=school, pending=True)
    client = enter(lead)
    client.post(f"/agency/member/{waiting.pk}/confirm/")
    again = client.post(f"/agency/member/{waiting.pk}/confirm/", follow=True)
    assert "Somebody has answered this request already." in words(again)
    other = MembershipFactory(agency=school, pending=True)
    client.post(f"/agency/member/{other.pk}/decline/")
    assert not people.pending_for(other.person)


def test_practitioners_see_their_leads_once_confirmed(enter, school, lead, practitioner):
    assert "Ruth Adeyemi" in words(enter(practitioner).get("/agency/"))
    waiting = MembershipFactory(agency=school, pending=True).person
    page = words(enter(waiting).get("/agency/"))
    assert "You have asked to join Fellgate High School" in page
    assert "Ruth Adeyemi" not in page


def test_portal_administrators_reach_every_place(enter, portal_admin, school, locality):
    page = words(enter(portal_admin).get("/agency/"))
    for path in (people_of(school), "/agency/NY/", "/agency/portal/"):
        assert f'href="{path}"' in page
        assert words(enter(portal_admin).get(path))
    assert "There is no such route." in words(enter(portal_admin).get("/agency/health/"))


# --- Changing ---------------------------------------------------------------------------------
def test_an_administrator_invites_and_takes_it_back(enter, admin, school):
    client = enter(admin)
    path = f"{people_of(school)}invite/"
    assert "Select a role" in words(client.post(path, {"email": "x@example.org"}))
    done = client.post(path, {"email": "X@example.org", "role": "lead"}, follow=True)
    assert "The invitation is on its way." in words(done)
    assert "x@example.org" in words(done)
    offer = Invitation.objects.get()
    gone = client.post(f"/agency/invitation/{offer.pk}/withdraw/", follow=True)
    assert "The invitation no longer works." in words(gone)
    outsider = MembershipFactory(role=Role.AGENCY_ADMIN).person
    assert enter(outsider).post(f"/agency/invitation/{offer.pk}/withdraw/").status_code == 404


def test_a_colleague_gets_another_role_at_once(enter, admin, practitioner, school):
    path = f"{people_of(school)}invite/"
    data = {"email": practitioner.email, "role": "deputy_lead"}
    done = enter(admin).post(path, data, follow=True)
    assert "Hannah Ellis has one more role now." in words(done)
    again = enter(admin).post(path, data)
    assert "Hannah Ellis has this role already." in words(again)


def test_nobody_gives_themselves_a_role_on_a_page_either(enter, admin, school):
    path = f"{people_of(school)}invite/"
    page = enter(admin).post(path, {"email": admin.email, "role": "lead"})
    assert "nobody gives roles to themselves" in words(page)
    own = membership_of(admin)
    page = enter(admin).post(f"/agency/member/{own.pk}/change/", {"role": "lead"})
    assert "nobody gives roles to themselves" in words(page)
    assert not people.has_role(admin, Role.LEAD)


@pytest.mark.parametrize("role", ["prevent_lead", "portal_admin", "emperor"])
def test_roles_of_other_places_cannot_be_slipped_in(enter, admin, school, role):
    page = enter(admin).post(f"{people_of(school)}invite/", {"email": "x@y.org", "role": role})
    assert page.status_code == 200
    assert not Invitation.objects.exists()


def test_a_role_is_changed(enter, admin, lead, school):
    held = membership_of(lead)
    path = f"/agency/member/{held.pk}/change/"
    assert "Ruth Adeyemi is Safeguarding lead now." in words(enter(admin).get(path))
    done = enter(admin).post(path, {"role": "deputy_lead"}, follow=True)
    assert "Ruth Adeyemi has another role now." in words(done)
    assert people.has_role(lead, Role.DEPUTY_LEAD, agency=school)
    assert enter(admin).get(path).status_code == 404  # that one has ended


def test_a_role_ends_after_a_question(enter, admin, lead, school):
    path = f"/agency/member/{membership_of(lead).pk}/end/"
    assert "Open work goes to the others" in words(enter(admin).get(path))
    assert people.has_role(lead, Role.LEAD)
    done = enter(admin).post(path, follow=True)
    assert "Ruth Adeyemi no longer has this role." in words(done)
    assert not people.has_role(lead, Role.LEAD)


def test_the_last_administrator_is_told_why_not(enter, admin):
    done = enter(admin).post(f"/agency/member/{membership_of(admin).pk}/end/", follow=True)
    assert "This is the last administrator. Name another one first." in words(done)


def test_a_right_lost_acts_on_the_next_request(enter, admin, school, portal_admin):
    client = enter(admin)
    assert client.get(people_of(school)).status_code == 200
    Membership.objects.filter(person=admin).update(ends_on=timezone.localdate())
    assert client.get(people_of(school)).status_code == 404


def test_the_prevent_contact_is_changed(enter, admin, school):
    path = f"{people_of(school)}contact/"
    assert "Write the name of the contact" in words(enter(admin).post(path, {}))
    data = {
        "prevent_contact_name": "Ruth Adeyemi",
        "prevent_contact_role": "Safeguarding lead",
        "prevent_contact_phone": "01632 960001",
        "prevent_contact_email": "ruth@fellgate.example.org",
    }
    done = enter(admin).post(path, data, follow=True)
    assert "01632 960001" in words(done)


def test_a_lost_phone_is_dealt_with_by_portal_administrators(enter, portal_admin, admin, lead):
    path = f"/agency/second-step/{lead.pk}/"
    assert enter(admin).get(path).status_code == 404
    assert "spoken to the person" in words(enter(portal_admin).get(path))
    done = enter(portal_admin).post(path, follow=True)
    assert "Ruth Adeyemi can set the second step up again." in words(done)
    assert enter(portal_admin).get(f"/agency/second-step/{portal_admin.pk}/").status_code == 404


# --- Days away --------------------------------------------------------------------------------
def parts(name, date):
    return {f"{name}_day": date.day, f"{name}_month": date.month, f"{name}_year": date.year}


def test_days_away_are_noted_and_taken_out(enter, lead, admin, practitioner):
    today = timezone.localdate()
    data = {**parts("starts_on", today), **parts("ends_on", today + datetime.timedelta(days=3))}
    done = enter(lead).post("/agency/absence/", data, follow=True)
    assert "The deputy gets the work on those days." in words(done)
    noted = Absence.objects.get()
    assert enter(practitioner).post(f"/agency/absence/{noted.pk}/end/").status_code == 404
    done = enter(admin).post(f"/agency/absence/{noted.pk}/end/", follow=True)
    assert "Those days have been taken out." in words(done)
    assert "Ruth Adeyemi" in words(done)
    enter(admin).post(f"/agency/absence/of/{lead.pk}/", data)
    assert people.is_away(lead)
    assert enter(practitioner).get(f"/agency/absence/of/{lead.pk}/").status_code == 404


def test_days_in_the_wrong_order_get_a_sentence(enter, lead):
    today = timezone.localdate()
    data = {**parts("starts_on", today), **parts("ends_on", today - datetime.timedelta(days=3))}
    page = enter(lead).post("/agency/absence/", data)
    assert "Make the last day the same as the first, or later." in words(page)
    over = {**parts("starts_on", today - datetime.timedelta(days=9))}
    over |= parts("ends_on", today - datetime.timedelta(days=3))
    assert "today or later" in words(enter(lead).post("/agency/absence/", over))


# --- Joining ----------------------------------------------------------------------------------
ABOUT = {"name": "Hannah Ellis", "job_title": "Teacher", "phone": ""}


def test_a_new_colleague_is_asked_for_a_name_only(enter, school):
    person = UserFactory(name="", job_title="", email="new@fellgate.example.org")
    client = enter(person)
    page = words(client.get("/agency/join/"))
    assert "Your address belongs to Fellgate High School." in page
    assert "Where do you work?" not in page
    assert "Write your full name" in words(client.post("/agency/join/", {}))
    done = client.post("/agency/join/?next=/agency/", ABOUT)
    assert done["Location"] == "/agency/"
    assert client.get("/agency/join/")["Location"] == "/referrals/"  # asked once
    assert people.agency_of(person) == school


def test_an_agency_that_came_after_the_sign_in_is_joined_on_the_page(enter, locality):
    person = UserFactory(name="", email="new@late.example.org")
    client = enter(person)
    late = AgencyFactory(name="Late School", domains=["late.example.org"])
    assert "Your address belongs to Late School." in words(client.get("/agency/join/"))
    assert people.agency_of(person) is None
    client.post("/agency/join/", ABOUT)
    assert people.agency_of(person) == late


def test_a_person_with_a_shared_address_chooses(enter):
    trust, _council = (
        AgencyFactory(name=name, domains=["shared.example.org"]) for name in ("Trust", "Council")
    )
    person = UserFactory(name="", email="owen@shared.example.org")
    client = enter(person)
    page = words(client.get("/agency/join/"))
    assert "Trust" in page
    assert "Council" in page
    assert "Select where you work" in words(client.post("/agency/join/", ABOUT))
    client.post("/agency/join/", {**ABOUT, "agency": trust.pk})
    [asked] = people.pending_for(person)
    assert asked.agency == trust
    person.refresh_from_db()
    assert not people.must_join(person)


def test_a_person_who_works_elsewhere_says_where(enter, locality):
    for name in ("Trust", "Council"):
        AgencyFactory(name=name, domains=["shared.example.org"])
    LocalityFactory(code="YK")
    person = UserFactory(name="", email="carol@shared.example.org")
    client = enter(person)
    half = client.post("/agency/join/", {**ABOUT, "agency": "elsewhere"})
    assert "Write the name of your organisation" in words(half)
    data = {**ABOUT, "agency": "elsewhere", "organisation": "Little Acorns", "locality": "YK"}
    client.post("/agency/join/", data)
    agency = people.agency_of(person)
    assert agency
    assert (agency.name, agency.kind, agency.locality.code) == (
        "Little Acorns",
        AgencyType.INDEPENDENT,
        "YK",
    )


def test_a_lone_worker_names_the_organisation(enter, locality):
    person = UserFactory(name="", email="carol.dunn@gmail.com")
    client = enter(person)
    assert "Where do you work?" not in words(client.get("/agency/join/"))
    client.post("/agency/join/", {**ABOUT, "organisation": "Carol’s", "locality": "NY"})
    assert str(people.agency_of(person)) == "Carol’s"
    assert "You work alone" in words(client.get("/agency/"))


def test_an_agency_not_offered_cannot_be_slipped_in(enter, school):
    for name in ("Trust", "Council"):
        AgencyFactory(name=name, domains=["shared.example.org"])
    person = UserFactory(name="", email="owen@shared.example.org")
    page = enter(person).post("/agency/join/", {**ABOUT, "agency": school.pk})
    assert page.status_code == 200
    assert not person.memberships.exists()


def test_after_joining_nobody_is_sent_to_another_site(enter, school):
    person = UserFactory(name="", email="new@fellgate.example.org")
    done = enter(person).post("/agency/join/?next=https://elsewhere.example.com/", ABOUT)
    assert done["Location"] == "/referrals/"


def test_details_can_be_changed(enter, practitioner):
    client = enter(practitioner)
    assert "Hannah Ellis" in words(client.get("/agency/details/"))
    client.post("/agency/details/", {**ABOUT, "name": "Hannah  Ellis-Reed"})
    practitioner.refresh_from_db()
    assert str(practitioner) == "Hannah Ellis-Reed"


def test_an_invitation_is_accepted_by_who_was_signed_in_already(enter, admin, school):
    person = UserFactory(email="x@elsewhere.example.org")
    client = enter(person)
    workflow.invite(person.email, Role.LEAD, school, by=admin)
    page = words(client.get("/agency/invitation/"))
    assert "Gail Munro invites you: Safeguarding lead, Fellgate High School." in page
    assert "You have joined." in words(client.post("/agency/invitation/", follow=True))
    assert people.has_role(person, Role.LEAD, agency=school)
    assert "No invitation to your address is open." in words(client.get("/agency/invitation/"))


# --- What the other rooms ask -----------------------------------------------------------------
def test_the_navigation_speaks_the_words_of_the_role(enter, practitioner, lead, portal_admin):
    chief = MembershipFactory(role=Role.PREVENT_LEAD).person
    said = {}
    for person in (practitioner, lead, chief, portal_admin):
        context = enter(person).get("/agency/").context
        said[person] = (context["navigation"][0]["label"], context["my_agency_name"])
    assert said == {
        practitioner: ("Concerns", "Fellgate High School"),
        lead: ("My checks", "Fellgate High School"),
        chief: ("My queue", "North Yorkshire Prevent lead"),
        portal_admin: ("Concerns", "Portal administrator"),
    }


def test_roles_are_read_once_for_each_request(enter, lead):
    client = enter(lead)
    with CaptureQueriesContext(connection) as queries:
        client.get("/agency/details/")
    read = [each for each in queries.captured_queries if "agencies_membership" in each["sql"]]
    assert len(read) == 1


@pytest.mark.parametrize("who", ["practitioner", "lead", "admin", "portal_admin"])
def test_pages_stay_within_their_queries(request, enter, school, admin, lead, who):
    for _number in range(12):
        MembershipFactory(agency=school)
        MembershipFactory(agency=school, pending=True)
        AgencyFactory()
    client = enter(request.getfixturevalue(who))
    paths = ["/agency/", "/agency/absence/", "/agency/details/", "/accounts/"]
    if who != "practitioner":
        paths.append(people_of(school))
    if who == "portal_admin":
        paths += ["/agency/health/", "/agency/NY/", "/agency/portal/"]
    for path in paths:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        # On its own connection a request has no savepoint around it.
        asked = [each for each in queries.captured_queries if "SAVEPOINT" not in each["sql"]]
        assert len(asked) <= MOST_QUERIES, path


def test_who_may_read_which_log(lead, admin, practitioner, school):
    def keys(person) -> list[Any]:
        return [answer for _receiver, answer in may_read.send(sender=None, user=person)]

    assert [str(school.pk)] in keys(lead)
    assert [str(school.pk)] in keys(admin)
    assert [] in keys(practitioner)
    assert "*" in keys(MembershipFactory(role=Role.PRIVACY_OFFICER).person)
    asked: Any = agency_names.send(sender=None, keys={str(school.pk), "NY"})
    assert [names for _receiver, names in asked] == [{str(school.pk): "Fellgate High School"}]
    assert Agency.objects.count() == 1
