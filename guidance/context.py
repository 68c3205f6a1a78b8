"""What the guidance says on every page of the portal."""

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from guidance.readers import urgent


def notice(request: HttpRequest) -> dict[str, object]:
    """The urgent notice, read only by pages that show it: the danger gate asks no database."""
    return {"urgent": SimpleLazyObject(lambda: urgent.in_force(timezone.now()))}
