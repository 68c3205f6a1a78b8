"""Who helps with a form: standards given and taken back, people who only read, when it is done."""

from collections.abc import Collection, Iterable
from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from audit import events
from selfassessment import notices, policy
from selfassessment.models import Answer, Assessment, Assignment, Helper, Notice
from selfassessment.moves import TransitionError, locked
from selfassessment.standards.models import Standard
from selfassessment.terms import EDITABLE, NoticeKind, Rating


@transaction.atomic
def give(
    assessment: Assessment,
    person: User,
    standards: Collection[Standard],
    *,
    by: User,
    due_on: date | None = None,
    now: datetime | None = None,
) -> Helper:
    """Ask somebody of the agency to answer standards by a day; without any, to read along.

    A standard that somebody else had passes to this person; one that is theirs gets the new day.

    Raises:
        PermissionDenied: ``by`` does not lead the form, or ``person`` does not belong there.
        TransitionError: the form is not being filled in.
    """
    now = now or timezone.now()
    form, assessment = assessment, _opened(assessment, by=by)
    if not policy.belongs(person, assessment):
        raise PermissionDenied
    helper, _made = Helper.objects.get_or_create(
        assessment=assessment,
        person=person,
        ended_at=None,
        defaults={"added_by": by, "added_at": now},
    )
    standing = _standing(assessment).filter(standard__in=standards)
    theirs = standing.filter(helper=helper)
    theirs.update(due_on=due_on)
    had = set(theirs.values_list("standard_id", flat=True))
    _take_back(standing.exclude(helper=helper), now=now)
    new = [each for each in standards if each.pk not in had]
    whole = _whole(assessment, new)
    Assignment.objects.bulk_create(
        [
            Assignment(
                assessment=assessment,
                standard=each,
                helper=helper,
                due_on=due_on,
                given_by=by,
                given_at=now,
                done_at=now if each.pk in whole else None,
            )
            for each in new
        ]
    )
    if person != by and any(each.pk not in whole for each in new):
        notices.assigned(form, person, now=now)
    _record("assessment.given", assessment, by=by, codes=[each.code for each in standards])
    return helper


@transaction.atomic
def take_back(assignment: Assignment, *, by: User, now: datetime | None = None) -> None:
    """The standard is the leads' again. Raises: as ``give``."""
    now = now or timezone.now()
    assessment = _opened(assignment.assessment, by=by)
    mine = _standing(assessment).filter(pk=assignment.pk)
    _take_back(mine, now=now)
    _record("assessment.taken_back", assessment, by=by, codes=[assignment.standard.code])


@transaction.atomic
def let_go(helper: Helper, *, by: User, now: datetime | None = None) -> None:
    """They no longer help: what they had is the leads' again, and they read it no more.

    Raises:
        PermissionDenied: ``by`` does not lead the form.
    """
    now = now or timezone.now()
    assessment = locked(helper.assessment.source)
    if not policy.leads_form(by, assessment):
        raise PermissionDenied
    mine = _standing(assessment).filter(helper=helper)
    codes = list(mine.values_list("standard__code", flat=True))
    _take_back(mine, now=now)
    Helper.objects.filter(pk=helper.pk, ended_at__isnull=True).update(ended_at=now)
    _record("assessment.taken_back", assessment, by=by, codes=codes)


def settle(assessment: Assessment, standard: Standard, answer: Answer, *, now: datetime) -> None:
    """After an answer was saved: what was given is done once the answer is whole, and not before.

    Whoever has nothing left is told of nothing any more.
    """
    given = _standing(assessment).filter(standard=standard)
    done = is_whole(answer)
    given.filter(done_at__isnull=done).update(done_at=now if done else None)
    if done:
        for helper in given.values_list("helper_id", flat=True):
            _stop_if_done(assessment, helper, now=now)


def is_whole(answer: Answer) -> bool:
    """Whether the one who was asked has said all that is theirs to say."""
    if answer.rating == Rating.NOT_APPLICABLE:
        return bool(answer.not_applicable_reason.strip())
    return bool(answer.rating and answer.position.strip() and answer.confidence)


def _opened(assessment: Assessment, *, by: User) -> Assessment:
    """The form that holds the answers, locked, while they are filled in for any board."""
    assessment = locked(assessment.source)
    if not policy.leads_form(by, assessment):
        raise PermissionDenied
    others = assessment.also_sent_as.filter(status__in=EDITABLE)
    if not assessment.is_open and not others.exists():
        raise TransitionError(f"{assessment.status} is not being filled in")
    return assessment


def _standing(assessment: Assessment) -> QuerySet[Assignment]:
    return Assignment.objects.filter(assessment=assessment, taken_back_at__isnull=True)


def _take_back(given: QuerySet[Assignment], *, now: datetime) -> None:
    rows = list(given.select_related("assessment"))
    given.update(taken_back_at=now)
    for helper, assessment in {each.helper_id: each.assessment for each in rows}.items():
        _stop_if_done(assessment, helper, now=now)


def _stop_if_done(assessment: Assessment, helper: int, *, now: datetime) -> None:
    if _standing(assessment).filter(helper=helper, done_at__isnull=True).exists():
        return
    person = Helper.objects.values_list("person_id", flat=True).get(pk=helper)
    waiting = Notice.objects.filter(
        Q(assessment=assessment) | Q(assessment__answers_of=assessment),
        person=person,
        kind=NoticeKind.ASSIGNED,
        told_at__isnull=True,
    )
    waiting.filter(dropped_at__isnull=True).update(dropped_at=now)


def _whole(assessment: Assessment, standards: Iterable[Standard]) -> set[int]:
    """Keys of those that are answered already."""
    said = Answer.objects.filter(assessment=assessment, standard__in=list(standards))
    return {each.standard_id for each in said if is_whole(each)}


def _record(kind: str, assessment: Assessment, *, by: User, codes: list[str]) -> None:
    agency = str(assessment.agency_id)
    events.record(kind, assessment, by=by, agency=agency, standards=codes)
