"""Two people, or two processes, at the same moment, each on a connection of its own."""

import os
import threading
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.urls import reverse
from django_tasks_db.models import DBTaskResult

from agencies import workdays
from audit.models import AuditEvent
from outbox.models import Message as Mail
from referrals import clocks, workflow
from referrals.models import Escalation, KeptText, Recipient, Referral, Submission
from referrals.moves import NotReady, TransitionError
from referrals.steps import STEP
from referrals.tasks import make_referral_pdf
from referrals.terms import ClockKind, MessageKind, Status
from tests.entry import enter
from tests.referrals import cases

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE = cases.NOTICE["observed"]
AFTER = "In form time he said it again, louder, and two others in the class laughed with him."
ROUNDS = int(os.environ.get("PORTAL_ROUNDS", "6"))
"""How often a race of two is run, so that both orders come up; ``make proof`` runs more."""
PRESSES = 20


def together(*acts: Callable[[], Any]) -> list[Any]:
    """What each act gave or raised, all begun at the same moment."""
    barrier = threading.Barrier(len(acts))
    outcomes: list[Any] = [None] * len(acts)

    def run(number: int, act: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=60)
            outcomes[number] = act()
        except Exception as problem:
            outcomes[number] = problem
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def problems(outcomes: list[Any]) -> list[Exception]:
    return [one for one in outcomes if isinstance(one, Exception)]


def mails(referral: Referral, kind: str) -> list[str]:
    """To whom mails of a kind about the case were written; somebody told twice is there twice."""
    written = Mail.objects.filter(case=str(referral.pk), kind=f"referral.{kind}")
    return sorted(written.values_list("to_address", flat=True))


def events_of(referral: Referral, kind: str) -> int:
    return AuditEvent.objects.about(referral.pk).filter(kind=f"referral.{kind}").count()


def page(referral: Referral, name: str, *more: str) -> str:
    return reverse(f"referrals:{name}", args=[referral.key, *more])


def ready_to_share(cast: cases.Cast) -> Referral:
    """Decided and filled in; only the last button is left."""
    referral = cases.walk_to(cast, Status.AGENCY_CHECK)
    cases.fill(referral, cases.CHECK, by=cast.lead)
    workflow.decide(cases.fresh(referral), by=cast.lead, now=cases.MONDAY)
    cases.fill(referral, cases.SHARE, by=cast.lead)
    return cases.fresh(referral)


def ready_to_hand_over(cast: cases.Cast) -> Referral:
    referral = cases.draft(cast)
    cases.fill(referral, {"spoken_to": cast.lead}, by=cast.practitioner)
    workflow.exclude(referral, [], by=cast.practitioner, now=cases.MONDAY)
    return cases.fresh(referral)


# --- Taking it --------------------------------------------------------------------------------
def test_two_leads_acknowledge_and_one_holds_it(cast):
    referral = cases.walk_to(cast, Status.SUBMITTED)
    leads = [cast.prevent_lead, cast.prevent_deputy]
    outcomes = together(*(partial(workflow.acknowledge, referral, by=lead) for lead in leads))
    [lost] = problems(outcomes)
    assert isinstance(lost, TransitionError)
    won = leads[1 - outcomes.index(lost)]
    now = cases.fresh(referral)
    assert (now.status, now.holder, now.acknowledged_by) == (Status.TRIAGE, won, won)
    assert events_of(now, "triage") == 1
    assert len(mails(now, "acknowledged")) == len(set(mails(now, "acknowledged"))) > 0


def test_the_lead_and_the_police_take_it_and_one_of_them_has_it(cast):
    for _round in range(ROUNDS):
        referral = cases.walk_to(cast, Status.SUBMITTED)
        outcomes = together(
            partial(workflow.acknowledge, referral, by=cast.prevent_lead),
            partial(workflow.take_at_gateway, referral, by=cast.officer),
        )
        now = cases.fresh(referral)
        [lost] = problems(outcomes)
        assert isinstance(lost, (TransitionError, PermissionDenied))
        if outcomes[0] is lost:
            assert (now.status, now.holder, now.officer) == (Status.GATEWAY, None, cast.officer)
        else:
            assert (now.status, now.holder, now.officer) == (
                Status.TRIAGE,
                cast.prevent_lead,
                None,
            )
        running = now.clocks.running().values_list("kind", flat=True)
        assert len(running) == len(set(running)) == 1


def test_withdrawn_and_acknowledged_at_once_is_one_of_both(cast):
    for _round in range(ROUNDS):
        referral = cases.walk_to(cast, Status.SUBMITTED)
        outcomes = together(
            partial(workflow.withdraw, referral, "Sent by mistake.", by=cast.lead),
            partial(workflow.acknowledge, referral, by=cast.prevent_lead),
        )
        [lost] = problems(outcomes)
        assert isinstance(lost, TransitionError)
        now = cases.fresh(referral)
        assert now.status == (Status.TRIAGE if outcomes[0] is lost else Status.WITHDRAWN)
        assert now.messages.filter(kind="withdrawal").exists() == (outcomes[1] is lost)


# --- Sending it -------------------------------------------------------------------------------
def test_one_form_sent_twenty_times_at_once_is_one_referral(cast):
    referral = ready_to_share(cast)
    browsers = [enter(cast.lead) for _press in range(PRESSES)]
    sent = {"form_key": str(uuid.uuid4()), "declared": "on"}
    answers = together(
        *(partial(browser.post, page(referral, "answers"), sent) for browser in browsers)
    )
    assert {(one.status_code, one.url) for one in answers} == {(302, page(referral, "sent"))}
    now = cases.fresh(referral)
    assert now.status == Status.SUBMITTED
    assert now.reference.endswith("-0001")
    assert Submission.objects.count() == 1
    assert events_of(now, "submitted") == 1
    recipients = list(Recipient.objects.filter(referral=now).values_list("kind", flat=True))
    assert sorted(recipients) == ["front_door", "police", "prevent_lead"]
    told = mails(now, "shared")
    assert len(told) == len(set(told)) > 0
    documents = DBTaskResult.objects.filter(task_path=make_referral_pdf.module_path)
    assert documents.count() == 1
    assert now.clocks.running().count() == 1


def test_two_forms_of_one_referral_are_one_referral(cast):
    """Two leads of the agency press the button, each on a page of their own."""
    referral = ready_to_share(cast)
    outcomes = together(
        *(
            partial(workflow.submit, referral, by=by, form_key=uuid.uuid4())
            for by in (cast.lead, cast.deputy)
        )
    )
    [lost] = problems(outcomes)
    assert isinstance(lost, TransitionError)
    assert Submission.objects.count() == 1


def test_referrals_sent_at_once_have_references_of_their_own(cast):
    referrals = [ready_to_share(cast) for _one in range(4)]
    outcomes = together(
        *(partial(workflow.submit, one, by=cast.lead, form_key=uuid.uuid4()) for one in referrals)
    )
    assert problems(outcomes) == []
    numbers = sorted(cases.fresh(one).reference[-4:] for one in referrals)
    assert numbers == ["0001", "0002", "0003", "0004"]


def test_one_press_on_begin_makes_one_draft(cast):
    browsers = [enter(cast.practitioner) for _press in range(PRESSES // 2)]
    answers = together(*(partial(browser.post, reverse("referrals:new")) for browser in browsers))
    assert len({one.url for one in answers}) == 1
    assert Referral.objects.count() == 1


# --- Edit against send ------------------------------------------------------------------------
def test_an_edit_against_the_hand_over_is_whole_or_refused(cast):
    seen = set()
    for _round in range(ROUNDS):
        referral = ready_to_hand_over(cast)
        edited, sent = together(
            partial(
                workflow.answer,
                referral,
                STEP["observed"],
                {"observed": AFTER},
                by=cast.practitioner,
                seen=1,
            ),
            partial(workflow.hand_over, referral, by=cast.practitioner),
        )
        assert not isinstance(sent, Exception), sent
        now = cases.fresh(referral)
        assert now.status == Status.AGENCY_CHECK
        if isinstance(edited, Exception):
            assert isinstance(edited, PermissionDenied)
            assert now.concern.observed == BEFORE
        else:
            assert now.concern.observed == AFTER
        assert now.page_saves.get(step="observed").version == 1 + (now.concern.observed == AFTER)
        seen.add(now.concern.observed)
    assert seen <= {BEFORE, AFTER}


def test_an_edit_against_sharing_is_in_what_was_frozen_or_refused(cast):
    """The frozen answers and the stored ones never part."""
    for _round in range(ROUNDS):
        referral = ready_to_share(cast)
        edited, sent = together(
            partial(
                workflow.answer,
                referral,
                STEP["referrer"],
                {"contact_notes": "Ring the office."},
                by=cast.lead,
            ),
            partial(workflow.submit, referral, by=cast.lead, form_key=uuid.uuid4()),
        )
        assert not isinstance(sent, Exception), sent
        now = cases.fresh(referral)
        stored, frozen = now.share.contact_notes, now.submission.answers["contact_notes"]
        assert stored == frozen
        assert isinstance(edited, PermissionDenied) or stored == "Ring the office."
        assert workflow.answers_digest(now.submission.answers) == now.submission.sha256


def test_a_gap_made_while_it_is_sent_stops_the_one_or_the_other(cast):
    """What is required is never taken away from under the button."""
    for _round in range(ROUNDS):
        referral = ready_to_share(cast)
        emptied, sent = together(
            partial(workflow.answer, referral, STEP["urgency"], {"urgency": ""}, by=cast.lead),
            partial(workflow.submit, referral, by=cast.lead, form_key=uuid.uuid4()),
        )
        now = cases.fresh(referral)
        if isinstance(sent, NotReady):
            assert (now.status, now.reference, now.share.urgency) == (Status.AGENCY_CHECK, "", "")
            assert not Submission.objects.filter(referral=now).exists()
            assert not now.recipients.exists()
        else:
            assert isinstance(emptied, PermissionDenied)
            assert now.submission.answers["urgency"] == now.share.urgency == "standard"


def test_words_typed_while_it_was_sent_are_shown_and_kept(cast):
    """Through the pages: whoever loses reads their own words again."""
    for _round in range(ROUNDS):
        referral = ready_to_hand_over(cast)
        writing, sending = enter(cast.practitioner), enter(cast.practitioner)
        wrote, sent = together(
            partial(
                writing.post,
                page(referral, "step", "observed"),
                {"seen": "1", "observed": AFTER, "repeated": "yes"},
            ),
            partial(sending.post, page(referral, "answers"), {"form_key": str(uuid.uuid4())}),
        )
        assert (sent.status_code, sent.url) == (302, page(referral, "sent"))
        now = cases.fresh(referral)
        if now.concern.observed == AFTER:
            assert wrote.status_code == 302
            continue
        assert wrote.status_code == 409
        assert AFTER in wrote.content.decode()
        assert KeptText.objects.get(referral=now).answers["observed"] == AFTER


def test_two_windows_on_one_page_and_the_second_is_told(cast):
    referral = cases.draft(cast)
    texts = ["The first window: " + AFTER, "The second window: " + AFTER]
    browsers = [enter(cast.practitioner) for _text in texts]
    answers = together(
        *(
            partial(
                browser.post,
                page(referral, "step", "observed"),
                {"seen": "1", "observed": text, "repeated": "no"},
            )
            for browser, text in zip(browsers, texts, strict=True)
        )
    )
    assert sorted(one.status_code for one in answers) == [302, 409]
    lost = [one.status_code for one in answers].index(409)
    stored = cases.fresh(referral).concern.observed
    assert stored == texts[1 - lost]
    both = answers[lost].content.decode()
    assert stored in both
    assert texts[lost] in both
    assert KeptText.objects.get(referral=referral).answers["observed"] == texts[lost]


def test_windows_on_different_pages_never_undo_each_other(cast):
    referral = cases.draft(cast)
    outcomes = together(
        partial(
            workflow.answer,
            referral,
            STEP["observed"],
            {"observed": AFTER},
            by=cast.practitioner,
            seen=1,
        ),
        partial(
            workflow.answer,
            referral,
            STEP["features"],
            {"features": {"change": "Since May."}},
            by=cast.practitioner,
        ),
        partial(
            workflow.answer,
            referral,
            STEP["worry"],
            {"worry": "That he is alone."},
            by=cast.practitioner,
            seen=1,
        ),
    )
    assert problems(outcomes) == []
    now = cases.fresh(referral)
    assert now.concern.observed == AFTER
    assert now.concern.features == {"change": "Since May."}
    assert now.context.worry == "That he is alone."


# --- Promises ---------------------------------------------------------------------------------
def test_workers_at_once_take_each_step_of_an_escalation_once(cast):
    referral = cases.walk_to(cast, Status.SUBMITTED)
    clock = referral.clocks.running().get(kind=ClockKind.ACKNOWLEDGE)
    for days in range(3):
        moment = workdays.due_at(clock.due_at, days, cast.locality) if days else clock.due_at
        assert problems(together(*[partial(clocks.run_due, moment)] * 4)) == []
    taken = list(Escalation.objects.filter(clock=clock).values_list("step", flat=True))
    assert sorted(taken) == ["amber", "deputy", "red", "senior"]
    told = Mail.objects.filter(key__startswith=f"clock:{clock.pk}:").values_list("key", flat=True)
    assert len(told) == len(set(told)) > 0
    assert AuditEvent.objects.about(referral.pk).filter(kind="clock.escalated").count() == 3


def test_a_promise_kept_while_it_escalates_reminds_nobody_after(cast):
    for _round in range(ROUNDS):
        referral = cases.walk_to(cast, Status.SUBMITTED)
        clock = referral.clocks.running().get(kind=ClockKind.ACKNOWLEDGE)
        outcomes = together(
            partial(clocks.escalate, clock.pk, now=clock.due_at),
            partial(workflow.acknowledge, referral, by=cast.prevent_lead),
        )
        assert problems(outcomes) == []
        waiting = Mail.objects.filter(
            key__startswith=f"clock:{clock.pk}:", cancelled_at=None, sent_at=None
        )
        assert not waiting.exists()


# Replies ----------------------------------------------------------------------------------------
def test_two_windows_reply_at_once_and_one_reply_is_kept(cast):
    for _round in range(ROUNDS):
        referral = cases.walk_to(cast, Status.TRIAGE)
        workflow.write_message(referral, "Did he come?", by=cast.prevent_lead)
        outcomes = together(
            partial(workflow.write_message, referral, "He came.", by=cast.practitioner),
            partial(workflow.write_message, referral, "He did not.", by=cast.lead),
        )
        assert [type(one) for one in problems(outcomes)] == [workflow.ReplyRefused]
        assert referral.messages.filter(kind=MessageKind.ANSWER).count() == 1
