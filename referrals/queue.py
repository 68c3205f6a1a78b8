"""The queue of a Prevent lead or of the police: what waits, in what order, in pages.

Pure selection: every row comes from ``visible_to``, and whoever is below police and chair is
shown, filtered, counted and ordered by the outward status alone.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.core import signing
from django.db.models import (
    Case,
    Exists,
    Expression,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    SmallIntegerField,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.prepared import Prepared
from agencies import people, workdays
from agencies.models import Absence, Locality, Membership
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
class Moments:
    """Now, and the moments that a queue is divided by."""

    now: datetime
    tomorrow: datetime
    """The first moment after today, where the promises are kept."""
    month: datetime
    told_by_clock: datetime
    """Of what was due before, the senior lead has been told (``SENIOR_TOLD_DAYS``)."""
    told_by_days: datetime

    @classmethod
    def of(cls, now: datetime, place: Locality) -> Self:
        day = now.astimezone(workdays.LOCAL).date()

        def begin(of: date) -> datetime:
            return datetime.combine(of, time.min, workdays.LOCAL)

        return cls(
            now=now,
            tomorrow=begin(day + timedelta(days=1)),
            month=begin(day.replace(day=1)),
            told_by_clock=workdays.due_in_hours(now, -settings.SENIOR_TOLD_DAYS),
            told_by_days=workdays.due_by(now, settings.SENIOR_TOLD_DAYS, place),
        )


@dataclass(frozen=True)
class Desk:
    """Whose queue it is, at what moment."""

    user: User
    memberships: Sequence[Membership]
    """What the person's rights rest on today."""
    place: Locality
    moments: Moments

    @classmethod
    def at(
        cls, user: User, memberships: Sequence[Membership], place: Locality, now: datetime
    ) -> Self:
        return cls(user, memberships, place, Moments.of(now, place))

    @property
    def now(self) -> datetime:
        return self.moments.now

    @cached_property
    def serves(self) -> Serves:
        return Serves.of(self.user, self.memberships)

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

    # Sets ------------------------------------------------------------------------------------
    def permitted(self) -> QuerySet[Referral]:
        return Referral.objects.visible_to(self.user).filter(submitted_at__isnull=False)

    @property
    def here(self) -> Q:
        return Q(locality__in=self.areas)

    @property
    def areas(self) -> list[int]:
        return sorted(self.serves.prevent | self.serves.police)

    @property
    def offered(self) -> Q:
        """Offered to a locality that the person leads, and not answered yet."""
        return Q(outward_status=Status.TRANSFERRED, offered_to__in=sorted(self.serves.prevent))

    def open(self) -> QuerySet[Referral]:
        """What a promise runs for. The police keep what they lead themselves in a list apart."""
        found = self.permitted().filter(self.here | self.offered, due_at__isnull=False)
        if self.serves.police:
            found = found.alias(promised=self._promised)
        return found.exclude(self.is_(*HIDDEN_FROM_MOST)) if self.sees_real_status else found

    @property
    def promise(self) -> str:
        """By which promise open cases are late, and stand in order.

        The police have their time back after they led or held a case, and it counts for them
        alone: everybody else goes on by what was promised.
        """
        return "promised" if self.serves.police else "due_at"

    @property
    def _promised(self) -> Expression:
        theirs = Coalesce("police_due_at", "due_at")
        if self.sees_real_status:
            return theirs  # the very words of an index
        return Case(When(locality__in=sorted(self.serves.police), then=theirs), default="due_at")

    def promised_of(self, referral: Referral) -> datetime | None:
        """The same of a row."""
        if referral.police_due_at and referral.locality_id in self.serves.police:
            return referral.police_due_at
        return referral.due_at

    def due(self, **compared: Any) -> Q:
        return Q(**{f"{self.promise}__{how}": moment for how, moment in compared.items()})

    def held(self) -> QuerySet[Referral]:
        """Police-led or held for an investigation: for the police alone."""
        if not self.sees_real_status:
            return Referral.objects.none()
        return self.permitted().filter(self.here, status__in=sorted(HIDDEN_FROM_MOST))

    def closed(self) -> QuerySet[Referral]:
        ended = self.permitted().filter(self.here, self.is_(*ENDED))
        return ended.filter(stage_since__gte=self.moments.month)

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
    def with_police(self) -> Q:
        """With the police, where the person is none of them."""
        there = Q(outward_status__in=sorted(clocks.WITH_POLICE))
        if not self.serves.police:
            return there  # the very words of an index
        return there & Q(locality__in=sorted(self.serves.prevent - self.serves.police))

    @property
    def resting(self) -> Q:
        """With the police and due: there is nothing to do in it for anybody else.

        Every case there is treated alike, so that nothing tells one that the police lead or hold.
        """
        return self.with_police & Q(due_at__lt=self.now)

    def group(self, number: int) -> Q:
        late = Q(paused=False) & self.due(lt=self.now) & ~self.with_police
        today = Q(paused=False) & self.due(gte=self.now, lt=self.moments.tomorrow)
        later = self.due(gte=self.moments.tomorrow) | Q(paused=True) | self.resting
        return {LATE: late, TODAY: today}.get(number, later)

    @property
    def very_late(self) -> Q:
        """Late for so long that the senior lead has been told (``SENIOR_TOLD_DAYS``)."""
        by_the_clock = Q(emergency=True) & self.is_(*IN_HOURS)
        return self.group(LATE) & (
            (by_the_clock & self.due(lte=self.moments.told_by_clock))
            | (~by_the_clock & self.due(lt=self.moments.told_by_days))
        )

    def is_very_late(self, referral: Referral) -> bool:
        """The same of a row whose promise is shown as late."""
        due = self.promised_of(referral)
        if due is None:
            return False
        if referral.emergency and self.status_of(referral) in IN_HOURS:
            return due <= self.moments.told_by_clock
        return due < self.moments.told_by_days


# Queries --------------------------------------------------------------------------------------
Make = Callable[..., QuerySet[Any]]


class Asked:
    """A query about a desk, put together once for all whose roles are alike."""

    def __init__(self, make: Make) -> None:
        def of_stand_in(user: User, *shape: Hashable, **values: Any) -> QuerySet[Any]:
            moments = Moments(**{name: values.pop(name) for name in _MOMENTS})
            held = people.read_already(user) or []
            return make(Desk(user, held, Locality(), moments), *shape, **values)

        self.prepared = people.PreparedFor(of_stand_in)

    def __call__(self, desk: Desk, *shape: Hashable, **values: Any) -> list[Any]:
        moments = {name: getattr(desk.moments, name) for name in _MOMENTS}
        return self.prepared(desk.user, *shape, **moments, **values)


_MOMENTS = [each.name for each in fields(Moments)]


def _person(typed: str) -> int | None:
    """A person's number from an address; None where it can be nobody's."""
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 10 else None


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
            colleague=_person(colleague),
            stage=stage if stage in dict(stages(desk)) else "",
            sector=sector if sector in Sector.values else "",
            late=late if late in (ANY_LATE, VERY_LATE) and view not in (CLOSED, HELD) else "",
            sort=NEWEST if asked.get("sort") == NEWEST else DUE,
            after=asked.get("after", ""),
        )

    @property
    def is_narrowed(self) -> bool:
        return bool(self.stage or self.sector or self.late)

    @property
    def shape(self) -> Self:
        """The same for whichever colleague, on whichever page."""
        return replace(self, colleague=None, after="")

    def covering(self, colleagues: list[int]) -> Self:
        """A shape, with the colleague that it is about, if it is about one."""
        return replace(self, colleague=colleagues[0] if colleagues else None)

    @property
    def colleagues(self) -> list[int]:
        return [] if self.colleague is None else [self.colleague]

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
MOST_COUNTED = 500
"""Open cases, and as many that ended: who has more is told "500 or more", in no more time."""


@dataclass(frozen=True)
class Counts:
    """What there is of each kind; of what is due first, where there is too much to count."""

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
    is_part: bool = False
    """There are more open cases than these numbers say."""

    @property
    def in_view(self) -> int:
        return sum(self.groups)

    def words(self, number: int) -> str:
        """ "37"; "37 or more" where not all were counted."""
        return _("%(n)s or more") % {"n": number} if self.is_part else str(number)

    def ended(self, number: int) -> str:
        """The same of what ended or is held."""
        most = _("%(n)s or more") % {"n": MOST_COUNTED}
        return str(number) if number <= MOST_COUNTED else most


def _absences(desk: Desk) -> QuerySet[Absence]:
    same_work = Q(
        person__memberships__role__in=PREVENT,
        person__memberships__locality__in=sorted(desk.serves.prevent),
    ) | Q(
        person__memberships__role__in=POLICE,
        person__memberships__locality__in=sorted(desk.serves.police),
    )
    away = Absence.objects.covering().filter(same_work).exclude(person=desk.user.pk)
    return away.select_related("person")


_ABSENCES = Asked(_absences)


def absent_colleagues(desk: Desk) -> list[User]:
    """Colleagues of the same work who are away today: their cases are looked after too."""
    found = {absence.person_id: absence.person for absence in _ABSENCES(desk)}
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


def _kinds(desk: Desk, wanted: Wanted, *, away: list[int], colleagues: list[int]) -> QuerySet[Any]:
    """Of each open case which kinds it is of, as bits of one number; and what ended or is held."""
    wanted = wanted.covering(colleagues)
    conditions = [
        desk.group(LATE),
        desk.group(TODAY),
        desk.mine,
        desk.waiting,
        in_view(wanted, desk) & wanted.chosen(desk),
        desk.very_late,
        *(desk.held_by(person) for person in away),
    ]
    bits: Any = Value(0)
    for place, condition in enumerate(conditions):
        bit = Value(1 << place)
        bits += Case(When(condition, then=bit), default=Value(0)) if condition else bit
    found = desk.open().order_by("-emergency", desk.promise, "pk")
    return (
        Locality.objects.order_by("pk")
        .annotate(
            open=ArraySubquery(found.annotate(bits=bits).values("bits")[: MOST_COUNTED + 1]),
            closed=_number(desk.closed()),
            held=_number(desk.held()) if desk.sees_real_status else Value(0),
        )
        .values_list("open", "closed", "held")[:1]
    )


def _number(found: QuerySet[Referral]) -> Any:
    some = found.order_by().annotate(one=Value(1)).values("one")[: MOST_COUNTED + 1]
    return Func(ArraySubquery(some), function="cardinality", output_field=IntegerField())


_KINDS = Asked(_kinds)


def count(desk: Desk, wanted: Wanted, away: Iterable[User]) -> Counts:
    """Every number on the page: one query, with one pass over the open cases that are due first."""
    absent = [person.pk for person in away]
    ((kinds, closed, held),) = _KINDS(desk, wanted.shape, away=absent, colleagues=wanted.colleagues)
    found: Counter[Hashable] = Counter()
    for bits, n in Counter(kinds[:MOST_COUNTED]).items():
        late, today, mine, waiting, chosen, very_late, *covered = (
            bool(bits & 1 << place) for place in range(6 + len(absent))
        )
        group = LATE if late else TODAY if today else LATER
        in_view = chosen and (
            wanted.late == "" or (very_late if wanted.late == VERY_LATE else late)
        )
        counted: dict[Hashable, bool] = {
            "open": True,
            "late": late,
            "today": today,
            "mine": mine,
            "waiting": waiting,
            "of_view": chosen,
            "any_late": chosen and late,
            "very_late": chosen and very_late,
            ("group", group): in_view,
            **dict(zip(absent, covered, strict=True)),
        }
        found.update({name: n for name, counts in counted.items() if counts})
    return Counts(
        open=found["open"],
        late=found["late"],
        today=found["today"],
        mine=found["mine"],
        waiting=found["waiting"],
        held=held,
        closed=closed,
        covering={pk: found[pk] for pk in absent if found[pk]},
        groups=(found["group", LATE], found["group", TODAY], found["group", LATER]),
        any_late=found["any_late"],
        very_late=found["very_late"],
        of_view=found["of_view"],
        is_part=len(kinds) > MOST_COUNTED,
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
    total: int | None
    """None where there are too many to count."""
    shown_before: int
    after: Cursor | None

    @property
    def next_count(self) -> int | None:
        if self.total is None:
            return None
        return min(PAGE, self.total - self.shown_before - len(self.referrals))


ROW = (
    *("key", "reference", "status", "outward_status", "emergency", "submitted_at", "due_at"),
    "police_due_at",
    *("stage_since", "paused", "created_by", "submitted_by", "agency__name", "locality"),
    *("holder__name", "holder__email", "officer__name", "officer__email", "offered_to__name"),
    *("person__forenames", "person__surname", "person__born", "person__age", "person__gender"),
    *("person__cares_for_child", "person__referral"),
)
"""What a row needs of a case: most of its columns it does not."""
RELATED = ("agency", "locality", "holder", "officer", "offered_to")
UNGROUPED = -1


Place = tuple[uuid.UUID, int]
"""Which case, in which group."""


def page(desk: Desk, wanted: Wanted, total: int | None) -> Page:
    """One page of a view, after the cursor of the address."""
    cursor = Cursor.read(wanted.after)
    at = "due_at"
    if wanted.view in (CLOSED, HELD):
        at = "stage_since"
        held = _newest(desk, wanted, at, cursor)
    elif wanted.sort == NEWEST:
        at = "submitted_at"
        held = _newest(desk, wanted, at, cursor)
    else:
        held = _by_promise(desk, wanted, cursor)
    before = cursor.shown if cursor else 0
    read = {one.pk: one for one in _WITH_ALL(desk, pks=[pk for pk, _group in held[:PAGE]])}
    shown: list[Referral] = []
    by_group: dict[int, list[Referral]] = {}
    after = None
    for pk, group in held[:PAGE]:
        shown.append(read[pk])
        by_group.setdefault(group, []).append(read[pk])
    if len(held) > PAGE:
        last, group = shown[-1], held[PAGE - 1][1]
        moment: datetime = getattr(last, at)
        if at == "due_at":
            moment = desk.promised_of(last) or moment
        after = Cursor(group, last.emergency, moment, last.pk, before + len(shown))
    return Page(shown, list(by_group.items()), total, before, after)


def _with_all(desk: Desk, pks: list[uuid.UUID]) -> QuerySet[Referral]:
    """Cases of a page with all that a row says: the person, and whether it is new to the reader.

    Asked after the page is chosen, so that nothing is joined to the cases that are not on it.
    """
    found = Referral.objects.filter(pk__in=pks).with_key()
    found = found.select_related(*RELATED, "person").only(*ROW)
    known = Seen.objects.filter(referral=OuterRef("pk"), person=desk.user.pk)
    return found.annotate(
        under_18=F("concern__under_18"),
        is_known=Exists(_up_to_date(known, Message.objects.read_in(desk.areas), desk.user.pk)),
    )


_WITH_ALL = Asked(_with_all)


def _newest(desk: Desk, wanted: Wanted, column: str, cursor: Cursor | None) -> list[Place]:
    last = {}
    if cursor is not None and cursor.group == UNGROUPED:
        last = {"at": cursor.at, "pk": cursor.pk}
    found = _NEWEST(desk, wanted.shape, column, colleagues=wanted.colleagues, **last)
    return [(pk, UNGROUPED) for pk in found]


def _newest_first(
    desk: Desk,
    wanted: Wanted,
    column: str,
    *,
    colleagues: list[int],
    at: datetime | None = None,
    pk: uuid.UUID | None = None,
) -> QuerySet[Any]:
    wanted = wanted.covering(colleagues)
    if wanted.view in (CLOSED, HELD):
        source = desk.closed() if wanted.view == CLOSED else desk.held()
    else:
        source = desk.open().filter(in_view(wanted, desk))
    source = source.filter(wanted.filters(desk))
    if at is not None:
        source = source.filter(
            Q(**{f"{column}__lt": at}) | Q(**{column: at}, pk__gt=pk),
            **{f"{column}__lte": at},  # what an index can begin from
        )
    return source.order_by(f"-{column}", "pk").values_list("pk", flat=True)[: PAGE + 1]


_NEWEST = Asked(_newest_first)


def _by_promise(desk: Desk, wanted: Wanted, cursor: Cursor | None) -> list[Place]:
    """Late, due today, later; in each, 999 first, then oldest.

    One query for the group that the page begins in, and one for what follows if that is short.
    """
    first = cursor.group if cursor and cursor.group in (LATE, TODAY, LATER) else LATE
    shape, colleagues = wanted.shape, wanted.colleagues
    if cursor is not None and first == cursor.group:
        last = {"at": cursor.at, "pk": cursor.pk}
        rows = _LEG(desk, shape, first, cursor.emergency, colleagues=colleagues, **last)
    else:
        rows = _LEG(desk, shape, first, colleagues=colleagues)
    if len(rows) <= PAGE and first != LATER:
        rows += _REST(desk, shape, first, colleagues=colleagues)
    return [(pk, group) for pk, group, _emergency, _due in rows[: PAGE + 1]]


def _leg(
    desk: Desk,
    wanted: Wanted,
    number: int,
    emergency: bool = False,
    *,
    colleagues: list[int],
    at: datetime | None = None,
    pk: uuid.UUID | None = None,
) -> QuerySet[Any]:
    """A group; of the one that the page begins in, what follows its last row."""
    wanted = wanted.covering(colleagues)
    found = desk.open().filter(in_view(wanted, desk) & wanted.filters(desk), desk.group(number))
    if at is not None and pk is not None:
        found = found.filter(_after(desk.promise, at, pk, emergency=emergency))
    found = found.annotate(
        group=Value(number, output_field=SmallIntegerField()), at=F(desk.promise)
    ).order_by("-emergency", desk.promise, "pk")
    return found.values_list("pk", "group", "emergency", "at")[: PAGE + 1]


def _rest(desk: Desk, wanted: Wanted, first: int, *, colleagues: list[int]) -> QuerySet[Any]:
    """The groups after the first, together."""
    legs = [
        _leg(desk, wanted, number, colleagues=colleagues) for number in range(first + 1, LATER + 1)
    ]
    if len(legs) == 1:
        return legs[0]
    both = legs[0].union(*legs[1:], all=True)
    return both.order_by("group", "-emergency", "at", "pk")[: PAGE + 1]


_LEG, _REST = Asked(_leg), Asked(_rest)


def _after(promise: str, at: datetime, pk: uuid.UUID, *, emergency: bool) -> Q:
    later = Q(**{f"{promise}__gt": at}) | Q(**{promise: at}, pk__gt=pk)
    if emergency:
        return Q(emergency=False) | later
    return later & Q(**{f"{promise}__gte": at}, emergency=False)


# Rows -----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Row:
    """One case in a list, in words."""

    referral: Referral
    url: str
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
    """The rows of a page: one query, whatever the page holds, and only its names opened."""
    pks = [referral.pk for referral in referrals]
    running = running_clocks(pks, police=bool(desk.serves.police))
    for referral in referrals:
        referral.hold_key()
    today = timezone.localdate()
    return [_row(desk, one, running.get(one.pk), today) for one in referrals]


def _row(desk: Desk, referral: Any, running: Iterable[Clock] | None, today: date) -> Row:
    standing = Standing.of(desk.serves, referral)
    status = desk.status_of(referral)
    person = getattr(referral, "person", None)
    who = _who(referral, person, referral.under_18, today) if person else None
    promise = None
    if status not in HIDDEN_FROM_MOST:
        promise = shown_clock(
            referral, status, running, now=desk.now, police=standing.decides_at_gateway
        )
    is_late = promise is not None and promise.state in ("late", "999")
    tags = [
        *([_("Emergency")] if referral.emergency else []),
        *([_("Very late")] if is_late and desk.is_very_late(referral) else []),
        *([_("Child in household")] if who and who.with_child else []),
        *([_("New")] if not referral.is_known else []),
    ]
    return Row(
        referral=referral,
        url=referral.get_absolute_url(),
        clock=promise,
        tags=tags,
        who=who.words if who else "",
        source=", ".join(str(part) for part in (referral.agency, referral.locality) if part),
        stage=promise.days_words if promise and promise.days_words else stage(status),
        holder=with_whom(referral, status, desk.user),
        act=next_act(standing, referral, status),
        anchor="talk" if status == Status.QUERY else "next",
    )


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
    if standing.leads_locality:
        if status == Status.SUBMITTED:
            return _("Confirm with police") if referral.emergency else _("Acknowledge")
        if status == Status.TRIAGE:
            return _("Pass to police or ask for more")
        if status == Status.QUERY:
            return _("Send a reminder")
        if status == Status.CLOSED and referral.due_at:
            return _("Tell the referrer")
    elif standing.decides_at_gateway:
        if status == Status.SUBMITTED:
            return _("Take it to the gateway")
        if status == Status.GATEWAY:
            return _("Record the outcome")
    return _("See the case")


# Who it is about ------------------------------------------------------------------------------
@dataclass(frozen=True)
class Who:
    words: str
    with_child: bool


def _persons(pks: list[uuid.UUID]) -> QuerySet[PersonRecord]:
    persons = PersonRecord.objects.filter(referral__in=pks).only(
        "id", "referral", "forenames", "surname", "born", "age", "gender", "cares_for_child"
    )
    return persons.annotate(under_18=F("referral__concern__under_18"))


_PERSONS = Prepared(_persons)


def who_of(referrals: Sequence[Referral]) -> dict[uuid.UUID, Who]:
    """ "Lee B., 31" or "Boy, 12": two queries, and only these cases' keys are opened."""
    by_pk = {referral.pk: referral for referral in referrals}
    keys.load(by_pk)
    today = timezone.localdate()
    persons = _PERSONS(pks=list(by_pk))
    return {
        person.referral_id: _who(by_pk[person.referral_id], person, person.under_18, today)
        for person in persons
    }


def _who(referral: Referral, person: PersonRecord, under_18: str, today: date) -> Who:
    referral.person = person  # for Answers, without a query
    age = Answers(referral, today=today).age
    child = age < ADULT_FROM if age is not None else under_18 == YesNoUnknown.YES
    return Who(
        words=short_name(person, age, is_child=child),
        with_child=person.cares_for_child == YesNoUnknown.YES,
    )


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


def _up_to_date(seen: QuerySet[Seen], words: QuerySet[Message], person: int) -> QuerySet[Seen]:
    """Looks since which nobody else wrote words in the case that the person may read."""
    written = words.filter(referral=OuterRef("referral"), at__gt=OuterRef("at"))
    return seen.exclude(Exists(written.exclude(by=person)))


def _known(person: int, pks: list[uuid.UUID]) -> QuerySet[Any]:
    seen = Seen.objects.filter(person=person, referral__in=pks)
    told = Message.objects.filter(to_referrer=True)
    return _up_to_date(seen, told, person).values_list("referral_id", flat=True)


_KNOWN = Prepared(_known)


def new_to(user: User, pks: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Cases that somebody of the agency has not opened, or not since they were told something."""
    return set(pks) - set(_KNOWN(person=user.pk, pks=list(pks)))
