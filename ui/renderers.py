"""Draws Django's own forms as GOV.UK Frontend has them."""

from functools import cached_property
from pathlib import Path
from typing import Any

import django.forms
from django import forms
from django.conf import settings
from django.forms.boundfield import BoundField
from django.forms.renderers import DjangoTemplates
from django.forms.widgets import Input
from django.template.backends.django import DjangoTemplates as Backend
from django.utils.safestring import SafeString

from ui.text import showable

INPUT_CLASSES: list[tuple[type[forms.Widget], str]] = [
    (forms.Textarea, "govuk-textarea"),
    (forms.Select, "govuk-select"),
    (forms.FileInput, "govuk-file-upload"),
    (forms.CheckboxInput, "govuk-checkboxes__input"),
    (Input, "govuk-input"),
]


def safe_to_show(value: Any) -> Any:
    """Typed values with what cannot be written to a page replaced, however deep they lie."""
    if isinstance(value, str):
        return showable(value)
    if isinstance(value, list):
        return [safe_to_show(item) for item in value]
    if isinstance(value, dict):
        return {key: safe_to_show(item) for key, item in value.items()}
    return value


class GovukBoundField(BoundField):
    """A bound field that knows its GOV.UK markup: heading, hint and error ids, revealed fields."""

    def value(self) -> Any:
        return safe_to_show(super().value())

    @property
    def is_choices(self) -> bool:
        # CheckboxSelectMultiple is a RadioSelect, so this covers both.
        return isinstance(self.field.widget, forms.RadioSelect)

    @property
    def is_checkbox(self) -> bool:
        """A single box with its label beside it, such as a declaration."""
        return isinstance(self.field.widget, forms.CheckboxInput)

    @property
    def kind(self) -> str:
        multiple = isinstance(self.field.widget, forms.CheckboxSelectMultiple)
        return "checkbox" if multiple or self.is_checkbox else "radio"

    @property
    def small(self) -> bool:
        return bool(getattr(self.form, "small", False))

    @cached_property
    def heading(self) -> str:
        """ "h1" where the question heads the page, else the size of its label: l, m, s or ''."""
        chosen = getattr(self.form, "heading_of", None)
        return chosen(self.name) if chosen else "s"

    @property
    def size(self) -> str:
        return "l" if self.heading == "h1" else self.heading

    @property
    def limit(self) -> int | None:
        """Most characters, where the field counts them."""
        return getattr(self.field, "counted", None)

    @property
    def limit_words(self) -> str:
        return f"{self.limit:,}" if self.limit else ""

    @cached_property
    def faulty_parts(self) -> list[str]:
        """Which boxes of several the errors are about."""
        errors = self.form.errors.as_data().get(self.name, [])
        parts = [str((error.params or {}).get("part", "")) for error in errors]
        return [part for part in parts if part]

    @property
    def faulty_part(self) -> str:
        return self.faulty_parts[0] if self.faulty_parts else ""

    @property
    def first_id(self) -> str:
        """Id of the input that the error summary leads to."""
        first = getattr(self.field.widget, "first_part", None)
        if first is None:
            return str(self.auto_id)
        return f"{self.auto_id}_{self.faulty_part or first(self.value())}"

    @property
    def describedby(self) -> str:
        """Ids of hint, error and counter, in reading order."""
        ids = [self.aria_describedby or ""]
        if self.limit:
            ids.append(f"{self.auto_id}-info")
        return " ".join(filter(None, ids))

    def revealed(self, choice: str) -> list[BoundField]:
        """Fields that belong inside this choice."""
        reveals: dict[str, dict[str, list[str]]] = getattr(self.form, "reveals", {})
        names = reveals.get(self.name, {}).get(str(choice), [])
        return [self.form[name] for name in names if name in self.form.fields]

    def build_widget_attrs(
        self, attrs: dict[str, Any], widget: forms.Widget | None = None
    ) -> dict[str, Any]:
        attrs = super().build_widget_attrs(attrs, widget)
        # The message is tied to the input by aria-describedby; GOV.UK says it once, not twice.
        attrs.pop("aria-invalid", None)
        widget = widget or self.field.widget
        if not self.use_fieldset and self.describedby and not widget.is_hidden:
            attrs["aria-describedby"] = self.describedby
        return attrs

    def as_widget(
        self,
        widget: forms.Widget | None = None,
        attrs: dict[str, Any] | None = None,
        only_initial: bool = False,
    ) -> SafeString:
        widget = widget or self.field.widget
        if widget.is_hidden or only_initial:
            return super().as_widget(widget, attrs, only_initial)
        built = self.build_widget_attrs(dict(attrs or {}), widget)
        if self.auto_id and "id" not in widget.attrs:
            built.setdefault("id", self.auto_id)
        for base, name in INPUT_CLASSES:
            if isinstance(widget, base):
                error = f"{name}--error" if self.errors and not self.is_checkbox else ""
                classes = (widget.attrs.get("class", ""), built.get("class", ""))
                counter = "govuk-js-character-count" if self.limit else ""
                built["class"] = " ".join(filter(None, [name, error, counter, *classes]))
                break
        context = widget.get_context(self.html_name, self.value(), built)
        context["field"] = self
        template = str(widget.template_name)
        if isinstance(widget, forms.RadioSelect):
            context["options"] = self._options(context["widget"])
            template = "ui/widgets/choices.html"
        return SafeString(self.form.renderer.render(template, context))

    def _options(self, widget: dict[str, Any]) -> list[dict[str, Any]]:
        """The choices as plain rows: id, value, label, hint, checked, what they reveal."""
        hints = getattr(self.field, "hints", {})
        exclusive = getattr(self.field, "exclusive", ())
        divider = getattr(self.field, "divider", "")
        rows: list[dict[str, Any]] = []
        for _group, options, _index in widget["optgroups"]:
            for option in options:
                value = str(option["value"])
                if not value:
                    continue
                number = len(rows) + 1
                rows.append(
                    {
                        "id": self.auto_id if number == 1 else f"{self.auto_id}-{number}",
                        "value": value,
                        "label": option["label"],
                        "checked": option["selected"],
                        "hint": hints.get(value, ""),
                        "exclusive": value in exclusive,
                        "revealed": self.revealed(value),
                    }
                )
        if divider and rows:
            rows[-1]["divider"] = divider
            rows[-1]["id"] = f"{self.auto_id}-{len(rows) + 1}"  # GOV.UK counts the divider too
        return rows


class GovukRenderer(DjangoTemplates):
    """Django's renderer with the portal's templates before Django's own."""

    form_template_name = "ui/form.html"
    field_template_name = "ui/field.html"
    bound_field_class = GovukBoundField

    @cached_property
    def engine(self) -> Backend:
        return Backend(
            {
                "NAME": "govuk",
                "APP_DIRS": True,
                "DIRS": [
                    settings.BASE_DIR / "templates",
                    Path(django.forms.__file__).parent / "templates",
                ],
                "OPTIONS": {},
            }
        )


renderer = GovukRenderer()
