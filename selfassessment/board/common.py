"""What agencies have in common on one standard: counts of their evidence and actions, no words.

Counted over every agency that signed off in the cycle, whatever the filters say: a count of fewer
would tell, by the difference, what one agency holds. Settings where one person works are left out.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from accounts.models import User
from selfassessment.actions.models import Action
from selfassessment.board import small
from selfassessment.evidence.models import EvidenceUse
from selfassessment.models import Assessment, Cycle, SectionScore
from selfassessment.standards.models import Standard
from selfassessment.terms import (
    ACTION_WORK_LEFT,
    HIDDEN_BELOW,
    ActionStatus,
    EvidenceKind,
    Priority,
)

IN_BRACKETS = re.compile(r"\s*\([^)]*\)")


@dataclass(frozen=True)
class Line:
    """How many of the agencies have it; None where that, or how many have not, is under five."""

    name: str
    number: int | None


@dataclass(frozen=True)
class Common:
    """Of one standard; no lines where fewer than five agencies that signed off are asked it."""

    agencies: int
    kinds: Sequence[Line] = ()
    named: Sequence[Line] = ()
    """Evidence whose title has the words of one of the standard's own examples."""
    actions: Sequence[Line] = ()


def common(standard: Standard, cycle: Cycle, *, user: User, today: date) -> Common:
    """Three queries, whatever the number of agencies."""
    forms = Assessment.objects.of_board(user).filter(cycle=cycle, is_one_person=False).counted()
    asked = SectionScore.objects.filter(
        assessment__in=forms.values("pk"),
        section=standard.section_code,
        ratings__has_key=standard.code,
    )
    number = asked.aggregate(number=Count("assessment__agency", distinct=True))["number"]
    if number < HIDDEN_BELOW:
        return Common(number)
    # Of a form that shares another's answers the evidence and actions hang on that one.
    sources = asked.values(source=Coalesce("assessment__answers_of_id", "assessment_id"))
    uses = EvidenceUse.objects.filter(assessment__in=sources, standard=standard).order_by()
    examples = [IN_BRACKETS.sub("", each).strip() for each in standard.evidence]
    of_evidence = {
        **{str(kind.label): Q(evidence__kind=kind) for kind in EvidenceKind},
        **{example: Q(evidence__title__icontains=example) for example in examples},
    }
    actions = Action.objects.filter(
        cycles__assessment__in=sources, standards__code=standard.code
    ).exclude(status=ActionStatus.CANCELLED)
    left = Q(status__in=ACTION_WORK_LEFT)
    of_actions = {
        _("An action"): Q(),
        **{
            _("Priority: %(name)s") % {"name": each.label}: Q(priority=each) & left
            for each in Priority
        },
        _("Overdue"): left & Q(due_on__lt=today),
        _("Blocked"): Q(status=ActionStatus.BLOCKED),
        _("Done or verified"): Q(status__in=[ActionStatus.DONE, ActionStatus.VERIFIED]),
    }
    held = _agencies(uses, "evidence__agency", of_evidence)
    planned = _agencies(actions.order_by(), "agency", of_actions)
    return Common(
        number,
        kinds=[_line(str(kind.label), held, number) for kind in EvidenceKind],
        named=[_line(example, held, number) for example in examples],
        actions=[_line(name, planned, number) for name in of_actions],
    )


def _agencies(rows: QuerySet[Any], agency: str, wanted: dict[str, Q]) -> dict[str, int]:
    """By name of what is wanted: of how many agencies there is such a row. One query."""
    counts = {
        f"counted_{place}": Count(agency, distinct=True, filter=each or None)
        for place, each in enumerate(wanted.values())
    }
    found = rows.aggregate(**counts)
    return dict(zip(wanted, found.values(), strict=True))


def _line(name: str, counted: dict[str, int], agencies: int) -> Line:
    has = counted[name]
    return Line(name, small.hidden([has, agencies - has])[0])
