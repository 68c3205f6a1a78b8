"""What is still wanted of one answer, by the rules of sections 3 and 4: pure functions.

Said beside the answer and when it is saved, where it holds nobody up; a form is not ready for
sign-off while anything of it is wanted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from selfassessment.standards.models import Standard
from selfassessment.terms import POSITION_AT_MOST, REASON_AT_LEAST, Priority, Rating, Weight

HIGH = (Rating.IN_PLACE, Rating.EMBEDDED)


class Item(Protocol):
    """An item of evidence, as much of it as the rules look at."""

    def is_expired(self, today: date) -> bool: ...
    def is_old(self, today: date) -> bool: ...


class Said(Protocol):
    """An answer, stored or not."""

    rating: str
    position: str
    what_changed: str
    confidence: str
    not_applicable_reason: str
    still_true_at: Any


@dataclass(frozen=True)
class Wanted:
    """One thing that an answer lacks.

    Attributes:
        what: a name for programs: rating, position, what_changed, confidence,
            not_applicable_reason, evidence, old_evidence, action.
        words: what to do, as a sentence.
    """

    what: str
    words: str


def evidence_needed(standard: Standard, rating: str) -> int:
    """How many items: one for In place; two for Embedded, or critical and In place."""
    if rating == Rating.EMBEDDED:
        return 2
    if rating == Rating.IN_PLACE:
        return 2 if standard.critical else 1
    return 0


def action_needed(standard: Standard, rating: str) -> bool:
    """For Not in place, and for a critical standard that is Developing."""
    return rating == Rating.NOT_IN_PLACE or (standard.critical and rating == Rating.DEVELOPING)


def priority(standard: Standard, rating: str, weight: Weight) -> Priority:
    """How urgent an action is that answers this rating (section 5)."""
    if rating == Rating.NOT_IN_PLACE:
        if standard.critical:
            return Priority.CRITICAL
        return Priority.HIGH if weight == Weight.MUST else Priority.MEDIUM
    if rating == Rating.DEVELOPING and standard.critical:
        return Priority.HIGH
    return Priority.LOW


def wanted(
    standard: Standard,
    said: Said,
    *,
    today: date,
    has_last_year: bool = False,
    evidence: Sequence[Item] = (),
    actions: int = 0,
) -> list[Wanted]:
    """What the answer lacks, in the order of its page; empty for one that is whole.

    Args:
        has_last_year: whether the agency answered it the year before.
        evidence: what is shown for it, expired or not.
        actions: how many answer it, of those that were not cancelled.
    """
    if not said.rating:
        return [Wanted("rating", _("Choose the level that is wholly true."))]
    if said.rating == Rating.NOT_APPLICABLE:
        return _reason(said.not_applicable_reason)
    return [
        *_words(said, has_last_year=has_last_year),
        *_evidence(standard, said.rating, evidence, today=today),
        *_action(standard, said.rating, actions),
    ]


def _reason(reason: str) -> list[Wanted]:
    written = len(reason.strip())
    if written >= REASON_AT_LEAST:
        return []
    words = _("Say why it does not apply, in at least %(least)s characters.")
    return [Wanted("not_applicable_reason", words % {"least": REASON_AT_LEAST})]


def _words(said: Said, *, has_last_year: bool) -> list[Wanted]:
    found = []
    if not said.position.strip():
        found.append(Wanted("position", _("Write what is true now.")))
    elif len(said.position) > POSITION_AT_MOST:
        sentence = _(
            "Write a little less about what is true now, at most %(most)s characters. "
            "You have written %(written)s."
        )
        places = {"most": f"{POSITION_AT_MOST:,}", "written": f"{len(said.position):,}"}
        found.append(Wanted("position", sentence % places))
    if has_last_year and not said.what_changed.strip() and said.still_true_at is None:
        found.append(Wanted("what_changed", _("Write what has changed since last year.")))
    if not said.confidence:
        found.append(Wanted("confidence", _("Say how sure you are.")))
    return found


def _evidence(
    standard: Standard, rating: str, evidence: Sequence[Item], *, today: date
) -> list[Wanted]:
    """Enough that holds today, and not all of it older than eighteen months."""
    needed = evidence_needed(standard, rating)
    holds = [each for each in evidence if not each.is_expired(today)]
    found = []
    if len(holds) < needed:
        sentence = ngettext(
            "%(rating)s needs %(needed)s item of evidence that has not expired. "
            "There are %(held)s.",
            "%(rating)s needs %(needed)s items of evidence that have not expired. "
            "There are %(held)s.",
            needed,
        )
        label = str(Rating(rating).label)
        if standard.critical and rating == Rating.IN_PLACE:
            label = _("A critical standard that is In place")
        found.append(
            Wanted("evidence", sentence % {"rating": label, "needed": needed, "held": len(holds)})
        )
    if needed and holds and all(each.is_old(today) for each in holds):
        words = _("The evidence is older than 18 months, so the level is Developing at best.")
        found.append(Wanted("old_evidence", words))
    return found


def _action(standard: Standard, rating: str, actions: int) -> list[Wanted]:
    if actions or not action_needed(standard, rating):
        return []
    if rating == Rating.NOT_IN_PLACE:
        return [Wanted("action", _("Not in place needs an action."))]
    return [Wanted("action", _("A critical standard that is Developing needs an action."))]
