"""The demonstration is made once for each module that looks at it, and undone afterwards."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from demo import cast, loading


class UndoneError(Exception):
    """Leaves nothing of a module's demonstration behind."""


@pytest.fixture(scope="module")
def _kept(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """One transaction for the whole module; each test is undone within it."""
    with django_db_blocker.unblock():
        try:
            with transaction.atomic():
                yield
                raise UndoneError
        except UndoneError:
            pass


@pytest.fixture(scope="module")
def company(_kept: None) -> cast.Company:
    return cast.build(now=timezone.now())


@pytest.fixture(scope="module")
def demonstration(_kept: None) -> loading.Loaded:
    return loading.load_all(timezone.now())


@pytest.fixture
def demo_pages() -> Iterator[None]:
    """The pages of the demonstration, whether or not this portal is one."""
    with override_settings(PORTAL_DEMO=True, ROOT_URLCONF="tests.demo.urls"):
        yield
