"""Ways in, tried through the pages."""

import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.core import mail

from agencies.terms import Role
from tests.factories import AgencyFactory, MembershipFactory, UserFactory

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def school(db):
    return AgencyFactory(name="Fellgate High School", domains=["fellgate.example.org"])


@pytest.fixture
def hannah(school):
    person = UserFactory(name="Hannah Ellis", email="hannah@fellgate.example.org")
    MembershipFactory(person=person, agency=school)
    return person


@pytest.fixture
def ruth(school):
    """A safeguarding lead, who reads other people's records; no second factor yet."""
    person = UserFactory(name="Ruth Adeyemi", email="ruth@fellgate.example.org")
    MembershipFactory(person=person, agency=school, role=Role.LEAD)
    return person


@pytest.fixture
def factor(ruth):
    """Ruth's app."""
    return TOTP.activate(ruth, SECRET).instance


def app_code(secret=SECRET, step=0):
    """What the app shows now, or a step of 30 seconds before or after."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step))


def mailed_code():
    found = re.search(r"(\d{4}) (\d{4})", str(mail.outbox[-1].body))
    assert found
    return "".join(found.groups())


def ask_for_code(client, email, **more):
    return client.post("/accounts/login/", {"email": email, **more})


def sign_in(client, person):
    """The e-mailed code, asked for and given."""
    email = getattr(person, "email", person)
    ask_for_code(client, email)
    return client.post("/accounts/login/code/confirm/", {"code": mailed_code()})


def has_factor(person):
    return Authenticator.objects.filter(user=person, type="totp").exists()


def long_ago(client, minutes=11):
    """Let every factor of this session have been given some time ago."""
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] -= minutes * 60
    session.save()
