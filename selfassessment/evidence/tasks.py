"""What the worker does for evidence, outside the request."""

from uuid import UUID

from django_tasks import task

from selfassessment.evidence import drawing, packs, scanning


@task()
def scan_evidence(version_id: str) -> None:
    """Have a file looked at for viruses; housekeeping tries again where nobody answered."""
    scanning.scan(UUID(version_id))


@task()
def draw_evidence(version_id: str) -> None:
    """Draw the first page of a PDF, once the virus check has let it through."""
    drawing.draw(UUID(version_id))


@task()
def make_pack(pack_id: str) -> None:
    """Make a large pack that somebody asked for."""
    packs.make(UUID(pack_id))
