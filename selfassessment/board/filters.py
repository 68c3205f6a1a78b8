"""Which forms a board page is about: everything of it stands in the address, and can be shared."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import Case, Q, QuerySet, Value, When
from django.http import QueryDict

from accounts.models import User
from accounts.prepared import Prepared
from agencies.models import Locality
from selfassessment.models import Assessment, AssessmentQuerySet, Cycle
from selfassessment.terms import FormType

ORDER = (
    FormType.LA,
    FormType.PO,
    FormType.SE,
    FormType.FH,
    FormType.HL,
    FormType.CJ,
    FormType.VC,
)
"""Types as every list of the board has them; it is no order of merit."""
BY_TYPE, BY_NAME = "type", "name"
SIGNED, NOT_SIGNED = "yes", "no"


@dataclass(frozen=True)
class Filters:
    """What was asked for; a word that is not known is as if it had not been said."""

    cycles: tuple[Cycle, ...]
    localities: tuple[Locality, ...]
    year: int | None = None
    place: str = ""
    kind: str = ""
    signed: str = ""
    order: str = BY_TYPE
    page: int = 1

    @classmethod
    def read(cls, asked: QueryDict) -> "Filters":
        cycles, localities = tuple(_CYCLES()), tuple(_LOCALITIES())
        year = _number(asked.get("year"))
        page = _number(asked.get("page"))
        place, kind = asked.get("place", ""), asked.get("kind", "")
        signed = asked.get("signed", "")
        return cls(
            cycles,
            localities,
            year=year if year in {each.year for each in cycles} else None,
            place=place if place in {each.code for each in localities} else "",
            kind=kind if kind in FormType.values else "",
            signed=signed if signed in (SIGNED, NOT_SIGNED) else "",
            order=BY_NAME if asked.get("order") == BY_NAME else BY_TYPE,
            page=max(page or 1, 1),
        )

    @cached_property
    def cycle(self) -> Cycle | None:
        """The cycle of the year; the newest where none was asked for."""
        if self.year is None:
            return self.cycles[0] if self.cycles else None
        return next(each for each in self.cycles if each.year == self.year)

    @cached_property
    def board(self) -> Locality | None:
        return next((each for each in self.localities if each.code == self.place), None)

    def forms(self, user: User, cycle: Cycle | None = None) -> AssessmentQuerySet:
        """The forms of a cycle, the chosen one unless another is given, that the filters leave."""
        return forms_of(user, *self.shape, **self.values(cycle or self.cycle))

    @property
    def shape(self) -> tuple[str, str]:
        """With ``values`` what ``forms_of`` is given: in a ``Prepared`` query too."""
        return self.kind, self.signed

    def values(self, cycle: Cycle | None) -> dict[str, Any]:
        return {
            "cycles": [cycle.pk] if cycle else [],
            "boards": [self.board.pk] if self.board else [],
        }

    def with_(self, **changed: Any) -> str:
        """The address of the same page with something else asked for, from the ``?`` on."""
        said = {
            "year": self.year or "",
            "place": self.place,
            "kind": self.kind,
            "signed": self.signed,
            "order": "" if self.order == BY_TYPE else self.order,
            "page": "",
            **changed,
        }
        kept = {name: value for name, value in said.items() if value}
        return f"?{urlencode(kept)}" if kept else "?"

    @property
    def here(self) -> str:
        """What the page was asked for, for links to its other views and sheets."""
        return self.with_()


def forms_of(
    user: User, kind: str, signed: str, *, cycles: list[int], boards: list[int]
) -> AssessmentQuerySet:
    """The forms of some cycles that a reader of the board's pages asks for.

    Those of settings where one person works stay whether they were signed or not: to be gone would
    say so.

    Args:
        boards: none for all of them.
    """
    found = Assessment.objects.of_board(user).filter(cycle__in=cycles)
    if boards:
        found = found.filter(board__in=boards)
    if kind:
        found = found.filter(form_type=kind)
    alone = Q(is_one_person=True)
    if signed == SIGNED:
        return found.filter(alone | Q(signed_at__isnull=False))
    if signed == NOT_SIGNED:
        return found.filter(alone | Q(signed_at__isnull=True))
    return found


def _cycles() -> QuerySet[Cycle]:
    opened = Cycle.objects.filter(opened_at__isnull=False)
    return opened.select_related("standards").latest_first()


_CYCLES, _LOCALITIES = Prepared(_cycles), Prepared(lambda: Locality.objects.all())


def in_order_of_types() -> Case:
    whens = [When(form_type=kind, then=Value(place)) for place, kind in enumerate(ORDER)]
    return Case(*whens, default=Value(len(ORDER)))


def _number(said: str | None) -> int | None:
    """A whole number of an address; None for anything else, however long."""
    return int(said) if said and said.isascii() and said.isdigit() and len(said) < 6 else None
