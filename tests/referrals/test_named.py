"""A record that names somebody who uses the portal (AC-08): kept out, and the lead is asked."""

import uuid
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from accounts.models import User
from agencies.models import Membership
from agencies.terms import Role
from agencies.workflow import give_role, set_details
from audit.models import AuditEvent
from outbox.models import Message as Mail
from referrals import policy, workflow
from referrals.models import Exclusion, NamedUser, PersonRecord, Referral
from referrals.moves import NotReady, TransitionError
from referrals.terms import NamedBy, Status, YesNo
from referrals.workflow import named
from tests.entry import enter
from tests.factories import AgencyFactory, MembershipFactory, UserFactory
from tests.referrals import cases
from tests.referrals.cases import MONDAY, fresh

S = Status
PARENT: dict[str, Any] = {"name": "Mother", "relationship": "Mother", "contact": "01632 960112"}


def parent(**said: str) -> dict[str, Any]:
    return {"parents": [PARENT | said]}


def sees(person: User, referral: Referral) -> bool:
    return Referral.objects.visible_to(person).filter(pk=referral.pk).exists()


def handed_over(cast: cases.Cast, **answers: Any) -> Referral:
    referral = cases.draft(cast)
    workflow.exclude(referral, [], by=cast.practitioner)
    cases.fill(referral, {"spoken_to": cast.lead, "spoken_at": MONDAY}, by=cast.practitioner)
    cases.fill(fresh(referral), answers, by=cast.practitioner)
    return workflow.hand_over(fresh(referral), by=cast.practitioner, now=MONDAY)


def sent(cast: cases.Cast, referral: Referral, by: User) -> Referral:
    cases.fill(fresh(referral), cases.CHECK, by=by)
    workflow.decide(fresh(referral), by=by, now=MONDAY)
    cases.fill(fresh(referral), cases.SHARE, by=by)
    return workflow.submit(fresh(referral), by=by, form_key=uuid.uuid4(), now=MONDAY)


# An e-mail address --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "answers",
    [
        lambda email: parent(contact=f"{email.upper()}, evenings"),
        lambda email: {"reach": [{"value": f" {email}", "note": "His own"}]},
    ],
)
def test_whoever_s_email_address_stands_in_a_draft_is_kept_out_at_once(answers, cast):
    referral = cases.draft(cast)
    cases.fill(referral, answers(cast.lead.email), by=cast.practitioner)
    assert policy.is_excluded(cast.lead, referral)
    workflow.exclude(fresh(referral), [], by=cast.practitioner)  # nobody else is close to it
    assert policy.is_excluded(cast.lead, referral)
    cases.fill(fresh(referral), {"spoken_to": cast.deputy}, by=cast.practitioner)
    workflow.hand_over(fresh(referral), by=cast.practitioner, now=MONDAY)
    assert fresh(referral).lead == cast.deputy
    assert not sees(cast.lead, referral)
    assert not Mail.objects.filter(case=str(referral.pk), to_person=cast.lead).exists()
    page = enter(cast.deputy).get(f"/referrals/{referral.key}/check/").content.decode()
    assert "may use this portal" not in page  # it is certain: nothing is asked


def test_a_corrected_address_lets_them_in_again_and_the_author_s_word_does_not_lapse(cast):
    referral = cases.draft(cast)
    cases.fill(referral, parent(contact=cast.lead.email), by=cast.practitioner)
    cases.fill(fresh(referral), parent(contact="mother@example.org"), by=cast.practitioner)
    assert not policy.is_excluded(cast.lead, referral)
    cases.fill(fresh(referral), parent(contact=cast.lead.email), by=cast.practitioner)
    workflow.exclude(fresh(referral), [cast.lead], by=cast.practitioner)
    cases.fill(fresh(referral), parent(contact="mother@example.org"), by=cast.practitioner)
    assert policy.is_excluded(cast.lead, referral)


def test_an_agency_whose_only_lead_is_named_is_left_with_the_advice_line(cast):
    Membership.objects.filter(person=cast.deputy).delete()
    referral = cases.draft(cast)
    cases.fill(referral, parent(contact=cast.lead.email), by=cast.practitioner)
    page = enter(cast.practitioner).get(f"/referrals/{referral.key}/tasks/", follow=True)
    assert page.status_code == 200
    workflow.exclude(fresh(referral), [], by=cast.practitioner)
    with pytest.raises(NotReady) as caught:
        workflow.hand_over(fresh(referral), by=cast.practitioner, now=MONDAY)
    assert "advice line" in caught.value.missing[0]
    assert policy.is_author_without_lead(cast.practitioner, fresh(referral))


def test_it_counts_for_anyone_with_an_account_but_not_for_workers_or_the_author(cast):
    stranger = UserFactory(name="Some Body")
    named = f"{stranger.email} or {cast.practitioner.email}"
    worker = {"agency": "GP", "worker": "Dr", "contact": cast.deputy.email}
    referral = handed_over(cast, **parent(contact=named), involved=[worker])
    assert set(Exclusion.objects.values_list("person", flat=True)) == {stranger.pk}
    MembershipFactory(person=stranger, role=Role.DEPUTY_LEAD, agency=cast.agency)
    assert not sees(stranger, referral)  # a lead from today, and still no trace of it
    assert sees(cast.deputy, referral)


# A name or a telephone number -----------------------------------------------------------------
@pytest.mark.parametrize(
    ("how", "answers"),
    [
        (NamedBy.NAME, {"forenames": "Della", "surname": "Deputy", "under_18": "yes"}),
        (NamedBy.NAME, {"household": [{"name": "Mrs Della Ann DEPUTY", "relationship": "Aunt"}]}),
        (NamedBy.NAME, parent(name="della deputy")),
        (NamedBy.PHONE, parent(contact="+44 7700 900123")),
        (NamedBy.PHONE, {"reach": [{"value": "07700 900 123 (mother)"}]}),
    ],
)
def test_the_lead_is_asked_about_whoever_may_be_named(how, answers, cast):
    User.objects.filter(pk=cast.deputy.pk).update(phone="07700 900123")
    before = enter(cast.deputy).get("/referrals/").content
    referral = handed_over(cast, **answers)
    assert NamedUser.objects.get(referral=referral).by == how
    assert not sees(cast.deputy, referral)
    assert len(enter(cast.deputy).get("/referrals/").content) == len(before)
    browser, url = enter(cast.lead), f"/referrals/{referral.key}/who-is-named/"
    assert url in browser.get(f"/referrals/{referral.key}/check/").content.decode()
    page = browser.get(url).content.decode()
    assert f"Della Deputy has {how.label} as somebody in this record." in page
    assert "Select whether it is Della Deputy" in browser.post(url, {}).content.decode()
    assert enter(cast.deputy).get(url).status_code == 404
    browser.post(url, {f"is_{cast.deputy.pk}": "no"})
    assert sees(cast.deputy, referral)
    assert "Nothing is asked about this record now." in browser.get(url).content.decode()
    assert url not in browser.get(f"/referrals/{referral.key}/check/").content.decode()
    # Said once: it is not asked again when the case is shared.
    sent(cast, referral, cast.lead)
    assert sees(cast.deputy, referral)


def test_yes_or_not_sure_keeps_them_out_and_nobody_says_it_again(cast):
    referral = handed_over(cast, **parent(name="Della Deputy"))
    url = f"/referrals/{referral.key}/who-is-named/"
    enter(cast.lead).post(url, {f"is_{cast.deputy.pk}": "yes"})
    assert not sees(cast.deputy, referral)
    assert NamedUser.objects.get().said_by == cast.lead
    with pytest.raises(TransitionError):
        workflow.say_who_is_named(fresh(referral), cast.deputy, YesNo.NO, by=cast.lead)
    assert not sees(cast.deputy, referral)
    events = AuditEvent.objects.filter(case=referral.pk, kind="referral.closeness_asked")
    assert events.filter(person=cast.lead).count() == 1
    assert not any("Della" in f"{one.detail}{one.reason}" for one in events)


def test_a_lead_of_the_same_name_never_takes_the_check_while_another_can(cast):
    referral = handed_over(cast, **parent(name=cast.lead.name))
    assert fresh(referral).lead == cast.deputy
    assert not sees(cast.lead, referral)
    assert not Mail.objects.filter(case=str(referral.pk), to_person=cast.lead).exists()
    workflow.say_who_is_named(fresh(referral), cast.lead, YesNo.NO, by=cast.deputy, now=MONDAY)
    assert sees(cast.lead, referral)
    assert fresh(referral).lead == cast.deputy


def test_the_only_lead_of_that_name_has_it_and_is_not_asked_about_herself(cast):
    """Her author was asked by name before; the Prevent lead is asked when it arrives."""
    Membership.objects.filter(person=cast.deputy).delete()
    referral = handed_over(cast, **parent(name=cast.lead.name))
    assert fresh(referral).lead == cast.lead
    browser, url = enter(cast.lead), f"/referrals/{referral.key}/who-is-named/"
    assert url not in browser.get(f"/referrals/{referral.key}/check/").content.decode()
    assert "Nothing is asked about this record now." in browser.get(url).content.decode()
    with pytest.raises(PermissionDenied):
        workflow.say_who_is_named(referral, cast.lead, YesNo.NO, by=cast.lead)
    sent(cast, referral, cast.lead)
    prevent = enter(cast.prevent_lead)
    assert url in prevent.get(f"/referrals/{referral.key}/").content.decode()
    prevent.post(url, {f"is_{cast.lead.pk}": "yes"})
    assert not sees(cast.lead, referral)


def test_the_people_of_the_place_are_looked_at_when_it_is_shared_or_offered(cast):
    said = {"household": [{"name": one.name} for one in (cast.prevent_deputy, cast.york_lead)]}
    referral = handed_over(cast, **said)
    assert not NamedUser.objects.exists()  # nobody of the agency
    sent(cast, referral, cast.lead)
    assert not sees(cast.prevent_deputy, referral)
    assert sees(cast.prevent_lead, referral)
    workflow.acknowledge(fresh(referral), by=cast.prevent_lead, now=MONDAY)
    url = f"/referrals/{referral.key}/who-is-named/"
    assert url in enter(cast.prevent_lead).get(referral.get_absolute_url()).content.decode()
    workflow.transfer(
        fresh(referral), cast.other_locality, "They moved.", by=cast.prevent_lead, now=MONDAY
    )
    asked = workflow.asked_about(fresh(referral), by=cast.prevent_lead)
    assert {one.person for one in asked} == {cast.prevent_deputy, cast.york_lead}
    # The only Prevent lead of the other area: it would wait there for nobody.
    assert sees(cast.york_lead, referral)


def test_only_those_who_answer_for_the_case_say_who_is_named(cast):
    referral = handed_over(cast, **parent(name="Della Deputy"))
    outsider = UserFactory(name="Olga Outside")
    MembershipFactory(person=outsider, role=Role.LEAD, agency=AgencyFactory())
    for person in (cast.practitioner, cast.colleague, outsider, cast.deputy, cast.prevent_lead):
        with pytest.raises(PermissionDenied):
            workflow.say_who_is_named(fresh(referral), cast.deputy, YesNo.NO, by=person)
    assert not sees(cast.deputy, referral)


# Somebody who comes later --------------------------------------------------------------------
def joins(cast: cases.Cast, name: str, role: Role = Role.DEPUTY_LEAD, **said: str) -> User:
    person = UserFactory(name=name, email=f"{uuid.uuid4().hex}@example.org")
    set_details(person, name=name, job_title="", phone=said.get("phone", ""))
    here = cast.agency if role in (Role.DEPUTY_LEAD, Role.PRACTITIONER) else cast.locality
    by = MembershipFactory(role=Role.PORTAL_ADMIN, agency=None).person
    give_role(User.objects.get(pk=person.pk), role, here, by=by)
    return User.objects.get(pk=person.pk)


@pytest.mark.parametrize(
    ("how", "answers", "phone"),
    [
        (NamedBy.NAME, parent(name="Mrs Nora Newcomer"), ""),
        (NamedBy.PHONE, parent(contact="+44 7700 900124"), "07700 900124"),
    ],
)
def test_whoever_joins_later_is_looked_for_in_the_records_of_the_place(how, answers, phone, cast):
    referral = handed_over(cast, **answers)
    other = handed_over(cast, **parent(name="Somebody Else"))
    person = joins(cast, "Nora Newcomer", phone=phone)
    assert NamedUser.objects.get().by == how
    assert not sees(person, referral)
    assert sees(person, other)
    mail = Mail.objects.get(case=str(referral.pk), kind="referral.named")
    assert mail.to_person == cast.lead
    assert "Newcomer" not in f"{mail.subject}{mail.body}"
    browser, url = enter(cast.lead), f"/referrals/{referral.key}/who-is-named/"
    assert "Nora Newcomer has" in browser.get(url).content.decode()
    events = AuditEvent.objects.filter(case=referral.pk, kind="referral.closeness_asked")
    assert events.latest("pk").person is None  # the log does not tell who it is
    browser.post(url, {f"is_{person.pk}": "no"})
    assert sees(person, referral)


def test_a_lead_who_takes_the_name_of_a_record_is_looked_for_again(cast):
    referral = handed_over(cast, **parent(name="Nora Newcomer"))
    person = joins(cast, "Nora Before")
    assert sees(person, referral)
    set_details(person, name="Nora Newcomer", job_title="", phone="")
    assert not sees(person, referral)
    workflow.say_who_is_named(fresh(referral), person, YesNo.NO, by=cast.lead)
    set_details(person, name="Nora Newcomer", job_title="Deputy", phone="")
    assert sees(person, referral)


def test_a_new_prevent_lead_of_that_name_is_kept_out_of_what_was_shared_before(cast):
    referral = handed_over(cast, household=[{"name": "Nora Newcomer", "relationship": "Aunt"}])
    sent(cast, referral, cast.lead)
    person = joins(cast, "Dr Nora Newcomer", Role.PREVENT_DEPUTY)
    assert not sees(person, referral)
    assert [one.person for one in fresh(referral).named_users.all()] == [person]
    told = Mail.objects.filter(case=str(referral.pk), kind="referral.named")
    assert {one.to_person for one in told} == {cast.prevent_lead}


def test_a_new_account_is_kept_out_of_drafts_by_its_address_alone(cast):
    draft, shared = cases.draft(cast), handed_over(cast, **parent(contact="nora@example.org"))
    cases.fill(
        draft, parent(name="Nora Newcomer", contact="nora@example.org"), by=cast.practitioner
    )
    stranger = handed_over(cast, **parent(name="Nora Newcomer"))
    person = UserFactory(email="nora@example.org", name="")
    set_details(person, name="Nora Newcomer", job_title="", phone="")
    assert set(Exclusion.objects.filter(person=person).values_list("referral", flat=True)) == {
        draft.pk,
        shared.pk,
    }
    assert not NamedUser.objects.filter(referral=stranger).exists()  # works nowhere near it
    assert not Mail.objects.filter(kind="referral.named").exists()  # it is certain: nobody is asked


def test_records_of_before_are_made_findable_a_few_at_a_time(cast, monkeypatch):
    monkeypatch.setattr(named, "AT_ONCE", 2)
    made = [handed_over(cast, **parent(name="Nora Newcomer")) for _ in range(3)]
    PersonRecord.objects.update(named_digests=None)
    assert [workflow.make_findable() for _ in range(3)] == [2, 1, 0]
    person = joins(cast, "Nora Newcomer")
    assert not any(sees(person, one) for one in made)


@pytest.mark.parametrize("name", ["Mother", "Della", "Mrs Deputy", "Della Deputyson", "not known"])
def test_half_a_name_names_nobody(name, cast):
    referral = handed_over(cast, **parent(name=name))
    assert not NamedUser.objects.filter(referral=referral).exists()


def test_a_deleted_draft_leaves_no_word_of_who_was_named(cast):
    referral = cases.draft(cast)
    cases.fill(referral, parent(contact=cast.lead.email), by=cast.practitioner)
    workflow.delete_draft(fresh(referral), by=cast.practitioner)
    assert not NamedUser.objects.exists()
    assert policy.is_excluded(cast.lead, referral)
