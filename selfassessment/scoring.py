"""How a form is scored (section 6 of the standards' own document). Knows no models and no clock."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from statistics import median as middle

from django.conf import settings

from selfassessment.terms import MOST_POINTS, POINTS, Rag, Rating

GROUP_AT_LEAST = 3  # agencies, before a median of them is shown
ONE_DECIMAL = Decimal("0.1")


@dataclass(frozen=True)
class Rated:
    """A standard that a form asks, with the rating that counts; None where nothing is said yet."""

    code: str
    section: str
    critical: bool
    rating: Rating | None


@dataclass(frozen=True)
class Bands:
    """Where Amber and Green begin, in percent: the portal's defaults, for the board to set."""

    amber: int = 50
    green: int = 75

    def __post_init__(self) -> None:
        if not 0 < self.amber < self.green <= 100:
            raise ValueError("Amber begins above 0, Green above Amber and not above 100")

    def rag(self, percent: Decimal) -> Rag:
        if percent < self.amber:
            return Rag.RED
        return Rag.AMBER if percent < self.green else Rag.GREEN


DEFAULT_BANDS = Bands()


def bands() -> Bands:
    """Those of the settings. A cycle keeps its own, so that past years stay as they were."""
    return Bands(*settings.ASSESSMENT_BANDS)


@dataclass(frozen=True)
class Score:
    """What ratings come to. Unanswered standards are missing, never zero."""

    asked: int
    answered: int  # not applicable is an answer too
    not_applicable: int
    points: int
    possible: int
    critical_gaps: int  # critical standards not in place
    rag: Rag | None  # None while incomplete, and where nothing applies
    gaps: tuple[str, ...] = ()  # their codes

    @property
    def complete(self) -> bool:
        return self.answered == self.asked

    @property
    def applicable(self) -> int:
        return self.asked - self.not_applicable

    @property
    def percent(self) -> Decimal | None:
        """Of what is answered and applies, to one decimal; None when that is nothing."""
        return percent(self.points, self.possible)


def percent(points: int, possible: int) -> Decimal | None:
    """Points as percent to one decimal, a half upwards: 62.5; None when nothing is possible."""
    if not possible:
        return None
    return (Decimal(100 * points) / possible).quantize(ONE_DECIMAL, ROUND_HALF_UP)


def section_score(rated: Iterable[Rated], bands: Bands = DEFAULT_BANDS) -> Score:
    """The score of one section.

    A critical standard that is not in place makes it Red; one that is developing makes a Green
    section Amber.
    """
    rated = list(rated)
    score = _counted(rated, bands)
    if score.rag is None:
        return score
    if score.critical_gaps:
        return _capped(score, Rag.RED)
    if any(one.critical and one.rating == Rating.DEVELOPING for one in rated):
        return _capped(score, Rag.AMBER)
    return score


def overall(rated: Iterable[Rated], bands: Bands = DEFAULT_BANDS) -> Score:
    """The score of a whole form: all points by all that are possible, not the mean of sections.

    Any critical standard that is not in place limits it to Amber.
    """
    score = _counted(list(rated), bands)
    return _capped(score, Rag.AMBER) if score.rag and score.critical_gaps else score


def by_section(rated: Iterable[Rated], bands: Bands = DEFAULT_BANDS) -> dict[str, Score]:
    """The score of each section that is asked, in the order in which they come."""
    sections: dict[str, list[Rated]] = {}
    for one in rated:
        sections.setdefault(one.section, []).append(one)
    return {code: section_score(of, bands) for code, of in sections.items()}


def _counted(rated: Sequence[Rated], bands: Bands) -> Score:
    points = [POINTS[one.rating] for one in rated if one.rating in POINTS]
    gaps = tuple(one.code for one in rated if one.critical and one.rating == Rating.NOT_IN_PLACE)
    answered = sum(one.rating is not None for one in rated)
    possible = MOST_POINTS * len(points)
    share = percent(sum(points), possible)
    complete = answered == len(rated)
    return Score(
        asked=len(rated),
        answered=answered,
        not_applicable=sum(one.rating == Rating.NOT_APPLICABLE for one in rated),
        points=sum(points),
        possible=possible,
        critical_gaps=len(gaps),
        rag=bands.rag(share) if complete and share is not None else None,
        gaps=gaps,
    )


ORDER = (Rag.RED, Rag.AMBER, Rag.GREEN)


def _capped(score: Score, highest: Rag) -> Score:
    """The score, no better than ``highest``."""
    if score.rag is None or ORDER.index(score.rag) <= ORDER.index(highest):
        return score
    return replace(score, rag=highest)


# --- Several forms --------------------------------------------------------------------------------
def median(percents: Iterable[Decimal | None], *, at_least: int = GROUP_AT_LEAST) -> Decimal | None:
    """The middle of a group's percentages to one decimal; None for fewer than ``at_least``.

    Args:
        percents: one for each form; None, as of a form that is incomplete, is left out.
    """
    known = [Decimal(one) for one in percents if one is not None]
    if len(known) < at_least:
        return None
    return middle(known).quantize(ONE_DECIMAL, ROUND_HALF_UP)


def medians(
    groups: Mapping[str, Iterable[Decimal | None]], *, at_least: int = GROUP_AT_LEAST
) -> dict[str, Decimal]:
    """The median of each group that is large enough to have one."""
    found = {name: median(of, at_least=at_least) for name, of in groups.items()}
    return {name: one for name, one in found.items() if one is not None}


def spread(ratings: Iterable[Rating | None]) -> dict[Rating | None, int]:
    """How often each rating was given, Not in place first, not applicable and None last."""
    counted = Counter(ratings)
    return {rating: counted[rating] for rating in (*Rating, None)}


@dataclass(frozen=True)
class Change:
    """What became of the standards of last year's form; codes in the order of the form."""

    improved: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    worse: tuple[str, ...] = ()
    not_compared: tuple[str, ...] = ()  # new, or without a rating now or then
    points: Decimal | None = None  # percentage points; None when nothing can be compared
    reworded: bool = False  # the standards have changed their meaning, so the line is broken


def change(now: Iterable[Rated], before: Iterable[Rated], *, same_major: bool = True) -> Change:
    """This year against last year: the same codes in the same major version, or nothing.

    Args:
        now, before: the whole form, or one section of it. The difference in points is that of the
            standards which both rate.
        same_major: whether both years used the same major version of the standards.
    """
    now, before = list(now), list(before)
    if not same_major:
        return Change(not_compared=tuple(one.code for one in now), reworded=True)
    then = {one.code: POINTS[one.rating] for one in before if one.rating in POINTS}
    improved: list[str] = []
    unchanged: list[str] = []
    worse: list[str] = []
    not_compared: list[str] = []
    ours = theirs = 0
    for one in now:
        if one.rating is None or one.rating not in POINTS or one.code not in then:
            not_compared.append(one.code)
            continue
        is_now, was = POINTS[one.rating], then[one.code]
        ours, theirs = ours + is_now, theirs + was
        (improved if is_now > was else worse if is_now < was else unchanged).append(one.code)
    possible = MOST_POINTS * (len(now) - len(not_compared))
    return Change(
        improved=tuple(improved),
        unchanged=tuple(unchanged),
        worse=tuple(worse),
        not_compared=tuple(not_compared),
        points=difference(percent(ours, possible), percent(theirs, possible)),
    )


def difference(
    now: Decimal | None, before: Decimal | None, *, same_standards: bool = True
) -> Decimal | None:
    """Percentage points between two stored scores, for lists that have no answers at hand."""
    if now is None or before is None or not same_standards:
        return None
    return Decimal(now) - Decimal(before)
