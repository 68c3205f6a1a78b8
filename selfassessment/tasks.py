"""What the worker does for the self-assessment, outside the request."""

from django.utils import timezone
from django_tasks import TaskResultStatus, task
from django_tasks_db.models import DBTaskResult

from outbox.parts import in_parts
from selfassessment.models import Cycle, SignOff
from selfassessment.reports.models import Document, Kind
from selfassessment.workflow import cycles


@task()
def make_forms(cycle_id: int) -> None:
    """Make some forms of an open cycle, and ask for the next job while more are missing."""
    cycle = Cycle.objects.open().filter(pk=cycle_id).first()
    if cycle is not None:
        cycles.make_forms_and_go_on(cycle)


@task()
def make_report(signoff_id: int) -> None:
    """Make and keep the agency's report of a sign-off; safe to run twice."""
    from selfassessment.reports import store

    signoff = SignOff.objects.select_related("assessment__cycle").get(pk=signoff_id)
    store.make_of_signoff(signoff, Kind.SIGNED, now=timezone.now())


@task()
@in_parts
def make_board_report(document_id: int) -> None:
    """Make a report that a member of the board asked for."""
    from selfassessment.reports import store

    wanted = Document.objects.select_related("cycle", "asked_by").filter(pk=document_id).first()
    if wanted is not None:
        store.make_board(wanted, now=timezone.now())


def are_making(cycle: Cycle) -> bool:
    """Whether such a job is waiting or at work."""
    at_work = DBTaskResult.objects.filter(
        task_path=make_forms.module_path,
        status__in=[TaskResultStatus.READY, TaskResultStatus.RUNNING],
    )
    return bool(at_work.filter(args_kwargs__args=[cycle.pk]).exists())
