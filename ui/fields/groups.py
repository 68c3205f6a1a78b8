"""Several inputs that are one answer: rows, ticks with words, a person to reach."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ui import text
from ui.fields.choices import NOT_A_CHOICE
from ui.fields.faults import part_error, with_missing
from ui.fields.words import check_email, check_telephone
from ui.widgets import CONTACT_COLUMNS, Column, ContactWidget, DetailsWidget, RepeatingWidget


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
