"""How a file leaves the portal, once somebody who may have it asks."""

from typing import TypeVar

from django.http import HttpResponse
from django.http.response import HttpResponseBase

from files.names import CONTENT_TYPE
from files.terms import FileKind

Response = TypeVar("Response", bound=HttpResponseBase)


def download(content: bytes, kind: FileKind, name: str) -> HttpResponse:
    """Nothing that a browser shows or runs, whatever stands in it (FI-02).

    Args:
        name: of letters, figures, hyphens and dots; it names no person.
    """
    return guarded(HttpResponse(content, content_type=CONTENT_TYPE[kind]), name)


def guarded(response: Response, name: str) -> Response:
    """The response as a download under this name, with the headers that keep it one."""
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "no-store"
    return response
