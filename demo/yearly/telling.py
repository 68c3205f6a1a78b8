"""What the log says of the forms: told from what was made, so that an agency's history shows."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from django.db.models import Model

from accounts.models import User
from audit.events import Detail, Past, record_past
from demo.yearly.rounds import Form
from selfassessment.actions.models import Action, ProgressNote
from selfassessment.evidence.models import EvidenceUse
from selfassessment.models import (
    AnswerSave,
    Assessment,
    Assignment,
    Comment,
    Cycle,
    Extension,
    Moderator,
    Remark,
    SignOff,
)
from selfassessment.moderation.models import (
    AgencyComment,
    Appeal,
    Judgement,
    RequiredAction,
    Review,
)
from selfassessment.terms import Status


def tell(forms: Sequence[Form], cycles: Iterable[Cycle], manager: User, now: datetime) -> None:
    """One event for each act, as the doors would have written it, the oldest first."""
    happened = [
        *_cycles(cycles, manager),
        *(event for form in forms for event in _moves(form, manager)),
        *_answers(),
        *_help(),
        *_evidence(),
        *_actions(),
        *_moderation(),
        *_said(),
    ]
    record_past(each for each in happened if each.at <= now)


def _of(
    form: Assessment,
    kind: str,
    at: datetime | None,
    by: User | None,
    *,
    subject: Model | None = None,
    reason: str = "",
    **detail: Detail,
) -> Iterator[Past]:
    """One event in the log of the form's agency; none where the act is still to come."""
    if at is not None:
        yield Past(at, kind, subject or form, by, str(form.agency_id), reason, detail)


def _cycles(cycles: Iterable[Cycle], manager: User) -> Iterator[Past]:
    for cycle in cycles:
        for kind, at, by in (
            ("opened", cycle.opened_at, manager),
            ("closed", cycle.closed_at, None),
        ):
            if at is not None:
                yield Past(at, f"assessment.cycle_{kind}", cycle, by, detail={"year": cycle.year})


# Moves ----------------------------------------------------------------------------------------
def _moves(form: Form, manager: User) -> Iterator[Past]:
    """The way of a form through its statuses; each event says where it came from."""
    place, row = form.place, form.row
    steps: list[tuple[Status, datetime | None, User | None]] = [
        (Status.IN_PROGRESS, form.begun, place.lead),
        (Status.READY, form.prepared, place.lead),
        (Status.SIGNED, form.signed, place.senior),
        (Status.MODERATION, form.given, manager),
        (Status.MODERATED, form.moderated, _finished_by(form)),
        (Status.PUBLISHED, form.published, manager),
    ]
    if form.stands == Status.EXEMPT:
        steps = [(Status.EXEMPT, form.cycle.opened_at, manager)]
    before = Status.NOT_STARTED
    for status, at, by in [*steps, (Status.CLOSED, form.cycle.closed_at, None)]:
        if at is None:
            continue
        reason = row.exempt_reason if status == Status.EXEMPT else ""
        yield from _of(row, f"assessment.{status}", at, by, reason=reason, before=str(before))
        before = status


def _finished_by(form: Form) -> User | None:
    if form.moderated is None:
        return None
    review = Review.objects.filter(assessment=form.row).select_related("finished_by").first()
    return review.finished_by if review else None


# What agencies did ----------------------------------------------------------------------------
def _answers() -> Iterator[Past]:
    """Of the open year; of closed ones the answers themselves say who gave them."""
    saves = AnswerSave.objects.select_related("by", "answer__standard", "answer__assessment")
    for save in saves:
        code, fields = save.answer.standard.code, sorted(save.before)
        form = save.answer.assessment
        yield from _of(form, "assessment.changed", save.at, save.by, what=code, fields=fields)


def _help() -> Iterator[Past]:
    given: dict[tuple[object, datetime], list[Assignment]] = defaultdict(list)
    for each in Assignment.objects.select_related("assessment", "standard", "given_by"):
        given[each.assessment_id, each.given_at].append(each)
    for (_form, at), some in given.items():
        codes = [each.standard.code for each in some]
        first = some[0]
        yield from _of(first.assessment, "assessment.given", at, first.given_by, standards=codes)
    for said in Comment.objects.select_related("assessment", "standard", "by", "dealt_with_by"):
        codes = [said.standard.code]
        form, dealt = said.assessment, said.dealt_with_at
        yield from _of(form, "assessment.commented", said.at, said.by, standards=codes)
        yield from _of(
            form, "assessment.comment_dealt_with", dealt, said.dealt_with_by, standards=codes
        )


def _evidence() -> Iterator[Past]:
    seen = set()
    for use in EvidenceUse.objects.select_related("assessment", "evidence", "added_by"):
        if use.evidence_id in seen:
            continue
        seen.add(use.evidence_id)
        yield from _of(
            use.assessment,
            "assessment.evidence_added",
            use.added_at,
            use.added_by,
            evidence=str(use.evidence_id),
            fields=[],
        )


def _actions() -> Iterator[Past]:
    for action in Action.objects.select_related("assessment", "created_by"):
        yield from _of(
            action.assessment,
            "assessment.action_made",
            action.created_at,
            action.created_by,
            subject=action,
            code=action.code,
            fields=[],
            before="",
        )
    for note in ProgressNote.objects.select_related("action__assessment", "by"):
        yield from _of(
            note.action.assessment,
            f"assessment.action_{note.after or 'noted'}",
            note.at,
            note.by,
            subject=note.action,
            code=note.action.code,
            fields=[],
            before=note.before,
        )


# What the board's people did ------------------------------------------------------------------
def _moderation() -> Iterator[Past]:
    for one in Moderator.objects.select_related("assessment", "given_by"):
        yield from _of(one.assessment, "moderation.given", one.given_at, one.given_by)
    for review in Review.objects.select_related("assessment"):
        yield from _of(review.assessment, "moderation.drawn", review.began_at, None)
    judged = Judgement.objects.select_related(
        "moderator__person", "sampled__standard", "sampled__review__assessment"
    )
    for each in judged:
        yield from _of(
            each.sampled.review.assessment,
            "moderation.judged",
            each.at,
            each.moderator.person,
            code=each.sampled.standard.code,
            outcome=str(each.outcome),
        )
    for required in RequiredAction.objects.select_related("review__assessment", "standard", "by"):
        yield from _of(
            required.review.assessment,
            "moderation.required",
            required.at,
            required.by,
            code=required.standard.code,
        )
    for comment in AgencyComment.objects.select_related("review__assessment", "by"):
        yield from _of(comment.review.assessment, "moderation.commented", comment.at, comment.by)
    for appeal in Appeal.objects.select_related("review__assessment", "by", "decided_by"):
        form = appeal.review.assessment
        yield from _of(form, "moderation.appealed", appeal.at, appeal.by)
        yield from _of(form, "moderation.decided", appeal.decided_at, appeal.decided_by)


def _said() -> Iterator[Past]:
    """What was said with a move, more time, and sign-offs for a further board."""
    for remark in Remark.objects.select_related("assessment", "by"):
        before = str(Status.SIGNED)
        kind = f"assessment.{remark.kind}"
        yield from _of(remark.assessment, kind, remark.at, remark.by, before=before)
    for more in Extension.objects.select_related("assessment", "by"):
        until = more.until.isoformat()
        yield from _of(
            more.assessment,
            "assessment.extended",
            more.at,
            more.by,
            reason=more.reason,
            until=until,
        )
    second = SignOff.objects.filter(assessment__answers_of__isnull=False)
    for signoff in second.select_related("assessment", "signed_by"):
        kind, before = "assessment.signed_off", str(Status.READY)
        yield from _of(signoff.assessment, kind, signoff.at, signoff.signed_by, before=before)
