"""Pages that say what went wrong, in plain words, and whether the portal is well."""

import logging
import sys
from functools import cache

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.template.loader import render_to_string
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from accounts.kept import comes_from_here, divert
from audit import events
from ui import kept
from ui.trouble import NotSetUpError
from vault import keys

PLAIN = "text/plain; charset=utf-8"
# Where not even a page can be drawn. Not through gettext, which may be what is broken.
LAST_WORDS = (
    "Something went wrong at our end. If anyone is in danger, call 999. "
    "Otherwise ring your safeguarding lead, and try again in a few minutes.\n"
)
PASSING = (OperationalError, InterfaceError, keys.KeyUnavailable)
log = logging.getLogger(__name__)


def _page(
    request: HttpRequest | None,
    status: int,
    template: str = "",
    *,
    sent: HttpRequest | None = None,
) -> HttpResponse:
    """An error page; without anything that may itself have failed where the first try fails.

    Args:
        request: who asks, for the frame of the page; None draws it without asking the database.
        sent: what was sent, where ``request`` is not to be asked.
    """
    template = template or f"{status}.html"
    # Names are as prevent_portal.context gives them.
    known = {
        "PARTNERSHIP": settings.PARTNERSHIP,
        "OUT_OF_HOURS_PHONE": settings.OUT_OF_HOURS_PHONE,
        "QUICK_EXIT_URL": settings.QUICK_EXIT_URL,
        "kept": kept.words_of(sent or request),
    }
    for asked_by in (request, None):  # a context processor may be what is broken
        try:
            return HttpResponse(render_to_string(template, known, asked_by), status=status)
        except Exception:
            log.exception("The page for status %s could not be drawn", status)
    return HttpResponse(LAST_WORDS, status=status, content_type=PLAIN)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Could not be read; where it was too long, that is said in the language of HTTP too."""
    too_long = isinstance(exception, RequestDataTooBig)
    return _page(request, 413 if too_long else 400, "400.html")


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 403)


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 404)


def page_of_method(request: HttpRequest) -> bytes:
    """What is said where an address takes no such method: its answer comes with no words."""
    return _page(request, 405).content


def server_error(request: HttpRequest) -> HttpResponse:
    """A fault of ours; one of the database is said to be passing, since it mostly is.

    So is one of the log: nothing is done or shown that could not be recorded.
    """
    error = sys.exc_info()[1]
    if isinstance(error, NotSetUpError):
        log.error("Not set up: %s", error)
        return _unavailable(request, "ui/not_set_up.html")
    if isinstance(error, PASSING) or events.could_not_record(error):
        return _unavailable(request)
    return _page(None, 500, sent=request)


def _unavailable(request: HttpRequest, template: str = "503.html") -> HttpResponse:
    # To Django it is a 500 until it leaves: what this request did to its session was undone, and
    # Django would keep it with any other answer. ``ui.middleware`` says 503.
    response = _page(None, 500, template, sent=request)
    response.unavailable = True  # type: ignore[attr-defined]
    response["Retry-After"] = "60"
    return response


@login_not_required
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page was old, or the session ended: what was typed is shown again where that is safe."""
    refusal = _page(request, 403, "ui/csrf_failure.html")
    if not comes_from_here(request):
        return refusal
    query = urlencode({REDIRECT_FIELD_NAME: request.get_full_path()})
    return divert(refusal, f"{resolve_url(settings.LOGIN_URL)}?{query}")


@login_not_required
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The process answers. Asks nothing of anything else."""
    return HttpResponse("live\n", content_type=PLAIN)


@login_not_required
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Whether people can be sent here; why not is in the log, for strangers may ask."""
    try:
        applied = MigrationRecorder(connection).applied_migrations()
        keys.verify()
    except (DatabaseError, InterfaceError, keys.KeyUnavailable):
        return HttpResponse("not ready\n", status=503, content_type=PLAIN)
    if not _newest_migrations() <= set(applied):
        return HttpResponse("not ready\n", status=503, content_type=PLAIN)
    return HttpResponse("ready\n", content_type=PLAIN)


@cache
def _newest_migrations() -> frozenset[tuple[str, str]]:
    """The last migration of each app, read from the files once in a process's life."""
    return frozenset(MigrationLoader(None).graph.leaf_nodes())
