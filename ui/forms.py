"""The base of every form that people see."""

from collections.abc import Iterator
from typing import Any, cast

from crispy_forms.helper import FormHelper
from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import ErrorDict
from django.utils.translation import gettext_lazy as _

from accounts import kept
from ui.renderers import GovukBoundField, GovukRenderer, renderer
from ui.widgets import RepeatingWidget


class PageFormMixin(forms.BaseForm):
    """Draws itself as a page of the portal. Set what differs, on the class or on the form.

    Attributes:
        small: the compact look of the CHECK page: small radios, small legends.
        reveals: which fields open under which choice: ``{"repeated": {"yes": ["detail"]}}``. A
            revealed field is drawn there and only there, and counts only while its choice is made.
        headings: size of a field's label where the rule below is not wanted: "h1", "l", "m", "s".
            By the rule a single question is the page's heading, several have size m (small: s).
        page_heading: False where the page has a heading of its own.
        button, button_name: words of the one button, and its name where the view asks.
        later_url, later_label: a link beside the button, where there is an address.
        action: where the form goes; empty for the same address.
        autosave: address that takes what is typed every few seconds; see static/ui/portal.js.
        form_tag: False where the template writes ``<form>``, token and button itself.
    """

    default_renderer = GovukRenderer
    use_required_attribute = False
    small = False
    reveals: dict[str, dict[str, list[str]]] = {}
    headings: dict[str, str] = {}
    page_heading = True
    button: Any = _("Save and continue")
    button_name = ""
    later_url = ""
    later_label: Any = _("Save and come back later")
    action = ""
    autosave = ""
    form_tag = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.elsewhere: dict[str, str] = {}
        """Where a sentence about the whole form leads, if to another page: its address."""
        kwargs.setdefault("renderer", renderer)
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_tag = self.form_tag

    # --- What was kept while somebody signed in again -------------------------------------------
    brought_back = False
    _bound = False

    @property
    def is_bound(self) -> bool:
        """Also when the page brings words back: all that was typed then, unchecked.

        Looked at when asked, since many forms add their fields after the base has been made.
        """
        words = None if self._bound else kept.current.get()
        if words is not None and self._asked_in(words):
            self._bound = self.brought_back = words.used = True
            self.data = words.data
        return self._bound

    @is_bound.setter
    def is_bound(self, bound: bool) -> None:  # Django's own __init__ says it
        self._bound = bound

    def _asked_in(self, words: kept.Words) -> bool:
        names = [
            self.add_prefix(name)
            for name, field in getattr(self, "fields", {}).items()
            if not field.widget.is_hidden
        ]
        return any(
            key == name or key.startswith(f"{name}_") for name in names for key in words.data
        )

    # --- What is drawn where ------------------------------------------------------------------
    def revealed_names(self) -> set[str]:
        return {
            name
            for by_choice in self.reveals.values()
            for names in by_choice.values()
            for name in names
        }

    def shown_fields(self) -> Iterator[GovukBoundField]:
        """Visible fields in the page's order, without those drawn inside a choice."""
        inside = self.revealed_names()
        for bound in self:
            if not bound.is_hidden and bound.name not in inside:
                yield cast(GovukBoundField, bound)

    def heading_of(self, name: str) -> str:
        if name in self.headings:
            return self.headings[name]
        if name in self.revealed_names():
            return ""
        if self.small:
            return "s"
        alone = sum(1 for _field in self.shown_fields()) == 1
        return "h1" if alone and self.page_heading else "m"

    def in_order(self) -> Iterator[GovukBoundField]:
        """Every visible field as the eye meets it: a revealed one right after its choices."""
        for bound in self.shown_fields():
            yield bound
            for names in self.reveals.get(bound.name, {}).values():
                for name in names:
                    if name in self.fields:
                        yield cast(GovukBoundField, self[name])

    @property
    def repeats(self) -> bool:
        return any(isinstance(field.widget, RepeatingWidget) for field in self.fields.values())

    # --- What was sent ------------------------------------------------------------------------
    def wants_another_row(self) -> bool:
        """Whether "add another" or "remove" was pressed: draw the form again, check nothing."""
        return self.is_bound and any(
            field.widget.asked(self.data, self.add_prefix(name))
            for name, field in self.fields.items()
            if isinstance(field.widget, RepeatingWidget)
        )

    def is_valid(self) -> bool:
        return not self.brought_back and not self.wants_another_row() and super().is_valid()

    def full_clean(self) -> None:
        if self.brought_back or self.wants_another_row():
            self._errors = ErrorDict(renderer=self.renderer)
            self.cleaned_data: dict[str, Any] = {}
            return
        super().full_clean()

    def _clean_fields(self) -> None:
        """Clean each field; what stands under a choice that was not made is not an answer."""
        waiting = self._not_revealed()
        kept = dict(self.fields)
        for name in waiting:
            del self.fields[name]
        try:
            super()._clean_fields()  # type: ignore[misc]
        finally:
            self.fields = kept
        for name, parent in waiting.items():
            field = self.fields[name]
            typed = field.widget.value_from_datadict(self.data, self.files, self.add_prefix(name))
            if not self._chosen(parent) and has_words(typed) and parent not in self.errors_so_far():
                self.add_error(parent, self.fields[parent].error_messages["required"])
            self.cleaned_data[name] = empty_value(field)

    def errors_so_far(self) -> ErrorDict:
        return self._errors or ErrorDict()

    def _chosen(self, parent: str) -> set[str]:
        field = self.fields[parent]
        value = field.widget.value_from_datadict(self.data, self.files, self.add_prefix(parent))
        if isinstance(value, (list, tuple)):
            return {str(item) for item in value}
        return {str(value)} if value not in (None, "", False) else set()

    def _not_revealed(self) -> dict[str, str]:
        """Fields whose choice was not made, each with the question it stands under."""
        hidden: dict[str, str] = {}
        for parent, by_choice in self.reveals.items():
            if parent not in self.fields:
                continue
            chosen = self._chosen(parent)
            shown = {
                name for choice, names in by_choice.items() if choice in chosen for name in names
            }
            for names in by_choice.values():
                hidden |= {n: parent for n in names if n in self.fields and n not in shown}
        for parent in list(hidden):  # what stands under a question that was itself not asked
            for names in self.reveals.get(parent, {}).values():
                hidden |= {n: parent for n in names if n in self.fields}
        return hidden

    def partial(self) -> dict[str, Any]:
        """What can be kept of a page half written: each answer that stands by itself.

        Nothing is required and no least length asked, so a draft loses no words; an answer that
        cannot be read (31 February) is left out. Revealed fields count as in a full check.
        """
        answers: dict[str, Any] = {}
        hidden = self._not_revealed()
        for name, field in self.fields.items():
            if name in hidden:
                answers[name] = empty_value(field)
                continue
            typed = field.widget.value_from_datadict(self.data, self.files, self.add_prefix(name))
            fewest, required = getattr(field, "fewest", 0), field.required
            field.required = False
            if fewest:
                field.fewest = 0  # type: ignore[attr-defined]
            try:
                answers[name] = field.clean(typed)
            except ValidationError:
                continue
            finally:
                field.required = required
                if fewest:
                    field.fewest = fewest  # type: ignore[attr-defined]
        return answers

    # --- What is said about it ----------------------------------------------------------------
    def problems(self) -> list[tuple[str, str]]:
        """Each error with the id of the input it leads to, in the order of the page."""
        if not self.is_bound or not self.errors:
            return []
        order = list(self.in_order())
        first = order[0].first_id if order else ""
        found = [
            (str(error), self.elsewhere.get(str(error), first)) for error in self.non_field_errors()
        ]
        for bound in order:
            for sentence, part in part_errors(self, bound.name):
                place = f"{bound.auto_id}_{part}" if part else bound.first_id
                found.append((sentence, place))
        for hidden in self.hidden_fields():
            found.extend((str(error), first) for error in hidden.errors)
        return found


def part_errors(form: forms.BaseForm, name: str) -> list[tuple[str, str]]:
    """The sentences about a field, each with the box it is about ('' for the whole)."""
    pairs: list[tuple[str, str]] = []
    for error in form.errors.as_data().get(name, []):
        part = str((error.params or {}).get("part", ""))
        pairs.extend((str(sentence), part) for sentence in error.messages)
    return pairs


def has_words(typed: Any) -> bool:
    """Whether anything was typed, in a text or in any of several boxes."""
    if isinstance(typed, dict):
        return any(has_words(item) for item in typed.values())
    if isinstance(typed, (list, tuple)):
        return any(has_words(item) for item in typed)
    return bool(str(typed or "").strip())


def empty_value(field: forms.Field) -> Any:
    """What a field that was not asked holds."""
    required, field.required = field.required, False
    try:
        nothing: Any = [] if isinstance(field, forms.MultipleChoiceField) else None
        return field.clean(nothing)
    finally:
        field.required = required


class PageForm(PageFormMixin, forms.Form):
    """A page of questions."""


class PageModelForm(PageFormMixin, forms.ModelForm):  # type: ignore[type-arg]
    """A page of questions about a row."""


def _what_to_do(field: forms.Field) -> Any:
    if isinstance(field, forms.BooleanField):
        return _("Tick the box to confirm")
    if isinstance(field, forms.ChoiceField):
        return _("Select an answer")
    if isinstance(field, forms.EmailField):
        return _("Write an e-mail address")
    return _("Write an answer")


def dress(form: forms.BaseForm) -> forms.BaseForm:
    """Have a form made elsewhere (allauth's, say) drawn in GOV.UK markup.

    Called before the form is checked, it also puts plain words for Django's "field is required".
    """
    for field in form.fields.values():
        messages = field.error_messages
        if str(messages.get("required")) == str(forms.Field.default_error_messages["required"]):
            messages["required"] = _what_to_do(field)
    form.renderer = renderer
    form.bound_field_class = GovukBoundField
    form.label_suffix = ""
    form.use_required_attribute = False
    form._bound_fields_cache = {}  # type: ignore[attr-defined]
    return form
