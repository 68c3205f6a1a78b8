"""A file of rows, as people send them: CSV in whatever encoding, or a spreadsheet.

Nothing is believed: the whole is bounded, formulas are named and not computed, and whatever
cannot be read is said in a sentence.
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

MOST_BYTES = 5_000_000
MOST_UNPACKED = 50_000_000
MOST_COLUMNS = 60
MOST_LINES = 20_000  # of a spreadsheet, empty ones included
MOST_OF_A_CELL = 1_000
MOST_NAMES, MOST_OF_A_NAME = 20, 40  # of sheets that are not read
SPREADSHEET = b"PK\x03\x04"
OLD_SPREADSHEET = b"\xd0\xcf\x11\xe0"


class UnreadableError(Exception):
    """The file as a whole cannot be taken; the text says why, and is shown to the person."""


@dataclass(frozen=True)
class Row:
    """One row below the heads, with its number as the spreadsheet shows it."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True)
class Sheet:
    heads: tuple[str, ...]
    rows: list[Row]
    left_out: tuple[str, ...] = ()
    """Names of further sheets of a spreadsheet, which nobody reads."""

    def as_csv(self) -> str:
        """The same rows as plain text, for the page that asks whether to go on."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(self.heads)
        at = 1
        for row in self.rows:
            while at + 1 < row.number:  # empty rows keep the numbers true
                writer.writerow([""])
                at += 1
            writer.writerow([row.cells[head] for head in self.heads])
            at += 1
        return out.getvalue()


def read(data: bytes, *, most_rows: int) -> Sheet:
    """The rows of a file.

    Raises:
        UnreadableError: it is too long, of another kind, damaged, or has no heads.
    """
    if len(data) > MOST_BYTES:
        raise UnreadableError(_("The file is too large. Send a part of it at a time."))
    if not data.strip():
        raise UnreadableError(_("The file is empty."))
    if data.startswith(OLD_SPREADSHEET):
        raise UnreadableError(_("Save the spreadsheet as .xlsx or .csv, and send that."))
    if not data.startswith(SPREADSHEET):
        return _sheet(_csv(_text(data)), most_rows)
    left_out: list[str] = []
    found = _sheet(_spreadsheet(data, left_out), most_rows)
    return replace(found, left_out=tuple(left_out))


def _sheet(lines: Iterable[list[str]], most_rows: int) -> Sheet:
    numbered = enumerate(lines, start=1)
    heads: tuple[str, ...] = ()
    for _number, line in numbered:
        if any(line):
            heads = tuple(_head(cell) for cell in line)
            break
    while heads and not heads[-1]:
        heads = heads[:-1]
    if not any(heads):
        raise UnreadableError(_("The first row must name the columns."))
    if len(heads) > MOST_COLUMNS:
        raise UnreadableError(_("There are too many columns. Keep only those that are used."))
    named = [head for head in heads if head]
    twice = sorted({head for head in named if named.count(head) > 1})
    if twice:
        raise UnreadableError(
            _("Two columns have the same name: %(names)s.") % {"names": ", ".join(twice)}
        )
    rows = []
    for number, line in numbered:
        cells = [*line, *[""] * len(heads)][: len(heads)]
        if any(cells):
            rows.append(Row(number, {h: c for h, c in zip(heads, cells, strict=True) if h}))
        if len(rows) > most_rows:
            raise UnreadableError(
                _("There are more than %(most)s rows. Send a part of them at a time.")
                % {"most": f"{most_rows:,}"}
            )
    return Sheet(tuple(named), rows)


def _head(cell: str) -> str:
    return "_".join(cell.lower().replace("-", " ").replace("_", " ").split())


def _clean(cell: Any) -> str:
    said = "" if cell is None else str(cell)
    if "\0" in said:
        raise UnreadableError(_("The file holds something that is no text. Save it as CSV UTF-8."))
    return " ".join(said.split())[: MOST_OF_A_CELL + 1]


# --- CSV --------------------------------------------------------------------------------------
def _text(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp1252"]  # the second is what older office programs write
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableError(_("We cannot read the letters in this file. Save it as CSV UTF-8."))


def _csv(words: str) -> Iterator[list[str]]:
    first = next((line for line in words.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    try:
        for line in csv.reader(io.StringIO(words, newline=""), delimiter=delimiter):
            yield [_clean(cell) for cell in line]
    except csv.Error:
        raise UnreadableError(_("The file is damaged: a quotation mark is not closed.")) from None


# --- Spreadsheets -----------------------------------------------------------------------------
def _spreadsheet(data: bytes, left_out: list[str]) -> Iterator[list[str]]:
    """The lines of the first sheet; the names of the others are put into ``left_out``."""
    from openpyxl import load_workbook  # slow to import, and seldom needed

    damaged = _("We cannot read this spreadsheet. Save it as CSV UTF-8, and send that.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(each.file_size for each in packed.infolist()) > MOST_UNPACKED:
                raise UnreadableError(_("The file is too large. Send a part of it at a time."))
        book = load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
        sheet, *others = book.worksheets
        left_out += [_clean(each.title)[:MOST_OF_A_NAME] for each in others[:MOST_NAMES]]
        sheet.reset_dimensions()  # what the file says of its own size is not believed
        lines = sheet.iter_rows(max_row=MOST_LINES, max_col=MOST_COLUMNS + 1, values_only=True)
        for number, line in enumerate(lines, start=1):
            if number == MOST_LINES:
                raise UnreadableError(_("The file is too large. Send a part of it at a time."))
            yield [_cell(cell) for cell in line]
    except UnreadableError:
        raise
    except Exception:  # whatever a damaged or hostile file makes its reader trip over
        raise UnreadableError(damaged) from None


def _cell(cell: Any) -> str:
    if hasattr(cell, "date") and callable(cell.date):
        return str(cell.date())
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return _clean(cell)
