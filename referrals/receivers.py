"""What the portal does for cases on its own: every minute, and when people leave or are away."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from agencies.models import Absence, Membership
from agencies.signals import absence_set, membership_confirmed, membership_ended
from outbox.signals import housekeeping
from referrals import clocks, retention, workflow


@receiver(housekeeping, dispatch_uid="referrals.clocks")
def escalate_clocks(sender: Any, *, now: datetime, **kwargs: Any) -> None:
    clocks.run_due(now)


@receiver(housekeeping, dispatch_uid="referrals.drafts")
def look_after_drafts(sender: Any, *, now: datetime, **kwargs: Any) -> None:
    retention.remind_drafts(now)
    retention.dispose_stale_drafts(now)


@receiver(membership_ended, dispatch_uid="referrals.leaver")
def give_away_leavers_work(sender: Any, *, membership: Membership, **kwargs: Any) -> None:
    workflow.find_new_owners(membership.person)


@receiver(membership_confirmed, dispatch_uid="referrals.joined")
def give_waiting_drafts_their_agency(sender: Any, *, membership: Membership, **kwargs: Any) -> None:
    workflow.give_agency(membership.person)


@receiver(absence_set, dispatch_uid="referrals.absent")
def give_away_absent_work(sender: Any, *, absence: Absence, **kwargs: Any) -> None:
    """The deputy gets the work of somebody who is away from today."""
    workflow.cover(absence)
