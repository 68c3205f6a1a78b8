import datetime
import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from audit.models import AuditEvent
from outbox import post, sending
from outbox.models import Message
from outbox.sending import ATTEMPTS, BACK_OFF_MINUTES, send_due
from tests.outbox.conftest import Case

# Later than anything that these tests write, however long the run before them takes.
NOW = timezone.now() + timedelta(hours=6)


@pytest.fixture
def case(person: User) -> Case:
    return Case(pk=person.pk)


def minutes(number: float) -> datetime.timedelta:
    return timedelta(minutes=number)


# --- Sent once --------------------------------------------------------------------------------
def test_a_message_is_sent_and_marked_and_noted(write, post_office, person, case, settings):
    message = write(person, about=case, reference="NY-2026-0042")
    assert send_due(NOW) == 1
    assert send_due(NOW) == 0
    message.refresh_from_db()
    assert message.sent_at == NOW
    assert (message.attempts, message.last_error) == (1, "")
    (mail,) = post_office.messages
    assert mail["To"] == person.email
    assert mail["From"] == settings.DEFAULT_FROM_EMAIL
    assert mail["Subject"] == "A concern to check (NY-2026-0042)"
    assert mail["Message-ID"] == message.message_id
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().replace("\r\n", "\n").strip() == message.text.strip()
    event = AuditEvent.objects.about(case.case_id).get()
    assert (event.kind, event.reference, event.detail) == (
        "mail.sent",
        "NY-2026-0042",
        {"mail": "referral.check"},
    )


def test_a_round_uses_one_connection_and_has_an_end(write, post_office):
    for number in range(7):
        write(f"p{number}@example.org")
    assert send_due(NOW, limit=5) == 5
    assert post_office.connections == 1
    assert send_due(NOW, limit=5) == 2


def test_nothing_to_send_makes_no_connection(db, post_office):
    assert send_due(NOW) == 0
    assert post_office.connections == 0


def test_dying_between_accepted_and_marked_sends_again_under_the_same_id(
    write, post_office, monkeypatch
):
    message = write()

    def die(*args: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(sending, "_mark_sent", die)
        with pytest.raises(SystemExit):
            send_due(NOW)
    message.refresh_from_db()
    assert (message.sent_at, message.attempts) == (None, 0)
    assert send_due(NOW) == 1
    first, second = post_office.messages
    assert first["Message-ID"] == second["Message-ID"] == message.message_id


def test_a_server_that_takes_it_and_hangs_up_gets_the_same_id_again(write, post_office):
    message = write()
    post_office.hang_up = True
    assert send_due(NOW) == 0
    message.refresh_from_db()
    assert (message.sent_at, message.last_error) == (None, "SMTPServerDisconnected")
    post_office.hang_up = False
    assert send_due(NOW + minutes(1)) == 1
    assert len({mail["Message-ID"] for mail in post_office.messages}) == 1


@pytest.mark.django_db(transaction=True)
def test_two_senders_at_once_send_each_message_once(write, post_office):
    case = Case(pk=User.objects.create_user("x@example.org", name="X").pk)
    for number in range(30):
        write(f"p{number % 3}@example.org", about=case, what=f"Number {number:02}.")
    ready = threading.Barrier(4)
    sent: list[int] = []
    faults: list[Exception] = []

    def work() -> None:
        try:
            ready.wait()
            for _round in range(60):
                sent.append(send_due(NOW))
                if not Message.objects.waiting().exists():
                    break
        except Exception as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert sum(sent) == 30
    ids = Counter(str(mail["Message-ID"]) for mail in post_office.messages)
    assert len(ids) == 30
    assert set(ids.values()) == {1}
    for number in range(3):  # each person has read them in the order they were written
        read = [
            mail.get_content().splitlines()[0]
            for mail in post_office.messages
            if mail["To"] == f"p{number}@example.org"
        ]
        assert read == sorted(read)


@pytest.mark.django_db(transaction=True)
def test_cancelling_does_not_wait_for_the_mail_server(write):
    going, staying = write(key="draft:1"), write(key="draft:2")
    taken, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Message.objects.select_for_update().get(pk=going.pk)
            taken.set()
            done.wait(10)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert taken.wait(10)
    assert post.cancel("draft:") == 1
    done.set()
    thread.join()
    staying.refresh_from_db()
    assert staying.cancelled_at is not None


@pytest.mark.django_db(transaction=True)
def test_one_key_written_by_many_at_once_is_one_message():
    results: list[bool] = []
    ready = threading.Barrier(6)

    def act() -> None:
        ready.wait()
        with transaction.atomic():
            message = post.send(
                "a@example.org", kind="x", subject="s", what="w", why="w", path="/", key="same"
            )
        results.append(message is not None)
        connection.close()

    threads = [threading.Thread(target=act) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [False] * 5 + [True]
    assert Message.objects.count() == 1


# --- Refused ----------------------------------------------------------------------------------
def test_a_bad_address_waits_longer_each_time_is_parked_and_holds_up_nobody(
    write, post_office, case
):
    bad = write("bad@example.org", about=case, reference="NY-2026-0042")
    behind = write("bad@example.org", about=case)
    beside = write("good@example.org", about=case)
    elsewhere = write("good@example.org")
    post_office.refused.add("bad@example.org")
    now = NOW
    for attempt, wait in enumerate(BACK_OFF_MINUTES, start=1):
        send_due(now)
        bad.refresh_from_db()
        assert (bad.attempts, bad.next_try_at) == (attempt, now + minutes(wait))
        assert send_due(now + minutes(wait) - timedelta(seconds=1)) == 0
        now += minutes(wait)
    for message in (beside, elsewhere):
        message.refresh_from_db()
        assert message.sent_at == NOW
    assert send_due(now) == 0
    bad.refresh_from_db()
    assert (bad.attempts, bad.parked_at) == (ATTEMPTS, now)
    assert bad.last_error == "SMTPRecipientsRefused"
    event = AuditEvent.objects.get(kind="mail.parked")
    assert event.reference == "NY-2026-0042"
    assert event.detail == {"mail": "referral.check", "fault": "SMTPRecipientsRefused"}
    assert "canary" not in repr(list(AuditEvent.objects.values()))
    assert "canary" not in repr(list(Message.objects.values()))
    # Nobody waits behind what is parked.
    behind.refresh_from_db()
    assert behind.attempts == 1
    post_office.refused.clear()
    assert send_due(now + minutes(1)) == 1


def test_messages_of_a_case_reach_a_person_in_order(write, post_office, case):
    first = write(about=case, what="First.")
    write(about=case, what="Second.")
    write(about=case, what="Third.")
    write(what="Of no case.")
    post_office.refused.add(first.to_address)
    send_due(NOW)
    post_office.refused.clear()
    send_due(NOW + minutes(0.5))
    assert not [mail for mail in post_office.messages if "ird." in mail.get_content()]
    send_due(NOW + minutes(2))
    said = [mail.get_content().splitlines()[0] for mail in post_office.messages]
    assert [line for line in said if line != "Of no case."] == ["First.", "Second.", "Third."]
    assert "Of no case." in said


def test_a_reminder_for_later_does_not_hold_up_what_is_due_now(write, post_office, case):
    write(about=case, what="Later.", at=NOW + minutes(60))
    write(about=case, what="Now.")
    assert send_due(NOW) == 1
    assert post_office.messages[0].get_content().startswith("Now.")


def test_a_cancelled_message_holds_up_nothing(write, post_office, case):
    write(about=case, key="gone")
    write(about=case, key="stays")
    post.cancel("gone")
    assert send_due(NOW) == 1


# --- The server is away -----------------------------------------------------------------------
def test_a_day_without_the_server_loses_nothing_and_ends_without_a_storm(
    write, post_office, case, caplog
):
    for number in range(60):
        write(f"p{number % 4}@example.org", about=case, what=f"Number {number:02}.")
    post_office.close()
    now = NOW
    for _round in range(24 * 12):
        assert send_due(now) == 0
        now += minutes(5)
    tried = sum(Message.objects.values_list("attempts", flat=True))
    assert tried <= 10  # one connection at a time, and every 15 minutes
    assert len(caplog.records) <= 24 * 60 / 15 + 3
    assert "example.org" not in caplog.text
    assert not Message.objects.parked().exists()
    post_office.open()
    now += minutes(15)  # as long as anything waits once it is back
    assert send_due(now) == 50  # the rest comes with the next round
    assert send_due(now) == 10
    assert post_office.connections == 2
    assert len(post_office.messages) == 60
    for number in range(4):
        read = [
            mail.get_content().splitlines()[0]
            for mail in post_office.messages
            if mail["To"] == f"p{number}@example.org"
        ]
        assert read == sorted(read)


def test_a_server_that_does_not_take_our_sender_is_away(write, post_office):
    write("a@example.org")
    write("b@example.org")
    post_office.refuse_sender = True
    for hours in range(24):
        assert send_due(NOW + timedelta(hours=hours)) == 0
    assert not Message.objects.parked().exists()
    post_office.refuse_sender = False
    assert send_due(NOW + timedelta(hours=25)) == 2


def test_a_message_written_meanwhile_goes_when_the_server_is_back(write, post_office):
    write("a@example.org")
    post_office.close()
    send_due(NOW)
    write("b@example.org")
    post_office.open()
    assert send_due(NOW + minutes(2)) == 2
