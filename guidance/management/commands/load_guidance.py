"""Put the pages that the portal starts with on the site."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from guidance import access, loading
from guidance.content import ContentError


class Command(BaseCommand):
    help = "Adds and updates the pages of guidance/content/; leaves what editors changed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="only say what is wrong in the files, and where"
        )

    def handle(self, *, check: bool, **options: Any) -> None:
        if check:
            found = loading.check()
            for problem in found:
                self.stdout.write(problem)
            if found:
                raise CommandError(f"{len(found)} to put right in guidance/content/")
            self.stdout.write("Nothing to put right in guidance/content/")
            return
        try:
            outcomes = loading.load()
        except ContentError as error:
            raise CommandError(str(error)) from error
        access.prepare_groups()
        for outcome, count in sorted(outcomes.items()):
            self.stdout.write(f"{count} {outcome}")
