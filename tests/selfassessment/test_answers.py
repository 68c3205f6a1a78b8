"""The door through which an answer is written."""

import pytest
from django.core.exceptions import PermissionDenied

from agencies.terms import AgencyType
from audit.models import AuditEvent
from selfassessment import policy, workflow
from selfassessment.models import Answer, Assessment, Assignment, Helper, Profile
from selfassessment.moves import Stale, TransitionError
from selfassessment.terms import EDITABLE, FormType, Rating, Status
from tests.factories import AgencyFactory, MembershipFactory
from tests.selfassessment import forms


def write(form, by, code="LG1", version=0, **values):
    values = values or {"rating": Rating.IN_PLACE, "position": "The head leads it."}
    return workflow.write_answer(form, forms.standard(code), values, by=by, version=version)


def test_the_first_answer_begins_the_form(cast, form):
    answer = write(form, cast.lead)
    form.refresh_from_db()
    assert (form.status, form.answered, form.points) == (Status.IN_PROGRESS, 1, 2)
    assert (answer.version, answer.saved_by) == (1, cast.lead)
    assert AuditEvent.objects.filter(kind="assessment.changed").count() == 1


def test_what_stood_there_before_is_kept(cast, form):
    write(form, cast.lead)
    write(form, cast.deputy, version=1, position="The head and a governor lead it.")
    saved = Answer.objects.get().saves.get(version=2)
    assert (saved.by, saved.before) == (cast.deputy, {"position": "The head leads it."})


def test_saving_the_same_again_changes_nothing(cast, form):
    write(form, cast.lead)
    assert write(form, cast.lead, version=1).version == 1


def test_of_two_who_save_one_answer_the_second_is_told(cast, form):
    write(form, cast.lead)
    with pytest.raises(Stale) as told:
        write(form, cast.deputy, position="Something else.")
    assert told.value.answer.position == "The head leads it."


@pytest.mark.parametrize("status", [each for each in Status if each not in EDITABLE])
def test_a_form_that_is_not_being_filled_in_takes_no_answer(cast, form, status):
    forms.put_in(form, status, cast)
    with pytest.raises(TransitionError):
        write(form, cast.lead)


@pytest.mark.parametrize("name", ["senior", "teacher", "other_lead", "manager", "moderator"])
def test_only_leads_and_who_was_given_a_standard_answer_it(cast, form, name):
    with pytest.raises(PermissionDenied):
        write(form, getattr(cast, name))


def test_a_contributor_answers_what_they_were_given_and_no_more(cast, form):
    helper = Helper.objects.create(assessment=form, person=cast.teacher, added_by=cast.lead)
    Assignment.objects.create(
        assessment=form, standard=forms.standard("LG2"), helper=helper, given_by=cast.lead
    )
    assert write(form, cast.teacher, code="LG2").saved_by == cast.teacher
    with pytest.raises(PermissionDenied):
        write(form, cast.teacher, code="LG1")


def test_a_change_after_it_was_returned_voids_the_sign_off(cast, form):
    forms.put_in(form, Status.RETURNED, cast)
    write(form, cast.lead)
    form.refresh_from_db()
    voided = form.signoffs.get()
    assert form.signed_at is None
    assert voided.voided_by == cast.lead
    assert voided.void_reason


def test_who_registered_as_working_alone_fills_in_their_own_form(cast):
    alone = AgencyFactory(kind=AgencyType.INDEPENDENT)
    person = MembershipFactory(agency=alone).person
    Profile.objects.create(agency=alone, form_type=FormType.SE, short_form=True, is_one_person=True)
    form = forms.form_of(alone)
    assert Assessment.objects.visible_to(person).get() == form
    assert write(form, person, code="LG2").saved_by == person
    assert policy.signs(person, form)
    assert not Assessment.objects.visible_to(cast.teacher).exists()
