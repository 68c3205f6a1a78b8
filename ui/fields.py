"""What can be asked: GOV.UK fields that say what to do when an answer cannot be kept.

Every field normalises text once (``ui.text.clean``) and checks its limits on the server. Values
are ready for JSON where the class says so; a stored value given as ``initial`` draws as typed.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ui import text
from ui.widgets import (
    CONTACT_COLUMNS,
    ApproxDateWidget,
    Column,
    ContactWidget,
    DayWidget,
    DetailsWidget,
    MomentWidget,
    RepeatingWidget,
)

LONDON = ZoneInfo("Europe/London")
FIRST_YEAR, LAST_YEAR = 1900, 2100
TIME = re.compile(r"(\d{1,2})(?:[:.h ]?(\d{2}))?\s*([ap])?\.?\s*m?\.?", re.IGNORECASE)
TELEPHONE = re.compile(
    r"\+?[\d() .\-/]{3,30}(?:\s*(?:ext|extension|x)\.?\s*\d{1,8})?", re.IGNORECASE
)


def part_error(message: str, part: str, code: str = "wrong") -> ValidationError:
    """An error about one box of several; the error summary leads to that box."""
    return ValidationError(message, code=code, params={"part": part})


def with_missing(kwargs: dict[str, Any], missing: Any, default: Any) -> dict[str, Any]:
    """Put the sentence for "nothing was answered" where Django looks for it."""
    messages = {"required": missing or default, **kwargs.pop("error_messages", {})}
    return {**kwargs, "error_messages": messages}


# --- Words ------------------------------------------------------------------------------------
class TextField(forms.CharField):
    """One line of text.

    Args:
        missing: the sentence for an empty answer, "Write the name of the school".
        width: a GOV.UK width, such as "10" or "20" characters or "two-thirds".
    """

    lines = False

    def __init__(
        self,
        *,
        max_length: int = 200,
        missing: Any = "",
        width: str = "",
        autocomplete: str = "off",
        input_type: str = "text",
        **kwargs: Any,
    ) -> None:
        # Length is counted on the cleaned text, below, so Django's own check is not wanted.
        self.longest = max_length
        kwargs = with_missing(kwargs, missing, gettext_lazy("Write an answer"))
        kwargs.setdefault("widget", forms.TextInput)
        super().__init__(strip=False, **kwargs)
        if isinstance(self.widget, forms.TextInput):
            self.widget.input_type = input_type
            self.widget.attrs.setdefault("autocomplete", autocomplete)
            if width:
                self.widget.attrs.setdefault("class", width_class(width))

    def to_python(self, value: Any) -> str:
        return text.clean(str(value), lines=self.lines) if value else ""

    def validate(self, value: str) -> None:
        super().validate(value)
        if len(value) > self.longest:
            raise ValidationError(self.too_long(len(value)), code="max_length")

    def too_long(self, written: int) -> str:
        return _(
            "Make this shorter, at most %(most)s characters. You have written %(written)s."
        ) % {"most": f"{self.longest:,}", "written": f"{written:,}"}


def width_class(width: str) -> str:
    return f"govuk-input--width-{width}" if width.isdigit() else f"govuk-!-width-{width}"


class EmailField(TextField):
    """An e-mail address."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("missing", gettext_lazy("Write an e-mail address"))
        super().__init__(max_length=254, input_type="email", **kwargs)
        self.widget.attrs["spellcheck"] = "false"

    def validate(self, value: str) -> None:
        super().validate(value)
        if value:
            check_email(value)


class TelephoneField(TextField):
    """A telephone number, kept as written."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("missing", gettext_lazy("Write a telephone number"))
        kwargs.setdefault("width", "20")
        super().__init__(max_length=40, input_type="tel", **kwargs)

    def validate(self, value: str) -> None:
        super().validate(value)
        if value:
            check_telephone(value)


def check_email(value: str) -> None:
    try:
        validate_email(value)
    except ValidationError:
        raise ValidationError(
            _("Write the e-mail address in full, like name@example.org"), code="email"
        ) from None


def check_telephone(value: str) -> None:
    if not TELEPHONE.fullmatch(value):
        raise ValidationError(
            _("Write the telephone number in figures, like 01632 960001"), code="telephone"
        )


class LongField(TextField):
    """Several lines, with a count of the characters left.

    Args:
        about: what is written about, for the messages: "what happened", "your reasons".
        min_length: fewest characters that are enough.
    """

    lines = True

    def __init__(
        self,
        *,
        about: Any = "",
        min_length: int = 0,
        max_length: int = 4000,
        missing: Any = "",
        rows: int = 8,
        **kwargs: Any,
    ) -> None:
        self.about = about or gettext_lazy("this")
        self.fewest = min_length
        self.counted = max_length
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": rows, "spellcheck": "true"}))
        super().__init__(max_length=max_length, missing=missing, **kwargs)
        if not missing and "required" not in kwargs.get("error_messages", {}):
            self.error_messages["required"] = ""

    def validate(self, value: str) -> None:
        if not value and self.required and not self.error_messages["required"]:
            raise ValidationError(self.nothing(), code="required")
        super().validate(value)
        if value and len(value) < self.fewest:
            raise ValidationError(self.too_short(len(value)), code="min_length")

    def nothing(self) -> str:
        if self.fewest:
            return self.too_short(0)
        return _("Write about %(about)s") % {"about": self.about}

    def too_short(self, written: int) -> str:
        places = {"about": self.about, "fewest": self.fewest, "written": written}
        if not written:
            return _("Write about %(about)s, at least %(fewest)s characters") % places
        return (
            _(
                "Write a little more about %(about)s, at least %(fewest)s characters. "
                "You have written %(written)s."
            )
            % places
        )

    def too_long(self, written: int) -> str:
        return _(
            "Write a little less about %(about)s, at most %(most)s characters. "
            "You have written %(written)s."
        ) % {"about": self.about, "most": f"{self.longest:,}", "written": f"{written:,}"}


class WholeNumberField(forms.IntegerField):
    """A whole number between two limits."""

    def __init__(
        self,
        *,
        least: int = 0,
        most: int = 1_000_000,
        missing: Any = "",
        width: str = "4",
        **kwargs: Any,
    ) -> None:
        self.least, self.most = least, most
        kwargs = with_missing(kwargs, missing, gettext_lazy("Write a number"))
        attrs = {"inputmode": "numeric", "autocomplete": "off", "class": width_class(width)}
        kwargs.setdefault("widget", forms.TextInput(attrs=attrs))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> int | None:
        if value in self.empty_values:
            return None
        said = text.clean(str(value)).replace(",", "")
        if not said:
            return None
        digits = said.removeprefix("-")
        if not digits.isdecimal() or len(digits) > 12:
            raise ValidationError(_("Write a whole number in figures, like 15"), code="wrong")
        number = int(said)
        if not self.least <= number <= self.most:
            places = {"least": f"{self.least:,}", "most": f"{self.most:,}"}
            raise ValidationError(
                _("Write a number from %(least)s to %(most)s") % places, code="range"
            )
        return number


# --- Choices ----------------------------------------------------------------------------------
NOT_A_CHOICE = gettext_lazy("Select one of the answers shown")


class ChoiceField(forms.ChoiceField):
    """One of several answers, as radios.

    Args:
        hints: a line of help under a choice, by its value.
        divider: a word before the last choice, such as "or".
    """

    widget: Any = forms.RadioSelect

    def __init__(
        self,
        *,
        missing: Any = "",
        hints: Mapping[str, Any] | None = None,
        divider: Any = "",
        **kwargs: Any,
    ) -> None:
        self.hints, self.divider = dict(hints or {}), divider
        kwargs = with_missing(kwargs, missing, gettext_lazy("Select an answer"))
        kwargs["error_messages"].setdefault("invalid_choice", NOT_A_CHOICE)
        super().__init__(**kwargs)


class YesNoField(ChoiceField):
    """ "yes" or "no"; "not_known" too where the person may not know."""

    def __init__(self, *, not_known: bool = False, **kwargs: Any) -> None:
        choices = [("yes", gettext_lazy("Yes")), ("no", gettext_lazy("No"))]
        if not_known:
            choices.append(("not_known", gettext_lazy("I do not know")))
        kwargs.setdefault("choices", choices)
        super().__init__(**kwargs)


class SelectField(ChoiceField):
    """One of many answers, as a list that opens."""

    widget = forms.Select

    def __init__(self, *, choices: Any = (), empty: Any = "", **kwargs: Any) -> None:
        first = ("", empty or gettext_lazy("Choose one"))
        listed = choices.choices if hasattr(choices, "choices") else list(choices)
        super().__init__(choices=[first, *listed], **kwargs)


class MultiField(forms.MultipleChoiceField):
    """Any of several answers, as checkboxes; a list of values in the order shown.

    Args:
        exclusive: values that stand alone, such as "none" and "not_known".
        hints: a line of help under a choice, by its value.
    """

    widget = forms.CheckboxSelectMultiple

    def __init__(
        self,
        *,
        missing: Any = "",
        exclusive: Iterable[str] = (),
        hints: Mapping[str, Any] | None = None,
        divider: Any = "",
        **kwargs: Any,
    ) -> None:
        self.exclusive, self.hints, self.divider = tuple(exclusive), dict(hints or {}), divider
        kwargs = with_missing(kwargs, missing, gettext_lazy("Select all that apply"))
        kwargs["error_messages"].setdefault("invalid_choice", NOT_A_CHOICE)
        kwargs["error_messages"].setdefault("invalid_list", NOT_A_CHOICE)
        super().__init__(**kwargs)

    def clean(self, value: Any) -> list[str]:
        chosen = set(super().clean(value))
        labels = {str(key): str(label) for key, label in flat(self.choices)}
        alone = [key for key in labels if key in chosen and key in self.exclusive]
        if alone and len(chosen) > 1:
            raise ValidationError(
                _("Select “%(alone)s” by itself, or take its tick away")
                % {"alone": labels[alone[0]]},
                code="exclusive",
            )
        return [key for key in labels if key in chosen]


def flat(choices: Any) -> list[tuple[Any, Any]]:
    """Choices without their groups."""
    pairs: list[tuple[Any, Any]] = []
    for value, label in choices:
        if isinstance(label, (list, tuple)):
            pairs.extend(label)
        else:
            pairs.append((value, label))
    return pairs


class ConfirmField(forms.BooleanField):
    """One box to tick, its label beside it; True when ticked."""

    def __init__(self, *, missing: Any = "", **kwargs: Any) -> None:
        default = gettext_lazy("Tick the box to confirm")
        super().__init__(**with_missing(kwargs, missing, default))


# --- Days and moments -------------------------------------------------------------------------
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


# --- Groups -----------------------------------------------------------------------------------
def read_cell(column: Column, value: Any, part: str, place: str = "") -> str:
    """One input of a row or group, cleaned and checked by its kind."""

    def wrong(sentence: Any) -> ValidationError:
        return part_error(f"{place}{sentence}", part)

    if column.kind == "tick":
        return "yes" if value else ""
    try:
        said = text.clean(str(value or ""), lines=column.kind == "long")
        if said and column.kind == "email":
            check_email(said)
        if said and column.kind == "tel":
            check_telephone(said)
    except ValidationError as error:
        raise wrong(error.messages[0]) from None
    if len(said) > column.longest:
        places = {"label": column.label, "most": f"{column.longest:,}"}
        raise wrong(_("Make “%(label)s” shorter, at most %(most)s characters") % places)
    if said and column.kind == "number" and not said.isdecimal():
        raise wrong(_("Write “%(label)s” in figures, like 15") % {"label": column.label})
    return said


class RepeatingField(forms.Field):
    """Rows of a few inputs, "add another" with or without script; a list of dicts of text.

    Args:
        columns: (name, label) or (name, label, kind) or ``ui.widgets.Column``; kinds: text, long,
            email, tel, number, tick ("yes" or "").
        singular: what one row is, for its legend and buttons: "Address", "Person".
        needed: column names that a row must have once anything is written in it.
    """

    def __init__(
        self,
        *,
        columns: Sequence[Column | tuple[Any, ...]],
        maximum: int = 10,
        singular: Any = "",
        needed: Iterable[str] = (),
        missing: Any = "",
        **kwargs: Any,
    ) -> None:
        self.columns = [c if isinstance(c, Column) else Column(*c) for c in columns]
        self.maximum, self.needed = maximum, tuple(needed)
        self.singular = singular or gettext_lazy("Entry")
        kwargs.setdefault("widget", RepeatingWidget(self.columns, maximum, self.singular))
        super().__init__(**with_missing(kwargs, missing, gettext_lazy("Add at least one")))

    def to_python(self, value: Any) -> list[dict[str, str]]:
        rows = []
        errors: list[ValidationError] = []
        for number, typed in enumerate(value or []):
            place = f"{self.singular} {number + 1}: "
            row = {}
            for column in self.columns:
                part = f"{number}_{column.name}"
                try:
                    row[column.name] = read_cell(column, typed.get(column.name), part, place)
                except ValidationError as error:
                    errors.append(error)
            if not any(row.values()):
                continue
            for column in self.columns:
                if column.name in self.needed and row.get(column.name) == "":
                    sentence = _("add “%(label)s”") % {"label": column.label}
                    errors.append(part_error(f"{place}{sentence}", f"{number}_{column.name}"))
            rows.append(row)
        if errors:
            raise ValidationError(errors)
        return rows[: self.maximum]


class DetailsField(forms.Field):
    """Checkboxes, each of which opens its own words; a dict from ticked value to its words.

    Args:
        prompt: the label of every box of words, "What exactly, who, when?".
        words_needed: whether a tick without words is an error.
    """

    def __init__(
        self,
        *,
        choices: Any,
        prompt: Any = "",
        words_needed: bool = False,
        max_length: int = 2000,
        missing: Any = "",
        **kwargs: Any,
    ) -> None:
        pairs = choices.choices if hasattr(choices, "choices") else list(choices)
        self.choices = [(str(value), label) for value, label in pairs]
        self.words_needed, self.longest = words_needed, max_length
        prompt = prompt or gettext_lazy("What exactly, who, when?")
        kwargs.setdefault("widget", DetailsWidget(self.choices, prompt))
        super().__init__(**with_missing(kwargs, missing, gettext_lazy("Select all that apply")))

    def to_python(self, value: Any) -> dict[str, str]:
        if not value:
            return {}
        known = dict(self.choices)
        if not set(value["ticked"]) <= set(known):
            raise ValidationError(NOT_A_CHOICE, code="invalid_choice")
        answers, errors = {}, []
        for choice, label in self.choices:
            part = f"{choice}_words"
            try:
                words = text.clean(value["words"].get(choice) or "", lines=True)
            except ValidationError as error:
                errors.append(part_error(error.messages[0], part))
                continue
            if choice not in value["ticked"]:
                if words:
                    # Without script every box is open, so somebody may write and forget the tick.
                    sentence = _("Tick “%(label)s” to keep what you wrote, or clear the words")
                    errors.append(part_error(sentence % {"label": label}, choice))
                continue
            if len(words) > self.longest:
                places = {"label": label, "most": f"{self.longest:,}", "written": f"{len(words):,}"}
                sentence = _(
                    "Write a little less about “%(label)s”, at most %(most)s characters. "
                    "You have written %(written)s."
                )
                errors.append(part_error(sentence % places, part))
            if self.words_needed and not words:
                sentence = _("Write what, who and when for “%(label)s”")
                errors.append(part_error(sentence % {"label": label}, part))
            answers[choice] = words
        if errors:
            raise ValidationError(errors)
        return answers


class ContactField(forms.Field):
    """Name, role, organisation, relationship, phone, e-mail; a dict of text, empty when none given.

    Args:
        parts: which of them are asked, in this order.
        needed: parts that must be answered when the field is required or anything is written.
    """

    def __init__(
        self,
        *,
        parts: Iterable[str] = ("name", "role", "organisation", "relationship", "phone", "email"),
        needed: Iterable[str] = ("name",),
        missing: Any = "",
        **kwargs: Any,
    ) -> None:
        by_name = {column.name: column for column in CONTACT_COLUMNS}
        self.columns = [by_name[part] for part in parts]
        self.needed = tuple(needed)
        kwargs.setdefault("widget", ContactWidget(self.columns))
        default = gettext_lazy("Write who it is and how to reach them")
        super().__init__(**with_missing(kwargs, missing, default))

    def to_python(self, value: Any) -> dict[str, str]:
        typed = value or {}
        answers: dict[str, str] = {}
        errors: list[ValidationError] = []
        for column in self.columns:
            try:
                answers[column.name] = read_cell(column, typed.get(column.name), column.name)
            except ValidationError as error:
                errors.append(error)
        if not errors and not any(answers.values()):
            return {}
        for column in self.columns:
            if column.name in self.needed and answers.get(column.name) == "":
                sentence = _("Add “%(label)s”") % {"label": column.label}
                errors.append(part_error(sentence, column.name))
        if errors:
            raise ValidationError(errors)
        return answers
