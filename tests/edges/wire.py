"""Requests as a server hands them over, and what they left behind in the database.

Django's test client refuses to send much of what a stranger would, so these are built by hand.
"""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection, transaction
from django.test import Client, override_settings

from accounts.models import User
from tests.entry import enter

HOST = "portal.example.org"
FORM = "application/x-www-form-urlencoded"
TOKEN = "t" * 32
# What looking at a page may leave: who looked, where a session stands, how often someone tried.
NO_EFFECT = ("audit_auditevent", "audit_sequence", "django_session", "portal_cache")
WRITTEN = """
SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables
WHERE n_tup_ins + n_tup_upd + n_tup_del > 0 AND relname <> ALL(%s)
"""


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", errors="replace")

    @property
    def is_page(self) -> bool:
        return self.headers.get("content-type", "").startswith("text/html")


class Wire:
    """A server's side of one browser; ``person`` is signed in as after the second factor."""

    def __init__(self, person: User | None = None) -> None:
        self.handler = WSGIHandler()
        cookies = [f"{settings.CSRF_COOKIE_NAME}={TOKEN}"]
        if person is not None:
            key = enter(person, Client()).cookies[settings.SESSION_COOKIE_NAME].value
            cookies.append(f"{settings.SESSION_COOKIE_NAME}={key}")
        self.cookies = "; ".join(cookies)

    def ask(
        self,
        method: str = "GET",
        path: bytes = b"/",
        *,
        query: bytes = b"",
        body: bytes = b"",
        content_type: str | None = None,
        token: bool = True,
        **environ: Any,
    ) -> Answer:
        """Send it. ``environ`` adds to what the server says, or with None takes away."""
        told: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path.decode("latin-1"),
            "QUERY_STRING": query.decode("latin-1"),
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "443",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "192.0.2.7",
            "HTTP_HOST": HOST,
            "HTTP_COOKIE": self.cookies,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "https",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
        if content_type is not None:
            told["CONTENT_TYPE"] = content_type
        if token and method not in ("GET", "HEAD", "OPTIONS", "TRACE"):
            told |= {"HTTP_X_CSRFTOKEN": TOKEN, "HTTP_ORIGIN": f"https://{HOST}"}
        told |= environ
        said: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            said.append((status, headers))

        answer = self.handler({k: v for k, v in told.items() if v is not None}, start)
        content = b"".join(answer)
        if callable(close := getattr(answer, "close", None)):
            close()
        status, headers = said[-1]
        return Answer(int(status[:3]), {name.lower(): value for name, value in headers}, content)


@contextmanager
def deployed() -> Iterator[None]:
    """One name, over https, whatever this machine is called; the tests' own addresses too.

    A server's handler would close the connection, and with it the test's transaction.
    """
    told = {"ALLOWED_HOSTS": [HOST], "BASE_URL": f"https://{HOST}"}
    with override_settings(ROOT_URLCONF="tests.edges.urls", **told):
        for signal in (request_started, request_finished):
            signal.disconnect(close_old_connections)
        yield
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def written() -> dict[str, int]:
    """How many rows of each table of consequence this transaction has written, undone ones too."""
    with connection.cursor() as cursor:
        cursor.execute(WRITTEN, [list(NO_EFFECT)])
        return dict(cursor.fetchall())


def writes() -> int:
    """How many rows of consequence this transaction has written so far, undone ones included."""
    return sum(written().values())


def digest(tables: Iterable[str] | None = None) -> dict[str, str]:
    """A short value for each of these tables; for each table of consequence if none are named."""
    if tables is None:
        tables = set(connection.introspection.table_names()) - set(NO_EFFECT)
    parts = " UNION ALL ".join(
        f"SELECT '{table}', md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) "  # noqa: S608
        f'FROM "{table}" t'
        for table in sorted(tables)
    )
    if not parts:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(parts)
        return dict(cursor.fetchall())
