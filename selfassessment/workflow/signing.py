"""Sign-off: what is signed is frozen, and a later change voids it and says so.

Who prepares hands the form over, another person signs it; the manager may return it with questions
or reopen it with a reason. Every door locks the form that holds the answers before its own, so an
edit and a signature at the same moment are one after the other, and the second is told.
"""

from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit import events
from selfassessment import checks, notices, policy, results
from selfassessment.models import Assessment, EvidenceUse, Remark, SignOff, Waiver
from selfassessment.moves import NotReady, TransitionError, locked, move
from selfassessment.reports import frozen as copies
from selfassessment.sheet import Sheet
from selfassessment.terms import BEFORE_SIGNED, NoticeKind, RemarkKind, Status
from ui import dates

WITH_THE_BOARD = (Status.SIGNED, Status.MODERATION, Status.MODERATED, Status.PUBLISHED)


class Changed(TransitionError):  # noqa: N818 - what the page says
    """The form is not the one that the signer has read; nothing is signed."""


class AnsweredMeanwhile(TransitionError):  # noqa: N818 - what the page says
    """Somebody else answered the same question; ``remark`` is what stands now."""

    def __init__(self, remark: Remark) -> None:
        super().__init__(f"remark {remark.pk} was answered")
        self.remark = remark


# --- Void --------------------------------------------------------------------------------------
def void(assessment: Assessment, *, by: User | None, now: datetime, reason: str) -> None:
    """Void the sign-off that stands, if any; its frozen copy stays."""
    if assessment.signed_at is None:
        return
    standing = SignOff.objects.standing().filter(assessment=assessment)
    if not standing.update(voided_at=now, voided_by=by, void_reason=reason):
        return
    assessment.signed_at = None
    assessment.save(update_fields=["signed_at"])
    results.refresh(assessment)  # a voided review's ratings count no more
    events.record(
        "assessment.voided", assessment, by=by, agency=str(assessment.agency_id), reason=reason
    )


def void_what_rests_on(
    assessment: Assessment, *, by: User, now: datetime, reason: str
) -> list[Assessment]:
    """After a change of the answers: of this form, and of others that share them and are open.

    What was signed for another board stands: its frozen copy is what that board reads, and only
    its manager reopens it (WF-12). What waits there to be signed is taken back.

    Returns:
        those that share them, locked.
    """
    _void_open(assessment, by=by, now=now, reason=reason)
    family = Q(pk=assessment.source_id) | Q(answers_of=assessment.source_id)
    rows = Assessment.objects.filter(family).exclude(pk=assessment.pk)
    others = list(rows.select_for_update(of=("self",)))
    for other in others:
        if other.status == Status.READY:
            move(other, Status.IN_PROGRESS, by=None, reason=reason)
            notices.drop(other, NoticeKind.READY)
        elif other.is_open:
            _void_open(other, by=by, now=now, reason=reason)
    return others


def _void_open(assessment: Assessment, *, by: User, now: datetime, reason: str) -> None:
    void(assessment, by=by, now=now, reason=reason)
    if assessment.status == Status.RETURNED and assessment.prepared_at is not None:
        _take_back_preparation(assessment)


def _take_back_preparation(assessment: Assessment) -> None:
    """Whoever prepares says again that it is whole, as it was changed since."""
    assessment.prepared_by = assessment.prepared_at = None
    assessment.save(update_fields=["prepared_by", "prepared_at"])
    notices.drop(assessment, NoticeKind.READY)


# --- Handed over -------------------------------------------------------------------------------
@transaction.atomic
def ready(
    assessment: Assessment, *, by: User, no_personal_data: bool, now: datetime | None = None
) -> Assessment:
    """Hand the form over to be signed; from now on its answers are locked.

    One that the board returned stays with its status: what was asked is answered.

    Args:
        no_personal_data: that ``by`` has looked for it, and found none.
    Raises:
        TransitionError: it is not being filled in.
        PermissionDenied: ``by`` does not lead it.
        NotReady: something stops it, in words.
    """
    now = now or timezone.now()
    assessment = locked(assessment)
    if not policy.leads_form(by, assessment):
        raise PermissionDenied
    if assessment.status == Status.NOT_STARTED and assessment.answers_of_id:
        move(assessment, Status.IN_PROGRESS, by=by)  # its answers were written for the first board
    if assessment.status not in (Status.IN_PROGRESS, Status.RETURNED):
        raise TransitionError(f"{assessment.status} is not being filled in")
    if assessment.status == Status.RETURNED and assessment.prepared_at is not None:
        raise TransitionError("it was handed over already")
    assessment.prepared_by, assessment.prepared_at = by, now
    missing = _what_stops(assessment, now)
    if not no_personal_data:
        missing.append(_("Confirm that there is no personal data about people of concern."))
    if missing:
        raise NotReady(missing)
    if assessment.status == Status.RETURNED:
        assessment.save(update_fields=["prepared_by", "prepared_at"])
        events.record("assessment.answered", assessment, by=by, agency=str(assessment.agency_id))
    else:
        move(assessment, Status.READY, by=by, prepared_by=by, prepared_at=now)
    notices.ready(assessment, now=now)
    return assessment


def _what_stops(assessment: Assessment, now: datetime) -> list[str]:
    return checks.stops(checks.look_at(assessment, timezone.localdate(now)))


@transaction.atomic
def send_back(
    assessment: Assessment, words: str, *, by: User, now: datetime | None = None
) -> Assessment:
    """The senior lead does not sign yet, and says why.

    Raises:
        TransitionError: it does not wait to be signed.
        PermissionDenied: ``by`` is not its senior lead.
    """
    now = now or timezone.now()
    assessment = locked(assessment)
    if assessment.status == Status.RETURNED:
        if not policy.sends_back(by, assessment):
            raise PermissionDenied
        if assessment.prepared_at is None:
            raise TransitionError("nobody handed it over")
        _take_back_preparation(assessment)
        kind = NoticeKind.RETURNED
    else:
        if assessment.status != Status.READY:
            raise TransitionError(f"{assessment.status} does not wait to be signed")
        move(assessment, Status.IN_PROGRESS, by=by)  # what is said is content: no part of the log
        kind = NoticeKind.SENT_BACK
    Remark.objects.create(
        assessment=assessment, kind=RemarkKind.SENT_BACK, words=words, by=by, at=now
    )
    notices.drop(assessment, NoticeKind.READY)
    notices.to_leads(assessment, kind, now=now)
    return assessment


# --- Signed ------------------------------------------------------------------------------------
def statement(assessment: Assessment, governing_body_on: date) -> str:
    """The words that are signed, of which every one is kept (section 7.3)."""
    places = {
        "agency": assessment.agency.name,
        "year": assessment.cycle.year,
        "day": dates.paper_day(governing_body_on),
    }
    return "\n".join(
        [
            _("I confirm of the self-assessment %(year)s of %(agency)s:") % places,
            _("It is a fair picture."),
            _("Evidence is held."),
            _("Staff and, where possible, users were asked."),
            _("There is no personal data about people of concern in it."),
            _("Actions have owners and dates."),
            _("The governing body will receive it on %(day)s.") % places,
        ]
    )


@transaction.atomic
def sign(
    assessment: Assessment,
    *,
    by: User,
    role: str,
    governing_body_on: date,
    seen: str,
    now: datetime | None = None,
) -> SignOff:
    """Sign the form: the words, who, and a frozen copy of all that it says, with its digest.

    The page asks for a fresh second factor first (ID-13).

    Args:
        role: in which ``by`` signs, in their own words: "Head teacher".
        seen: what the page showed (``Sheet.state``).
    Raises:
        TransitionError: it does not wait to be signed; somebody else signed it first.
        PermissionDenied: ``by`` is not its senior lead, or prepared it.
        Changed: it is not the form that the page showed.
        NotReady: something stops it, in words.
    """
    from selfassessment.tasks import make_report  # which knows the cycles beside this

    now = now or timezone.now()
    assessment = locked(assessment)
    if assessment.status not in (Status.READY, Status.RETURNED):
        raise TransitionError(f"{assessment.status} does not wait to be signed")
    if not policy.signs(by, assessment):
        raise PermissionDenied
    if assessment.prepared_at is None or assessment.prepared_by is None:
        raise TransitionError("nobody handed it over")
    sheet = Sheet(assessment, timezone.localdate(now))
    if sheet.state() != seen:
        raise Changed("the form was changed after the page was opened")
    if missing := checks.stops(checks.look_at(assessment, sheet=sheet)):
        raise NotReady(missing)
    copy = copies.frozen(assessment)
    void(assessment, by=by, now=now, reason=_("Signed again."))
    words = statement(assessment, governing_body_on)
    signoff = SignOff.objects.create(
        assessment=assessment,
        number=assessment.signoffs.count() + 1,
        signed_by=by,
        name=by.name,
        role=role,
        prepared_by_name=assessment.prepared_by.name,
        at=now,
        statement=words,
        governing_body_on=governing_body_on,
        frozen=copy,
        sha256=copies.digest(copy, words),
    )
    move(assessment, Status.SIGNED, by=by, signed_at=now)
    notices.drop(assessment)
    transaction.on_commit(lambda: make_report.enqueue(signoff.pk))
    return signoff


# --- What the manager does with it -------------------------------------------------------------
@transaction.atomic
def return_with_questions(
    assessment: Assessment, questions: list[str], *, by: User, now: datetime | None = None
) -> Assessment:
    """Give a signed form back with questions; it is answered and signed again.

    Raises:
        TransitionError: it is not signed.
        PermissionDenied: ``by`` does not manage it.
    """
    now = now or timezone.now()
    assessment = locked(assessment)
    move(assessment, Status.RETURNED, by=by, prepared_by=None, prepared_at=None)
    Remark.objects.bulk_create(
        [
            Remark(assessment=assessment, kind=RemarkKind.RETURNED, words=words, by=by, at=now)
            for words in questions
        ]
    )
    notices.to_leads(assessment, NoticeKind.RETURNED, now=now)
    return assessment


@transaction.atomic
def answer_question(
    remark: Remark, words: str, *, by: User, version: str, now: datetime | None = None
) -> Remark:
    """Answer one question of a returned form; it can be reworded until it is handed over.

    Args:
        version: ``Remark.version`` of the question as the page showed it.
    Raises:
        TransitionError: the form is not returned, or was handed over.
        PermissionDenied: ``by`` does not lead it.
        AnsweredMeanwhile: somebody else answered it after the page was opened (row S28).
    """
    now = now or timezone.now()
    assessment = locked(remark.assessment)
    if not policy.leads_form(by, assessment):
        raise PermissionDenied
    if assessment.status != Status.RETURNED or assessment.prepared_at is not None:
        raise TransitionError("it is not returned")
    rows = Remark.objects.select_related("answered_by").select_for_update(of=("self",))
    remark = rows.get(pk=remark.pk, kind=RemarkKind.RETURNED)
    if remark.answer == words:
        return remark
    if remark.version != version:
        raise AnsweredMeanwhile(remark)
    remark.answer, remark.answered_by, remark.answered_at = words, by, now
    remark.save(update_fields=["answer", "answered_by", "answered_at"])
    return remark


@transaction.atomic
def reopen(
    assessment: Assessment, reason: str, *, by: User, now: datetime | None = None
) -> Assessment:
    """Let a signed form be filled in again; its sign-off is void, its frozen copy is kept.

    What was signed for another board with the same answers stands.

    Raises:
        TransitionError: it is not signed.
        PermissionDenied: ``by`` does not manage it.
    """
    now = now or timezone.now()
    assessment = locked(assessment)
    if assessment.status not in WITH_THE_BOARD:
        raise TransitionError(f"{assessment.status} was not signed")
    move(
        assessment,
        Status.IN_PROGRESS,
        by=by,
        reason=reason,
        prepared_by=None,
        prepared_at=None,
        moderated_at=None,
        published_at=None,
    )
    void(assessment, by=by, now=now, reason=reason)
    results.refresh(assessment)  # what moderators rated counts no more
    Remark.objects.create(
        assessment=assessment, kind=RemarkKind.REOPENED, words=reason, by=by, at=now
    )
    _take_in_what_was_added(assessment)
    notices.drop(assessment)
    notices.to_leads(assessment, NoticeKind.REOPENED, now=now)
    return assessment


def _take_in_what_was_added(assessment: Assessment) -> None:
    """Evidence that the moderators were shown after sign-off belongs to the form from now on."""
    EvidenceUse.objects.bulk_create(
        [
            EvidenceUse(
                evidence_id=each.evidence_id,
                assessment_id=each.assessment_id,
                standard_id=each.standard_id,
                added_by_id=each.added_by_id,
                added_at=each.added_at,
            )
            for each in assessment.evidence_added.filter(evidence__ended_at__isnull=True)
        ],
        ignore_conflicts=True,
    )


# --- Let off a check ---------------------------------------------------------------------------
@transaction.atomic
def ask_waiver(
    assessment: Assessment,
    rule: str,
    code: str,
    reason: str,
    *,
    by: User,
    now: datetime | None = None,
) -> Waiver:
    """Ask the manager not to hold one check against the form.

    Raises:
        TransitionError: it is not being filled in, or was asked already.
        PermissionDenied: ``by`` does not lead it, or nobody may be let off this check.
    """
    now = now or timezone.now()
    assessment = locked(assessment)
    known = checks.RULES.get(rule)
    if known is None or not known.waivable or not policy.leads_form(by, assessment):
        raise PermissionDenied
    if assessment.status not in (Status.NOT_STARTED, Status.IN_PROGRESS, Status.RETURNED):
        raise TransitionError(f"{assessment.status} is not being filled in")
    if assessment.waivers.filter(rule=rule, code=code).exclude(granted=False).exists():
        raise TransitionError("it was asked already")
    waiver = Waiver.objects.create(
        assessment=assessment, rule=rule, code=code, reason=reason, asked_by=by, asked_at=now
    )
    events.record(
        "assessment.waiver_asked",
        assessment,
        by=by,
        agency=str(assessment.agency_id),
        reason=reason,
        rule=rule,
        code=code,
    )
    notices.to_managers(assessment, NoticeKind.LET_OFF, now=now)
    return waiver


@transaction.atomic
def decide_waiver(
    waiver: Waiver, *, granted: bool, why: str, by: User, now: datetime | None = None
) -> Waiver:
    """Let the form off the check, or not; the words and the name stay with it.

    Raises:
        TransitionError: it was decided already, or the form was signed or closed since.
        PermissionDenied: ``by`` does not manage the form, or asked for it.
    """
    now = now or timezone.now()
    assessment = locked(waiver.assessment)
    if not policy.manages(by, assessment) or waiver.asked_by_id == by.pk:
        raise PermissionDenied
    if assessment.status not in BEFORE_SIGNED:
        raise TransitionError(f"{assessment.status} is not checked any more")
    waiver = Waiver.objects.select_for_update().get(pk=waiver.pk)
    if waiver.granted is not None:
        raise TransitionError("it was decided")
    waiver.granted, waiver.why, waiver.decided_by, waiver.decided_at = granted, why, by, now
    waiver.save(update_fields=["granted", "why", "decided_by", "decided_at"])
    events.record(
        "assessment.waiver_decided",
        assessment,
        by=by,
        agency=str(assessment.agency_id),
        reason=why,
        rule=waiver.rule,
        code=waiver.code,
        granted=granted,
    )
    if not assessment.waivers.filter(granted__isnull=True).exists():
        notices.drop(assessment, NoticeKind.LET_OFF)
    notices.to_leads(assessment, NoticeKind.WAIVER, now=now)
    return waiver
