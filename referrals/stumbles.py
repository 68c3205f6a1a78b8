"""Counts what stops people in the wizard, so that its words can be made better (row W30)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F, Sum

from referrals.models import PageSave, Referral, Stumble
from referrals.questions import BY_NAME
from referrals.steps import STEP, Step

HIDDEN_BELOW = 5
"""Fewer are not told: in a small place they would be somebody's."""
SHOWN_MONTHS = 12
KEPT_MONTHS = 24


@dataclass(frozen=True)
class Line:
    """A page or a question that stopped people; ``times`` is None where they were few."""

    page: str
    question: str
    times: int | None


def sent_back(page: Step, names: Iterable[str], *, today: date) -> None:
    """Count the questions of a page that came back with something wrong."""
    asked = {question.name for question in page.questions}
    for name in sorted(asked & set(names)):  # in one order: two at once never wait in a ring
        _count(page.name, name, today)


def left(referral: Referral, *, today: date) -> None:
    """Count a draft that nobody sent at the page that was saved last."""
    last = PageSave.objects.filter(referral=referral).order_by("-at", "-pk").first()
    if last is not None:
        _count(last.step, "", today)


def _count(step: str, question: str, today: date) -> None:
    which: dict[str, Any] = {"month": today.replace(day=1), "step": step, "question": question}
    if not Stumble.objects.filter(**which).update(times=F("times") + 1):
        Stumble.objects.get_or_create(**which)
        Stumble.objects.filter(**which).update(times=F("times") + 1)


def forget(today: date) -> None:
    """Drop what is too old to say anything of the pages as they are."""
    Stumble.objects.filter(month__lt=_months_before(today, KEPT_MONTHS)).delete()


def lines(today: date) -> tuple[list[Line], list[Line]]:
    """Questions sent back, and pages where drafts were left, in twelve months; most first."""
    since = _months_before(today, SHOWN_MONTHS - 1)
    found = Stumble.objects.filter(month__gte=since).values("step", "question")
    rows = found.annotate(sum=Sum("times")).order_by("-sum", "step", "question")
    refused: list[Line] = []
    gone: list[Line] = []
    for row in rows:
        if row["step"] not in STEP or (row["question"] and row["question"] not in BY_NAME):
            continue  # of a page that was taken away since
        question = str(BY_NAME[row["question"]].short) if row["question"] else ""
        times = row["sum"] if row["sum"] >= HIDDEN_BELOW else None
        line = Line(str(STEP[row["step"]].title), question, times)
        (refused if question else gone).append(line)
    return refused, gone


def _months_before(day: date, months: int) -> date:
    """The first day of the month so many months earlier."""
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)
