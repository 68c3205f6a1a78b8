"""How long a session lasts, and how it is ended at once when a person's rights change.

A session ends ``SESSION_IDLE`` after the last page or save, and ``SESSION_LONGEST`` after
signing in, whatever is done. Moments are kept in the session as whole seconds.
"""

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import SESSION_KEY, update_session_auth_hash
from django.contrib.sessions.backends.db import SessionStore as SessionBackend
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User

BEGAN, SEEN, OPENED, WAS = "portal.began", "portal.seen", "portal.opened", "portal.was"
# A session is written at most this often only to note that it is in use.
NOTED_EVERY = timedelta(minutes=1)
# Saving while somebody types keeps a session up for so long without a page being opened.
TYPING_AT_MOST = timedelta(hours=2)

Data = Mapping[str, Any]


@dataclass(frozen=True)
class Ends:
    """When a session ends if nothing more is done, and when it ends in any case."""

    at: datetime
    latest: datetime

    @property
    def is_last(self) -> bool:
        """Whether staying would gain nothing."""
        return self.at >= self.latest

    def left(self, now: datetime) -> int:
        """Whole seconds, never fewer than none."""
        return max(0, int((self.at - now).total_seconds()))


def begin(session: MutableMapping[str, Any], *, now: datetime) -> None:
    session[BEGAN] = session[SEEN] = session[OPENED] = int(now.timestamp())


def touch(session: MutableMapping[str, Any], *, now: datetime, by_itself: bool = False) -> None:
    """Note that the session is in use; ``by_itself`` is a save that no person pressed for."""
    if BEGAN not in session:
        begin(session, now=now)
        return
    if by_itself and now - _moment(session[OPENED]) > TYPING_AT_MOST:
        return
    if now - _moment(session[SEEN]) >= NOTED_EVERY:
        session[SEEN] = int(now.timestamp())
    if not by_itself and now - _moment(session[OPENED]) >= NOTED_EVERY:
        session[OPENED] = int(now.timestamp())


def stay(session: MutableMapping[str, Any], *, now: datetime) -> Ends:
    """Give the session its full time again, because the person asks for it."""
    began = session.get(BEGAN)
    begin(session, now=now)
    if began is not None:
        session[BEGAN] = began
    return ends(session, now=now)


def ends(session: Data, *, now: datetime) -> Ends:
    began, seen = (_moment(session.get(key, now.timestamp())) for key in (BEGAN, SEEN))
    latest = began + settings.SESSION_LONGEST
    return Ends(min(seen + settings.SESSION_IDLE, latest), latest)


def is_over(session: Data, *, now: datetime) -> bool:
    return ends(session, now=now).at <= now


def left_behind(person: str) -> dict[str, Any]:
    """What stays in a browser's session when it ends: whose it was, and nothing else."""
    return {WAS: str(person), "_session_expiry": 0}


def whose(request: HttpRequest) -> str:
    """Key of the person who is signed in here, or was until now; "" where nobody was."""
    before = request.session.get(SESSION_KEY)
    if request.user.is_authenticated:
        return str(request.user.pk)
    if before:  # ended from elsewhere: the password or a factor was changed
        request.session[WAS] = str(before)
    return str(request.session.get(WAS, ""))


def end_all(user: User) -> None:
    """Sign the person out everywhere: the next request of each of their sessions finds it over."""
    user.signed_out_at = timezone.now()
    user.save(update_fields=["signed_out_at"])


def end_others(request: HttpRequest, user: User) -> None:
    """Sign the person out everywhere but here; this session goes on under a new key."""
    end_all(user)
    before = request.session.session_key
    update_session_auth_hash(request, user)
    _listed_as(request, before)


def end_one(listed: UserSession) -> None:
    """End one session of a list; whose it was stays, so that words typed there are not lost."""
    session = SessionBackend(listed.session_key)
    person = session.get(SESSION_KEY)
    listed.delete()
    if person:
        session.clear()
        session.update(left_behind(person))
        session.save()


def renew(request: HttpRequest) -> None:
    """The same session under a new key, after a factor was given again."""
    before = request.session.session_key
    request.session.cycle_key()
    _listed_as(request, before)


def _listed_as(request: HttpRequest, before: str | None) -> None:
    UserSession.objects.filter(session_key=before).update(session_key=request.session.session_key)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
