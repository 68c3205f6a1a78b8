"""Begins a new portal: its localities, their working day, and the first administrator."""

import sys
from argparse import ArgumentTypeError
from datetime import time
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from accounts.database import asking
from accounts.models import Terms, User
from accounts.terms import DRAFT
from agencies import opening, workdays
from agencies.models import Locality
from agencies.terms import DAY_ENDS, DAY_STARTS, Nation
from agencies.workflow import RefusedError, appoint_first_administrator
from audit import events

SHOWN_HOLIDAYS = 3


def locality(said: str) -> tuple[str, str]:
    """Raises: ArgumentTypeError, unless it reads like "NY=North Yorkshire"."""
    code, _is, name = said.partition("=")
    code, name = code.strip().upper(), name.strip()
    if not (code.isalnum() and code.isascii() and len(code) <= 4 and name and len(name) <= 80):
        raise ArgumentTypeError(f"write CODE=NAME, like NY=North Yorkshire, not {said!r}")
    return code, name


def clock(said: str) -> time:
    try:
        return time.fromisoformat(said)
    except ValueError:
        raise ArgumentTypeError(f"write a time like 09:00, not {said!r}") from None


class Command(BaseCommand):
    help = "Begins a new portal. Asks for what is not said by an option. Safe to run twice."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--locality",
            action="append",
            type=locality,
            metavar="CODE=NAME",
            help="an area; once for each, like NY='North Yorkshire'",
        )
        parser.add_argument(
            "--default",
            type=str.upper,
            metavar="CODE",
            help="the area that takes concerns from unknown places; default the first",
        )
        parser.add_argument("--day-starts", type=clock, default=DAY_STARTS, metavar="09:00")
        parser.add_argument("--day-ends", type=clock, default=DAY_ENDS, metavar="17:00")
        parser.add_argument("--nation", choices=Nation.values, default=Nation.ENGLAND.value)
        parser.add_argument("--email", help="work address of the first administrator")
        parser.add_argument("--name", help="full name of the first administrator")

    def handle(self, **options: Any) -> None:
        places: list[tuple[str, str]] = options["locality"] or self._ask_places()
        email = (options["email"] or self._ask("Administrator's work e-mail address")).strip()
        name = (options["name"] or self._ask("Administrator's full name")).strip()
        default = options["default"] or places[0][0]
        if default not in dict(places):
            raise CommandError(f"--default {default} is none of the localities named.")
        if options["day_ends"] <= options["day_starts"]:
            raise CommandError("The working day must end after it starts.")
        try:
            validate_email(email)
        except ValidationError:
            raise CommandError(f"{email} is not an e-mail address.") from None
        if not name:
            raise CommandError("Write the administrator's full name.")
        with transaction.atomic():
            asking(None)
            person = self._appoint(email.lower(), name)
            for code, place in places:
                self._add(code, place, code == default, person, options)
            self._draft_terms()
        self._say_what_is_left()

    # --- Asking -------------------------------------------------------------------------------
    def _ask(self, what: str) -> str:
        if not sys.stdin.isatty():
            raise CommandError(f"Say it by an option: {what}. See --help.")
        return input(f"{what}: ")

    def _ask_places(self) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        while said := self._ask("An area, as CODE=NAME (empty when there are no more)"):
            try:
                found.append(locality(said))
            except ArgumentTypeError as error:
                self.stdout.write(str(error))
        if not found:
            raise CommandError("A portal needs an area. See --help.")
        return found

    # --- Doing --------------------------------------------------------------------------------
    def _appoint(self, email: str, name: str) -> User:
        person = User.known_by(email) or User.objects.create_user(email, name)
        try:
            appoint_first_administrator(person)
            self.stdout.write(f"{person} is the first portal administrator.")
        except RefusedError:
            self.stdout.write("There is a portal administrator already.")
        return person

    def _add(
        self, code: str, name: str, is_default: bool, by: User, options: dict[str, Any]
    ) -> None:
        there = Locality.objects.filter(code=code).first()
        if there:
            self.stdout.write(f"{there.code}, {there.name}: there already, left as it is.")
            return
        taken = Locality.objects.filter(is_default=True).exists()
        place = Locality(
            code=code,
            name=name,
            is_default=is_default and not taken,
            subdivision=options["nation"],
            day_starts=options["day_starts"],
            day_ends=options["day_ends"],
        )
        try:
            place.full_clean()
        except ValidationError as error:
            raise CommandError(f"{code}: {' '.join(error.messages)}") from None
        place.save()
        events.record("locality.added", place, by=by)
        unknown = ", takes concerns from unknown places" if place.is_default else ""
        self.stdout.write(f"{code}, {name}: added{unknown}.")

    def _draft_terms(self) -> None:
        if Terms.objects.exists():
            return
        Terms.objects.create(words=DRAFT)
        self.stdout.write(
            "Terms of use: a draft is in place, which people agree to when they sign in. "
            "The board approves its own in the back office."
        )

    # --- Saying -------------------------------------------------------------------------------
    def _say_what_is_left(self) -> None:
        self.stdout.write(f"\nThe partnership is called {settings.PARTNERSHIP} (PARTNERSHIP).")
        for place in Locality.objects.all():
            coming = workdays.coming_holidays(timezone.localdate(), place, SHOWN_HOLIDAYS)
            days = ", ".join(f"{each.day} {each.name}" for each in coming)
            self.stdout.write(
                f"{place}: Monday to Friday, {place.day_starts:%H:%M} to {place.day_ends:%H:%M}, "
                f"without {days}"
            )
        if opening.is_open():
            self.stdout.write("\nThe portal is open.")
            return
        self.stdout.write("\nThe portal takes no concerns yet. Left to do:")
        for need in opening.needs():
            for problem in need.missing:
                self.stdout.write(f"  {problem}  ({problem.fix_path})")
        self.stdout.write(
            "\nThe administrator signs in with a code by e-mail, sets up a second step, and "
            f"finds this list at {settings.BASE_URL}/agency/going-live/"
        )
