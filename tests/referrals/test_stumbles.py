"""Which questions people fail, and where drafts end: counted without anybody behind the figures."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from agencies.terms import Role
from outbox.models import Message as Mail
from referrals import retention, stumbles
from referrals.models import Stumble
from referrals.steps import STEP
from referrals.terms import Status
from tests.entry import enter
from tests.factories import MembershipFactory
from tests.referrals import cases
from tests.referrals.browsing import seen

pytestmark = pytest.mark.django_db

PAGE = "/referrals/hard-questions/"


def test_a_page_that_comes_back_is_counted_by_question_and_nothing_more(cast):
    draft = cases.walk_to(cast, Status.DRAFT)
    author = enter(cast.practitioner)
    address = f"/referrals/{draft.key}/worry/"
    for _time in range(2):
        answer = author.post(address, {"worry": "", "seen": seen(draft, "worry")})
        assert answer.status_code == 200
    row = Stumble.objects.get()
    assert (row.step, row.question, row.times) == ("worry", "worry", 2)
    assert row.month == timezone.localdate().replace(day=1)
    author.post(address, {"worry": "", "later": "1", "seen": seen(draft, "worry")})
    author.post(address, {"worry": "That he is hurt.", "seen": seen(draft, "worry")})
    assert Stumble.objects.get().times == 2  # neither "later" nor an answer is a stumble


def test_a_draft_that_nobody_sent_is_counted_at_its_last_page(cast):
    draft = cases.walk_to(cast, Status.DRAFT)
    last = draft.page_saves.order_by("-at", "-pk").first()
    retention.remind_drafts(cases.MONDAY + timedelta(days=29))
    Mail.objects.update(sent_at=cases.MONDAY)
    assert retention.dispose_stale_drafts(cases.MONDAY + timedelta(days=31)) == 1
    row = Stumble.objects.get()
    assert last is not None
    assert (row.step, row.question, row.times) == (last.step, "", 1)


def test_few_are_not_told_and_most_come_first():
    today = date(2026, 11, 23)
    page = STEP["worry"]
    for _time in range(stumbles.HIDDEN_BELOW):
        stumbles.sent_back(page, ["worry", "not_a_question"], today=today)
    stumbles.sent_back(STEP["observed"], ["observed"], today=date(2026, 1, 5))
    stumbles.sent_back(STEP["observed"], ["observed"], today=date(2025, 11, 30))
    refused, gone = stumbles.lines(today)
    assert [line.times for line in refused] == [stumbles.HIDDEN_BELOW, None]
    assert gone == []
    assert Stumble.objects.count() == 3
    stumbles.forget(date(2027, 12, 1))
    assert Stumble.objects.count() == 2


def test_the_page_is_for_those_who_look_after_the_portal(cast):
    for _time in range(stumbles.HIDDEN_BELOW):
        stumbles.sent_back(STEP["worry"], ["worry"], today=timezone.localdate())
    page = enter(cast.portal_admin).get(PAGE).content.decode()
    assert ">5</td>" in page
    manager = MembershipFactory(role=Role.MODERATION_MANAGER).person
    for person in (cast.lead, cast.prevent_lead, manager):
        assert enter(person).get(PAGE).status_code == 404
