"""Two answers to one page, of two windows or two people: both are shown and both kept (WF-04)."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from accounts.http import SignedInRequest
from referrals import workflow
from referrals.answers import Answers, in_words
from referrals.forms import QuestionsForm, to_store
from referrals.questions import Question
from referrals.steps import Step
from ui.text import showable

NOT_ANSWERS = {"csrfmiddlewaretoken", "seen", "was", "later", "mine"}
CONFLICT = 409


@dataclass(frozen=True)
class Clash:
    """One question of which two answers exist."""

    question: Question
    saved: list[str]
    mine: list[str]


def clashes_of(answers: Answers, form: QuestionsForm, kept: dict[str, Any]) -> list[Clash]:
    """The questions of which what was typed is not what is stored."""
    found = []
    for question in form.questions:
        value = answers.get(question.name)
        if question.name in kept and kept[question.name] == to_store(question, value):
            continue
        mine = (
            _words(question, kept[question.name])
            if question.name in kept
            else _flat(form.typed(question))
        )
        found.append(Clash(question, _words(question, value), mine))
    return found


def _words(question: Question, value: Any) -> list[str]:
    return [] if value in ("", None, [], {}) else in_words(question, value)


def _flat(typed: Any) -> list[str]:
    """Whatever a widget read, as the lines that were typed."""
    if isinstance(typed, dict):
        return [line for part in typed.values() for line in _flat(part)]
    if isinstance(typed, (list, tuple)):
        return [line for part in typed for line in _flat(part)]
    return [showable(str(typed))] if typed not in ("", None, False) else []


def typed_again(request: SignedInRequest) -> list[tuple[str, str]]:
    """The form as it was sent, to be sent once more with the version that is saved now."""
    return [
        (name, showable(value))
        for name, values in request.POST.lists()
        if name not in NOT_ANSWERS
        for value in values
    ]


def keep(
    request: SignedInRequest,
    answers: Answers,
    page: Step,
    form: QuestionsForm,
    kept: dict[str, Any],
) -> None:
    """Keep what lost the race with the case, unreadable answers as they were typed."""
    unread = {q.name: _flat(form.typed(q)) for q in form.questions if q.name not in kept}
    workflow.keep_text(
        answers.referral, page, {**kept, **unread}, by=request.user, now=timezone.now()
    )
