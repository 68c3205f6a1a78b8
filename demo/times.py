"""Days and moments of the stories, told relative to the day on which they are loaded.

In the files a day is ``-42d`` (calendar days) or ``-7wd`` (working days); a moment is
``-7wd 15:58``, or ``-95min`` for what is counted in minutes. Words may hold ``[-7wd]`` ("Tuesday
16 June"), ``[weekday -7wd]`` and ``[month -42d]``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone
from django.utils.dates import MONTHS, WEEKDAYS

from agencies import workdays
from agencies.models import Locality
from ui import dates

DAY = re.compile(r"([+-]?\d+)(d|wd)")
MOMENT = re.compile(r"([+-]?\d+)wd (\d\d):(\d\d)")
MINUTES = re.compile(r"-(\d+)min")
PLACE = re.compile(r"\[(?:(weekday|month) )?([+-]?\d+w?d)\]")
ONE_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Calendar:
    """Turns the stories' days into real ones.

    ``0wd`` is today or, on a day off, the next working day: what is due "today" is then due when
    people are next at work.
    """

    now: datetime
    locality: Locality

    @property
    def today(self) -> date:
        return timezone.localdate(self.now)

    def day(self, said: str) -> date:
        """The day of ``-42d`` or ``+14wd``.

        Raises:
            ValueError: it is neither.
        """
        found = DAY.fullmatch(said)
        if found is None:
            raise ValueError(f"{said!r} is not a day like -42d or -7wd")
        number = int(found[1])
        if found[2] == "d":
            return self.today + timedelta(days=number)
        day = workdays.add_working_days(self.today, 0, self.locality)
        if number >= 0:
            return workdays.add_working_days(day, number, self.locality)
        while number < 0:
            day -= workdays.ONE_DAY
            number += workdays.is_working_day(day, self.locality)
        return day

    def moment(self, said: str) -> datetime:
        """The moment of ``-7wd 15:58`` or ``-95min``; it may lie ahead when said of today."""
        if found := MINUTES.fullmatch(said):
            return self.now - ONE_MINUTE * int(found[1])
        found = MOMENT.fullmatch(said)
        if found is None:
            raise ValueError(f"{said!r} is not a moment like -7wd 15:58 or -95min")
        clock = time(int(found[2]), int(found[3]))
        return datetime.combine(self.day(f"{found[1]}wd"), clock, workdays.LOCAL)

    def in_order(self, said: Sequence[str]) -> list[datetime]:
        """The moments of a story's acts: one after the other, and none of them ahead."""
        moments = [self.moment(one) for one in said]
        latest = self.now - ONE_MINUTE
        for place in reversed(range(len(moments))):
            moments[place] = min(moments[place], latest)
            latest = moments[place] - ONE_MINUTE
        return moments

    def approx(self, said: Any) -> dict[str, Any]:
        """``{on: -42d, about: words}`` or a birthday ``{age: 15, day: 9, month: 1}``, as stored."""
        if "age" in said:
            day, month = int(said["day"]), int(said["month"])
            year = self.today.year - int(said["age"])
            year -= (self.today.month, self.today.day) < (month, day)
            return {"day": day, "month": month, "year": year}
        if "on" not in said:
            return {"about": str(said["about"])}
        on = self.day(said["on"])
        parts: dict[str, Any] = {"day": on.day, "month": on.month, "year": on.year}
        if "about" in said:
            # An approximate day: the month is as much as somebody would say.
            parts = {"day": None, "month": on.month, "year": on.year, "about": said["about"]}
        return parts

    def words(self, said: str) -> str:
        """The text with its days filled in."""

        def fill(found: re.Match[str]) -> str:
            day = self.day(found[2])
            if found[1] == "weekday":
                return str(WEEKDAYS[day.weekday()])
            if found[1] == "month":
                return str(MONTHS[day.month])
            return dates.day(day, self.today)

        return PLACE.sub(fill, said)
