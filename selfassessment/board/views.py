"""``/self-assessment/board/``: for board members and the moderation manager, scores and no text."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest
from agencies import people
from audit import events
from selfassessment import policy
from selfassessment.board import common, heatmap, participation, standards, years
from selfassessment.board.filters import Filters
from selfassessment.board.sheets import SHEETS
from selfassessment.models import Assessment
from selfassessment.standards.models import Standard
from selfassessment.terms import FormType, Rating
from ui import spreadsheet

View = Callable[..., HttpResponse]


def for_the_board(view: View) -> View:
    """Only for who reads the board's reports; for everybody else there is no such page."""

    @require_safe
    @wraps(view)
    def shown(request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        people.roles_for(request)  # read once, for every question that follows
        if not policy.reads_board(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return shown


@for_the_board
def heat_map(request: SignedInRequest) -> HttpResponse:
    filters = Filters.read(request.GET)
    found = heatmap.heat_map(filters, user=request.user, today=timezone.localdate())
    readable = _readable(request, [row.key for group in found.groups for row in group.rows])
    return _page(
        request,
        "heat_map",
        filters,
        map=found,
        readable=readable,
        previous=filters.with_(page=found.page - 1),
        next=filters.with_(page=found.page + 1),
        headline=heatmap.headline(found, filters, user=request.user),
    )


@for_the_board
def taking_part(request: SignedInRequest) -> HttpResponse:
    filters = Filters.read(request.GET)
    found = participation.participation(filters, user=request.user, today=timezone.localdate())
    return _page(request, "taking_part", filters, found=found)


@for_the_board
def by_standard(request: SignedInRequest) -> HttpResponse:
    """Themes, gaps, and the list of standards."""
    filters = Filters.read(request.GET)
    gaps, alone = standards.gaps(filters, user=request.user)
    return _page(
        request,
        "standards",
        filters,
        themes=standards.themes(filters, user=request.user),
        gaps=gaps,
        alone=alone,
        sections=_sections(filters),
    )


@for_the_board
def one_standard(request: SignedInRequest, code: str) -> HttpResponse:
    filters = Filters.read(request.GET)
    if filters.cycle is None:
        raise Http404
    standard = get_object_or_404(
        Standard.objects.select_related("section"), set=filters.cycle.standards, code=code
    )
    return _page(
        request,
        "standard",
        filters,
        standard=standard,
        spreads=standards.spread_of(standard, filters, user=request.user),
        ratings=list(Rating),
        common=common.common(
            standard, filters.cycle, user=request.user, today=timezone.localdate()
        ),
    )


@for_the_board
def year_on_year(request: SignedInRequest) -> HttpResponse:
    filters = Filters.read(request.GET)
    return _page(
        request,
        "years",
        filters,
        lines=years.lines(filters, user=request.user),
        cycles=years.cycles_of(filters),
        changes=years.changes(filters, user=request.user),
    )


@for_the_board
def sheet(request: SignedInRequest, name: str, ending: str) -> HttpResponse:
    """One of the tables as CSV or as a workbook; who took it away is recorded."""
    filters = Filters.read(request.GET)
    if name not in SHEETS or filters.cycle is None:
        raise Http404
    rows = SHEETS[name](filters, user=request.user, today=timezone.localdate())
    events.record(
        "assessment.exported", by=request.user, table=name, year=filters.cycle.year, ending=ending
    )
    if ending == "csv":
        response = HttpResponse(spreadsheet.as_csv(rows), content_type="text/csv; charset=utf-8")
    else:
        content = spreadsheet.as_xlsx(rows, title=name)
        response = HttpResponse(content, content_type=spreadsheet.XLSX)
    file_name = f"self-assessment-{filters.cycle.year}-{name}.{ending}"
    response["Content-Disposition"] = f'attachment; filename="{file_name}"'
    return response


def _page(request: SignedInRequest, name: str, filters: Filters, **context: Any) -> HttpResponse:
    kinds = [(kind.value, kind.label) for kind in FormType]
    context |= {"filters": filters, "kinds": kinds, "tab": name, "now": timezone.now()}
    return render(request, f"selfassessment/board/{name}.html", context)


def _readable(request: SignedInRequest, keys: list[str]) -> set[str]:
    """Of the forms on the page those whose text the person may read: the manager's links."""
    if not policy.manages(request.user):
        return set()
    found = Assessment.objects.visible_to(request.user).filter(key__in=[key for key in keys if key])
    return set(found.values_list("key", flat=True))


def _sections(filters: Filters) -> list[tuple[str, list[Standard]]]:
    if filters.cycle is None:
        return []
    found: dict[str, list[Standard]] = {}
    for standard in filters.cycle.standards.standards.select_related("section"):
        found.setdefault(str(standard.section), []).append(standard)
    return list(found.items())
