"""What the worker does for cases, outside the request."""

from uuid import UUID

from django_tasks import task

from referrals import workflow
from referrals.models import Referral


@task()
def scan_attachment(file_id: str) -> None:
    """Have a file looked at for viruses; housekeeping tries again where nobody answered."""
    workflow.scan(UUID(file_id))


@task()
def make_referral_pdf(referral_id: str) -> None:
    """Make and store the PDF of what was frozen at submission; safe to run twice."""
    from referrals import report  # WeasyPrint is slow to import, and only the worker needs it

    report.make(Referral.objects.get(pk=referral_id))
