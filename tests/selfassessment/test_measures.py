"""How often moderators agree, and what is shown of it (section 6)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfassessment.moderation import measures
from selfassessment.moderation.measures import Moved, Share
from selfassessment.terms import Rating


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
    shares = {
        "LG1": Share(0, 4, 0, forms=4),
        "LG2": Share(0, 6, 0, forms=6),
        "LG3": Share(1, 8, 0, forms=9),
    }
    group = dict.fromkeys(shares, "LG")
    shown = measures.shown(shares, group)
    assert shown == {"LG1": None, "LG2": None, "LG3": shares["LG3"]}


@given(st.lists(st.sampled_from(Rating), min_size=2, max_size=2))
def test_a_rating_is_lowered_kept_or_raised_and_the_other_way_round(pair):
    own, moderated = pair
    if Rating.NOT_APPLICABLE not in pair:
        assert measures.direction(own, moderated) == -measures.direction(moderated, own)
