"""Every write to a case, one function each: the only doors.

Each function locks the row, looks the move up, asks the policy, checks what must be recorded,
saves, and writes the audit event and the outbox rows, in one transaction. Pages, commands, the
worker and the tests all come through these doors.
"""

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from agencies import people, workdays
from agencies.models import Absence, Agency, Locality
from agencies.terms import POLICE, PREVENT, Role
from audit import events
from referrals import clocks, notices, policy, routing, steps
from referrals.answers import RECORDS, Answers
from referrals.models import (
    CheckRecord,
    Clock,
    ConcernRecord,
    ContextRecord,
    DespiteRecord,
    Document,
    Exclusion,
    GateRecord,
    GatewayRecord,
    KeptText,
    Message,
    MonitoringRecord,
    OtherRouteRecord,
    PageSave,
    PersonRecord,
    Recipient,
    ReferenceCounter,
    Referral,
    Seen,
    ShareRecord,
    Submission,
    TriageRecord,
)
from referrals.moves import (
    MOVES,
    NotReady,
    Stale,
    TransitionError,
    agency_key,
    check,
    locked,
    move,
    texts,
)
from referrals.questions import QUESTIONS, Asked, Question, asked, named
from referrals.terms import (
    BEFORE_CLOSED,
    HIDDEN_FROM_MOST,
    SHARED,
    ClockKind,
    Decision,
    GatewayOutcome,
    MessageKind,
    ReceivedBy,
    RecipientKind,
    Status,
    YesNo,
)
from vault import keys
from vault.digests import digest

RECORD_CLASS: dict[str, type[Any]] = {
    "gate": GateRecord,
    "concern": ConcernRecord,
    "person": PersonRecord,
    "monitoring": MonitoringRecord,
    "context": ContextRecord,
    "check_record": CheckRecord,
    "share": ShareRecord,
    "despite": DespiteRecord,
    "route_record": OtherRouteRecord,
    "triage_record": TriageRecord,
    "gateway_record": GatewayRecord,
}
LOOK_AGAIN_WORKING_DAYS = 20
ONE_PRESS = timedelta(minutes=1)
FORM_USED = gettext_lazy("This form has sent another referral already. Press the button once more")
PRACTICE_WORKING_DAYS = 20
"""Feedback about the quality of the referral itself (section 11)."""
CLOSENESS = "closeness"
"""Where ``PageSave`` keeps that the question before the hand-over was asked."""
NOT_FROZEN = frozenset({"monitoring", "triage_record", "gateway_record"})


def say(
    referral: Referral,
    kind: MessageKind,
    body: str,
    *,
    by: User,
    now: datetime,
    to_referrer: bool = False,
) -> Message:
    """Keep words of a case: sealed, dated, never changed."""
    return Message.objects.create(
        referral=referral, kind=kind, body=body, by=by, at=now, to_referrer=to_referrer
    )


# The draft --------------------------------------------------------------------------------------
@transaction.atomic
def start(
    by: User,
    *,
    now: datetime | None = None,
    received_by: ReceivedBy = ReceivedBy.PORTAL,
    one_walk: bool | None = None,
) -> Referral:
    """Begin a concern: a row from the first page, private to its author.

    A lead's own concern, or one that she or an administrator types in, is one walk through
    NOTICE and CHECK; an administrator who is no lead hands over as a practitioner does.
    """
    now = now or timezone.now()
    agency = people.agency_of(by)
    leads = agency is not None and Agency.objects.led_by(by).filter(pk=agency.pk).exists()
    referral = Referral(
        created_by=by,
        agency=agency,
        received_by=received_by,
        one_walk=leads if one_walk is None else one_walk and leads,
        created_at=now,
        touched_at=now,
        stage_since=now,
    )
    keys.new_case(referral.pk)
    referral.save()
    for name in RECORDS:
        RECORD_CLASS[name].objects.create(referral=referral)
    _prefill(referral, by)
    events.record("referral.started", referral, by=by, agency=agency_key(referral))
    return referral


@transaction.atomic
def start_once(
    by: User, *, now: datetime | None = None, received_by: ReceivedBy = ReceivedBy.PORTAL
) -> Referral:
    """Begin a concern, or give back the one that the same press of a button began just now."""
    now = now or timezone.now()
    User.objects.select_for_update().get(pk=by.pk)  # the second press waits for the first
    untouched = Referral.objects.filter(
        created_by=by,
        status=Status.DRAFT,
        received_by=received_by,
        created_at__gte=now - ONE_PRESS,
        page_saves__isnull=True,
    )
    return untouched.first() or start(by, now=now, received_by=received_by)


@transaction.atomic
def give_agency(person: User) -> int:
    """Let drafts that were begun before an agency confirmed the person belong to it."""
    agency = people.agency_of(person)
    if agency is None:
        return 0
    waiting = Referral.objects.select_for_update().filter(
        created_by=person, agency__isnull=True, status=Status.DRAFT
    )
    for referral in waiting:
        referral.agency = agency
        referral.save(update_fields=["agency"])
        _prefill(referral, person)
        events.record("referral.agency_known", referral, by=person, agency=agency_key(referral))
    return len(waiting)


@transaction.atomic
def leave_one_walk(referral: Referral, *, by: User) -> Referral:
    """Whoever leads no longer hands over as a practitioner does."""
    referral = locked(referral)
    if not policy.is_author(by, referral) or referral.status != Status.DRAFT:
        raise PermissionDenied
    if referral.one_walk and not policy.leads_agency(by, referral):
        referral.one_walk = False
        referral.save(update_fields=["one_walk"])
        events.record("referral.one_walk_left", referral, by=by, agency=agency_key(referral))
    return referral


def contact_of(person: User, agency: Agency | None) -> dict[str, str]:
    """A person of the portal as the form names people (S1, S3)."""
    return {
        "name": person.name,
        "role": person.job_title,
        "organisation": agency.name if agency else "",
        "relationship": "",
        "phone": person.phone,
        "email": person.email,
    }


def _prefill(referral: Referral, by: User) -> None:
    """What the portal knows already; every one can be corrected."""
    agency = referral.agency
    share_record, check_record = referral.share, referral.check_record
    if referral.received_by == ReceivedBy.PORTAL and not share_record.noticed_by:
        share_record.noticed_by = contact_of(by, agency)
    if agency is not None:
        share_record.sector = share_record.sector or agency.referral_sector
        check_record.legal_basis = check_record.legal_basis or agency.legal_basis
        if agency.prevent_contact_name and not share_record.prevent_contact:
            share_record.prevent_contact = {
                "name": agency.prevent_contact_name,
                "role": agency.prevent_contact_role,
                "organisation": agency.name,
                "relationship": "",
                "phone": agency.prevent_contact_phone,
                "email": agency.prevent_contact_email,
            }
    share_record.save()
    check_record.save(update_fields=["legal_basis"])


@transaction.atomic
def answer(
    referral: Referral,
    step: steps.Step,
    changes: dict[str, Any],
    *,
    by: User,
    seen: int | None = None,
    now: datetime | None = None,
) -> PageSave:
    """Save one page: only its own columns, so that two tabs on different pages agree.

    Args:
        changes: question name to value, as the page's form cleaned it.
        seen: the page's version when it was opened; None for a page that was just made.
    Raises:
        PermissionDenied: this person may not write in this section now.
        Stale: another tab or person saved the same page meanwhile; nothing was written.
    """
    now = now or timezone.now()
    referral = locked(referral)
    if not policy.may_answer(by, referral, step.section):
        raise PermissionDenied
    save, _made = PageSave.objects.select_for_update().get_or_create(
        referral=referral, step=step.name, defaults={"by": by, "at": now}
    )
    if seen is not None and seen != save.version:
        raise Stale(save)
    allowed = {question.name: question for question in step.questions}
    if any(_is_the_leads(allowed[name]) for name in changes) and not _checks(by, referral):
        raise PermissionDenied
    by_record: dict[str, dict[str, Any]] = {}
    for name, value in changes.items():
        by_record.setdefault(allowed[name].record, {})[name] = value
    for record_name, values in by_record.items():
        record = _record(referral, record_name)
        for name, value in values.items():
            setattr(record, name, value)
        fields = [*values]
        if record_name == "person" and {"forenames", "surname", "born"} & set(values):
            fields += _digest_names(record)
        record.save(update_fields=fields)
    save.version += 1
    save.by, save.at = by, now
    save.save()
    answers = Answers(referral)
    referral.touched_at = now
    referral.emergency = answers.gate_yes
    referral.age_band = answers.age_band
    referral.save(update_fields=["touched_at", "emergency", "age_band"])
    return save


def _is_the_leads(question: Question) -> bool:
    """Whether only a lead answers it (C3 to C19); both were there for C2."""
    return (
        question.record == "check_record"
        and question.by != Asked.PRACTITIONER
        and question.name != "spoken_at"
    )


def _checks(by: User, referral: Referral) -> bool:
    return policy.leads_agency(by, referral) or (
        referral.status == Status.DRAFT and policy.is_author_without_lead(by, referral)
    )


def _record(referral: Referral, name: str) -> Any:
    found = Answers(referral).record(name)
    if found is None:
        # A row read with its records remembers that one was missing; another act may have made it.
        found, _made = RECORD_CLASS[name].objects.get_or_create(referral=referral)
    return found


def _digest_names(record: PersonRecord) -> list[str]:
    digests = name_digests(record.forenames, record.surname, record.born or {})
    record.name_digest, record.name_born_digest = digests
    return ["name_digest", "name_born_digest"]


def name_digests(
    forenames: str, surname: str, born: Mapping[str, Any]
) -> tuple[bytes | None, bytes | None]:
    """Keyed digests for the exact search: of the name, and of the name with the birth date.

    None while a name is not known, or not the whole date.
    """
    unknown = {"", "not known"}
    names = [forenames.strip(), surname.strip()]
    if any(name.lower() in unknown for name in names):
        return None, None
    name = digest("person.name", *names)
    if not all(born.get(part) for part in ("year", "month", "day")):
        return name, None
    whole = f"{int(born['year']):04}-{int(born['month']):02}-{int(born['day']):02}"
    return name, digest("person.name_born", *names, whole)


@transaction.atomic
def keep_text(
    referral: Referral, step: steps.Step, changes: dict[str, Any], *, by: User, now: datetime
) -> KeptText:
    """Keep the answers that lost a race, for the person who typed them."""
    plain = json.loads(json.dumps(_plain(changes), cls=DjangoJSONEncoder))
    return KeptText.objects.create(referral=referral, step=step.name, answers=plain, by=by, at=now)


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.pk if isinstance(value, models.Model) else value
        for name, value in values.items()
    }


@transaction.atomic
def exclude(
    referral: Referral, persons: Iterable[User], *, by: User, now: datetime | None = None
) -> Referral:
    """Name the people of the safeguarding team who are close to the concern (AC-06).

    Asked before the hand-over; the answer replaces an earlier one while it is a draft.
    """
    now = now or timezone.now()
    referral = locked(referral)
    if not policy.is_author(by, referral) or referral.status != Status.DRAFT:
        raise PermissionDenied
    named_now = {person.pk for person in persons if person.pk != by.pk}
    referral.exclusions.exclude(person_id__in=named_now).delete()
    for pk in named_now:
        Exclusion.objects.get_or_create(
            referral=referral, person_id=pk, defaults={"by": by, "at": now}
        )
    record = referral.check_record
    if record.spoken_to_id in named_now:
        record.spoken_to = None
        record.save(update_fields=["spoken_to"])
    PageSave.objects.update_or_create(
        referral=referral, step=CLOSENESS, defaults={"version": 1, "by": by, "at": now}
    )
    # Who is named is part of the case and is not told to the log.
    events.record("referral.closeness_asked", referral, by=by, agency=agency_key(referral))
    return referral


def closeness_asked(referral: Referral) -> bool:
    return referral.page_saves.filter(step=CLOSENESS).exists()


def abandoned(referral: Referral, answers: Answers | None = None) -> list[Question]:
    """Answers that stand in branches no longer taken: shown to the author, then removed (W8)."""
    answers = answers or Answers(referral)
    return [
        question
        for question in QUESTIONS
        if question.record in RECORDS
        and answers.is_answered(question)
        and not question.is_asked(answers)
        and question.name not in ("legal_basis",)
    ]


def _clear_abandoned(referral: Referral) -> list[str]:
    gone = abandoned(referral)
    for record_name in {question.record for question in gone}:
        record = _record(referral, record_name)
        fields = [question.name for question in gone if question.record == record_name]
        for name in fields:
            setattr(record, name, type(record)._meta.get_field(name).get_default())
        record.save(update_fields=fields)
    return [question.code for question in gone]


@transaction.atomic
def delete_draft(referral: Referral, *, by: User, now: datetime | None = None) -> Referral:
    """The author throws a draft away: content and key are destroyed, an empty stub stays."""
    now = now or timezone.now()
    referral = move(referral, Status.DISPOSED, by=by, now=now)
    destroy_content(referral)
    return referral


def destroy_content(referral: Referral) -> None:
    """Destroy the key, then the rows: nothing of the words is left (CR-07)."""
    keys.destroy(referral.pk)
    notices.stop_draft_reminders(referral)
    parts: list[type[models.Model]] = [
        KeptText,
        PageSave,
        Exclusion,
        Message,
        Seen,
        Recipient,
        Document,
        Submission,
    ]
    for model in (*parts, *RECORD_CLASS.values()):
        model._default_manager.filter(referral=referral).delete()


@transaction.atomic
def hand_over(referral: Referral, *, by: User, now: datetime | None = None) -> Referral:
    """Send a concern to the safeguarding lead for the check.

    It goes to the lead that the author named if they are at work, else to whoever is on duty;
    never to a person who is close to it.

    Raises:
        NotReady: something must be answered first, or nobody in the agency can take it.
    """
    now = now or timezone.now()
    referral = locked(referral)
    lead = lead_for(referral, now=now)
    if lead is None:
        raise NotReady([_("Nobody in your agency can take it: use the advice line instead")])
    again = referral.status == Status.RETURNED
    _clear_abandoned(referral)
    referral = move(referral, Status.AGENCY_CHECK, by=by, now=now, lead=lead)
    notices.stop_draft_reminders(referral)
    notices.check_wanted(referral, [lead])
    if again:
        events.record("referral.answered_lead", referral, by=by, agency=agency_key(referral))
    return referral


def lead_for(referral: Referral, *, now: datetime, answers: Answers | None = None) -> User | None:
    """Who takes the check: whoever had it, else the named lead, if present; else who is there."""
    today = timezone.localdate(now)
    free = (answers or Answers(referral, today=today)).leads  # leads first, then deputies
    away = people.away(free, today)
    present = [person for person in free if person.pk not in away]
    for wanted in (referral.lead, referral.check_record.spoken_to):
        if wanted is not None and wanted in present:
            return wanted
    return next(iter([*present, *free]), None)


# The check --------------------------------------------------------------------------------------
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
    notices.author_asked(referral)
    return referral


@transaction.atomic
def reply_to_lead(
    referral: Referral, reply: str, *, by: User, now: datetime | None = None
) -> Referral:
    """The author answers the lead's questions and sends it back."""
    now = now or timezone.now()
    referral = locked(referral)
    if not policy.is_author(by, referral):
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
    else:
        problems = texts(answers.missing(needed))
    if problems:
        raise NotReady(problems)
    record.signed_by, record.signed_at = by, now
    record.save(update_fields=["signed_by", "signed_at"])
    referral.decided_at = now
    referral.save(update_fields=["decided_at"])
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
    return policy.leads_agency(by, referral)


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
    record = _record(referral, "route_record")
    if record.look_again_on is None:
        record.look_again_on = workdays.add_working_days(
            timezone.localdate(now), LOOK_AGAIN_WORKING_DAYS, clocks.place_of(referral)
        )
        record.save(update_fields=["look_again_on"])
    referral = move(referral, Status.OTHER_ROUTE, by=by, now=now)
    _start_look_again(referral, record.look_again_on, now=now)
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


def _start_look_again(referral: Referral, day: date, *, now: datetime) -> None:
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
    record = _record(referral, "route_record")
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
        _start_look_again(referral, record.look_again_on, now=now)
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
    _record(referral, "despite")
    events.record("referral.despite_begun", referral, by=by, agency=agency_key(referral))
    return referral


# Sharing ----------------------------------------------------------------------------------------
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
    _clear_abandoned(referral)
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
    if any(not one.in_portal for one in planned):
        clocks.start(referral, ClockKind.ROUTE_SENT, now=now)  # R2: the sheet is sent by hand
    if referral.emergency and not workdays.is_open(now, place):
        clocks.start(referral, ClockKind.OUT_OF_HOURS, now=now)  # mail alone tells nobody
    notices.stop_draft_reminders(referral)
    notices.shared(referral, _to_tell(referral, now=now))
    notices.shared_confirmation(referral)
    if despite:
        notices.lead_told_of_despite(referral, clocks.leads_now(referral, was_lead))
    from referrals import tasks  # the task imports this module

    tasks.make_referral_pdf.enqueue(str(referral.pk))
    return referral


def _to_tell(
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
        told += _on_duty(referral, one.locality, *roles[RecipientKind(one.kind)], on=today)
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
    notices.to_holders(referral, _to_tell(referral, now=now), "withdrawn", "once")
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


# With the Prevent lead and the police -----------------------------------------------------------
@transaction.atomic
def acknowledge(referral: Referral, *, by: User, now: datetime | None = None) -> Referral:
    """Take a submitted referral into triage; ``by`` becomes its holder.

    Raises:
        PermissionDenied: ``by`` does not lead the referral's locality.
        TransitionError: somebody else took it first.
    """
    now = now or timezone.now()
    referral = move(
        referral,
        Status.TRIAGE,
        by=by,
        now=now,
        holder=by,
        acknowledged_at=now,
        acknowledged_by=by,
    )
    clocks.stop(referral, [ClockKind.OUT_OF_HOURS], now=now)
    _record(referral, "triage_record")
    notices.acknowledged(referral)
    return referral


@transaction.atomic
def take_at_gateway(referral: Referral, *, by: User, now: datetime | None = None) -> Referral:
    """The police take a submitted referral straight to the gateway; the Prevent lead is told."""
    now = now or timezone.now()
    referral = move(
        referral,
        Status.GATEWAY,
        by=by,
        now=now,
        officer=by,
        acknowledged_at=now,
        acknowledged_by=by,
    )
    clocks.stop(referral, [ClockKind.OUT_OF_HOURS], now=now)
    _record(referral, "gateway_record")
    leads = _on_duty(referral, clocks.place_of(referral), *PREVENT_ORDER)
    notices.to_holders(referral, leads, "taken", "once")
    notices.acknowledged(referral)
    return referral


@transaction.atomic
def record_triage(
    referral: Referral, changes: dict[str, Any], *, by: User, now: datetime | None = None
) -> Referral:
    """T2 to T9, as far as they are known."""
    now = now or timezone.now()
    referral = locked(referral)
    if not policy.leads_locality(by, referral):
        raise PermissionDenied
    if referral.outward_status not in (Status.TRIAGE, Status.GATEWAY):
        raise TransitionError(str(referral.outward_status))
    _write(referral, "triage_record", changes, by=by)
    return referral


@transaction.atomic
def record_gateway(
    referral: Referral, changes: dict[str, Any], *, by: User, now: datetime | None = None
) -> Referral:
    """X1 to X10, as far as they are known."""
    now = now or timezone.now()
    referral = locked(referral)
    if not policy.decides_at_gateway(by, referral):
        raise PermissionDenied
    if referral.status not in {Status.GATEWAY, *HIDDEN_FROM_MOST}:
        raise TransitionError(str(referral.status))
    _write(referral, "gateway_record", changes, by=by)
    return referral


def _write(referral: Referral, name: str, changes: dict[str, Any], *, by: User) -> None:
    record = _record(referral, name)
    for field, value in changes.items():
        setattr(record, field, value)
    record.save(update_fields=[*changes])
    events.record(
        f"referral.{name}_saved",
        referral,
        by=by,
        # Not in the log that the referrer's agency reads: assessments are not for it.
        agency="",
        fields=sorted(changes),
    )


@transaction.atomic
def pass_to_gateway(referral: Referral, *, by: User, now: datetime | None = None) -> Referral:
    """T8: from triage to the police gateway."""
    now = now or timezone.now()
    referral = move(referral, Status.GATEWAY, by=by, now=now)
    record = _record(referral, "triage_record")
    record.passed_at = now
    record.save(update_fields=["passed_at"])
    _record(referral, "gateway_record")
    officers = _on_duty(referral, clocks.place_of(referral), *POLICE)
    notices.to_holders(referral, officers, "gateway", now.isoformat())
    return referral


@transaction.atomic
def take_case(referral: Referral, *, by: User, now: datetime | None = None) -> Referral:
    """Become the officer (X2) or the holder of a case that another holds or nobody does."""
    now = now or timezone.now()
    referral = locked(referral)
    if referral.status not in BEFORE_CLOSED or referral.status == Status.SUBMITTED:
        raise TransitionError(str(referral.status))
    if policy.decides_at_gateway(by, referral):
        referral.officer = by
        referral.save(update_fields=["officer"])
    elif policy.leads_locality(by, referral):
        referral.holder = by
        referral.save(update_fields=["holder"])
    else:
        raise PermissionDenied
    events.record("referral.taken", referral, by=by, agency=_log_of(referral, by))
    return referral


def _log_of(referral: Referral, by: User | None) -> str:
    """Whose log an act on a case stands in: not the agency's while police work out of sight."""
    if referral.status in HIDDEN_FROM_MOST and (
        by is None or policy.sees_real_status(by, referral)
    ):
        return ""
    return agency_key(referral)


@transaction.atomic
def hand_to(referral: Referral, person: User, *, by: User, now: datetime | None = None) -> Referral:
    """Hand a case or a check to a colleague who does the same work."""
    now = now or timezone.now()
    referral = locked(referral)
    if referral.status in (Status.AGENCY_CHECK, Status.RETURNED):
        field, allowed = "lead", policy.leads_agency
    elif referral.status in BEFORE_CLOSED:
        field, allowed = (
            ("holder", policy.leads_locality)
            if policy.leads_locality(by, referral)
            else ("officer", policy.decides_at_gateway)
        )
    else:
        raise TransitionError(str(referral.status))
    if not allowed(by, referral):
        raise PermissionDenied
    own_concern = field == "lead" and policy.is_author(person, referral)
    if not allowed(person, referral) or not person.is_active or own_concern:
        raise NotReady([_("Choose somebody who does the same work and can see the case")])
    setattr(referral, field, person)
    referral.save(update_fields=[field])
    events.record("referral.handed_to", referral, by=by, agency=_log_of(referral, by), field=field)
    notices.to_holders(referral, [person], "owner", now.isoformat())
    return referral


@transaction.atomic
def ask_referrer(
    referral: Referral, questions: str, *, by: User, now: datetime | None = None
) -> Referral:
    """Information wanted: the promise pauses while the referrer answers."""
    now = now or timezone.now()
    if not questions.strip():
        raise NotReady([_("Write what you want to know")])
    referral = locked(referral)
    came_from = referral.outward_status
    referral = move(referral, Status.QUERY, by=by, now=now, asked_from=came_from)
    say(referral, MessageKind.QUERY, questions, by=by, now=now, to_referrer=True)
    notices.query_asked(referral)
    return referral


@transaction.atomic
def answer_query(
    referral: Referral, text: str, *, by: User, now: datetime | None = None
) -> Referral:
    """The referrer answers; it goes back to whoever asked."""
    now = now or timezone.now()
    if not text.strip():
        raise NotReady([_("Write your answer")])
    referral = locked(referral)
    back = Status(referral.asked_from) if referral.asked_from else Status.TRIAGE
    referral = move(referral, back, by=by, now=now, asked_from="")
    said = say(referral, MessageKind.ANSWER, text, by=by, now=now, to_referrer=True)
    notices.to_holders(referral, holders(referral), "answer", said.pk)
    return referral


def holders(referral: Referral) -> list[User]:
    """Who holds it now, in person: a leaver's or absent person's work always has an owner."""
    place = clocks.place_of(referral)
    at_gateway = referral.outward_status in (Status.GATEWAY, Status.INFO_GATHERING)
    officers = _holding(referral.officer, policy.decides_at_gateway, referral) or _on_duty(
        referral, place, *POLICE
    )
    if at_gateway:
        return officers
    leads = _holding(referral.holder, policy.leads_locality, referral) or _on_duty(
        referral, place, *PREVENT_ORDER
    )
    # Whoever works on it out of sight hears what comes in too; nobody else learns of that.
    return leads + officers if referral.status in HIDDEN_FROM_MOST else leads


def _holding(person: User | None, may: policy.Predicate, referral: Referral) -> list[User]:
    """The holder, while they are there and still have the role."""
    if person is None or not person.is_active or people.is_away(person):
        return []
    return [person] if may(person, referral) else []


PREVENT_ORDER = (Role.PREVENT_LEAD, Role.PREVENT_DEPUTY, Role.PREVENT_SENIOR)


def _on_duty(
    referral: Referral, place: Locality, *roles: Role, on: date | None = None
) -> list[User]:
    """Who takes work there today and may hear of it; if all of those are close to it, the rest."""
    excluded = set(referral.exclusions.values_list("person_id", flat=True))
    duty = [one for one in people.on_duty(place, *roles, on=on) if one.pk not in excluded]
    return duty or [one for one in people.holders(place, roles, on) if one.pk not in excluded]


@transaction.atomic
def transfer(
    referral: Referral,
    receiver: Locality | None,
    reason: str,
    *,
    by: User,
    now: datetime | None = None,
) -> Referral:
    """Offer it to another locality; the sender stays the owner until it is accepted.

    Args:
        receiver: None for an area outside the portal, which ``reason`` names (rule 6).
    """
    now = now or timezone.now()
    if not reason.strip():
        raise NotReady([_("Write why it belongs to the other area")])
    if receiver is not None and receiver.pk == referral.locality_id:
        raise NotReady([_("Choose another area than your own")])
    referral = move(referral, Status.TRANSFERRED, by=by, now=now, offered_to=receiver)
    say(referral, MessageKind.TRANSFER, reason, by=by, now=now)
    if receiver is not None:
        leads = _on_duty(referral, receiver, *PREVENT_ORDER)
        notices.to_holders(referral, leads, "offered", now.isoformat())
    return referral


@transaction.atomic
def accept_transfer(referral: Referral, *, by: User, now: datetime | None = None) -> Referral:
    """The receiver accepts: the referral is theirs from now on."""
    now = now or timezone.now()
    referral = locked(referral)
    sender, receiver = clocks.place_of(referral), referral.offered_to
    if referral.outward_status != Status.TRANSFERRED or receiver is None:
        raise TransitionError(str(referral.outward_status))
    if not policy.leads_receiving_locality(by, referral):
        raise PermissionDenied
    # The move is asked of the receiver before the locality changes hands.
    referral = move(referral, Status.TRIAGE, by=by, now=now, holder=by)
    # The sender's officer does not serve there: whoever is on duty takes it up.
    referral.locality, referral.offered_to, referral.officer = receiver, None, None
    referral.save(update_fields=["locality", "offered_to", "officer"])
    made = []
    for one in referral.recipients.filter(locality=sender):
        kind = RecipientKind(one.kind)
        route = receiver.routes.filter(kind=routing.ROUTE_OF[kind], is_open=True).first()
        in_portal = route is None or route.in_portal
        new, fresh = Recipient.objects.get_or_create(
            referral=referral,
            kind=kind,
            locality=receiver,
            defaults={
                "route": route,
                "in_portal": in_portal,
                "told_at": now if in_portal else None,
            },
        )
        if fresh and kind != RecipientKind.PREVENT_LEAD:  # the lead has just accepted it
            made.append(new)
    if any(not one.in_portal for one in made):
        clocks.stop(referral, [ClockKind.ROUTE_SENT], now=now)
        clocks.start(referral, ClockKind.ROUTE_SENT, now=now)
    notices.shared(referral, _to_tell(referral, now=now, among=[one.pk for one in made]))
    leads = _on_duty(referral, sender, *PREVENT_ORDER)
    notices.to_holders(referral, leads, "accepted", now.isoformat())
    return referral


@transaction.atomic
def decline_transfer(
    referral: Referral, reason: str, *, by: User, now: datetime | None = None
) -> Referral:
    """The receiver declines, with a reason: it goes back to the sender's triage."""
    now = now or timezone.now()
    if not reason.strip():
        raise NotReady([_("Write why you decline it")])
    referral = move(referral, Status.TRIAGE, by=by, now=now, offered_to=None)
    said = say(referral, MessageKind.TRANSFER, reason, by=by, now=now)
    notices.to_holders(referral, holders(referral), "declined", said.pk)
    return referral


@transaction.atomic
def close_transferred(
    referral: Referral, acceptance: str, *, by: User, now: datetime | None = None
) -> Referral:
    """The receiver is outside the portal: their acceptance is recorded, and it ends here."""
    now = now or timezone.now()
    if not acceptance.strip():
        raise NotReady([_("Write who accepted it, and when")])
    referral = move(referral, Status.CLOSED, by=by, now=now, decided_at=now)
    say(referral, MessageKind.TRANSFER, acceptance, by=by, now=now)
    _owe_feedback(referral, now=now)
    return referral


@transaction.atomic
def record_outcome(referral: Referral, *, by: User, now: datetime | None = None) -> Referral:
    """X5: what the gateway's recorded outcome brings about.

    Progress and closing need X1 to X10; police-led and investigation take the outcome only.
    """
    now = now or timezone.now()
    referral = locked(referral)
    record = _record(referral, "gateway_record")
    outcome, second = record.outcome, record.second_officer
    targets = {
        GatewayOutcome.PROGRESS: Status.INFO_GATHERING,
        GatewayOutcome.NO_CONCERN: Status.CLOSED,
        GatewayOutcome.OTHER_SERVICES: Status.CLOSED,
        GatewayOutcome.POLICE_LED: Status.POLICE_LED,
        GatewayOutcome.INVESTIGATION: Status.INVESTIGATION_HOLD,
    }
    if outcome not in targets:
        raise NotReady([_("Select the outcome")])
    target = targets[GatewayOutcome(outcome)]
    if (
        target == Status.CLOSED
        and second is not None
        and (second == by or not policy.decides_at_gateway(second, referral))
    ):
        # X9: somebody else, who may decide on this case and is not close to it.
        raise NotReady([_("Choose another second officer than yourself, of this area's police")])
    decided: dict[str, Any] = {} if target in HIDDEN_FROM_MOST else {"decided_at": now}
    referral = move(referral, target, by=by, now=now, **decided)
    if target == Status.CLOSED:
        _owe_feedback(referral, now=now)
    return referral


@transaction.atomic
def lead_by_police(
    referral: Referral, to: Status, *, by: User, now: datetime | None = None
) -> Referral:
    """Police-led or held, from any state after sharing, and back: nobody below police and chair
    is told, and nothing that they see changes."""
    now = now or timezone.now()
    referral = locked(referral)
    was_closed = referral.outward_status == Status.CLOSED
    referral = move(referral, to, by=by, now=now)
    if to == Status.CLOSED and not was_closed:
        _owe_feedback(referral, now=now)
    return referral


@transaction.atomic
def reopen(referral: Referral, reason: str, *, by: User, now: datetime | None = None) -> Referral:
    """Closed, and something new: back to the gateway."""
    now = now or timezone.now()
    if not reason.strip():
        raise NotReady([_("Write what is new")])
    referral = move(referral, Status.GATEWAY, by=by, now=now)
    say(referral, MessageKind.NOTE, reason, by=by, now=now)
    clocks.stop(referral, [ClockKind.FEEDBACK], now=now)
    officers = _holding(referral.officer, policy.decides_at_gateway, referral) or _on_duty(
        referral, clocks.place_of(referral), *POLICE
    )
    notices.to_holders(referral, officers, "gateway", now.isoformat())
    return referral


# Feedback and conversation ----------------------------------------------------------------------
def _owe_feedback(referral: Referral, *, now: datetime) -> None:
    """Feedback to the referrer is owed when it ends (section 11): the decision first."""
    clocks.stop(referral, [ClockKind.FEEDBACK], now=now)
    clock = clocks.start(referral, ClockKind.FEEDBACK, now=now)
    referral.due_at = clock.due_at
    referral.save(update_fields=["due_at"])


def _owe_practice_feedback(referral: Referral, *, now: datetime) -> Clock | None:
    """T9: notes on the quality of the referral are told too, within twenty working days."""
    if not str(Answers(referral).get("data_quality")).strip():
        return None
    place, since = clocks.place_of(referral), referral.decided_at or referral.stage_since
    return clocks.start(
        referral,
        ClockKind.FEEDBACK,
        now=now,
        working_days=PRACTICE_WORKING_DAYS,
        due=workdays.due_at(since, PRACTICE_WORKING_DAYS, place),
    )


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
    running = referral.clocks.running().filter(kind=ClockKind.FEEDBACK).first()
    stopped = clocks.stop(referral, [ClockKind.FEEDBACK], now=now)
    if stopped and referral.outward_status == Status.CLOSED:
        practice = running is not None and running.promised_days == PRACTICE_WORKING_DAYS
        owed = None if practice else _owe_practice_feedback(referral, now=now)
        referral.due_at = owed.due_at if owed else None
        referral.save(update_fields=["due_at"])
    events.record("referral.feedback_given", referral, by=by, agency=agency_key(referral))
    notices.feedback(referral, said.pk)
    return said


@transaction.atomic
def write_message(
    referral: Referral, text: str, *, by: User, now: datetime | None = None
) -> Message:
    """A message between whoever holds it and the referrer."""
    now = now or timezone.now()
    if not text.strip():
        raise NotReady([_("Write your message")])
    referral = locked(referral)
    if referral.status not in SHARED:
        raise TransitionError(str(referral.status))
    if policy.leads_locality_or_gateway(by, referral):
        said = say(referral, MessageKind.MESSAGE, text, by=by, now=now, to_referrer=True)
        notices.message_to_referrer(referral, said.pk)
    elif policy.is_author_or_leads_agency(by, referral):
        said = say(referral, MessageKind.MESSAGE, text, by=by, now=now, to_referrer=True)
        notices.to_holders(referral, holders(referral), "reply", said.pk)
    else:
        raise PermissionDenied
    events.record("referral.message_written", referral, by=by, agency=agency_key(referral))
    return said


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


NEWS_WITHIN_WORKING_DAYS = 20


def news_by(referral: Referral) -> datetime:
    """From when the referrer may ask the senior lead: twenty working days without a word."""
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
    return workdays.due_at(since, NEWS_WITHIN_WORKING_DAYS, clocks.place_of(referral))


@transaction.atomic(savepoint=False)
def view(
    referral: Referral, *, by: User, role: str = "", now: datetime | None = None
) -> datetime | None:
    """Log that a case was opened, and remember when, so that what came since is new.

    Args:
        role: the role in which it was opened, for the list of who opened it.
    Returns:
        When the person opened it before; None the first time.
    """
    now = now or timezone.now()
    if referral.status == Status.DRAFT:  # its author is alone with it: nothing comes meanwhile
        events.record("referral.viewed", referral, by=by, agency=agency_key(referral))
        return None
    before = Seen.objects.filter(referral=referral, person=by).values_list("at", flat=True).first()
    Seen.objects.bulk_create(
        [Seen(referral=referral, person=by, at=now)],
        update_conflicts=True,
        unique_fields=["referral", "person"],
        update_fields=["at"],
    )
    events.record("referral.viewed", referral, by=by, agency=agency_key(referral), role=role)
    return before


# Leavers and absence ----------------------------------------------------------------------------
@transaction.atomic
def find_new_owners(person: User, *, left: bool = False, now: datetime | None = None) -> int:
    """Give a leaver's or absent person's open work to whoever covers (WF-14).

    Args:
        left: the person lost a role; what they may still do stays with them.
    Raises:
        NotReady: a leaver's work finds nobody, so somebody must be named first.
    """
    now = now or timezone.now()
    moved = 0
    open_work = models.Q(lead=person, status__in=[Status.AGENCY_CHECK, Status.RETURNED]) | (
        models.Q(status__in=sorted(BEFORE_CLOSED))
        & (models.Q(holder=person) | models.Q(officer=person))
    )
    for referral in Referral.objects.select_for_update().filter(open_work):
        for field, may, candidates in _owners_of(referral, now=now):
            if getattr(referral, f"{field}_id") != person.pk or (left and may(person, referral)):
                continue
            others = [one for one in candidates if one.pk != person.pk and may(one, referral)]
            away = people.away(others, timezone.localdate(now))
            here = [one for one in others if one.pk not in away]
            # While everybody is away it stays where it is: work is not handed to and fro.
            other = next(iter([*here, *(others if left else [])]), None)
            if other is None:
                if left:
                    raise NotReady([_("Open work would have no owner. Name somebody else first.")])
                continue
            setattr(referral, field, other)
            referral.save(update_fields=[field])
            events.record(
                "referral.owner_changed",
                referral,
                by=None,
                agency=_log_of(referral, None) if field == "officer" else agency_key(referral),
                field=field,
            )
            notices.to_holders(referral, [other], "owner", now.isoformat())
            moved += 1
    return moved


def _owners_of(
    referral: Referral, *, now: datetime
) -> list[tuple[str, policy.Predicate, list[User]]]:
    """Each owner that a case has in its state: the column, who may be it, and who could take it."""
    today = timezone.localdate(now)
    if referral.status in (Status.AGENCY_CHECK, Status.RETURNED):
        leads = Answers(referral, today=today).leads
        present = sorted(leads, key=lambda one: people.is_away(one, today))
        return [("lead", policy.leads_agency, present)]
    place = clocks.place_of(referral)
    excluded = set(referral.exclusions.values_list("person_id", flat=True))
    found: list[tuple[str, policy.Predicate, list[User]]] = []
    for field, may, roles in (
        ("holder", policy.leads_locality, PREVENT),
        ("officer", policy.decides_at_gateway, POLICE),
    ):
        duty = [*people.on_duty(place, *roles, on=today), *people.holders(place, roles, today)]
        found.append((field, may, [one for one in duty if one.pk not in excluded]))
    return found


def cover(absence: Absence, *, now: datetime | None = None) -> int:
    """The deputy gets the work of a person who is away today."""
    now = now or timezone.now()
    today = timezone.localdate(now)
    if absence.starts_on > today or absence.ends_on < today:
        return 0
    return find_new_owners(absence.person, now=now)
