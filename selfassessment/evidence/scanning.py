"""What the virus check says of files of evidence; nothing of it changes a form."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from agencies.people import leads_of
from audit import events
from files import scanning
from files.terms import FileState
from outbox import post
from selfassessment.evidence import drawing
from selfassessment.evidence.models import EvidenceVersion


def waiting_for_scan(now: datetime, most: int = 20) -> list[UUID]:
    """Files that are due to be looked at, the longest waiting first."""
    due = EvidenceVersion.objects.filter(state=FileState.PENDING, next_try_at__lte=now)
    return list(due.order_by("next_try_at").values_list("pk", flat=True)[:most])


def scan(version_id: UUID, *, now: datetime | None = None) -> FileState | None:
    """Have the scanner look at a file, and keep what it says. Safe to run twice.

    The scanner is asked while nothing is locked; nobody waits for it but this job.

    Returns:
        What is known afterwards; None where there is no scanner, or nothing to look at.
    """
    now = now or timezone.now()
    scanner = scanning.scanner()
    version = EvidenceVersion.objects.filter(pk=version_id, state=FileState.PENDING).first()
    if scanner is None or version is None:
        return None
    return record_scan(version_id, scanning.ask(scanner, version.content), now=now)


def _locked(version_id: UUID) -> EvidenceVersion | None:
    waiting = EvidenceVersion.objects.filter(pk=version_id, state=FileState.PENDING)
    rows = waiting.select_for_update(of=("self",)).select_related("evidence__agency", "added_by")
    return rows.defer("content").first()


@transaction.atomic
def record_scan(
    version_id: UUID, answer: scanning.Answer, *, now: datetime | None = None
) -> FileState | None:
    """Keep what the scanner said. An infected file is destroyed, and its people are told."""
    version = _locked(version_id)
    if version is None:
        return None
    state, changed = scanning.note(version, answer, now=now or timezone.now()), [*scanning.KEPT]
    if state == FileState.INFECTED:
        version.content = version.picture = b""
        version.first_words, version.has_picture = "", False
        changed += ["content", "picture", "first_words", "has_picture"]
        _tell_of_virus(version)
    version.save(update_fields=changed)
    if state == FileState.FAILED:
        _record("assessment.evidence_not_scanned", version)
    elif state != FileState.PENDING:
        drawing.ask(version)
        _record(f"assessment.evidence_{state}", version)
    return state


def _record(kind: str, version: EvidenceVersion) -> None:
    evidence = version.evidence
    agency = str(evidence.agency_id)
    events.record(kind, evidence, by=None, agency=agency, number=version.number)


def _tell_of_virus(version: EvidenceVersion) -> None:
    use = version.evidence.uses.select_related("assessment").order_by("-added_at").first()
    path = reverse("selfassessment:home")
    if use is not None:
        path = reverse(
            "selfassessment:evidence_item", args=[use.assessment.key, version.evidence_id]
        )
    people = {each.pk: each for each in [version.added_by, *leads_of(version.evidence.agency)]}
    for person in people.values():
        if not person.is_active:
            continue
        post.send(
            person,
            kind="assessment.evidence_destroyed",
            subject=_("A file of your self-assessment was destroyed"),
            what=_("A file that was added as evidence had a virus in it, and was destroyed."),
            why=_("You added it, or you lead the self-assessment of the agency."),
            path=path,
            key=f"evidence:{version.pk}:infected:{person.pk}",
        )
