"""Set-up and going live: a new portal takes no concern until nothing that it needs is missing.

What is needed is a list of checks. Apps above this one add theirs when they start, so that the
privacy notice, say, is looked for by the app that knows pages.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from agencies import health, policy
from agencies.health import Problem
from agencies.models import Opening, RetentionRule
from agencies.terms import Kept
from agencies.workflow import RefusedError
from audit import events


@dataclass(frozen=True)
class Need:
    """One thing that a portal needs before it opens, and what is still missing of it."""

    title: str
    why: str
    missing: Sequence[Problem] = field(default=())
    path: str = ""

    @property
    def is_met(self) -> bool:
        return not self.missing


_checks: list[Callable[[], Need]] = []


def register(check: Callable[[], Need]) -> Callable[[], Need]:
    """Add a check to the list that keeps a portal in set-up; for use when an app starts."""
    if check not in _checks:
        _checks.append(check)
    return check


def needs() -> list[Need]:
    """Everything that is needed, met or not, in the order of the page."""
    return [check() for check in _checks]


@register
def routes() -> Need:
    return Need(
        _("Localities, routes and contacts out of hours"),
        _("Every concern has somewhere to go, by day and at night, and somebody who takes it."),
        health.route_problems(),
        reverse("agencies:health"),
    )


@register
def retention() -> Need:
    there = set(RetentionRule.objects.in_force().values_list("kind", flat=True))
    return Need(
        _("Signed rules on how long things are kept"),
        _("One person proposes each rule, with where it was decided. Another signs it."),
        [
            Problem(str(kind.label), _("There is no signed rule."), reverse("agencies:retention"))
            for kind in Kept
            if kind.value not in there
        ],
        reverse("agencies:retention"),
    )


# --- Open or not ------------------------------------------------------------------------------
_open = False  # once open, always open: asked of the database only until then


def is_open() -> bool:
    """Whether the portal takes concerns. Where the database cannot say, as if it did."""
    global _open
    if not _open:
        try:
            _open = Opening.objects.exists()
        except (DatabaseError, InterfaceError):
            return True  # the gate answers whatever else is down; nothing is taken without it
    return _open


def forget() -> None:
    """Ask the database again; for a process whose database was changed under it."""
    global _open
    _open = False


@transaction.atomic
def open_portal(*, by: User, now: datetime) -> Opening:
    """Leave set-up: from now on, and for good, the portal takes concerns.

    Raises:
        PermissionDenied: ``by`` is no portal administrator.
        RefusedError: something is missing; the sentence names it.
    """
    if not policy.is_portal_admin(by):
        raise PermissionDenied
    with connection.cursor() as cursor:  # two who press together open it once
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('agencies.opening'))")
    there = Opening.objects.first()
    if there:
        return there
    missing = [need.title for need in needs() if not need.is_met]
    if missing:
        raise RefusedError(
            _("The portal cannot open yet. Still missing: %(what)s.") % {"what": "; ".join(missing)}
        )
    opening = Opening.objects.create(opened_at=now, opened_by=by)
    events.record("portal.opened", opening, by=by)
    return opening
