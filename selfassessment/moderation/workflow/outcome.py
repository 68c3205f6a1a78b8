"""From the provisional outcome to the final one: comments, the letter, and what is shared."""

import datetime
from collections.abc import Collection

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from selfassessment.models import Assessment
from selfassessment.moderation import notices, planning, queries
from selfassessment.moderation.models import AgencyComment, Appeal, Review, SharedPractice
from selfassessment.moderation.workflow.common import (
    must_be,
    must_manage,
    must_speak,
    note,
    standing_review,
)
from selfassessment.moves import NotReady, TransitionError, locked, move
from selfassessment.standards.models import Standard
from selfassessment.terms import Status


@transaction.atomic
def comment(
    assessment: Assessment, *, by: User, words: str, now: datetime.datetime | None = None
) -> AgencyComment:
    """What the agency says of the provisional outcome.

    Raises:
        PermissionDenied: ``by`` does not speak for the agency.
        NotReady: the ten working days are over.
    """
    now = now or timezone.now()
    assessment = locked(assessment)
    must_speak(by, assessment)
    must_be(assessment, Status.MODERATED)
    review = standing_review(assessment)
    if not may_comment(review, timezone.localdate(now)):
        raise NotReady([_("The time to comment is over.")])
    said = AgencyComment.objects.create(review=review, words=words.strip(), by=by, at=now)
    note("commented", assessment, by=by)
    return said


def may_comment(review: Review, today: datetime.date) -> bool:
    return review.comments_until is not None and today <= review.comments_until


def waits_for(review: Review, today: datetime.date) -> str:
    """What keeps the outcome from becoming final, in a sentence; empty if nothing does."""
    appeal: Appeal | None = getattr(review, "appeal", None)
    if appeal is not None:
        return "" if appeal.decided_at else _("The appeal has not been decided.")
    if may_comment(review, today):
        return _("The agency may still comment and appeal.")
    return ""


@transaction.atomic
def write_letter(
    assessment: Assessment,
    *,
    by: User,
    strengths: str,
    support: str,
    now: datetime.datetime | None = None,
) -> Review:
    """The manager's words in the outcome letter; until the outcome is final."""
    assessment = locked(assessment)
    must_manage(by, assessment)
    must_be(assessment, Status.MODERATION, Status.MODERATED)
    review = standing_review(assessment)
    review.strengths, review.support = strengths.strip(), support.strip()
    review.save(update_fields=["strengths", "support"])
    note("letter", assessment, by=by)
    return review


@transaction.atomic
def publish(
    assessment: Assessment, *, by: User, now: datetime.datetime | None = None
) -> Assessment:
    """Make the outcome final, once the time has passed or the appeal is decided.

    Raises:
        PermissionDenied: ``by`` does not manage the moderation, or belongs to the agency.
        NotReady: the agency may still comment, the appeal waits, or the letter is empty.
        TransitionError: it is not moderated.
    """
    now = now or timezone.now()
    assessment = locked(assessment)
    must_manage(by, assessment)
    must_be(assessment, Status.MODERATED)
    review = standing_review(assessment)
    found = [waits_for(review, timezone.localdate(now))]
    if not review.strengths:
        found.append(_("The letter does not say what is strong."))
    if missing := [each for each in found if each]:
        raise NotReady(missing)
    assessment = move(assessment, Status.PUBLISHED, by=by, published_at=now)
    planning.plan(review, assessment, by=by, now=now)
    moderators = [each.person for each in queries.moderators_of(assessment)]
    notices.final(assessment, moderators, now=now)
    return assessment


@transaction.atomic
def share_practice(
    assessment: Assessment,
    codes: Collection[str],
    *,
    by: User,
    now: datetime.datetime | None = None,
) -> int:
    """Agree to show others how it is done, in these standards and no others.

    Returns:
        How many are shared now.
    Raises:
        PermissionDenied: ``by`` does not speak for the agency.
        TransitionError: a standard is not rated Embedded.
    """
    now = now or timezone.now()
    assessment = locked(assessment)
    must_speak(by, assessment)
    must_be(assessment, Status.MODERATED, Status.PUBLISHED)
    if not set(codes) <= set(queries.embedded(assessment)):
        raise TransitionError("not rated Embedded")
    live = assessment.practice.filter(withdrawn_at__isnull=True)
    live.exclude(standard__code__in=codes).update(withdrawn_at=now)
    there = set(live.values_list("standard__code", flat=True))
    new = Standard.objects.filter(set=assessment.cycle.standards_id, code__in=set(codes) - there)
    SharedPractice.objects.bulk_create(
        [SharedPractice(assessment=assessment, standard=each, by=by, at=now) for each in new]
    )
    note("practice", assessment, by=by, standards=sorted(codes))
    return len(set(codes))


@transaction.atomic
def note_talk(assessment: Assessment, *, by: User, held_on: datetime.date) -> Review:
    """When the board spoke with the chief officer about a critical gap of two years.

    Raises:
        PermissionDenied: ``by`` does not manage the moderation, or belongs to the agency.
    """
    assessment = locked(assessment)
    must_manage(by, assessment)
    must_be(assessment, Status.MODERATION, Status.MODERATED, Status.PUBLISHED)
    review = standing_review(assessment)
    review.talked_on = held_on
    review.save(update_fields=["talked_on"])
    note("talk", assessment, by=by, held_on=held_on.isoformat())
    return review
