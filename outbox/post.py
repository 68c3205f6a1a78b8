"""``send()``: write a message with the act it tells of. Nothing is sent here."""

from __future__ import annotations

import re
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models, transaction
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.models import User
from outbox.models import EMPTIED, LINK, STOP, Message

PATH = re.compile(r"/(?!/)[^\s\\<>\"\x00-\x1f\x7f]*")  # on this site, and one word
REFERENCE = re.compile(r"[A-Z0-9-]*")


def send(
    to: User | str,
    *,
    kind: str,
    subject: str,
    what: str,
    why: str,
    by_when: str = "",
    path: str,
    key: str,
    about: models.Model | None = None,
    reference: str = "",
    at: datetime | None = None,
    sign_in: bool = True,
    stop: str = "",
) -> Message | None:
    """Write a message in the current transaction: it is sent if the transaction is kept.

    Args:
        to: one person, or an address.
        kind: what it is about, for people who look after the outbox.
        subject, what, why, by_when: constant sentences: what there is to do, why this person,
            by when. No name, no category, no words of a case.
        path: the page to open, from the root of this site; the link is made when it is sent.
        key: one message for each key; a second one is not written.
        about: the record; messages about one case reach a person in the order they were written.
        reference: what people quote; it stands in the subject.
        at: not before this moment; now if absent.
        sign_in: whether the page is one for people with an account.
        stop: the page that ends these mails with one press, of mails that somebody asked for.
    Returns:
        The message, or ``None`` if there is one with this key already.
    Raises:
        ValueError: ``to`` is no e-mail address, ``path`` or ``stop`` no page of ours,
            ``reference`` no reference.
    """
    if not PATH.fullmatch(path) or (stop and not PATH.fullmatch(stop)):
        raise ValueError("the path is not an address on this site")
    if not REFERENCE.fullmatch(reference):
        raise ValueError("the reference holds more than capitals, figures and hyphens")
    subject = _line(subject)
    body = render_to_string(
        "outbox/message.txt",
        {
            "what": _line(what),
            "why": _line(why),
            "by_when": _line(by_when),
            "link": LINK,
            "sign_in": sign_in,
            "stop": STOP if stop else "",
            "reference": reference,
        },
    )
    case = getattr(about, "case_id", None)
    when = at or timezone.now()
    message = Message(
        key=key,
        to_address=_address(to),
        to_person=to if isinstance(to, User) else None,
        kind=kind,
        subject=f"{subject} ({reference})" if reference else subject,
        body=body.strip() + "\n",
        path=path,
        stop_path=stop,
        about_type=about._meta.label_lower if about else "",
        about_id=str(about.pk) if about else "",
        case=str(case) if isinstance(case, UUID) else "",
        reference=reference,
        send_after=when,
        next_try_at=when,
    )
    Message.objects.bulk_create([message], ignore_conflicts=True)
    return Message.objects.filter(pk=message.pk).first()


@transaction.atomic
def cancel(key_prefix: str) -> int:
    """Stop every message whose key begins so and that has not gone: reminders of what is done.

    One that is on its way to the mail server at this moment is not waited for; it goes.

    Returns:
        How many will not be sent.
    """
    unsent = Message.objects.filter(
        key__startswith=key_prefix, sent_at__isnull=True, cancelled_at__isnull=True
    )
    found = list(unsent.select_for_update(skip_locked=True).values_list("pk", flat=True))
    if not found:
        return 0
    return Message.objects.filter(pk__in=found).update(cancelled_at=timezone.now())


@transaction.atomic
def cancel_for(person: User, *, about: models.Model) -> int:
    """Stop what is not sent yet to one person about one case: they may no longer hear of it."""
    unsent = Message.objects.filter(
        to_person=person,
        about_id=str(about.pk),
        about_type=about._meta.label_lower,
        sent_at__isnull=True,
        cancelled_at__isnull=True,
    )
    found = list(unsent.select_for_update(skip_locked=True).values_list("pk", flat=True))
    return Message.objects.filter(pk__in=found).update(cancelled_at=timezone.now())


@transaction.atomic
def empty(case: UUID) -> int:
    """Stop what is not sent about a case, and take out of all of it what was told to whom.

    The rows stay with their keys alone, as those of old messages do.
    """
    about = Message.objects.filter(case=str(case))
    about.filter(sent_at__isnull=True, cancelled_at__isnull=True).update(
        cancelled_at=timezone.now()
    )
    return about.update(**EMPTIED)


def _address(to: User | str) -> str:
    address = to.email if isinstance(to, User) else to.strip()
    try:
        validate_email(address)
    except ValidationError:
        raise ValueError("that is not an e-mail address") from None
    return address


def _line(words: str) -> str:
    """One line without control signs: nothing that is said can begin a header of its own."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in str(words)).split())
