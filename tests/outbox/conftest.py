import socket
import uuid
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as email_policy
from typing import Any, ClassVar

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from accounts.models import User
from outbox import post
from outbox.models import Message


class PostOffice:
    """A real mail server that can refuse an address, hang up, or be away."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.messages: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.refused: set[str] = set()
        self.refuse_sender = False
        self.hang_up = False  # takes the message, and is gone before it says so
        self.connections = 0
        self.controller: Controller | None = None

    def open(self) -> None:
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self.controller.start()

    def close(self) -> None:
        if self.controller is not None:
            self.controller.stop()
            self.controller = None

    @property
    def addresses(self) -> list[str]:
        return [str(message["To"]) for message in self.messages]

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, replies: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return replies

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refuse_sender:
            return "550 who are you"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 canary: no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=email_policy)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        self.recipients.append(list(envelope.rcpt_tos))
        if self.hang_up:
            assert server.transport is not None
            server.transport.close()
        return "250 OK"


@pytest.fixture
def post_office(settings: Any) -> Iterator[PostOffice]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        office = PostOffice(probe.getsockname()[1])
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", office.port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    office.open()
    yield office
    office.close()


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create_user("ruth@fellgate.example.org", name="Ruth Adeyemi")


class Case(User):
    """Something with a case and a reference."""

    case_id: ClassVar[uuid.UUID] = uuid.UUID(int=7)

    class Meta:
        proxy = True
        app_label = "outbox_tests"


Write = Callable[..., Message]


@pytest.fixture
def write(db: None) -> Write:
    """Write a message; only what matters to the test is said."""

    def write(to: User | str = "ruth@fellgate.example.org", **said: Any) -> Message:
        sentences = {
            "kind": "referral.check",
            "subject": "A concern to check",
            "what": "A colleague asks you to check a concern.",
            "why": "You are a safeguarding lead of the agency.",
            "path": "/referrals/abc/",
            "key": uuid.uuid4().hex,
        }
        message = post.send(to, **(sentences | said))
        assert message is not None
        return message

    return write
