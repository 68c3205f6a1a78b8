"""Put the standards of the self-assessment into the portal."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from selfassessment.standards import loading
from selfassessment.standards.reading import StandardsError


class Command(BaseCommand):
    help = "Adds and updates sets of standards; a set that forms are open with stays as it is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "files", nargs="*", type=Path, help="without any: selfassessment/standards/*.yaml"
        )
        parser.add_argument(
            "--check", action="store_true", help="only say what is wrong in the files, and where"
        )

    def handle(self, *, files: list[Path], check: bool, **options: Any) -> None:
        if check:
            problems = loading.check(files or None)
            for problem in problems:
                self.stdout.write(problem)
            if problems:
                raise CommandError(f"{len(problems)} to put right")
            self.stdout.write("Nothing to put right")
            return
        try:
            outcomes = loading.load(files or None)
        except StandardsError as error:
            raise CommandError(str(error)) from error
        for outcome, count in sorted(outcomes.items()):
            self.stdout.write(f"{count} {outcome}")
