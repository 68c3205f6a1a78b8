"""The agency's one appeal, and the chair of the board who decides it."""

import datetime
from collections.abc import Mapping

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from agencies import workdays
from agencies.models import Locality
from agencies.people import has_role
from agencies.terms import Role
from audit import events
from selfassessment import results
from selfassessment.models import Assessment
from selfassessment.moderation import notices, policy
from selfassessment.moderation.models import Appeal, Appealed, BoardChair
from selfassessment.moderation.terms import APPEAL_DAYS
from selfassessment.moderation.workflow.common import must_be, must_speak, note, standing_review
from selfassessment.moves import NotReady, TransitionError, locked
from selfassessment.terms import Rating, Status


@transaction.atomic
def appeal(
    assessment: Assessment,
    words: Mapping[str, str],
    *,
    by: User,
    now: datetime.datetime | None = None,
) -> Appeal:
    """Ask the chair of the board to decide, once, within the time for comments.

    Args:
        words: code of each standard, with the agency's reasons.
    Raises:
        PermissionDenied: ``by`` does not speak for the agency.
        TransitionError: there was an appeal already, or the form is not moderated now.
        NotReady: the time is over, or nothing is appealed against.
    """
    now = now or timezone.now()
    assessment = locked(assessment)
    must_speak(by, assessment)
    must_be(assessment, Status.MODERATED)
    review = standing_review(assessment)
    if Appeal.objects.filter(review=review).exists():
        raise TransitionError("there was an appeal")
    today = timezone.localdate(now)
    if review.comments_until is None or today > review.comments_until:
        raise NotReady([_("The time to appeal is over.")])
    moderated = {each.standard.code: each for each in review.moderated.select_related("standard")}
    said = {code: text.strip() for code, text in words.items() if text.strip()}
    if not said or not said.keys() <= moderated.keys():
        raise NotReady([_("Choose at least one standard, and write why.")])
    made = Appeal.objects.create(
        review=review,
        by=by,
        at=now,
        due_on=workdays.add_working_days(today, APPEAL_DAYS, assessment.board),
    )
    Appealed.objects.bulk_create(
        [Appealed(appeal=made, moderated=moderated[code], words=said[code]) for code in said]
    )
    note("appealed", assessment, by=by, standards=sorted(said))
    notices.appealed(made, assessment, deciders(made, assessment))
    return made


def deciders(appeal: Appeal, assessment: Assessment) -> list[User]:
    """The chairs in office who may decide it; none if every one of them has a part in it."""
    chairs = BoardChair.objects.in_office().filter(board=assessment.board_id)
    people = [each.person for each in chairs.select_related("person")]
    return [each for each in people if policy.decides(each, appeal)]


@transaction.atomic
def decide(
    appeal: Appeal,
    decisions: Mapping[str, tuple[str, str]],
    *,
    by: User,
    now: datetime.datetime | None = None,
) -> Appeal:
    """Decide each standard of an appeal, with reasons; the rating that counts follows.

    Args:
        decisions: code of each standard to the rating and the reasons.
    Raises:
        PermissionDenied: ``by`` does not chair the board, belongs to the agency or moderated it.
        TransitionError: it was decided, or the form was reopened.
        NotReady: a standard is left out, or has no reasons.
    """
    now = now or timezone.now()
    assessment = locked(appeal.review.assessment)
    if not policy.decides(by, appeal):
        raise PermissionDenied
    open_still = Appeal.objects.open().select_for_update(of=("self",)).filter(pk=appeal.pk).first()
    if open_still is None:
        raise TransitionError("the appeal is not open")
    rows = list(open_still.standards.select_related("moderated__standard"))
    for row in rows:
        rating, reasons = decisions.get(row.moderated.standard.code, ("", ""))
        if rating not in Rating.values or not reasons.strip():
            raise NotReady([_("Decide every standard, with your reasons.")])
        row.rating, row.reasons = rating, reasons.strip()
        row.save(update_fields=["rating", "reasons"])
        moderated = row.moderated
        if moderated.rating != rating:
            moderated.before_appeal, moderated.rating = moderated.rating, rating
            moderated.save(update_fields=["before_appeal", "rating"])
    open_still.decided_by, open_still.decided_at = by, now
    open_still.save(update_fields=["decided_by", "decided_at"])
    results.refresh(assessment)
    note("decided", assessment, by=by)
    notices.decided(open_still, assessment)
    return open_still


@transaction.atomic
def name_chair(
    board: Locality,
    person: User,
    *,
    by: User,
    from_on: datetime.date,
    until: datetime.date | None = None,
) -> BoardChair:
    """Name who chairs a board; more than one, so that an appeal finds one who has no part in it.

    Raises:
        PermissionDenied: ``by`` does not manage the moderation.
        NotReady: the person is not a member of the board, or is ``by``; or an agency of ``by``
            waits for a chair of this board.
    """
    if not policy.manages(by):
        raise PermissionDenied
    _has_no_part(by, board)
    if person == by:
        raise NotReady([_("Nobody names themselves: choose another person.")])
    if not has_role(person, Role.BOARD_MEMBER):
        raise NotReady([_("Choose somebody who is a board member.")])
    named = BoardChair.objects.create(
        board=board, person=person, from_on=from_on, until=until, named_by=by
    )
    events.record("moderation.chair", named, by=by, person=person.pk, board=board.code)
    _tell_of_what_waits(named)
    return named


def _has_no_part(by: User, board: Locality) -> None:
    if policy.has_appealed(by, board):
        words = _("An agency of yours has appealed to this board, so another manager does that.")
        raise NotReady([words])


def _tell_of_what_waits(named: BoardChair) -> None:
    """Appeals that nobody could decide until now."""
    waiting = Appeal.objects.open().filter(review__assessment__board=named.board_id)
    for each in waiting.select_related("review__assessment__agency", "review__assessment__board"):
        if policy.decides(named.person, each):
            notices.appealed(each, each.review.assessment, [named.person])


@transaction.atomic
def end_chair(chair: BoardChair, *, by: User, today: datetime.date | None = None) -> None:
    """Yesterday was the last day. Raises: as ``name_chair``."""
    if not policy.manages(by):
        raise PermissionDenied
    _has_no_part(by, chair.board)
    yesterday = (today or timezone.localdate()) - datetime.timedelta(days=1)
    chair = BoardChair.objects.select_for_update().get(pk=chair.pk)
    chair.from_on = min(chair.from_on, yesterday)
    chair.until = yesterday
    chair.save(update_fields=["from_on", "until"])
    events.record("moderation.chair_ended", chair, by=by, person=chair.person_id)
