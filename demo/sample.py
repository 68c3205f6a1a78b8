"""Synthetic cases at any size: moulds filled with other people and days, sealed, and copied in.

Every case has its own key and its own row in each table that a walked one has; its words are
sealed as the portal seals them. The n-th case of a seed is always the same, but for nonces, keys
and the numbers that the database draws (of clocks, of saved pages, of events). Nobody is mailed:
the sample writes no messages, and no PDFs; the worker makes those in its own time.

The log gets the events of each case with the numbers that its own triggers would have drawn.
"""

import base64
import hashlib
import multiprocessing
import random
from bisect import bisect
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from io import StringIO
from itertools import accumulate
from operator import itemgetter
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import connection, connections, models, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from agencies import workdays
from agencies.models import Agency, AgencyDomain, Locality, Membership
from agencies.terms import Role
from audit.models import AuditEvent
from demo import cast, moulds, synthetic
from demo.moulds import COLUMNS, COURSES, SORTS, TABLES, Course, Mould
from referrals import workflow
from referrals.models import ReferenceCounter, Referral, Submission
from vault import bulk, keys
from vault.models import DataKey

CHUNK = 1_000
"""Cases to a transaction."""
PLACES = ("NY", "NY", "YK")
"""Where agencies are, over and over."""
NAMED = {
    "school": ("School", ["Birch Lane", "Mill Hill", "Priory", "Ash Grove", "Riverside", "Moor"]),
    "health": ("Surgery", ["Abbey", "Canal Street", "Station Road", "Limes", "Bridge", "Orchard"]),
    "council": ("Housing Service", ["North", "Dales", "Coast", "Vale", "Wolds", "City"]),
}
JOBS = {
    "school": "Teacher",
    "health": "Practice nurse",
    "council": "Housing officer",
}
PEOPLE = ("staff", "staff", "staff", "lead", "deputy")
"""Who works in an agency of the sample."""
MEMBER = {"staff": Role.PRACTITIONER, "lead": Role.LEAD, "deputy": Role.DEPUTY_LEAD}


class StrangersError(Exception):
    """The database holds somebody's real data, or may: a sample does not go there."""


# Who and where --------------------------------------------------------------------------------
@dataclass(frozen=True)
class Someone:
    """A person in a case, as the columns and the words name them."""

    pk: str
    name: bytes
    phone: bytes

    @classmethod
    def of(cls, user: User) -> "Someone":
        return cls(str(user.pk), str(user).encode(), user.phone.encode())


@dataclass(frozen=True)
class Workplace:
    """An agency of the sample, with those who work there."""

    pk: str
    name: bytes
    sort: str
    place: str
    staff: tuple[Someone, ...]
    leads: tuple[Someone, ...]


@dataclass(frozen=True)
class Desks:
    """Those who take cases in, by locality."""

    prevent: dict[str, list[Someone]]
    police: dict[str, list[Someone]]
    supervisors: dict[str, list[Someone]]


@dataclass
class Plan:
    """Everything that filling needs to know, the same in every process."""

    seed: int
    now: datetime
    workplaces: Sequence[Workplace]
    desks: Desks
    moulds: dict[tuple[str, str, str], Mould]
    drawn: dict[tuple[str, int], int] = field(default_factory=dict)
    """The last number that was given in a locality and year before this sample."""


def see_that_nobody_real_is_here() -> None:
    """Raises: StrangersError, unless every account is one of the invented ones."""
    invented = Q(email__endswith=".example.org") | Q(email__endswith="@example.org")
    if User.objects.exclude(invented).exists():
        raise StrangersError(
            "There are accounts in this database that are not of example.org, so there may be "
            "real cases: a sample goes into a demonstration or an empty database only."
        )


def owns_the_tables() -> bool:
    """Whether the database takes our word for when something happened."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_has_role(current_user, relowner, 'USAGE') FROM pg_class WHERE oid = "
            "'audit_auditevent'::regclass"
        )
        return bool(cursor.fetchone()[0])


def agencies(count: int, *, now: datetime) -> list[Workplace]:
    """The first ``count`` agencies of the sample; those that are not there yet are made."""
    domains = [f"a{number:04}.example.org" for number in range(count)]
    there = set(AgencyDomain.objects.filter(domain__in=domains).values_list("domain", flat=True))
    places = {place.code: place for place in Locality.objects.all()}
    fresh = [number for number in range(count) if domains[number] not in there]
    for first in range(0, len(fresh), CHUNK):
        _make_agencies(fresh[first : first + CHUNK], domains, places, now=now)
    return _read_agencies(domains)


def _make_agencies(
    numbers: Sequence[int],
    domains: Sequence[str],
    places: dict[str, Locality],
    *,
    now: datetime,
) -> None:
    begun = now - cast.BEGAN
    people: list[User] = []
    made: list[Agency] = []
    for number in numbers:
        sort = list(SORTS)[number % len(SORTS)]
        said, names = NAMED[sort]
        staff = [_person(number, place, domains[number], sort, now) for place in range(len(PEOPLE))]
        people += staff
        lead = staff[PEOPLE.index("lead")]
        made.append(
            Agency(
                name=f"{names[number // len(SORTS) % len(names)]} {said} {number + 1}",
                kind=SORTS[sort],
                locality=places[PLACES[number % len(PLACES)]],
                prevent_contact_name=lead.name,
                prevent_contact_role=lead.job_title,
                prevent_contact_phone=lead.phone,
                prevent_contact_email=lead.email,
            )
        )
    with transaction.atomic():
        User.objects.bulk_create(people)
        Agency.objects.bulk_create(made)
        AgencyDomain.objects.bulk_create(
            AgencyDomain(agency=agency, domain=domains[number])
            for agency, number in zip(made, numbers, strict=True)
        )
        EmailAddress.objects.bulk_create(
            EmailAddress(user=user, email=user.email, verified=True, primary=True)
            for user in people
        )
        Membership.objects.bulk_create(
            Membership(
                person=user,
                agency=made[place // len(PEOPLE)],
                role=MEMBER[PEOPLE[place % len(PEOPLE)]],
                starts_on=timezone.localdate(begun),
                confirmed_at=begun,
            )
            for place, user in enumerate(people)
        )


def _person(agency: int, place: int, domain: str, sort: str, now: datetime) -> User:
    lists = synthetic.short_lists()
    forenames = [*lists["girls"], *lists["boys"]]
    chance = random.Random(f"person|{agency}|{place}")  # noqa: S311 - the same each time
    job = JOBS[sort] if PEOPLE[place] == "staff" else str(MEMBER[PEOPLE[place]].label)
    user = User(
        email=f"person{place + 1}@{domain}",
        name=f"{chance.choice(forenames)} {chance.choice(lists['surnames'])}",
        job_title=job,
        phone=f"01632 960{(agency * len(PEOPLE) + place) % 1000:03}",
        date_joined=now,
    )
    user.set_unusable_password()
    return user


def _read_agencies(domains: Sequence[str]) -> list[Workplace]:
    held = Membership.objects.filter(agency__domains__domain__in=domains).select_related("person")
    staff: dict[int, list[Membership]] = {}
    for each in held.order_by("person__email"):
        assert each.agency_id is not None  # noqa: S101 - for the types: asked for above
        staff.setdefault(each.agency_id, []).append(each)
    found = Agency.objects.filter(domains__domain__in=domains).select_related("locality")
    sorts = {kind: sort for sort, kind in SORTS.items()}
    return [
        Workplace(
            pk=str(agency.pk),
            name=agency.name.encode(),
            sort=sorts[agency.kind],  # type: ignore[index]  # the sample's own agencies
            place=agency.locality.code,
            staff=_those(staff[agency.pk], Role.PRACTITIONER),
            leads=_those(staff[agency.pk], Role.LEAD),
        )
        for agency in found.order_by("domains__domain")
    ]


def _those(held: Iterable[Membership], role: Role) -> tuple[Someone, ...]:
    return tuple(Someone.of(each.person) for each in held if each.role == role)


def desks() -> Desks:
    """Prevent leads and gateway officers of each place, those who are away left out."""
    roles = (Role.PREVENT_LEAD, Role.GATEWAY_OFFICER, Role.GATEWAY_SUPERVISOR)
    return Desks(*(_at_desks(role) for role in roles))


def _at_desks(role: Role) -> dict[str, list[Someone]]:
    found: dict[str, list[Someone]] = {}
    held = Membership.objects.active().filter(role=role).select_related("person", "locality")
    for each in held.order_by("person__email"):
        assert each.locality is not None  # noqa: S101 - for the types: these roles have one
        found.setdefault(each.locality.code, []).append(Someone.of(each.person))
    return found


# Which case -----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Choice:
    """What the n-th case of a seed is: drawn from a chance of its own, before anything is made."""

    number: int
    workplace: Workplace
    course: Course
    chance: random.Random

    @property
    def mould(self) -> tuple[str, str, str]:
        return self.course.name, self.workplace.sort, self.workplace.place


_UP_TO = list(accumulate(course.share for course in COURSES.values()))
_COURSES = list(COURSES.values())


def choose(seed: int, number: int, workplaces: Sequence[Workplace]) -> Choice:
    chance = random.Random(f"{seed}|{number}")  # noqa: S311 - repeatable, and nothing secret
    course = _COURSES[bisect(_UP_TO, chance.random() * _UP_TO[-1])]
    # A few agencies send much, many send little.
    workplace = workplaces[int(len(workplaces) * chance.random() ** 1.6)]
    return Choice(number, workplace, course, chance)


def case_id(seed: int, number: int) -> str:
    return _uuid(hashlib.blake2b(f"{seed}|{number}".encode(), digest_size=16).hexdigest())


def _uuid(said: str) -> str:
    """32 hexadecimal digits as a UUID of version 4."""
    variant = "89ab"[int(said[16], 16) % 4]
    return f"{said[:8]}-{said[8:12]}-4{said[13:16]}-{variant}{said[17:20]}-{said[20:]}"


# Filling --------------------------------------------------------------------------------------
_SPECIAL = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def copied(value: Any) -> str:
    """A value as COPY's text format writes it."""
    if value is None:
        return r"\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, bytes | memoryview):
        return rf"\\x{bytes(value).hex()}"
    if isinstance(value, list):  # of digests in hexadecimal
        return "{" + ",".join(value) + "}"
    return str(value).translate(_SPECIAL)


@dataclass(frozen=True)
class Row:
    """A mould's row made ready: a line of COPY with a ``%s`` for what each case has its own of."""

    model: type[models.Model]
    line: str
    pick: Callable[[Sequence[str]], Any]
    """Takes what belongs there from the values of a case."""


class Ready:
    """A mould's rows, and in which order a case gives its own values for them.

    First the ids of its rows, then what is given, the moments, the days, and what is sealed.
    """

    def __init__(self, mould: Mould) -> None:
        rows = [(model, cells) for model in TABLES for cells in mould.rows[model]]
        own = [cell for _m, cells in rows for cell in cells if isinstance(cell, moulds.OWN)]
        each = dict.fromkeys(own)
        given = [cell for cell in each if isinstance(cell, moulds.Given)]
        self.given = [one.name for one in given]
        self.moments = [cell for cell in each if isinstance(cell, moulds.Moment)]
        self.days = [cell for cell in each if isinstance(cell, moulds.Day)]
        ids = [moulds.RowId(number) for number in range(mould.ids)]
        in_order: list[moulds.Cell] = [*ids, *given, *self.moments, *self.days]
        self.places = {cell: place for place, cell in enumerate(in_order)}
        self.sealed: list[tuple[int, moulds.Sealed, bool]] = []
        """With the number of the row's own id; true where its digest is given as ``sha256``."""
        self.rows = [self._row(model, cells) for model, cells in rows]

    def _row(self, model: type[models.Model], cells: Sequence[moulds.Cell]) -> Row:
        line, taken, own_id = [], [], 0
        for cell, column in zip(cells, COLUMNS[model], strict=True):
            if isinstance(cell, moulds.RowId) and column.primary_key:
                own_id = cell.number
            if isinstance(cell, moulds.Sealed):
                taken.append(len(self.places) + len(self.sealed))
                self.sealed.append((own_id, cell, model is Submission))
            elif isinstance(cell, moulds.OWN):
                taken.append(self.places[cell])
            line.append("%s" if isinstance(cell, moulds.OWN) else copied(cell).replace("%", "%%"))
        return Row(model, "\t".join(line), itemgetter(*taken))


@cache
def ready(mould: Mould) -> Ready:
    return Ready(mould)


class Words(dict[str, bytes]):
    """What stands in the place of a mark; days and moments are worked out when met."""

    def __init__(self, case: "Case", known: dict[str, bytes]) -> None:
        super().__init__(known)
        self.case = case

    def __missing__(self, name: str) -> bytes:
        kind, _line, letters = name.partition("_")
        ago = timedelta(seconds=moulds.seconds_of(letters))
        if kind == "day":
            self[name] = _json_day(self.case.today - ago)
        else:
            said = self.case.moment(moulds.Moment(-ago.total_seconds(), promised=False))
            self[name] = said.replace(" ", "T").encode()
        return self[name]


class Case:
    """One case being filled."""

    def __init__(self, plan: Plan, choice: Choice) -> None:
        chance, mould = choice.chance, plan.moulds[choice.mould]
        self.mould, self.number = mould, choice.number
        self.id = case_id(plan.seed, choice.number)
        weeks = int(chance.random() * choice.course.weeks)
        self.minutes = chance.randrange(55)
        self.then = _back(plan.now, weeks)
        self.today = timezone.localdate(self.then)
        self.ids = [self.id] + [
            _uuid(f"{chance.getrandbits(128):032x}") for _row in range(mould.ids - 1)
        ]
        self.key = bulk.new_key(UUID(self.id))
        self._fill(plan, choice, chance)

    def _fill(self, plan: Plan, choice: Choice, chance: random.Random) -> None:
        place = choice.workplace
        lists = synthetic.short_lists()
        people = {
            "author": chance.choice(place.staff),
            "lead": chance.choice(place.leads),
            "holder": chance.choice(plan.desks.prevent[place.place]),
            "officer": chance.choice(plan.desks.police[place.place]),
            "second": chance.choice(plan.desks.supervisors[place.place]),
        }
        forenames: str = chance.choice(lists["boys" if self.mould.male else "girls"])
        surname = chance.choice(lists["surnames"])
        if chance.random() < 0.2:
            surname = f"{surname}-{chance.choice(lists['surnames'])}"
        born = _birthday(self.today, self.mould.years, chance.randrange(60, 330))
        name_digest, born_digest = workflow.name_digests(
            forenames, surname, {"year": born.year, "month": born.month, "day": born.day}
        )
        named = workflow.Named.of(User(name=f"{forenames} {surname}"))
        address = f"{chance.randint(1, 400)} Sample Lane"
        reference = ""
        if self.mould.sent:
            sent = _year_of(self.then + timedelta(seconds=self.mould.sent.offset))
            number = plan.drawn.get((place.place, sent), 0) + self.number + 1
            reference = f"{place.place}-{sent}-{number:04}"
        self.given = {
            **{role: someone.pk for role, someone in people.items()},
            "agency": place.pk,
            "key": base64.b32encode(chance.randbytes(16)).decode().rstrip("=").lower(),
            "form_key": _uuid(f"{chance.getrandbits(128):032x}"),
            "reference": reference,
            "name_digest": copied(name_digest),
            "name_born_digest": copied(born_digest),
            "name_address_digests": copied(
                workflow.address_digests(forenames, surname, [{"address": address}])
            ),
            "named_digests": copied(sorted({*named.digests, *self.mould.named})),
        }
        self.words = Words(
            self,
            {
                "forenames": forenames.encode(),
                "surname": surname.encode(),
                "born": _json_day(born),
                "address": address.encode(),
                "agency_name": place.name,
                **{f"{role}_name": someone.name for role, someone in people.items()},
                **{f"{role}_phone": someone.phone for role, someone in people.items()},
            },
        )

    def moment(self, moment: moulds.Moment) -> str:
        """A moment of the mould, in this case's own days, as text."""
        shift = moment.offset if moment.promised else moment.offset - 60 * self.minutes
        return str(self.then + timedelta(seconds=shift))

    def lines(self) -> Iterator[tuple[type[models.Model], str]]:
        """Every row of the case, as COPY takes it."""
        made = ready(self.mould)
        sealed = list(self._sealed(made))  # before what is given: it gives the digest
        values = [
            *self.ids,
            *(self.given[name] for name in made.given),
            *(self.moment(moment) for moment in made.moments),
            *(str(self.today + timedelta(days=day.offset)) for day in made.days),
            *sealed,
        ]
        for row in made.rows:
            yield row.model, row.line % row.pick(values)

    def _sealed(self, made: Ready) -> Iterator[str]:
        words = self.words
        for own_id, cell, digested in made.sealed:
            plain = cell.parts[0]
            if len(cell.parts) > 1:
                plain = b"".join([words[p] if isinstance(p, str) else p for p in cell.parts])
            assert isinstance(plain, bytes)  # noqa: S101 - for the types: parts begin with bytes
            if digested:
                self.given["sha256"] = hashlib.sha256(plain).hexdigest()
            yield rf"\\x{bulk.seal(self.key, cell.column, self.ids[own_id], plain).hex()}"


def _back(now: datetime, weeks: int) -> datetime:
    """So many weeks ago, at the same time of day where the portal is."""
    local = now.astimezone(workdays.LOCAL).replace(tzinfo=None) - timedelta(weeks=weeks)
    return local.replace(tzinfo=workdays.LOCAL).astimezone(UTC)


def _year_of(moment: datetime) -> int:
    return timezone.localdate(moment).year


def _birthday(today: date, years: int, days: int) -> date:
    """A day so many whole years and some days ago: the age holds for weeks on either side."""
    return today.replace(year=today.year - years, day=min(today.day, 28)) - timedelta(days=days)


def _json_day(day: date) -> bytes:
    return b'{"day":%d,"month":%d,"year":%d}' % (day.day, day.month, day.year)


# Writing --------------------------------------------------------------------------------------
_KEY_COLUMNS = ("id", "wrapped", "master", "created_at")


@transaction.atomic
def write(plan: Plan, numbers: Sequence[int]) -> int:
    """Write those of the cases that are not there yet; how many that were."""
    wanted = {case_id(plan.seed, number): number for number in numbers}
    there = Referral.objects.filter(pk__in=wanted).values_list("pk", flat=True)
    for pk in there:
        del wanted[str(pk)]
    if not wanted:
        return 0
    lines: dict[type[models.Model], list[str]] = {model: [] for model in TABLES}
    sealed: list[str] = []
    for number in wanted.values():
        case = Case(plan, choose(plan.seed, number, plan.workplaces))
        wrapped = copied(case.key.wrapped)
        sealed.append("\t".join((case.id, wrapped, case.key.master, str(case.then))))
        for model, line in case.lines():
            lines[model].append(line)
    events = lines.pop(AuditEvent)
    with connection.cursor() as cursor:
        # Two processes wait for each other's numbers in the log longer than a page would; and
        # what is lost with the machine is made again.
        cursor.execute(
            "SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0; "
            "SET LOCAL synchronous_commit = off"
        )
    _copy(DataKey, _KEY_COLUMNS, sealed)
    for model, written in lines.items():
        if written:
            _copy(model, [column.column for column in COLUMNS[model]], written)
    _log(events)
    return len(wanted)


_EVENT = [column.column for column in COLUMNS[AuditEvent]]
_WHEN_AND_WHOSE = itemgetter(_EVENT.index("at"), _EVENT.index("agency"))
_LAST = """
SELECT agency, (
    SELECT max(sequence) FROM audit_auditevent WHERE audit_auditevent.agency = wanted.agency
) FROM unnest(%s) AS wanted (agency)
"""


def _log(lines: list[str]) -> None:
    """Add the events to the log, numbered as its own triggers number them, but all at once.

    Only the owner of the table can do it, and nobody else adds to it until the transaction ends.
    """
    told = [(*_WHEN_AND_WHOSE(line.split("\t")), line) for line in lines]
    told.sort(key=itemgetter(0))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # before others have to wait
        for trigger in ("audit_arrive", "audit_number"):
            cursor.execute(f"ALTER TABLE audit_auditevent DISABLE TRIGGER {trigger}")
        cursor.execute(_LAST, [list({agency for _at, agency, _line in told})])
        last = {agency: number or 0 for agency, number in cursor.fetchall()}
        numbered = []
        for _at, agency, line in told:
            last[agency] += 1
            numbered.append(f"{line}\t{last[agency]}")
        _copy(AuditEvent, [*_EVENT, "sequence"], numbered)
        for trigger in ("audit_arrive", "audit_number"):
            cursor.execute(f"ALTER TABLE audit_auditevent ENABLE TRIGGER {trigger}")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def _copy(model: type[models.Model], names: Iterable[str | None], lines: list[str]) -> None:
    columns = ", ".join(f'"{name}"' for name in names)
    statement = f'COPY "{model._meta.db_table}" ({columns}) FROM STDIN'
    with connection.cursor() as cursor:
        cursor.copy_expert(statement, StringIO("\n".join(lines) + "\n"))


# All of it ------------------------------------------------------------------------------------
def plan(count: int, agency_count: int, *, seed: int, now: datetime) -> Plan:
    """Make what the cases need: people and places, moulds, room for references.

    Raises:
        StrangersError: this is no place for a sample.
    """
    see_that_nobody_real_is_here()
    keys.verify()
    if not Membership.objects.filter(role=Role.PREVENT_LEAD).exists():
        with transaction.atomic():
            cast.build(now=now)
    workplaces = agencies(agency_count, now=now)
    made = Plan(seed, now, workplaces, desks(), {})
    needed = sorted({choose(seed, number, workplaces).mould for number in range(count)})
    places = {place.code: place for place in Locality.objects.all()}
    for course, sort, place in needed:
        made.moulds[course, sort, place] = moulds.make(
            course, sort, places[place], seed=seed, now=now
        )
    return made


def missing(made: Plan, count: int) -> int:
    """How many of the first ``count`` cases are not there yet."""
    there = 0
    for first in range(0, count, 10 * CHUNK):
        last = min(first + 10 * CHUNK, count)
        pks = [case_id(made.seed, number) for number in range(first, last)]
        there += Referral.objects.filter(pk__in=pks).count()
    return count - there


@transaction.atomic
def reserve_references(made: Plan, count: int) -> None:
    """Leave room for the sample's numbers, so that nobody draws one of them meanwhile."""
    years = range(_year_of(made.now) - 7, _year_of(made.now) + 1)
    for place in Locality.objects.all():
        for year in years:
            ReferenceCounter.objects.get_or_create(locality=place, year=year)
            counter = ReferenceCounter.objects.select_for_update().get(locality=place, year=year)
            made.drawn[place.code, year] = counter.last
            counter.last += count
            counter.save(update_fields=["last"])


def fill(
    made: Plan, count: int, *, processes: int, tell: Callable[[int], None] = lambda _n: None
) -> int:
    """Write the first ``count`` cases of a plan; how many were not there before.

    Args:
        processes: with one, everything is done here, in the caller's own transaction if any.
        tell: is called with the number of cases so far, chunk by chunk.
    """
    chunks = [range(first, min(first + CHUNK, count)) for first in range(0, count, CHUNK)]
    if not missing(made, count):
        return 0
    reserve_references(made, count)
    written = 0
    if processes == 1 or len(chunks) == 1:
        for chunk in chunks:
            written += write(made, chunk)
            tell(written)
        return written
    connections.close_all()  # each process has its own
    with multiprocessing.get_context("fork").Pool(processes, _begin, (made,)) as pool:
        for done in pool.imap_unordered(_write, chunks):
            written += done
            tell(written)
    return written


_plan: Plan | None = None


def _begin(made: Plan) -> None:
    global _plan
    _plan = made


def _write(chunk: range) -> int:
    assert _plan is not None  # noqa: S101 - for the types: _begin() set it
    return write(_plan, chunk)
