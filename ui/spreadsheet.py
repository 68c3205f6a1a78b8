"""Tables for other programs, in which no cell is taken for a formula."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r")
MARK = "\ufeff"  # by which spreadsheet programs know UTF-8


def as_csv(rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV text. What a spreadsheet would calculate stands behind an apostrophe."""
    out = StringIO()
    writer = csv.writer(out)
    for row in rows:
        writer.writerow([harmless(str(cell)) for cell in row])
    return MARK + out.getvalue()


def harmless(cell: str) -> str:
    """A cell as text, whatever it begins with.

    >>> harmless("=1+1")
    "'=1+1"
    """
    return f"'{cell}" if cell.startswith(BEGINS_FORMULA) else cell
