"""Queries that the database keeps ready, plan and all, for as long as a connection lasts.

A case is one row with twenty others joined to it: to read the text of such a query and to plan it
takes PostgreSQL five times as long as to answer it. What is given as ``Kept`` is therefore prepared
at the first use in a connection, and only executed from then on. Everything else is asked as ever.
"""

from collections.abc import Sequence
from datetime import date, datetime
from itertools import count
from typing import Any, Self
from uuid import UUID

import psycopg2.extensions

_numbers = count(1)


class Kept(str):
    """The text of a query, and which of its parameters differ from one time to the next.

    Attributes:
        name: of the statement, of this process only.
        given: for each ``%s`` the place of its value among those that differ; None where it is
            always the same, and written into the statement.
    """

    __slots__ = ("given", "name")
    name: str
    given: list[int | None]

    @classmethod
    def of(cls, sql: str, given: list[int | None]) -> Self:
        made = cls(sql)
        made.name, made.given = f"kept_{next(_numbers)}", given
        return made

    def prepare(self, parameters: Sequence[Any]) -> tuple[str, list[Any]]:
        """The statement that prepares it; ``parameters`` for their types and the constants."""
        own = self._own(parameters)
        numbers = {place: number for number, place in enumerate(own, start=1)}
        first, *rest = self.split("%s")
        marks = ["%s" if place is None else f"${numbers[place]}" for place in self.given]
        text = first + "".join([mark + part for mark, part in zip(marks, rest, strict=True)])
        types = ", ".join(_type_of(value) for value in own.values())
        constants = [one for one, n in zip(parameters, self.given, strict=True) if n is None]
        return f"PREPARE {self.name}{f' ({types})' if types else ''} AS {text}", constants

    def execute(self, parameters: Sequence[Any]) -> tuple[str, list[Any]]:
        """The statement that asks it, and what differs this time."""
        own = list(self._own(parameters).values())
        places = ", ".join(["%s"] * len(own))
        return f"EXECUTE {self.name} ({places})" if own else f"EXECUTE {self.name}", own

    def _own(self, parameters: Sequence[Any]) -> dict[int, Any]:
        pairs = zip(self.given, parameters, strict=True)
        return {place: value for place, value in pairs if place is not None}


def _type_of(value: Any) -> str:
    match value:
        case int():
            return "bigint"
        case datetime():
            return "timestamptz"
        case date():
            return "date"
        case UUID():
            return "uuid"
        case str():
            return "text"
    return "bytea"


class Connection(psycopg2.extensions.connection):
    """Knows which statements the database has ready for it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ready: set[str] = set()


class Cursor(psycopg2.extensions.cursor):
    """Executes what is kept, and everything else as it stands."""

    asked: tuple[Kept, Any] | None = None

    def execute(self, query: Any, vars: Any = None) -> None:
        self.asked = None
        if not isinstance(query, Kept):
            super().execute(query, vars)
            return
        ready: set[str] = self.connection.ready
        if query.name not in ready:
            super().execute(*query.prepare(vars))
            ready.add(query.name)
        self.asked = query, vars
        super().execute(*query.execute(vars))

    @property
    def query(self) -> Any:
        """What was asked, for the log: the query, and not the name that it is kept under."""
        if self.asked is None:
            return super().query
        return self.mogrify(str(self.asked[0]), self.asked[1])
