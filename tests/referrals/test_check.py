"""The lead's CHECK page and the other endings, as the lead meets them."""

import pytest
from django.urls import reverse

from referrals.answers import Answers
from referrals.models import PageSave
from referrals.terms import Status
from tests.entry import enter
from tests.referrals import cases


def form_data(values):
    """A posted form from stored answers, for the simple kinds that CHECK has."""
    talked = ("16", "11", "2026", "9:30am")
    data = dict(zip(("day", "month", "year", "time"), talked, strict=True))
    data = {f"spoken_at_{part}": value for part, value in data.items()}
    for name, value in values.items():
        data[name] = "on" if name in ("signed", "declared") and value == "yes" else value
    return data


@pytest.fixture
def at_check(cast, case_in):
    return case_in(Status.AGENCY_CHECK)


def seen(referral):
    save = PageSave.objects.filter(referral=referral, step="check").first()
    return str(save.version if save else 0)


def url(name, referral, *more):
    return reverse(f"referrals:{name}", args=[referral.key, *more])


def test_the_whole_notice_stands_beside_the_decision(cast, at_check):
    page = enter(cast.lead).get(url("check", at_check))
    body = page.content.decode()
    assert page.status_code == 200
    for words in ("cleared out", "Your check", "Callum", "Decide the check", "Before"):
        assert words in body or words == "Decide the check"
    assert "<title>Check a concern" in body


@pytest.mark.parametrize("who", ["practitioner", "colleague", "prevent_lead", "outsider_lead"])
def test_only_the_agencys_leads_check(who, cast, at_check):
    response = enter(getattr(cast, who)).get(url("check", at_check))
    assert response.status_code in (403, 404)


def test_an_empty_decision_says_what_to_do_and_keeps_what_was_typed(cast, at_check):
    page = enter(cast.lead).post(
        url("check", at_check),
        {"seen": seen(at_check), "decide": "1", "facts_verified": "I read it."},
    )
    body = page.content.decode()
    assert page.status_code == 200
    assert "<title>Error: Check a concern" in body
    assert "Select your decision" in body
    assert "I read it." in body


def test_a_check_can_be_left_half_done(cast, at_check):
    enter(cast.lead).post(
        url("check", at_check),
        {"seen": seen(at_check), "later": "1", "facts_verified": "I read it."},
    )
    assert Answers(cases.fresh(at_check)).get("facts_verified") == "I read it."


def test_a_decision_to_refer_goes_on_to_share(cast, at_check):
    response = enter(cast.lead).post(
        url("check", at_check), {"seen": seen(at_check), "decide": "1", **form_data(cases.CHECK)}
    )
    assert response["Location"] == url("step", at_check, "noticed-by")
    assert cases.fresh(at_check).check_record.signed_by == cast.lead


def test_no_further_concern_needs_only_itself_and_reasons(cast, at_check):
    data = {
        "seen": seen(at_check),
        "decide": "1",
        "decision": "d",
        "decision_reasons": "She said bombe, the dessert of the family café, and drew it.",
        "signed": "on",
    }
    response = enter(cast.lead).post(url("check", at_check), data)
    assert response.status_code == 302
    assert cases.fresh(at_check).status == Status.AGENCY_CLOSED


def test_questions_go_back_to_the_author(cast, at_check):
    data = {
        "seen": seen(at_check),
        "decide": "1",
        "decision": "e",
        "questions": "Who else was there?",
    }
    enter(cast.lead).post(url("check", at_check), data)
    assert cases.fresh(at_check).status == Status.RETURNED
    page = enter(cast.practitioner).get(url("status", at_check))
    assert "Who else was there?" in page.content.decode()


def test_questions_without_words_are_refused_beside_the_field(cast, at_check):
    page = enter(cast.lead).post(
        url("check", at_check), {"seen": seen(at_check), "decide": "1", "decision": "e"}
    )
    assert "Write what you want to know" in page.content.decode()
    assert cases.fresh(at_check).status == Status.AGENCY_CHECK


def test_an_answer_that_opens_a_question_asks_it_then(cast, at_check):
    untold = {k: v for k, v in cases.CHECK.items() if k != "told_response"}
    data = form_data(untold | {"told_person": "no_risk"})
    page = enter(cast.lead).post(
        url("check", at_check), {"seen": seen(at_check), "decide": "1", **data}
    )
    body = page.content.decode()
    assert "Write why it is shared without telling" in body
    assert "not_told_reason" in body
    response = enter(cast.lead).post(
        url("check", at_check),
        {"seen": seen(at_check), "decide": "1", **data, "not_told_reason": "He might run away."},
    )
    assert response.status_code == 302


def test_a_concern_that_rests_on_dress_is_blocked_with_other_routes(cast, at_check):
    data = form_data(cases.CHECK | {"fair_basis": "no"})
    page = enter(cast.lead).post(
        url("check", at_check), {"seen": seen(at_check), "decide": "1", **data}
    )
    body = page.content.decode()
    assert "not shared with Prevent" in body
    assert "Which second lead agrees" in body
    assert cases.fresh(at_check).status == Status.AGENCY_CHECK


def test_another_route_is_recorded_and_hidden_from_prevent(cast, at_check):
    browser = enter(cast.lead)
    data = {
        "seen": seen(at_check),
        "decide": "1",
        "decision": "c",
        "decision_reasons": "An acute illness; the crisis team sees him today and keeps watch.",
        "signed": "on",
    }
    response = browser.post(url("check", at_check), data)
    assert response["Location"] == url("other_route", at_check)
    refused = browser.post(url("other_route", at_check), {})
    assert "Select at least one kind of help" in refused.content.decode()
    done = browser.post(
        url("other_route", at_check), {"routes": ["crisis", "adult"], "person_told": "yes"}
    )
    assert done.status_code == 302
    assert cases.fresh(at_check).status == Status.OTHER_ROUTE
    assert enter(cast.prevent_lead).get(url("status", at_check)).status_code == 404


def test_the_second_save_of_a_check_is_refused_and_kept(cast, at_check):
    opened = seen(at_check)
    first = {"seen": opened, "later": "1", "advice_from": "none"}
    enter(cast.lead).post(url("check", at_check), first)
    second = {"seen": opened, "later": "1", "facts_verified": "Second text."}
    page = enter(cast.deputy).post(url("check", at_check), second)
    body = page.content.decode()
    assert "saved this page while you were writing" in body
    assert "Second text." in body
    assert at_check.kept_texts.get().answers["facts_verified"] == "Second text."


# The referrer's page ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    "status",
    [
        Status.AGENCY_CHECK,
        Status.RETURNED,
        Status.AGENCY_CLOSED,
        Status.OTHER_ROUTE,
        Status.SUBMITTED,
        Status.TRIAGE,
        Status.QUERY,
        Status.GATEWAY,
        Status.INVESTIGATION_HOLD,
        Status.CLOSED,
        Status.WITHDRAWN,
    ],
)
@pytest.mark.parametrize("who", ["practitioner", "lead"])
def test_the_status_page_says_where_it_stands(status, who, cast, case_in):
    referral = case_in(status)
    page = enter(getattr(cast, who)).get(url("status", referral))
    assert page.status_code == 200
    assert "It is now" in page.content.decode() or status == Status.WITHDRAWN


def test_a_hold_leaves_the_word_as_it_was(cast, case_in):
    before = enter(cast.practitioner).get(url("status", case_in(Status.GATEWAY)))
    after = enter(cast.practitioner).get(url("status", case_in(Status.INVESTIGATION_HOLD)))
    for page in (before, after):
        assert "With specialist officers" in page.content.decode()
    assert "investigation" not in after.content.decode().lower()


def test_the_referrer_adds_and_answers_and_takes_back(cast, case_in):
    referral = case_in(Status.SUBMITTED)
    browser = enter(cast.lead)
    empty = browser.post(url("add_information", referral), {"words": " "})
    assert "Write what has changed" in empty.content.decode()
    browser.post(url("add_information", referral), {"words": "He came back on Friday."})
    assert referral.messages.filter(kind="addition").count() == 1
    browser.post(url("withdraw", referral), {"words": "Sent by mistake."})
    assert cases.fresh(referral).status == Status.WITHDRAWN


def test_taking_back_too_late_keeps_the_words_on_the_page(cast, case_in):
    referral = case_in(Status.TRIAGE)
    page = enter(cast.lead).post(url("withdraw", referral), {"words": "Sent by mistake."})
    body = page.content.decode()
    assert "the case has moved on" in body
    assert "Sent by mistake." in body


def test_referring_despite_the_lead_is_begun_and_walked(cast, case_in):
    referral = case_in(Status.AGENCY_CLOSED)
    browser = enter(cast.practitioner)
    assert "That is your right" in browser.get(url("despite", referral)).content.decode()
    response = browser.post(url("begin_despite", referral))
    assert response["Location"] == url("step", referral, "own-reasons")
    assert enter(cast.colleague).get(url("despite", referral)).status_code == 404


def test_an_adult_is_checked_without_the_questions_about_parents(cast, case_in):
    """A follow-up of a question that is not asked is not asked either."""
    referral = case_in(
        Status.AGENCY_CHECK, under_18="no", born={"year": 1990}, cares_for_child="no", parents=[]
    )
    values = cases.CHECK | {"told_parent": "", "parent_response": "", "decision": "a"}
    response = enter(cast.lead).post(
        url("check", referral), {**form_data(values), "seen": seen(referral), "decide": "1"}
    )
    assert response.status_code == 302
    referral.refresh_from_db()
    assert referral.decided_at is not None
