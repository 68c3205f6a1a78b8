"""What `make test` runs, in order; the first that finds something ends it."""

import base64
import os
import secrets
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field

from portal_house.places import Places, step
from portal_house.postgres import OWNER, Cluster
from portal_house.trouble import Trouble, run


@dataclass(frozen=True)
class Check:
    """One command of the virtual environment, and what it needs to be told."""

    what: str
    words: tuple[str, ...]
    about: str = ""
    env: Mapping[str, str] = field(default_factory=dict)


AS_DEPLOYED = {
    "HTTPS": "1",
    "PORTAL_DEMO": "0",
    "EMAIL_URL": "smtp://localhost:25",
    "BASE_URL": "https://portal.example.org",
    "ALLOWED_HOSTS": "portal.example.org",
}
CHECKS = [
    Check("Layout of code (ruff format)", ("ruff", "format", "--check", ".")),
    Check("Rules of code (ruff check)", ("ruff", "check", ".")),
    Check("Templates (djlint)", ("djlint", "--lint", "--quiet", "templates"), "20 seconds"),
    Check("Types (mypy)", ("mypy", "."), "1 minute"),
    Check("Migrations are complete", ("django", "makemigrations", "--check", "--dry-run")),
    Check(
        "Settings as deployed",
        ("django", "check", "--deploy", "--fail-level", "WARNING"),
        env=AS_DEPLOYED,
    ),
]


def environment(cluster: Cluster) -> dict[str, str]:
    """Everything the portal reads, so that nothing of this machine's own settings has a say."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "prevent_portal.settings",
        "DATABASE_URL": cluster.url(OWNER),
        "DATABASE_OWNER_URL": cluster.url(OWNER),
        "PORTAL_EMBEDDED_DIR": str(cluster.socket),
        "PORTAL_DATABASE_LOG": str(cluster.log),
        "SECRET_KEY": secrets.token_urlsafe(50),
        "VAULT_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        "VAULT_KEY_FILE": "",
        "PORTAL_DEMO": "1",
        "HTTPS": "0",
        "BASE_URL": "http://127.0.0.1:8000",
        "EMAIL_URL": "memorymail://",
        "PORTAL_TEST_DB": "test_portal",
    }


def run_checks(places: Places, env: Mapping[str, str]) -> None:
    for check in CHECKS:
        with step(check.what, check.about):
            run(
                [places.python, "-m", *check.words],
                env={**env, **check.env},
                cwd=places.checkout,
                where=places.var,
                sorry=f"Not right yet: {check.what}.",
            )


def run_tests(places: Places, env: Mapping[str, str]) -> None:
    """All tests, in two processes, a file at a time; the last line is pytest's own.

    The order is that of ``tests/conftest.py``: what takes long begins first, whereas pytest-xdist
    would begin with the files of many tests and leave the longest to one process at the end.

    Raises:
        Trouble: with no further word, as pytest has said all, unless something ended it.
    """
    print("Tests (up to 20 minutes) ...", flush=True)
    words = ["-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]
    done = subprocess.run(
        [places.python, *words],
        env=env,
        cwd=places.checkout,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode < 0:
        raise Trouble(f"The tests were ended from outside (signal {-done.returncode}).")
    if done.returncode:
        raise Trouble("")
