"""What moderation reads: the sample of a form, where each standard of it stands, who differs."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db.models import Count, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import User
from selfassessment import results
from selfassessment.models import Answer, Assessment, Cycle, Moderator, SectionScore
from selfassessment.moderation import sample
from selfassessment.moderation.measures import Moved
from selfassessment.moderation.models import (
    Judgement,
    Moderated,
    Question,
    Review,
    Sampled,
    SeriousIncident,
    SharedPractice,
)
from selfassessment.moderation.sample import Drawn, Said
from selfassessment.moderation.terms import MODERATORS, FullReason
from selfassessment.said import ratings_of as own_ratings_of
from selfassessment.terms import Outcome, Rating, Status


def review_of(assessment: Assessment) -> Review | None:
    """The review of the sign-off that stands; None before moderation, and after a reopening."""
    standing = Review.objects.standing().filter(assessment=assessment)
    return standing.select_related("appeal").first()


def moderators_of(assessment: Assessment) -> list[Moderator]:
    """Those who are at work on it, in the order in which they were given it."""
    at_work = assessment.moderators.filter(stood_down_at__isnull=True)
    return list(at_work.select_related("person", "agency"))


# --- The sample ---------------------------------------------------------------------------------
def year_before(assessment: Assessment) -> QuerySet[Assessment]:
    """Last year's form of the same agency and board, where its codes mean the same: one or none."""
    return Assessment.objects.counted().filter(
        agency=assessment.agency_id,
        board=assessment.board_id,
        cycle__year=assessment.cycle.year - 1,
        cycle__standards__major=assessment.cycle.standards.major,
    )


def last_answer(assessment: Assessment, code: str) -> Answer | None:
    """What was said of a standard last year; ``moderated`` is its rating then, or None."""
    before = year_before(assessment)
    sources = before.annotate(held_in=Coalesce("answers_of_id", "id")).values("held_in")
    moderated = Moderated.objects.counting().filter(
        assessment__in=before.values("pk"), standard__code=code
    )
    said = Answer.objects.filter(assessment__in=sources, standard__code=code)
    return said.annotate(moderated=Subquery(moderated.values("rating")[:1])).first()


def ratings_of(assessment: Assessment) -> dict[str, Rating]:
    """Code to the rating that counts, from the stored scores: one query."""
    rows = SectionScore.objects.filter(assessment=assessment).values_list("ratings", flat=True)
    return {code: Rating(rating) for row in rows for code, rating in row.items() if rating}


def said_of(assessment: Assessment) -> list[Said]:
    """Each standard that the form asks, with the agency's own rating and last year's."""
    standards = results.asked_of(assessment)
    own = own_ratings_of(assessment, standards)
    before = year_before(assessment).first()
    last_year = ratings_of(before) if before else {}
    return [
        Said(
            code=each.code,
            critical=each.critical,
            own=Rating(own[each.pk]) if each.pk in own else None,
            last_year=last_year.get(each.code),
        )
        for each in standards
    ]


def full_reason(assessment: Assessment) -> FullReason | None:
    """Why everything is looked at this year; None where a sample is."""
    if SeriousIncident.objects.filter(assessment=assessment).exists():
        return FullReason.INCIDENT
    before = Review.objects.filter(
        assessment__agency=assessment.agency_id,
        assessment__board=assessment.board_id,
        assessment__cycle__year__lt=assessment.cycle.year,
        finished_at__isnull=False,
    )
    years: dict[int, bool] = {}
    for year, full in before.standing().values_list("assessment__cycle__year", "full"):
        years[year] = bool(full)
    if sample.is_third_year(assessment.cycle.year, years.items()):
        return FullReason.THIRD_YEAR
    return None


def seed_of(assessment: Assessment) -> str:
    return sample.seed_of(assessment.cycle.seed, assessment.pk)


def draw(
    assessment: Assessment, full: FullReason | str | None, said: list[Said] | None = None
) -> list[Drawn]:
    """The sample as it is drawn from what the form says; of standards that are answered.

    Args:
        said: ``said_of`` the form, where it is read already.
    """
    found = said_of(assessment) if said is None else said
    answered = [each for each in found if each.own is not None]
    return sample.draw(answered, seed_of(assessment), full=bool(full))


# --- Where it stands ----------------------------------------------------------------------------
@dataclass
class Line:
    """One standard of the sample, with what is said of it and what is still open."""

    sampled: Sampled
    judgements: list[Judgement] = field(default_factory=list)  # that stand, of those at work

    @property
    def code(self) -> str:
        return self.sampled.standard.code

    @property
    def ratings(self) -> set[str]:
        return {each.rating for each in self.judgements if each.rating}

    def by(self, person: User) -> Judgement | None:
        return next(
            (each for each in self.judgements if each.moderator.person_id == person.pk), None
        )

    @property
    def is_asked(self) -> bool:
        """Somebody waits for evidence, and has not said what it is without."""
        return any(each.outcome == Outcome.ASK for each in self.judgements)

    @property
    def is_judged(self) -> bool:
        """Both have rated it."""
        return len(self.judgements) >= MODERATORS and not self.is_asked

    @property
    def differs(self) -> bool:
        return self.is_judged and len(self.ratings) > 1 and not self.sampled.settled

    @property
    def outcome(self) -> Rating | None:
        """The moderated rating: what both say, or what was settled; None while it is open."""
        if not self.is_judged:
            return None
        if len(self.ratings) == 1:
            return Rating(next(iter(self.ratings)))
        return Rating(self.sampled.settled) if self.sampled.settled else None


@dataclass
class Desk:
    """One review as moderators and the manager work on it: three queries."""

    assessment: Assessment
    review: Review

    @cached_property
    def lines(self) -> list[Line]:
        rows = self.review.sample.select_related("standard", "settled_by")
        found = {each.pk: Line(each) for each in rows.order_by("standard__order")}
        said = Judgement.objects.standing().filter(sampled__review=self.review)
        for judgement in said.select_related("moderator__person").order_by("moderator_id"):
            found[judgement.sampled_id].judgements.append(judgement)
        return list(found.values())

    def questions(self, line: Line) -> list[Question]:
        """What was asked about one standard, the earliest first: one query."""
        asked = Question.objects.filter(sampled=line.sampled)
        return list(asked.select_related("answered_by", "judgement"))

    @cached_property
    def moderators(self) -> list[Moderator]:
        return moderators_of(self.assessment)

    def line(self, code: str) -> Line | None:
        return next((each for each in self.lines if each.code == code), None)

    @property
    def open(self) -> list[Line]:
        """What keeps the review from being finished."""
        return [each for each in self.lines if each.outcome is None]

    @property
    def differing(self) -> list[Line]:
        return [each for each in self.lines if each.differs]

    def left_for(self, person: User) -> list[Line]:
        return [each for each in self.lines if each.by(person) is None]

    def after(self, line: Line, person: User) -> Line | None:
        """The next that the person has not judged, from this one on and round."""
        place = self.lines.index(line)
        order = self.lines[place + 1 :] + self.lines[:place]
        return next((each for each in order if each.by(person) is None), None)


def desk(assessment: Assessment) -> Desk | None:
    review = review_of(assessment)
    return Desk(assessment, review) if review else None


def questions_to(assessment: Assessment) -> QuerySet[Question]:
    """What the agency was asked in the review that stands, the earliest due first."""
    asked = Question.objects.filter(
        sampled__review__assessment=assessment,
        sampled__review__signoff__voided_at__isnull=True,
        withdrawn_at__isnull=True,
    )
    return asked.select_related("sampled__standard", "judgement", "answered_by").order_by("due_on")


# --- Lists --------------------------------------------------------------------------------------
def open_at_work(cycle: Cycle) -> QuerySet[Moderator]:
    """Who has what to moderate in a cycle."""
    return Moderator.objects.filter(
        stood_down_at__isnull=True,
        assessment__cycle=cycle,
        assessment__status=Status.MODERATION,
    )


def loads(cycle: Cycle) -> dict[int, int]:
    """Forms at work by the key of the person: one query."""
    counted = open_at_work(cycle).values("person_id").annotate(forms=Count("pk"))
    return {each["person_id"]: each["forms"] for each in counted.order_by()}


def moved_in(cycle: Cycle) -> list[Moved]:
    """Every moderated rating of a cycle beside the agency's own: one query."""
    rows = Moderated.objects.counting().filter(
        assessment__cycle=cycle, review__finished_at__isnull=False
    )
    return [
        Moved(code, Rating(own), Rating(rating), form)
        for code, own, rating, form in rows.order_by().values_list(
            "standard__code", "own", "rating", "assessment_id"
        )
    ]


@dataclass(frozen=True)
class Gap:
    """Critical gaps of an agency that were there last year and are there this year."""

    assessment: Assessment
    codes: tuple[str, ...]
    review: Review | None

    @property
    def talked_on(self) -> datetime.date | None:
        return self.review.talked_on if self.review else None


def persistent_gaps(cycle: Cycle, *, alone: bool = True) -> list[Gap]:
    """Agencies with the same critical gap two cycles running: three queries, in order of name.

    Only of the same major version of the standards, where a code means the same; and of forms
    that are signed in both years.

    Args:
        alone: with settings where one person works, who are named to the manager only.
    """
    earlier = (
        Cycle.objects.filter(year=cycle.year - 1, standards__major=cycle.standards.major)
        .only("pk")
        .first()
    )
    if earlier is None:
        return []
    counted = Assessment.objects.counted().filter(critical_gaps__gt=0)
    if not alone:
        counted = counted.filter(is_one_person=False)
    now = {
        (form.agency_id, form.board_id): form
        for form in counted.filter(cycle=cycle)
        .select_related("agency", "board", "cycle")
        .order_by("agency__name", "board__name")
    }
    there = SectionScore.objects.filter(critical_gaps__gt=0)
    gaps_now = _gaps(there.filter(assessment__in=[form.pk for form in now.values()]))
    gaps_then = _gaps(there.filter(assessment__in=counted.filter(cycle=earlier)))
    reviews = {
        each.assessment_id: each
        for each in Review.objects.standing().filter(
            assessment__in=[form.pk for form in now.values()]
        )
    }
    found = []
    for key, form in now.items():
        both = gaps_now.get(key, set()) & gaps_then.get(key, set())
        if both:
            found.append(Gap(form, tuple(sorted(both)), reviews.get(form.pk)))
    return found


def _gaps(scores: QuerySet[SectionScore]) -> dict[tuple[int, int], set[str]]:
    """Agency and board to the codes of their critical gaps."""
    found: dict[tuple[int, int], set[str]] = {}
    rows = scores.values_list("assessment__agency_id", "assessment__board_id", "gaps")
    for agency, board, codes in rows:
        found.setdefault((agency, board), set()).update(codes)
    return found


def embedded(assessment: Assessment) -> list[str]:
    """Codes in which the agency is rated Embedded, by the rating that counts."""
    rated = ratings_of(assessment)
    return [code for code, rating in rated.items() if rating == Rating.EMBEDDED]


def shared_practice(cycle: Cycle) -> QuerySet[SharedPractice]:
    """What agencies agreed to show others, for the board: of forms whose outcome is out."""
    found = SharedPractice.objects.filter(
        assessment__cycle=cycle,
        withdrawn_at__isnull=True,
    ).filter(
        Q(assessment__status__in=(Status.MODERATED, Status.PUBLISHED))
        | Q(assessment__status=Status.CLOSED, assessment__closed_from=Status.PUBLISHED)
    )
    return found.select_related("assessment__agency", "standard").order_by(
        "standard__order", "assessment__agency__name"
    )


def with_review(forms: Iterable[Assessment]) -> dict[Any, Review]:
    """The standing review of each form of a page: one query."""
    found = Review.objects.standing().filter(assessment__in=[each.pk for each in forms])
    return {each.assessment_id: each for each in found.select_related("appeal")}
