"""An agency's own sign-in vouches for verified addresses of its domains, and for nothing else."""

import json
import re
from urllib.request import urlopen

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import ImproperlyConfigured

from accounts.models import User
from agencies import people
from prevent_portal import providers
from tests.accounts.conftest import sign_in
from tests.accounts.provider import Stub
from tests.accounts.test_signing_in import signed_in_as, words

pytestmark = pytest.mark.django_db

HANNAH = {"email": "Hannah@fellgate.example.org", "email_verified": True, "name": "H. Ellis"}


@pytest.fixture
def stub(settings):
    server = Stub()
    server.claims = dict(HANNAH)
    believe(settings, server.setting())
    yield server
    server.shutdown()
    server.server_close()


def believe(settings, *entries):
    settings.OIDC_PROVIDERS = providers.read(json.dumps(entries), https=False)
    settings.SOCIALACCOUNT_PROVIDERS = providers.for_allauth(settings.OIDC_PROVIDERS)


def go(client, **sent):
    """To the provider and back; the portal's answer."""
    away = client.post("/accounts/oidc/fellgate/login/", {"next": "/agency/details/", **sent})
    with urlopen(away["Location"]) as page:  # noqa: S310 - the stub's own page
        back = re.findall(r'href="http://testserver([^"]+)"', page.read().decode())[0]
    return client.get(back)


def test_a_verified_address_finds_its_account(client, stub, hannah):
    assert "Sign in with Fellgate High School" in words(client.get("/accounts/login/"))
    assert go(client)["Location"] == "/agency/details/"
    assert signed_in_as(client) == hannah
    assert SocialAccount.objects.get().user == hannah
    assert EmailAddress.objects.get().verified
    assert SocialAccount.objects.get().extra_data == {}
    client.logout()
    go(client)  # now by the link
    assert signed_in_as(client) == hannah


def test_a_new_address_becomes_an_account_of_its_agency(client, stub, school):
    go(client)
    person = User.objects.get()
    assert person.email == "hannah@fellgate.example.org"
    assert not person.has_usable_password()
    assert people.agency_of(person) == school


@pytest.mark.parametrize(
    ("claims", "token"),
    [
        (HANNAH | {"email_verified": False}, {}),
        ({"email": HANNAH["email"]}, {}),
        ({}, {}),
        (HANNAH | {"email": "hannah@elsewhere.example.org"}, {}),
        (HANNAH | {"email": "hannah@fellgate.example.org.evil.example"}, {}),
        (HANNAH | {"email": "@fellgate.example.org"}, {}),
        (HANNAH, {"sub": "somebody-else"}),
        (HANNAH, {"iss": "https://elsewhere.example.org"}),
        (HANNAH, {"aud": "another-portal"}),
        (HANNAH, {"exp": 1}),
    ],
)
def test_anything_less_links_to_no_account(client, stub, hannah, claims, token):
    stub.claims, stub.token_claims = claims, token
    answer = go(client)
    assert answer["Location"] == "/accounts/login/"
    assert signed_in_as(client) is None
    assert not SocialAccount.objects.exists()
    assert "code by e-mail" in words(client.get("/accounts/login/"))


def test_a_linked_account_does_not_follow_another_address(client, stub, hannah):
    go(client)
    client.logout()
    stub.claims["email"] = "ruth@fellgate.example.org"
    go(client)
    assert signed_in_as(client) is None


def test_nobody_links_a_strangers_account_to_their_own(client, stub, hannah, ruth):
    sign_in(client, ruth)
    go(client, process="connect")
    assert not SocialAccount.objects.exists()


def test_a_lead_still_gives_the_second_factor(client, stub, ruth, factor):
    stub.claims["email"] = ruth.email
    assert go(client)["Location"].startswith("/accounts/2fa/authenticate/")
    assert signed_in_as(client) is None


def test_unless_the_setting_believes_that_the_provider_asked_for_it(
    client, stub, ruth, factor, settings
):
    believe(settings, stub.setting(second_factor={"amr": ["mfa"], "acr": ["urn:two"]}))
    stub.claims["email"] = ruth.email
    stub.token_claims = {"amr": ["pwd"], "acr": "urn:one"}
    assert go(client)["Location"].startswith("/accounts/2fa/authenticate/")
    for strong in ({"amr": ["pwd", "mfa"]}, {"acr": "urn:two"}):
        client.logout()
        stub.token_claims = strong
        assert go(client)["Location"] == "/agency/details/"
        assert client.get("/agency/").status_code == 200


def test_an_answer_is_taken_once_and_only_where_it_was_asked_for(client, stub, hannah):
    away = client.post("/accounts/oidc/fellgate/login/")
    with urlopen(away["Location"]) as page:  # noqa: S310
        back = re.findall(r'href="http://testserver([^"]+)"', page.read().decode())[0]
    assert type(client)().get(back)["Location"] == "/accounts/login/"
    assert stub.asked[0]["code_challenge_method"] == "S256"
    client.get(back)
    assert signed_in_as(client) == hannah
    client.logout()
    assert client.get(back)["Location"] == "/accounts/login/"


def test_a_provider_that_is_away_is_said(client, stub):
    stub.broken = True
    answer = client.post("/accounts/oidc/fellgate/login/", follow=True)
    assert "sign-in did not work" in words(answer)


def test_a_provider_that_nobody_named_has_no_address(client, stub):
    for path in ("login/", "login/callback/"):
        assert client.post(f"/accounts/oidc/other/{path}").status_code == 404
    assert client.get("/accounts/oidc/fellgate/login/")["Location"] == "/accounts/login/"


def test_only_the_sign_in_page_lets_a_form_lead_to_a_provider(client, stub):
    def action(path):
        policy = client.get(path).headers["Content-Security-Policy"]
        return policy.split("form-action")[1].split(";")[0].split()

    assert action("/accounts/login/") == ["'self'", stub.issuer]
    assert stub.issuer not in action("/accounts/login/password/")
    assert stub.issuer not in action("/referrals/start/")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"id": "Fell gate"}, "needs an id"),
        ({"secret": ""}, "no secret"),
        ({"domains": []}, "no domains"),
        ({"domains": ["gmail.com"]}, "anybody"),
        ({"domains": ["org"]}, "anybody"),
        ({"issuer": "http://login.fellgate.example.org"}, "https"),
        ({"origins": ["http://login.fellgate.example.org"]}, "https"),
    ],
)
def test_a_setting_that_is_not_right_is_refused_with_a_sentence(change, word):
    entry = {
        "id": "fellgate",
        "name": "Fellgate",
        "issuer": "https://login.fellgate.example.org/",
        "client_id": "portal",
        "secret": "s",
        "domains": ["Fellgate.example.org"],
    }
    assert providers.read(json.dumps([entry]))["fellgate"].origins == (
        "https://login.fellgate.example.org",
    )
    with pytest.raises(ImproperlyConfigured, match=word):
        providers.read(json.dumps([entry | change]))


def test_two_providers_share_neither_name_nor_domain(tmp_path):
    entry = Stub.setting(type("At", (), {"issuer": "https://a.example.org"})())
    for other, word in ((entry, "twice"), (entry | {"id": "b"}, "Two of")):
        path = tmp_path / "providers.json"
        path.write_text(json.dumps([entry, other]))
        with pytest.raises(ImproperlyConfigured, match=word):
            providers.read("", str(path))
    assert providers.read("") == {}
    with pytest.raises(ImproperlyConfigured, match="JSON"):
        providers.read("{nonsense")
