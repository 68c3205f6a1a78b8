"""What was posted when signing in had to come first is there afterwards, for that person only.

The server keeps nothing: the page that asks to sign in carries the words, sealed for the person
whose session it was, in a hidden field from step to step. Afterwards the page they were written
on is shown again with the words in its form, unsaved.
"""

import json
import re
import zlib
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from cryptography.fernet import InvalidToken
from django.http import HttpRequest, HttpResponse, QueryDict

from accounts.sealing import sealer

FIELD = "kept"
LIFE = timedelta(minutes=15)
MOST = 300_000
"""Characters of a sealed text; more is left to the browser's way back."""
ACCOUNT_PAGES = "/accounts/"
NEVER = re.compile(
    r"(^|[-_])(code|credential|csrfmiddlewaretoken|kept|oldpassword|otp|password\d?|secret)($|[-_])"
)


@dataclass
class Words:
    """What was typed on a page.

    Attributes:
        used: whether a form of the page has taken it up.
    """

    path: str
    data: QueryDict
    used: bool = False

    def said(self) -> list[str]:
        """Everything written in words, for a page whose form is no longer there."""
        values = [value.strip() for name in self.data for value in self.data.getlist(name)]
        return [value for value in values if len(value) > 1 and not value.isdecimal()]


class TooLongError(Exception):
    """More was typed than a page can carry."""


# What the page that is being drawn finds in its form.
current: ContextVar[Words | None] = ContextVar("kept", default=None)


def seal(person: str, path: str, posted: QueryDict, *, now: datetime) -> str:
    """The words of a page as one text that only this person's session opens; "" if there are none.

    Raises:
        TooLongError: there are more words than a page can carry.
    """
    typed = [
        [name, values] for name, values in posted.lists() if not NEVER.search(name) and any(values)
    ]
    if not typed:
        return ""
    packed = zlib.compress(json.dumps([path, typed]).encode())
    sealed = sealer(_purpose(person)).encrypt_at_time(packed, int(now.timestamp())).decode()
    if len(sealed) > MOST:
        raise TooLongError
    return sealed


def unseal(sealed: str, person: str, *, now: datetime) -> Words | None:
    """The words, or None: somebody else's, too old, or no words at all."""
    try:
        packed = sealer(_purpose(person)).decrypt_at_time(
            sealed.encode(), int(LIFE.total_seconds()), int(now.timestamp())
        )
    except (InvalidToken, UnicodeEncodeError):
        return None
    path, typed = json.loads(zlib.decompress(packed))
    data = QueryDict(mutable=True)
    for name, values in typed:
        data.setlist(name, values)
    return Words(path, data)


def _purpose(person: str) -> str:
    return f"accounts.kept:{person}"


def divert(response: HttpResponse, url: str) -> HttpResponse:
    """Mark an answer that holds a post up: first ``url``, with the words in it, then back."""
    response.ask_first = url  # type: ignore[attr-defined]
    return response


def comes_from_here(request: HttpRequest) -> bool:
    """Whether a post that was refused for its token was sent by one of our own pages."""
    origin = request.headers.get("Origin") or request.headers.get("Referer", "")
    try:
        return bool(origin) and urlsplit(origin).netloc == request.get_host()
    except ValueError:  # no address at all
        return False
