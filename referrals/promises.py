"""Which of a case's promises a page shows, to somebody who is shown it in that state.

``clocks.in_words`` says it in words, ``ui.clocks`` how it looks. Time is an argument.
"""

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.prepared import Prepared
from agencies import workdays
from agencies.models import Locality
from referrals import clocks
from referrals.models import Clock, Referral
from referrals.terms import ClockKind, Status
from ui import clocks as looks
from ui import dates

OWED = (ClockKind.FEEDBACK, ClockKind.PRACTICE)
"""What the referrer is still owed once a case is closed, one after the other."""
ENDED = frozenset({Status.CLOSED, Status.WITHDRAWN})


def stage(status: Status, clock: Clock | None = None) -> str:
    """The stage in the words of a queue."""
    if clock is not None and clock.kind == ClockKind.PRACTICE:
        return _("Practice feedback owed")
    return str(_("Feedback owed") if status == Status.CLOSED else status.label)


def _running(police: bool, pks: list[uuid.UUID]) -> QuerySet[Clock]:
    running = Clock.objects.running().filter(referral__in=pks)
    if not police:
        running = running.filter(hidden=False)
    return running.order_by("-hidden", "due_at")


_RUNNING = Prepared(_running)


def running_clocks(
    pks: Iterable[uuid.UUID], *, police: bool = False
) -> dict[uuid.UUID, list[Clock]]:
    """The running promises of these cases: one query.

    Args:
        police: with those that they alone count from, after they led or held a case.
    """
    found: dict[uuid.UUID, list[Clock]] = {}
    for clock in _RUNNING(police, pks=list(pks)):
        found.setdefault(clock.referral_id, []).append(clock)
    return found


def clock_of(
    status: Status, running: Iterable[Clock] | None, *, police: bool = False
) -> Clock | None:
    """The promise of the stage that is shown, or the feedback that is owed once it is closed."""
    kinds = OWED if status == Status.CLOSED else (clocks.OF_STATUS.get(status),)
    theirs = (clock for clock in running or () if clock.kind in kinds)
    return next((clock for clock in theirs if police or not clock.hidden), None)


def shown_clock(
    referral: Referral,
    status: Status,
    running: Iterable[Clock] | None,
    *,
    now: datetime,
    police: bool = True,
) -> looks.Clock | None:
    """The promise of the stage that is shown, in words; None where none runs.

    Args:
        police: whether whoever reads it is of the police, whose promise some of them are. For
            others it rests once it is due: they have nothing to do in it, and it may be led or
            held by the police, which nothing tells them.
    """
    clock = clock_of(status, running, police=police)
    if clock is not None:
        clock.referral = referral  # in hand with its locality: not read again
        said = stage(status, clock)
        if not police and status in clocks.WITH_POLICE and now >= clock.due_at:
            day = dates.day(clock.due_at, timezone.localdate(now))
            return looks.Clock(
                "paused", _("With the police. Promised by %(day)s") % {"day": day}, days_words=said
            )
        return clocks.in_words(clock, now=now, stage=said)
    if status not in ENDED:
        return None
    day = dates.day(referral.stage_since, timezone.localdate(now))
    words = _("Closed %(day)s") if status == Status.CLOSED else _("Taken back %(day)s")
    return looks.Clock("done", words % {"day": day}, days_words=str(status.label))


# The line under the heading -------------------------------------------------------------------
def working_day_words(place: Locality, now: datetime) -> str:
    """ "The working day ends at 5pm: 20 minutes left. Next working day: Friday 27 November." """
    local = now.astimezone(workdays.LOCAL)
    following = workdays.next_working_day(local.date(), place)
    coming = _("Next working day: %(day)s.") % {"day": dates.day(following, local.date())}
    if not workdays.is_working_day(local.date(), place):
        return " ".join([_("Today is not a working day."), coming])
    ends = datetime.combine(local.date(), place.day_ends, workdays.LOCAL)
    places = {"time": dates.time_of_day(place.day_ends)}
    if local >= ends:
        said = _("The working day ended at %(time)s.") % places
    else:
        places["left"] = clocks.span(ends - local)
        said = _("The working day ends at %(time)s: %(left)s left.") % places
    return f"{said} {coming}"
