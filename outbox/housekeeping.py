"""What is due, every minute: tells the apps, each in its own transaction."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.dispatch import receiver

from accounts.database import asking
from audit import events
from outbox.models import EMPTIED, Message
from outbox.parts import is_in_parts
from outbox.signals import housekeeping
from outbox.tasks import give_back_lost, remove_finished
from vault import keys

LOCK = int.from_bytes(hashlib.sha256(b"outbox.housekeeping").digest()[:8], "big", signed=True)

AT_ONCE = 500  # rows in one minute, so that no lock is held for long
JOBS_KEPT = timedelta(days=14)

logger = logging.getLogger("outbox")


def run(now: datetime) -> int | None:
    """Tell every receiver of ``housekeeping`` what time it is.

    Returns:
        How many receivers had a fault; ``None`` if another process is at it.
    """
    with only_one() as mine:
        if not mine:
            return None
        return sum(not _run(each, now) for each in _receivers())


@contextmanager
def only_one() -> Iterator[bool]:
    """Whether this process is the one that does it. The database lets go if the process dies."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        mine: bool = cursor.fetchone()[0]
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _run(each: Callable[..., Any], now: datetime) -> bool:
    try:
        if is_in_parts(each):
            each(signal=housekeeping, sender=None, now=now)
        else:
            with transaction.atomic():
                asking(None)
                each(signal=housekeeping, sender=None, now=now)
    except Exception as fault:
        # Its words may be those of a case, so only its class is told.
        logger.error(
            "Housekeeping %s: %s", getattr(each, "__qualname__", each), type(fault).__name__
        )
        return False
    finally:
        keys.forget()
    return True


def _receivers() -> list[Callable[..., Any]]:
    # Signal.send() would run them in one go: one transaction, and a fault ends it for all.
    receivers, _asynchronous = housekeeping._live_receivers(None)
    return list(receivers)


@receiver(housekeeping, dispatch_uid="outbox.old_messages")
def empty_old_messages(sender: Any, *, now: datetime, **kwargs: Any) -> None:
    """Take out of messages long dealt with what was told to whom.

    The row stays with its key alone: it is how an act is known to have told already, and without
    it a case that is open for long would be written about again.
    """
    old = Message.objects.older_than(now - timedelta(days=settings.SENT_MAIL_DAYS))
    some = list(old.order_by("created_at").values_list("pk", flat=True)[:AT_ONCE])
    if not some:
        return
    emptied = Message.objects.filter(pk__in=some).update(**EMPTIED)
    events.record("mail.emptied", by=None, messages=emptied)


@receiver(housekeeping, dispatch_uid="outbox.old_jobs")
def remove_old_jobs(sender: Any, *, now: datetime, **kwargs: Any) -> None:
    removed = remove_finished(now - JOBS_KEPT, AT_ONCE)
    if removed:
        events.record("job.removed", by=None, jobs=removed)


@receiver(housekeeping, dispatch_uid="outbox.lost_jobs")
def look_for_lost_jobs(sender: Any, *, now: datetime, **kwargs: Any) -> None:
    give_back_lost(now)
