"""Sends what is due, one message and one transaction at a time.

A message is taken with its row locked, handed to the mail server and marked as sent before the
lock is let go, so two senders never send one twice. One window remains: the server has accepted,
and the process or the database dies before the mark is kept. The message is then sent again with
the same Message-ID, by which servers and readers know it; losing it would be worse.

A message that the server refuses waits longer each time and is parked after eight attempts. It
holds up no others, but later messages about the same case to the same person, so that nobody reads
an answer before the question. If the server itself cannot be reached, or does not take our sender,
the round ends there and the whole outbox waits; nothing is parked, however long that is.

What is parked waits for a person, who lets it be tried again or gives it up.
"""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce

from accounts.database import asking
from accounts.models import User
from audit import events
from outbox.models import RETURNED, Message

BACK_OFF_MINUTES = [1, 5, 15, 60, 120, 240, 480]
ATTEMPTS = len(BACK_OFF_MINUTES) + 1
# While the server is away a message keeps most of its attempts, and none waits longer than 15
# minutes after the server is back.
ATTEMPTS_AWAY = 3

logger = logging.getLogger("outbox")


class ServerAwayError(Exception):
    """No message can be sent now; the cause is its ``__cause__``."""


def send_due(now: datetime, limit: int = 50, stopping: Callable[[], bool] = lambda: False) -> int:
    """Send what is due, the oldest first.

    Args:
        now: the moment that counts as now.
        limit: how many messages to try at most, so that other work gets its turn.
        stopping: asked before each message; from then on no other is begun.
    Returns:
        How many the mail server accepted.
    """
    server = get_connection()
    sent = 0
    try:
        for _turn in range(limit):
            if stopping():
                break
            accepted = _try_next(server, now)
            if accepted is None:
                break
            sent += accepted
    except ServerAwayError as away:
        logger.error("The mail server cannot be used: %s", type(away.__cause__).__name__)
    finally:
        _close(server)
    return sent


def _try_next(server: BaseEmailBackend, now: datetime) -> bool | None:
    """Whether the next message was accepted; ``None`` if none is due."""
    away: Exception | None = None
    with transaction.atomic():
        asking(None)
        due = Message.objects.due(now)
        message = due.select_for_update(skip_locked=True, of=("self",)).first()
        if message is None:
            return None
        message.attempts += 1
        try:
            _hand_over(server, message)
        except ServerAwayError as fault:
            away = fault
            _wait_for_server(message, fault, now)
        except Exception as fault:
            # Whatever it is, it is this message's: the next one gets a new connection.
            _close(server)
            _wait_or_park(message, fault, now)
        else:
            _mark_sent(message, now)
    if away is not None:
        raise away
    return message.sent_at is not None


def _hand_over(server: BaseEmailBackend, message: Message) -> None:
    try:
        server.open()
    except Exception as fault:
        raise ServerAwayError from fault
    headers = {"Message-ID": message.message_id, "Auto-Submitted": "auto-generated"}
    if message.stop_path:  # a mail program offers it as its own button (RFC 8058)
        headers["List-Unsubscribe"] = f"<{message.stop_address}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail = EmailMessage(
        subject=message.subject,
        body=message.text,
        to=[message.to_address],
        headers=headers,
        connection=server,
    )
    try:
        mail.send()
    except smtplib.SMTPSenderRefused as fault:  # our own address, the same for every message
        raise ServerAwayError from fault


def _mark_sent(message: Message, now: datetime) -> None:
    message.sent_at = now
    message.last_error = ""
    message.save(update_fields=["sent_at", "attempts", "last_error"])
    events.record("mail.sent", message, by=None, mail=message.kind)


def _wait_or_park(message: Message, fault: Exception, now: datetime) -> None:
    message.last_error = type(fault).__name__
    if message.attempts >= ATTEMPTS:
        message.parked_at = now
        events.record("mail.parked", message, by=None, mail=message.kind, fault=message.last_error)
        logger.error("Message %s is parked: %s", message.pk, message.last_error)
    else:
        message.next_try_at = now + timedelta(minutes=BACK_OFF_MINUTES[message.attempts - 1])
    message.save(update_fields=["attempts", "next_try_at", "parked_at", "last_error"])


def _wait_for_server(message: Message, away: ServerAwayError, now: datetime) -> None:
    message.attempts = min(message.attempts, ATTEMPTS_AWAY)
    message.last_error = type(away.__cause__).__name__
    message.next_try_at = now + timedelta(minutes=BACK_OFF_MINUTES[message.attempts - 1])
    message.save(update_fields=["attempts", "next_try_at", "last_error"])
    # The others would meet the same closed door, one connection each.
    others = Message.objects.waiting().filter(next_try_at__lt=message.next_try_at)
    held = others.filter(send_after__lte=now).select_for_update(skip_locked=True)
    Message.objects.filter(pk__in=list(held.values_list("pk", flat=True))).update(
        next_try_at=message.next_try_at
    )


def _close(server: BaseEmailBackend) -> None:
    try:
        server.close()
    except OSError as fault:  # it is gone already
        logger.debug("Closing the connection: %s", type(fault).__name__)


# --- What a person does about parked messages --------------------------------------------------
@transaction.atomic
def try_again(now: datetime, *, by: User | None, only: UUID | None = None) -> int:
    """Let parked messages be tried again, to the address that the account has today.

    Args:
        now: the moment of their next attempt.
        by: who wants it; ``None`` is somebody at the server.
        only: this one; all of them if absent.
    Returns:
        How many wait again.
    """
    parked = Message.objects.parked()
    if only is not None:
        parked = parked.filter(pk=only)
    found = list(parked.select_for_update(of=("self",)))
    if not found:
        return 0
    address = User.objects.filter(pk=OuterRef("to_person")).values("email")
    Message.objects.filter(pk__in=[each.pk for each in found]).update(
        parked_at=None,
        attempts=0,
        next_try_at=now,
        to_address=Coalesce(Subquery(address), F("to_address")),
    )
    for message in found:
        events.record("mail.retried", message, by=by, mail=message.kind)
    return len(found)


@transaction.atomic
def give_up(pk: UUID, now: datetime, *, by: User) -> bool:
    """End a parked message for good; ``False`` if it is no longer parked."""
    message = Message.objects.parked().filter(pk=pk).select_for_update(of=("self",)).first()
    if message is None:
        return False
    message.cancelled_at = now
    message.save(update_fields=["cancelled_at"])
    events.record("mail.given_up", message, by=by, mail=message.kind, fault=message.last_error)
    return True


@transaction.atomic
def note_returned(pk: UUID, now: datetime) -> bool:
    """Park a message that was sent and came back.

    Returns:
        ``False`` if there is none, it is parked already, or it was emptied long ago.
    """
    asking(None)
    sent = Message.objects.filter(pk=pk, sent_at__isnull=False).exclude(body="")
    message = sent.select_for_update(of=("self",)).first()
    if message is None:
        return False
    message.sent_at, message.parked_at, message.last_error = None, now, RETURNED
    message.save(update_fields=["sent_at", "parked_at", "last_error"])
    events.record("mail.returned", message, by=None, mail=message.kind)
    logger.error("Message %s came back", message.pk)
    return True
