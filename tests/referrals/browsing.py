"""Pages as a browser without script sends them: the fields of each question, from its answer."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from guidance.readers import urgent
from referrals.answers import Answers
from referrals.models import PageSave, Referral
from referrals.questions import BY_NAME, Kind, Question
from referrals.steps import STEP, Step
from tests.referrals import cases

MOST_QUERIES = 15


@contextmanager
def at_most(queries: int) -> Iterator[None]:
    """That many, the notice not counted that is read once in half a minute."""
    urgent.in_force(timezone.now())
    with CaptureQueriesContext(connection) as caught:
        yield
    said = [query["sql"][:90] for query in caught.captured_queries]
    asked = [sql for sql in said if not sql.startswith(("SAVEPOINT", "RELEASE"))]
    assert len(asked) <= queries, "\n".join(asked)


def fields(question: Question, value: Any) -> dict[str, Any]:
    """What the browser sends for one answer."""
    name = question.name
    match question.kind:
        case Kind.DETAILS:
            words = {f"{name}_{choice}_words": said for choice, said in value.items()}
            return {name: list(value), **words}
        case Kind.APPROX | Kind.CONTACT:
            return {f"{name}_{part}": said for part, said in value.items() if said is not None}
        case Kind.ROWS:
            return {
                f"{name}_{number}_{column}": said
                for number, row in enumerate(value)
                for column, said in row.items()
            }
        case Kind.MOMENT:
            local = timezone.localtime(value) if isinstance(value, datetime) else value
            return {
                f"{name}_day": local.day,
                f"{name}_month": local.month,
                f"{name}_year": local.year,
                f"{name}_time": local.strftime("%H:%M"),
            }
        case Kind.PERSON:
            return {name: value.pk if isinstance(value, User) else value}
        case Kind.CONFIRM:
            return {name: "on"} if value == "yes" else {}
    return {name: value}


def page(step: Step | str, answers: dict[str, Any]) -> dict[str, Any]:
    """The fields of one page, for those of its questions that have an answer here."""
    step = STEP[step] if isinstance(step, str) else step
    if step.name == "files":
        return {"end": "all", "on": "1"}
    sent: dict[str, Any] = {}
    for question in step.questions:
        if question.name in answers:
            sent |= fields(question, answers[question.name])
    return sent


def seen(referral: Referral, step: str) -> int:
    save = PageSave.objects.filter(referral=referral, step=step).first()
    return save.version if save else 0


def url(referral: Referral, *parts: str) -> str:
    return "/".join(["/referrals", referral.key, *parts, ""])


def post_page(
    client: Client,
    referral: Referral,
    step: str,
    answers: dict[str, Any] | None = None,
    **more: Any,
) -> Any:
    """Send a page of the wizard as it was last drawn."""
    query = more.pop("query", "")
    data = {"seen": seen(referral, step), **page(step, answers or {}), **more}
    return client.post(url(referral, step) + query, data)


def draft_of(person: User) -> Referral:
    return Referral.objects.filter(created_by=person).latest("created_at")


def stored(referral: Referral, name: str) -> Any:
    assert name in BY_NAME
    return Answers(cases.fresh(referral)).get(name)


def words(response: Any) -> str:
    """A page, with every run of white space as one blank."""
    return re.sub(r"\s+", " ", response.content.decode())


def found(pattern: str, page: str) -> str:
    match = re.search(pattern, page)
    assert match, pattern
    return match[1]
