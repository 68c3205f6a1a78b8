"""The check: the lead asks, decides, closes, takes another route, looks again."""

from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from agencies import workdays
from audit import events
from referrals import clocks, notices, policy
from referrals.answers import Answers
from referrals.models import KeptText, PageSave, Referral
from referrals.moves import (
    MOVES,
    NO_SECOND,
    NotReady,
    TransitionError,
    agency_key,
    check,
    locked,
    move,
    texts,
)
from referrals.questions import named
from referrals.steps import STEP
from referrals.terms import (
    ClockKind,
    Decision,
    MessageKind,
    Status,
)
from referrals.workflow.drafts import answer, hand_over, lead_for
from referrals.workflow.records import record_of, say

DECIDED = ("decision", "decision_reasons")
"""What the signature stands under."""
ASKING = "asking"
"""Where ``KeptText`` keeps the questions to the author until they are asked."""


@transaction.atomic
def save_check(
    referral: Referral,
    changes: dict[str, Any],
    *,
    by: User,
    seen: int | None = None,
    asking: str | None = None,
    signing: bool = False,
    now: datetime | None = None,
) -> PageSave:
    """Save the lead's CHECK as far as it is written: by its buttons, and while she types.

    Args:
        changes: question name to value, as the page's form cleaned it.
        seen: the page's version when it was opened; None for a page that was just made.
        asking: her questions to the author so far (C17 e); None leaves them as they are.
        signing: the decision is recorded with it. Nothing else signs (C19), and a signature under
            another decision or other reasons is taken back.
    Raises:
        PermissionDenied: this person may not write in CHECK now.
        Stale: another window or lead saved it meanwhile; nothing was written.
    """
    record = referral.check_record
    resigns = any(name in changes and changes[name] != getattr(record, name) for name in DECIDED)
    changes = dict(changes)
    if not signing:
        changes.pop("signed", None)
        if resigns and record.signed:
            changes["signed"] = ""
    save = answer(referral, STEP["check"], changes, by=by, seen=seen, now=now)
    record = record_of(referral, "check_record")
    if not signing and resigns and record.signed_by_id is not None:
        record.signed_by, record.signed_at = None, None
        record.save(update_fields=["signed_by", "signed_at"])
    if asking is not None and asking != asking_so_far(referral):
        now = now or timezone.now()
        referral.kept_texts.filter(step=ASKING).delete()
        if asking:
            KeptText.objects.create(
                referral=referral, step=ASKING, by=by, at=now, answers={ASKING: asking}
            )
    return save


def asking_so_far(referral: Referral) -> str:
    """The lead's questions to the author (C17 e) as far as she has written them."""
    kept = referral.kept_texts.filter(step=ASKING).first()
    return str(kept.answers[ASKING]) if kept else ""


@transaction.atomic
def ask_author(
    referral: Referral, questions: str, *, by: User, now: datetime | None = None
) -> Referral:
    """C17 (e): back to the author with questions, due in one working day."""
    now = now or timezone.now()
    if not questions.strip():
        raise NotReady([_("Write what you want to know")])
    referral = move(referral, Status.RETURNED, by=by, now=now)
    say(referral, MessageKind.QUESTION, questions, by=by, now=now, to_referrer=True)
    referral.kept_texts.filter(step=ASKING).delete()
    notices.author_asked(referral)
    return referral


@transaction.atomic
def reply_to_lead(
    referral: Referral, reply: str, *, by: User, now: datetime | None = None
) -> Referral:
    """The author answers the lead's questions and sends it back.

    Where the author has left, the lead goes on without the answer.
    """
    now = now or timezone.now()
    referral = locked(referral)
    if not policy.is_author(by, referral) and not policy.leads_without_author(by, referral):
        raise PermissionDenied
    if referral.status != Status.RETURNED:
        raise TransitionError(f"{referral.status} -> {Status.AGENCY_CHECK}")
    if reply.strip():
        say(referral, MessageKind.REPLY, reply, by=by, now=now, to_referrer=True)
    return hand_over(referral, by=by, now=now)


@transaction.atomic
def decide(
    referral: Referral, *, by: User, questions: str = "", now: datetime | None = None
) -> Referral:
    """Record the lead's decision (C17) with its consequence.

    (a) and (b) are signed here and go on to SHARE; (c) goes on to the other route; (d) closes;
    (e) returns it with ``questions``.
    """
    now = now or timezone.now()
    referral = locked(referral)
    if referral.status not in (Status.DRAFT, Status.AGENCY_CHECK):
        raise TransitionError(str(referral.status))
    if not _decides_check(by, referral):
        raise PermissionDenied
    record = referral.check_record
    decision = record.decision
    if decision == Decision.MORE:
        return ask_author(referral, questions, by=by, now=now)
    needed = named("decision", "decision_reasons", "signed")
    answers = Answers(referral)
    if decision in (Decision.REFER, Decision.REFER_AND_ROUTE):
        problems = check(answers)
        if record.override_by_id == by.pk:
            problems = [*problems, gettext_lazy("The second lead must be somebody else than you")]
        if record.second_opinion_by_id == by.pk and NO_SECOND not in problems:
            problems = [*problems, NO_SECOND]
    else:
        problems = texts(answers.missing(needed))
    if problems:
        raise NotReady(problems)
    record.signed_by, record.signed_at = by, now
    record.save(update_fields=["signed_by", "signed_at"])
    referral.decided_at = now
    # An author who became the only lead decides alone, and the record says so.
    referral.one_walk = referral.one_walk or policy.leads_own(by, referral)
    referral.save(update_fields=["decided_at", "one_walk"])
    events.record(
        "referral.check_decided", referral, by=by, agency=agency_key(referral), decision=decision
    )
    if decision == Decision.NO_CONCERN:
        return close_in_agency(referral, by=by, now=now)
    return referral


def _decides_check(by: User, referral: Referral) -> bool:
    """Whose signature C19 is: the lead's, or the author's where there is no other lead."""
    if referral.status == Status.DRAFT:
        return policy.is_author_and_lead(by, referral) or policy.is_author_without_lead(
            by, referral
        )
    return policy.checks(by, referral)


@transaction.atomic
def close_in_agency(referral: Referral, *, by: User, now: datetime | None = None) -> Referral:
    """C17 (d): no further concern, with reasons that the author reads. A good ending."""
    now = now or timezone.now()
    own = referral.status == Status.DRAFT
    referral = move(referral, Status.AGENCY_CLOSED, by=by, now=now)
    say(
        referral,
        MessageKind.DECISION,
        referral.check_record.decision_reasons,
        by=by,
        now=now,
        to_referrer=True,
    )
    if not own:
        notices.decided_in_agency(referral)
    return referral


@transaction.atomic
def take_other_route(referral: Referral, *, by: User, now: datetime | None = None) -> Referral:
    """C17 (c): other help than Prevent. No Prevent lead ever sees it."""
    now = now or timezone.now()
    referral = locked(referral)
    own = referral.status == Status.DRAFT
    record = record_of(referral, "route_record")
    if record.look_again_on is None:
        record.look_again_on = workdays.add_working_days(
            timezone.localdate(now),
            clocks.days_of(ClockKind.LOOK_AGAIN),
            clocks.place_of(referral),
        )
        record.save(update_fields=["look_again_on"])
    referral = move(referral, Status.OTHER_ROUTE, by=by, now=now)
    start_look_again(referral, record.look_again_on, now=now)
    if record.sent_where:
        clocks.stop(referral, [ClockKind.ROUTE_SENT], now=now)
    say(
        referral,
        MessageKind.DECISION,
        referral.check_record.decision_reasons,
        by=by,
        now=now,
        to_referrer=True,
    )
    if not own:
        notices.decided_in_agency(referral)
    return referral


def start_look_again(referral: Referral, day: date, *, now: datetime) -> None:
    place = clocks.place_of(referral)
    due = datetime.combine(day, place.day_ends, workdays.LOCAL)
    clocks.stop(referral, [ClockKind.LOOK_AGAIN], now=now)
    clocks.start(referral, ClockKind.LOOK_AGAIN, now=now, due=due)


@transaction.atomic
def record_route(
    referral: Referral, changes: dict[str, Any], *, by: User, now: datetime | None = None
) -> Referral:
    """R2, R3 and R5 after the decision: where it was sent, that it arrived, when to look again."""
    now = now or timezone.now()
    referral = locked(referral)
    if referral.status != Status.OTHER_ROUTE and not (referral.is_shared and referral.agency_id):
        raise TransitionError(str(referral.status))
    if not policy.leads_agency(by, referral) and not policy.is_author_without_lead(by, referral):
        raise PermissionDenied
    record = record_of(referral, "route_record")
    for name, value in changes.items():
        setattr(record, name, value)
    record.save(update_fields=[*changes])
    if record.sent_where and record.sent_on:
        clocks.stop(referral, [ClockKind.ROUTE_SENT], now=now)
        referral.recipients.filter(in_portal=False, told_at=None).update(told_at=now)
    if (
        referral.status == Status.OTHER_ROUTE
        and "look_again_on" in changes
        and record.look_again_on
    ):
        start_look_again(referral, record.look_again_on, now=now)
    events.record(
        "referral.route_recorded",
        referral,
        by=by,
        agency=agency_key(referral),
        fields=sorted(changes),
    )
    return referral


@transaction.atomic
def look_again(
    referral: Referral, reason: str, *, by: User, now: datetime | None = None
) -> Referral:
    """New information, or the come-back date: the concern goes to the check again."""
    now = now or timezone.now()
    if not reason.strip():
        raise NotReady([_("Write what is new")])
    referral = locked(referral)
    lead = lead_for(referral, now=now)
    if lead is None and policy.leads_agency(by, referral):
        lead = by
    if lead is None:
        raise NotReady([_("Nobody in your agency can take it: use the advice line instead")])
    referral = move(referral, Status.AGENCY_CHECK, by=by, now=now, lead=lead)
    clocks.stop(referral, [ClockKind.LOOK_AGAIN, ClockKind.ROUTE_SENT], now=now)
    record = referral.check_record
    record.decision, record.signed = "", ""
    record.signed_by, record.signed_at = None, None
    record.save(update_fields=["decision", "signed", "signed_by", "signed_at"])
    say(referral, MessageKind.ADDITION, reason, by=by, now=now, to_referrer=True)
    if lead != by:
        notices.check_wanted(referral, [lead])
    return referral


@transaction.atomic
def begin_despite(referral: Referral, *, by: User, now: datetime | None = None) -> Referral:
    """C17 (f): the practitioner begins to refer although the lead sees it otherwise."""
    now = now or timezone.now()
    referral = locked(referral)
    if not policy.is_author(by, referral) or referral.one_walk:
        raise PermissionDenied
    if (Status(referral.status), Status.SUBMITTED) not in MOVES or referral.status == Status.DRAFT:
        raise TransitionError(str(referral.status))
    referral.despite_lead = True
    referral.save(update_fields=["despite_lead"])
    record_of(referral, "despite")
    events.record("referral.despite_begun", referral, by=by, agency=agency_key(referral))
    return referral
