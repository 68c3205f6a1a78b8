"""The draft: begun, answered page by page, handed over to the safeguarding lead, or deleted."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import PermissionDenied
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from agencies import people
from agencies.models import Agency
from audit import events
from audit.models import AuditEvent
from outbox import post
from referrals import notices, policy, steps
from referrals.answers import RECORDS, Answers
from referrals.models import (
    Attachment,
    Clock,
    Document,
    Escalation,
    Exclusion,
    ExclusionReason,
    Hold,
    KeptText,
    Message,
    NamedUser,
    PageSave,
    PersonRecord,
    PoliceNote,
    Recipient,
    Referral,
    Seen,
    Submission,
)
from referrals.moves import (
    NotReady,
    Stale,
    agency_key,
    locked,
    move,
)
from referrals.questions import QUESTIONS, Asked, Question
from referrals.terms import (
    ReceivedBy,
    Status,
)
from referrals.workflow.named import NAMES, Named, keep_out_by_email, look_for_named
from referrals.workflow.records import CLOSENESS, ONE_PRESS, RECORD_CLASS, plain, record_of
from vault import keys
from vault.digests import digest, normal


@transaction.atomic
def start(
    by: User,
    *,
    now: datetime | None = None,
    agency: Agency | None = None,
    received_by: ReceivedBy = ReceivedBy.PORTAL,
    one_walk: bool | None = None,
) -> Referral:
    """Begin a concern: a row from the first page, private to its author.

    A lead's own concern, or one that she or an administrator types in, is one walk through
    NOTICE and CHECK; an administrator who is no lead hands over as a practitioner does.

    Args:
        agency: for whom, where the author belongs to several; without it where they joined first.
    Raises:
        PermissionDenied: the author does not belong there.
    """
    now = now or timezone.now()
    if agency is None:
        agency = people.agency_of(by)
    elif not Agency.objects.belonging_to(by).filter(pk=agency.pk).exists():
        raise PermissionDenied
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
    by: User,
    *,
    now: datetime | None = None,
    agency: Agency | None = None,
    received_by: ReceivedBy = ReceivedBy.PORTAL,
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
    if agency:
        untouched = untouched.filter(agency=agency)
    return untouched.first() or start(by, now=now, agency=agency, received_by=received_by)


@transaction.atomic
def give_agency(person: User, agency: Agency) -> int:
    """Let drafts that were begun before an agency confirmed the person belong to it."""
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
    now, found = now or timezone.now(), referral
    referral = locked(referral)
    if not policy.may_answer(by, referral, step.section):
        raise PermissionDenied
    is_private = referral.status == Status.DRAFT and policy.wrote(by, referral)
    saves = PageSave.objects.select_for_update()
    if not is_private:
        saves = saves.annotate(noted=_noted(referral, step, by))
    save, made = saves.get_or_create(
        referral=referral, step=step.name, defaults={"by": by, "at": now}
    )
    if seen is not None and seen != save.version:
        raise Stale(save)
    same_writer = not made and save.by_id == by.pk
    allowed = {question.name: question for question in step.questions}
    if any(_is_the_leads(allowed[name]) for name in changes) and not _checks(by, referral):
        raise PermissionDenied
    by_record: dict[str, dict[str, Any]] = {}
    for name, value in changes.items():
        by_record.setdefault(allowed[name].record, {})[name] = value
    changed: list[str] = []
    for record_name, values in by_record.items():
        # Beside its own columns a page needs what the record holds only to say what has changed, or
        # for what is made of several of its pages.
        whole = not is_private or record_name in ("gate", "person")
        record = record_of(referral if whole else found, record_name)
        for name, value in values.items():
            if not is_private and _differs(record, name, value):
                changed.append(name)
            setattr(record, name, value)
        fields = [*values]
        if record_name == "person" and DIGESTED & set(values):
            fields += _digest_names(record)
        if record_name == "person" and NAMES & set(values):
            record.named_digests = Named.in_(record).digests
            fields.append("named_digests")
        record.save(update_fields=fields)
        if NAMES & set(values) and referral.status == Status.DRAFT:
            referral.person = record
            keep_out_by_email(referral, by=by, now=now)
    save.version += 1
    save.by, save.at = by, now
    save.save()
    referral.touched_at = now
    if "gate" in by_record:
        referral.emergency = Answers(referral).gate_yes
    if "person" in by_record:
        referral.age_band = Answers(referral).age_band
    referral.save(update_fields=["touched_at", "emergency", "age_band"])
    if not is_private:
        before = getattr(save, "noted", []) if same_writer else []
        _record_changes(referral, step, changed, before, by=by)
    return save


TOGETHER = timedelta(minutes=10)
"""A page saves itself while it is typed: the same answer is noted once in so long."""


def _noted(referral: Referral, step: steps.Step, by: User) -> ArraySubquery:
    """What the log says already of this page and person, asked together with the page's row."""
    told = AuditEvent.objects.filter(
        case=referral.pk,
        kind="referral.answered",
        person=by,
        detail__step=step.name,
        at__gte=Now() - TOGETHER,
    )
    return ArraySubquery(told.values("detail"))


def _differs(record: models.Model, name: str, value: Any) -> bool:
    """Whether an answer is another than the one that stands."""
    field = record._meta.get_field(name)
    if field.is_relation:
        return bool(getattr(record, f"{name}_id") != (value.pk if value else None))
    old = getattr(record, name)
    if isinstance(value, (list, dict, tuple)):
        value = json.loads(json.dumps(value, cls=DjangoJSONEncoder))  # as it will be stored
    return bool((old or "") != (value or ""))


def _record_changes(
    referral: Referral,
    step: steps.Step,
    changed: list[str],
    before: Iterable[dict[str, Any]],
    *,
    by: User,
) -> None:
    """Which answers somebody changed once the concern was handed over: names, never words."""
    noted = {name for detail in before for name in detail.get("fields", [])}
    if "signed" in changed:  # what is changed around a signature is always told
        noted = set()
    if new := sorted(set(changed) - noted):
        events.record(
            "referral.answered",
            referral,
            by=by,
            agency=agency_key(referral),
            step=step.name,
            fields=new,
        )


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


DIGESTED = {"forenames", "surname", "born", "addresses"}
"""Answers by which a person is found again."""
UNKNOWN = {"", "not known"}
NO_ADDRESS = UNKNOWN | {"no fixed address", "none", "unknown"}
POSTCODE = re.compile(r"\b([A-Z]{1,2}\d[A-Z\d]?) ?(\d[A-Z]{2})\b")


def _digest_names(record: PersonRecord) -> list[str]:
    names = record.forenames, record.surname
    record.name_digest, record.name_born_digest = name_digests(*names, record.born or {})
    record.name_address_digests = address_digests(*names, record.addresses or [])
    return ["name_digest", "name_born_digest", "name_address_digests"]


def name_digests(
    forenames: str, surname: str, born: Mapping[str, Any]
) -> tuple[bytes | None, bytes | None]:
    """Keyed digests for the exact search: of the name, and of the name with the birth date.

    None while a name is not known, or not the whole date.
    """
    names = _names(forenames, surname)
    if not names:
        return None, None
    name = digest("person.name", *names)
    if not all(born.get(part) for part in ("year", "month", "day")):
        return name, None
    whole = f"{int(born['year']):04}-{int(born['month']):02}-{int(born['day']):02}"
    return name, digest("person.name_born", *names, whole)


def address_digests(
    forenames: str, surname: str, addresses: Iterable[Mapping[str, Any]]
) -> list[str]:
    """Keyed digests of the name with each address as it is written, and with its postcode.

    Returns:
        In hexadecimal, in order; none while a name is not known.
    """
    names, found = _names(forenames, surname), set()
    for row in addresses if names else ():
        words = str(row.get("address") or "")
        if normal(words) in NO_ADDRESS:
            continue
        codes = ("".join(code) for code in POSTCODE.findall(words.upper()))
        found |= {digest("person.name_address", *names, part).hex() for part in (words, *codes)}
    return sorted(found)


def _names(forenames: str, surname: str) -> list[str]:
    """Both names, or nothing where one is not known."""
    names = [forenames.strip(), surname.strip()]
    return [] if any(name.lower() in UNKNOWN for name in names) else names


@transaction.atomic
def keep_text(
    referral: Referral, step: steps.Step, changes: dict[str, Any], *, by: User, now: datetime
) -> KeptText:
    """Keep the answers that lost a race, for the person who typed them."""
    values = json.loads(json.dumps(plain(changes), cls=DjangoJSONEncoder))
    return KeptText.objects.create(referral=referral, step=step.name, answers=values, by=by, at=now)


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
    # Whom the author names stays out; whom the record names by e-mail address, as long as it does.
    referral.named_users.filter(person__in=named_now).delete()
    certain = referral.named_users.values("person")
    referral.exclusions.exclude(person_id__in=named_now).exclude(person__in=certain).delete()
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


def clear_abandoned(referral: Referral) -> list[str]:
    gone = abandoned(referral)
    for record_name in {question.record for question in gone}:
        record = record_of(referral, record_name)
        here = [question for question in gone if question.record == record_name]
        fields = [name for one in here for name in (one.name, one.formerly) if name]
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


def destroy_content(referral: Referral) -> int:
    """Destroy the key, then the rows: nothing of the words is left (CR-07).

    Who was kept out stays so: without it they would find the case in the log (AC-06).

    Returns:
        How many records there were.
    """
    keys.destroy(referral.pk)
    notices.stop_draft_reminders(referral)
    post.empty(referral.pk)
    Escalation.objects.filter(clock__referral=referral).delete()
    parts: list[type[models.Model]] = [
        KeptText,
        PageSave,
        ExclusionReason,
        NamedUser,
        PoliceNote,
        Message,
        Seen,
        Recipient,
        Document,
        Submission,
        Attachment,
        Clock,
        Hold,
    ]
    return sum(
        model._default_manager.filter(referral=referral).delete()[0]
        for model in (*parts, *RECORD_CLASS.values())
    )


@transaction.atomic
def hand_over(referral: Referral, *, by: User, now: datetime | None = None) -> Referral:
    """Send a concern to the safeguarding lead for the check.

    It goes to the lead that the author named if they are at work, else to whoever is on duty;
    never to a person who is close to it.

    Raises:
        NotReady: something must be answered first, or nobody in the agency can take it.
    """
    now = now or timezone.now()
    referral = look_for_named(locked(referral), by=by, now=now)
    lead = lead_for(referral, now=now)
    if lead is None:
        raise NotReady([_("Nobody in your agency can take it: use the advice line instead")])
    again = referral.status == Status.RETURNED
    clear_abandoned(referral)
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
