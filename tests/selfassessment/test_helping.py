"""Several people on one form: who was given what, what they say to each other, whom they asked."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from outbox.models import Message
from selfassessment import notices, workflow
from selfassessment.models import Answer, Assessment, Assignment, Comment, Helper, Notice
from selfassessment.moves import TransitionError
from selfassessment.terms import NoticeKind, Rating, Status
from tests.entry import enter
from tests.factories import MembershipFactory
from tests.selfassessment import forms
from tests.selfassessment.forms import NOW

WHOLE = {"rating": "in_place", "position": "We do it, and write it down.", "confidence": "sure"}


def give(form, person, *codes, by, **more):
    return workflow.give(form, person, [forms.standard(c) for c in codes], by=by, now=NOW, **more)


def page(form, name="people", *more):
    return reverse(f"selfassessment:{name}", args=[form.key, *more])


def answer(form, code, *, by, **values):
    one = forms.standard(code)
    last = Answer.objects.filter(assessment=form, standard=one).first()
    version = last.version if last else 0
    return workflow.write_answer(form, one, values or WHOLE, by=by, version=version, now=NOW)


# Giving and taking back -------------------------------------------------------------------------
def test_a_lead_asks_a_colleague_to_answer_standards(cast, form):
    lead = enter(cast.lead)
    sent = {"person": str(cast.teacher.pk), "task": "answer", "standards": ["LG2", "RP3"]}
    soon = timezone.localdate() + timedelta(days=5)
    day = {"due_on_day": soon.day, "due_on_month": soon.month, "due_on_year": soon.year}
    assert lead.post(page(form), {**sent, **day}).status_code == 302
    assert {each.standard.code for each in Assignment.objects.all()} == {"LG2", "RP3"}
    assert {each.due_on for each in Assignment.objects.all()} == {soon}
    shown = lead.get(page(form)).content.decode()
    assert cast.teacher.name in shown
    assert "2 of 2 still to answer." in shown
    assert "RP3" in enter(cast.teacher).get(form.get_absolute_url()).content.decode()


def test_who_only_reads_sees_every_answer_and_writes_none(cast, form):
    forms.fill(form, {"LG1": Rating.IN_PLACE}, by=cast.lead)
    enter(cast.lead).post(page(form), {"person": str(cast.teacher.pk), "task": "read"})
    assert not Notice.objects.exists()
    teacher, one = enter(cast.teacher), page(form, "standard", "LG1")
    read = teacher.get(one).content.decode()
    assert "Where we are with senior accountable lead." in read
    assert 'id="answer"' not in read
    assert "Say it to my colleagues" not in read
    assert teacher.post(one, {"seen": "1", "rating": "embedded"}).status_code == 403
    assert teacher.post(page(form, "comment", "LG1"), {"words": "x"}).status_code == 403
    assert teacher.post(page(form), {"person": "1"}).status_code == 403


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"person": "1\x00", "task": "answer", "standards": ["LG2"]},
        {"person": "999999", "task": "read"},
        {"task": "answer", "standards": ["LG2"]},
        {"task": "answer", "standards": ["CH1"]},
        {"task": "answer"},
        {"task": "read", "standards": ["LG2"], "due_on_day": "99"},
    ],
)
def test_a_request_that_makes_no_sense_gives_nothing(cast, form, sent):
    if "person" not in sent and sent:
        sent = {**sent, "person": str(cast.other_lead.pk)}  # of another agency
    response = enter(cast.lead).post(page(form), sent)
    assert "govuk-error-summary" in response.content.decode()
    assert not Helper.objects.exists()


def test_only_leads_give_and_only_to_their_own_people(cast, form):
    for by in (cast.senior, cast.teacher, cast.other_lead, cast.manager):
        with pytest.raises(PermissionDenied):
            give(form, cast.deputy, "LG2", by=by)
    with pytest.raises(PermissionDenied):
        give(form, cast.other_lead, "LG2", by=cast.lead)
    forms.put_in(form, Status.READY, cast)
    with pytest.raises(TransitionError):
        give(form, cast.teacher, "LG2", by=cast.lead)


def test_a_standard_passes_to_the_next_and_is_taken_back(cast, form):
    give(form, cast.teacher, "LG2", by=cast.lead)
    give(form, cast.deputy, "LG2", by=cast.lead)
    standing = Assignment.objects.get(taken_back_at=None)
    assert standing.helper.person == cast.deputy
    lead = enter(cast.lead)
    lead.post(page(form, "take_back", standing.pk))
    assert not Assignment.objects.filter(taken_back_at=None).exists()
    helper = Helper.objects.get(person=cast.teacher)
    assert enter(cast.teacher).get(form.get_absolute_url()).status_code == 200
    lead.post(page(form, "let_go", helper.pk))
    assert enter(cast.teacher).get(form.get_absolute_url()).status_code == 404


def test_nobody_takes_back_through_another_form(cast, form):
    give(form, cast.teacher, "LG2", by=cast.lead)
    other = forms.form_of(cast.other_school)
    given = Assignment.objects.get()
    assert enter(cast.other_lead).post(page(other, "take_back", given.pk)).status_code == 404
    assert enter(cast.other_lead).post(page(other, "let_go", given.helper_id)).status_code == 404


def test_a_helper_who_leaves_the_agency_reads_it_no_more(cast, form):
    give(form, cast.teacher, "LG2", by=cast.lead)
    cast.teacher.memberships.update(ends_on=timezone.localdate())
    assert enter(cast.teacher).get(form.get_absolute_url()).status_code == 404


def test_an_answer_that_is_whole_is_done_and_one_that_is_taken_apart_is_not(cast, form):
    give(form, cast.teacher, "LG2", by=cast.lead)
    answer(form, "LG2", by=cast.teacher, rating="in_place")
    assert Assignment.objects.get().done_at is None
    answer(form, "LG2", by=cast.teacher)
    assert Assignment.objects.get().done_at == NOW
    answer(form, "LG2", by=cast.teacher, position="")
    assert Assignment.objects.get().done_at is None


# Told -------------------------------------------------------------------------------------------
def test_ten_standards_are_one_mail_without_a_name(cast, form):
    for codes in (("LG1", "LG2", "LG3"), ("RP1", "RP2"), ("TR1", "TR2", "TR3", "TR4", "TR5")):
        give(form, cast.teacher, *codes, by=cast.lead)
    notices.send(NOW)
    notices.send(NOW + timedelta(hours=5))
    mail = Message.objects.get()
    assert mail.to_person == cast.teacher
    assert form.key in mail.path
    assert "Fellgate" not in mail.subject + mail.body


def test_nobody_is_told_of_what_is_done_or_taken_back(cast, form):
    give(form, cast.teacher, "LG2", by=cast.lead)
    answer(form, "LG2", by=cast.teacher)
    give(form, cast.deputy, "LG3", by=cast.lead)
    workflow.take_back(Assignment.objects.get(standard__code="LG3"), by=cast.lead, now=NOW)
    notices.send(NOW)
    assert not Message.objects.exists()


def test_who_is_late_is_reminded_once_for_each_day_and_not_after_the_answer(cast, form):
    due = NOW.date() + timedelta(days=1)
    give(form, cast.teacher, "LG2", "LG3", by=cast.lead, due_on=due)
    give(form, cast.teacher, "LG4", by=cast.lead, due_on=due + timedelta(days=30))
    notices.send(NOW)
    later = NOW + timedelta(days=1)
    assert [notices.remind_helpers(later), notices.remind_helpers(later)] == [1, 0]
    notices.send(later)
    assert Message.objects.count() == 2
    answer(form, "LG2", by=cast.teacher)
    answer(form, "LG3", by=cast.teacher)
    assert notices.remind_helpers(NOW + timedelta(days=3)) == 0


# Said -------------------------------------------------------------------------------------------
def test_colleagues_talk_about_a_standard_and_deal_with_it(cast, form):
    give(form, cast.teacher, "LG2", by=cast.lead)
    one = page(form, "standard", "LG2")
    teacher, lead = enter(cast.teacher), enter(cast.lead)
    teacher.post(page(form, "comment", "LG2"), {"words": "Who is the deputy on Fridays?"})
    said = Comment.objects.get()
    assert "Who is the deputy on Fridays?" in lead.get(one).content.decode()
    told = Notice.objects.filter(kind=NoticeKind.COMMENTED).values_list("person", flat=True)
    assert set(told) == {cast.lead.pk}
    lead.post(page(form, "deal_with", "LG2", said.pk))
    assert f"Dealt with: {cast.lead.name}" in teacher.get(one).content.decode()
    again = teacher.post(page(form, "deal_with", "LG2", said.pk), follow=True)
    assert "dealt with already" in again.content.decode()
    said.refresh_from_db()
    assert said.dealt_with_by == cast.lead


@pytest.mark.parametrize("words", ["", " ", "a\x00b", "x" * 3_000])
def test_a_comment_that_cannot_be_taken_is_shown_again(cast, form, words):
    response = enter(cast.lead).post(page(form, "comment", "LG2"), {"words": words})
    assert "govuk-error-summary" in response.content.decode()
    assert not Comment.objects.exists()


def test_a_comment_is_no_part_of_the_form(cast, form):
    forms.put_in(form, Status.SIGNED, cast)
    said = workflow.comment(form, forms.standard("LG2"), "For next year.", by=cast.lead)
    form.refresh_from_db()
    assert form.status == Status.SIGNED
    assert form.signoffs.get().voided_at is None
    for person in (cast.manager, cast.moderator):
        seen = enter(person).get(page(form, "standard", "LG2"))
        assert said.words not in seen.content.decode()
        with pytest.raises(PermissionDenied):
            workflow.comment(form, forms.standard("LG2"), "x", by=person)


def test_a_comment_is_dealt_with_only_where_it_was_said(cast, form):
    said = workflow.comment(form, forms.standard("LG2"), "Here.", by=cast.lead)
    other = forms.form_of(cast.other_school)
    for address in (page(other, "deal_with", "LG2", said.pk),):
        assert enter(cast.other_lead).post(address).status_code == 404
    assert enter(cast.lead).post(page(form, "deal_with", "LG3", said.pk)).status_code == 404


# Asked ------------------------------------------------------------------------------------------
ASKED = {
    "consulted_who": "Thirty staff and the school council.",
    "consulted_how": "A survey in October.",
    "consulted_said": "They know the lead, not the deputy.",
}


def seen(form):
    return workflow.consultation_version(Assessment.objects.get(pk=form.pk))


def test_whom_the_agency_asked_is_said_once(cast, form):
    lead = enter(cast.lead)
    lead.post(page(form, "consultation"), {**ASKED, "seen": seen(form)})
    form.refresh_from_db()
    assert {name: getattr(form, name) for name in ASKED} == ASKED
    assert form.status == Status.IN_PROGRESS
    assert (
        ASKED["consulted_said"]
        in enter(cast.senior).get(page(form, "consultation")).content.decode()
    )
    assert enter(cast.senior).post(page(form, "consultation"), ASKED).status_code == 403


def test_the_second_of_two_who_write_it_sees_both(cast, form):
    first = seen(form)
    enter(cast.lead).post(page(form, "consultation"), {**ASKED, "seen": first})
    other = {**ASKED, "consulted_who": "Ten governors.", "seen": first}
    deputy = enter(cast.deputy)
    refused = deputy.post(page(form, "consultation"), other)
    assert refused.status_code == 409
    assert "Ten governors." in refused.content.decode()
    assert ASKED["consulted_who"] in refused.content.decode()
    chosen = {"merge": "1", "choose_consulted_who": "both", "seen": seen(form)}
    deputy.post(page(form, "consultation"), {**other, **chosen})
    form.refresh_from_db()
    assert form.consulted_who == f"{ASKED['consulted_who']}\n\nTen governors."
    assert form.consulted_how == ASKED["consulted_how"]


def test_a_consultation_that_is_too_long_is_kept_and_said(cast, form):
    long = "word " * 600
    sent = {"consulted_who": long, "seen": seen(form)}
    response = enter(cast.lead).post(page(form, "consultation"), sent)
    assert "at most 2,000 characters" in response.content.decode()
    form.refresh_from_db()
    assert form.consulted_who == long.strip()


# Who changed what -------------------------------------------------------------------------------
def test_the_history_says_who_changed_what_and_what_it_was(cast, form):
    answer(form, "LG2", by=cast.lead)
    answer(form, "LG2", by=cast.lead, position="A first letter more.")
    answer(form, "LG2", by=cast.deputy, rating="developing", position="Quite another text.")
    for address in (page(form, "history"), page(form, "history_of", "LG2")):
        shown = enter(cast.lead).get(address).content.decode()
        assert shown.count('<li class="is-done">') == 2  # the lead's two are one sitting
        assert cast.deputy.name in shown
        assert "it was In place" in shown
        assert "A first letter more." in shown
    forms.put_in(form, Status.MODERATION, cast)
    assert enter(cast.moderator).get(page(form, "history")).status_code == 403
    assert enter(cast.manager).get(page(form, "people")).status_code == 403


@pytest.mark.parametrize("name", ["people", "consultation", "history"])
def test_no_page_beside_the_answers_asks_more_than_fifteen_times(
    cast, form, name, django_assert_max_num_queries
):
    for number in range(5):
        person = MembershipFactory(agency=cast.school).person
        give(form, person, f"LG{number + 1}", by=cast.lead, due_on=date(2026, 11, 1))
        answer(form, f"LG{number + 1}", by=person)
    lead = enter(cast.lead)
    lead.get(page(form, name))
    with django_assert_max_num_queries(15):
        lead.get(page(form, name))
