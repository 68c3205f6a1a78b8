"""Who sees what (section 8.3 of the record): ``visible_to`` for every role and state."""

import html
import re
from dataclasses import fields

import pytest
from django.core.exceptions import PermissionDenied
from django.test import RequestFactory

from accounts.models import User
from agencies import people
from agencies.models import Membership
from agencies.terms import AgencyType, Role
from outbox.models import Message as Mail
from referrals import clocks, policy, queue, workflow
from referrals.models import Clock, Referral
from referrals.terms import FROM_PANEL, IN_AGENCY, SHARED, ClockKind, Status
from tests.entry import enter
from tests.factories import MembershipFactory
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


def as_in_a_request(person: User) -> User:
    """The person as a page knows them, which has read their memberships."""
    request = RequestFactory().get("/")
    request.user = User.objects.get(pk=person.pk)
    people.roles_for(request)
    assert people.read_already(request.user) is not None
    return request.user


def seen_by(cast: cases.Cast, referral: Referral) -> set[str]:
    everyone = {f.name: getattr(cast, f.name) for f in fields(cast)}
    seen = set()
    for name, person in everyone.items():
        if isinstance(person, User):
            asked = [person, as_in_a_request(person)]
            found = [Referral.objects.visible_to(one).filter(pk=referral.pk) for one in asked]
            # By subqueries and by keys: one rule.
            assert found[0].exists() == found[1].exists(), name
            seen |= {name} if found[0].exists() else set()
    return seen


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
    referral = case_in(Status.TRIAGE)
    MembershipFactory(person=cast.prevent_lead, role=Role.FRONT_DOOR, locality=cast.locality)
    MembershipFactory(person=cast.prevent_lead, role=Role.GATEWAY_OFFICER, locality=cast.locality)
    assert list(Referral.objects.visible_to(cast.prevent_lead)) == [referral]


# Leaving an agency (AC-12) ----------------------------------------------------------------------
def leave(person: User) -> None:
    """Their place in the agency ended; the row says from when to when."""
    day = cases.MONDAY.date().replace(year=2020)
    Membership.objects.filter(person=person).update(starts_on=day, ends_on=day)


@pytest.mark.parametrize("status", sorted(IN_AGENCY | SHARED))
def test_an_author_who_left_the_agency_keeps_nothing_that_was_handed_over(status, cast, case_in):
    referral = case_in(status)
    leave(cast.practitioner)
    assert seen_by(cast, referral) == expected(status) - {"practitioner"}
    assert not policy.is_author(cast.practitioner, cases.fresh(referral))


def test_a_draft_stays_with_its_author_who_hands_it_over_and_sees_it_no_more(cast):
    """Nobody else could find it: with the role a concern would be lost."""
    referral = cases.draft(cast)
    cases.fill(referral, {"spoken_to": cast.lead, "spoken_at": cases.MONDAY}, by=cast.practitioner)
    leave(cast.practitioner)
    assert seen_by(cast, referral) == {"practitioner"}
    browser = enter(cast.practitioner)
    response = browser.post(f"/referrals/{referral.key}/answers/", {}, follow=True)
    assert "you no longer see it" in response.content.decode()
    assert seen_by(cast, referral) == LEADS


def test_leaving_acts_on_the_next_request_and_stops_the_mail(cast, case_in):
    referral = case_in(Status.TRIAGE)
    browser = enter(cast.practitioner)
    url = f"/referrals/{referral.key}/status/"
    assert browser.get(url).status_code == 200
    leave(cast.practitioner)
    assert browser.get(url).status_code == 404
    assert browser.get(f"/referrals/{referral.key}/report.pdf").status_code == 404
    assert (
        browser.post(f"/referrals/{referral.key}/write-message/", {"words": "?"}).status_code == 404
    )
    assert referral.reference not in browser.get("/referrals/all/").content.decode()
    workflow.write_message(cases.fresh(referral), "Ring me.", by=cast.prevent_lead)
    told = Mail.objects.filter(kind="referral.message").values_list("to_address", flat=True)
    assert list(told) == [cast.lead.email]


def test_somebody_who_waits_for_their_agency_keeps_what_they_sent(cast, case_in):
    referral = case_in(Status.TRIAGE)
    Membership.objects.filter(person=cast.practitioner).update(confirmed_at=None)
    assert "practitioner" in seen_by(cast, referral)


def test_an_independent_practitioner_keeps_what_they_sent(cast, case_in):
    referral = case_in(Status.TRIAGE)
    cast.agency.kind = AgencyType.INDEPENDENT
    cast.agency.save()
    leave(cast.practitioner)
    assert "practitioner" in seen_by(cast, referral)


def test_a_lead_goes_on_when_the_author_who_was_asked_has_left(cast, case_in):
    referral = case_in(Status.RETURNED)
    with pytest.raises(PermissionDenied):
        workflow.reply_to_lead(referral, "She is away.", by=cast.lead)
    leave(cast.practitioner)
    clock = Clock.objects.running().get(referral=referral, kind=ClockKind.AUTHOR_ANSWER)
    assert clocks.owners(clock) == [cast.lead]
    workflow.reply_to_lead(cases.fresh(referral), "She has left us.", by=cast.lead)
    assert cases.fresh(referral).status == Status.AGENCY_CHECK


# Police of the agency that referred it ----------------------------------------------------------
def test_police_of_the_agency_that_referred_it_read_it_and_its_document(cast, case_in):
    referral = case_in(Status.TRIAGE)
    MembershipFactory(person=cast.officer, role=Role.PRACTITIONER, agency=cast.agency)
    assert not policy.decides_at_gateway(cast.officer, referral)
    assert not policy.sees_part_only(cast.officer, referral)
    assert policy.sees_part_only(cast.front_door, referral)
    assert enter(cast.officer).get(f"/referrals/{referral.key}/report.pdf").status_code in (
        200,
        202,
    )
    assert enter(cast.front_door).get(f"/referrals/{referral.key}/report.pdf").status_code == 403


# Lists on the front page ------------------------------------------------------------------------
def pages_of(person: User) -> list[list[str]]:
    """The references on each page, walked to the end."""
    browser, url, found = enter(person), "/referrals/", []
    while url:
        page = browser.get(url).content.decode()
        found.append(re.findall(r">(NY-2026-\d{4})</span></a>", page))
        following = re.search(r'href="(\?[^"#]+)#\w+" rel="next"', page)
        url = f"/referrals/{html.unescape(following[1])}" if following else ""
        assert len(found) < 9
    return found


@pytest.mark.parametrize("who", ["front_door", "chair"])
def test_lists_of_a_team_go_on_over_several_pages(who, cast, case_in, monkeypatch):
    monkeypatch.setattr(queue, "PAGE", 2)
    status = Status.TRIAGE if who == "front_door" else Status.PANEL_LISTED
    made = [case_in(status) for _number in range(5)]
    if who == "front_door":
        workflow.confirm_receipt(
            made[0], made[0].recipients.get(kind="front_door"), by=cast.front_door
        )
        Referral.objects.filter(pk=made[3].pk).update(emergency=True)
    else:
        Referral.objects.filter(pk=made[1].pk).update(due_at=None)
    pages = pages_of(getattr(cast, who))
    assert [len(page) for page in pages] == [2, 2, 1]
    shown = [one for page in pages for one in page]
    assert sorted(shown) == sorted(one.reference for one in made)
    if who == "front_door":
        assert (shown[0], shown[-1]) == (made[3].reference, made[0].reference)
    else:
        assert shown[-1] == made[1].reference
