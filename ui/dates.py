"""Days and moments in words: "Tuesday 16 June", "3:52pm", "June 2026 (after Easter)"."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from django.utils import timezone
from django.utils.dateformat import format as written
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _

MIDNIGHT, MIDDAY = time(0, 0), time(12, 0)


def _local(value: datetime) -> datetime:
    return timezone.localtime(value) if timezone.is_aware(value) else value


def _today() -> date:
    return timezone.localdate()


def day(value: date | datetime | None, today: date | None = None) -> str:
    """ "Tuesday 16 June"; with the year when it is not this year; empty for None."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = _local(value).date()
    same_year = value.year == (today or _today()).year
    return written(value, "l j F" if same_year else "l j F Y")


def paper_day(value: date | datetime | None) -> str:
    """ "16 June 2026", for documents, where the year is always said."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = _local(value).date()
    return written(value, "j F Y")


def time_of_day(value: datetime | time | None) -> str:
    """ "3:52pm", "5pm", "midday", "midnight"."""
    if value is None:
        return ""
    clock = _local(value).time() if isinstance(value, datetime) else value
    clock = clock.replace(second=0, microsecond=0, tzinfo=None, fold=0)
    if clock == MIDNIGHT:
        return _("midnight")
    if clock == MIDDAY:
        return _("midday")
    hour = clock.hour % 12 or 12
    half = "am" if clock.hour < 12 else "pm"
    return f"{hour}:{clock.minute:02}{half}" if clock.minute else f"{hour}{half}"


def moment(value: datetime | None, today: date | None = None) -> str:
    """ "Tuesday 16 June, 3:52pm"."""
    if value is None:
        return ""
    return f"{day(value, today)}, {time_of_day(value)}"


def paper_moment(value: datetime | None) -> str:
    """ "16 June 2026, 3:52pm", for documents."""
    if value is None:
        return ""
    return f"{paper_day(value)}, {time_of_day(value)}"


def approx(value: Mapping[str, Any] | None) -> str:
    """What ``ui.fields.ApproxDateField`` stores, in words; empty for None."""
    if not value:
        return ""
    if value.get("unknown"):
        return _("Not known")
    about = str(value.get("about") or "")
    year, month, number = value.get("year"), value.get("month"), value.get("day")
    if not year:
        return about
    if month and number:
        said = written(date(int(year), int(month), int(number)), "j F Y")
    elif month:
        said = f"{MONTHS[int(month)]} {year}"
    else:
        said = str(year)
    return f"{said} ({about})" if about else said
