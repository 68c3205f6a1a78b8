"""The actions of a form, for pages, checks, the frozen copy and the reports."""

from uuid import UUID

from django.db.models import Prefetch

from selfassessment.actions.models import Action, ActionCycle, ActionQuerySet
from selfassessment.models import Assessment


def of_form(form: UUID) -> ActionQuerySet:
    """Actions that were made in a form or carried into it; it is the one that has the answers."""
    mine = ActionCycle.objects.filter(assessment=form)
    return Action.objects.filter(pk__in=mine.values("action_id"))


def with_parts(actions: ActionQuerySet) -> ActionQuerySet:
    """With what a line of a plan shows: owner, standards and years; two queries more."""
    cycles = ActionCycle.objects.select_related("assessment__cycle")
    return actions.select_related("owner", "verified_by", "done_evidence").prefetch_related(
        "standards", Prefetch("cycles", cycles)
    )


def actions_of(assessment: Assessment) -> list[Action]:
    """The plan of a form, most pressing first: three queries. ``codes`` and ``years`` are read."""
    return list(with_parts(of_form(assessment.source_id)).in_order())


def by_standard(assessment: Assessment) -> dict[str, list[Action]]:
    """The same, by the code of the standard; a code without any is not there."""
    plan: dict[str, list[Action]] = {}
    for action in actions_of(assessment):
        for code in action.codes:
            plan.setdefault(code, []).append(action)
    return plan
