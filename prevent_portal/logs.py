"""How a line of the log is written: what went wrong, and where, never with what values."""

import logging
import re
from types import TracebackType

# PostgreSQL quotes the row that a constraint refused, and the text it could not read: all after
# the first line, or after a colon, goes. Names of constraints and columns stay.
TOLD_BY_DATABASE = re.compile(
    r'^((?:psycopg2|django\.db)[\w.]*: (?:[^\n":]|"\w+")*)'
    r".*?(?=^The above exception|^During handling|\Z)",
    re.DOTALL | re.MULTILINE,
)
Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Formatter(logging.Formatter):
    """Leaves out of a traceback what the database says of values."""

    def formatException(self, ei: Raised) -> str:  # noqa: N802 - logging's own name
        return without_values(super().formatException(ei))


def without_values(traceback: str) -> str:
    return TOLD_BY_DATABASE.sub(r"\1\n\n", traceback).rstrip()
