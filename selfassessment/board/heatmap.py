"""Agencies by sections: a word, a number and the change in every cell, and no ranks.

Only what was signed is shown. Settings where one person works stand in one row of their type, and
have no numbers before five of them have signed, so that nobody can be picked out.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Aggregate, Count, F, FloatField, Func, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from selfassessment import scoring
from selfassessment.board.filters import BY_NAME, ORDER, Filters, in_order_of_types
from selfassessment.models import Assessment, AssessmentQuerySet, SectionScore
from selfassessment.standards.models import StandardSection
from selfassessment.terms import (
    GROUP_AT_LEAST,
    HIDDEN_BELOW,
    FormType,
    Rag,
    Status,
)
from ui import dates

PAGE = 40
"""Agencies to a page."""
LONG_GROUP = 12
"""Rows: as many as stand on half a printed page."""
MOST_NAMED = 5
"""Critical gaps in the sentence at the top."""
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Cell:
    """One section of one agency: a word, and a number and the change where there are any."""

    word: str
    look: str  # the style's name: red, amber, green, na, none
    number: str = ""
    change: str = ""
    gaps: str = ""


@dataclass(frozen=True)
class Row:
    """One agency, or the small settings of a type, or the middle of a type.

    ``cells`` is empty where there is nothing to show; ``instead`` says why.
    """

    name: str
    cells: Sequence[Cell] = ()
    instead: str = ""
    is_middle: bool = False
    key: str = ""  # of the form, for those who may read it


@dataclass(frozen=True)
class Group:
    name: str
    rows: Sequence[Row]

    @property
    def is_long(self) -> bool:
        """Whether it begins on a page of its own where it is printed."""
        return len(self.rows) > LONG_GROUP


@dataclass(frozen=True)
class HeatMap:
    sections: Sequence[StandardSection]
    groups: Sequence[Group]
    pages: int
    page: int
    agencies: int
    signed: int


def told_by_difference(filters: Filters, *, user: User) -> set[FormType]:
    """Types of which a locality's small settings are not shown: all localities' less this one's
    would be those of fewer than five people. One query, where a locality is chosen."""
    if filters.board is None:
        return set()
    every = replace(filters, place="").forms(user).counted().filter(is_one_person=True)
    elsewhere = every.exclude(board=filters.board).order_by()
    counts = elsewhere.values("form_type").annotate(number=Count("pk"))
    return {FormType(each["form_type"]) for each in counts if each["number"] < HIDDEN_BELOW}


class Middle(Aggregate):
    """The median of an expression."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


PERCENT = 100.0 * F("points") / F("possible")


def heat_map(filters: Filters, *, user: User, today: date) -> HeatMap:
    """The page of the map that was asked for; eight queries at most."""
    cycle = filters.cycle
    if cycle is None:
        return HeatMap([], [], 1, 1, 0, 0)
    forms = filters.forms(user)
    sections = list(cycle.standards.sections.all())
    types = _types(forms)
    segments = _segments(types, by_name=filters.order == BY_NAME)
    length = sum(segment.length for segment in segments)
    pages = max(-(-length // PAGE), 1)
    page = min(filters.page, pages)
    window = range((page - 1) * PAGE, page * PAGE)
    shown = _shown(segments, window)
    named = forms.filter(is_one_person=False).select_related("agency")
    order = ["agency__name", "pk"]
    if filters.order != BY_NAME:
        order.insert(0, in_order_of_types())  # type: ignore[arg-type]
    first = sum(each.skipped for each in shown) if shown else 0
    count = sum(each.taken for each in shown)
    rows = list(named.order_by(*order)[first : first + count])
    lines = dict(
        zip([each.pk for each in rows], _rows(rows, filters, sections, today), strict=True)
    )
    ended = [kind for each in shown if each.ends for kind in each.kinds]
    small = any(types[kind]["small"] for kind in ended)
    hidden = told_by_difference(filters, user=user) if small else set()
    summaries = _Summaries.of(forms, ended, sections, hidden)
    groups, at = [], 0
    for part in shown:
        of_part = [lines[each.pk] for each in rows[at : at + part.taken]]
        at += part.taken
        for kind in part.kinds if part.ends else ():
            of_part += summaries.rows(kind, types[kind])
        if of_part:
            groups.append(Group(part.name, of_part))
    every, signed = (sum(each[name] for each in types.values()) for name in ("all", "signed"))
    return HeatMap(sections, groups, pages, page, every, signed)


def every_group(filters: Filters, *, user: User, today: date) -> list[Group]:
    """All pages as one, for sheets and documents."""
    groups: dict[str, list[Row]] = {}
    page, pages = 1, 1
    while page <= pages:
        found = heat_map(replace(filters, page=page), user=user, today=today)
        pages = found.pages
        for group in found.groups:
            groups.setdefault(group.name, []).extend(group.rows)
        page += 1
    return [Group(name, rows) for name, rows in groups.items()]


# Which rows a page has ---------------------------------------------------------------------------
@dataclass(frozen=True)
class _Segment:
    """The rows of one type, in order; small settings are one row at its end."""

    name: str
    kinds: tuple[FormType, ...]
    named: int
    small: bool

    @property
    def length(self) -> int:
        return self.named + self.small


@dataclass(frozen=True)
class _Part:
    """What a page shows of a segment: how many named rows, and whether the segment ends there."""

    name: str
    kinds: tuple[FormType, ...]
    skipped: int
    taken: int
    ends: bool


def _types(forms: AssessmentQuerySet) -> dict[FormType, dict[str, int]]:
    """Of each type that has forms: all, small, and how many of either were signed."""
    signed = Q(signed_at__isnull=False)
    found = (
        forms.order_by()
        .values("form_type")
        .annotate(
            all=Count("pk"),
            small=Count("pk", filter=Q(is_one_person=True)),
            signed=Count("pk", filter=signed),
            small_signed=Count("pk", filter=signed & Q(is_one_person=True)),
        )
    )
    by_kind: dict[FormType, dict[str, Any]] = {
        FormType(each["form_type"]): {**each} for each in found
    }
    return {kind: by_kind[kind] for kind in ORDER if kind in by_kind}


def _segments(types: dict[FormType, dict[str, int]], *, by_name: bool) -> list[_Segment]:
    if by_name:
        named = sum(each["all"] - each["small"] for each in types.values())
        small = any(each["small"] for each in types.values())
        return [_Segment(_("All agencies"), tuple(types), named, small)] if types else []
    return [
        _Segment(str(kind.label), (kind,), each["all"] - each["small"], bool(each["small"]))
        for kind, each in types.items()
    ]


def _shown(segments: Sequence[_Segment], window: range) -> list[_Part]:
    """The parts of segments that stand in the window; ``skipped`` counts named rows before it."""
    shown: list[_Part] = []
    start, named_before = 0, 0
    for segment in segments:
        end = start + segment.length
        begin, stop = max(window.start, start), min(window.stop, end)
        if begin < stop:
            named_from = min(begin - start, segment.named)
            named_to = min(stop - start, segment.named)
            shown.append(
                _Part(
                    segment.name,
                    segment.kinds,
                    skipped=named_from + (named_before if not shown else 0),
                    taken=named_to - named_from,
                    ends=stop == end,
                )
            )
        named_before += segment.named
        start = end
    return shown


# What stands in a row ----------------------------------------------------------------------------
def _rows(
    forms: Sequence[Assessment],
    filters: Filters,
    sections: Sequence[StandardSection],
    today: date,
) -> Iterator[Row]:
    counted = [each for each in forms if each.is_signed]
    scores = _scores(counted, filters)
    for form in forms:
        if not form.is_signed:
            yield Row(name_of(form, filters), instead=why_not(form, today))
            continue
        place = (form.agency_id, form.board_id)
        then = scores.before.get(place, {})
        cells = [
            cell(
                Rag(form.rag) if form.rag else None,
                form.percent,
                scoring.difference(form.percent, scores.whole_before.get(place)),
                form.critical_gaps,
            )
        ]
        for section in sections:
            score = scores.now[form.pk].get(section.code)
            if score is None or not score.asked:
                cells.append(Cell(_("Not asked"), "na"))
                continue
            last = then.get(section.code)
            cells.append(
                cell(
                    Rag(score.rag) if score.rag else None,
                    score.percent,
                    scoring.difference(score.percent, last.percent if last else None),
                    score.critical_gaps,
                    applies=score.possible > 0,
                )
            )
        yield Row(name_of(form, filters), cells, key=form.key)


def name_of(form: Assessment, filters: Filters) -> str:
    """The agency; one that answers to two boards has two rows, and the second names its board."""
    if form.answers_of_id is None:
        return form.agency.name
    board = next(each.name for each in filters.localities if each.pk == form.board_id)
    return _("%(agency)s, for %(board)s") % {"agency": form.agency.name, "board": board}


def why_not(form: Assessment, today: date) -> str:
    """Why the row of a form has no scores."""
    drafts = _("Drafts are not shown.")
    if form.status == Status.EXEMPT:
        return _("Not required this year.")
    if form.status == Status.CLOSED:
        return _("Not signed off before the cycle closed.")
    if form.status == Status.RETURNED:
        return _("Returned to the agency with questions.")
    if form.is_overdue(today):
        said = _("Not signed off. Overdue since %(day)s.") % {"day": dates.day(form.due_on)}
    elif form.status == Status.READY:
        said = _("Not signed off: with the senior lead.")
    else:
        said = _("Not signed off.")
    return f"{said} {drafts}"


def cell(
    rag: Rag | None,
    percent: Decimal | None,
    change: Decimal | None,
    gaps: int,
    *,
    applies: bool = True,
) -> Cell:
    if not applies:
        return Cell(_("Does not apply"), "na")
    if rag is None or percent is None:
        return Cell(_("Incomplete"), "none")
    return Cell(
        str(rag.label),
        str(rag),
        str(percent),
        changed(change),
        ngettext("%(number)d gap", "%(number)d gaps", gaps) % {"number": gaps} if gaps else "",
    )


def changed(change: Decimal | None) -> str:
    """The change since last year in points: "+4.6", "same"; "" where nothing can be compared."""
    if change is None:
        return ""
    if not change:
        return _("same")
    return f"+{change}" if change > 0 else f"{MINUS}{abs(change)}"


@dataclass
class _Scores:
    """Stored scores: of this year's forms by form, of last year's by agency and board."""

    now: dict[Any, dict[str, SectionScore]]
    before: dict[tuple[int, int], dict[str, SectionScore]]
    whole_before: dict[tuple[int, int], Decimal | None]


def _scores(forms: Sequence[Assessment], filters: Filters) -> _Scores:
    """One query. Last year's are those of the same board and major version; else there are none."""
    found = _Scores(defaultdict(dict), defaultdict(dict), {})
    cycle = filters.cycle
    if not forms or cycle is None:
        return found
    shown = {(each.agency_id, each.board_id) for each in forms}
    wanted = Q(assessment__in=[each.pk for each in forms])
    last = next((each for each in filters.cycles if each.year == cycle.year - 1), None)
    if last is not None and last.standards.major == cycle.standards.major:
        then = Assessment.objects.filter(
            cycle=last, agency__in={agency for agency, _board in shown}
        )
        wanted |= Q(assessment__in=then.counted().values("pk"))
    for score in SectionScore.objects.filter(wanted).defer("ratings").select_related("assessment"):
        form = score.assessment
        if form.cycle_id == cycle.pk:
            found.now[form.pk][score.section] = score
        elif (place := (form.agency_id, form.board_id)) in shown:
            found.before[place][score.section] = score
            found.whole_before[place] = form.percent
    return found


# The middle of a type, and small settings --------------------------------------------------------
@dataclass(frozen=True)
class _Summaries:
    """The medians of types, of all their forms and of the small ones; "" is the whole form."""

    sections: Sequence[StandardSection]
    of_all: dict[FormType, dict[str, Decimal]]
    of_small: dict[FormType, dict[str, Decimal]]
    hidden: set[FormType]
    """Types whose small settings would be told by the difference to all localities."""

    @classmethod
    def of(
        cls,
        forms: AssessmentQuerySet,
        kinds: Sequence[FormType],
        sections: Sequence[StandardSection],
        hidden: set[FormType],
    ) -> "_Summaries":
        if not kinds:
            return cls(sections, {}, {}, hidden)
        return cls(sections, *_medians(forms.counted().filter(form_type__in=kinds)), hidden)

    def rows(self, kind: FormType, counts: dict[str, int]) -> Iterator[Row]:
        if counts["small"]:
            yield self._small(kind, counts)
        named = counts["signed"] - counts["small_signed"]
        if named >= GROUP_AT_LEAST:
            name = _("Middle of %(number)d signed off") % {"number": named}
            yield Row(name, self._cells(self.of_all.get(kind, {})), is_middle=True)

    def _small(self, kind: FormType, counts: dict[str, int]) -> Row:
        if counts["small_signed"] >= HIDDEN_BELOW and kind not in self.hidden:
            name = _("Small settings (%(number)d signed off), the middle of them") % {
                "number": counts["small_signed"]
            }
            return Row(name, self._cells(self.of_small.get(kind, {})))
        grouped = _("Grouped so that nobody can be picked out. Drafts are not shown.")
        return Row(_("Small settings"), instead=grouped)

    def _cells(self, middles: dict[str, Decimal]) -> list[Cell]:
        codes = ["", *(section.code for section in self.sections)]
        return [
            Cell(_("Middle"), "na", str(middles[code]))
            if code in middles
            else Cell(_("Too few"), "na")
            for code in codes
        ]


def _one_decimal(middle: float) -> Decimal:
    return Decimal(str(middle)).quantize(scoring.ONE_DECIMAL)


Middles = dict[FormType, dict[str, Decimal]]


def _medians(forms: AssessmentQuerySet) -> tuple[Middles, Middles]:
    """By type, of the whole form under "" and by section, from three scores up: two queries.

    Returns:
        of agencies where more than one person works, and of those where one does: a middle of
        both beside the others' rows would tell the one that is not shown.
    """
    of_all: Middles = defaultdict(dict)
    of_small: Middles = defaultdict(dict)
    whole = forms.order_by().filter(possible__gt=0).values("form_type")
    parts = (
        SectionScore.objects.filter(assessment__in=forms.values("pk"), possible__gt=0)
        .order_by()
        .values("section", form_type=F("assessment__form_type"))
    )
    for query, alone in (
        (whole, Q(is_one_person=True)),
        (parts, Q(assessment__is_one_person=True)),
    ):
        for each in query.annotate(
            number=Count("pk", filter=~alone),
            middle=Middle(PERCENT, filter=~alone),
            small=Count("pk", filter=alone),
            small_middle=Middle(PERCENT, filter=alone),
        ):
            kind, section = FormType(each["form_type"]), str(each.get("section", ""))
            if each["number"] >= GROUP_AT_LEAST:
                of_all[kind][section] = _one_decimal(each["middle"])
            if each["small"] >= HIDDEN_BELOW:
                of_small[kind][section] = _one_decimal(each["small_middle"])
    return of_all, of_small


# The sentence at the top -------------------------------------------------------------------------
def headline(found: HeatMap, filters: Filters, *, user: User) -> list[str]:
    """How many have signed, and where the critical gaps are: one query."""
    if filters.cycle is None:
        return []
    every, signed, forms = found.agencies, found.signed, filters.forms(user)
    said = [
        ngettext(
            "%(signed)d of %(every)d agency has signed off.",
            "%(signed)d of %(every)d agencies have signed off.",
            every,
        )
        % {"signed": signed, "every": every}
    ]
    gaps = critical_gaps(forms)
    if not gaps:
        return [*said, _("None of those has a critical gap.")] if signed else said
    places = ", ".join(f"{code} ({number})" for code, number in gaps.most_common(MOST_NAMED))
    if len(gaps) > MOST_NAMED:
        words = _("Critical gaps in %(number)d standards; found most often: %(places)s.")
        return [*said, words % {"number": len(gaps), "places": places}]
    words = _("Critical gaps, with how many agencies have each: %(places)s.")
    return [*said, words % {"places": places}]


def critical_gaps(forms: AssessmentQuerySet) -> Counter[str]:
    """The code of each critical standard that is not in place: how many signed forms say so.

    Without settings where one person works: beside the named ones a count would tell theirs.
    """
    scores = SectionScore.objects.filter(
        assessment__in=forms.counted().values("pk"),
        assessment__is_one_person=False,
        critical_gaps__gt=0,
    )
    codes = scores.order_by().annotate(code=Func(F("gaps"), function="unnest"))
    return Counter(dict(codes.values_list("code").annotate(number=Count("pk"))))
