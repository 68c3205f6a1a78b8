"""Cycles, forms, answers, sign-offs and scores, in bulk."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.utils import timezone

from accounts.models import User
from agencies.models import Locality
from demo import cast
from demo.yearly import helping, holding, moderating, planning, rounds, telling, words
from demo.yearly import places as who
from demo.yearly.places import Moderating, Place
from demo.yearly.rounds import YEARS, Days, Form
from selfassessment import results
from selfassessment.models import (
    Answer,
    AnswerSave,
    Assessment,
    Cycle,
    Extension,
    Remark,
    SignOff,
)
from selfassessment.reports.frozen import digest, frozen
from selfassessment.standards import loading
from selfassessment.standards.models import Standard, StandardSet
from selfassessment.terms import POINTS, Confidence, Rating, RemarkKind, Status
from selfassessment.workflow import signing

VERSION = "2026.1"
ROOM = timedelta(days=16)
"""More time than the day for signing off, where somebody asked for it; counted from today."""


@dataclass(frozen=True)
class Made:
    """What the demonstration has of the self-assessment."""

    cycles: Sequence[Cycle]  # the earliest first
    places: Sequence[Place]
    forms: Sequence[Form]
    moderators: Sequence[Moderating]


def make(company: cast.Company, *, now: datetime) -> Made:
    """Three cycles with their forms; the cast must be there.

    Raises:
        StandardsError: the portal's own set of standards cannot be stored.
    """
    today = timezone.localdate(now)
    manager = company.people["diane"]
    cycles = _cycles(today, manager)
    standards = list(cycles[0].standards.standards.select_related("section").order_by("order"))
    places = who.make(company, now=now)
    forms = rounds.all_forms(places, cycles, standards, today)
    _store(forms, company, today)
    _answer(forms, standards, now)
    helping.share_out(forms, now)
    holding.hold(forms, now)
    planning.plan(forms, now)
    _tell_more(forms, manager, today)
    made = Made(cycles, places, forms, who.moderators(company, places))
    moderating.name_chair(company.people["harriet"], company.localities.values(), manager, forms)
    moderating.declare(made.moderators, forms)
    for ago in reversed(range(YEARS)):  # what is frozen tells last year's outcome too
        of_year = [form for form in forms if form.ago == ago]
        for form in of_year:
            if form.second is not None and form.signed is not None:
                _sign(form, form.second, form.signed + timedelta(days=1))
            if form.was_signed:
                _sign(form)
        moderating.moderate(of_year, made.moderators, company.people, now)
        for form in of_year:
            results.refresh(form.row)
    planning.require(forms, now)
    telling.tell(forms, cycles, manager, now)
    return made


def standard_set() -> StandardSet:
    """The portal's own set, stored if it is not yet."""
    if not StandardSet.objects.filter(version=VERSION).exists():
        loading.load()
    return StandardSet.objects.get(version=VERSION)


def _cycles(today: date, manager: User) -> list[Cycle]:
    standards = standard_set()
    days = Days.of_open(today)
    found = []
    for ago in reversed(range(YEARS)):
        of_year = days.years_ago(ago) if ago else days
        closed = of_year.closes + timedelta(days=1)
        found.append(
            Cycle(
                year=of_year.opens.year,
                standards=standards,
                opens_on=of_year.opens,
                due_on=of_year.due,
                moderation_ends_on=of_year.moderated,
                report_on=of_year.report,
                closes_on=of_year.closes,
                seed=f"demonstration{of_year.opens.year}aaaaaaaaa",
                opened_at=morning(of_year.opens),
                opened_by=manager,
                closed_at=morning(closed) if ago else None,
            )
        )
    Cycle.objects.bulk_create(found)
    first = found[0].opened_at
    assert first is not None  # noqa: S101 - for the types: set above
    StandardSet.objects.filter(pk=standards.pk).update(
        published_at=first - timedelta(days=60), used_at=first
    )
    return found


def morning(day: date) -> datetime:
    return datetime.combine(day, time(6), UTC)


def _store(forms: Sequence[Form], company: cast.Company, today: date) -> None:
    rows = []
    for form in forms:
        form.row = _row(form, today)
        rows.append(form.row)
    Assessment.objects.bulk_create(rows)
    Assessment.objects.bulk_create(
        _second(form, company.localities[form.place.said["also"]])
        for form in forms
        if "also" in form.place.said
    )


def _second(form: Form, board: Locality) -> Assessment:
    """The same answers for another board, which has its own sign-off and is not so far yet."""
    form.second = _row(form, form.row.due_on)
    form.second.board, form.second.answers_of = board, form.row
    form.second.moderated_at = form.second.published_at = None
    form.second.status = Status.SIGNED if form.is_open else Status.CLOSED
    form.second.closed_from = "" if form.is_open else Status.SIGNED
    return form.second


def _row(form: Form, today: date) -> Assessment:
    place, due = form.place, form.cycle.due_on
    waits = form.is_open and "extended" in place.said
    row = Assessment(
        cycle=form.cycle,
        agency=place.agency,
        board=place.agency.locality,
        status=form.stands if form.is_open else Status.CLOSED,
        closed_from="" if form.is_open else form.stands,
        form_type=place.form_type,
        short_form=place.is_alone,
        is_specified=place.form_type != "VC",
        is_one_person=place.is_alone,
        due_on=today + ROOM if waits else due,
        asked=len(form.asked),
        prepared_at=form.prepared,
        prepared_by=place.lead if form.prepared else None,
        signed_at=form.signed,
        moderated_at=form.moderated,
        published_at=form.published,
        created_at=morning(form.cycle.opens_on),
    )
    if form.stands == Status.RETURNED:
        row.prepared_at = row.prepared_by = None  # whoever prepares says it anew
    if form.stands == Status.EXEMPT:
        row.exempt_reason = place.said["exempt"]
    if form.answered and len(form.answered) > len(form.asked) / 2:
        for name in ("who", "how", "said"):
            said = words.one(place, "consulted", name, seed=form.year)
            if place.is_alone:
                said = ALONE[name]
            setattr(row, f"consulted_{name}", said)
    return row


ALONE = {
    "who": "Four families and my early years adviser",
    "how": "I asked parents when they came to fetch their children.",
    "said": "They want to hear early if something worries me. I tell new families that I will.",
}


# Answers --------------------------------------------------------------------------------------
def _answer(forms: Iterable[Form], standards: Sequence[Standard], now: datetime) -> None:
    made: dict[tuple[int, str, str], Answer] = {}
    saves: list[AnswerSave] = []
    for ago in reversed(range(YEARS)):
        of_year = [form for form in forms if form.ago == ago]
        answers = [
            (form, each.code, _answer_to(form, each, made, now))
            for form in of_year
            for each in form.asked
            if each.code in form.answered
        ]
        Answer.objects.bulk_create(answer for _form, _code, answer in answers)
        for form, code, answer in answers:
            made[form.ago, form.place.name, code] = answer
            if form.is_open:
                saves.append(_save_of(answer))
    AnswerSave.objects.bulk_create(saves)


def _answer_to(
    form: Form, standard: Standard, made: dict[tuple[int, str, str], Answer], now: datetime
) -> Answer:
    place, code, rating = form.place, standard.code, form.own[standard.code]
    chance = form.chance("answer", code)
    assert form.begun is not None  # noqa: S101 - for the types: it was answered
    until = form.prepared or now - timedelta(days=1)
    by = place.lead
    if place.helpers and standard.section_code in helping.GIVEN:
        by = place.helpers[0]
    moment = rounds.between(form.begun, until, chance.random(), chance)
    answer = Answer(
        assessment=form.row,
        standard=standard,
        rating=rating,
        position=words.position(place, code, rating, form.year),
        confidence=chance.choices(list(Confidence), (6, 3, 1))[0],
        version=1,
        saved_by=by,
        saved_at=moment,
    )
    if rating == Rating.NOT_APPLICABLE:
        answer.not_applicable_reason = words.not_applicable(code)
    last = made.get((form.ago + 1, place.name, code))
    if last is not None:
        then = Rating(last.rating)
        moved = POINTS.get(rating, 0) - POINTS.get(then, 0)
        answer.what_changed = words.changed(place, code, form.year, moved)
        if answer.position == last.position:
            answer.carried_from, answer.still_true_at = last, moment
            answer.still_true_by = by
    return answer


def _save_of(answer: Answer) -> AnswerSave:
    empty = dict.fromkeys(("rating", "position", "confidence"), "")
    return AnswerSave(
        answer=answer,
        version=1,
        by=answer.saved_by,
        at=answer.saved_at or timezone.now(),
        before=empty,
    )


# Signing --------------------------------------------------------------------------------------
def _sign(form: Form, row: Assessment | None = None, at: datetime | None = None) -> None:
    """What was signed, frozen as it stood before anybody moderated it."""
    row, at = row or form.row, at or form.signed
    place = form.place
    assert at is not None  # noqa: S101 - for the types: it was signed
    assert place.lead is not None  # noqa: S101
    assert place.senior is not None  # noqa: S101
    body_on = timezone.localdate(at) + timedelta(days=21)
    said = signing.statement(row, body_on)
    content = frozen(row)
    for action in content["actions"]:
        action["status"] = "open"  # as it was then
    form.signoff = SignOff.objects.create(
        assessment=row,
        number=1,
        signed_by=place.senior,
        name=place.senior.name,
        role=place.senior.job_title,
        prepared_by_name=place.lead.name,
        at=at,
        statement=said,
        governing_body_on=body_on,
        frozen=content,
        sha256=digest(content, said),
    )


# What was said with a move --------------------------------------------------------------------
RETURNED = (
    "Thank you for your form. Two things before it goes to the moderators: ON1 says that alerts "
    "at weekends are not read, which makes it Not in place. Please add an action with an owner. "
    "And tell us in RP1 whether the new procedure has reached the lunchtime staff."
)


def _tell_more(forms: Iterable[Form], manager: User, today: date) -> None:
    more, said = [], []
    for form in forms:
        if not form.is_open:
            continue
        if "extended" in form.place.said:
            chance = form.chance("extended")
            asked = rounds.at(form.cycle.due_on - timedelta(days=2), chance)
            reason = form.place.said["extended"]
            more.append(
                Extension(
                    assessment=form.row, until=form.row.due_on, reason=reason, by=manager, at=asked
                )
            )
        if form.stands == Status.RETURNED:
            when = rounds.at(today - timedelta(days=9), form.chance("returned"))
            said.append(
                Remark(
                    assessment=form.row,
                    kind=RemarkKind.RETURNED,
                    words=RETURNED,
                    by=manager,
                    at=when,
                )
            )
    Extension.objects.bulk_create(more)
    Remark.objects.bulk_create(said)
