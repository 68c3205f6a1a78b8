"""A course with a day, which stands on the day the demonstration is made, and is real nowhere."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from clauses.models import current_edition
from demo import cast, events
from guidance import loading
from guidance.models import NewsPage, TrainingPage
from guidance.terms import NewsKind

pytestmark = pytest.mark.django_db


def test_a_course_has_a_day_a_place_and_a_link_to_book_and_the_news_tells_of_it(
    client: Client,
) -> None:
    today = timezone.localdate()
    events.announce(today)  # without the guidance there is nowhere to announce it
    loading.load()
    events.announce(today)
    events.announce(today + timedelta(days=1))  # once
    course = TrainingPage.objects.exclude(starts_on=None).get()
    assert course.starts_on is not None
    assert today + timedelta(days=24) <= course.starts_on <= today + timedelta(days=26)
    assert course.starts_on.weekday() < 5
    page = client.get("/training/").content.decode()
    for shown in (course.title, course.place):
        assert shown in page
    page = client.get(course.address).content.decode()
    assert 'href="https://bookings.example.org/notice-check-share"' in page
    assert "From 9.30 to 12.30" in page
    assert course.title in client.get("/search/?q=morning").content.decode()
    news = NewsPage.objects.get(slug=course.slug)
    assert news.kind == NewsKind.EVENT
    assert f'href="{course.address}"' in client.get(news.address).content.decode()
    assert set(NewsPage.objects.values_list("kind", flat=True)) == set(NewsKind.values)


def test_the_first_guidance_is_older_than_the_cases_and_what_is_announced_is_not() -> None:
    now = timezone.now()
    loading.load()
    events.date_back(now - cast.BEGAN)
    first = current_edition()
    assert first is not None
    assert first.published_at == now - cast.BEGAN
    events.announce(timezone.localdate(now))
    later = current_edition()
    assert later is not None
    assert later.published_at >= now


@pytest.mark.parametrize(("day", "taken"), [(20, 20), (21, 23), (22, 23), (23, 23)])
def test_nobody_is_asked_to_come_at_a_weekend(day: int, taken: int) -> None:
    assert events._weekday(date(2026, 11, day)) == date(2026, 11, taken)
