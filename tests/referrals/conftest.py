from collections.abc import Callable
from typing import Any

import pytest

from referrals.models import Referral
from referrals.terms import Status
from tests.referrals import cases


@pytest.fixture
def cast(db: None) -> cases.Cast:
    return cases.make_cast()


@pytest.fixture
def case_in(cast: cases.Cast) -> Callable[..., Referral]:
    """``case_in(Status.TRIAGE, under_18="no")``: a case of the cast in that state."""

    def make(status: Status, **changes: Any) -> Referral:
        return cases.walk_to(cast, status, **changes)

    return make
