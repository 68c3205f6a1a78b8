"""``manage.py work``: sends mail, runs jobs, does what is due."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from outbox.worker import Worker
from vault.keys import KeyUnavailable


class Command(BaseCommand):
    help = "Sends mail, runs jobs and does what is due, until it is stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="do what is due now, and end")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        worker = Worker()
        try:
            if once:
                worker.run_once()
            else:
                worker.listen()
                worker.run()
        except KeyUnavailable as fault:
            raise CommandError(str(fault)) from fault
