"""Tables for other programs, in which no cell is taken for a formula."""

import csv
from collections.abc import Iterable, Sequence
from decimal import Decimal
from io import BytesIO, StringIO

BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "|")
FULL_WIDTH = ("\uff1d", "\uff0b", "\uff0d", "\uff20")  # read as the signs above by some programs
BLANKS = " \u00a0\u3000\ufeff"
MARK = "\ufeff"  # by which spreadsheet programs know UTF-8
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def as_csv(rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV text. What a spreadsheet would calculate stands behind an apostrophe."""
    out = StringIO()
    writer = csv.writer(out)
    for row in rows:
        writer.writerow([cell if _is_number(cell) else harmless(str(cell)) for cell in row])
    return MARK + out.getvalue()


def as_xlsx(rows: Iterable[Sequence[object]], *, title: str) -> bytes:
    """Rows as a workbook of one sheet: numbers as numbers, everything else as text.

    Args:
        title: of the sheet; at most 31 characters, without signs that sheets forbid.
    """
    from openpyxl import Workbook  # slow to import, and seldom needed
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    for row in rows:
        cells = []
        for value in row:
            if _is_number(value):
                cells.append(value)
                continue
            cell = WriteOnlyCell(sheet, value=ILLEGAL_CHARACTERS_RE.sub("", harmless(str(value))))
            cell.data_type = "s"
            cells.append(cell)
        sheet.append(cells)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def harmless(cell: str) -> str:
    """A cell as text, whatever it begins with, blanks before it or not.

    >>> harmless("=1+1")
    "'=1+1"
    """
    begin = cell.lstrip(BLANKS)
    return f"'{cell}" if begin.startswith((*BEGINS_FORMULA, *FULL_WIDTH)) else cell


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)
