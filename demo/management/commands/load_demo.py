import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from django.utils.timesince import timesince

from demo import cast, loading


class Command(BaseCommand):
    help = "Makes the demonstration: its people, twelve stories and some sixty cases. Once."

    def handle(self, **options: Any) -> None:
        if not settings.PORTAL_DEMO:
            raise CommandError("This is no demonstration: set PORTAL_DEMO=1 to make one.")
        if made_at := loading.made_at():
            age = timesince(made_at)
            with transaction.atomic():
                cast.go_live_later(now=timezone.now())
            self.stdout.write(f"The demonstration is there already, {age} old.")
            return
        began = time.monotonic()
        loaded = loading.load_all(timezone.now())
        self.stdout.write(
            f"Made {len(loaded.company.people)} people and {len(loaded.referrals)} cases "
            f"in {time.monotonic() - began:.0f} seconds."
        )
