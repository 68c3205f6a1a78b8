from collections.abc import Iterator
from typing import Any

import pytest

from accounts.models import User
from audit.signals import agency_names, may_read


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create_user("ruth@fellgate.example.org", name="Ruth Adeyemi")


@pytest.fixture
def other(db: None) -> User:
    return User.objects.create_user("imran@fellgate.example.org", name="Imran Siddiq")


@pytest.fixture
def readers() -> Iterator[dict[str, Any]]:
    """Who may read what: an e-mail address, then keys of agencies or "*"."""
    rights: dict[str, Any] = {}

    def answer(sender: Any, user: User, **kwargs: Any) -> Any:
        return rights.get(user.email)

    def name(sender: Any, keys: set[str], **kwargs: Any) -> dict[str, str]:
        return {key: f"Agency called {key}" for key in keys}

    # Only these receivers: what the agencies app answers is that app's test.
    kept = [(signal, signal.receivers) for signal in (may_read, agency_names)]
    for signal, _receivers in kept:
        signal.receivers = []
        signal.sender_receivers_cache.clear()
    may_read.connect(answer)
    agency_names.connect(name)
    yield rights
    for signal, receivers in kept:
        signal.receivers = receivers
        signal.sender_receivers_cache.clear()
