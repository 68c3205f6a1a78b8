"""Put the pages that the portal starts with on the site."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from guidance import access, loading
from guidance.content import ContentError


class Command(BaseCommand):
    help = "Adds and updates the pages of guidance/content/; leaves what editors changed."

    def handle(self, **options: Any) -> None:
        try:
            outcomes = loading.load()
        except ContentError as error:
            raise CommandError(str(error)) from error
        access.prepare_groups()
        for outcome, count in sorted(outcomes.items()):
            self.stdout.write(f"{count} {outcome}")
