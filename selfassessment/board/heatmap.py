"""Agencies by sections: a word, a number and the change in every cell, and no ranks.

Only what was signed is shown. Settings where one person works stand in one row of their type, and
have no numbers before five of them have signed, so that nobody can be picked out.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Aggregate, Count, F, FloatField, Func, Q, QuerySet
from django.db.models.expressions import CombinedExpression
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.prepared import Prepared
from agencies import people
from selfassessment import scoring
from selfassessment.board.filters import BY_NAME, ORDER, Filters, forms_of, in_order_of_types
from selfassessment.models import Assessment
from selfassessment.standards.models import StandardSection
from selfassessment.standards.remembered import sections_of
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

    @property
    def shown(self) -> SafeString:
        """As the page has it: a template of its own takes ten times as long for a whole map."""
        under = [each for each in (self.number, self.change, self.gaps) if each]
        return format_html(CELLS[len(under)], self.look, self.word, *under)


CELLS = [
    f'<td><div class="p-rag p-rag--{{}}">{{}}{"<span>{}</span>" * under}</div></td>'
    for under in range(4)
]


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
    agencies: int  # those that stand by name
    signed: int


def told_by_difference(filters: Filters, *, user: User) -> set[FormType]:
    """Types of which a locality's small settings are not shown: all localities' less those that
    are shown would be those of fewer than five people. One query, where a locality is chosen."""
    if filters.board is None:
        return set()
    every = replace(filters, place="").forms(user).counted().filter(is_one_person=True)
    elsewhere = every.exclude(board=filters.board).order_by()
    counts = elsewhere.values("form_type", "board").annotate(number=Count("pk"))
    return {FormType(each["form_type"]) for each in counts if each["number"] < HIDDEN_BELOW}


class Middle(Aggregate):
    """The median of an expression."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


def share_of(part: str = "") -> CombinedExpression:
    """Out of 100, of whole forms; where ``part`` is "sections__", of their sections."""
    return 100.0 * F(f"{part}points") / F(f"{part}possible")


def heat_map(filters: Filters, *, user: User, today: date) -> HeatMap:
    """The page of the map that was asked for; eight queries at most."""
    cycle = filters.cycle
    if cycle is None:
        return HeatMap([], [], 1, 1, 0, 0)
    values = filters.values(cycle)
    sections = sections_of(cycle.standards_id)
    types = _types(_TYPES(user, *filters.shape, **values))
    segments = _segments(types, by_name=filters.order == BY_NAME)
    length = sum(segment.length for segment in segments)
    pages = max(-(-length // PAGE), 1)
    page = min(filters.page, pages)
    window = range((page - 1) * PAGE, page * PAGE)
    shown = _shown(segments, window)
    first = sum(each.skipped for each in shown) if shown else 0
    count = sum(each.taken for each in shown)
    rows = _NAMED(user, *filters.shape, filters.order, first, first + count, **values)
    lines = dict(
        zip([each.pk for each in rows], _rows(rows, filters, sections, today), strict=True)
    )
    ended = [kind for each in shown if each.ends for kind in each.kinds]
    small = any(types[kind]["small"] for kind in ended)
    hidden = told_by_difference(filters, user=user) if small else set()
    summaries = _Summaries.of(filters, user, ended, sections, hidden)
    groups, at = [], 0
    for part in shown:
        of_part = [lines[each.pk] for each in rows[at : at + part.taken]]
        at += part.taken
        for kind in part.kinds if part.ends else ():
            of_part += summaries.rows(kind, types[kind])
        if of_part:
            groups.append(Group(part.name, of_part))
    # Everybody else stands by name, so that what is left of a count would be theirs.
    every, signed = (
        sum(each[name] - each[f"small{of}"] for each in types.values())
        for name, of in (("all", ""), ("signed", "_signed"))
    )
    return HeatMap(sections, groups, pages, page, every, signed)


def _types_asked(user: User, *shape: str, **values: Any) -> QuerySet[Any]:
    """Of each type that has forms: all, small, and how many of either were signed."""
    signed, forms = Q(signed_at__isnull=False), forms_of(user, *shape, **values)
    return (
        forms.order_by()
        .values("form_type")
        .annotate(
            all=Count("pk"),
            small=Count("pk", filter=Q(is_one_person=True)),
            signed=Count("pk", filter=signed),
            small_signed=Count("pk", filter=signed & Q(is_one_person=True)),
        )
    )


def _named(
    user: User, kind: str, signed: str, order: str, first: int, last: int, **values: Any
) -> QuerySet[Assessment]:
    named = forms_of(user, kind, signed, **values).filter(is_one_person=False)
    by_type = [] if order == BY_NAME else [in_order_of_types()]
    ordered = named.order_by(*by_type, "agency__name", "pk")
    return ordered.select_related("agency").only(*SHOWN, "agency__name")[first:last]


SHOWN = (
    "key",
    "agency",
    "board",
    "answers_of",
    "status",
    "due_on",
    "signed_at",
    "points",
    "possible",
    "critical_gaps",
    "rag",
)
_TYPES, _NAMED = people.PreparedFor(_types_asked), people.PreparedFor(_named)


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


def _types(found: Sequence[dict[str, Any]]) -> dict[FormType, dict[str, int]]:
    """In order: all forms of a type, small ones, and how many of either were signed."""
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
    now, before = _scores(counted, filters)
    for form in forms:
        if not form.is_signed:
            yield Row(name_of(form, filters), instead=why_not(form, today))
            continue
        place = (form.agency_id, form.board_id)
        of_form, then = now[place], before[place]
        change = scoring.difference(form.percent, then.get(""))
        cells = [cell(form.rag, form.percent, change, form.critical_gaps)]
        for section in sections:
            score = of_form.get(section.code)
            if score is None or not score.asked:
                cells.append(Cell(_("Not asked"), "na"))
                continue
            share = scoring.percent(score.points, score.possible)
            change = scoring.difference(share, then.get(section.code))
            gaps, applies = score.critical_gaps, score.possible > 0
            cells.append(cell(score.rag, share, change, gaps, applies=applies))
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
    rag: str,
    percent: Decimal | None,
    change: Decimal | None,
    gaps: int,
    *,
    applies: bool = True,
) -> Cell:
    """``rag`` is empty where something is not answered."""
    if not applies:
        return Cell(_("Does not apply"), "na")
    if not rag or percent is None:
        return Cell(_("Incomplete"), "none")
    return Cell(
        str(Rag(rag).label),
        rag,
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


class _Score(NamedTuple):
    """What is stored of one section of one form."""

    cycle: int
    agency: int
    board: int
    form_points: int
    form_possible: int
    section: str
    asked: int
    points: int
    possible: int
    critical_gaps: int
    rag: str


def _stored(*, cycles: list[int], agencies: list[int]) -> QuerySet[Any]:
    """As ``_Score``; from the forms to their scores, of which there are those of all years."""
    forms = Assessment.objects.counted().filter(cycle__in=cycles, agency__in=agencies)
    return forms.order_by().values_list(
        "cycle",
        "agency",
        "board",
        "points",
        "possible",
        *(f"sections__{name}" for name in _Score._fields[5:]),
    )


_STORED = Prepared(_stored)
_Place = tuple[int, int]


def _scores(
    forms: Sequence[Assessment], filters: Filters
) -> tuple[dict[_Place, dict[str, _Score]], dict[_Place, dict[str, Decimal | None]]]:
    """By agency and board, then by section: this year's scores, and last year's out of 100.

    One query. Last year's whole is under ""; they are of the same board and major version, else
    there are none.
    """
    now: dict[_Place, dict[str, _Score]] = defaultdict(dict)
    before: dict[_Place, dict[str, Decimal | None]] = defaultdict(dict)
    cycle = filters.cycle
    if not forms or cycle is None:
        return now, before
    last = next((each for each in filters.cycles if each.year == cycle.year - 1), None)
    cycles = [cycle.pk]
    if last is not None and last.standards.major == cycle.standards.major:
        cycles.append(last.pk)
    agencies = sorted({each.agency_id for each in forms})
    for score in map(_Score._make, _STORED(cycles=cycles, agencies=agencies)):
        place = (score.agency, score.board)
        if score.cycle == cycle.pk:
            now[place][score.section] = score
        else:
            before[place][score.section] = scoring.percent(score.points, score.possible)
            before[place][""] = scoring.percent(score.form_points, score.form_possible)
    return now, before


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
        filters: Filters,
        user: User,
        kinds: Sequence[FormType],
        sections: Sequence[StandardSection],
        hidden: set[FormType],
    ) -> "_Summaries":
        if not kinds:
            return cls(sections, {}, {}, hidden)
        return cls(sections, *_medians(filters, user, kinds), hidden)

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


def _middles(
    user: User, part: str, kinds: Sequence[FormType], *shape: str, **values: Any
) -> QuerySet[Any]:
    """Of whole forms; where ``part`` is "sections__", of their sections."""
    forms = forms_of(user, *shape, **values).counted().filter(form_type__in=kinds)
    alone = Q(is_one_person=True)
    by = [F("form_type"), F("sections__section")] if part else [F("form_type")]
    return (
        forms.order_by()
        .filter(**{f"{part}possible__gt": 0})
        .values_list(*by)
        .annotate(
            number=Count("pk", filter=~alone),
            middle=Middle(share_of(part), filter=~alone),
            small=Count("pk", filter=alone),
            small_middle=Middle(share_of(part), filter=alone),
        )
    )


_MIDDLES = people.PreparedFor(_middles)


def _medians(filters: Filters, user: User, kinds: Sequence[FormType]) -> tuple[Middles, Middles]:
    """By type, of the whole form under "" and by section, from three scores up: two queries.

    Returns:
        of agencies where more than one person works, and of those where one does: a middle of
        both beside the others' rows would tell the one that is not shown.
    """
    of_all: Middles = defaultdict(dict)
    of_small: Middles = defaultdict(dict)
    for part in ("", "sections__"):
        shape = (part, tuple(kinds), *filters.shape)
        for kind, *section, number, middle, small, small_middle in _MIDDLES(
            user, *shape, **filters.values(filters.cycle)
        ):
            code = section[0] if section else ""
            if number >= GROUP_AT_LEAST:
                of_all[FormType(kind)][code] = _one_decimal(middle)
            if small >= HIDDEN_BELOW:
                of_small[FormType(kind)][code] = _one_decimal(small_middle)
    return of_all, of_small


# The sentence at the top -------------------------------------------------------------------------
def headline(found: HeatMap, filters: Filters, *, user: User) -> list[str]:
    """How many have signed, and where the critical gaps are: one query."""
    if filters.cycle is None or not found.agencies:
        return []
    every, signed = found.agencies, found.signed
    said = [
        ngettext(
            "%(signed)d of %(every)d agency has signed off.",
            "%(signed)d of %(every)d agencies have signed off.",
            every,
        )
        % {"signed": signed, "every": every}
    ]
    gaps = critical_gaps(filters, user=user)
    if not gaps:
        return [*said, _("None of those has a critical gap.")] if signed else said
    places = ", ".join(f"{code} ({number})" for code, number in gaps.most_common(MOST_NAMED))
    if len(gaps) > MOST_NAMED:
        words = _("Critical gaps in %(number)d standards; found most often: %(places)s.")
        return [*said, words % {"number": len(gaps), "places": places}]
    words = _("Critical gaps, with how many agencies have each: %(places)s.")
    return [*said, words % {"places": places}]


def critical_gaps(filters: Filters, *, user: User) -> Counter[str]:
    """The code of each critical standard that is not in place: how many signed forms say so.

    Without settings where one person works: beside the named ones a count would tell theirs.
    """
    return Counter(dict(_GAPS(user, *filters.shape, **filters.values(filters.cycle))))


def _gaps(user: User, *shape: str, **values: Any) -> QuerySet[Any]:
    forms = forms_of(user, *shape, **values).counted()
    forms = forms.filter(is_one_person=False, critical_gaps__gt=0)
    sections = forms.filter(sections__critical_gaps__gt=0).order_by()
    codes = sections.annotate(code=Func(F("sections__gaps"), function="unnest"))
    return codes.values_list("code").annotate(number=Count("pk")).order_by("code")


_GAPS = people.PreparedFor(_gaps)
