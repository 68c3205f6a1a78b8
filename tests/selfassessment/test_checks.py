"""Checks before sign-off: each rule by what it finds and by what it leaves alone."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from agencies.models import Membership
from agencies.terms import Role
from selfassessment import checks, workflow
from selfassessment.actions.models import Action, ActionCycle, ActionStandard
from selfassessment.models import (
    Answer,
    Assessment,
    Assignment,
    Comment,
    Cycle,
    Evidence,
    EvidenceVersion,
    Helper,
    Profile,
    Remark,
)
from selfassessment.reports import frozen
from selfassessment.sheet import Sheet
from selfassessment.terms import Confidence, Priority, Rating, RemarkKind, Status
from tests.entry import enter
from tests.factories import LocalityFactory, UserFactory
from tests.selfassessment import forms
from vault import keys

TODAY = forms.NOW.date()
LONG = "The head and two governors met each half term and wrote down what they decided."


@pytest.fixture
def whole(cast, form):
    return forms.complete(form, cast)


@pytest.fixture
def with_last(cast, form):
    """Last year's form, signed, and this year's, whole, with other words in each."""
    last = forms.form_of(cast.school, 2025)
    forms.fill(last, Rating.DEVELOPING, by=cast.lead)
    forms.put_in(last, Status.SIGNED, cast)
    Answer.objects.filter(assessment=last).update(position=f"Then: {LONG}")
    forms.complete(form, cast)
    form.answers.update(what_changed="A deputy was named, trained and given time each week.")
    return form


def found(form, *, stops=None):
    """Names of the rules that find something, each with the codes of its standards."""
    shown: dict[str, list[str]] = {}
    for fault in checks.look_at(form, TODAY):
        if stops is None or fault.stops == stops:
            shown.setdefault(fault.rule, []).append(fault.code)
    return shown


def change(form, code, **values):
    form.answers.filter(standard__code=code).update(**values)


def plan(form, cast, code, **values):
    """An action for a standard, as its door leaves it."""
    action = Action.objects.create(
        **{
            "agency": form.agency,
            "assessment": form,
            "code": f"A-{form.agency_id}-2026-{Action.objects.count() + 1:02}",
            "words": "Name a deputy and train them.",
            "owner": cast.lead,
            "owner_role": "Safeguarding lead",
            "priority": Priority.CRITICAL,
            "due_on": TODAY + timedelta(days=10),
            "success_measure": "The deputy has done both courses.",
            "created_by": cast.lead,
            "created_at": forms.NOW,
            **values,
        }
    )
    ActionStandard.objects.create(action=action, code=code)
    ActionCycle.objects.create(action=action, assessment=form)
    return action


# --- The whole --------------------------------------------------------------------------------
def test_there_are_many_checks_each_with_a_sentence_of_its_own():
    assert len(checks.RULES) >= 20
    assert len({str(each.words) for each in checks.RULES.values()}) == len(checks.RULES)


def test_a_form_that_is_whole_is_stopped_by_nothing(whole):
    assert found(whole) == {}


def test_all_of_it_takes_the_same_few_queries_whatever_there_is(
    with_last, cast, django_assert_max_num_queries
):
    for code in ("LG1", "LG2", "RA1"):
        plan(with_last, cast, code)
    with django_assert_max_num_queries(12):
        checks.look_at(with_last, sheet=Sheet(with_last, TODAY))


def test_each_fault_leads_to_the_page_that_mends_it(whole):
    change(whole, "LG3", rating="")
    [fault] = checks.look_at(whole, TODAY)
    assert fault.path == f"/self-assessment/{whole.key}/lg3/"
    assert fault.what == "LG3 Governing body oversight: Choose the level that is wholly true."


# --- Answers ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("rule", "code", "values"),
    [
        ("not_answered", "LG3", {"rating": ""}),
        ("no_position", "LG3", {"position": " "}),
        ("no_confidence", "LG3", {"confidence": ""}),
        ("no_reason", "LG3", {"rating": "not_applicable", "not_applicable_reason": "No need."}),
        ("too_little_evidence", "LG3", {"rating": "in_place"}),
        ("no_action", "LG3", {"rating": "not_in_place"}),
        ("no_action", "LG1", {"rating": "developing"}),
    ],
)
def test_an_answer_that_is_not_whole_stops_the_form(whole, rule, code, values):
    change(whole, code, **values)
    assert found(whole, stops=True) == {rule: [code]}


@pytest.mark.parametrize(
    ("rule", "code", "values"),
    [
        ("few_words", "LG3", {"position": "We do it."}),
        (
            "looks_personal",
            "LG3",
            {"position": "Ring Mrs Hall on 01632 960 144, she is our governor."},
        ),
        ("looks_personal", "LG3", {"position": "The governor is a.hall@fellgate.example.org."}),
        ("looks_personal", "LG3", {"position": "The pupil, date of birth 1 May, was helped."}),
        (
            "a_must_not_applicable",
            "LG4",
            {"rating": "not_applicable", "not_applicable_reason": "We are not an authority."},
        ),
        (
            "unsure_of_the_highest",
            "LG1",
            {"rating": Rating.EMBEDDED, "confidence": Confidence.UNSURE},
        ),
    ],
)
def test_an_answer_that_is_odd_is_warned_of(whole, rule, code, values):
    change(whole, code, **values)
    assert found(whole) == {rule: [code]}


def test_two_standards_with_the_same_words_are_warned_of(whole):
    change(whole, "LG3", position=LONG)
    change(whole, "RA2", position=f"  {LONG.upper()} ")
    assert found(whole) == {"same_words_twice": ["RA2"]}


def test_one_rating_for_everything_is_warned_of(whole):
    whole.answers.update(rating=Rating.DEVELOPING)
    assert "all_alike" in found(whole)


def test_too_much_that_does_not_apply_is_warned_of(whole):
    shoulds = [each for each in Sheet(whole, TODAY).standards if not each.critical][:10]
    reason = "We have nothing to do with this at all."
    whole.answers.filter(standard__in=shoulds).update(
        rating=Rating.NOT_APPLICABLE, not_applicable_reason=reason
    )
    assert "many_not_applicable" in found(whole)


# --- Beside last year -------------------------------------------------------------------------
def test_a_second_year_that_is_whole_is_stopped_by_nothing(with_last):
    assert found(with_last, stops=True) == {}


def test_what_changed_is_asked_where_it_was_answered_before(with_last):
    change(with_last, "LG3", what_changed="")
    assert found(with_last, stops=True) == {"nothing_changed": ["LG3"]}


def test_a_year_that_was_not_signed_is_compared_with_by_nothing(with_last, cast):
    last = with_last.agency.assessments.get(cycle__year=2025)
    change(with_last, "LG3", what_changed="")
    Assessment.objects.filter(pk=last.pk).update(status=Status.IN_PROGRESS, signed_at=None)
    assert found(with_last, stops=True) == {}
    assert frozen.last_year(with_last) is None
    address = reverse("selfassessment:standard", args=[with_last.key, "LG3"])
    assert 'name="what_changed"' not in enter(cast.lead).get(address).content.decode()


def test_a_year_without_a_form_is_passed_over_by_checks_and_reports_alike(with_last, cast):
    last = with_last.agency.assessments.get(cycle__year=2025)
    Cycle.objects.filter(pk=last.cycle_id).update(year=2024)
    between = forms.form_of(cast.school, 2025)
    Assessment.objects.filter(pk=between.pk).update(status=Status.EXEMPT, exempt_reason="Closed.")
    change(with_last, "LG3", what_changed="")
    assert found(with_last, stops=True) == {"nothing_changed": ["LG3"]}
    before = frozen.last_year(with_last)
    assert before is not None
    assert before.form == last


def test_a_rating_that_rose_by_two_levels_says_why(with_last):
    change(with_last, "LG1", rating=Rating.EMBEDDED, what_changed="We worked.")
    assert found(with_last, stops=True) == {"rose_without_saying_why": ["LG1"]}


def test_last_years_words_are_confirmed_or_rewritten(with_last):
    change(with_last, "LG3", position=f"then {LONG.lower()}")
    assert found(with_last, stops=True) == {"last_years_words": ["LG3"]}
    change(with_last, "LG3", still_true_at=forms.NOW)
    assert found(with_last, stops=True) == {}


def test_another_rating_with_the_same_words_is_warned_of(with_last, cast):
    change(
        with_last,
        "LG3",
        position=f"Then: {LONG}",
        still_true_at=forms.NOW,
        rating=Rating.NOT_IN_PLACE,
    )
    plan(with_last, cast, "LG3")
    assert found(with_last) == {"other_rating_same_words": ["LG3"]}


def test_a_critical_gap_of_two_years_is_told(with_last, cast):
    last = Answer.objects.get(
        assessment__cycle__year=2025, assessment__agency=cast.school, standard__code="LG1"
    )
    Answer.objects.filter(pk=last.pk).update(rating=Rating.NOT_IN_PLACE)
    change(with_last, "LG1", rating=Rating.NOT_IN_PLACE)
    plan(with_last, cast, "LG1")
    assert found(with_last) == {"gap_for_two_years": ["LG1"]}


# --- Evidence ---------------------------------------------------------------------------------
def test_old_evidence_carries_developing_at_best(whole):
    Evidence.objects.update(dated_on=date(2025, 1, 1))
    stopped = found(whole, stops=True)
    assert set(stopped) == {"evidence_too_old"}
    assert len(stopped["evidence_too_old"]) == whole.answers.filter(rating="in_place").count()


def test_expired_evidence_counts_no_more(whole):
    Evidence.objects.filter(title="Policy of the school").update(expires_on=date(2026, 10, 4))
    shown = found(whole)
    assert set(shown) == {"too_little_evidence", "evidence_expired"}


def test_evidence_is_looked_at_for_its_file_its_owner_and_its_use(whole, cast):
    policy, minutes = Evidence.objects.order_by("-title")
    for evidence, state in ((policy, "infected"), (minutes, "pending")):
        keys.new_case(evidence.pk)
        EvidenceVersion.objects.create(
            evidence=evidence,
            number=1,
            kind="txt",
            name="policy.txt",
            size=4,
            sha256="a" * 64,
            content=b"text",
            state=state,
            added_by=cast.lead,
        )
    Evidence.objects.filter(pk=minutes.pk).update(owner=UserFactory())
    whole.evidence_uses.model.objects.filter(evidence=policy).exclude(standard__code="LG1").delete()
    minutes.uses.all().update(assessment=forms.form_of(cast.other_school))
    shown = found(whole)
    assert {"evidence_refused", "evidence_for_nothing"} <= set(shown)
    minutes.uses.all().update(assessment=whole)
    shown = found(whole)
    assert {"evidence_refused", "evidence_not_scanned", "evidence_without_owner"} <= set(shown)


# --- Actions ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("rule", "values"),
    [
        ("action_half_written", {"success_measure": ""}),
        ("action_too_late", {"due_on": TODAY + timedelta(days=31)}),
        ("action_not_pressing_enough", {"priority": Priority.LOW}),
        ("action_overdue", {"due_on": TODAY - timedelta(days=1)}),
    ],
)
def test_an_action_has_an_owner_a_measure_and_a_day_in_time(whole, cast, rule, values):
    change(whole, "LG1", rating=Rating.NOT_IN_PLACE)
    plan(whole, cast, "LG1", **values)
    assert set(found(whole)) == {rule}


def test_an_action_of_somebody_who_left_stops_the_form(whole, cast):
    plan(whole, cast, "LG3", owner=UserFactory(), priority=Priority.LOW)
    assert found(whole) == {"action_without_owner": [""]}


def test_a_cancelled_action_answers_no_gap(whole, cast):
    change(whole, "LG1", rating=Rating.NOT_IN_PLACE)
    plan(whole, cast, "LG1", status="cancelled", status_reason="No longer wanted.")
    assert found(whole) == {"no_action": ["LG1"]}


def test_an_action_for_nothing_that_is_asked_is_warned_of(whole, cast):
    plan(whole, cast, "CH1")  # of local authorities
    assert found(whole) == {"action_for_nothing": [""]}


# --- People -----------------------------------------------------------------------------------
def test_nobody_signs_where_there_is_no_senior_lead(whole, cast):
    Membership.objects.filter(person=cast.senior).delete()
    assert found(whole, stops=True) == {"nobody_signs": [""]}


def test_where_one_person_is_lead_and_senior_lead_somebody_is_missing(whole, cast):
    Membership.objects.filter(person__in=[cast.lead, cast.deputy]).update(person=cast.senior)
    assert "only_the_preparer_signs" in found(whole, stops=True)


def test_a_missing_deputy_is_warned_of(whole, cast):
    Membership.objects.filter(person=cast.deputy).delete()
    assert found(whole) == {"nobody_stands_in": [""]}


def test_whom_they_asked_is_wanted(whole):
    whole.consulted_how = ""
    whole.save()
    assert found(whole) == {"nobody_asked": [""]}


def test_open_comments_assignments_and_questions_are_told(whole, cast):
    helper = Helper.objects.create(assessment=whole, person=cast.teacher, added_by=cast.lead)
    standard = forms.standard("LG3")
    Assignment.objects.create(
        assessment=whole, standard=standard, helper=helper, given_by=cast.lead
    )
    Comment.objects.create(assessment=whole, standard=standard, words="Who?", by=cast.lead)
    Remark.objects.create(
        assessment=whole, kind=RemarkKind.RETURNED, words="Since when?", by=cast.manager
    )
    assert found(whole) == {
        "comments_open": ["LG3"],
        "not_done_by_helpers": ["LG3"],
        "questions_open": [""],
    }


def test_a_check_that_the_board_waived_stops_nothing_and_is_still_shown(whole, cast):
    whole.evidence_uses.filter(standard__code="LG1").delete()
    waiver = workflow.ask_waiver(whole, "too_little_evidence", "LG1", "Lost.", by=cast.lead)
    assert found(whole, stops=True) == {"too_little_evidence": ["LG1"]}
    assert "waivers_undecided" in found(whole)
    workflow.decide_waiver(waiver, granted=True, why="Seen on site.", by=cast.manager)
    assert found(whole, stops=True) == {}
    [fault] = checks.look_at(whole, TODAY)
    assert (fault.rule, fault.waiver) == ("too_little_evidence", "granted")


def test_the_short_form_asks_for_no_second_person(cast):
    Profile.objects.filter(agency=cast.school).update(short_form=True)
    form = forms.complete(forms.form_of(cast.school), cast)
    Membership.objects.filter(person__in=[cast.senior, cast.deputy]).delete()
    assert found(form) == {}
    assert Membership.objects.filter(agency=cast.school, role=Role.LEAD).count() == 1


def test_the_second_boards_form_is_checked_by_the_shared_answers(whole, cast):
    second = forms.form_of(cast.school, board=LocalityFactory(code="YK"), answers_of=whole)
    change(whole, "LG3", position="")
    [fault] = checks.look_at(second, TODAY)
    assert fault.path == f"/self-assessment/{second.key}/lg3/"  # where it can be mended
