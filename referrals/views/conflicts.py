"""Two answers to one page, of two windows or two people: both are shown and both kept (WF-04)."""

from typing import Any

from django.utils import timezone

from accounts.http import SignedInRequest
from referrals import workflow
from referrals.answers import Answers, in_words
from referrals.forms import QuestionsForm, to_store
from referrals.questions import Kind, Question
from referrals.steps import Step
from ui.clashes import CHOICE, SAVED, Clash, chosen
from ui.text import showable


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
        found.append(
            Clash(
                question.name,
                question.text,
                _words(question, value),
                mine,
                long=question.kind is Kind.LONG,
                readable=question.name in kept,
            )
        )
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


def merged(
    request: SignedInRequest, answers: Answers, form: QuestionsForm, kept: dict[str, Any]
) -> dict[str, Any]:
    """What is to be stored once somebody has chosen for each question of a clash.

    A question without a choice was the same in both; an unreadable answer leaves what is saved.
    """
    return {
        question.name: chosen(
            request,
            question.name,
            saved=answers.get(question.name),
            mine=kept[question.name],
            long=question.kind is Kind.LONG,
        )
        for question in form.questions
        if question.name in kept and request.POST.get(f"{CHOICE}{question.name}") != SAVED
    }
