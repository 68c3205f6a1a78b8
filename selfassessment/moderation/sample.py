"""Which standards of a form the moderators look at: the same for everybody who draws it.

Nothing here reads the database, the clock or a generator of random numbers.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from selfassessment.moderation.terms import AT_RANDOM, FULL_EVERY, ROSE_BY, Why
from selfassessment.terms import POINTS, Rating

HELD = (Rating.IN_PLACE, Rating.EMBEDDED)


@dataclass(frozen=True)
class Said:
    """One standard of a form: what the agency says of it, this year and last."""

    code: str
    critical: bool
    own: Rating | None  # the agency's own; None: not answered
    last_year: Rating | None  # the rating that counted then; None: none to compare with


@dataclass(frozen=True)
class Drawn:
    """One standard of the sample, with every reason for which it is there."""

    code: str
    why: tuple[Why, ...]


def draw(standards: Sequence[Said], seed: str, *, full: bool = False) -> list[Drawn]:
    """The sample of one form.

    All critical standards rated In place or Embedded; any that rose by two levels; any Not
    applicable; three more at random. In a full review: all.

    Args:
        standards: those that the form asks, each once, in the order of the form.
        seed: of the cycle and the form (``seed_of``).
    Returns:
        in the order of ``standards``.
    """
    why = {each.code: _reasons(each) for each in standards}
    rest = [each.code for each in standards if not why[each.code]]
    for code in at_random(rest, seed):
        why[code].append(Why.RANDOM)
    if full:
        for code in why:
            why[code].append(Why.FULL)
    return [Drawn(each.code, tuple(why[each.code])) for each in standards if why[each.code]]


def _reasons(said: Said) -> list[Why]:
    found = []
    if said.critical and said.own in HELD:
        found.append(Why.CRITICAL)
    if _points(said.own, 0) - _points(said.last_year, POINTS[Rating.EMBEDDED]) >= ROSE_BY:
        found.append(Why.ROSE)
    if said.own == Rating.NOT_APPLICABLE:
        found.append(Why.NOT_APPLICABLE)
    return found


def _points(rating: Rating | None, otherwise: int) -> int:
    return otherwise if rating is None else POINTS.get(rating, otherwise)


def at_random(codes: Iterable[str], seed: str, count: int = AT_RANDOM) -> list[str]:
    """The codes whose digests with the seed come first.

    Anybody can do it again with ``printf '%s' 'seed:LG1' | sha256sum``, on any machine and with
    any version of anything; the order of ``codes`` is of no account.
    """
    return sorted(codes, key=lambda code: digest(seed, code))[:count]


def digest(seed: str, code: str) -> str:
    return hashlib.sha256(f"{seed}:{code}".encode()).hexdigest()


def seed_of(cycle_seed: str, form: object) -> str:
    """The seed of one form: that of its cycle, and the form's own identifier."""
    return f"{cycle_seed}:{form}"


def is_third_year(year: int, reviewed: Iterable[tuple[int, bool]]) -> bool:
    """Whether this year's review is a full one because none of the last two years' was.

    Args:
        reviewed: years in which the agency's form was moderated, each with whether it was full.
    """
    before = dict(reviewed)
    last = range(year - FULL_EVERY + 1, year)
    return all(each in before and not before[each] for each in last)
