"""What an agency said the last time it was asked: shown beside this year's answers."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import JSONField, OuterRef, Subquery
from django.db.models.functions import Coalesce, JSONObject
from django.db.models.query import QuerySet

from accounts.prepared import Prepared
from selfassessment.evidence.models import EvidenceUse
from selfassessment.models import Answer, Assessment, SectionScore
from selfassessment.moderation.models import Moderated
from selfassessment.terms import READ_BY_BOARD, Status


@dataclass(frozen=True)
class Shown:
    """A piece of evidence that was shown then."""

    pk: str
    title: str
    dated_on: date
    expires_on: date | None

    def is_expired(self, today: date) -> bool:
        return self.expires_on is not None and self.expires_on < today


@dataclass(frozen=True)
class Beside:
    """One standard as it was then. ``rating`` is empty where it was not answered.

    Attributes:
        moderated: what the moderators said instead or as well; empty where they did not look.
        was_read: whether the form was signed, so that the board's people may know of it.
        is_compared: whether it was, by standards of the same meaning: then a change is asked for.
    """

    year: int
    was_read: bool
    is_compared: bool
    pk: int | None = None
    rating: str = ""
    moderated: str = ""
    position: str = ""
    text: str = ""  # of the standard, then
    evidence: tuple[Shown, ...] = ()

    @property
    def counts(self) -> str:
        """The rating that counted."""
        return self.moderated or self.rating


class Before:
    """The form that the same agency gave the same board before; each look is one query."""

    def __init__(self, form: Assessment) -> None:
        self.of = form

    @property
    def _whose(self) -> dict[str, int]:
        of = self.of
        return {"agency": of.agency_id, "board": of.board_id, "year": of.cycle.year}

    @cached_property
    def form(self) -> Assessment | None:
        return next(iter(_FORM(**self._whose)), None)

    @cached_property
    def signed(self) -> Assessment | None:
        """The same, if it was signed: nothing else is compared with."""
        return self.form if self.form is not None and self.form.is_signed else None

    @property
    def is_same(self) -> bool:
        """Whether the standards of both have the same meaning."""
        return self.form is not None and self._is_same(self.form)

    def _is_same(self, form: Assessment) -> bool:
        same: bool = form.cycle.standards.major == self.of.cycle.standards.major
        return same

    @cached_property
    def ratings(self) -> dict[str, str]:
        """What was answered, by code: a code keeps its meaning from year to year."""
        return dict(_RATINGS(form=self.form.source_id)) if self.form else {}

    @cached_property
    def sections(self) -> dict[str, SectionScore]:
        return {each.section: each for each in _SECTIONS(form=self.form.pk)} if self.form else {}

    def beside(self, code: str) -> Beside | None:
        """One standard; None where the agency was not asked before."""
        found: list[Any] = _BESIDE(**self._whose, code=code)
        if not found:
            return None
        form = found[0]
        return Beside(
            year=form.cycle.year,
            was_read=form.status in READ_BY_BOARD and form.is_signed,
            is_compared=form.is_signed and self._is_same(form),
            moderated=form.moderated_as or "",
            evidence=tuple(_shown(each) for each in form.shown),
            **(form.said or {}),
        )


# Asked of every form ---------------------------------------------------------------------------
def _earlier(*, agency: int, board: int, year: int) -> QuerySet[Assessment]:
    """Those before, the last first; a year in which the agency was exempt is passed over."""
    earlier = Assessment.objects.filter(agency=agency, board=board, cycle__year__lt=year)
    asked = earlier.exclude(status=Status.EXEMPT).exclude(closed_from=Status.EXEMPT)
    return asked.order_by("-cycle__year")


def _last(**whose: int) -> QuerySet[Assessment]:
    return _earlier(**whose).select_related("cycle__standards")[:1]


def _ratings(*, form: UUID) -> QuerySet[Any]:
    given = Answer.objects.filter(assessment=form).exclude(rating="")
    return given.order_by().values_list("standard__code", "rating")


def _beside(*, code: str, **whose: int) -> QuerySet[Any]:
    """The one before, with what it said of one standard."""
    source = Coalesce(OuterRef("answers_of"), OuterRef("pk"))
    said = Answer.objects.filter(assessment=source, standard__code=code).exclude(rating="")
    moderated = Moderated.objects.counting().filter(assessment=OuterRef("pk"), standard__code=code)
    shown = EvidenceUse.objects.filter(
        assessment=source, standard__code=code, evidence__ended_at__isnull=True
    )
    shown_of = ("status", "signed_at", "cycle__year", "cycle__standards__major")
    form = _earlier(**whose).select_related("cycle__standards").only(*shown_of)
    return form.annotate(
        said=Subquery(
            said.values(
                json=JSONObject(
                    pk="pk", rating="rating", position="position", text="standard__text"
                )
            )[:1],
            output_field=JSONField(),
        ),
        moderated_as=Subquery(moderated.values("rating")[:1]),
        shown=ArraySubquery(
            shown.order_by("evidence__title").values(
                json=JSONObject(
                    pk="evidence_id",
                    title="evidence__title",
                    dated_on="evidence__dated_on",
                    expires_on="evidence__expires_on",
                )
            )
        ),
    )[:1]


_FORM, _BESIDE = Prepared(_last), Prepared(_beside)
_RATINGS = Prepared(_ratings)
_SECTIONS = Prepared(lambda *, form: SectionScore.objects.filter(assessment=form))


def _shown(said: dict[str, str | None]) -> Shown:
    until = said["expires_on"]
    return Shown(
        pk=str(said["pk"]),
        title=str(said["title"]),
        dated_on=date.fromisoformat(str(said["dated_on"])),
        expires_on=date.fromisoformat(until) if until else None,
    )
