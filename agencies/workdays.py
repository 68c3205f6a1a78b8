"""Time as people keep it: working days of a locality, which end at its closing time.

Days are local (Europe/London); moments are aware. Bank holidays come from the ``holidays``
library for the locality's own part of the country.
"""

import datetime
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays
from django.conf import settings

from agencies.models import Locality

AMBER_SHARE = 0.75  # of the time allowed: from then on a clock warns
LOCAL = ZoneInfo(settings.TIME_ZONE)
ONE_DAY = datetime.timedelta(days=1)
SATURDAY = 5


@lru_cache(maxsize=64)
def bank_holidays(year: int, subdivision: str) -> frozenset[datetime.date]:
    return frozenset(holidays.country_holidays("GB", subdiv=subdivision, years=year))


@dataclass(frozen=True)
class Holiday:
    day: datetime.date
    name: str


def coming_holidays(day: datetime.date, locality: Locality, count: int) -> list[Holiday]:
    """The next bank holidays of the locality from ``day`` on, this year's and the next's."""
    years = (day.year, day.year + 1)
    known = holidays.country_holidays("GB", subdiv=locality.subdivision, years=years)
    return [Holiday(each, known[each]) for each in sorted(known) if each >= day][:count]


def is_working_day(day: datetime.date, locality: Locality) -> bool:
    return day.weekday() < SATURDAY and day not in bank_holidays(day.year, locality.subdivision)


def next_working_day(day: datetime.date, locality: Locality) -> datetime.date:
    """The first working day after ``day``."""
    return add_working_days(day, 1, locality)


def add_working_days(day: datetime.date, n: int, locality: Locality) -> datetime.date:
    """The n-th working day after ``day``; for 0, ``day`` or the first working day after it.

    Raises:
        ValueError: ``n`` is negative.
    """
    if n < 0:
        raise ValueError("Working days are counted forwards.")
    while n > 0:
        day += ONE_DAY
        n -= is_working_day(day, locality)
    while not is_working_day(day, locality):
        day += ONE_DAY
    return day


def working_days_between(a: datetime.date, b: datetime.date, locality: Locality) -> int:
    """Working days after ``a`` up to and with ``b``; negative when ``b`` is the earlier."""
    if b < a:
        return -working_days_between(b, a, locality)
    off = (
        day
        for year in range(a.year, b.year + 1)
        for day in bank_holidays(year, locality.subdivision)
        if a < day <= b and day.weekday() < SATURDAY
    )
    return _weekdays_until(b) - _weekdays_until(a) - sum(1 for _day in off)


def _weekdays_until(day: datetime.date) -> int:
    """Mondays to Fridays from the first of all days, a Monday, up to and with ``day``."""
    weeks, rest = divmod(day.toordinal(), 7)
    return weeks * SATURDAY + min(rest, SATURDAY)


def is_open(moment: datetime.datetime, locality: Locality) -> bool:
    """Whether somebody is at work there: a working day, between its hours."""
    local = moment.astimezone(LOCAL)
    in_hours = locality.day_starts <= local.time() < locality.day_ends
    return in_hours and is_working_day(local.date(), locality)


def due_at(start: datetime.datetime, working_days: int, locality: Locality) -> datetime.datetime:
    """The end of the working day by which a promise of so many working days is kept.

    What arrives on a day off, or once the working day is over, counts as if it came on the
    next working day; what arrives before the day starts counts for that day. 0 is "same day".
    """
    local = start.astimezone(LOCAL)
    day = local.date()
    if not is_working_day(day, locality) or local.time() >= locality.day_ends:
        day = next_working_day(day, locality)
    day = add_working_days(day, working_days, locality)
    return datetime.datetime.combine(day, locality.day_ends, LOCAL).astimezone(datetime.UTC)


def due_by(moment: datetime.datetime, working_days: int, locality: Locality) -> datetime.datetime:
    """What started before this is due by ``moment``: ``due_at`` the other way round."""
    local = moment.astimezone(LOCAL)
    day = local.date() if local.time() >= locality.day_ends else local.date() - ONE_DAY
    while not is_working_day(day, locality):
        day -= ONE_DAY
    for _n in range(working_days):
        day -= ONE_DAY
        while not is_working_day(day, locality):
            day -= ONE_DAY
    return datetime.datetime.combine(day, locality.day_ends, LOCAL).astimezone(datetime.UTC)


def due_in_hours(start: datetime.datetime, hours: float) -> datetime.datetime:
    """Clock hours, for an emergency: nights, weekends and bank holidays count."""
    return start.astimezone(datetime.UTC) + datetime.timedelta(hours=hours)


def amber_at(start: datetime.datetime, due: datetime.datetime) -> datetime.datetime:
    """The moment at which three quarters of the time allowed are gone."""
    start = start.astimezone(datetime.UTC)
    return start + (due.astimezone(datetime.UTC) - start) * AMBER_SHARE


def working_time_between(
    a: datetime.datetime, b: datetime.datetime, locality: Locality
) -> datetime.timedelta:
    """The time from ``a`` to ``b`` in which somebody is at work there; none if ``b`` is earlier."""
    found = datetime.timedelta()
    day, last = a.astimezone(LOCAL).date(), b.astimezone(LOCAL).date()
    while day <= last:
        opens, closes = _hours(day, locality)
        found += max(datetime.timedelta(), min(b, closes) - max(a, opens))
        day += ONE_DAY
    return found


def add_working_time(
    start: datetime.datetime, span: datetime.timedelta, locality: Locality
) -> datetime.datetime:
    """The moment at which ``span`` of working time has passed since ``start``; a whole working day
    ends at its closing time, not when the next one opens."""
    day = start.astimezone(LOCAL).date()
    while True:
        opens, closes = _hours(day, locality)
        begins = max(start, opens)
        if begins <= closes and begins + span <= closes:
            return begins + span
        span -= max(datetime.timedelta(), closes - begins)
        day = next_working_day(day, locality)


def _hours(day: datetime.date, locality: Locality) -> tuple[datetime.datetime, datetime.datetime]:
    """When a day begins and ends there, in UTC; a day off is empty."""
    closes = datetime.datetime.combine(day, locality.day_ends, LOCAL).astimezone(datetime.UTC)
    if not is_working_day(day, locality):
        return closes, closes
    opens = datetime.datetime.combine(day, locality.day_starts, LOCAL)
    return opens.astimezone(datetime.UTC), closes
