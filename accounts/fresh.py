"""A sensitive act asks for a factor given a short while ago, not only for a session (ID-13)."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, cast

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from accounts import kept
from accounts.models import User

View = Callable[..., HttpResponseBase]
SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def factors_of(user: User) -> set[str]:
    """Kinds of second factor that the person has set up."""
    held = Authenticator.objects.filter(user=user, type__in=SECOND_FACTORS)
    return set(held.values_list("type", flat=True))


def is_fresh(request: HttpRequest, *, now: datetime) -> bool:
    """Whether this session was opened or confirmed a short while ago.

    By the second factor, for who has one; else by whatever the person signs in with.
    """
    user = cast(User, request.user)
    given = get_authentication_records(request, user)
    if factors_of(user):
        given = [record for record in given if record["method"] == "mfa"]
    since = (now - settings.FRESH_FACTOR).timestamp()
    return any(record["at"] > since for record in given)


def page_for(user: User) -> str:
    """Where the person confirms it is them, by the strongest way they have."""
    factors = factors_of(user)
    if Authenticator.Type.TOTP in factors:
        return reverse("mfa_reauthenticate")
    if factors:
        return reverse("mfa_reauthenticate_webauthn")
    if user.has_usable_password():
        return reverse("account_reauthenticate")
    return reverse("account_reauthenticate_code")


def ask(request: HttpRequest, *, back: str = "") -> HttpResponse:
    """To that page and back; what was posted comes along.

    Args:
        back: name of another page to come back to, to press again: for an address that can only be
            posted to, and takes no words.
    """
    wanted = reverse(back) if back else request.get_full_path()
    query = urlencode({REDIRECT_FIELD_NAME: wanted})
    url = f"{page_for(cast(User, request.user))}?{query}"
    response = HttpResponseRedirect(url)
    return response if back else kept.divert(response, url)


def fresh_factor_needed(view: View) -> View:
    """For views whose POST gives rights away, or takes case content out of the portal."""
    return _guarded(view, also_to_look=False)


def fresh_factor_needed_to_press(back: str) -> Callable[[View], View]:
    """The same for a button's address: afterwards the page named ``back`` is there to press it."""
    return lambda view: _guarded(view, also_to_look=False, back=back)


def fresh_factor_needed_to_look(view: View) -> View:
    """For pages that show secrets, and so ask before they are opened."""
    return _guarded(view, also_to_look=True)


def _guarded(view: View, *, also_to_look: bool, back: str = "") -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        asks = also_to_look or request.method == "POST"
        if asks and request.user.is_authenticated and not is_fresh(request, now=timezone.now()):
            return ask(request, back=back)
        return view(request, *args, **kwargs)

    return guarded
