"""Two people, or two processes, at the same moment, each on a connection of its own (WF-12)."""

import os
from functools import partial

import pytest
from django.urls import reverse

from agencies.terms import Role
from selfassessment import workflow
from selfassessment.models import Answer, Assessment, Cycle, SignOff
from selfassessment.moves import Stale, TransitionError
from selfassessment.terms import Status
from selfassessment.workflow import cycles
from tests.entry import enter
from tests.factories import AgencyFactory, MembershipFactory
from tests.referrals.test_races import problems, together
from tests.selfassessment import forms

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = int(os.environ.get("PORTAL_ROUNDS", "5"))
ON_ONE_ANSWER = 50
PRESSES = 8


@pytest.fixture
def form(transactional_db):
    cast = forms.make_cast()
    made = forms.form_of(cast.school)
    made.cast = cast  # type: ignore[attr-defined]
    return made


def now(form):
    return Assessment.objects.get(pk=form.pk)


def write(form, by, version, words):
    values = {"position": words}
    return workflow.write_answer(form, forms.standard("LG3"), values, by=by, version=version)


def test_of_two_on_one_answer_one_saves_and_the_other_is_told_and_nothing_is_lost(form):
    cast = form.cast
    for version in range(ON_ONE_ANSWER):
        outcomes = together(
            partial(write, form, cast.lead, version, f"The lead, {version}."),
            partial(write, form, cast.deputy, version, f"The deputy, {version}."),
        )
        [lost] = problems(outcomes)
        assert isinstance(lost, Stale)
        stored = Answer.objects.get(assessment=form)
        [won] = [one for one in outcomes if one is not lost]
        assert (stored.version, stored.position) == (version + 1, won.position)
        assert lost.answer.position == won.position  # what the page shows beside what was typed
    assert stored.saves.count() == ON_ONE_ANSWER


def test_two_who_hand_it_over_hand_it_over_once(form):
    forms.complete(form, form.cast)
    outcomes = together(
        *(
            partial(workflow.ready, form, by=by, no_personal_data=True, now=forms.NOW)
            for by in (form.cast.lead, form.cast.deputy)
        )
    )
    [lost] = problems(outcomes)
    assert isinstance(lost, TransitionError)
    assert form.notices.count() == 1


def test_two_who_sign_make_one_signature(form):
    second = MembershipFactory(role=Role.SENIOR_LEAD, agency=form.cast.school).person
    forms.handed_over(form, form.cast)
    seen = forms.state(form)
    outcomes = together(
        *(partial(forms.sign, form, by, seen=seen) for by in (form.cast.senior, second))
    )
    [lost] = problems(outcomes)
    assert isinstance(lost, TransitionError)
    assert SignOff.objects.get().signed_by in (form.cast.senior, second)
    assert now(form).status == Status.SIGNED


def test_a_button_pressed_eight_times_signs_once_and_says_so_each_time(form):
    forms.handed_over(form, form.cast)
    address = reverse("selfassessment:sign", args=[form.key])
    browsers = [enter(form.cast.senior) for _press in range(PRESSES)]
    seen = browsers[0].get(address).context["seen"]
    sent = {
        "seen": seen,
        "role": "Head teacher",
        "governing_body_on_day": "10",
        "governing_body_on_month": "12",
        "governing_body_on_year": "2026",
        "agreed": "on",
    }
    answers = together(*(partial(browser.post, address, sent) for browser in browsers))
    assert problems(answers) == []
    signed = reverse("selfassessment:signed", args=[form.key])
    assert {(each.status_code, each.url) for each in answers} == {(302, signed)}
    assert SignOff.objects.count() == 1


def test_of_an_edit_and_a_signature_at_once_one_is_told(form):
    """A returned form can be edited until it is signed again."""
    cast = form.cast
    forms.complete(form, cast)
    Assessment.objects.filter(pk=form.pk).update(status=Status.RETURNED)
    version = Answer.objects.get(assessment=form, standard__code="LG3").version
    for _round in range(ROUNDS):
        Assessment.objects.filter(pk=form.pk).update(
            status=Status.RETURNED, prepared_at=None, prepared_by=None
        )
        workflow.ready(form, by=cast.lead, no_personal_data=True, now=forms.NOW)
        seen = forms.state(form)
        edited, signed = together(
            partial(write, form, cast.deputy, version, f"We report each term, {_round}."),
            partial(forms.sign, form, cast.senior, seen=seen),
        )
        if isinstance(signed, Exception):
            assert isinstance(signed, TransitionError)
            assert now(form).status == Status.RETURNED
            assert not form.signoffs.standing().exists()
            version = edited.version
        else:
            assert isinstance(edited, TransitionError)
            assert now(form).status == Status.SIGNED
            [said] = [one for one in signed.frozen["asked"] if one["code"] == "LG3"]
            stored = Answer.objects.get(assessment=form, standard__code="LG3")
            assert said["position"] == stored.position


def test_two_workers_that_make_forms_make_each_once(form):
    cycle = Cycle.objects.get(pk=form.cycle_id)
    AgencyFactory.create_batch(5)
    outcomes = together(*(partial(cycles.make_forms, cycle) for _worker in range(3)))
    assert problems(outcomes) == []
    assert cycles.without_form(cycle).count() == 0
    made = Assessment.objects.filter(cycle=cycle)
    assert made.count() == made.values("agency").distinct().count()
