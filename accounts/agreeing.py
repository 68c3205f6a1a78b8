"""Agreeing to the terms of use: asked at the first sign-in, and again after a new version."""

from collections.abc import MutableMapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Terms, TermsAccepted, User
from accounts.signals import terms_accepted

DUE = "portal.terms"


def current() -> Terms | None:
    """The newest version; none until the portal's administrator has published one."""
    return Terms.objects.order_by("-version").first()


def note_due(session: MutableMapping[str, Any], user: User) -> None:
    """Note in a session that begins whether its person has a version to agree to."""
    newest = current()
    if newest and not TermsAccepted.objects.filter(person=user, terms=newest).exists():
        session[DUE] = newest.version
    else:
        session.pop(DUE, None)


@transaction.atomic
def accept(user: User, terms: Terms, *, now: datetime) -> None:
    """Keep that the person agrees to this version; agreeing twice is agreeing once."""
    _kept, is_new = TermsAccepted.objects.get_or_create(
        person=user, terms=terms, defaults={"at": now}
    )
    if is_new:
        terms_accepted.send(sender=TermsAccepted, user=user, version=terms.version)
