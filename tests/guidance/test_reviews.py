from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from wagtail.models import Page

from agencies.models import Contact
from agencies.terms import ContactPurpose, Role
from guidance import health, reviews
from guidance.models import DatedPage, GuidancePage
from outbox.models import Message
from tests.guidance.conftest import page_of, signed_in

pytestmark = pytest.mark.django_db
PATH = "/guidance/what-to-do/"
DAY = date(2027, 3, 31)


def at(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, datetime.min.time().replace(hour=9)))


def review(page: DatedPage, day: date, kept_by: str = "Guidance editor") -> None:
    type(page).objects.filter(pk=page.pk).update(review_by=day, kept_by=kept_by)


@pytest.fixture
def due_page(site):
    """The only page with a day to be checked by."""
    for kind in DatedPage.__subclasses__():
        kind.objects.update(review_by=None)
    found = page_of(PATH)
    review(found, DAY)
    return found


def told(person):
    messages = Message.objects.filter(to_person=person, kind="guidance.page_due")
    return [(m.subject, m.body) for m in messages.order_by("created_at")]


def test_the_keeper_is_reminded_at_30_and_7_days_and_when_it_is_late(due_page, give):
    editor, approver = give(Role.GUIDANCE_EDITOR).person, give(Role.GUIDANCE_APPROVER).person
    for left in (40, 31, 30, 29, 8, 7, 3, 0, -1, -2, -60):
        reviews.remind(at(DAY - timedelta(days=left)))
        reviews.remind(at(DAY - timedelta(days=left)))  # a minute later
    subjects = [subject for subject, _body in told(editor)]
    assert subjects == [
        "A page is to be checked",
        "A page is to be checked",
        "A page is late to be checked",
    ]
    assert "31 March 2027" in told(editor)[0][1]
    assert due_page.title not in told(editor)[0][1]
    assert len(told(approver)) == 1  # only when it is late


def test_a_page_that_has_been_checked_begins_anew(due_page, give):
    editor = give(Role.GUIDANCE_EDITOR).person
    reviews.remind(at(DAY))
    review(due_page, DAY + timedelta(days=180))
    assert reviews.remind(at(DAY + timedelta(days=5))) == 0
    assert reviews.remind(at(DAY + timedelta(days=160))) == 1
    assert len(told(editor)) == 2


def test_a_role_that_nobody_holds_is_kept_by_the_approvers(due_page, give):
    approver, admin = give(Role.GUIDANCE_APPROVER).person, give(Role.PORTAL_ADMIN).person
    reviews.remind(at(DAY))
    assert len(told(approver)) == 1
    review(due_page, DAY + timedelta(days=1), "Portal administrator")
    reviews.remind(at(DAY))
    assert len(told(admin)) == 1


def test_asking_what_is_due_costs_the_same_however_much_there_is(
    due_page, django_assert_num_queries
):
    with django_assert_num_queries(1):
        assert [one.title for one in reviews.due(by=DAY)] == [due_page.title]
    for kind in DatedPage.__subclasses__():
        kind.objects.update(review_by=DAY)
    with django_assert_num_queries(1):
        found = reviews.due(by=DAY)
    assert len(found) == Page.objects.live().count() - 1  # all but the root of the tree


@pytest.mark.parametrize(("days", "warned"), [(29, False), (30, False), (31, True)])
def test_readers_are_warned_of_a_page_that_is_a_month_late(due_page, client, days, warned):
    review(due_page, timezone.localdate() - timedelta(days=days))
    assert ("should have been checked by" in client.get(PATH).content.decode()) is warned


def test_the_report_names_what_is_due_and_the_health_page_what_is_broken(due_page, give, client):
    review(due_page, timezone.localdate() - timedelta(days=40))
    browser = signed_in(give(Role.GUIDANCE_EDITOR).person)
    report = browser.get("/cms/guidance/to-check/").content.decode()
    assert "Late by 40 days" in report
    assert due_page.title in report
    broken: Any = page_of("/guidance/understanding-risk/")
    broken.body = [
        ("paragraph", '<p><a href="/nowhere/">x</a> <a linktype="page" id="99999">y</a></p>'),
        (
            "paragraph",
            '<p><a href="/contacts/#part-gone">z</a> <a href="/referrals/start/">f</a></p>',
        ),
        ("wanted", "The name of the board"),
    ]
    broken.sources = []
    broken.save_revision().publish()
    Contact.objects.create(
        purpose=ContactPurpose.POLICE, name="An old number", phone="01632 960124", source="S",
        owner="O", checked_on=timezone.localdate() - timedelta(days=200),
    )  # fmt: skip
    words = browser.get("/cms/guidance/to-put-right/").content.decode()
    for said in (
        "A link to /nowhere/.",
        "A link to /contacts/#part-gone.",
        "A link to a page that is not published.",
        "An old number",
        "The name of the board",
        "Say where its facts come from.",
    ):
        assert said in words, said
    assert "/referrals/start/" not in words
    admin = signed_in(give(Role.PORTAL_ADMIN).person)
    for address in ("to-check", "to-put-right"):
        assert admin.get(f"/cms/guidance/{address}/").status_code in {302, 403}
        assert client.get(f"/cms/guidance/{address}/").status_code == 302


def test_the_pages_we_begin_with_have_no_broken_links(site):
    found = health.findings(timezone.localdate())
    assert found["Links that lead nowhere"] == []
    assert found["Pages without a source"] == []
    assert GuidancePage.objects.live().exists()
