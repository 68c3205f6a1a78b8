"""What every answer says to the browser, errors included."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_out
from django.core.exceptions import BadRequest
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from ui.views import page_of_method

PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "autoplay",
        "browsing-topics",
        "camera",
        "display-capture",
        "encrypted-media",
        "fullscreen",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "usb",
    )
)
FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}
EMPTY = {None, "", "0"}
BACK_OFFICE = "/cms/"
# Of pages that are the same for everybody: kept by browsers, and asked about each time.
FOR_EVERYBODY = "no-cache, public"
# Wagtail's own screens carry inline script and preview pages in a frame of their own.
BACK_OFFICE_POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "form-action 'self'",
        "frame-src 'self'",
        "frame-ancestors 'self'",
        "base-uri 'self'",
        "object-src 'none'",
    ]
)


class HeadersMiddleware:
    """Outermost but for the request id, so that no answer passes without its headers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if getattr(response, "unavailable", False):
            response.status_code = 503
        if response.status_code == 405 and response.streaming:  # WhiteNoise's, of a file of ours
            given = response.headers
            response = HttpResponseNotAllowed(["GET", "HEAD"])
            for name, value in given.items():
                response.headers.setdefault(name, value)
        if response.status_code == 405 and not response.content:
            response.content = page_of_method(request)
            response.headers["Content-Length"] = str(len(response.content))
        headers = response.headers
        if response.status_code == 429:
            headers.setdefault("Retry-After", "60")
        headers["Permissions-Policy"] = PERMISSIONS
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        # Set again for answers given before Django's own middleware came to it.
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", settings.SECURE_REFERRER_POLICY or "no-referrer")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("X-Frame-Options", "DENY")
        if request.path.startswith(BACK_OFFICE):
            headers["Content-Security-Policy"] = BACK_OFFICE_POLICY
            headers["X-Frame-Options"] = "SAMEORIGIN"
            # With no-referrer a browser posts "Origin: null", which the token check refuses. Our
            # own pages say same-origin in their head.
            headers["Referrer-Policy"] = "same-origin"
        static = request.path.startswith(settings.STATIC_URL)
        public = headers.get("Cache-Control") == FOR_EVERYBODY
        if response.status_code >= 400 or not (static or public):
            headers["Cache-Control"] = "no-store"
        if getattr(request, "signed_out", False):
            # Not "cookies": the answer that signs out sets some of its own.
            headers["Clear-Site-Data"] = '"cache", "storage"'
        return response


class FormsOnlyMiddleware:
    """What is posted is a form. Anything else would reach a page as a form with nothing in it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *args: Any) -> None:
        if request.method != "POST" or request.path.startswith(BACK_OFFICE):
            return
        if request.content_type not in FORMS and request.META.get("CONTENT_LENGTH") not in EMPTY:
            raise BadRequest


@receiver(user_logged_out, dispatch_uid="ui.middleware.remember")
def remember(sender: object, request: HttpRequest | None, **kwargs: object) -> None:
    """Note on the request that this answer ends a session."""
    if request is not None:
        request.signed_out = True  # type: ignore[attr-defined]
