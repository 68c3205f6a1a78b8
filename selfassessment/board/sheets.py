"""The board's tables for other programs."""

from collections.abc import Iterator
from datetime import date

from django.utils.translation import gettext as _

from accounts.models import User
from selfassessment.board.filters import Filters
from selfassessment.board.heatmap import Cell, every_group
from selfassessment.board.participation import participation
from selfassessment.board.standards import spread_of
from selfassessment.terms import HIDDEN_BELOW, Rating

Row = list[object]


def map_rows(filters: Filters, *, user: User, today: date) -> Iterator[Row]:
    """The heat map, a row for each agency: word, score, change and gaps of each section."""
    if filters.cycle is None:
        return
    sections = [_("All sections"), *(each.code for each in filters.cycle.standards.sections.all())]
    head: Row = [_("Agency"), _("Why there is no score")]
    for name in sections:
        head += [
            name,
            _("%(section)s score") % {"section": name},
            _("%(section)s change") % {"section": name},
            _("%(section)s critical gaps") % {"section": name},
        ]
    yield head
    for group in every_group(filters, user=user, today=today):
        for row in group.rows:
            line: Row = [row.name, row.instead]
            for cell in row.cells:
                line += _cells(cell)
            yield line


def _cells(cell: Cell) -> Row:
    number = float(cell.number) if cell.number else ""
    return [cell.word, number, cell.change, cell.gaps]


def participation_rows(filters: Filters, *, user: User, today: date) -> Iterator[Row]:
    found = participation(filters, user=user, today=today)
    head: Row = [_("Type or locality"), *found.columns, _("Late"), _("All"), _("Signed off")]
    yield head
    for line in (*found.by_type, *found.by_place, *([found.total] if found.total else [])):
        yield [line.name, *line.numbers, line.late, line.all, line.share]


def standards_rows(filters: Filters, *, user: User, today: date) -> Iterator[Row]:
    """How each standard was rated by each type of agency."""
    if filters.cycle is None:
        return
    yield [_("Code"), _("Standard"), _("Agencies"), *(str(rating.label) for rating in Rating)]
    fewer = _("fewer than %(number)d, or next to it") % {"number": HIDDEN_BELOW}
    for standard in filters.cycle.standards.standards.all():
        for spread in spread_of(standard, filters, user=user):
            numbers = [fewer if number is None else number for number in spread.numbers]
            yield [standard.code, standard.title, spread.name, *numbers]


SHEETS = {"map": map_rows, "taking-part": participation_rows, "standards": standards_rows}
