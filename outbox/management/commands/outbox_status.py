"""``manage.py outbox_status``: what waits, how long, and what is parked, without content."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db.models import F
from django.utils import timezone

from outbox import sending
from outbox.models import Message


class Command(BaseCommand):
    help = "Prints how many messages wait, the age of the oldest that is due, and what is parked."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--retry", action="store_true", help="let parked messages be tried again, from now"
        )

    def handle(self, *args: Any, retry: bool, **options: Any) -> None:
        now = timezone.now()
        if retry:
            self.stdout.write(f"put back {sending.try_again(now, by=None)}")
        due = Message.objects.waiting().filter(send_after__lte=now)
        oldest = due.order_by("send_after").values_list("send_after", flat=True).first()
        minutes = int((now - oldest).total_seconds() // 60) if oldest else 0
        parked = Message.objects.parked().order_by("parked_at")
        self.stdout.write(f"waiting {due.count()}")
        self.stdout.write(f"oldest {minutes} minutes")
        later = Message.objects.waiting().filter(send_after__gt=now)
        self.stdout.write(f"later {later.count()}")
        self.stdout.write(f"parked {parked.count()}")
        for message in parked.annotate(since=F("parked_at")):
            when = timezone.localtime(message.parked_at).strftime("%Y-%m-%d %H:%M")
            self.stdout.write(
                f"  {message.pk} {message.kind} {message.reference or '-'} since {when} "
                f"after {message.attempts} attempts: {message.last_error}"
            )
