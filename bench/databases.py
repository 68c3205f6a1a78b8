"""Makes the database of one size, or what is missing of it, in one process.

Run as ``python -m bench.databases CASES`` with the portal's settings, as the owner of the tables.
"""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prevent_portal.settings")
django.setup()

from django.core.management import call_command  # noqa: E402

AGENCIES = 300


def main(cases: int, serving: str) -> None:
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable")
    if serving:
        call_command("grant_roles")
    call_command("load_guidance")
    call_command("make_sample", referrals=cases, agencies=AGENCIES)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "")
