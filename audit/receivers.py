"""Signing in and out, passwords and second factors, told by Django and allauth."""

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import Signal, receiver
from django.utils.crypto import salted_hmac

from accounts.models import User
from accounts.signals import terms_accepted
from audit import events


@receiver(user_login_failed, dispatch_uid="audit.sign_in_refused")
def sign_in_refused(sender: Any, credentials: dict[str, Any], **kwargs: Any) -> None:
    """Nobody is named: what was typed may be anything, a password in the wrong box for one."""
    typed = str(credentials.get("email") or credentials.get("username") or "")
    # The same address gives the same mark, so that repeated trying shows.
    mark = salted_hmac("audit.sign_in", typed.strip().casefold(), algorithm="sha256").hexdigest()
    events.record("account.sign_in_refused", by=None, address=mark[:32] if typed else "")


def _listen(signal: Signal, kind: str, *, signed_in: bool = True) -> None:
    """Record ``kind`` about the user of ``signal``; ``by`` nobody if they have yet to sign in."""

    def note(sender: Any, user: User | None = None, **kwargs: Any) -> None:
        if user is None:  # signed out of a session that had ended
            return
        factor = getattr(kwargs.get("authenticator"), "type", None)
        detail = {"factor": str(factor)} if factor else {}
        events.record(kind, user, by=user if signed_in else None, **detail)

    signal.connect(note, weak=False, dispatch_uid=f"audit.{kind}")


_listen(user_logged_in, "account.signed_in")
_listen(user_logged_out, "account.signed_out")
_listen(account.login_code_rejected, "account.code_refused", signed_in=False)
_listen(account.password_set, "account.password_set")
_listen(account.password_changed, "account.password_changed")
_listen(account.password_reset, "account.password_reset", signed_in=False)
_listen(account.email_changed, "account.email_changed")
_listen(mfa.authenticator_added, "account.factor_added")
_listen(mfa.authenticator_removed, "account.factor_removed")
_listen(mfa.authenticator_reset, "account.factor_renewed")
_listen(mfa.authentication_failed, "account.factor_refused", signed_in=False)


@receiver(terms_accepted, dispatch_uid="audit.terms_accepted")
def note_terms(sender: Any, user: User, version: int, **kwargs: Any) -> None:
    events.record("account.terms_accepted", user, by=user, version=version)
