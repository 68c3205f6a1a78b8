"""What every page knows about who is signed in: until when, and which words it carries."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from accounts import kept, sessions


def signed_in(request: HttpRequest) -> dict[str, object]:
    """``session_ends`` is worked out where it is shown: some pages never look who asks."""
    found: dict[str, object] = {"session_ends": _ends(request)}
    if request.path.startswith(kept.ACCOUNT_PAGES):
        posted = request.POST.get(kept.FIELD, "") if request.method == "POST" else ""
        found["kept"] = getattr(request, "carried", "") or posted
        found["too_long"] = getattr(request, "too_long", False)
    return found


def _ends(request: HttpRequest) -> Callable[[], dict[str, object]]:
    def ends() -> dict[str, object]:
        now = timezone.now()
        found = sessions.ends(request.session, now=now)
        return {
            "at": found.at,
            "latest": found.latest,
            "is_last": found.is_last,
            "left": found.left(now),
            "warn": int(settings.SESSION_WARNING.total_seconds()),
            "minutes": int(settings.SESSION_IDLE.total_seconds()) // 60,
        }

    return ends
