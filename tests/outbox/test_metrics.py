"""The numbers for a monitoring system: for whoever has the token, and nothing of anybody."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from outbox.models import Message

pytestmark = pytest.mark.django_db

PAGE = "/health/metrics"


def numbers(token: str) -> dict[str, float]:
    answer = Client(headers={"authorization": f"Bearer {token}"}).get(PAGE)
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain")
    lines = [line for line in answer.content.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.split() for line in lines)}


def test_without_the_token_there_is_no_such_page(client, settings):
    assert client.get(PAGE).status_code == 404
    settings.METRICS_TOKEN = "a-long-one"
    assert client.get(PAGE).status_code == 404
    assert client.get(PAGE, headers={"authorization": "Bearer another"}).status_code == 404
    assert client.get(PAGE, headers={"authorization": "Bearer ünïcode"}).status_code == 404


def test_it_says_how_much_waits_and_for_how_long(settings, django_assert_max_num_queries, write):
    settings.METRICS_TOKEN = "a-long-one"
    assert numbers("a-long-one")["portal_mail_due"] == 0
    write()
    Message.objects.update(send_after=timezone.now() - timedelta(minutes=20))
    with django_assert_max_num_queries(6):
        told = numbers("a-long-one")
    assert told["portal_mail_due"] == 1
    assert 1200 <= told["portal_mail_oldest_seconds"] < 1300
    assert set(told) == {
        "portal_mail_due",
        "portal_mail_oldest_seconds",
        "portal_mail_parked",
        "portal_jobs_ready",
        "portal_jobs_oldest_seconds",
        "portal_jobs_failed",
    }
    assert Message.objects.count() == 1
