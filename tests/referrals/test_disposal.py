"""What is past its time goes by two people's word and a wait, and then nothing of it is left."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import User
from agencies.models import RetentionRule
from agencies.terms import SUGGESTED_MONTHS, Kept, Role
from audit.models import AuditEvent
from outbox import housekeeping
from outbox.models import Message as Mail
from referrals import disposal, report, workflow
from referrals.models import (
    Clock,
    ConcernRecord,
    Disposal,
    Exclusion,
    GatewayRecord,
    Hold,
    Referral,
)
from referrals.moves import NotReady
from referrals.terms import BEFORE_CLOSED, HoldReason, Status
from tests.accounts.conftest import long_ago
from tests.entry import enter
from tests.factories import MembershipFactory, UserFactory
from tests.referrals.cases import MONDAY, fresh
from vault.models import DataKey

LATER = datetime(2030, 1, 7, 10, 0, tzinfo=UTC)
PAGE = "/referrals/disposal/"


@pytest.fixture(autouse=True)
def rules(cast):
    """Every kind has the rule that the form begins with."""
    now = timezone.now()
    for kind, (months, child_months) in SUGGESTED_MONTHS.items():
        RetentionRule.objects.create(
            kind=kind,
            months=months,
            child_months=child_months,
            source="Board",
            proposed_by=cast.portal_admin,
            proposed_at=now,
            signed_by=cast.privacy_officer,
            signed_at=now,
        )


def ended(case_in, status=Status.CLOSED, **changes):
    """A case whose last promise is kept."""
    referral = case_in(status, **changes)
    Clock.objects.filter(referral=referral).update(stopped_at=MONDAY)
    return fresh(referral)


def is_due(referral, today):
    return disposal.due(today).filter(pk=referral.pk).exists()


def signed(referral, cast, by=None, now=LATER):
    assert disposal.propose([referral.key], by=by or cast.prevent_lead, now=now) == 1
    one = Disposal.objects.open().get(referral=referral)
    assert disposal.sign([one.pk], by=cast.privacy_officer, now=now) == 1
    return one


# --- When ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("ended_on", "months", "first_day"),
    [
        (date(2026, 11, 16), 12, date(2027, 11, 16)),
        (date(2026, 8, 31), 6, date(2027, 3, 1)),
        (date(2027, 8, 29), 6, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 3, 1)),
        (date(2028, 2, 29), 48, date(2032, 2, 29)),
        (date(2026, 12, 31), 2, date(2027, 3, 1)),
    ],
)
def test_nothing_is_past_its_time_a_day_early(ended_on, months, first_day):
    assert disposal.kept_until(ended_on, months) == first_day
    before = first_day - timedelta(days=1)
    assert disposal.months_before(before, months) < ended_on
    assert disposal.months_before(first_day, months) >= ended_on


def test_the_two_ways_of_counting_agree_on_every_day_of_five_years():
    for number in range(5 * 366):
        day = date(2026, 1, 1) + timedelta(days=number)
        for months in (1, 6, 12, 24):
            first = disposal.kept_until(day, months)
            assert disposal.months_before(first, months) >= day
            assert disposal.months_before(first - timedelta(days=1), months) < day


@pytest.mark.parametrize(
    ("kind", "status", "child", "adult"),
    [
        (Kept.AGENCY_CLOSED, Status.AGENCY_CLOSED, date(2027, 5, 16), date(2027, 11, 16)),
        (Kept.OTHER_ROUTE, Status.OTHER_ROUTE, date(2027, 5, 16), date(2027, 11, 16)),
        (Kept.NO_CONCERN, Status.CLOSED, date(2027, 5, 16), date(2027, 11, 16)),
        (Kept.OTHER_SERVICES, Status.CLOSED, date(2028, 11, 16), date(2028, 11, 16)),
        (Kept.WITHDRAWN, Status.WITHDRAWN, date(2027, 5, 16), date(2027, 11, 16)),
    ],
)
def test_each_kind_is_due_on_its_day_and_not_before(kind, status, child, adult, cast, case_in):
    if status == Status.WITHDRAWN:
        referral = case_in(Status.SUBMITTED)
        workflow.withdraw(referral, "It was not so.", by=cast.lead, now=MONDAY)
        Clock.objects.filter(referral=referral).update(stopped_at=MONDAY)
    else:
        referral = ended(case_in, status)
    if kind == Kept.OTHER_SERVICES:
        GatewayRecord.objects.filter(referral=referral).update(outcome="other_services")
    assert not is_due(referral, child - timedelta(days=1))
    assert is_due(referral, child)
    assert disposal.kind_of(disposal.due(child).get()) == kind
    Referral.objects.update(age_band="31-40")
    ConcernRecord.objects.update(under_18="no")
    assert not is_due(referral, adult - timedelta(days=1))
    assert is_due(referral, adult)


def test_what_has_not_ended_is_never_due(case_in):
    referral = ended(case_in, Status.TRIAGE)
    for status in sorted(BEFORE_CLOSED):
        Referral.objects.filter(pk=referral.pk).update(status=status)
        assert not is_due(referral, date(2060, 1, 1)), status


def test_no_rule_no_deletion_and_no_deletion_while_a_promise_runs(case_in):
    referral = case_in(Status.CLOSED)
    assert not is_due(referral, LATER.date())  # feedback is owed
    Clock.objects.update(stopped_at=MONDAY)
    assert is_due(referral, LATER.date())
    RetentionRule.objects.update(ended_at=MONDAY)
    assert not is_due(referral, LATER.date())


# --- Who ----------------------------------------------------------------------------------------
def test_each_looks_through_their_own_and_hears_of_no_other(cast, case_in):
    shared, kept = ended(case_in), ended(case_in, Status.AGENCY_CLOSED)
    today = LATER.date()
    expected: dict[User, set[Referral]] = {
        cast.prevent_lead: {shared},
        cast.lead: {kept},
        cast.deputy: {kept},
        cast.privacy_officer: {shared, kept},
        cast.york_lead: set(),
        cast.outsider_lead: set(),
        cast.officer: set(),
        cast.practitioner: set(),
        cast.portal_admin: set(),
    }
    for person, cases in expected.items():
        assert set(disposal.unproposed(person, today)) == cases, person.name
        others = [one.key for one in (shared, kept) if one not in cases]
        assert disposal.propose(others, by=person, now=LATER) == 0


def test_two_people_and_the_second_is_a_privacy_officer(cast, case_in):
    referral = ended(case_in)
    assert disposal.propose([referral.key], by=cast.privacy_officer, now=LATER) == 1
    assert disposal.propose([referral.key], by=cast.prevent_lead, now=LATER) == 0
    one = Disposal.objects.get()
    assert disposal.sign([one.pk], by=cast.privacy_officer, now=LATER) == 0
    assert disposal.waiting(cast.privacy_officer) == ([], [one])
    for person in (cast.prevent_lead, cast.portal_admin, cast.lead):
        with pytest.raises(PermissionDenied):
            disposal.sign([one.pk], by=person, now=LATER)
    with pytest.raises(IntegrityError), transaction.atomic():
        Disposal.objects.update(
            signed_by=cast.privacy_officer, signed_at=LATER, goes_on=LATER.date()
        )
    second = UserFactory(name="Second Officer")
    MembershipFactory(person=second, role=Role.PRIVACY_OFFICER)
    assert disposal.sign([one.pk], by=second, now=LATER) == 1


def test_whoever_is_close_to_it_neither_signs_nor_finds_it(cast, case_in):
    referral = ended(case_in)
    Exclusion.objects.create(referral=referral, person=cast.privacy_officer, by=cast.lead)
    assert not disposal.unproposed(cast.privacy_officer, LATER.date())
    disposal.propose([referral.key], by=cast.prevent_lead, now=LATER)
    one = Disposal.objects.get()
    assert disposal.waiting(cast.privacy_officer) == ([], [])
    assert disposal.sign([one.pk], by=cast.privacy_officer, now=LATER) == 0
    with pytest.raises(PermissionDenied):
        disposal.stop(one.pk, by=cast.privacy_officer, now=LATER)
    until = date(2031, 1, 1)
    with pytest.raises(PermissionDenied):
        disposal.hold(referral, HoldReason.COURT, "x", until, by=cast.privacy_officer, now=LATER)


# --- What is left -------------------------------------------------------------------------------
def test_after_the_wait_nothing_of_it_is_left_but_a_stub_the_log_and_the_certificate(cast, case_in):
    canary = "CANARYgone was said in the form room, and three people heard it on that Monday."
    referral, other = ended(case_in, observed=canary, forenames="CANARYname"), ended(case_in)
    report.make(referral)
    one = signed(referral, cast)
    wait = timedelta(days=14)
    assert disposal.carry_out(LATER + wait - timedelta(days=1)) == 0
    assert DataKey.objects.filter(pk=referral.pk).exists()
    housekeeping.run(LATER + wait)
    assert disposal.carry_out(LATER + wait) == 0  # safe to run twice
    assert not DataKey.objects.filter(pk=referral.pk).exists()
    assert DataKey.objects.filter(pk=other.pk).exists()
    for model in apps.get_app_config("referrals").get_models():
        for field in model._meta.get_fields():
            if field.concrete and field.related_model is Referral and model is not Disposal:
                left = model._default_manager.filter(**{field.name: referral.pk})
                assert not left.exists(), model
    stub = fresh(referral)
    assert stub.status == Status.DISPOSED
    assert (stub.created_at.month, stub.created_at.day) == (1, 1)
    assert stub.holder is stub.officer is stub.lead is stub.submitted_by is None
    assert (stub.locality, stub.sector) == (referral.locality, referral.sector)
    told = Mail.objects.filter(case=str(referral.pk))
    assert told.exists()
    assert not told.exclude(body="", subject="", to_address="", to_person=None).exists()
    assert not told.filter(sent_at=None, cancelled_at=None).exists()
    copies = Mail.objects.filter(kind="referral.delete_copies")
    assert {mail.to_person for mail in copies} == {cast.lead, cast.deputy}
    happened = AuditEvent.objects.filter(case=referral.pk).values_list("kind", flat=True)
    assert {"referral.started", "disposal.proposed", "disposal.signed"} <= set(happened)
    assert list(happened)[-1] == "referral.disposed"
    one.refresh_from_db()
    assert one.done_at == LATER + wait
    assert one.records
    page = enter(cast.privacy_officer).get(PAGE).content.decode()
    assert "Closed at the gateway: no concern. 1 case," in page
    for person in (cast.practitioner, cast.lead, cast.prevent_lead, cast.officer):
        assert enter(person).get(f"/referrals/{referral.key}/").status_code == 404


def test_the_serving_role_can_carry_it_out(cast, case_in, settings):
    """The worker has the rights of the web process, and no more."""
    from django.core.management import call_command

    referral = ended(case_in)
    signed(referral, cast)
    settings.RUNTIME_ROLE = "portal_disposal_test"
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE portal_disposal_test NOSUPERUSER NOBYPASSRLS")
        call_command("grant_roles", verbosity=0)
        cursor.execute("SET LOCAL ROLE portal_disposal_test")
        assert disposal.carry_out(LATER + timedelta(days=14)) == 1
        cursor.execute("RESET ROLE")
    assert fresh(referral).status == Status.DISPOSED


# --- Until then ---------------------------------------------------------------------------------
def test_each_of_them_stops_it_until_the_end(cast, case_in):
    referral = ended(case_in)
    for person in (cast.prevent_lead, cast.prevent_deputy, cast.privacy_officer):
        one = signed(referral, cast)
        assert disposal.stop(one.pk, by=person, now=LATER)
        assert not disposal.stop(one.pk, by=cast.privacy_officer, now=LATER)
    assert disposal.carry_out(LATER + timedelta(days=99)) == 0
    assert disposal.unproposed(cast.prevent_lead, LATER.date())  # to be decided anew


def test_a_hold_stops_it_and_ends_on_its_day_or_when_it_is_lifted(cast, case_in):
    referral = ended(case_in)
    signed(referral, cast)
    until = date(2030, 3, 1)
    why = HoldReason.COMPLAINT
    with pytest.raises(NotReady):
        disposal.hold(referral, why, "A letter", LATER.date(), by=cast.privacy_officer, now=LATER)
    first = disposal.hold(referral, why, "A letter", until, by=cast.privacy_officer, now=LATER)
    assert disposal.carry_out(LATER + timedelta(days=99)) == 0
    assert not is_due(referral, until)
    assert is_due(referral, until + timedelta(days=1))
    second = disposal.hold(referral, why, "Two", date(2031, 1, 1), by=cast.prevent_lead, now=LATER)
    first.refresh_from_db()
    assert first.lifted_by == cast.prevent_lead
    with pytest.raises(PermissionDenied):
        disposal.lift(second.pk, by=cast.lead, now=LATER)
    assert disposal.lift(second.pk, by=cast.privacy_officer, now=LATER)
    assert is_due(referral, LATER.date())
    words = "".join(f"{event.detail}{event.reason}" for event in AuditEvent.objects.all())
    assert "letter" not in words


def test_a_case_that_was_opened_again_or_has_another_rule_is_not_deleted(cast, case_in):
    again, ruled = ended(case_in), ended(case_in)
    for referral in (again, ruled):
        signed(referral, cast)
    workflow.reopen(again, "It goes on.", by=cast.prevent_lead, now=LATER)
    RetentionRule.objects.filter(kind=Kept.NO_CONCERN).update(months=99, child_months=None)
    assert disposal.carry_out(LATER + timedelta(days=14)) == 0
    assert set(Disposal.objects.values_list("stopped_by", flat=True)) == {None}
    assert not Disposal.objects.open().exists()
    assert fresh(ruled).status == Status.CLOSED


# --- The pages ----------------------------------------------------------------------------------
@pytest.fixture
def old(case_in):
    """A closed case long past its time, today."""
    referral = ended(case_in, forenames="CANARYname")
    past = timezone.now() - timedelta(days=4 * 366)
    Referral.objects.filter(pk=referral.pk).update(stage_since=past)
    return referral


def test_the_pages_propose_sign_hold_and_stop(cast, old, django_assert_max_num_queries):
    lead, officer = enter(cast.prevent_lead), enter(cast.privacy_officer)
    for person in (cast.lead, cast.prevent_lead, cast.privacy_officer):
        assert PAGE in enter(person).get("/referrals/").content.decode()
    assert PAGE not in enter(cast.officer).get("/referrals/").content.decode()
    with django_assert_max_num_queries(15):
        page = lead.get(PAGE).content.decode()
    assert old.reference in page
    assert "Closed at the gateway: no concern, kept until" in page
    assert "CANARY" not in page
    assert f'href="/referrals/{old.key}/"' in page
    page = officer.get(PAGE).content.decode()
    assert f'href="/referrals/{old.key}/"' not in page  # reads no case
    for nonsense in ("\0", "é", "x" * 26):
        assert lead.get(f"{PAGE}hold/", {"case": nonsense}).status_code == 404
    lead.post(f"{PAGE}propose/", {"case": [old.key, "nonsense", "\0"]})
    page = officer.get(PAGE).content.decode()
    assert "Proposed by Joanna Firth." in page
    one = Disposal.objects.get()
    long_ago(officer)
    assert "/reauthenticate/" in officer.post(f"{PAGE}sign/", {"case": one.pk})["Location"]
    assert not Disposal.objects.signed().exists()
    officer = enter(cast.privacy_officer)
    for wrong in ({}, {"case": "x"}, {"case": "9" * 40}):
        said = officer.post(f"{PAGE}sign/", wrong, follow=True).content.decode()
        assert "Select at least one case" in said
    officer.post(f"{PAGE}sign/", {"case": one.pk})
    with django_assert_max_num_queries(15):
        page = lead.get(PAGE).content.decode()
    assert "signed by Frank Tully" in page
    assert lead.post(f"{PAGE}{one.pk}/stop/").status_code == 302
    assert lead.post(f"{PAGE}{one.pk}/stop/").status_code == 404
    form: dict[str, Any] = {"why": "inquiry", "words": "A review by the board", "until": ""}
    url = f"{PAGE}hold/?case={old.key}"
    assert "Write the date" in lead.post(url, form).content.decode()
    day = timezone.localdate() + timedelta(days=90)
    form |= {"until_day": day.day, "until_month": day.month, "until_year": day.year}
    lead.post(url, form)
    with django_assert_max_num_queries(15):
        page = officer.get(PAGE).content.decode()
    assert "An inquiry or a review." in page
    assert "A review by the board" in page
    assert officer.post(f"{PAGE}hold/{Hold.objects.get().pk}/lift/").status_code == 302
    officer.post(f"{PAGE}hold/", form | {"reference": old.reference.lower()})
    assert Hold.objects.filter(lifted_at=None).get().referral == old
    said = officer.post(f"{PAGE}hold/", form | {"reference": "NY-2026-9999"}).content.decode()
    assert "There is no such referral that you could hold" in said


def test_others_find_no_such_pages(cast, old):
    one = Disposal.objects.create(
        referral=old,
        rule=RetentionRule.objects.earliest("pk"),
        due_on=LATER.date(),
        proposed_by=cast.prevent_lead,
        proposed_at=LATER,
    )
    posts = ["propose/", "sign/", f"{one.pk}/stop/", "hold/", f"hold/{old.pk}/lift/"]
    for person in (cast.practitioner, cast.officer, cast.portal_admin, cast.chair):
        browser = enter(person)
        assert browser.get(PAGE).status_code == browser.get(f"{PAGE}hold/").status_code == 404
        for path in posts:
            assert browser.post(f"{PAGE}{path}").status_code == 404
    for person in (cast.lead, cast.york_lead):  # have the page, and not this case
        browser = enter(person)
        assert old.reference not in browser.get(PAGE).content.decode()
        assert browser.get(f"{PAGE}hold/?case={old.key}").status_code == 404
        assert browser.post(f"{PAGE}{one.pk}/stop/").status_code == 404
