"""What was told to whom, and what the worker did, is not kept for ever."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from audit.models import AuditEvent
from outbox import housekeeping, post
from outbox.models import Message

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
OLD, YOUNG = NOW - timedelta(days=91), NOW - timedelta(days=89)


def told(*kinds: str) -> list[dict[str, object]]:
    return [event.detail for event in AuditEvent.objects.filter(kind__in=kinds)]


def test_a_sent_message_is_emptied_when_it_is_old(write, person):
    old, young = write(person, key="a"), write(person, key="b")
    Message.objects.filter(pk=old.pk).update(sent_at=OLD)
    Message.objects.filter(pk=young.pk).update(sent_at=YOUNG)
    housekeeping.run(NOW)
    old.refresh_from_db()
    young.refresh_from_db()
    assert (old.to_address, old.to_person, old.subject, old.body, old.path) == (
        "",
        None,
        "",
        "",
        "",
    )
    assert (old.key, old.sent_at) == ("a", OLD)
    assert young.body
    assert told("mail.emptied") == [{"messages": 1}]
    housekeeping.run(NOW)
    assert len(told("mail.emptied")) == 1


def test_what_was_told_once_is_not_told_again_after_that(write, person):
    message = write(person, key="reminder")
    Message.objects.filter(pk=message.pk).update(sent_at=OLD)
    housekeeping.run(NOW)
    again = post.send(
        person, kind="x.y", subject="Again", what="Again", why="Again", path="/", key="reminder"
    )
    assert again is None


def test_a_cancelled_message_is_emptied_too_and_a_parked_one_is_kept(write, person):
    ended, parked, waiting = (write(person, key=key) for key in "abc")
    Message.objects.filter(pk=ended.pk).update(cancelled_at=OLD)
    Message.objects.filter(pk=parked.pk).update(parked_at=OLD)
    housekeeping.run(NOW)
    assert set(Message.objects.exclude(body="")) == {parked, waiting}


def test_how_long_is_a_setting(write, person, settings):
    message = write(person, key="a")
    Message.objects.filter(pk=message.pk).update(sent_at=YOUNG)
    settings.SENT_MAIL_DAYS = 30
    housekeeping.run(NOW)
    assert not Message.objects.exclude(body="").exists()


def job(status: str, finished_at: datetime | None) -> DBTaskResult:
    return DBTaskResult.objects.create(
        status=status,
        finished_at=finished_at,
        args_kwargs={"args": [], "kwargs": {}},
        task_path="referrals.tasks.make_referral_pdf",
        backend_name="default",
        run_after=timezone.now(),
        exception_class_path="",
        traceback="",
    )


def test_finished_jobs_are_removed_after_two_weeks():
    before, since = NOW - timedelta(days=15), NOW - timedelta(days=13)
    job(TaskResultStatus.SUCCESSFUL, before)
    job(TaskResultStatus.FAILED, before)
    kept = {
        job(TaskResultStatus.SUCCESSFUL, since).pk,
        job(TaskResultStatus.READY, None).pk,
    }
    housekeeping.run(NOW)
    assert set(DBTaskResult.objects.values_list("pk", flat=True)) == kept
    assert told("job.removed") == [{"jobs": 2}]
