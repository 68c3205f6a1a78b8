from datetime import timedelta

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.test import Client
from django.utils import timezone

from accounts.models import User
from agencies.models import Locality, Membership
from agencies.terms import Role
from guidance import loading
from guidance.models import DatedPage, pages_at


@pytest.fixture
def site(db):
    """The pages the portal starts with."""
    return loading.load()


@pytest.fixture
def locality(db):
    return Locality.objects.get_or_create(code="NY", defaults={"name": "North Yorkshire"})[0]


@pytest.fixture
def give(db):
    """Gives a person a confirmed role of the whole portal."""

    def given(role: Role, person: User | None = None) -> Membership:
        person = person or User.objects.create_user(
            f"{role}@example.org", name="Alex Thorne", password="a long enough password"
        )
        today = timezone.localdate()
        return Membership.objects.create(
            person=person,
            role=role,
            starts_on=today - timedelta(days=1),
            confirmed_at=timezone.now(),
        )

    return given


def signed_in(person: User, *, second_factor: bool = True) -> Client:
    """A browser in which the person has signed in, by default with both factors."""
    client = Client()
    client.force_login(person)
    if second_factor:
        session = client.session
        session["account_authentication_methods_user"] = str(person.pk)
        session[AUTHENTICATION_METHODS_SESSION_KEY] = [
            {"method": "password", "at": timezone.now().timestamp(), "email": person.email},
            {"method": "mfa", "at": timezone.now().timestamp(), "type": "totp"},
        ]
        session.save()
    return client


def page_of(path: str) -> DatedPage:
    """The page at an address that is known to be there."""
    page = pages_at(path).first()
    assert page is not None, path
    own: DatedPage = page.specific
    return own
