"""The doors of actions: make, change, note, move, verify, carry on.

Actions live on after sign-off: what is done with them then voids nothing, and is in their own
history. While the senior lead has the form to sign, none is made or changed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from agencies.models import Agency, Membership
from agencies.terms import AGENCY_ROLES
from audit import events
from selfassessment import advice, results
from selfassessment import policy as form_policy
from selfassessment.actions import notices, policy, rules
from selfassessment.actions.models import Action, ActionCycle, ActionStandard, ProgressNote
from selfassessment.models import Answer, Assessment, Cycle, Evidence
from selfassessment.moves import NotReady, TransitionError, locked, move
from selfassessment.standards.models import Standard
from selfassessment.terms import ACTION_ENDED, BEFORE_SIGNED, ActionStatus, Priority, Status

TAKES = (
    Status.NOT_STARTED,
    Status.IN_PROGRESS,
    Status.RETURNED,
    Status.SIGNED,
    Status.MODERATION,
    Status.MODERATED,
    Status.PUBLISHED,
)
"""Statuses of a form in which actions are made and changed: all but ready, closed and exempt."""
CARRIED_AT_ONCE = 5_000


@dataclass(frozen=True)
class Plan:
    """What is said of an action."""

    words: str
    codes: Sequence[str]
    owner: User
    owner_role: str
    priority: Priority
    due_on: date
    success_measure: str
    resource_needed: str = ""
    partner_help: bool = False


# --- What is suggested -------------------------------------------------------------------------
def suggested(assessment: Assessment, codes: Iterable[str]) -> Priority:
    """The priority that section 5 gives to an action for these standards: two queries."""
    wanted = set(codes)
    standards = {each.pk: each for each in results.asked_of(assessment) if each.code in wanted}
    return rules.most_pressing(
        _priority(assessment, standards[key], rating)
        for key, rating in Answer.objects.filter(
            assessment=assessment.source_id, standard__in=standards
        ).values_list("standard_id", "rating")
    )


def _priority(assessment: Assessment, standard: Standard, rating: str) -> Priority:
    weight = standard.weight_for(assessment.form_type, specified=assessment.is_specified)
    return advice.priority(standard, rating, weight)


def latest_day(assessment: Assessment, priority: Priority, *, since: date) -> date:
    """The last day on which it may be due, in words: ``rules.too_late``."""
    return rules.latest_day(priority, since, _year_later(assessment.cycle.closes_on))


def _year_later(day: date) -> date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:  # the 29th of February
        return day.replace(year=day.year + 1, day=28)


# --- The doors ---------------------------------------------------------------------------------
@transaction.atomic
def make(
    assessment: Assessment,
    plan: Plan,
    *,
    by: User,
    now: datetime | None = None,
    asked_by_moderator: bool = False,
) -> Action:
    """Make an action for some standards of a form.

    Raises:
        PermissionDenied: ``by`` is neither lead nor senior lead, nor the manager for what the
            moderators ask; or the owner is not of the agency.
        TransitionError: the form is being signed, closed or exempt.
        NotReady: the day is later than its priority allows, or no standard is named.
    """
    now = now or timezone.now()
    assessment = locked(assessment.source)
    if asked_by_moderator and form_policy.manages(by, assessment):
        _must_have_a_plan(assessment)
    else:
        _must_take(assessment, by)
    _see_plan(assessment, plan, since=timezone.localdate(now))
    if assessment.status == Status.NOT_STARTED and form_policy.writes_something(by, assessment):
        move(assessment, Status.IN_PROGRESS, by=by)
    action = Action(
        agency=assessment.agency,
        assessment=assessment,
        code=_next_code(assessment),
        created_by=by,
        created_at=now,
        asked_by_moderator=asked_by_moderator,
    )
    _describe(action, plan)
    action.save()
    _name_standards(action, plan.codes, assessment)
    ActionCycle.objects.create(action=action, assessment=assessment, at=now)
    _record(action, "made", by=by)
    _ask_for_help(action, now=now)
    return action


def _next_code(assessment: Assessment) -> str:
    """``A-17-2026-03``: the agency's number, the year, and which it is; the form is locked."""
    head = f"A-{assessment.agency_id}-{assessment.cycle.year}-"
    return f"{head}{Action.objects.filter(code__startswith=head).count() + 1:02}"


@transaction.atomic
def change(
    action: Action,
    plan: Plan,
    *,
    by: User,
    version: int,
    now: datetime | None = None,
) -> Action:
    """Say something else of it.

    Args:
        version: of the action that the page showed.
    Raises:
        PermissionDenied, NotReady: as ``make``.
        TransitionError: it has ended, its form is being signed, or somebody else saved it first.
    """
    now = now or timezone.now()
    action, assessment = _held(action)
    if action.status in ACTION_ENDED:
        raise TransitionError(f"{action.status} is not changed any more")
    _must_take(assessment, by)
    if action.version != version:
        raise TransitionError("somebody else saved it first")
    last = action.cycles.order_by("-at").values_list("at", flat=True).first() or action.created_at
    if plan.due_on != action.due_on or plan.priority != action.priority:
        _see_plan(assessment, plan, since=timezone.localdate(last))
    else:
        _see_plan(assessment, plan, since=None)
    before = {name: getattr(action, name) for name in _COLUMNS}
    codes = action.codes
    _describe(action, plan)
    changed = [name for name in _COLUMNS if getattr(action, name) != before[name]]
    if codes != _in_order(plan.codes, assessment):
        _name_standards(action, plan.codes, assessment)
        changed.append("codes")
    if not changed:
        return action
    action.version += 1
    action.save()
    _record(action, "changed", by=by, fields=changed)
    _ask_for_help(action, now=now)
    return action


@transaction.atomic
def note(action: Action, words: str, *, by: User, now: datetime | None = None) -> ProgressNote:
    """Say how it goes, with the day.

    Raises:
        PermissionDenied: neither its owner nor a lead.
        TransitionError: it has ended.
    """
    action, _assessment = _held(action)
    if not policy.may_note(by, action):
        raise PermissionDenied
    if action.status in ACTION_ENDED:
        raise TransitionError(f"{action.status} takes no note any more")
    said = ProgressNote.objects.create(action=action, words=words, by=by, at=now or timezone.now())
    _record(action, "noted", by=by)
    return said


@transaction.atomic
def move_to(
    action: Action,
    to: ActionStatus,
    *,
    by: User,
    words: str = "",
    evidence: Evidence | None = None,
    now: datetime | None = None,
) -> Action:
    """Move an action to another status; what is said with it is kept as a note of the day.

    Args:
        words: the reason where one is needed; for done, what was achieved.
        evidence: of the agency, for done.
    Raises:
        TransitionError: the table has no such move: somebody else was first.
        PermissionDenied: ``by`` may not make it; who owns it never verifies it.
        NotReady: the reason is missing, or what was achieved.
    """
    now = now or timezone.now()
    action, _assessment = _held(action)
    before = ActionStatus(action.status)
    if to not in rules.STEPS[before]:
        raise TransitionError(f"{before} -> {to}")
    if not policy.may_move(by, action, to):
        raise PermissionDenied
    if rules.needs_reason(before, to) and not words:
        raise NotReady([_("Write why.")])
    if to == ActionStatus.DONE:
        if not words:
            raise NotReady([_("Write what was achieved.")])
        if evidence is not None and evidence.agency_id != action.agency_id:
            raise PermissionDenied
        action.done_at, action.done_by = now, by
        action.done_words, action.done_evidence = words, evidence
    if to == ActionStatus.VERIFIED:
        action.verified_at, action.verified_by = now, by
    action.status = to
    action.status_reason = words[:500] if to in rules.WITH_REASON else ""
    action.version += 1
    action.save()
    ProgressNote.objects.create(action=action, words=words, before=before, after=to, by=by, at=now)
    _record(action, str(to), by=by, before=str(before))
    return action


# --- From year to year ---------------------------------------------------------------------------
def carry_unfinished(cycle: Cycle, *, now: datetime, at_most: int = CARRIED_AT_ONCE) -> int:
    """Take what is not verified nor cancelled into the forms of a cycle; safe to repeat.

    A form that was made later, or is asked for after all, gets its own then.

    The action stays the same row, with its code, its history and one more year.

    Returns:
        How many were carried; fewer than ``at_most`` means that none is left.
    """
    forms = Assessment.objects.filter(
        cycle=cycle,
        agency=OuterRef("agency"),
        answers_of__isnull=True,
        status__in=BEFORE_SIGNED,
    )
    there = ActionCycle.objects.filter(action=OuterRef("pk"), assessment__cycle=cycle)
    left = Action.objects.not_ended().filter(
        ~Exists(there), Exists(forms), assessment__cycle__year__lt=cycle.year
    )
    form = forms.values("pk")[:1]
    pairs = list(left.annotate(form=form).values_list("pk", "form").order_by("pk")[:at_most])
    ActionCycle.objects.bulk_create(
        [ActionCycle(action_id=action, assessment_id=to, at=now) for action, to in pairs],
        ignore_conflicts=True,
    )
    return len(pairs)


# --- Inside ------------------------------------------------------------------------------------
_COLUMNS = (
    "words",
    "owner_id",
    "owner_role",
    "priority",
    "due_on",
    "success_measure",
    "resource_needed",
    "partner_help",
)


def _held(action: Action) -> tuple[Action, Assessment]:
    """The action and the newest form that it is of, locked in the order of every door."""
    newest = (
        Assessment.objects.filter(action_cycles__action=action).order_by("-cycle__year").first()
    )
    assessment = locked(newest or action.assessment)
    rows = Action.objects.select_for_update(of=("self",))
    return rows.select_related("assessment__agency", "owner", "agency").get(
        pk=action.pk
    ), assessment


def _must_take(assessment: Assessment, by: User) -> None:
    if not policy.writes(by, assessment):
        raise PermissionDenied
    _must_have_a_plan(assessment)


def _must_have_a_plan(assessment: Assessment) -> None:
    if assessment.status not in TAKES:
        raise TransitionError(f"{assessment.status} takes no actions")


def _see_plan(assessment: Assessment, plan: Plan, *, since: date | None) -> None:
    if not _in_order(plan.codes, assessment):
        raise NotReady([_("Choose the standards that it is for.")])
    if not people_of(assessment.agency).filter(person=plan.owner).exists():
        raise PermissionDenied  # the page offers people of the agency only
    if since is not None:
        latest = latest_day(assessment, plan.priority, since=since)
        if plan.due_on > latest:
            raise NotReady([rules.too_late(plan.priority, latest) + "."])


def people_of(agency: Agency) -> QuerySet[Membership]:
    """Who may own an action: whoever belongs to the agency today."""
    return Membership.objects.active().filter(
        agency=agency, role__in=AGENCY_ROLES, person__is_active=True
    )


def _in_order(codes: Iterable[str], assessment: Assessment) -> list[str]:
    wanted = set(codes)
    return [each.code for each in results.asked_of(assessment) if each.code in wanted]


def _describe(action: Action, plan: Plan) -> None:
    action.words = plan.words
    action.owner, action.owner_role = plan.owner, plan.owner_role
    if action.due_on != plan.due_on:
        made_on = timezone.localdate(action.created_at)
        action.remind_on = rules.first_step_on(plan.due_on, made_on)
    action.priority, action.due_on = plan.priority, plan.due_on
    action.success_measure = plan.success_measure
    action.resource_needed = plan.resource_needed
    action.partner_help = plan.partner_help


def _name_standards(action: Action, codes: Iterable[str], assessment: Assessment) -> None:
    action.standards.all().delete()
    ActionStandard.objects.bulk_create(
        ActionStandard(action=action, code=code, order=at)
        for at, code in enumerate(_in_order(codes, assessment))
    )


def _ask_for_help(action: Action, *, now: datetime) -> None:
    """Tell the locality's Prevent lead once that help is asked."""
    if action.partner_help and action.help_asked_at is None:
        action.help_asked_at = now
        action.save(update_fields=["help_asked_at"])
        notices.help_asked(action)


def _record(
    action: Action, kind: str, *, by: User | None, fields: Sequence[str] = (), before: str = ""
) -> None:
    events.record(
        f"assessment.action_{kind}",
        action,
        by=by,
        agency=str(action.agency_id),
        code=action.code,
        fields=list(fields),
        before=before,
    )
