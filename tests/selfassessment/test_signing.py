"""Handing over, signing, what voids a signature, and how a form comes back."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils.html import strip_tags

from agencies.terms import Role
from audit.models import AuditEvent
from outbox.models import Message
from selfassessment import notices, workflow
from selfassessment.models import Notice, Profile, SignOff
from selfassessment.moves import NotReady, TransitionError
from selfassessment.reports.frozen import holds
from selfassessment.terms import NoticeKind, Rating, Status
from selfassessment.views.common import OVERTAKEN
from selfassessment.workflow import Changed
from tests.entry import enter
from tests.factories import MembershipFactory
from tests.selfassessment import forms

LATER = forms.NOW + timedelta(days=3)


def fresh(form):
    form.refresh_from_db()
    return form


def rewrite(form, by, code="LG3", version=1, **values):
    values = values or {"position": "We have begun to report to the governors in writing."}
    return workflow.write_answer(form, forms.standard(code), values, by=by, version=version)


# --- Handing over -----------------------------------------------------------------------------
def test_the_lead_hands_it_over_and_its_answers_are_locked(cast, form):
    ready = forms.handed_over(form, cast)
    assert (ready.status, ready.prepared_by) == (Status.READY, cast.lead)
    assert Notice.objects.get(kind=NoticeKind.READY).person == cast.senior
    with pytest.raises(TransitionError):
        rewrite(form, cast.lead)


def test_nothing_is_handed_over_while_something_stops_it(cast, form):
    with pytest.raises(TransitionError):
        workflow.ready(form, by=cast.lead, no_personal_data=True, now=forms.NOW)
    forms.complete(form, cast)
    form.answers.filter(standard__code="RP2").update(rating="")
    with pytest.raises(NotReady) as told:
        workflow.ready(form, by=cast.lead, no_personal_data=True, now=forms.NOW)
    assert len(told.value.missing) == 1
    assert fresh(form).status == Status.IN_PROGRESS


def test_whoever_hands_it_over_has_looked_for_personal_data(cast, form):
    forms.complete(form, cast)
    with pytest.raises(NotReady):
        workflow.ready(form, by=cast.lead, no_personal_data=False, now=forms.NOW)


@pytest.mark.parametrize("name", ["senior", "teacher", "other_lead", "manager", "moderator"])
def test_only_a_lead_hands_it_over(cast, form, name):
    forms.complete(form, cast)
    with pytest.raises(PermissionDenied):
        workflow.ready(form, by=getattr(cast, name), no_personal_data=True, now=forms.NOW)


def test_the_senior_lead_may_send_it_back_with_words(cast, form):
    forms.handed_over(form, cast)
    with pytest.raises(PermissionDenied):
        workflow.send_back(form, "Not yet.", by=cast.lead)
    workflow.send_back(form, "Say more of the governors.", by=cast.senior, now=forms.NOW)
    assert fresh(form).status == Status.IN_PROGRESS
    assert form.remarks.get().words == "Say more of the governors."
    assert not AuditEvent.objects.filter(reason__contains="governors").exists()
    kinds = Notice.objects.filter(dropped_at=None).values_list("kind", "person")
    assert list(kinds) == [(NoticeKind.SENT_BACK, cast.lead.pk)]


# --- Signing ----------------------------------------------------------------------------------
def test_what_was_signed_is_kept_with_the_words_the_name_and_the_digest(cast, form):
    ready = forms.handed_over(form, cast)
    signoff = forms.sign(ready, cast.senior, now=LATER)
    assert fresh(form).status == Status.SIGNED
    assert (form.signed_at, signoff.at) == (LATER, LATER)
    assert (signoff.name, signoff.role) == (cast.senior.name, "Head teacher")
    assert signoff.prepared_by_name == cast.lead.name
    assert signoff.statement.splitlines() == [
        "I confirm of the self-assessment 2026 of Fellgate High School:",
        "It is a fair picture.",
        "Evidence is held.",
        "Staff and, where possible, users were asked.",
        "There is no personal data about people of concern in it.",
        "Actions have owners and dates.",
        "The governing body will receive it on 10 December 2026.",
    ]
    stored = SignOff.objects.get()
    assert holds(stored)
    stored.frozen["asked"][0]["position"] += "!"
    assert not holds(stored)


def test_another_person_signs_than_who_prepared(cast, form):
    MembershipFactory(person=cast.senior, role=Role.LEAD, agency=cast.school)
    forms.complete(form, cast)
    with pytest.raises(NotReady):  # nobody else could sign
        workflow.ready(form, by=cast.senior, no_personal_data=True, now=forms.NOW)
    second = MembershipFactory(role=Role.SENIOR_LEAD, agency=cast.school).person
    workflow.ready(form, by=cast.senior, no_personal_data=True, now=forms.NOW)
    with pytest.raises(PermissionDenied):
        forms.sign(form, cast.senior)
    assert forms.sign(form, second).number == 1


def test_in_the_short_form_one_person_may_do_both(cast):
    Profile.objects.filter(agency=cast.school).update(short_form=True)
    form = forms.form_of(cast.school)
    forms.handed_over(form, cast)
    assert forms.sign(form, cast.lead).name == cast.lead.name


@pytest.mark.parametrize("name", ["lead", "deputy", "teacher", "other_lead", "manager"])
def test_nobody_else_signs(cast, form, name):
    forms.handed_over(form, cast)
    with pytest.raises(PermissionDenied):
        forms.sign(form, getattr(cast, name))
    assert not SignOff.objects.exists()


def test_a_form_is_signed_once(cast, form):
    forms.handed_over(form, cast)
    forms.sign(form, cast.senior)
    with pytest.raises(TransitionError):
        forms.sign(form, cast.senior)
    assert SignOff.objects.count() == 1


def test_what_was_changed_after_the_page_was_opened_is_not_signed(cast, form):
    forms.handed_over(form, cast)
    with pytest.raises(Changed):
        forms.sign(form, cast.senior, seen="0" * 64)
    assert fresh(form).status == Status.READY


def test_a_form_that_was_not_handed_over_is_not_signed(cast, form):
    forms.complete(form, cast)
    with pytest.raises(TransitionError):
        forms.sign(form, cast.senior)


# --- Returned, reopened -----------------------------------------------------------------------
def signed(cast, form):
    forms.handed_over(form, cast)
    forms.sign(form, cast.senior)
    return fresh(form)


def answer(remark, words, by, version=None):
    remark.refresh_from_db()
    seen = remark.version if version is None else version
    return workflow.answer_question(remark, words, by=by, version=seen, now=LATER)


def test_of_two_who_answer_a_question_the_second_is_told(cast, form):
    signed(cast, form)
    workflow.return_with_questions(form, ["Who is the deputy?"], by=cast.manager)
    question = form.remarks.get()
    answer(question, "The deputy head.", cast.lead)
    with pytest.raises(workflow.AnsweredMeanwhile) as told:
        answer(question, "Nobody yet.", cast.deputy, version="")
    assert (told.value.remark.answer, told.value.remark.answered_by) == (
        "The deputy head.",
        cast.lead,
    )
    deputy = enter(cast.deputy)
    name = f"q{question.pk}"
    stale = {name: "Nobody yet.", f"seen_{name}": ""}
    shown = deputy.post(page(form, "questions"), stale)
    said = words(shown)
    assert f"{cast.lead.name} has answered this meanwhile: “The deputy head.”" in said
    assert "Nobody yet." in said
    question.refresh_from_db()
    assert question.answer == "The deputy head."
    assert f'value="{question.version.replace("+", "+")}"' in shown.content.decode()
    deputy.post(page(form, "questions"), stale | {f"seen_{name}": question.version})
    question.refresh_from_db()
    assert question.answer == "Nobody yet."


def test_a_returned_form_is_answered_handed_over_and_signed_again(cast, form):
    signed(cast, form)
    workflow.return_with_questions(form, ["Who is the deputy?", "Since when?"], by=cast.manager)
    assert fresh(form).status == Status.RETURNED
    first, second = form.remarks.all()
    with pytest.raises(NotReady):
        workflow.ready(form, by=cast.lead, no_personal_data=True, now=LATER)
    with pytest.raises(PermissionDenied):
        workflow.answer_question(first, "I.", by=cast.senior, version="")
    for question in (first, second):
        answer(question, "The deputy head, since May.", cast.lead)
    with pytest.raises(TransitionError):
        forms.sign(form, cast.senior, now=LATER)  # nobody has handed it over
    workflow.ready(form, by=cast.lead, no_personal_data=True, now=LATER)
    with pytest.raises(TransitionError):
        answer(second, "In June.", cast.lead)
    again = forms.sign(form, cast.senior, now=LATER)
    assert (fresh(form).status, again.number) == (Status.SIGNED, 2)
    old = form.signoffs.get(number=1)
    assert (old.void_reason, holds(old)) == ("Signed again.", True)


def test_a_change_after_it_was_handed_over_again_asks_for_that_once_more(cast, form):
    signed(cast, form)
    workflow.return_with_questions(form, [], by=cast.manager)
    workflow.ready(form, by=cast.lead, no_personal_data=True, now=LATER)
    rewrite(form, cast.lead)
    assert fresh(form).prepared_at is None
    with pytest.raises(TransitionError):
        forms.sign(form, cast.senior, now=LATER)


def test_the_senior_lead_may_send_back_what_the_board_returned(cast, form):
    signed(cast, form)
    workflow.return_with_questions(form, [], by=cast.manager)
    workflow.ready(form, by=cast.lead, no_personal_data=True, now=LATER)
    workflow.send_back(form, "Answer it fully.", by=cast.senior, now=LATER)
    assert (fresh(form).status, form.prepared_at) == (Status.RETURNED, None)


def test_the_manager_reopens_with_a_reason_and_the_frozen_copy_stays(cast, form):
    first = signed(cast, form).signoffs.get()
    for who in (cast.lead, cast.senior, cast.moderator, cast.board_member):
        with pytest.raises(PermissionDenied):
            workflow.reopen(form, "I made a mistake.", by=who)
    workflow.reopen(form, "The wrong year was described.", by=cast.manager, now=LATER)
    assert (fresh(form).status, form.signed_at, form.prepared_by) == (
        Status.IN_PROGRESS,
        None,
        None,
    )
    kept = form.signoffs.get()
    assert (kept.frozen, kept.sha256) == (first.frozen, first.sha256)
    assert (kept.void_reason, kept.voided_by) == ("The wrong year was described.", cast.manager)
    rewrite(form, cast.lead)
    workflow.ready(form, by=cast.lead, no_personal_data=True, now=LATER)
    assert forms.sign(form, cast.senior, now=LATER).number == 2
    assert form.signoffs.standing().get().number == 2


def test_the_manager_reopens_no_form_of_their_own_agency(cast, form):
    signed(cast, form)
    MembershipFactory(person=cast.manager, role=Role.PRACTITIONER, agency=cast.school)
    with pytest.raises(PermissionDenied):
        workflow.reopen(form, "It is mine.", by=cast.manager)


def test_a_form_with_the_moderators_can_be_reopened_too(cast, form):
    forms.put_in(forms.complete(form, cast), Status.MODERATION, cast)
    workflow.reopen(form, "Serious mistakes.", by=cast.manager, now=LATER)
    assert fresh(form).status == Status.IN_PROGRESS


# --- Let off a check --------------------------------------------------------------------------
def without_evidence(cast, form):
    forms.complete(form, cast)
    form.evidence_uses.filter(standard__code="LG1").delete()
    return form


def test_the_manager_may_let_a_form_off_a_check_with_a_reason(cast, form):
    without_evidence(cast, form)
    ask = ("too_little_evidence", "LG1", "It burnt in the fire.")
    with pytest.raises(PermissionDenied):
        workflow.ask_waiver(form, *ask, by=cast.teacher)
    waiver = workflow.ask_waiver(form, *ask, by=cast.lead)
    with pytest.raises(TransitionError):
        workflow.ask_waiver(form, *ask, by=cast.deputy)
    with pytest.raises(NotReady):
        workflow.ready(form, by=cast.lead, no_personal_data=True, now=forms.NOW)
    for who in (cast.lead, cast.senior, cast.moderator):
        with pytest.raises(PermissionDenied):
            workflow.decide_waiver(waiver, granted=True, why="Yes.", by=who)
    workflow.decide_waiver(waiver, granted=True, why="The report says so.", by=cast.manager)
    workflow.ready(form, by=cast.lead, no_personal_data=True, now=forms.NOW)
    copy = forms.sign(form, cast.senior).frozen
    assert copy["let_off"] == [
        {
            "rule": "too_little_evidence",
            "code": "LG1",
            "reason": "It burnt in the fire.",
            "by": cast.manager.name,
        }
    ]
    assert AuditEvent.objects.filter(kind="assessment.waiver_decided").count() == 1


def test_the_manager_hears_of_what_an_agency_asks_to_be_let_off(cast, form):
    without_evidence(cast, form)
    MembershipFactory(person=cast.manager, role=Role.PRACTITIONER, agency=cast.school)
    other = MembershipFactory(role=Role.MODERATION_MANAGER).person
    waiver = workflow.ask_waiver(
        form, "too_little_evidence", "LG1", "It burnt.", by=cast.lead, now=forms.NOW
    )
    told = Notice.objects.get(kind=NoticeKind.LET_OFF)
    assert told.person == other
    notices.send(LATER)
    sent = Message.objects.get(to_person=other)
    assert "An agency asks you to let it off a check." in sent.text
    assert sent.path == page(form, "manage")
    workflow.decide_waiver(waiver, granted=False, why="No.", by=other)


def test_nothing_is_decided_of_a_form_that_is_signed(cast, form):
    waiver = workflow.ask_waiver(
        forms.complete(form, cast), "too_little_evidence", "LG1", "It burnt.", by=cast.lead
    )
    workflow.ready(form, by=cast.lead, no_personal_data=True, now=forms.NOW)
    forms.sign(form, cast.senior)
    with pytest.raises(TransitionError):
        workflow.decide_waiver(waiver, granted=True, why="Yes.", by=cast.manager)


def test_what_was_refused_may_be_asked_again_with_a_better_reason(cast, form):
    without_evidence(cast, form)
    ask = ("too_little_evidence", "LG1")
    waiver = workflow.ask_waiver(form, *ask, "We are busy.", by=cast.lead)
    workflow.decide_waiver(waiver, granted=False, why="So is everybody.", by=cast.manager)
    with pytest.raises(TransitionError):
        workflow.decide_waiver(waiver, granted=True, why="Well.", by=cast.manager)
    assert workflow.ask_waiver(form, *ask, "It burnt.", by=cast.lead).granted is None


@pytest.mark.parametrize("rule", ["not_answered", "only_the_preparer_signs", "no_such_rule"])
def test_nobody_is_let_off_the_law_of_the_form(cast, form, rule):
    with pytest.raises(PermissionDenied):
        workflow.ask_waiver(form, rule, "", "Please.", by=cast.lead)


def test_a_rating_in_the_highest_level_is_checked_again_when_it_is_signed(cast, form):
    forms.handed_over(form, cast)
    form.answers.filter(standard__code="RP1").update(rating=Rating.NOT_IN_PLACE)
    with pytest.raises(NotReady):
        forms.sign(form, cast.senior)


# --- The pages --------------------------------------------------------------------------------
SIGNED = {
    "role": "Head teacher",
    "governing_body_on_day": "10",
    "governing_body_on_month": "12",
    "governing_body_on_year": "2026",
    "agreed": "on",
}


def page(form, name, *more):
    return reverse(f"selfassessment:{name}", args=[form.key, *more])


def words(response):
    return " ".join(strip_tags(response.content.decode()).split())


def test_from_the_checks_to_the_signature_by_pages(cast, form):
    forms.complete(form, cast)
    lead, senior = enter(cast.lead), enter(cast.senior)
    with forms.at_most_queries(15):
        shown = lead.get(page(form, "check"))
    assert "Nothing stops the form from being signed." in words(shown)
    refused = lead.post(page(form, "ready"))
    assert "Look for personal data first, then tick the box" in words(refused)
    lead.post(page(form, "ready"), {"no_personal_data": "on"})
    assert fresh(form).status == Status.READY
    assert lead.get(page(form, "sign")).status_code == 403
    with forms.at_most_queries(15):
        to_sign = senior.get(page(form, "sign"))
    assert "It is a fair picture." in words(to_sign)
    half = senior.post(page(form, "sign"), {"seen": to_sign.context["seen"], "role": "Head"})
    assert "Confirm the statement, or send the form back" in words(half)
    answer = senior.post(page(form, "sign"), SIGNED | {"seen": to_sign.context["seen"]})
    assert answer["Location"] == page(form, "signed")
    with forms.at_most_queries(15):
        seen = words(senior.get(answer["Location"]))
    assert "What is stored is what was signed." in seen
    assert form.signoffs.get().sha256 in seen
    copy = words(senior.get(page(form, "signed_copy", 1)))
    assert "LG1 Senior accountable lead In place Where we are with" in copy
    assert "You have signed it." in words(senior.post(page(form, "sign"), SIGNED, follow=True))


def test_a_stale_second_factor_is_asked_for_before_anything_is_signed(cast, form, settings):
    forms.handed_over(form, cast)
    senior = enter(cast.senior)
    settings.FRESH_FACTOR = timedelta(0)
    answer = senior.post(page(form, "sign"), SIGNED | {"seen": forms.state(form)})
    assert "Is it still you?" in words(answer)  # what was typed goes along (accounts/kept.py)
    assert not SignOff.objects.exists()


def test_a_change_since_the_page_was_opened_is_said_plainly(cast, form):
    forms.handed_over(form, cast)
    senior = enter(cast.senior)
    answer = senior.post(page(form, "sign"), SIGNED | {"seen": "old"}, follow=True)
    assert "changed after you opened this page, so nothing is signed" in words(answer)
    form_again = answer.context["form"]
    assert form_again["role"].value() == SIGNED["role"]
    assert form_again["governing_body_on"].value() is not None
    assert not form_again["agreed"].value()  # it is to be read again first
    assert not SignOff.objects.exists()


def test_words_of_who_came_second_are_not_lost(cast, form):
    forms.handed_over(form, cast)
    workflow.send_back(form, "Say more of the governors.", by=cast.senior, now=forms.NOW)
    late = enter(cast.senior).post(page(form, "send_back"), {"words": "And of the pupils."})
    waiver = workflow.ask_waiver(form, "too_little_evidence", "LG1", "It burnt.", by=cast.lead)
    workflow.decide_waiver(waiver, granted=True, why="The report says so.", by=cast.manager)
    sent = {"granted": "no", "why": "And of the pupils."}
    later = enter(cast.manager).post(page(form, "decide_waiver", waiver.pk), sent)
    for answer in (late, later):
        assert str(OVERTAKEN) in words(answer)
        assert "And of the pupils.</textarea>" in answer.content.decode()


def test_a_void_signature_is_told_on_every_page_of_the_form(cast, form):
    signed(cast, form)
    assert "Not signed any more" not in words(enter(cast.lead).get(page(form, "overview")))
    workflow.reopen(form, "The wrong year was described.", by=cast.manager)
    for person, name, more in [
        (cast.lead, "overview", ()),
        (cast.lead, "standard", ("LG1",)),
        (cast.senior, "signed", ()),
        (cast.deputy, "check", ()),
    ]:
        shown = words(enter(person).get(page(form, name, *more)))
        assert "Not signed any more" in shown, name
        assert "The wrong year was described. The form must be signed again." in shown


def test_a_question_of_the_board_goes_round_by_pages(cast, form):
    signed(cast, form)
    manager, lead = enter(cast.manager), enter(cast.lead)
    with forms.at_most_queries(15):
        assert "Return with questions" in words(manager.get(page(form, "manage")))
    asked = {"words": "Who is the deputy?\n\nSince when?"}
    manager.post(page(form, "manage_act", "return"), asked)
    assert fresh(form).status == Status.RETURNED
    assert "2 questions of the board are not answered." in words(lead.get(page(form, "check")))
    first, second = form.remarks.all()
    lead.post(page(form, "questions"), {f"q{first.pk}": "The deputy head."})
    lead.post(page(form, "questions"), {f"q{second.pk}": "Since May."})
    assert [each.answer for each in form.remarks.all()] == ["The deputy head.", "Since May."]
    lead.post(page(form, "ready"), {"no_personal_data": "on"})
    assert fresh(form).prepared_by == cast.lead
    assert "Since May." in words(lead.get(page(form, "questions")))


def test_the_manager_never_reads_what_the_senior_lead_said_inside(cast, form):
    forms.handed_over(form, cast)
    senior = enter(cast.senior)
    senior.post(page(form, "send_back"), {"words": "The governors have not met at all."})
    assert "The governors have not met" in words(enter(cast.lead).get(page(form, "check")))
    assert "The governors have not met" not in words(enter(cast.manager).get(page(form, "manage")))


def test_being_let_off_goes_round_by_pages(cast, form):
    without_evidence(cast, form)
    lead, manager = enter(cast.lead), enter(cast.manager)
    assert "Ask to be let off" in words(lead.get(page(form, "check")))
    ask = page(form, "waive", "too_little_evidence", "LG1")
    assert lead.get(ask).status_code == 200
    lead.post(ask, {"reason": "It burnt in the fire."})
    waiver = form.waivers.get()
    decide = page(form, "decide_waiver", waiver.pk)
    assert decide in manager.get(reverse("selfassessment:cycle", args=[2026])).content.decode()
    manager.post(
        page(form, "decide_waiver", waiver.pk), {"granted": "yes", "why": "The report says so."}
    )
    assert "Let off by the board" in words(lead.get(page(form, "check")))
    assert lead.get(page(form, "waive", "not_answered")).status_code == 404


def test_every_act_of_the_manager_has_its_page(cast, form):
    manager = enter(cast.manager)
    until = {"until_day": "20", "until_month": "12", "until_year": "2026"}
    refused = manager.post(page(form, "manage_act", "extend"), until)
    assert "Write the reason" in words(refused)
    early = until | {"until_month": "11", "until_day": "29", "reason": "The lead is ill."}
    told = manager.post(page(form, "manage_act", "extend"), early)
    assert "Choose a day after the one that stands now." in words(told)
    manager.post(page(form, "manage_act", "extend"), until | {"reason": "The lead is ill."})
    assert fresh(form).due_on == date(2026, 12, 20)
    for act, status in [("exempt", Status.EXEMPT), ("ask-again", Status.NOT_STARTED)]:
        assert manager.get(page(form, "manage_act", act)).status_code == 200
        manager.post(page(form, "manage_act", act), {"reason": "It closes, or not."})
        assert fresh(form).status == status
    signed(cast, form)
    manager.post(page(form, "manage_act", "reopen"), {"reason": "A mistake."})
    assert fresh(form).status == Status.IN_PROGRESS
    late = manager.post(page(form, "manage_act", "reopen"), {"reason": "Again."}, follow=True)
    assert str(OVERTAKEN) in words(late)
    assert "Again.</textarea>" in late.content.decode()
    assert manager.get(page(form, "manage_act", "burn")).status_code == 404
