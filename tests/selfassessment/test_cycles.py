"""A cycle: planned, looked at, opened for everybody, more time, no form, its last day."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags
from django_tasks_db.models import DBTaskResult

from agencies.terms import AgencyType, Role
from audit.models import AuditEvent
from outbox.models import Message as Mail
from outbox.tasks import TaskRunner
from selfassessment import notices, profiles, workflow
from selfassessment.models import AlsoReports, Assessment, Cycle, Notice, Profile
from selfassessment.moves import NotReady, TransitionError
from selfassessment.terms import FormType, NoticeKind, Rating, Status
from selfassessment.workflow import cycles
from selfassessment.workflow.profiles import SetUp
from tests.entry import enter
from tests.factories import AgencyFactory, LocalityFactory, MembershipFactory
from tests.selfassessment import forms


def jobs():
    return DBTaskResult.objects.filter(task_path="selfassessment.tasks.make_forms")


def work() -> int:
    """The worker, as long as there is a job; returns how many there were."""
    runner = TaskRunner("test")
    while runner.run_next():
        pass
    assert not jobs().failed().exists()
    return len(jobs())


def opened(cast, year=2026):
    cycle = forms.cycle_of(year, opened=False)
    return workflow.open_cycle(cycle, by=cast.manager, now=forms.NOW)


def form_of(agency, **more):
    return Assessment.objects.get(agency=agency, **more)


# --- Planning ---------------------------------------------------------------------------------
def test_the_usual_days_are_those_of_the_calendar():
    assert cycles.usual_days(2026) == {
        "opens_on": date(2026, 9, 1),
        "due_on": date(2026, 11, 30),
        "moderation_ends_on": date(2027, 1, 31),
        "report_on": date(2027, 2, 28),
        "closes_on": date(2027, 8, 31),
    }


def test_a_calendar_that_names_the_29th_of_february_works_every_year(settings):
    settings.CYCLE_DAYS = [(9, 1), (11, 30), (1, 31), (2, 29), (8, 31)]
    assert cycles.usual_days(2026)["report_on"] == date(2027, 2, 28)


def test_only_the_manager_plans_and_opens(cast):
    days, standards = cycles.usual_days(2027), forms.standard_set()
    for who in (cast.board_member, cast.lead, cast.senior, cast.moderator):
        with pytest.raises(PermissionDenied):
            workflow.plan_cycle(2027, standards, days, by=who)
    cycle = workflow.plan_cycle(2027, standards, days, by=cast.manager)
    with pytest.raises(PermissionDenied):
        workflow.open_cycle(cycle, by=cast.board_member)
    with pytest.raises(TransitionError):
        workflow.plan_cycle(2027, standards, days, by=cast.manager)


def test_a_draft_of_the_standards_opens_nothing(cast):
    standards = forms.standard_set()
    standards.published_at = None
    with pytest.raises(NotReady):
        workflow.plan_cycle(2027, standards, cycles.usual_days(2027), by=cast.manager)


def test_the_plan_of_an_open_cycle_stands(cast):
    cycle = opened(cast)
    with pytest.raises(TransitionError):
        workflow.change_cycle(cycle, cycle.standards, {}, by=cast.manager)


# --- Looking first ----------------------------------------------------------------------------
def test_the_preview_counts_forms_guesses_and_who_is_missing(cast):
    AgencyFactory(kind=AgencyType.INDEPENDENT)
    AgencyFactory(is_active=False)
    AlsoReports.objects.create(agency=cast.school, board=LocalityFactory(code="YK"))
    with forms.at_most_queries(6):
        seen = profiles.preview()
    assert {(each.form_type, each.forms, each.short) for each in seen.lines} == {
        (FormType.SE, 2, 0),
        (FormType.FH, 1, 0),
        (FormType.HL, 1, 0),
        (FormType.VC, 1, 1),
    }
    assert dict(seen.guessed) == {FormType.FH: 1, FormType.HL: 1, FormType.VC: 1}
    # The school has a lead and a senior lead, the primary a lead; who works alone signs.
    assert (seen.forms, seen.without_lead, seen.without_senior, seen.second) == (6, 3, 3, 1)


# --- Opening ----------------------------------------------------------------------------------
def test_opening_makes_a_form_for_every_active_agency(cast):
    AgencyFactory(is_active=False)
    alone = AgencyFactory(kind=AgencyType.INDEPENDENT)
    cycle = opened(cast)
    assert cycle.standards.used_at == forms.NOW
    assert cycles.facts(cycle) == {"forms": 0, "missing": 5, "at_work": True}
    work()
    assert cycles.facts(cycle) == {"forms": 5, "missing": 0, "at_work": False}
    school = form_of(cast.school)
    assert (school.status, school.form_type, school.asked) == (Status.NOT_STARTED, "SE", 46)
    assert (school.due_on, school.board) == (cycle.due_on, cast.locality)
    childminder = form_of(alone)
    assert (childminder.short_form, childminder.is_one_person) == (True, True)
    assert Profile.objects.filter(agency=alone, form_type=FormType.VC).exists()
    assert AuditEvent.objects.filter(kind="assessment.cycle_opened").count() == 1


def test_jobs_go_on_one_after_the_other_and_to_begin_again_changes_nothing(cast, monkeypatch):
    monkeypatch.setattr(cycles, "AT_ONCE", 3)
    cycle = opened(cast)
    took = work()
    keys = set(Assessment.objects.values_list("key", flat=True))
    assert (took, len(keys)) == (3, 4)
    assert cycles.make_forms_and_go_on(cycle) == 0
    assert workflow.add_agencies(cycle, by=cast.manager) == 0
    assert set(Assessment.objects.values_list("key", flat=True)) == keys


def test_a_cycle_is_opened_once(cast):
    cycle = opened(cast)
    with pytest.raises(TransitionError):
        workflow.open_cycle(cycle, by=cast.manager)
    assert jobs().count() == 1


def test_a_cycle_whose_days_are_over_is_not_opened(cast):
    cycle = forms.cycle_of(2024, opened=False)
    with pytest.raises(NotReady):
        workflow.open_cycle(cycle, by=cast.manager, now=forms.NOW)


def test_agencies_that_join_later_are_added_by_the_manager(cast):
    cycle = opened(cast)
    work()
    late = AgencyFactory()
    with pytest.raises(PermissionDenied):
        workflow.add_agencies(cycle, by=cast.lead)
    assert workflow.add_agencies(cycle, by=cast.manager) == 1
    work()
    assert form_of(late).cycle == cycle


def test_an_agency_of_two_boards_has_two_forms_with_one_set_of_answers(cast):
    york = LocalityFactory(code="YK")
    AlsoReports.objects.create(agency=cast.school, board=york)
    opened(cast)
    work()
    first, second = form_of(cast.school, board=cast.locality), form_of(cast.school, board=york)
    assert second.source == first
    assert (second.asked, second.due_on) == (first.asked, first.due_on)


def test_a_second_board_can_be_added_to_a_form_that_was_begun(cast):
    cycle = opened(cast)
    work()
    first = form_of(cast.school)
    forms.fill(first, Rating.IN_PLACE, by=cast.lead)
    york = LocalityFactory(code="YK")
    workflow.set_boards(cast.school, [york], by=cast.manager)
    assert workflow.add_agencies(cycle, by=cast.manager) == 1
    work()
    first.refresh_from_db()
    assert form_of(cast.school, board=york).points == first.points > 0


# --- Which form -------------------------------------------------------------------------------
def test_who_may_say_which_form_an_agency_fills_in(cast):
    setup = SetUp(form_type=FormType.SE, size="many")
    for who in (cast.lead, cast.senior, cast.manager):
        workflow.set_profile(cast.school, setup, by=who)
    for who in (cast.teacher, cast.other_lead, cast.board_member, cast.moderator):
        with pytest.raises(PermissionDenied):
            workflow.set_profile(cast.school, setup, by=who)


def test_the_short_form_is_for_fewer_than_five_people(cast):
    setup = SetUp(form_type=FormType.SE, size="many", short_form=True)
    with pytest.raises(NotReady):
        workflow.set_profile(cast.school, setup, by=cast.lead)


def test_where_the_board_asks_for_the_full_form_it_is_the_full_form(cast):
    required = SetUp(form_type=FormType.SE, size="few", full_form_required=True)
    with pytest.raises(PermissionDenied):
        workflow.set_profile(cast.school, required, by=cast.lead)
    workflow.set_profile(cast.school, required, by=cast.manager)
    short = replace(required, short_form=True)
    with pytest.raises(NotReady):
        workflow.set_profile(cast.school, short, by=cast.lead)


def test_an_open_form_follows_the_profile_and_a_signed_one_does_not(cast, form):
    short = SetUp(form_type=FormType.SE, size="few", short_form=True)
    workflow.set_profile(cast.school, short, by=cast.lead)
    form.refresh_from_db()
    assert (form.short_form, form.asked) == (True, 23)
    forms.put_in(form, Status.SIGNED, cast)
    workflow.set_profile(cast.school, SetUp(form_type=FormType.SE, size="many"), by=cast.lead)
    form.refresh_from_db()
    assert form.short_form


# --- More time, no form -----------------------------------------------------------------------
def test_more_time_has_a_reason_and_a_later_day(cast, form):
    until = form.due_on + timedelta(days=14)
    extended = workflow.extend(form, until, "The lead is ill.", by=cast.manager)
    assert (extended.due_on, extended.extensions.get().reason) == (until, "The lead is ill.")
    for day in (until, form.cycle.closes_on):
        with pytest.raises(NotReady):
            workflow.extend(form, day, "Again.", by=cast.manager)
    with pytest.raises(PermissionDenied):
        workflow.extend(form, until + timedelta(days=1), "We are busy.", by=cast.lead)


def test_a_signed_form_needs_no_more_time(cast, form):
    forms.put_in(form, Status.SIGNED, cast)
    with pytest.raises(TransitionError):
        workflow.extend(form, date(2026, 12, 20), "More.", by=cast.manager)


def test_an_exemption_has_a_reason_and_can_be_undone(cast, form):
    forms.fill(form, {"LG1": Rating.IN_PLACE}, by=cast.lead)
    workflow.exempt(form, "It closes at Christmas.", by=cast.manager)
    form.refresh_from_db()
    assert (form.status, form.exempt_reason) == (Status.EXEMPT, "It closes at Christmas.")
    workflow.undo_exemption(form, "It stays open.", by=cast.manager)
    form.refresh_from_db()
    assert (form.status, form.exempt_reason, form.answered) == (Status.IN_PROGRESS, "", 1)


def test_what_was_complete_before_an_exemption_is_handed_over_as_it_is(cast, form):
    forms.complete(form, cast)
    workflow.exempt(form, "It closes.", by=cast.manager)
    workflow.undo_exemption(form, "It stays open.", by=cast.manager)
    workflow.ready(form, by=cast.lead, no_personal_data=True, now=forms.NOW)
    form.refresh_from_db()
    assert form.status == Status.READY


def test_both_boards_forms_are_exempt_together(cast, form):
    second = forms.form_of(cast.school, board=LocalityFactory(code="YK"), answers_of=form)
    workflow.exempt(form, "It closes.", by=cast.manager)
    second.refresh_from_db()
    assert second.status == Status.EXEMPT
    for asked in (second, form):
        workflow.undo_exemption(asked, "It stays.", by=cast.manager)
        for each in (form, second):
            each.refresh_from_db()
            assert each.status == Status.NOT_STARTED
        workflow.exempt(form, "It closes.", by=cast.manager)


def test_what_one_board_does_not_ask_for_stays_so_when_the_other_asks_again(cast, form):
    second = forms.form_of(cast.school, board=LocalityFactory(code="YK"), answers_of=form)
    workflow.exempt(second, "York has asked for it elsewhere.", by=cast.manager)
    workflow.exempt(form, "It closes.", by=cast.manager)
    workflow.undo_exemption(form, "It stays.", by=cast.manager)
    second.refresh_from_db()
    assert second.status == Status.EXEMPT


def test_the_manager_exempts_no_agency_of_their_own(cast, form):
    MembershipFactory(person=cast.manager, role=Role.PRACTITIONER, agency=cast.school)
    with pytest.raises(PermissionDenied):
        workflow.exempt(form, "It is mine.", by=cast.manager)


# --- The end ----------------------------------------------------------------------------------
def test_on_its_last_day_a_cycle_closes_in_portions_and_remembers_where_forms_were(cast, form):
    other = forms.form_of(cast.other_school)
    forms.put_in(form, Status.PUBLISHED, cast)
    before = datetime(2027, 8, 30, 12, tzinfo=UTC)
    assert cycles.close_due(before) == 0
    last = datetime(2027, 8, 31, 12, tzinfo=UTC)
    assert cycles.close_due(last, at_most=1) == 1
    assert Cycle.objects.get(year=2026).is_open
    assert cycles.close_due(last, at_most=1) == 1
    assert cycles.close_due(last) == 0
    form.refresh_from_db()
    other.refresh_from_db()
    assert (form.status, form.closed_from) == (Status.CLOSED, Status.PUBLISHED)
    assert (other.status, other.closed_from) == (Status.CLOSED, Status.NOT_STARTED)
    assert Cycle.objects.get(year=2026).closed_at == last


def test_a_cycle_of_many_forms_closes_with_few_questions_and_an_event_for_each(cast, monkeypatch):
    for number in range(7):
        forms.form_of(forms.school_called(f"School {number}"))
    monkeypatch.setattr(cycles, "LOCKED_AT_ONCE", 3)
    last = datetime(2027, 8, 31, 12, tzinfo=UTC)
    with forms.at_most_queries(1 + 4 * 7 + 2):
        assert cycles.close_due(last) == 7
    closed = Assessment.objects.filter(status=Status.CLOSED, closed_from=Status.NOT_STARTED)
    events = AuditEvent.objects.filter(kind="assessment.closed")
    assert {each.subject_id for each in events} == {str(each.pk) for each in closed}
    assert {(each.person, each.detail["before"]) for each in events} == {(None, "not_started")}
    assert {each.agency for each in events} == {str(each.agency_id) for each in closed}
    assert not Cycle.objects.open().exists()


def test_the_page_of_a_cycle_says_how_far_its_closing_is(cast, form):
    forms.form_of(cast.other_school)
    forms.put_in(form, Status.CLOSED, cast)
    Cycle.objects.update(
        opens_on=date(2025, 9, 1),
        due_on=date(2025, 11, 30),
        moderation_ends_on=date(2026, 1, 31),
        report_on=date(2026, 2, 28),
        closes_on=date(2026, 8, 31),
    )
    shown = words(enter(cast.manager).get(page("cycle", 2026)))
    assert "1 of 2 forms are closed." in shown


def test_nothing_is_written_into_a_closed_form(cast, form):
    forms.put_in(form, Status.CLOSED, cast)
    with pytest.raises(TransitionError):
        workflow.extend(form, date(2027, 8, 30), "Late.", by=cast.manager)
    with pytest.raises(TransitionError):
        workflow.exempt(form, "Late.", by=cast.manager)


# --- The pages --------------------------------------------------------------------------------
def page(name, *more):
    return reverse(f"selfassessment:{name}", args=more)


def words(response):
    return " ".join(strip_tags(response.content.decode()).split())


def parts(**days):
    return {
        f"{name}_{part}": str(getattr(day, part))
        for name, day in days.items()
        for part in ("day", "month", "year")
    }


def test_a_cycle_is_planned_looked_at_and_opened_by_pages(cast):
    forms.standard_set()
    manager, year = enter(cast.manager), timezone.localdate().year
    assert manager.get(page("cycle_plan")).context["form"].initial["year"] == year
    days = cycles.usual_days(year)
    planned = {"year": str(year), "standards": "2026.1", **parts(**days)}
    wrong = planned | parts(due_on=days["opens_on"])
    assert "Choose a day after the one of “opens”" in words(manager.post(page("cycle_plan"), wrong))
    manager.post(page("cycle_plan"), planned)
    again = manager.post(page("cycle_plan"), planned)
    assert "There is a cycle of this year already" in words(again)
    later = planned | parts(due_on=days["due_on"] + timedelta(days=5))
    manager.post(page("cycle_days", year), later)
    assert Cycle.objects.get().due_on == days["due_on"] + timedelta(days=5)
    with forms.at_most_queries(15):
        shown = words(manager.get(page("cycle", year)))
    assert "It makes 4 forms, and tells the leads by e-mail." in shown
    assert "2 agencies have not said which form is theirs." in shown
    manager.post(page("cycle_open", year))
    assert "0 of 4 are there." in words(manager.get(page("cycle", year)))
    work()
    with forms.at_most_queries(15):
        shown = words(manager.get(page("cycle", year)))
    assert "The forms are being made" not in shown
    assert manager.get(page("cycle_days", year)).status_code == 404
    AgencyFactory()
    assert "1 form is missing" in words(manager.get(page("cycle", year)))
    manager.post(page("cycle_add", year))
    work()
    assert Assessment.objects.count() == 5
    assert str(year) in words(manager.get(page("cycles")))


def test_the_list_of_forms_is_narrowed_by_its_address_and_overdue_ones_are_chased(cast, form):
    for number in range(45):
        forms.form_of(forms.school_called(f"School {number:02}"))
    manager, today = enter(cast.manager), timezone.localdate()
    Assessment.objects.filter(pk=form.pk).update(due_on=today - timedelta(days=1))
    Assessment.objects.exclude(pk=form.pk).update(due_on=today + timedelta(days=30))
    address = page("cycle_forms", 2026)
    with forms.at_most_queries(15):
        shown = manager.get(address)
    assert len(shown.context["rows"]) == 40
    assert len(manager.get(address, {"page": 2}).context["rows"]) == 6
    for wanted, count in [
        ({"status": "late"}, 1),
        ({"q": "school 0"}, 10),
        ({"status": "not_started", "locality": "NY"}, 46),
        ({"status": "no such"}, 46),
    ]:
        assert manager.get(address, wanted).context["page"].paginator.count == count, wanted
    manager.post(page("cycle_chase", 2026))
    told = Notice.objects.get(kind=NoticeKind.OVERDUE)
    assert (told.person, told.assessment) == (cast.lead, form)


def test_the_guesses_come_first_and_an_agency_sets_its_own_form(cast, form):
    manager, lead = enter(cast.manager), enter(cast.lead)
    with forms.at_most_queries(15):
        lines = manager.get(page("profiles")).context["lines"]
    assert [each.is_guess for each in lines] == [True, True, False, False]
    setup = {"form_type": "SE", "sub_type": "Nursery", "size": "many", "length": "short"}
    address = page("profile", cast.school.pk)
    refused = lead.post(address, setup | {"duty": "yes"})
    assert "The short form is for places with fewer than five people." in words(refused)
    lead.post(address, setup | {"duty": "yes", "size": "few"})
    form.refresh_from_db()
    assert (form.short_form, form.asked) == (True, 23)
    LocalityFactory(code="YK")
    full = setup | {"duty": "yes", "size": "few", "length": "full", "full_form_required": "on"}
    manager.post(address, full | {"boards": ["YK"]})
    assert AlsoReports.objects.get(agency=cast.school).board.code == "YK"
    assert "The board asks for the full form" in words(
        lead.post(address, setup | {"duty": "yes", "size": "few"})
    )


def test_the_manager_sets_their_own_agency_as_a_lead_of_it_does(cast, form):
    MembershipFactory(person=cast.manager, agency=cast.school, role=Role.LEAD)
    york = LocalityFactory(code="YK")
    manager, address = enter(cast.manager), page("profile", cast.school.pk)
    offered = manager.get(address).context["form"].fields
    assert {"full_form_required", "boards"}.isdisjoint(offered)
    setup = {"form_type": "SE", "sub_type": "Nursery", "size": "many", "length": "full"}
    asked = {"duty": "yes", "full_form_required": "on", "boards": ["YK"]}
    assert manager.post(address, setup | asked).status_code == 302
    assert not AlsoReports.objects.exists()
    with pytest.raises(PermissionDenied):
        workflow.set_boards(cast.school, [york], by=cast.manager)


# --- What people are told ---------------------------------------------------------------------
def mails():
    return Mail.objects.filter(kind="assessment.digest").order_by("created_at")


def a_minute(now):
    notices.remind(now)
    notices.send(now)


def test_leads_hear_of_the_opening_and_monthly_until_it_is_begun(cast, form):
    other = forms.form_of(cast.other_school)
    a_minute(datetime(2026, 9, 1, 10, tzinfo=UTC))
    a_minute(datetime(2026, 9, 1, 11, tzinfo=UTC))
    assert {each.to_person for each in mails()} == {cast.lead, cast.other_lead}  # no deputy
    assert mails()[0].subject == "Self-assessment: something waits for you"
    assert "The self-assessment of this year is open. By 30 November 2026." in " ".join(
        mails()[0].text.split()
    )
    Assessment.objects.filter(pk=other.pk).update(status=Status.IN_PROGRESS)
    a_minute(datetime(2026, 9, 30, 10, tzinfo=UTC))
    assert mails().count() == 2
    a_minute(datetime(2026, 10, 1, 10, tzinfo=UTC))
    assert [each.to_person for each in mails()][2:] == [cast.lead]
    assert "has not been begun" in mails()[2].text


def test_who_works_alone_hears_of_it_too(cast):
    alone = AgencyFactory(kind=AgencyType.INDEPENDENT)
    person = MembershipFactory(agency=alone, role=Role.PRACTITIONER).person
    form = forms.form_of(alone, short_form=True)
    a_minute(datetime(2026, 9, 1, 10, tzinfo=UTC))
    a_minute(datetime(2026, 10, 1, 10, tzinfo=UTC))
    a_minute(datetime(2026, 11, 20, 10, tzinfo=UTC))
    a_minute(datetime(2026, 12, 1, 10, tzinfo=UTC))
    noted = Notice.objects.filter(person=person).order_by("made_at", "pk")
    kinds = [each.kind for each in noted]
    assert kinds == ["opened", "not_started", "not_started", "due_soon", "overdue"]
    assert mails().filter(to_person=person).count() == 4
    notices.to_leads(form, NoticeKind.RETURNED, now=forms.NOW)
    assert notices.signers(form) == [person]
    assert Notice.objects.filter(person=person, kind=NoticeKind.RETURNED).exists()


def test_one_mail_a_day_says_how_many_and_names_nobody(cast, form):
    MembershipFactory(person=cast.lead, role=Role.LEAD, agency=cast.other_school)
    forms.form_of(cast.other_school)
    start = datetime(2026, 11, 20, 10, tzinfo=UTC)
    a_minute(start)
    notices.to_leads(form, NoticeKind.REOPENED, now=start)
    a_minute(start + timedelta(hours=2))
    told = mails().get(to_person=cast.lead)
    assert told.subject == "Self-assessment: 2 forms wait for you"
    assert "2 self-assessments have not been begun." in told.text
    assert "2 self-assessments are to be signed within two weeks." in told.text
    for name in ("Fellgate", "Wharfe", cast.lead.name, cast.senior.name):
        assert name not in told.text + told.subject
    assert told.path == reverse("selfassessment:home")


def test_the_mail_about_one_form_leads_to_where_it_is_done(cast, form):
    forms.handed_over(form, cast)
    notices.send(datetime(2026, 10, 6, 10, tzinfo=UTC))
    told = mails().get(to_person=cast.senior)
    assert "A self-assessment is ready for you to sign. By 30 November 2026." in " ".join(
        told.text.split()
    )
    assert told.path == page("sign", form.key)


def test_what_is_done_before_the_mail_goes_is_not_told(cast, form):
    noon = datetime(2026, 12, 1, 12, tzinfo=UTC)
    notices.remind(noon)
    assert Notice.objects.filter(kind=NoticeKind.OVERDUE, person=cast.lead).exists()
    Assessment.objects.filter(pk=form.pk).update(status=Status.EXEMPT, exempt_reason="It closed.")
    notices.send(noon)
    assert not mails().exists()
    assert not Notice.objects.filter(dropped_at=None).exists()


def test_who_is_overdue_hears_monthly_from_the_forms_own_last_day(cast, form):
    told = Notice.objects.filter(kind=NoticeKind.OVERDUE, assessment=form)
    for day, count in (
        (datetime(2026, 12, 1, 12, tzinfo=UTC), 1),  # due on 30 November
        (datetime(2026, 12, 2, 12, tzinfo=UTC), 1),  # three months since the opening
        (datetime(2026, 12, 29, 12, tzinfo=UTC), 1),
        (datetime(2026, 12, 30, 12, tzinfo=UTC), 2),
        (datetime(2027, 1, 30, 12, tzinfo=UTC), 3),
    ):
        notices.remind(day)
        assert told.count() == count, day
    Assessment.objects.filter(pk=form.pk).update(due_on=date(2027, 2, 10))
    notices.remind(datetime(2027, 2, 11, 12, tzinfo=UTC))
    assert told.count() == 4


def test_nobody_is_written_to_at_night(cast, form):
    night = datetime(2026, 12, 1, 3, tzinfo=UTC)
    a_minute(night)
    assert not mails().exists()
    a_minute(night + timedelta(hours=6))
    assert mails().exists()


def test_an_extension_stops_the_reminder_of_the_old_day(cast, form):
    today = timezone.localdate()
    Assessment.objects.filter(pk=form.pk).update(due_on=today - timedelta(days=1))
    form.refresh_from_db()
    notices.remind(timezone.now())
    workflow.extend(form, today + timedelta(days=30), "The lead is ill.", by=cast.manager)
    overdue = Notice.objects.filter(kind=NoticeKind.OVERDUE, dropped_at=None)
    assert not overdue.exists()
