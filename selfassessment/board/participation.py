"""Who takes part: how many forms of each type and locality are where."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, F, Q
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import User
from selfassessment import charts
from selfassessment.board.filters import ORDER, Filters
from selfassessment.terms import BEFORE_SIGNED, FormType, Status

COLUMNS: tuple[tuple[str, Any, tuple[Status, ...]], ...] = (
    ("not_started", lazy("Not started"), (Status.NOT_STARTED,)),
    ("working", lazy("Being filled in"), (Status.IN_PROGRESS, Status.RETURNED)),
    ("ready", lazy("With the senior lead"), (Status.READY,)),
    ("signed", lazy("Signed off"), (Status.SIGNED, Status.MODERATION)),
    ("final", lazy("Moderated"), (Status.MODERATED, Status.PUBLISHED)),
    ("exempt", lazy("Not required"), (Status.EXEMPT,)),
)


@dataclass(frozen=True)
class Line:
    """One type or locality: a number for each column, how many are late, and how many signed."""

    name: str
    numbers: Sequence[int]
    late: int
    all: int
    share: str  # of those required, signed off
    chart: SafeString


@dataclass(frozen=True)
class Participation:
    columns: Sequence[str]
    by_type: Sequence[Line]
    by_place: Sequence[Line]
    total: Line | None


def participation(filters: Filters, *, user: User, today: date) -> Participation:
    """Every form of the cycle counted once: one query.

    Without settings where one person works: everybody else stands by name on the map, so that
    what is left of a count would be theirs.
    """
    late = Q(status__in=BEFORE_SIGNED, due_on__lt=today)
    counts = (
        filters.forms(user)
        .filter(is_one_person=False)
        .order_by()
        .annotate(stands=Q(signed_at__isnull=False))
        .values("form_type", "status", "closed_from", "stands", place=F("board__name"))
        .annotate(number=Count("pk"), late=Count("pk", filter=late))
    )
    found = [{**each} for each in counts]
    kinds = {kind: str(kind.label) for kind in ORDER}
    by_type = _lines(found, lambda each: kinds[FormType(each["form_type"])], list(kinds.values()))
    places = sorted({str(each["place"]) for each in found})
    by_place = _lines(found, lambda each: str(each["place"]), places)
    total = _lines(found, lambda _each: _("All"), [_("All")])
    return Participation(
        [str(words) for _name, words, _of in COLUMNS],
        by_type,
        by_place,
        total[0] if total else None,
    )


def _lines(
    found: Sequence[dict[str, Any]], name_of: Callable[[dict[str, Any]], str], names: Sequence[str]
) -> list[Line]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for each in found:
        counts[name_of(each)][_column(each)] += each["number"]
        counts[name_of(each)]["late"] += each["late"]
        counts[name_of(each)]["all"] += each["number"]
    return [_line(name, counts[name]) for name in names if name in counts]


def _column(each: dict[str, Any]) -> str:
    """Where a form stands; one that the cycle's end closed, where it stood then."""
    status = Status(each["closed_from"] or each["status"])
    if status == Status.RETURNED and each["stands"]:
        return "signed"  # until an answer of it is changed
    return next(name for name, _words, of in COLUMNS if status in of)


def _line(name: str, counted: Counter[str]) -> Line:
    numbers = [counted[column] for column, _words, _of in COLUMNS]
    required = counted["all"] - counted["exempt"]
    signed = counted["signed"] + counted["final"]
    share = f"{100 * signed / required:.0f}%" if required else ""
    parts = [
        charts.Part(str(words), counted[column])
        for column, words, _of in reversed(COLUMNS)
        if column != "exempt"
    ]
    chart = charts.stack(parts, title=name)
    return Line(name, numbers, counted["late"], counted["all"], share, chart)
