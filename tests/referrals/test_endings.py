"""Each ending of CHECK, from every state in which the table of moves allows it."""

import uuid
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from accounts.models import User
from agencies.models import Membership
from outbox.models import Message as Mail
from referrals import workflow
from referrals.models import Referral
from referrals.moves import NotReady, TransitionError
from referrals.terms import IN_AGENCY, Status
from tests.entry import enter
from tests.referrals import cases
from tests.referrals.cases import MONDAY, fresh

S = Status
NOT_SHARED = sorted({S.DRAFT, *IN_AGENCY})
BY_LEAD = {
    "referral": cases.CHECK | {"decision": "a"},
    "both": cases.CHECK,
    "other route": cases.CHECK | {"decision": "c"} | cases.ROUTE,
    "no concern": cases.CHECK | {"decision": "d"},
    "more information": {"decision": "e"},
}


def send(referral: Referral, by: User) -> Referral:
    return workflow.submit(fresh(referral), by=by, form_key=uuid.uuid4(), now=MONDAY)


def end(referral: Referral, ending: str, by: User) -> Referral:
    """What a lead does for it, with the questions of its pages answered."""
    answers = BY_LEAD[ending]
    if ending != "more information" and fresh(referral).status != S.DRAFT:
        answers = answers | {"second_opinion_by": None}
    cases.fill(fresh(referral), answers, by=by)
    questions = {"questions": "Who else was there?"} if ending == "more information" else {}
    if ending == "more information":
        return workflow.decide(fresh(referral), by=by, now=MONDAY, **questions)
    decided = workflow.decide(fresh(referral), by=by, now=MONDAY)
    if ending == "other route":
        return workflow.take_other_route(decided, by=by, now=MONDAY)
    if ending == "no concern":
        return decided
    cases.fill(fresh(referral), cases.SHARE, by=by)
    return send(referral, by)


ENDS = {
    "referral": S.SUBMITTED,
    "both": S.SUBMITTED,
    "other route": S.OTHER_ROUTE,
    "no concern": S.AGENCY_CLOSED,
    "more information": S.RETURNED,
}


@pytest.mark.parametrize("ending", ENDS)
@pytest.mark.parametrize("source", [S.AGENCY_CHECK, S.RETURNED, S.AGENCY_CLOSED, S.OTHER_ROUTE])
def test_a_check_ends_in_every_way_also_when_it_comes_a_second_time(source, ending, cast, case_in):
    referral = case_in(source)
    if source == S.RETURNED:
        workflow.reply_to_lead(referral, "Jack was.", by=cast.practitioner, now=MONDAY)
    elif source != S.AGENCY_CHECK:
        workflow.look_again(referral, "He has said more.", by=cast.practitioner, now=MONDAY)
    assert fresh(referral).status == S.AGENCY_CHECK
    ended = end(referral, ending, cast.lead)
    assert ended.status == ENDS[ending]
    if ENDS[ending] != S.SUBMITTED:
        assert not Referral.objects.visible_to(cast.prevent_lead).filter(pk=ended.pk).exists()


@pytest.mark.parametrize("ending", [one for one in ENDS if one != "more information"])
def test_a_lead_s_own_concern_ends_in_every_way_without_a_hand_over(ending, cast):
    referral = workflow.start(cast.lead, now=MONDAY)
    cases.fill(referral, cases.NOTICE | {"spoken_at": MONDAY}, by=cast.lead)
    cases.nobody_close(referral, by=cast.lead)
    assert fresh(referral).one_walk
    assert end(referral, ending, cast.lead).status == ENDS[ending]


@pytest.mark.parametrize("source", sorted(IN_AGENCY))
def test_a_practitioner_refers_all_the_same_from_every_state_that_the_table_names(
    source, cast, case_in
):
    referral = case_in(source)
    author, url = enter(cast.practitioner), f"/referrals/{referral.key}"
    assert f"{url}/despite/" in author.get(f"{url}/", follow=True).content.decode()
    assert f"{url}/begin-despite/" in author.get(f"{url}/despite/").content.decode()
    for person in (cast.lead, cast.colleague, cast.prevent_lead):
        with pytest.raises(PermissionDenied):
            workflow.begin_despite(fresh(referral), by=person, now=MONDAY)
    with pytest.raises((PermissionDenied, TransitionError)):
        send(referral, cast.practitioner)  # not begun
    assert author.post(f"{url}/begin-despite/").status_code == 302
    with pytest.raises(NotReady):  # without reasons of their own
        send(referral, cast.practitioner)
    cases.fill(fresh(referral), cases.DESPITE | cases.SHARE, by=cast.practitioner)
    sent = send(referral, cast.practitioner)
    assert (sent.status, sent.despite_lead) == (S.SUBMITTED, True)
    told = Mail.objects.filter(case=str(referral.pk), kind="referral.despite")
    assert cast.lead in {one.to_person for one in told}
    with pytest.raises(PermissionDenied):  # taken back by its author alone
        workflow.withdraw(sent, "It was settled.", by=cast.lead, now=MONDAY)
    assert (
        workflow.withdraw(sent, "A slip.", by=cast.practitioner, now=MONDAY).status == S.WITHDRAWN
    )


@pytest.mark.parametrize("source", [one for one in Status if one not in (*IN_AGENCY, S.DISPOSED)])
def test_from_no_other_state_is_it_begun(source, cast, case_in):
    referral = case_in(source)
    with pytest.raises((PermissionDenied, TransitionError)):
        workflow.begin_despite(referral, by=cast.practitioner, now=MONDAY)
    assert not fresh(referral).despite_lead


def test_somebody_with_no_lead_sends_it_from_the_draft_and_ends_it_no_other_way(cast):
    Membership.objects.filter(person__in=[cast.lead, cast.deputy]).delete()
    referral = cases.draft(cast)
    advice: dict[str, Any] = {
        "advice_line": "not_reached",
        "advice_line_detail": "It rang out at 4pm, twice.",
        "legal_basis": "public_task",
    }
    cases.fill(referral, cases.CHECK | advice, by=cast.practitioner)
    for wrong in ("c", "d"):
        cases.fill(fresh(referral), {"decision": wrong, "signed": "yes"}, by=cast.practitioner)
        with pytest.raises((NotReady, PermissionDenied, TransitionError)):
            send(referral, cast.practitioner)
    cases.fill(fresh(referral), {"decision": "a", "signed": "yes"}, by=cast.practitioner)
    cases.fill(fresh(referral), cases.SHARE, by=cast.practitioner)
    assert send(referral, cast.practitioner).status == S.SUBMITTED
