"""What the worker does for evidence, outside the request."""

from uuid import UUID

from django_tasks import task

from selfassessment.evidence import scanning


@task()
def scan_evidence(version_id: str) -> None:
    """Have a file looked at for viruses; housekeeping tries again where nobody answered."""
    scanning.scan(UUID(version_id))
