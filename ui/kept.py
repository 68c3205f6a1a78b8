"""What somebody typed, given back on a page that could not take it.

Only in the answer to the same request, and never logged: a page for "wait" or "not available" must
not cost anybody their words.
"""

import re
from dataclasses import dataclass

from django.http import HttpRequest

from ui.text import showable

# Boxes whose content is nobody's to see again, by their names; and every page of signing in.
SECRET = re.compile(r"pass|(^|_)(code|otp|pin)|token|secret|csrf|credential|key$", re.IGNORECASE)
SIGNING_IN = "/accounts/"
# A choice, a number, a mark of ours: not worth copying.
NO_WORDS = re.compile(r"[a-z0-9_:.,\-]*")
MOST = 50
COLUMNS, ROWS = 60, (2, 12)


@dataclass(frozen=True)
class Piece:
    """What stood in one box."""

    text: str

    @property
    def rows(self) -> int:
        lines = sum(1 + len(line) // COLUMNS for line in self.text.splitlines())
        return min(max(lines, ROWS[0]), ROWS[1])


def words_of(request: HttpRequest | None) -> list[Piece]:
    """The words in a form that was sent, box by box, in the order of its page."""
    if request is None or request.method != "POST" or request.path.startswith(SIGNING_IN):
        return []
    try:
        sent = list(request.POST.lists())
    except Exception:  # it never arrived whole, or is more than we take; the page must stand
        return []
    found = [
        showable(value)
        for name, values in sent
        if not SECRET.search(name)
        for value in values
        if not NO_WORDS.fullmatch(value.strip())
    ]
    return [Piece(text) for text in found[:MOST]]
