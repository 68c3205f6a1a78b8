"""What is deleted when: drafts that nobody sends (section 8.2). Time is an argument."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from agencies import workdays
from audit import events
from outbox.models import Message as Mail
from outbox.parts import alone
from referrals import clocks, notices, stumbles, workflow
from referrals.models import Referral, ReferralQuerySet
from referrals.terms import Status

TIME_TO_ANSWER = timedelta(days=2)
"""From the last reminder to the end of a draft, at the least."""


def _kept() -> timedelta:
    """How long a draft that nobody touches stays."""
    return timedelta(days=settings.DRAFT_KEPT_DAYS)


def _untouched(since: datetime) -> ReferralQuerySet:
    return Referral.objects.filter(status=Status.DRAFT, touched_at__lte=since)


def remind_drafts(now: datetime) -> int:
    """Remind authors of what they have not touched for some working days, each span once."""
    drafts = _untouched(now - timedelta(days=1)).select_related(
        "created_by", "agency__locality", "locality"
    )
    due: dict[str, tuple[Referral, int]] = {}
    for referral in drafts:
        idle = workdays.working_days_between(
            timezone.localdate(referral.touched_at),
            timezone.localdate(now),
            clocks.place_of(referral),
        )
        passed = [days for days in settings.DRAFT_REMINDER_DAYS if idle >= days]
        if passed:
            due[notices.draft_key(referral, passed[-1])] = (referral, passed[-1])
    written = set(Mail.objects.filter(key__in=list(due)).values_list("key", flat=True))
    fresh = [one for key, one in due.items() if key not in written]
    for referral, days in fresh:
        notices.draft_reminder(referral, days)
    return len(fresh)


def stale_drafts(now: datetime) -> ReferralQuerySet:
    """Drafts untouched for so long whose last reminder was delivered: never in silence.

    The reminder of this span counts; one from before the draft was last touched does not. Bank
    holidays, or mail that waited, can bring it late: then there are still two days to answer it.
    """
    last = settings.DRAFT_REMINDER_DAYS[-1]
    old = {notices.draft_key(one, last): one.pk for one in _untouched(now - _kept())}
    told = Mail.objects.filter(key__in=list(old), sent_at__lte=now - TIME_TO_ANSWER)
    return _untouched(now - _kept()).filter(
        pk__in=[old[key] for key in told.values_list("key", flat=True)]
    )


def dispose_stale_drafts(now: datetime) -> int:
    """Destroy what nobody sent; an empty stub stays, which says that there was a draft."""
    count = 0
    for referral in stale_drafts(now):
        with alone(f"Draft {referral.pk}"):
            referral = Referral.objects.select_for_update().get(pk=referral.pk)
            if referral.status != Status.DRAFT or referral.touched_at > now - _kept():
                continue
            referral.status = referral.outward_status = Status.DISPOSED
            referral.save(update_fields=["status", "outward_status"])
            stumbles.left(referral, today=timezone.localdate(now))
            workflow.destroy_content(referral)
            events.record("referral.disposed", referral, by=None, before=str(Status.DRAFT))
            count += 1
    stumbles.forget(timezone.localdate(now))
    return count
