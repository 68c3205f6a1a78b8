"""Days, as much of a day as somebody knows, and moments."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ui import text
from ui.fields.faults import part_error, with_missing
from ui.widgets import ApproxDateWidget, DayWidget, MomentWidget

LONDON = ZoneInfo("Europe/London")
FIRST_YEAR, LAST_YEAR = 1900, 2100
TIME = re.compile(r"(\d{1,2})(?:[:.h ]?(\d{2}))?\s*([ap])?\.?\s*m?\.?", re.IGNORECASE)


def read_box(value: Any, part: str) -> str:
    """What was typed in one box; a fault in it is said about that box."""
    try:
        return text.clean(str(value if value is not None else ""))
    except ValidationError as error:
        raise part_error(error.messages[0], part) from None


def read_number(value: Any, part: str, sentence: str) -> int | None:
    """A box of figures: None when empty, an error about that box when it holds something else."""
    said = read_box(value, part)
    if not said:
        return None
    if not said.isdecimal() or len(said) > 4:
        raise part_error(sentence, part)
    return int(said)


def read_month(value: Any) -> int | None:
    said = read_box(value, "month").casefold().rstrip(".")
    if len(said) >= 3:
        for number, name in MONTHS.items():
            if str(name).casefold().startswith(said):
                return number
    number_or_none = read_number(said, "month", _("Write the month as a number from 1 to 12"))
    if number_or_none is not None and not 1 <= number_or_none <= 12:
        raise part_error(_("Write the month as a number from 1 to 12"), "month")
    return number_or_none


def read_parts(value: Mapping[str, Any]) -> tuple[int | None, int | None, int | None]:
    """Day, month and year as typed, each checked by itself."""
    day = read_number(value.get("day"), "day", _("Write the day as a number, like 27"))
    if day is not None and not 1 <= day <= 31:
        raise part_error(_("Write the day as a number from 1 to 31"), "day")
    month = read_month(value.get("month"))
    year = read_number(value.get("year"), "year", _("Write the year in four figures, like 2026"))
    if year is not None and not FIRST_YEAR <= year <= LAST_YEAR:
        raise part_error(_("Write the year in four figures, like 2026"), "year")
    return day, month, year


def real_day(day: int, month: int, year: int) -> date:
    """The day, or a sentence when there is no such day."""
    try:
        return date(year, month, day)
    except ValueError:
        places = {"day": day, "month": MONTHS[month], "year": year}
        raise part_error(
            _("Check the day: there is no %(day)s %(month)s %(year)s") % places, "day"
        ) from None


class DayField(forms.Field):
    """A day in three boxes; a ``datetime.date``.

    Args:
        past_only: today at the latest. future_only: today at the earliest.
    Attributes:
        today: what "today" is, for both rules, where the form says.
    """

    widget: Any = DayWidget
    today: date | None = None

    def __init__(
        self,
        *,
        missing: Any = "",
        past_only: bool = False,
        future_only: bool = False,
        **kwargs: Any,
    ) -> None:
        self.past_only, self.future_only = past_only, future_only
        super().__init__(**with_missing(kwargs, missing, gettext_lazy("Write the date")))

    def to_python(self, value: Any) -> date | None:
        if isinstance(value, date) or not value:
            return value or None
        day, month, year = read_parts(value)
        if day is None and month is None and year is None:
            return None
        if day is None:
            raise part_error(_("Add the day to the date"), "day")
        if month is None:
            raise part_error(_("Add the month to the date"), "month")
        if year is None:
            raise part_error(_("Add the year to the date"), "year")
        return real_day(day, month, year)

    def validate(self, value: date | None) -> None:
        super().validate(value)
        if value is None:
            return
        today = self.today or timezone.localdate()
        if self.past_only and value > today:
            raise part_error(_("Check the date: it must be today or earlier"), "day", "future")
        if self.future_only and value < today:
            raise part_error(_("Check the date: it must be today or later"), "day", "past")


class ApproxDateField(forms.Field):
    """As much of a day as somebody knows. A dict for JSON, or None when nothing was answered.

    ``{"day": 15 or None, "month": 6 or None, "year": 2026}``, ``{"about": "after Easter"}``, both
    together when both were given, or ``{"unknown": True}``. In words: ``ui.dates.approx``.
    """

    widget: Any = ApproxDateWidget
    today: date | None = None

    def __init__(self, *, missing: Any = "", past_only: bool = True, **kwargs: Any) -> None:
        self.past_only = past_only
        default = gettext_lazy("Write the date, say about when, or select that you do not know")
        super().__init__(**with_missing(kwargs, missing, default))

    def to_python(self, value: Any) -> dict[str, Any] | None:
        if not value:
            return None
        day, month, year = read_parts(value)
        about = read_box(value.get("about"), "about")
        if len(about) > 200:
            raise part_error(_("Make “about when” shorter, at most 200 characters"), "about")
        if value.get("unknown"):
            if any((day, month, year, about)):
                raise part_error(_("Give a date or say that you do not know, not both"), "unknown")
            return {"unknown": True}
        if not any((day, month, year)):
            return {"about": about} if about else None
        if year is None:
            raise part_error(_("Add the year, as near as you can"), "year")
        if day and not month:
            raise part_error(_("Add the month, or take the day away"), "month")
        if day and month:
            real_day(day, month, year)
        parts: dict[str, Any] = {"day": day, "month": month, "year": year}
        return {**parts, "about": about} if about else parts

    def validate(self, value: dict[str, Any] | None) -> None:
        super().validate(value)
        if not value or not value.get("year") or not self.past_only:
            return
        earliest = date(value["year"], value["month"] or 1, value["day"] or 1)
        if earliest > (self.today or timezone.localdate()):
            part = "day" if value["day"] else "month" if value["month"] else "year"
            raise part_error(_("Check the date: it must be today or earlier"), part, "future")


def read_time(value: Any) -> time | None:
    """ "3:40pm", "15:40", "3.40 pm", "3pm", "midday"."""
    said = read_box(value, "time").casefold()
    if not said:
        return None
    if said in (_("midday"), _("noon"), "12 noon"):
        return time(12, 0)
    if said == _("midnight"):
        return time(0, 0)
    wrong = part_error(_("Write the time like 3:40pm or 15:40"), "time")
    found = TIME.fullmatch(said)
    if found is None:
        raise wrong
    hour, minute, half = int(found[1]), int(found[2] or 0), found[3]
    if found[2] is None and half is None:
        raise wrong  # "3" alone could be either half of the day
    if half:
        if not 1 <= hour <= 12:
            raise wrong
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 23 or minute > 59:
        raise wrong
    return time(hour, minute)


class MomentField(DayField):
    """A day and a time of day; an aware ``datetime`` in Europe/London.

    Attributes:
        now: what "now" is, for both rules, where the form says.
    """

    widget: Any = MomentWidget
    now: datetime | None = None

    def __init__(self, *, missing: Any = "", **kwargs: Any) -> None:
        super().__init__(missing=missing or gettext_lazy("Write the date and the time"), **kwargs)

    def to_python(self, value: Any) -> Any:
        if isinstance(value, datetime) or not value:
            return value or None
        day = super().to_python(value)
        clock = read_time(value.get("time"))
        if day is None and clock is None:
            return None
        if day is None:
            raise part_error(_("Add the date"), "day")
        if clock is None:
            raise part_error(_("Add the time, like 3:40pm"), "time")
        return datetime.combine(day, clock, tzinfo=LONDON)

    def validate(self, value: Any) -> None:
        forms.Field.validate(self, value)
        if value is None:
            return
        now = self.now or timezone.now()
        if self.past_only and value > now:
            part = "time" if value.date() == timezone.localdate(now, LONDON) else "day"
            raise part_error(_("Check the date and time: they must not be in the future"), part)
        if self.future_only and value < now:
            part = "time" if value.date() == timezone.localdate(now, LONDON) else "day"
            raise part_error(_("Check the date and time: they must not be in the past"), part)
