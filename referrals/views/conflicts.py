"""Two answers to one page, of two windows or two people: both are shown and both kept (WF-04)."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from accounts.http import SignedInRequest
from referrals import workflow
from referrals.answers import Answers, in_words
from referrals.forms import QuestionsForm, to_store
from referrals.questions import Kind, Question, Words
from referrals.steps import Step
from ui.text import showable

NOT_ANSWERS = {"csrfmiddlewaretoken", "seen", "was", "later", "decide", "mine", "merge"}
CHOICE = "choose_"
"""Begins the name of the input that says which answer to a question is kept."""
SAVED, MINE, BOTH = "saved", "mine", "both"
CONFLICT = 409


def seen_version(request: SignedInRequest) -> int:
    """The version that the page was opened with; nonsense counts as one that never was."""
    said = request.POST.get("seen", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 9 else 0


@dataclass(frozen=True)
class Clash:
    """One question of which two answers exist.

    ``long`` answers can be kept both, one under the other; one that is not ``readable`` (31
    February) cannot be stored as it was typed. ``choice`` is what is chosen before anybody chooses.
    """

    name: str
    text: Words
    saved: list[str]
    mine: list[str]
    long: bool = False
    readable: bool = True

    @property
    def choice(self) -> str:
        if not self.readable or not self.mine:
            return SAVED
        if not self.saved:
            return MINE
        saved, mine = "\n".join(self.saved), "\n".join(self.mine)
        if not self.long or mine in saved:  # a window that only held what stood there before
            return SAVED
        return MINE if saved in mine else BOTH


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


def typed_again(request: SignedInRequest) -> list[tuple[str, str]]:
    """The form as it was sent, to be sent once more with the version that is saved now."""
    return [
        (name, showable(value))
        for name, values in request.POST.lists()
        if name not in NOT_ANSWERS and not name.startswith(CHOICE)
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


def merged(
    request: SignedInRequest, answers: Answers, form: QuestionsForm, kept: dict[str, Any]
) -> dict[str, Any]:
    """What is to be stored once somebody has chosen for each question of a clash.

    A question without a choice was the same in both; an unreadable answer leaves what is saved.
    """
    changes: dict[str, Any] = {}
    for question in form.questions:
        if question.name not in kept:
            continue
        mine, saved = kept[question.name], answers.get(question.name)
        match request.POST.get(CHOICE + question.name):
            case "saved":
                continue
            case "both" if question.kind is Kind.LONG:
                changes[question.name] = one_under_the_other(str(saved), str(mine))
            case _:
                changes[question.name] = mine
    return changes


def one_under_the_other(saved: str, mine: str) -> str:
    return "\n\n".join(part for part in (saved, mine) if part)
