"""``record()``: the one way into the log."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import Error, models

from accounts.models import User
from audit.models import AuditEvent

Detail = str | int | bool | list[str]

KIND = re.compile(r"[a-z_]+\.[a-z_]+")
# A status, a field's name, a day, an identifier. Words of a case have spaces in them.
CODE = re.compile(r"[\w.:+/-]{0,100}")

request_id: ContextVar[str] = ContextVar("request_id", default="")
_moment: ContextVar[datetime | None] = ContextVar("moment", default=None)


class NotRecordedError(Exception):
    """The log did not take an event: what it was about must not happen, nor be shown."""


def could_not_record(fault: BaseException | None) -> bool:
    """Whether a request ended because the log could not be written.

    At once, by ``record``; or when all was to be kept, where the event is given its number.
    """
    while fault is not None:
        if isinstance(fault, NotRecordedError):
            return True
        said = getattr(fault, "diag", None)  # what PostgreSQL tells about its refusal
        if said is not None and "audit_" in f"{said.table_name} {said.context}":
            return True
        fault = fault.__cause__
    return False


def record(
    kind: str,
    subject: models.Model | None = None,
    *,
    by: User | None,
    agency: str = "",
    role: str = "",
    reason: str = "",
    **detail: Detail,
) -> None:
    """Write down, in the current transaction, that something happened or was looked at.

    Args:
        kind: ``area.act``, such as ``referral.viewed``.
        subject: what it happened to; its ``case_id`` and ``reference`` are noted if it has them.
        by: who did it; ``None`` is the portal itself, or somebody who has not signed in.
        agency: key of the agency in whose name it was done; its log shows the event.
        role: the role the person acted in.
        reason: why, where a reason is asked; in the person's words.
        detail: statuses, field names, days and counts, never the words of a case.
    Raises:
        ValueError: ``kind`` or a detail is not of that form.
        NotRecordedError: the database did not take it.
    """
    event = _event(kind, subject, by, agency, reason, detail)
    event.role = role
    if moment := _moment.get():
        event.at = moment
    try:
        event.save(force_insert=True)
    except Error as fault:
        raise NotRecordedError(kind) from fault


@dataclass(frozen=True)
class Past:
    """An event as ``record`` takes it, and the moment at which it happened."""

    at: datetime
    kind: str
    subject: models.Model
    by: User | None
    agency: str = ""
    reason: str = ""
    detail: Mapping[str, Detail] = field(default_factory=dict)


def record_past(happened: Iterable[Past]) -> None:
    """Write down many events at once, the oldest first: for demonstrations, as ``dated`` is.

    Raises:
        ValueError: as ``record``.
    """
    events = []
    for past in sorted(happened, key=lambda past: past.at):
        event = _event(
            past.kind, past.subject, past.by, past.agency, past.reason, dict(past.detail)
        )
        event.at = past.at
        events.append(event)
    AuditEvent.objects.bulk_create(events, batch_size=1_000)


def _event(
    kind: str,
    subject: models.Model | None,
    by: User | None,
    agency: str,
    reason: str,
    detail: dict[str, Detail],
) -> AuditEvent:
    if not KIND.fullmatch(kind):
        raise ValueError(f"{kind!r} is not of the form area.act")
    return AuditEvent(
        kind=kind,
        person=by,
        agency=agency,
        reason=_one_line(reason)[:500],
        detail={name: _code(name, value) for name, value in detail.items()},
        request_id=request_id.get(),
        **(_about(subject) if subject is not None else {}),
    )


@contextmanager
def dated(moment: datetime) -> Iterator[None]:
    """Let what is recorded inside have happened at ``moment``.

    For demonstrations and samples, built by the owner of the tables: from the role that serves the
    portal the database takes no other moment than now.
    """
    token = _moment.set(moment)
    try:
        yield
    finally:
        _moment.reset(token)


def record_each(
    kind: str, happened: Iterable[tuple[models.Model, str, Mapping[str, Detail]]]
) -> None:
    """As ``record``, what the portal itself does to many records in one transaction: one insert.

    Args:
        happened: each record with the key of its agency and the detail. At most some hundreds, as
            the log takes a lock for each agency when the transaction ends.
    """
    if not KIND.fullmatch(kind):
        raise ValueError(f"{kind!r} is not of the form area.act")
    moment = _moment.get()
    at = {"at": moment} if moment else {}
    rows = [
        AuditEvent(
            kind=kind,
            agency=agency,
            detail={name: _code(name, value) for name, value in detail.items()},
            request_id=request_id.get(),
            **_about(subject),
            **at,
        )
        for subject, agency, detail in happened
    ]
    try:
        AuditEvent.objects.bulk_create(rows)
    except Error as fault:
        raise NotRecordedError(kind) from fault


def _about(subject: models.Model) -> dict[str, Any]:
    case = getattr(subject, "case_id", None)
    return {
        "subject_type": subject._meta.label_lower,
        "subject_id": str(subject.pk or ""),
        "case": case if isinstance(case, UUID) else None,
        "reference": str(getattr(subject, "reference", "") or ""),
    }


def _code(name: str, value: Any) -> Any:
    """The value, if it is of a kind that cannot carry somebody's words."""
    if isinstance(value, bool | int):
        return value
    if isinstance(value, str) and CODE.fullmatch(value):
        return str(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_code(name, each) for each in (value if isinstance(value, list) else sorted(value))]
    raise ValueError(f"the detail {name!r} is not a status, a name of a field, a day or a number")


def _one_line(words: str) -> str:
    """No line breaks or control signs: an event is one line wherever it is shown."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in words).split())
