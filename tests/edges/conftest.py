from collections.abc import Iterator

import pytest

from tests.edges import wire
from tests.referrals import cases


@pytest.fixture(autouse=True)
def _as_deployed() -> Iterator[None]:
    with wire.deployed():
        yield


@pytest.fixture
def cast(db: None) -> cases.Cast:
    return cases.make_cast()
