"""``manage.py note_bounce``: a message came back. Reads the server's notice, or is told which."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from outbox import returned, sending

TRY_LATER = 75  # EX_TEMPFAIL of sysexits.h: the mail server keeps the notice and comes again


class Command(BaseCommand):
    help = (
        "Notes that an e-mail of the portal came back, so that an administrator sees it. Reads a "
        "delivery-status notification from standard input, unless --message-id names the e-mail."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--message-id", default="", help="the Message-ID of the e-mail")

    def handle(self, *args: Any, message_id: str, **options: Any) -> None:
        if message_id:
            which = returned.named_by(message_id)
        else:
            which = returned.undelivered(sys.stdin.buffer.read(returned.LONGEST))
        if which is None:
            # Not a fault: the mail server would send a notice about the notice.
            self.stdout.write("no e-mail of this portal")
            return
        try:
            noted = sending.note_returned(which, timezone.now())
        except (DatabaseError, InterfaceError) as fault:
            raise CommandError(type(fault).__name__, returncode=TRY_LATER) from None
        self.stdout.write(f"noted {which}" if noted else "nothing to note")
