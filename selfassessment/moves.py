"""The table of moves of a form: who may take it from one status to another (section 7.2).

``workflow`` is the only caller of ``move``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import F

from accounts.models import User
from audit import events
from selfassessment import policy
from selfassessment.models import Answer, Assessment
from selfassessment.policy import Predicate
from selfassessment.terms import Status


class TransitionError(Exception):
    """It cannot be done now: somebody else was first, or the status does not allow it."""


class Stale(TransitionError):  # noqa: N818
    """Somebody else saved the answer after the page was opened; ``answer`` is what stands now."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"answer {answer.pk}, version {answer.version}")
        self.answer = answer


class Overtaken(TransitionError):  # noqa: N818
    """Somebody else saved something of the form itself; ``form`` is what stands now."""

    def __init__(self, form: Assessment) -> None:
        super().__init__(f"{form.pk} was changed")
        self.form = form


class NotReady(TransitionError):  # noqa: N818 - what the page says
    """Something must be mended first; ``missing`` says what, in words."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__("; ".join(missing))
        self.missing = missing


@dataclass(frozen=True)
class Move:
    source: Status
    target: Status
    who: Predicate


# Line for line the table of section 7.2, with what the sentences below it add: a signed form
# is reopened only by the manager, and whatever is left when the cycle ends is closed.
MOVES = {
    (each.source, each.target): each
    for each in [
        Move(Status.NOT_STARTED, Status.IN_PROGRESS, policy.writes_something),
        Move(Status.IN_PROGRESS, Status.READY, policy.leads_form),
        Move(Status.READY, Status.SIGNED, policy.signs),
        Move(Status.READY, Status.IN_PROGRESS, policy.sends_back),
        Move(Status.SIGNED, Status.MODERATION, policy.manages),
        Move(Status.SIGNED, Status.RETURNED, policy.manages),
        Move(Status.RETURNED, Status.SIGNED, policy.signs),
        Move(Status.MODERATION, Status.MODERATED, policy.moderates),
        Move(Status.MODERATED, Status.PUBLISHED, policy.manages),
        # Reopened
        Move(Status.SIGNED, Status.IN_PROGRESS, policy.manages),
        Move(Status.MODERATION, Status.IN_PROGRESS, policy.manages),
        Move(Status.MODERATED, Status.IN_PROGRESS, policy.manages),
        Move(Status.PUBLISHED, Status.IN_PROGRESS, policy.manages),
        # Not required this time
        Move(Status.NOT_STARTED, Status.EXEMPT, policy.manages),
        Move(Status.IN_PROGRESS, Status.EXEMPT, policy.manages),
        Move(Status.READY, Status.EXEMPT, policy.manages),
        Move(Status.EXEMPT, Status.NOT_STARTED, policy.manages),
        # The end of the cycle
        *(Move(each, Status.CLOSED, policy.nobody) for each in Status if each != Status.CLOSED),
    ]
}


def close(assessments: Sequence[Assessment]) -> None:
    """Close locked forms with their cycle, as ``move`` would each: one update, one insert.

    Raises:
        TransitionError: one of them is closed.
    """
    for each in assessments:
        if (Status(each.status), Status.CLOSED) not in MOVES:
            raise TransitionError(f"{each.status} -> {Status.CLOSED}")
    rows = Assessment.objects.filter(pk__in=[each.pk for each in assessments])
    rows.update(closed_from=F("status"), status=Status.CLOSED)
    happened = [
        (each, str(each.agency_id), {"before": str(Status(each.status).value)})
        for each in assessments
    ]
    events.record_each(f"assessment.{Status.CLOSED}", happened)


BY_ITSELF = (Status.CLOSED, Status.IN_PROGRESS)


def locked(assessment: Assessment) -> Assessment:
    """The row as it is now, locked; of a shared form the shared row first, so that nobody waits
    for somebody who waits for them."""
    if assessment.answers_of_id:
        Assessment.objects.select_for_update().get(pk=assessment.answers_of_id)
    rows = Assessment.objects.select_for_update(of=("self",))
    return rows.select_related("cycle", "agency", "board", "answers_of").get(pk=assessment.pk)


def can(user: User, assessment: Assessment, target: Status) -> bool:
    """Whether the page offers it: the table allows the move, and the person may make it."""
    found = MOVES.get((Status(assessment.status), target))
    return found is not None and found.who(user, assessment)


def move(
    assessment: Assessment, target: Status, *, by: User | None, reason: str = "", **changes: Any
) -> Assessment:
    """Take a locked form to another status, and write the audit event.

    Args:
        by: None for the portal itself: it closes, and it takes back what is shared with a form
            that was changed.
        changes: columns saved with it.
    Raises:
        TransitionError: the table has no such move.
        PermissionDenied: ``by`` may not make it.
    """
    before = Status(assessment.status)
    found = MOVES.get((before, target))
    if found is None:
        raise TransitionError(f"{before} -> {target}")
    if by is None:
        if target not in BY_ITSELF:
            raise PermissionDenied
        if target == Status.CLOSED:
            changes["closed_from"] = before
    elif not found.who(by, assessment):
        raise PermissionDenied
    for field, value in {"status": target, **changes}.items():
        setattr(assessment, field, value)
    assessment.save(update_fields=["status", *changes])
    events.record(
        f"assessment.{target}",
        assessment,
        by=by,
        agency=str(assessment.agency_id),
        reason=reason,
        before=before,
    )
    return assessment
