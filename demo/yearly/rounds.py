"""Which rating each standard has in each of three years, and where the form of it stands."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from agencies import workdays
from demo.selfassessment_rows import rounds
from demo.yearly.places import Place
from selfassessment.models import Assessment, Cycle, SignOff
from selfassessment.standards.models import Standard
from selfassessment.terms import POINTS, Rating, Status

LEVELS = sorted(POINTS, key=lambda rating: POINTS[rating])
YEARS = 3
SET_ASIDE = {"PE1", "PE2", "PE3", "PW4"}
"""Standards that some say do not apply to them."""
ANSWERED = {
    "Hollin Beck Surgery": 0.6,
    "Dalesgate Training": 0.35,
    "Vale Youth Justice Service": 0.75,
    "Clifton Fields Academy": 0.2,
    "Open Door Welcome Project": 0.1,
}
"""How much of a form in progress is answered; all of it where nothing is said."""
NOT_BEGUN = {("Tadlow Nursery", 1), ("Open Door Welcome Project", 2), ("Vale Interfaith Forum", 2)}
"""Forms of a closed year, so many years ago, that nobody ever began."""


# Days -----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Days:
    """The days of one cycle. The open one is six weeks past the day for signing off, so that
    each status has had the time that it takes."""

    opens: date
    due: date
    moderated: date
    report: date
    closes: date

    @classmethod
    def of_open(cls, today: date) -> "Days":
        opens = today - timedelta(days=132)
        return cls(
            opens,
            today - timedelta(days=42),
            today + timedelta(days=28),
            today + timedelta(days=56),
            _years_on(opens, 1) - timedelta(days=1),
        )

    def years_ago(self, years: int) -> "Days":
        opens, due, moderated, report = (
            _years_on(day, -years) for day in (self.opens, self.due, self.moderated, self.report)
        )
        return Days(opens, due, moderated, report, _years_on(opens, 1) - timedelta(days=1))


def _years_on(day: date, years: int) -> date:
    if (day.month, day.day) == (2, 29):
        day = day.replace(day=28)
    return day.replace(year=day.year + years)


def at(day: date, chance: random.Random) -> datetime:
    """Some moment of that day, or of the Friday before, at which people are at work."""
    while day.weekday() >= 5:
        day -= timedelta(days=1)
    clock = time(chance.randint(9, 15), chance.randrange(60))
    return datetime.combine(day, clock, workdays.LOCAL)


def between(first: datetime, last: datetime, share: float, chance: random.Random) -> datetime:
    """Some moment of a working day, so far on the way from the first to the last."""
    moment = at(timezone.localdate(first + (last - first) * share), chance)
    return min(max(moment, first), last)


# Forms ----------------------------------------------------------------------------------------
@dataclass
class Form:
    """One form of one year while it is made.

    Attributes:
        counted: by code, the rating that counts in the end.
        own: by code, what the agency says; different where moderators see it otherwise.
        asked: the standards, in order.
        before, after: the agency's forms of the years before and after, if any.
    """

    place: Place
    cycle: Cycle
    ago: int  # years before the open one
    stands: Status  # before it was closed, if it was
    asked: Sequence[Standard]
    counted: dict[str, Rating]
    own: dict[str, Rating]
    before: "Form | None" = None
    after: "Form | None" = None
    begun: datetime | None = None
    prepared: datetime | None = None
    signed: datetime | None = None
    given: datetime | None = None
    moderated: datetime | None = None
    published: datetime | None = None
    second: Assessment | None = None  # of a further board
    row: Assessment = field(default_factory=Assessment)
    signoff: SignOff | None = None
    review_was_full: bool = False

    @property
    def year(self) -> int:
        return self.cycle.year

    @property
    def is_open(self) -> bool:
        return self.ago == 0

    @property
    def was_signed(self) -> bool:
        return self.signed is not None

    @property
    def answered(self) -> dict[str, Rating]:
        """What the agency has rated so far."""
        if self.begun is None:
            return {}
        share = ANSWERED.get(self.place.name, 1.0) if self.stands == Status.IN_PROGRESS else 1.0
        codes = [each.code for each in self.asked][: round(share * len(self.asked))]
        return {code: self.own[code] for code in codes}

    def chance(self, *what: object) -> random.Random:
        return self.place.chance(self.ago, *what)


def of_place(
    place: Place, cycles: Sequence[Cycle], asked: Sequence[Standard], today: date
) -> list[Form]:
    """Its forms, the earliest first.

    Args:
        cycles: the earliest first; the last is open.
    """
    by_year, status = _ratings(place, asked)
    found: list[Form] = []
    before = None
    for ago in reversed(range(len(cycles))):
        cycle = cycles[len(cycles) - 1 - ago]
        ratings = by_year[ago]
        stands = status if ago == 0 else _stood(place, ago)
        form = Form(place, cycle, ago, stands, asked, ratings, dict(ratings), before)
        _date(form, today)
        if form.moderated is not None:
            _rate_too_high(form)
        if before is not None:
            before.after = form
        before = form
        found.append(form)
    return found


def _ratings(place: Place, asked: Sequence[Standard]) -> tuple[list[dict[str, Rating]], Status]:
    """By how many years ago; and where the form of this year stands."""
    if "as" in place.said:
        mine = [one for one in rounds() if one.agency == place.said["as"]]
        now, last = mine[1], mine[0]
        first = _a_year_before(last.ratings, place.chance("first"))
        return [dict(now.ratings), dict(last.ratings), first], Status(now.status)
    chance = place.chance("ratings")
    now_ratings = drawn(float(place.said["skill"]), asked, chance, alone=place.is_alone)
    last_ratings = _a_year_before(now_ratings, chance)
    return (
        [now_ratings, last_ratings, _a_year_before(last_ratings, chance)],
        Status(place.said["status"]),
    )


def drawn(
    skill: float, asked: Sequence[Standard], chance: random.Random, *, alone: bool = False
) -> dict[str, Rating]:
    """Ratings around a skill, from 0 Not in place to 3 Embedded."""
    sections = {each.section_code: chance.gauss(0, 0.35) for each in asked}
    found = {}
    for each in asked:
        # What is critical is looked after first.
        level = skill + sections[each.section_code] + chance.gauss(0.3 * each.critical, 0.6)
        found[each.code] = LEVELS[min(max(round(level), 0), 3)]
        if each.code in SET_ASIDE and not alone and chance.random() < 0.12:
            found[each.code] = Rating.NOT_APPLICABLE
    return found


def _a_year_before(ratings: Mapping[str, Rating], chance: random.Random) -> dict[str, Rating]:
    found = {}
    for code, rating in ratings.items():
        step = chance.choices((-1, 0, 1), (28, 64, 8))[0]
        level = POINTS.get(rating)
        found[code] = rating if level is None else LEVELS[min(max(level + step, 0), 3)]
    return found


def _stood(place: Place, ago: int) -> Status:
    """Where a form of a closed year stood on its last day."""
    if place.said.get("status") == Status.EXEMPT:
        return Status.EXEMPT
    if place.lead is None or (place.name, ago) in NOT_BEGUN:
        return Status.NOT_STARTED
    # In the first year the board moderated a few forms only.
    if ago == YEARS - 1 and place.chance("sampled").random() < 0.6:
        return Status.SIGNED
    return Status.PUBLISHED


def _date(form: Form, today: date) -> None:
    """When each step was taken, as far as the form has come."""
    reached = ORDER.index(form.stands) if form.stands in ORDER else 0
    if not reached:
        return
    chance, cycle = form.chance("days"), form.cycle
    due = cycle.due_on

    def day(number: int) -> datetime:
        return at(due + timedelta(days=number), chance)

    signed = chance.randint(-18, -3)
    form.begun = at(cycle.opens_on + timedelta(days=chance.randint(5, 40)), chance)
    if reached >= ORDER.index(Status.READY):
        form.prepared = day(signed - chance.randint(3, 6))
    if form.stands == Status.READY:
        form.prepared = at(today - timedelta(days=5), chance)
    if reached >= ORDER.index(Status.SIGNED):
        form.signed = day(signed)
    if reached >= ORDER.index(Status.MODERATION):
        form.given = day(chance.randint(2, 6))
    if not form.is_open:
        if form.stands == Status.PUBLISHED:
            form.moderated, form.published = day(chance.randint(20, 26)), day(50)
        return
    if form.stands == Status.MODERATION:
        form.given = at(today - timedelta(days=chance.randint(8, 12)), chance)
    if form.stands == Status.MODERATED:
        form.moderated = at(today - timedelta(days=9 if "as" in form.place.said else 6), chance)
    if form.stands == Status.PUBLISHED:
        form.moderated = at(today - timedelta(days=chance.randint(30, 33)), chance)
        form.published = at(today - timedelta(days=chance.randint(5, 9)), chance)


ORDER = (
    Status.NOT_STARTED,
    Status.IN_PROGRESS,
    Status.READY,
    Status.SIGNED,
    Status.RETURNED,
    Status.MODERATION,
    Status.MODERATED,
    Status.PUBLISHED,
)


def _rate_too_high(form: Form) -> None:
    """One or two critical standards on which the agency had said more than the moderators saw."""
    chance = form.chance("too high")
    may = [
        each.code
        for each in form.asked
        if each.critical and form.counted[each.code] in (Rating.DEVELOPING, Rating.IN_PLACE)
    ]
    for code in chance.sample(
        may, min(len(may), chance.choice((1, 1, 2) if "as" in form.place.said else (0, 1, 1, 2)))
    ):
        form.own[code] = LEVELS[POINTS[form.counted[code]] + 1]


def all_forms(
    places: Iterable[Place],
    cycles: Sequence[Cycle],
    standards: Sequence[Standard],
    today: date,
) -> list[Form]:
    """Of every place and year."""
    found: list[Form] = []
    for place in places:
        asked = [
            each
            for each in standards
            if place.form_type in each.applies_to and (each.short_form or not place.is_alone)
        ]
        found += of_place(place, cycles, asked, today)
    return found
