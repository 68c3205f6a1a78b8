"""Every page about accounts wears the portal's clothes, and none is a server error."""

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.urls import get_resolver

from accounts.models import Terms
from tests.accounts.conftest import SECRET, app_code, sign_in
from tests.entry import enter
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

# What no page of ours says: allauth's own words and menus.
THEIRS = re.compile(
    r"Menu:|Security Key|Third-Party|Authenticator Code|Sign Up|Sign In\b|<strong>M"
)
# Addresses that only hand on, send a file or answer a script; and that take a post alone.
NO_PAGE = {
    "account_signup",
    "account_request_login_code",
    "account_stay",
    "account_go_on",
    "mfa_download_recovery_codes",
    "mfa_login_webauthn",
    "openid_connect_login",
    "openid_connect_callback",
}
ON_THE_WAY = {
    "account_login",
    "account_login_password",
    "account_confirm_login_code",
    "account_email_verification_sent",
    "account_inactive",
    "mfa_authenticate",
}


def addresses():
    ours: Any
    [ours] = [each for each in get_resolver().url_patterns if str(each.pattern) == "accounts/"]
    return {each.name: f"/accounts/{each.pattern}" for each in ours.url_patterns}


def path_of(name, key):
    path = addresses()[name].replace("<int:pk>", str(key))
    return path.replace("<slug:provider_id>", "nobody")


def check(name, response):
    body = response.content.decode()
    assert response.status_code == 200, (name, response.status_code, response.headers)
    assert 'class="govuk-template"' in body, name
    assert body.count("<h1") == 1, name
    assert "govuk-heading-xl" in body, name
    assert "- Prevent portal</title>" in body, name
    assert not THEIRS.search(body), (name, THEIRS.search(body))
    assert {template.name for template in response.templates} >= {"base.html"}


@pytest.fixture
def passkey():
    def add(person):
        return Authenticator.objects.create(
            user=person, type=Authenticator.Type.WEBAUTHN, data={"name": "Laptop", "credential": {}}
        ).pk

    return add


def test_every_address_is_one_that_is_looked_at_here():
    assert set(addresses()) >= NO_PAGE | ON_THE_WAY
    assert not {name for name in addresses() if name is None}


def test_each_page_of_somebody_signed_in(client, hannah, passkey):
    Terms.objects.create()
    enter(hannah, client)
    client.post("/accounts/terms/", {"version": "1"})
    of_a_factor = {
        "mfa_edit_webauthn",
        "mfa_remove_webauthn",
        "mfa_deactivate_totp",
        "mfa_view_recovery_codes",
    }
    for name in sorted(set(addresses()) - NO_PAGE - ON_THE_WAY - of_a_factor):
        check(name, client.get(path_of(name, 0), follow=True))
    key = passkey(hannah)
    enter(hannah, client)
    client.post("/accounts/terms/", {"version": "1"})
    for name in ("mfa_edit_webauthn", "mfa_remove_webauthn", "mfa_list_webauthn", "mfa_index"):
        check(name, client.get(path_of(name, key)))


def test_each_page_on_the_way_in(client, ruth, factor, hannah):
    for name in ("account_login", "account_login_password", "account_inactive"):
        check(name, client.get(path_of(name, 0)))
    assert client.get("/accounts/confirm-email/").status_code == 302
    client.post("/accounts/login/", {"email": ruth.email})
    check("account_confirm_login_code", client.get("/accounts/login/code/confirm/"))
    sign_in(client, ruth)
    check("mfa_authenticate", client.get("/accounts/2fa/authenticate/"))
    client.post("/accounts/2fa/authenticate/", {"code": app_code()})
    for name in ("mfa_add_webauthn", "mfa_reauthenticate", "mfa_deactivate_totp"):
        check(name, client.get(path_of(name, 0)))
    assert SECRET not in client.get("/accounts/2fa/").content.decode()


def test_nothing_that_is_posted_is_a_server_error(client):
    person = UserFactory()
    enter(person, client)
    hostile = {
        "code": "\x00",
        "credential": "[]",
        "kept": "x" * 50,
        "session": "9" * 40,
        "version": "-1",
        "next": "//elsewhere.example.com/",
    }
    for each in sorted(addresses()):
        for sent in ({}, hostile, hostile | {"credential": '{"response": 7, "id": []}'}):
            response = client.post(path_of(each, 7), sent)
            assert response.status_code < 500, (each, sent)
            assert "elsewhere" not in response.headers.get("Location", ""), each
            enter(person, client)
