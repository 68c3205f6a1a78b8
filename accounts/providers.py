"""Signing in at an agency's own provider (OpenID Connect).

A provider vouches for verified addresses of its own domains, and for nothing else: an account is
found or made by that address, never by what a stranger is signed in as.
"""

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.account.signals import user_signed_up
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.stages import AuthenticateStage
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.openid_connect import views
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from requests import RequestException

from accounts.codes import note_verified
from accounts.models import User


class ProviderAdapter(DefaultSocialAccountAdapter):
    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Decide whose account it is, or turn the visitor away with a sentence."""
        said = sociallogin.account.extra_data
        provider = settings.OIDC_PROVIDERS.get(sociallogin.account.provider)
        address = vouched_for(said, provider.domains) if provider else ""
        if provider is None or not address or sociallogin.state.get("process") != "login":
            raise ImmediateHttpResponse(_refused(request))
        known = sociallogin.user if sociallogin.is_existing else None
        if known is not None and known.email != address:  # the provider gave the name to another
            raise ImmediateHttpResponse(_refused(request))
        if known is None:
            user = User.known_by(address) or _make_account(request, address)
            sociallogin.user = user
            sociallogin.account.user = user
            sociallogin.account.save()
            note_verified(user)
        sociallogin.account.extra_data = {}  # what else it says of a person is not ours to keep
        sociallogin.account.save(update_fields=["extra_data"])
        request.vouched_twice = provider.asked_twice(said.get("id_token") or {})  # type: ignore[attr-defined]

    def on_authentication_error(self, request: HttpRequest, provider: Any, **kwargs: Any) -> None:
        raise ImmediateHttpResponse(_not_reached(request))

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """No mail about what the person has just done on two pages."""


def vouched_for(said: dict[str, Any], domains: frozenset[str]) -> str:
    """The address that a provider has verified and may vouch for; "" if there is none.

    Args:
        said: claims of the ``id_token``, and of ``userinfo`` where it was asked.
    """
    token, person = said.get("id_token") or {}, said.get("userinfo") or {}
    if not token or (person and person.get("sub") != token.get("sub")):
        return ""
    claims = person if "email" in person else token
    address = str(claims.get("email", "")).strip().lower()
    verified = claims.get("email_verified") in (True, "true")
    name, _at, domain = address.rpartition("@")
    return address if verified and name and domain in domains else ""


def _make_account(request: HttpRequest, address: str) -> User:
    user = User.objects.create_user(address)
    user_signed_up.send(sender=User, request=request, user=user)
    return user


def _refused(request: HttpRequest) -> HttpResponse:
    note = _(
        "We cannot sign you in with that account: it has to say that your work address is verified "
        "and belongs to your organisation. Use a code by e-mail."
    )
    messages.error(request, note)
    return redirect("account_login")


def _not_reached(request: HttpRequest) -> HttpResponse:
    note = _("Your organisation’s sign-in did not work. Try again, or use a code by e-mail.")
    messages.error(request, note)
    return redirect("account_login")


class SecondFactorStage(AuthenticateStage):
    """Left out where the provider has asked for a second factor and the setting believes it."""

    def handle(self) -> tuple[Any, bool]:
        if getattr(self.request, "vouched_twice", False):
            return None, True
        answer: tuple[Any, bool] = super().handle()
        return answer


@receiver(user_logged_in, dispatch_uid="accounts.vouched_twice")
def note_second_factor(sender: Any, request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    if getattr(request, "vouched_twice", False):
        record_authentication(request, user, method="mfa", type="provider")


@login_not_required
def sign_in(request: HttpRequest, provider_id: str) -> HttpResponse:
    """To the provider's page; by the button of ours only."""
    if provider_id not in settings.OIDC_PROVIDERS:
        raise Http404
    if request.method != "POST":
        return redirect("account_login")
    try:
        answer: HttpResponse = views.login(request, provider_id)
    except (RequestException, KeyError, ValueError):
        return _not_reached(request)
    return answer


@login_not_required
def come_back(request: HttpRequest, provider_id: str) -> HttpResponse:
    if provider_id not in settings.OIDC_PROVIDERS:
        raise Http404
    try:
        answer: HttpResponse = views.callback(request, provider_id)
    except (KeyError, ValueError):  # what it answered was not what the standard says
        return _not_reached(request)
    return answer
