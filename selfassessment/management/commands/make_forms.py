"""Make the forms of an open cycle at once, without waiting for the worker's turns."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from selfassessment.models import Cycle
from selfassessment.workflow import cycles


class Command(BaseCommand):
    help = (
        "Makes the forms that an open cycle still misses; safe to run twice, and beside a worker."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("year", type=int)

    def handle(self, *, year: int, **options: Any) -> None:
        cycle = Cycle.objects.open().filter(year=year).first()
        if cycle is None:
            raise CommandError(f"no cycle of {year} is open")
        began, made = time.monotonic(), 0
        while some := cycles.make_forms(cycle):
            made += some
        self.stdout.write(f"made {made} forms in {time.monotonic() - began:.1f} s")
