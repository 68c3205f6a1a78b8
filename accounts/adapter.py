"""allauth in the portal's words: what it says, what it sends, how it keeps secrets."""

from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _said
from django.utils.translation import gettext_lazy as _

from accounts import fresh, sessions
from accounts.fresh import SECOND_FACTORS
from accounts.middleware import is_needed
from accounts.sealing import sealer


class MailNotSentError(Exception):
    """The mail server did not take a message that somebody is waiting for."""


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": _("This account has been closed. Ask your agency’s administrator."),
        "email_password_mismatch": _(
            "The address and the password do not belong together. Try again, or use a code."
        ),
        "enter_current_password": _("Write the password that you use now."),
        "incorrect_code": _("Check the code: it is not the one we sent."),
        "incorrect_password": _("Check the password: it is not the one you use now."),
        "rate_limited": _("Wait a minute, then try again."),
        "too_many_login_attempts": _("Wait five minutes, then try again."),
    }

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send at once, not through the outbox: somebody is waiting for it in front of a page.

        Raises:
            MailNotSentError: the mail server could not be reached, or refused.
        """
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException) as error:
            raise MailNotSentError from error

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Nothing is waited for here, so a deaf mail server may not undo what was done."""
        try:
            super().send_notification_mail(*args, **kwargs)
        except MailNotSentError:
            return

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False  # an account is made by proving an address; see accounts.codes

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """A closed account is answered like a wrong password: only its mail says that it is."""
        user = super().authenticate(request, **credentials)
        return user if user and user.is_active else None

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Counted by account and source together, so that no stranger shuts a person out."""
        return f"{credentials.get('email', '').lower()}:{self.get_client_ip(request)}"

    def get_login_stages(self) -> list[str]:
        ours = {"allauth.mfa.stages.AuthenticateStage": "accounts.providers.SecondFactorStage"}
        return [ours.get(stage, stage) for stage in super().get_login_stages()]

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        return not fresh.is_fresh(context.request, now=timezone.now())

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Who has a second factor confirms with it: a password alone would not do."""
        found = super().get_reauthentication_methods(user)
        strong = [way for way in found if way["id"].startswith("mfa_")]
        code = {"id": "code", "url": reverse("account_reauthenticate_code")}
        return strong or found or [code | {"description": _("A code by e-mail")}]

    def logout(self, request: HttpRequest) -> None:
        """Words typed in another window of this browser are still their author's."""
        person = request.user.pk
        super().logout(request)
        if person:
            request.session.update(sessions.left_behind(str(person)))

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account_home")


class MFAAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("Check the code, or wait for the next one. Each works once."),
        "cannot_delete_authenticator": _(
            "You read other people’s records, so the second step stays on."
        ),
    }

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Who needs a second factor keeps one; of two, either may go."""
        held = Authenticator.objects.filter(user=authenticator.user, type__in=SECOND_FACTORS)
        others = held.exclude(pk=authenticator.pk)
        return others.exists() or not is_needed(authenticator.user)

    def generate_authenticator_name(self, user: AbstractBaseUser, type: str) -> str:
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return _said("Passkey %(number)s") % {"number": number}

    def get_totp_label(self, user: AbstractBaseUser) -> str:
        return str(user.get_username())

    def encrypt(self, text: str) -> str:
        return sealer("accounts.second-factor").encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return sealer("accounts.second-factor").decrypt(encrypted_text.encode()).decode()
