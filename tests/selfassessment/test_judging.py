"""What the two say, what they ask, and how two who differ come to one view (section 7.4)."""

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
    Judgement,
    Moderated,
    Question,
)
from selfassessment.moves import NotReady, TransitionError
from selfassessment.terms import Outcome, Rating, Status
from tests.entry import enter
from tests.factories import MembershipFactory
from tests.selfassessment import forms
from tests.selfassessment.moderating import agree_on_all, begun, codes_of, judge, mails


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


def test_words_of_moderators_are_not_lost(cast, form):
    begun(cast, form)
    require, standard = (
        reverse(f"selfassessment:moderation:{name}", args=[form.key, "LG1"])
        for name in ("require", "standard")
    )
    moderator = enter(cast.moderator)
    long = "Train the governors. " * 200
    page = moderator.post(require, {"words": long}).content.decode()
    assert "Train the governors. Train" in page
    assert "govuk-error-summary" in page
    Assessment.objects.filter(pk=form.pk).update(status=Status.MODERATED)
    sent = {"outcome": "lower", "lower_to": "developing", "reason": "The minutes do not show it."}
    for address, typed, kept in (
        (require, {"words": "Train the governors."}, "Train the governors."),
        (standard, sent, sent["reason"]),
    ):
        page = moderator.post(address, typed).content.decode()
        assert kept in page, address
        assert "That cannot be done now" in page


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


def test_a_manager_who_moderates_settles_nothing_between_the_two(cast, form):
    """Not while at it, and not once stood down; nor does one see the other's view first."""
    MembershipFactory(person=cast.moderator, role=Role.MODERATION_MANAGER)
    begun(cast, form)
    judge(form, "LG1", cast.second_moderator, Outcome.LOWER, Rating.DEVELOPING)
    review = reverse("selfassessment:moderation:review", args=[form.key])
    browser = enter(cast.moderator)
    assert "Judged by the other of you." in browser.get(review).content.decode()
    judge(form, "LG1", cast.moderator)
    settle = partial(
        workflow.settle, form, forms.standard("LG1"), rating=Rating.DEVELOPING, reason="So."
    )
    with pytest.raises(PermissionDenied):
        settle(by=cast.moderator)
    page = reverse("selfassessment:moderation:settle", args=[form.key, "LG1"])
    assert page not in browser.get(review).content.decode()
    assert page in enter(cast.manager).get(review).content.decode()
    assert browser.get(page).status_code == 403
    moderator = Moderator.objects.get(person=cast.moderator)
    workflow.stand_down(moderator, by=cast.manager, reason="Has left the college.")
    with pytest.raises(PermissionDenied):
        settle(by=cast.moderator)


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
