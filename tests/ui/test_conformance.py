"""Our fields against GOV.UK Frontend's own examples: same elements, classes, ids and links.

Ids of hints and errors are Django's; names, ``autocomplete`` and sizes of text boxes are ours.
"""

import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.forms.utils import ErrorDict
from django.template import Context, Template

from ui import fields
from ui.forms import PageForm

FIXTURES = json.loads((Path(__file__).parent.parent / "vendor" / "govuk-fixtures.json").read_text())
# Example options that we can say in a field of ours; an example with any other is left out.
LABEL = {"text", "classes", "isPageHeading"}
ITEM = {"value", "text", "hint", "checked", "selected", "conditional", "divider", "behaviour", "id"}
KNOWN = {
    "input": {"id", "name", "label", "hint", "errorMessage", "value", "classes"},
    "textarea": {"id", "name", "label", "hint", "errorMessage", "value"},
    "character-count": {
        "id", "name", "label", "hint", "errorMessage", "value", "maxlength", "threshold",
    },
    "radios": {"idPrefix", "name", "fieldset", "hint", "errorMessage", "items"},
    "checkboxes": {"idPrefix", "name", "fieldset", "hint", "errorMessage", "items"},
    "select": {"id", "name", "label", "hint", "errorMessage", "items"},
    "date-input": {"id", "fieldset", "hint", "errorMessage", "day", "month", "year"},
}  # fmt: skip
COMPARED = {
    "id", "for", "class", "type", "value", "checked", "aria-describedby", "data-module", "role",
    "data-maxlength", "data-aria-controls", "data-behaviour", "inputmode", "href",
}  # fmt: skip
VOID = {"input"}


class Tree(HTMLParser):
    """Elements as lines, each with what must agree; what stands in a conditional part left out."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.depth, self.closed_at = 0, 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self.closed_at:
            got = {key: value or "" for key, value in attrs if key in COMPARED}
            got = {
                key: self.plain(key, value)
                for key, value in got.items()
                if value or key == "checked"
            }
            self.lines.append(f"{'  ' * self.depth}{tag} {sorted(got.items())}")
        if tag not in VOID:
            self.depth += 1
            if "__conditional" in (dict(attrs).get("class") or "") and not self.closed_at:
                self.closed_at = self.depth

    def handle_endtag(self, tag: str) -> None:
        if self.depth == self.closed_at:
            self.closed_at = 0
        self.depth -= 1

    def handle_data(self, data: str) -> None:
        if data.strip() and not self.closed_at:
            words = " ".join(data.split()).replace("can enter up to", "can write up to")
            self.lines.append(f"{'  ' * self.depth}“{words}”")

    @staticmethod
    def plain(key: str, value: str) -> str:
        value = re.sub(r"_(error|day|month|year)\b", r"-\1", value.replace("_helptext", "-hint"))
        if key in {"class", "aria-describedby"}:
            value = " ".join(sorted(value.split()))
        return value


def heading(options: dict[str, Any]) -> str | None:
    """How large the label is, in our words; None where we have no word for it."""
    classes = options.get("classes", "")
    if options.get("isPageHeading"):
        return "h1" if classes.endswith("--l") else None
    found = re.fullmatch(r"|govuk-(?:label|fieldset__legend)--([sml])", classes)
    return None if found is None else found[1] or ""


def ours(component: str, options: dict[str, Any]) -> PageForm | None:
    """A form with the one field that the example asks for; None where we would not ask so."""
    if set(options) - KNOWN[component]:
        return None
    label = options.get("label") or (options.get("fieldset") or {}).get("legend") or {}
    if set(label) - LABEL or "text" not in label or heading(label) is None:
        return None
    if set(options.get("fieldset", {})) - {"legend"}:
        return None
    hint, error = options.get("hint") or {}, options.get("errorMessage") or {}
    if set(hint) - {"text"} or set(error) - {"text"}:
        return None
    items = [item for item in options.get("items", []) if item]
    if any(set(item) - ITEM or set(item.get("hint") or {}) - {"text"} for item in items):
        return None
    name = str(options.get("idPrefix") or options.get("id") or options.get("name"))
    asked: dict[str, forms.Field] = {}
    named = {"label": label["text"], "help_text": hint.get("text", ""), "required": False}
    initial: Any = options.get("value")
    reveals: dict[str, dict[str, list[str]]] = {}
    if component == "input":
        width = re.fullmatch(r"govuk-input--width-(\d+)|", options.get("classes", ""))
        if width is None:
            return None
        asked[name] = fields.TextField(width=width[1] or "", **named)
    elif component == "textarea":
        asked[name] = forms.CharField(widget=forms.Textarea, **named)
    elif component == "character-count":
        if "maxlength" not in options:
            return None
        asked[name] = fields.LongField(max_length=int(options["maxlength"]), **named)
    elif component == "date-input":
        parts = ("day", "month", "year")
        values = {part: (options.get(part) or {}) for part in parts}
        if any(set(value) - {"value", "error"} for value in values.values()):
            return None
        asked[name] = fields.DayField(**named)
        initial = {part: value.get("value") for part, value in values.items()}
    else:
        dividers = [number for number, item in enumerate(items) if "divider" in item]
        if dividers not in ([], [len(items) - 2]) or any("id" in item for item in items):
            return None
        rows = [item for item in items if "divider" not in item]
        choices = [(str(row.get("value", "")), row.get("text")) for row in rows]
        if not rows or any(not text or not value for value, text in choices):
            return None
        picked = [str(row["value"]) for row in rows if row.get("checked") or row.get("selected")]
        if component == "select":
            asked[name] = forms.ChoiceField(choices=choices, **named)
            initial = picked[0] if picked else None
        else:
            more: dict[str, Any] = {
                "choices": choices,
                "hints": {row["value"]: row["hint"]["text"] for row in rows if row.get("hint")},
                "divider": items[dividers[0]]["divider"] if dividers else "",
            }
            for row in rows:
                if row.get("conditional", {}).get("html"):
                    inside = f"inside-{len(asked)}"
                    asked[inside] = fields.TextField(required=False)
                    reveals.setdefault(name, {})[str(row["value"])] = [inside]
            if component == "radios":
                asked[name] = fields.ChoiceField(**more, **named)
                initial = picked[0] if picked else None
            else:
                exclusive = [str(r["value"]) for r in rows if r.get("behaviour") == "exclusive"]
                asked[name] = fields.MultiField(exclusive=exclusive, **more, **named)
                initial = picked
    form = type("Asked", (PageForm,), asked)(initial={name: initial}, auto_id="%s")
    form.reveals, form.headings = reveals, {name: heading(label) or ""}
    if error:
        form.cleaned_data, form._errors = {}, ErrorDict()
        faulty = [
            part for part in ("day", "month", "year") if (options.get(part) or {}).get("error")
        ]
        params = {"part": faulty[0]} if len(faulty) == 1 else None
        form.add_error(name, forms.ValidationError(error["text"], params=params))
        return form if len(faulty) in (0, 1, 3) and (faulty or component != "date-input") else None
    parts_in_error = any((options.get(p) or {}).get("error") for p in ("day", "month", "year"))
    return None if parts_in_error else form


CASES = [
    pytest.param(component, each, id=f"{component}: {each['name']}")
    for component in KNOWN
    for each in FIXTURES[component]
    if ours(component, each["options"])
]


@pytest.mark.parametrize(("component", "example"), CASES)
def test_a_field_is_drawn_as_govuk_draws_it(component, example):
    form = ours(component, example["options"])
    assert form
    assert Tree(str(form)).lines == Tree(example["html"]).lines


def test_enough_examples_are_held_to():
    counts = Counter(case.values[0] for case in CASES)
    assert counts["radios"] >= 5
    assert len(CASES) >= 40, counts


def test_the_error_summary_is_drawn_as_govuk_draws_it():
    example = next(e for e in FIXTURES["error-summary"] if e["name"] == "default")
    sentences = [error["text"] for error in example["options"]["errorList"]]
    asked = {f"example-error-{n}": fields.TextField(missing=s) for n, s in enumerate(sentences, 1)}
    form = type("Asked", (PageForm,), asked)({}, auto_id="%s")
    html = Template("{% load ui %}{% error_summary form %}").render(Context({"form": form}))
    expected = example["html"].replace("There is a problem", "Two things to put right")
    assert Tree(html).lines == Tree(expected).lines
