"""Mail that comes back after the server took it (row N10). Notices come from outside."""

import io
import random
import sys
from email.message import EmailMessage

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from audit.models import AuditEvent
from outbox import returned, sending
from outbox.models import RETURNED, Message

pytestmark = pytest.mark.django_db

NOTICE = """\
From: MAILER-DAEMON@mx.example.org
To: portal@example.org
Subject: Undelivered Mail Returned to Sender
In-Reply-To: {answers}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

canary: no such mailbox

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; ruth@fellgate.example.org
Action: {action}
Status: 5.1.1

--b
Content-Type: {kind}

Subject: A concern to check
Message-ID: {name}

--b--
"""


def notice(message, *, action="failed", kind="message/rfc822", name=None, answers=""):
    name = message.message_id if name is None else name
    return NOTICE.format(action=action, kind=kind, name=name, answers=answers).encode()


@pytest.fixture
def sent(write, person, mailoutbox):
    message = write(person)
    sending.send_due(timezone.now())
    message.refresh_from_db()
    assert message.sent_at
    return message


@pytest.fixture
def note(monkeypatch, capsys):
    def note(raw=b"", **options):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
        call_command("note_bounce", **options)
        return capsys.readouterr().out.strip()

    return note


def is_parked(message):
    return Message.objects.parked().filter(pk=message.pk, last_error=RETURNED).exists()


@pytest.mark.parametrize("kind", ["message/rfc822", "text/rfc822-headers"])
def test_a_notice_parks_what_came_back_once(sent, note, kind):
    assert note(notice(sent, kind=kind)) == f"noted {sent.pk}"
    assert is_parked(sent)
    assert note(notice(sent, kind=kind)) == "nothing to note"
    assert AuditEvent.objects.filter(kind="mail.returned", subject_id=str(sent.pk)).count() == 1
    sending.try_again(timezone.now(), by=None)
    sending.send_due(timezone.now())
    sent.refresh_from_db()
    assert sent.sent_at
    assert not is_parked(sent)


def test_a_notice_that_leaves_the_message_out_may_answer_it(sent, note):
    assert note(notice(sent, name="", answers=sent.message_id)) == f"noted {sent.pk}"


def test_an_operator_may_say_which(sent, note):
    assert note(message_id=sent.message_id.strip("<>")) == f"noted {sent.pk}"
    assert is_parked(sent)


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded", "", "failed?"])
def test_what_is_not_given_up_is_left_alone(sent, note, action):
    assert note(notice(sent, action=action)) == "no e-mail of this portal"
    assert not is_parked(sent)


def test_other_mail_is_left_alone(sent, note):
    away = EmailMessage()
    away["In-Reply-To"] = sent.message_id
    away.set_content("I am away until Monday.")
    for raw in (
        away.as_bytes(),
        notice(sent, name=f"<{sent.pk}@elsewhere.example.org>"),
        notice(sent, name="<canary@testserver>"),
        b"",
    ):
        assert note(raw) == "no e-mail of this portal"
    assert note(message_id="'; DROP TABLE outbox_message") == "no e-mail of this portal"
    unknown = sent.message_id.replace(str(sent.pk), "00000000-0000-4000-8000-000000000000")
    assert note(message_id=unknown) == "nothing to note"
    assert not is_parked(sent)


def test_what_was_not_sent_or_is_emptied_is_left_alone(sent, write, note):
    waiting = write()
    assert note(notice(waiting)) == "nothing to note"
    Message.objects.filter(pk=sent.pk).update(body="", to_address="")
    assert note(notice(sent)) == "nothing to note"


def test_nothing_that_comes_in_makes_it_stumble(sent):
    whole = notice(sent)
    chance = random.Random(7)  # noqa: S311 - the same notices each time
    for _turn in range(300):
        raw = bytearray(whole)
        for _hit in range(chance.randrange(1, 40)):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        returned.undelivered(bytes(raw[: chance.randrange(len(raw) + 1)]))
    deep = b"".join(
        b"Content-Type: multipart/report; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000)
    )
    for made in (deep, b"\x00" * 5000, b"Content-Type: multipart/report\n\n" + b"-" * 100_000):
        assert returned.undelivered(made) is None


def test_a_database_that_is_away_lets_the_mail_server_come_again(sent, note, monkeypatch):
    from django.db import OperationalError

    def away(*args):
        raise OperationalError("canary")

    monkeypatch.setattr(sending, "note_returned", away)
    with pytest.raises(CommandError) as fault:
        note(notice(sent))
    assert fault.value.returncode == 75
    assert "canary" not in str(fault.value)
