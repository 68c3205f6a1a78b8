"""The doors: what each act needs, changes, records and tells."""

import uuid
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied

from agencies.models import Absence, Route
from agencies.terms import Role, RouteKind, Sector
from audit.models import AuditEvent
from outbox.models import Message as Mail
from referrals import clocks, retention, routing, workflow
from referrals.answers import Answers
from referrals.models import Clock, Escalation, Recipient, Referral, Submission
from referrals.moves import NotReady, Stale, TransitionError
from referrals.steps import STEP
from referrals.terms import ClockKind, MessageKind, RecipientKind, Status
from tests.factories import MembershipFactory, RouteFactory, UserFactory
from tests.referrals import cases
from tests.referrals.cases import MONDAY, fresh

S = Status


def kinds(referral: Referral) -> list[str]:
    return list(AuditEvent.objects.about(referral.pk).order_by("pk").values_list("kind", flat=True))


def mailed(kind: str) -> set[str]:
    return set(Mail.objects.filter(kind=kind).values_list("to_address", flat=True))


# The draft --------------------------------------------------------------------------------------
def test_a_draft_is_a_row_that_only_its_author_sees(cast):
    referral = workflow.start(cast.practitioner)
    assert list(Referral.objects.visible_to(cast.practitioner)) == [referral]
    assert not Referral.objects.visible_to(cast.lead).exists()


def test_two_tabs_on_different_pages_never_undo_each_other(cast):
    referral = workflow.start(cast.practitioner)
    workflow.answer(referral, STEP["observed"], {"observed": "First."}, by=cast.practitioner)
    stale_copy = referral
    workflow.answer(stale_copy, STEP["worry"], {"worry": "Second."}, by=cast.practitioner)
    answers = Answers(fresh(referral))
    assert (answers.get("observed"), answers.get("worry")) == ("First.", "Second.")


def test_the_second_save_of_one_page_is_refused_and_its_text_kept(cast):
    referral = workflow.start(cast.practitioner)
    step = STEP["worry"]
    workflow.answer(referral, step, {"worry": "One."}, by=cast.practitioner, seen=0)
    with pytest.raises(Stale):
        workflow.answer(referral, step, {"worry": "Two."}, by=cast.practitioner, seen=0)
    workflow.keep_text(referral, step, {"worry": "Two."}, by=cast.practitioner, now=MONDAY)
    assert Answers(fresh(referral)).get("worry") == "One."
    assert referral.kept_texts.get().answers == {"worry": "Two."}


def test_nobody_but_the_author_writes_in_notice(cast):
    referral = workflow.start(cast.practitioner)
    for person in (cast.lead, cast.colleague, cast.prevent_lead, cast.outsider):
        with pytest.raises(PermissionDenied):
            workflow.answer(referral, STEP["worry"], {"worry": "No."}, by=person)


def test_answers_of_an_abandoned_branch_are_removed_at_the_hand_over(cast):
    referral = cases.draft(cast, came_to_notice="event", event_place="The canteen")
    cases.fill(referral, {"event_when": {"unknown": True}}, by=cast.practitioner)
    cases.fill(referral, {"came_to_notice": "said"}, by=cast.practitioner)
    assert {q.name for q in workflow.abandoned(fresh(referral))} == {"event_when", "event_place"}
    cases.fill(referral, {"spoken_to": cast.lead}, by=cast.practitioner)
    workflow.hand_over(fresh(referral), by=cast.practitioner, now=MONDAY)
    assert Answers(fresh(referral)).get("event_place") == ""


def test_an_unsent_draft_is_remembered_then_deleted_only_after_the_last_reminder(cast):
    referral = cases.draft(cast)
    later = MONDAY + timedelta(days=31)
    for days in (1, 2, 3, 8, 29):
        retention.remind_drafts(MONDAY + timedelta(days=days))
    assert Mail.objects.filter(kind="referral.draft").count() == 3
    assert retention.dispose_stale_drafts(later) == 0
    Mail.objects.filter(kind="referral.draft").update(sent_at=later - timedelta(days=1))
    assert retention.dispose_stale_drafts(later) == 0  # there are two days to answer it
    Mail.objects.filter(kind="referral.draft").update(sent_at=MONDAY + timedelta(days=29))
    assert retention.dispose_stale_drafts(later) == 1
    assert fresh(referral).status == S.DISPOSED
    assert retention.dispose_stale_drafts(later) == 0


def test_how_long_a_draft_is_kept_is_a_setting(cast, settings):
    settings.DRAFT_REMINDER_DAYS, settings.DRAFT_KEPT_DAYS = [2], 6
    referral = cases.draft(cast)
    retention.remind_drafts(MONDAY + timedelta(days=1))
    assert not Mail.objects.filter(kind="referral.draft").exists()
    retention.remind_drafts(MONDAY + timedelta(days=3))
    mail = Mail.objects.get(kind="referral.draft")
    assert "6 days after" in mail.body
    Mail.objects.filter(pk=mail.pk).update(sent_at=MONDAY + timedelta(days=3))
    assert retention.dispose_stale_drafts(MONDAY + timedelta(days=5)) == 0
    assert retention.dispose_stale_drafts(MONDAY + timedelta(days=7)) == 1
    assert fresh(referral).status == S.DISPOSED


def test_the_days_of_an_area_outside_are_a_setting(cast, case_in, settings):
    settings.OUTSIDE_AREA_DAYS = 7
    referral = case_in(S.TRIAGE)
    workflow.transfer(referral, None, "Lancashire.", by=cast.prevent_lead, now=MONDAY)
    clock = Clock.objects.running().get(referral=referral, kind=ClockKind.ACCEPT_TRANSFER)
    assert clock.promised_days == 7


# Hand-over and check ----------------------------------------------------------------------------
def test_a_concern_goes_to_the_named_lead(cast, case_in):
    referral = case_in(S.AGENCY_CHECK)
    assert referral.lead == cast.lead
    assert mailed("referral.check") == {cast.lead.email}
    assert Clock.objects.running().get(referral=referral).kind == ClockKind.CHECK


def test_an_absent_leads_work_goes_to_the_deputy(cast):
    Absence.objects.create(
        person=cast.lead, starts_on=MONDAY.date(), ends_on=MONDAY.date() + timedelta(days=3)
    )
    referral = cases.walk_to(cast, S.AGENCY_CHECK)
    assert referral.lead == cast.deputy


def test_a_hand_over_needs_the_notice(cast):
    referral = workflow.start(cast.practitioner)
    with pytest.raises(NotReady) as caught:
        workflow.hand_over(referral, by=cast.practitioner)
    assert "Enter the person's first names, or write “not known”" in caught.value.missing


def test_a_concern_that_rests_on_belief_is_not_shared(cast, case_in):
    referral = case_in(S.AGENCY_CHECK)
    cases.fill(referral, cases.CHECK | {"fair_basis": "no"}, by=cast.lead)
    with pytest.raises(NotReady) as caught:
        workflow.decide(fresh(referral), by=cast.lead)
    assert "not shared with Prevent" in caught.value.missing[-1]
    assert fresh(referral).status == S.AGENCY_CHECK


def test_a_second_lead_can_override_with_reasons(cast, case_in):
    referral = case_in(S.AGENCY_CHECK)
    cases.fill(referral, cases.CHECK | {"fair_basis": "no"}, by=cast.lead)
    override = {"override_by": cast.lead, "override_reason": "It is a threat after all."}
    workflow.answer(fresh(referral), STEP["check"], override, by=cast.lead)
    with pytest.raises(NotReady):
        workflow.decide(fresh(referral), by=cast.lead)  # she cannot be her own second lead
    workflow.answer(fresh(referral), STEP["check"], {"override_by": cast.deputy}, by=cast.lead)
    assert workflow.decide(fresh(referral), by=cast.lead).decided_at


def test_no_further_concern_closes_with_reasons_that_the_author_reads(cast, case_in):
    referral = case_in(S.AGENCY_CLOSED)
    said = referral.messages.get(kind=MessageKind.DECISION)
    assert said.body == cases.CHECK["decision_reasons"]
    assert mailed("referral.decided") == {cast.practitioner.email}


def test_another_route_is_looked_at_again_in_four_weeks(cast, case_in):
    referral = case_in(S.OTHER_ROUTE)
    running = set(Clock.objects.running().filter(referral=referral).values_list("kind", flat=True))
    assert running == {ClockKind.ROUTE_SENT, ClockKind.LOOK_AGAIN}
    workflow.record_route(
        referral, {"sent_where": "Crisis team", "sent_on": MONDAY.date()}, by=cast.lead, now=MONDAY
    )
    assert Clock.objects.running().get(referral=referral).kind == ClockKind.LOOK_AGAIN


def test_questions_go_back_to_the_author_and_the_answer_comes_back(cast, case_in):
    referral = case_in(S.RETURNED)
    assert mailed("referral.returned") == {cast.practitioner.email}
    workflow.reply_to_lead(referral, "Jack was there.", by=cast.practitioner, now=MONDAY)
    assert fresh(referral).status == S.AGENCY_CHECK
    assert referral.messages.get(kind=MessageKind.REPLY).body == "Jack was there."


@pytest.mark.parametrize("status", [S.AGENCY_CHECK, S.RETURNED, S.AGENCY_CLOSED, S.OTHER_ROUTE])
def test_a_practitioner_may_refer_despite_the_lead(status, cast, case_in):
    referral = case_in(status)
    workflow.begin_despite(referral, by=cast.practitioner, now=MONDAY)
    cases.fill(fresh(referral), cases.DESPITE | cases.SHARE, by=cast.practitioner)
    sent = workflow.submit(fresh(referral), by=cast.practitioner, form_key=uuid.uuid4(), now=MONDAY)
    assert sent.status == S.SUBMITTED
    assert sent.despite_lead
    assert mailed("referral.despite") == {cast.lead.email}


# Sharing ----------------------------------------------------------------------------------------
def test_a_submission_freezes_the_answers_and_draws_a_reference(cast, case_in):
    referral = case_in(S.SUBMITTED)
    frozen = Submission.objects.get(referral=referral)
    assert referral.reference == "NY-2026-0001"
    assert frozen.answers["observed"] == cases.NOTICE["observed"]
    assert "ethnic_group" not in frozen.answers
    assert frozen.sha256 == workflow.answers_digest(frozen.answers)


def test_the_same_form_twice_makes_one_referral(cast, case_in):
    referral = case_in(S.AGENCY_CHECK)
    cases.fill(referral, cases.CHECK, by=cast.lead)
    workflow.decide(fresh(referral), by=cast.lead)
    cases.fill(fresh(referral), cases.SHARE, by=cast.lead)
    key = uuid.uuid4()
    sent = [workflow.submit(fresh(referral), by=cast.lead, form_key=key) for _ in range(3)]
    assert {one.reference for one in sent} == {"NY-2026-0001"}
    assert Submission.objects.count() == 1
    assert Mail.objects.filter(kind="referral.sent").count() == 2


def test_a_child_goes_to_police_prevent_lead_and_front_door(cast, case_in):
    referral = case_in(S.SUBMITTED)
    assert set(referral.recipients.values_list("kind", flat=True)) == {
        RecipientKind.POLICE,
        RecipientKind.PREVENT_LEAD,
        RecipientKind.FRONT_DOOR,
    }
    assert mailed("referral.shared") == {
        cast.officer.email,
        cast.prevent_lead.email,
        cast.front_door.email,
    }


@pytest.mark.parametrize("place", ["other", "no_fixed", "not_known"])
def test_an_unknown_place_goes_to_the_named_default(place, cast, case_in):
    cast.other_locality.is_default = False
    cast.other_locality.save()
    cast.locality.is_default = True
    cast.locality.save()
    assert case_in(S.SUBMITTED, place=place).locality == cast.locality


def test_a_route_of_its_sector_takes_a_referral_before_the_one_for_every_sector(cast, case_in):
    police = {"locality": cast.locality, "kind": RouteKind.POLICE}
    general = RouteFactory(**police)
    schools = RouteFactory(**police, sector=Sector.EDUCATION)
    RouteFactory(**police, sector=Sector.HEALTH)
    RouteFactory(locality=cast.other_locality, kind=RouteKind.POLICE, sector=Sector.EDUCATION)

    def taken_by(referral: Referral) -> set[Route | None]:
        return {one.route for one in referral.recipients.filter(kind=RecipientKind.POLICE)}

    assert taken_by(case_in(S.SUBMITTED)) == {schools}
    assert taken_by(case_in(S.SUBMITTED, sector=Sector.COMMUNITY)) == {general}
    schools.is_open = False
    schools.save()
    assert taken_by(case_in(S.SUBMITTED)) == {general}
    # Where S5 has no answer it is the sector of the agency.
    answers = Answers(workflow.start(cast.practitioner)).with_changes({"sector": ""})
    assert routing.sector_of(answers) == Sector.EDUCATION


def test_a_route_of_its_sector_takes_over_in_the_area_that_accepts_it(cast, case_in):
    theirs = RouteFactory(
        locality=cast.other_locality, kind=RouteKind.POLICE, sector=Sector.EDUCATION
    )
    referral = case_in(S.TRANSFERRED)
    workflow.accept_transfer(referral, by=cast.york_lead, now=MONDAY)
    taken = referral.recipients.get(kind=RecipientKind.POLICE, locality=cast.other_locality)
    assert taken.route == theirs


def test_a_referral_is_taken_back_only_before_it_is_acknowledged(cast, case_in):
    referral = case_in(S.TRIAGE)
    with pytest.raises(TransitionError):
        workflow.withdraw(referral, "Sent by mistake.", by=cast.lead)
    assert case_in(S.WITHDRAWN).status == S.WITHDRAWN


def test_a_lead_walks_her_own_concern_in_one_go(cast):
    referral = workflow.start(cast.lead, now=MONDAY)
    assert referral.one_walk
    cases.fill(referral, cases.NOTICE | cases.CHECK | cases.SHARE, by=cast.lead)
    cases.nobody_close(referral, by=cast.lead)
    sent = workflow.submit(fresh(referral), by=cast.lead, form_key=uuid.uuid4(), now=MONDAY)
    assert sent.status == S.SUBMITTED
    assert sent.check_record.signed_by == cast.lead


def test_somebody_with_no_lead_takes_the_advice_line(cast):
    from agencies.terms import AgencyType, Role
    from tests.factories import AgencyFactory, MembershipFactory, UserFactory

    carol = UserFactory(name="Carol Dunn")
    MembershipFactory(
        person=carol,
        role=Role.PRACTITIONER,
        agency=AgencyFactory(kind=AgencyType.INDEPENDENT, locality=cast.locality),
    )
    advice = {
        "advice_line": "not_reached",
        "advice_line_detail": "It rang out twice at 4pm.",
    }
    referral = workflow.start(carol, now=MONDAY)
    cases.fill(referral, cases.NOTICE | cases.CHECK | advice | cases.SHARE, by=carol)
    sent = workflow.submit(fresh(referral), by=carol, form_key=uuid.uuid4(), now=MONDAY)
    assert sent.status == S.SUBMITTED


# With the Prevent lead and the police -----------------------------------------------------------
def test_only_one_lead_can_acknowledge(cast, case_in):
    referral = case_in(S.SUBMITTED)
    workflow.acknowledge(referral, by=cast.prevent_lead, now=MONDAY)
    with pytest.raises(TransitionError):
        workflow.acknowledge(referral, by=cast.prevent_deputy, now=MONDAY)
    assert fresh(referral).holder == cast.prevent_lead


def test_a_question_pauses_the_promise_and_the_answer_comes_back_to_triage(cast, case_in):
    referral = case_in(S.QUERY)
    assert referral.paused
    assert mailed("referral.query") == {cast.practitioner.email, cast.lead.email}
    workflow.answer_query(referral, "A game called Example.", by=cast.lead, now=MONDAY)
    assert fresh(referral).status == S.TRIAGE
    assert not fresh(referral).paused


def test_a_question_from_the_gateway_goes_back_to_the_gateway(cast, case_in):
    referral = case_in(S.GATEWAY)
    workflow.ask_referrer(referral, "Which game?", by=cast.officer, now=MONDAY)
    workflow.answer_query(fresh(referral), "Example.", by=cast.lead, now=MONDAY)
    assert fresh(referral).status == S.GATEWAY


def test_a_transfer_changes_hands_only_when_it_is_accepted(cast, case_in):
    referral = case_in(S.TRANSFERRED)
    assert referral.locality == cast.locality
    workflow.accept_transfer(referral, by=cast.york_lead, now=MONDAY)
    referral = fresh(referral)
    assert (referral.locality, referral.holder) == (cast.other_locality, cast.york_lead)
    assert Recipient.objects.filter(
        referral=referral, locality=cast.other_locality, kind=RecipientKind.POLICE
    ).exists()


def test_police_hear_when_prevent_gives_away_what_they_hold(cast, case_in):
    """Prevent sees a case in triage and may offer it; its officer must not lose it in silence."""
    theirs = MembershipFactory(
        person=UserFactory(),
        role=Role.GATEWAY_OFFICER,
        locality=cast.other_locality,
        starts_on=date(2020, 1, 1),
    ).person
    referral = case_in(S.TRIAGE)
    workflow.lead_by_police(referral, S.INVESTIGATION_HOLD, by=cast.officer, now=MONDAY)
    workflow.transfer(referral, cast.other_locality, "He moved.", by=cast.prevent_lead, now=MONDAY)
    assert cast.officer.email in mailed("referral.offered_away")
    assert cast.prevent_lead.email not in mailed("referral.offered_away")
    workflow.accept_transfer(fresh(referral), by=cast.york_lead, now=MONDAY)
    assert fresh(referral).status == S.INVESTIGATION_HOLD
    assert cast.officer.email in mailed("referral.gone_away")
    assert mailed("referral.come_at_work") == {theirs.email}
    gone = Mail.objects.filter(kind="referral.gone_away")[0]
    assert referral.key not in gone.body


def test_police_are_not_told_of_a_transfer_of_what_is_not_theirs(cast, case_in):
    referral = case_in(S.TRANSFERRED)
    workflow.accept_transfer(referral, by=cast.york_lead, now=MONDAY)
    assert not Mail.objects.filter(kind="referral.gone_away").exists()


def test_a_declined_transfer_comes_back_with_the_reason(cast, case_in):
    referral = case_in(S.TRANSFERRED)
    workflow.decline_transfer(referral, "He lives in Selby.", by=cast.york_lead, now=MONDAY)
    referral = fresh(referral)
    assert (referral.status, referral.offered_to) == (S.TRIAGE, None)


def test_an_offer_is_taken_back_by_its_sender_alone(cast, case_in):
    referral = case_in(S.TRANSFERRED)
    with pytest.raises(PermissionDenied):
        workflow.take_back_transfer(referral, "Not ours.", by=cast.york_lead, now=MONDAY)
    with pytest.raises(PermissionDenied):
        workflow.decline_transfer(referral, "Not ours.", by=cast.prevent_lead, now=MONDAY)
    with pytest.raises(NotReady):
        workflow.take_back_transfer(referral, " ", by=cast.prevent_lead, now=MONDAY)
    workflow.take_back_transfer(referral, "He did not move.", by=cast.prevent_lead, now=MONDAY)
    referral = fresh(referral)
    assert (referral.status, referral.offered_to) == (S.TRIAGE, None)
    assert referral.locality == cast.locality
    assert not Referral.objects.visible_to(cast.york_lead).filter(pk=referral.pk).exists()


def test_what_an_area_outside_declines_comes_back_by_its_sender(cast, case_in):
    referral = case_in(S.TRIAGE)
    workflow.transfer(referral, None, "Lancashire.", by=cast.prevent_lead, now=MONDAY)
    workflow.take_back_transfer(fresh(referral), "Declined.", by=cast.prevent_lead, now=MONDAY)
    assert fresh(referral).status == S.TRIAGE


@pytest.mark.parametrize("target", [S.POLICE_LED, S.INVESTIGATION_HOLD])
def test_police_led_work_changes_nothing_that_others_see(target, cast, case_in):
    referral = case_in(S.GATEWAY)
    shown = Clock.objects.filter(referral=referral, hidden=False)
    clocks_before = list(shown.values())
    mails = Mail.objects.count()
    workflow.lead_by_police(referral, target, by=cast.officer, now=MONDAY + timedelta(days=1))
    after = fresh(referral)
    assert after.status == target
    assert (after.outward_status, after.due_at) == (S.GATEWAY, referral.due_at)
    assert after.status_word == referral.status_word
    assert list(shown.all().values()) == clocks_before
    assert Mail.objects.count() == mails


def test_feedback_is_owed_when_a_case_closes_and_kept_when_given(cast, case_in):
    referral = case_in(S.CLOSED)
    assert Clock.objects.running().get(referral=referral).kind == ClockKind.FEEDBACK
    workflow.give_feedback(
        referral, "Thank you. No Prevent support is needed.", by=cast.prevent_lead, now=MONDAY
    )
    assert not Clock.objects.running().filter(referral=referral).exists()
    assert cast.practitioner.email in set(
        Mail.objects.filter(kind__startswith="referral.feedback").values_list(
            "to_address", flat=True
        )
    )


# Clocks -----------------------------------------------------------------------------------------
def test_an_emergency_runs_in_clock_hours(cast, case_in):
    called = {
        "harm": "yes",
        "called_999": "yes",
        "called_at": MONDAY,
        "incident_number": "not given",
        "urgency": "emergency",
    }
    referral = case_in(S.SUBMITTED, **called)
    assert referral.emergency
    assert referral.due_at == MONDAY + timedelta(hours=1)


def test_each_step_of_an_escalation_is_taken_once(cast, case_in):
    referral = case_in(S.SUBMITTED)
    for days in range(6):
        for _again in range(2):
            clocks.run_due(MONDAY + timedelta(days=days, hours=8))
    steps = list(Escalation.objects.filter(clock__referral=referral).values_list("step", flat=True))
    assert sorted(steps) == ["amber", "deputy", "red", "senior"]
    told = mailed("referral.clock")
    assert {cast.prevent_lead.email, cast.prevent_deputy.email, cast.prevent_senior.email} <= told


def test_after_a_night_without_a_worker_only_the_last_step_is_told(cast, case_in):
    case_in(S.SUBMITTED)
    clocks.run_due(MONDAY + timedelta(days=10))
    assert Mail.objects.filter(kind="referral.clock", to_person=cast.prevent_lead).count() == 1


def test_reminders_stop_once_the_promise_is_kept(cast, case_in):
    referral = case_in(S.SUBMITTED)
    clocks.run_due(referral.due_at + timedelta(minutes=1))
    workflow.acknowledge(referral, by=cast.prevent_lead, now=referral.due_at + timedelta(hours=1))
    waiting = Mail.objects.filter(kind="referral.clock", sent_at=None, cancelled_at=None)
    assert not waiting.exists()


# Leavers ----------------------------------------------------------------------------------------
def test_a_leavers_open_work_gets_a_new_owner(cast, case_in):
    check, held = case_in(S.AGENCY_CHECK), case_in(S.TRIAGE)
    workflow.find_new_owners(cast.lead)
    workflow.find_new_owners(cast.prevent_lead)
    assert fresh(check).lead == cast.deputy
    assert fresh(held).holder == cast.prevent_deputy


# The log ----------------------------------------------------------------------------------------
def test_every_act_is_one_event_without_a_word_of_the_case(cast, case_in):
    referral = case_in(S.GATEWAY)
    assert kinds(referral)[0] == "referral.started"
    assert {
        "referral.agency_check",
        "referral.check_decided",
        "referral.submitted",
        "referral.triage",
        "referral.gateway",
    } <= set(kinds(referral))
    words = "".join(str(e.detail) + e.reason for e in AuditEvent.objects.about(referral.pk))
    assert "Callum" not in words
    assert "cleared out" not in words
