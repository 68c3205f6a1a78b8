"""What colleagues say to each other about a standard, and when it is dealt with."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit import events
from selfassessment import notices, policy
from selfassessment.models import Assessment, Assignment, Comment
from selfassessment.moves import TransitionError, locked
from selfassessment.standards.models import Standard
from selfassessment.terms import NoticeKind, Status

OVER = (Status.CLOSED, Status.EXEMPT)


@transaction.atomic
def comment(
    assessment: Assessment,
    standard: Standard,
    words: str,
    *,
    by: User,
    now: datetime | None = None,
) -> Comment:
    """Say something of a standard; the others who have to do with it hear of it once a day.

    It is no part of the form: a sign-off stands.

    Raises:
        PermissionDenied: ``by`` only reads, or is not of the agency.
        TransitionError: the cycle is over.
    """
    now = now or timezone.now()
    assessment = _taking(assessment, by=by)
    said = Comment.objects.create(
        assessment=assessment, standard=standard, words=words, by=by, at=now
    )
    _tell(said, now=now)
    _record("assessment.commented", assessment, standard, by=by)
    return said


@transaction.atomic
def deal_with(said: Comment, *, by: User, now: datetime | None = None) -> Comment:
    """Mark a comment as dealt with. Raises: as ``comment``; or somebody did so already."""
    now = now or timezone.now()
    assessment = _taking(said.assessment, by=by)
    said = Comment.objects.select_for_update().get(pk=said.pk)
    if said.dealt_with_at is not None:
        raise TransitionError("it was dealt with already")
    said.dealt_with_by, said.dealt_with_at = by, now
    said.save(update_fields=["dealt_with_by", "dealt_with_at"])
    _record("assessment.comment_dealt_with", assessment, said.standard, by=by)
    return said


def _taking(assessment: Assessment, *, by: User) -> Assessment:
    assessment = locked(assessment.source)
    if not policy.talks(by, assessment):
        raise PermissionDenied
    if assessment.status in OVER:
        raise TransitionError(f"{assessment.status} takes no comments")
    return assessment


def _tell(said: Comment, *, now: datetime) -> None:
    """Who was given the standard, who has spoken of it, and the leads; not who says it."""
    given = Assignment.objects.filter(
        assessment=said.assessment, standard=said.standard, taken_back_at__isnull=True
    )
    spoke = Comment.objects.filter(assessment=said.assessment, standard=said.standard)
    there = User.objects.filter(pk__in=given.values("helper__person")) | User.objects.filter(
        pk__in=spoke.values("by")
    )
    people = [*there, *notices.leads(said.assessment.agency)]
    others = [each for each in people if each != said.by and policy.talks(each, said.assessment)]
    day = timezone.localdate(now).isoformat()
    notices.tell(said.assessment, others, NoticeKind.COMMENTED, once=day, now=now)


def _record(kind: str, assessment: Assessment, standard: Standard, *, by: User) -> None:
    agency = str(assessment.agency_id)
    events.record(kind, assessment, by=by, agency=agency, standards=[standard.code])
