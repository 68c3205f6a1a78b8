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

        parser.add_argument(
            "--translations",
            metavar="LANGUAGE",
            help="put the sample pages of a language beside the English ones: cy",
        )

    def handle(self, *, check: bool, translations: str | None, **options: Any) -> None:
        if check:
            found = loading.check()
            for problem in found:
                self.stdout.write(problem)
            if found:
                raise CommandError(f"{len(found)} to put right in guidance/content/")
            self.stdout.write("Nothing to put right in guidance/content/")
            return
        try:
            outcomes = loading.load_translations(translations) if translations else loading.load()
        except ContentError as error:
            raise CommandError(str(error)) from error
        access.prepare_groups()
        for outcome, count in sorted(outcomes.items()):
            self.stdout.write(f"{count} {outcome}")
