"""What is said between those who hold a case and its referrer, and the promises of feedback."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from agencies import people, workdays
from agencies.terms import Role
from audit import events
from referrals import clocks, notices, policy
from referrals.answers import Answers
from referrals.models import (
    Clock,
    Message,
    Referral,
    Seen,
)
from referrals.moves import (
    NotReady,
    TransitionError,
    agency_key,
    locked,
)
from referrals.terms import (
    SHARED,
    ClockKind,
    MessageKind,
    NoteReaders,
    Status,
)
from referrals.workflow.owners import holders
from referrals.workflow.records import say
from ui import dates


class ReplyRefused(NotReady):
    """Nothing awaits a reply of the referrer's side: each message has one (section 11)."""


WORDS_TO_REFERRER = (MessageKind.MESSAGE, MessageKind.FEEDBACK, MessageKind.QUERY)
"""What those who hold a case write to its referrer: each may be replied to, once."""


def owe_feedback(referral: Referral, *, now: datetime) -> None:
    """Feedback to the referrer is owed when it ends (section 11): the decision first."""
    clocks.stop(referral, [ClockKind.FEEDBACK, ClockKind.PRACTICE], now=now)
    clock = clocks.start(referral, ClockKind.FEEDBACK, now=now)
    referral.due_at = clock.due_at
    referral.save(update_fields=["due_at"])


def owe_practice_feedback(referral: Referral, *, now: datetime) -> Clock | None:
    """T9: notes on the quality of the referral are told too, within twenty working days of the
    decision."""
    if not str(Answers(referral).get("data_quality")).strip():
        return None
    since = referral.decided_at or referral.stage_since
    return clocks.start(referral, ClockKind.PRACTICE, now=now, since=since)


@transaction.atomic
def give_feedback(
    referral: Referral, text: str, *, by: User, now: datetime | None = None
) -> Message:
    """Tell the referrer, in general terms; the promise of feedback is kept by it."""
    now = now or timezone.now()
    if not text.strip():
        raise NotReady([_("Write what the referrer may be told")])
    referral = locked(referral)
    if not policy.leads_locality_or_gateway(by, referral):
        raise PermissionDenied
    if referral.status not in SHARED:
        raise TransitionError(str(referral.status))
    said = say(referral, MessageKind.FEEDBACK, text, by=by, now=now, to_referrer=True)
    decision = clocks.stop(referral, [ClockKind.FEEDBACK], now=now)
    practice = clocks.stop(referral, [ClockKind.PRACTICE], now=now)
    if (decision or practice) and referral.outward_status == Status.CLOSED:
        owed = owe_practice_feedback(referral, now=now) if decision else None
        referral.due_at = owed.due_at if owed else None
        referral.save(update_fields=["due_at"])
    events.record("referral.feedback_given", referral, by=by, agency=agency_key(referral))
    notices.feedback(referral, said.pk)
    return said


@transaction.atomic
def write_message(
    referral: Referral, text: str, *, by: User, now: datetime | None = None
) -> Message:
    """A message of whoever holds it to the referrer, or the referrer's one reply to it.

    Raises:
        ReplyRefused: nothing can be replied to now, and the sentence that says why.
    """
    now = now or timezone.now()
    if not text.strip():
        raise NotReady([_("Write your message")])
    referral = locked(referral)
    if referral.status not in SHARED or referral.outward_status == Status.WITHDRAWN:
        raise TransitionError(str(referral.status))
    if policy.leads_locality_or_gateway(by, referral):
        said = say(referral, MessageKind.MESSAGE, text, by=by, now=now, to_referrer=True)
        notices.message_to_referrer(referral, said.pk)
    elif policy.is_author_or_leads_agency(by, referral):
        refused = no_reply_because(referral)
        if refused:
            raise ReplyRefused([refused])
        said = say(referral, MessageKind.ANSWER, text, by=by, now=now, to_referrer=True)
        notices.to_holders(referral, holders(referral), "reply", said.pk)
    else:
        raise PermissionDenied
    events.record("referral.message_written", referral, by=by, agency=agency_key(referral))
    return said


@transaction.atomic
def write_note(
    referral: Referral,
    text: str,
    readers: NoteReaders,
    *,
    by: User,
    now: datetime | None = None,
) -> Message:
    """A note on a shared case, for its team or for its author alone. Nobody is written to."""
    now = now or timezone.now()
    if not text.strip():
        raise NotReady([_("Write your note")])
    referral = locked(referral)
    if not policy.reads_team_notes(by, referral):
        raise PermissionDenied
    if referral.status not in SHARED:
        raise TransitionError(str(referral.status))
    said = say(referral, MessageKind.NOTE, text, by=by, now=now, readers=readers)
    # Not in the log that the referrer's agency reads: notes are not for it.
    events.record("referral.note_written", referral, by=by, agency="", readers=str(readers))
    return said


def no_reply_because(referral: Referral, said: Iterable[Message] | None = None) -> str:
    """Why the referrer's side cannot reply now, as a sentence; empty while a reply is open.

    Each word to the referrer may be replied to once, by them or by their lead: this is no open
    chat (section 11). What is new goes with the referral at any time, as an addition.

    Args:
        said: what the referrer reads, where it is in hand.
    """
    if referral.outward_status == Status.QUERY:
        return _("There is a question to answer: answer that instead.")
    if said is None:
        said = Message.objects.filter(referral=referral, to_referrer=True).select_related("by")
    told = sorted(said, key=lambda message: message.at)
    words = [message for message in told if message.kind in WORDS_TO_REFERRER]
    if not words:
        return _("There is no message to reply to yet. What is new you can add to the referral.")
    replies = [one for one in told if one.kind == MessageKind.ANSWER and one.at >= words[-1].at]
    if not replies:
        return ""
    answer = replies[0]
    return _(
        "%(name)s has replied already, %(when)s. Each message can be replied to once. "
        "What is new you can add to the referral."
    ) % {"name": answer.by, "when": dates.moment(answer.at)}


@transaction.atomic
def add_information(
    referral: Referral, text: str, *, by: User, now: datetime | None = None
) -> Message:
    """A dated addition to what was shared; the frozen answers stay as they are (WF-11)."""
    now = now or timezone.now()
    if not text.strip():
        raise NotReady([_("Write what is new")])
    referral = locked(referral)
    if not policy.is_author_or_leads_agency(by, referral):
        raise PermissionDenied
    if referral.status not in SHARED or referral.outward_status == Status.WITHDRAWN:
        raise TransitionError(str(referral.status))
    said = say(referral, MessageKind.ADDITION, text, by=by, now=now, to_referrer=True)
    events.record("referral.added_to", referral, by=by, agency=agency_key(referral))
    notices.to_holders(referral, holders(referral), "addition", said.pk)
    return said


@transaction.atomic
def ask_for_news(referral: Referral, *, by: User, now: datetime | None = None) -> Referral:
    """No feedback in twenty working days: the senior lead is asked, in one click (section 11)."""
    now = now or timezone.now()
    referral = locked(referral)
    if not policy.is_author_or_leads_agency(by, referral):
        raise PermissionDenied
    if referral.status not in SHARED or referral.outward_status == Status.WITHDRAWN:
        raise TransitionError(str(referral.status))
    if now < news_by(referral):
        raise TransitionError("too early")
    place = clocks.place_of(referral)
    seniors = people.holders(place, [Role.PREVENT_SENIOR]) or people.holders(
        place, [Role.PREVENT_DEPUTY, Role.PREVENT_LEAD]
    )
    notices.to_holders(
        referral, [*seniors, *holders(referral)], "unanswered", timezone.localdate(now).isoformat()
    )
    events.record("referral.news_asked", referral, by=by, agency=agency_key(referral))
    return referral


def news_by(referral: Referral) -> datetime:
    """From when the referrer may ask the senior lead: so many working days without a word."""
    last = (
        Message.objects.filter(
            referral=referral,
            to_referrer=True,
            kind__in=[MessageKind.FEEDBACK, MessageKind.MESSAGE],
        )
        .exclude(by__in=[referral.created_by, *([referral.lead] if referral.lead else [])])
        .order_by("-at")
        .values_list("at", flat=True)
        .first()
    )
    since = last or referral.submitted_at or referral.created_at
    return workdays.due_at(since, settings.NEWS_WITHIN_DAYS, clocks.place_of(referral))


@transaction.atomic(savepoint=False)
def view(
    referral: Any, *, by: User, role: str = "", now: datetime | None = None
) -> datetime | None:
    """Log that a case was opened, and remember when, so that what came since is new.

    Args:
        role: the role in which it was opened, for the list of who opened it.
    Returns:
        When the person opened it before; None the first time.
    """
    now = now or timezone.now()
    if referral.status == Status.DRAFT:  # its author is alone with it: nothing comes meanwhile
        events.record("referral.viewed", referral, by=by, agency=agency_key(referral), role=role)
        return None
    if hasattr(referral, "seen_at"):  # the case page has asked it with the rest
        before: datetime | None = referral.seen_at
    else:
        seen = Seen.objects.filter(referral=referral, person=by)
        before = seen.values_list("at", flat=True).first()
    Seen.objects.bulk_create(
        [Seen(referral=referral, person=by, at=now)],
        update_conflicts=True,
        unique_fields=["referral", "person"],
        update_fields=["at"],
    )
    events.record("referral.viewed", referral, by=by, agency=agency_key(referral), role=role)
    return before
