"""Signed-in browsers for tests that are about something else than signing in."""

import time

from django.test import Client

from accounts.models import User


def enter(person: User | None, client: Client | None = None) -> Client:
    """A client whose session is as after a full sign-in, second factor included."""
    client = client or Client()
    if person is None:
        return client
    client.force_login(person)
    session = client.session
    session["account_authentication_methods"] = [
        {"method": "code", "at": time.time(), "email": person.email},
        {"method": "mfa", "type": "totp", "at": time.time()},
    ]
    session.save()
    return client
