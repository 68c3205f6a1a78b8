from collections.abc import Iterator

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from tests.edges import wire
from tests.referrals import cases


@pytest.fixture(autouse=True)
def _as_deployed(settings):
    """One name, over https, whatever this machine is called."""
    settings.ALLOWED_HOSTS = [wire.HOST]
    settings.BASE_URL = f"https://{wire.HOST}"
    settings.ROOT_URLCONF = "tests.edges.urls"


@pytest.fixture
def cast(db: None) -> cases.Cast:
    return cases.make_cast()


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """A server's handler would close the connection, and with it the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
