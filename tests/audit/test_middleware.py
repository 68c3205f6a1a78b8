import logging

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from accounts.models import User
from audit import events
from audit.middleware import RequestIdMiddleware
from audit.models import AuditEvent


def answer(
    status: int = 200,
    user: User | AnonymousUser | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[HttpResponse, str]:
    seen: list[str] = []

    def get_response(request: HttpRequest) -> HttpResponse:
        seen.append(events.request_id.get())
        return HttpResponse(status=status)

    request = RequestFactory().get("/", headers=headers)
    if user is not None:
        request.user = user
    response = RequestIdMiddleware(get_response)(request)
    return response, seen[0]


def test_a_request_has_our_number_and_not_the_callers():
    response, seen = answer(headers={"X-Request-ID": "forged"})
    assert response["X-Request-ID"] == seen
    assert len(seen) == 32
    assert int(seen, 16)
    assert seen != answer()[1]
    assert events.request_id.get() == ""


def test_events_of_a_request_carry_its_number(person):
    def get_response(request: HttpRequest) -> HttpResponse:
        events.record("referral.viewed", by=person)
        return HttpResponse()

    response = RequestIdMiddleware(get_response)(RequestFactory().get("/"))
    assert AuditEvent.objects.get().request_id == response["X-Request-ID"]


@pytest.mark.parametrize("fault", [RuntimeError])
def test_the_number_ends_with_a_request_that_fails(fault):
    def get_response(request: HttpRequest) -> HttpResponse:
        raise fault

    with pytest.raises(fault):
        RequestIdMiddleware(get_response)(RequestFactory().get("/"))
    assert events.request_id.get() == ""


def test_a_refusal_is_noted_for_those_signed_in(person):
    answer(403, user=person)
    event = AuditEvent.objects.get()
    assert (event.kind, event.person) == ("access.refused", person)
    answer(403, user=AnonymousUser())
    answer(403)
    answer(404, user=person)
    assert AuditEvent.objects.count() == 1


def test_a_refusal_is_answered_even_if_it_cannot_be_noted(person, monkeypatch, caplog):
    def broken(*args: object, **kwargs: object) -> None:
        raise DatabaseError("canary")

    monkeypatch.setattr(events, "record", broken)
    with caplog.at_level(logging.ERROR):
        response, _number = answer(403, user=person)
    assert response.status_code == 403
    assert "DatabaseError" in caplog.text
    assert "canary" not in caplog.text


def test_a_refused_page_is_noted_although_its_transaction_is_undone(client, person, readers):
    client.force_login(person)
    assert client.get("/audit/").status_code == 403
    event = AuditEvent.objects.get(kind="access.refused")
    assert event.detail == {"method": "GET", "page": "audit:log"}
    assert not AuditEvent.objects.filter(kind="audit.viewed").exists()
    assert User.objects.filter(pk=person.pk).exists()
