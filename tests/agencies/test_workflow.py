"""Changes to who belongs where."""

import datetime
import threading
from functools import partial

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from agencies import people, signals, workflow
from agencies.models import Absence, Agency, Invitation, Membership
from agencies.terms import AgencyType, Role
from audit.models import AuditEvent
from tests.agencies.conftest import membership_of
from tests.factories import AgencyFactory, LocalityFactory, MembershipFactory, UserFactory
from tests.referrals.test_races import problems, together

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _mails(mails):
    """No test here writes to the real outbox."""


def kinds():
    return list(AuditEvent.objects.order_by("pk").values_list("kind", flat=True))


@pytest.fixture
def told():
    """What the signals said."""
    heard = []

    def hear(signal_name):
        def receiver(sender, **kwargs):
            kwargs.pop("signal")
            heard.append((signal_name, kwargs))

        return receiver

    receivers = {
        name: hear(name) for name in ("membership_ended", "absence_set", "membership_confirmed")
    }
    for name, receiver in receivers.items():
        getattr(signals, name).connect(receiver)
    yield heard
    for name, receiver in receivers.items():
        getattr(signals, name).disconnect(receiver)


# --- Invitations ------------------------------------------------------------------------------
def test_an_invitation_is_mailed_without_a_name_and_holds_72_hours(admin, school, mails):
    offer = workflow.invite("New@Fellgate.example.org ", Role.LEAD, school, by=admin)
    assert offer.email == "new@fellgate.example.org"
    assert offer.expires_at - offer.invited_at == datetime.timedelta(hours=72)
    assert kinds() == ["invitation.sent"]
    [mail] = mails
    assert mail["to"] == "new@fellgate.example.org"
    assert mail["path"] == "/agency/invitation/"
    assert "Gail" not in str(mail.values())


def test_signing_in_with_the_address_accepts_once(admin, school, client):
    workflow.invite("new@fellgate.example.org", Role.LEAD, school, by=admin)
    person = UserFactory(email="new@fellgate.example.org")
    client.force_login(person)
    held = membership_of(person)
    assert (held.role, held.agency, held.confirmed_by) == (Role.LEAD, school, admin)
    assert workflow.accept_invitations(person) == []
    held.ends_on = timezone.localdate()
    held.save()
    client.force_login(person)
    assert not people.has_role(person, Role.LEAD)


def test_an_invitation_works_for_its_address_only(admin, school):
    workflow.invite("new@fellgate.example.org", Role.LEAD, school, by=admin)
    other = UserFactory(email="other@fellgate.example.org")
    assert workflow.accept_invitations(other) == []


def test_an_invitation_runs_out(admin, school):
    offer = workflow.invite("new@fellgate.example.org", Role.LEAD, school, by=admin)
    person = UserFactory(email=offer.email)
    Invitation.objects.update(
        invited_at=timezone.now() - datetime.timedelta(hours=72),
        expires_at=timezone.now() - datetime.timedelta(hours=1),
    )
    assert workflow.accept_invitations(person) == []


def test_an_invitation_cannot_hold_longer_than_72_hours(admin, school):
    offer = workflow.invite("new@fellgate.example.org", Role.LEAD, school, by=admin)
    offer.expires_at += datetime.timedelta(minutes=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        offer.save()


def test_an_invitation_taken_back_no_longer_works(admin, school):
    offer = workflow.invite("new@fellgate.example.org", Role.LEAD, school, by=admin)
    workflow.withdraw(offer, by=admin)
    workflow.withdraw(offer, by=admin)  # twice is once
    assert workflow.accept_invitations(UserFactory(email=offer.email)) == []
    assert kinds() == ["invitation.sent", "invitation.withdrawn"]


def test_an_accepted_invitation_cannot_be_taken_back(admin, school):
    offer = workflow.invite("new@fellgate.example.org", Role.LEAD, school, by=admin)
    workflow.accept_invitations(UserFactory(email=offer.email))
    with pytest.raises(workflow.RefusedError):
        workflow.withdraw(offer, by=admin)


def test_a_second_invitation_replaces_the_first(admin, school):
    first = workflow.invite("new@fellgate.example.org", Role.LEAD, school, by=admin)
    second = workflow.invite("new@fellgate.example.org", Role.LEAD, school, by=admin)
    assert list(Invitation.objects.open()) == [second]
    first.refresh_from_db()
    assert first.withdrawn_at


def test_an_invitation_dies_with_the_right_of_who_sent_it(admin, school):
    MembershipFactory(agency=school, role=Role.AGENCY_ADMIN)
    workflow.invite("new@fellgate.example.org", Role.LEAD, school, by=admin)
    admin.memberships.update(ends_on=timezone.localdate())
    person = UserFactory(email="new@fellgate.example.org")
    assert workflow.accept_invitations(person) == []
    assert kinds()[-1] == "invitation.lapsed"


def test_an_invitation_answers_a_request_to_join(admin, school):
    person = UserFactory(email="new@fellgate.example.org")
    waiting = MembershipFactory(person=person, agency=school, pending=True)
    workflow.invite(person.email, Role.PRACTITIONER, school, by=admin)
    assert workflow.accept_invitations(person) == [waiting]
    waiting.refresh_from_db()
    assert waiting.confirmed_by == admin


@pytest.mark.parametrize("who", ["lead", "practitioner", "deputy"])
def test_only_administrators_invite(request, who, school):
    with pytest.raises(PermissionDenied):
        workflow.invite("x@example.org", Role.PRACTITIONER, school, by=request.getfixturevalue(who))


def test_an_administrator_invites_to_the_own_agency_only(admin, locality):
    for role, place in [
        (Role.LEAD, AgencyFactory()),
        (Role.PREVENT_LEAD, locality),
        (Role.PORTAL_ADMIN, None),
    ]:
        with pytest.raises(PermissionDenied):
            workflow.invite("x@example.org", role, place, by=admin)


def test_a_portal_administrator_invites_to_every_place(portal_admin, school, locality):
    for role, place in [
        (Role.AGENCY_ADMIN, school),
        (Role.PREVENT_LEAD, locality),
        (Role.PRIVACY_OFFICER, None),
    ]:
        assert workflow.invite("x@example.org", role, place, by=portal_admin).role == role
    with pytest.raises(PermissionDenied):
        workflow.invite("x@example.org", Role.PREVENT_LEAD, school, by=portal_admin)


def test_who_has_the_role_is_not_invited_to_it(admin, lead, school):
    with pytest.raises(workflow.RefusedError):
        workflow.invite(lead.email, Role.LEAD, school, by=admin)


# --- Nobody grants to self --------------------------------------------------------------------
def test_nobody_gives_a_role_to_themselves(admin, portal_admin, school):
    with pytest.raises(PermissionDenied):
        workflow.invite(admin.email, Role.LEAD, school, by=admin)
    with pytest.raises(PermissionDenied):
        workflow.give_role(admin, Role.LEAD, school, by=admin)
    with pytest.raises(PermissionDenied):
        workflow.change_role(membership_of(admin), Role.LEAD, by=admin)
    with pytest.raises(PermissionDenied):
        workflow.give_role(portal_admin, Role.PRIVACY_OFFICER, None, by=portal_admin)
    assert kinds() == []


def test_nobody_confirms_their_own_request(admin, school):
    waiting = MembershipFactory(person=admin, agency=school, pending=True)
    with pytest.raises(PermissionDenied):
        workflow.confirm(waiting, by=admin)


# --- Roles ------------------------------------------------------------------------------------
def test_a_person_may_be_given_one_more_role(admin, practitioner, school):
    held = workflow.give_role(practitioner, Role.DEPUTY_LEAD, school, by=admin)
    assert held.confirmed_by == admin
    assert people.has_role(practitioner, Role.PRACTITIONER, agency=school)
    assert kinds() == ["membership.began"]
    with pytest.raises(workflow.RefusedError):
        workflow.give_role(practitioner, Role.DEPUTY_LEAD, school, by=admin)


def test_who_cannot_sign_in_is_given_no_role(admin, practitioner, school):
    practitioner.is_active = False
    practitioner.save()
    with pytest.raises(workflow.RefusedError):
        workflow.give_role(practitioner, Role.LEAD, school, by=admin)


def test_a_change_of_role_keeps_the_old_one_in_history(admin, lead, school, told):
    old = membership_of(lead)
    new = workflow.change_role(old, Role.DEPUTY_LEAD, by=admin)
    old.refresh_from_db()
    assert old.role == Role.LEAD
    assert old.ends_on == timezone.localdate()
    assert new.role == Role.DEPUTY_LEAD
    assert kinds() == ["membership.began", "membership.ended"]
    # The new role stands before the work of the old one looks for an owner.
    assert [name for name, _said in told] == ["membership_confirmed", "membership_ended"]


def test_a_role_changes_within_its_place_only(portal_admin, lead):
    with pytest.raises(PermissionDenied):
        workflow.change_role(membership_of(lead), Role.PREVENT_LEAD, by=portal_admin)


def test_a_role_does_not_change_into_one_already_held(admin, lead, school):
    MembershipFactory(person=lead, agency=school)
    with pytest.raises(workflow.RefusedError):
        workflow.change_role(membership_of(lead, Role.LEAD), Role.PRACTITIONER, by=admin)


def test_an_ended_role_neither_changes_nor_ends_again(admin, lead):
    held = membership_of(lead)
    workflow.end_membership(held, by=admin)
    with pytest.raises(workflow.RefusedError):
        workflow.end_membership(held, by=admin)
    with pytest.raises(workflow.RefusedError):
        workflow.change_role(held, Role.DEPUTY_LEAD, by=admin)


def test_an_unconfirmed_role_is_not_changed(admin, school):
    waiting = MembershipFactory(agency=school, pending=True)
    with pytest.raises(workflow.RefusedError):
        workflow.change_role(waiting, Role.LEAD, by=admin)


def test_a_leaver_loses_the_role_today_and_the_apps_are_told(admin, lead, school, told):
    ended = workflow.end_membership(membership_of(lead), by=admin)
    assert ended.ends_on == timezone.localdate()
    assert not people.has_role(lead, Role.LEAD)
    assert told == [("membership_ended", {"membership": ended, "by": admin})]
    assert kinds() == ["membership.ended"]


def test_a_role_that_starts_later_can_be_ended_before(admin, school):
    future = MembershipFactory(agency=school, starts_on=timezone.localdate())
    workflow.end_membership(future, by=admin)
    future.refresh_from_db()
    assert future.ends_on == future.starts_on


def test_a_leaver_stays_if_their_work_would_be_left_without_an_owner(admin, lead):
    def no_owner(sender, membership, **kwargs):
        raise workflow.RefusedError("Two checks would have no owner.")

    signals.membership_ended.connect(no_owner)
    try:
        with pytest.raises(workflow.RefusedError):
            workflow.end_membership(membership_of(lead), by=admin)
    finally:
        signals.membership_ended.disconnect(no_owner)
    assert people.has_role(lead, Role.LEAD)
    assert kinds() == []


def test_a_role_may_be_laid_down_but_not_that_of_others(lead, deputy):
    with pytest.raises(PermissionDenied):
        workflow.end_membership(membership_of(lead), by=deputy)
    assert workflow.end_membership(membership_of(lead), by=lead).ends_on


def test_losing_a_role_ends_the_sessions(admin, practitioner, school, client):
    client.force_login(practitioner)
    assert client.get("/agency/").status_code == 200
    workflow.end_membership(membership_of(practitioner), by=admin)
    assert client.get("/agency/").status_code == 302


# --- The last administrator -------------------------------------------------------------------
def test_the_last_administrator_of_an_agency_stays(admin, portal_admin, school):
    for by in (admin, portal_admin):
        with pytest.raises(workflow.RefusedError):
            workflow.end_membership(membership_of(admin), by=by)
    with pytest.raises(workflow.RefusedError):
        workflow.change_role(membership_of(admin), Role.LEAD, by=portal_admin)
    MembershipFactory(agency=school, role=Role.AGENCY_ADMIN)
    assert workflow.end_membership(membership_of(admin), by=admin).ends_on


def test_an_administrator_who_cannot_sign_in_does_not_count(admin, school):
    closed = MembershipFactory(agency=school, role=Role.AGENCY_ADMIN).person
    closed.is_active = False
    closed.save()
    with pytest.raises(workflow.RefusedError):
        workflow.end_membership(membership_of(admin), by=admin)


def test_the_last_portal_administrator_stays(portal_admin):
    with pytest.raises(workflow.RefusedError):
        workflow.end_membership(membership_of(portal_admin), by=portal_admin)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("role", [Role.AGENCY_ADMIN, Role.PORTAL_ADMIN])
def test_two_administrators_who_end_each_other_leave_one(role):
    LocalityFactory()
    place = AgencyFactory() if role == Role.AGENCY_ADMIN else None
    one, two = (MembershipFactory(role=role, agency=place) for _ in "ab")
    start, outcomes = threading.Barrier(2), []

    def end(membership, by):
        try:
            start.wait(timeout=10)
            workflow.end_membership(membership, by=by)
            outcomes.append("ended")
        except (workflow.RefusedError, PermissionDenied) as error:
            outcomes.append(type(error).__name__)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=end, args=(one, two.person)),
        threading.Thread(target=end, args=(two, one.person)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert outcomes.count("ended") == 1
    assert Membership.objects.active().filter(role=role).count() == 1


# --- Joining ----------------------------------------------------------------------------------
def test_the_domain_of_one_agency_makes_a_practitioner_at_sign_in(school, client):
    person = UserFactory(email="hannah@fellgate.example.org")
    client.force_login(person)
    held = membership_of(person)
    assert (held.role, held.agency, held.is_confirmed) == (Role.PRACTITIONER, school, True)
    client.force_login(person)
    assert person.memberships.count() == 1


def test_an_address_outlives_a_job_and_brings_nobody_back(admin, practitioner, client):
    workflow.end_membership(membership_of(practitioner), by=admin)
    client.force_login(practitioner)
    assert people.agency_of(practitioner) is None
    assert people.must_join(practitioner)


@pytest.mark.django_db(transaction=True)
def test_who_presses_twice_joins_and_names_once():
    trust, _council = (
        AgencyFactory(name=name, domains=["shared.example.org"]) for name in ("Trust", "Council")
    )
    person = UserFactory(email="owen@shared.example.org")
    carol = UserFactory()
    for act in (
        partial(workflow.choose_agency, person, trust),
        partial(workflow.name_organisation, carol, "Carol’s Childminding", trust.locality),
    ):
        outcomes = together(act, act, act)
        assert [type(each) for each in problems(outcomes)] == [workflow.RefusedError] * 2
    assert Membership.objects.filter(person=person).count() == 1
    assert Agency.objects.filter(kind=AgencyType.INDEPENDENT).count() == 1


def test_a_shared_domain_lets_the_person_choose_and_a_lead_confirm(mails):
    trust, council = (
        AgencyFactory(name=name, domains=["shared.example.org"]) for name in ("Trust", "Council")
    )
    lead = MembershipFactory(agency=trust, role=Role.LEAD).person
    person = UserFactory(email="owen@shared.example.org")
    assert workflow.join_by_domain(person) is None
    assert people.choices_for(person) == [council, trust]

    waiting = workflow.choose_agency(person, trust)
    assert people.agency_of(person) is None
    assert [mail["to"] for mail in mails] == [lead.email]
    assert "owen" not in str(mails).lower()
    with pytest.raises(workflow.RefusedError):
        workflow.choose_agency(person, trust)

    workflow.confirm(waiting, by=lead)
    assert people.agency_of(person) == trust
    assert mails[-1]["to"] == person.email
    with pytest.raises(workflow.RefusedError):
        workflow.confirm(waiting, by=lead)
    with pytest.raises(workflow.RefusedError):
        workflow.decline(waiting, by=lead)
    assert kinds() == ["membership.asked", "membership.confirmed"]


def test_a_lead_of_another_agency_confirms_nobody(school):
    waiting = MembershipFactory(agency=school, pending=True)
    other = MembershipFactory(role=Role.LEAD).person
    for answer in (workflow.confirm, workflow.decline):
        with pytest.raises(PermissionDenied):
            answer(waiting, by=other)


def test_a_declined_request_ends_and_the_agency_is_not_offered_again(lead, school, mails):
    person = UserFactory(email="x@fellgate.example.org")
    AgencyFactory(name="Sister school", domains=["fellgate.example.org"])
    waiting = workflow.choose_agency(person, school)
    workflow.decline(waiting, by=lead)
    assert people.pending_for(person) == []
    assert [str(each) for each in people.choices_for(person)] == ["Sister school"]
    assert mails[-1]["to"] == person.email


def test_nobody_asks_to_join_an_agency_that_their_address_does_not_point_to(school):
    with pytest.raises(PermissionDenied):
        workflow.choose_agency(UserFactory(), school)


def test_a_person_who_works_alone_names_the_organisation(locality):
    carol = UserFactory(name="Carol Dunn", email="carol.dunn@gmail.com")
    assert workflow.join_by_domain(carol) is None
    held = workflow.name_organisation(carol, "Carol’s Childminding", locality)
    agency = held.agency
    assert agency
    assert (agency.kind, agency.locality) == (AgencyType.INDEPENDENT, locality)
    assert people.agency_of(carol) == agency
    assert people.leads_of(agency) == []
    assert kinds() == ["agency.named", "membership.began"]
    with pytest.raises(workflow.RefusedError):
        workflow.name_organisation(carol, "Another", locality)


def test_a_pending_request_does_not_stop_the_person_from_naming_an_organisation(school, locality):
    person = MembershipFactory(agency=school, pending=True).person
    assert workflow.name_organisation(person, "Club", locality).is_confirmed


def test_the_first_portal_administrator_is_appointed_once(locality):
    workflow.appoint_first_administrator(UserFactory())
    with pytest.raises(workflow.RefusedError):
        workflow.appoint_first_administrator(UserFactory())


def test_a_person_says_who_they_are():
    person = UserFactory(name="")
    assert people.must_join(person)
    workflow.set_details(person, name="Hannah Ellis", job_title="Teacher", phone="")
    person.refresh_from_db()
    assert str(person) == "Hannah Ellis"
    workflow.set_details(person, name="Hannah Ellis", job_title="Teacher", phone="")
    assert kinds() == ["person.details_changed"]


def test_a_lost_second_factor_is_reset_by_a_portal_administrator_only(
    portal_admin, admin, lead, mails
):
    TOTP.activate(lead, "JBSWY3DPEHPK3PXP")
    for by in (admin, lead):
        with pytest.raises(PermissionDenied):
            workflow.reset_second_factor(lead, by=by)
    with pytest.raises(PermissionDenied):
        workflow.reset_second_factor(portal_admin, by=portal_admin)
    workflow.reset_second_factor(lead, by=portal_admin)
    assert not Authenticator.objects.filter(user=lead).exists()
    assert mails[-1]["to"] == lead.email
    assert kinds() == ["account.factor_reset"]


# --- Days away and the Prevent contact --------------------------------------------------------
def test_days_away_are_noted_by_oneself_or_an_administrator(lead, deputy, admin, told):
    today = timezone.localdate()
    noted = workflow.set_absence(lead, today, today, by=lead)
    assert told == [("absence_set", {"absence": noted, "by": lead})]
    assert workflow.set_absence(lead, today, today, by=admin)
    with pytest.raises(PermissionDenied):
        workflow.set_absence(lead, today, today, by=deputy)
    with pytest.raises(PermissionDenied):
        workflow.end_absence(noted, by=deputy)
    workflow.end_absence(noted, by=lead)
    assert Absence.objects.count() == 1
    assert kinds() == ["absence.set", "absence.set", "absence.ended"]


def test_days_away_run_forwards_and_are_not_over(lead):
    today, day = timezone.localdate(), datetime.timedelta(days=1)
    for first, last in [(today + day, today), (today - 2 * day, today - day)]:
        with pytest.raises(workflow.RefusedError):
            workflow.set_absence(lead, first, last, by=lead)


def test_the_prevent_contact_is_changed_by_administrators(admin, lead, school):
    contact = {"prevent_contact_name": "Ruth Adeyemi", "prevent_contact_phone": "01632 960001"}
    with pytest.raises(PermissionDenied):
        workflow.set_prevent_contact(school, by=lead, **contact)
    workflow.set_prevent_contact(school, by=admin, **contact)
    workflow.set_prevent_contact(school, by=admin, **contact)
    assert Agency.objects.get(pk=school.pk).prevent_contact_name == "Ruth Adeyemi"
    [event] = AuditEvent.objects.all()
    assert event.detail == {"fields": ["prevent_contact_name", "prevent_contact_phone"]}
    assert event.agency == str(school.pk)
