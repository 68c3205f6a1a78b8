"""The lead's CHECK page and the other endings, as the lead meets them."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from agencies.models import Absence
from audit.models import AuditEvent
from referrals import report, workflow
from referrals.answers import Answers
from referrals.models import KeptText, PageSave, Submission
from referrals.moves import NotReady
from referrals.questions import named
from referrals.terms import Section, Status
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


def test_another_route_that_comes_too_late_is_shown_and_kept(cast, at_check):
    page, first = enter(cast.lead), enter(cast.deputy)
    assert page.get(url("other_route", at_check)).status_code == 200
    workflow.ask_author(cases.fresh(at_check), "Which game?", by=cast.deputy)
    assert first.get(url("other_route", at_check)).status_code == 302
    words = "The crisis team has a bed for him tonight."
    answer = page.post(url("other_route", at_check), {"routes": ["crisis"], "sent_where": words})
    assert answer.status_code == 409
    assert words in answer.content.decode()
    assert words in str(KeptText.objects.get(referral=at_check).answers)


# While she types ----------------------------------------------------------------------------------
def autosave(who, referral, **data):
    return enter(who).post(url("check_autosave", referral), data)


def answer_of(referral, name):
    return Answers(cases.fresh(referral)).get(name)


def test_what_a_lead_types_is_kept_and_the_version_comes_back(cast, at_check):
    before = int(seen(at_check))
    response = autosave(cast.lead, at_check, seen=before, facts_verified="Half a sent")
    assert response.status_code == 200
    assert response.json()["seen"] == before + 1
    assert answer_of(at_check, "facts_verified") == "Half a sent"
    page = enter(cast.deputy).get(url("check", at_check)).content.decode()
    assert "Half a sent" in page
    assert url("check_autosave", at_check) in page
    assert 'aria-live="polite" data-autosave-status' in page


def test_what_is_kept_of_a_check_is_sealed(cast, at_check):
    said = "Zeltplatzkocher"
    autosave(cast.lead, at_check, seen=seen(at_check), facts_verified=said, decision="e",
             questions=f"Who saw the {said}?")  # fmt: skip
    with connection.cursor() as cursor:
        for table in ("referrals_checkrecord", "referrals_kepttext"):
            cursor.execute(f"SELECT * FROM {table}")  # noqa: S608 - a name of ours
            row = repr([[bytes(v) if isinstance(v, memoryview) else v for v in r] for r in cursor])
            assert said not in row


def test_an_autosave_never_writes_over_another_leads_words(cast, at_check):
    opened = seen(at_check)
    autosave(cast.deputy, at_check, seen=opened, facts_verified="The deputy's words.")
    response = autosave(cast.lead, at_check, seen=opened, facts_verified="Mine.")
    assert response.status_code == 409
    assert answer_of(at_check, "facts_verified") == "The deputy's words."


@pytest.mark.parametrize(
    ("who", "status"),
    [("practitioner", 403), ("colleague", 404), ("prevent_lead", 404), ("outsider_lead", 404)],
)
def test_a_check_is_autosaved_by_the_agencys_leads_alone(who, status, cast, at_check):
    person = getattr(cast, who)
    assert autosave(person, at_check, seen=seen(at_check), facts_verified="x").status_code == status
    assert answer_of(at_check, "facts_verified") == ""
    assert enter(cast.lead).get(url("check_autosave", at_check)).status_code == 405


def test_a_lead_with_a_concern_of_her_own_is_autosaved_too(cast):
    own = workflow.start(cast.lead)
    assert autosave(cast.lead, own, seen=0, facts_verified="Read.").status_code == 200
    assert answer_of(own, "facts_verified") == "Read."


def test_after_the_decision_an_autosave_says_that_the_page_moved_on(cast, case_in):
    closed = case_in(Status.AGENCY_CLOSED)
    assert autosave(cast.lead, closed, seen=seen(closed), facts_verified="x").status_code == 409
    assert answer_of(closed, "facts_verified") == cases.CHECK["facts_verified"]


def test_the_questions_to_the_author_are_kept_until_they_are_asked(cast, at_check):
    autosave(cast.lead, at_check, seen=seen(at_check), decision="e", questions="Who else wa")
    page = enter(cast.lead).get(url("check", at_check)).content.decode()
    assert "Who else wa" in page
    enter(cast.lead).post(
        url("check", at_check),
        {
            "seen": seen(at_check),
            "decide": "1",
            "decision": "e",
            "questions": "Who else was there?",
        },
    )
    assert at_check.messages.get(kind="question").body == "Who else was there?"
    assert not at_check.kept_texts.exists()
    assert enter(cast.practitioner).get(url("status", at_check)).status_code == 200


def test_only_the_button_signs(cast, at_check):
    """A signature opens SHARE, so no timer may give it."""
    data = form_data(cases.CHECK)
    autosave(cast.lead, at_check, seen=seen(at_check), **data)
    assert answer_of(at_check, "decision") == "b"
    assert answer_of(at_check, "signed") == ""
    enter(cast.lead).post(url("check", at_check), {"seen": seen(at_check), "later": "1", **data})
    assert answer_of(at_check, "signed") == ""


def test_a_signature_does_not_stand_under_other_words(cast, at_check):
    data = form_data(cases.CHECK)
    enter(cast.lead).post(url("check", at_check), {"seen": seen(at_check), "decide": "1", **data})
    assert answer_of(at_check, "signed") == "yes"
    autosave(cast.lead, at_check, seen=seen(at_check), **data)
    assert answer_of(at_check, "signed") == "yes"
    autosave(cast.lead, at_check, seen=seen(at_check), **data | {"decision": "d"})
    assert answer_of(at_check, "signed") == ""
    assert cases.fresh(at_check).check_record.signed_by is None


def changes_of(referral):
    events = AuditEvent.objects.filter(kind="referral.answered", detail__step="check")
    return [(event.person, event.detail["fields"]) for event in events.filter(case=referral.pk)]


def test_what_is_changed_in_a_check_is_noted_by_name_and_never_in_words(cast, at_check):
    """A page saves itself every few seconds: the same answer is noted once in a while."""
    for typed in ("CANARY half", "CANARY half a sent", "CANARY half a sent"):
        workflow.save_check(at_check, {"facts_verified": typed}, by=cast.lead)
    assert changes_of(at_check) == [(cast.lead, ["facts_verified"])]
    data = {"facts_verified": "CANARY half a sent", "second_opinion": "CANARY agreed"}
    for who, words in ((cast.lead, "CANARY agreed"), (cast.deputy, "No."), (cast.lead, "Yes.")):
        workflow.save_check(at_check, data | {"second_opinion": words}, by=who)
    assert changes_of(at_check)[1:] == [
        (cast.lead, ["second_opinion"]),
        (cast.deputy, ["second_opinion"]),
        (cast.lead, ["second_opinion"]),
    ]
    events = AuditEvent.objects.filter(kind="referral.answered")
    assert {event.agency for event in events} == {str(cast.agency.pk)}
    assert "CANARY" not in str([event.detail for event in events])


def test_whatever_is_changed_around_a_signature_is_noted_at_once(cast, at_check):
    data = form_data(cases.CHECK)
    enter(cast.lead).post(url("check", at_check), {"seen": seen(at_check), "decide": "1", **data})
    again = data | {"decision_reasons": "Other reasons, which are as long as they have to be."}
    autosave(cast.lead, at_check, seen=seen(at_check), **again)
    assert changes_of(at_check)[-1] == (cast.lead, ["decision_reasons", "signed"])


def test_a_draft_is_its_authors_own_and_leaves_no_such_trace(draft):
    assert not AuditEvent.objects.filter(kind="referral.answered").exists()


@pytest.mark.parametrize(("before", "written"), [("Half", 0), ("", 1)])
def test_noting_what_changed_costs_a_save_one_query_at_most(before, written, cast, at_check):
    if before:
        workflow.save_check(at_check, {"facts_verified": before}, by=cast.lead)
    else:
        workflow.save_check(at_check, {"second_opinion": "Agreed"}, by=cast.lead)
    with CaptureQueriesContext(connection) as asked:
        workflow.save_check(at_check, {"facts_verified": "Half a sentence"}, by=cast.lead)
    of_log = [one["sql"] for one in asked if AuditEvent._meta.db_table in one["sql"]]
    assert [sql.startswith("INSERT") for sql in of_log] == [False] + [True] * written
    assert PageSave._meta.db_table in of_log[0]  # asked together with the page's own row


# Two leads, or two windows ------------------------------------------------------------------------
def clash(cast, at_check, **second):
    """The deputy saves first; the lead's save of the page as it was before is refused."""
    opened = seen(at_check)
    first = {"facts_verified": "The deputy read <it>.", "action_taken": "no"}
    enter(cast.deputy).post(url("check", at_check), {"seen": opened, "later": "1", **first})
    mine = {"facts_verified": "I read it.", "action_taken": "yes", **second}
    return enter(cast.lead).post(url("check", at_check), {"seen": opened, "later": "1", **mine})


def again(page, **choices):
    """The form of the conflict page as the browser would send it."""
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    areas = re.findall(r'<textarea name="([^"]+)" hidden>\n(.*?)</textarea>', page, re.DOTALL)
    chosen = re.findall(r'name="(choose_\w+)" value="(\w+)" checked', page)
    wanted = {f"choose_{name}": choice for name, choice in choices.items()}
    return hidden | dict(areas) | dict(chosen) | wanted | {"merge": "1"}


def test_the_second_save_of_a_check_is_refused_with_both_texts_shown_and_kept(cast, at_check):
    response = clash(cast, at_check, decision="e", questions="Who saw it?")
    page = response.content.decode()
    assert response.status_code == 409
    for words in (
        "Two versions of this page",
        f"{cast.deputy.name} saved this page",
        "Who saw it?",
    ):
        assert words in page
    assert "The deputy read &lt;it&gt;." in page
    assert "I read it." in page
    assert answer_of(at_check, "facts_verified") == "The deputy read <it>."
    kept = at_check.kept_texts.get().answers
    assert (kept["facts_verified"], kept["questions"]) == ("I read it.", "Who saw it?")


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ("saved", "The deputy read <it>."),
        ("mine", "I read it."),
        ("both", "The deputy read <it>.\n\nI read it."),
    ],
)
def test_each_answer_is_chosen_by_itself(choice, words, cast, at_check):
    page = clash(cast, at_check).content.decode()
    data = again(page, facts_verified=choice, action_taken="mine")
    response = enter(cast.lead).post(url("check", at_check), data)
    assert response["Location"] == url("check", at_check)
    assert answer_of(at_check, "facts_verified") == words
    assert answer_of(at_check, "action_taken") == "yes"


def test_without_a_choice_nothing_of_another_lead_is_replaced(cast, at_check):
    data = again(clash(cast, at_check).content.decode())
    enter(cast.lead).post(url("check", at_check), data)
    assert answer_of(at_check, "facts_verified") == "The deputy read <it>.\n\nI read it."
    assert answer_of(at_check, "action_taken") == "no"


def test_words_that_only_stood_there_before_are_not_repeated(cast, at_check):
    autosave(cast.lead, at_check, seen=seen(at_check), facts_verified="One.")
    opened = seen(at_check)
    autosave(cast.deputy, at_check, seen=opened, facts_verified="One. Two.")
    data = {"seen": opened, "later": "1", "facts_verified": "One.", "action_taken": "no"}
    page = enter(cast.lead).post(url("check", at_check), data).content.decode()
    chosen = again(page)
    assert (chosen["choose_facts_verified"], chosen["choose_action_taken"]) == ("saved", "mine")


def test_a_third_save_of_a_check_meanwhile_is_refused_again(cast, at_check):
    data = again(clash(cast, at_check).content.decode(), facts_verified="mine")
    autosave(cast.deputy, at_check, seen=seen(at_check), facts_verified="A third.")
    response = enter(cast.lead).post(url("check", at_check), data)
    assert response.status_code == 409
    assert "A third." in response.content.decode()
    assert answer_of(at_check, "facts_verified") == "A third."


def test_a_time_that_cannot_be_read_is_shown_and_leaves_what_is_saved(cast, at_check):
    unread = {"spoken_at_day": "31", "spoken_at_month": "2", "spoken_at_year": "2026",
              "spoken_at_time": "9am"}  # fmt: skip
    page = clash(cast, at_check, **unread).content.decode()
    assert "We could not read what you wrote here" in page
    before = answer_of(at_check, "spoken_at")
    enter(cast.lead).post(url("check", at_check), again(page, facts_verified="mine"))
    assert answer_of(at_check, "spoken_at") == before
    assert answer_of(at_check, "facts_verified") == "I read it."


def test_the_same_decision_pressed_twice_is_no_conflict(cast, at_check):
    data = {"seen": seen(at_check), "decide": "1", **form_data(cases.CHECK)}
    first = enter(cast.lead).post(url("check", at_check), data)
    second = enter(cast.lead).post(url("check", at_check), data)
    assert first["Location"] == second["Location"] == url("step", at_check, "noticed-by")
    decided = AuditEvent.objects.about(at_check.pk).filter(kind="referral.check_decided")
    assert decided.count() == 1
    assert not at_check.kept_texts.exists()


def test_words_that_came_after_the_decision_are_shown_and_kept(cast, at_check):
    opened = seen(at_check)
    decided = {
        "decision": "d",
        "decision_reasons": "She said bombe, the dessert of the family café, and drew it.",
        "signed": "on",
    }
    enter(cast.deputy).post(url("check", at_check), {"seen": opened, "decide": "1", **decided})
    late = {"seen": opened, "later": "1", "facts_verified": "Too late."}
    response = enter(cast.lead).post(url("check", at_check), late)
    assert response.status_code == 409
    assert "This cannot be changed here any more" in response.content.decode()
    assert "Too late." in response.content.decode()
    assert at_check.kept_texts.get().answers["facts_verified"] == "Too late."
    asked = enter(cast.deputy).post(
        url("check", at_check), {"seen": opened, "decide": "1", **decided}
    )
    assert asked.status_code == 409 or asked["Location"] == url("case", at_check)


# Who opened it ------------------------------------------------------------------------------------
def test_who_opened_it_is_logged_with_the_role(cast, at_check):
    enter(cast.lead).get(url("check", at_check))
    enter(cast.practitioner).get(url("status", at_check))
    own = workflow.start(cast.practitioner)
    enter(cast.practitioner).get(url("tasks", own))
    looks = AuditEvent.objects.filter(kind="referral.viewed").order_by("pk")
    roles = [(look.person, look.role) for look in looks]
    assert roles == [
        (cast.lead, "lead"),
        (cast.practitioner, "practitioner"),
        (cast.practitioner, "practitioner"),
    ]


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


# C7: a second opinion about a child of 10 or under ----------------------------------------------
YOUNG: dict[str, Any] = {"born": {"day": 9, "month": 1, "year": 2020}, "under_18": "yes"}


def offered(page, name):
    """The keys of the people whom a question offers."""
    return {int(pk) for pk in re.findall(rf'name="{name}" type="radio" value="(\d+)"', page)}


def test_a_second_opinion_is_of_another_lead_or_a_prevent_lead(cast, case_in):
    referral = case_in(Status.AGENCY_CHECK, **YOUNG)
    client = enter(cast.lead)
    page = client.get(url("check", referral)).content.decode()
    prevent = {cast.prevent_lead.pk, cast.prevent_deputy.pk, cast.prevent_senior.pk}
    assert offered(page, "second_opinion_by") == {cast.deputy.pk} | prevent
    for stranger in (cast.lead, cast.practitioner, cast.officer):
        given = {"seen": seen(referral), "later": "1", "second_opinion_by": stranger.pk}
        refused = client.post(url("check", referral), given)
        assert "Select one of the people shown" in refused.content.decode()
    given = {"seen": seen(referral), "later": "1", "second_opinion_by": cast.prevent_lead.pk}
    assert client.post(url("check", referral), given).status_code == 302
    assert answer_of(referral, "second_opinion_by") == cast.prevent_lead


@pytest.mark.parametrize("name", ["second_opinion_by", "override_by"])
def test_a_list_of_people_never_tells_who_is_kept_out_of_the_case(name, cast, case_in):
    """AC-06 and AC-07: nobody is missing, and who is away is refused in the same words."""
    referral = case_in(Status.AGENCY_CHECK, **YOUNG)
    cases.fill(referral, {"fair_basis": "no"}, by=cast.lead)
    client = enter(cast.lead)
    before = offered(client.get(url("check", referral)).content.decode(), name)
    workflow.keep_out(referral, cast.deputy, "Her nephew.", by=cast.lead)
    today = timezone.localdate()
    Absence.objects.create(person=cast.prevent_senior, starts_on=today, ends_on=today)
    assert offered(client.get(url("check", referral)).content.decode(), name) == before
    assert cast.deputy.pk in before
    said = []
    for person in (cast.deputy, cast.prevent_senior):
        given = {"seen": seen(referral), "later": "1", "fair_basis": "no", name: person.pk}
        page = client.post(url("check", referral), given).content.decode()
        assert "They cannot be named now. Select somebody else" in page
        said.append(page.count("cannot be named"))
        assert not answer_of(referral, name)
    assert said[0] == said[1]


def test_nobody_gives_a_second_opinion_on_their_own_check_or_concern(cast, case_in):
    referral = case_in(Status.AGENCY_CHECK, **YOUNG)
    checked = cases.CHECK | {"second_opinion_by": cast.deputy}
    cases.fill(referral, checked, by=cast.lead)
    with pytest.raises(NotReady, match="somebody else"):
        workflow.decide(cases.fresh(referral), by=cast.deputy)
    workflow.decide(cases.fresh(referral), by=cast.lead)
    own = cases.draft(cast, by=cast.lead, **YOUNG)
    page = enter(cast.lead).get(url("check", own)).content.decode()
    assert cast.lead.pk not in offered(page, "second_opinion_by")
    cases.fill(own, cases.CHECK | {"second_opinion_by": cast.lead}, by=cast.lead)
    with pytest.raises(NotReady, match="somebody else"):
        workflow.decide(cases.fresh(own), by=cast.lead)


def test_a_second_opinion_is_read_wherever_the_check_is(cast, case_in):
    referral = case_in(Status.TRIAGE, **YOUNG)
    frozen = Submission.objects.get(referral=referral).answers
    assert frozen["second_opinion_by"] == cast.deputy.name
    for who, where in ((cast.prevent_lead, "case"), (cast.lead, "status")):
        page = enter(who).get(url(where, referral)).content.decode()
        assert "Second opinion by" in page
        assert str(cast.deputy) in page
    in_pdf = report.parts(report.frozen(referral), Section.CHECK)
    assert cast.deputy.name in str(in_pdf)


def test_a_second_opinion_in_words_is_not_lost(cast, case_in):
    """Before it was a person, the question was answered with a name."""
    referral = case_in(Status.TRIAGE, **YOUNG)
    record = referral.check_record
    record.second_opinion_by, record.second_opinion_name = None, "Dr Hale, head"
    record.save()
    page = enter(cast.prevent_lead).get(url("case", referral)).content.decode()
    assert "Dr Hale, head" in page
    answers = Answers(cases.fresh(referral))
    assert answers.missing(named("second_opinion_by")) == []
    assert workflow.frozen_answers(cases.fresh(referral))["second_opinion_by"] == "Dr Hale, head"
