"""Scores: the worked example, twenty forms worked out by hand, and what holds for all."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from demo import selfassessment_rows
from selfassessment import scoring
from selfassessment.scoring import Bands, Change, Rated
from selfassessment.standards import reading
from selfassessment.terms import POINTS, Rag, Rating

HOUSE = reading.read_file(reading.FOLDER / "2026.1.yaml")
LEVELS = list(POINTS)
# Agency, year, points, possible, percent, colour, critical gaps: worked out by hand.
BY_HAND = [
    ("Fellgate High School", 2025, 80, 138, "58.0", Rag.AMBER, 1),
    ("Fellgate High School", 2026, 95, 138, "68.8", Rag.AMBER, 1),
    ("Little Wharfe Primary", 2025, 63, 138, "45.7", Rag.RED, 0),
    ("Little Wharfe Primary", 2026, 81, 138, "58.7", Rag.AMBER, 1),
    ("Ouse Bank College", 2025, 114, 150, "76.0", Rag.GREEN, 0),
    ("Ouse Bank College", 2026, 121, 150, "80.7", Rag.GREEN, 0),
    ("Minster University", 2025, 91, 150, "60.7", Rag.AMBER, 0),
    ("Minster University", 2026, 97, 150, "64.7", Rag.AMBER, 1),
    ("Dales and Coast NHS Trust", 2025, 88, 147, "59.9", Rag.AMBER, 0),
    ("Dales and Coast NHS Trust", 2026, 105, 147, "71.4", Rag.AMBER, 0),
    ("Demonstration Council", 2025, 114, 153, "74.5", Rag.AMBER, 0),
    ("Demonstration Council", 2026, 121, 153, "79.1", Rag.GREEN, 0),
    ("Demonstration Police", 2025, 115, 138, "83.3", Rag.GREEN, 0),
    ("Demonstration Police", 2026, 118, 138, "85.5", Rag.GREEN, 0),
    ("Vale Probation Unit", 2025, 68, 138, "49.3", Rag.RED, 1),
    ("Vale Probation Unit", 2026, 89, 138, "64.5", Rag.AMBER, 0),
    ("Lantern Youth Trust", 2025, 40, 129, "31.0", Rag.RED, 2),
    ("Lantern Youth Trust", 2026, 73, 129, "56.6", Rag.AMBER, 0),
    ("Sole childminder, Ripon area", 2025, 26, 69, "37.7", Rag.RED, 1),
    ("Sole childminder, Ripon area", 2026, 39, 69, "56.5", Rag.AMBER, 1),
]
ROUNDS = {(one.agency, one.year): one for one in selfassessment_rows.rounds()}


def form(kind, ratings, *, short=False):
    """A whole form of the house's standards; each rating a Rating, or a digit."""
    return [
        Rated(one.code, one.section, one.critical, ratings.get(one.code))
        for one in HOUSE.standards
        if kind in one.applies_to and (one.short_form or not short)
    ]


def section(code, digits):
    """Ratings of a section's standards in order, one digit each."""
    critical = {one.code: one.critical for one in HOUSE.standards}
    ratings = selfassessment_rows.ratings(
        " ".join(digits if code == one else "-" for one in selfassessment_rows.SECTIONS)
    )
    return [Rated(one, code, critical[one], rating) for one, rating in ratings.items()]


# --- By hand --------------------------------------------------------------------------------------
def test_the_worked_example():
    lg, rp, records = section("LG", "23121"), section("RP", "232102"), section("IS", "22-32")
    found = [scoring.section_score(one) for one in (lg, rp, records)]
    assert [(one.points, one.possible) for one in found] == [(9, 15), (10, 18), (9, 12)]
    assert [str(one.percent) for one in found] == ["60.0", "55.6", "75.0"]
    assert [one.rag for one in found] == [Rag.AMBER, Rag.RED, Rag.GREEN]
    assert found[1].gaps == ("RP5",)
    together = scoring.overall([*lg, *rp, *records])
    assert (together.points, together.possible, str(together.percent)) == (28, 45, "62.2")
    assert (together.rag, together.critical_gaps) == (Rag.AMBER, 1)


@pytest.mark.parametrize(
    ("agency", "year", "points", "possible", "percent", "rag", "gaps"), BY_HAND
)
def test_a_form_of_the_demonstration(agency, year, points, possible, percent, rag, gaps):
    one = ROUNDS[agency, year]
    rated = form(one.form_type, one.ratings, short=one.short_form)
    assert {each.code for each in rated} == one.ratings.keys()  # its form asks these, no others
    score = scoring.overall(rated)
    assert (score.points, score.possible, str(score.percent)) == (points, possible, percent)
    assert (score.rag, score.critical_gaps) == (rag, gaps)
    assert score.complete


def test_every_row_of_the_demonstration_is_worked_out():
    assert {(agency, year) for agency, year, *_rest in BY_HAND} == ROUNDS.keys()


# --- Bands and caps -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("percent", "rag"),
    [("0.0", "red"), ("49.9", "red"), ("50.0", "amber"), ("74.9", "amber"), ("75.0", "green")],
)
def test_where_the_colours_begin(percent, rag):
    assert scoring.DEFAULT_BANDS.rag(Decimal(percent)) == rag


def test_the_board_may_set_other_bands(settings):
    settings.ASSESSMENT_BANDS = (40, 60)
    lg = section("LG", "23121")
    assert scoring.section_score(lg, scoring.bands()).rag == Rag.GREEN
    assert scoring.section_score(lg).rag == Rag.AMBER
    for wrong in ((60, 40), (50, 50), (0, 75), (50, 101)):
        with pytest.raises(ValueError, match="Amber begins"):
            Bands(*wrong)


def test_a_critical_standard_that_is_developing_makes_green_amber():
    assert scoring.section_score(section("LG", "13333")).rag == Rag.AMBER
    assert scoring.overall(section("LG", "13333")).rag == Rag.GREEN  # a gap only caps the whole
    assert scoring.section_score(section("LG", "33133")).rag == Rag.GREEN  # LG3 is not critical


def test_a_critical_gap_makes_its_section_red_and_the_whole_amber():
    assert scoring.section_score(section("LG", "03333")).rag == Rag.RED
    assert scoring.overall(section("LG", "03333")).rag == Rag.AMBER


def test_a_half_is_rounded_up():
    assert str(scoring.percent(1, 16)) == "6.3"
    assert scoring.percent(0, 0) is None


def test_a_section_with_something_unanswered_is_incomplete():
    score = scoring.section_score([*section("LG", "33"), Rated("LG3", "LG", False, None)])
    assert (score.complete, score.rag, str(score.percent)) == (False, None, "100.0")
    nothing = scoring.section_score([Rated("LG3", "LG", False, None)])
    assert (nothing.complete, nothing.rag, nothing.percent) == (False, None, None)


def test_a_section_of_which_nothing_applies_has_no_score():
    score = scoring.section_score([Rated("LG3", "LG", False, Rating.NOT_APPLICABLE)])
    assert (score.complete, score.applicable, score.rag, score.percent) == (True, 0, None, None)


# --- Several forms --------------------------------------------------------------------------------
def test_a_median_is_shown_from_three_agencies_up():
    some = [Decimal("50.0"), Decimal("60.0"), None]
    assert scoring.median(some) is None
    assert scoring.median([*some, Decimal("90.0")]) == Decimal("60.0")
    assert scoring.median([*some, Decimal("90.0"), Decimal("60.1")]) == Decimal("60.1")
    assert scoring.medians({"SE": some, "PO": [Decimal(80)] * 3}) == {"PO": Decimal("80.0")}


def test_ratings_are_counted_lowest_first():
    found = scoring.spread([Rating.IN_PLACE, None, Rating.IN_PLACE, Rating.NOT_APPLICABLE])
    assert list(found) == [*Rating, None]
    assert list(found.values()) == [0, 0, 2, 0, 1, 1]


def test_a_year_is_compared_standard_by_standard():
    before, now = ROUNDS["Fellgate High School", 2025], ROUNDS["Fellgate High School", 2026]
    found = scoring.change(form("SE", now.ratings), form("SE", before.ratings))
    assert found.points == Decimal("10.8")
    assert found.worse == ("LG3", "RA1", "RP3")
    assert len(found.improved) + len(found.unchanged) + len(found.worse) == 46
    assert found.not_compared == ()


def test_a_new_code_is_not_compared_and_a_new_meaning_breaks_the_line():
    before, now = section("LG", "22"), section("LG", "32222")
    found = scoring.change(now, before)
    assert found.not_compared == ("LG3", "LG4", "LG5")
    assert (found.improved, found.unchanged) == (("LG1",), ("LG2",))
    assert found.points == Decimal("16.6")  # 83.3 now, 66.7 then, of the two they share
    broken = scoring.change(now, before, same_major=False)
    assert broken == Change(not_compared=tuple(one.code for one in now), reworded=True)
    assert scoring.difference(Decimal("60.0"), Decimal("50.0"), same_standards=False) is None


# --- What holds for all ---------------------------------------------------------------------------
def rated(ratings):
    return st.lists(
        st.builds(
            Rated,
            code=st.sampled_from([one.code for one in HOUSE.standards]),
            section=st.just("LG"),
            critical=st.booleans(),
            rating=st.sampled_from(ratings),
        ),
        min_size=1,
        max_size=54,
        unique_by=lambda one: one.code,
    )


answered = rated(LEVELS)
anything = rated([*Rating, None])
scored = st.sampled_from([scoring.section_score, scoring.overall])
quick = settings(max_examples=60, deadline=None)


@quick
@given(answered, scored, st.data())
def test_a_score_never_rises_when_an_answer_worsens(ratings, score, data):
    at = data.draw(st.integers(0, len(ratings) - 1))
    lower = data.draw(st.integers(0, POINTS[ratings[at].rating]))
    worse = [*ratings]
    worse[at] = replace(worse[at], rating=LEVELS[lower])
    before, after = score(ratings), score(worse)
    assert after.percent <= before.percent
    assert after.critical_gaps >= before.critical_gaps
    assert scoring.ORDER.index(after.rag) <= scoring.ORDER.index(before.rag)


@quick
@given(anything, scored, st.booleans())
def test_what_does_not_apply_changes_nothing(ratings, score, critical):
    more = [*ratings, Rated("XX1", "LG", critical, Rating.NOT_APPLICABLE)]
    before, after = score(ratings), score(more)
    assert after == replace(
        before,
        asked=before.asked + 1,
        answered=before.answered + 1,
        not_applicable=before.not_applicable + 1,
    )
    assert (after.percent, after.rag, after.complete) == (
        before.percent,
        before.rag,
        before.complete,
    )


@quick
@given(answered)
def test_the_caps_hold(ratings):
    critical = {one.rating for one in ratings if one.critical}
    section, whole = scoring.section_score(ratings), scoring.overall(ratings)
    if Rating.NOT_IN_PLACE in critical:
        assert section.rag == Rag.RED
        assert whole.rag != Rag.GREEN
    elif Rating.DEVELOPING in critical:
        assert section.rag != Rag.GREEN
    else:
        assert whole.percent is not None
        assert section.rag == whole.rag == scoring.DEFAULT_BANDS.rag(whole.percent)


@quick
@given(anything, scored)
def test_unanswered_is_never_zero(ratings, score):
    assume(any(one.rating in POINTS for one in ratings))
    missing = [*ratings, Rated("XX1", "LG", True, None)]
    before, after = score(ratings), score(missing)
    assert after.percent == before.percent
    assert after.critical_gaps == before.critical_gaps
    assert not after.complete
    assert after.rag is None


@quick
@given(anything, st.randoms(use_true_random=False))
def test_the_order_of_answers_is_of_no_matter(ratings, random):
    mixed = random.sample(ratings, len(ratings))
    assert scoring.overall(mixed).percent == scoring.overall(ratings).percent
    assert scoring.overall(mixed).rag == scoring.overall(ratings).rag
