"""Which clauses of the guidance a question of the wizard rests on, by the question's code."""

from collections.abc import Iterable, Iterator

from django.utils.translation import gettext_lazy as _

from clauses.register import Dependant
from referrals.questions import QUESTIONS, Question

RESTS_ON = {
    "G1": ("NCS-3",),
    "G2": ("NCS-3",),
    "G3": ("NCS-3",),
    "G4": ("NCS-4", "NCS-5"),
    "N6": ("NCS-7", "NCS-8", "NCS-31"),
    "N7": ("NCS-31",),
    "N8": ("NCS-12", "RSK-37"),
    "N9": ("NCS-11", "RSK-24"),
    "N10": ("NCS-11",),
    "W1": ("NCS-15",),
    "W2": ("RSK-32", "RSK-33"),
    "W3": ("RSK-34",),
    "W4": ("NCS-10", "RSK-12"),
    "W5": ("NCS-14", "RSK-9"),
    "W7": ("NCS-15",),
    "P11": ("RSK-37",),
    "P14": ("RSK-36", "RSK-37"),
    "C1": ("NCS-13",),
    "C3": ("NCS-17",),
    "C4": ("NCS-14",),
    "C5": ("NCS-12", "RSK-37"),
    "C6": ("NCS-14",),
    "C7": ("RSK-28",),
    "C8": ("RSK-33",),
    "C9": ("NCS-18", "NCS-25", "NCS-26"),
    "C11": ("NCS-29",),
    "C14": ("NCS-17",),
    "C15": ("NCS-26", "NCS-36"),
    "C16": ("NCS-37",),
    "C17": ("NCS-19",),
    "C18": ("NCS-32",),
    "R1": ("NCS-15", "NCS-19"),
    "S6": ("RSK-10",),
    "S7": ("RSK-11",),
    "S9": ("NCS-21",),
    "S11": ("NCS-22",),
}


def codes_for(questions: Iterable[Question]) -> list[str]:
    """The clauses that a page of questions rests on, each once."""
    return list(dict.fromkeys(code for q in questions for code in RESTS_ON.get(q.code, ())))


def dependants() -> Iterator[Dependant]:
    seen: set[str] = set()
    for question in QUESTIONS:
        if question.code in RESTS_ON and question.code not in seen:  # follow-ups share a code
            seen.add(question.code)
            yield Dependant(
                question.code,
                question.short,
                _("Question of the wizard"),
                RESTS_ON[question.code],
            )
