"""Reads the notice of a mail server that a message could not be delivered (RFC 3464).

It comes from outside and may hold anything. Nothing of it is kept but which message of ours it
names: that name was made by chance and is known only to who had the message.
"""

import re
from collections.abc import Iterator
from email import message_from_bytes, message_from_string
from email.message import Message as Mail
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings

LONGEST = 1_000_000  # bytes; notices bring the message along, and ours are short
OURS = re.compile(r"<?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@([^\s<>@]+)>?")


def named_by(words: str) -> UUID | None:
    """The message whose Message-ID this is, with or without its brackets."""
    found = OURS.fullmatch(words.strip().lower())
    here = urlsplit(settings.BASE_URL).hostname or "localhost"
    return UUID(found[1]) if found and found[2] == here else None


def undelivered(notice: bytes) -> UUID | None:
    """The message of ours that a notice says was given up; ``None`` if it says no such thing."""
    try:
        mail = message_from_bytes(notice[:LONGEST])
        if mail.get_content_type() != "multipart/report" or not _failed(mail):
            return None
        return next((found for words in _names(mail) if (found := named_by(words))), None)
    except Exception:
        # The parser has many ways to stumble over what is made for that. It is no notice then.
        return None


def _failed(mail: Mail) -> bool:
    """Whether the server has ended its attempts; "delayed" is told by the same kind of mail."""
    reports = [part for part in mail.walk() if part.get_content_type() == "message/delivery-status"]
    return any(
        str(block.get("Action", "")).strip().lower() == "failed"
        for report in reports
        for block in report.walk()
    )


def _names(mail: Mail) -> Iterator[str]:
    """Message-IDs in the returned message, whole or its headers alone; then what it answers."""
    for part in mail.walk():
        if part.get_content_type() == "text/rfc822-headers":
            payload = part.get_payload(decode=True)
            words = payload.decode("ascii", "replace") if isinstance(payload, bytes) else ""
            yield str(message_from_string(words).get("Message-ID", ""))
        elif part is not mail:
            yield str(part.get("Message-ID", ""))
    yield str(mail.get("In-Reply-To", ""))
