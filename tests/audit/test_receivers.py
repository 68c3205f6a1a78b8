import pytest
from allauth.account import signals as account
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from django.contrib.auth import authenticate
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_out
from django.http import HttpRequest
from django.test import RequestFactory

from accounts.models import User
from accounts.session_store import SessionStore
from audit.models import AuditEvent


def asked_by_nobody() -> HttpRequest:
    request = RequestFactory().post("/")
    request.user = AnonymousUser()
    request.session = SessionStore()
    return request


def last() -> AuditEvent:
    return AuditEvent.objects.order_by("-pk")[0]


def test_signing_in_and_out_is_noted(client, person):
    client.force_login(person)
    event = last()
    assert (event.kind, event.person, event.subject_id) == (
        "account.signed_in",
        person,
        str(person.pk),
    )
    client.logout()
    assert (last().kind, last().person) == ("account.signed_out", person)


def test_signing_out_of_a_session_that_had_ended_is_no_event(db):
    user_logged_out.send(sender=None, request=HttpRequest(), user=None)
    assert not AuditEvent.objects.exists()


def test_a_refused_sign_in_keeps_a_mark_of_the_address_only(person):
    for typed in ("canary@example.org", " CANARY@example.org", "other@example.org"):
        assert authenticate(email=typed, password="canary-secret") is None
    marks = [event.detail["address"] for event in AuditEvent.objects.all()]
    assert [event.kind for event in AuditEvent.objects.all()] == ["account.sign_in_refused"] * 3
    assert marks[0] == marks[1] != marks[2]
    assert len(marks[0]) == 32
    assert "canary" not in repr(list(AuditEvent.objects.values())).casefold()
    assert all(event.person is None for event in AuditEvent.objects.all())


@pytest.mark.parametrize(
    ("signal", "kind"),
    [
        (mfa.authenticator_added, "account.factor_added"),
        (mfa.authenticator_removed, "account.factor_removed"),
        (mfa.authenticator_reset, "account.factor_renewed"),
    ],
)
def test_changes_of_the_second_factor_are_noted(person, signal, kind):
    factor = Authenticator(user=person, type=Authenticator.Type.TOTP, data={"secret": "canary"})
    signal.send(sender=Authenticator, request=asked_by_nobody(), user=person, authenticator=factor)
    assert (last().kind, last().person, last().detail) == (kind, person, {"factor": "totp"})


@pytest.mark.parametrize(
    ("signal", "kind", "known"),
    [
        (account.password_changed, "account.password_changed", True),
        (account.password_reset, "account.password_reset", False),
        (account.login_code_rejected, "account.code_refused", False),
        (mfa.authentication_failed, "account.factor_refused", False),
    ],
)
def test_other_ways_in_are_noted(person, signal, kind, known):
    request = asked_by_nobody()
    request.user = person
    signal.send(sender=User, request=request, user=person, last_attempt=False)
    assert (last().kind, last().person) == (kind, person if known else None)
    assert last().subject_id == str(person.pk)
