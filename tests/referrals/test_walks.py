"""Each walk from its first page to its end, as a browser without script sees it."""

import re
import uuid
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from agencies import workflow as agency_workflow
from agencies.models import Membership
from agencies.terms import AgencyType, Role
from outbox.models import Message as Mail
from referrals import routing, workflow
from referrals.answers import Answers
from referrals.models import Referral
from referrals.questions import BY_NAME
from referrals.steps import STEP, STEPS
from referrals.terms import ReceivedBy, Section, Status
from tests.entry import enter
from tests.factories import AgencyFactory, MembershipFactory, UserFactory
from tests.referrals import browsing, cases
from tests.referrals.browsing import (
    MOST_QUERIES,
    draft_of,
    post_page,
    seen,
    stored,
    url,
    words,
)
from tests.referrals.cases import fresh

NOTICE_PAGES = [step for step in STEPS if step.section == Section.NOTICE]


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
    client = enter(stranger)
    response = client.get("/referrals/new/")
    assert response.status_code == 302
    assert response["Location"] == "/agency/join/?next=%2Freferrals%2Fnew%2F"
    assert client.post("/referrals/new/")["Location"] == response["Location"]
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
    client = enter(person)
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
    page = enter(cast.prevent_lead).get("/referrals/new/")
    assert "Your account belongs to no agency" in words(page)
    enter(cast.prevent_lead).post("/referrals/new/")
    assert not Referral.objects.filter(created_by=cast.prevent_lead).exists()


def test_a_pending_confirmation_holds_no_draft_up(cast):
    person = UserFactory()
    place = MembershipFactory(person=person, agency=cast.agency, pending=True)
    client = enter(person)
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
    client = enter(cast.lead)
    client.post("/referrals/new/", {"received_by": "portal"})
    referral = draft_of(cast.lead)
    cases.fill(referral, cases.NOTICE, by=cast.lead)
    response = post_page(client, referral, "other-concerns", cases.NOTICE)
    assert response.url == url(referral, "files")
    response = post_page(client, referral, "files")
    assert response.url == url(referral, "closeness")
    assert cast.deputy.name in words(client.get(url(referral, "closeness")))
    response = client.post(url(referral, "closeness"), {"close": "nobody"})
    assert response["Location"] == url(referral, "check")
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
    assert response["Location"] == url(referral, "sent")
    referral = fresh(referral)
    assert referral.status == Status.SUBMITTED
    assert referral.reference in words(client.get(response["Location"]))


def test_somebody_without_a_lead_takes_the_advice_line_and_shares(cast):
    alone = AgencyFactory(kind=AgencyType.INDEPENDENT, locality=cast.locality)
    person = UserFactory(name="Carol Dunn")
    MembershipFactory(person=person, agency=alone)
    client = enter(person)
    client.post("/referrals/new/")
    referral = draft_of(person)
    advice = {"advice_line": "reached", "advice_line_detail": "They said to refer, today at noon."}
    cases.fill(referral, cases.NOTICE, by=person)
    response = post_page(client, referral, "other-concerns", cases.NOTICE)
    assert response.url == url(referral, "files")
    response = post_page(client, referral, "files")
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
    client = enter(admin)
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
    client = enter(cast.lead)
    assert client.get(url(ready, "answers"))["Location"] == url(ready)
    assert client.get(url(ready, "ideology"))["Location"] == url(ready)
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
    page = words(enter(cast.lead).get(url(ready, "referrer")))
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
    client = enter(cast.lead)
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


# What the author left open -----------------------------------------------------------------------
def test_a_lead_answers_what_an_author_left_open_and_nothing_else_of_theirs(cast, case_in):
    referral = case_in(Status.RETURNED)
    workflow.answer(referral, STEP["worry"], {"worry": ""}, by=cast.practitioner)
    Membership.objects.filter(person=cast.practitioner).delete()
    workflow.reply_to_lead(fresh(referral), "She has left us.", by=cast.lead)
    cases.fill(fresh(referral), cases.CHECK, by=cast.lead)
    workflow.decide(fresh(referral), by=cast.lead)
    cases.fill(fresh(referral), cases.SHARE, by=cast.lead)
    lead = enter(cast.lead)
    review = words(lead.get(url(referral, "answers")))
    assert "Write what you are worried could happen" in review
    assert url(referral, "worry") in review
    assert url(referral, "observed") not in review
    assert lead.get(url(referral, "observed")).status_code == 403
    answered = post_page(lead, referral, "worry", {"worry": "That he joins them."})
    assert answered.url == url(referral, "answers")
    assert stored(referral, "worry") == "That he joins them."
    assert lead.get(url(referral, "worry")).status_code == 403  # no gap any more
    sent = workflow.submit(fresh(referral), by=cast.lead, form_key=uuid.uuid4())
    assert sent.status == Status.SUBMITTED


def test_a_lead_writes_in_nothing_that_its_author_can_still_answer(cast, case_in):
    referral = case_in(Status.AGENCY_CHECK)
    with pytest.raises(PermissionDenied):
        workflow.answer(referral, STEP["worry"], {"worry": "Hers."}, by=cast.lead)
