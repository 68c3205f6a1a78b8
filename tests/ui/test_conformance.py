"""Our fields against GOV.UK Frontend's own examples: same elements, classes, ids and links.

Ids of hints and errors are Django's; names, ``autocomplete`` and sizes of text boxes are ours.
Every example of a component that we draw is either compared or stands in ``conformance.yaml`` with
the reason why we do not ask so. What pages write out by hand is held to the same examples by its
elements and classes.
"""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from django import forms
from django.forms.utils import ErrorDict
from django.template import Context, Template

from ui import fields
from ui.forms import PageForm

ROOT = Path(__file__).parent.parent.parent
FIXTURES = json.loads((ROOT / "tests" / "vendor" / "govuk-fixtures.json").read_text())
# Example options that we can say in a field of ours; an example with any other is left out.
LABEL = {"text", "classes", "isPageHeading"}
ITEM = {"value", "text", "hint", "checked", "selected", "conditional", "divider", "behaviour", "id"}
KNOWN = {
    "input": {
        "id", "name", "label", "hint", "errorMessage", "value", "classes", "type", "autocomplete",
        "spellcheck",
    },
    "textarea": {
        "id", "name", "label", "hint", "errorMessage", "value", "rows", "autocomplete",
        "spellcheck",
    },
    "character-count": {
        "id", "name", "label", "hint", "errorMessage", "value", "maxlength", "threshold", "rows",
        "spellcheck",
    },
    "radios": {"idPrefix", "name", "fieldset", "hint", "errorMessage", "items", "value"},
    "checkboxes": {"idPrefix", "name", "fieldset", "hint", "errorMessage", "items", "values"},
    "select": {"id", "name", "label", "hint", "errorMessage", "items", "value"},
    "date-input": {"id", "fieldset", "hint", "errorMessage", "day", "month", "year", "values"},
    "file-upload": {"id", "name", "label", "hint", "errorMessage"},
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


class NotOursError(Exception):
    """We would not ask so; its words say why."""


def heading(options: dict[str, Any]) -> str:
    """How large the label is, in our words."""
    classes = options.get("classes", "")
    if options.get("isPageHeading"):
        if not classes.endswith("--l"):
            raise NotOursError("a question that heads its page is of size l with us")
        return "h1"
    found = re.fullmatch(r"|govuk-(?:label|fieldset__legend)--([sml])", classes)
    if found is None:
        raise NotOursError("labels are of size s, m or l with us, without classes of their own")
    return found[1] or ""


def only(options: dict[str, Any], known: set[str], what: str = "") -> None:
    """Refuse an example that asks for what no field of ours has."""
    if other := sorted(set(options) - known):
        raise NotOursError(f"not asked for by us: {', '.join(what + each for each in other)}")


def ours(component: str, options: dict[str, Any]) -> PageForm:
    """A form with the one field that the example asks for.

    Raises:
        NotOursError: we would not ask so.
    """
    only(options, KNOWN[component])
    label = options.get("label") or (options.get("fieldset") or {}).get("legend") or {}
    only(label, LABEL, "label.")
    if "text" not in label:
        raise NotOursError("every field of ours has a label in words")
    size = heading(label)
    only(options.get("fieldset", {}), {"legend"}, "fieldset.")
    hint, error = options.get("hint") or {}, options.get("errorMessage") or {}
    only(hint, {"text"}, "hint.")
    only(error, {"text"}, "errorMessage.")
    items = [item for item in options.get("items", []) if item]
    for item in items:
        only(item, ITEM, "item.")
        only(item.get("hint") or {}, {"text"}, "item.hint.")
    name = str(options.get("idPrefix") or options.get("id") or options.get("name"))
    named = {"label": label["text"], "help_text": hint.get("text", ""), "required": False}
    reveals: dict[str, dict[str, list[str]]] = {}
    asked: dict[str, forms.Field] = {}
    if component in {"radios", "checkboxes", "select"}:
        initial = _choices(component, name, items, named, asked, reveals)
        if any(given in options for given in ("value", "values")):
            if initial:
                raise NotOursError("what is chosen is said once with us, and not for each choice")
            initial = options.get("value", options.get("values"))
    else:
        initial = _typed(component, name, options, named, asked)
    form: PageForm = type("Asked", (PageForm,), asked)(initial={name: initial}, auto_id="%s")
    form.reveals, form.headings = reveals, {name: size}
    faulty = [part for part in DAY_PARTS if (options.get(part) or {}).get("error")]
    if component == "date-input" and bool(error) != bool(faulty):
        raise NotOursError("an error of ours marks the boxes it is about")
    if len(faulty) == 2:
        raise NotOursError("an error of ours is about one box or all of them")
    if error:
        form.cleaned_data, form._errors = {}, ErrorDict()
        params = {"part": faulty[0]} if len(faulty) == 1 else None
        form.add_error(name, forms.ValidationError(error["text"], params=params))
    return form


DAY_PARTS = ("day", "month", "year")


def _typed(
    component: str,
    name: str,
    options: dict[str, Any],
    named: dict[str, Any],
    asked: dict[str, forms.Field],
) -> Any:
    """Put the field into ``asked``; what it holds at first."""
    if component == "input":
        width = re.fullmatch(r"govuk-input--width-(\d+)|", options.get("classes", ""))
        if width is None:
            raise NotOursError("a box of ours has a width in characters, and no other class")
        asked[name] = fields.TextField(
            width=width[1] or "", input_type=options.get("type", "text"), **named
        )
    elif component == "textarea":
        asked[name] = forms.CharField(widget=forms.Textarea, **named)
    elif component == "file-upload":
        asked[name] = forms.FileField(**named)
    elif component == "character-count":
        if "maxlength" not in options:
            raise NotOursError("we count characters, not words")
        asked[name] = fields.LongField(max_length=int(options["maxlength"]), **named)
    else:
        values = {part: (options.get(part) or {}) for part in DAY_PARTS}
        for value in values.values():
            only(value, {"value", "error"}, "part.")
        asked[name] = fields.DayField(**named)
        given = options.get("values", {})
        return {part: value.get("value", given.get(part)) for part, value in values.items()}
    return options.get("value")


def _choices(
    component: str,
    name: str,
    items: list[dict[str, Any]],
    named: dict[str, Any],
    asked: dict[str, forms.Field],
    reveals: dict[str, dict[str, list[str]]],
) -> Any:
    dividers = [number for number, item in enumerate(items) if "divider" in item]
    if dividers not in ([], [len(items) - 2]):
        raise NotOursError("a divider of ours stands before the last choice")
    if any("id" in item for item in items):
        raise NotOursError("ids of choices are Django's")
    rows = [item for item in items if "divider" not in item]
    choices = [(str(row.get("value", "")), row.get("text")) for row in rows]
    if not rows or any(not text or not value for value, text in choices):
        raise NotOursError("every choice of ours has words and a value")
    picked = [str(row["value"]) for row in rows if row.get("checked") or row.get("selected")]
    if component == "select":
        asked[name] = forms.ChoiceField(choices=choices, **named)
        return picked[0] if picked else None
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
        return picked[0] if picked else None
    exclusive = [str(row["value"]) for row in rows if row.get("behaviour") == "exclusive"]
    asked[name] = fields.MultiField(exclusive=exclusive, **more, **named)
    return picked


# --- Pieces of a field, drawn around a box of its own ------------------------------------------
PIECES = {"label": {"text", "for", "classes", "isPageHeading"}, "hint": {"text", "id"}}
PIECES |= {"error-message": {"text", "id"}, "fieldset": {"legend", "role"}}
PIECES |= {"error-summary": {"titleText", "errorList"}}


def piece(component: str, options: dict[str, Any]) -> list[str]:
    """The lines of the piece as we draw it."""
    only(options, PIECES[component])
    if component == "error-summary":
        return _summary(options)
    said = options.get("legend", options)
    only(said, PIECES["label"] | {"id", "legend"}, "legend." if "legend" in options else "")
    if "text" not in said:
        raise NotOursError("nothing of ours is without words")
    text = said["text"]
    if component == "hint" and re.search(r"<\w", text):
        raise NotOursError("a hint of ours may hold a link, so its marks are not escaped")
    name = str(options.get("for", "box"))
    field: forms.Field = fields.TextField(label="Label", required=False)
    if component == "hint":
        field = fields.TextField(label="Label", help_text=text, required=False)
    elif component == "label":
        field = fields.TextField(label=text, required=False)
    elif component == "fieldset":
        field = fields.ChoiceField(label=text, choices=[("y", "Yes")], required=False)
        if "role" in options:
            field = fields.DayField(label=text, required=False)
    form = type("Asked", (PageForm,), {name: field})(auto_id="%s")
    if component in {"label", "fieldset"}:
        form.headings = {name: heading(said)}
    if component == "error-message":
        form.cleaned_data, form._errors = {}, ErrorDict()
        form.add_error(name, text)
    found = Tree(str(form)).lines
    opening = {"label": "(h1|label)", "hint": "div .*govuk-hint", "error-message": "p "}
    first = next(
        number
        for number, line in enumerate(found)
        if re.match(rf" *{opening.get(component, 'fieldset')}", line)
    )
    depth = len(found[first]) - len(found[first].lstrip())
    inside = [line for line in found[first + 1 :] if not line.startswith(" " * (depth + 2))]
    end = found.index(inside[0], first + 1) if inside else len(found)
    lines = [line[depth:] for line in found[first:end]]
    if component == "fieldset":  # what stands in it is another component
        ends = [n for n, line in enumerate(lines) if line.startswith("  div")]
        lines = lines[: ends[0]] if ends else lines
    return [bare(line) for line in lines]


def bare(line: str) -> str:
    """A line without what ties the piece to its box."""
    return re.sub(r"(, )?\('(id|for)', '[^']*'\)", "", line)


def _summary(options: dict[str, Any]) -> list[str]:
    listed = options.get("errorList") or []
    if not listed or options.get("titleText") != "There is a problem":
        raise NotOursError("ours counts what is to be put right, and has always something to list")
    for each in listed:
        only(each, {"text", "href"}, "error.")
    if any("href" not in each or "text" not in each for each in listed):
        raise NotOursError("every error of ours leads to its box, in words")
    places = [each["href"].removeprefix("#") for each in listed]
    asked = {p: fields.TextField(missing=e["text"]) for p, e in zip(places, listed, strict=True)}
    form = type("Asked", (PageForm,), asked)({}, auto_id="%s")
    html = Template("{% load ui %}{% error_summary form %}").render(Context({"form": form}))
    return Tree(re.sub(r"(One|Two) things? to put right", "There is a problem", html)).lines


def wanted(component: str, html: str) -> list[str]:
    lines = Tree(html).lines
    if component in {"error-summary", *KNOWN}:
        return lines
    return [bare(line) for line in lines]


def drawn(component: str, options: dict[str, Any]) -> list[str]:
    if component in PIECES:
        return piece(component, options)
    return Tree(str(ours(component, options))).lines


# --- The table ---------------------------------------------------------------------------------
TABLE = Path(__file__).parent / "conformance.yaml"
BY_HAND = sorted(set(FIXTURES) - set(KNOWN) - set(PIECES))


def tabled() -> dict[str, Any]:
    """Each component with how many examples are compared and why the others are not."""
    table: dict[str, Any] = {}
    for component in sorted({**KNOWN, **PIECES}):
        reasons: dict[str, str] = {}
        for each in FIXTURES[component]:
            try:
                drawn(component, each["options"])
            except NotOursError as reason:
                reasons[each["name"]] = str(reason)
        held = len(FIXTURES[component]) - len(reasons)
        table[component] = {"examples": len(FIXTURES[component]), "compared": held}
        table[component]["do not apply"] = reasons
    for component in BY_HAND:
        table[component] = {"examples": len(FIXTURES[component]), "written by hand": True}
    return table


def write_table() -> None:
    """From ``manage.py shell``, when another version of GOV.UK Frontend has come."""
    head = "# GOV.UK Frontend's own examples. Written and held by tests/ui/test_conformance.py.\n"
    dumped = yaml.safe_dump(tabled(), sort_keys=False, allow_unicode=True, width=100)
    TABLE.write_text(head + dumped)


def applies(component: str, options: dict[str, Any]) -> bool:
    try:
        drawn(component, options)
    except NotOursError:
        return False
    return True


CASES = [
    pytest.param(component, each, id=f"{component}: {each['name']}")
    for component in (*KNOWN, *PIECES)
    for each in FIXTURES[component]
    if applies(component, each["options"])
]


@pytest.mark.parametrize(("component", "example"), CASES)
def test_a_field_is_drawn_as_govuk_draws_it(component, example):
    assert drawn(component, example["options"]) == wanted(component, example["html"])


def test_every_example_is_compared_or_stands_in_the_table_with_its_reason():
    """The table says: of so many examples, so many are compared, and why each other is not."""
    assert yaml.safe_load(TABLE.read_text()) == tabled()
    assert len(CASES) >= 90


# --- What pages write out by hand --------------------------------------------------------------
PAGES = [
    page for page in (ROOT / "templates").rglob("*.html") if "allauth/layouts" not in str(page)
]
TAG = re.compile(r"<(\w+)\b([^>]*)>")
CLASSES = re.compile(r'class="([^"]*)"')
WHOLE = re.compile(r"govuk-.*[^-]")  # not the beginning of a class that a page puts together
OURS_TOO = {  # a component's class on another element than GOV.UK's, each with the reason
    ("footer", "govuk-footer"): "the landmark itself, without a wrapper around it",
    ("a", "govuk-button--secondary"): "a link that looks like the second button",
    ("h2", "govuk-fieldset__heading"): "a question on a page that has a heading of its own",
}


def elements(html: str) -> Iterator[tuple[str, str]]:
    for tag, attributes in TAG.findall(re.sub(r"{%.*?%}|{{.*?}}", " ", html)):
        for found in CLASSES.findall(attributes):
            yield from ((tag, each) for each in found.split() if WHOLE.fullmatch(each))


def component_of(name: str) -> str:
    return re.sub(r"(__|--).*", "", name).removeprefix("govuk-")


def test_what_pages_write_by_hand_is_on_the_elements_that_govuk_has_it_on():
    known = {pair for each in FIXTURES.values() for one in each for pair in elements(one["html"])}
    strange = {
        (page.name, *pair)
        for page in PAGES
        for pair in elements(page.read_text())
        if component_of(pair[1]) in FIXTURES and pair not in known
    }
    assert {each for each in strange if each[1:] not in OURS_TOO} == set()


def test_every_class_on_a_page_is_in_the_style():
    style = (ROOT / "static/vendor/govuk-frontend/govuk-frontend.min.css").read_text()
    styled = {each.replace("\\", "") for each in re.findall(r"\.(govuk-[\w\\!-]+)", style)}
    # Some carry no style of their own: the scripts look for them.
    marks = {
        name for each in FIXTURES.values() for one in each for _, name in elements(one["html"])
    }
    used = {name for page in PAGES for _tag, name in elements(page.read_text())}
    assert used - styled - marks == set()
