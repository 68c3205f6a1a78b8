"""Queries that the ORM writes once in a process and that are then only given their values.

To put a long query together costs the ORM ten times what the database needs to answer it, and most
of a page's time went there. What is kept is the text of the query, never a value or a row: it is
written with stand-ins, twice with different ones, and every parameter that is a stand-in is given
anew each time it is asked. What a query must not hold, such as a moment that it looked up itself,
is found out when it is written.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, NoReturn
from uuid import UUID

import psycopg2.extensions
from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet
from django.utils import timezone

from accounts.statements import Kept

MOST_TEXTS = 500
"""Of one query; more than there are shapes of it, so that it is only met if something is wrong."""


class NotPreparedError(Exception):
    """The query holds something that is neither given nor the same every time."""


@dataclass(frozen=True)
class Text:
    """A query as it was written.

    Attributes:
        parameters: of each, the place of its value among what is given; or what it always is.
    """

    queryset: QuerySet[Any]
    compiler: Any
    sql: str
    parameters: list[tuple[int | None, Any]]
    known: dict[int, Any] = field(default_factory=dict)
    """How the values of its columns are read, found out with the first row."""

    def converters(self, expressions: Any) -> dict[int, Any]:
        """Instead of the compiler's own: its columns are the same each time."""
        if not self.known:
            self.known.update(self.compiler.get_converters(expressions))
        return self.known


class Prepared:
    """A query that is put together once for each shape.

    Args:
        make: gets the shape and the values, and returns the queryset. It asks the database
            nothing, and whatever it is told about a person, a case or a moment is a value.
    """

    def __init__(self, make: Callable[..., QuerySet[Any]]) -> None:
        self.make = make
        self.texts: dict[Hashable, Text | None] = {}
        self.day = date.min

    def __call__(self, *shape: Hashable, **values: Any) -> list[Any]:
        """The rows, as the queryset would give them.

        Args:
            shape: what the text of the query depends on: booleans, names, how it is sorted.
            values: integers, moments, days, ids, bytes, words, or lists of them.
        """
        if (today := timezone.localdate()) != self.day:  # a query may ask what holds today
            self.texts, self.day = {}, today
        sizes = tuple(len(each) if isinstance(each, list) else -1 for each in values.values())
        key = (shape, tuple(values), sizes)
        if key not in self.texts:
            if len(self.texts) >= MOST_TEXTS:
                self.texts.clear()
            self.texts[key] = self._write(shape, values)
        text = self.texts[key]
        return _ask(text, list(_flat(values))) if text else []

    def _write(self, shape: tuple[Hashable, ...], values: dict[str, Any]) -> Text | None:
        """The text for this shape; None where no row can fit."""
        written = []
        for other in (False, True):
            stand_ins = _stand_ins(values, other=other)
            with connections[DEFAULT_DB_ALIAS].execute_wrapper(_refuse):
                queryset = self.make(*shape, **stand_ins)
                compiler: Any = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
                try:
                    sql, parameters = compiler.as_sql()
                except EmptyResultSet:
                    return None
            places = {stand_in: place for place, stand_in in enumerate(_flat(stand_ins))}
            found = [(places.get(_plain(one)), one) for one in parameters]
            kept = Kept.of(sql, [place for place, _one in found]) if "%%" not in sql else sql
            written.append(Text(queryset, compiler, kept, found))
        _compare(*written, today=self.day)
        return written[0]


def _refuse(*_asked: Any) -> NoReturn:
    raise NotPreparedError("A query that is being written asked the database.")


def _compare(text: Text, again: Text, *, today: date) -> None:
    """Raises: NotPreparedError, if a parameter is neither a stand-in nor a constant."""
    same = text.sql == again.sql and len(text.parameters) == len(again.parameters)
    if not same:
        raise NotPreparedError("Its text depends on a value: make that a part of its shape.")
    for (place, one), (other_place, other) in zip(text.parameters, again.parameters, strict=True):
        plain = isinstance(one, str | int | float) or one == today
        constant = place is None and one == other and plain
        if place != other_place or (place is None and not constant):
            raise NotPreparedError(f"A parameter of it ({type(one).__name__}) was not given.")


def _ask(text: Text, values: list[Any]) -> list[Any]:
    parameters = tuple(
        one if place is None else _like(one, values[place]) for place, one in text.parameters
    )
    compiler = copy(text.compiler)
    compiler.connection = connections[DEFAULT_DB_ALIAS]  # this thread's
    compiler.get_converters = text.converters
    compiler.as_sql = lambda *_args, **_kwargs: (text.sql, parameters)
    query: Any = copy(text.queryset.query)
    query.get_compiler = lambda *_args, **_kwargs: compiler
    asked: Any = type(text.queryset)(text.queryset.model, query)
    asked._iterable_class = text.queryset._iterable_class
    return list(asked)


def _plain(parameter: Any) -> Any:
    """A parameter as it was given to the ORM."""
    return parameter.adapted if isinstance(parameter, psycopg2.extensions.Binary) else parameter


def _like(parameter: Any, value: Any) -> Any:
    if isinstance(parameter, psycopg2.extensions.Binary):
        return psycopg2.extensions.Binary(value)
    return value


# Stand-ins ------------------------------------------------------------------------------------
_FAR = datetime(1801, 1, 1, tzinfo=UTC)


def _stand_ins(values: dict[str, Any], *, other: bool) -> dict[str, Any]:
    """Something of the same type for each value, all different, and different from any real one."""
    # They fit the smallest column: the ORM leaves out what could never be true of it.
    numbers = count(20_002 if other else 10_001)

    def stand_in(value: Any) -> Any:
        number = next(numbers)
        match value:
            case bool():
                pass
            case int():
                return number
            case datetime():
                return _FAR + timedelta(seconds=number)
            case date():
                return (_FAR + timedelta(days=number % 10_000 + 20_000 * other)).date()
            case UUID():
                return UUID(int=number)
            case bytes():
                return f"<{number}>".encode()
            case str():
                return f"<{number}>"
        raise TypeError(f"No value of a prepared query: {type(value).__name__}")

    return {
        name: [stand_in(one) for one in each] if isinstance(each, list) else stand_in(each)
        for name, each in values.items()
    }


def _flat(values: dict[str, Any]) -> Iterator[Any]:
    for each in values.values():
        if isinstance(each, Sequence) and not isinstance(each, str | bytes):
            yield from each
        else:
            yield each
