"""Bounds of evidence, and how its age is counted."""

from datetime import date

from files.terms import DOCUMENTS, FileKind
from selfassessment.terms import EVIDENCE_MONTHS

TAKEN = (*DOCUMENTS, FileKind.XLSX)
"""Kinds of files."""
ACCEPT = ".pdf,.jpg,.jpeg,.png,.webp,.docx,.odt,.xlsx,.txt"
MOST_A_DAY = 100
"""Files that one person may add in a day (FI-01)."""
MOST_OF_AGENCY_A_DAY = 300
MOST_BYTES_OF_AGENCY = 2_000_000_000
LONGEST_SIDE = 720
"""Dots of the small picture that stands beside a standard."""
MOST_FIRST_WORDS = 600
"""Characters of a document that stand beside a standard."""
LARGE_PACK = 100_000_000
"""Bytes; a pack of more is made by the worker, or comes section by section."""
PACK_HOURS = 24
"""That a pack which the worker made is kept; then its key is destroyed."""
PACK_PART = 8_000_000
"""Bytes of one sealed row of such a pack, about."""
LOST_AFTER_HOURS = 2
"""A pack that is not made by then was given up by its worker."""


def months_before(today: date, months: int = EVIDENCE_MONTHS) -> date:
    """The same day of an earlier month; its last day where the month is shorter.

    >>> months_before(date(2026, 8, 31))
    datetime.date(2025, 2, 28)
    """
    year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    for day in (today.day, 30, 29, 28):
        try:
            return date(year, month + 1, day)
        except ValueError:
            continue
    raise AssertionError  # every month has a 28th
