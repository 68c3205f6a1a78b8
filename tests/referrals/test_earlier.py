"""T3: earlier records of the same person, as references; and what the national record holds."""

from typing import Any

import pytest

from referrals import workflow
from referrals.answers import Answers
from referrals.models import Referral
from referrals.moves import NotReady
from referrals.terms import Status
from tests.entry import enter
from tests.referrals.cases import MONDAY, fresh

S = Status
PRESSED = {"seen": "0", "complete": "yes", "right_locality": "mine", "safeguarding_route": "has_it"}
FOUND = PRESSED | {"earlier": "found", "repeat_review": "not_needed"}


@pytest.fixture
def two(case_in) -> tuple[Referral, Referral]:
    """A closed case and, of the same person, one at triage."""
    return case_in(S.CLOSED), case_in(S.TRIAGE)


def url(referral: Referral, verb: str = "") -> str:
    return f"/referrals/{referral.key}/{verb}"


def answers(referral: Referral, *names: str) -> list[Any]:
    return [Answers(fresh(referral)).get(name) for name in names]


def test_the_lead_ticks_earlier_records_and_reads_how_each_ended(two, cast):
    first, again = two
    browser = enter(cast.prevent_lead)
    page = browser.get(url(again, "record-triage/")).content.decode()
    assert f"{first.reference}. Closed" in page
    assert "No cause" in page or "Not Prevent" in page
    typed = FOUND | {"earlier_records": first.reference}
    assert browser.post(url(again, "record-triage/"), typed).status_code == 302
    assert answers(again, "earlier_records", "earlier_detail") == [[first.reference], ""]
    page = browser.get(url(again)).content.decode()
    assert "Recorded as the same person" in page
    assert "Earlier records here" in page
    assert Answers(fresh(again)).with_changes({"outcome": "no_concern"}).needs_second_officer
    enter(cast.prevent_lead).post(url(again, "pass-to-gateway/"))
    assert fresh(again).status == S.GATEWAY


def test_a_repeat_without_a_reference_is_told_in_words(two, cast):
    _first, again = two
    browser = enter(cast.prevent_lead)
    page = browser.post(url(again, "record-triage/"), FOUND).content.decode()
    assert "Select the earlier records, or write how many there are elsewhere" in page
    typed = FOUND | {"earlier_elsewhere": "2"}
    page = browser.post(url(again, "record-triage/"), typed).content.decode()
    assert "or write how many there are elsewhere and how they ended" in page
    typed |= {"earlier_detail": "Two in Leeds, closed."}
    assert browser.post(url(again, "record-triage/"), typed).status_code == 302
    assert answers(again, "earlier_elsewhere") == [2]


def test_only_what_may_be_the_same_person_can_be_ticked(two, cast, case_in):
    _first, again = two
    other = case_in(S.CLOSED, forenames="Somebody", surname="Else")
    for stranger in (other.reference, "NY-2026-9999", again.reference):
        typed = FOUND | {"earlier_records": stranger}
        assert enter(cast.prevent_lead).post(url(again, "record-triage/"), typed).status_code == 200
    assert not answers(again, "earlier_records")[0]


def test_what_the_police_lead_out_of_sight_is_offered_as_it_is_shown(two, cast, case_in):
    _first, again = two
    held = case_in(S.POLICE_LED)
    shown = case_in(S.GATEWAY)
    page = enter(cast.prevent_lead).get(url(again, "record-triage/")).content.decode()
    label = str(S.GATEWAY.label)
    assert f"{held.reference}. {label}" in page
    assert f"{shown.reference}. {label}" in page
    assert "Police-led" not in page


def test_the_gateway_is_asked_for_the_national_record_and_the_lead_reads_the_answer(cast, case_in):
    referral = case_in(S.GATEWAY, born={"day": 9, "month": 1, "year": 1990}, under_18="no")
    officer = enter(cast.officer)
    page = officer.get(url(referral, "record-gateway/")).content.decode()
    assert "Does the national record hold this person from before?" in page
    given = {"national_earlier": "found", "national_detail": "Once, in 2021, closed."}
    workflow.record_gateway(fresh(referral), given, by=cast.officer, now=MONDAY)
    assert "Once, in 2021, closed." in enter(cast.prevent_lead).get(url(referral)).content.decode()
    for person in (cast.practitioner, cast.lead):
        page = enter(person).get(url(referral), follow=True).content.decode()
        assert "Once, in 2021" not in page
    known = Answers(fresh(referral)).with_changes({"outcome": "no_concern"})
    assert known.needs_second_officer  # a repeat is not closed by one


def test_the_gateway_records_no_outcome_before_the_national_record_was_looked_at(cast, case_in):
    referral = case_in(S.GATEWAY, born={"day": 9, "month": 1, "year": 1990}, under_18="no")
    given = {
        "national_reference": "N-1",
        "deconflicted": "no",
        "tool": "paf",
        "category": "not_appropriate",
        "rationale": "Context explains it.",
        "outcome": "no_concern",
        "closure_reason": "misguided",
    }
    page = enter(cast.officer).post(url(referral, "record-gateway/"), given).content.decode()
    assert "Select whether the national record holds this person from before" in page
    for said, wanted in (
        ({}, "Select whether the national record holds this person from before"),
        ({"national_earlier": "found"}, "Write how many the national record holds"),
        ({"national_earlier": "not_known"}, "Select the second officer"),
    ):
        workflow.record_gateway(fresh(referral), given | said, by=cast.officer, now=MONDAY)
        with pytest.raises(NotReady) as caught:
            workflow.record_outcome(fresh(referral), by=cast.officer)
        assert any(one.startswith(wanted) for one in caught.value.missing)
        assert fresh(referral).status == S.GATEWAY
    workflow.record_gateway(fresh(referral), {"national_earlier": "none"}, by=cast.officer)
    assert workflow.record_outcome(fresh(referral), by=cast.officer).status == S.CLOSED
