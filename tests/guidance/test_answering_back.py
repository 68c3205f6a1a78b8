"""Readers follow changes, say what was useful and what is wrong, and stay unknown."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from agencies.terms import Role
from guidance.readers import updates, urgent
from guidance.readers.models import Correction, Subscriber, UrgentNotice, UsefulAnswer
from outbox import sending
from outbox.models import Message
from tests.guidance.conftest import page_of, signed_in

pytestmark = pytest.mark.django_db
READER = "reader@example.org"


@pytest.fixture
def now():
    return timezone.now()


def subscribed(now) -> Subscriber:
    updates.ask(READER, now=now)
    subscriber = Subscriber.objects.get()
    assert updates.confirm(subscriber.token, now=now)
    subscriber.refresh_from_db()
    return subscriber


# --- E-mails about changes ------------------------------------------------------------------------
def test_asking_says_the_same_for_known_and_unknown_addresses(client, now):
    answers = []
    for _turn in range(2):
        response = client.post("/updates/", {"email": READER}, follow=True)
        answers.append(response.content)
        updates.confirm(Subscriber.objects.get().token, now=now)
    assert answers[0] == answers[1]
    assert Message.objects.filter(kind="guidance.confirm_updates").count() == 1


def test_a_wrong_address_is_asked_for_again_and_kept(client):
    page = client.post("/updates/", {"email": "reader at example"}).content.decode()
    assert "Write the e-mail address in full" in page
    assert 'value="reader at example"' in page
    assert not Subscriber.objects.exists()


def test_visiting_the_link_confirms_nothing_and_pressing_does(client, now):
    updates.ask(READER, now=now)
    path = Message.objects.get().path
    assert "press" not in path
    assert client.get(path).status_code == 200
    assert Subscriber.objects.get().confirmed_at is None
    assert "You will be told" in client.post(path).content.decode()
    assert Subscriber.objects.get().confirmed_at


def test_who_never_confirms_is_forgotten(site, now):
    updates.ask(READER, now=now - timedelta(days=8))
    path = Message.objects.get().path
    updates.tell(now)
    assert not Subscriber.objects.exists()
    assert Client().get(path).status_code == 404


def test_changes_are_told_once_and_at_most_daily(site, now):
    subscribed(now)
    page = page_of("/guidance/what-to-do/")
    page.specific.save_revision().publish()
    assert updates.tell(now + timedelta(hours=1)) == 0  # not within a day
    assert updates.tell(now + timedelta(days=1, minutes=1)) == 1
    assert updates.tell(now + timedelta(days=3)) == 0  # nothing changed since


def test_a_mail_names_nothing_and_stops_with_one_press(site, now):
    subscriber = subscribed(now)
    page_of("/guidance/what-to-do/").save_revision().publish()
    later = now + timedelta(days=2)
    updates.tell(later)
    sending.send_due(later)
    sent = next(each for each in mail.outbox if "has changed" in each.subject)
    assert "concerned" not in sent.body
    assert "Sign in" not in sent.body
    (address,) = re.findall(r"http\S+/updates/stop/\S+", str(sent.body))
    assert sent.extra_headers["List-Unsubscribe"] == f"<{address}>"
    path = address[address.index("/updates/") :]
    reader = Client(enforce_csrf_checks=True)
    assert reader.get(path).status_code == 200
    assert Subscriber.objects.filter(pk=subscriber.pk).exists()
    assert reader.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not Subscriber.objects.exists()
    assert reader.post(path).status_code == 200  # twice does no harm


# --- Useful? What is wrong? -----------------------------------------------------------------------
def test_an_answer_is_counted_and_nobody_is_known_by_it(site):
    page = page_of("/guidance/what-to-do/")
    reader = Client(enforce_csrf_checks=True)
    assert f'action="/useful/{page.pk}/"' in reader.get("/guidance/what-to-do/").content.decode()
    response = reader.post(f"/useful/{page.pk}/", {"useful": "no"})
    assert "Suggest a correction" in response.content.decode()
    (answer,) = UsefulAnswer.objects.all()
    assert answer.useful is False
    assert {field.name for field in UsefulAnswer._meta.fields} == {"id", "page", "useful", "on"}
    assert response.cookies == {}


@pytest.mark.parametrize("sent", [{}, {"useful": "maybe"}])
def test_any_other_answer_leads_back_to_the_page(site, client, sent):
    page = page_of("/guidance/what-to-do/")
    response = client.post(f"/useful/{page.pk}/", sent)
    assert response["Location"] == "/guidance/what-to-do/"
    assert not UsefulAnswer.objects.exists()


def test_a_correction_reaches_the_editors_without_its_words(site, client, give):
    editor = give(Role.GUIDANCE_EDITOR).person
    page = page_of("/guidance/what-to-do/")
    words = "The second step says lead where it means deputy."
    client.post(f"/suggest/{page.pk}/", {"words": words})
    assert Correction.objects.get().words == words
    (told,) = Message.objects.filter(kind="guidance.correction")
    assert told.to_person == editor
    assert "deputy" not in told.text
    office = signed_in(editor)
    assert "second step says lead" in office.get(told.path).content.decode()


@pytest.mark.parametrize("secret", ["ann@example.org", "01632 960123", "+44 7700 900123"])
def test_a_correction_says_nothing_of_who_sends_it(site, client, secret):
    page = page_of("/guidance/what-to-do/")
    words = f"The second step is wrong, write to me: {secret}"
    said = client.post(f"/suggest/{page.pk}/", {"words": words}).content.decode()
    assert "Take out the e-mail address or telephone number" in said
    assert "The second step is wrong" in said
    assert not Correction.objects.exists()


def test_unknown_and_unpublished_pages_take_no_answers(site, client):
    page = page_of("/guidance/what-to-do/")
    page.unpublish()
    for pk in (page.pk, 0, 10**12):
        assert client.get(f"/suggest/{pk}/").status_code == 404
        assert client.post(f"/useful/{pk}/", {"useful": "yes"}).status_code == 404


# --- Urgent ---------------------------------------------------------------------------------------
def test_an_urgent_notice_stands_on_every_page_while_it_lasts(site, client, now):
    notice = UrgentNotice(
        words="Ring before you send anything today.",
        more="/news/",
        starts_at=now - timedelta(hours=1),
        ends_at=now + timedelta(hours=1),
    )
    notice.full_clean()
    notice.save()
    for path in ["/", "/guidance/", "/search/", "/accounts/login/"]:
        assert "Ring before you send" in client.get(path).content.decode(), path
    assert "Ring before you send" not in client.get("/referrals/start/").content.decode()
    assert urgent.in_force(now + timedelta(hours=2)) is None
    notice.delete()
    assert "Ring before you send" not in client.get("/").content.decode()


# --- For machines, and for pages that moved -------------------------------------------------------
def test_news_and_addresses_can_be_read_by_machines(site, client):
    feed = client.get("/news/feed/")
    assert feed["Content-Type"].startswith("application/rss+xml")
    assert "raise a concern" in feed.content.decode()
    addresses = client.get("/sitemap.xml").content.decode()
    assert "/guidance/what-to-do/</loc>" in addresses
    assert "/referrals/" not in addresses
    changes = client.get("/guidance/changes/feed/").content.decode()
    assert "New page." in changes
    assert "Sitemap: http" in client.get("/robots.txt").content.decode()


def test_a_page_that_moved_is_found_at_its_old_address(
    site, client, django_capture_on_commit_callbacks
):
    page = page_of("/guidance/what-to-do/")
    with django_capture_on_commit_callbacks(execute=True):
        page.slug = "three-steps"
        page.save_revision().publish()
    response = client.get("/guidance/what-to-do/")
    assert response.status_code == 301
    assert response["Location"] == "/guidance/three-steps/"
    assert client.get("/guidance/never-was/").status_code == 404


def test_a_page_that_has_not_changed_is_not_sent_twice(site, client, give):
    first = client.get("/guidance/what-to-do/")
    assert first["Cache-Control"] == "no-cache, public"
    again = client.get("/guidance/what-to-do/", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    assert again["Cache-Control"] == "no-cache, public"
    assert again["Content-Security-Policy"]
    page_of("/guidance/what-to-do/").save_revision().publish()
    mine = signed_in(give(Role.GUIDANCE_EDITOR).person).get("/guidance/what-to-do/")
    assert mine["Cache-Control"] == "no-store"
    assert "ETag" not in mine
