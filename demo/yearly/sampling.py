"""Self-assessments of a sample's agencies, at any size: drawn from seeds and written in bulk.

About half have signed, some are at it, the rest have not begun. Signed forms have a sign-off
without a frozen copy, so that no documents are made of them; the scores of sections are stored as
the portal stores them.
"""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from agencies.models import Agency, Membership
from agencies.terms import AgencyType, Role
from demo.yearly import making, rounds, words
from demo.yearly.places import Place
from demo.yearly.rounds import Days
from selfassessment import scoring
from selfassessment.models import (
    Answer,
    Assessment,
    Cycle,
    Profile,
    SectionScore,
    SignOff,
    Standard,
)
from selfassessment.reports.frozen import digest
from selfassessment.terms import FORM_OF_KIND, Confidence, FormType, Rating, Status

CHUNK = 250
"""Agencies to a transaction."""
BEGUN, SIGNED = 0.7, 0.5
"""Shares of the forms."""
STATEMENT = "Signed for the sample."


def fill(
    agencies: Sequence[int],
    *,
    seed: int,
    now: datetime,
    cycle: Cycle | None = None,
    tell: Callable[[int], None] = lambda _so_far: None,
) -> int:
    """Forms for those of the agencies that have none; how many were made.

    Args:
        agencies: their primary keys.
        cycle: of which; the open one where nothing is said.
        tell: is called with the number of forms so far, chunk by chunk.
    """
    cycle = cycle or open_cycle(now)
    there = set(
        Assessment.objects.filter(cycle=cycle, agency__in=agencies).values_list("agency", flat=True)
    )
    wanted = [pk for pk in agencies if pk not in there]
    for first in range(0, len(wanted), CHUNK):
        some = wanted[first : first + CHUNK]
        _Chunk(cycle, seed, now).write(some)
        tell(first + len(some))
    return len(wanted)


@transaction.atomic
def open_cycle(now: datetime) -> Cycle:
    """The cycle that is open, or one like the demonstration's."""
    found = Cycle.objects.open().latest_first().first()
    if found is not None:
        return found
    days = Days.of_open(timezone.localdate(now))
    standards = making.standard_set()
    opened = making.morning(days.opens)
    standards.mark_used(opened)
    return Cycle.objects.create(
        year=days.opens.year,
        standards=standards,
        opens_on=days.opens,
        due_on=days.due,
        moderation_ends_on=days.moderated,
        report_on=days.report,
        closes_on=days.closes,
        opened_at=opened,
    )


@cache
def _asked(set_pk: int, form_type: str) -> list[Standard]:
    of_set = Standard.objects.filter(set=set_pk).select_related("section").order_by("order")
    return list(of_set.of(form_type))


class _Chunk:
    """The forms of some agencies, row by row, then written table by table."""

    def __init__(self, cycle: Cycle, seed: int, now: datetime) -> None:
        self.cycle, self.seed, self.now = cycle, seed, now
        self.forms: list[Assessment] = []
        self.answers: list[Answer] = []
        self.scores: list[SectionScore] = []
        self.signoffs: list[SignOff] = []

    @transaction.atomic
    def write(self, pks: Sequence[int]) -> None:
        leads = self._leads(pks)
        agencies = Agency.objects.filter(pk__in=pks).order_by("name")
        for agency in agencies:
            self._form(agency, leads.get(agency.pk))
        Profile.objects.bulk_create(
            (Profile(agency=each.agency, form_type=each.form_type) for each in self.forms),
            ignore_conflicts=True,
        )
        Assessment.objects.bulk_create(self.forms)
        Answer.objects.bulk_create(self.answers, batch_size=2_000)
        SectionScore.objects.bulk_create(self.scores, batch_size=2_000)
        SignOff.objects.bulk_create(self.signoffs)

    def _leads(self, pks: Sequence[int]) -> dict[int, User]:
        held = Membership.objects.filter(agency__in=pks, role=Role.LEAD).select_related("person")
        return {each.agency_id: each.person for each in held if each.agency_id is not None}

    def _form(self, agency: Agency, lead: User | None) -> None:
        form_type = FormType(FORM_OF_KIND[AgencyType(agency.kind)])
        place = Place({"form": form_type}, agency, lead)
        chance = place.chance("sample", self.seed, self.cycle.year)
        drawn = chance.random()
        asked = _asked(self.cycle.standards_id, form_type)
        digits = hashlib.blake2b(
            f"{self.seed}|{self.cycle.year}|{agency.name}".encode(), digest_size=16
        )
        form = Assessment(
            pk=UUID(bytes=digits.digest(), version=4),
            cycle=self.cycle,
            agency=agency,
            board_id=agency.locality_id,
            form_type=form_type,
            is_specified=form_type != FormType.VC,
            due_on=self.cycle.due_on,
            asked=len(asked),
            created_at=making.morning(self.cycle.opens_on),
        )
        self.forms.append(form)
        if drawn >= BEGUN or lead is None:
            self._score(form, asked, {})
            return
        ratings = rounds.drawn(chance.uniform(1.2, 2.4), asked, chance)
        if drawn >= SIGNED:
            ratings = {each.code: ratings[each.code] for each in asked[: len(asked) // 2]}
            form.status = Status.IN_PROGRESS
        else:
            self._sign(form, lead, chance.randint(1, 30))
        for standard in asked:
            if standard.code in ratings:
                self._answer(form, place, standard, ratings[standard.code])
        self._score(form, asked, ratings)

    def _sign(self, form: Assessment, lead: User, days: int) -> None:
        """In the weeks before the day for it, or before today where that is still to come."""
        last = min(making.morning(self.cycle.due_on), self.now)
        first = making.morning(self.cycle.opens_on)
        signed = max(last - timedelta(days=days), first + timedelta(hours=8))
        form.status, form.signed_at = Status.SIGNED, signed
        form.prepared_by, form.prepared_at = lead, signed - timedelta(hours=3)
        self.signoffs.append(
            SignOff(
                assessment=form,
                number=1,
                signed_by=lead,
                name=lead.name,
                role="Senior lead",
                prepared_by_name=lead.name,
                at=signed,
                statement=STATEMENT,
                governing_body_on=timezone.localdate(signed),
                frozen={},
                sha256=digest({}, STATEMENT),
            )
        )

    def _answer(self, form: Assessment, place: Place, standard: Standard, rating: Rating) -> None:
        answer = Answer(
            assessment=form,
            standard=standard,
            rating=rating,
            position=words.position(place, standard.code, rating, self.cycle.year),
            confidence=Confidence.SURE,
            version=1,
            saved_by=place.lead,
            saved_at=form.prepared_at or form.created_at + timedelta(hours=6),
        )
        if rating == Rating.NOT_APPLICABLE:
            answer.not_applicable_reason = words.not_applicable(standard.code)
        self.answers.append(answer)

    def _score(
        self, form: Assessment, asked: Sequence[Standard], ratings: dict[str, Rating]
    ) -> None:
        """As ``results`` stores it, without a query for each form."""
        rated = [
            scoring.Rated(each.code, each.section_code, each.critical, ratings.get(each.code))
            for each in asked
        ]
        bands = self.cycle.bands
        for code, score in scoring.by_section(rated, bands).items():
            self.scores.append(
                SectionScore(
                    assessment=form,
                    section=code,
                    asked=score.asked,
                    answered=score.answered,
                    not_applicable=score.not_applicable,
                    points=score.points,
                    possible=score.possible,
                    critical_gaps=score.critical_gaps,
                    gaps=list(score.gaps),
                    ratings={key: said for key, said in ratings.items() if key[:2] == code},
                    rag=score.rag or "",
                )
            )
        whole = scoring.overall(rated, bands)
        form.answered, form.points, form.possible = whole.answered, whole.points, whole.possible
        form.critical_gaps, form.rag = whole.critical_gaps, whole.rag or ""
