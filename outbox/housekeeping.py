"""What is due, every minute: tells the apps, each in its own transaction."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.dispatch import receiver

from accounts.database import asking
from outbox.signals import housekeeping
from outbox.tasks import give_back_lost
from vault import keys

LOCK = int.from_bytes(hashlib.sha256(b"outbox.housekeeping").digest()[:8], "big", signed=True)

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


@receiver(housekeeping, dispatch_uid="outbox.lost_jobs")
def look_for_lost_jobs(sender: Any, *, now: datetime, **kwargs: Any) -> None:
    give_back_lost(now)
