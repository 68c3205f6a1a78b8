"""What the partnership's manager fills in while drafting the next standards."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from selfassessment.standards.models import Standard
from selfassessment.standards.reading import LEVELS, StandardText
from selfassessment.terms import FormType, Rating, Weight
from ui.fields import ChoiceField, LongField, MultiField, TextField
from ui.forms import PageForm

MARKS = {
    "critical": gettext_lazy("Critical: its absence puts people at risk, and caps scores"),
    "short_form": gettext_lazy("In the short form"),
    "should_if_unspecified": gettext_lazy(
        "A must for specified authorities only: others read should"
    ),
}


class BeginForm(PageForm):
    """Which version comes next."""

    version = ChoiceField(
        label=gettext_lazy("What will change?"),
        missing=gettext_lazy("Select what will change"),
    )
    headings = {"version": "s"}
    button = gettext_lazy("Begin a draft")

    def __init__(self, *args: Any, versions: tuple[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        minor, major = versions
        self.fields["version"].choices = [  # type: ignore[attr-defined]
            (minor, gettext_lazy("Only wording: %(version)s") % {"version": minor}),
            (major, gettext_lazy("What is asked: %(version)s") % {"version": major}),
        ]


class BringInForm(PageForm):
    upload = forms.FileField(
        label=gettext_lazy("The file"),
        help_text=gettext_lazy("YAML or Excel (.xlsx), as you can download them here."),
        error_messages={"required": gettext_lazy("Choose the file")},
        widget=forms.FileInput(
            attrs={"accept": ".yaml,.yml,.xlsx,.csv", "class": "govuk-file-upload"}
        ),
    )
    page_heading = False
    headings = {"upload": "s"}
    button = gettext_lazy("Put it in place of the draft")


class StandardForm(PageForm):
    """One standard of a draft, whole."""

    code = TextField(
        label=gettext_lazy("Code"),
        help_text=gettext_lazy("Its section and a number that was never used: LG6"),
        max_length=5,
        missing=gettext_lazy("Write a code"),
    )
    title = TextField(
        label=gettext_lazy("Title"), max_length=120, missing=gettext_lazy("Write a title")
    )
    text = LongField(
        rows=4,
        label=gettext_lazy("What is asked"),
        max_length=1000,
        missing=gettext_lazy("Write what is asked"),
    )
    weight = ChoiceField(
        label=gettext_lazy("Must or should?"),
        choices=Weight,
        hints={
            Weight.MUST: gettext_lazy("A legal requirement"),
            Weight.SHOULD: gettext_lazy("Expected practice"),
        },
        missing=gettext_lazy("Select must or should"),
    )
    marks = MultiField(label=gettext_lazy("It is"), choices=list(MARKS.items()), required=False)
    evidence = LongField(
        rows=4,
        label=gettext_lazy("Examples of evidence"),
        help_text=gettext_lazy("One to a line"),
        max_length=2000,
        missing=gettext_lazy("Write an example of evidence"),
    )
    applies_to = MultiField(
        label=gettext_lazy("Who is asked?"),
        choices=FormType,
        missing=gettext_lazy("Select who is asked"),
    )
    basis = LongField(
        rows=4,
        label=gettext_lazy("What it rests on"),
        help_text=gettext_lazy("One to a line. A tag such as [PDG23] stands for a known source."),
        max_length=2000,
        missing=gettext_lazy("Write what it rests on"),
    )
    clauses = TextField(
        label=gettext_lazy("Clauses of the guidance"),
        help_text=gettext_lazy("With spaces between them: NCS-3 NCS-4"),
        max_length=200,
        required=False,
    )
    page_heading = False
    button = gettext_lazy("Save")
    field_order = ("code", "title", "text", "weight", "marks", *LEVELS)

    def __init__(self, *args: Any, standard: Standard | None = None, **kwargs: Any) -> None:
        self.standard = standard
        if standard is not None:
            kwargs["initial"] = _initial(standard)
        super().__init__(*args, **kwargs)
        for level in LEVELS:
            self.fields[level] = LongField(
                rows=4,
                label=Rating(level).label,
                max_length=1000,
                missing=gettext_lazy("Write what this level looks like"),
            )
        if standard is not None:
            del self.fields["code"]
        self.order_fields(self.field_order)
        self.headings = dict.fromkeys(self.fields, "s")

    def written(self) -> StandardText:
        """The standard as it was filled in; call it on a valid form."""
        said = self.cleaned_data
        return StandardText(
            code=self.standard.code if self.standard else said["code"].strip().upper(),
            title=said["title"],
            text=_one_line(said["text"]),
            weight=said["weight"],
            levels=tuple(_one_line(said[level]) for level in LEVELS),
            evidence=_lines(said["evidence"]),
            applies_to=tuple(said["applies_to"]),
            basis=_lines(said["basis"]),
            clauses=tuple(dict.fromkeys(said["clauses"].upper().split())),
            **{mark: mark in said["marks"] for mark in MARKS},
        )


def _initial(standard: Standard) -> dict[str, Any]:
    return {
        "title": standard.title,
        "text": standard.text,
        "weight": standard.weight,
        "marks": [mark for mark in MARKS if getattr(standard, mark)],
        **{level: getattr(standard, f"level_{level}") for level in LEVELS},
        "evidence": "\n".join(standard.evidence),
        "applies_to": standard.applies_to,
        "basis": "\n".join(standard.basis),
        "clauses": " ".join(standard.clauses),
    }


def _one_line(words: str) -> str:
    return " ".join(words.split())


def _lines(words: str) -> tuple[str, ...]:
    return tuple(line for each in words.splitlines() if (line := _one_line(each)))
