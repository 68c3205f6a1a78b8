"""The demonstration lets anyone sign in as anybody. It declines to start anywhere but at home."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

StartResponse = Callable[..., Any]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]

HERE = {"127.0.0.1", "localhost"}
MAIL_THAT_STAYS_HERE = {
    f"django.core.mail.backends.{kind}.EmailBackend"
    for kind in ("filebased", "console", "locmem", "dummy")
}


def check_demonstration(
    *,
    database: Mapping[str, Any],
    embedded_dir: str,
    mail_backend: str,
    base_url: str,
    allowed_hosts: Iterable[str],
) -> None:
    """See that a demonstration has its own database, keeps its mail and answers only this machine.

    Args:
        database: one entry of ``DATABASES``.
        embedded_dir: the socket folder of the embedded database, absolute; "" when there is none.
    Raises:
        ImproperlyConfigured: one of these is not so; the sentence says which.
    """
    host = str(database.get("HOST", ""))
    if not host.startswith("/") or host.rstrip("/") != embedded_dir.rstrip("/"):
        raise ImproperlyConfigured(
            "PORTAL_DEMO=1 works only with the embedded database that `make run` starts: "
            "take PORTAL_DEMO away, or DATABASE_URL."
        )
    if mail_backend not in MAIL_THAT_STAYS_HERE:
        raise ImproperlyConfigured(
            "PORTAL_DEMO=1 sends no real mail: take PORTAL_DEMO away, or set EMAIL_URL to a folder "
            "(filemail:////path)."
        )
    strangers = {urlsplit(base_url).hostname or "", *allowed_hosts} - HERE
    if strangers:
        raise ImproperlyConfigured(
            "PORTAL_DEMO=1 answers only on 127.0.0.1: take PORTAL_DEMO away, or BASE_URL and "
            f"ALLOWED_HOSTS (they name {', '.join(sorted(strangers)) or 'nothing'})."
        )


def check_unscanned(*, demonstration: bool) -> None:
    """See that files which nobody looked at for viruses are opened in a demonstration only.

    Raises:
        ImproperlyConfigured: this is a real portal.
    """
    if not demonstration:
        raise ImproperlyConfigured(
            "REQUIRE_SCAN=0 is for the demonstration only: take it away, and name a virus "
            "scanner with SCANNER."
        )


def only_from_here(application: Application) -> Application:
    """Answer callers on this machine only, whatever address the server was told to listen on."""

    def answer(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("REMOTE_ADDR") not in {"127.0.0.1", "::1"}:
            start_response("403 Forbidden", [("Content-Type", "text/plain; charset=utf-8")])
            return [b"This demonstration can be seen only on the machine it runs on.\n"]
        return application(environ, start_response)

    return answer
