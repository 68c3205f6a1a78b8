"""A cycle from its plan to its last day: forms made for every agency, more time, no form, the end.

Forms are made by jobs, some agencies at a time, each job asking for the next: the page shows how
far it is, a lost job loses nothing, and to begin again makes only what is not there yet.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from agencies.models import Agency
from audit import events
from selfassessment import notices, policy
from selfassessment.models import AlsoReports, Assessment, Cycle, Extension, Profile
from selfassessment.moderation.models import Appeal
from selfassessment.moves import NotReady, TransitionError, close, locked, move
from selfassessment.profiles import guess_for
from selfassessment.standards.models import Standard, StandardSet
from selfassessment.terms import BEFORE_SIGNED, Status

AT_ONCE = 1000  # agencies that one job makes forms for
CLOSED_AT_ONCE = 5000  # forms closed in one minute
LOCKED_AT_ONCE = 250  # of those in one transaction: the log takes a lock for each agency
DAYS = ("opens_on", "due_on", "moderation_ends_on", "report_on", "closes_on")


def usual_days(year: int) -> dict[str, date]:
    """The days of a cycle as the settings have them: each the first of its kind after the last.

    Returns:
        by the names of ``DAYS``; the first of them lies in ``year``.
    """
    found: dict[str, date] = {}
    last = date(year, 1, 1)
    for name, (month, day) in zip(DAYS, settings.CYCLE_DAYS, strict=True):
        this = _day(last.year, month, day)
        found[name] = last = this if this >= last else _day(last.year + 1, month, day)
    return found


def _day(year: int, month: int, day: int) -> date:
    """The day, or the last of February in a year that has no such one."""
    return date(year, month, min(day, 28) if month == 2 else day)


# --- Planning and opening ---------------------------------------------------------------------
@transaction.atomic
def plan_cycle(year: int, standards: StandardSet, days: Mapping[str, date], *, by: User) -> Cycle:
    """Write a cycle down; nobody else sees it until it is opened.

    Raises:
        PermissionDenied: ``by`` does not manage the self-assessment.
        TransitionError: there is one of that year.
        NotReady: the set is a draft.
    """
    _see_that_they_manage(by)
    _see_that_it_is_published(standards)
    if Cycle.objects.filter(year=year).exists():
        raise TransitionError(f"there is a cycle of {year}")
    cycle = Cycle.objects.create(year=year, standards=standards, **days)
    events.record("assessment.cycle_planned", cycle, by=by, year=year, standards=standards.version)
    return cycle


@transaction.atomic
def change_cycle(
    cycle: Cycle, standards: StandardSet, days: Mapping[str, date], *, by: User
) -> Cycle:
    """Change the plan of a cycle; the forms of one that is open keep their standards and day.

    Raises:
        PermissionDenied: ``by`` does not manage the self-assessment.
        TransitionError: it was opened.
    """
    _see_that_they_manage(by)
    _see_that_it_is_published(standards)
    cycle = Cycle.objects.select_for_update().get(pk=cycle.pk)
    if cycle.opened_at is not None:
        raise TransitionError("the cycle was opened")
    cycle.standards = standards
    for name, day in days.items():
        setattr(cycle, name, day)
    cycle.save()
    events.record("assessment.cycle_planned", cycle, by=by, year=cycle.year)
    return cycle


@transaction.atomic
def open_cycle(cycle: Cycle, *, by: User, now: datetime | None = None) -> Cycle:
    """Open it for all active agencies: from now on the set is fixed, and jobs make the forms.

    Raises:
        PermissionDenied: ``by`` does not manage the self-assessment.
        TransitionError: it was opened already.
        NotReady: its set is a draft, or its last day has passed.
    """
    now = now or timezone.now()
    _see_that_they_manage(by)
    cycle = Cycle.objects.select_for_update().get(pk=cycle.pk)
    if cycle.opened_at is not None:
        raise TransitionError("the cycle was opened")
    _see_that_it_is_published(cycle.standards)
    if cycle.closes_on <= timezone.localdate(now):
        raise NotReady([_("The day on which it closes has passed. Change the days first.")])
    cycle.opened_at, cycle.opened_by = now, by
    cycle.save(update_fields=["opened_at", "opened_by"])
    cycle.standards.mark_used(now)
    events.record("assessment.cycle_opened", cycle, by=by, year=cycle.year)
    _go_on(cycle)
    return cycle


@transaction.atomic
def add_agencies(cycle: Cycle, *, by: User) -> int:
    """Forms for agencies that joined since; returns for how many boards they are made.

    Raises:
        PermissionDenied: ``by`` does not manage the self-assessment.
        TransitionError: the cycle is not open.
    """
    _see_that_they_manage(by)
    cycle = Cycle.objects.select_for_update().get(pk=cycle.pk)
    if not cycle.is_open:
        raise TransitionError("the cycle is not open")
    missing = without_form(cycle).count() + without_second_form(cycle).count()
    if missing:
        _go_on(cycle)
    return missing


def without_form(cycle: Cycle) -> QuerySet[Agency]:
    """Active agencies that have no form of the cycle yet."""
    form = Assessment.objects.filter(cycle=cycle, agency=OuterRef("pk"))
    return Agency.objects.filter(~Exists(form), is_active=True)


def without_second_form(cycle: Cycle) -> QuerySet[AlsoReports]:
    """Further boards of agencies that have a form, but none for that board."""
    forms = Assessment.objects.filter(cycle=cycle, agency=OuterRef("agency"))
    there = forms.filter(board=OuterRef("board"))
    first = forms.filter(answers_of__isnull=True)
    return AlsoReports.objects.filter(Exists(first), ~Exists(there), agency__is_active=True)


@transaction.atomic
def make_forms(cycle: Cycle) -> int:
    """Make the forms of some agencies that have none, and a profile where that is missing too.

    Safe to repeat, and by two processes at once: what is there stays as it is.

    Returns:
        How many agencies and further boards it looked at; 0 when none is left.
    """
    agencies = list(without_form(cycle).order_by("pk")[:AT_ONCE])
    profiles = _profiles_of(agencies)
    asked = _Asked(cycle)
    Assessment.objects.bulk_create(
        [_form(cycle, each, each.locality_id, profiles[each.pk], asked) for each in agencies],
        ignore_conflicts=True,
    )
    also = list(without_second_form(cycle).select_related("agency").order_by("pk")[:AT_ONCE])
    firsts = Assessment.objects.filter(
        cycle=cycle, answers_of__isnull=True, agency__in=[each.agency_id for each in also]
    )
    first_of = {each.agency_id: each for each in firsts}
    Assessment.objects.bulk_create(
        [_second(first_of[each.agency_id], each) for each in also], ignore_conflicts=True
    )
    made = len(agencies) + len(also)
    if made:
        events.record("assessment.forms_made", cycle, by=None, forms=made)
    return made


@transaction.atomic
def make_forms_and_go_on(cycle: Cycle) -> int:
    """What a job does: some forms, and another job while there are agencies without one."""
    made = make_forms(cycle)
    if made:
        _go_on(cycle)
    return made


def _go_on(cycle: Cycle) -> None:
    from selfassessment import tasks  # it knows this file

    tasks.make_forms.enqueue(cycle.pk)


class _Asked:
    """How many standards a form asks, counted once for each kind of form."""

    def __init__(self, cycle: Cycle) -> None:
        self.cycle = cycle
        self.known: dict[tuple[str, bool], int] = {}

    def of(self, form_type: str, short: bool) -> int:
        key = (form_type, short)
        if key not in self.known:
            of_set = Standard.objects.filter(set=self.cycle.standards_id)
            self.known[key] = of_set.of(form_type, short=short).count()
        return self.known[key]


def _profiles_of(agencies: list[Agency]) -> dict[int, Profile]:
    """The profile of each; a guess by its kind is stored where somebody has not set one up."""
    known = Profile.objects.in_bulk([each.pk for each in agencies])
    missing = [guess_for(each) for each in agencies if each.pk not in known]
    Profile.objects.bulk_create(missing, ignore_conflicts=True)
    return {**{each.agency_id: each for each in missing}, **known}


def _form(
    cycle: Cycle, agency: Agency, board_id: int, profile: Profile, asked: _Asked
) -> Assessment:
    return Assessment(
        cycle=cycle,
        agency=agency,
        board_id=board_id,
        form_type=profile.form_type,
        short_form=profile.short_form,
        is_specified=profile.is_specified,
        is_one_person=profile.is_one_person,
        due_on=cycle.due_on,
        asked=asked.of(profile.form_type, profile.short_form),
    )


def _second(first: Assessment, also: AlsoReports) -> Assessment:
    """The same form for another board: its own sign-off, the answers of the first."""
    return Assessment(
        cycle_id=first.cycle_id,
        agency_id=first.agency_id,
        board_id=also.board_id,
        answers_of=first,
        form_type=first.form_type,
        short_form=first.short_form,
        is_specified=first.is_specified,
        is_one_person=first.is_one_person,
        due_on=first.due_on,
        asked=first.asked,
        answered=first.answered,
        points=first.points,
        possible=first.possible,
        critical_gaps=first.critical_gaps,
        rag=first.rag,
    )


def _see_that_they_manage(by: User) -> None:
    if not policy.manages(by):
        raise PermissionDenied


def _see_that_it_is_published(standards: StandardSet) -> None:
    if standards.published_at is None:
        raise NotReady([_("Publish the set of standards first.")])


# --- More time, and no form at all ------------------------------------------------------------
@transaction.atomic
def extend(
    assessment: Assessment, until: date, reason: str, *, by: User, now: datetime | None = None
) -> Assessment:
    """Give one form more time.

    Raises:
        PermissionDenied: ``by`` does not manage it.
        TransitionError: it is signed, closed or exempt.
        NotReady: the day is not later than the one that stands, or after the cycle's end.
    """
    now = now or timezone.now()
    assessment = locked(assessment)
    if not policy.manages(by, assessment):
        raise PermissionDenied
    if assessment.status not in BEFORE_SIGNED:
        raise TransitionError(f"{assessment.status} needs no more time")
    if until <= assessment.due_on:
        raise NotReady([_("Choose a day after the one that stands now.")])
    if until >= assessment.cycle.closes_on:
        raise NotReady([_("Choose a day before the cycle closes.")])
    Extension.objects.create(assessment=assessment, until=until, reason=reason, by=by, at=now)
    assessment.due_on = until
    assessment.save(update_fields=["due_on"])
    events.record(
        "assessment.extended",
        assessment,
        by=by,
        agency=str(assessment.agency_id),
        reason=reason,
        until=until.isoformat(),
    )
    notices.drop(assessment, notices.Kind.OVERDUE, notices.Kind.DUE_SOON)
    return assessment


@transaction.atomic
def exempt(assessment: Assessment, reason: str, *, by: User) -> Assessment:
    """Ask no form of the agency this time; what shares its answers is not asked for either.

    Raises:
        PermissionDenied: ``by`` does not manage it.
        TransitionError: it is signed, closed or exempt already.
    """
    assessment = locked(assessment)
    _exempt(assessment, reason, by=by)
    for other in _not_exempt(assessment):
        _exempt(other, reason, by=by)
    return assessment


def _exempt(assessment: Assessment, reason: str, *, by: User) -> None:
    move(assessment, Status.EXEMPT, by=by, reason=reason, exempt_reason=reason)
    notices.drop(assessment)


def _not_exempt(assessment: Assessment) -> QuerySet[Assessment]:
    others = assessment.also_sent_as.select_for_update(of=("self",))
    return others.filter(status__in=(Status.NOT_STARTED, Status.IN_PROGRESS, Status.READY))


@transaction.atomic
def undo_exemption(assessment: Assessment, reason: str, *, by: User) -> Assessment:
    """Ask for it after all; what was answered before is there again, and can be handed over.

    What was exempted in the same act, as it shares the answers, is asked for again too.

    Raises:
        PermissionDenied: ``by`` does not manage it.
        TransitionError: it is not exempt.
    """
    assessment = locked(assessment)
    together = _exempt_with(assessment)
    for each in (assessment, *together):
        move(each, Status.NOT_STARTED, by=by, reason=reason, exempt_reason="")
        if each.source.answers.filter(version__gt=0).exists():
            move(each, Status.IN_PROGRESS, by=None, reason=reason)
    return assessment


def _exempt_with(assessment: Assessment) -> list[Assessment]:
    """The forms of the same answers that were exempted in one act with this one, locked."""
    family = Assessment.objects.filter(
        Q(pk=assessment.source_id) | Q(answers_of=assessment.source_id),
        status=Status.EXEMPT,
        exempt_reason=assessment.exempt_reason,
    )
    rows = family.exclude(pk=assessment.pk).select_for_update(of=("self",))
    return list(rows.select_related("cycle", "agency", "board", "answers_of"))


# --- The end ----------------------------------------------------------------------------------
def close_due(now: datetime, *, at_most: int = CLOSED_AT_ONCE) -> int:
    """Close what is left of cycles whose last day has come; returns how many forms it closed.

    A cycle is closed itself once all of its forms are.
    """
    today = timezone.localdate(now)
    closed = 0
    for cycle in Cycle.objects.open().filter(closes_on__lte=today).order_by("year"):
        while closed < at_most:
            some = _close_some(cycle, min(LOCKED_AT_ONCE, at_most - closed), now)
            closed += some
            if not some:
                break
    return closed


@transaction.atomic
def _close_some(cycle: Cycle, at_most: int, now: datetime) -> int:
    left = Assessment.objects.filter(cycle=cycle).exclude(status=Status.CLOSED)
    # Of two boards' forms the one that holds the answers is locked first, as everywhere.
    # An appeal is decided first: the form of an agency that waits for the chair stays open.
    waits = Appeal.objects.filter(decided_at__isnull=True, review__signoff__voided_at__isnull=True)
    some = list(
        left.exclude(status=Status.MODERATED, pk__in=waits.values("review__assessment"))
        .select_for_update(of=("self",), skip_locked=True)
        .order_by("answers_of", "pk")[:at_most]
    )
    close(some)
    notices.drop_all(some, now=now)
    if not left.exists():
        Cycle.objects.filter(pk=cycle.pk).update(closed_at=now)
        events.record("assessment.cycle_closed", cycle, by=None, year=cycle.year)
    return len(some)


def at_work(cycle: Cycle) -> bool:
    """Whether jobs are making forms of the cycle now."""
    from selfassessment import tasks  # it knows this file

    return tasks.are_making(cycle)


def facts(cycle: Cycle) -> dict[str, Any]:
    """How far it is: forms that are there, and agencies and boards that have none."""
    return {
        "forms": Assessment.objects.filter(cycle=cycle).count(),
        "missing": without_form(cycle).count() + without_second_form(cycle).count(),
        "at_work": cycle.is_open and at_work(cycle),
    }


@transaction.atomic
def chase(cycle: Cycle, *, by: User, now: datetime | None = None) -> int:
    """Have the leads of every overdue form told once more today; returns of how many forms.

    Raises:
        PermissionDenied: ``by`` does not manage the self-assessment.
    """
    now = now or timezone.now()
    _see_that_they_manage(by)
    late = Assessment.objects.filter(cycle=cycle).overdue(timezone.localdate(now))
    count = notices.chase(late.only("pk", "agency"), now=now)
    if count:
        events.record("assessment.chased", cycle, by=by, forms=count)
    return count
