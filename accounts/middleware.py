"""Who is asking, told to the database; and the second factor of those who read for others."""

import copy
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlsplit

from allauth.account.authentication import get_authentication_records
from allauth.core.exceptions import ImmediateHttpResponse, ReauthenticationRequired
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import PermissionDenied
from django.db import DEFAULT_DB_ALIAS, transaction
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    QueryDict,
)
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts import agreeing, fresh, kept, sessions
from accounts.database import asking
from accounts.models import User
from accounts.signals import needs_second_factor

GetResponse = Callable[[HttpRequest], HttpResponse]
View = Callable[..., HttpResponseBase]
ALWAYS_OPEN = ("/accounts/", "/health/")


def by_itself(request: HttpRequest) -> bool:
    """Whether a script sent this, without anybody pressing a button."""
    return request.headers.get("Accept") == "application/json"


class SignInMiddleware(LoginRequiredMiddleware):
    """Signing in everywhere, without looking who asks where a page is public.

    Django's own looks at the person first, which reads the session even for the danger gate.
    """

    def process_view(
        self, request: HttpRequest, view: View, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        if not getattr(view, "login_required", True):
            return None
        sessions.whose(request)
        if request.user.is_authenticated:
            if getattr(view, "is_activity", True):
                now = timezone.now()
                sessions.touch(request.session, now=now, by_itself=by_itself(request))
            return None
        response = super().process_view(request, view, args, kwargs)
        if isinstance(response, HttpResponseRedirect):
            kept.divert(response, response.url)
        return response


class KeptMiddleware:
    """Carries what was posted past signing in; accounts.kept says how it is sealed."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method != "POST" or by_itself(request):
            return response
        if url := getattr(response, "ask_first", ""):
            return self._ask(request, response, url)
        if isinstance(response, HttpResponseRedirect) and request.path.startswith(
            kept.ACCOUNT_PAGES
        ):
            sealed = request.POST.get(kept.FIELD, "")
            return self._next(request, response, sealed) if sealed else response
        return response

    def _ask(self, request: HttpRequest, response: HttpResponse, url: str) -> HttpResponse:
        """The page that has to come first, with the words of this post in it."""
        person, sealed, too_long = sessions.whose(request), request.POST.get(kept.FIELD, ""), False
        if not person or request.path.startswith(kept.ACCOUNT_PAGES):
            return response
        path = request.get_full_path()
        try:
            sealed = sealed or kept.seal(person, path, request.POST, now=timezone.now())
        except kept.TooLongError:
            too_long = True
        if not sealed and not too_long:
            return response
        if sealed and request.user.is_authenticated and _path(url) == reverse("account_login"):
            return _go_on(request, path, sealed)
        return self._page(request, url, sealed, too_long=too_long)

    def _next(self, request: HttpRequest, response: Any, sealed: str) -> HttpResponse:
        """One step of signing in is done: the words go into the next one, or back to their page."""
        path = _path(response.url)
        if path.startswith(kept.ACCOUNT_PAGES) and path != reverse("account_home"):
            return self._page(request, response.url, sealed)
        if not request.user.is_authenticated:  # away to a provider, for one
            return cast(HttpResponse, response)
        words = kept.unseal(sealed, str(request.user.pk), now=timezone.now())
        if words is None:
            messages.info(
                request,
                _(
                    "What was typed before cannot be opened here: it is older than 15 minutes, "
                    "or it belongs to somebody else."
                ),
            )
            return cast(HttpResponse, response)
        return _go_on(request, words.path, sealed)

    def _page(
        self, request: HttpRequest, url: str, sealed: str, *, too_long: bool = False
    ) -> HttpResponse:
        """Another page of ours, drawn in answer to a post: a redirect would lose the words."""
        parts, asked = urlsplit(url), copy.copy(request)
        asked.method, asked.path, asked.path_info = "GET", parts.path, parts.path
        asked.GET, asked.POST = QueryDict(parts.query), QueryDict()
        asked.META = request.META | {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": parts.path,
            "QUERY_STRING": parts.query,
        }
        asked.carried, asked.too_long = sealed, too_long  # type: ignore[attr-defined]
        response = self.get_response(asked)
        for key in ("CSRF_COOKIE", "CSRF_COOKIE_NEEDS_UPDATE"):
            if key in asked.META:
                request.META[key] = asked.META[key]
        return response


def _path(url: str) -> str:
    parts = urlsplit(url)
    return "" if parts.netloc else parts.path


def _go_on(request: HttpRequest, path: str, sealed: str) -> HttpResponse:
    return render(request, "account/go_on.html", {"path": path, "kept": sealed})


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
        has_one = bool(fresh.factors_of(user))
        page = fresh.page_for(user) if has_one else reverse("mfa_activate_totp")
        asked = request.get_full_path() if request.method == "GET" else ""
        wanted = asked or resolve_url(settings.LOGIN_REDIRECT_URL)
        query = urlencode({REDIRECT_FIELD_NAME: wanted})
        url = f"{page}?{query}" if has_one else page
        return kept.divert(HttpResponseRedirect(url), url)


def has_passed(request: HttpRequest, user: User) -> bool:
    """Whether this session was opened, or confirmed since, with the second factor."""
    return any(step["method"] == "mfa" for step in get_authentication_records(request, user))


def is_needed(user: User, request: HttpRequest | None = None) -> bool:
    answers = needs_second_factor.send(sender=User, user=user, request=request)
    return any(answer for _receiver, answer in answers)


class TermsMiddleware:
    """No page behind signing in before the terms of use have been agreed to."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: View, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        if request.path.startswith(ALWAYS_OPEN) or not getattr(view, "login_required", True):
            return None
        if not request.user.is_authenticated or agreeing.DUE not in request.session:
            return None
        wanted = request.get_full_path()
        url = f"{reverse('account_terms')}?{urlencode({REDIRECT_FIELD_NAME: wanted})}"
        return kept.divert(HttpResponseRedirect(url), url)


class AskingMiddleware:
    """One transaction for each request, and the database knows whose it is.

    Stands where ATOMIC_REQUESTS would wrap the view, so that ``asking`` is the first
    statement of the same transaction; a page is rendered before the transaction ends.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: View, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        words = _brought_back(request)
        if DEFAULT_DB_ALIAS in getattr(view, "_non_atomic_requests", ()):
            return None
        taken = kept.current.set(words)
        try:
            with transaction.atomic():
                asking(request.user if request.user.is_authenticated else None)
                response = view(request, *args, **kwargs)
                if callable(draw := getattr(response, "render", None)):
                    response = draw()
            if words is not None and not words.used:
                return render(request, "account/kept.html", {"words": words})
            return response
        except ImmediateHttpResponse as error:  # Django asks nobody about a view called here
            return cast(HttpResponse, error.response)
        except ReauthenticationRequired:
            return fresh.ask(request)
        except (Http404, PermissionDenied):
            if words is None:
                raise
            return render(request, "account/kept.html", {"words": words})
        finally:
            kept.current.reset(taken)


def _brought_back(request: HttpRequest) -> kept.Words | None:
    """The words that somebody posts after signing in again: their page is shown, not obeyed."""
    if request.method != "POST" or request.path.startswith(ALWAYS_OPEN):
        return None
    sealed = request.POST.get(kept.FIELD, "")
    if not sealed or not request.user.is_authenticated:
        return None
    words = kept.unseal(sealed, str(request.user.pk), now=timezone.now())
    request.method, request.POST = "GET", QueryDict()
    if words is not None:
        note = _("What you wrote is here. It is not saved yet: check it, then save it.")
        messages.info(request, note)
    return words
