"""What the portal does for cases on its own: every minute, and when people leave or are away."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from agencies.models import Absence, Membership
from agencies.signals import absence_set, membership_confirmed, membership_ended
from agencies.workflow import RefusedError
from outbox.signals import housekeeping
from referrals import clocks, retention, workflow
from referrals.moves import NotReady


@receiver(housekeeping, dispatch_uid="referrals.clocks")
def escalate_clocks(sender: Any, *, now: datetime, **kwargs: Any) -> None:
    clocks.run_due(now)


@receiver(housekeeping, dispatch_uid="referrals.drafts")
def look_after_drafts(sender: Any, *, now: datetime, **kwargs: Any) -> None:
    retention.remind_drafts(now)
    retention.dispose_stale_drafts(now)


@receiver(membership_ended, dispatch_uid="referrals.leaver")
def give_away_leavers_work(sender: Any, *, membership: Membership, **kwargs: Any) -> None:
    """Nobody leaves while their work would be without an owner: the change is refused instead."""
    try:
        workflow.find_new_owners(membership.person, left=True)
    except NotReady as problem:
        raise RefusedError(problem.missing[0]) from problem


@receiver(membership_confirmed, dispatch_uid="referrals.joined")
def give_waiting_drafts_their_agency(sender: Any, *, membership: Membership, **kwargs: Any) -> None:
    workflow.give_agency(membership.person)


@receiver(absence_set, dispatch_uid="referrals.absent")
def give_away_absent_work(sender: Any, *, absence: Absence, **kwargs: Any) -> None:
    """The deputy gets the work of somebody who is away from today."""
    workflow.cover(absence)


@receiver(housekeeping, dispatch_uid="referrals.cover")
def cover_absences_that_began(sender: Any, *, now: datetime, **kwargs: Any) -> None:
    """An absence set for later takes effect on its first day."""
    for absence in Absence.objects.covering(timezone.localdate(now)).select_related("person"):
        workflow.cover(absence, now=now)
