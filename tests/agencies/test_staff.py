"""Movers, leavers, invitations that ran out, and the yearly look (ID-10, ID-12, rows A9, A10)."""

import datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from agencies import people, workflow
from agencies.models import Agency, Invitation, Membership
from agencies.terms import Role
from audit.models import AuditEvent
from outbox.models import Message
from referrals.terms import Status
from tests import entry
from tests.agencies.conftest import membership_of
from tests.factories import AgencyFactory, MembershipFactory, UserFactory
from tests.referrals import cases

pytestmark = pytest.mark.django_db
YEAR = datetime.timedelta(days=366)


@pytest.fixture
def club(locality):
    return AgencyFactory(name="Moor Road Boxing Club", kind="community")


def roles(person):
    return [(each.role, each.agency) for each in people.roles_of(person)]


def said(response):
    assert response.status_code == 200
    return response.content.decode()


# --- Movers -----------------------------------------------------------------------------------
def test_a_mover_loses_every_role_here_and_begins_there_in_one_act(
    school, club, lead, portal_admin
):
    MembershipFactory(person=lead, agency=school, role=Role.AGENCY_ADMIN)
    MembershipFactory(agency=school, role=Role.AGENCY_ADMIN)
    workflow.move(membership_of(lead, Role.LEAD), club, Role.PRACTITIONER, by=portal_admin)
    assert roles(lead) == [(Role.PRACTITIONER, club)]
    lead.refresh_from_db()
    assert lead.signed_out_at
    kinds = AuditEvent.objects.filter(subject_type="agencies.membership").values_list("kind")
    assert sorted(kind for (kind,) in kinds) == [
        "membership.began",
        "membership.ended",
        "membership.ended",
    ]


def test_who_looks_after_one_of_the_two_agencies_cannot_move_anybody(
    school, club, admin, practitioner
):
    row = membership_of(practitioner)
    with pytest.raises(PermissionDenied):
        workflow.move(row, club, Role.PRACTITIONER, by=admin)
    page = said(entry.enter(admin).get(f"/agency/member/{row.pk}/move/"))
    assert "Moor Road" not in page
    posted = {"agency": club.pk, "role": Role.PRACTITIONER}
    again = said(entry.enter(admin).post(f"/agency/member/{row.pk}/move/", posted))
    assert "Error:" in again
    assert roles(practitioner) == [(Role.PRACTITIONER, school)]
    MembershipFactory(person=admin, agency=club, role=Role.AGENCY_ADMIN)
    done = entry.enter(admin).post(f"/agency/member/{row.pk}/move/", posted, follow=True)
    assert "Hannah Ellis works for Moor Road Boxing Club now." in said(done)
    assert roles(practitioner) == [(Role.PRACTITIONER, club)]


def test_a_move_that_would_leave_nobody_changes_nothing(school, club, admin, portal_admin):
    row = membership_of(admin)
    with pytest.raises(workflow.RefusedError, match="last administrator"):
        workflow.move(row, club, Role.AGENCY_ADMIN, by=portal_admin)
    with pytest.raises(workflow.RefusedError, match="Choose another agency"):
        workflow.move(row, school, Role.LEAD, by=portal_admin)
    assert roles(admin) == [(Role.AGENCY_ADMIN, school)]


# --- Leavers ----------------------------------------------------------------------------------
def test_a_leaver_loses_all_roles_and_sessions_and_their_work_finds_an_owner(portal_admin):
    cast = cases.make_cast()
    case = cases.walk_to(cast, Status.TRIAGE)
    holder = cases.fresh(case).holder
    assert holder is not None
    assert workflow.work_held(holder) == 1
    browser, theirs = entry.enter(portal_admin), entry.enter(holder)
    assert theirs.get("/referrals/").status_code == 200
    page = said(browser.get(f"/agency/leaver/{holder.pk}/"))
    assert "They hold 1 open case." in page
    done = said(browser.post(f"/agency/leaver/{holder.pk}/", follow=True))
    assert "has left, and is signed out." in done
    assert "1 open case has a new owner" in done
    assert not people.roles_of(holder)
    assert theirs.get("/referrals/").status_code == 302
    heir = cases.fresh(case).holder
    assert heir != holder
    assert Message.objects.filter(to_person=heir, subject__contains=case.reference).exists()
    assert AuditEvent.objects.get(kind="person.left").detail["roles"] >= 1


def test_nothing_ends_while_the_work_would_have_no_owner(portal_admin):
    cast = cases.make_cast()
    case = cases.walk_to(cast, Status.AGENCY_CHECK)
    lead = cases.fresh(case).lead
    assert lead is not None
    leads = Membership.objects.filter(agency=case.agency, role__in=[Role.LEAD, Role.DEPUTY_LEAD])
    leads.exclude(person=lead).update(ends_on=timezone.localdate())
    before = roles(lead)
    browser = entry.enter(portal_admin)
    done = said(browser.post(f"/agency/leaver/{lead.pk}/", follow=True))
    assert "Open work would have no owner." in done
    assert roles(lead) == before
    assert cases.fresh(case).lead == lead


def test_an_agency_ends_only_its_own_roles(school, club, admin, practitioner):
    elsewhere = MembershipFactory(person=practitioner, agency=club)
    page = said(entry.enter(admin).get(f"/agency/leaver/{practitioner.pk}/"))
    assert "They have roles elsewhere, which stay." in page
    assert workflow.leave(practitioner, by=admin) == 1
    assert roles(practitioner) == [(Role.PRACTITIONER, elsewhere.agency)]
    with pytest.raises(PermissionDenied):
        workflow.leave(practitioner, by=admin)


def test_nobody_else_ends_anything(admin, lead, practitioner):
    stranger = MembershipFactory(role=Role.AGENCY_ADMIN).person
    for person in (lead, practitioner, stranger):
        path = f"/agency/leaver/{practitioner.pk}/"
        assert entry.enter(person).get(path).status_code == 404
        assert entry.enter(person).post(path).status_code == 404
    with pytest.raises(PermissionDenied):
        workflow.leave(admin, by=admin)
    assert people.roles_of(practitioner)


def test_the_last_administrator_cannot_leave(admin, portal_admin):
    with pytest.raises(workflow.RefusedError, match="last administrator"):
        workflow.leave(admin, by=portal_admin)
    assert people.roles_of(admin)


def test_who_left_does_not_come_back_by_their_address(school, admin, practitioner):
    workflow.leave(practitioner, by=admin)
    assert workflow.join_by_domain(practitioner) is None


# --- Invitations ------------------------------------------------------------------------------
def test_an_invitation_that_ran_out_can_be_sent_again(school, admin):
    offer = workflow.invite("x@fellgate.example.org", Role.LEAD, school, by=admin)
    long_ago = timezone.now() - YEAR
    Invitation.objects.update(
        invited_at=long_ago, expires_at=long_ago + datetime.timedelta(hours=72)
    )
    person = UserFactory(email="x@fellgate.example.org")
    assert not workflow.accept_invitations(person)
    browser = entry.enter(admin)
    assert "Ran out" in said(browser.get(f"/agency/{school.pk}/"))
    done = browser.post(f"/agency/invitation/{offer.pk}/again/", follow=True)
    assert "The invitation is on its way." in said(done)
    assert "Ran out" not in said(done)
    assert Invitation.objects.open().count() == 1
    assert [each.role for each in workflow.accept_invitations(person)] == [Role.LEAD]
    again = browser.post(f"/agency/invitation/{offer.pk}/again/")
    assert again.status_code == 404


def test_only_who_looks_after_the_place_sends_again(school, admin, lead):
    offer = workflow.invite("x@fellgate.example.org", Role.LEAD, school, by=admin)
    for person in (lead, MembershipFactory(role=Role.AGENCY_ADMIN).person):
        path = f"/agency/invitation/{offer.pk}/again/"
        assert entry.enter(person).post(path).status_code == 404
    assert Invitation.objects.count() == 1


# --- The yearly look --------------------------------------------------------------------------
def grown_old(*rows):
    keys = [row.pk for row in rows]
    Membership.objects.filter(pk__in=keys).update(confirmed_at=timezone.now() - YEAR)


def test_each_role_is_looked_at_once_a_year(
    school, admin, lead, practitioner, django_assert_max_num_queries
):
    rows = [membership_of(person) for person in (lead, practitioner, admin)]
    browser, path = entry.enter(admin), f"/agency/{school.pk}/review/"
    assert "within a year" in said(browser.get(path))
    grown_old(*rows)
    assert "2 roles have not been looked at" in said(browser.get(f"/agency/{school.pk}/"))
    with django_assert_max_num_queries(15):
        page = said(browser.get(path))
    assert "Ruth Adeyemi, Safeguarding lead" in page
    assert "Gail Munro" not in page.split("<main", 1)[1]
    done = browser.post(
        path, {f"member-{rows[0].pk}": "still", f"member-{rows[1].pk}": "ends"}, follow=True
    )
    assert "Recorded." in said(done)
    assert people.has_role(lead, Role.LEAD)
    assert not people.roles_of(practitioner)
    assert AuditEvent.objects.filter(kind="membership.reviewed", person=admin).count() == 1
    assert not Membership.objects.due_for_review(timezone.now()).exclude(person=admin).exists()
    later = timezone.now() + YEAR
    assert Membership.objects.due_for_review(later).filter(person=lead).exists()


def test_what_is_not_answered_is_asked_again(school, admin, lead):
    grown_old(membership_of(lead))
    browser, path = entry.enter(admin), f"/agency/{school.pk}/review/"
    browser.post(path, {})
    assert "Ruth Adeyemi, Safeguarding lead" in said(browser.get(path))
    wrong = said(browser.post(path, {f"member-{membership_of(lead).pk}": "king"}))
    assert "Error:" in wrong


def test_nobody_looks_at_their_own_role(school, admin, lead):
    grown_old(membership_of(admin), membership_of(lead))
    with pytest.raises(PermissionDenied):
        workflow.still_right(membership_of(admin), by=admin)
    for person in (lead, MembershipFactory(role=Role.AGENCY_ADMIN).person):
        assert entry.enter(person).get(f"/agency/{school.pk}/review/").status_code == 404
        with pytest.raises(PermissionDenied):
            workflow.still_right(membership_of(lead), by=person)
    assert Agency.objects.filter(pk=school.pk).exists()
