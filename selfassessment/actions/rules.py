"""Section 5 as pure functions: how pressing an action is, when it is due, when it is recalled."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.utils.translation import gettext as _

from selfassessment.terms import LONGEST, ActionStatus, Priority

BEFORE = timedelta(days=14)
WEEK = 7
LATE_FOR_MANAGER = 30
"""Days after which the partnership manager hears of it."""

Status = ActionStatus
STEPS: dict[ActionStatus, tuple[ActionStatus, ...]] = {
    Status.OPEN: (Status.IN_PROGRESS, Status.BLOCKED, Status.DONE, Status.CANCELLED),
    Status.IN_PROGRESS: (Status.BLOCKED, Status.DONE, Status.CANCELLED),
    Status.BLOCKED: (Status.IN_PROGRESS, Status.DONE, Status.CANCELLED),
    Status.DONE: (Status.VERIFIED, Status.IN_PROGRESS),
    Status.VERIFIED: (),
    Status.CANCELLED: (Status.OPEN,),
}
"""From which status to which an action may be moved."""
OWNERS = frozenset({Status.IN_PROGRESS, Status.BLOCKED, Status.DONE})
"""Moves that its owner may make too."""
WITH_REASON = frozenset({Status.BLOCKED, Status.CANCELLED})


def needs_reason(before: str, after: str) -> bool:
    """Halting it, cancelling it, and taking it back once it was done or cancelled."""
    return after in WITH_REASON or (
        before in (Status.DONE, Status.CANCELLED)
        and after
        in (
            Status.IN_PROGRESS,
            Status.OPEN,
        )
    )


def most_pressing(found: Iterable[Priority]) -> Priority:
    """The highest of the priorities that its standards suggest; Low where there is none."""
    order = list(Priority)
    return min(found, key=order.index, default=Priority.LOW)


def latest_day(priority: Priority, since: date, next_cycle_ends: date) -> date:
    """The last day on which an action of this priority may be due.

    Args:
        since: when it was made, or carried into the cycle that runs.
        next_cycle_ends: for a low one, which may take until the next cycle is over.
    """
    within = LONGEST[priority]
    return next_cycle_ends if within is None else since + within


def too_late(priority: Priority, latest: date) -> str:
    """What is said of a day after the latest one."""
    within = LONGEST[priority]
    label = priority.label.lower()
    day = f"{latest.day} {latest:%B %Y}"
    if within is None:
        return _(
            "Choose %(day)s or earlier: an action of %(priority)s priority is due "
            "by the end of the next cycle"
        ) % {"day": day, "priority": label}
    return _(
        "Choose %(day)s or earlier: an action of %(priority)s priority is due within %(days)d days"
    ) % {"day": day, "priority": label, "days": within.days}


def first_step_on(due_on: date, made_on: date) -> date:
    """The first day on which it is recalled."""
    return due_on - BEFORE if made_on <= due_on - BEFORE else due_on


def next_step_on(due_on: date, today: date) -> date:
    """The day on which the step after the one that is reached today is due."""
    if today < due_on:
        return due_on
    return due_on + timedelta(days=((today - due_on).days // WEEK + 1) * WEEK)


def step_reached(due_on: date, made_on: date, today: date) -> str:
    """The reminder whose day has come: before, day, week1, week2 ...; empty where none has.

    An action that was made less than two weeks before its day is not recalled at once.
    """
    late = (today - due_on).days
    if late >= WEEK:
        return f"week{late // WEEK}"
    if late >= 0:
        return "day"
    if today >= due_on - BEFORE and made_on <= due_on - BEFORE:
        return "before"
    return ""
