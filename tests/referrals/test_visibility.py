"""Who sees what (section 8.3 of the record): ``visible_to`` for every role and state."""

from dataclasses import fields

import pytest

from accounts.models import User
from agencies.models import Membership
from agencies.terms import Role
from referrals import workflow
from referrals.models import Referral
from referrals.terms import FROM_PANEL, IN_AGENCY, SHARED, Status
from tests.referrals import cases

LEADS = {"lead", "deputy"}
PREVENT = {"prevent_lead", "prevent_deputy", "prevent_senior"}
POLICE = {"officer", "supervisor"}
PANEL = {"chair", "coordinator"}


def expected(status: Status) -> set[str]:
    if status == Status.DISPOSED:
        return set()
    if status == Status.DRAFT:
        return {"practitioner"}
    seen = {"practitioner"} | LEADS
    if status in SHARED:
        seen |= PREVENT | POLICE | {"front_door"}  # the boy is 15: S8 names the front door
    if status == Status.TRANSFERRED:
        seen |= {"york_lead"}
    if status in FROM_PANEL:
        seen |= PANEL
    return seen


def seen_by(cast: cases.Cast, referral: Referral) -> set[str]:
    people = {f.name: getattr(cast, f.name) for f in fields(cast)}
    return {
        name
        for name, person in people.items()
        if isinstance(person, User)
        and Referral.objects.visible_to(person).filter(pk=referral.pk).exists()
    }


@pytest.mark.parametrize("status", [s for s in Status if s != Status.DISPOSED])
def test_each_state_is_seen_by_the_right_people_and_nobody_else(status, cast, case_in):
    referral = case_in(status)
    assert referral.status == status
    assert seen_by(cast, referral) == expected(status)


def test_a_deleted_draft_is_seen_by_nobody(cast, case_in):
    referral = case_in(Status.DRAFT)
    workflow.delete_draft(referral, by=cast.practitioner)
    assert seen_by(cast, referral) == set()


@pytest.mark.parametrize("status", sorted(SHARED))
def test_adult_safeguarding_sees_what_the_answers_send_to_it(status, cast, case_in):
    adult = {"under_18": "no", "born": {"day": 1, "month": 1, "year": 1990}}
    referral = case_in(status, **adult, adult_care_needs="yes")
    seen = seen_by(cast, referral)
    assert "adult_team" in seen
    assert "front_door" not in seen


@pytest.mark.parametrize("status", sorted(IN_AGENCY))
def test_no_prevent_lead_sees_what_stayed_in_the_agency(status, cast, case_in):
    assert not seen_by(cast, case_in(status)) & (PREVENT | POLICE)


def test_a_person_close_to_the_concern_finds_no_trace(cast):
    referral = cases.draft(cast)
    workflow.exclude(referral, [cast.lead, cast.prevent_lead], by=cast.practitioner)
    cases.fill(referral, {"spoken_to": cast.deputy}, by=cast.practitioner)
    workflow.hand_over(cases.fresh(referral), by=cast.practitioner, now=cases.MONDAY)
    assert "lead" not in seen_by(cast, referral)
    assert "deputy" in seen_by(cast, referral)
    assert cases.fresh(referral).lead == cast.deputy


def test_losing_a_role_acts_on_the_next_query(cast, case_in):
    referral = case_in(Status.TRIAGE)
    assert "prevent_lead" in seen_by(cast, referral)
    membership = Membership.objects.get(person=cast.prevent_lead, role=Role.PREVENT_LEAD)
    membership.ends_on = cases.MONDAY.date().replace(year=2020)
    membership.starts_on = membership.ends_on
    membership.save()
    assert "prevent_lead" not in seen_by(cast, referral)


def test_rows_stay_single_for_people_with_several_roles(cast, case_in):
    from tests.factories import MembershipFactory

    referral = case_in(Status.TRIAGE)
    MembershipFactory(person=cast.prevent_lead, role=Role.FRONT_DOOR, locality=cast.locality)
    MembershipFactory(person=cast.prevent_lead, role=Role.GATEWAY_OFFICER, locality=cast.locality)
    assert list(Referral.objects.visible_to(cast.prevent_lead)) == [referral]
