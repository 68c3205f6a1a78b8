"""Work of the portal's own that is done in parts, each of which stands or falls alone.

A job and a receiver of ``housekeeping`` run in one transaction: right for what is one act. What
goes through many things would keep the first of them locked until the last is done, and a fault
in one would undo them all.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import transaction

from accounts.database import asking
from vault import keys

logger = logging.getLogger("outbox")

Act = TypeVar("Act", bound=Callable[..., Any])


def in_parts(act: Act) -> Act:
    """Mark a job or a receiver that opens its own transactions: it is called outside of any."""
    act.in_parts = True  # type: ignore[attr-defined]
    return act


def is_in_parts(act: Callable[..., Any]) -> bool:
    return hasattr(act, "in_parts")


@contextmanager
def alone(what: str, *, locked: bool = True) -> Iterator[None]:
    """One part: a fault in it is noted by its class, and the next part is done all the same.

    Args:
        what: names the part in the log, without words of a case.
        locked: whether it is one transaction; else it opens its own where it writes, and waits
            for others outside of them.
    """
    try:
        if locked:
            with transaction.atomic():
                asking(None)
                yield
        else:
            yield
    except Exception as fault:
        # Its words may be those of a case, so only its class is told.
        logger.error("%s: %s", what, type(fault).__name__)
    finally:
        keys.forget()
