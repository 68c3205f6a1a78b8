"""Agencies, contacts or people from a file, as on the page, for files of any length."""

from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.database import asking
from accounts.models import User
from agencies import importing, sheets
from agencies.workflow import RefusedError


class Command(BaseCommand):
    help = "Adds agencies, contacts or people from a CSV or .xlsx file: all of it or nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--by", required=True, metavar="EMAIL", help="the portal administrator who answers"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what it would do")

    @transaction.atomic
    def handle(self, *, file: Path, by: str, dry_run: bool, **options: Any) -> None:
        asking(None)
        person = User.known_by(by)
        if person is None:
            raise CommandError(f"Nobody here has the address {by}.")
        try:
            sheet = sheets.read(file.read_bytes(), most_rows=importing.MOST_ROWS_BY_COMMAND)
            made = importing.plan(sheet, by=person)
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from None
        except sheets.UnreadableError as error:
            raise CommandError(str(error)) from None
        except PermissionDenied:
            raise CommandError(f"{person} is no portal administrator.") from None
        for fault in made.faults:
            self.stderr.write(str(fault))
        if made.faults:
            raise CommandError(f"{len(made.faults)} to put right. Nothing was changed.")
        for name in sheet.left_out:
            self.stdout.write(f"Sheet not read: {name}")
        for name in made.unused:
            self.stdout.write(f"Column not used: {name}")
        for step in made.changes:
            self.stdout.write(f"{step.row}: {step.says}")
        if not dry_run:
            try:
                importing.carry_out(made, by=person)
            except RefusedError as error:
                raise CommandError(f"{error} Nothing was changed.") from None
        done = "would change" if dry_run else "changed"
        self.stdout.write(f"{done} {len(made.changes)}, there already {made.there_already}")
