"""Junk, slips of the finger, and people whose page it is not: a sentence, and nothing lost."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from referrals import workflow
from referrals.steps import STEP, STEPS
from referrals.terms import Status
from tests.entry import enter
from tests.referrals import cases
from tests.referrals.browsing import (
    post_page,
    seen,
    stored,
    url,
    words,
)

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
        (
            "born",
            {"born_day": "1", "born_month": "1", "born_year": "2000", "gender": "male"},
            "This does not agree with your answer to “under 18”",
            'value="2000"',
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
    client = enter(cast.lead)
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
    client = enter(getattr(cast, who))
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
    client = enter(getattr(cast, who))
    for name in ("observed", "sector", "tasks", "answers", "sent"):
        assert client.get(url(referral, name)).status_code == 403, name
    assert post_page(client, referral, "observed", cases.NOTICE).status_code == 403


def test_without_the_token_nothing_is_taken(cast, draft):
    strict = enter(cast.practitioner, Client(enforce_csrf_checks=True))
    for name in ("worry", "answers", "closeness", "stop", "delete-draft"):
        assert strict.post(url(draft, name), {"worry": "x"}).status_code == 403
    assert strict.post(url(draft, "worry", "autosave"), {"worry": "x"}).status_code == 403
    assert strict.post("/referrals/new/").status_code == 403
    assert stored(draft, "worry") == cases.NOTICE["worry"]
