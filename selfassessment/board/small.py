"""Small numbers of people are not shown, nor can they be worked out from what is (AC-17)."""

from collections.abc import Sequence

from selfassessment.terms import HIDDEN_BELOW


def hidden(counts: Sequence[int], *, below: int = HIDDEN_BELOW) -> list[int | None]:
    """Counts that add up to a total which is shown, with None for those that are not.

    Whatever is under ``below`` goes, but nought stays: nobody is in it. Where only one goes, the
    difference would tell it, so the next smallest goes too.
    """
    small = {place for place, count in enumerate(counts) if 0 < count < below}
    if len(small) == 1:
        others = [place for place, count in enumerate(counts) if count and place not in small]
        if others:
            small.add(min(others, key=lambda place: counts[place]))
    return [None if place in small else count for place, count in enumerate(counts)]
