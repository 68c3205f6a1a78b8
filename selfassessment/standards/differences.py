"""What is different between two versions of the standards, in words."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from selfassessment.standards.reading import SetText, StandardText
from selfassessment.terms import POINTS, FormType, Weight
from ui.difference import Line, between

Kind = Literal["added", "removed", "meaning", "wording"]

LABELS: dict[str, str | Promise] = {
    "title": gettext_lazy("Title"),
    "text": gettext_lazy("Standard"),
    "weight": gettext_lazy("Must or should"),
    "critical": gettext_lazy("Critical"),
    "short_form": gettext_lazy("In the short form"),
    "should_if_unspecified": gettext_lazy("A should for those who are not specified authorities"),
    "applies_to": gettext_lazy("Applies to"),
    "evidence": gettext_lazy("Evidence"),
    "basis": gettext_lazy("Basis"),
    "clauses": gettext_lazy("Clauses of the guidance"),
}
WHAT_IS_ASKED = ("weight", "critical", "short_form", "should_if_unspecified", "applies_to")
IN_WORDS = ("text", "levels")  # a change of meaning from one year's set to the next


@dataclass(frozen=True)
class Part:
    """One field of a standard: what stayed, came and went in it."""

    label: str | Promise
    lines: list[Line]


@dataclass(frozen=True)
class Difference:
    """What became of one standard."""

    code: str
    title: str
    kind: Kind
    parts: tuple[Part, ...] = ()

    @property
    def in_words(self) -> str:
        """``LG1 Senior accountable lead: wording made clearer (Title, Developing)``."""
        said = {
            "added": _("added"),
            "removed": _("taken out"),
            "meaning": _("meaning changed, so it is not compared with earlier years"),
            "wording": _("wording made clearer"),
        }[self.kind]
        where = ", ".join(str(part.label) for part in self.parts)
        return f"{self.code} {self.title}: {said}" + (f" ({where})" if where else "")


def differences(before: SetText, after: SetText) -> list[Difference]:
    """Every standard that is not as it was, in the order of the later set; those gone come last."""
    was, now = before.by_code, after.by_code
    found: list[Difference] = []
    for code, standard in now.items():
        if code not in was:
            found.append(Difference(code, standard.title, "added"))
        elif parts := tuple(_parts(was[code], standard)):
            kind = _kind(was[code], standard, same_major=before.major == after.major)
            found.append(Difference(code, standard.title, kind, parts))
    gone = [standard for code, standard in was.items() if code not in now]
    return found + [Difference(one.code, one.title, "removed") for one in gone]


def changed_meaning(before: SetText, after: SetText) -> set[str]:
    """Codes of both whose answers cannot be compared."""
    return {one.code for one in differences(before, after) if one.kind == "meaning"}


def _kind(was: StandardText, now: StandardText, *, same_major: bool) -> Kind:
    """A minor version only makes clearer; else a change of what is asked, or of whom, is one of
    meaning."""
    told = WHAT_IS_ASKED if same_major else WHAT_IS_ASKED + IN_WORDS
    return (
        "meaning" if any(getattr(was, name) != getattr(now, name) for name in told) else "wording"
    )


def _parts(was: StandardText, now: StandardText) -> Iterator[Part]:
    for name, label in LABELS.items():
        if getattr(was, name) != getattr(now, name):
            yield Part(label, between(_lines(was, name), _lines(now, name)))
        if name == "text":
            for level, old, new in zip(POINTS, was.levels, now.levels, strict=True):
                if old != new:
                    yield Part(level.label, between([old], [new]))


def _lines(standard: StandardText, name: str) -> list[str]:
    value: Any = getattr(standard, name)
    if isinstance(value, bool):
        return [_("Yes") if value else _("No")]
    if name == "weight":
        return [str(Weight(value).label)]
    if name == "applies_to":
        return [str(FormType(code).label) for code in value]
    return list(value) if isinstance(value, tuple) else [value]
