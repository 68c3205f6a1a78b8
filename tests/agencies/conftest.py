"""A school with its people, and the mails that were written."""

from typing import Any

import pytest

from agencies.terms import Role
from outbox import post
from tests.factories import AgencyFactory, LocalityFactory, MembershipFactory, UserFactory


@pytest.fixture
def mails(monkeypatch) -> list[dict[str, Any]]:
    """What was handed to the outbox, in order."""
    sent: list[dict[str, Any]] = []

    def send(to, **mail):
        sent.append({"to": getattr(to, "email", to), **mail})

    monkeypatch.setattr(post, "send", send)
    return sent


@pytest.fixture
def locality(db):
    return LocalityFactory()


@pytest.fixture
def school(locality):
    return AgencyFactory(name="Fellgate High School", domains=["fellgate.example.org"])


@pytest.fixture
def lead(school):
    person = UserFactory(name="Ruth Adeyemi", email="ruth@fellgate.example.org")
    MembershipFactory(person=person, agency=school, role=Role.LEAD)
    return person


@pytest.fixture
def deputy(school):
    person = UserFactory(name="Anna Brook", email="anna@fellgate.example.org")
    MembershipFactory(person=person, agency=school, role=Role.DEPUTY_LEAD)
    return person


@pytest.fixture
def admin(school):
    person = UserFactory(name="Gail Munro", email="gail@fellgate.example.org")
    MembershipFactory(person=person, agency=school, role=Role.AGENCY_ADMIN)
    return person


@pytest.fixture
def practitioner(school):
    person = UserFactory(name="Hannah Ellis", email="hannah@fellgate.example.org")
    MembershipFactory(person=person, agency=school)
    return person


@pytest.fixture
def portal_admin(db):
    person = UserFactory(name="Noor Rahman")
    MembershipFactory(person=person, role=Role.PORTAL_ADMIN)
    return person


def membership_of(person, role=None):
    held = person.memberships.filter(role=role) if role else person.memberships.all()
    return held.get()
