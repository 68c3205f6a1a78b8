"""Promises that rest while a question awaits its answer; and those of the police alone."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse

from agencies import people, workdays
from agencies.terms import Role
from audit.models import AuditEvent
from outbox.models import Message as Mail
from referrals import clocks, promises, queue, workflow
from referrals.models import Clock, Referral
from referrals.terms import ClockKind, Status
from tests.entry import enter
from tests.factories import MembershipFactory
from tests.referrals import cases
from tests.referrals.cases import MONDAY, fresh

S = Status


def november(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def ask(referral: Referral, cast: cases.Cast, now: datetime) -> None:
    by = cast.officer if referral.status == S.GATEWAY else cast.prevent_lead
    workflow.ask_referrer(fresh(referral), "Which game?", by=by, now=now)


def answer(referral: Referral, cast: cases.Cast, now: datetime) -> None:
    workflow.answer_query(fresh(referral), "That one.", by=cast.lead, now=now)


def words(referral: Referral, now: datetime) -> tuple[str, str]:
    referral = fresh(referral)
    running = promises.running_clocks([referral.pk])[referral.pk]
    shown = promises.shown_clock(referral, S(referral.outward_status), running, now=now)
    assert shown is not None
    return shown.words, shown.days_words


def reminders(clock: Clock) -> int:
    return Mail.objects.filter(key__startswith=f"clock:{clock.pk}:").count()


# Paused -----------------------------------------------------------------------------------------
def test_a_promise_that_rested_goes_on_with_the_working_time_that_was_left(cast, case_in):
    referral = case_in(S.GATEWAY)
    clock = Clock.objects.running().get(referral=referral)
    assert clock.due_at == november(23, 17)
    asked, answered = november(18, 10), november(24, 10)
    left = workdays.working_time_between(asked, clock.due_at, cast.locality)
    amber_left = workdays.working_time_between(asked, clock.amber_at, cast.locality)
    before = words(referral, asked)
    ask(referral, cast, asked)
    assert Clock.objects.running().get(referral=referral).kind == ClockKind.REFERRER_ANSWER
    answer(referral, cast, answered)
    again = Clock.objects.running().get(referral=referral)
    assert (again.pk, again.kind) == (clock.pk, ClockKind.GATEWAY)
    assert again.due_at == fresh(referral).due_at == november(27, 17)
    assert workdays.working_time_between(answered, again.due_at, cast.locality) == left
    assert workdays.working_time_between(answered, again.amber_at, cast.locality) == amber_left
    assert before == ("Due Monday 23 November", "With specialist officers, day 2 of 5")
    assert words(referral, answered) == ("Due Friday 27 November", before[1])


def test_a_second_question_pauses_it_again(cast, case_in):
    referral = case_in(S.GATEWAY)
    ask(referral, cast, november(17, 12))
    answer(referral, cast, november(18, 12))
    ask(referral, cast, november(19, 12))
    answer(referral, cast, november(24, 12))
    clock = Clock.objects.running().get(referral=referral)
    assert clock.due_at == november(27, 17)  # a day, and three working days
    assert clock.paused_days == 4
    assert referral.clocks.filter(kind=ClockKind.GATEWAY).count() == 1


def test_an_answer_within_the_hour_gains_nobody_a_day(cast, case_in):
    referral = case_in(S.TRIAGE)
    due = Clock.objects.running().get(referral=referral).due_at
    ask(referral, cast, MONDAY)
    answer(referral, cast, MONDAY + timedelta(minutes=40))
    again = Clock.objects.running().get(referral=referral)
    assert workdays.working_time_between(due, again.due_at, cast.locality) == (
        timedelta(minutes=40)
    )


def test_nobody_is_reminded_of_a_promise_that_rests(cast, case_in):
    referral = case_in(S.TRIAGE)
    clock = Clock.objects.running().get(referral=referral)
    ask(referral, cast, MONDAY)
    clocks.run_due(november(26, 10))
    assert reminders(clock) == 0
    assert not clock.escalations.exists()


def test_what_was_late_stays_as_late_and_is_not_told_again(cast, case_in):
    referral = case_in(S.TRIAGE)
    clock = Clock.objects.running().get(referral=referral)
    asked, answered = november(19, 10), november(24, 10)
    for day in (17, 18, 19):
        clocks.run_due(november(day, 10))
    steps, told = clock.escalations.count(), reminders(clock)
    assert steps >= 2
    late = words(referral, asked)
    assert late == ("Late by 2 working days", "Triage, day 3 (promised in 1)")
    ask(referral, cast, asked)
    answer(referral, cast, answered)
    clocks.run_due(answered)
    assert words(referral, answered) == late
    assert (clock.escalations.count(), reminders(clock)) == (steps, told)
    # The steps that are still to come, come later by the time in which it rested.
    clocks.run_due(november(26, 10))
    assert clock.escalations.count() == 4


def test_a_promise_in_clock_hours_goes_on_with_the_hours_that_were_left(cast, case_in):
    referral = case_in(S.TRIAGE)
    clock = Clock.objects.running().get(referral=referral)
    clock.promised_hours, clock.promised_days = 4, None
    clock.amber_at, clock.due_at = MONDAY + timedelta(hours=3), MONDAY + timedelta(hours=4)
    clock.save()
    ask(referral, cast, MONDAY + timedelta(hours=1))
    answer(referral, cast, MONDAY + timedelta(hours=26))
    clock.refresh_from_db()
    assert clock.due_at == MONDAY + timedelta(hours=29)
    assert clock.amber_at == MONDAY + timedelta(hours=28)


def test_a_case_that_ends_while_its_promise_rests_leaves_none_behind(cast, case_in):
    referral = case_in(S.QUERY)
    workflow.lead_by_police(fresh(referral), S.POLICE_LED, by=cast.officer, now=MONDAY)
    workflow.lead_by_police(fresh(referral), S.GATEWAY, "It is done.", by=cast.officer, now=MONDAY)
    unfinished = Clock.objects.unfinished().filter(referral=referral)
    assert set(unfinished.values_list("kind", flat=True)) == {ClockKind.GATEWAY}


# Feedback ---------------------------------------------------------------------------------------
def test_the_note_on_practice_is_named_for_what_it_is(cast, case_in):
    referral = case_in(S.CLOSED)
    referral.triage_record.data_quality = "The dates were missing."
    referral.triage_record.save()
    assert words(referral, MONDAY)[1] == "Feedback owed, day 1 of 5"
    workflow.give_feedback(fresh(referral), "Thank you.", by=cast.prevent_lead, now=november(17, 9))
    assert words(referral, november(18, 9))[1] == "Practice feedback owed, day 2 of 20"
    workflow.give_feedback(
        fresh(referral), "Dates help.", by=cast.prevent_lead, now=november(18, 9)
    )
    assert not Clock.objects.running().filter(referral=referral).exists()


# Out of sight -----------------------------------------------------------------------------------
@pytest.mark.parametrize("hidden", [S.POLICE_LED, S.INVESTIGATION_HOLD])
def test_the_polices_own_promise_rests_while_they_lead_or_hold_it(hidden, cast, case_in):
    referral, other = case_in(S.GATEWAY), case_in(S.GATEWAY)
    workflow.lead_by_police(fresh(referral), hidden, by=cast.officer, now=MONDAY)
    clocks.run_due(november(30, 10))
    assert not AuditEvent.objects.about(referral.pk).filter(kind="clock.escalated").exists()
    assert AuditEvent.objects.about(other.pk).filter(kind="clock.escalated").exists()
    # A Prevent lead, whose promise neither is, is shown nothing of it in either case.
    for one in (referral, other):
        page = enter(cast.prevent_lead).get(one.get_absolute_url()).content.decode()
        assert "Late" not in page
    assert "Late: gateway assessment." in (
        enter(cast.officer).get(other.get_absolute_url()).content.decode()
    )


@pytest.mark.parametrize("hidden", [S.POLICE_LED, S.INVESTIGATION_HOLD])
def test_after_a_hold_the_police_have_the_time_that_was_left_and_nobody_else_notices(
    hidden, cast, case_in
):
    referral = case_in(S.GATEWAY)
    shown = Clock.objects.running().get(referral=referral)
    before = (shown.due_at, shown.amber_at, fresh(referral).due_at)
    workflow.lead_by_police(fresh(referral), hidden, by=cast.officer, now=november(17, 9))
    workflow.lead_by_police(
        fresh(referral), S.GATEWAY, "It is done.", by=cast.officer, now=november(24, 9)
    )
    ours = Clock.objects.running().get(referral=referral, hidden=True)
    # Five working days in which it rested.
    assert ours.due_at == shown.due_at + timedelta(days=7)
    assert ours.paused_days == 5
    assert fresh(referral).police_due_at == ours.due_at
    shown.refresh_from_db()
    assert (shown.due_at, shown.amber_at, fresh(referral).due_at) == before
    # Before their own moment the police are not reminded, and are shown nothing late.
    now = shown.due_at + timedelta(hours=3)
    clocks.run_due(now)
    assert not AuditEvent.objects.about(referral.pk).filter(kind="clock.escalated").exists()
    late = {}
    for person in (cast.officer, cast.prevent_lead):
        desk = queue.Desk.at(person, people.roles_of(person), cast.locality, now)
        assert desk.open().filter(pk=referral.pk).exists()
        late[person] = desk.open().filter(desk.group(queue.LATE), pk=referral.pk).exists()
    assert late == {cast.officer: False, cast.prevent_lead: False}
    clocks.run_due(ours.due_at + timedelta(minutes=1))
    told = Mail.objects.filter(kind="referral.clock", case=str(referral.pk))
    assert {mail.to_person for mail in told} == {cast.officer}


def test_a_question_after_a_hold_rests_both_promises_and_the_end_stops_both(cast, case_in):
    referral = case_in(S.GATEWAY)
    for to in (S.INVESTIGATION_HOLD, S.POLICE_LED, S.GATEWAY):
        workflow.lead_by_police(fresh(referral), to, "Why.", by=cast.officer, now=november(17, 9))
    assert Clock.objects.running().filter(referral=referral).count() == 2
    workflow.ask_referrer(fresh(referral), "Who?", by=cast.officer, now=november(17, 9))
    assert Clock.objects.running().filter(referral=referral, kind=ClockKind.GATEWAY).count() == 0
    assert fresh(referral).police_due_at is None
    workflow.answer_query(fresh(referral), "Jack.", by=cast.lead, now=november(18, 9))
    assert Clock.objects.running().filter(referral=referral, kind=ClockKind.GATEWAY).count() == 2
    given = {
        "national_reference": "N-1",
        "national_earlier": "none",
        "deconflicted": "yes",
        "deconflicted_on": november(18, 9).date(),
        "tool": "paf",
        "category": "possible",
        "rationale": "Enough to look further.",
        "outcome": "progress",
    }
    workflow.record_gateway(fresh(referral), given, by=cast.officer, now=november(18, 9))
    workflow.record_outcome(fresh(referral), by=cast.officer, now=november(18, 9))
    assert not Clock.objects.unfinished().filter(referral=referral, hidden=True).exists()
    assert fresh(referral).police_due_at is None


def test_a_case_that_waits_for_the_prevent_lead_is_theirs_to_keep_even_then(cast, case_in):
    referral = case_in(S.TRIAGE)
    workflow.lead_by_police(fresh(referral), S.POLICE_LED, by=cast.officer, now=MONDAY)
    clocks.run_due(november(30, 10))
    assert Mail.objects.filter(kind="referral.clock", to_person=cast.prevent_lead).exists()


def test_the_senior_lead_who_reads_no_concerns_is_told_what_to_do_instead(cast, case_in):
    senior = MembershipFactory(
        role=Role.SENIOR_LEAD, agency=cast.agency, starts_on=date(2020, 1, 1)
    ).person
    referral = case_in(S.AGENCY_CHECK)
    for day in range(17, 28):
        clocks.run_due(november(day, 10))
    mail = Mail.objects.filter(to_person=senior)[0]
    assert "speak to your lead" in mail.body
    assert referral.key not in mail.body
    assert mail.path == reverse("agencies:home")
