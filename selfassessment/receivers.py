"""What the portal does for the self-assessment on its own, every minute."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from outbox.signals import housekeeping
from selfassessment import notices
from selfassessment.workflow import cycles


@receiver(housekeeping, dispatch_uid="selfassessment.cycles")
def close_cycles(sender: Any, *, now: datetime, **kwargs: Any) -> None:
    cycles.close_due(now)


@receiver(housekeeping, dispatch_uid="selfassessment.reminders")
def note_reminders(sender: Any, *, now: datetime, **kwargs: Any) -> None:
    notices.remind(now)


@receiver(housekeeping, dispatch_uid="selfassessment.digests")
def write_digests(sender: Any, *, now: datetime, **kwargs: Any) -> None:
    notices.send(now)
