"""Year on year: the middle of the agencies that signed, section by section, for five cycles."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.db.models import Count, F
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.models import User
from selfassessment import charts, scoring
from selfassessment.board.filters import Filters
from selfassessment.board.heatmap import Middle, share_of
from selfassessment.models import Assessment, Cycle, SectionScore
from selfassessment.terms import GROUP_AT_LEAST, POINTS, Rating

MOST_CYCLES = 5
WHOLE = ""
"""In place of a section's code: the whole form."""


@dataclass(frozen=True)
class Line:
    """One section, or the whole form, over the years."""

    name: str
    points: Sequence[charts.Point]
    chart: SafeString


@dataclass(frozen=True)
class Changes:
    """Of the newest two cycles that can be compared: how many answers of agencies changed how."""

    before: int
    now: int
    better: int
    same: int
    worse: int


def cycles_of(filters: Filters) -> list[Cycle]:
    """Up to five cycles that end with the chosen one, oldest first."""
    if filters.cycle is None:
        return []
    upto = [each for each in filters.cycles if each.year <= filters.cycle.year]
    return upto[:MOST_CYCLES][::-1]


def lines(filters: Filters, *, user: User) -> list[Line]:
    """The middle of at least three agencies for each section and year: three queries.

    Without settings where one person works, whose score would be told by the difference.
    """
    cycles = cycles_of(filters)
    if not cycles:
        return []
    forms = Assessment.objects.none()
    for cycle in cycles:
        forms = forms | filters.forms(user, cycle).counted()
    forms = forms.filter(is_one_person=False)
    middles: dict[str, dict[int, Decimal]] = defaultdict(dict)
    whole = forms.order_by().filter(possible__gt=0).values(year=F("cycle__year"))
    parts = (
        SectionScore.objects.filter(assessment__in=forms.values("pk"), possible__gt=0)
        .order_by()
        .values("section", year=F("assessment__cycle__year"))
    )
    for query in (whole, parts):
        for each in query.annotate(number=Count("pk"), middle=Middle(share_of())):
            if each["number"] >= GROUP_AT_LEAST:
                middle = Decimal(str(each["middle"])).quantize(scoring.ONE_DECIMAL)
                middles[str(each.get("section", WHOLE))][each["year"]] = middle
    names = {WHOLE: _("All sections")}
    names |= {each.code: str(each) for each in cycles[-1].standards.sections.all()}
    return [line(name, cycles, middles[code]) for code, name in names.items() if middles.get(code)]


def line(name: str, cycles: Sequence[Cycle], percents: dict[int, Decimal]) -> Line:
    """One line, broken where the major version of the standards changed."""
    points = [
        charts.Point(
            cycle.year,
            percents.get(cycle.year),
            broken=number > 0 and cycles[number - 1].standards.major != cycle.standards.major,
        )
        for number, cycle in enumerate(cycles)
    ]
    return Line(name, points, charts.line(points, title=name))


CHANGED = """
WITH rated AS (
    SELECT form.agency_id, form.board_id, form.cycle_id, said.key AS code,
           CASE said.value {levels} END AS level
    FROM selfassessment_sectionscore AS score
    JOIN ({forms}) AS form ON form.id = score.assessment_id,
         jsonb_each_text(score.ratings) AS said
)
SELECT count(*) FILTER (WHERE now.level > before.level),
       count(*) FILTER (WHERE now.level = before.level),
       count(*) FILTER (WHERE now.level < before.level)
FROM rated AS now
JOIN rated AS before USING (agency_id, board_id, code)
WHERE now.cycle_id = %s AND before.cycle_id = %s
"""


def changes(filters: Filters, *, user: User) -> Changes | None:
    """Standards improved, unchanged and worse since the year before, all agencies together.

    Returns:
        None where there is no year before, or its standards meant something else.
    """
    cycles = cycles_of(filters)[-2:]
    if len(cycles) < 2 or cycles[0].standards.major != cycles[1].standards.major:
        return None
    before, now = cycles
    forms = filters.forms(user, before) | filters.forms(user, now)
    signed = forms.counted().filter(is_one_person=False).order_by()
    sql, given = signed.values("id", "agency_id", "board_id", "cycle_id").query.sql_with_params()
    levels = " ".join(
        f"WHEN '{rating}' THEN {points}" for rating, points in POINTS.items() if rating in Rating
    )
    with connection.cursor() as cursor:
        cursor.execute(CHANGED.format(levels=levels, forms=sql), [*given, now.pk, before.pk])
        better, same, worse = cursor.fetchone()
    return Changes(before.year, now.year, better, same, worse)
