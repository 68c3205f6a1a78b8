import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone
from django_tasks import TaskResultStatus, task
from django_tasks_db.models import DBTaskResult

from audit import events
from audit.models import AuditEvent
from outbox import housekeeping, sending, tasks
from outbox.models import Message
from outbox.signals import housekeeping as minute
from outbox.tasks import TaskRunner
from outbox.worker import Worker

OTHER_KEY = "b3RoZXItb3RoZXItb3RoZXItb3RoZXItb3RoZXItMDE="


def whose() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('portal.person', true)")
        return str(cursor.fetchone()[0])


@task()
def good_job(word: str) -> str:
    events.record("tests.job", by=None, word=word)
    assert connection.in_atomic_block
    assert whose() == ""
    return word


@task()
def bad_job() -> None:
    events.record("tests.job", by=None)
    raise ValueError("canary words of a case")


@pytest.fixture
def own_receivers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Only what the test connects is told, not the apps above."""
    monkeypatch.setattr(minute, "receivers", [])
    minute.sender_receivers_cache.clear()
    yield
    minute.sender_receivers_cache.clear()


# --- Jobs -------------------------------------------------------------------------------------
def test_a_job_runs_in_a_transaction_as_the_portal_itself(db):
    result = good_job.enqueue("ready")
    runner = TaskRunner("test")
    assert runner.run_next()
    assert not runner.run_next()
    result.refresh()
    assert (result.status, result.return_value) == (TaskResultStatus.SUCCESSFUL, "ready")
    assert AuditEvent.objects.filter(kind="tests.job").count() == 1


def test_a_job_with_a_fault_is_undone_and_keeps_no_words_of_it(db, caplog):
    bad_job.enqueue()
    assert TaskRunner("test").run_next()
    job = DBTaskResult.objects.get()
    assert job.status == TaskResultStatus.FAILED
    assert "ValueError" in job.traceback
    assert "bad_job" in job.traceback
    assert "words of a case" not in job.traceback.replace('raise ValueError("canary words', "")
    assert "canary" not in caplog.text
    assert not AuditEvent.objects.filter(kind="tests.job").exists()


def test_a_job_that_is_gone_from_the_code_is_a_fault_of_its_own(db):
    good_job.enqueue("x")
    DBTaskResult.objects.update(task_path="tests.outbox.no_such.job")
    assert TaskRunner("test").run_next()
    assert DBTaskResult.objects.get().status == TaskResultStatus.FAILED


def test_a_job_enqueued_in_an_undone_transaction_does_not_exist(db):
    with transaction.atomic():
        good_job.enqueue("x")
        transaction.set_rollback(True)
    assert not DBTaskResult.objects.exists()


def test_jobs_of_a_dead_process_are_given_back(db):
    good_job.enqueue("lost")
    good_job.enqueue("running")
    now = timezone.now()
    lost, running = DBTaskResult.objects.order_by("enqueued_at")
    for job in (lost, running):
        job.claim("dead")
    DBTaskResult.objects.filter(pk=lost.pk).update(started_at=now - timedelta(minutes=11))
    assert tasks.give_back_lost(now) == 1
    assert TaskRunner("test").run_next()
    assert not TaskRunner("test").run_next()


def test_a_job_that_cannot_be_ended_is_given_back(db):
    good_job.enqueue("x")
    job = DBTaskResult.objects.get()
    runner = TaskRunner("test")
    runner.give_back()  # nothing is running
    job.claim("test")
    runner.current = job.pk
    runner.give_back()
    assert TaskRunner("other").run_next()


# --- Housekeeping -----------------------------------------------------------------------------
def test_each_receiver_has_its_own_transaction_and_a_fault_stops_no_other(
    db, own_receivers, caplog
):
    now = timezone.now()
    told: list[Any] = []

    def first(sender: Any, **kwargs: Any) -> None:
        events.record("tests.first", by=None)

    def faulty(sender: Any, **kwargs: Any) -> None:
        events.record("tests.faulty", by=None)
        raise RuntimeError("canary words of a case")

    def breaks_its_transaction(sender: Any, **kwargs: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1/0")

    def last(sender: Any, **kwargs: Any) -> None:
        told.append((kwargs["now"], whose(), connection.in_atomic_block))
        events.record("tests.last", by=None)

    for each in (first, faulty, breaks_its_transaction, last):
        minute.connect(each)
    assert housekeeping.run(now) == 2
    assert told == [(now, "", True)]
    kept = set(AuditEvent.objects.values_list("kind", flat=True))
    assert {"tests.first", "tests.last"} <= kept
    assert "tests.faulty" not in kept
    assert "RuntimeError" in caplog.text
    assert "faulty" in caplog.text
    assert "canary" not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_only_one_process_does_the_housekeeping(own_receivers):
    busy, done = threading.Event(), threading.Event()
    results: list[int | None] = []

    def slow(sender: Any, **kwargs: Any) -> None:
        busy.set()
        done.wait(10)

    minute.connect(slow)

    def work() -> None:
        results.append(housekeeping.run(timezone.now()))
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    assert busy.wait(10)
    assert housekeeping.run(timezone.now()) is None
    done.set()
    thread.join()
    assert results == [0]
    assert housekeeping.run(timezone.now()) == 0


# --- The worker -------------------------------------------------------------------------------
def test_one_round_does_what_is_due_then_jobs_then_mail(db, own_receivers, write, mailoutbox):
    def act(sender: Any, **kwargs: Any) -> None:
        good_job.enqueue("from_housekeeping")
        write()

    minute.connect(act)
    call_command("work", "--once")
    assert DBTaskResult.objects.get().status == TaskResultStatus.SUCCESSFUL
    (mail,) = mailoutbox
    assert mail.extra_headers["Message-ID"] == Message.objects.get().message_id


def test_a_fault_in_one_part_leaves_the_others(
    db, own_receivers, write, mailoutbox, monkeypatch, caplog
):
    def broken(now: Any) -> None:
        raise RuntimeError("canary")

    monkeypatch.setattr(housekeeping, "run", broken)
    write()
    call_command("work", "--once")
    assert len(mailoutbox) == 1
    assert "RuntimeError" in caplog.text
    assert "canary" not in caplog.text


def test_housekeeping_comes_once_a_minute(db, own_receivers, monkeypatch):
    times: list[float] = []
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    minute.connect(lambda sender, **kwargs: times.append(clock[0]), weak=False)
    worker = Worker()
    for _round in range(100):
        worker.round()
        clock[0] += 2
    assert times == [1000, 1060, 1120, 1180]


@pytest.mark.parametrize("key", ["", OTHER_KEY])
def test_with_a_wrong_key_the_worker_does_not_start(
    db, own_receivers, write, mailoutbox, settings, key
):
    call_command("work", "--once")
    write()
    settings.VAULT_KEY = key
    for options in ([], ["--once"]):
        with pytest.raises(CommandError):
            call_command("work", *options)
    assert not mailoutbox


def test_a_worker_asked_to_stop_begins_nothing(db, own_receivers, write, mailoutbox):
    write()
    worker = Worker()
    worker._stop(signal.SIGTERM, None)
    worker.round()
    worker.run()
    assert not mailoutbox


PROGRAM = """
import sys, django
django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
settings.EMAIL_BACKEND = "tests.outbox.waiting_mail.Backend"
from django.core.management import call_command
from outbox import tasks, worker
from outbox.signals import housekeeping
housekeeping.receivers, what = [], sys.argv[2]
housekeeping.sender_receivers_cache.clear()
def stuck(self):
    import time
    print("busy", flush=True)
    while True:
        try:
            time.sleep(30)
        except BaseException:
            pass
def idle(self):
    print("busy", flush=True)
if what == "stuck job":
    tasks.TaskRunner.run_next = stuck
else:
    worker.GRACE = 600  # so that it is not cut short where the machine is slow
if what == "idle":
    tasks.TaskRunner.run_next = idle
call_command("work")
print("ended", flush=True)
"""
FAR = 60
"""Seconds after which a process counts as hung; how soon it ends is up to the machine."""


@contextmanager
def working(what: str) -> Iterator[subprocess.Popen[str]]:
    """A worker in a process of its own, once it is busy with what the test is about."""
    worker = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, connection.settings_dict["NAME"], what],
        cwd=Path(__file__).parents[2],
        env=dict(os.environ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "busy\n"
        yield worker
    finally:
        worker.kill()
        worker.wait()
        for pipe in (worker.stdin, worker.stdout):
            assert pipe is not None
            pipe.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", ["idle", "stuck job"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_asked_to_stop_ends(number, what):
    with working(what) as worker:
        worker.send_signal(number)
        assert worker.wait(FAR) == 0
        assert worker.stdout is not None
        # What no exception reaches is left as it is; the database undoes what was open.
        assert worker.stdout.read().endswith("ended\n" if what == "idle" else "")


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_asked_to_stop_ends_between_two_messages(write):
    """The first is being handed over when the signal comes: it is finished, no other is begun."""
    for number in range(3):
        write(f"person{number}@example.org")
    with working("mail") as worker:
        worker.send_signal(signal.SIGTERM)
        assert worker.stdin is not None
        worker.stdin.write("go on\n")
        worker.stdin.flush()
        assert worker.wait(FAR) == 0
        assert worker.stdout is not None
        handed_over = worker.stdout.read().splitlines()
    sent = Message.objects.filter(sent_at__isnull=False)
    assert handed_over == [sent.get().to_address, "ended"]
    assert Message.objects.filter(sent_at=None, attempts=0, parked_at=None).count() == 2


# --- Its state --------------------------------------------------------------------------------
def status(*options: str) -> list[str]:
    out = StringIO()
    call_command("outbox_status", *options, stdout=out)
    return out.getvalue().splitlines()


def test_an_operator_sees_what_waits_and_what_is_parked_without_content(write, mailoutbox):
    now = timezone.now()
    assert status() == ["waiting 0", "oldest 0 minutes", "later 0", "parked 0"]
    write(at=now - timedelta(minutes=95))
    write(at=now + timedelta(days=1))
    parked = write("canary@example.org", reference="NY-2026-0042", what="Canary words.")
    Message.objects.filter(pk=parked.pk).update(
        parked_at=now, attempts=8, last_error="SMTPDataError"
    )
    lines = status()
    assert lines[:4] == ["waiting 1", "oldest 95 minutes", "later 1", "parked 1"]
    assert "NY-2026-0042" in lines[4]
    assert "after 8 attempts: SMTPDataError" in lines[4]
    assert "anary" not in "".join(lines)


def test_parked_messages_can_be_put_back(write, mailoutbox):
    parked = write()
    Message.objects.update(parked_at=timezone.now(), attempts=8)
    assert status("--retry")[0] == "put back 1"
    assert AuditEvent.objects.filter(kind="mail.retried").exists()
    assert sending.send_due(timezone.now()) == 1
    parked.refresh_from_db()
    assert parked.parked_at is None
