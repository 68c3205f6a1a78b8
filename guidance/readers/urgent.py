"""The urgent notice: one sentence at the top of every page while it is in force.

Read once in half a minute by each process, so that it costs pages nothing. What an editor changes
is seen at once by the process that saved it, and by the others within that time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from guidance.readers.models import UrgentNotice

KEPT = timedelta(seconds=30)


@dataclass
class _Known:
    """What this process read last, and when."""

    notices: list[UrgentNotice]
    read_at: datetime | None = None


_known = _Known([])


def in_force(now: datetime) -> UrgentNotice | None:
    """The notice that readers see at this moment, the newest if there are several."""
    if _known.read_at is None or not _known.read_at <= now < _known.read_at + KEPT:
        _known.notices = list(UrgentNotice.objects.filter(ends_at__gt=now).order_by("-starts_at"))
        _known.read_at = now
    return next((each for each in _known.notices if each.starts_at <= now < each.ends_at), None)


@receiver(post_save, sender=UrgentNotice, dispatch_uid="guidance_urgent_saved")
@receiver(post_delete, sender=UrgentNotice, dispatch_uid="guidance_urgent_deleted")
def forget(**kwargs: object) -> None:
    _known.read_at = None
