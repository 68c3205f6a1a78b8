"""Actions: how pressing, by when, by whom, and what becomes of them from year to year."""

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from agencies.models import Membership
from agencies.terms import Role
from audit.models import AuditEvent
from outbox.models import Message
from selfassessment.actions import notices, policy, queries, rules, workflow
from selfassessment.actions.models import Action, ActionReminder
from selfassessment.actions.receivers import carry_actions
from selfassessment.models import Assessment
from selfassessment.moves import NotReady, TransitionError
from selfassessment.terms import ActionStatus, Priority, Rating, Status
from selfassessment.views.common import OVERTAKEN
from tests.entry import enter
from tests.factories import LocalityFactory, MembershipFactory
from tests.selfassessment import forms

TODAY = date(2026, 10, 5)
S = ActionStatus


def plan(owner, **more):
    return workflow.Plan(
        **{
            "words": "Train all reception staff",
            "codes": ["LG1"],
            "owner": owner,
            "owner_role": "Deputy head",
            "priority": Priority.HIGH,
            "due_on": date(2026, 12, 1),
            "success_measure": "All have been trained by the spring.",
            **more,
        }
    )


def make(form, owner, *, by=None, now=forms.NOW, **more):
    return workflow.make(form, plan(owner, **more), by=by or owner, now=now)


@pytest.fixture
def action(cast, form):
    """One that the teacher owns, of the school's form."""
    return make(form, cast.teacher, by=cast.lead)


# Priorities and days ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("code", "rating", "priority"),
    [
        ("LG1", Rating.NOT_IN_PLACE, Priority.CRITICAL),  # critical
        ("LG1", Rating.DEVELOPING, Priority.HIGH),
        ("LG4", Rating.NOT_IN_PLACE, None),  # by its weight, below
        ("LG3", Rating.IN_PLACE, Priority.LOW),
        ("LG3", Rating.DEVELOPING, None),
    ],
)
def test_the_priority_is_suggested_by_the_rating(cast, form, code, rating, priority):
    standard = forms.standard(code)
    if priority is None:
        must = standard.weight_for(form.form_type) == "must"
        worst = rating == Rating.NOT_IN_PLACE
        by_weight = Priority.HIGH if must else Priority.MEDIUM
        priority = by_weight if worst else Priority.HIGH if standard.critical else Priority.LOW
        if standard.critical and worst:
            priority = Priority.CRITICAL
    forms.fill(form, {code: rating}, by=cast.lead)
    assert workflow.suggested(form, [code]) == priority


def test_of_several_standards_the_most_pressing_counts(cast, form):
    forms.fill(form, {"LG1": Rating.NOT_IN_PLACE, "LG3": Rating.IN_PLACE}, by=cast.lead)
    assert workflow.suggested(form, ["LG3", "LG1"]) == Priority.CRITICAL
    assert workflow.suggested(form, ["PE1"]) == Priority.LOW


@pytest.mark.parametrize(
    ("priority", "latest"),
    [
        (Priority.CRITICAL, date(2026, 11, 4)),
        (Priority.HIGH, date(2027, 1, 3)),
        (Priority.MEDIUM, date(2027, 4, 3)),
        (Priority.LOW, date(2028, 8, 31)),
    ],
)
def test_no_action_is_due_later_than_its_priority_allows(cast, form, priority, latest):
    assert workflow.latest_day(form, priority, since=TODAY) == latest
    make(form, cast.lead, priority=priority, due_on=latest)
    with pytest.raises(NotReady, match=str(latest.year)):
        make(form, cast.lead, priority=priority, due_on=latest + timedelta(days=1))


# The doors ----------------------------------------------------------------------------------------
def test_an_action_has_a_code_and_begins_the_form(cast, form, action):
    form.refresh_from_db()
    assert form.status == Status.IN_PROGRESS
    second = make(form, cast.lead, codes=["RP1", "LG2"])
    assert [each.code for each in Action.objects.order_by("pk")] == [
        f"A-{cast.school.pk}-2026-01",
        f"A-{cast.school.pk}-2026-02",
    ]
    assert second.codes == ["LG2", "RP1"]
    assert AuditEvent.objects.filter(kind="assessment.action_made").count() == 2


@pytest.mark.parametrize("name", ["teacher", "other_lead", "manager", "moderator", "board_member"])
def test_only_leads_and_the_senior_lead_make_and_change(cast, form, action, name):
    person = getattr(cast, name)
    with pytest.raises(PermissionDenied):
        make(form, cast.lead, by=person)
    with pytest.raises(PermissionDenied):
        workflow.change(action, plan(cast.lead), by=person, version=0)


def test_its_owner_belongs_to_the_agency(cast, form):
    with pytest.raises(PermissionDenied):
        make(form, cast.other_lead, by=cast.lead)


@pytest.mark.parametrize("status", list(Status))
def test_actions_live_on_after_sign_off_and_void_nothing(cast, form, action, status):
    forms.put_in(form, status, cast)
    if status not in workflow.TAKES:
        with pytest.raises(TransitionError):
            make(form, cast.lead)
        with pytest.raises(TransitionError):
            workflow.change(action, plan(cast.lead), by=cast.lead, version=0)
    else:
        make(form, cast.lead)
        workflow.change(action, plan(cast.deputy), by=cast.lead, version=0)
    signed = Assessment.objects.get(pk=form.pk).signed_at
    workflow.note(action, "It goes well.", by=cast.lead)
    form.refresh_from_db()
    assert form.signed_at == signed
    assert not form.signoffs.filter(voided_at__isnull=False).exists()


def test_of_two_who_change_it_the_second_is_told(cast, form, action):
    workflow.change(action, plan(cast.lead), by=cast.lead, version=0)
    with pytest.raises(TransitionError):
        workflow.change(action, plan(cast.deputy), by=cast.deputy, version=0)
    late = plan(cast.lead, due_on=date(2027, 5, 1))
    with pytest.raises(NotReady):
        workflow.change(action, late, by=cast.lead, version=1)


def test_the_table_of_moves(cast, form, action):
    """Every status and move, by the owner, a lead and somebody else: nothing else is possible."""
    row = {
        "done_at": forms.NOW,
        "done_by": cast.teacher,
        "done_words": "Done.",
        "status_reason": "Why.",
    }
    allowed = set()
    for before in S:
        for to in S:
            for who in ("teacher", "lead", "other_lead"):
                if before == S.VERIFIED:
                    more = {**row, "verified_at": forms.NOW, "verified_by": cast.lead}
                else:
                    more = row
                Action.objects.filter(pk=action.pk).update(status=before, **more)
                try:
                    with transaction.atomic():
                        by = getattr(cast, who)
                        workflow.move_to(action, to, by=by, words="Because.")
                        allowed.add((before, to, who))
                        raise IntegrityError  # undone
                except (TransitionError, PermissionDenied, IntegrityError):
                    continue
    by_owner = {
        (S.OPEN, S.IN_PROGRESS), (S.OPEN, S.BLOCKED), (S.OPEN, S.DONE),
        (S.IN_PROGRESS, S.BLOCKED), (S.IN_PROGRESS, S.DONE),
        (S.BLOCKED, S.IN_PROGRESS), (S.BLOCKED, S.DONE),
    }  # fmt: skip
    by_lead = by_owner | {
        (S.OPEN, S.CANCELLED), (S.IN_PROGRESS, S.CANCELLED), (S.BLOCKED, S.CANCELLED),
        (S.DONE, S.VERIFIED), (S.DONE, S.IN_PROGRESS), (S.CANCELLED, S.OPEN),
    }  # fmt: skip
    assert allowed == {(*each, "teacher") for each in by_owner} | {
        (*each, "lead") for each in by_lead
    }


def test_nobody_verifies_what_they_own(cast, form):
    mine = make(form, cast.lead)
    workflow.move_to(mine, S.DONE, by=cast.lead, words="All were trained.")
    with pytest.raises(PermissionDenied):
        workflow.move_to(mine, S.VERIFIED, by=cast.lead)
    done = workflow.move_to(mine, S.VERIFIED, by=cast.senior)
    assert (done.verified_by, done.done_words) == (cast.senior, "All were trained.")
    with pytest.raises(IntegrityError), transaction.atomic():
        Action.objects.filter(pk=mine.pk).update(verified_by=cast.lead)


def test_halting_needs_a_reason_and_done_what_was_achieved(cast, action):
    for to in (S.BLOCKED, S.CANCELLED, S.DONE):
        with pytest.raises(NotReady):
            workflow.move_to(action, to, by=cast.lead)
    workflow.move_to(action, S.BLOCKED, by=cast.teacher, words="No money.")
    action.refresh_from_db()
    assert (action.status, action.status_reason) == (S.BLOCKED, "No money.")
    assert [(note.before, note.after) for note in action.notes.all()] == [("open", "blocked")]


# Help ---------------------------------------------------------------------------------------------
def test_help_is_asked_once_of_the_prevent_lead_who_sees_that_action_alone(cast, form):
    lead = MembershipFactory(role=Role.PREVENT_LEAD, locality=cast.school.locality).person
    york = LocalityFactory(code="YK")
    other = MembershipFactory(role=Role.PREVENT_LEAD, locality=york).person
    asked = make(form, cast.lead, partner_help=True)
    workflow.change(asked, plan(cast.deputy, partner_help=True), by=cast.lead, version=0)
    mail = Message.objects.get(kind="assessment.help_asked")
    assert mail.to_person == lead
    assert cast.school.name not in mail.subject + mail.body
    page = enter(lead).get(mail.path)
    assert asked.words in page.content.decode()
    for person in (other, cast.manager, cast.other_lead):
        assert enter(person).get(mail.path).status_code == 404
    not_asked = make(form, cast.lead)
    url = reverse("selfassessment:action_help", args=[form.key, not_asked.pk])
    assert enter(lead).get(url).status_code == 404
    plan_of = reverse("selfassessment:actions", args=[form.key])
    assert enter(lead).get(plan_of).status_code == 404


# Reminders ----------------------------------------------------------------------------------------
def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 9, tzinfo=UTC)


def told(kind="assessment.actions_due"):
    return [each.to_person for each in Message.objects.filter(kind=kind).order_by("send_after")]


def test_each_step_is_told_once_to_the_owner_then_the_senior_lead_then_the_manager(cast, action):
    due = action.due_on
    heard: list[tuple[int, set[User | None]]] = []
    known: set[str] = set()
    for late in range(-20, 40):
        day = due + timedelta(days=late)
        for hour in (3, 9, 15):  # at night nobody is written to
            notices.remind(at(day).replace(hour=hour))
        new = Message.objects.filter(kind="assessment.actions_due").exclude(key__in=known)
        if new:
            heard.append((late, {each.to_person for each in new}))
            known |= {each.key for each in new}
    both = {cast.teacher, cast.senior}
    assert heard == [
        (-14, {cast.teacher}),
        (0, {cast.teacher}),
        (7, both),
        (14, both),
        (21, both),
        (28, both),
        (35, both),
    ]
    assert told("assessment.actions_late") == [cast.manager]
    assert action.words not in "".join(Message.objects.values_list("body", flat=True))


def test_days_on_which_nothing_ran_are_made_up_for_once(cast, action):
    for _again in range(2):
        notices.remind(at(action.due_on + timedelta(days=16)))
    assert [each.step for each in ActionReminder.objects.all()] == ["week2"]
    assert sorted(each.pk for each in told() if each) == sorted([cast.teacher.pk, cast.senior.pk])


@pytest.mark.parametrize("to", [S.DONE, S.CANCELLED])
def test_what_is_done_or_cancelled_is_asked_for_no_more(cast, action, to):
    workflow.move_to(action, to, by=cast.lead, words="Because.")
    notices.remind(at(action.due_on + timedelta(days=40)))
    assert not Message.objects.exists()


def test_a_new_day_begins_the_steps_anew_and_one_that_is_near_is_not_recalled_at_once(cast, form):
    soon = make(form, cast.lead, due_on=TODAY + timedelta(days=5))
    notices.remind(at(TODAY))
    assert not told()
    notices.remind(at(soon.due_on))
    later = plan(cast.lead, due_on=TODAY + timedelta(days=60))
    workflow.change(soon, later, by=cast.lead, version=0, now=forms.NOW)
    notices.remind(at(TODAY + timedelta(days=46)))
    notices.remind(at(TODAY + timedelta(days=60)))
    assert [each.step for each in ActionReminder.objects.order_by("pk")] == [
        "day",
        "before",
        "day",
    ]


def test_a_person_with_many_gets_one_mail_and_the_leads_get_those_of_who_left(cast, form):
    for _number in range(4):
        make(form, cast.teacher, by=cast.lead)
    notices.remind(at(date(2026, 12, 1)))
    assert told() == [cast.teacher]
    assert "4 actions are due now." in Message.objects.get().body
    Membership.objects.filter(person=cast.teacher).update(ends_on=timezone.localdate())
    notices.remind(at(date(2026, 12, 8)))
    assert set(told()) == {cast.teacher, cast.lead, cast.senior}


def test_steps_as_pure_rules():
    due, long_ago = date(2026, 12, 1), date(2026, 1, 1)
    steps = [
        rules.step_reached(due, long_ago, due + timedelta(days=late))
        for late in (-15, -14, -1, 0, 6, 7, 13, 14)
    ]
    assert steps == ["", "before", "before", "day", "day", "week1", "week1", "week2"]
    assert rules.next_step_on(due, due - timedelta(days=14)) == due
    assert rules.next_step_on(due, due) == due + timedelta(days=7)
    assert rules.next_step_on(due, due + timedelta(days=16)) == due + timedelta(days=21)


# From year to year --------------------------------------------------------------------------------
def test_what_is_not_finished_is_carried_on_with_its_history(cast, form, action):
    finished = make(form, cast.lead)
    workflow.move_to(finished, S.CANCELLED, by=cast.lead, words="Not wanted.")
    workflow.note(action, "Half are trained.", by=cast.teacher)
    later = forms.form_of(cast.school, 2027)
    then = at(date(2027, 9, 1))
    assert workflow.carry_unfinished(later.cycle, now=then) == 1
    assert workflow.carry_unfinished(later.cycle, now=then) == 0
    carried = queries.actions_of(later)
    assert [each.code for each in carried] == [action.code]
    assert carried[0].years == [2026, 2027]
    assert carried[0].notes.count() == 1
    assert {each.code for each in queries.actions_of(form)} == {action.code, finished.code}
    # Its days count anew from when it was carried.
    further = plan(cast.teacher, due_on=date(2027, 11, 30))
    workflow.change(action, further, by=cast.lead, version=0, now=then)
    later.refresh_from_db()
    new = make(later, cast.lead, now=then, due_on=date(2027, 10, 1))
    assert new.code == f"A-{cast.school.pk}-2027-01"


def test_a_form_that_is_made_late_gets_its_actions_too(cast, form, action):
    cycle = forms.cycle_of(2027)
    then = at(date(2027, 9, 1))
    carry_actions(None, now=then)
    later = forms.form_of(cast.school, 2027)
    carry_actions(None, now=then + timedelta(days=40))
    assert [each.code for each in queries.actions_of(later)] == [action.code]
    signed = make(form, cast.lead)
    Assessment.objects.filter(pk=later.pk).update(status=Status.SIGNED, signed_at=then)
    assert workflow.carry_unfinished(cycle, now=then) == 0
    assert signed.code not in {each.code for each in queries.actions_of(later)}


# Pages --------------------------------------------------------------------------------------------
def test_who_sees_which_actions(cast, form, action):
    other = make(form, cast.lead, words="Rewrite the policy")

    def seen(name):
        return {each.pk for each in policy.visible_to(getattr(cast, name))}

    both = {action.pk, other.pk}
    for name in ("lead", "deputy", "senior"):
        assert seen(name) == both, name
    assert seen("teacher") == {action.pk}
    for name in ("other_lead", "manager", "moderator", "board_member", "stranger"):
        assert seen(name) == set(), name
    page = enter(cast.teacher).get(reverse("selfassessment:actions", args=[form.key]))
    assert action.words in page.content.decode()
    assert other.words not in page.content.decode()
    url = reverse("selfassessment:action", args=[form.key, other.pk])
    assert enter(cast.teacher).get(url).status_code == 404
    forms.put_in(form, Status.MODERATION, cast)
    for name in ("manager", "moderator"):
        assert seen(name) == both, name
        assert enter(getattr(cast, name)).get(url).status_code == 200, name
    for name in ("other_lead", "board_member", "stranger"):
        assert seen(name) == set(), name
        assert enter(getattr(cast, name)).get(url).status_code == 404, name


def sent(owner, **more):
    day = timezone.localdate() + timedelta(days=20)
    return {
        "standards": ["LG1"],
        "words": "Train all staff",
        "success_measure": "All are trained",
        "owner": str(owner.pk),
        "owner_role": "Head of year",
        "priority": "high",
        "due_on_day": day.day,
        "due_on_month": day.month,
        "due_on_year": day.year,
        **more,
    }


def test_an_action_is_made_moved_and_verified_without_script(cast, form):
    lead, teacher = enter(cast.lead), enter(cast.teacher)
    new = reverse("selfassessment:action_new", args=[form.key])
    page = lead.post(f"{new}?for=LG1", sent(cast.teacher, due_on_year=2090)).content.decode()
    assert "due within 90 days" in page
    answer = lead.post(f"{new}?for=LG1", sent(cast.teacher))
    assert answer["Location"] == reverse("selfassessment:standard", args=[form.key, "LG1"])
    one = Action.objects.get()

    def move(browser, to, **data):
        url = reverse("selfassessment:action_move", args=[form.key, one.pk, to])
        return browser.post(url, data)

    assert move(teacher, "in_progress", back="board")["Location"].endswith("?view=board")
    assert "Write what was achieved" in move(teacher, "done").content.decode()
    move(teacher, "done", words="All are trained.")
    assert move(teacher, "verified").status_code == 403
    teacher.post(reverse("selfassessment:action", args=[form.key, one.pk]), {"words": "A note."})
    assert move(lead, "verified").status_code == 302
    one.refresh_from_db()
    assert (one.status, one.verified_by) == (S.VERIFIED, cast.lead)
    assert move(lead, "cancelled").status_code == 302  # said to be moved already
    for late in (
        move(lead, "cancelled", words="We stop."),
        lead.post(reverse("selfassessment:action", args=[form.key, one.pk]), {"words": "We stop."}),
    ):
        assert str(OVERTAKEN) in late.content.decode()
        assert "We stop.</textarea>" in late.content.decode()
    assert one.notes.count() == 4


def test_the_plan_as_a_spreadsheet_has_harmless_cells(cast, form):
    make(form, cast.lead, words="=cmd|'/C calc'!A0")
    response = enter(cast.lead).get(reverse("selfassessment:actions_csv", args=[form.key]))
    rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert rows[1][2] == "'=cmd|'/C calc'!A0"
    assert rows[1][0] == f"A-{cast.school.pk}-2026-01"


def test_every_page_asks_little_of_the_database(cast, form):
    for number in range(15):
        one = make(form, cast.teacher, by=cast.lead, codes=["LG1", "RP1"])
        workflow.note(one, f"Note {number}.", by=cast.teacher)
    late = timezone.now()
    Action.objects.update(due_on=date(2026, 6, 1), late_told_at=late)
    plan_of = reverse("selfassessment:actions", args=[form.key])
    paths = [
        plan_of,
        f"{plan_of}?view=board",
        f"{plan_of}?view=calendar&month=2026-06",
        f"{plan_of}?view=nonsense&month=x",
        reverse("selfassessment:actions_csv", args=[form.key]),
        reverse("selfassessment:action", args=[form.key, one.pk]),
        reverse("selfassessment:my_actions"),
    ]
    of_leads = [
        f"{reverse('selfassessment:action_new', args=[form.key])}?for=LG1",
        reverse("selfassessment:action_change", args=[form.key, one.pk]),
        reverse("selfassessment:action_move", args=[form.key, one.pk, "done"]),
    ]
    many = {}
    for who, those in (
        (cast.lead, [*paths, *of_leads]),
        (cast.senior, paths),
        (cast.teacher, paths),
        (cast.manager, [reverse("selfassessment:late_actions")]),
    ):
        browser = enter(who)
        browser.get("/self-assessment/")
        for path in those:
            with CaptureQueriesContext(connection) as asked:
                assert browser.get(path).status_code == 200, path
            if len(asked) > 15:
                many[path.removeprefix(plan_of), who.pk] = len(asked)
    assert many == {}
    page = enter(cast.manager).get(reverse("selfassessment:late_actions")).content.decode()
    assert one.code in page
    assert one.words not in page
    assert enter(cast.lead).get(reverse("selfassessment:late_actions")).status_code == 403
