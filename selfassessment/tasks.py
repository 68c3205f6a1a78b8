"""What the worker does for the self-assessment, outside the request."""

from django_tasks import TaskResultStatus, task
from django_tasks_db.models import DBTaskResult

from selfassessment.models import Cycle
from selfassessment.workflow import cycles


@task()
def make_forms(cycle_id: int) -> None:
    """Make some forms of an open cycle, and ask for the next job while more are missing."""
    cycle = Cycle.objects.open().filter(pk=cycle_id).first()
    if cycle is not None:
        cycles.make_forms_and_go_on(cycle)


def are_making(cycle: Cycle) -> bool:
    """Whether such a job is waiting or at work."""
    at_work = DBTaskResult.objects.filter(
        task_path=make_forms.module_path,
        status__in=[TaskResultStatus.READY, TaskResultStatus.RUNNING],
    )
    return bool(at_work.filter(args_kwargs__args=[cycle.pk]).exists())
