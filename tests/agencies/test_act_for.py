"""A person of several agencies says for which one they write; it gives them nothing else."""

import pytest
from django.core.exceptions import PermissionDenied

from agencies.terms import Role
from referrals import workflow
from referrals.models import Referral
from referrals.terms import Status
from tests import entry
from tests.factories import AgencyFactory, MembershipFactory, UserFactory
from tests.referrals.browsing import at_most

pytestmark = pytest.mark.django_db


@pytest.fixture
def club(locality):
    return AgencyFactory(name="Moor Road Boxing Club", kind="community")


@pytest.fixture
def both(school, club):
    person = UserFactory(name="Joan Peel")
    MembershipFactory(person=person, agency=school)
    MembershipFactory(person=person, agency=club)
    return person


def choose(browser, agency):
    answer = browser.post(
        "/agency/act-for/", {"agency": getattr(agency, "pk", agency)}, follow=True
    )
    return answer.content.decode()


def test_a_new_concern_belongs_to_the_agency_chosen(both, school, club):
    browser = entry.enter(both)
    assert (
        "You record it for Fellgate High School." in browser.get("/referrals/new/").content.decode()
    )
    page = choose(browser, club)
    assert "You act for Moor Road Boxing Club now." in page
    assert 'class="p-agency">, Moor Road Boxing Club' in page
    browser.post("/referrals/new/")
    assert Referral.objects.get().agency == club
    choose(browser, school)
    browser.post("/referrals/new/")  # not the untouched one of a moment ago
    assert set(Referral.objects.values_list("agency", flat=True)) == {school.pk, club.pk}


def test_the_choice_never_widens_what_a_person_may_do(both, school, club):
    stranger = AgencyFactory(name="Somewhere Else")
    browser = entry.enter(both)
    for wrong in (stranger, "", "x", "9" * 40):
        assert "Select one of your agencies." in choose(browser, wrong)
    choose(browser, club)
    both.memberships.filter(agency=club).update(
        role=Role.PRACTITIONER, ends_on="2020-01-02", starts_on="2020-01-01"
    )
    browser.post("/referrals/new/")
    assert Referral.objects.get().agency == school
    with pytest.raises(PermissionDenied):
        workflow.start(both, agency=stranger)
    assert browser.get("/agency/act-for/").status_code == 405


def test_who_belongs_to_one_agency_is_not_asked(practitioner):
    browser = entry.enter(practitioner)
    assert "You act for" not in browser.get("/agency/").content.decode()
    assert "You record it for" not in browser.get("/referrals/new/").content.decode()


def test_the_choice_ends_with_the_session(both, club):
    browser = entry.enter(both)
    choose(browser, club)
    entry.enter(both).post("/referrals/new/")
    assert Referral.objects.get().agency != club


def test_a_lead_of_two_sees_the_work_of_the_one_chosen_and_hears_of_the_other(school, club, lead):
    MembershipFactory(person=lead, agency=club, role=Role.DEPUTY_LEAD)
    for number, agency in enumerate((school, club, club)):
        Referral.objects.create(
            agency=agency,
            created_by=UserFactory(name=f"Author {number}"),
            status=Status.AGENCY_CHECK,
            outward_status=Status.AGENCY_CHECK,
            lead=lead,
        )
    browser = entry.enter(lead)

    def checks():
        page = browser.get("/referrals/").content.decode()
        return page.split('id="checks">')[1].split("<")[0], page

    assert checks()[0] == "To check: 3"  # nothing is hidden before anything is chosen
    assert "All of them" in browser.get("/agency/").content.decode()
    choose(browser, school)
    title, page = checks()
    assert title == "To check: 1"
    assert "You see the work of Fellgate High School." in page
    assert "2 concerns are in hand in your other agencies." in page
    choose(browser, club)
    assert checks()[0] == "To check: 2"
    assert "You see the work of all your agencies." in choose(browser, "all")
    assert checks()[0] == "To check: 3"
    choose(browser, school)
    browser.get("/referrals/")
    with at_most(14):
        browser.get("/referrals/")
