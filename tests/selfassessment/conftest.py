import pytest

from selfassessment.models import Assessment
from tests.selfassessment import forms


@pytest.fixture
def cast(db: None) -> forms.Cast:
    return forms.make_cast()


@pytest.fixture
def form(cast: forms.Cast) -> Assessment:
    """The school's form of 2026, not started."""
    return forms.form_of(cast.school)
