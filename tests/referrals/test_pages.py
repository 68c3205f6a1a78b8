"""The task list and the pages of questions: saving, danger, and what an answer sets off."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from agencies import people
from agencies.models import Absence, Membership
from referrals import walks, workflow
from referrals.answers import Answers
from referrals.models import Referral
from referrals.terms import Status, YesNo
from tests.entry import enter
from tests.referrals import browsing, cases
from tests.referrals.browsing import (
    draft_of,
    post_page,
    seen,
    stored,
    url,
    words,
)
from tests.referrals.cases import fresh


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


QUERIES = {
    "tasks": 9,
    "answers": 9,
    "closeness": 7,
    "lead": 10,
    "observed": 7,
    "gaps": 6,
}
OF_A_LEAD = {"tasks": 9, "answers": 11, "closeness": 8, "sector": 7}


@pytest.mark.parametrize("name", QUERIES)
def test_pages_of_a_full_draft_stay_within_their_queries(cast, author, draft, name):
    if name == "gaps":
        cases.fill(draft, {"language": ""}, by=cast.practitioner)
    with browsing.at_most(QUERIES[name]):
        assert author.get(url(draft, name)).status_code == 200


@pytest.mark.parametrize("name", OF_A_LEAD)
def test_pages_of_a_leads_own_draft_stay_within_their_queries(cast, name):
    referral = cases.draft(cast, by=cast.lead)
    client = enter(cast.lead)
    with browsing.at_most(OF_A_LEAD[name]):
        assert client.get(url(referral, name)).status_code == 200


def test_what_is_read_with_a_case_is_what_its_answers_would_find(cast, draft):
    """Who is close to it, whether a lead may hear of it, and which pages were saved."""

    def has_lead() -> bool:
        row = Referral.objects.with_pages().get(pk=draft.pk)
        read, found = Answers(row), Answers(fresh(draft))
        assert read.excluded == found.excluded
        assert read.has_lead == found.has_lead
        saves = dict(draft.page_saves.values_list("step", "version"))
        assert {each["step"]: each["version"] for each in row.saves} == saves
        return read.has_lead

    leads = people.leads_of(cast.agency)
    assert has_lead()
    workflow.exclude(draft, leads, by=cast.practitioner)
    assert not has_lead()
    workflow.exclude(draft, leads[1:], by=cast.practitioner)
    assert has_lead()
    User.objects.filter(pk=leads[0].pk).update(is_active=False)
    assert not has_lead()
    User.objects.filter(pk=leads[0].pk).update(is_active=True)
    Membership.objects.filter(person=leads[0]).update(ends_on=timezone.localdate())
    assert not has_lead()


def test_a_page_is_kept_in_few_queries(cast, author, draft):
    page = url(draft, "observed")
    data = browsing.page("observed", cases.NOTICE)
    for address, status in ((page, 302), (url(draft, "observed", "autosave"), 200)):
        sent = {"seen": seen(draft, "observed"), **data}
        with browsing.at_most(10):
            answer = author.post(address, sent)
        assert answer.status_code == status


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


@pytest.mark.parametrize(
    ("observed", "features", "said"),
    [
        ("She wears a hijab now and goes to a mosque on Fridays, since the summer.", {}, True),
        (
            "She wears a hijab now and goes to a mosque on Fridays, since the summer.",
            "change",
            True,
        ),
        ("She wears a hijab. She told me that she would “do them like he did”.", "contacts", False),
        ("She draws runes on her books and does not talk to her friends any more.", {}, False),
    ],
)
def test_what_is_lawful_is_said_once_an_equality_review_has_approved_it(
    observed, features, said, draft, settings
):
    """Rule 9: off by default, a prompt and no more."""
    given = {features: "Since the summer."} if features else {}
    answers = Answers(draft).with_changes({"observed": observed, "features": given})
    assert "rests_on_expression" not in walks.notes_after("features", answers)
    settings.LAWFUL_EXPRESSION_HELP = True
    assert ("rests_on_expression" in walks.notes_after("features", answers)) is said


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
