"""The first portal administrator of a new portal; all later ones are appointed by another."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.database import asking
from accounts.models import User
from agencies.workflow import RefusedError, appoint_first_administrator


class Command(BaseCommand):
    help = "Makes the person with this address the portal's first administrator."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("name")

    @transaction.atomic
    def handle(self, *, email: str, name: str, **options: Any) -> None:
        asking(None)
        person = User.known_by(email) or User.objects.create_user(email, name)
        try:
            appoint_first_administrator(person)
        except RefusedError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{person} is the first portal administrator, and signs in by e-mail.")
