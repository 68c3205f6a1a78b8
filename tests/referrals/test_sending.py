"""Before the hand-over, reading it through, sending it, and after."""

import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agencies.models import Membership, Route
from agencies.terms import RouteKind
from outbox.models import Message as Mail
from referrals import workflow
from referrals.models import KeptText, Referral, Submission
from referrals.questions import Kind
from referrals.steps import STEPS
from referrals.terms import Section, Status
from tests.entry import enter
from tests.referrals import cases
from tests.referrals.browsing import (
    MOST_QUERIES,
    found,
    post_page,
    seen,
    stored,
    url,
    words,
)
from tests.referrals.cases import fresh

NOTICE_PAGES = [step for step in STEPS if step.section == Section.NOTICE]


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
    draft.page_saves.filter(step=workflow.CLOSENESS).delete()
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


def test_what_was_not_shown_is_not_sent(cast, author, ready):
    """Another window changed an answer, or the lead has left, after the page was opened (W20)."""

    def shown() -> dict[str, str]:
        page = words(author.get(url(ready, "answers")))
        return {"shown": found(r'name="shown" value="([^"]+)"', page)}

    old = shown()
    cases.fill(ready, {"worry": "That he is hurt by the two whom he met."}, by=cast.practitioner)
    page = words(author.post(url(ready, "answers"), old))
    assert "has changed since you opened this page" in page
    assert "That he is hurt by the two whom he met." in page
    old = shown()
    Membership.objects.filter(person=cast.lead).update(ends_on=timezone.localdate())
    page = words(author.post(url(ready, "answers"), old))
    assert f"Send to {cast.deputy.name}" in page
    assert fresh(ready).status == Status.DRAFT
    again = {"shown": found(r'name="shown" value="([^"]+)"', page)}
    assert author.post(url(ready, "answers"), again)["Location"] == url(ready, "sent")
    assert fresh(ready).lead == cast.deputy


def test_a_route_that_was_closed_meanwhile_is_said_before_anything_is_sent(cast, ready):
    workflow.hand_over(ready, by=cast.practitioner)
    cases.fill(fresh(ready), cases.CHECK | {"spoken_at": cases.MONDAY}, by=cast.lead)
    workflow.decide(fresh(ready), by=cast.lead)
    cases.fill(fresh(ready), cases.SHARE | {"declared": ""}, by=cast.lead)
    client = enter(cast.lead)
    route = Route.objects.get(locality=cast.locality, kind=RouteKind.FRONT_DOOR)
    page = words(client.get(url(ready, "answers")))
    assert route.name in page
    sent = {"shown": found(r'name="shown" value="([^"]+)"', page), "declared": "on"}
    Route.objects.filter(pk=route.pk).update(is_open=False)
    page = words(client.post(url(ready, "answers"), sent))
    assert "What is sent, or who gets it, has changed" in page
    assert "<title>Error: " in page
    assert not Submission.objects.filter(referral=ready).exists()
    sent["shown"] = found(r'name="shown" value="([^"]+)"', page)
    assert client.post(url(ready, "answers"), sent)["Location"] == url(ready, "sent")
    # The child goes to no fewer bodies for it.
    assert fresh(ready).recipients.count() == 3


def test_pressing_send_twice_hands_over_once(cast, author, ready):
    first, second = author.post(url(ready, "answers")), author.post(url(ready, "answers"))
    assert first.url == second.url == url(ready, "sent")
    assert Mail.objects.filter(kind="referral.check").count() == 1


def test_sharing_twice_makes_one_submission(cast, ready):
    workflow.hand_over(ready, by=cast.practitioner)
    cases.fill(fresh(ready), cases.CHECK | {"spoken_at": cases.MONDAY}, by=cast.lead)
    workflow.decide(fresh(ready), by=cast.lead)
    cases.fill(fresh(ready), cases.SHARE | {"declared": ""}, by=cast.lead)
    client = enter(cast.lead)
    form_key = found(r'name="form_key" value="([^"]+)"', words(client.get(url(ready, "answers"))))
    sent = {"form_key": form_key, "declared": "on"}
    answers = [client.post(url(ready, "answers"), sent)["Location"] for _again in range(3)]
    answers.append(client.post(url(ready, "answers"), {"declared": "on"})["Location"])
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
    response = enter(cast.lead).post(url(ready, "answers"), {"form_key": used, "declared": "on"})
    assert response["Location"] == url(ready, "sent")
    assert Submission.objects.get(referral=ready).form_key != used


def test_without_the_declaration_nothing_is_shared(cast, ready):
    workflow.hand_over(ready, by=cast.practitioner)
    cases.fill(fresh(ready), cases.CHECK | {"spoken_at": cases.MONDAY}, by=cast.lead)
    workflow.decide(fresh(ready), by=cast.lead)
    cases.fill(fresh(ready), cases.SHARE | {"declared": ""}, by=cast.lead)
    response = enter(cast.lead).post(url(ready, "answers"), {"form_key": uuid.uuid4()})
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
    assert "Mixed or multiple" not in words(enter(cast.lead).get(url(ready, "answers")))


def test_a_body_outside_the_portal_is_said_before_it_is_sent(cast, ready):
    cast.locality.routes.filter(kind="front_door").update(in_portal=False)
    workflow.hand_over(ready, by=cast.practitioner)
    cases.fill(fresh(ready), cases.CHECK | {"spoken_at": cases.MONDAY}, by=cast.lead)
    workflow.decide(fresh(ready), by=cast.lead)
    page = words(enter(cast.lead).get(url(ready, "answers")))
    assert "They do not work in the portal: we make a sheet that you send" in page


# Sent -------------------------------------------------------------------------------------------
def test_outside_hours_it_says_whom_to_ring_and_records_the_call(cast, case_in, monkeypatch):
    referral = case_in(Status.SUBMITTED)
    monkeypatch.setattr("agencies.workdays.is_open", lambda *a: False)
    client = enter(cast.lead)
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
    assert "I rang them" not in words(enter(cast.lead).get(url(referral, "sent")))
    Referral.objects.filter(pk=referral.pk).update(emergency=True)
    page = words(enter(cast.lead).get(url(referral, "sent")))
    assert "Ring them now" in page
    assert 'href="tel:01632960100"' in page


def test_a_recipient_of_another_case_cannot_be_rung_here(cast, case_in):
    mine, other = case_in(Status.SUBMITTED), case_in(Status.SUBMITTED)
    client = enter(cast.lead)
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
