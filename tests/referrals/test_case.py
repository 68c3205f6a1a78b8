"""The case page, its acts, and the part of it that a front door reads."""

import html
import re
import uuid
from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from agencies import people, workdays
from agencies.terms import Role
from audit.models import AuditEvent
from outbox.models import Message as Mail
from referrals import acts, feedback, policy, timeline, workflow
from referrals.acts import ACTS
from referrals.matching import possible_matches
from referrals.models import Exclusion, KeptText, Message, Referral
from referrals.standing import Serves, Standing
from referrals.terms import (
    FROM_PANEL,
    SHARED,
    ClockKind,
    MessageKind,
    NoteReaders,
    RecipientKind,
    Status,
)
from tests.entry import enter
from tests.factories import MembershipFactory
from tests.referrals import cases
from ui import dates

S = Status


def page_of(person: User, referral: Referral, rest: str = "") -> str:
    response = enter(person).get(f"{referral.get_absolute_url()}{rest}")
    assert response.status_code == 200, (response.status_code, response.headers)
    return response.content.decode()


def post(who: User, referral: Referral, verb: str, /, **typed: Any) -> Any:
    return enter(who).post(f"{referral.get_absolute_url()}{verb}/", typed)


def people_of(cast: cases.Cast) -> dict[str, User]:
    found = {f.name: getattr(cast, f.name) for f in fields(cast)}
    return {name: person for name, person in found.items() if isinstance(person, User)}


def standing(person: User, referral: Referral) -> Standing:
    return Standing.of(Serves.of(person, people.roles_of(person)), referral)


# How people stand to a case ---------------------------------------------------------------------
@pytest.mark.parametrize(
    "status", [S.AGENCY_CHECK, S.TRIAGE, S.TRANSFERRED, S.PANEL_LISTED, S.POLICE_LED]
)
def test_a_standing_says_what_the_policy_says(status, cast, case_in):
    referral = case_in(status)
    for name, person in people_of(cast).items():
        if not Referral.objects.visible_to(person).filter(pk=referral.pk).exists():
            continue
        it = standing(person, referral)
        assert it.is_author is policy.is_author(person, referral), name
        assert it.leads_agency is policy.leads_agency(person, referral), name
        assert it.leads_locality is policy.leads_locality(person, referral), name
        assert it.receives is policy.leads_receiving_locality(person, referral), name
        assert it.decides_at_gateway is policy.decides_at_gateway(person, referral), name
        assert it.supervises_gateway is policy.supervises_gateway(person, referral), name
        assert it.chairs is policy.chairs(person, referral), name
        assert it.coordinates is policy.coordinates(person, referral), name
        assert it.sees_triage is policy.sees_triage(person, referral), name
        assert it.sees_part_only is policy.sees_part_only(person, referral), name
        assert it.reads_team_notes is policy.reads_team_notes(person, referral), name
        assert it.sees_real_status is policy.sees_real_status(person, referral), name


def test_nobody_who_wrote_a_referral_decides_on_it(cast, case_in):
    referral = case_in(S.GATEWAY)
    Referral.objects.filter(pk=referral.pk).update(created_by=cast.officer)
    referral = cases.fresh(referral)
    assert not policy.decides_at_gateway(cast.officer, referral)
    assert not standing(cast.officer, referral).decides_at_gateway
    page = page_of(cast.officer, referral)
    assert "You or your own agency made this referral, so you do not decide on it." in page
    assert "record-gateway" not in page


PAGES = {
    S.DRAFT: {"practitioner": "tasks"},
    S.AGENCY_CHECK: {"practitioner": "status", "lead": "check", "deputy": "check"},
    S.AGENCY_CLOSED: {"practitioner": "status", "lead": "status"},
    S.TRIAGE: {
        "practitioner": "status",
        "lead": "status",
        "prevent_lead": "",
        "officer": "",
        "front_door": "part",
    },
    S.TRANSFERRED: {"york_lead": "", "prevent_lead": ""},
    S.PANEL_LISTED: {"chair": "", "coordinator": "", "prevent_lead": ""},
}


@pytest.mark.parametrize("status", list(PAGES))
def test_everybody_comes_to_their_own_page(status, cast, case_in):
    referral = case_in(status)
    for name, page in PAGES[status].items():
        response = enter(getattr(cast, name)).get(referral.get_absolute_url())
        if page:
            assert response["Location"] == f"{referral.get_absolute_url()}{page}/", name
        else:
            assert response.status_code == 200, name
    assert enter(cast.outsider).get(referral.get_absolute_url()).status_code == 404


# The page ---------------------------------------------------------------------------------------
def test_the_page_says_what_to_know_and_what_comes_next(cast, case_in):
    referral = case_in(S.TRIAGE, anonymous="yes")
    page = page_of(cast.prevent_lead, referral)
    for words in (
        f"<title>{referral.reference} - Prevent portal</title>",
        "It is about Callum Rhodes, 15.",
        "He has been told.",
        "A parent or carer knows.",
        "Children&#x27;s front door has it.",
        "They have not confirmed it yet.",
        "Reaching Ruth Adeyemi:",
        "01632 960145, 8am to 4:30pm.",
        "Hannah Ellis wishes to stay unnamed to him.",
        "Next: record the triage",
        "Select whether it is complete enough",
        "Ask the referrer for more",
        "Transfer to another area",
        "You cannot close it here. Only the police gateway can close a referral",
        "With you, since",
        "Deputy: Imran Siddiq.",
        "Opened by 1 person.",
        "people like that should be cleared out",
        "Check: decided by Ruth Adeyemi",
        "Ask the gateway for the national record.",
        "Acknowledged by the Prevent lead.",
        "Shared.",
    ):
        assert words in page, words
    workflow.record_triage(referral, cases.TRIAGE, by=cast.prevent_lead)
    assert "Next: pass it to police" in page_of(cast.prevent_lead, referral)


def test_999_comes_first(cast, case_in):
    referral = case_in(
        S.SUBMITTED,
        harm="yes",
        called_999="yes",
        called_at=cases.MONDAY,
        incident_number="123",
        urgency="emergency",
    )
    page = page_of(cast.prevent_lead, referral)
    assert "999 was called Monday 16 November" in page
    assert "Incident number 123." in page
    assert "999: confirm that police have it." in page
    assert "Next: acknowledge it" in page


def test_ethnic_group_and_other_help_are_never_on_it(cast, case_in):
    referral = case_in(S.TRIAGE, ethnic_group="asian")
    workflow.record_route(
        referral, {"routes": ["crisis"], "sent_where": "CANARYroute"}, by=cast.lead
    )
    for person in (cast.prevent_lead, cast.officer):
        page = page_of(person, referral)
        assert "CANARYroute" not in page
        assert "Asian" not in page
        assert "Recorded the other route" not in page


def test_words_between_author_and_lead_stay_in_the_agency(cast, case_in):
    referral = case_in(S.TRIAGE)
    Message.objects.create(
        referral=referral,
        kind=MessageKind.QUESTION,
        by=cast.lead,
        body="CANARYquestion",
        at=timezone.now(),
        to_referrer=True,
    )
    assert "CANARYquestion" not in page_of(cast.prevent_lead, referral)


def test_what_came_since_the_last_look_is_new(cast, case_in):
    referral = case_in(S.TRIAGE)
    workflow.write_message(referral, "We have it.", by=cast.prevent_lead)
    page_of(cast.prevent_lead, referral)
    workflow.write_message(referral, "He is collecting early on Friday.", by=cast.practitioner)
    page = page_of(cast.prevent_lead, referral)
    assert "Conversation (1 new)" in page
    assert "He is collecting early on Friday." in page
    assert "new)" not in page_of(cast.prevent_lead, referral)


def test_the_page_asks_the_database_fifteen_questions_at_most(cast, case_in):
    referral = case_in(S.TRIAGE)
    case_in(S.TRIAGE)  # a possible match
    noted = case_in(S.GATEWAY)
    for to in (S.POLICE_LED, S.GATEWAY):
        workflow.lead_by_police(noted, to, "CANARYnote", by=cast.officer)
    looks = [(cast.prevent_lead, referral), (cast.officer, referral), (cast.officer, noted)]
    assert "CANARYnote" in page_of(cast.officer, noted)
    for person, referral in looks:
        browser = enter(person)
        browser.get(referral.get_absolute_url())
        with CaptureQueriesContext(connection) as captured:
            browser.get(referral.get_absolute_url())
        now_and_then = ("SAVEPOINT", "guidance_urgentnotice")  # the notice is kept for a while
        asked = [q["sql"] for q in captured.captured_queries]
        asked = [sql for sql in asked if not any(word in sql for word in now_and_then)]
        assert len(asked) <= 15, "\n".join(q[:150] for q in asked)


def test_who_opened_it_can_be_read_by_those_who_work_it(cast, case_in):
    referral = case_in(S.TRIAGE)
    page_of(cast.officer, referral)
    page = page_of(cast.prevent_lead, referral)
    assert "Opened by 2 people." in page
    page = page_of(cast.prevent_lead, referral, "opened/")
    assert "DC Alice Moor" in page
    assert "Police gateway officer" in page
    for person in (cast.lead, cast.practitioner, cast.front_door):
        response = enter(person).get(f"{referral.get_absolute_url()}opened/")
        assert response.status_code == 403


def test_a_possible_match_is_named_to_leads_and_never_to_the_author(cast, case_in):
    first = case_in(S.CLOSED)
    second = case_in(S.TRIAGE)
    page = page_of(cast.prevent_lead, second)
    assert "Possible match" in page
    assert f"{first.reference}</span></a>" in page
    assert "date of birth" not in page.split('id="earlier"')[1].split("</ul>")[0]  # nor by what
    assert first.reference not in page_of(cast.practitioner, second, "status/")
    first.exclusions.create(person=cast.prevent_lead, by=cast.practitioner)
    assert first.reference not in page_of(cast.prevent_lead, second)


NAMED = {"forenames": "Callum", "surname": "Reid"}
HOME = {"addresses": [{"address": "4 Quay Lane, Whitby, YO21 1AA", "note": ""}]}
BORN = {"born": {"year": 2011, "month": 2, "day": 3}}


@pytest.mark.parametrize(
    ("other", "matches"),
    [
        (NAMED | BORN, True),
        (NAMED | HOME, True),
        (NAMED | {"addresses": [{"address": "4, quay lane. WHITBY YO21 1AA"}]}, True),
        (NAMED | {"addresses": [{"address": "Flat 2"}, {"address": "yo211aa"}]}, True),
        (NAMED | {"born": {"year": 2011, "month": 2, "day": 4}}, False),
        (NAMED | {"addresses": [{"address": "Not known"}]}, False),
        (HOME | BORN | {"forenames": "Dean", "surname": "Reid"}, False),
        (HOME | BORN | {"forenames": "not known", "surname": "not known"}, False),
        (NAMED, False),
    ],
)
def test_a_match_needs_the_name_and_the_date_of_birth_or_an_address(other, matches, cast, case_in):
    blank = {"born": {}, "addresses": [], "age": 15, "left_out_reason": "I do not know."}
    case_in(S.TRIAGE, **blank | other)
    referral = case_in(S.TRIAGE, **blank | NAMED | BORN | HOME)
    assert bool(possible_matches(referral, cast.prevent_lead, 10)) == matches
    assert bool(possible_matches(referral, cast.officer, 10)) == matches
    assert not possible_matches(referral, cast.outsider, 10)


# Police-led -------------------------------------------------------------------------------------
def steady(page: str) -> str:
    """A page without what differs between any two looks."""
    token = r'name="csrfmiddlewaretoken" value="[^"]+"|data-left="\d+"'
    return re.sub(token + r"|\d+ minutes?|\d+ hours?|\d{1,2}:\d\d[ap]m", "", page)


@pytest.mark.parametrize(
    ("before", "hidden"),
    [
        (S.SUBMITTED, S.POLICE_LED),
        (S.TRIAGE, S.INVESTIGATION_HOLD),
        (S.QUERY, S.POLICE_LED),
        (S.GATEWAY, S.INVESTIGATION_HOLD),
        (S.IN_SUPPORT, S.POLICE_LED),
    ],
)
def test_nothing_on_any_page_tells_what_the_police_do_out_of_sight(before, hidden, cast, case_in):
    referral = case_in(before)
    watchers = {
        "prevent_lead": ["", "opened/"],
        "practitioner": ["status/"],
        "lead": ["status/"],
        "front_door": ["part/"],
    }
    if before in FROM_PANEL:
        watchers["coordinator"] = [""]
    pages = [(getattr(cast, name), rest) for name, rests in watchers.items() for rest in rests]
    for person, rest in pages:
        page_of(person, referral, rest)

    def looks() -> list[str]:
        found = [steady(page_of(person, referral, rest)) for person, rest in pages]
        return [re.sub(r"(?s)<tbody.*</tbody>|Opened by \d+ \w+", "", page) for page in found]

    seen = looks()
    workflow.lead_by_police(referral, hidden, by=cast.officer)
    workflow.record_gateway(cases.fresh(referral), {"rationale": "CANARYreason"}, by=cast.officer)
    assert looks() == seen
    real = page_of(cast.officer, referral)
    assert str(hidden.label) in real
    assert "Nobody else is told." in real
    assert "CANARYreason" in real
    # Nor does the log that the agency reads.
    log = AuditEvent.objects.filter(agency=str(cast.agency.pk)).values_list("kind", flat=True)
    assert not {f"referral.{hidden}", "referral.gateway_record_saved"} & set(log)
    if before == S.IN_SUPPORT:
        assert str(hidden.label) in page_of(cast.chair, referral)


@pytest.mark.parametrize(
    ("before", "verb", "person", "typed", "after"),
    [
        (S.SUBMITTED, "acknowledge", "prevent_lead", {}, S.TRIAGE),
        (S.GATEWAY, "ask-referrer", "prevent_lead", {"words": "Which game?"}, S.QUERY),
        (S.QUERY, "answer-query", "lead", {"words": "That one."}, S.TRIAGE),
        (S.SUBMITTED, "withdraw", "lead", {"words": "By mistake."}, S.WITHDRAWN),
    ],
)
def test_what_people_do_meanwhile_goes_on_as_if_nothing_had_happened(
    before, verb, person, typed, after, cast, case_in
):
    referral = case_in(before)
    workflow.lead_by_police(referral, S.POLICE_LED, by=cast.officer)
    response = post(getattr(cast, person), referral, verb, **typed)
    assert response.status_code == 302, response.content.decode()
    referral = cases.fresh(referral)
    assert referral.status == S.POLICE_LED
    assert referral.outward_status == after
    workflow.lead_by_police(referral, S.GATEWAY, "It is done.", by=cast.officer)
    assert cases.fresh(referral).outward_status == S.GATEWAY


def test_an_offer_of_another_area_can_be_taken_up_meanwhile(cast, case_in):
    referral = case_in(S.TRIAGE)
    workflow.lead_by_police(referral, S.INVESTIGATION_HOLD, by=cast.officer)
    response = post(
        cast.prevent_lead, referral, "transfer", receiver=str(cast.other_locality.pk), words="York"
    )
    assert response.status_code == 302
    assert post(cast.york_lead, referral, "accept-transfer").status_code == 302
    referral = cases.fresh(referral)
    assert (referral.status, referral.outward_status) == (S.INVESTIGATION_HOLD, S.TRIAGE)
    assert referral.locality == cast.other_locality


# Acts -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("status", sorted(SHARED))
def test_what_is_offered_is_allowed_and_what_is_not_is_refused(status, cast, case_in):
    referral = case_in(status)
    for name, person in people_of(cast).items():
        if not Referral.objects.visible_to(person).filter(pk=referral.pk).exists():
            continue
        it = standing(person, referral)
        browser = enter(person)
        offered = []
        if it.sees_case:
            asking = acts.Asking(referral, it, person)
            following = acts.next_for(asking)
            offered = [other.act.verb for other in following.others]
            offered += [following.primary.verb] if following.primary else []
            page = browser.get(referral.get_absolute_url()).content.decode()
            for verb in offered:
                assert f"{referral.get_absolute_url()}{verb}/" in page, (name, verb)
        for verb, act in ACTS.items():
            response = browser.get(f"{referral.get_absolute_url()}{verb}/")
            if verb in offered:
                assert response.status_code == 200, (name, verb)
            elif not act.who(it):
                assert response.status_code == 403, (name, verb)
                assert post(person, referral, verb, words="x").status_code == 403, (name, verb)


def test_a_referral_is_walked_from_arrival_to_its_end(cast, case_in):
    referral = case_in(S.SUBMITTED)
    steps: list[tuple[User, str, dict[str, Any], Status]] = [
        (cast.prevent_lead, "acknowledge", {}, S.TRIAGE),
        (cast.prevent_lead, "ask-referrer", {"words": "Which game?"}, S.QUERY),
        (cast.lead, "answer-query", {"words": "That one."}, S.TRIAGE),
        (cast.prevent_lead, "record-triage", cases.TRIAGE, S.TRIAGE),
        (cast.prevent_lead, "pass-to-gateway", {}, S.GATEWAY),
        (cast.officer, "take-case", {}, S.GATEWAY),
        (
            cast.officer,
            "record-gateway",
            {
                "national_reference": "N-1",
                "national_earlier": "none",
                "deconflicted": "no",
                "tool": "paf",
                "outcome": "no_concern",
                "closure_reason": "misguided",
                "category": "not_appropriate",
                "rationale": "The game explains it.",
                "second_officer": str(cast.supervisor.pk),
            },
            S.GATEWAY,
        ),
        (cast.officer, "record-outcome", {}, S.CLOSED),
        (cast.prevent_lead, "give-feedback", {"words": "Thank you."}, S.CLOSED),
        (cast.prevent_lead, "reopen", {"words": "A new message."}, S.GATEWAY),
    ]
    for person, verb, typed, after in steps:
        response = post(person, referral, verb, **typed)
        assert response.status_code == 302, (verb, response.content.decode())
        assert response["Location"].startswith(referral.get_absolute_url())
        assert cases.fresh(referral).status == after, verb
    page = page_of(cast.prevent_lead, referral)
    for words in ("Opened again at the gateway", "Gave feedback to the referrer.", "Which game?"):
        assert words in page


def test_passing_on_asks_for_the_triage_first(cast, case_in):
    referral = case_in(S.TRIAGE)
    response = post(cast.prevent_lead, referral, "pass-to-gateway")
    page = response.content.decode()
    assert response.status_code == 200
    assert "Select whether it belongs to your area" in page
    # Each sentence leads to its own input, which stands on the page of the triage.
    triage = f"{referral.get_absolute_url()}record-triage/"
    links = re.findall(rf'<li><a href="{triage}#([^"]+)">', page)
    assert len(links) == 4
    asked = enter(cast.prevent_lead).get(triage).content.decode()
    assert [one for one in links if f'id="{one}"' not in asked] == []
    assert cases.fresh(referral).status == S.TRIAGE


def test_triage_is_saved_as_far_as_it_is_written(cast, case_in):
    referral = case_in(S.TRIAGE)
    page = post(cast.prevent_lead, referral, "record-triage", complete="yes").content.decode()
    assert "Select whether there are earlier records" in page
    assert "Error: " in page
    post(cast.prevent_lead, referral, "record-triage", complete="yes", later="1")
    referral = cases.fresh(referral)
    assert referral.triage_record.complete == "yes"
    assert referral.triage_record.earlier == ""


def test_of_two_who_write_the_same_triage_the_second_reads_both(cast, case_in):
    referral = case_in(S.TRIAGE)
    client = enter(cast.prevent_lead)
    address = f"{referral.get_absolute_url()}record-triage/"
    opened = re.search(r'name="seen" value="(\d+)"', client.get(address).content.decode())
    assert opened is not None
    theirs = {"complete": "ask", "safety_actions": "Doors are watched."}
    workflow.record_triage(cases.fresh(referral), theirs, by=cast.prevent_deputy)
    mine = {"complete": "yes", "safety_actions": "Nothing is needed.", "later": "1"}
    response = client.post(address, mine | {"seen": opened[1]})
    page = response.content.decode()
    assert response.status_code == 409
    assert "This was saved meanwhile" in page
    assert "Imran Siddiq saved it on" in page
    assert "Doors are watched." in page
    assert "Nothing is needed." in page
    assert cases.fresh(referral).triage_record.safety_actions == "Doors are watched."
    kept = KeptText.objects.get(referral=referral, by=cast.prevent_lead)
    assert kept.answers["safety_actions"] == "Nothing is needed."
    again = re.search(r'name="seen" value="(\d+)"', page)
    assert again is not None
    assert client.post(address, mine | {"seen": again[1]}).status_code == 302
    assert cases.fresh(referral).triage_record.safety_actions == "Nothing is needed."
    assert client.post(address, mine | {"seen": again[1]}).status_code == 302  # a second press


def test_closing_a_childs_case_asks_for_a_second_officer(cast, case_in):
    referral = case_in(S.GATEWAY)
    typed = {
        "national_reference": "N-1",
        "national_earlier": "none",
        "deconflicted": "no",
        "tool": "paf",
        "outcome": "no_concern",
        "closure_reason": "misguided",
        "category": "not_appropriate",
        "rationale": "The game explains it.",
    }
    page = post(cast.officer, referral, "record-gateway", **typed).content.decode()
    assert "Select the second officer" in page
    assert "The game explains it." in page
    assert post(cast.officer, referral, "record-outcome").status_code == 200
    assert cases.fresh(referral).status == S.GATEWAY


def test_of_two_leads_the_second_is_told_who_was_first(cast, case_in):
    referral = case_in(S.SUBMITTED)
    post(cast.prevent_deputy, referral, "acknowledge")
    response = enter(cast.prevent_lead).post(
        f"{referral.get_absolute_url()}acknowledge/", follow=True
    )
    at = timezone.localtime(AuditEvent.objects.filter(kind="referral.triage").get().at)
    page = response.content.decode()
    assert f"Imran Siddiq took this case at {at.hour % 12 or 12}" in page
    assert cases.fresh(referral).holder == cast.prevent_deputy
    late = enter(cast.prevent_lead).get(f"{referral.get_absolute_url()}acknowledge/", follow=True)
    assert "Imran Siddiq took this case at" in late.content.decode()


def test_whoever_loses_a_race_keeps_their_words(cast, case_in):
    referral = case_in(S.TRIAGE)
    workflow.record_triage(referral, cases.TRIAGE, by=cast.prevent_deputy)
    workflow.ask_referrer(cases.fresh(referral), "Which game?", by=cast.prevent_deputy)
    response = post(cast.prevent_lead, referral, "ask-referrer", words="My own long question.")
    page = response.content.decode()
    assert response.status_code == 409
    assert "Imran Siddiq was first at" in page
    assert "Nothing you wrote is lost:" in page
    assert "My own long question." in page
    assert not Message.objects.filter(referral=referral, by=cast.prevent_lead).exists()


def test_a_second_press_of_the_same_button_is_no_fault(cast, case_in):
    referral = case_in(S.SUBMITTED)
    for _press in range(2):
        response = post(cast.prevent_lead, referral, "acknowledge")
        assert response.status_code == 302
    assert cases.fresh(referral).status == S.TRIAGE
    assert AuditEvent.objects.filter(kind="referral.triage").count() == 1


@pytest.mark.parametrize("verb", ["ask-referrer", "write-message", "give-feedback"])
def test_a_box_left_empty_says_what_to_write(verb, cast, case_in):
    referral = case_in(S.TRIAGE)
    for words in ("", "   ", "\x00"):
        response = post(cast.prevent_lead, referral, verb, words=words)
        page = response.content.decode()
        assert response.status_code == 200
        assert "Error: " in page
        assert "govuk-error-summary" in page
    assert cases.fresh(referral).status == S.TRIAGE


def test_feedback_begins_with_words_that_fit_the_stage(cast, case_in):
    referral = case_in(S.CLOSED)
    page = page_of(cast.prevent_lead, referral, "give-feedback/")
    assert "Closed: no Prevent support needed" in page
    assert "We have it" not in page
    page = page_of(cast.prevent_lead, referral, "give-feedback/?template=closed-no-support")
    assert "no Prevent support is needed. You were right to raise it." in page
    assert "call 999" in page
    assert "Why the gateway" not in page
    early = page_of(cast.prevent_lead, referral, "give-feedback/?template=received")
    assert "We have your referral and are reading it." not in early
    before = referral.clocks.running().filter(kind=ClockKind.FEEDBACK)
    assert before.exists()
    post(cast.prevent_lead, referral, "give-feedback", words="Thank you, it is closed.")
    assert not referral.clocks.running().filter(kind=ClockKind.FEEDBACK).exists()
    assert "Thank you, it is closed." in page_of(cast.practitioner, referral, "status/")


def test_no_template_says_what_may_never_be_said():
    for template in feedback.TEMPLATES:
        words = str(template.text).lower()
        assert not re.search(r"intelligence|database|checks|arrest|please|sorry", words)


def test_a_lead_reads_why_it_was_closed_and_no_assessment(cast, case_in):
    closed = case_in(S.CLOSED)
    page = page_of(cast.prevent_lead, closed)
    assert "Misguided: context explains it" in page
    assert "N-1" not in page
    assert "N-1" in page_of(cast.officer, closed)
    at_gateway = case_in(S.INFO_GATHERING)
    assert "Enough to look further." not in page_of(cast.prevent_lead, at_gateway)


def test_a_case_is_handed_only_to_those_of_the_same_work(cast, case_in):
    referral = case_in(S.TRIAGE)
    page = page_of(cast.prevent_lead, referral, "hand-to/")
    assert "Imran Siddiq" in page
    assert "DC Alice Moor" not in page
    response = post(cast.prevent_lead, referral, "hand-to", person=str(cast.officer.pk))
    assert "Select one of the people shown" in response.content.decode()
    post(cast.prevent_lead, referral, "hand-to", person=str(cast.prevent_deputy.pk))
    assert cases.fresh(referral).holder == cast.prevent_deputy
    # The agency's lead does other work: no officer's name is for her.
    assert enter(cast.lead).get(f"{referral.get_absolute_url()}hand-to/").status_code == 403


def test_an_offer_can_be_declined_or_ended_outside_the_portal(cast, case_in):
    referral = case_in(S.TRANSFERRED)
    page = page_of(cast.york_lead, referral)
    assert "Next: accept it" in page
    declined = post(cast.york_lead, referral, "decline-transfer", words="He moved back.")
    assert declined["Location"] == "/referrals/"  # the case is no longer theirs to see
    assert cases.fresh(referral).status == S.TRIAGE
    assert "He moved back." in page_of(cast.prevent_lead, referral)
    assert "He moved back." not in page_of(cast.practitioner, referral, "status/")
    offered = case_in(S.TRANSFERRED)
    assert "close-transferred" not in page_of(cast.prevent_lead, offered)
    refused = post(cast.prevent_lead, offered, "close-transferred", words="By telephone.")
    assert "The other area works in the portal" in refused.content.decode()
    other = case_in(S.TRIAGE)
    post(cast.prevent_lead, other, "transfer", receiver="outside", words="He lives in Leeds.")
    assert "Offered to an area outside the portal" in page_of(cast.prevent_lead, other)
    post(cast.prevent_lead, other, "close-transferred", words="Leeds, by telephone today.")
    assert cases.fresh(other).status == S.CLOSED


def test_the_police_say_where_it_goes_out_of_sight_and_back(cast, case_in):
    referral = case_in(S.GATEWAY)
    page = page_of(cast.officer, referral, "lead-by-police/")
    assert "Led by the police" in page
    assert "Close it" not in page
    post(cast.officer, referral, "lead-by-police", target="police_led")
    page = page_of(cast.officer, referral, "lead-by-police/")
    assert "Back to the gateway" in page
    assert post(cast.prevent_lead, referral, "lead-by-police", target="gateway").status_code == 403
    assert post(cast.officer, referral, "lead-by-police", target="gateway").status_code == 200
    assert cases.fresh(referral).status == S.POLICE_LED
    post(cast.officer, referral, "lead-by-police", target="gateway", words="It is done.")
    assert cases.fresh(referral).status == S.GATEWAY
    assert post(cast.officer, referral, "lead-by-police", target="draft").status_code == 200


# One reply --------------------------------------------------------------------------------------
def test_each_message_to_the_referrer_can_be_replied_to_once(cast, case_in):
    referral = case_in(S.TRIAGE)
    typed = {"words": "He is away on Friday."}
    page = page_of(cast.practitioner, referral, "status/")
    assert "There is no message to reply to yet." in page
    assert "Send my reply" not in page
    # The page of the reply says so too, in place of a box that would be refused.
    page = page_of(cast.practitioner, referral, "write-message/")
    assert "There is no message to reply to yet." in page
    assert "<textarea" not in page
    assert "<textarea" in page_of(cast.prevent_lead, referral, "write-message/")
    assert "There is no message to reply to yet." in (
        post(cast.practitioner, referral, "write-message", **typed).content.decode()
    )
    for words in ("We have it.", "Did he come?"):
        workflow.write_message(referral, words, by=cast.prevent_lead)
        page = page_of(cast.practitioner, referral, "status/")
        assert words in page
        assert "Send my reply" in page
        response = post(cast.practitioner, referral, "write-message", **typed)
        assert response["Location"].startswith(referral.get_absolute_url())
        # Neither they nor their lead, for whom it was meant too, reply once more.
        for person in (cast.practitioner, cast.lead):
            page = page_of(person, referral, "status/")
            assert "Hannah Ellis has replied already" in page
            assert "Send my reply" not in page
            refused = post(person, referral, "write-message", words="And on Monday.")
            assert refused.status_code == 200
            assert "Hannah Ellis has replied already" in refused.content.decode()
            assert "And on Monday." in refused.content.decode()
    page = page_of(cast.prevent_lead, referral)
    assert page.count("He is away on Friday.") == 2
    assert "Answer from the referrer" in page
    assert "And on Monday." not in page
    # What is new goes with the referral at any time.
    post(cast.practitioner, referral, "add-information", words="He has come back.")
    assert "He has come back." in page_of(cast.prevent_lead, referral)


def test_feedback_can_be_replied_to_and_a_question_is_answered_as_one(cast, case_in):
    referral = case_in(S.CLOSED)
    workflow.give_feedback(referral, "Thank you.", by=cast.prevent_lead)
    workflow.write_message(referral, "Thank you too.", by=cast.lead)
    with pytest.raises(workflow.ReplyRefused):
        workflow.write_message(referral, "Once more.", by=cast.practitioner)
    asked = case_in(S.QUERY)
    with pytest.raises(workflow.ReplyRefused):
        workflow.write_message(asked, "That game.", by=cast.practitioner)
    assert "Your safeguarding lead answers this question." in (
        page_of(cast.practitioner, asked, "status/")
    )
    assert "Send my answer" in page_of(cast.lead, asked, "status/")
    workflow.answer_query(asked, "That game.", by=cast.lead)
    second = post(cast.lead, asked, "answer-query", words="Or another one.")
    assert "the case has moved on" in second.content.decode()
    assert "Or another one." in second.content.decode()
    assert "Send my reply" not in page_of(cast.lead, asked, "status/")


def test_a_mail_that_went_out_of_hours_does_not_count_as_told(cast, case_in):
    sunday = cases.MONDAY.replace(day=15, hour=21)
    referral = cases.walk_to(cast, S.SUBMITTED, now=sunday)
    page = page_of(cast.lead, referral, "status/")
    assert page.count("outside working hours, not yet told") == 3
    one = referral.recipients.get(kind=RecipientKind.POLICE)
    workflow.record_call(referral, one, by=cast.lead, now=sunday)
    page = page_of(cast.lead, referral, "status/")
    assert page.count("outside working hours, not yet told") == 2
    assert "told by telephone" in page
    assert "front door: sent, and not yet told." in page_of(cast.prevent_lead, referral)
    workflow.acknowledge(referral, by=cast.prevent_lead, now=cases.MONDAY)
    # Taken in by the lead; the front door has still said nothing.
    assert page_of(cast.lead, referral, "status/").count("not yet told") == 1
    assert "not yet told" not in page_of(cast.lead, case_in(S.SUBMITTED), "status/")


def test_the_confirmation_says_sent_and_not_yet_told_out_of_hours(cast, monkeypatch):
    sunday = cases.MONDAY.replace(day=15, hour=21)
    monkeypatch.setattr("django.utils.timezone.now", lambda: sunday)
    referral = cases.walk_to(cast, S.SUBMITTED, now=sunday)
    page = page_of(cast.lead, referral, "sent/")
    assert "The message has been sent. Outside working hours nobody may have read it: ring" in page
    assert page.count(": sent, not yet told") == 3
    monkeypatch.setattr("django.utils.timezone.now", lambda: cases.MONDAY)
    assert "not yet told" not in page_of(cast.lead, referral, "sent/")


def test_the_check_says_when_they_talked_and_that_it_was_late(cast, case_in):
    late = "The talk was more than one working day after it came to light."
    today = timezone.localdate()
    came = workdays.add_working_days(today - timedelta(days=14), 0, cast.locality)
    noticed = {"day": came.day, "month": came.month, "year": came.year}
    referral = case_in(S.AGENCY_CHECK, noticed_when=noticed)
    spoken = timezone.now()
    referral.check_record.spoken_at = spoken
    referral.check_record.save()
    page = page_of(cast.lead, referral, "check/")
    assert f"Talked about {dates.moment(spoken)}." in page
    assert late in page
    referral.check_record.spoken_at = timezone.now() - timedelta(days=14)
    referral.check_record.save()
    assert late not in page_of(cast.lead, referral, "check/")


# The part ---------------------------------------------------------------------------------------
ENTITLED = {
    "forenames": "CANARYforename",
    "observed": "CANARYobserved: he said it in form time, and I sat near him.",
    "told_by_others": "CANARYtold",
    "worry": "CANARYworry",
    "contact_notes": "CANARYcontact",
    "action_taken": "yes",
    "action_detail": "CANARYaction",
}
NOT_ENTITLED = {
    "belief_matters": "yes",
    "belief": "CANARYbelief",
    "belief_reason": "CANARYbeliefreason",
    "nationality": "CANARYnationality",
    "explanations": "CANARYexplanations",
    "strengths_detail": "CANARYstrengths",
    "facts_verified": "CANARYfacts",
    "told_response": "CANARYtoldresponse",
    "decision_reasons": "CANARYreasons, in a text of more than forty characters.",
    "noticed_by": {"name": "CANARYnoticed", "role": "Tutor"},
    "ideology": "erw",
}


def test_the_part_holds_what_section_8_names_and_nothing_else(cast, case_in):
    referral = case_in(S.TRIAGE, **ENTITLED, **NOT_ENTITLED)
    workflow.record_triage(
        referral, cases.TRIAGE | {"safety_actions": "CANARYsafety"}, by=cast.prevent_lead
    )
    workflow.write_message(referral, "CANARYmessage", by=cast.prevent_lead)
    page = page_of(cast.front_door, referral, "part/")
    for words in ENTITLED.values():
        if str(words).startswith("CANARY"):
            assert words in page, words
    for hidden in NOT_ENTITLED.values():
        token = hidden["name"] if isinstance(hidden, dict) else str(hidden).split(",")[0]
        if token.startswith("CANARY"):
            assert token not in page, token
    for words in ("Extreme right-wing", "CANARYsafety", "CANARYmessage", "Triage", "Joanna Firth"):
        assert words not in page, words
    event = AuditEvent.objects.filter(kind="referral.viewed", person=cast.front_door).get()
    assert event.role == "front_door"


def test_we_have_it_is_said_once_and_read_by_the_prevent_lead(cast, case_in):
    referral = case_in(S.SUBMITTED)
    page = page_of(cast.front_door, referral, "part/")
    assert ">We have it</button>" in page
    for _press in range(2):
        assert post(cast.front_door, referral, "confirm-receipt").status_code == 302
    assert AuditEvent.objects.filter(kind="referral.received").count() == 1
    assert ">We have it</button>" not in page_of(cast.front_door, referral, "part/")
    assert "Confirmed" in page_of(cast.prevent_lead, referral)
    assert post(cast.prevent_lead, referral, "confirm-receipt").status_code == 403
    assert post(cast.adult_team, referral, "confirm-receipt").status_code == 404
    response = enter(cast.prevent_lead).get(f"{referral.get_absolute_url()}part/")
    assert response["Location"] == referral.get_absolute_url()


# The timeline -----------------------------------------------------------------------------------
def test_the_timeline_does_not_single_out_who_was_kept_out_later(cast, case_in):
    referral = case_in(S.TRIAGE)
    before = timeline.of_case(referral, user=cast.officer, real=True)
    assert "Joanna Firth" in {line.who for line in before}
    Exclusion.objects.create(referral=referral, person=cast.prevent_lead, by=cast.officer)
    assert timeline.of_case(referral, user=cast.officer, real=True) == before


def test_what_a_lead_changed_is_told_in_names_of_answers(cast, case_in):
    referral = case_in(S.AGENCY_CHECK)
    answers = cases.CHECK | {"decision_reasons": "CANARYreasons: forty characters and a few more."}
    cases.fill(referral, answers, by=cast.lead)
    workflow.decide(cases.fresh(referral), by=cast.lead)
    cases.fill(cases.fresh(referral), cases.SHARE, by=cast.lead)
    workflow.submit(cases.fresh(referral), by=cast.lead, form_key=uuid.uuid4())
    page = page_of(cast.prevent_lead, referral)
    told = timeline.of_case(referral, user=cast.prevent_lead, real=False)
    changes = [line for line in told if line.what.startswith("Changed: ")]
    assert {line.who for line in changes} == {"Ruth Adeyemi"}
    assert len(changes) == 2  # before the decision and after it, however many pages
    assert "reasons for the decision" in changes[-1].what.lower()
    assert changes[-1].what in html.unescape(page)
    assert "CANARY" not in str([event.detail for event in AuditEvent.objects.all()])


def test_what_is_the_agencys_own_affair_is_not_told_as_a_change(cast, case_in):
    referral = case_in(S.OTHER_ROUTE)
    event = AuditEvent.objects.get(kind="referral.answered", detail__step="other-route")
    assert "routes" in event.detail["fields"]
    told = timeline.of_case(referral, user=cast.prevent_lead, real=False)
    assert len([line for line in told if line.what.startswith("Changed: ")]) == 1
    assert not [line for line in told if "other help" in line.what.lower()]


# Notes ------------------------------------------------------------------------------------------
def test_a_note_is_for_the_team_or_for_its_author_alone(cast, case_in):
    referral = case_in(S.TRIAGE)
    sent = Mail.objects.count()
    for readers in ("team", "self"):
        words = f"CANARY{readers}: ring the school first."
        response = post(cast.prevent_lead, referral, "write-note", words=words, readers=readers)
        assert response["Location"].endswith("#talk")
    page = page_of(cast.prevent_lead, referral)
    assert "CANARYteam" in page
    assert '<strong class="govuk-tag">Team</strong>' in page
    assert "CANARYself" in page
    assert '<strong class="govuk-tag">Only you</strong>' in page
    for colleague in (cast.prevent_deputy, cast.prevent_senior, cast.officer, cast.supervisor):
        page = page_of(colleague, referral)
        assert "CANARYteam" in page
        assert "CANARYself" not in page
        assert "Only you" not in page
    assert Mail.objects.count() == sent
    events = AuditEvent.objects.filter(kind="referral.note_written")
    assert [event.detail for event in events] == [{"readers": "team"}, {"readers": "self"}]
    assert {event.agency for event in events} == {""}
    told = timeline.of_case(referral, user=cast.officer, real=True)
    assert not [line for line in told if "note" in line.what.lower()]


def test_a_note_says_what_is_missing_and_keeps_the_words(cast, case_in):
    referral = case_in(S.TRIAGE)
    response = post(cast.officer, referral, "write-note", words="Ring the school first.")
    assert "Select who reads it" in response.content.decode()
    assert "Ring the school first." in response.content.decode()
    assert "Write your note" in (
        post(cast.officer, referral, "write-note", readers="self").content.decode()
    )
    assert not referral.messages.filter(kind=MessageKind.NOTE).exists()


def test_only_the_team_of_a_shared_case_writes_notes(cast, case_in):
    referral = case_in(S.PANEL_LISTED)
    team = {"prevent_lead", "prevent_deputy", "prevent_senior", "officer", "supervisor"}
    for name, person in people_of(cast).items():
        if name in team:
            workflow.write_note(referral, "A note.", NoteReaders.TEAM, by=person)
            continue
        with pytest.raises(PermissionDenied):
            workflow.write_note(referral, "A note.", NoteReaders.SELF, by=person)
    for close in (cast.prevent_lead, cast.officer):
        Exclusion.objects.create(referral=referral, person=close, by=cast.lead)
        with pytest.raises(PermissionDenied):
            workflow.write_note(referral, "A note.", NoteReaders.SELF, by=close)
    unshared = case_in(S.AGENCY_CHECK)
    with pytest.raises(PermissionDenied):
        workflow.write_note(unshared, "A note.", NoteReaders.SELF, by=cast.prevent_senior)


def test_a_team_note_is_not_read_by_one_of_the_agency_that_referred(cast, case_in):
    referral = case_in(S.TRIAGE)
    workflow.write_note(referral, "CANARYteam", NoteReaders.TEAM, by=cast.prevent_lead)
    MembershipFactory(person=cast.prevent_deputy, role=Role.PRACTITIONER, agency=cast.agency)
    assert "CANARYteam" not in page_of(cast.prevent_deputy, referral)


def test_every_kind_of_event_that_a_case_makes_has_words():
    for status in Status:
        assert f"referral.{status}" in timeline.KINDS or status == Status.DRAFT, status
