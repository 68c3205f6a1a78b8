"""Standards of sets that are in use, remembered in each process: no word of them changes any more.

What is given is read only, as whoever asks next is given the same rows.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import F, QuerySet
from django.utils import timezone

from selfassessment.standards.models import Standard, StandardSection

UNDOABLE = timedelta(hours=1)
"""Longer than a transaction in which a set comes into use, and which may still be undone."""
_standards: dict[int, Sequence[Standard]] = {}
_sections: dict[int, Sequence[StandardSection]] = {}


def standards_of(set_pk: int) -> Sequence[Standard]:
    """All standards of a set in order, with their sections: one query at most."""
    of_set = Standard.objects.filter(set=set_pk).select_related("section")
    found: Sequence[Standard] = _remembered(_standards, set_pk, of_set)
    return found


def sections_of(set_pk: int) -> Sequence[StandardSection]:
    """The sections of a set in order: one query at most."""
    of_set = StandardSection.objects.filter(set=set_pk)
    found: Sequence[StandardSection] = _remembered(_sections, set_pk, of_set)
    return found


def _remembered(known: dict[int, Any], set_pk: int, rows: QuerySet[Any]) -> Any:
    if set_pk not in known:
        found = tuple(rows.annotate(used_at=F("set__used_at")).order_by("order"))
        used_at = found[0].used_at if found else None
        if used_at is None or used_at > timezone.now() - UNDOABLE:
            return found
        known[set_pk] = found
    return known[set_pk]
