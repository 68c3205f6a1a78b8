"""Lists each route and agency that would leave a concern without an owner."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import ngettext

from agencies.health import problems


class Command(BaseCommand):
    help = "Says which routes lack a lead, a deputy or a telephone contact. Exit code 1 if any do."

    def handle(self, **options: Any) -> None:
        found = problems()
        for problem in found:
            where = f"  ({problem.fix_path})" if problem.fix_path else ""
            self.stdout.write(f"{problem}{where}")
        if found:
            raise CommandError(
                ngettext(
                    "%(count)d thing to put right.", "%(count)d things to put right.", len(found)
                )
                % {"count": len(found)}
            )
        self.stdout.write("Every route has a lead, a deputy and a telephone contact.")
