"""Rules of the record that are easy to lose: guards, promises, and what never stands still."""

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from agencies import workdays
from agencies.models import Absence, Membership, Route
from agencies.terms import AgencyType, Role, RouteKind
from audit.models import AuditEvent
from outbox.models import Message as Mail
from referrals import clocks, policy, receivers, report, retention, workflow
from referrals.answers import AGREED, Answers
from referrals.models import (
    Clock,
    ClockRule,
    Document,
    Escalation,
    Message,
    PoliceNote,
    Referral,
    Submission,
)
from referrals.moves import NotReady, TransitionError
from referrals.questions import QUESTIONS, named
from referrals.steps import STEP
from referrals.terms import ClockKind, RecipientKind, Status
from tests.entry import enter
from tests.factories import AgencyFactory, MembershipFactory, UserFactory
from tests.referrals import cases
from tests.referrals.cases import MONDAY, fresh

S = Status
SATURDAY = MONDAY + timedelta(days=5)
CALLED: dict[str, Any] = {
    "harm": "yes",
    "called_999": "yes",
    "called_at": MONDAY,
    "incident_number": "not given",
    "urgency": "emergency",
}


def running(referral: Referral) -> set[str]:
    return set(Clock.objects.running().filter(referral=referral).values_list("kind", flat=True))


def mailed(kind: str) -> set[str]:
    return set(Mail.objects.filter(kind=kind).values_list("to_address", flat=True))


def decided(cast: cases.Cast, **changes: Any) -> Referral:
    """A concern that the lead has decided to share, ready for the button."""
    referral = cases.walk_to(cast, S.AGENCY_CHECK, **changes)
    cases.fill(referral, cases.CHECK, by=cast.lead)
    workflow.decide(fresh(referral), by=cast.lead, now=MONDAY)
    share = cases.SHARE | {"urgency": changes.get("urgency", "standard")}
    cases.fill(fresh(referral), share, by=cast.lead)
    return fresh(referral)


def send(referral: Referral, by: Any, *, key: uuid.UUID | None = None, now: Any = MONDAY) -> Any:
    return workflow.submit(fresh(referral), by=by, form_key=key or uuid.uuid4(), now=now)


# Questions --------------------------------------------------------------------------------------
def test_a_school_is_asked_of_everybody_and_needed_for_a_child(cast):
    child = Answers(cases.draft(cast, school=""))
    adult = Answers(cases.draft(cast, school="", under_18="no", born={"year": 1990}))
    school = named("school")
    assert child.missing(school) == list(school)
    assert adult.missing(school) == []
    assert school[0].is_asked(adult)


@pytest.mark.parametrize(
    ("born", "age"),
    [({"year": 2015}, 10), ({"year": 2015, "month": 12}, 10), ({"year": 2015, "month": 3}, 11)],
)
def test_a_birth_date_known_in_part_never_makes_a_child_older(born, age, cast):
    answers = Answers(workflow.start(cast.practitioner), today=MONDAY.date())
    assert answers.with_changes({"born": born}).age == age


def test_what_police_record_is_marked_as_criminal_offence_data():
    assert all(q.special for q in QUESTIONS if q.record == "gateway_record")


@pytest.mark.parametrize(
    "answer",
    [
        {"raised_before": "yes"},
        {"features": {"interest_mass_violence": "A notebook."}},
        {"ideology": "mass_violence"},
    ],
)
def test_a_repeat_or_an_interest_in_violence_needs_a_second_officer(answer, cast):
    adult = {"under_18": "no", "born": {"year": 1980}, "outcome": "no_concern"}
    answers = Answers(workflow.start(cast.practitioner))
    assert not answers.with_changes(adult).needs_second_officer
    assert answers.with_changes(adult | answer).needs_second_officer


# Guards -----------------------------------------------------------------------------------------
def test_a_question_to_the_author_is_not_empty(cast, case_in):
    with pytest.raises(NotReady):
        workflow.ask_author(case_in(S.AGENCY_CHECK), "  ", by=cast.lead)


def test_an_author_does_not_write_in_their_leads_check(cast, case_in):
    for status in (S.DRAFT, S.RETURNED):
        with pytest.raises(PermissionDenied):
            workflow.answer(case_in(status), STEP["check"], {"decision": "a"}, by=cast.practitioner)
    referral = case_in(S.AGENCY_CHECK)
    workflow.begin_despite(referral, by=cast.practitioner)
    with pytest.raises(PermissionDenied):
        workflow.answer(referral, STEP["check"], {"fair_basis": "yes"}, by=cast.practitioner)


@pytest.mark.parametrize("status", [S.DRAFT, S.AGENCY_CHECK])
def test_an_author_with_a_lead_does_not_sign_the_check(status, cast, case_in):
    referral = case_in(status)
    if status == S.AGENCY_CHECK:
        workflow.begin_despite(referral, by=cast.practitioner)
    with pytest.raises(PermissionDenied):
        workflow.decide(fresh(referral), by=cast.practitioner)


def test_a_lead_is_not_her_own_second_lead_in_one_walk(cast):
    MembershipFactory(person=cast.lead, role=Role.PREVENT_LEAD, locality=cast.locality)
    referral = workflow.start(cast.lead, now=MONDAY)
    cases.nobody_close(referral, by=cast.lead)
    against = {"fair_basis": "no", "override_by": cast.lead, "override_reason": "It is a threat."}
    cases.fill(referral, cases.NOTICE | cases.CHECK | cases.SHARE, by=cast.lead)
    workflow.answer(fresh(referral), STEP["check"], against, by=cast.lead)
    with pytest.raises(NotReady):
        send(referral, cast.lead)
    workflow.answer(fresh(referral), STEP["check"], {"override_by": cast.deputy}, by=cast.lead)
    assert send(referral, cast.lead).status == S.SUBMITTED


def test_somebody_close_to_it_is_no_second_lead(cast):
    referral = cases.draft(cast)
    workflow.exclude(referral, [cast.deputy], by=cast.practitioner)
    cases.fill(referral, {"spoken_to": cast.lead, "spoken_at": MONDAY}, by=cast.practitioner)
    workflow.hand_over(fresh(referral), by=cast.practitioner, now=MONDAY)
    against = {"fair_basis": "no", "override_by": cast.deputy, "override_reason": "A threat."}
    cases.fill(fresh(referral), cases.CHECK, by=cast.lead)
    workflow.answer(fresh(referral), STEP["check"], against, by=cast.lead)
    with pytest.raises(NotReady):
        workflow.decide(fresh(referral), by=cast.lead)


def test_a_second_officer_is_somebody_else_who_may_decide(cast, case_in):
    referral = case_in(S.GATEWAY)
    own = UserFactory(name="Own Agency")
    MembershipFactory(person=own, role=Role.GATEWAY_OFFICER, locality=cast.locality)
    MembershipFactory(person=own, role=Role.PRACTITIONER, agency=cast.agency)
    answers: dict[str, Any] = {
        "national_reference": "N-1",
        "national_earlier": "none",
        "deconflicted": "no",
        "tool": "paf",
        "category": "not_appropriate",
        "rationale": "Context explains it.",
        "outcome": "no_concern",
        "closure_reason": "misguided",
    }
    for second in (cast.officer, own, cast.prevent_lead):
        workflow.record_gateway(
            fresh(referral), answers | {"second_officer": second}, by=cast.officer
        )
        with pytest.raises(NotReady):
            workflow.record_outcome(fresh(referral), by=cast.officer)
    workflow.record_gateway(fresh(referral), {"second_officer": cast.supervisor}, by=cast.officer)
    assert workflow.record_outcome(fresh(referral), by=cast.officer).status == S.CLOSED


def test_police_may_ask_the_referrer_at_triage_too(cast, case_in):
    referral = workflow.ask_referrer(case_in(S.TRIAGE), "Which game?", by=cast.officer)
    assert (referral.status, referral.asked_from) == (S.QUERY, S.TRIAGE)


def test_news_is_asked_only_of_what_was_shared(cast, case_in):
    for status in (S.AGENCY_CHECK, S.AGENCY_CLOSED, S.WITHDRAWN):
        with pytest.raises(TransitionError):
            workflow.ask_for_news(
                case_in(status), by=cast.practitioner, now=MONDAY + timedelta(days=90)
            )
    assert mailed("referral.unanswered") == set()


def test_a_check_is_not_handed_to_its_author(cast, case_in):
    referral = case_in(S.AGENCY_CHECK)
    MembershipFactory(person=cast.practitioner, role=Role.DEPUTY_LEAD, agency=cast.agency)
    with pytest.raises(NotReady):
        workflow.hand_to(referral, cast.practitioner, by=cast.lead)


def test_an_answer_goes_back_to_the_lead_who_has_it(cast, case_in):
    referral = case_in(S.AGENCY_CHECK)
    workflow.hand_to(referral, cast.deputy, by=cast.lead, now=MONDAY)
    workflow.ask_author(fresh(referral), "Who was there?", by=cast.deputy, now=MONDAY)
    workflow.reply_to_lead(fresh(referral), "Jack.", by=cast.practitioner, now=MONDAY)
    assert fresh(referral).lead == cast.deputy


# Sharing ----------------------------------------------------------------------------------------
def test_what_the_lead_shares_is_not_sent_despite_her(cast):
    referral = decided(cast)
    workflow.begin_despite(referral, by=cast.practitioner)
    sent = send(referral, cast.lead)
    assert not sent.despite_lead
    assert workflow.withdraw(sent, "Sent by mistake.", by=cast.lead).status == S.WITHDRAWN


def test_one_form_for_two_referrals_is_a_sentence_and_sends_nothing(cast):
    first, second = decided(cast), decided(cast)
    key = uuid.uuid4()
    send(first, cast.lead, key=key)
    with pytest.raises(NotReady):
        send(second, cast.lead, key=key)
    assert fresh(second).status == S.AGENCY_CHECK
    assert Submission.objects.count() == 1


def test_somebody_whose_agency_has_not_confirmed_them_is_not_held_up(cast):
    person = UserFactory(name="New Person")
    MembershipFactory(person=person, role=Role.PRACTITIONER, agency=cast.agency, confirmed_at=None)
    referral = workflow.start(person, now=MONDAY)
    advice = {"advice_line": "not_reached", "advice_line_detail": "It rang out twice at 4pm."}
    cases.fill(referral, cases.NOTICE | cases.CHECK | advice | cases.SHARE, by=person)
    cases.fill(fresh(referral), {"legal_basis": "public_task"}, by=person)
    cases.nobody_close(referral, by=person)
    sent = send(referral, person)
    assert (sent.status, sent.agency) == (S.SUBMITTED, cast.agency)
    # The agency has leads: what was asked of somebody who could not name one stands as it was.
    assert report.frozen(fresh(sent)).alone
    assert sent.submission.answers["advice_line"] == "not_reached"


def test_referring_despite_the_lead_ends_the_other_routes_promises(cast, case_in):
    referral = case_in(S.OTHER_ROUTE)
    workflow.begin_despite(referral, by=cast.practitioner, now=MONDAY)
    cases.fill(fresh(referral), cases.DESPITE | cases.SHARE, by=cast.practitioner)
    send(referral, cast.practitioner)
    assert running(referral) == {ClockKind.ACKNOWLEDGE}


def test_a_body_outside_the_portal_is_owed_its_sheet(cast, case_in):
    Route.objects.filter(locality=cast.locality, kind=RouteKind.FRONT_DOOR).update(in_portal=False)
    referral = case_in(S.SUBMITTED)
    assert running(referral) == {ClockKind.ACKNOWLEDGE, ClockKind.ROUTE_SENT}
    workflow.acknowledge(referral, by=cast.prevent_lead, now=MONDAY)
    assert ClockKind.ROUTE_SENT in running(referral)
    sent = {"sent_where": "Front door", "sent_on": MONDAY.date()}
    workflow.record_route(fresh(referral), sent, by=cast.lead, now=MONDAY)
    assert ClockKind.ROUTE_SENT not in running(referral)


def test_how_long_a_promise_may_take_is_a_setting(cast, case_in):
    ClockRule.objects.create(kind=ClockKind.ACKNOWLEDGE, working_days=3)
    clock = Clock.objects.get(referral=case_in(S.SUBMITTED), kind=ClockKind.ACKNOWLEDGE)
    assert clock.due_at == workdays.due_at(MONDAY, 3, cast.locality)
    assert clock.promised_days == 3


def test_a_time_limit_that_would_have_no_effect_is_not_offered(cast, case_in):
    browser, address = enter(cast.portal_admin), "/cms/snippets/referrals/clockrule/add/"
    page = browser.get(address).content.decode()
    assert 'value="draft"' not in page
    assert '<option value="stage">Next step: information wanted</option>' in page
    for kind in (ClockKind.DRAFT, ClockKind.STAGE):
        browser.post(address, {"kind": kind, "working_days": 7})
    assert ClockRule.objects.get().kind == ClockKind.STAGE
    clock = Clock.objects.running().get(referral=case_in(S.INFO_GATHERING))
    assert clock.promised_days == 7


def test_the_day_to_look_again_is_a_setting(cast, case_in):
    first = case_in(S.OTHER_ROUTE)
    four_weeks = workdays.add_working_days(MONDAY.date(), 20, cast.locality)
    assert first.route_record.look_again_on == four_weeks
    ClockRule.objects.create(kind=ClockKind.LOOK_AGAIN, working_days=10)
    two_weeks = workdays.add_working_days(MONDAY.date(), 10, cast.locality)
    assert case_in(S.OTHER_ROUTE).route_record.look_again_on == two_weeks


def test_a_form_that_is_still_being_done_is_not_left_open(cast, case_in):
    doing = {"form_sent": "being_done", "form_reference": "Joan Firth"}
    referral = case_in(S.SUBMITTED, **doing)
    assert running(referral) == {ClockKind.ACKNOWLEDGE, ClockKind.ROUTE_SENT}
    page = f"{referral.get_absolute_url()}status/"
    assert "Still to send by hand" in enter(cast.lead).get(page).content.decode()
    sent = {"sent_where": "Front door", "sent_on": MONDAY.date(), "sent_by": "Joan Firth"}
    workflow.record_route(fresh(referral), sent, by=cast.lead, now=MONDAY)
    assert ClockKind.ROUTE_SENT not in running(referral)
    assert "Still to send by hand" not in enter(cast.lead).get(page).content.decode()


def test_what_was_declared_is_kept_in_the_words_that_were_agreed_to(case_in):
    referral = case_in(S.SUBMITTED)
    agreed = referral.submission.answers[AGREED]
    assert agreed["declared"].startswith("To the best of my knowledge this is accurate")
    assert agreed["signed"].startswith("We have talked about it, and this is my decision")
    shown = {one.question.name: one.text for one in report.frozen(referral).shown(named(*agreed))}
    assert shown == agreed


def test_whoever_decides_at_the_gateway_is_its_officer(cast, case_in):
    assert case_in(S.GATEWAY).officer is None
    assert case_in(S.INFO_GATHERING).officer == cast.officer


def test_an_area_outside_the_portal_can_be_offered_a_referral(cast, case_in):
    referral = workflow.transfer(
        case_in(S.TRIAGE), None, "He lives in Leeds.", by=cast.prevent_lead, now=MONDAY
    )
    assert referral.due_at == workdays.due_at(MONDAY, 2, cast.locality)
    workflow.close_transferred(referral, "Leeds, by telephone.", by=cast.prevent_lead, now=MONDAY)
    assert fresh(referral).status == S.CLOSED


def test_those_of_the_new_area_are_told_when_a_transfer_is_accepted(cast, case_in):
    officer = UserFactory(name="York Officer")
    MembershipFactory(
        person=officer,
        role=Role.GATEWAY_OFFICER,
        locality=cast.other_locality,
        starts_on=MONDAY.date(),
    )
    referral = case_in(S.TRANSFERRED)
    Referral.objects.filter(pk=referral.pk).update(officer=cast.officer)
    referral = workflow.accept_transfer(fresh(referral), by=cast.york_lead, now=MONDAY)
    assert officer.email in mailed("referral.shared")
    assert fresh(referral).officer is None


# Police-led -------------------------------------------------------------------------------------
def test_the_agencys_log_shows_nothing_of_what_police_do_out_of_sight(cast, case_in):
    referral = case_in(S.POLICE_LED)
    before = AuditEvent.objects.exclude(agency="").count()
    workflow.take_case(referral, by=cast.supervisor, now=MONDAY)
    workflow.hand_to(fresh(referral), cast.officer, by=cast.supervisor, now=MONDAY)
    assert AuditEvent.objects.exclude(agency="").count() == before


def test_police_hear_what_comes_in_while_they_lead(cast, case_in):
    referral = case_in(S.TRIAGE)
    workflow.lead_by_police(referral, S.POLICE_LED, by=cast.officer, now=MONDAY)
    workflow.add_information(fresh(referral), "He was seen again.", by=cast.lead, now=MONDAY)
    assert mailed("referral.addition") == {cast.prevent_lead.email, cast.officer.email}


NOTE = "CANARYnote: the other force has an operation."


@pytest.mark.parametrize("hidden", [S.POLICE_LED, S.INVESTIGATION_HOLD])
def test_why_police_give_it_back_is_a_note_for_them_alone(hidden, cast, case_in):
    referral = case_in(hidden)
    with pytest.raises(NotReady):
        workflow.lead_by_police(referral, S.GATEWAY, " ", by=cast.officer, now=MONDAY)
    enter(cast.officer).post(
        f"/referrals/{referral.key}/lead-by-police/", {"target": "gateway", "words": NOTE}
    )
    assert fresh(referral).status == S.GATEWAY
    note = PoliceNote.objects.get(referral=referral)
    assert (note.body, note.by, note.target) == (NOTE, cast.officer, S.GATEWAY)
    url = f"/referrals/{referral.key}/"
    assert "CANARYnote" in enter(cast.supervisor).get(url).content.decode()
    others = (cast.prevent_lead, cast.practitioner, cast.lead, cast.front_door, cast.chair)
    for person in others:
        browser = enter(person)
        for name in ("", "status/", "part/", "opened/", "report.pdf", "record-gateway/"):
            assert b"CANARY" not in browser.get(url + name, follow=True).content, (person, name)
        assert b"CANARY" not in browser.get("/referrals/").content
    # An officer whose own agency referred it reads the case, and not this.
    MembershipFactory(person=cast.supervisor, role=Role.PRACTITIONER, agency=cast.agency)
    assert b"CANARY" not in enter(cast.supervisor).get(url).content
    kept = "".join(f"{e.kind}{e.detail}{e.reason}" for e in AuditEvent.objects.all())
    kept += "".join(m.body for m in Mail.objects.all()) + str(referral.submission.answers)
    kept += "".join(m.body for m in Message.objects.all())
    assert "CANARY" not in kept


@pytest.mark.parametrize("hidden", [S.POLICE_LED, S.INVESTIGATION_HOLD])
def test_what_police_led_is_closed_as_from_the_gateway(hidden, cast, case_in):
    referral = case_in(hidden)

    def close() -> Referral:
        return workflow.lead_by_police(fresh(referral), S.CLOSED, NOTE, by=cast.officer, now=MONDAY)

    with pytest.raises(NotReady) as caught:
        close()
    assert "Enter the reference in the national system" in caught.value.missing
    answers = {
        "national_reference": "N-1",
        "national_earlier": "none",
        "deconflicted": "no",
        "tool": "paf",
        "category": "not_appropriate",
        "rationale": "Context explains it.",
        "outcome": "no_concern",
        "closure_reason": "misguided",
    }
    workflow.record_gateway(fresh(referral), answers, by=cast.officer)
    with pytest.raises(NotReady) as caught:  # X9: the boy is 15
        close()
    assert caught.value.missing == ["Select the second officer"]
    workflow.record_gateway(fresh(referral), {"second_officer": cast.officer}, by=cast.officer)
    with pytest.raises(NotReady):
        close()
    assert not PoliceNote.objects.exists()
    workflow.record_gateway(fresh(referral), {"second_officer": cast.supervisor}, by=cast.officer)
    closed = close()
    assert (closed.status, closed.decided_at) == (S.CLOSED, MONDAY)
    assert running(closed) == {ClockKind.FEEDBACK}


# Promises ---------------------------------------------------------------------------------------
def test_what_is_wanted_the_same_day_is_due_the_same_day(cast, case_in):
    referral = case_in(S.SUBMITTED, urgency="same_day")
    assert referral.due_at == workdays.due_at(MONDAY, 0, cast.locality)


def test_outside_hours_an_emergency_is_told_by_telephone(cast):
    sent = send(decided(cast, **CALLED), cast.lead, now=SATURDAY)
    assert ClockKind.OUT_OF_HOURS in running(sent)
    police = sent.recipients.get(kind=RecipientKind.POLICE)
    workflow.record_call(sent, police, by=cast.lead, now=SATURDAY)
    assert running(sent) == {ClockKind.ACKNOWLEDGE}


def test_within_hours_nobody_need_ring(cast):
    assert running(send(decided(cast, **CALLED), cast.lead)) == {ClockKind.ACKNOWLEDGE}


def test_notes_on_quality_are_owed_to_the_referrer_after_the_decision(cast, case_in):
    referral = case_in(S.CLOSED)
    referral.triage_record.data_quality = "The dates were missing."
    referral.triage_record.save()
    for left in (1, 0):
        workflow.give_feedback(fresh(referral), "Thank you.", by=cast.prevent_lead, now=MONDAY)
        assert len(running(referral)) == left
        assert (fresh(referral).due_at is not None) == bool(left)
        if left:
            clock = Clock.objects.running().get(referral=referral)
            assert clock.due_at == workdays.due_at(MONDAY, 20, cast.locality)


def test_the_lead_is_reminded_when_the_author_does_not_answer(cast, case_in):
    referral = case_in(S.RETURNED)
    clocks.run_due(referral.due_at)
    assert mailed("referral.clock") == {cast.practitioner.email, cast.lead.email}


def test_whoever_asked_learns_that_no_answer_came(cast, case_in):
    referral = case_in(S.QUERY)
    clocks.run_due(workdays.due_at(referral.due_at, 1, cast.locality))
    assert cast.prevent_lead.email in mailed("referral.clock")


def test_a_promise_of_somebody_who_lost_the_role_goes_to_whoever_covers(cast, case_in):
    referral = case_in(S.TRIAGE)
    Membership.objects.filter(person=cast.prevent_lead).update(confirmed_at=None)
    clock = Clock.objects.running().get(referral=referral)
    assert clocks.owners(clock) == [cast.prevent_deputy]


def test_one_clock_that_cannot_be_told_stops_no_other(cast, case_in, monkeypatch):
    first, second = case_in(S.SUBMITTED), case_in(S.SUBMITTED)
    broken = Clock.objects.get(referral=first, kind=ClockKind.ACKNOWLEDGE).pk
    tell = clocks._tell

    def fail(clock: Clock, step: Any) -> None:
        if clock.pk == broken:
            raise RuntimeError
        tell(clock, step)

    monkeypatch.setattr(clocks, "_tell", fail)
    clocks.run_due(second.due_at)
    told = set(Escalation.objects.values_list("clock__referral", flat=True))
    assert told == {second.pk}


def test_while_everybody_is_away_work_is_not_handed_to_and_fro(cast, case_in):
    referral = case_in(S.AGENCY_CHECK)
    today = datetime.now(UTC).date()
    for person in (cast.lead, cast.deputy):
        Absence.objects.create(person=person, starts_on=today, ends_on=today + timedelta(days=9))
    for _minute in range(3):
        receivers.cover_absences_that_began(None, now=datetime.now(UTC))
    assert fresh(referral).lead == cast.lead
    assert mailed("referral.owner") == set()


def test_the_new_lead_is_told_when_the_old_one_has_left(cast, case_in):
    referral = case_in(S.TRIAGE)
    Membership.objects.filter(person=cast.lead).update(confirmed_at=None)
    workflow.write_message(fresh(referral), "Can you ring me?", by=cast.prevent_lead)
    assert mailed("referral.message") == {cast.practitioner.email, cast.deputy.email}


# Drafts and documents ---------------------------------------------------------------------------
def test_a_reminder_from_before_the_last_touch_deletes_nothing(cast):
    referral = cases.draft(cast)
    retention.remind_drafts(MONDAY + timedelta(days=29))
    Mail.objects.filter(kind="referral.draft").update(sent_at=MONDAY + timedelta(days=29))
    Referral.objects.filter(pk=referral.pk).update(touched_at=MONDAY + timedelta(days=29))
    assert retention.dispose_stale_drafts(MONDAY + timedelta(days=60)) == 0


def test_what_was_handed_over_or_deleted_is_not_reminded_of(cast):
    sent, thrown = cases.draft(cast), cases.draft(cast)
    retention.remind_drafts(MONDAY + timedelta(days=2))
    cases.fill(sent, {"spoken_to": cast.lead, "spoken_at": MONDAY}, by=cast.practitioner)
    workflow.hand_over(fresh(sent), by=cast.practitioner)
    workflow.delete_draft(thrown, by=cast.practitioner)
    assert not Mail.objects.filter(kind="referral.draft", cancelled_at=None).exists()
    assert not Message.objects.filter(referral=thrown).exists()


def test_a_document_that_is_missing_is_made_and_a_fault_stops_no_other(cast, case_in, monkeypatch):
    good, bad = case_in(S.SUBMITTED), case_in(S.TRIAGE)
    Document.objects.all().delete()

    def render(referral: Referral) -> bytes:
        if referral.pk == bad.pk:
            raise RuntimeError
        return b"%PDF"

    monkeypatch.setattr(report, "render", render)
    receivers.make_missing_documents(None, now=MONDAY + timedelta(minutes=1))
    assert not Document.objects.exists()
    receivers.make_missing_documents(None, now=MONDAY + timedelta(minutes=3))
    assert [one.referral_id for one in Document.objects.all()] == [good.pk]


def test_a_case_of_an_independent_practitioner_has_an_owner_for_every_promise(cast):
    carol = UserFactory(name="Carol Dunn")
    alone = AgencyFactory(kind=AgencyType.INDEPENDENT, locality=cast.locality)
    MembershipFactory(person=carol, role=Role.PRACTITIONER, agency=alone)
    referral = workflow.start(carol, now=MONDAY)
    advice = {"advice_line": "reached", "advice_line_detail": "Joanna Firth, today at 9am."}
    cases.fill(referral, cases.NOTICE | cases.CHECK | advice | cases.SHARE, by=carol)
    sent = send(referral, carol)
    workflow.acknowledge(sent, by=cast.prevent_lead, now=MONDAY)
    workflow.ask_referrer(fresh(sent), "Which game?", by=cast.prevent_lead, now=MONDAY)
    for clock in Clock.objects.running().filter(referral=sent):
        assert clocks.owners(clock)


def test_only_a_transfer_out_of_the_portal_is_closed_by_the_sender(cast, case_in):
    referral = case_in(Status.TRIAGE)
    workflow.transfer(
        referral, cast.other_locality, "He lives in York.", by=cast.prevent_lead, now=cases.MONDAY
    )
    with pytest.raises(NotReady):
        workflow.close_transferred(
            cases.fresh(referral), "They took it.", by=cast.prevent_lead, now=cases.MONDAY
        )
    outside = case_in(Status.TRIAGE)
    workflow.transfer(outside, None, "He lives in Leeds.", by=cast.prevent_lead, now=cases.MONDAY)
    workflow.close_transferred(
        cases.fresh(outside), "Leeds took it at 3pm.", by=cast.prevent_lead, now=cases.MONDAY
    )
    assert cases.fresh(outside).status == Status.CLOSED


def test_nobody_decides_at_the_gateway_on_what_they_sent_themselves(cast, case_in):
    referral = case_in(Status.GATEWAY)
    assert policy.decides_at_gateway(cast.officer, referral)
    referral.submitted_by = cast.officer
    assert not policy.decides_at_gateway(cast.officer, referral)


def test_the_access_log_shows_no_trace_of_a_draft_or_of_a_concern_close_to_the_reader(cast):
    hidden = cases.draft(cast)
    workflow.exclude(hidden, [cast.deputy], by=cast.practitioner)
    cases.fill(hidden, {"spoken_to": cast.lead}, by=cast.practitioner)
    log_of_lead = enter(cast.lead).get("/audit/").content.decode()
    assert "Hannah Ellis" not in log_of_lead
    workflow.hand_over(fresh(hidden), by=cast.practitioner, now=MONDAY)
    assert "Hannah Ellis" in enter(cast.lead).get("/audit/").content.decode()
    assert "Hannah Ellis" not in enter(cast.deputy).get("/audit/").content.decode()


@pytest.mark.parametrize(
    ("under_18", "born", "clash"),
    [
        ("yes", {"day": 17, "month": 11, "year": 2008}, False),  # 18 tomorrow
        ("yes", {"day": 16, "month": 11, "year": 2008}, True),  # 18 today
        ("no", {"day": 16, "month": 11, "year": 2008}, False),
        ("no", {"day": 17, "month": 11, "year": 2008}, True),
        ("no", {"year": 2008}, False),  # may be either
        ("yes", {"year": 2008}, False),
        ("not_known", {"year": 2015}, False),
        ("yes", {}, False),
    ],
)
def test_under_18_and_a_birth_date_cannot_both_be_true(cast, under_18, born, clash):
    referral = cases.draft(cast, under_18=under_18, born=born)
    assert Answers(referral, today=date(2026, 11, 16)).says_two_ages is clash


def test_only_what_was_offered_elsewhere_is_closed_as_taken_there(cast, case_in):
    """Closing at the gateway asks for its outcome and a second officer; this is no way round."""
    with pytest.raises(TransitionError):
        workflow.close_transferred(case_in(Status.GATEWAY), "Leeds.", by=cast.officer, now=MONDAY)


def test_whoever_closes_an_emergency_need_not_be_told_of_it_by_telephone(cast, case_in):
    referral = case_in(Status.SUBMITTED)
    clocks.start(referral, ClockKind.OUT_OF_HOURS, now=MONDAY)
    workflow.withdraw(referral, "Sent by mistake.", by=cast.lead, now=MONDAY)
    assert not Clock.objects.unfinished().filter(kind=ClockKind.OUT_OF_HOURS).exists()
