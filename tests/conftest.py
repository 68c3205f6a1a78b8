"""What all tests share: a pristine database, plain static files, Chromium, a mail server."""

import os
import socket
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as email_policy
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import environ
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings
from django.db import connections
from django.test import TransactionTestCase, override_settings
from django.utils import timezone

from tests.sweep import DatabaseLog, Sweep, everything

# Playwright runs a loop in this thread; Django would take the tests for asynchronous code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

CHROMIUM_ARGS = [
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-gpu",
]


LONGEST_FIRST = ("tests/referrals/test_access.py", "tests/browser/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that walks pages says so, whether or not its author did; long files begin first.

    What only ``make proof`` has the time for is left out of every other run.
    """
    if not os.environ.get("PORTAL_PROOF"):
        items[:] = [item for item in items if not item.get_closest_marker("proof")]
    for item in items:
        if {"page", "context", "browser"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.browser)
    items.sort(key=lambda item: _how_late(item.nodeid))


def _how_late(nodeid: str) -> int:
    ranks = [rank for rank, path in enumerate(LONGEST_FIRST) if nodeid.startswith(path)]
    return ranks[0] if ranks else len(LONGEST_FIRST)


# --- Settings ---------------------------------------------------------------------------------
@pytest.fixture(autouse=True, scope="session")
def _quick_settings(
    django_test_environment: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """No collectstatic, no slow password hashes, no file outside the tests' own folder."""
    folder = tmp_path_factory.mktemp("portal")
    static, media = folder / "static", folder / "media"
    static.mkdir()
    with override_settings(
        STATIC_ROOT=static,
        MEDIA_ROOT=media,
        STORAGES={
            "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        },
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        REQUIRE_SCAN=True,  # as deployed; a demonstration's tests say so themselves
    ):
        yield


@pytest.fixture(autouse=True, scope="session")
def swept(_quick_settings: None) -> Iterator[Sweep]:
    """Nothing that the whole run wrote has a word of a case in it (PR-05)."""
    sweep, database = Sweep(), DatabaseLog()
    with everything(sweep):
        yield sweep
    sweep.look_at_files(Path(settings.MEDIA_ROOT))
    sweep.look("log of the database", database.read())
    assert not sweep.found, sweep.told()


# --- Database ---------------------------------------------------------------------------------
@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Test databases are made by the owner of the tables, as migrations are."""
    if owner := os.environ.get("DATABASE_OWNER_URL"):
        login = environ.Env.db_url_config(owner)
        connections["default"].settings_dict |= {
            "HOST": unquote(login["HOST"]),
            **{key: login[key] for key in ("PORT", "USER", "PASSWORD")},
        }


def _server_version() -> int:
    version: int = connections["default"].pg_version  # type: ignore[attr-defined]
    return version


class PristineDatabase:
    """A copy of the freshly migrated database, put back after each test that commits.

    Emptying the tables instead would lose what migrations put there, and the audit log's triggers
    refuse it. Copying takes about a fifth of a second.
    """

    copied = False

    @classmethod
    def keep(cls) -> None:
        if not cls.copied:
            name = connections["default"].settings_dict["NAME"]
            cls._copy(name, f"{name}_pristine")
            cls.copied = True

    @classmethod
    def put_back(cls) -> None:
        name = connections["default"].settings_dict["NAME"]
        cls._copy(f"{name}_pristine", name)

    @classmethod
    def forget(cls) -> None:
        if cls.copied:
            name = connections["default"].settings_dict["NAME"]
            cls._run(f'DROP DATABASE IF EXISTS "{name}_pristine" WITH (FORCE)')

    @classmethod
    def _copy(cls, source: str, target: str) -> None:
        # By files is quick in a test cluster; before version 15 there was no other way.
        how = "STRATEGY file_copy" if _server_version() >= 150000 else ""
        cls._run(
            f'DROP DATABASE IF EXISTS "{target}" WITH (FORCE)',
            # Playwright's loop hides the connection that earlier tests opened in this thread.
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "  # noqa: S608
            f"WHERE datname = '{source}' AND pid <> pg_backend_pid()",
            f'CREATE DATABASE "{target}" TEMPLATE "{source}" {how}',
        )

    @staticmethod
    def _run(*statements: str) -> None:
        connection = connections["default"]
        connection.close()
        with connection._nodb_cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


@pytest.fixture(autouse=True, scope="session")
def _pristine_database() -> Iterator[None]:
    """Give every test that commits (live server, races) the migrated database, and renew it."""
    patch = pytest.MonkeyPatch()
    set_up = TransactionTestCase._fixture_setup  # type: ignore[attr-defined]

    def keep_then_set_up(*args: Any) -> None:
        PristineDatabase.keep()
        set_up(*args)

    def put_back(self: TransactionTestCase) -> None:
        PristineDatabase.put_back()

    patch.setattr(TransactionTestCase, "_fixture_setup", keep_then_set_up)
    patch.setattr(TransactionTestCase, "_fixture_teardown", put_back)
    yield
    patch.undo()


def _open_the_portal() -> None:
    """The portal that tests walk through has left set-up; tests/agencies walks the way there."""
    from agencies import opening
    from agencies.models import Opening

    Opening.objects.get_or_create(defaults={"opened_at": timezone.now()})
    assert opening.is_open()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        _open_the_portal()
    yield
    with django_db_blocker.unblock():
        PristineDatabase.forget()
        _end_other_sessions()


def _end_other_sessions() -> None:
    """A browser that is closed in the middle of a request leaves its session at the database.

    PostgreSQL drops no database that somebody is connected to.
    """
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


# --- Browser ----------------------------------------------------------------------------------
@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {
        **browser_type_launch_args,
        "executable_path": os.environ.get("CHROMIUM", "/usr/bin/chromium"),
        "args": CHROMIUM_ARGS,
        # Root and most containers cannot have it, and only our own pages are opened.
        "chromium_sandbox": False,
    }


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "locale": "en-GB", "timezone_id": "Europe/London"}


# --- Mail -------------------------------------------------------------------------------------
class MailSink:
    """A real SMTP server that keeps what it is given, or refuses it.

    ``answer`` is its word to the next messages: ``"250 OK"``, ``"451 Later"``, ``"550 No"``.
    """

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.answer = "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd looks for this name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.answer.startswith("2"):
            assert isinstance(envelope.content, bytes)
            message = message_from_bytes(envelope.content, policy=email_policy)
            assert isinstance(message, EmailMessage)
            self.messages.append(message)
        return self.answer


@pytest.fixture
def smtp_sink(settings: Any) -> Iterator[MailSink]:
    """Mail goes over SMTP to a server of its own on this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    sink = MailSink()
    controller = Controller(sink, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    yield sink
    controller.stop()
