"""Runs the jobs of django-tasks in this process, one at a time."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from accounts.database import asking
from outbox.parts import is_in_parts

LOST_AFTER = timedelta(minutes=10)  # no job takes as long; its process is gone

logger = logging.getLogger("outbox")


class TaskFault(Exception):  # noqa: N818 - it stands in for the fault itself
    """Says of what class a fault was, and not its words, which may be those of a case."""


class TaskRunner:
    """Takes jobs that are ready and runs them.

    Attributes:
        current: the job that is running, ``None`` between jobs.
    """

    def __init__(self, worker_id: str) -> None:
        self.worker_id = worker_id
        self.current: UUID | None = None

    def run_next(self) -> bool:
        """Run the next job in a transaction of its own; ``False`` if none is ready.

        One that is marked ``in_parts`` opens its own.
        """
        with transaction.atomic():
            job = DBTaskResult.objects.ready().filter(backend_name="default").get_locked()
            if job is None:
                return False
            job.claim(self.worker_id)
            self.current = job.pk
        try:
            task = job.task
            given = job.args_kwargs
            if is_in_parts(task.func):
                value = task.call(*given["args"], **given["kwargs"])
            else:
                with transaction.atomic():
                    asking(None)
                    value = task.call(*given["args"], **given["kwargs"])
            job.set_successful(value)
        except Exception as fault:
            name = type(fault).__name__
            logger.error("Job %s: %s", job.task_path, name)
            job.set_failed(TaskFault(name).with_traceback(fault.__traceback__))
        finally:
            self.current = None
        return True

    def give_back(self) -> None:
        """Let another process have the job that this one cannot end."""
        if self.current is not None:
            _make_ready(DBTaskResult.objects.filter(pk=self.current))


def give_back_lost(now: datetime) -> int:
    """Make jobs ready again whose process died; returns how many."""
    return _make_ready(DBTaskResult.objects.filter(started_at__lt=now - LOST_AFTER))


def remove_finished(before: datetime, limit: int) -> int:
    """Remove up to ``limit`` jobs that ended before then, well or not; returns how many."""
    ended = DBTaskResult.objects.finished().filter(finished_at__lt=before)
    some = list(ended.order_by("finished_at").values_list("pk", flat=True)[:limit])
    DBTaskResult.objects.filter(pk__in=some).delete()
    return len(some)


def _make_ready(jobs: DBTaskResult) -> int:
    count: int = jobs.filter(status=TaskResultStatus.RUNNING).update(
        status=TaskResultStatus.READY, started_at=None
    )
    return count
