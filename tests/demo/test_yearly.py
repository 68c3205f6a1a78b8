"""The demonstration's self-assessments: three years, every status, section 9's rows exactly."""

from collections import Counter
from uuid import UUID

import pytest
from django.db import transaction
from django.http import QueryDict
from django.utils import timezone

from agencies.terms import Role
from audit.models import AuditEvent
from demo import cast, sample, yearly
from demo.selfassessment_rows import rounds
from demo.yearly import sampling
from selfassessment import checks, results
from selfassessment.board import heatmap
from selfassessment.board.filters import Filters
from selfassessment.models import (
    Action,
    Answer,
    Assessment,
    Cycle,
    Evidence,
    EvidenceVersion,
    Moderator,
    ProgressNote,
    SignOff,
)
from selfassessment.moderation.measures import direction
from selfassessment.moderation.models import Appeal, Judgement, Moderated, Question
from selfassessment.reports.frozen import digest
from selfassessment.terms import (
    BEFORE_SIGNED,
    ActionStatus,
    EvidenceKind,
    FormType,
    Rating,
    Status,
)
from selfassessment.timeline import KINDS

pytestmark = pytest.mark.usefixtures("made", "db")


@pytest.fixture(scope="module")
def made(company: cast.Company) -> yearly.Made:
    """Without the stories, which take longer than all of this."""
    return yearly.make(company, now=timezone.now())


def forms_of(year: Cycle) -> dict[str, Assessment]:
    found = Assessment.objects.filter(cycle=year, answers_of=None).select_related("agency")
    return {form.agency.name: form for form in found}


def test_the_known_rows_come_out_as_their_ratings_say(made: yearly.Made) -> None:
    """Whatever moderators changed, the ratings that count are those of the file."""
    this, last = forms_of(made.cycles[-1]), forms_of(made.cycles[-2])
    latest = max(one.year for one in rounds())
    for one in rounds():
        form = (this if one.year == latest else last)[one.agency]
        counted = results.rated(form, results.asked_of(form))
        assert {each.code: each.rating for each in counted} == one.ratings
        assert form.status == one.status


def test_every_status_is_there_in_both_localities_and_all_types(made: yearly.Made) -> None:
    now = Assessment.objects.filter(cycle=made.cycles[-1])
    assert {*now.values_list("status", flat=True)} == {*Status} - {Status.CLOSED}
    assert not Assessment.objects.filter(cycle__in=made.cycles[:2]).exclude(status="closed")
    types = Counter(now.values_list("board__code", "form_type"))
    assert all(types["NY", each] or types["YK", each] for each in FormType)
    assert all(types[board, "SE"] >= 3 for board in ("NY", "YK"))
    assert now.filter(is_one_person=True).exclude(signed_at=None).count() >= 5
    assert len(made.places) >= 40


def test_no_status_contradicts_the_calendar(made: yearly.Made) -> None:
    today, now = timezone.localdate(), timezone.now()
    cycle = made.cycles[-1]
    assert cycle.is_open
    assert cycle.opens_on < cycle.due_on < today < cycle.moderation_ends_on < cycle.closes_on
    assert all(not each.is_open and each.closes_on < today for each in made.cycles[:2])
    for form in Assessment.objects.select_related("cycle"):
        days = [
            form.prepared_at,
            form.signed_at,
            form.moderated_at,
            form.published_at,
            form.cycle.closed_at,
        ]
        steps = [day for day in days if day is not None]
        assert steps == sorted(steps)
        assert all(step < now for step in steps)
    assert not Answer.objects.filter(saved_at__gt=now).exists()
    assert not Judgement.objects.filter(at__gt=now).exists()


def test_whoever_was_given_more_time_is_not_overdue_and_some_others_are(made: yearly.Made) -> None:
    today = timezone.localdate()
    forms = forms_of(made.cycles[-1])
    for name in ("Vale Probation Unit", "Little Wharfe Primary", "Hollin Beck Surgery"):
        assert not forms[name].is_overdue(today)
        assert forms[name].extensions.get().until == forms[name].due_on
    late = [form for form in forms.values() if form.is_overdue(today)]
    assert forms["Lantern Youth Trust"] in late
    assert all(form.status in BEFORE_SIGNED for form in late)


def test_what_was_signed_is_what_its_digest_says(made: yearly.Made) -> None:
    for signoff in SignOff.objects.select_related("assessment__agency"):
        assert digest(signoff.frozen, signoff.statement) == signoff.sha256
        assert signoff.frozen["agency"] == signoff.assessment.agency.name
        assert all(each["rating"] for each in signoff.frozen["asked"])
        short = signoff.assessment.short_form
        assert (signoff.name == signoff.prepared_by_name) is short


def test_nobody_moderates_their_own_agency_or_beside_their_own_type(made: yearly.Made) -> None:
    types = {each.person.pk: each.form_type for each in made.moderators}
    pairs = Counter(Moderator.objects.values_list("assessment", flat=True))
    assert set(pairs.values()) == {2}
    for each in Moderator.objects.select_related("assessment"):
        assert each.agency_id != each.assessment.agency_id
        assert types[each.person_id] != each.assessment.form_type


def test_moderation_waits_asks_lowers_and_is_appealed_against(made: yearly.Made) -> None:
    assert Question.objects.waiting().count() >= 3
    assert Appeal.objects.open().get().review.assessment.agency.name == "Minster University"
    assert Appeal.objects.exclude(decided_at=None).exists()
    seen = [(Rating(each.own), Rating(each.rating)) for each in Moderated.objects.all()]
    assert {direction(own, counted) for own, counted in seen} == {-1, 0, 1}
    chair = cast.company().people["harriet"]
    assert Appeal.objects.for_chair(chair).count() >= 1


def test_one_agency_answers_to_two_boards(made: yearly.Made) -> None:
    both = Assessment.objects.filter(cycle=made.cycles[-1], agency__name="Demonstration Police")
    first, second = both.order_by("answers_of")
    assert (first.board.code, second.board.code) == ("NY", "YK")
    assert second.answers_of == first
    assert second.points > first.points  # nobody there has looked at it yet
    assert second.signoffs.get().sha256 != first.signoffs.get().sha256


def test_board_members_see_the_known_scores_on_the_heat_map(
    made: yearly.Made, company: cast.Company
) -> None:
    member = company.people["priya"]
    assert member.memberships.filter(role=Role.BOARD_MEMBER).exists()
    filters = Filters.read(QueryDict(f"year={made.cycles[-1].year}"))
    groups = heatmap.every_group(filters, user=member, today=timezone.localdate())
    rows = {row.name: row for group in groups for row in group.rows}
    assert rows["Fellgate High School"].cells[0].number == "68.8"
    assert rows["Demonstration Council"].cells[0].number == "79.1"
    assert rows["Lantern Youth Trust"].instead


def test_what_was_handed_over_this_year_stands_up_to_the_checks(made: yearly.Made) -> None:
    """So that the demonstration's senior lead can sign, and nobody signed what could not be."""
    handed = Assessment.objects.filter(cycle=made.cycles[-1], prepared_at__isnull=False)
    forms = handed.select_related("cycle", "agency", "board")
    assert forms.filter(agency__name="Vale Probation Unit").exists()
    for form in [*forms.filter(status="ready_for_signoff"), *forms.filter(status="signed_off")[:3]]:
        assert not checks.stops(checks.look_at(form)), form


def test_plans_have_something_of_everything(made: yearly.Made) -> None:
    today = timezone.localdate()
    plan = Action.objects.filter(cycles__assessment__cycle=made.cycles[-1])
    assert {*Action.objects.values_list("status", flat=True)} == {*ActionStatus}
    assert plan.overdue(today).exists()
    assert plan.exclude(assessment__cycle=made.cycles[-1]).exists()  # carried over
    assert plan.filter(asked_by_moderator=True).exists()
    assert not Action.objects.filter(created_at__gt=timezone.now()).exists()
    assert not ProgressNote.objects.filter(at__gt=timezone.now()).exists()


def test_evidence_of_every_kind_is_held_and_files_open(made: yearly.Made) -> None:
    kinds = Evidence.objects.values_list("kind", flat=True)
    assert {*kinds} == {*EvidenceKind}
    assert any(each.is_expired(timezone.localdate()) for each in Evidence.objects.all())
    files = {each.kind: bytes(each.content) for each in EvidenceVersion.objects.all()}
    assert files["pdf"].startswith(b"%PDF")
    assert {"pdf", "png", "xlsx"} == {*files}


def test_words_are_the_agencys_own_and_no_gaps_are_left_in_them(made: yearly.Made) -> None:
    positions = Answer.objects.filter(assessment__cycle=made.cycles[-1])
    said = [each.position for each in positions]
    assert all(said)
    assert not any("{" in words or "  " in words for words in said)
    assert len(set(said)) > len(said) / 3
    for each in positions.filter(rating=Rating.NOT_APPLICABLE):
        assert len(each.not_applicable_reason) >= 20


def test_a_sample_has_forms_too_scored_as_the_portal_scores() -> None:
    now = timezone.now()
    pks = [int(each.pk) for each in sample.agencies(30, now=now)]
    assert sampling.fill(pks, seed=7, now=now) == 30
    assert sampling.fill(pks, seed=7, now=now) == 0
    forms = Assessment.objects.filter(agency__in=pks).select_related("cycle")
    statuses = Counter(forms.values_list("status", flat=True))
    assert {*statuses} == {Status.NOT_STARTED, Status.IN_PROGRESS, Status.SIGNED}
    assert not forms.filter(signed_at__gt=now).exists()
    for form in forms[:6]:
        stored = list(form.sections.order_by("section").values())
        whole = (form.answered, form.points, form.possible, form.rag)
        results.refresh(form)
        again = list(form.sections.order_by("section").values())
        assert (again, (form.answered, form.points, form.possible, form.rag)) == (stored, whole)


def test_the_forms_of_a_sample_are_the_same_for_the_same_seed() -> None:
    now = timezone.now()
    pks = [int(each.pk) for each in sample.agencies(12, now=now)]

    def drawn(seed: int) -> list[tuple[UUID, str, int, int]]:
        with transaction.atomic():
            sampling.fill(pks, seed=seed, now=now)
            forms = Assessment.objects.filter(agency__in=pks).order_by("pk")
            found = list(forms.values_list("pk", "status", "points", "answered"))
            transaction.set_rollback(True)
        return found

    assert drawn(7) == drawn(7)
    assert drawn(7) != drawn(8)


def test_the_log_tells_the_history_of_every_agency(made: yearly.Made) -> None:
    """As the doors would have written it: known kinds, in order, none of them still to come."""
    told = AuditEvent.objects.filter(kind__regex="^(assessment|moderation)")
    assert set(told.values_list("kind", flat=True)) <= set(KINDS)
    moments = list(told.order_by("pk").values_list("at", flat=True))
    assert moments == sorted(moments)
    assert moments[-1] <= timezone.now()
    signed = Counter(told.filter(kind="assessment.signed_off").values_list("subject_id", flat=True))
    assert set(signed) == {str(each.assessment_id) for each in SignOff.objects.all()}
    assert set(signed.values()) == {1}
    for place in made.places:
        if place.lead is not None:
            assert told.filter(agency=str(place.agency.pk)).exists()
