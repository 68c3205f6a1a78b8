"""Sharing: the answers frozen, the reference drawn, every body told; taken back before T1."""

import hashlib
import json
import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from agencies import people, workdays
from agencies.models import Locality
from agencies.terms import POLICE, Role
from audit import events
from clauses.models import current_edition
from referrals import clocks, notices, policy, routing
from referrals.answers import AGREED, Answers
from referrals.models import (
    Recipient,
    ReferenceCounter,
    Referral,
    Submission,
)
from referrals.moves import (
    NotReady,
    agency_key,
    locked,
    move,
)
from referrals.questions import QUESTIONS, Kind, asked
from referrals.terms import (
    ClockKind,
    FormSent,
    MessageKind,
    RecipientKind,
    Status,
    YesNo,
)
from referrals.workflow.drafts import clear_abandoned
from referrals.workflow.named import look_for_named
from referrals.workflow.owners import PREVENT_ORDER, on_duty
from referrals.workflow.records import FORM_USED, NOT_FROZEN, say


@transaction.atomic
def submit(
    referral: Referral, *, by: User, form_key: uuid.UUID, now: datetime | None = None
) -> Referral:
    """Share a referral: one form, one record, however often the button is pressed (WF-01).

    The answers are frozen with their digest, the reference is drawn, the recipients are told.

    Raises:
        NotReady: something must be answered first.
        TransitionError: somebody else sent it, or it moved on.
    """
    now = now or timezone.now()
    referral = locked(referral)
    earlier = Submission.objects.filter(referral=referral).first()
    if earlier is not None and (earlier.form_key == form_key or earlier.by_id == by.pk):
        return referral
    if Submission.objects.filter(by=by, form_key=form_key).exclude(referral=referral).exists():
        raise NotReady([FORM_USED])
    answers = Answers(referral)
    despite = referral.despite_lead and policy.is_author(by, referral)
    agency = referral.agency
    if agency is None:
        asked_to_join = (one.agency for one in people.pending_for(by))
        agency = next((one for one in asked_to_join if one is not None), None)
        if agency is None:
            raise NotReady([_("Tell us first which organisation you work for")])
    place = routing.locality_for(answers)
    planned = routing.recipients(answers)
    was_lead = referral.lead
    clear_abandoned(referral)
    referral.locality = place
    if not despite and (referral.status == Status.DRAFT or answers.get("signed") == YesNo.YES):
        record = referral.check_record
        if record.signed_by_id is None:
            record.signed_by, record.signed_at = by, now
            record.save(update_fields=["signed_by", "signed_at"])
    frozen = frozen_answers(referral)
    # Promises made while it stayed in the agency end here: it is not looked at again there.
    clocks.stop(referral, [ClockKind.LOOK_AGAIN, ClockKind.ROUTE_SENT], now=now)
    referral = move(
        referral,
        Status.SUBMITTED,
        by=by,
        now=now,
        # With the move: until it is made, somebody who waits for their agency has no lead there.
        agency=agency,
        locality=place,
        despite_lead=despite,
        submitted_at=now,
        submitted_by=by,
        sector=str(answers.get("sector")),
        emergency=answers.gate_yes or answers.get("urgency") == "emergency",
        age_band=answers.age_band,
        reference=_next_reference(place, timezone.localdate(now).year),
    )
    try:
        with transaction.atomic():
            Submission.objects.create(
                referral=referral,
                form_key=form_key,
                by=by,
                at=now,
                answers=frozen,
                sha256=answers_digest(frozen),
                edition=current_edition(),
            )
    except IntegrityError:  # the same form for another referral, at the same moment
        raise NotReady([FORM_USED]) from None
    for one in planned:
        Recipient.objects.create(
            referral=referral,
            kind=one.kind,
            locality=one.locality,
            route=one.route,
            in_portal=one.in_portal,
            told_at=now if one.in_portal else None,
        )
    referral = look_for_named(referral, by=by, now=now)
    # R2: the sheet is sent by hand. S9: a form that is still being done has its day too.
    if answers.get("form_sent") == FormSent.BEING_DONE or any(not one.in_portal for one in planned):
        clocks.start(referral, ClockKind.ROUTE_SENT, now=now)
    if referral.emergency and not workdays.is_open(now, place):
        clocks.start(referral, ClockKind.OUT_OF_HOURS, now=now)  # mail alone tells nobody
    notices.stop_draft_reminders(referral)
    notices.shared(referral, people_to_tell(referral, now=now))
    notices.shared_confirmation(referral)
    if despite:
        notices.lead_told_of_despite(referral, clocks.leads_now(referral, was_lead))
    from referrals import tasks  # the task imports this module

    tasks.make_referral_pdf.enqueue(str(referral.pk))
    return referral


def people_to_tell(
    referral: Referral, *, now: datetime, among: Iterable[int] | None = None
) -> list[User]:
    """The people on duty in each body that works in the portal, all at the same moment.

    Args:
        among: keys of recipients, where not all of them are told.
    """
    today = timezone.localdate(now)
    roles: dict[RecipientKind, Iterable[Role]] = {
        RecipientKind.POLICE: POLICE,
        RecipientKind.PREVENT_LEAD: PREVENT_ORDER,
        RecipientKind.FRONT_DOOR: (Role.FRONT_DOOR,),
        RecipientKind.ADULT: (Role.ADULT_SAFEGUARDING,),
    }
    told: list[User] = []
    bodies = referral.recipients.filter(in_portal=True).select_related("locality")
    for one in bodies if among is None else bodies.filter(pk__in=among):
        told += on_duty(referral, one.locality, *roles[RecipientKind(one.kind)], on=today)
    return told


def _next_reference(locality: Locality, year: int) -> str:
    """``NY-2026-0042``: from a row for each locality and year, locked until the act commits."""
    ReferenceCounter.objects.get_or_create(locality=locality, year=year)
    counter = ReferenceCounter.objects.select_for_update().get(locality=locality, year=year)
    counter.last += 1
    counter.save(update_fields=["last"])
    return f"{locality.code}-{year}-{counter.last:04}"


def frozen_answers(referral: Referral) -> dict[str, Any]:
    """Every answer that applies, as JSON, but for the monitoring data kept apart."""
    answers = Answers(referral)
    values = {
        question.name: answers.get(question.name)
        for question in asked(QUESTIONS, answers)
        if question.record not in NOT_FROZEN and answers.is_answered(question)
    }
    # A person is frozen by name: what was sent must read the same when they have left.
    values = {
        name: str(value) if isinstance(value, User) else value for name, value in values.items()
    }
    # What somebody declared is kept in the words they read: a later edition may say it otherwise.
    values[AGREED] = {
        question.name: str(answers.declaration(question))
        for question in QUESTIONS
        if question.kind is Kind.CONFIRM and question.name in values
    }
    frozen: dict[str, Any] = json.loads(json.dumps(values, cls=DjangoJSONEncoder))
    return frozen


def answers_digest(frozen: dict[str, Any]) -> str:
    """SHA-256 of the answers in canonical JSON, hexadecimal."""
    canonical = json.dumps(frozen, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


@transaction.atomic
def withdraw(referral: Referral, reason: str, *, by: User, now: datetime | None = None) -> Referral:
    """Take a referral back, before anyone acknowledged it (rule 11)."""
    now = now or timezone.now()
    if not reason.strip():
        raise NotReady([_("Write why you take it back")])
    referral = move(referral, Status.WITHDRAWN, by=by, now=now)
    clocks.stop(referral, [ClockKind.OUT_OF_HOURS, ClockKind.ROUTE_SENT], now=now)
    say(referral, MessageKind.WITHDRAWAL, reason, by=by, now=now)
    notices.to_holders(referral, people_to_tell(referral, now=now), "withdrawn", "once")
    return referral


@transaction.atomic
def record_call(
    referral: Referral, recipient: Recipient, *, by: User, now: datetime | None = None
) -> Recipient:
    """The author rang the out-of-hours contact: only that counts as told (section 3)."""
    now = now or timezone.now()
    referral = locked(referral)
    if not (
        policy.is_author(by, referral)
        or referral.submitted_by_id == by.pk
        or policy.leads_agency(by, referral)
    ):
        raise PermissionDenied
    recipient = referral.recipients.select_for_update().get(pk=recipient.pk)
    if recipient.rung_at is None:
        recipient.rung_at, recipient.rung_by = now, by
        recipient.save(update_fields=["rung_at", "rung_by"])
        if recipient.kind in (RecipientKind.POLICE, RecipientKind.PREVENT_LEAD):
            clocks.stop(referral, [ClockKind.OUT_OF_HOURS], now=now)
        events.record(
            "referral.rung",
            referral,
            by=by,
            agency=agency_key(referral),
            recipient=str(recipient.kind),
        )
    return recipient


@transaction.atomic
def confirm_receipt(
    referral: Referral, recipient: Recipient, *, by: User, now: datetime | None = None
) -> Recipient:
    """A front door or adult team says that it has its part."""
    now = now or timezone.now()
    referral = locked(referral)
    if not policy.works_for_recipient(by, referral, RecipientKind(recipient.kind)):
        raise PermissionDenied
    recipient = referral.recipients.select_for_update().get(pk=recipient.pk)
    if recipient.received_at is None:
        recipient.received_at, recipient.received_by = now, by
        recipient.save(update_fields=["received_at", "received_by"])
        events.record("referral.received", referral, by=by, recipient=str(recipient.kind))
    return recipient
