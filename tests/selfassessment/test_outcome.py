"""What comes of a moderation: the rating that counts, comments, the appeal, the end."""

from datetime import date, timedelta
from functools import partial

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from agencies.terms import Role
from agencies.workdays import working_days_between
from outbox.models import Message
from selfassessment import results
from selfassessment.models import Answer, Assessment, Moderator, SignOff
from selfassessment.moderation import queries, workflow
from selfassessment.moderation.models import (
    Appeal,
    BoardChair,
    Judgement,
    Moderated,
    Review,
)
from selfassessment.moves import NotReady, TransitionError
from selfassessment.terms import Outcome, Rating, Status
from tests.entry import enter
from tests.factories import MembershipFactory
from tests.selfassessment import forms
from tests.selfassessment.moderating import agree_on_all, begun, judge, mails, moderated

DAY = timedelta(days=1)


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
    Review.objects.filter(pk=review.pk).update(comments_until=timezone.localdate() - DAY)
    address = reverse("selfassessment:moderation:comment", args=[form.key])
    page = enter(cast.senior).post(address, {"words": "And still."}).content.decode()
    assert "And still.</textarea>" in page
    assert "over" in page
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


def test_whoever_settled_between_the_moderators_decides_no_appeal_against_it(cast, form, chair):
    review = begun(cast, form)
    agree_on_all(cast, form, review, but=["LG1"])
    judge(form, "LG1", cast.moderator)
    judge(form, "LG1", cast.second_moderator, Outcome.LOWER, Rating.DEVELOPING)
    MembershipFactory(person=chair, role=Role.MODERATION_MANAGER)
    workflow.settle(
        form, forms.standard("LG1"), by=chair, rating=Rating.DEVELOPING, reason="It is thin."
    )
    workflow.finish(form, by=cast.moderator)
    appeal = workflow.appeal(form, {"LG1": "It is thick."}, by=cast.lead)
    assert not Appeal.objects.for_chair(chair).exists()
    with pytest.raises(PermissionDenied):
        workflow.decide(appeal, {"LG1": (Rating.IN_PLACE, "So.")}, by=chair)


def test_nobody_names_themselves_as_chair_nor_has_a_part_where_their_agency_appeals(
    cast, form, chair
):
    MembershipFactory(person=cast.manager, role=Role.BOARD_MEMBER)
    name = partial(workflow.name_chair, cast.locality, from_on=date(2026, 1, 1))
    with pytest.raises(NotReady, match="Nobody names themselves"):
        name(cast.manager, by=cast.manager)
    moderated(cast, form)
    workflow.appeal(form, {"RA1": "The plan was read."}, by=cast.lead)
    theirs = MembershipFactory(role=Role.MODERATION_MANAGER).person
    MembershipFactory(person=theirs, role=Role.PRACTITIONER, agency=cast.school)
    with pytest.raises(NotReady, match="An agency of yours has appealed"):
        name(cast.board_member, by=theirs)
    with pytest.raises(NotReady, match="An agency of yours has appealed"):
        workflow.end_chair(BoardChair.objects.get(person=chair), by=theirs)
    name(cast.board_member, by=cast.manager)
    page = enter(cast.manager).get(reverse("selfassessment:moderation:chairs"))
    assert cast.manager not in page.context["form"].members.values()


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
