from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from referrals import workflow
from referrals.models import Referral
from referrals.terms import Status
from tests.entry import enter
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


@pytest.fixture
def author(cast: cases.Cast) -> Client:
    """The practitioner, at a browser."""
    return enter(cast.practitioner)


@pytest.fixture
def draft(cast: cases.Cast) -> Referral:
    """A draft with all of NOTICE answered."""
    return cases.draft(cast)


@pytest.fixture
def ready(cast: cases.Cast, draft: Referral) -> Referral:
    """A draft that can be handed over."""
    workflow.exclude(draft, [], by=cast.practitioner)
    cases.fill(draft, {"spoken_to": cast.lead}, by=cast.practitioner)
    return cases.fresh(draft)
