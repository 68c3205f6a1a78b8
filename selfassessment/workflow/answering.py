"""What is said of each standard: by whom, with what stood there before."""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit import events
from selfassessment import policy, results
from selfassessment.models import Answer, AnswerSave, Assessment
from selfassessment.moves import Overtaken, Stale, TransitionError, locked, move
from selfassessment.standards.models import Standard
from selfassessment.terms import EDITABLE, Status
from selfassessment.workflow.helping import is_whole, settle
from selfassessment.workflow.signing import void_what_rests_on

WRITTEN = ("rating", "position", "what_changed", "confidence", "not_applicable_reason")
"""The columns of an answer that a page writes."""


@transaction.atomic
def write_answer(
    assessment: Assessment,
    standard: Standard,
    values: Mapping[str, str],
    *,
    by: User,
    version: int,
    still_true: Answer | None = None,
    now: datetime | None = None,
) -> Answer:
    """Save some or all columns of one answer; an answer that is saved unchanged stays as it is.

    Args:
        values: of ``WRITTEN``, those that the page held.
        version: of the answer that the page showed; 0 for none yet.
        still_true: last year's answer, when somebody says that its words are still true. It
            holds until the words become others.
    Raises:
        TransitionError: the form is not being filled in now.
        PermissionDenied: the standard was not given to ``by``.
        Stale: somebody else saved it in between (row S28); nothing is changed.
    """
    now = now or timezone.now()
    assessment = locked(assessment.source)
    _must_be_open(assessment)
    if not policy.answers(by, assessment, standard):
        raise PermissionDenied
    answer = _answer(assessment, standard)
    if answer.version != version:
        raise Stale(answer)
    before, was_whole = {name: getattr(answer, name) for name in WRITTEN}, is_whole(answer)
    changed = [name for name in WRITTEN if values.get(name, before[name]) != before[name]]
    if not changed and still_true is None:
        return answer
    for name in changed:
        setattr(answer, name, values[name])
    if "position" in changed and answer.position.split() != before["position"].split():
        answer.carried_from = answer.still_true_at = answer.still_true_by = None
    if still_true is not None:
        answer.carried_from, answer.still_true_at, answer.still_true_by = still_true, now, by
    answer.version += 1
    answer.saved_by, answer.saved_at = by, now
    answer.save()
    AnswerSave.objects.create(
        answer=answer,
        version=answer.version,
        by=by,
        at=now,
        before={name: before[name] for name in changed},
    )
    touch(assessment, by=by, now=now, what=standard.code, fields=changed)
    if is_whole(answer) != was_whole:
        settle(assessment, standard, answer, now=now)
    return answer


CONSULTATION = ("consulted_who", "consulted_how", "consulted_said")
"""The columns of a form that say who was asked, how, and what they said (section 4)."""


@transaction.atomic
def write_consultation(
    assessment: Assessment,
    values: Mapping[str, str],
    *,
    by: User,
    version: str,
    now: datetime | None = None,
) -> Assessment:
    """Save who was asked, how, and what they said: once for each form.

    Args:
        values: of ``CONSULTATION``, those that the page held.
        version: ``consultation_version`` of the form that the page showed.
    Raises:
        TransitionError: the form is not being filled in now.
        PermissionDenied: ``by`` does not lead it.
        Overtaken: somebody else saved something else in between; nothing is changed.
    """
    now = now or timezone.now()
    assessment = locked(assessment.source)
    _must_be_open(assessment)
    if not policy.leads_form(by, assessment):
        raise PermissionDenied
    stands = {name: getattr(assessment, name) for name in CONSULTATION}
    changed = [name for name in CONSULTATION if values.get(name, stands[name]) != stands[name]]
    if changed and version != consultation_version(assessment):
        raise Overtaken(assessment)
    if not changed:
        return assessment
    for name in changed:
        setattr(assessment, name, values[name])
    assessment.save(update_fields=changed)
    touch(assessment, by=by, now=now, what="consultation", fields=changed)
    return assessment


def consultation_version(assessment: Assessment) -> str:
    """A short value of what stands there, to know whether somebody else has changed it."""
    said = "\x1f".join(getattr(assessment, name) for name in CONSULTATION)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def touch(assessment: Assessment, *, by: User, now: datetime, what: str, fields: list[str]) -> None:
    """What follows any change of a form, its evidence or its actions: begun, void, scored, logged.

    Args:
        assessment: locked, and the one that owns the answers.
        what: the standard's code, "evidence", "actions" or "consultation".
        fields: names of the columns that changed.
    """
    begins = assessment.status == Status.NOT_STARTED
    if begins:
        move(assessment, Status.IN_PROGRESS, by=by)
    also = void_what_rests_on(assessment, by=by, now=now, reason=_("The form was changed."))
    if begins or "rating" in fields:  # on nothing else does a score rest
        results.refresh(assessment, also)
    events.record(
        "assessment.changed",
        assessment,
        by=by,
        agency=str(assessment.agency_id),
        what=what,
        fields=fields,
    )


def _must_be_open(assessment: Assessment) -> None:
    if assessment.status not in EDITABLE:
        raise TransitionError(f"{assessment.status} is not being filled in")


def _answer(assessment: Assessment, standard: Standard) -> Answer:
    """The row, made the first time; the form's own lock keeps a second one out."""
    rows = Answer.objects.select_for_update().filter(assessment=assessment, standard=standard)
    return rows.first() or Answer.objects.create(assessment=assessment, standard=standard)
