"""The board's report: taking part, the heat map, themes, gaps, and the years."""

from collections.abc import Callable
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from selfassessment.board import heatmap, participation, standards, years
from selfassessment.board.filters import Filters
from selfassessment.reports import letterhead


def render(filters: Filters, *, user: User, now: datetime, tell: Callable[[int], None]) -> bytes:
    """The report as PDF/UA-1.

    Args:
        tell: is told how far it has come, in percent.
    """
    today = timezone.localdate(now)
    cycle = filters.cycle
    if cycle is None:
        raise ValueError("no cycle has been opened")
    taking_part = participation.participation(filters, user=user, today=today)
    tell(10)
    first = heatmap.heat_map(filters, user=user, today=today)
    groups = heatmap.every_group(filters, user=user, today=today)
    tell(30)
    gaps, alone = standards.gaps(filters, user=user)
    context = {
        "filters": filters,
        "cycle": cycle,
        "sections": list(cycle.standards.sections.all()),
        "headline": heatmap.headline(first, filters, user=user),
        "found": taking_part,
        "groups": groups,
        "themes": standards.themes(filters, user=user),
        "gaps": gaps,
        "alone": alone,
        "lines": years.lines(filters, user=user),
        "cycles": years.cycles_of(filters),
        "changes": years.changes(filters, user=user),
        "made": now,
    }
    tell(45)
    title = _("Prevent self-assessment %(year)d, board report") % {"year": cycle.year}
    head = letterhead.of_board(filters.board)
    template = "selfassessment/reports/board_pdf.html"
    return letterhead.render(template, context, title=title, head=head)
