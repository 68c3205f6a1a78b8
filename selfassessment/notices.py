"""What people are told about a form: rows written with the act, one mail for each person and day.

A notice that no longer holds when its mail is due is dropped: reminders end with what they are
about. The mail says how many things there are and where, and never of what agency or in what words.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from agencies.models import Agency, Membership
from agencies.people import holders, on_duty
from agencies.terms import AGENCY_ROLES, AgencyType, Role
from outbox import post
from selfassessment.models import Assessment, Assignment, Cycle, Notice
from selfassessment.terms import BEFORE_SIGNED, FORM_LEADS, NoticeKind, Status
from ui import dates

Kind = NoticeKind
AT_ONCE = 500  # rows or mails of one minute, so that no lock is held for long
SOON = timedelta(days=14)
HELPERS_AHEAD = timedelta(days=2)
FROM_HOUR = 7  # nobody is written to at night about a form

# While the form is in one of these statuses there is something to tell.
HOLDS: dict[str, Sequence[Status]] = {
    Kind.OPENED: (Status.NOT_STARTED,),
    Kind.NOT_STARTED: (Status.NOT_STARTED,),
    Kind.DUE_SOON: BEFORE_SIGNED,
    Kind.OVERDUE: BEFORE_SIGNED,
    Kind.ASSIGNED: (Status.NOT_STARTED, Status.IN_PROGRESS, Status.RETURNED),
    Kind.COMMENTED: [each for each in Status if each not in (Status.CLOSED, Status.EXEMPT)],
    Kind.READY: (Status.READY, Status.RETURNED),
    Kind.SENT_BACK: (Status.IN_PROGRESS,),
    Kind.RETURNED: (Status.RETURNED,),
    Kind.REOPENED: (Status.IN_PROGRESS,),
    Kind.WAIVER: BEFORE_SIGNED,
    Kind.LET_OFF: BEFORE_SIGNED,
    Kind.MODERATED: (Status.MODERATED,),
    Kind.PUBLISHED: (Status.PUBLISHED,),
}


# --- Written with an act ----------------------------------------------------------------------
def tell(
    assessment: Assessment,
    people: Iterable[User],
    kind: NoticeKind,
    *,
    once: str,
    now: datetime | None = None,
) -> int:
    """Note in the current transaction what people are to be told of a form.

    Args:
        once: which time it is; the same person is told of the same kind once for each.
    Returns:
        How many people that is.
    """
    now = now or timezone.now()
    found = {each.pk: each for each in people if each.is_active}
    Notice.objects.bulk_create(
        [
            Notice(person=each, assessment=assessment, kind=kind, once=once, made_at=now)
            for each in found.values()
        ],
        ignore_conflicts=True,
    )
    return len(found)


def drop(assessment: Assessment, *kinds: NoticeKind, now: datetime | None = None) -> int:
    """Take back what nobody was told yet of a form: of some kinds, or all."""
    waiting = Notice.objects.filter(
        assessment=assessment, told_at__isnull=True, dropped_at__isnull=True
    )
    if kinds:
        waiting = waiting.filter(kind__in=kinds)
    return waiting.update(dropped_at=now or timezone.now())


def drop_all(assessments: Iterable[Assessment], *, now: datetime) -> int:
    """As ``drop``, of many forms that are over."""
    waiting = Notice.objects.filter(
        assessment__in=list(assessments), told_at__isnull=True, dropped_at__isnull=True
    )
    return waiting.update(dropped_at=now)


def signers(assessment: Assessment) -> list[User]:
    """Who may sign: the senior leads; in the short form the leads, where there is none."""
    found = holders(assessment.agency, [Role.SENIOR_LEAD])
    if not found and assessment.short_form:
        return holders(assessment.agency, FORM_LEADS) or leads(assessment.agency)
    return found


def leads(agency: Agency) -> list[User]:
    """Who has an agency's form on their desk today; of somebody who works alone, they."""
    found = on_duty(agency, *FORM_LEADS)
    return found or (holders(agency, AGENCY_ROLES) if agency.works_alone else [])


def ready(assessment: Assessment, *, now: datetime) -> int:
    return tell(assessment, signers(assessment), Kind.READY, once=_stamp(now), now=now)


def to_leads(assessment: Assessment, kind: NoticeKind, *, now: datetime) -> int:
    """Sent back, returned, reopened, decided: the leads go on with it."""
    return tell(assessment, leads(assessment.agency), kind, once=_stamp(now), now=now)


def to_everybody(assessment: Assessment, kind: NoticeKind, *, now: datetime) -> int:
    """Moderated, final: the leads and who signed."""
    people = [*leads(assessment.agency), *signers(assessment)]
    return tell(assessment, people, kind, once=_stamp(now), now=now)


def to_managers(assessment: Assessment, kind: NoticeKind, *, now: datetime) -> int:
    """Those of the board's managers who do not belong to the agency: one of them decides."""
    there = Agency.objects.filter(pk=assessment.agency_id)
    people = [
        each
        for each in holders(None, [Role.MODERATION_MANAGER])
        if not there.belonging_to(each).exists()
    ]
    return tell(assessment, people, kind, once=_stamp(now), now=now)


def assigned(assessment: Assessment, person: User, *, now: datetime) -> int:
    """Standards were given to somebody; several on one day are one line of one mail."""
    day = timezone.localdate(now).isoformat()
    return tell(assessment, [person], Kind.ASSIGNED, once=day, now=now)


def _stamp(now: datetime) -> str:
    return now.isoformat(timespec="milliseconds")


# --- Noted as time passes ---------------------------------------------------------------------
def remind(now: datetime, *, at_most: int = AT_ONCE) -> int:
    """Note who is to hear that a form is to be begun, due soon or overdue; returns how many rows.

    Leads; where an agency has none, its deputies; whoever works alone. Each month counts from the
    day the cycle opened; of what is overdue, from the form's own last day.
    """
    today = timezone.localdate(now)
    noted = 0
    for cycle in Cycle.objects.open():
        for kind, once, forms in _due(cycle, today):
            noted += _note(forms, kind, once, now, at_most - noted)
            if noted >= at_most:
                return noted
    return noted


def remind_helpers(now: datetime, *, at_most: int = AT_ONCE) -> int:
    """Note who was given standards that are due in two days or late; once for each due day."""
    given = Assignment.objects.filter(
        taken_back_at__isnull=True,
        done_at__isnull=True,
        due_on__lte=timezone.localdate(now) + HELPERS_AHEAD,
        helper__ended_at__isnull=True,
        helper__person__is_active=True,
        assessment__status__in=HOLDS[Kind.ASSIGNED],
    ).annotate(once=Concat(Value("due-"), Cast("due_on", CharField())))
    told = Notice.objects.filter(
        assessment=OuterRef("assessment"),
        person=OuterRef("helper__person"),
        kind=Kind.ASSIGNED,
        once=OuterRef("once"),
    )
    waiting = given.filter(~Exists(told)).order_by("assessment", "helper__person", "due_on")
    some = waiting.values_list("assessment", "helper__person", "once").distinct()[:at_most]
    rows = [
        Notice(person_id=person, assessment_id=form, kind=Kind.ASSIGNED, once=once, made_at=now)
        for form, person, once in some
    ]
    Notice.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _due(cycle: Cycle, today: date) -> list[tuple[NoticeKind, str, QuerySet[Assessment]]]:
    of_cycle = Assessment.objects.filter(cycle=cycle)
    opened = timezone.localdate(cycle.opened_at)
    months = _months_between(opened, today)
    begun = Q(answers_of__isnull=False) & ~Q(answers_of__status=Status.NOT_STARTED)
    not_begun = of_cycle.filter(status=Status.NOT_STARTED, due_on__gte=today).exclude(begun)
    of_this_month = [(Kind.OPENED, "once", not_begun)]
    if months:
        of_this_month = [(Kind.NOT_STARTED, f"month-{months}", not_begun)]
    unsigned = of_cycle.filter(status__in=BEFORE_SIGNED)
    soon = unsigned.filter(due_on__gte=today, due_on__lte=today + SOON)
    return [
        *of_this_month,
        (Kind.DUE_SOON, "", soon),  # once for each due day, which an extension changes
        *(
            (Kind.OVERDUE, f"{day}-{_months_between(day, today)}", unsigned.filter(due_on=day))
            for day in _days_over(unsigned, today)
        ),
    ]


def _days_over(forms: QuerySet[Assessment], today: date) -> list[date]:
    """The last days that have passed: the cycle's own, and those that were given instead."""
    days = forms.filter(due_on__lt=today).order_by("due_on").values_list("due_on", flat=True)
    return list(days.distinct())


def _months_between(earlier: date, later: date) -> int:
    """Whole months."""
    months = (later.year - earlier.year) * 12 + later.month - earlier.month
    return max(0, months - (later.day < earlier.day))


def _note(
    forms: QuerySet[Assessment], kind: NoticeKind, once: str, now: datetime, at_most: int
) -> int:
    told = Notice.objects.filter(assessment=OuterRef("pk"), kind=kind)
    told = told.filter(once=once or Cast(OuterRef("due_on"), CharField()))
    waiting = forms.filter(~Exists(told)).order_by("pk")
    some = {each.pk: each for each in waiting.filter(Exists(_leads()))[:at_most]}
    leads = _leads_of(some.values())
    rows = [
        Notice(
            person_id=person,
            assessment=each,
            kind=kind,
            once=once or each.due_on.isoformat(),
            made_at=now,
        )
        for each in some.values()
        for person in leads[each.agency_id]
    ]
    Notice.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _leads() -> QuerySet[Membership]:
    return _in_charge().filter(agency=OuterRef("agency"))


def _in_charge() -> QuerySet[Membership]:
    """Leads and deputies; whoever works alone, in whatever role (``policy.leads_form``)."""
    alone = Q(agency__kind=AgencyType.INDEPENDENT, role__in=AGENCY_ROLES)
    held = Membership.objects.active().filter(Q(role__in=FORM_LEADS) | alone)
    return held.filter(person__is_active=True)


def _leads_of(forms: Iterable[Assessment]) -> dict[int, list[int]]:
    """Keys of the leads of each agency; of its deputies where it has no lead; else whoever works
    alone."""
    held = _in_charge().filter(agency__in={each.agency_id for each in forms})
    by_agency: dict[int, dict[str, list[int]]] = {}
    for agency, role, person in held.values_list("agency_id", "role", "person_id"):
        by_agency.setdefault(agency, {}).setdefault(role, []).append(person)
    return {
        agency: roles.get(Role.LEAD)
        or roles.get(Role.DEPUTY_LEAD)
        or list(dict.fromkeys(person for those in roles.values() for person in those))
        for agency, roles in by_agency.items()
    }


def chase(forms: Iterable[Assessment], *, now: datetime) -> int:
    """Tell the leads of forms that are late again today, whatever they were told before.

    Returns:
        How many forms somebody will hear of.
    """
    late = list(forms)
    leads = _leads_of(late)
    once = f"chased-{timezone.localdate(now)}"
    rows = [
        Notice(person_id=person, assessment=each, kind=Kind.OVERDUE, once=once, made_at=now)
        for each in late
        for person in leads.get(each.agency_id, [])
    ]
    Notice.objects.bulk_create(rows, ignore_conflicts=True)
    return len({row.assessment_id for row in rows})


# --- Told -------------------------------------------------------------------------------------
def send(now: datetime, *, at_most: int = AT_ONCE) -> int:
    """Write one mail to each person who is to hear something and heard nothing today.

    Returns:
        How many mails.
    """
    local = timezone.localtime(now)
    if local.hour < FROM_HOUR:
        return 0
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    today = Notice.objects.filter(person=OuterRef("person"), told_at__gte=midnight)
    waiting = Notice.objects.filter(~Exists(today), told_at__isnull=True, dropped_at__isnull=True)
    people = waiting.order_by("person").values_list("person", flat=True).distinct()[:at_most]
    return _digests(list(people), now)


@transaction.atomic
def _digests(people: list[int], now: datetime) -> int:
    """One mail for each of them of whose notices any still holds; returns how many."""
    rows = (
        Notice.objects.filter(person__in=people, told_at__isnull=True, dropped_at__isnull=True)
        .select_for_update(of=("self",), skip_locked=True)
        .select_related("assessment", "person")
        .order_by("person", "made_at")
    )
    holding: dict[int, list[Notice]] = {}
    over: list[Notice] = []
    for row in rows:
        if row.assessment.status in HOLDS[row.kind] and row.person.is_active:
            holding.setdefault(row.person_id, []).append(row)
        else:
            over.append(row)
    told = [row.pk for those in holding.values() for row in those]
    Notice.objects.filter(pk__in=[row.pk for row in over]).update(dropped_at=now)
    Notice.objects.filter(pk__in=told).update(told_at=now)
    for those in holding.values():
        _write(those, now)
    return len(holding)


def _write(rows: list[Notice], now: datetime) -> None:
    forms = {row.assessment_id: row.assessment for row in rows}
    person = rows[0].person
    post.send(
        person,
        kind="assessment.digest",
        subject=_subject(len(forms)),
        what=" ".join(_sentences(rows)),
        why=_("You have a part in the yearly self-assessment of an agency."),
        by_when=_by(list(forms.values()), rows),
        path=_path(list(forms.values()), {NoticeKind(row.kind) for row in rows}),
        key=f"assessment.digest:{person.pk}:{timezone.localdate(now)}",
    )


def _subject(forms: int) -> str:
    return ngettext(
        "Self-assessment: something waits for you",
        "Self-assessment: %(count)d forms wait for you",
        forms,
    ) % {"count": forms}


def _sentences(rows: list[Notice]) -> list[str]:
    """One for each kind, in the order of the kinds: how many forms, never which."""
    counted = {kind: len({row.assessment_id for row in rows if row.kind == kind}) for kind in Kind}
    if counted[Kind.OPENED]:
        counted[Kind.NOT_STARTED] = 0
    return [_sentence(kind, number) for kind, number in counted.items() if number]


def _sentence(kind: NoticeKind, number: int) -> str:
    said = {
        Kind.OPENED: ngettext(
            "The self-assessment of this year is open.",
            "%(count)d self-assessments of this year are open.",
            number,
        ),
        Kind.NOT_STARTED: ngettext(
            "A self-assessment has not been begun.",
            "%(count)d self-assessments have not been begun.",
            number,
        ),
        Kind.DUE_SOON: ngettext(
            "A self-assessment is to be signed within two weeks.",
            "%(count)d self-assessments are to be signed within two weeks.",
            number,
        ),
        Kind.OVERDUE: ngettext(
            "A self-assessment is overdue.",
            "%(count)d self-assessments are overdue.",
            number,
        ),
        Kind.ASSIGNED: ngettext(
            "A colleague asks you to answer part of a self-assessment.",
            "Colleagues ask you to answer parts of %(count)d self-assessments.",
            number,
        ),
        Kind.COMMENTED: ngettext(
            "A colleague has said something about a self-assessment.",
            "Colleagues have said something about %(count)d self-assessments.",
            number,
        ),
        Kind.READY: ngettext(
            "A self-assessment is ready for you to sign.",
            "%(count)d self-assessments are ready for you to sign.",
            number,
        ),
        Kind.SENT_BACK: ngettext(
            "A self-assessment was sent back by the senior accountable lead.",
            "%(count)d self-assessments were sent back by the senior accountable lead.",
            number,
        ),
        Kind.RETURNED: ngettext(
            "The board has questions about a self-assessment.",
            "The board has questions about %(count)d self-assessments.",
            number,
        ),
        Kind.REOPENED: ngettext(
            "A self-assessment was reopened by the board.",
            "%(count)d self-assessments were reopened by the board.",
            number,
        ),
        Kind.WAIVER: ngettext(
            "The board has decided on a check of a self-assessment.",
            "The board has decided on checks of %(count)d self-assessments.",
            number,
        ),
        Kind.LET_OFF: ngettext(
            "An agency asks you to let it off a check.",
            "%(count)d agencies ask you to let them off a check.",
            number,
        ),
        Kind.MODERATED: ngettext(
            "A self-assessment has been moderated. You may comment on the outcome.",
            "%(count)d self-assessments have been moderated. You may comment on the outcome.",
            number,
        ),
        Kind.PUBLISHED: ngettext(
            "The outcome of a self-assessment is final.",
            "The outcomes of %(count)d self-assessments are final.",
            number,
        ),
    }[kind]
    return said % {"count": number}


WITH_A_DAY = (Kind.OPENED, Kind.NOT_STARTED, Kind.DUE_SOON, Kind.READY, Kind.SENT_BACK)


def _by(forms: list[Assessment], rows: list[Notice]) -> str:
    """The first day by which something is to be signed."""
    asked = {row.assessment_id for row in rows if row.kind in WITH_A_DAY}
    days = [each.due_on for each in forms if each.pk in asked]
    return _("By %(when)s.") % {"when": dates.paper_day(min(days))} if days else ""


def _path(forms: list[Assessment], kinds: set[NoticeKind]) -> str:
    """The page on which it is done; the list of forms where it is about several."""
    if len(forms) > 1:
        return reverse("selfassessment:home")
    pages = {
        Kind.READY: "sign",
        Kind.RETURNED: "questions",
        Kind.SENT_BACK: "check",
        Kind.WAIVER: "check",
        Kind.LET_OFF: "manage",
    }
    page = next((pages[kind] for kind in pages if kind in kinds), "overview")
    return reverse(f"selfassessment:{page}", args=[forms[0].key])
