"""What a practitioner does in S01, in every way that people use a browser."""

import pytest

from referrals.steps import STEPS
from referrals.terms import Section, Status
from tests.browser import walks
from tests.browser.person import ByKeyboard, Narrow, Person

pytestmark = pytest.mark.django_db

ALL_PAGES = {step.name for step in STEPS if step.section == Section.NOTICE}
NOT_ASKED = {"called", "event", "age"}
"""Nobody rang 999, it was no single event, and the date of birth is known."""


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        pytest.param(Person, {"java_script_enabled": False}, id="without-script"),
        pytest.param(Narrow, {"viewport": {"width": 360, "height": 800}}, id="telephone"),
        pytest.param(ByKeyboard, {}, id="keyboard"),
    ],
)
def test_a_teacher_notices_and_hands_over(stage, seat, kind, how):
    given = stage.answers("S01")
    teacher = seat(stage["hannah"], kind, **how)
    walks.begin(teacher)
    assert set(walks.notice(teacher, given)) == ALL_PAGES - NOT_ASKED
    case = walks.hand_over(teacher, given, lead="Ruth Adeyemi")
    case.refresh_from_db()
    assert (case.status, case.lead) == (Status.AGENCY_CHECK, stage["ruth"])
    assert case.concern.observed == given["observed"]
    assert case.concern.features == given["features"]
    assert case.person.household == given["household"]
    assert case.monitoring.ethnic_group == "white"
    teacher.go_case("status", case)
    teacher.sees("With your safeguarding lead", "Ruth Adeyemi has it.")
