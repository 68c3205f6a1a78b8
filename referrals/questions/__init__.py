"""Every question of the record, once: code, words, choices, condition and who is asked.

The wizard, "check your answers", the lead's CHECK page, the case page, the PDF, the blank paper
form and the frozen submission all read this list; a question added here appears in all of them.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from referrals.questions import after, check, notice, person, share
from referrals.questions.base import (
    ADULT_FROM,
    BY_NAME,
    SECOND_OPINION_UP_TO,
    Asked,
    Kind,
    Need,
    Question,
    Words,
)

if TYPE_CHECKING:
    from referrals.answers import Answers

__all__ = [
    "ADULT_FROM",
    "BY_NAME",
    "QUESTIONS",
    "SECOND_OPINION_UP_TO",
    "Asked",
    "Kind",
    "Need",
    "Question",
    "Words",
    "asked",
    "named",
    "of_record",
]

QUESTIONS: tuple[Question, ...] = (
    *notice.QUESTIONS,
    *person.QUESTIONS,
    *check.QUESTIONS,
    *share.QUESTIONS,
    *after.QUESTIONS,
)
BY_NAME.update({question.name: question for question in QUESTIONS})
if len(BY_NAME) != len(QUESTIONS):
    raise RuntimeError("two questions share a name")


def named(*names: str) -> tuple[Question, ...]:
    return tuple(BY_NAME[name] for name in names)


def of_record(*records: str) -> tuple[Question, ...]:
    return tuple(question for question in QUESTIONS if question.record in records)


def asked(questions: Iterable[Question], answers: "Answers") -> Iterator[Question]:
    """Those questions that apply, given what has been answered."""
    return (question for question in questions if question.is_asked(answers))
