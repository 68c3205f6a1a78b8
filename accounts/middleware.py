"""Who is asking, told to the database; and the second factor of those who read for others."""

from collections.abc import Callable
from typing import Any, cast

from allauth.account.authentication import get_authentication_records
from allauth.account.middleware import AccountMiddleware
from allauth.core.exceptions import ImmediateHttpResponse, ReauthenticationRequired
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.db import DEFAULT_DB_ALIAS, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.http import urlencode

from accounts.database import asking
from accounts.models import User
from accounts.signals import needs_second_factor

GetResponse = Callable[[HttpRequest], HttpResponse]
View = Callable[..., HttpResponseBase]
ALWAYS_OPEN = ("/accounts/", "/health/")


class SignInMiddleware(LoginRequiredMiddleware):
    """Signing in everywhere, without looking who asks where a page is public.

    Django's own looks at the person first, which reads the session even for the danger gate.
    """

    def process_view(
        self, request: HttpRequest, view: View, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        if not getattr(view, "login_required", True):
            return None
        return super().process_view(request, view, args, kwargs)


class SecondFactorMiddleware:
    """Nobody reads other people's records on one factor.

    The pages that set a second factor up, ask for it, or end the session stay open,
    as do the pages that anyone may read without signing in.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: View, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        # The public pages first: some of them promise not to look who is asking.
        if request.path.startswith(ALWAYS_OPEN) or not getattr(view, "login_required", True):
            return None
        if not request.user.is_authenticated:
            return None
        user = request.user
        if has_passed(request, user) or not is_needed(user, request):
            return None
        has_one = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()
        page = reverse("mfa_reauthenticate" if has_one else "mfa_activate_totp")
        asked = request.get_full_path() if request.method == "GET" else ""
        wanted = asked or resolve_url(settings.LOGIN_REDIRECT_URL)
        query = urlencode({REDIRECT_FIELD_NAME: wanted})
        return HttpResponseRedirect(f"{page}?{query}" if has_one else page)


def has_passed(request: HttpRequest, user: User) -> bool:
    """Whether this session was opened, or confirmed since, with the second factor."""
    return any(step["method"] == "mfa" for step in get_authentication_records(request, user))


def is_needed(user: User, request: HttpRequest | None = None) -> bool:
    answers = needs_second_factor.send(sender=User, user=user, request=request)
    return any(answer for _receiver, answer in answers)


class AskingMiddleware:
    """One transaction for each request, and the database knows whose it is.

    Stands where ATOMIC_REQUESTS would wrap the view, so that ``asking`` is the first
    statement of the same transaction; a page is rendered before the transaction ends.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.answer_of_allauth = AccountMiddleware(get_response).process_exception

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: View, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        if DEFAULT_DB_ALIAS in getattr(view, "_non_atomic_requests", ()):
            return None
        try:
            with transaction.atomic():
                asking(request.user if request.user.is_authenticated else None)
                response = view(request, *args, **kwargs)
                if callable(render := getattr(response, "render", None)):
                    response = render()
                return response
        except (ImmediateHttpResponse, ReauthenticationRequired) as error:
            # Django asks process_exception only about a view that it called itself.
            return cast(HttpResponse, self.answer_of_allauth(request, error))
