"""Moderation by two others: who may, what they look at, what comes of it (section 7.4)."""

import hashlib
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from agencies import workflow as agencies_workflow
from agencies.models import Membership
from agencies.terms import AgencyType, Role
from agencies.workdays import working_days_between
from outbox.models import Message
from selfassessment import moves, results
from selfassessment.actions.models import Action
from selfassessment.models import Answer, Assessment, Moderator, SignOff
from selfassessment.moderation import choosing, letter, measures, queries, sample, workflow
from selfassessment.moderation.measures import Moved, Share
from selfassessment.moderation.models import (
    BoardChair,
    Interest,
    Judgement,
    Moderated,
    Question,
    Review,
)
from selfassessment.moderation.sample import Said
from selfassessment.moderation.terms import Why
from selfassessment.moves import NotReady, TransitionError
from selfassessment.terms import Outcome, Priority, Rating, Status
from selfassessment.workflow import void
from tests.entry import enter
from tests.factories import AgencyFactory, MembershipFactory
from tests.referrals.test_races import problems, together
from tests.selfassessment import forms

RATINGS = st.none() | st.sampled_from(Rating)


# --- The sample ---------------------------------------------------------------------------------
@st.composite
def said(draw: st.DrawFn) -> list[Said]:
    number = draw(st.integers(0, 54))
    return [Said(f"S{n}", draw(st.booleans()), draw(RATINGS), draw(RATINGS)) for n in range(number)]


@given(said(), st.text(max_size=20))
def test_the_same_sample_is_drawn_again_in_whatever_order(standards, seed):
    drawn = sample.draw(standards, seed)
    again = sample.draw(standards[::-1], seed)
    assert {each.code: each.why for each in drawn} == {each.code: each.why for each in again}


@given(said())
def test_every_standard_that_must_be_looked_at_is_and_three_more_at_random(standards):
    drawn = {each.code: each.why for each in sample.draw(standards, "seed")}
    for each in standards:
        why = drawn.get(each.code, ())
        held = each.own in (Rating.IN_PLACE, Rating.EMBEDDED)
        assert (Why.CRITICAL in why) == (each.critical and held)
        assert (Why.NOT_APPLICABLE in why) == (each.own == Rating.NOT_APPLICABLE)
    at_random = [code for code, why in drawn.items() if why == (Why.RANDOM,)]
    must = [code for code, why in drawn.items() if Why.RANDOM not in why]
    assert len(at_random) == min(3, len(standards) - len(must))


@given(said())
def test_a_full_review_looks_at_everything(standards):
    drawn = sample.draw(standards, "seed", full=True)
    assert [each.code for each in drawn] == [each.code for each in standards]
    assert all(Why.FULL in each.why for each in drawn)


@pytest.mark.parametrize(
    ("last_year", "own", "rose"),
    [
        (Rating.NOT_IN_PLACE, Rating.IN_PLACE, True),
        (Rating.NOT_IN_PLACE, Rating.DEVELOPING, False),
        (Rating.DEVELOPING, Rating.EMBEDDED, True),
        (Rating.IN_PLACE, Rating.EMBEDDED, False),
        (Rating.EMBEDDED, Rating.NOT_IN_PLACE, False),
        (Rating.NOT_APPLICABLE, Rating.EMBEDDED, False),
        (None, Rating.EMBEDDED, False),
    ],
)
def test_what_rose_by_two_levels_is_looked_at(last_year, own, rose):
    (drawn,) = sample.draw([Said("LG3", False, own, last_year)], "seed")
    assert (Why.ROSE in drawn.why) == rose


def test_anybody_can_draw_at_random_with_a_digest_and_a_sort():
    codes = ["LG1", "LG2", "RA1", "RA2", "TR5"]
    by_hand = sorted(codes, key=lambda code: hashlib.sha256(f"s:1:{code}".encode()).hexdigest())
    assert sample.at_random(codes, sample.seed_of("s", 1)) == by_hand[:3]


@pytest.mark.parametrize(
    ("reviewed", "full"),
    [
        ([], False),
        ([(2025, False)], False),
        ([(2024, False), (2025, False)], True),
        ([(2024, True), (2025, False)], False),
        ([(2023, True), (2024, False), (2025, False)], True),
        ([(2023, False), (2025, False)], False),
    ],
)
def test_every_third_year_is_a_full_review(reviewed, full):
    assert sample.is_third_year(2026, reviewed) == full


# --- Agreement ----------------------------------------------------------------------------------
def test_measures_say_what_was_lowered_kept_and_raised():
    moved = [
        Moved("LG1", Rating.EMBEDDED, Rating.IN_PLACE),
        Moved("LG1", Rating.IN_PLACE, Rating.IN_PLACE),
        Moved("LG2", Rating.DEVELOPING, Rating.IN_PLACE),
        Moved("RA1", Rating.NOT_APPLICABLE, Rating.DEVELOPING),
    ]
    assert measures.share(moved) == Share(lowered=2, kept=1, raised=1)
    assert measures.by_section(moved)["LG"] == Share(lowered=1, kept=1, raised=1)
    assert measures.by_standard(moved)["RA1"] == Share(lowered=1, kept=0, raised=0)
    assert (measures.share(moved).lowered_percent, measures.share([]).kept_percent) == (50.0, 0.0)


@pytest.mark.parametrize(("lowered", "flagged"), [(1, False), (2, False), (3, True)])
def test_more_than_a_fifth_lowered_asks_for_new_words(lowered, flagged):
    assert Share(lowered=lowered, kept=10 - lowered, raised=0).is_too_low == flagged


def test_what_few_agencies_stand_behind_is_not_shown_nor_worked_out():
    shares = {
        "LG1": Share(0, 4, 0, forms=4),
        "LG2": Share(0, 6, 0, forms=6),
        "LG3": Share(1, 8, 0, forms=9),
    }
    group = dict.fromkeys(shares, "LG")
    shown = measures.shown(shares, group)
    assert shown == {"LG1": None, "LG2": None, "LG3": shares["LG3"]}


@given(st.lists(st.sampled_from(Rating), min_size=2, max_size=2))
def test_a_rating_is_lowered_kept_or_raised_and_the_other_way_round(pair):
    own, moderated = pair
    if Rating.NOT_APPLICABLE not in pair:
        assert measures.direction(own, moderated) == -measures.direction(moderated, own)


# --- The rating that counts ---------------------------------------------------------------------
def test_the_moderated_rating_counts_until_the_sign_off_is_voided(cast, form):
    forms.fill(form, Rating.EMBEDDED, by=cast.lead)
    forms.put_in(form, Status.MODERATED, cast)
    signoff = form.signoffs.get()
    review = Review.objects.create(
        assessment=form, signoff=signoff, seed="seed", began_at=forms.NOW
    )
    standard = forms.standard("LG1")
    Moderated.objects.create(
        review=review,
        assessment=form,
        standard=standard,
        own=Rating.EMBEDDED,
        rating=Rating.NOT_IN_PLACE,
    )
    results.refresh(form)
    form.refresh_from_db()
    assert (form.points, form.critical_gaps) == (3 * 45, 1)
    assert Answer.objects.get(standard=standard).rating == Rating.EMBEDDED
    signoff.voided_at, signoff.void_reason = forms.NOW, "Reopened."
    signoff.save()
    results.refresh(form)
    assert Assessment.objects.get().points == 3 * 46


# --- A form on its way ----------------------------------------------------------------------------
def signed(cast: forms.Cast, form: Assessment, **ratings: Rating) -> Assessment:
    """Signed; all In place but what is said."""
    every = {each.code: Rating.IN_PLACE for each in results.asked_of(form)} | ratings
    forms.fill(form, every, by=cast.lead)
    return forms.put_in(form, Status.SIGNED, cast)


def begun(cast: forms.Cast, form: Assessment, **ratings: Rating) -> Review:
    signed(cast, form, **ratings)
    return workflow.begin(form, [cast.moderator, cast.second_moderator], by=cast.manager)


def codes_of(review: Review) -> list[str]:
    return [each.standard.code for each in review.sample.select_related("standard")]


def judge(form, code, by, outcome=Outcome.AGREE, rating="", reason=""):
    reason = reason or ("" if outcome == Outcome.AGREE else "The record does not show it.")
    return workflow.judge(
        form, forms.standard(code), by=by, outcome=outcome, rating=rating, reason=reason
    )


def agree_on_all(cast, form, review, but=()):
    """Straight into the rows, as fifty visits to the door would leave them."""
    at_work = Moderator.objects.filter(assessment=form, stood_down_at__isnull=True)
    Judgement.objects.bulk_create(
        Judgement(sampled=each, moderator=one, outcome=Outcome.AGREE, rating=each.own)
        for each in review.sample.exclude(standard__code__in=but)
        for one in at_work
    )


def moderated(cast: forms.Cast, form: Assessment) -> Review:
    """With RA1 lowered from Embedded to Developing, and the rest agreed."""
    review = begun(cast, form, RA1=Rating.EMBEDDED)
    agree_on_all(cast, form, review, but=["RA1"])
    for person in (cast.moderator, cast.second_moderator):
        judge(form, "RA1", person, Outcome.LOWER, Rating.DEVELOPING)
    return workflow.finish(form, by=cast.moderator)


def mails(kind: str) -> list[str]:
    sent = Message.objects.filter(kind=f"moderation.{kind}", cancelled_at__isnull=True)
    return sorted(sent.values_list("to_address", flat=True))


@pytest.fixture
def chair(cast):
    person = MembershipFactory(role=Role.BOARD_MEMBER).person
    workflow.name_chair(cast.locality, person, by=cast.manager, from_on=date(2026, 1, 1))
    return person


# --- Who moderates --------------------------------------------------------------------------------
def test_the_manager_gives_a_signed_form_to_two_and_the_sample_is_drawn(cast, form):
    review = begun(cast, form, LG3=Rating.NOT_APPLICABLE)
    form.refresh_from_db()
    assert form.status == Status.MODERATION
    assert Moderator.objects.filter(assessment=form).count() == 2
    drawn = queries.draw(form, review.full)
    assert codes_of(review) == [each.code for each in drawn]
    kept = {each.standard.code: tuple(each.why) for each in review.sample.all()}
    assert kept == {each.code: each.why for each in drawn}
    assert kept["LG3"] == (Why.NOT_APPLICABLE,)
    assert sum(why == (Why.RANDOM,) for why in kept.values()) == 3
    assert mails("given") == sorted([cast.moderator.email, cast.second_moderator.email])


def test_nobody_but_the_manager_gives_a_form(cast, form):
    signed(cast, form)
    for name in ("lead", "senior", "moderator", "board_member", "stranger"):
        with pytest.raises(PermissionDenied):
            workflow.begin(form, [cast.moderator, cast.second_moderator], by=getattr(cast, name))


def test_a_manager_of_the_same_agency_has_no_part_in_it(cast, form):
    signed(cast, form)
    MembershipFactory(person=cast.manager, agency=cast.school)
    with pytest.raises(PermissionDenied):
        workflow.begin(form, [cast.moderator, cast.second_moderator], by=cast.manager)
    assert not Assessment.objects.visible_to(cast.manager).exists()


def refused(cast, form, *people, reason=""):
    with pytest.raises(NotReady) as told:
        workflow.begin(form, people, by=cast.manager, reason=reason)
    form.refresh_from_db()
    assert form.status == Status.SIGNED
    return " ".join(told.value.missing)


def another_moderator(**place):
    person = MembershipFactory(**place).person
    MembershipFactory(person=person, role=Role.MODERATOR)
    return person


def test_nobody_moderates_their_own_agency_whatever_the_reason(cast, form):
    signed(cast, form)
    own = another_moderator(agency=cast.school)
    assert "Belongs to the agency" in refused(
        cast, form, cast.moderator, own, reason="There is nobody else."
    )


def test_two_of_one_agency_never_moderate_together(cast, form):
    signed(cast, form)
    college = Membership.objects.get(person=cast.moderator, agency__isnull=False).agency
    other = another_moderator(agency=college)
    assert "different agencies" in refused(
        cast, form, cast.moderator, other, reason="There is nobody else."
    )
    assert "different people" in refused(cast, form, cast.moderator, cast.moderator)
    assert "two moderators" in refused(cast, form, cast.moderator)
    assert "is not a moderator" in refused(cast, form, cast.moderator, cast.stranger)


def test_the_same_type_moderates_only_for_a_recorded_reason(cast, form):
    signed(cast, form)
    school = another_moderator(agency=cast.other_school)
    assert "same type" in refused(cast, form, cast.moderator, school)
    workflow.begin(
        form, [cast.moderator, school], by=cast.manager, reason="No others are there in May."
    )
    given = Moderator.objects.get(person=school)
    assert given.same_type_reason == "No others are there in May."


def test_two_of_one_type_moderate_together_only_for_a_reason(cast, form):
    signed(cast, form)
    university = AgencyFactory(kind=AgencyType.EDUCATION_HE)
    tutor = another_moderator(agency=university)
    assert "same type" in refused(cast, form, cast.moderator, tutor)


def test_an_interest_bars_and_takes_the_form_back_at_once(cast, form):
    review = begun(cast, form)
    judge(form, codes_of(review)[0], cast.moderator)
    workflow.declare(
        cast.moderator,
        cast.school,
        words="My sister is a governor.",
        from_on=timezone.localdate(),
    )
    assert not Moderator.objects.at_work(cast.moderator).exists()
    assert not Assessment.objects.visible_to(cast.moderator).exists()
    with pytest.raises(PermissionDenied):
        judge(form, codes_of(review)[0], cast.moderator)
    assert mails("missing") == [cast.manager.email]
    with pytest.raises(NotReady, match="declared an interest"):
        workflow.give(form, cast.moderator, by=cast.manager)
    police = another_moderator(agency=AgencyFactory(kind=AgencyType.POLICE))
    workflow.give(form, police, by=cast.manager)
    assert Judgement.objects.count() == 1
    assert not Judgement.objects.standing().exists()


def test_an_interest_that_is_over_bars_no_more(cast, form):
    signed(cast, form)
    interest = workflow.declare(
        cast.moderator,
        cast.school,
        words="I taught there.",
        from_on=timezone.localdate() - timedelta(days=30),
    )
    with pytest.raises(PermissionDenied):
        workflow.end_interest(interest, by=cast.second_moderator)
    workflow.end_interest(interest, by=cast.moderator)
    workflow.begin(form, [cast.moderator, cast.second_moderator], by=cast.manager)


def test_who_loses_the_role_or_joins_the_agency_stops_at_once(cast, form):
    begun(cast, form)
    admin = MembershipFactory(role=Role.PORTAL_ADMIN).person
    role = Membership.objects.get(person=cast.moderator, role=Role.MODERATOR)
    agencies_workflow.end_membership(role, by=admin)
    first = Moderator.objects.get(person=cast.moderator)
    assert (first.stood_down_reason, bool(first.stood_down_at)) == ("No longer a moderator.", True)
    MembershipFactory(person=cast.second_moderator, agency=cast.school)
    with pytest.raises(PermissionDenied):
        judge(form, "LG1", cast.second_moderator)
    assert not Assessment.objects.visible_to(cast.second_moderator).exists()


def test_suggestions_keep_the_rules_and_spread_the_load(cast, form):
    signed(cast, form)
    busy = Membership.objects.get(person=cast.moderator, agency__isnull=False).agency
    colleague = another_moderator(agency=busy)
    another_moderator(agency=cast.other_school)
    own = another_moderator(agency=cast.school)
    other = forms.form_of(cast.other_school)
    forms.put_in(other, Status.MODERATION, cast)
    found = choosing.candidates(form, timezone.localdate())
    assert [each.person for each in found if not each.is_free] == [own]
    chosen = choosing.suggest(found)
    assert not choosing.refusals(chosen, has_reason=False)
    assert {each.person for each in chosen} == {colleague, cast.second_moderator}


# --- The sample, stored ---------------------------------------------------------------------------
def test_what_rose_against_last_year_is_looked_at(cast, form):
    last = forms.form_of(cast.school, 2025)
    forms.fill(last, {"TR3": Rating.NOT_IN_PLACE, "TR4": Rating.IN_PLACE}, by=cast.lead)
    forms.put_in(last, Status.CLOSED, cast)
    Moderator.objects.all().delete()
    review = begun(cast, form, TR4=Rating.EMBEDDED)
    why = {each.standard.code: each.why for each in review.sample.all()}
    assert Why.ROSE in why["TR3"]
    assert Why.ROSE not in why.get("TR4", [])


def test_a_serious_incident_has_everything_looked_at_also_in_the_middle(cast, form):
    review = begun(cast, form)
    before = len(codes_of(review))
    workflow.flag_incident(form, by=cast.manager, reason="A report of the inspectorate.")
    review.refresh_from_db()
    assert review.full == "incident"
    assert before < len(codes_of(review)) == len(results.asked_of(form))
    assert all(Why.FULL in each.why for each in review.sample.all())


# --- Judging --------------------------------------------------------------------------------------
def test_one_judges_what_is_in_the_sample_and_says_why(cast, form):
    review = begun(cast, form)
    outside = next(
        each.code for each in results.asked_of(form) if each.code not in codes_of(review)
    )
    with pytest.raises(TransitionError):
        judge(form, outside, cast.moderator)
    for outcome, rating in [
        (Outcome.LOWER, Rating.IN_PLACE),
        (Outcome.LOWER, Rating.EMBEDDED),
        (Outcome.RAISE, Rating.DEVELOPING),
        (Outcome.LOWER, ""),
    ]:
        with pytest.raises(NotReady):
            judge(form, "LG1", cast.moderator, outcome, rating)
    with pytest.raises(NotReady, match="reason"):
        workflow.judge(
            form,
            forms.standard("LG1"),
            by=cast.moderator,
            outcome=Outcome.LOWER,
            rating=Rating.DEVELOPING,
            reason=" ",
        )
    assert judge(form, "LG1", cast.moderator).rating == Rating.IN_PLACE


def test_nobody_but_the_two_judges(cast, form):
    begun(cast, form)
    for name in ("lead", "senior", "manager", "board_member", "stranger"):
        with pytest.raises(PermissionDenied):
            judge(form, "LG1", getattr(cast, name))


def test_a_form_that_is_not_in_moderation_takes_no_judgement(cast, form):
    begun(cast, form)
    for status in set(Status) - {Status.MODERATION}:
        Assessment.objects.filter(pk=form.pk).update(
            status=status,
            closed_from=Status.PUBLISHED if status == Status.CLOSED else "",
            exempt_reason="It closes.",
        )
        with pytest.raises(TransitionError):
            judge(form, "LG1", cast.moderator)


def test_a_changed_mind_is_kept_and_the_last_word_stands(cast, form):
    begun(cast, form)
    judge(form, "LG1", cast.moderator, Outcome.LOWER, Rating.DEVELOPING)
    judge(form, "LG1", cast.moderator)
    judge(form, "LG1", cast.moderator)
    assert [each.outcome for each in Judgement.objects.all()] == ["lower", "agree"]
    assert Judgement.objects.standing().get().outcome == "agree"


def test_evidence_is_asked_for_ten_working_days_and_reminded_of_once(cast, form):
    begun(cast, form)
    judge(form, "LG1", cast.moderator, Outcome.ASK, reason="Please add the minutes of May.")
    question = Question.objects.get()
    today = timezone.localdate()
    assert working_days_between(today, question.due_on, form.board) == 10
    assert mails("asked") == [cast.lead.email]
    (reminder,) = Message.objects.filter(kind="moderation.reminder")
    days = working_days_between(
        timezone.localdate(reminder.send_after), question.due_on, form.board
    )
    assert days == 3
    assert "minutes" not in reminder.body
    before = Answer.objects.get(standard=forms.standard("LG1"))
    with pytest.raises(PermissionDenied):
        workflow.answer(question, by=cast.senior, words="They are there.")
    workflow.answer(question, by=cast.lead, words="They are there now.")
    after = Answer.objects.get(standard=forms.standard("LG1"))
    assert (before.version, before.position) == (after.version, after.position)
    assert SignOff.objects.standing().filter(assessment=form).exists()
    assert mails("reminder") == []
    assert mails("answered") == [cast.moderator.email]
    with pytest.raises(TransitionError):
        workflow.answer(question, by=cast.deputy, words="Once more.")


def test_who_judges_without_the_evidence_takes_the_question_back(cast, form):
    begun(cast, form)
    judge(form, "LG1", cast.moderator, Outcome.ASK)
    judge(form, "LG1", cast.moderator, Outcome.LOWER, Rating.DEVELOPING)
    question = Question.objects.get()
    assert question.withdrawn_at
    assert mails("reminder") == []
    with pytest.raises(TransitionError):
        workflow.answer(question, by=cast.lead, words="Too late.")


def test_two_who_differ_must_come_to_one_view_before_the_end(cast, form):
    review = begun(cast, form)
    agree_on_all(cast, form, review, but=["LG1"])
    judge(form, "LG1", cast.moderator)
    judge(form, "LG1", cast.second_moderator, Outcome.LOWER, Rating.DEVELOPING)
    with pytest.raises(NotReady, match="differ: LG1"):
        workflow.finish(form, by=cast.moderator)
    with pytest.raises(PermissionDenied):
        workflow.settle(
            form, forms.standard("LG1"), by=cast.moderator, rating=Rating.DEVELOPING, reason="So."
        )
    with pytest.raises(NotReady):
        workflow.settle(
            form, forms.standard("LG1"), by=cast.manager, rating=Rating.EMBEDDED, reason="So."
        )
    workflow.settle(
        form,
        forms.standard("LG1"),
        by=cast.manager,
        rating=Rating.DEVELOPING,
        reason="The minutes of one meeting are not a cycle.",
    )
    workflow.finish(form, by=cast.second_moderator)
    assert Moderated.objects.get(standard=forms.standard("LG1")).rating == Rating.DEVELOPING
    assert Judgement.objects.standing().filter(sampled__standard__code="LG1").count() == 2


def test_a_settlement_falls_when_one_of_the_two_says_something_new(cast, form):
    begun(cast, form)
    judge(form, "LG1", cast.moderator)
    judge(form, "LG1", cast.second_moderator, Outcome.LOWER, Rating.DEVELOPING)
    standard = forms.standard("LG1")
    workflow.settle(
        form, standard, by=cast.manager, rating=Rating.DEVELOPING, reason="The record is thin."
    )
    judge(form, "LG1", cast.moderator, Outcome.LOWER, Rating.NOT_IN_PLACE)
    desk = queries.desk(form)
    assert desk is not None
    assert [each.code for each in desk.differing] == ["LG1"]


def test_nothing_is_finished_while_something_is_open(cast, form):
    review = begun(cast, form)
    with pytest.raises(NotReady, match="Not judged by both"):
        workflow.finish(form, by=cast.moderator)
    agree_on_all(cast, form, review)
    judge(form, "LG1", cast.moderator, Outcome.ASK)
    with pytest.raises(NotReady, match="Evidence was asked for: LG1"):
        workflow.finish(form, by=cast.moderator)
    judge(form, "LG1", cast.moderator)
    workflow.stand_down(
        Moderator.objects.get(person=cast.second_moderator), by=cast.manager, reason="Is ill."
    )
    with pytest.raises(NotReady, match="fewer than two"):
        workflow.finish(form, by=cast.moderator)


# --- The outcome ----------------------------------------------------------------------------------
def test_the_moderated_rating_stands_beside_the_own_and_counts(cast, form):
    review = moderated(cast, form)
    form.refresh_from_db()
    assert form.status == Status.MODERATED
    row = Moderated.objects.get(standard=forms.standard("RA1"))
    assert (row.own, row.rating) == (Rating.EMBEDDED, Rating.DEVELOPING)
    assert Answer.objects.get(standard=forms.standard("RA1")).rating == Rating.EMBEDDED
    assert form.points == 2 * 45 + 1
    today = timezone.localdate()
    assert review.comments_until is not None
    assert working_days_between(today, review.comments_until, form.board) == 10


def test_an_agency_comments_within_ten_working_days(cast, form):
    review = moderated(cast, form)
    workflow.comment(form, by=cast.lead, words="We see it differently.")
    with pytest.raises(PermissionDenied):
        workflow.comment(form, by=cast.teacher, words="So do I.")
    late = timezone.now() + timedelta(days=40)
    with pytest.raises(NotReady, match="over"):
        workflow.comment(form, by=cast.senior, words="And still.", now=late)
    assert review.comments.count() == 1


def test_an_agency_appeals_once_and_the_chair_decides_within_twenty_days(cast, form, chair):
    moderated(cast, form)
    made = workflow.appeal(form, {"RA1": "The plan was read in May."}, by=cast.senior)
    assert working_days_between(timezone.localdate(), made.due_on, form.board) == 20
    assert mails("appealed") == [chair.email]
    with pytest.raises(TransitionError):
        workflow.appeal(form, {"LG1": "And this."}, by=cast.senior)
    with pytest.raises(NotReady, match="appeal has not been decided"):
        workflow.publish(form, by=cast.manager, now=timezone.now() + timedelta(days=60))
    with pytest.raises(NotReady, match="reasons"):
        workflow.decide(made, {"RA1": (Rating.IN_PLACE, " ")}, by=chair)
    workflow.decide(made, {"RA1": (Rating.IN_PLACE, "The minutes show it.")}, by=chair)
    row = Moderated.objects.get(standard=forms.standard("RA1"))
    assert (row.rating, row.before_appeal) == (Rating.IN_PLACE, Rating.DEVELOPING)
    form.refresh_from_db()
    assert form.points == 2 * 46
    with pytest.raises(TransitionError):
        workflow.decide(made, {"RA1": (Rating.EMBEDDED, "On second thoughts.")}, by=chair)


def test_a_chair_of_the_agency_or_who_moderated_it_decides_nothing(cast, form):
    own = MembershipFactory(agency=cast.school).person
    for person in (own, cast.moderator):
        MembershipFactory(person=person, role=Role.BOARD_MEMBER)
    for person in (own, cast.moderator, cast.board_member):
        workflow.name_chair(cast.locality, person, by=cast.manager, from_on=date(2026, 1, 1))
    moderated(cast, form)
    made = workflow.appeal(form, {"RA1": "The plan was read in May."}, by=cast.lead)
    for person in (own, cast.moderator, cast.lead, cast.manager, cast.stranger):
        with pytest.raises(PermissionDenied):
            workflow.decide(made, {"RA1": (Rating.IN_PLACE, "So.")}, by=person)
    assert mails("appealed") == [cast.board_member.email]


def test_without_a_chair_who_may_decide_the_manager_is_told_to_name_one(cast, form):
    moderated(cast, form)
    workflow.appeal(form, {"RA1": "The plan was read in May."}, by=cast.lead)
    assert mails("appealed") == [cast.manager.email]
    workflow.name_chair(cast.locality, cast.board_member, by=cast.manager, from_on=date(2026, 1, 1))
    assert mails("appealed") == sorted([cast.board_member.email, cast.manager.email])
    with pytest.raises(NotReady, match="board member"):
        workflow.name_chair(cast.locality, cast.lead, by=cast.manager, from_on=date(2026, 1, 1))


def test_the_outcome_is_final_once_the_time_is_over_and_the_letter_written(cast, form):
    moderated(cast, form)
    later = timezone.now() + timedelta(days=40)
    workflow.write_letter(form, by=cast.manager, strengths="Training is thorough.", support="")
    with pytest.raises(NotReady, match="may still comment"):
        workflow.publish(form, by=cast.manager)
    with pytest.raises(PermissionDenied):
        workflow.publish(form, by=cast.moderator, now=later)
    workflow.publish(form, by=cast.manager, now=later)
    form.refresh_from_db()
    assert (form.status, form.published_at) == (Status.PUBLISHED, later)


def test_practice_is_shared_only_where_the_agency_is_rated_embedded(cast, form):
    review = begun(cast, form, TR1=Rating.EMBEDDED)
    agree_on_all(cast, form, review)
    workflow.finish(form, by=cast.moderator)
    with pytest.raises(TransitionError):
        workflow.share_practice(form, ["LG1"], by=cast.lead)
    workflow.share_practice(form, ["TR1"], by=cast.lead)
    (shared,) = queries.shared_practice(form.cycle)
    assert (shared.assessment, shared.standard.code) == (form, "TR1")
    workflow.share_practice(form, [], by=cast.senior)
    assert not queries.shared_practice(form.cycle)


def test_a_critical_gap_of_two_years_is_brought_to_the_board(cast, form):
    last = forms.form_of(cast.school, 2025)
    gap = {each.code: Rating.IN_PLACE for each in results.asked_of(last)}
    forms.fill(last, gap | {"RP5": Rating.NOT_IN_PLACE, "LG1": Rating.NOT_IN_PLACE}, by=cast.lead)
    forms.put_in(last, Status.CLOSED, cast)
    Moderator.objects.all().delete()
    review = begun(cast, form, RP5=Rating.NOT_IN_PLACE, RP1=Rating.NOT_IN_PLACE)
    (found,) = queries.persistent_gaps(form.cycle)
    assert queries.persistent_gaps(form.cycle, alone=False) == [found]
    Assessment.objects.filter(pk=form.pk).update(is_one_person=True)
    assert queries.persistent_gaps(form.cycle, alone=False) == []
    assert (found.assessment, found.codes, found.talked_on) == (form, ("RP5",), None)
    with pytest.raises(PermissionDenied):
        workflow.note_talk(form, by=cast.moderator, held_on=date(2027, 3, 1))
    workflow.note_talk(form, by=cast.manager, held_on=date(2027, 3, 1))
    review.refresh_from_db()
    assert review.talked_on == date(2027, 3, 1)


def test_a_form_that_is_reopened_begins_its_moderation_anew(cast, form):
    review = moderated(cast, form)
    signoff = form.signoffs.get()
    signoff.voided_at, signoff.void_reason = timezone.now(), "Reopened."
    signoff.save()
    Assessment.objects.filter(pk=form.pk).update(status=Status.IN_PROGRESS, signed_at=None)
    form = Assessment.objects.get(pk=form.pk)
    results.refresh(form)
    assert form.points == 2 * 45 + 3
    with pytest.raises(TransitionError):
        judge(form, "LG1", cast.moderator)
    SignOff.objects.create(
        assessment=form,
        number=2,
        signed_by=cast.senior,
        name="S",
        role="Head",
        prepared_by_name="L",
        at=timezone.now(),
        statement="It is.",
        governing_body_on=date(2027, 1, 1),
        frozen={},
        sha256="1" * 64,
    )
    Assessment.objects.filter(pk=form.pk).update(status=Status.SIGNED, signed_at=timezone.now())
    again = workflow.begin(form, [cast.moderator, cast.second_moderator], by=cast.manager)
    assert again.pk != review.pk
    assert not Judgement.objects.standing().filter(sampled__review=again).exists()
    assert Judgement.objects.filter(sampled__review=review).exists()
    assert Moderator.objects.filter(assessment=form, stood_down_at__isnull=True).count() == 2


def test_no_message_says_what_was_said(cast, form, chair):
    moderated(cast, form)
    workflow.appeal(form, {"RA1": "The plan was read in May."}, by=cast.lead)
    said = " ".join(Message.objects.values_list("body", flat=True))
    for secret in ("Fellgate", "RA1", "Embedded", "Developing", "plan was read", "record does not"):
        assert secret not in said


# --- The pages ------------------------------------------------------------------------------------
MOST_QUERIES = 15


class Visitor:
    """A browser of one person; no page that it opens takes more queries than agreed."""

    def __init__(self, person) -> None:
        self.browser = enter(person)

    def get(self, url: str, status: int = 200) -> str:
        self.browser.get(url)  # the first look of a session writes it
        with CaptureQueriesContext(connection) as asked:
            response = self.browser.get(url)
        assert response.status_code == status, url
        said = [each["sql"][:160] for each in asked if "SAVEPOINT" not in each["sql"]]
        assert len(said) <= MOST_QUERIES, (url, len(said), said)
        return response.content.decode()

    def post(self, url: str, status: int = 302, **said: Any) -> str:
        response = self.browser.post(url, said)
        assert response.status_code == status, (url, response.content.decode()[-3000:])
        return response["Location"] if status == 302 else response.content.decode()


def page(form: Assessment, name: str, *more: object) -> str:
    return reverse(f"selfassessment:moderation:{name}", args=[form.key, *more])


def room(name: str) -> str:
    return reverse(f"selfassessment:moderation:{name}")


def test_the_way_from_sign_off_to_the_final_outcome_by_its_pages(cast, form, chair):
    signed(cast, form, RA1=Rating.EMBEDDED, TR1=Rating.EMBEDDED)
    manager, first, second, lead = (
        Visitor(each) for each in (cast.manager, cast.moderator, cast.second_moderator, cast.lead)
    )
    assert "Give it to moderators" in manager.get(room("list"))
    said = manager.get(page(form, "give"))
    assert str(cast.moderator) in said
    manager.post(page(form, "give"), status=200, people=[cast.moderator.pk], reason="")
    both = [cast.moderator.pk, cast.second_moderator.pk]
    manager.post(page(form, "give"), people=both, reason="")

    assert "Fellgate" in first.get(room("mine"))
    work = page(form, "standard", "LG1")
    said = first.get(work)
    assert "Where we are with senior accountable lead" in said
    first.post(work, status=200, outcome="lower", lower_to="developing", reason="")
    first.post(work, outcome="ask", reason="Please add the minutes of May.")
    assert "Judged by the other of you" in second.get(page(form, "review"))
    assert "minutes of May" in second.get(work)  # nobody asks twice

    question = Question.objects.get()
    assert "What the moderators ask" in lead.get(page(form, "review"))
    asked = page(form, "question", question.pk)
    assert "minutes of May" in lead.get(asked)
    lead.post(asked, words="They are in the governors' folder, and here is what they say.")
    assert "folder" in first.get(work)

    review = Review.objects.get()
    agree_on_all(cast, form, review, but=["LG1", "RA1", "LG2"])
    first.post(work, outcome="agree", reason="")
    second.post(work, outcome="lower", lower_to="developing", reason="One meeting is no cycle.")
    assert "The two differ" in first.get(page(form, "review"))
    settle = page(form, "settle", "LG1")
    assert "One meeting is no cycle." in manager.get(settle)
    manager.post(settle, rating="in_place", reason="The minutes are of a whole year.")
    first.post(page(form, "require", "LG1"), words="Name a deputy for the lead.")
    for visitor in (first, second):
        visitor.post(page(form, "standard", "LG2"), outcome="agree")
        visitor.post(
            page(form, "standard", "RA1"),
            outcome="lower",
            lower_to="in_place",
            reason="It has not been tested yet.",
        )
    assert "Drawn again just now: the same" in second.get(page(form, "drawn"))
    assert "RA1" not in lead.get(page(form, "review"))
    first.post(page(form, "finish"))

    said = lead.get(page(form, "review"))
    for words in ("Provisional outcome", "It has not been tested yet.", "Name a deputy"):
        assert words in said
    assert str(cast.moderator) not in said
    lead.post(page(form, "comment"), words="We thank you, and see RA1 differently.")
    lead.get(page(form, "appeal"))
    lead.post(page(form, "appeal"), codes=["RA1"], why_RA1="It was tested with partners in May.")
    judge_of = Visitor(chair)
    assert "Fellgate" in judge_of.get(room("appeals"))
    decide = page(form, "decide")
    said = judge_of.get(decide)
    assert "tested with partners" in said
    assert "It has not been tested yet." in said
    judge_of.post(decide, status=200, rating_RA1="embedded", reasons_RA1="")
    judge_of.post(decide, rating_RA1="embedded", reasons_RA1="The record of May shows it.")
    assert "see RA1 differently" in manager.get(page(form, "review"))
    manager.get(page(form, "letter"))
    manager.post(page(form, "letter"), strengths="Training is thorough.", support="A talk.")
    manager.post(page(form, "publish"))
    form.refresh_from_db()
    assert form.status == Status.PUBLISHED
    said = lead.get(page(form, "review"))
    for words in ("Training is thorough.", "The record of May shows it.", "A talk."):
        assert words in said
    lead.get(page(form, "practice"))
    lead.post(page(form, "practice"), codes=["TR1"])
    assert "Fellgate" in Visitor(cast.board_member).get(room("shared"))
    for name in ("measures", "gaps", "chairs", "interests"):
        manager.get(room(name))
    made = Action.objects.get()
    assert (made.words, made.codes, made.priority) == (
        "Name a deputy for the lead.",
        ["LG1"],
        Priority.MEDIUM,
    )
    assert (made.owner, made.asked_by_moderator) == (cast.lead, True)
    assert made.due_on == timezone.localdate() + timedelta(days=180)
    told = letter.contents(form)
    assert (told["is_final"], told["strengths"]) == (True, "Training is thorough.")
    assert [each["words"] for each in told["required"]] == ["Name a deputy for the lead."]
    assert told["appeal"]["standards"][0]["decided"] == "Embedded"


def test_the_lists_take_no_more_queries_for_more_forms(cast, form):
    begun(cast, form)
    for number in range(12):
        other = forms.form_of(forms.school_called(f"School {number}"))
        forms.put_in(other, Status.MODERATION, cast)
    assert "School 11" in Visitor(cast.manager).get(room("list"))
    assert "Fellgate" in Visitor(cast.moderator).get(room("mine"))


@pytest.mark.parametrize("who", ["manager", "moderator"])
def test_nobody_moderates_their_own_agency_at_any_address(cast, form, who):
    """Once they belong to it, each page of the moderation is closed to them, by look and post."""
    review = begun(cast, form)
    code = codes_of(review)[0]
    judge(form, code, cast.moderator, Outcome.ASK)
    person = getattr(cast, who)
    MembershipFactory(person=person, agency=cast.school)
    browser = enter(person)
    question = Question.objects.get().pk
    moderator = Moderator.objects.get(person=cast.second_moderator).pk
    every = [
        *(
            page(form, name)
            for name in (
                "review", "give", "incident", "drawn", "finish", "comment", "appeal",
                "decide", "practice", "letter", "publish", "talk",
            )
        ),
        *(page(form, name, code) for name in ("standard", "settle", "require")),
        page(form, "question", question),
        page(form, "stand_down", moderator),
        page(form, "drop", 1),
    ]  # fmt: skip
    before = Judgement.objects.count()
    for url in every:
        assert browser.get(url).status_code in (403, 404, 405), url
        said = {"outcome": "agree", "reason": "So.", "words": "So."}
        assert browser.post(url, said).status_code in (403, 404, 405), url
    form.refresh_from_db()
    assert (form.status, Judgement.objects.count()) == (Status.MODERATION, before)
    assert "Fellgate" not in browser.get(room("list")).content.decode()


def test_interests_and_chairs_are_kept_on_their_pages(cast, form):
    moderator, manager = Visitor(cast.moderator), Visitor(cast.manager)
    day: dict[str, Any] = {"from_on_day": "1", "from_on_month": "9", "from_on_year": "2026"}
    said = moderator.post(
        room("interests"), status=200, agency="Fellgate", words="I taught there.", **day
    )
    assert "Do you mean: Fellgate High School?" in said
    moderator.post(room("interests"), agency="Fellgate High School", words="I taught there.", **day)
    assert "I taught there." in manager.get(room("interests"))
    assert "I taught there." not in Visitor(cast.second_moderator).get(room("interests"))
    interest = Interest.objects.get()
    Visitor(cast.second_moderator).post(room("interests"), status=404, end=interest.pk)
    moderator.post(room("interests"), end=interest.pk)
    assert not Interest.objects.standing().exists()
    manager.post(room("chairs"), board="NY", person=cast.board_member.pk, **day)
    row = BoardChair.objects.in_office().get()
    manager.post(room("chairs"), end=row.pk)
    assert not BoardChair.objects.in_office().exists()


# --- At the same time -----------------------------------------------------------------------------
@transaction.atomic
def reopen(form: Assessment, cast: forms.Cast) -> None:
    """What reopening does to a form, to have it race with others."""
    now = timezone.now()
    form = moves.locked(form)
    moves.move(form, Status.IN_PROGRESS, by=cast.manager)
    void(form, by=cast.manager, now=now, reason="An answer was wrong.")


@pytest.mark.django_db(transaction=True)
def test_of_acts_at_the_same_moment_each_finds_what_the_other_left():
    cast = forms.make_cast()
    form = forms.form_of(cast.school)
    signed(cast, form)
    give = partial(workflow.begin, form, [cast.moderator, cast.second_moderator], by=cast.manager)
    assert [type(each) for each in problems(together(give, give))] == [TransitionError]
    assert Review.objects.count() == 1
    assert Moderator.objects.filter(assessment=form).count() == 2

    acts = [
        partial(judge, form, "LG1", cast.moderator),
        partial(judge, form, "LG1", cast.moderator, Outcome.LOWER, Rating.DEVELOPING),
        partial(judge, form, "LG1", cast.second_moderator, Outcome.ASK),
    ]
    assert problems(together(*acts)) == []
    standing = Judgement.objects.standing().filter(sampled__standard__code="LG1")
    assert standing.count() == 2
    assert Judgement.objects.filter(sampled__standard__code="LG1").count() == 3

    review = Review.objects.get()
    for person in (cast.moderator, cast.second_moderator):
        judge(form, "LG1", person)
    agree_on_all(cast, form, review, but=["LG1"])
    finish = partial(workflow.finish, form, by=cast.moderator)
    outcomes = together(partial(reopen, form, cast), finish)
    assert {type(each) for each in problems(outcomes)} <= {TransitionError}
    form.refresh_from_db()
    assert form.status == Status.IN_PROGRESS
    assert not Moderated.objects.counting().exists()
    assert queries.review_of(form) is None
