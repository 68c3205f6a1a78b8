"""The doors of evidence: add, change, show for standards, replace a file, take away, carry on.

Each locks the form, and before it the one that holds the answers, asks the policy, writes, and
has ``touch`` say what follows: a form that is changed is begun, its sign-off void, and the log
knows.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max, QuerySet, Subquery, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from agencies.models import Membership
from agencies.terms import AGENCY_ROLES
from audit import events
from files import CleanFile
from files.terms import FileState
from selfassessment import policy as form_policy
from selfassessment import results
from selfassessment.evidence import beside, drawing, policy, terms
from selfassessment.evidence.models import Evidence, EvidenceUse, EvidenceVersion
from selfassessment.models import Assessment
from selfassessment.moves import NotReady, TransitionError, locked
from selfassessment.standards.models import Standard
from selfassessment.terms import EvidenceKind, Status
from selfassessment.workflow.answering import touch
from vault import keys

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Details:
    """What is said of a piece of evidence."""

    title: str
    kind: EvidenceKind
    owner: User
    dated_on: date
    effective_on: date | None = None
    expires_on: date | None = None
    note: str = ""
    address: str = ""


# --- The doors ---------------------------------------------------------------------------------
@transaction.atomic
def add(
    assessment: Assessment,
    details: Details,
    standards: Collection[Standard],
    *,
    by: User,
    file: CleanFile | None = None,
    now: datetime | None = None,
) -> Evidence:
    """Keep a new piece of evidence, and show it for some standards of the form.

    In moderation it may be added too, since moderators ask for more: it is shown to them beside
    what was signed, and the sign-off stands.

    Raises:
        PermissionDenied: none of the standards is the person's to give evidence for.
        TransitionError: the form takes nothing now.
        NotReady: the file is here already, or there is no room for it; ``missing`` says which.
    """
    now = now or timezone.now()
    assessment = locked(assessment)
    _must_take(assessment, by)
    _must_be_mine(assessment, standards, by)
    evidence = Evidence(agency=assessment.agency, created_by=by, created_at=now)
    _describe(evidence, details)
    evidence.save(force_insert=True)
    _show(assessment, evidence, standards, by=by, now=now)
    if file is not None:
        _keep(assessment, evidence, file, by=by, now=now)
    _after(assessment, evidence, "evidence_added", by=by, now=now)
    return evidence


@transaction.atomic
def change(
    assessment: Assessment,
    evidence: Evidence,
    details: Details,
    *,
    by: User,
    now: datetime | None = None,
) -> Evidence:
    """Say something else of it: in every form that shows it, but what was signed stays signed.

    Raises: as ``add``.
    """
    now = now or timezone.now()
    assessment = locked(assessment)
    _must_be_open(assessment)
    evidence = _mine_to_change(assessment, evidence, by)
    before = {name: getattr(evidence, name) for name in _COLUMNS}
    _describe(evidence, details)
    changed = [name for name in _COLUMNS if getattr(evidence, name) != before[name]]
    if not changed:
        return evidence
    evidence.save(update_fields=changed)
    _after(assessment, evidence, "evidence_changed", by=by, now=now, fields=changed)
    return evidence


@transaction.atomic
def show_for(
    assessment: Assessment,
    evidence: Evidence,
    standards: Collection[Standard],
    *,
    by: User,
    now: datetime | None = None,
) -> list[str]:
    """Show it for these standards, of those that are the person's, and for no other of them.

    In moderation, to the moderators, beside what was signed.

    Returns:
        codes that changed.
    Raises: as ``add``.
    """
    now = now or timezone.now()
    assessment = locked(assessment)
    _must_take(assessment, by)
    evidence = _of(assessment, evidence)
    mine = {each.pk: each for each in _mine(assessment, by)}
    if not mine:
        raise PermissionDenied
    wanted = {each.pk for each in standards} & mine.keys()
    uses = _uses(assessment, evidence).filter(standard__in=mine)
    there = set(uses.values_list("standard_id", flat=True))
    uses.filter(standard__in=there - wanted).delete()
    _show(assessment, evidence, [mine[key] for key in wanted - there], by=by, now=now)
    codes = sorted(mine[key].code for key in wanted ^ there)
    if codes:
        _after(assessment, evidence, "evidence_shown_for", by=by, now=now, fields=codes)
    return codes


@transaction.atomic
def replace(
    assessment: Assessment,
    evidence: Evidence,
    file: CleanFile,
    *,
    by: User,
    now: datetime | None = None,
) -> EvidenceVersion:
    """Keep a newer file of it; the earlier ones stay, and a signed form shows its own.

    Raises: as ``add``.
    """
    now = now or timezone.now()
    assessment = locked(assessment)
    _must_be_open(assessment)
    evidence = _mine_to_change(assessment, evidence, by)
    if evidence.kind == EvidenceKind.LINK:
        raise TransitionError("a link has no file")
    version = _keep(assessment, evidence, file, by=by, now=now)
    _after(assessment, evidence, "evidence_replaced", by=by, now=now)
    return version


@transaction.atomic
def take_away(
    assessment: Assessment, evidence: Evidence, *, by: User, now: datetime | None = None
) -> None:
    """Show it in this form no more, and offer it for no other; signed forms keep it.

    Raises: as ``add``; a second press finds nothing to do.
    """
    now = now or timezone.now()
    assessment = locked(assessment)
    _must_be_open(assessment)
    evidence = _mine_to_change(assessment, evidence, by)
    if evidence.ended_at is not None:
        return
    evidence.ended_at = now
    evidence.save(update_fields=["ended_at"])
    _uses(assessment, evidence).delete()
    _after(assessment, evidence, "evidence_taken_away", by=by, now=now)


@dataclass(frozen=True)
class FromLastYear:
    """A piece of evidence that last year's form showed and this one does not yet."""

    evidence: Evidence
    codes: tuple[str, ...]
    is_expired: bool


def last_year(
    assessment: Assessment, *, today: date, asked: Iterable[Standard] | None = None
) -> list[FromLastYear]:
    """What the form before showed for standards that this one asks too: two queries.

    Args:
        asked: the standards of this form, where they were read already; else one query more.
    """
    codes = {each.code for each in (results.asked_of(assessment) if asked is None else asked)}
    here = EvidenceUse.objects.filter(assessment=assessment.source_id, added_for__isnull=True)
    shown = set(here.values_list("evidence_id", "standard__code"))
    found: dict[UUID, tuple[Evidence, list[str]]] = {}
    uses = EvidenceUse.objects.filter(
        assessment=Subquery(_before(assessment)), evidence__ended_at__isnull=True
    )
    for use in uses.select_related("evidence__owner", "standard").order_by("standard__order"):
        code = use.standard.code
        if code in codes and (use.evidence_id, code) not in shown:
            found.setdefault(use.evidence_id, (use.evidence, []))[1].append(code)
    return [
        FromLastYear(evidence, tuple(those), evidence.is_expired(today))
        for evidence, those in found.values()
    ]


@transaction.atomic
def carry(
    assessment: Assessment,
    *,
    by: User,
    chosen: Collection[UUID] | None = None,
    standard: Standard | None = None,
    now: datetime | None = None,
) -> int:
    """Show again what last year's form showed, for the same standards.

    Args:
        chosen: which pieces, expired or not; None for all that have not expired (rows S15, S16).
        standard: only for this one: when somebody says of its answer that it is still true.
    Returns:
        How many pieces.
    Raises: as ``add``.
    """
    now = now or timezone.now()
    assessment = locked(assessment)
    _must_be_open(assessment)
    mine = {each.code: each for each in _mine(assessment, by)}
    if not mine or (standard is not None and standard.code not in mine):
        raise PermissionDenied
    codes = {standard.code} if standard is not None else set(mine)
    carried = 0
    for one in last_year(assessment, today=timezone.localdate(now)):
        wanted = not one.is_expired if chosen is None else one.evidence.pk in chosen
        those = [mine[code] for code in one.codes if code in codes & mine.keys()]
        if wanted and those:
            _show(assessment, one.evidence, those, by=by, now=now)
            carried += 1
    if carried:
        touch(assessment, by=by, now=now, what="evidence", fields=["carried"])
    return carried


def _before(assessment: Assessment) -> QuerySet[Assessment, UUID]:
    """The key of the form of the cycle before this one that holds the answers."""
    earlier = Assessment.objects.filter(
        agency=assessment.agency_id,
        answers_of__isnull=True,
        cycle__year__lt=assessment.cycle.year,
    )
    return earlier.order_by("-cycle__year").values_list("pk", flat=True)[:1]


# --- Opening -----------------------------------------------------------------------------------
@transaction.atomic
def open_file(assessment: Assessment, version_id: UUID, *, by: User) -> EvidenceVersion:
    """The file with its content, and a line in the log that says who had it.

    Raises:
        EvidenceVersion.DoesNotExist: there is no such file.
        PermissionDenied: it is not checked for viruses, or had one.
    """
    version = EvidenceVersion.objects.select_related("evidence").get(pk=version_id)
    of_agency = policy.sees_library(by, assessment)
    if not policy.may_open(by, version, of_agency=of_agency):
        raise PermissionDenied
    events.record(
        "assessment.evidence_opened",
        assessment,
        by=by,
        agency=str(assessment.agency_id),
        evidence=str(version.evidence_id),
        number=version.number,
        state=str(version.state),
    )
    return version


# --- Inside ------------------------------------------------------------------------------------
_COLUMNS = (
    "title",
    "kind",
    "owner_id",
    "dated_on",
    "effective_on",
    "expires_on",
    "note",
    "address",
)


def _describe(evidence: Evidence, details: Details) -> None:
    evidence.title = details.title
    evidence.kind = details.kind
    evidence.owner = details.owner
    evidence.dated_on = details.dated_on
    evidence.effective_on = details.effective_on
    evidence.expires_on = details.expires_on
    evidence.note = details.note
    evidence.address = details.address if details.kind == EvidenceKind.LINK else ""
    belongs = Membership.objects.active().filter(
        person=details.owner, role__in=AGENCY_ROLES, agency=evidence.agency
    )
    if not belongs.exists():
        raise PermissionDenied  # the page offers people of the agency only


def _must_be_open(assessment: Assessment) -> None:
    if not assessment.is_open:
        raise TransitionError(f"{assessment.status} takes no change of its evidence")


def _must_take(assessment: Assessment, by: User) -> None:
    if assessment.status not in policy.TAKES:
        raise TransitionError(f"{assessment.status} takes no evidence")
    if assessment.status == Status.NOT_STARTED and not form_policy.writes_something(by, assessment):
        raise PermissionDenied  # the agency's lead begins it (section 7.2)


def _mine(assessment: Assessment, by: User) -> list[Standard]:
    return policy.standards_for(by, assessment, results.asked_of(assessment))


def _must_be_mine(assessment: Assessment, standards: Iterable[Standard], by: User) -> None:
    mine = {each.pk for each in _mine(assessment, by)}
    wanted = {each.pk for each in standards}
    if not wanted or wanted - mine:
        raise PermissionDenied


def _uses(assessment: Assessment, evidence: Evidence) -> QuerySet[EvidenceUse]:
    """For which standards it is shown: in what is filled in, or beside it to its moderators."""
    return EvidenceUse.objects.filter(
        assessment=assessment.source_id,
        evidence=evidence,
        added_for=None if assessment.is_open else assessment,
    )


def _of(assessment: Assessment, evidence: Evidence) -> Evidence:
    return Evidence.objects.select_for_update(of=("self",)).get(
        pk=evidence.pk, agency=assessment.agency_id
    )


def _mine_to_change(assessment: Assessment, evidence: Evidence, by: User) -> Evidence:
    """Leads change all of it, others what they added themselves."""
    evidence = _of(assessment, evidence)
    if policy.writes(by, assessment):
        return evidence
    if evidence.created_by_id != by.pk or not _mine(assessment, by):
        raise PermissionDenied
    return evidence


def _show(
    assessment: Assessment,
    evidence: Evidence,
    standards: Iterable[Standard],
    *,
    by: User,
    now: datetime,
) -> None:
    EvidenceUse.objects.bulk_create(
        [
            EvidenceUse(
                evidence=evidence,
                assessment=assessment.source,
                standard=each,
                added_for=None if assessment.is_open else assessment,
                added_by=by,
                added_at=now,
            )
            for each in standards
        ],
        ignore_conflicts=True,
    )


def _keep(
    assessment: Assessment, evidence: Evidence, file: CleanFile, *, by: User, now: datetime
) -> EvidenceVersion:
    problem = _why_not(assessment, file, by=by, now=now)
    if problem:
        raise NotReady([problem])
    last = evidence.versions.aggregate(last=Max("number"))["last"] or 0
    if not last:
        keys.new_case(evidence.pk)
    shown = beside.of_file(file)
    version = EvidenceVersion.objects.create(
        evidence=evidence,
        number=last + 1,
        kind=file.kind,
        name=file.name,
        size=len(file.content),
        sha256=file.sha256,
        content=file.content,
        picture=shown.picture,
        first_words=shown.words,
        has_picture=bool(shown.picture),
        added_by=by,
        added_at=now,
        next_try_at=now,
    )
    if settings.SCANNER:
        from selfassessment.evidence import tasks  # the task imports what imports this module

        transaction.on_commit(lambda: tasks.scan_evidence.enqueue(str(version.pk)))
    drawing.ask(version)
    return version


def _why_not(assessment: Assessment, file: CleanFile, *, by: User, now: datetime) -> str:
    """Why a file that is harmless in itself is not kept; empty where it can be."""
    names = {"name": file.name}
    there = EvidenceVersion.objects.filter(
        evidence__agency=assessment.agency_id, evidence__ended_at__isnull=True
    ).exclude(state=FileState.INFECTED)
    same = there.filter(sha256=file.sha256).select_related("evidence").defer("content").first()
    if same is not None:
        return _(
            "“%(name)s” is here already, as “%(title)s”. "
            "Open that, and tick the standards that it is for"
        ) % {**names, "title": same.evidence.title}
    lately = EvidenceVersion.objects.filter(added_at__gt=now - DAY)
    of_agency = lately.filter(evidence__agency=assessment.agency_id)
    if (
        lately.filter(added_by=by).count() >= terms.MOST_A_DAY
        or of_agency.count() >= terms.MOST_OF_AGENCY_A_DAY
    ):
        return _("“%(name)s” was not added: too many files came today. Try again tomorrow") % names
    held = there.aggregate(total=Sum("size"))["total"] or 0
    if held + len(file.content) > terms.MOST_BYTES_OF_AGENCY:
        return (
            _(
                "“%(name)s” was not added: your agency has no room left. "
                "Take away what you no longer need"
            )
            % names
        )
    return ""


def _after(
    assessment: Assessment,
    evidence: Evidence,
    kind: str,
    *,
    by: User,
    now: datetime,
    fields: list[str] | None = None,
) -> None:
    events.record(
        f"assessment.{kind}",
        assessment,
        by=by,
        agency=str(assessment.agency_id),
        evidence=str(evidence.pk),
        fields=fields or [],
    )
    if assessment.is_open:
        touch(assessment, by=by, now=now, what="evidence", fields=fields or [])
