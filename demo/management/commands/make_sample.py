import os
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from demo import sample
from demo.yearly import sampling

MOST_PROCESSES = 2


class Command(BaseCommand):
    help = (
        "Makes synthetic cases and self-assessments in the demonstration's database or an empty "
        "one. The same seed gives the same cases; a second call adds what is missing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--referrals", type=int, required=True, metavar="N")
        parser.add_argument("--agencies", type=int, default=60, metavar="N")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--processes", type=int, default=min(MOST_PROCESSES, _processors()))

    def handle(
        self, *, referrals: int, agencies: int, seed: int, processes: int, **options: Any
    ) -> None:
        if not settings.PORTAL_DEMO:
            raise CommandError("This is no demonstration: set PORTAL_DEMO=1 to make a sample.")
        if referrals < 1 or agencies < 3 or processes < 1:
            raise CommandError("A sample has at least 1 referral, 3 agencies and 1 process.")
        if not sample.owns_the_tables():
            raise CommandError(
                "Only the owner of the tables may date what the log tells: set DATABASE_URL to "
                "the address that `bin/portal database url --owner` prints."
            )
        began = time.monotonic()
        try:
            made = sample.plan(referrals, agencies, seed=seed, now=timezone.now())
        except sample.StrangersError as reason:
            raise CommandError(str(reason)) from reason
        ready = time.monotonic()
        self.stdout.write(
            f"{len(made.workplaces)} agencies; {len(made.moulds)} kinds of case walked "
            f"in {ready - began:.0f} seconds."
        )
        self._fill_forms(made, seed)
        ready = time.monotonic()
        if not (left := sample.missing(made, referrals)):
            self.stdout.write(f"The {referrals:,} cases of seed {seed} are there already.")
            return

        def tell(so_far: int) -> None:
            rate = so_far / (time.monotonic() - ready)
            self.stdout.write(f"{so_far:,} of {left:,} cases, {rate:,.0f} a second")
            self.stdout.flush()

        sample.fill(made, referrals, processes=processes, tell=tell)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # or the first questions are answered the slow way
        self.stdout.write(f"Made {left:,} cases in {time.monotonic() - began:.0f} seconds.")

    def _fill_forms(self, made: sample.Plan, seed: int) -> None:
        """The yearly self-assessments of the sample's agencies."""
        began = time.monotonic()
        pks = [int(place.pk) for place in made.workplaces]
        forms = sampling.fill(pks, seed=seed, now=timezone.now())
        seconds = time.monotonic() - began
        self.stdout.write(f"Made {forms:,} self-assessments in {seconds:.0f} seconds.")


def _processors() -> int:
    return len(os.sched_getaffinity(0))
