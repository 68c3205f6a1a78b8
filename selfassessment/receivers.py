"""What the portal does for the self-assessment on its own, every minute."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from outbox.parts import alone, in_parts
from outbox.signals import housekeeping
from selfassessment import notices
from selfassessment.workflow import cycles


@receiver(housekeeping, dispatch_uid="selfassessment.cycles")
def close_cycles(sender: Any, *, now: datetime, **kwargs: Any) -> None:
    cycles.close_due(now)


@receiver(housekeeping, dispatch_uid="selfassessment.reminders")
def note_reminders(sender: Any, *, now: datetime, **kwargs: Any) -> None:
    notices.remind(now)
    notices.remind_helpers(now)


@receiver(housekeeping, dispatch_uid="selfassessment.digests")
def write_digests(sender: Any, *, now: datetime, **kwargs: Any) -> None:
    notices.send(now)


@receiver(housekeeping, dispatch_uid="selfassessment.documents")
@in_parts
def make_missing_documents(sender: Any, *, now: datetime, **kwargs: Any) -> None:
    """A report whose job was lost is made all the same; board reports go after a week."""
    from selfassessment.reports import store  # WeasyPrint is slow to import

    store.make_missing(now)
    with alone("Old board reports"):
        store.throw_away_old(now)
