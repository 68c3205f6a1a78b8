"""What happens to a session when somebody signs in or changes how they do."""

from typing import Any

from allauth.account.signals import authentication_step_completed
from allauth.mfa import signals as mfa
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from accounts import agreeing, sessions
from accounts.models import User


@receiver(user_logged_in, dispatch_uid="accounts.begin")
def begin(sender: Any, request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    if request is None:
        return
    request.session.pop(sessions.WAS, None)
    sessions.begin(request.session, now=timezone.now())
    agreeing.note_due(request.session, user)


@receiver(authentication_step_completed, dispatch_uid="accounts.renew")
def renew(sender: Any, request: HttpRequest, reauthenticated: bool = False, **kwargs: Any) -> None:
    """A session that was just confirmed goes on under another key."""
    if reauthenticated:
        sessions.renew(request)


@receiver(mfa.authenticator_added, dispatch_uid="accounts.factor_added")
@receiver(mfa.authenticator_removed, dispatch_uid="accounts.factor_removed")
@receiver(mfa.authenticator_reset, dispatch_uid="accounts.factor_reset")
def factor_changed(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Who had a session elsewhere signs in again, with the factors as they are now."""
    if request.user.is_authenticated:
        sessions.end_others(request, user)
