"""Moulds for a sample: cases walked through the portal's own doors, read as rows, and undone.

A mould stands for one course, one sort of agency and one place. The people in it are stand-ins
whose names are marks (``QXleadXQ``), so that another case can be poured with other people, another
person concerned and other days. What a mould holds is what the portal wrote: every rule of the
workflow is in it.
"""

import json
import random
import re
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.utils.dateparse import parse_datetime

from accounts.models import User
from agencies.models import Agency, Locality, Membership
from agencies.terms import AgencyType, Role
from audit.models import AuditEvent
from demo import cast, loading, synthetic
from demo.stories import Act, Story
from demo.times import Calendar
from referrals import feedback, workflow
from referrals.models import (
    CheckRecord,
    Clock,
    ConcernRecord,
    ContextRecord,
    GateRecord,
    GatewayRecord,
    Message,
    MonitoringRecord,
    OtherRouteRecord,
    PageSave,
    PersonRecord,
    Recipient,
    Referral,
    Seen,
    ShareRecord,
    Submission,
    TriageRecord,
)
from referrals.terms import Status
from vault.bulk import column_of
from vault.fields import SealedField, SealedJSONField

TABLES: tuple[type[models.Model], ...] = (
    Referral,
    GateRecord,
    ConcernRecord,
    PersonRecord,
    MonitoringRecord,
    ContextRecord,
    CheckRecord,
    OtherRouteRecord,
    ShareRecord,
    TriageRecord,
    GatewayRecord,
    PageSave,
    Message,
    Seen,
    Clock,
    Recipient,
    Submission,
    AuditEvent,
)
"""What a case has rows in, besides its key."""
SORTS = {
    "school": AgencyType.EDUCATION_SCHOOL,
    "health": AgencyType.HEALTH,
    "council": AgencyType.LOCAL_AUTHORITY,
}
WITH = {"school": "school", "health": "adults", "council": "adults"}
AGES = {"school": (11, 16), "health": (18, 58), "council": (19, 62)}
ROLES = {
    "author": Role.PRACTITIONER,
    "lead": Role.LEAD,
    "holder": Role.PREVENT_LEAD,
    "officer": Role.GATEWAY_OFFICER,
    "second": Role.GATEWAY_SUPERVISOR,
}
"""Who takes part in a case."""
TITLES = {
    "author": "Member of staff",
    "lead": "Safeguarding lead",
    "holder": "Prevent lead",
    "officer": "Gateway officer",
    "second": "Gateway supervisor",
}
PROMISED = {("clock", "amber_at"), ("clock", "due_at"), ("referral", "due_at")}
"""Ends of promises: they fall on the end of a working day, whatever the minute of the act."""
MARK = re.compile(rb"QX([a-z_]+)XQ")


# Courses --------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Course(synthetic.Course):
    """Where cases of this course stand.

    Attributes:
        share: how many of a thousand cases take it.
        weeks: over how many weeks back they are spread.
    """

    share: int = 0
    weeks: int = 1
    acts: tuple[str, ...] = ("hand_over", "send")


def _course(name: str, share: int, weeks: int, acts: str, *times: str) -> Course:
    return Course(name, {}, times, share=share, weeks=weeks, acts=tuple(acts.split()))


YEARS = 6 * 52
COURSES = {
    course.name: course
    for course in (
        _course("draft", 8, 3, "", "-1wd 12:10", "-1wd 12:30"),
        _course("agency_check", 6, 2, "hand_over", "-1wd 13:20", "-1wd 14:10"),
        _course("returned", 2, 2, "hand_over ask_author", "-2wd 13:00", "-2wd 13:40", "-1wd 10:10"),
        _course(
            "agency_closed", 210, YEARS, "hand_over close", "-9wd 13:00", "-9wd 13:40", "-8wd 11:10"
        ),
        _course(
            "other_route", 74, YEARS, "hand_over reroute", "-9wd 13:00", "-9wd 13:40", "-8wd 11:10"
        ),
        _course("submitted", 6, 1, "hand_over send", "-2wd 15:30", "-2wd 16:05", "-1wd 16:20"),
        _course(
            "triage",
            9,
            2,
            "hand_over send acknowledge",
            "-3wd 11:00",
            "-3wd 11:40",
            "-2wd 15:20",
            "-1wd 12:05",
        ),
        _course(
            "query",
            5,
            2,
            "hand_over send acknowledge query",
            "-4wd 10:00",
            "-4wd 10:50",
            "-3wd 11:40",
            "-2wd 10:35",
            "-1wd 11:10",
        ),
        _course(
            "gateway",
            20,
            3,
            "hand_over send acknowledge pass take_case",
            "-5wd 10:10",
            "-5wd 10:45",
            "-4wd 11:40",
            "-4wd 15:00",
            "-3wd 14:30",
            "-2wd 10:10",
        ),
        _course(
            "police_led",
            2,
            8,
            "hand_over send acknowledge pass take_case police_led",
            "-5wd 14:10",
            "-5wd 14:45",
            "-4wd 12:40",
            "-4wd 16:20",
            "-3wd 11:00",
            "-3wd 12:00",
            "-2wd 13:00",
        ),
        _course(
            "closed",
            5,
            1,
            "hand_over send acknowledge pass take_case close_at_gateway",
            "-14wd 10:10",
            "-14wd 10:45",
            "-13wd 11:40",
            "-13wd 15:00",
            "-12wd 14:30",
            "-11wd 10:10",
            "-5wd 11:20",
        ),
        _course(
            "told",
            653,
            YEARS,
            "hand_over send acknowledge pass take_case close_at_gateway feedback",
            "-14wd 10:10",
            "-14wd 10:45",
            "-13wd 11:40",
            "-13wd 15:00",
            "-12wd 14:30",
            "-11wd 10:10",
            "-6wd 11:20",
            "-4wd 16:10",
        ),
    )
}
"""Most cases have ended: of a thousand, some sixty are open. Shares add up to a thousand."""
DECISIONS = {"agency_closed": "d", "other_route": "c"}
ROUTE = {
    "routes": ["early_help"],
    "sent_where": "The place that helps with this",
    "sent_on": "-8wd",
    "sent_by": "QXlead_nameXQ, by telephone",
    "sent_reference": "Sent on the same day",
    "received": "yes",
    "received_on": "-8wd",
    "person_told": "yes",
    "look_again_on": "+14wd",
}
ASKED = "Thank you. What exactly was said, and who else was there?"


# What a mould is ------------------------------------------------------------------------------
@dataclass(frozen=True)
class Sealed:
    """Plain words to be sealed: bytes and the names of what stands between them, in turn."""

    column: bytes
    parts: tuple[bytes | str, ...]


@dataclass(frozen=True)
class Moment:
    """Seconds from the moment of the mould; ``promised``: not to be moved by minutes."""

    offset: float
    promised: bool


@dataclass(frozen=True)
class Day:
    offset: int


@dataclass(frozen=True)
class Given:
    """Something that each case has its own of: a person, its agency, its key."""

    name: str


@dataclass(frozen=True)
class RowId:
    """The id of the n-th row with an id of its own; the case itself is 0."""

    number: int


OWN = Sealed | Moment | Day | Given | RowId
"""What each case has its own of."""
Cell = OWN | Any


@dataclass(frozen=True, eq=False)
class Mould:
    """The rows of one case, by table; cells in the order of ``COLUMNS``."""

    rows: dict[type[models.Model], list[tuple[Cell, ...]]]
    ids: int
    male: bool
    years: int
    """The age of the person concerned."""
    sent: Moment | None
    named: list[str]
    """Digests of whom the case names beside the person concerned."""


def columns(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    """The columns that a case's row is written with; numbers that the database draws are not."""
    drawn = {"sequence"} if model is AuditEvent else set()
    return [
        column
        for column in model._meta.concrete_fields
        if not (column.primary_key and isinstance(column, models.AutoField))
        and column.name not in drawn
    ]


COLUMNS = {model: columns(model) for model in TABLES}


# Walking one ----------------------------------------------------------------------------------
class UndoneError(Exception):
    """Takes a mould's case out of the database again."""


@cache
def make(name: str, sort: str, place: Locality, *, seed: int, now: datetime) -> Mould:
    """Walk one case of the course of that name, read it, and undo it."""
    course = COURSES[name]
    chance = random.Random(f"{seed}|{course.name}|{sort}|{place.code}")  # noqa: S311 - repeatable
    mould: Mould | None = None
    try:
        with transaction.atomic():
            company = _stand_ins(sort, place, now=now)
            story, male, age = _story(chance, course, sort, place.code)
            loaded = loading.Loaded(company)
            walker = StandInWalker(loaded, Calendar(now, place), set())
            for moment, act in zip(
                walker.calendar.in_order([act.at for act in story.walk]), story.walk, strict=True
            ):
                walker.do(story, act, moment)
            mould = _read(loaded.referrals[story.code].pk, company, now, male=male, age=age)
            raise UndoneError
    except UndoneError:
        pass
    assert mould is not None  # noqa: S101 - for the types: it was read above
    return mould


class StandInWalker(loading.Walker):
    """Draws its reference like any other case: nothing is promised to a story here."""

    def _set_number(self, story: Story, now: datetime) -> None:
        return

    def _post_mails(self, moment: datetime) -> None:
        return


def _stand_ins(sort: str, place: Locality, *, now: datetime) -> cast.Company:
    agency = Agency.objects.create(
        name="QXagency_nameXQ",
        kind=SORTS[sort],
        locality=place,
        prevent_contact_name="QXlead_nameXQ",
        prevent_contact_role=TITLES["lead"],
        prevent_contact_phone="QXlead_phoneXQ",
        prevent_contact_email="lead@stand-in.example.org",
    )
    people = {
        key: User.objects.create_user(
            f"{key}@stand-in.example.org",
            f"QX{key}_nameXQ",
            job_title=TITLES[key],
            phone=f"QX{key}_phoneXQ",
        )
        for key in ROLES
    }
    begun = now - cast.BEGAN
    Membership.objects.bulk_create(
        Membership(
            person=people[key],
            role=role,
            agency=agency if key in ("author", "lead") else None,
            locality=None if key in ("author", "lead") else place,
            starts_on=begun.date(),
            confirmed_at=begun,
        )
        for key, role in ROLES.items()
    )
    localities = {one.code: one for one in Locality.objects.all()}
    return cast.Company(localities=localities, agencies={"agency": agency}, people=people)


def _story(chance: random.Random, course: Course, sort: str, place: str) -> tuple[Story, bool, int]:
    lists = synthetic.short_lists()
    fitting = [
        one for one in lists["concerns"] if WITH[sort] in one["with"] and "urgent" not in one
    ]
    concern = chance.choice(fitting)
    age = chance.randint(*AGES[sort])
    male = chance.random() < synthetic.share_of(concern)
    person = {
        "age": age,
        "male": male,
        "forenames": "QXforenamesXQ",
        "surname": "QXsurnameXQ",
    }
    setting = {
        "lead": "lead",
        "second": "holder",
        "where": "QXagency_nameXQ",
        "area": "QXaddressXQ",
    }
    answers = synthetic.answers_of(
        chance, setting, concern, person, course, place, "author", "QXlead_phoneXQ"
    )
    answers["decision"] = DECISIONS.get(course.name, answers["decision"])
    if course.name == "other_route":
        answers |= ROUTE
    walk = [Act("draft", "author", course.times[0])]
    asked = synthetic.spoken_of(concern["query"], male=male)
    for do, at in zip(course.acts, course.times[1:], strict=False):  # a draft tells one more
        walk.append(_act(do, at, asked, lists))
    made = Story(
        code="mould",
        agency="agency",
        author="author",
        lead="lead",
        ends=course.name,
        answers=answers,
        walk=tuple(walk),
    )
    return made, male, age


BY = {
    "hand_over": "author",
    "ask_author": "lead",
    "close": "lead",
    "reroute": "lead",
    "send": "lead",
    "take_case": "officer",
    "police_led": "officer",
    "close_at_gateway": "officer",
}


def _act(do: str, at: str, asked: str, lists: dict[str, Any]) -> Act:
    plain = Act(do, BY.get(do, "holder"), at)
    if do == "ask_author":
        return replace(plain, answers={"decision": "e"}, say=ASKED)
    if do == "query":
        return replace(plain, say=asked)
    if do == "pass":
        return replace(plain, answers=lists["triage"])
    if do == "close_at_gateway":
        return replace(plain, answers=lists["closed"] | {"second_officer": "second"})
    if do == "feedback":
        return replace(plain, say=feedback.words("closed-no-support", Status.CLOSED))
    return plain


# Reading it -----------------------------------------------------------------------------------
class Reader:
    """Turns the rows of one case into cells."""

    def __init__(self, referral: uuid.UUID, company: cast.Company, now: datetime) -> None:
        self.referral, self.now = referral, now
        self.people = {user.pk: key for key, user in company.people.items()}
        self.agency = company.agencies["agency"].pk
        self.ids: dict[str, int] = {str(referral): 0}

    def row(self, row: models.Model) -> tuple[Cell, ...]:
        return tuple(self.cell(row, column) for column in COLUMNS[type(row)])

    def cell(self, row: models.Model, column: models.Field[Any, Any]) -> Cell:
        name = column.attname
        if isinstance(column, SealedField):
            return self.sealed(row, column)
        if given := GIVEN.get((type(row), name)):
            return Given(given) if getattr(row, name) else getattr(row, name)
        value = getattr(row, name)
        if value is None:
            return None
        if isinstance(row, AuditEvent):
            if name == "agency":
                return Given("agency") if value else ""
            if name == "subject_id":
                return self.id_of(value) if value in self.ids else value
            if name == "detail":
                return json.dumps(value)
        if isinstance(column, models.UUIDField) or isinstance(value, uuid.UUID):
            return self.id_of(str(value))
        if isinstance(column, models.ForeignKey):
            if column.related_model is User:
                return Given(self.people[value])  # nobody else has a part in it
            return Given("agency") if column.related_model is Agency else value
        if isinstance(value, datetime):
            promised = (row._meta.model_name, name) in PROMISED
            return Moment((value - self.now).total_seconds(), promised)
        if isinstance(value, date):
            return Day((value - self.now.date()).days)
        return value

    def id_of(self, value: str) -> RowId:
        return RowId(self.ids.setdefault(value, len(self.ids)))

    def sealed(self, row: models.Model, column: SealedField[Any, Any]) -> Cell:
        value = getattr(row, column.attname)
        if isinstance(column, SealedJSONField) and value not in (None, column.empty()):
            frozen = type(row) is Submission
            marked = self.marked(value, column.name)
            plain = json.dumps(
                marked,
                cls=DjangoJSONEncoder,
                ensure_ascii=False,
                separators=(",", ":"),
                sort_keys=frozen,  # the digest is that of these very bytes
            ).encode()
            # A date is a mark in quotes here; it stands without them.
            plain = re.sub(rb'"(QX(?:born|day_[a-z]+)XQ)"', rb"\1", plain)
        else:
            plain = column.to_bytes(value)
        if not plain:
            return b""
        return Sealed(column_of(column), _parts(plain))

    def marked(self, value: Any, name: str) -> Any:
        """The value with its days, moments and the birth date turned into marks."""
        if isinstance(value, dict):
            if {"day", "month", "year"} <= value.keys() and value["year"]:
                if name == "born":
                    return "QXbornXQ"
                if value["day"]:
                    then = date(value["year"], value["month"], value["day"])
                    rest = {key: said for key, said in value.items() if key not in DATE}
                    mark = f"QXday_{_letters(self.now.date() - then)}XQ"
                    return mark if not rest else {**value}
            return {key: self.marked(each, key) for key, each in value.items()}
        if isinstance(value, list):
            return [self.marked(each, name) for each in value]
        if isinstance(value, str) and ISO.fullmatch(value) and (moment := parse_datetime(value)):
            return f"QXmoment_{_letters(self.now - moment)}XQ"
        return value


DATE = {"day", "month", "year"}
ISO = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)")
GIVEN = {
    (Referral, "key"): "key",
    (Referral, "reference"): "reference",
    (PersonRecord, "name_digest"): "name_digest",
    (PersonRecord, "name_born_digest"): "name_born_digest",
    (PersonRecord, "name_address_digests"): "name_address_digests",
    (PersonRecord, "named_digests"): "named_digests",
    (Submission, "form_key"): "form_key",
    (Submission, "sha256"): "sha256",
    (AuditEvent, "reference"): "reference",
}


def _letters(span: timedelta) -> str:
    """Whole seconds as letters, for a mark: marks hold no figures."""
    seconds = round(span.total_seconds())
    return ("m" if seconds < 0 else "p") + str(abs(seconds)).translate(_TO_LETTERS)


def seconds_of(letters: str) -> int:
    return (-1 if letters[0] == "m" else 1) * int(letters[1:].translate(_TO_FIGURES))


_TO_LETTERS = str.maketrans("0123456789", "abcdefghij")
_TO_FIGURES = str.maketrans("abcdefghij", "0123456789")


def _parts(plain: bytes) -> tuple[bytes | str, ...]:
    """Bytes and marks in turn, beginning with bytes."""
    found = MARK.split(plain)
    return tuple(part.decode() if number % 2 else part for number, part in enumerate(found))


def _read(
    referral: uuid.UUID, company: cast.Company, now: datetime, *, male: bool, age: int
) -> Mould:
    reader = Reader(referral, company, now)
    rows: dict[type[models.Model], list[tuple[Cell, ...]]] = {}
    for model in TABLES:
        rows[model] = [reader.row(row) for row in _rows_of(model, referral)]
    one = Referral.objects.get(pk=referral)
    sent = one.submitted_at
    return Mould(
        rows=rows,
        ids=len(reader.ids),
        male=male,
        years=age,
        sent=Moment((sent - now).total_seconds(), promised=False) if sent else None,
        named=_family(PersonRecord.objects.get(referral=referral)),
    )


def _family(record: PersonRecord) -> list[str]:
    stand_in = workflow.Named.of(User(name=f"{record.forenames} {record.surname}"))
    return sorted({*(record.named_digests or [])} - {*stand_in.digests})


def _rows_of(model: type[models.Model], referral: uuid.UUID) -> Iterable[models.Model]:
    which: Callable[..., models.QuerySet[Any]] = model._default_manager.filter
    if model is Referral:
        return which(pk=referral)
    if model is AuditEvent:
        return which(case=referral).order_by("pk")
    return which(referral_id=referral).order_by("pk")
