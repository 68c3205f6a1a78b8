"""Every page of whoever checks, takes in and decides, in each state, clean and in error."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from agencies import retention
from agencies.models import RetentionRule
from agencies.terms import Kept
from referrals import tasks, workflow
from referrals.models import Clock, NamedUser, Referral
from referrals.terms import NamedBy, Status
from tests.browser import walks
from tests.browser.conftest import Stage
from tests.browser.looking import Look, look_at, see
from tests.referrals import cases

pytestmark = pytest.mark.django_db


def page(referral: Referral, name: str) -> str:
    return reverse(f"referrals:{name}", args=[referral.key])


@pytest.fixture(scope="module")
def cast(stage: Stage) -> cases.Cast:
    """The company in the parts of the tests' own cast."""
    parts = {
        "practitioner": "hannah",
        "colleague": "joel",
        "lead": "ruth",
        "deputy": "neil",
        "prevent_lead": "joanna",
        "prevent_deputy": "imran",
        "prevent_senior": "gwen",
        "officer": "alice",
        "supervisor": "ian",
        "front_door": "lena",
        "adult_team": "sheila",
        "chair": "helen",
        "coordinator": "leo",
        "york_lead": "tom",
        "outsider_lead": "dev",
        "outsider": "sam",
        "portal_admin": "noor",
        "privacy_officer": "frank",
    }
    return cases.Cast(
        locality=stage.company.localities["NY"],
        other_locality=stage.company.localities["YK"],
        agency=stage.company.agencies["fellgate"],
        **{part: stage[key] for part, key in parts.items()},
    )


@pytest.fixture(scope="module")
def case_in(cast: cases.Cast) -> dict[Status, Referral]:
    """A case in each state that pages of this issue lead to, begun some working days ago."""
    states = [
        Status.AGENCY_CHECK,
        Status.RETURNED,
        Status.AGENCY_CLOSED,
        Status.OTHER_ROUTE,
        Status.SUBMITTED,
        Status.WITHDRAWN,
        Status.TRIAGE,
        Status.QUERY,
        Status.TRANSFERRED,
        Status.GATEWAY,
        Status.POLICE_LED,
        Status.INVESTIGATION_HOLD,
        Status.INFO_GATHERING,
        Status.PANEL_LISTED,
        Status.CLOSED,
    ]
    found = {state: cases.walk_to(cast, state) for state in states}
    # One of today, and an emergency.
    now = timezone.now()
    cases.walk_to(cast, Status.SUBMITTED, now=now)
    cases.walk_to(
        cast,
        Status.SUBMITTED,
        now=now,
        crime="yes",
        called_999="yes",
        called_at=cases.MONDAY,
        incident_number="NYP 1",
    )
    tasks.make_referral_pdf.func(str(found[Status.TRIAGE].pk))
    return found


def test_the_authors_status_page_in_each_state(stage, seat, case_in):
    looks = [Look(page(case, "status")) for case in case_in.values()]
    looks += [
        Look(page(case_in[Status.SUBMITTED], "sent")),
        Look(page(case_in[Status.RETURNED], "tasks")),
        Look(page(case_in[Status.RETURNED], "reply_to_lead"), sends="Send it back"),
        Look(page(case_in[Status.AGENCY_CLOSED], "despite")),
        Look(page(case_in[Status.AGENCY_CLOSED], "look_again"), sends="Send it to the check"),
        Look(page(case_in[Status.TRIAGE], "add_information"), sends="Add it to the referral"),
        Look(page(case_in[Status.TRIAGE], "write_message")),
        Look(reverse("referrals:home")),
        Look(reverse("referrals:list") + "?of=mine"),
    ]
    assert look_at(seat(stage["hannah"]), looks) == []


def test_who_refers_without_the_lead(stage, seat, cast):
    case = cases.walk_to(cast, Status.AGENCY_CLOSED)
    hannah = seat(stage["hannah"])
    hannah.go_case("despite", case)
    hannah.press("Go on to refer it myself")
    assert hannah.step == "own-reasons"
    looks = [
        Look(reverse("referrals:step", args=[case.key, "own-reasons"]), sends="Save and continue"),
        Look(page(case, "tasks")),
        Look(page(case, "answers"), sends="Share this referral"),
    ]
    assert look_at(hannah, looks) == []


def test_the_safeguarding_leads_pages(stage, seat, case_in):
    young = walks.handed_over(stage["hannah"], stage.answers("S04"), lead=stage["ruth"])
    NamedUser.objects.create(referral=young, person=stage["neil"], by=NamedBy.NAME)
    looks = [
        Look(page(young, "who_is_named"), sends="Save"),
        Look(reverse("referrals:home")),
        Look(reverse("referrals:list") + "?of=agency"),
        Look(page(case_in[Status.AGENCY_CHECK], "check"), sends="Record my decision"),
        Look(page(young, "check"), sends="Record my decision"),
        Look(page(case_in[Status.AGENCY_CHECK], "ask_colleague")),
        Look(page(case_in[Status.AGENCY_CHECK], "keep_out"), sends="Keep them out"),
        Look(page(case_in[Status.OTHER_ROUTE], "other_route")),
        Look(page(case_in[Status.OTHER_ROUTE], "status")),
        Look(page(case_in[Status.QUERY], "status")),
        Look(page(case_in[Status.QUERY], "answer_query"), sends="Send my answer"),
        Look(page(case_in[Status.SUBMITTED], "status")),
        Look(page(case_in[Status.SUBMITTED], "withdraw"), sends="Take the referral back"),
        Look(page(case_in[Status.TRIAGE], "status")),
        Look(page(case_in[Status.TRIAGE], "sheet")),
        Look(page(case_in[Status.CLOSED], "status")),
        Look(reverse("referrals:search")),
    ]
    assert look_at(seat(stage["ruth"]), looks) == []


def test_what_is_past_its_time(stage, seat, case_in):
    case = case_in[Status.CLOSED]
    if not RetentionRule.objects.in_force().filter(kind=Kept.NO_CONCERN).exists():
        rule = retention.propose(
            Kept.NO_CONCERN, months=12, child_months=6, source="Board", by=stage["frank"]
        )
        retention.sign(rule, by=stage["noor"])
    Clock.objects.filter(referral=case).update(stopped_at=timezone.now())
    Referral.objects.filter(pk=case.pk).update(stage_since=timezone.now() - timedelta(days=3000))
    frank, joanna = seat(stage["frank"]), seat(stage["joanna"])
    looks = [
        Look(reverse("referrals:disposal")),
        Look(f"{reverse('referrals:disposal_hold')}?case={case.key}", sends="Put it on hold"),
        Look(reverse("referrals:disposal_hold"), sends="Put it on hold"),
    ]
    assert look_at(joanna, looks) == []
    joanna.go("referrals:disposal")
    joanna.page.get_by_label(case.reference).check()
    joanna.press("Propose: these may be deleted")
    assert "A privacy officer signs it." in joanna.page.inner_text("main")
    frank.go("referrals:disposal")
    assert see(frank) == []
    frank.page.get_by_label(case.reference).check()
    frank.press("Sign: these are to be deleted")
    assert see(frank) == []
    frank.press(re.compile("^Stop it"))
    assert "It is not deleted." in frank.page.inner_text("main")


def test_a_colleague_is_asked_to_take_a_check(stage, seat):
    """One sentence, whoever may hear of it; no list from which anybody could be missing."""
    given = stage.answers("S01", spoken_to=stage["ruth"])
    case = walks.written(stage["hannah"], given, chosen=stage["ruth"])
    workflow.exclude(case, [stage["neil"]], by=stage["hannah"])
    workflow.hand_over(case, by=stage["hannah"])
    ruth = seat(stage["ruth"])
    assert look_at(ruth, [Look(page(case, "ask_colleague"))]) == []
    ruth.press("Ask my team")
    ruth.sees("Your team has been asked.")


def test_the_queue_in_each_view(stage, seat, case_in):
    queue = reverse("referrals:queue")
    views = ["", "?view=open", "?view=late", "?view=held", "?view=closed", "?sort=newest"]
    looks = [Look(queue + view) for view in views]
    looks += [
        Look(queue + "?stage=gateway&sector=health"),
        Look(reverse("referrals:search")),
        Look(reverse("referrals:search") + "?ref=NY-1999-0001"),
    ]
    assert look_at(seat(stage["joanna"]), looks) == []
    assert look_at(seat(stage["alice"]), [Look(queue)]) == []
    assert look_at(seat(stage["tom"]), [Look(queue)]) == []


def test_searching_by_name(stage, seat, case_in):
    joanna = seat(stage["joanna"])
    for given in ({}, {"forenames": "Nobody"}, {"forenames": "Callum"}):
        joanna.go("referrals:search")
        if given:
            joanna.answer(**given, surname="Rhodes", reason="A new referral of this name.")
        joanna.page.locator("form:has([name=surname]) button").click()
        joanna.page.wait_for_load_state()
        assert see(joanna) == []
        assert joanna.follow_error_links() == [] if not given else joanna.problems() == []
    joanna.sees("possible match")


@pytest.mark.parametrize("half", range(2))
def test_the_prevent_leads_case_in_each_state(stage, seat, case_in, half):
    shown = [case for state, case in case_in.items() if case.submitted_at]
    looks = [Look(page(case, "case")) for case in shown[half::2]]
    assert look_at(seat(stage["joanna"]), looks) == []


def test_what_the_prevent_lead_does(stage, seat, case_in):
    triage, gateway = case_in[Status.TRIAGE], case_in[Status.GATEWAY]
    looks = [
        Look(page(case_in[Status.SUBMITTED], "acknowledge")),
        Look(page(triage, "record_triage"), sends="Save the triage"),
        Look(page(triage, "pass_to_gateway"), sends="Pass to police"),
        Look(page(triage, "ask_referrer"), sends="Send my question"),
        Look(page(triage, "transfer"), sends="Offer the referral"),
        Look(page(triage, "give_feedback"), sends="Send it to the referrer"),
        Look(page(triage, "hand_to"), sends="Hand it over"),
        Look(page(triage, "write_message"), sends="Send message"),
        Look(page(triage, "opened")),
        Look(page(gateway, "take_case")),
        Look(
            page(case_in[Status.TRANSFERRED], "close_transferred"), sends="Record it and close here"
        ),
        Look(page(case_in[Status.CLOSED], "reopen"), sends="Open it again"),
    ]
    assert look_at(seat(stage["joanna"]), looks) == []
    offered = case_in[Status.TRANSFERRED]
    looks = [
        Look(page(offered, "case")),
        Look(page(offered, "accept_transfer")),
        Look(page(offered, "decline_transfer"), sends="Decline the referral"),
    ]
    assert look_at(seat(stage["tom"]), looks) == []


def test_the_gateways_pages(stage, seat, case_in):
    gateway = case_in[Status.GATEWAY]
    states = [
        Status.SUBMITTED,
        Status.TRIAGE,
        Status.GATEWAY,
        Status.POLICE_LED,
        Status.INVESTIGATION_HOLD,
        Status.INFO_GATHERING,
        Status.CLOSED,
    ]
    looks = [
        *(Look(page(case_in[state], "case")) for state in states),
        Look(page(gateway, "record_gateway"), sends="Save the gateway's answers"),
        Look(page(gateway, "record_outcome"), sends="Bring the outcome about"),
        Look(page(gateway, "lead_by_police"), sends="Record it"),
        Look(page(case_in[Status.POLICE_LED], "lead_by_police"), sends="Record it"),
        Look(page(case_in[Status.SUBMITTED], "take_at_gateway")),
    ]
    assert look_at(seat(stage["alice"]), looks) == []


def test_an_officer_learns_that_somebody_was_first(stage, seat, cast):
    case = cases.walk_to(cast, Status.GATEWAY)
    joanna = seat(stage["joanna"])
    joanna.go_case("ask_referrer", case)
    joanna.write("words", "Which bus does he take?")
    workflow.ask_referrer(case, "Which bus?", by=stage["alice"])
    joanna.press("Send my question")
    joanna.sees("Somebody was first", "Which bus does he take?")
    assert see(joanna) == []


def test_those_who_have_a_part_or_a_panel(stage, seat, case_in):
    home = Look(reverse("referrals:home"))
    sent = Look(page(case_in[Status.TRIAGE], "part"))
    assert look_at(seat(stage["lena"]), [home, sent]) == []
    assert look_at(seat(stage["sheila"]), [home]) == []
    panel = Look(page(case_in[Status.PANEL_LISTED], "case"))
    assert look_at(seat(stage["helen"]), [home, panel]) == []
    assert look_at(seat(stage["leo"]), [home]) == []
    for key in ("noor", "frank", "jill", "beth", "priya", "martin"):
        assert look_at(seat(stage[key]), [home]) == []
