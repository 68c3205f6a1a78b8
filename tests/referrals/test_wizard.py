"""The walk of whoever writes, page by page, as a browser without script sees it."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import escape

from accounts.models import User
from agencies import workflow as agency_workflow
from agencies.models import Absence, Membership
from agencies.terms import AgencyType, Role
from outbox.models import Message as Mail
from referrals import routing, walks, workflow
from referrals.answers import Answers
from referrals.models import KeptText, Referral, Submission
from referrals.questions import BY_NAME, Kind
from referrals.steps import STEP, STEPS
from referrals.terms import ReceivedBy, Section, Status, YesNo
from tests.entry import enter
from tests.factories import AgencyFactory, MembershipFactory, UserFactory
from tests.referrals import browsing, cases
from tests.referrals.browsing import draft_of, post_page, seen, stored, url
from tests.referrals.cases import fresh

MOST_QUERIES = 15
NOTICE_PAGES = [step for step in STEPS if step.section == Section.NOTICE]


def sign_in(person: User, client: Client | None = None) -> Any:
    return enter(person, client)


@pytest.fixture
def author(cast):
    return sign_in(cast.practitioner)


@pytest.fixture
def draft(cast):
    """A draft with all of NOTICE answered."""
    return cases.draft(cast)


@pytest.fixture
def ready(cast, draft):
    """A draft that can be handed over."""
    workflow.exclude(draft, [], by=cast.practitioner)
    cases.fill(draft, {"spoken_to": cast.lead}, by=cast.practitioner)
    return fresh(draft)


def words(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def found(pattern: str, page: str) -> str:
    match = re.search(pattern, page)
    assert match, pattern
    return match[1]


def walk_through(client: Any, referral: Referral, answers: dict) -> list[str]:
    """Open and send page after page, as "Save and continue" leads; the names of the pages."""
    walked: list[str] = []
    address = url(referral, "danger")
    while (match := re.fullmatch(rf"/referrals/{referral.key}/([\w-]+)/(\?.*)?", address)) and (
        match[1] in STEP and match[1] != "check"
    ):
        step = match[1]
        with CaptureQueriesContext(connection) as asked:
            opened = client.get(address)
        assert opened.status_code == 200, step
        assert len(asked) <= MOST_QUERIES, (step, len(asked))
        assert "Error:" not in words(opened)
        answered = client.post(
            address, {"seen": seen(referral, step), **browsing.page(step, answers)}
        )
        assert answered.status_code == 302, (
            step,
            re.findall(r'error-message">.*?</p>', words(answered)),
        )
        walked.append(step)
        address = answered.url
    walked.append(address.split("/")[3])
    return walked


# Begin ------------------------------------------------------------------------------------------
def test_somebody_new_is_asked_first_where_they_work_and_comes_back(db):
    stranger = UserFactory(email="new@nowhere.example.org", name="")
    client = sign_in(stranger)
    response = client.get("/referrals/new/")
    assert response.status_code == 302
    assert response.url == "/agency/join/?next=%2Freferrals%2Fnew%2F"
    assert client.post("/referrals/new/").url == response.url
    assert not Referral.objects.filter(created_by=stranger).exists()


def test_one_button_begins_a_draft_at_the_question_about_danger(cast, author):
    page = words(author.get("/referrals/new/"))
    assert "You do not have to be certain" in page
    assert "How did you learn of it?" not in page
    response = author.post("/referrals/new/")
    referral = draft_of(cast.practitioner)
    assert response.url == url(referral, "danger")
    assert referral.received_by == ReceivedBy.PORTAL
    assert not referral.one_walk


def test_pressing_the_button_twice_begins_one_draft(cast, author):
    first, second = author.post("/referrals/new/"), author.post("/referrals/new/")
    assert first.url == second.url
    assert Referral.objects.filter(created_by=cast.practitioner).count() == 1
    post_page(author, draft_of(cast.practitioner), "danger", cases.NOTICE)
    assert author.post("/referrals/new/").url != first.url


@pytest.mark.parametrize("role", [Role.LEAD, Role.AGENCY_ADMIN])
def test_whoever_may_type_in_says_how_it_came(cast, role):
    person = UserFactory()
    MembershipFactory(person=person, role=role, agency=cast.agency)
    client = sign_in(person)
    assert "How did you learn of it?" in words(client.get("/referrals/new/"))
    refused = client.post("/referrals/new/")
    assert refused.status_code == 200
    assert "Select how you learned of it" in words(refused)
    client.post("/referrals/new/", {"received_by": "telephone"})
    referral = draft_of(person)
    assert referral.received_by == ReceivedBy.TELEPHONE
    assert referral.one_walk == (role == Role.LEAD)
    assert not Answers(referral).get("noticed_by")


def test_without_any_agency_the_page_says_whom_to_ask(cast):
    page = sign_in(cast.prevent_lead).get("/referrals/new/")
    assert "Your account belongs to no agency" in words(page)
    sign_in(cast.prevent_lead).post("/referrals/new/")
    assert not Referral.objects.filter(created_by=cast.prevent_lead).exists()


def test_a_pending_confirmation_holds_no_draft_up(cast):
    person = UserFactory()
    place = MembershipFactory(person=person, agency=cast.agency, pending=True)
    client = sign_in(person)
    client.post("/referrals/new/")
    referral = draft_of(person)
    assert referral.agency is None
    page = words(client.get(url(referral, "tasks")))
    assert cast.lead.name not in page
    agency_workflow.confirm(place, by=cast.lead)
    assert fresh(referral).agency == cast.agency
    assert f"{cast.lead.name}" in words(client.get(url(referral, "lead")))


def test_the_paper_form_has_every_question_of_notice_in_order(author):
    page = words(author.get("/referrals/blank-form/"))
    place = 0
    for step in NOTICE_PAGES:
        for question in step.questions:
            heading = f'<h3 class="govuk-heading-s">{escape(str(question.text))}'
            place = page.find(heading, place) + 1
            assert place, question.name


# Page after page --------------------------------------------------------------------------------
def test_a_practitioner_walks_notice_and_hands_over(cast, author):
    author.post("/referrals/new/")
    referral = draft_of(cast.practitioner)
    walked = walk_through(author, referral, cases.NOTICE)
    assert walked[0] == "danger"
    assert walked[-1] == "closeness"
    assert {"observed", "features", "name", "born", "parents", "explanations"} <= set(walked)
    assert not {"called", "event", "online", "age", "gaps"} & set(walked)
    typed = Answers(fresh(referral))
    for name, value in cases.NOTICE.items():
        if BY_NAME[name].is_asked(typed):
            assert typed.get(name) == value, name
    response = author.post(url(referral, "closeness"), {"close": "nobody"})
    assert response.url == url(referral, "lead")
    response = post_page(author, referral, "lead", {"spoken_to": cast.lead})
    assert response.url == url(referral, "answers")
    page = words(author.get(response.url))
    assert f"Send to {cast.lead.name}" in page
    assert f"{cast.lead.name}, your safeguarding lead" in page
    assert f"{cast.deputy.name}, who covers" in page
    response = author.post(url(referral, "answers"))
    assert response.url == url(referral, "sent")
    referral = fresh(referral)
    assert (referral.status, referral.lead) == (Status.AGENCY_CHECK, cast.lead)
    page = words(author.get(response.url))
    assert f"Sent to {cast.lead.name}" in page
    assert "999" in page
    assert Mail.objects.filter(kind="referral.check", to_person=cast.lead).count() == 1


def test_a_lead_walks_all_three_parts(cast):
    client = sign_in(cast.lead)
    client.post("/referrals/new/", {"received_by": "portal"})
    referral = draft_of(cast.lead)
    cases.fill(referral, cases.NOTICE, by=cast.lead)
    response = post_page(client, referral, "other-concerns", cases.NOTICE)
    assert response.url == url(referral, "closeness")
    assert cast.deputy.name in words(client.get(url(referral, "closeness")))
    response = client.post(url(referral, "closeness"), {"close": "nobody"})
    assert response.url == url(referral, "check")
    cases.fill(referral, cases.CHECK, by=cast.lead)
    page = words(client.get(url(referral, "tasks")))
    assert "Check your answers and share" in page
    address = url(referral, "noticed-by")
    for name in ("noticed-by", "referrer", "sector", "ideology", "urgency", "form"):
        assert address == url(referral, name)
        assert client.get(address).status_code == 200
        address = post_page(client, referral, name, cases.SHARE).url
    assert address == url(referral, "answers")
    page = words(client.get(address))
    assert "Share this referral" in page
    for body in routing.recipients(Answers(fresh(referral))):
        assert body.name.replace("'", "&#x27;") in page
    response = client.post(address, {"form_key": uuid.uuid4(), "declared": "on"})
    assert response.url == url(referral, "sent")
    referral = fresh(referral)
    assert referral.status == Status.SUBMITTED
    assert referral.reference in words(client.get(response.url))


def test_somebody_without_a_lead_takes_the_advice_line_and_shares(cast):
    alone = AgencyFactory(kind=AgencyType.INDEPENDENT, locality=cast.locality)
    person = UserFactory(name="Carol Dunn")
    MembershipFactory(person=person, agency=alone)
    client = sign_in(person)
    client.post("/referrals/new/")
    referral = draft_of(person)
    advice = {"advice_line": "reached", "advice_line_detail": "They said to refer, today at noon."}
    cases.fill(referral, cases.NOTICE, by=person)
    response = post_page(client, referral, "other-concerns", cases.NOTICE)
    assert response.url == url(referral, "advice-line")
    assert client.get(response.url).status_code == 200
    assert post_page(client, referral, "advice-line", advice).url == url(referral, "check")
    page = words(client.get(url(referral, "tasks")))
    assert "2. Check: with the advice line" in page
    assert "close to it" not in page
    cases.fill(referral, cases.CHECK, by=person)
    for name in ("noticed-by", "referrer", "sector", "ideology", "urgency", "form"):
        assert post_page(client, referral, name, cases.SHARE).status_code == 302
    client.post(url(referral, "answers"), {"form_key": uuid.uuid4(), "declared": "on"})
    assert fresh(referral).status == Status.SUBMITTED


def test_an_administrator_says_who_noticed_and_hands_over(cast):
    admin = UserFactory(name="Ola Office")
    MembershipFactory(person=admin, role=Role.AGENCY_ADMIN, agency=cast.agency)
    client = sign_in(admin)
    client.post("/referrals/new/", {"received_by": "paper"})
    referral = draft_of(admin)
    cases.fill(referral, cases.NOTICE, by=admin)
    workflow.exclude(referral, [], by=admin)
    response = post_page(client, referral, "lead", {"spoken_to": cast.lead})
    assert response.url == url(referral, "noticed-by")
    response = post_page(client, referral, "noticed-by", cases.SHARE)
    assert response.url == url(referral, "answers")
    client.post(response.url)
    assert fresh(referral).status == Status.AGENCY_CHECK
    assert stored(referral, "noticed_by")["name"] == "Hannah Ellis"


def test_a_lead_who_decided_walks_share_and_sends(cast, ready):
    workflow.hand_over(ready, by=cast.practitioner)
    client = sign_in(cast.lead)
    assert client.get(url(ready, "answers")).url == url(ready)
    assert client.get(url(ready, "ideology")).url == url(ready)
    cases.fill(fresh(ready), cases.CHECK | {"spoken_at": cases.MONDAY}, by=cast.lead)
    workflow.decide(fresh(ready), by=cast.lead)
    page = words(client.get(url(ready, "tasks")))
    assert "Share this concern" in page
    for name in ("noticed-by", "referrer", "sector", "ideology", "urgency", "form"):
        with CaptureQueriesContext(connection) as asked:
            assert client.get(url(ready, name)).status_code == 200
        assert len(asked) <= MOST_QUERIES, name
        assert post_page(client, ready, name, cases.SHARE).status_code == 302
    with CaptureQueriesContext(connection) as asked:
        page = words(client.get(url(ready, "answers")))
    assert len(asked) <= MOST_QUERIES
    assert "people like that should be cleared out" in page
    assert f'href="{url(ready, "observed")}' not in page
    assert f'href="{url(ready, "ideology")}?next=answers"' in page
    client.post(url(ready, "answers"), {"form_key": uuid.uuid4(), "declared": "on"})
    assert fresh(ready).status == Status.SUBMITTED


def test_the_referrer_is_the_lead_unless_she_says_otherwise(cast, ready):
    workflow.hand_over(ready, by=cast.practitioner)
    cases.fill(fresh(ready), cases.CHECK | {"spoken_at": cases.MONDAY}, by=cast.lead)
    workflow.decide(fresh(ready), by=cast.lead)
    page = words(sign_in(cast.lead).get(url(ready, "referrer")))
    assert f'value="{cast.lead.name}"' in page
    assert f'value="{cast.lead.email}"' in page


def test_a_practitioner_who_refers_all_the_same_walks_own_reasons_and_share(cast, author, ready):
    workflow.hand_over(ready, by=cast.practitioner)
    workflow.begin_despite(fresh(ready), by=cast.practitioner)
    cases.fill(fresh(ready), {"spoken_at": cases.MONDAY}, by=cast.lead)
    page = words(author.get(url(ready, "tasks")))
    assert "Check your answers and share" in page
    response = post_page(author, ready, "own-reasons", cases.DESPITE)
    assert response.url == url(ready, "noticed-by")
    for name in ("noticed-by", "referrer", "sector", "ideology", "urgency", "form"):
        assert post_page(author, ready, name, cases.SHARE).status_code == 302
    page = words(author.get(url(ready, "answers")))
    assert "I was there and I saw his face" in page
    author.post(url(ready, "answers"), {"form_key": uuid.uuid4(), "declared": "on"})
    assert fresh(ready).status == Status.SUBMITTED


def test_a_returned_concern_shows_the_question_and_goes_back_with_an_answer(cast, author, ready):
    workflow.hand_over(ready, by=cast.practitioner)
    workflow.ask_author(fresh(ready), "Who else was there?", by=cast.lead)
    assert "Who else was there?" in words(author.get(url(ready, "tasks")))
    assert post_page(author, ready, "worry", {"worry": "More words."}).status_code == 302
    assert "Who else was there?" in words(author.get(url(ready, "answers")))
    response = author.post(url(ready, "answers"), {"words": "Jack was."})
    assert response.url == url(ready, "sent")
    assert fresh(ready).status == Status.AGENCY_CHECK
    assert ready.messages.get(kind="reply").body == "Jack was."


def test_a_lead_who_leads_no_longer_hands_over(cast):
    client = sign_in(cast.lead)
    client.post("/referrals/new/", {"received_by": "portal"})
    referral = draft_of(cast.lead)
    cases.fill(referral, cases.NOTICE, by=cast.lead)
    Membership.objects.filter(person=cast.lead).update(role=Role.PRACTITIONER)
    page = words(client.get(url(referral, "tasks")))
    assert "Check your answers and send to your lead" in page
    client.post(url(referral, "closeness"), {"close": "nobody"})
    post_page(client, referral, "lead", {"spoken_to": cast.deputy})
    client.post(url(referral, "answers"))
    assert fresh(referral).lead == cast.deputy


# The task list ----------------------------------------------------------------------------------
def test_the_task_list_says_what_is_done_and_what_waits(cast, author, draft):
    page = words(author.get(url(draft, "tasks")))
    assert "Only you can see it" in page
    assert "Completed" in page
    assert "Cannot start yet" in page
    assert "Not started" in page
    assert url(draft, "delete-draft") in page


def test_a_half_written_task_is_in_progress(cast, author):
    author.post("/referrals/new/")
    referral = draft_of(cast.practitioner)
    post_page(author, referral, "observed", {"observed": "He said"}, later="1")
    assert "In progress" in words(author.get(url(referral, "tasks")))


def test_it_says_who_is_on_duty_and_not_who_is_away(cast, author, draft, monkeypatch):
    monkeypatch.setattr("agencies.workdays.is_working_day", lambda *a: True)
    page = words(author.get(url(draft, "tasks")))
    assert f"{cast.lead.name} is on duty today, until 5pm" in page
    today = timezone.localdate()
    Absence.objects.create(person=cast.lead, starts_on=today, ends_on=today)
    page = words(author.get(url(draft, "tasks")))
    assert f"{cast.deputy.name} is on duty today" in page


@pytest.mark.parametrize("name", ["tasks", "answers", "closeness", "lead", "observed", "gaps"])
def test_pages_of_a_full_draft_stay_within_their_queries(cast, author, draft, name):
    if name == "gaps":
        cases.fill(draft, {"language": ""}, by=cast.practitioner)
    with CaptureQueriesContext(connection) as asked:
        assert author.get(url(draft, name)).status_code == 200
    assert len(asked) <= MOST_QUERIES, [one["sql"][:90] for one in asked.captured_queries]


@pytest.mark.parametrize("name", ["tasks", "answers", "closeness", "sector"])
def test_pages_of_a_leads_own_draft_stay_within_their_queries(cast, name):
    referral = cases.draft(cast, by=cast.lead)
    client = sign_in(cast.lead)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(url(referral, name)).status_code == 200
    assert len(asked) <= MOST_QUERIES, [one["sql"][:90] for one in asked.captured_queries]


# Saving -----------------------------------------------------------------------------------------
def test_saving_for_later_keeps_whatever_is_there(cast, author):
    author.post("/referrals/new/")
    referral = draft_of(cast.practitioner)
    response = post_page(author, referral, "observed", {"observed": "He said"}, later="1")
    assert response.url == url(referral, "tasks")
    assert stored(referral, "observed") == "He said"
    assert "He said" in words(author.get(url(referral, "observed")))


def test_what_cannot_be_read_is_not_lost_by_saving_for_later(cast, author):
    author.post("/referrals/new/")
    referral = draft_of(cast.practitioner)
    response = post_page(
        author,
        referral,
        "noticed",
        {"noticed_when": {"day": 31, "month": 2, "year": 2026}},
        later="1",
    )
    assert response.status_code == 200
    page = words(response)
    assert "there is no 31 February 2026" in page
    assert 'value="31"' in page
    assert "Select how the person came to notice" not in page


def test_too_few_words_are_kept_and_refused_only_when_it_is_sent(cast, author, ready):
    response = post_page(author, ready, "observed", {"observed": "He said"})
    assert response.status_code == 200
    page = words(response)
    assert "<title>Error: What happened?" in page
    assert "at least 40 characters. You have written 7." in page
    assert "He said</textarea>" in page
    assert stored(ready, "observed") == "He said"
    response = author.post(url(ready, "answers"))
    assert response.status_code == 200
    page = words(response)
    assert "Before you can send it" in page
    assert f'<a href="{url(ready, "observed")}?next=answers">Write what happened</a>' in page
    assert fresh(ready).status == Status.DRAFT


def test_another_row_is_added_without_script_and_nothing_is_complained_of(cast, author, draft):
    response = author.post(
        url(draft, "parents"),
        {
            "seen": seen(draft, "parents"),
            **browsing.page("parents", cases.NOTICE),
            "add_parents": "1",
        },
    )
    assert response.status_code == 200
    page = words(response)
    assert "Error:" not in page
    assert "parents_1_name" in page
    assert f'name="seen" value="{seen(draft, "parents")}"' in page


def test_a_change_from_the_review_comes_back_to_it(cast, author, ready):
    page = words(author.get(url(ready, "answers")))
    assert f'href="{url(ready, "worry")}?next=answers"' in page
    opened = words(author.get(url(ready, "worry") + "?next=answers"))
    assert f'action="{url(ready, "worry")}?next=answers"' in opened
    response = post_page(author, ready, "worry", {"worry": "Another."}, query="?next=answers")
    assert response.url == url(ready, "answers")


def test_nothing_but_the_review_can_be_named_as_the_next_page(cast, author, ready):
    response = post_page(
        author, ready, "worry", cases.NOTICE, query="?next=//elsewhere.example.org/"
    )
    assert response.url == url(ready, "other-concerns")


# Bad input --------------------------------------------------------------------------------------
FUTURE = timezone.localdate() + timedelta(days=3)


@pytest.mark.parametrize(
    ("step", "sent", "sentence", "kept"),
    [
        (
            "noticed",
            {
                "came_to_notice": "said",
                "noticed_when_day": FUTURE.day,
                "noticed_when_month": FUTURE.month,
                "noticed_when_year": FUTURE.year,
            },
            "it must be today or earlier",
            f'value="{FUTURE.year}"',
        ),
        (
            "noticed",
            {"noticed_when_day": "31", "noticed_when_month": "2", "noticed_when_year": "2026"},
            "there is no 31 February 2026",
            'value="31"',
        ),
        (
            "born",
            {"born_day": "1", "born_month": "1", "born_year": "1826", "gender": "male"},
            "year",
            'value="1826"',
        ),
        ("observed", {"observed": "x" * 1_000_000}, "at most 4,000 characters", "x" * 1_000_000),
        ("worry", {"worry": "a\x00b"}, "Take out the character", "a\ufffdb"),
        ("place", {"place": "Mars", "under_18": "yes"}, "Select one of the answers shown", ""),
        ("lead", {"spoken_to": "999999"}, "Select one of the people shown", ""),
        ("lead", {"spoken_to": "\x00"}, "Select one of the people shown", ""),
        (
            "features",
            {"features": ["contacts"]},
            "Write what, who and when",
            "checked",
        ),
    ],
)
def test_bad_input_gets_a_sentence_and_stays_on_the_page(
    cast, author, draft, step, sent, sentence, kept
):
    response = author.post(url(draft, step), {"seen": seen(draft, step), **sent})
    assert response.status_code == 200
    page = response.content.decode()
    assert sentence in page, re.findall(r'<p id="[^"]*error.*?</p>', page)
    assert kept in page
    assert "<title>Error: " in page
    assert "govuk-error-summary" in page


def test_an_age_of_two_hundred_is_refused(cast, author):
    referral = cases.draft(cast, born={})
    cases.fill(referral, {"born": {}}, by=cast.practitioner)
    response = author.post(url(referral, "age"), {"seen": seen(referral, "age"), "age": "200"})
    assert response.status_code == 200
    assert "Write a number from 0 to 120" in words(response)
    assert 'value="200"' in words(response)


JUNK = [
    "\x00",
    "\ufffd",
    "-1",
    "9" * 400,
    "٣",
    "a" * 5000,
    " ",
    "31",
    "[]",
]


@pytest.mark.parametrize("step", [step.name for step in STEPS if step.section != "check"])
def test_junk_never_breaks_a_page(cast, step):
    referral = workflow.start(cast.lead)
    if step in ("parents", "school", "form"):
        cases.fill(referral, {"under_18": "yes", "place": "NY"}, by=cast.lead)
    client = sign_in(cast.lead)
    names = ["seen", "was", "mine", "next", "form_key", "csrfmiddlewaretoken", "version"]
    for question in STEP[step].questions:
        parts = ["day", "month", "year", "time", "about", "unknown", "name", "phone", "email"]
        parts += ["0_name", "0_address", "9_contact", "weapons_words"]
        names += [question.name, *(f"{question.name}_{part}" for part in parts)]
    extra = ["later", f"add_{STEP[step].questions[0].name}", "", "seen"]
    for number, junk in enumerate(JUNK):
        data = dict.fromkeys(names, junk) | {extra[number % 4]: junk}
        address = url(referral, step) + ("?next=answers&after=%00&from=x" if number % 2 else "")
        assert client.post(address, data).status_code < 500, (step, junk)
        if not number % 3:
            autosaved = client.post(url(referral, step, "autosave"), data)
            assert autosaved.status_code in (200, 403, 409), (step, junk)


@pytest.mark.parametrize("name", ["answers", "closeness", "stop", "sent", "tasks", "delete-draft"])
def test_junk_never_breaks_the_other_pages(cast, author, name):
    for junk in JUNK:
        referral = workflow.start(cast.practitioner)
        data = {"close": junk, "form_key": junk, "declared": junk, "rang": junk, "words": junk}
        assert author.get(url(referral, name) + "?next=%00&from=%00&after=%00").status_code < 500
        assert author.post(url(referral, name), data).status_code < 500


def test_a_page_that_does_not_exist_is_not_found(author, draft):
    assert author.get(url(draft, "no-such-page")).status_code == 404
    assert author.post(url(draft, "no-such-page")).status_code == 404
    assert author.post(url(draft, "no-such-page", "autosave")).status_code == 404


@pytest.mark.parametrize("who", ["lead", "deputy", "colleague", "outsider_lead", "prevent_lead"])
def test_a_draft_is_found_by_nobody_but_its_author(cast, who):
    referral = workflow.start(cast.practitioner)
    client = sign_in(getattr(cast, who))
    assert client.get(url(referral, "tasks")).status_code == 404
    for name in ("answers", "closeness", "stop", "sent", "delete-draft", "observed", "sector"):
        assert client.get(url(referral, name)).status_code == 404, name
        assert client.post(url(referral, name)).status_code == 404, name
        assert client.post(url(referral, name, "autosave")).status_code == 404, name


@pytest.mark.parametrize("name", ["sector", "noticed-by", "own-reasons", "advice-line", "check"])
def test_a_practitioner_does_not_write_what_is_the_leads(cast, author, draft, name):
    assert author.get(url(draft, name)).status_code == 403
    assert post_page(author, draft, name, cases.SHARE | cases.DESPITE).status_code == 403
    assert author.post(url(draft, name, "autosave"), {"seen": 0}).status_code in (403, 409)
    assert not stored(draft, "own_reasons")
    assert not stored(draft, "decision")


@pytest.mark.parametrize("who", ["prevent_lead", "officer", "front_door"])
def test_those_it_was_shared_with_write_nothing_here(cast, case_in, who):
    referral = case_in(Status.SUBMITTED)
    client = sign_in(getattr(cast, who))
    for name in ("observed", "sector", "tasks", "answers", "sent"):
        assert client.get(url(referral, name)).status_code == 403, name
    assert post_page(client, referral, "observed", cases.NOTICE).status_code == 403


def test_without_the_token_nothing_is_taken(cast, draft):
    strict = sign_in(cast.practitioner, Client(enforce_csrf_checks=True))
    for name in ("worry", "answers", "closeness", "stop", "delete-draft"):
        assert strict.post(url(draft, name), {"worry": "x"}).status_code == 403
    assert strict.post(url(draft, "worry", "autosave"), {"worry": "x"}).status_code == 403
    assert strict.post("/referrals/new/").status_code == 403
    assert stored(draft, "worry") == cases.NOTICE["worry"]


# Danger -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", walks.GATE)
def test_a_yes_at_the_gate_shows_stop_then_asks_about_the_call(cast, author, name):
    author.post("/referrals/new/")
    referral = draft_of(cast.practitioner)
    response = post_page(author, referral, "danger", cases.NOTICE | {name: "yes"})
    assert response.url == url(referral, "stop") + "?from=danger"
    page = words(author.get(response.url))
    assert "Stop. Call 999 now" in page
    assert 'href="tel:999"' in page
    assert "p-999" not in page
    assert fresh(referral).emergency
    response = author.post(response.url)
    assert response.url == url(referral, "called")
    assert stored(referral, "called_999") == YesNo.YES
    call = {"called_999": "yes", "called_at": timezone.now(), "incident_number": "not given"}
    assert post_page(author, referral, "called", call).url == url(referral, "place")
    # Said once; the page is not a wall.
    response = post_page(author, referral, "danger", cases.NOTICE | {name: "yes"}, was=name)
    assert response.url == url(referral, "called")


def test_danger_does_not_wait_for_the_rest_of_the_page(cast, author):
    author.post("/referrals/new/")
    referral = draft_of(cast.practitioner)
    response = post_page(author, referral, "danger", {"crime": "yes"})
    assert response.url == url(referral, "stop") + "?from=danger"
    assert stored(referral, "crime") == YesNo.YES
    response = author.post(
        url(referral, "features"), {"seen": seen(referral, "features"), "features": ["weapons"]}
    )
    assert response.url == url(referral, "stop") + "?from=features"


def test_whoever_has_not_called_sees_stop_again(cast, author):
    referral = cases.draft(cast, harm="yes")
    response = post_page(author, referral, "called", {"called_999": "no"})
    assert response.url == url(referral, "stop") + "?from=danger"


@pytest.mark.parametrize("feature", ["weapons", "threat_harm", "travel"])
def test_a_feature_of_danger_shows_stop_once(cast, author, draft, feature):
    ticked = {"features": {feature: "He showed a knife to Jack on Monday."}}
    response = post_page(author, draft, "features", ticked)
    assert response.url == url(draft, "stop") + "?from=features"
    page = words(author.get(response.url))
    assert "Nobody is in danger now: go on" in page
    assert f'href="{url(draft, "told")}"' in page
    opened = words(author.get(url(draft, "features")))
    assert f'name="was" value="{feature}"' in opened
    assert post_page(author, draft, "features", ticked, was=feature).url == url(draft, "told")


def test_a_call_after_a_feature_asks_the_gate_again_and_then_about_the_call(cast, author, draft):
    response = author.post(url(draft, "stop") + "?from=features")
    assert response.url == url(draft, "danger") + "?rung=1"
    assert "record your call to 999" in words(author.get(response.url))
    response = post_page(author, draft, "danger", cases.NOTICE | {"crime": "yes"}, query="?rung=1")
    assert response.url == url(draft, "called")


def test_the_stop_page_comes_even_when_the_page_is_left_for_later(cast, author, draft):
    ticked = {"features": {"weapons": "A knife in his bag."}}
    response = post_page(author, draft, "features", ticked, later="1")
    assert response.url == url(draft, "stop") + "?from=features"


# What an answer sets off ------------------------------------------------------------------------
def test_change_alone_is_told_and_goes_on(cast, author, draft):
    changed = {"features": {"change": "Quieter since September."}}
    response = post_page(author, draft, "features", changed)
    assert response.url == url(draft, "told") + "?after=features"
    page = words(author.get(response.url))
    assert "This by itself is not usually a Prevent concern" in page
    assert author.get(url(draft, "told")).status_code == 200
    assert "not usually a Prevent concern" not in words(author.get(url(draft, "told")))


def test_another_area_is_told_how_to_find_its_team(cast, author, draft):
    response = post_page(author, draft, "place", {"place": "other", "under_18": "yes"})
    assert "another area" in words(author.get(response.url))
    assert "another area" in words(author.get(url(draft, "answers")))


def test_an_adult_with_a_child_or_in_trust_is_told(cast, author):
    referral = cases.draft(cast, under_18="no", born={"day": 1, "month": 1, "year": 1990})
    response = post_page(author, referral, "household", cases.NOTICE | {"cares_for_child": "yes"})
    assert "children's front door is told as well" in words(author.get(response.url))
    response = post_page(author, referral, "work", {"position_of_trust": "yes"})
    assert "designated officer for positions of trust" in words(author.get(response.url))


def test_a_late_talk_is_a_warning_and_not_an_error(cast):
    referral = cases.draft(cast)
    spoken = cases.MONDAY + timedelta(days=3)
    cases.fill(referral, {"spoken_at": spoken}, by=cast.practitioner)
    answers = Answers(fresh(referral), today=spoken.date())
    assert walks.talked_late(answers)
    assert not walks.talked_late(Answers(fresh(referral), today=spoken.date() + timedelta(90)))


# Closeness --------------------------------------------------------------------------------------
def test_whoever_is_close_to_it_leaves_no_trace(cast, author, draft):
    response = author.post(url(draft, "closeness"), {"close": [str(cast.lead.pk)]})
    assert response.url == url(draft, "lead")
    for name in ("lead", "tasks", "answers"):
        page = words(author.get(url(draft, name)))
        assert cast.lead.name not in page, name
    assert post_page(author, draft, "lead", {"spoken_to": cast.lead}).status_code == 200
    assert stored(draft, "spoken_to") is None
    post_page(author, draft, "lead", {"spoken_to": cast.deputy})
    author.post(url(draft, "answers"))
    assert fresh(draft).lead == cast.deputy
    assert not Mail.objects.filter(to_person=cast.lead).exists()
    # Only its author still sees whom they named, and can say otherwise while it is a draft.
    assert cast.lead.name not in words(author.get(url(draft, "sent")))


def test_the_answer_about_closeness_can_be_changed(cast, author, draft):
    author.post(url(draft, "closeness"), {"close": [str(cast.lead.pk)]})
    page = words(author.get(url(draft, "closeness")))
    assert re.search(rf'value="{cast.lead.pk}" checked', page)
    response = author.post(url(draft, "closeness") + "?next=answers", {"close": "nobody"})
    assert response.url == url(draft, "answers")
    assert not draft.exclusions.exists()


def test_when_the_whole_team_is_close_the_advice_line_takes_its_place(cast, author, draft):
    everyone = [str(cast.lead.pk), str(cast.deputy.pk)]
    response = author.post(url(draft, "closeness"), {"close": everyone})
    assert response.url == url(draft, "advice-line")
    page = words(author.get(url(draft, "tasks")))
    assert "with the advice line" in page
    assert cast.lead.name not in page


@pytest.mark.parametrize("close", [[], ["nobody", "1"], ["999999"], ["x"]])
def test_the_question_about_closeness_wants_an_answer(cast, author, draft, close):
    response = author.post(url(draft, "closeness"), {"close": close})
    assert response.status_code == 200
    assert "govuk-error-summary" in words(response)


def test_it_is_not_handed_over_before_closeness_was_asked(cast, author, draft):
    post_page(author, draft, "lead", {"spoken_to": cast.lead})
    response = author.post(url(draft, "answers"))
    assert response.status_code == 200
    assert "who in the safeguarding team is close to it" in words(response)
    assert fresh(draft).status == Status.DRAFT


# Read it through, and send it -------------------------------------------------------------------
def test_the_review_lists_unanswered_prompts_and_asks_one_reason(cast, author, ready):
    cases.fill(ready, {"language": ""}, by=cast.practitioner)
    page = words(author.get(url(ready, "answers")))
    assert f'href="{url(ready, "language")}?next=answers#id_language"' in page
    response = author.post(url(ready, "answers"))
    assert "Say why these are left unanswered" in words(response)
    opened = words(author.get(url(ready, "gaps")))
    assert "Preferred language" in opened
    post_page(author, ready, "gaps", {"left_out_reason": "I only saw him once."})
    assert author.post(url(ready, "answers")).status_code == 302


def test_answers_of_an_abandoned_branch_are_shown_then_removed(cast, author, ready):
    cases.fill(ready, {"came_to_notice": "event"}, by=cast.practitioner)
    cases.fill(
        ready, {"event_place": "The canteen", "event_when": {"unknown": True}}, by=cast.practitioner
    )
    response = post_page(author, ready, "noticed", cases.NOTICE, query="?next=answers")
    page = words(author.get(response.url))
    assert "They are removed when you send it" in page
    assert "The canteen" in page
    author.post(url(ready, "answers"))
    assert stored(ready, "event_place") == ""


def test_a_named_lead_who_left_yesterday_is_replaced_by_whoever_is_on_duty(cast, author, ready):
    Membership.objects.filter(person=cast.lead).update(ends_on=timezone.localdate())
    page = words(author.get(url(ready, "answers")))
    assert f"Send to {cast.deputy.name}" in page
    author.post(url(ready, "answers"))
    assert fresh(ready).lead == cast.deputy


def test_pressing_send_twice_hands_over_once(cast, author, ready):
    first, second = author.post(url(ready, "answers")), author.post(url(ready, "answers"))
    assert first.url == second.url == url(ready, "sent")
    assert Mail.objects.filter(kind="referral.check").count() == 1


def test_sharing_twice_makes_one_submission(cast, ready):
    workflow.hand_over(ready, by=cast.practitioner)
    cases.fill(fresh(ready), cases.CHECK | {"spoken_at": cases.MONDAY}, by=cast.lead)
    workflow.decide(fresh(ready), by=cast.lead)
    cases.fill(fresh(ready), cases.SHARE | {"declared": ""}, by=cast.lead)
    client = sign_in(cast.lead)
    form_key = found(r'name="form_key" value="([^"]+)"', words(client.get(url(ready, "answers"))))
    sent = {"form_key": form_key, "declared": "on"}
    answers = [client.post(url(ready, "answers"), sent).url for _again in range(3)]
    answers.append(client.post(url(ready, "answers"), {"declared": "on"}).url)
    assert set(answers) == {url(ready, "sent")}
    assert Submission.objects.filter(referral=ready).count() == 1
    assert str(Submission.objects.get(referral=ready).form_key) == form_key


def test_a_form_key_of_another_form_is_not_used_again(cast, case_in, ready):
    earlier = case_in(Status.SUBMITTED)
    used = Submission.objects.get(referral=earlier).form_key
    workflow.hand_over(ready, by=cast.practitioner)
    cases.fill(fresh(ready), cases.CHECK | {"spoken_at": cases.MONDAY}, by=cast.lead)
    workflow.decide(fresh(ready), by=cast.lead)
    cases.fill(fresh(ready), cases.SHARE, by=cast.lead)
    response = sign_in(cast.lead).post(url(ready, "answers"), {"form_key": used, "declared": "on"})
    assert response.url == url(ready, "sent")
    assert Submission.objects.get(referral=ready).form_key != used


def test_without_the_declaration_nothing_is_shared(cast, ready):
    workflow.hand_over(ready, by=cast.practitioner)
    cases.fill(fresh(ready), cases.CHECK | {"spoken_at": cases.MONDAY}, by=cast.lead)
    workflow.decide(fresh(ready), by=cast.lead)
    cases.fill(fresh(ready), cases.SHARE | {"declared": ""}, by=cast.lead)
    response = sign_in(cast.lead).post(url(ready, "answers"), {"form_key": uuid.uuid4()})
    assert response.status_code == 200
    assert "Confirm that it is accurate and shared in good faith" in words(response)
    assert "<title>Error: " in words(response)
    assert fresh(ready).status == Status.AGENCY_CHECK


def test_the_ethnic_group_is_shown_to_nobody_but_its_author(cast, author, ready):
    cases.fill(ready, {"ethnic_group": "mixed"}, by=cast.practitioner)
    assert "Mixed or multiple" in words(author.get(url(ready, "answers")))
    workflow.hand_over(ready, by=cast.practitioner)
    cases.fill(fresh(ready), cases.CHECK | {"spoken_at": cases.MONDAY}, by=cast.lead)
    workflow.decide(fresh(ready), by=cast.lead)
    assert "Mixed or multiple" not in words(sign_in(cast.lead).get(url(ready, "answers")))


def test_a_body_outside_the_portal_is_said_before_it_is_sent(cast, ready):
    cast.locality.routes.filter(kind="front_door").update(in_portal=False)
    workflow.hand_over(ready, by=cast.practitioner)
    cases.fill(fresh(ready), cases.CHECK | {"spoken_at": cases.MONDAY}, by=cast.lead)
    workflow.decide(fresh(ready), by=cast.lead)
    page = words(sign_in(cast.lead).get(url(ready, "answers")))
    assert "They do not work in the portal: we make a sheet that you send" in page


# Sent -------------------------------------------------------------------------------------------
def test_outside_hours_it_says_whom_to_ring_and_records_the_call(cast, case_in, monkeypatch):
    referral = case_in(Status.SUBMITTED)
    monkeypatch.setattr("agencies.workdays.is_open", lambda *a: False)
    client = sign_in(cast.lead)
    with CaptureQueriesContext(connection) as asked:
        page = words(client.get(url(referral, "sent")))
    assert len(asked) <= MOST_QUERIES
    assert referral.reference in page
    assert "It is outside working hours" in page
    assert 'href="tel:01632960101"' in page
    recipient = referral.recipients.first()
    client.post(url(referral, "sent"), {"rang": recipient.pk})
    recipient.refresh_from_db()
    assert recipient.rung_by == cast.lead
    assert f"{cast.lead.name} rang them" in words(client.get(url(referral, "sent")))


def test_in_working_hours_nobody_needs_ringing_but_in_an_emergency(cast, case_in, monkeypatch):
    monkeypatch.setattr("agencies.workdays.is_open", lambda *a: True)
    referral = case_in(Status.SUBMITTED)
    assert "I rang them" not in words(sign_in(cast.lead).get(url(referral, "sent")))
    Referral.objects.filter(pk=referral.pk).update(emergency=True)
    page = words(sign_in(cast.lead).get(url(referral, "sent")))
    assert "Ring them now" in page
    assert 'href="tel:01632960100"' in page


def test_a_recipient_of_another_case_cannot_be_rung_here(cast, case_in):
    mine, other = case_in(Status.SUBMITTED), case_in(Status.SUBMITTED)
    client = sign_in(cast.lead)
    foreign = other.recipients.first().pk
    assert client.post(url(mine, "sent"), {"rang": foreign}).status_code == 404


# Too late ---------------------------------------------------------------------------------------
def test_what_is_typed_after_it_was_sent_is_shown_and_kept(cast, author, ready):
    version = seen(ready, "worry")
    workflow.hand_over(ready, by=cast.practitioner)
    response = author.post(
        url(ready, "worry"), {"seen": version, "worry": "I have just heard more."}
    )
    assert response.status_code == 409
    page = words(response)
    assert "This cannot be changed here any more" in page
    assert "I have just heard more." in page
    assert KeptText.objects.get(referral=ready).answers == {"worry": "I have just heard more."}
    assert stored(ready, "worry") == cases.NOTICE["worry"]
    assert author.get(url(ready, "worry")).url == url(ready)


# Throw it away ----------------------------------------------------------------------------------
def test_a_draft_is_deleted_from_a_page_of_its_own(cast, author, draft):
    page = words(author.get(url(draft, "delete-draft")))
    assert "govuk-button--warning" in page
    response = author.post(url(draft, "delete-draft"))
    assert response.url == "/referrals/"
    assert fresh(draft).status == Status.DISPOSED
    assert author.get(url(draft, "tasks")).status_code == 404


def test_what_was_handed_over_is_not_deleted(cast, author, ready):
    workflow.hand_over(ready, by=cast.practitioner)
    assert author.post(url(ready, "delete-draft")).url == url(ready)
    assert fresh(ready).status == Status.AGENCY_CHECK


def test_no_page_names_the_person_in_its_title_or_address(cast, author, ready):
    for step in ["tasks", "answers", "closeness", *[s.name for s in NOTICE_PAGES]]:
        response = author.get(url(ready, step))
        if response.status_code == 200:
            title = found(r"<title>(.*?)</title>", words(response))
            assert "Callum" not in title
            assert "Rhodes" not in title


def test_every_question_has_one_page(cast):
    asked = [question.name for step in STEPS for question in step.questions]
    assert len(asked) == len(set(asked))
    kinds = {question.kind for step in STEPS for question in step.questions}
    assert kinds <= set(Kind)
