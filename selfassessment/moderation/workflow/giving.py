"""Who moderates a form: given by the manager, and ended when the rules no longer hold."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from agencies.models import Agency
from selfassessment.models import Assessment, Moderator, SignOff
from selfassessment.moderation import choosing, notices, queries
from selfassessment.moderation.choosing import Candidate
from selfassessment.moderation.models import Review, Sampled, SeriousIncident
from selfassessment.moderation.terms import MODERATORS, FullReason, Why
from selfassessment.moderation.workflow.common import must_be, must_manage, note, standing_review
from selfassessment.moves import NotReady, locked, move
from selfassessment.standards.models import Standard
from selfassessment.terms import Status


@transaction.atomic
def begin(
    assessment: Assessment,
    people: Sequence[User],
    *,
    by: User,
    reason: str = "",
    now: datetime | None = None,
) -> Review:
    """Give a signed form to two moderators, and draw its sample.

    Args:
        reason: why one of the same type as the agency, or two of one type, were chosen.
    Raises:
        PermissionDenied: ``by`` does not manage the moderation, or belongs to the agency.
        NotReady: the two may not; nothing is changed.
        TransitionError: it is not signed.
    """
    now = now or timezone.now()
    assessment = locked(assessment)
    must_manage(by, assessment)
    move(assessment, Status.MODERATION, by=by)
    for earlier in queries.moderators_of(assessment):  # of a sign-off that was voided
        _end(earlier, reason=_("The form was signed anew."), by=by, now=now)
    chosen = _chosen(assessment, people, now)
    if len(chosen) != MODERATORS:
        raise NotReady([_("Choose two moderators.")])
    _check(chosen, reason, by=by)
    signoff = SignOff.objects.standing().get(assessment=assessment)
    full = queries.full_reason(assessment)
    review = Review.objects.create(
        assessment=assessment,
        signoff=signoff,
        seed=queries.seed_of(assessment),
        full=full or "",
        began_at=now,
    )
    _store_sample(review)
    for each in chosen:
        _give(assessment, each, reason=reason, by=by, now=now)
    return review


@transaction.atomic
def give(
    assessment: Assessment,
    person: User,
    *,
    by: User,
    reason: str = "",
    now: datetime | None = None,
) -> Moderator:
    """Give a form in moderation to one more, in the place of one who has stopped.

    Raises:
        As ``begin``.
    """
    now = now or timezone.now()
    assessment = locked(assessment)
    must_manage(by, assessment)
    must_be(assessment, Status.MODERATION)
    at_work = [each.person for each in _still_may(assessment, by=by, now=now)]
    if person in at_work:
        raise NotReady([_("They moderate this form already.")])
    if len(at_work) >= MODERATORS:
        raise NotReady([_("This form has two moderators. Stand one down first.")])
    chosen = _chosen(assessment, [*at_work, person], now)
    _check(chosen, reason, by=by)
    return _give(assessment, chosen[-1], reason=reason, by=by, now=now)


@transaction.atomic
def stand_down(moderator: Moderator, *, by: User, reason: str, now: datetime | None = None) -> None:
    """The manager takes a form from a moderator, or the moderator gives it back.

    What they said of it stays and counts no more.
    """
    now = now or timezone.now()
    assessment = locked(moderator.assessment)
    if by.pk != moderator.person_id:
        must_manage(by, assessment)
    must_be(assessment, Status.MODERATION)
    moderator = Moderator.objects.select_related("person").get(pk=moderator.pk)
    if moderator.stood_down_at is None:
        _end(moderator, reason=reason, by=by, now=now)
        notices.one_is_missing(assessment, now=now)


def leave_agency(person: User, agency: Agency, *, reason: str, now: datetime | None = None) -> int:
    """The person has joined an agency, or declared an interest in it: they stop at once."""
    mine = Moderator.objects.filter(person=person, assessment__agency=agency)
    return _leave(mine, reason=reason, now=now)


def leave_all(person: User, *, reason: str, now: datetime | None = None) -> int:
    """The person is no moderator any more: they stop at once."""
    return _leave(Moderator.objects.filter(person=person), reason=reason, now=now)


@transaction.atomic
def _leave(mine: Iterable[Moderator], *, reason: str, now: datetime | None) -> int:
    now = now or timezone.now()
    ended = 0
    for each in list(mine):
        assessment = locked(each.assessment)
        moderator = Moderator.objects.select_related("person").get(pk=each.pk)
        if moderator.stood_down_at is not None or assessment.status not in (
            Status.SIGNED,
            Status.MODERATION,
            Status.RETURNED,
            Status.IN_PROGRESS,
            Status.READY,
        ):
            continue
        _end(moderator, reason=reason, by=None, now=now)
        if assessment.status == Status.MODERATION:
            notices.one_is_missing(assessment, now=now)
        ended += 1
    return ended


@transaction.atomic
def flag_incident(
    assessment: Assessment, *, by: User, reason: str, now: datetime | None = None
) -> SeriousIncident:
    """Have everything looked at, after a serious incident. In moderation the sample grows."""
    now = now or timezone.now()
    assessment = locked(assessment)
    must_manage(by, assessment)
    must_be(
        assessment,
        Status.NOT_STARTED,
        Status.IN_PROGRESS,
        Status.READY,
        Status.SIGNED,
        Status.RETURNED,
        Status.MODERATION,
    )
    flagged, is_new = SeriousIncident.objects.get_or_create(
        assessment=assessment, defaults={"reason": reason, "by": by, "at": now}
    )
    if not is_new:
        return flagged
    note("incident", assessment, by=by, reason=reason)
    if assessment.status == Status.MODERATION:
        review = standing_review(assessment)
        review.full = FullReason.INCIDENT
        review.save(update_fields=["full"])
        _store_sample(review)
    return flagged


# --- Pieces -------------------------------------------------------------------------------------
def _chosen(assessment: Assessment, people: Sequence[User], now: datetime) -> list[Candidate]:
    known = {
        each.person.pk: each for each in choosing.candidates(assessment, timezone.localdate(now))
    }
    missing = [each for each in people if each.pk not in known]
    if missing:
        raise NotReady([_("%(name)s is not a moderator.") % {"name": each} for each in missing])
    return [known[each.pk] for each in people]


def _check(chosen: Sequence[Candidate], reason: str, *, by: User) -> None:
    refused = choosing.refusals(chosen, has_reason=bool(reason.strip()))
    if any(each.person == by and not each.is_at_it for each in chosen):
        refused.append(
            _("Nobody gives a form to themselves. Another manager does, or choose others.")
        )
    if refused:
        raise NotReady(refused)


def _still_may(assessment: Assessment, *, by: User, now: datetime) -> list[Moderator]:
    """Those at work; who may no longer is stood down on the way."""
    known = {
        each.person.pk: each for each in choosing.candidates(assessment, timezone.localdate(now))
    }
    kept = []
    for each in queries.moderators_of(assessment):
        candidate = known.get(each.person_id)
        if candidate is not None and candidate.is_free:
            kept.append(each)
        else:
            _end(each, reason=_("They may no longer moderate this form."), by=by, now=now)
    return kept


def _give(
    assessment: Assessment, chosen: Candidate, *, reason: str, by: User, now: datetime
) -> Moderator:
    moderator = Moderator.objects.create(
        assessment=assessment,
        person=chosen.person,
        agency=chosen.agency,
        given_by=by,
        given_at=now,
        same_type_reason=reason,
    )
    note("given", assessment, by=by, reason=reason, person=chosen.person.pk)
    notices.given(moderator, now=now)
    return moderator


def _end(moderator: Moderator, *, reason: str, by: User | None, now: datetime) -> None:
    moderator.stood_down_at, moderator.stood_down_reason = now, reason
    moderator.save(update_fields=["stood_down_at", "stood_down_reason"])
    note("stood_down", moderator.assessment, by=by, reason=reason, person=moderator.person_id)
    notices.taken_back(moderator.person, now=now)


def _store_sample(review: Review) -> None:
    """Draw, and keep what was drawn; of a sample that grows the rest is added."""
    assessment = review.assessment
    said = {each.code: each for each in queries.said_of(assessment)}
    drawn = queries.draw(assessment, review.full, list(said.values()))
    standards = {
        each.code: each for each in Standard.objects.filter(set=assessment.cycle.standards_id)
    }
    there = {each.standard_id: each for each in review.sample.all()}
    new = []
    for each in drawn:
        standard, why = standards[each.code], list(each.why)
        known = there.get(standard.pk)
        if known is not None:
            if known.why != why:
                known.why = why
                known.save(update_fields=["why"])
            continue
        own = said[each.code].own
        assert own is not None  # noqa: S101 - only what is answered is drawn
        new.append(Sampled(review=review, standard=standard, why=why, own=own))
    Sampled.objects.bulk_create(new)
    full = sum(Why.FULL in each.why for each in drawn)
    note("drawn", assessment, by=None, standards=len(drawn), full=bool(full))
