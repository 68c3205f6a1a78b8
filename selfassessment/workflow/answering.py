"""What is said of each standard: by whom, with what stood there before."""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit import events
from selfassessment import policy, results
from selfassessment.models import Answer, AnswerSave, Assessment, SetAside
from selfassessment.moves import Overtaken, Stale, TransitionError, locked, move
from selfassessment.standards.models import Standard
from selfassessment.terms import Status
from selfassessment.workflow.helping import is_whole, settle
from selfassessment.workflow.signing import void_what_rests_on
from ui.clashes import one_under_the_other

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
    assessment = locked(assessment)
    _must_be_open(assessment)
    if not policy.answers(by, assessment, standard):
        raise PermissionDenied
    answer = _answer(assessment.source, standard)
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
        settle(assessment.source, standard, answer, now=now)
    return answer


@transaction.atomic
def set_aside(
    assessment: Assessment,
    standard: Standard,
    values: Mapping[str, str],
    *,
    by: User,
    now: datetime | None = None,
) -> SetAside | None:
    """Keep what ``by`` typed while somebody else saved the same answer (row S28).

    Only its author sees it, until they deal with it; of what they typed twice nothing is lost.

    Args:
        values: of ``WRITTEN``, those that the page held.
    Returns:
        None where it says nothing that does not stand there.
    Raises:
        PermissionDenied: the standard was not given to ``by``.
    """
    now = now or timezone.now()
    assessment = locked(assessment)
    if not policy.answers(by, assessment, standard):
        raise PermissionDenied
    answer = _answer(assessment.source, standard)
    typed = {name: values.get(name, "") for name in WRITTEN}
    said = {name: words for name, words in typed.items() if words not in getattr(answer, name)}
    if not said:
        return None
    kept = _waiting(answer, by).first() or SetAside(answer=answer, by=by, said={})
    kept.at = now
    kept.said = {name: _with(kept.said.get(name, ""), said.get(name, ""), name) for name in WRITTEN}
    kept.save()
    _record("assessment.set_aside", assessment, standard, by=by, fields=sorted(said))
    return kept


def _with(before: str, words: str, name: str) -> str:
    """Both texts, neither said twice; of two choices the later one."""
    if name in ("rating", "confidence") or before in words:
        return words or before
    return before if words in before else one_under_the_other(before, words)


@transaction.atomic
def deal_with_set_aside(
    assessment: Assessment, standard: Standard, *, by: User, now: datetime | None = None
) -> int:
    """Their own words that were set aside are dealt with; returns how many that were."""
    assessment = locked(assessment)
    answer = Answer.objects.filter(assessment=assessment.source_id, standard=standard).first()
    if answer is None or not _waiting(answer, by).update(dealt_with_at=now or timezone.now()):
        return 0
    _record("assessment.set_aside_dealt_with", assessment, standard, by=by, fields=[])
    return 1


def _waiting(answer: Answer, by: User) -> QuerySet[SetAside]:
    return SetAside.objects.filter(answer=answer, by=by, dealt_with_at__isnull=True)


def _record(
    kind: str, assessment: Assessment, standard: Standard, *, by: User, fields: list[str]
) -> None:
    agency = str(assessment.agency_id)
    events.record(kind, assessment, by=by, agency=agency, what=standard.code, fields=fields)


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
    assessment = locked(assessment)
    _must_be_open(assessment)
    if not policy.leads_form(by, assessment):
        raise PermissionDenied
    source = assessment.source
    stands = {name: getattr(source, name) for name in CONSULTATION}
    changed = [name for name in CONSULTATION if values.get(name, stands[name]) != stands[name]]
    if changed and version != consultation_version(source):
        raise Overtaken(source)
    if not changed:
        return assessment
    for name in changed:
        setattr(source, name, values[name])
    source.save(update_fields=changed)
    touch(assessment, by=by, now=now, what="consultation", fields=changed)
    return assessment


def consultation_version(assessment: Assessment) -> str:
    """A short value of what stands there, to know whether somebody else has changed it."""
    said = "\x1f".join(getattr(assessment, name) for name in CONSULTATION)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def touch(assessment: Assessment, *, by: User, now: datetime, what: str, fields: list[str]) -> None:
    """What follows any change of a form, its evidence or its actions: begun, void, scored, logged.

    Args:
        assessment: locked, and the one in which it was changed; what was signed for another
            board stands, and what waits there to be signed is taken back.
        what: the standard's code, "evidence", "actions" or "consultation".
        fields: names of the columns that changed.
    """
    source = assessment.source
    begins = Status.NOT_STARTED in (assessment.status, source.status)
    for form in {source.pk: source, assessment.pk: assessment}.values():
        if form.status == Status.NOT_STARTED:
            move(form, Status.IN_PROGRESS, by=by)
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
    if not assessment.is_open:
        raise TransitionError(f"{assessment.status} is not being filled in")


def _answer(assessment: Assessment, standard: Standard) -> Answer:
    """The row, made the first time; the form's own lock keeps a second one out."""
    rows = Answer.objects.select_for_update().filter(assessment=assessment, standard=standard)
    return rows.first() or Answer.objects.create(assessment=assessment, standard=standard)
