"""The access log: an agency reads its own, the privacy officer reads all of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from urllib.parse import urlencode
from uuid import UUID

from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import capfirst
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest
from accounts.models import User
from audit import events
from audit.models import EVERYTHING, AuditEvent
from audit.signals import agency_names, hidden_cases, may_read
from audit.terms import kind_words

PAGE_SIZE = 25


@dataclass(frozen=True)
class Line:
    """One event as the page says it."""

    at: datetime
    what: str
    about: str
    who: str
    acting_as: str
    agency: str
    reason: str
    detail: str


@require_safe
def log(request: SignedInRequest) -> HttpResponse:
    agencies = readable(request.user)
    if not agencies:
        raise PermissionDenied
    kinds = AuditEvent.objects.kinds()
    kind = request.GET.get("kind", "")
    if kind not in kinds:  # of an old link, or made up
        kind = ""
    before = request.GET.get("before", "")
    older_than = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
    found = AuditEvent.objects.select_related("person").older_than(older_than)
    for _receiver, hidden in hidden_cases.send(sender=AuditEvent, user=request.user):
        found = found.exclude(case__in=cast(Iterable[UUID], hidden))
    if kind:
        found = found.filter(kind=kind)
    page = found.page(agencies, PAGE_SIZE + 1)
    shown = page[:PAGE_SIZE]
    events.record("audit.viewed", by=request.user, agency=_own_key(agencies), shown=kind)
    return render(
        request,
        "audit/log.html",
        {
            "lines": lines(shown),
            "everything": EVERYTHING in agencies,
            "kind": kind,
            "kinds": sorted(((each, kind_words(each)) for each in kinds), key=lambda k: k[1]),
            "newest": _address(kind) if older_than else "",
            "older": _address(kind, shown[-1].pk) if len(page) > PAGE_SIZE else "",
        },
    )


def readable(user: User) -> set[str]:
    """Keys of the agencies whose log the person may read; ``"*"`` among them means all."""
    answers = may_read.send(sender=AuditEvent, user=user)
    return {key for _receiver, answer in answers for key in answer or ()}


def lines(shown: Iterable[AuditEvent]) -> list[Line]:
    shown = list(shown)
    names: dict[str, str] = {}
    if keys := {event.agency for event in shown if event.agency}:
        for _receiver, answer in agency_names.send(sender=AuditEvent, keys=keys):
            names |= cast(dict[str, str], answer or {})
    return [
        Line(
            at=event.at,
            what=kind_words(event.kind),
            about=event.reference or _record_words(event),
            who=str(event.person) if event.person else "",
            acting_as=capfirst(event.role.replace("_", " ")),
            agency=names.get(event.agency, event.agency),
            reason=event.reason,
            detail=_detail_words(event),
        )
        for event in shown
    ]


def _record_words(event: AuditEvent) -> str:
    """The kind of record, when it has no reference: "Membership"."""
    if not event.subject_type or event.kind.startswith("account."):
        return ""
    try:
        model = apps.get_model(event.subject_type)
    except LookupError:  # an app that is gone; its history stays
        return event.subject_type
    return capfirst(str(model._meta.verbose_name))


def _detail_words(event: AuditEvent) -> str:
    said = [
        f"{name.replace('_', ' ')} {', '.join(value) if isinstance(value, list) else value}"
        for name, value in sorted(event.detail.items())
        if value not in ("", []) and name != "address"
    ]
    return "; ".join(said)


def _own_key(agencies: set[str]) -> str:
    """The agency whose log this look belongs to; the privacy officer's belongs to none."""
    return min(agencies) if EVERYTHING not in agencies else ""


def _address(kind: str, before: int | None = None) -> str:
    asked = {"kind": kind, "before": before}
    query = urlencode({name: value for name, value in asked.items() if value})
    return reverse("audit:log") + (f"?{query}" if query else "")
