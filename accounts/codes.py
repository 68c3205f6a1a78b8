"""Signing in with an e-mailed code: the same page, mail and time for a known and a new address.

The account of a new address is made when its code comes back, so nobody can learn who has
one, and no row is left by an address that was never read.
"""

from typing import Any, Self

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.account.models import EmailAddress, Login
from allauth.account.signals import user_signed_up
from allauth.account.stages import LoginByCodeStage, LoginStageController
from django.http import HttpRequest, HttpResponse

from accounts.models import User


class CodeProcess(LoginCodeVerificationProcess):
    @classmethod
    def start(cls, request: HttpRequest, email: str) -> Self:
        """Send a code to the address and remember, in this session, what it must be.

        Raises:
            MailNotSentError: the mail server did not take it.
        """
        user = User.known_by(email)
        login = Login(user=user, email=email)
        login.state["stages"] = {"current": LoginByCodeStage.key}
        stage = LoginByCodeStage(LoginStageController(request, login), request, login)
        stage.state.update(cls.initial_state(user=user, email=email), initiated_by_user=True)
        process = cls(stage=stage)
        process.send()
        process.persist()
        return process

    def send_by_email(self, email: str, skip_enumeration_mails: bool = False) -> None:
        context = {"code": self.generate_code(), "minutes": self.timeout // 60}
        get_adapter().send_mail("account/email/login_code", email, context)

    def finish(self, redirect_url: str | None) -> HttpResponse:
        if self.user is None:
            self._user = _make_account(self.request, self.state["email"])
        note_verified(self.user)
        answer: HttpResponse = super().finish(redirect_url)
        return answer


def _make_account(request: HttpRequest, email: str) -> User:
    if known := User.known_by(email):  # made in another window since the code was sent
        return known
    user = User.objects.create_user(email)
    user_signed_up.send(sender=User, request=request, user=user)
    return user


def note_verified(user: Any) -> None:
    EmailAddress.objects.update_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )
