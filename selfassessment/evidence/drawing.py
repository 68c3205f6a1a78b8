"""The first page of a PDF beside its standard (row S9): drawn by a job, after the virus check."""

from uuid import UUID

from django.conf import settings
from django.db import transaction

from files import drawing
from files.terms import FileKind, FileState
from selfassessment.evidence.models import EvidenceVersion
from selfassessment.evidence.terms import LONGEST_SIDE


def may_be_drawn(version: EvidenceVersion) -> bool:
    """A PDF that was found clean; in the demonstration, where nobody looks, any."""
    is_clean = version.state == FileState.CLEAN
    return version.kind == FileKind.PDF and (
        is_clean or (version.state == FileState.PENDING and not settings.REQUIRE_SCAN)
    )


def ask(version: EvidenceVersion) -> None:
    """Have the worker draw it after this transaction, if it is one to be drawn."""
    from selfassessment.evidence import tasks  # which knows this module

    if may_be_drawn(version):
        transaction.on_commit(lambda: tasks.draw_evidence.enqueue(str(version.pk)))


def draw(version_id: UUID) -> bool:
    """Draw it and keep the picture; safe to run twice. Nothing is locked while it is drawn.

    Returns:
        whether there is a picture now.
    """
    version = EvidenceVersion.objects.filter(pk=version_id).first()
    if version is None or version.has_picture or not may_be_drawn(version):
        return False
    picture = drawing.first_page(version.content, longest=LONGEST_SIDE)
    if not picture:
        return False
    with transaction.atomic():
        version = EvidenceVersion.objects.select_for_update().defer("content").get(pk=version_id)
        if not may_be_drawn(version):  # a virus was found meanwhile
            return False
        version.picture, version.has_picture = picture, True
        version.save(update_fields=["picture", "has_picture"])
    return True
