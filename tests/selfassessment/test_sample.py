"""What moderators look at: the sample, drawn so that anybody can draw it again (section 7.4)."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfassessment import results
from selfassessment.models import Moderator
from selfassessment.moderation import sample, workflow
from selfassessment.moderation.sample import Said
from selfassessment.moderation.terms import Why
from selfassessment.terms import Rating, Status
from tests.selfassessment import forms
from tests.selfassessment.moderating import begun, codes_of

RATINGS = st.none() | st.sampled_from(Rating)


@st.composite
def said(draw: st.DrawFn) -> list[Said]:
    number = draw(st.integers(0, 54))
    return [Said(f"S{n}", draw(st.booleans()), draw(RATINGS), draw(RATINGS)) for n in range(number)]


@given(said(), st.text(max_size=20))
def test_the_same_sample_is_drawn_again_in_whatever_order(standards, seed):
    drawn = sample.draw(standards, seed)
    again = sample.draw(standards[::-1], seed)
    assert {each.code: each.why for each in drawn} == {each.code: each.why for each in again}


@given(said())
def test_every_standard_that_must_be_looked_at_is_and_three_more_at_random(standards):
    drawn = {each.code: each.why for each in sample.draw(standards, "seed")}
    for each in standards:
        why = drawn.get(each.code, ())
        held = each.own in (Rating.IN_PLACE, Rating.EMBEDDED)
        assert (Why.CRITICAL in why) == (each.critical and held)
        assert (Why.NOT_APPLICABLE in why) == (each.own == Rating.NOT_APPLICABLE)
    at_random = [code for code, why in drawn.items() if why == (Why.RANDOM,)]
    must = [code for code, why in drawn.items() if Why.RANDOM not in why]
    assert len(at_random) == min(3, len(standards) - len(must))


@given(said())
def test_a_full_review_looks_at_everything(standards):
    drawn = sample.draw(standards, "seed", full=True)
    assert [each.code for each in drawn] == [each.code for each in standards]
    assert all(Why.FULL in each.why for each in drawn)


@pytest.mark.parametrize(
    ("last_year", "own", "rose"),
    [
        (Rating.NOT_IN_PLACE, Rating.IN_PLACE, True),
        (Rating.NOT_IN_PLACE, Rating.DEVELOPING, False),
        (Rating.DEVELOPING, Rating.EMBEDDED, True),
        (Rating.IN_PLACE, Rating.EMBEDDED, False),
        (Rating.EMBEDDED, Rating.NOT_IN_PLACE, False),
        (Rating.NOT_APPLICABLE, Rating.EMBEDDED, False),
        (None, Rating.EMBEDDED, False),
    ],
)
def test_what_rose_by_two_levels_is_looked_at(last_year, own, rose):
    (drawn,) = sample.draw([Said("LG3", False, own, last_year)], "seed")
    assert (Why.ROSE in drawn.why) == rose


def test_anybody_can_draw_at_random_with_a_digest_and_a_sort():
    codes = ["LG1", "LG2", "RA1", "RA2", "TR5"]
    by_hand = sorted(codes, key=lambda code: hashlib.sha256(f"s:1:{code}".encode()).hexdigest())
    assert sample.at_random(codes, sample.seed_of("s", 1)) == by_hand[:3]


@pytest.mark.parametrize(
    ("reviewed", "full"),
    [
        ([], False),
        ([(2025, False)], False),
        ([(2024, False), (2025, False)], True),
        ([(2024, True), (2025, False)], False),
        ([(2023, True), (2024, False), (2025, False)], True),
        ([(2023, False), (2025, False)], False),
    ],
)
def test_every_third_year_is_a_full_review(reviewed, full):
    assert sample.is_third_year(2026, reviewed) == full


# --- Stored -------------------------------------------------------------------------------------
def test_what_rose_against_last_year_is_looked_at(cast, form):
    last = forms.form_of(cast.school, 2025)
    forms.fill(last, {"TR3": Rating.NOT_IN_PLACE, "TR4": Rating.IN_PLACE}, by=cast.lead)
    forms.put_in(last, Status.CLOSED, cast)
    Moderator.objects.all().delete()
    review = begun(cast, form, TR4=Rating.EMBEDDED)
    why = {each.standard.code: each.why for each in review.sample.all()}
    assert Why.ROSE in why["TR3"]
    assert Why.ROSE not in why.get("TR4", [])


def test_a_serious_incident_has_everything_looked_at_also_in_the_middle(cast, form):
    review = begun(cast, form)
    before = len(codes_of(review))
    workflow.flag_incident(form, by=cast.manager, reason="A report of the inspectorate.")
    review.refresh_from_db()
    assert review.full == "incident"
    assert before < len(codes_of(review)) == len(results.asked_of(form))
    assert all(Why.FULL in each.why for each in review.sample.all())
