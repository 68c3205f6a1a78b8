"""From the first question to the outcome, in every way that people use a browser."""

import pytest
from django.utils import timezone

from referrals.steps import STEPS
from referrals.terms import Section, Status
from tests.browser import walks
from tests.browser.person import ByKeyboard, Narrow
from tests.referrals.cases import fresh

pytestmark = pytest.mark.django_db

ALL_PAGES = {step.name for step in STEPS if step.section == Section.NOTICE}
NOT_ASKED = {"called", "event", "age"}
"""Nobody rang 999, it was no single event, and the date of birth is known."""


in_every_way = pytest.mark.parametrize(
    ("kind", "how"),
    [
        pytest.param(
            Narrow,
            {"viewport": {"width": 360, "height": 800}, "java_script_enabled": False},
            id="telephone-without-script",
        ),
        pytest.param(ByKeyboard, {}, id="keyboard"),
    ],
)


@in_every_way
def test_a_teacher_notices_and_her_lead_shares(stage, seat, kind, how):
    given = stage.answers("S01")
    hannah, ruth = (seat(stage[key], kind, **how) for key in ("hannah", "ruth"))
    walks.begin(hannah)
    assert set(walks.notice(hannah, given)) == ALL_PAGES - NOT_ASKED
    case = walks.hand_over(hannah, given, lead="Ruth Adeyemi")
    case = fresh(case)
    assert (case.status, case.lead) == (Status.AGENCY_CHECK, stage["ruth"])
    assert case.concern.observed == given["observed"]
    assert case.concern.features == given["features"]
    assert case.person.household == given["household"]
    assert case.monitoring.ethnic_group == "white"
    hannah.go_case("status", case)
    hannah.sees("With your safeguarding lead", "Ruth Adeyemi has it.")
    ruth.go("referrals:home")
    ruth.pick(case)
    ruth.press("Record my decision")
    assert ruth.problems() != []
    walks.check(ruth, given)
    ruth.sees("Your decision is recorded. Now add what goes with it.")
    ruth.walk(given)
    ruth.sees("Police Prevent team, North Yorkshire", "Children and families front door")
    ruth.press("Share this referral")
    assert ruth.problems() != []
    assert walks.share(ruth, given).status == Status.SUBMITTED


@in_every_way
def test_a_referral_is_received_asked_about_and_closed(stage, seat, kind, how):
    given, said = stage.answers("S01"), stage.said("S01")
    case = walks.shared(stage["hannah"], given, lead=stage["ruth"])
    keys = ("ruth", "lena", "joanna", "tom", "alice")
    ruth, lena, joanna, tom, alice = (seat(stage[key], kind, **how) for key in keys)
    walks.receive(lena, case, given["observed"][:40])
    walks.from_queue(joanna, case)
    joanna.press("Acknowledge the referral")
    joanna.sees("You have this referral.")
    walks.offer_in_vain(joanna, tom, case, area=stage.company.localities["YK"])
    assert fresh(case).status == Status.TRIAGE
    walks.query(joanna, ruth, case, said)
    walks.triage(joanna, stage.answers_of("S01", "pass"))
    assert fresh(case).triage_record.safety_actions

    # The police close it, and the school is told.
    found = {
        "national_reference": "N-1",
        "national_earlier": "none",
        "deconflicted": "yes",
        "deconflicted_on": timezone.localdate(),
        "tool": "paf",
        "category": "possible",
        "rationale": "Words of a game, and no more than that.",
        "outcome": "no_concern",
        "closure_reason": "misguided",
        "second_officer": stage["ian"],
    }
    walks.close_at_gateway(alice, case, found)
    assert fresh(case).status == Status.CLOSED
    assert fresh(case).gateway_record.second_officer == stage["ian"]
    walks.tell(joanna, case, "Closed: no Prevent support needed")
    ruth.go_case("case", case)
    ruth.sees("It is now: Closed", "He is well, she says.")
