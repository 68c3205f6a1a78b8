import datetime
import uuid

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit import events
from audit.models import AuditEvent
from outbox import post
from outbox.models import Message
from outbox.sending import send_due
from tests.outbox.conftest import Case

pytestmark = pytest.mark.django_db


def test_a_message_says_what_why_by_when_and_where(write, person, settings):
    settings.BASE_URL = "https://prevent.example.org"
    message = write(
        person, by_when="By Thursday 26 November, 5pm.", reference="NY-2026-0042", about=person
    )
    assert message.to_address == person.email
    assert message.to_person == person
    assert message.subject == "A concern to check (NY-2026-0042)"
    assert (message.about_type, message.about_id, message.case) == (
        "accounts.user",
        str(person.pk),
        "",
    )
    assert message.text.splitlines()[:10] == [
        "A colleague asks you to check a concern.",
        "By Thursday 26 November, 5pm.",
        "",
        "Sign in to read it:",
        "https://prevent.example.org/referrals/abc/",
        "",
        "Reference: NY-2026-0042",
        "",
        "Why this comes to you:",
        "You are a safeguarding lead of the agency.",
    ]
    assert "whom to ring" in message.text
    assert person.name not in message.text
    assert message.message_id == f"<{message.pk}@prevent.example.org>"


def test_a_message_without_a_time_or_reference_leaves_no_hole(write):
    text = write().text
    assert "\n\n\n" not in text
    assert "Reference" not in text
    assert text.startswith("A colleague asks you to check a concern.\n\nSign in")


def test_a_message_about_a_case_knows_it(write, person):
    message = write(about=Case(pk=person.pk))
    assert message.case_id == uuid.UUID(int=7)


def test_a_key_is_written_once(write, django_assert_num_queries):
    assert write(key="k1").pk
    with django_assert_num_queries(2):
        again = post.send(
            "other@example.org", kind="x", subject="s", what="w", why="w", path="/", key="k1"
        )
    assert again is None
    assert Message.objects.count() == 1


def test_an_undone_transaction_leaves_no_message_and_no_event(write):
    with transaction.atomic():
        write()
        events.record("referral.check", by=None)
        transaction.set_rollback(True)
    assert not Message.objects.exists()
    assert not AuditEvent.objects.exists()


def test_markup_is_not_escaped_in_plain_text(write):
    assert "the lead’s & the school's <view>" in write(what="the lead’s & the school's <view>").text


BREAKS = ["\r\nBcc: all@example.org", "\nBcc: all@example.org", "\r", "\x00", "\u2028Bcc: a@b.org"]


@pytest.mark.parametrize("said", ["subject", "what", "why", "by_when"])
@pytest.mark.parametrize("sign", BREAKS)
def test_a_line_break_in_a_sentence_starts_no_header(write, post_office, said, sign):
    write(**{said: f"Before{sign}"})
    assert send_due(timezone.now()) == 1
    (message,) = post_office.messages
    assert message["Bcc"] is None
    assert set(message.keys()) == {
        "Content-Type",
        "MIME-Version",
        "Content-Transfer-Encoding",
        "Subject",
        "From",
        "To",
        "Date",
        "Message-ID",
        "Auto-Submitted",
    }
    assert post_office.recipients == [["ruth@fellgate.example.org"]]


@pytest.mark.parametrize("sign", [*BREAKS, ", all@example.org", "<a@b.org>"])
def test_an_address_is_one_address(write, sign):
    with pytest.raises(ValueError):
        write(f"ruth@fellgate.example.org{sign}x")


@pytest.mark.parametrize(
    "said",
    [
        {"reference": "NY-2026-0042\nBcc: a@b.org"},
        {"reference": "Aisha K."},
        {"path": "https://elsewhere.example.org/"},
        {"path": "//elsewhere.example.org/"},
        {"path": "referrals/"},
        {"path": "/a\nBcc: a@b.org"},
        {"path": "/a b"},
        {"path": "/a\\b"},
    ],
)
def test_a_reference_and_a_path_have_their_form(write, said):
    with pytest.raises(ValueError):
        write(**said)
    assert not Message.objects.exists()


def test_a_later_moment_is_kept(write, post_office):
    now = timezone.now()
    later = now + datetime.timedelta(days=3)
    write(at=later)
    assert send_due(now) == 0
    assert send_due(later) == 1


def test_cancelling_stops_what_has_not_gone(write, post_office):
    write(key="draft:7:1")
    now = timezone.now()
    assert send_due(now) == 1
    write(key="draft:7:5", at=now + datetime.timedelta(days=5))
    write(key="draft:7:20", at=now + datetime.timedelta(days=20))
    write(key="draft:77:5", at=now + datetime.timedelta(days=5))
    write(key="draft%7:5", at=now + datetime.timedelta(days=5))
    assert post.cancel("draft:7:") == 2
    assert post.cancel("draft:7:") == 0
    assert post.cancel("draft%") == 1
    assert send_due(now + datetime.timedelta(days=30)) == 1
    assert len(post_office.messages) == 2


def test_one_message_has_one_recipient(write, post_office, person):
    for name in ("a", "b", "c"):
        write(User.objects.create_user(f"{name}@example.org", name=name))
    assert send_due(timezone.now()) == 3
    assert sorted(post_office.recipients) == [[f"{name}@example.org"] for name in "abc"]
    assert all(message["Cc"] is message["Bcc"] is None for message in post_office.messages)
