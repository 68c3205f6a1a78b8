"""What the portal does for actions and evidence on its own, every minute."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.dispatch import receiver

from files.terms import FileState
from outbox.parts import alone, in_parts
from outbox.signals import housekeeping
from selfassessment.actions import notices, workflow
from selfassessment.evidence import packs, scanning
from selfassessment.models import Cycle


@receiver(housekeeping, dispatch_uid="selfassessment.evidence")
@in_parts
def scan_what_waits(sender: Any, *, now: datetime, **kwargs: Any) -> None:
    """Files whose virus check got no answer, or whose job was lost."""
    if not settings.SCANNER:
        return
    for pk in scanning.waiting_for_scan(now):
        with alone(f"Scan of evidence {pk}", locked=False):
            if scanning.scan(pk, now=now) == FileState.PENDING:
                return  # nobody is there: the others wait too


@receiver(housekeeping, dispatch_uid="selfassessment.packs")
def throw_packs_away(sender: Any, *, now: datetime, **kwargs: Any) -> None:
    packs.throw_away_old(now)


@receiver(housekeeping, dispatch_uid="selfassessment.actions_carried")
def carry_actions(sender: Any, *, now: datetime, **kwargs: Any) -> None:
    """Unfinished actions follow into the forms of the cycles that are open."""
    for cycle in Cycle.objects.open():
        workflow.carry_unfinished(cycle, now=now)


@receiver(housekeeping, dispatch_uid="selfassessment.actions_due")
def remind_of_actions(sender: Any, *, now: datetime, **kwargs: Any) -> None:
    notices.remind(now)
