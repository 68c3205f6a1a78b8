"""Moderation by two others: who may, what they look at, what comes of it (section 7.4)."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfassessment import results
from selfassessment.models import Answer, Assessment
from selfassessment.moderation import measures, sample
from selfassessment.moderation.measures import Moved, Share
from selfassessment.moderation.models import Moderated, Review
from selfassessment.moderation.sample import Said
from selfassessment.moderation.terms import Why
from selfassessment.terms import Rating, Status
from tests.selfassessment import forms

RATINGS = st.none() | st.sampled_from(Rating)


# --- The sample ---------------------------------------------------------------------------------
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


# --- Agreement ----------------------------------------------------------------------------------
def test_measures_say_what_was_lowered_kept_and_raised():
    moved = [
        Moved("LG1", Rating.EMBEDDED, Rating.IN_PLACE),
        Moved("LG1", Rating.IN_PLACE, Rating.IN_PLACE),
        Moved("LG2", Rating.DEVELOPING, Rating.IN_PLACE),
        Moved("RA1", Rating.NOT_APPLICABLE, Rating.DEVELOPING),
    ]
    assert measures.share(moved) == Share(lowered=2, kept=1, raised=1)
    assert measures.by_section(moved)["LG"] == Share(lowered=1, kept=1, raised=1)
    assert measures.by_standard(moved)["RA1"] == Share(lowered=1, kept=0, raised=0)
    assert (measures.share(moved).lowered_percent, measures.share([]).kept_percent) == (50.0, 0.0)


@pytest.mark.parametrize(("lowered", "flagged"), [(1, False), (2, False), (3, True)])
def test_more_than_a_fifth_lowered_asks_for_new_words(lowered, flagged):
    assert Share(lowered=lowered, kept=10 - lowered, raised=0).is_too_low == flagged


def test_what_few_agencies_stand_behind_is_not_shown_nor_worked_out():
    shares = {"LG1": Share(0, 4, 0), "LG2": Share(0, 6, 0), "LG3": Share(1, 8, 0)}
    group = dict.fromkeys(shares, "LG")
    shown = measures.shown(shares, group)
    assert shown == {"LG1": None, "LG2": None, "LG3": shares["LG3"]}


@given(st.lists(st.sampled_from(Rating), min_size=2, max_size=2))
def test_a_rating_is_lowered_kept_or_raised_and_the_other_way_round(pair):
    own, moderated = pair
    if Rating.NOT_APPLICABLE not in pair:
        assert measures.direction(own, moderated) == -measures.direction(moderated, own)


# --- The rating that counts ---------------------------------------------------------------------
def test_the_moderated_rating_counts_until_the_sign_off_is_voided(cast, form):
    forms.fill(form, Rating.EMBEDDED, by=cast.lead)
    forms.put_in(form, Status.MODERATED, cast)
    signoff = form.signoffs.get()
    review = Review.objects.create(
        assessment=form, signoff=signoff, seed="seed", began_at=forms.NOW
    )
    standard = forms.standard("LG1")
    Moderated.objects.create(
        review=review,
        assessment=form,
        standard=standard,
        own=Rating.EMBEDDED,
        rating=Rating.NOT_IN_PLACE,
    )
    results.refresh(form)
    form.refresh_from_db()
    assert (form.points, form.critical_gaps) == (3 * 45, 1)
    assert Answer.objects.get(standard=standard).rating == Rating.EMBEDDED
    signoff.voided_at, signoff.void_reason = forms.NOW, "Reopened."
    signoff.save()
    results.refresh(form)
    assert Assessment.objects.get().points == 3 * 46
