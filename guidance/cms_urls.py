"""The back office: Wagtail's own addresses, entered by the portal's door only.

Every request is checked against today's roles, so that losing one acts on the next request.
Wagtail's sign-in and password pages know nothing of the second factor: they lead to ours.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponseBase, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import URLPattern, URLResolver, path, re_path
from wagtail.admin.urls import urlpatterns as wagtail_urlpatterns
from wagtail.utils.urlpatterns import decorate_urlpatterns

from accounts.http import SignedInRequest
from accounts.views import to_sign_in
from guidance import access

View = Callable[..., HttpResponseBase]


def for_the_office(view: View) -> View:
    """Let in only who holds a role of the back office at this moment."""

    @wraps(view)
    def entered(request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not access.sync(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return entered


def sign_out(request: SignedInRequest) -> HttpResponseBase:
    """To the portal's sign-out; a POST stays a POST, so that one press is enough."""
    answer = HttpResponseRedirect(resolve_url("account_logout"))
    if request.method == "POST":
        answer.status_code = 307
    return answer


def account(request: SignedInRequest) -> HttpResponseBase:
    """A person's name and sign-in are kept in one place, and pictures of people nowhere."""
    return HttpResponseRedirect(resolve_url("account_home"))


urlpatterns: list[URLPattern | URLResolver] = [
    path("login/", to_sign_in, name="wagtailadmin_login"),
    re_path(r"^password_reset/", to_sign_in),
    path("logout/", sign_out, name="wagtailadmin_logout"),
    path("account/", account, name="wagtailadmin_account"),
    *decorate_urlpatterns(wagtail_urlpatterns, for_the_office),
]
