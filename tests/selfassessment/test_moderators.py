"""Who moderates a form, who may not, and who stops at once (section 7.4; WF-12)."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from agencies import workflow as agencies_workflow
from agencies.models import Membership
from agencies.terms import AgencyType, Role
from selfassessment.models import Assessment, Moderator
from selfassessment.moderation import choosing, queries, workflow
from selfassessment.moderation.models import (
    Judgement,
)
from selfassessment.moderation.terms import Why
from selfassessment.moves import NotReady
from selfassessment.terms import Rating, Status
from tests.factories import AgencyFactory, MembershipFactory
from tests.selfassessment import forms
from tests.selfassessment.moderating import begun, codes_of, judge, mails, signed


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


def test_a_manager_who_moderates_gives_no_form_to_themselves(cast, form):
    signed(cast, form)
    MembershipFactory(person=cast.moderator, role=Role.MODERATION_MANAGER)
    with pytest.raises(NotReady, match="Nobody gives a form to themselves"):
        workflow.begin(form, [cast.moderator, cast.second_moderator], by=cast.moderator)
    workflow.begin(form, [cast.moderator, cast.second_moderator], by=cast.manager)


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
