"""Whose text may be read by whom, in every status (section 7.5)."""

import pytest
from django.utils import timezone

from agencies.terms import Role
from selfassessment.models import Assessment, Helper
from selfassessment.terms import READ_BY_BOARD, Status
from tests.factories import MembershipFactory
from tests.selfassessment import forms

OF_THE_AGENCY = {"lead", "deputy", "senior"}
NEVER = {"teacher", "other_lead", "board_member", "stranger"}
FOR_MODERATORS = {Status.MODERATION, Status.MODERATED, Status.PUBLISHED, Status.CLOSED}


def readers(cast: forms.Cast) -> set[str]:
    return {
        name
        for name in (*OF_THE_AGENCY, *NEVER, "manager", "moderator", "second_moderator")
        if Assessment.objects.visible_to(getattr(cast, name)).exists()
    }


@pytest.mark.parametrize("status", list(Status))
def test_nobody_else_reads_a_form(cast, form, status):
    forms.put_in(form, status, cast)
    expected = set(OF_THE_AGENCY)
    if status in READ_BY_BOARD:
        expected |= {"manager"}
    if status in FOR_MODERATORS:
        expected |= {"moderator", "second_moderator"}
    assert readers(cast) == expected


def test_who_helps_reads_until_they_leave_or_are_let_go(cast, form):
    helper = Helper.objects.create(assessment=form, person=cast.teacher, added_by=cast.lead)
    assert Assessment.objects.visible_to(cast.teacher).get() == form
    Helper.objects.filter(pk=helper.pk).update(ended_at=timezone.now())
    assert not Assessment.objects.visible_to(cast.teacher).exists()
    Helper.objects.filter(pk=helper.pk).update(ended_at=None)
    cast.teacher.memberships.update(ends_on=timezone.localdate())
    assert not Assessment.objects.visible_to(cast.teacher).exists()


def test_a_moderator_who_stands_down_or_joins_the_agency_reads_no_more(cast, form):
    forms.put_in(form, Status.MODERATION, cast)
    form.moderators.filter(person=cast.moderator).update(stood_down_at=timezone.now())
    assert not Assessment.objects.visible_to(cast.moderator).exists()
    MembershipFactory(person=cast.second_moderator, role=Role.PRACTITIONER, agency=cast.school)
    assert not Assessment.objects.visible_to(cast.second_moderator).exists()


def test_the_board_counts_forms_and_reads_none(cast, form):
    forms.put_in(form, Status.SIGNED, cast)
    assert Assessment.objects.of_board(cast.board_member).counted().get() == form
    assert not Assessment.objects.of_board(cast.lead).exists()
    assert not Assessment.objects.visible_to(cast.board_member).exists()


@pytest.mark.parametrize("source", [Status.NOT_STARTED, Status.IN_PROGRESS, Status.READY])
def test_a_draft_that_the_cycles_end_closed_stays_the_agencys(cast, form, source):
    forms.put_in(form, source, cast)
    Assessment.objects.filter(pk=form.pk).update(status=Status.CLOSED, closed_from=source)
    assert readers(cast) == OF_THE_AGENCY


def test_a_returned_form_that_was_changed_is_the_agencys_until_it_is_signed_again(cast, form):
    forms.put_in(form, Status.RETURNED, cast)
    assert "manager" in readers(cast)
    Assessment.objects.filter(pk=form.pk).update(signed_at=None)
    assert readers(cast) == OF_THE_AGENCY
