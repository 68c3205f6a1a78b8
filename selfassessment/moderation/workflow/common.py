"""What the doors of a moderation share."""

from typing import Any

from django.core.exceptions import PermissionDenied

from accounts.models import User
from audit import events
from selfassessment.models import Assessment
from selfassessment.moderation import policy, queries
from selfassessment.moderation.models import Review
from selfassessment.moves import TransitionError
from selfassessment.terms import Status


def must_be(assessment: Assessment, *statuses: Status) -> None:
    if assessment.status not in statuses:
        raise TransitionError(f"{assessment.status}, not {', '.join(statuses)}")


def must_manage(by: User, assessment: Assessment) -> None:
    if not policy.manages(by, assessment):
        raise PermissionDenied


def must_speak(by: User, assessment: Assessment) -> None:
    if not policy.speaks_for(by, assessment):
        raise PermissionDenied


def standing_review(assessment: Assessment) -> Review:
    """Of a form in moderation or later.

    Raises:
        TransitionError: it has none: it was reopened in between.
    """
    review = queries.review_of(assessment)
    if review is None:
        raise TransitionError("there is no review of the sign-off that stands")
    return review


def note(
    kind: str, assessment: Assessment, *, by: User | None, reason: str = "", **detail: Any
) -> None:
    """Write the event to the log of the form's agency; ``detail`` as ``events.record`` takes it."""
    agency = str(assessment.agency_id)
    events.record(f"moderation.{kind}", assessment, by=by, agency=agency, reason=reason, **detail)
