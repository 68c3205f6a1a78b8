"""Inputs of several parts. Each reads its parts from the form and draws them again as typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ui import dates

Kind = Literal["text", "long", "email", "tel", "number", "tick"]


class PartsWidget(forms.Widget):
    """Inputs under one legend; a part's name and id are the field's, ``_`` and its own."""

    use_fieldset = True
    parts: Sequence[str] = ()

    def first_part(self, value: Any) -> str:
        """The part that the error summary leads to when no part is at fault."""
        return self.parts[0]

    def use_required_attribute(self, initial: Any) -> bool:
        return False

    def id_for_label(self, id_: str, index: str | None = None) -> str:
        return ""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return {part: data.get(f"{name}_{part}", "") for part in self.parts}

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return not any(f"{name}_{part}" in data for part in self.parts)

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, None, attrs)
        context["widget"]["value"] = self.drawn(value)
        return context

    def drawn(self, value: Any) -> Any:
        """What the template draws: typed parts as they came, a stored value taken apart."""
        return value or {}


class DayWidget(PartsWidget):
    """Day, month and year, each in a box of its own."""

    template_name = "ui/widgets/day.html"
    parts: Sequence[str] = ("day", "month", "year")

    def drawn(self, value: Any) -> dict[str, Any]:
        if isinstance(value, str) and value:
            value = date.fromisoformat(value)
        if isinstance(value, date):
            return {"day": value.day, "month": value.month, "year": value.year}
        return value or {}


class MomentWidget(DayWidget):
    """A day and a time, such as 3:40pm."""

    template_name = "ui/widgets/moment.html"
    parts = ("day", "month", "year", "time")

    def drawn(self, value: Any) -> dict[str, Any]:
        if isinstance(value, str) and value:
            value = datetime.fromisoformat(value)
        if isinstance(value, datetime):
            value = timezone.localtime(value) if timezone.is_aware(value) else value
            return {**super().drawn(value.date()), "time": dates.time_of_day(value)}
        return value or {}


class ApproxDateWidget(PartsWidget):
    """As much of a date as is known, or about when, or a tick for not known."""

    template_name = "ui/widgets/approx_date.html"
    parts = ("day", "month", "year", "about", "unknown")


@dataclass(frozen=True)
class Column:
    """One input of a row or a group."""

    name: str
    label: Any
    kind: Kind = "text"
    width: str = ""
    autocomplete: str = "off"

    @property
    def input_type(self) -> str:
        return self.kind if self.kind in ("email", "tel") else "text"

    @property
    def longest(self) -> int:
        return {"long": 2000, "email": 254, "tel": 40, "number": 12}.get(self.kind, 200)


class RepeatingWidget(PartsWidget):
    """Rows of the same few inputs, with buttons that add and take away a row without script."""

    template_name = "ui/widgets/repeating.html"

    def __init__(self, columns: Sequence[Column], maximum: int, singular: Any) -> None:
        super().__init__()
        self.columns, self.maximum, self.singular = columns, maximum, singular

    def first_part(self, value: Any) -> str:
        return f"0_{self.columns[0].name}"

    def asked(self, data: Any, name: str) -> bool:
        """Whether a button of this widget was pressed, rather than the form's own."""
        return f"add_{name}" in data or any(
            f"remove_{name}_{number}" in data for number in range(self.maximum)
        )

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[dict[str, str]]:
        rows = []
        for number in range(self.maximum):
            keys = {column.name: f"{name}_{number}_{column.name}" for column in self.columns}
            if not any(key in data for key in keys.values()):
                break
            if f"remove_{name}_{number}" not in data:
                rows.append({part: data.get(key, "") for part, key in keys.items()})
        if f"add_{name}" in data and len(rows) < self.maximum:
            rows.append({"added": "yes"})
        return rows

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return not any(f"{name}_0_{column.name}" in data for column in self.columns)

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        rows: list[Mapping[str, Any]] = list(value or []) or [{}]
        context["rows"] = [
            {
                "number": number,
                "count": number + 1,
                "added": row.get("added"),
                "cells": [
                    {
                        "column": column,
                        "part": f"{number}_{column.name}",
                        "value": row.get(column.name, ""),
                    }
                    for column in self.columns
                ],
            }
            for number, row in enumerate(rows)
        ]
        context |= {
            "many": len(rows) > 1,
            "room": len(rows) < self.maximum,
            "singular": self.singular,
        }
        return context


class DetailsWidget(PartsWidget):
    """Checkboxes, each of which opens a box for its own words."""

    template_name = "ui/widgets/details.html"

    def __init__(self, choices: Sequence[tuple[str, Any]] = (), prompt: Any = "") -> None:
        super().__init__()
        self.choices, self.prompt = choices, prompt

    def first_part(self, value: Any) -> str:
        return self.choices[0][0]

    def value_from_datadict(self, data: Any, files: Any, name: str) -> dict[str, Any]:
        ticked = data.getlist(name) if hasattr(data, "getlist") else data.get(name) or []
        words = {value: data.get(f"{name}_{value}_words", "") for value, _label in self.choices}
        return {"ticked": list(ticked), "words": words}

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False  # no box ticked sends nothing

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        value = value or {}
        if set(value) != {"ticked", "words"}:  # a stored value
            value = {"ticked": list(value), "words": value}
        context["rows"] = [
            {
                "value": choice,
                "part": f"{choice}_words",
                "label": label,
                "checked": choice in value["ticked"],
                "words": value["words"].get(choice, ""),
            }
            for choice, label in self.choices
        ]
        context["prompt"] = self.prompt
        return context


class ContactWidget(PartsWidget):
    """Who somebody is and how to reach them."""

    template_name = "ui/widgets/contact.html"

    def __init__(self, columns: Sequence[Column]) -> None:
        super().__init__()
        self.columns = columns
        self.parts = [column.name for column in columns]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["cells"] = [
            {"column": column, "part": column.name, "value": (value or {}).get(column.name, "")}
            for column in self.columns
        ]
        return context


CONTACT_COLUMNS = (
    Column("name", _("Full name"), autocomplete="off"),
    Column("role", _("Job or role")),
    Column("organisation", _("Organisation")),
    Column("relationship", _("How they know the person")),
    Column("phone", _("Telephone number"), "tel", width="20"),
    Column("email", _("E-mail address"), "email"),
)
