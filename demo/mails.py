"""The mails of the demonstration: those of the outbox, and those sent at once, such as codes."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path

from django.conf import settings

from outbox.models import Message

MOST = 200


@dataclass(frozen=True)
class Mail:
    at: datetime
    to: str
    subject: str
    text: str


def sent() -> list[Mail]:
    """Newest first, each once."""
    from_outbox = [
        Mail(message.sent_at, message.to_address, message.subject, message.text)
        for message in Message.objects.filter(sent_at__isnull=False).order_by("-sent_at")[:MOST]
        if message.sent_at is not None
    ]
    return sorted([*from_outbox, *_sent_at_once()], key=lambda mail: mail.at, reverse=True)


def _sent_at_once() -> list[Mail]:
    """What went round the outbox, from the files that the mail backend writes."""
    folder = Path(getattr(settings, "EMAIL_FILE_PATH", None) or "/nowhere")
    if not folder.is_dir():
        return []
    files = sorted(folder.iterdir(), key=lambda path: path.name, reverse=True)[:MOST]
    return [mail for path in files for mail in _read(path)]


def _read(path: Path) -> list[Mail]:
    found = []
    for part in path.read_bytes().split(b"\n" + b"-" * 79 + b"\n"):
        if not part.strip():
            continue
        message = message_from_bytes(part, policy=default)
        body = message.get_body(("plain",)) if isinstance(message, EmailMessage) else None
        of_outbox = message["Auto-Submitted"] is not None  # those are shown from its own rows
        if body is None or of_outbox or not message["Date"]:
            continue
        found.append(
            Mail(
                at=parsedate_to_datetime(str(message["Date"])).replace(tzinfo=UTC),  # "-0000"
                to=str(message["To"]),
                subject=str(message["Subject"]),
                text=str(body.get_content()),
            )
        )
    return found
