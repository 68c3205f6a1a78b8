"""Who looked at which form, what they said of which standard, and what came of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.utils import timezone

from accounts.models import User
from agencies import workdays
from demo.yearly import rounds, words
from demo.yearly.places import Moderating
from demo.yearly.rounds import LEVELS, Form
from selfassessment.models import Moderator
from selfassessment.moderation import sample
from selfassessment.moderation.models import (
    AgencyComment,
    Appeal,
    Appealed,
    BoardChair,
    Interest,
    Judgement,
    Moderated,
    Question,
    RequiredAction,
    Review,
    Sampled,
    SeriousIncident,
)
from selfassessment.moderation.terms import APPEAL_DAYS, COMMENT_DAYS, REPLY_DAYS, FullReason
from selfassessment.terms import POINTS, Outcome, Rating, Status

INCIDENT = {
    "Bishopwood School": "An incident near the school in the summer. The board asked for a full "
    "review."
}
APPEALS = {
    ("Minster University", 0): "",
    ("Ouse Bank College", 1): "stands",
    ("Ings Lane Hospital", 1): "upheld",
}
"""Agency and how many years ago, and what the chair decided; nothing yet of the first."""
FROM_CAST = 2
"""The first moderators of the list are of the cast; they have the forms that wait now."""


@dataclass
class Rows:
    """What is written at the end, in this order."""

    made: dict[type[models.Model], list[Any]] = field(default_factory=dict)

    def add(self, row: Any) -> Any:
        self.made.setdefault(type(row), []).append(row)
        return row

    def write(self) -> None:
        for model in (
            Moderator,
            SeriousIncident,
            Review,
            Sampled,
            Judgement,
            Question,
            Moderated,
            RequiredAction,
            AgencyComment,
            Appeal,
            Appealed,
        ):
            model._default_manager.bulk_create(self.made.get(model, []))


def name_chair(chair: User, boards: Iterable[Any], by: User, forms: Iterable[Form]) -> None:
    """Who decides appeals in every locality."""
    since = min(form.cycle.opens_on for form in forms)
    BoardChair.objects.bulk_create(
        BoardChair(board=board, person=chair, from_on=since, named_by=by) for board in boards
    )


def declare(moderators: Sequence[Moderating], forms: Iterable[Form]) -> None:
    """One interest, so that the list has an example."""
    by_name = {form.place.name: form for form in forms if form.is_open}
    Interest.objects.create(
        person=moderators[0].person,
        agency=by_name["Vale Integrated Care Board"].place.agency,
        words="My sister works there.",
        from_on=by_name["Vale Integrated Care Board"].cycle.opens_on,
    )


def moderate(
    forms: Iterable[Form],
    moderators: Sequence[Moderating],
    people: dict[str, User],
    now: datetime,
) -> None:
    """Everything that the moderators of these signed forms did, as far as each has come."""
    rows = Rows()
    for turn, form in enumerate(form for form in forms if form.given is not None):
        _Moderation(form, _pair(form, moderators, turn), people, now, rows).walk()
    rows.write()


def _pair(form: Form, moderators: Sequence[Moderating], turn: int) -> list[Moderating]:
    """Two of other agencies and other types; those of the cast for what waits now."""
    may = [
        each
        for each in moderators
        if each.agency != form.place.agency and each.form_type != form.place.form_type
    ]
    if not (form.is_open and form.stands in (Status.MODERATION, Status.MODERATED)):
        may = may[turn % len(may) :] + may[: turn % len(may)]
    first = may[0]
    return [first, next(each for each in may if each.form_type != first.form_type)]


class _Moderation:
    def __init__(
        self,
        form: Form,
        pair: Sequence[Moderating],
        people: dict[str, User],
        now: datetime,
        rows: Rows,
    ) -> None:
        self.form, self.pair, self.people, self.now, self.rows = form, pair, people, now, rows
        self.place, self.chance = form.place, form.chance("moderation")

    def walk(self) -> None:
        self._give()
        drawn = self._draw()
        if self.form.stands == Status.MODERATION:
            self._half_way(drawn)
            return
        self._finish(drawn)

    def _word(self, *of: str, seed: object = "") -> str:
        return words.one(self.place, "judged", *of, seed=f"{self.form.year}|{seed}")

    def _give(self) -> None:
        form = self.form
        assert form.given is not None  # noqa: S101 - for the types: asked for above
        self.given = form.given
        self.moderators = [
            self.rows.add(
                Moderator(
                    assessment=form.row,
                    person=each.person,
                    agency=each.agency,
                    given_by=self.people["diane"],
                    given_at=self.given,
                )
            )
            for each in self.pair
        ]
        reviewed = []
        before = form.before
        while before is not None:
            if before.moderated is not None:
                reviewed.append((before.year, before.review_was_full))
            before = before.before
        full = ""
        if sample.is_third_year(form.year, reviewed):
            full = FullReason.THIRD_YEAR
        if form.is_open and (reason := INCIDENT.get(self.place.name)):
            full = FullReason.INCIDENT
            self.rows.add(
                SeriousIncident(
                    assessment=form.row,
                    reason=reason,
                    by=self.people["diane"],
                    at=self.given - timedelta(hours=1),
                )
            )
        form.review_was_full = bool(full)
        assert form.signoff is not None  # noqa: S101 - for the types: it was signed
        self.review = self.rows.add(
            Review(
                assessment=form.row,
                signoff=form.signoff,
                seed=sample.seed_of(form.cycle.seed, form.row.pk),
                full=full,
                began_at=self.given,
            )
        )

    def _draw(self) -> list[Sampled]:
        form = self.form
        then = form.before.counted if form.before and form.before.was_signed else {}
        said = [
            sample.Said(each.code, each.critical, form.own[each.code], then.get(each.code))
            for each in form.asked
        ]
        standards = {each.code: each for each in form.asked}
        drawn = sample.draw(said, self.review.seed, full=bool(self.review.full))
        if self.review.full and form.moderated and "as" not in self.place.said:
            self._raise_one(drawn)
        return [
            self.rows.add(
                Sampled(
                    review=self.review,
                    standard=standards[each.code],
                    why=list(each.why),
                    own=form.own[each.code],
                )
            )
            for each in drawn
        ]

    def _raise_one(self, drawn: Sequence[sample.Drawn]) -> None:
        """Of a form that was looked at in full, one standard that is better than was said."""
        form = self.form
        may = [
            each.code
            for each in drawn
            if form.own[each.code] == Rating.DEVELOPING
            and form.counted[each.code] == Rating.DEVELOPING
        ]
        if may:
            form.counted[self.chance.choice(may)] = Rating.IN_PLACE

    def _judge(
        self, sampled: Sampled, which: int, outcome: Outcome, rating: str, at: datetime
    ) -> Any:
        reason = self._word(outcome, seed=f"{sampled.standard}{which}")
        return self.rows.add(
            Judgement(
                sampled=sampled,
                moderator=self.moderators[which],
                outcome=outcome,
                rating=rating,
                reason=reason,
                at=at,
            )
        )

    # --- While they are at it -----------------------------------------------------------------
    def _half_way(self, drawn: Sequence[Sampled]) -> None:
        """The first has said most of it, the second some; one waits for evidence."""
        for which, share in ((0, 0.7), (1, 0.4)):
            many = round(share * len(drawn))
            for number, sampled in enumerate(drawn[:many]):
                at = self._between(self.given, self.now - timedelta(days=1), number, many)
                own = Rating(sampled.own)
                if which == 1 and number == many - 1:
                    self._ask(sampled, which, at)
                elif number == 2 and POINTS.get(own):
                    lower = LEVELS[POINTS[own] - 1]
                    self._judge(sampled, which, Outcome.LOWER, lower, at)
                else:
                    self._judge(sampled, which, Outcome.AGREE, own, at)

    def _ask(self, sampled: Sampled, which: int, at: datetime) -> None:
        judgement = self._judge(sampled, which, Outcome.ASK, "", at)
        due = workdays.add_working_days(
            timezone.localdate(at), REPLY_DAYS, self.place.agency.locality
        )
        self.rows.add(Question(sampled=sampled, judgement=judgement, asked_at=at, due_on=due))

    def _between(self, first: datetime, last: datetime, number: int, many: int) -> datetime:
        return rounds.between(first, last, (number + 1) / (many + 1), self.chance)

    # --- Once they are done -------------------------------------------------------------------
    def _finish(self, drawn: Sequence[Sampled]) -> None:
        form = self.form
        assert form.moderated is not None  # noqa: S101 - for the types: past moderation
        done = form.moderated
        until = workdays.add_working_days(
            timezone.localdate(done), COMMENT_DAYS, self.place.agency.locality
        )
        self.review.finished_at, self.review.finished_by = done, self.pair[0].person
        self.review.comments_until = until
        self.review.strengths = self._word("strengths")
        self.review.support = self._word("support")
        differ = []
        for number, sampled in enumerate(drawn):
            at = self._between(self.given, done, number, len(drawn))
            moderated = self._settle(sampled, at)
            if moderated.own != moderated.rating:
                differ.append(moderated)
        lowered = [
            each for each in differ if POINTS[Rating(each.rating)] < POINTS[Rating(each.own)]
        ]
        for each in lowered:
            self._require(each)
        decided = APPEALS.get((self.place.name, form.ago))
        if decided is not None and lowered:
            self._appeal(lowered[0], decided)
        elif lowered and self.chance.random() < 0.4:
            at = rounds.at(timezone.localdate(done) + timedelta(days=4), self.chance)
            assert self.place.lead is not None  # noqa: S101 - for the types
            self.rows.add(
                AgencyComment(
                    review=self.review, words=self._word("comment"), by=self.place.lead, at=at
                )
            )

    def _settle(self, sampled: Sampled, at: datetime) -> Moderated:
        own = Rating(sampled.own)
        counted = self.form.counted[sampled.standard.code]
        assert self.form.moderated is not None  # noqa: S101 - for the types: past moderation
        later = min(at + timedelta(hours=2), self.form.moderated)
        if own == counted:
            for which, moment in enumerate((at, later)):
                self._judge(sampled, which, Outcome.AGREE, own, moment)
        else:
            outcome = Outcome.LOWER if POINTS[counted] < POINTS[own] else Outcome.RAISE
            self._judge(sampled, 0, outcome, counted, at)
            if self.chance.random() < 0.5:
                self._judge(sampled, 1, outcome, counted, later)
            else:
                self._judge(sampled, 1, Outcome.AGREE, own, later)
                sampled.settled, sampled.settled_why = counted, self._word(outcome, seed="both")
                sampled.settled_by, sampled.settled_at = self.pair[1].person, at
        moderated: Moderated = self.rows.add(
            Moderated(
                review=self.review,
                assessment=self.form.row,
                standard=sampled.standard,
                own=own,
                rating=counted,
            )
        )
        return moderated

    def _require(self, moderated: Moderated) -> None:
        self.rows.add(
            RequiredAction(
                review=self.review,
                standard=moderated.standard,
                words=self._word("required", seed=moderated.standard),
                by=self.pair[0].person,
                at=self.review.finished_at,
                planned_at=self.form.published,
            )
        )

    def _appeal(self, moderated: Moderated, decided: str) -> None:
        form, place = self.form, self.place
        assert form.moderated is not None  # noqa: S101 - for the types
        assert place.senior is not None  # noqa: S101
        at = rounds.at(timezone.localdate(form.moderated) + timedelta(days=6), self.chance)
        due = workdays.add_working_days(timezone.localdate(at), APPEAL_DAYS, place.agency.locality)
        appeal = self.rows.add(Appeal(review=self.review, by=place.senior, at=at, due_on=due))
        appealed = self.rows.add(
            Appealed(appeal=appeal, moderated=moderated, words=self._word("appeal"))
        )
        if not decided:
            return
        appeal.decided_by = self.people["harriet"]
        appeal.decided_at = at + timedelta(days=9)
        said = words.told()["judged"]["decided"]
        appealed.reasons = said[0] if decided == "upheld" else said[1]
        appealed.rating = moderated.rating
        if decided == "upheld":
            appealed.rating = moderated.own
            moderated.before_appeal, moderated.rating = moderated.rating, moderated.own
            form.counted[moderated.standard.code] = Rating(moderated.own)
