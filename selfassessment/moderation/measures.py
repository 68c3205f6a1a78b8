"""How often moderators lowered, kept or raised a rating: what that says of a standard.

Pure functions over pairs of ratings; the page reads the pairs.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field

from selfassessment.moderation.terms import LOWERED_AT_MOST
from selfassessment.terms import HIDDEN_BELOW, POINTS, Rating


@dataclass(frozen=True)
class Moved:
    """One moderated standard of one form."""

    code: str
    own: Rating
    moderated: Rating
    form: Hashable = None  # whose it is


@dataclass(frozen=True)
class Share:
    """What became of the moderated ratings of a standard, a section or a cycle."""

    lowered: int
    kept: int
    raised: int
    forms: int = field(default=0, compare=False)  # how many agencies' forms stand behind it

    @property
    def total(self) -> int:
        return self.lowered + self.kept + self.raised

    def percent(self, number: int) -> float:
        """0.0 to 100.0, to one decimal."""
        return round(100 * number / self.total, 1) if self.total else 0.0

    @property
    def lowered_percent(self) -> float:
        return self.percent(self.lowered)

    @property
    def kept_percent(self) -> float:
        return self.percent(self.kept)

    @property
    def raised_percent(self) -> float:
        return self.percent(self.raised)

    @property
    def is_too_low(self) -> bool:
        """Over a fifth lowered: the standard or its guidance is written anew next cycle."""
        return self.total > 0 and self.lowered / self.total > LOWERED_AT_MOST


def direction(own: Rating, moderated: Rating) -> int:
    """-1 lowered, 0 kept, 1 raised.

    Not applicable taken away counts as lowered: the agency had set the standard aside. Put in
    its place, it counts as kept, as no level is said to be too high or too low.
    """
    if own == moderated or moderated == Rating.NOT_APPLICABLE:
        return 0
    if own == Rating.NOT_APPLICABLE:
        return -1
    return 1 if POINTS[moderated] > POINTS[own] else -1


def share(moved: Iterable[Moved]) -> Share:
    counts, forms = {-1: 0, 0: 0, 1: 0}, set()
    for each in moved:
        counts[direction(each.own, each.moderated)] += 1
        forms.add(each.form)
    return Share(lowered=counts[-1], kept=counts[0], raised=counts[1], forms=len(forms))


def by_standard(moved: Iterable[Moved]) -> dict[str, Share]:
    """Code to share; only of standards that were moderated."""
    found: dict[str, list[Moved]] = {}
    for each in moved:
        found.setdefault(each.code, []).append(each)
    return {code: share(of) for code, of in found.items()}


def by_section(moved: Iterable[Moved]) -> dict[str, Share]:
    """Code of the section to share."""
    found: dict[str, list[Moved]] = {}
    for each in moved:
        found.setdefault(each.code[:2], []).append(each)
    return {code: share(of) for code, of in found.items()}


def shown(shares: Mapping[str, Share], group: Mapping[str, str]) -> dict[str, Share | None]:
    """The shares that may be shown; None where so few agencies stand behind one that one of them
    could be picked out (AC-17).

    Where a single row of a group is hidden, its smallest neighbour is hidden too, since it could
    be worked out from the total of the group.

    Args:
        group: of each row, the code of what it is added up in.
    """
    hidden = {code for code, each in shares.items() if each.forms < HIDDEN_BELOW}
    for within in set(group.values()):
        rows = sorted(
            (code for code in shares if group[code] == within),
            key=lambda code: (shares[code].forms, code),
        )
        found = [code for code in rows if code in hidden]
        rest = [code for code in rows if code not in hidden]
        if len(found) == 1 and rest:
            hidden.add(rest[0])
    return {code: None if code in hidden else each for code, each in shares.items()}
