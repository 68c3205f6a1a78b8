"""What a monitoring system asks: how much waits to be sent or done, and for how long. Numbers only.

In the text format of Prometheus. Whoever may ask carries the token of the settings; without one
there is no such page.
"""

import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db.models import Count, Min, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from outbox.models import Message

BEARER = "Bearer "


class Waiting(Collector):
    """Mail and jobs, at one moment: three queries."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def collect(self) -> Iterable[Metric]:
        for name, says, value in self._numbers():
            yield GaugeMetricFamily(f"portal_{name}", says, value=value)

    def _numbers(self) -> Iterator[tuple[str, str, float]]:
        due = Message.objects.waiting().filter(send_after__lte=self.now)
        mail = due.aggregate(n=Count("pk"), oldest=Min("send_after"))
        yield "mail_due", "E-mails whose time to go has come.", mail["n"]
        yield (
            "mail_oldest_seconds",
            "How long the first of them waits.",
            self._since(mail["oldest"]),
        )
        parked = Message.objects.parked().count()
        yield "mail_parked", "E-mails that could not be delivered; somebody must look.", parked
        ready, failed = Q(status=TaskResultStatus.READY), Q(status=TaskResultStatus.FAILED)
        jobs = DBTaskResult.objects.aggregate(
            ready=Count("pk", filter=ready),
            failed=Count("pk", filter=failed),
            oldest=Min("enqueued_at", filter=ready),
        )
        yield "jobs_ready", "Jobs that wait for the worker.", jobs["ready"]
        yield (
            "jobs_oldest_seconds",
            "How long the first of them waits.",
            self._since(jobs["oldest"]),
        )
        yield (
            "jobs_failed",
            "Jobs that ended with a fault in the time they are kept.",
            jobs["failed"],
        )

    def _since(self, moment: datetime | None) -> float:
        return max(0.0, (self.now - moment).total_seconds()) if moment else 0.0


@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Raises: Http404, for whoever has not got the token: they learn nothing of the page."""
    token, sent = settings.METRICS_TOKEN, request.headers.get("Authorization", "")
    if not token or not secrets.compare_digest(sent.encode(), f"{BEARER}{token}".encode()):
        raise Http404
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Waiting(timezone.now()))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
