"""Who changed which answer and when, with what stood there before (row S29)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest
from accounts.models import User
from selfassessment.models import AnswerSave
from selfassessment.standards.models import Standard
from selfassessment.terms import Confidence, Rating
from selfassessment.views.common import desk

ONE_SITTING = timedelta(minutes=30)
"""What one person saves of one answer in this time, letter by letter, is one change."""
MOST = 300  # saves that one page looks at, newest first
CHOICES: dict[str, Any] = {"rating": Rating, "confidence": Confidence}


@dataclass
class Change:
    """What one person changed of one answer in one sitting.

    Attributes:
        before: column to what stood there at first.
    """

    standard: Standard
    by: User
    at: datetime
    began: datetime
    before: dict[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> list[tuple[str, str, bool]]:
        """What changed, what it was, and whether that is long."""
        names = _names()
        return [
            (str(names[name]), _said(name, words), name not in CHOICES)
            for name, words in self.before.items()
            if name in names
        ]


def _names() -> dict[str, Any]:
    return {
        "rating": _("Level"),
        "position": _("What is true now"),
        "what_changed": _("What has changed since last year"),
        "confidence": _("How sure"),
        "not_applicable_reason": _("Why it does not apply"),
    }


def _said(name: str, words: str) -> str:
    return str(CHOICES[name](words).label) if words and name in CHOICES else words


@require_safe
def history(request: SignedInRequest, key: str, code: str = "") -> HttpResponse:
    """Of the whole form, or of one standard; for the agency's own people."""
    found = desk(request, key)
    if not found.is_agency:
        raise PermissionDenied
    one = found.standard(code) if code else None
    saves = AnswerSave.objects.filter(answer__assessment=found.form.source_id)
    if one is not None:
        saves = saves.filter(answer__standard=one)
    related = ("by", "answer__standard")
    some = list(saves.select_related(*related).order_by("-at", "-version")[: MOST + 1])
    context = {
        "form_of": found.form,
        "desk": found,
        "standard": one,
        "changes": list(_sittings(some[:MOST])),
        "more": len(some) > MOST,
    }
    return render(request, "selfassessment/history.html", context)


def _sittings(saves: list[AnswerSave]) -> Iterator[Change]:
    """Saves, newest first, as changes: those of one person and answer, close together, are one."""
    open_now: dict[int, Change] = {}
    found: list[Change] = []
    for save in saves:
        last = open_now.get(save.answer_id)
        if last and last.by == save.by and last.began - save.at <= ONE_SITTING:
            last.began = save.at
            last.before |= save.before  # the older one stood there at first
            continue
        change = Change(save.answer.standard, save.by, save.at, save.at, dict(save.before))
        open_now[save.answer_id] = change
        found.append(change)
    yield from found
