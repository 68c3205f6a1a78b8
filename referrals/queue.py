"""The queue of a Prevent lead or of the police: what waits, in what order, in pages.

Pure selection: every row comes from ``visible_to``, and whoever is below police and chair is
shown, filtered, counted and ordered by the outward status alone.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Self

from django.conf import settings
from django.core import signing
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, SmallIntegerField, Value
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from agencies import workdays
from agencies.models import Absence, Locality
from agencies.terms import POLICE, PREVENT, Sector
from referrals import clocks
from referrals.answers import Answers
from referrals.models import Clock, Message, PersonRecord, Referral, Seen
from referrals.promises import ENDED, running_clocks, shown_clock, stage
from referrals.questions import ADULT_FROM
from referrals.standing import Serves, Standing
from referrals.terms import (
    FROM_PANEL,
    HIDDEN_FROM_MOST,
    SHARED,
    Gender,
    Status,
    YesNoUnknown,
)
from ui import clocks as ui_clocks
from vault import keys

PAGE = 25
"""Rows to a page."""
SALT = "referrals.queue"
PREVENT_ACTS = frozenset({Status.SUBMITTED, Status.TRIAGE, Status.CLOSED})
"""Where the next act is the Prevent lead's; a closed case is open while feedback is owed."""
POLICE_ACTS = frozenset({Status.SUBMITTED, Status.GATEWAY, Status.INFO_GATHERING})
MINE, OPEN, COVER, WAITING, HELD, CLOSED = "mine", "open", "cover", "waiting", "held", "closed"
DUE, NEWEST = "due", "newest"
LATE, TODAY, LATER = 0, 1, 2
ANY_LATE, VERY_LATE = "late", "very"
IN_HOURS = frozenset(
    status for status, kind in clocks.OF_STATUS.items() if kind in clocks.EMERGENCY_HOURS
)
"""Where a promise made in an emergency is late by the clock, not by working days."""


# Who asks, and what for ---------------------------------------------------------------------
@dataclass(frozen=True)
class Desk:
    """Whose queue it is, at what moment."""

    user: User
    serves: Serves
    place: Locality
    now: datetime

    @property
    def sees_real_status(self) -> bool:
        """Only where the person is police in every locality of the queue: the safe side."""
        return bool(self.serves.police) and self.serves.prevent <= self.serves.police

    @property
    def column(self) -> str:
        return "status" if self.sees_real_status else "outward_status"

    def status_of(self, referral: Referral) -> Status:
        return Status(getattr(referral, self.column))

    def is_(self, *statuses: Status) -> Q:
        return Q(**{f"{self.column}__in": sorted(statuses)})

    @property
    def tomorrow(self) -> datetime:
        """The first moment after today, where the promises are kept."""
        day = self.now.astimezone(workdays.LOCAL).date() + timedelta(days=1)
        return datetime.combine(day, time.min, workdays.LOCAL)

    @property
    def first_of_month(self) -> datetime:
        day = self.now.astimezone(workdays.LOCAL).date().replace(day=1)
        return datetime.combine(day, time.min, workdays.LOCAL)

    # Sets ------------------------------------------------------------------------------------
    def permitted(self) -> QuerySet[Referral]:
        return Referral.objects.visible_to(self.user).filter(submitted_at__isnull=False)

    @property
    def here(self) -> Q:
        return Q(locality__in=sorted(self.serves.prevent | self.serves.police))

    @property
    def offered(self) -> Q:
        """Offered to a locality that the person leads, and not answered yet."""
        return Q(outward_status=Status.TRANSFERRED, offered_to__in=sorted(self.serves.prevent))

    def open(self) -> QuerySet[Referral]:
        """What a promise runs for. The police keep what they lead themselves in a list apart."""
        found = self.permitted().filter(self.here | self.offered, due_at__isnull=False)
        return found.exclude(self.is_(*HIDDEN_FROM_MOST)) if self.sees_real_status else found

    def held(self) -> QuerySet[Referral]:
        """Police-led or held for an investigation: for the police alone."""
        if not self.sees_real_status:
            return Referral.objects.none()
        return self.permitted().filter(self.here, status__in=sorted(HIDDEN_FROM_MOST))

    def closed(self) -> QuerySet[Referral]:
        ended = self.permitted().filter(self.here, self.is_(*ENDED))
        return ended.filter(stage_since__gte=self.first_of_month)

    @property
    def mine(self) -> Q:
        """Held by the person; or by nobody yet, where the next act is theirs."""
        found = Q()
        if self.serves.prevent:
            found |= Q(holder=self.user) | (Q(holder__isnull=True) & self.is_(*PREVENT_ACTS))
            found |= self.offered
        if self.serves.police:
            found |= Q(officer=self.user) | (Q(officer__isnull=True) & self.is_(*POLICE_ACTS))
        return found

    @property
    def waiting(self) -> Q:
        """The next act is somebody else's: the referrer's, the police's, the panel's."""
        acts: set[Status] = set()
        if self.serves.prevent:
            acts |= PREVENT_ACTS
        if self.serves.police:
            acts |= POLICE_ACTS
        return ~self.is_(*acts) & ~self.offered

    def held_by(self, person: int) -> Q:
        return Q(holder=person) | Q(officer=person)

    # Groups ----------------------------------------------------------------------------------
    @property
    def resting(self) -> Q:
        """With the police where the person is none of them, and due: there is nothing to do in it.

        Every case there is treated alike, so that nothing tells one that the police lead or hold.
        """
        apart = sorted(self.serves.prevent - self.serves.police)
        return Q(
            outward_status__in=sorted(clocks.WITH_POLICE), locality__in=apart, due_at__lt=self.now
        )

    def group(self, number: int) -> Q:
        running = Q(paused=False) & ~self.resting
        late = running & Q(due_at__lt=self.now)
        today = running & Q(due_at__gte=self.now, due_at__lt=self.tomorrow)
        later = Q(due_at__gte=self.tomorrow) | Q(paused=True) | self.resting
        if self.serves.police:
            soon, not_yet = self._given_back(today=True), self._given_back(today=False)
            late &= ~(soon | not_yet)
            today = (today & ~not_yet) | soon
            later |= not_yet
        return {LATE: late, TODAY: today}.get(number, later)

    def _given_back(self, *, today: bool) -> Q:
        """Held by the police once, who have their time back: due today, or later, for them alone.

        Its place among the others stays where everybody sees it.
        """
        clock = Clock.objects.running().filter(hidden=True)
        if today:
            clock = clock.filter(due_at__gte=self.now, due_at__lt=self.tomorrow)
        else:
            clock = clock.filter(due_at__gte=self.tomorrow)
        return Q(
            pk__in=clock.values("referral_id"),
            locality__in=sorted(self.serves.police),
            status__in=sorted(clocks.WITH_POLICE),
        )

    @property
    def very_late(self) -> Q:
        """Late for so long that the senior lead has been told (``SENIOR_TOLD_DAYS``)."""
        by_the_clock = Q(emergency=True) & self.is_(*IN_HOURS)
        return self.group(LATE) & (
            (by_the_clock & Q(due_at__lte=self._told_senior(by_the_clock=True)))
            | (~by_the_clock & Q(due_at__lt=self._told_senior(by_the_clock=False)))
        )

    def is_very_late(self, referral: Referral) -> bool:
        """The same of a row whose promise is shown as late."""
        if referral.due_at is None:
            return False
        if referral.emergency and self.status_of(referral) in IN_HOURS:
            return referral.due_at <= self._told_senior(by_the_clock=True)
        return referral.due_at < self._told_senior(by_the_clock=False)

    def _told_senior(self, *, by_the_clock: bool) -> datetime:
        if by_the_clock:
            return workdays.due_in_hours(self.now, -settings.SENIOR_TOLD_DAYS)
        return workdays.due_by(self.now, settings.SENIOR_TOLD_DAYS, self.place)


@dataclass(frozen=True)
class Wanted:
    """What the address asks for; anything it does not know counts as not said."""

    view: str = MINE
    colleague: int | None = None
    stage: str = ""
    sector: str = ""
    late: str = ""
    sort: str = DUE
    after: str = ""

    @classmethod
    def read(cls, asked: Any, desk: Desk) -> Self:
        view = asked.get("view", "")
        views = {MINE, OPEN, COVER, WAITING, CLOSED} | ({HELD} if desk.sees_real_status else set())
        colleague = asked.get("for", "")
        stage, sector = asked.get("stage", ""), asked.get("sector", "")
        view, late = view if view in views else MINE, asked.get("late", "")
        return cls(
            view=view,
            colleague=int(colleague) if colleague.isascii() and colleague.isdecimal() else None,
            stage=stage if stage in dict(stages(desk)) else "",
            sector=sector if sector in Sector.values else "",
            late=late if late in (ANY_LATE, VERY_LATE) and view not in (CLOSED, HELD) else "",
            sort=NEWEST if asked.get("sort") == NEWEST else DUE,
            after=asked.get("after", ""),
        )

    @property
    def is_narrowed(self) -> bool:
        return bool(self.stage or self.sector or self.late)

    def filters(self, desk: Desk) -> Q:
        found = self.chosen(desk)
        if self.late:
            found &= desk.very_late if self.late == VERY_LATE else desk.group(LATE)
        return found

    def chosen(self, desk: Desk) -> Q:
        """All but how late."""
        found = Q()
        if self.stage:
            found &= desk.is_(Status(self.stage))
        if self.sector:
            found &= Q(sector=self.sector)
        return found


def stages(desk: Desk) -> list[tuple[str, Any]]:
    """The stages to choose from, in the order of the life cycle."""
    offered = [
        status for status in Status if status in SHARED and status not in HIDDEN_FROM_MOST | ENDED
    ]
    return [(status.value, status.label) for status in offered]


# Counts ---------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Counts:
    open: int
    late: int
    today: int
    mine: int
    waiting: int
    held: int
    closed: int
    covering: dict[int, int]
    groups: tuple[int, int, int]
    any_late: int
    """Of the view, with its stage and sector, whether or not only what is late is shown."""
    very_late: int
    of_view: int

    @property
    def in_view(self) -> int:
        return sum(self.groups)


def absent_colleagues(desk: Desk) -> list[User]:
    """Colleagues of the same work who are away today: their cases are looked after too."""
    today = timezone.localdate(desk.now)
    same_work = Q(
        person__memberships__role__in=PREVENT,
        person__memberships__locality__in=sorted(desk.serves.prevent),
    ) | Q(
        person__memberships__role__in=POLICE,
        person__memberships__locality__in=sorted(desk.serves.police),
    )
    away = Absence.objects.covering(today).filter(same_work).exclude(person=desk.user)
    found = {absence.person_id: absence.person for absence in away.select_related("person")}
    return sorted(found.values(), key=lambda person: person.name)


def in_view(wanted: Wanted, desk: Desk) -> Q:
    """The condition of a view of open cases."""
    if wanted.view == MINE:
        return desk.mine
    if wanted.view == WAITING:
        return desk.waiting
    if wanted.view == COVER and wanted.colleague is not None:
        return desk.held_by(wanted.colleague)
    return Q()


def count(desk: Desk, wanted: Wanted, away: Iterable[User]) -> Counts:
    """Every number on the page: one pass over the open cases, and one over those that ended."""
    every = in_view(wanted, desk) & wanted.chosen(desk)
    chosen = in_view(wanted, desk) & wanted.filters(desk)
    cover = {person.pk: f"cover_{person.pk}" for person in away}

    def of(condition: Q) -> Count:
        return Count("pk", filter=condition) if condition else Count("pk")

    numbers = desk.open().aggregate(
        every=Count("pk"),
        late=of(desk.group(LATE)),
        today=of(desk.group(TODAY)),
        mine=of(desk.mine),
        waiting=of(desk.waiting),
        of_view=of(every),
        any_late=of(every & desk.group(LATE)),
        very_late=of(every & desk.very_late),
        **{name: of(desk.held_by(pk)) for pk, name in cover.items()},
        **{f"group_{number}": of(chosen & desk.group(number)) for number in (LATE, TODAY, LATER)},
    )
    return Counts(
        open=numbers["every"],
        late=numbers["late"],
        today=numbers["today"],
        mine=numbers["mine"],
        waiting=numbers["waiting"],
        held=desk.held().count() if desk.sees_real_status else 0,
        closed=desk.closed().count(),
        covering={pk: numbers[name] for pk, name in cover.items() if numbers[name]},
        groups=(numbers["group_0"], numbers["group_1"], numbers["group_2"]),
        any_late=numbers["any_late"],
        very_late=numbers["very_late"],
        of_view=numbers["of_view"],
    )


# Pages ----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Cursor:
    """The last row of a page: where the next one begins. Signed; it names no person."""

    group: int
    emergency: bool
    at: datetime
    pk: uuid.UUID
    shown: int

    def __str__(self) -> str:
        parts = [self.group, int(self.emergency), self.at.isoformat(), self.pk.hex, self.shown]
        return signing.dumps(parts, salt=SALT)

    @classmethod
    def read(cls, said: str) -> "Cursor | None":
        """The cursor of an address; None for one that we did not write."""
        if not said:
            return None
        try:
            group, emergency, at, pk, shown = signing.loads(said, salt=SALT)
            moment = datetime.fromisoformat(at)
            return cls(int(group), bool(emergency), moment, uuid.UUID(pk), int(shown))
        except (signing.BadSignature, ValueError, TypeError):
            return None


@dataclass(frozen=True)
class Page:
    referrals: list[Referral]
    groups: list[tuple[int, list[Referral]]]
    """By group number, in order; one group of number -1 where the order has none."""
    total: int
    shown_before: int
    after: Cursor | None

    @property
    def next_count(self) -> int:
        return min(PAGE, self.total - self.shown_before - len(self.referrals))


RELATED = ("agency", "locality", "holder", "officer", "offered_to")
UNGROUPED = -1


def page(desk: Desk, wanted: Wanted, total: int) -> Page:
    """One page of a view, after the cursor of the address."""
    cursor = Cursor.read(wanted.after)
    at = "due_at"
    found: Iterable[Referral]
    if wanted.view in (CLOSED, HELD):
        source, at = desk.closed() if wanted.view == CLOSED else desk.held(), "stage_since"
        found = _newest(source.filter(wanted.filters(desk)), at, cursor)
    elif wanted.sort == NEWEST:
        source, at = desk.open(), "submitted_at"
        found = _newest(source.filter(in_view(wanted, desk) & wanted.filters(desk)), at, cursor)
    else:
        found = _by_promise(desk, wanted, cursor)
    held = list(found)
    shown, before = held[:PAGE], cursor.shown if cursor else 0
    by_group: dict[int, list[Referral]] = {}
    for referral in shown:
        by_group.setdefault(getattr(referral, "group", UNGROUPED), []).append(referral)
    after = None
    if len(held) > PAGE:
        last = shown[-1]
        after = Cursor(
            group=getattr(last, "group", UNGROUPED),
            emergency=last.emergency,
            at=getattr(last, at),
            pk=last.pk,
            shown=before + len(shown),
        )
    return Page(shown, list(by_group.items()), total, before, after)


def _newest(source: QuerySet[Referral], column: str, cursor: Cursor | None) -> QuerySet[Referral]:
    if cursor is not None and cursor.group == UNGROUPED:
        source = source.filter(
            Q(**{f"{column}__lt": cursor.at}) | Q(**{column: cursor.at}, pk__gt=cursor.pk),
            **{f"{column}__lte": cursor.at},  # what an index can begin from
        )
    return source.select_related(*RELATED).order_by(f"-{column}", "pk")[: PAGE + 1]


def _by_promise(desk: Desk, wanted: Wanted, cursor: Cursor | None) -> list[Referral]:
    """Late, due today, later; in each, 999 first, then oldest.

    One query for the group that the page begins in, and one for what follows if that is short.
    """
    chosen = desk.open().filter(in_view(wanted, desk) & wanted.filters(desk))
    first = cursor.group if cursor and cursor.group in (LATE, TODAY, LATER) else LATE

    def leg(number: int) -> QuerySet[Referral]:
        found = chosen.filter(desk.group(number))
        if cursor is not None and number == cursor.group:
            found = found.filter(_after(cursor))
        found = found.annotate(group=Value(number, output_field=SmallIntegerField()))
        return found.select_related(*RELATED).order_by("-emergency", "due_at", "pk")[: PAGE + 1]

    rows = list(leg(first))
    rest = [leg(number) for number in range(first + 1, LATER + 1)]
    if len(rows) > PAGE or not rest:
        return rows
    following: Any = rest[0].union(*rest[1:], all=True) if rest[1:] else rest[0]
    if rest[1:]:
        following = following.order_by("group", "-emergency", "due_at", "id")
    return [*rows, *following[: PAGE + 1]][: PAGE + 1]


def _after(cursor: Cursor) -> Q:
    later = Q(due_at__gt=cursor.at) | Q(due_at=cursor.at, pk__gt=cursor.pk)
    if cursor.emergency:
        return Q(emergency=False) | later
    return later & Q(emergency=False, due_at__gte=cursor.at)


# Rows -----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Row:
    """One case in a list, in words."""

    referral: Referral
    clock: ui_clocks.Clock | None
    tags: list[Any]
    who: str
    source: str
    stage: str
    holder: str
    act: str
    anchor: str
    """The part of the case page where the act is."""


def rows(desk: Desk, referrals: Sequence[Referral]) -> list[Row]:
    """The rows of one page: four queries, whatever the page holds, and only its names opened."""
    pks = [referral.pk for referral in referrals]
    running = running_clocks(pks, police=bool(desk.serves.police))
    names = who_of(referrals)
    fresh = new_to(desk.user, pks)
    children = {pk for pk, person in names.items() if person.with_child}
    found = []
    for referral in referrals:
        standing = Standing.of(desk.serves, referral)
        status = desk.status_of(referral)
        promise = None
        if status not in HIDDEN_FROM_MOST:
            promise = shown_clock(
                referral,
                status,
                running.get(referral.pk),
                now=desk.now,
                police=standing.decides_at_gateway,
            )
        is_late = promise is not None and promise.state in ("late", "999")
        tags = [
            *([_("Emergency")] if referral.emergency else []),
            *([_("Very late")] if is_late and desk.is_very_late(referral) else []),
            *([_("Child in household")] if referral.pk in children else []),
            *([_("New")] if referral.pk in fresh else []),
        ]
        found.append(
            Row(
                referral=referral,
                clock=promise,
                tags=tags,
                who=names[referral.pk].words if referral.pk in names else "",
                source=", ".join(
                    str(part) for part in (referral.agency, referral.locality) if part
                ),
                stage=promise.days_words if promise and promise.days_words else stage(status),
                holder=with_whom(referral, status, desk.user),
                act=next_act(standing, referral, status),
                anchor="talk" if status == Status.QUERY else "next",
            )
        )
    return found


def with_whom(referral: Referral, status: Status, user: User) -> str:
    """Who has it now: "With you", "With DC Alice Moor", "With Dales and Coast NHS Trust"."""
    if status == Status.QUERY:
        return _("With %(name)s") % {"name": referral.agency}
    if status == Status.TRANSFERRED:
        outside = _("an area outside the portal")
        return _("Offered to %(name)s") % {"name": referral.offered_to or outside}
    at_gateway = {Status.GATEWAY, Status.INFO_GATHERING} | HIDDEN_FROM_MOST
    if status in FROM_PANEL | {Status.S36_PENDING}:
        return _("With the Channel panel")
    if status == Status.WITHDRAWN:
        return _("Taken back by %(name)s") % {"name": referral.agency}
    person = referral.officer if status in at_gateway else referral.holder
    if status == Status.SUBMITTED:
        person = None
    if person is None and status in at_gateway:
        return _("With the police Prevent team")
    if person is None:
        return _("With your team")
    return _("With you") if person.pk == user.pk else _("With %(name)s") % {"name": person}


def next_act(standing: Standing, referral: Referral, status: Status) -> str:
    """The words of the link at the end of a row."""
    if standing.receives and status == Status.TRANSFERRED:
        return _("Accept or decline")
    acts: dict[Status, Any] = {}
    if standing.leads_locality:
        acts = {
            Status.SUBMITTED: _("Confirm with police") if referral.emergency else _("Acknowledge"),
            Status.TRIAGE: _("Pass to police or ask for more"),
            Status.QUERY: _("Send a reminder"),
            Status.CLOSED: _("Tell the referrer") if referral.due_at else _("See the case"),
        }
    elif standing.decides_at_gateway:
        acts = {
            Status.SUBMITTED: _("Take it to the gateway"),
            Status.GATEWAY: _("Record the outcome"),
        }
    return str(acts.get(status, _("See the case")))


# Who it is about ------------------------------------------------------------------------------
@dataclass(frozen=True)
class Who:
    words: str
    with_child: bool


def who_of(referrals: Sequence[Referral]) -> dict[uuid.UUID, Who]:
    """ "Lee B., 31" or "Boy, 12": two queries, and only these cases' keys are opened."""
    by_pk = {referral.pk: referral for referral in referrals}
    keys.load(by_pk)
    today = timezone.localdate()
    found = {}
    people = PersonRecord.objects.filter(referral__in=by_pk).only(
        "id", "referral", "forenames", "surname", "born", "age", "gender", "cares_for_child"
    )
    for person in people.annotate(under_18=F("referral__concern__under_18")):
        referral = by_pk[person.referral_id]
        referral.person = person  # for Answers, without a query
        age = Answers(referral, today=today).age
        child = age < ADULT_FROM if age is not None else person.under_18 == YesNoUnknown.YES
        found[referral.pk] = Who(
            words=short_name(person, age, is_child=child),
            with_child=person.cares_for_child == YesNoUnknown.YES,
        )
    return found


def short_name(person: PersonRecord, age: int | None, *, is_child: bool) -> str:
    """First name and an initial: enough to tell cases apart on a screen that others may see."""
    unknown = {"", str(_("Not known")).lower(), "not known"}
    first, last = person.forenames.strip(), person.surname.strip()
    first = "" if first.lower() in unknown else first.split()[0]
    last = "" if last.lower() in unknown else f"{last[0].upper()}."
    name = " ".join(part for part in (first, last) if part) or kind_of(person, is_child=is_child)
    return f"{name}, {age}" if age is not None else name


def kind_of(person: PersonRecord, *, is_child: bool) -> str:
    if person.gender == Gender.MALE:
        return _("Boy") if is_child else _("Man")
    if person.gender == Gender.FEMALE:
        return _("Girl") if is_child else _("Woman")
    return _("Child") if is_child else _("Person")


def new_to(user: User, pks: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Cases that the person has not opened, or not since somebody else wrote in them."""
    written = Message.objects.filter(referral=OuterRef("referral"), at__gt=OuterRef("at"))
    known = Seen.objects.filter(person=user, referral__in=pks).exclude(
        Exists(written.exclude(by=user))
    )
    return set(pks) - set(known.values_list("referral_id", flat=True))
