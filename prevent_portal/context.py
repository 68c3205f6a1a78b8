"""What every page knows about the portal it belongs to."""

from django.conf import settings
from django.http import HttpRequest


def portal(request: HttpRequest) -> dict[str, object]:
    return {
        "PARTNERSHIP": settings.PARTNERSHIP,
        "MARKING": settings.MARKING,
        "QUICK_EXIT_URL": settings.QUICK_EXIT_URL,
        "OUT_OF_HOURS_PHONE": settings.OUT_OF_HOURS_PHONE,
        "DEMO": settings.PORTAL_DEMO,
    }
