"""What moderators required joins the agency's plan, once the outcome is final."""

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from agencies.people import holders, on_duty
from agencies.terms import AGENCY_LEADS, AGENCY_ROLES, Role
from selfassessment.actions import workflow as actions
from selfassessment.actions.workflow import Plan
from selfassessment.models import Assessment
from selfassessment.moderation.models import Review
from selfassessment.moves import TransitionError
from selfassessment.terms import Priority


def plan(review: Review, assessment: Assessment, *, by: User, now: datetime) -> int:
    """Make an action of each, of medium priority, as long as its priority allows.

    It belongs to the lead on duty, who can give it to somebody else. Where nobody of the agency is
    there to own it, or its plan takes nothing now, it stays in the outcome alone.

    Returns:
        how many actions were made.
    """
    owner = owner_of(assessment)
    if owner is None:
        return 0
    made = 0
    waiting = review.required.filter(dropped_at__isnull=True, planned_at__isnull=True)
    for each in waiting.select_related("standard"):
        latest = actions.latest_day(assessment, Priority.MEDIUM, since=timezone.localdate(now))
        wanted = Plan(
            words=each.words,
            codes=[each.standard.code],
            owner=owner,
            owner_role=owner.job_title or str(Role.LEAD.label),
            priority=Priority.MEDIUM,
            due_on=latest,
            success_measure=_("What the moderators asked for is done, with evidence of it."),
        )
        try:
            actions.make(assessment, wanted, by=by, now=now, asked_by_moderator=True)
        except TransitionError:
            continue
        each.planned_at = now
        each.save(update_fields=["planned_at"])
        made += 1
    return made


def owner_of(assessment: Assessment) -> User | None:
    """The lead on duty, else the senior lead, else anybody of the agency."""
    leads = on_duty(assessment.agency, *AGENCY_LEADS)
    found = leads or holders(assessment.agency, [Role.SENIOR_LEAD, *AGENCY_ROLES])
    return found[0] if found else None
