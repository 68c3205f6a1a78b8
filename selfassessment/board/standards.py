"""One standard across agencies, and the themes: where most have work to do."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, F
from django.db.models.fields.json import KeyTextTransform
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.models import User
from selfassessment import charts
from selfassessment.board import small
from selfassessment.board.filters import ORDER, Filters
from selfassessment.board.heatmap import name_of, told_by_difference
from selfassessment.models import Assessment, AssessmentQuerySet, SectionScore
from selfassessment.standards.models import Standard
from selfassessment.terms import HIDDEN_BELOW, FormType, Rating

MOST_THEMES = 10


@dataclass(frozen=True)
class Spread:
    """How often each rating was given by the agencies of a type; None is a small number."""

    name: str
    numbers: Sequence[int | None]
    total: int
    chart: SafeString


@dataclass(frozen=True)
class Theme:
    """A standard, and how many of those it applies to have not got it in place."""

    standard: Standard
    short: int
    asked: int

    @property
    def share(self) -> str:
        return f"{100 * self.short / self.asked:.0f}%"


@dataclass(frozen=True)
class Gap:
    """A critical standard that is not in place; whether it was so last year too."""

    code: str
    title: str
    again: bool


@dataclass(frozen=True)
class Gaps:
    """The critical gaps of one agency."""

    agency: str
    gaps: Sequence[Gap]


def spread_of(standard: Standard, filters: Filters, *, user: User) -> list[Spread]:
    """The ratings of one standard by type: one query.

    Settings where one person works stand apart, and only where five of them are.
    """
    found = (
        SectionScore.objects.filter(
            assessment__in=filters.forms(user).counted().values("pk"),
            section=standard.section_code,
            ratings__has_key=standard.code,
        )
        .order_by()
        .annotate(rating=KeyTextTransform(standard.code, "ratings"))
        .values("rating", kind=F("assessment__form_type"), alone=F("assessment__is_one_person"))
        .annotate(number=Count("pk"))
    )
    counted: dict[tuple[FormType, bool], Counter[str]] = defaultdict(Counter)
    for each in found:
        counted[FormType(each["kind"]), each["alone"]][each["rating"]] += each["number"]
    spreads = []
    hidden = told_by_difference(filters, user=user)
    for kind in ORDER:
        if (kind, False) in counted:
            spreads.append(_spread(str(kind.label), counted[kind, False], people=False))
        alone = counted.get((kind, True), Counter())
        if alone.total() >= HIDDEN_BELOW and kind not in hidden:
            name = _("%(kind)s: settings where one person works") % {"kind": kind.label}
            spreads.append(_spread(name, alone, people=True))
    return spreads


def _spread(name: str, counted: Counter[str], *, people: bool) -> Spread:
    numbers: Sequence[int | None] = [counted[rating] for rating in Rating]
    if people:
        numbers = small.hidden([number or 0 for number in numbers])
    parts = [
        charts.Part(str(rating.label), number or 0)
        for rating, number in zip(Rating, numbers, strict=True)
    ]
    return Spread(name, numbers, counted.total(), charts.stack(parts, title=name))


def themes(filters: Filters, *, user: User) -> list[Theme]:
    """The standards that most agencies have not in place or only developing, most first.

    Without settings where one person works: beside the others a count would tell theirs. Two
    queries, over the scores of the filtered forms.
    """
    cycle = filters.cycle
    if cycle is None:
        return []
    forms = filters.forms(user).counted().filter(is_one_person=False)
    counts = _ratings(forms)
    found = []
    for standard in cycle.standards.standards.all():
        of = counts.get(standard.code, {})
        asked = sum(number for rating, number in of.items() if rating != Rating.NOT_APPLICABLE)
        short = of.get(Rating.NOT_IN_PLACE, 0) + of.get(Rating.DEVELOPING, 0)
        if short:
            found.append(Theme(standard, short, asked))
    found.sort(key=lambda theme: (-theme.short / theme.asked, theme.standard.order))
    return found[:MOST_THEMES]


def _ratings(forms: AssessmentQuerySet) -> dict[str, dict[str, int]]:
    """Of each standard's code: how many forms give it each rating."""
    scores = SectionScore.objects.filter(assessment__in=forms.values("pk")).order_by()
    sql, given = scores.values("ratings").query.sql_with_params()
    found: dict[str, dict[str, int]] = defaultdict(dict)
    with connection.cursor() as cursor:
        # What jsonb_each_text opens has no words in the ORM; the inner query is the ORM's own.
        cursor.execute(
            "SELECT said.key, said.value, count(*) "  # noqa: S608
            f"FROM ({sql}) AS scores, jsonb_each_text(scores.ratings) AS said GROUP BY 1, 2",
            given,
        )
        for code, rating, number in cursor.fetchall():
            found[code][rating] = number
    return found


MOST_GAPS = 200


def gaps(filters: Filters, *, user: User) -> tuple[list[Gaps], int]:
    """Outstanding critical gaps by agency, single-person settings only counted: three queries.

    Returns:
        those of the first 200 sections, and how many settings where one person works have one;
        0 where they are fewer than five, or the filters leave some out: the difference would tell
        of those.
    """
    cycle = filters.cycle
    if cycle is None:
        return [], 0
    forms = filters.forms(user).counted()
    alone = forms.filter(is_one_person=True, critical_gaps__gt=0).count()
    if filters.board or filters.kind:
        alone = 0
    titles = dict(cycle.standards.standards.values_list("code", "title"))
    scores = list(
        SectionScore.objects.filter(
            assessment__in=forms.filter(is_one_person=False).values("pk"), critical_gaps__gt=0
        )
        .select_related("assessment__agency")
        .order_by("assessment__agency__name", "section")[:MOST_GAPS]
    )
    before = _gaps_last_year(scores, filters)
    found: dict[str, list[Gap]] = {}
    for score in scores:
        form = score.assessment
        of_agency = found.setdefault(name_of(form, filters), [])
        of_agency += [
            Gap(code, titles.get(code, code), (form.agency_id, form.board_id, code) in before)
            for code in score.gaps
        ]
    by_agency = [Gaps(agency, of_agency) for agency, of_agency in found.items()]
    return by_agency, alone if alone >= HIDDEN_BELOW else 0


def _gaps_last_year(scores: Sequence[SectionScore], filters: Filters) -> set[tuple[int, int, str]]:
    year = filters.cycle.year - 1 if filters.cycle else 0
    last = next((each for each in filters.cycles if each.year == year), None)
    if last is None or not scores:
        return set()
    agencies = {score.assessment.agency_id for score in scores}
    then = SectionScore.objects.filter(
        assessment__in=Assessment.objects.filter(cycle=last, agency__in=agencies)
        .counted()
        .values("pk"),
        critical_gaps__gt=0,
    ).select_related("assessment")
    return {
        (score.assessment.agency_id, score.assessment.board_id, code)
        for score in then
        for code in score.gaps
    }
