"""What is deleted when: drafts that nobody sends (section 8.2). Time is an argument."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from outbox.models import Message as Mail

from agencies import workdays
from audit import events
from referrals import clocks, notices, workflow
from referrals.models import Referral, ReferralQuerySet
from referrals.terms import Status

REMIND_AFTER_WORKING_DAYS = (1, 5, 20)
DISPOSE_AFTER = timedelta(days=30)


def _untouched(since: datetime) -> ReferralQuerySet:
    return Referral.objects.filter(status=Status.DRAFT, touched_at__lte=since)


def remind_drafts(now: datetime) -> int:
    """Remind authors at 1, 5 and 20 working days; a draft that is touched starts afresh."""
    sent = 0
    drafts = _untouched(now - timedelta(days=1)).select_related(
        "created_by", "agency__locality", "locality"
    )
    for referral in drafts:
        place = clocks.place_of(referral)
        idle = workdays.working_days_between(
            timezone.localdate(referral.touched_at), timezone.localdate(now), place
        )
        passed = [days for days in REMIND_AFTER_WORKING_DAYS if idle >= days]
        if passed:
            notices.draft_reminder(referral, passed[-1])
            sent += 1
    return sent


def stale_drafts(now: datetime) -> ReferralQuerySet:
    """Drafts untouched for 30 days whose last reminder was delivered: never in silence."""
    told = Mail.objects.filter(
        kind="referral.draft",
        key__contains=f":draft:{REMIND_AFTER_WORKING_DAYS[-1]}:",
        sent_at__isnull=False,
    )
    return _untouched(now - DISPOSE_AFTER).filter(pk__in=[mail.about_id for mail in told])


def dispose_stale_drafts(now: datetime) -> int:
    """Destroy what nobody sent; an empty stub stays, which says that there was a draft."""
    count = 0
    for referral in stale_drafts(now):
        with transaction.atomic():
            referral = Referral.objects.select_for_update().get(pk=referral.pk)
            if referral.status != Status.DRAFT or referral.touched_at > now - DISPOSE_AFTER:
                continue
            referral.status = referral.outward_status = Status.DISPOSED
            referral.save(update_fields=["status", "outward_status"])
            workflow.destroy_content(referral)
            events.record("referral.disposed", referral, by=None, before=str(Status.DRAFT))
            count += 1
    return count
