"""The doors of attachments (N13): add, remove before it is sent, and what the virus check says."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

import files
from accounts.models import User
from audit import events
from files import CleanFile, scanning
from files.terms import FileState
from referrals import notices, policy
from referrals.models import Attachment, PageSave, Referral
from referrals.moves import TransitionError, locked
from referrals.steps import STEP
from referrals.terms import EDITABLE_BY_AUTHOR, SHARED, MessageKind
from referrals.workflow.owners import holders
from referrals.workflow.records import log_of, record_of, say

DAY = timedelta(days=1)
MOST_A_DAY = 60
"""Files that one person may add in a day, all their concerns together (FI-01)."""
MOST_OF_AGENCY_A_DAY = 600
STATES_SHOWN = ("id", "number", "kind", "name", "size", "state", "at", "by")


@dataclass
class Added:
    """What became of the files of one press: those kept, and a sentence for each other one."""

    kept: list[Attachment] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


@transaction.atomic
def add_files(
    referral: Referral,
    chosen: Iterable[CleanFile],
    *,
    by: User,
    now: datetime | None = None,
) -> Added:
    """Keep files with a concern, sealed; each by itself, so that one too many loses no other.

    Once the concern is shared they are a dated addition, and whoever holds it is told.

    Raises:
        PermissionDenied: this person may not add to it.
        TransitionError: nothing can be added any more.
    """
    now = now or timezone.now()
    referral = locked(referral)
    if not policy.may_add_files(by, referral):
        both = policy.is_author_or_leads_agency(by, referral)
        if both and referral.status not in EDITABLE_BY_AUTHOR:
            raise TransitionError(str(referral.status))
        raise PermissionDenied
    added = Added()
    there = list(_without_content(referral))
    room = _room_today(referral, by, now)
    for one in chosen:
        problem = _why_not(one, there, room - len(added.kept))
        if problem:
            added.refused.append(problem)
            continue
        kept = Attachment.objects.create(
            referral=referral,
            number=min({*range(1, files.MOST_FILES + 1)} - {other.number for other in there}),
            kind=one.kind,
            name=one.name,
            size=len(one.content),
            sha256=one.sha256,
            content=one.content,
            by=by,
            at=now,
            next_try_at=now,
        )
        there.append(kept)
        added.kept.append(kept)
        events.record(
            "referral.file_added",
            referral,
            by=by,
            agency=log_of(referral, by),
            number=kept.number,
            file_kind=str(kept.kind),
        )
    if added.kept:
        _keep_list(referral, there)
        referral.touched_at = now
        referral.save(update_fields=["touched_at"])
        if referral.status in SHARED:
            _tell_of_addition(referral, added.kept, by=by, now=now)
        _scan_soon(added.kept)
    return added


def _without_content(referral: Referral) -> QuerySet[Attachment]:
    return Attachment.objects.filter(referral=referral).defer("content").order_by("number")


def files_of(referral: Referral) -> list[Attachment]:
    """The files of a concern with their state, without their content: one query."""
    return list(_without_content(referral).select_related("by"))


def files_for(user: User, referral: Referral) -> QuerySet[Attachment]:
    """Those of its files that somebody who sees it may list and open, without their content.

    Front door and adult safeguarding have what was shared with them, and nothing after (8.3).
    """
    found = _without_content(referral).select_related("by")
    if policy.sees_part_only(user, referral):
        return found.filter(at__lte=referral.submitted_at)
    return found


def _room_today(referral: Referral, by: User, now: datetime) -> int:
    """How many files may still come today from this person, and from their agency."""
    lately = Attachment.objects.filter(at__gt=now - DAY)
    room = MOST_A_DAY - lately.filter(by=by).count()
    if referral.agency_id is not None:
        of_agency = lately.filter(referral__agency=referral.agency_id).count()
        room = min(room, MOST_OF_AGENCY_A_DAY - of_agency)
    return room


def _why_not(one: CleanFile, there: list[Attachment], room: int) -> str:
    """Why a file that is harmless in itself is not added; empty where it can be."""
    names = {"name": one.name}
    if any(other.sha256 == one.sha256 for other in there):
        return _("“%(name)s” is here already, so it was not added again") % names
    if len(there) >= files.MOST_FILES:
        return _("“%(name)s” was not added: a concern takes five files. Remove one first") % names
    if room <= 0:
        return _("“%(name)s” was not added: too many files came today. Try again tomorrow") % names
    return ""


def _keep_list(referral: Referral, there: Iterable[Attachment]) -> None:
    """Write the answer to N13 anew: what is there, in short."""
    record = record_of(referral, "concern")
    record.attachments = [
        {
            "number": one.number,
            "name": one.name,
            "kind": str(one.kind),
            "size": one.size,
            "sha256": one.sha256,
            "added_at": one.at.isoformat(),
            **({"destroyed": True} if one.state == FileState.INFECTED else {}),
        }
        for one in sorted(there, key=lambda one: one.number)
    ] or None
    record.save(update_fields=["attachments"])


def _tell_of_addition(
    referral: Referral, kept: list[Attachment], *, by: User, now: datetime
) -> None:
    lines = [_("Added a file: %(name)s") % {"name": one.name} for one in kept]
    said = say(referral, MessageKind.ADDITION, "\n".join(lines), by=by, now=now, to_referrer=True)
    notices.to_holders(referral, holders(referral), "addition", said.pk)


def _scan_soon(kept: Iterable[Attachment]) -> None:
    if not settings.SCANNER:
        return
    from referrals import tasks  # the task imports this module

    for one in kept:
        tasks.scan_attachment.enqueue(str(one.pk))


@transaction.atomic
def remove_file(
    referral: Referral, file_id: UUID, *, by: User, now: datetime | None = None
) -> None:
    """Destroy a file before the concern is sent on; a second press finds nothing to do.

    Raises:
        PermissionDenied: somebody else's, or sent already.
    """
    now = now or timezone.now()
    referral = locked(referral)
    if not policy.may_remove_files(by, referral):
        raise PermissionDenied
    there = list(_without_content(referral))
    gone = next((one for one in there if one.pk == file_id), None)
    if gone is None:
        return
    gone.delete()
    there.remove(gone)
    _keep_list(referral, there)
    referral.touched_at = now
    referral.save(update_fields=["touched_at"])
    events.record(
        "referral.file_removed", referral, by=by, agency=log_of(referral, by), number=gone.number
    )


@transaction.atomic
def leave_files(referral: Referral, *, by: User, now: datetime | None = None) -> None:
    """The page of files was gone through, with or without any: its task is done."""
    now = now or timezone.now()
    referral = locked(referral)
    if not policy.may_answer(by, referral, STEP["files"].section):
        raise PermissionDenied
    PageSave.objects.update_or_create(
        referral=referral, step="files", defaults={"by": by, "at": now, "version": 1}
    )


# Opening ----------------------------------------------------------------------------------------
def may_be_opened(one: Attachment, *, by: User) -> bool:
    """Whether the file may leave the portal for this person, as far as viruses go.

    Who may see the case is asked before. Until the check has answered only who added it has it.
    """
    state = FileState(one.state)
    if state == FileState.INFECTED:
        return False
    return state == FileState.CLEAN or one.by_id == by.pk or not settings.REQUIRE_SCAN


def needs_warning(one: Attachment, *, by: User) -> bool:
    """Whether a page stands before it that says that nobody has looked for viruses."""
    return one.state in (FileState.PENDING, FileState.FAILED) and one.by_id != by.pk


@transaction.atomic
def open_file(referral: Referral, file_id: UUID, *, by: User, role: str = "") -> Attachment:
    """The file with its content, and a line in the log that says who had it.

    Raises:
        Attachment.DoesNotExist: there is no such file here, or it is not for them.
        PermissionDenied: it is not checked for viruses, or had one.
    """
    one = files_for(by, referral).defer(None).get(pk=file_id)
    if not may_be_opened(one, by=by):
        raise PermissionDenied
    events.record(
        "referral.file_opened",
        referral,
        by=by,
        agency=log_of(referral, by),
        role=role,
        number=one.number,
        state=str(one.state),
    )
    return one


# The virus check ---------------------------------------------------------------------------------
def waiting_for_scan(now: datetime, most: int = 20) -> list[UUID]:
    """Files that are due to be looked at, the longest waiting first."""
    due = Attachment.objects.filter(state=FileState.PENDING, next_try_at__lte=now)
    return list(due.order_by("next_try_at").values_list("pk", flat=True)[:most])


def scan(file_id: UUID, *, now: datetime | None = None) -> FileState | None:
    """Have the scanner look at a file, and keep what it says. Safe to run twice.

    The scanner is asked while nothing is locked; nobody waits for it but this job.

    Returns:
        What is known afterwards; None where the file is gone, or there is no scanner.
    """
    now = now or timezone.now()
    scanner = scanning.scanner()
    one = Attachment.objects.filter(pk=file_id, state=FileState.PENDING).first()
    if scanner is None or one is None:
        return None
    return record_scan(file_id, scanning.ask(scanner, one.content), now=now)


def _locked_file(file_id: UUID) -> Attachment | None:
    one = Attachment.objects.filter(pk=file_id).select_related("referral").defer("content").first()
    if one is None:
        return None
    locked(one.referral)  # in the order in which every door locks
    return (
        Attachment.objects.select_for_update(of=("self",))
        .select_related("referral__created_by", "referral__lead", "referral__agency")
        .defer("content")
        .filter(pk=file_id, state=FileState.PENDING)
        .first()
    )


@transaction.atomic
def record_scan(
    file_id: UUID, answer: scanning.Answer, *, now: datetime | None = None
) -> FileState | None:
    """Keep what the scanner said. An infected file is destroyed, and its people are told."""
    one = _locked_file(file_id)
    if one is None:
        return None
    state, changed = scanning.note(one, answer, now=now or timezone.now()), [*scanning.KEPT]
    if state == FileState.INFECTED:
        one.content = b""
        changed.append("content")
    one.save(update_fields=changed)
    if state != FileState.PENDING:
        what = "not_scanned" if state == FileState.FAILED else str(state)
        events.record(f"referral.file_{what}", one.referral, by=None, number=one.number)
    if state == FileState.INFECTED:
        _keep_list(one.referral, _without_content(one.referral))
        lead = one.referral.lead
        notices.file_destroyed(
            one.referral, [one.by, one.referral.created_by, *([lead] if lead else [])], one.pk
        )
    return state
