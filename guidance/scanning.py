"""The virus check of files to download. Readers get a file once the scanner has called it clean.

What is told of a file holds for the bytes that were looked at: a new file under the same title
waits anew. The worker asks the scanner, and asks again where nobody answered.
"""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.documents import get_document_model, get_document_model_string
from wagtail.documents.models import AbstractDocument

from accounts.models import User
from audit import events
from files import scanning
from files.terms import FileState
from guidance import notices
from guidance.stored import kept
from outbox.parts import alone

AT_ONCE = 20  # files in one minute


class FileCheck(models.Model):
    """What the virus check has said of the file of one document."""

    document = models.OneToOneField(
        get_document_model_string(),
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="virus_check",
    )
    file = models.CharField(max_length=255)  # its name in the storage
    state = models.CharField(
        _("virus check"), max_length=10, choices=FileState, default=FileState.PENDING
    )
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now)
    checked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="guidance_file_check_state", condition=models.Q(state__in=FileState.values)
            )
        ]

    def __str__(self) -> str:
        return f"{self.document_id}: {self.state}"


# --- Who may have it ------------------------------------------------------------------------------
def held_back(documents: Iterable[int]) -> dict[int, FileState]:
    """The documents that readers may not have yet, or never, and why; one query, or none."""
    wanted = set(documents)
    if not wanted:
        return {}
    found = dict(FileCheck.objects.filter(pk__in=wanted).values_list("pk", "state"))
    states = {pk: FileState(found.get(pk, FileState.PENDING)) for pk in wanted}
    return {pk: state for pk, state in states.items() if not _is_given(state)}


def may_have(document: AbstractDocument, user: User | None = None) -> bool:
    """Whether the check lets somebody open a file: when it is clean, or when they added it.

    In the demonstration, where nothing is checked, whatever had no virus found in it is open.
    """
    check = FileCheck.objects.filter(pk=document.pk).first()
    state = FileState(check.state) if check else FileState.PENDING
    added_it = user is not None and document.uploaded_by_user_id == user.pk
    return _is_given(state) or (added_it and state != FileState.INFECTED)


def _is_given(state: FileState) -> bool:
    if state == FileState.INFECTED:
        return False
    return state == FileState.CLEAN or not settings.REQUIRE_SCAN


# --- Checking -------------------------------------------------------------------------------------
def expect(document: AbstractDocument) -> None:
    """Let a document that was added, or given a new file, wait for the check."""
    check = FileCheck.objects.filter(pk=document.pk).first()
    if check is None or check.file != document.file.name:
        fresh = FileCheck(document_id=document.pk, file=document.file.name)
        fresh.save(force_insert=check is None)


def check_due(now: datetime, *, most: int = AT_ONCE) -> None:
    """Have the files looked at that wait, those of before the portal checked them included."""
    unknown = get_document_model().objects.filter(virus_check=None)
    for document in unknown[:most]:
        expect(document)
    if not settings.SCANNER:
        return
    due = FileCheck.objects.filter(state=FileState.PENDING, next_try_at__lte=now)
    for pk in list(due.order_by("next_try_at").values_list("pk", flat=True)[:most]):
        with alone(f"Scan of document {pk}", locked=False):
            if scan(pk, now=now) == FileState.PENDING:
                return  # nobody is there: the others wait too


def scan(pk: int, *, now: datetime) -> FileState | None:
    """Have the scanner look at a document's file, and keep what it says. Safe to run twice.

    The scanner is asked while nothing is locked.

    Returns:
        What is known afterwards; None where there is no scanner, or nothing to look at.
    """
    scanner = scanning.scanner()
    check = FileCheck.objects.filter(pk=pk, state=FileState.PENDING).first()
    if scanner is None or check is None:
        return None
    data = kept(check.file)
    # Lost from the storage: nothing that could be given out.
    answer = scanning.REFUSED if data is None else scanning.ask(scanner, data)
    return _keep(check, answer, now=now)


@transaction.atomic
def _keep(asked: FileCheck, answer: scanning.Answer, *, now: datetime) -> FileState | None:
    """Keep an answer about a file, unless the document has another by now."""
    waiting = FileCheck.objects.select_for_update(of=("self",)).filter(
        pk=asked.pk, file=asked.file, state=FileState.PENDING
    )
    check = waiting.select_related("document__uploaded_by_user").first()
    if check is None:
        return None
    state = scanning.note(check, answer, now=now)
    check.save()
    if state != FileState.PENDING:
        events.record(f"guidance.file_{state}", check.document, by=None)
    if state == FileState.INFECTED:
        transaction.on_commit(lambda: default_storage.delete(check.file))
    if state in {FileState.INFECTED, FileState.FAILED}:
        notices.file_held_back(check.document, state)
    return state
