"""Signed-in browsers for tests that are about something else than signing in."""

from allauth.account.internal.flows.login import record_authentication
from django.test import Client, RequestFactory

from accounts.models import User


def enter(person: User | None, client: Client | None = None) -> Client:
    """A client whose session is as after a full sign-in, second factor included."""
    client = client or Client()
    if person is None:
        return client
    client.force_login(person)
    request = RequestFactory().get("/")
    request.session = client.session
    record_authentication(request, person, method="code", email=person.email)
    record_authentication(request, person, method="mfa", type="totp")
    request.session.save()
    return client
