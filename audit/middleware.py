"""Every request has a number, in the log and in the answer; a refusal is an event."""

import logging
import uuid
from collections.abc import Callable

from django.db import Error, transaction
from django.http import HttpRequest, HttpResponse

from audit import events

logger = logging.getLogger("audit")


class RequestIdMiddleware:
    """Numbers the request. A number that comes with it is not believed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        number = uuid.uuid4().hex
        token = events.request_id.set(number)
        try:
            response = self.get_response(request)
            if response.status_code == 403:
                note_refusal(request)
        finally:
            events.request_id.reset(token)
        response["X-Request-ID"] = number
        return response


def note_refusal(request: HttpRequest) -> None:
    """Record that a signed-in person was refused a page.

    Here, and not where it was refused: that transaction is undone.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return
    match = request.resolver_match
    try:
        with transaction.atomic():
            events.record(
                "access.refused",
                by=user,
                method=request.method or "",
                page=(match.view_name or "")[:100] if match else "",
            )
    except (Error, ValueError, events.NotRecordedError) as fault:
        logger.error("A refusal could not be recorded: %s", type(fault).__name__)
