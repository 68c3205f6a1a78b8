"""What the two moderators say of each standard, what they ask, and how a review is finished."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from agencies import workdays
from selfassessment import results
from selfassessment.models import Assessment, Moderator
from selfassessment.moderation import notices, policy, queries
from selfassessment.moderation.models import (
    Judgement,
    Moderated,
    Question,
    RequiredAction,
    Review,
    Sampled,
)
from selfassessment.moderation.terms import COMMENT_DAYS, MODERATORS, REPLY_DAYS
from selfassessment.moderation.workflow.common import must_be, note, standing_review
from selfassessment.moves import NotReady, TransitionError, locked, move
from selfassessment.standards.models import Standard
from selfassessment.terms import POINTS, Outcome, Rating, Status


@transaction.atomic
def judge(
    assessment: Assessment,
    standard: Standard,
    *,
    by: User,
    outcome: Outcome,
    rating: str = "",
    reason: str = "",
    now: datetime | None = None,
) -> Judgement:
    """Say of one standard of the sample: agree, lower, raise or ask for evidence.

    What the same moderator said before is kept as replaced. A settlement of the two falls.

    Args:
        rating: the level it is lowered or raised to; not asked otherwise.
        reason: for everything but agreeing; of a question, what is asked.
    Raises:
        PermissionDenied: ``by`` is not one of the two (WF-12: never of their own agency).
        TransitionError: the form is not in moderation, or the standard not in its sample.
        NotReady: the rating or the reason does not fit the outcome.
    """
    now = now or timezone.now()
    assessment = locked(assessment)
    must_be(assessment, Status.MODERATION)
    moderator = _moderator(assessment, by)
    review = standing_review(assessment)
    sampled = _sampled(review, standard)
    rating, reason = _fitting(sampled, Outcome(outcome), rating, reason.strip())
    before = sampled.judgements.filter(moderator=moderator, replaced_at__isnull=True).first()
    if before is not None:
        if (before.outcome, before.rating, before.reason) == (outcome, rating, reason):
            return before
        before.replaced_at = now
        before.save(update_fields=["replaced_at"])
        _withdraw(before, now)
    judgement = Judgement.objects.create(
        sampled=sampled,
        moderator=moderator,
        outcome=outcome,
        rating=rating,
        reason=reason,
        at=now,
    )
    if sampled.settled:
        sampled.settled, sampled.settled_why = "", ""
        sampled.settled_by = sampled.settled_at = None
        sampled.save(update_fields=["settled", "settled_why", "settled_by", "settled_at"])
    note("judged", assessment, by=by, standard=standard.code)
    if outcome == Outcome.ASK:
        _ask(judgement, assessment, now)
    return judgement


def _moderator(assessment: Assessment, by: User) -> Moderator:
    if not policy.moderates(by, assessment):
        raise PermissionDenied
    return Moderator.objects.at_work(by).get(assessment=assessment)


def _sampled(review: Review, standard: Standard) -> Sampled:
    found = review.sample.select_for_update(of=("self",)).filter(standard=standard).first()
    if found is None:
        raise TransitionError(f"{standard.code} is not in the sample")
    return found


def _fitting(sampled: Sampled, outcome: Outcome, rating: str, reason: str) -> tuple[str, str]:
    if outcome != Outcome.AGREE and not reason:
        raise NotReady([_("Write your reason.")])
    if outcome == Outcome.AGREE:
        return sampled.own, reason
    if outcome == Outcome.ASK:
        return "", reason
    if rating not in levels(Rating(sampled.own), outcome):
        raise NotReady([_("Choose a level that fits.")])
    return rating, reason


def levels(own: Rating, outcome: Outcome) -> list[Rating]:
    """To what a rating can be lowered or raised, lowest first.

    What was set aside as not applicable can be "lowered" to any level: it does apply.
    """
    if own == Rating.NOT_APPLICABLE:
        return list(POINTS) if outcome == Outcome.LOWER else []
    if outcome == Outcome.LOWER:
        return [each for each in POINTS if POINTS[each] < POINTS[own]]
    return [each for each in POINTS if POINTS[each] > POINTS[own]]


def _ask(judgement: Judgement, assessment: Assessment, now: datetime) -> None:
    today = timezone.localdate(now)
    question = Question.objects.create(
        sampled=judgement.sampled,
        judgement=judgement,
        asked_at=now,
        due_on=workdays.add_working_days(today, REPLY_DAYS, assessment.board),
    )
    notices.asked(question, assessment)


def _withdraw(judgement: Judgement, now: datetime) -> None:
    question = Question.objects.waiting().filter(judgement=judgement).first()
    if question is not None:
        question.withdrawn_at = now
        question.save(update_fields=["withdrawn_at"])
        notices.stop_asking(question)


@transaction.atomic
def answer(question: Question, *, by: User, words: str, now: datetime | None = None) -> Question:
    """The agency answers what was asked. What it signed stays as it is.

    Raises:
        PermissionDenied: ``by`` does not lead the form.
        TransitionError: it was answered or withdrawn, or the moderation has ended.
    """
    now = now or timezone.now()
    assessment = locked(question.sampled.review.assessment)
    if not policy.answers_questions(by, assessment):
        raise PermissionDenied
    must_be(assessment, Status.MODERATION)
    found = Question.objects.waiting().filter(pk=question.pk)
    waiting = found.select_related("judgement__moderator__person", "sampled__standard").first()
    if waiting is None:
        raise TransitionError("the question is not open")
    waiting.answer, waiting.answered_at, waiting.answered_by = words.strip(), now, by
    waiting.save(update_fields=["answer", "answered_at", "answered_by"])
    notices.stop_asking(waiting)
    note("answered", assessment, by=by, standard=waiting.sampled.standard.code)
    notices.answered(waiting, assessment)
    return waiting


@transaction.atomic
def settle(
    assessment: Assessment,
    standard: Standard,
    *,
    by: User,
    rating: str,
    reason: str,
    now: datetime | None = None,
) -> Sampled:
    """The manager decides between two moderators who differ and do not come to one view.

    Raises:
        PermissionDenied: ``by`` does not manage the moderation, belongs to the agency, or was
            given the form to moderate.
        TransitionError: the two do not differ now.
        NotReady: the rating is neither of the two, or there is no reason.
    """
    now = now or timezone.now()
    assessment = locked(assessment)
    if not policy.settles(by, assessment):
        raise PermissionDenied
    must_be(assessment, Status.MODERATION)
    review = standing_review(assessment)
    line = queries.Desk(assessment, review).line(standard.code)
    if line is None or not line.differs:
        raise TransitionError("the moderators do not differ")
    if rating not in line.ratings:
        raise NotReady([_("Choose one of the two ratings.")])
    if not reason.strip():
        raise NotReady([_("Write your reason.")])
    sampled = _sampled(review, standard)
    sampled.settled, sampled.settled_why = rating, reason.strip()
    sampled.settled_by, sampled.settled_at = by, now
    sampled.save(update_fields=["settled", "settled_why", "settled_by", "settled_at"])
    note("settled", assessment, by=by, standard=standard.code)
    return sampled


@transaction.atomic
def require(
    assessment: Assessment,
    standard: Standard,
    *,
    by: User,
    words: str,
    now: datetime | None = None,
) -> RequiredAction:
    """Something the agency must do; it joins the plan when the outcome is final.

    Raises:
        PermissionDenied: ``by`` is neither one of the two nor the manager.
    """
    now = now or timezone.now()
    assessment = locked(assessment)
    _may_require(by, assessment)
    review = standing_review(assessment)
    _sampled(review, standard)
    required = RequiredAction.objects.create(
        review=review, standard=standard, words=words.strip(), by=by, at=now
    )
    note("required", assessment, by=by, standard=standard.code)
    return required


@transaction.atomic
def drop(required: RequiredAction, *, by: User, now: datetime | None = None) -> None:
    """Take back what was required; the row stays."""
    now = now or timezone.now()
    assessment = locked(required.review.assessment)
    _may_require(by, assessment)
    live = RequiredAction.objects.filter(pk=required.pk, dropped_at__isnull=True)
    if live.update(dropped_at=now, dropped_by=by):
        note("dropped", assessment, by=by, standard=required.standard.code)


def _may_require(by: User, assessment: Assessment) -> None:
    must_be(assessment, Status.MODERATION, Status.MODERATED)
    if policy.manages(by, assessment):
        return
    must_be(assessment, Status.MODERATION)
    if not policy.moderates(by, assessment):
        raise PermissionDenied


def missing(desk: queries.Desk) -> list[str]:
    """What keeps a review from being finished, in sentences."""
    found = []
    if len(desk.moderators) < MODERATORS:
        found.append(_("The form has fewer than two moderators."))
    if any(each.is_asked for each in desk.lines):
        found.append(
            _("Evidence was asked for: %(codes)s. Judge with it, or without.")
            % {"codes": ", ".join(each.code for each in desk.lines if each.is_asked)}
        )
    if desk.differing:
        found.append(
            _("You two differ: %(codes)s.")
            % {"codes": ", ".join(each.code for each in desk.differing)}
        )
    left = [each.code for each in desk.lines if len(each.judgements) < MODERATORS]
    if left:
        found.append(_("Not judged by both: %(codes)s.") % {"codes": ", ".join(left)})
    return found


@transaction.atomic
def finish(assessment: Assessment, *, by: User, now: datetime | None = None) -> Review:
    """Make the provisional outcome: the agency sees it, and may comment and appeal.

    Raises:
        PermissionDenied: ``by`` is not one of the two.
        NotReady: something of the sample is open, or the two differ.
        TransitionError: it is not in moderation.
    """
    now = now or timezone.now()
    assessment = locked(assessment)
    must_be(assessment, Status.MODERATION)
    _moderator(assessment, by)
    review = standing_review(assessment)
    desk = queries.Desk(assessment, review)
    if open_still := missing(desk):
        raise NotReady(open_still)
    Moderated.objects.bulk_create(
        [
            Moderated(
                review=review,
                assessment=assessment,
                standard=line.sampled.standard,
                own=line.sampled.own,
                rating=line.outcome or "",
            )
            for line in desk.lines
        ]
    )
    today = timezone.localdate(now)
    review.finished_at, review.finished_by = now, by
    review.comments_until = workdays.add_working_days(today, COMMENT_DAYS, assessment.board)
    review.save(update_fields=["finished_at", "finished_by", "comments_until"])
    move(assessment, Status.MODERATED, by=by, moderated_at=now)
    results.refresh(assessment)
    notices.provisional(assessment, now=now)
    return review
