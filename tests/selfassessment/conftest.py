from datetime import date

import pytest

from agencies.terms import Role
from selfassessment import results
from selfassessment.models import Assessment
from selfassessment.moderation import workflow
from selfassessment.terms import Rating, Status
from tests.factories import MembershipFactory
from tests.selfassessment import forms


@pytest.fixture
def cast(db: None) -> forms.Cast:
    return forms.make_cast()


@pytest.fixture
def form(cast: forms.Cast) -> Assessment:
    """The school's form of 2026, not started."""
    return forms.form_of(cast.school)


@pytest.fixture
def full(cast: forms.Cast) -> forms.Cast:
    """One school signed last year and this, another has not; three more make a middle."""
    forms.signed(cast.school, cast, Rating.DEVELOPING, year=2025)
    form = forms.form_of(cast.school)
    ratings = {each.code: Rating.IN_PLACE for each in results.asked_of(form)}
    forms.fill(form, ratings | {"LG1": Rating.NOT_IN_PLACE}, by=cast.lead)
    form.refresh_from_db()
    forms.put_in(form, Status.SIGNED, cast)
    forms.form_of(cast.other_school)
    return cast


@pytest.fixture
def chair(cast):
    person = MembershipFactory(role=Role.BOARD_MEMBER).person
    workflow.name_chair(cast.locality, person, by=cast.manager, from_on=date(2026, 1, 1))
    return person
