"""An e-mailed code to confirm who is there, for accounts that have neither password nor factor."""

from collections.abc import MutableMapping
from datetime import datetime, timedelta
from typing import Any

from allauth.account.adapter import get_adapter
from django.utils.crypto import constant_time_compare

from accounts.models import User

SENT = "portal.again"
LIFE = timedelta(minutes=15)
TRIES = 5


def send(session: MutableMapping[str, Any], user: User, *, now: datetime) -> None:
    """Send a code to the person and remember, in this session, what it must be.

    Raises:
        MailNotSentError: the mail server did not take it.
    """
    code = get_adapter().generate_login_code()
    minutes = int(LIFE.total_seconds()) // 60
    get_adapter().send_mail(
        "account/email/login_code", user.email, {"code": code, "minutes": minutes}
    )
    session[SENT] = {"code": code, "at": now.timestamp(), "tries": 0}


def is_waiting(session: MutableMapping[str, Any], *, now: datetime) -> bool:
    """Whether a code is on its way that would still be taken."""
    sent: dict[str, Any] = session.get(SENT) or {}
    return bool(sent) and now.timestamp() - sent["at"] < LIFE.total_seconds()


def takes(session: MutableMapping[str, Any], typed: str, *, now: datetime) -> bool:
    """Whether it is the code that was sent. It works once; five wrong ones end it."""
    if not is_waiting(session, now=now):
        return False
    sent: dict[str, Any] = session[SENT]
    digits = "".join(sign for sign in typed if sign.isalnum())
    right = constant_time_compare(digits, "".join(filter(str.isalnum, sent["code"])))
    if right or sent["tries"] + 1 >= TRIES:
        del session[SENT]
    else:
        session[SENT] = sent | {"tries": sent["tries"] + 1}
    return right
