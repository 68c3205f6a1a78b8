"""A sensitive act asks for a fresh factor, and a session that was confirmed is another one."""

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.core import mail
from django.test import Client

from accounts.templatetags.accounts import browser
from agencies.models import Invitation
from agencies.terms import Role
from tests.accounts.conftest import app_code, long_ago, mailed_code, sign_in
from tests.accounts.test_time_out import sealed_in, words
from tests.factories import AgencyFactory, MembershipFactory

pytestmark = pytest.mark.django_db

ASKED = {"email": "new@fellgate.example.org", "role": "practitioner"}


@pytest.fixture
def admin(ruth, school, factor):
    MembershipFactory(person=ruth, agency=school, role=Role.AGENCY_ADMIN)
    return ruth


@pytest.fixture
def inside(client, admin):
    sign_in(client, admin)
    client.post("/accounts/2fa/authenticate/", {"code": app_code(step=-1)})
    return client


def test_right_after_signing_in_a_role_is_given_without_asking(inside, school):
    inside.post(f"/agency/{school.pk}/invite/", ASKED)
    assert Invitation.objects.exists()


def test_later_the_second_factor_is_asked_and_the_form_comes_back(inside, school):
    long_ago(inside)
    page = f"/agency/{school.pk}/invite/"
    assert inside.get(page).status_code == 200  # looking asks for nothing
    asked = inside.post(page, ASKED)
    assert "Before you go on" in words(asked)
    assert not Invitation.objects.exists()
    before = inside.session.session_key
    there = inside.post(
        "/accounts/2fa/reauthenticate/",
        {"code": app_code(), "next": page, "kept": sealed_in(asked)},
    )
    assert inside.session.session_key != before
    back = inside.post(page, {"kept": sealed_in(there)})
    assert 'value="new@fellgate.example.org"' in words(back)
    assert not Invitation.objects.exists()
    inside.post(page, ASKED)
    assert Invitation.objects.exists()


@pytest.mark.parametrize("address", ["member/{}/confirm/", "invitation/{}/again/"])
def test_a_button_that_asks_leads_back_to_a_page_and_not_to_its_own_address(
    address, inside, admin, school, hannah
):
    asked = MembershipFactory(
        person=hannah, agency=AgencyFactory(), confirmed_at=None, starts_on="2026-01-01"
    )
    long_ago(inside)
    answer = inside.post(f"/agency/{address.format(asked.pk)}")
    assert answer["Location"] == "/accounts/2fa/reauthenticate/?next=%2Fagency%2F"
    done = inside.post(answer["Location"], {"code": app_code()}, follow=True)
    assert done.status_code == 200
    assert done.request["PATH_INFO"] == "/agency/"


def test_a_password_alone_is_not_fresh_enough_for_who_has_a_second_factor(inside, admin, school):
    admin.set_password("three words pictured")
    admin.save()
    sign_in(inside, admin)
    inside.post("/accounts/2fa/authenticate/", {"code": app_code()})
    long_ago(inside)
    asked = inside.post(f"/agency/{school.pk}/invite/", ASKED)
    assert 'action="/accounts/2fa/reauthenticate/"' in words(asked)
    assert "/accounts/reauthenticate/" not in words(asked)


@pytest.mark.parametrize(
    "path", ["/accounts/2fa/recovery-codes/", "/accounts/2fa/recovery-codes/download/"]
)
def test_recovery_codes_are_not_shown_to_whoever_finds_an_open_session(inside, path):
    long_ago(inside)
    assert inside.get(path)["Location"].startswith("/accounts/2fa/reauthenticate/?next=")


def test_who_has_only_the_mail_confirms_by_it(client, hannah):
    sign_in(client, hannah)
    long_ago(client)
    asked = client.get("/accounts/2fa/app/")
    assert asked["Location"] == "/accounts/reauthenticate/code/?next=%2Faccounts%2F2fa%2Fapp%2F"
    assert "Send me a code" in words(client.get(asked["Location"]))
    here = {"next": "/accounts/2fa/app/"}
    assert "We have sent a code" in words(client.post("/accounts/reauthenticate/code/", here))
    code = mailed_code()
    for _attempt in range(4):
        wrong = client.post("/accounts/reauthenticate/code/", here | {"code": "0"})
        assert "it is not the one we sent" in words(wrong)
    done = client.post("/accounts/reauthenticate/code/", here | {"code": code})
    assert done["Location"] == "/accounts/2fa/app/"
    assert client.get("/accounts/2fa/app/").status_code == 200
    again = client.post("/accounts/reauthenticate/code/", here | {"code": code})
    assert "it is not the one we sent" in words(again)


def test_five_wrong_codes_end_the_code(client, hannah):
    sign_in(client, hannah)
    client.post("/accounts/reauthenticate/code/")
    for _attempt in range(5):
        client.post("/accounts/reauthenticate/code/", {"code": "0"})
    last = client.post("/accounts/reauthenticate/code/", {"code": mailed_code()})
    assert "it is not the one we sent" in words(last)


def test_who_has_a_password_confirms_by_it(client, hannah):
    hannah.set_password("three words pictured")
    hannah.save()
    EmailAddress.objects.create(user=hannah, email=hannah.email, verified=True, primary=True)
    sign_in(client, hannah)
    long_ago(client)
    asked = client.get("/accounts/2fa/app/")
    assert asked["Location"].startswith("/accounts/reauthenticate/?next=")
    done = client.post(asked["Location"], {"password": "three words pictured"})
    assert done["Location"] == "/accounts/2fa/app/"


# --- Elsewhere --------------------------------------------------------------------------------
def signed_in_twice(person):
    here, there = Client(), Client()
    for browser_ in (here, there):
        sign_in(browser_, person)
    return here, there


def is_in(client):
    return client.get("/agency/details/").status_code == 200


def test_one_other_session_is_ended_and_its_words_stay_its_owners(hannah):
    here, there = signed_in_twice(hannah)
    third = Client()
    sign_in(third, hannah)
    listed = UserSession.objects.get(session_key=there.session.session_key)
    assert "Sign out there" in words(here.get("/accounts/sessions/"))
    here.post("/accounts/sessions/", {"session": listed.pk})
    assert is_in(here)
    assert is_in(third)
    assert sealed_in(there.post("/agency/details/", {"name": "Hannah Ellis-Moor"}))


def test_nobody_ends_a_session_of_somebody_else(hannah, ruth):
    here, there = Client(), Client()
    sign_in(here, hannah)
    sign_in(there, ruth)
    listed = UserSession.objects.get(session_key=there.session.session_key)
    here.post("/accounts/sessions/", {"session": listed.pk})
    assert there.get("/accounts/").status_code == 200


def test_a_new_password_ends_the_others_and_leaves_this_one(hannah):
    here, there = signed_in_twice(hannah)
    before = here.session.session_key
    strong = "three words pictured"
    here.post("/accounts/password/set/", {"password1": strong, "password2": strong})
    assert is_in(here)
    assert here.session.session_key != before
    assert not is_in(there)


@pytest.mark.django_db(transaction=True)  # told when the transaction is through
def test_a_new_factor_ends_the_others_and_leaves_this_one(hannah):
    here, there = signed_in_twice(hannah)
    here.get("/accounts/2fa/app/")
    here.post("/accounts/2fa/app/", {"code": app_code(here.session["mfa.totp.secret"])})
    assert is_in(here)
    assert not is_in(there)


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit Chrome/140 Safari Edg/140", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19 like Mac OS X) Safari/605", "Safari on iPhone"),
        ("curl/8", "A browser that we do not know"),
        ("", "A browser that we do not know"),
    ],
)
def test_a_browser_is_named_as_its_owner_knows_it(agent, said):
    assert browser(agent) == said


# --- Tries ------------------------------------------------------------------------------------
PASSWORD = "three words pictured"
SIGN_IN = "/accounts/login/password/"
STRANGER = "198.51.100.9"


def with_password(person):
    person.set_password(PASSWORD)
    person.save()
    EmailAddress.objects.get_or_create(
        user=person, email=person.email, defaults={"verified": True, "primary": True}
    )


def test_a_hundred_bad_sign_ins_of_a_stranger_shut_nobody_out(hannah, admin):
    with_password(hannah)
    with_password(admin)
    stranger = Client(REMOTE_ADDR=STRANGER)
    answers = {
        stranger.post(SIGN_IN, {"login": admin.email, "password": f"guess {number}"}).status_code
        for number in range(100)
    }
    assert answers <= {200, 429}
    right = stranger.post(SIGN_IN, {"login": admin.email, "password": PASSWORD})
    assert "mfa" not in right.headers.get("Location", "")  # the stranger waits, even if right
    other = Client()
    other.post(SIGN_IN, {"login": hannah.email, "password": PASSWORD})
    assert is_in(other)
    owner = Client()
    owner.post(SIGN_IN, {"login": admin.email, "password": PASSWORD})
    owner.post("/accounts/2fa/authenticate/", {"code": app_code()})
    assert is_in(owner)


def test_a_stranger_who_asks_for_codes_uses_up_none_of_the_owners(hannah):
    stranger = Client(REMOTE_ADDR=STRANGER)
    for _time in range(20):
        stranger.post("/accounts/login/", {"email": hannah.email})
    assert len(mail.outbox) == 3
    owner = Client()
    sign_in(owner, hannah)
    assert is_in(owner)


def test_tries_are_counted_where_all_processes_see_them(settings):
    assert settings.CACHES["default"]["BACKEND"].endswith("db.DatabaseCache")
    assert list(settings.CACHES) == ["default"]


def test_unknown_wrong_and_closed_are_answered_alike_at_the_same_cost(hannah, ruth, monkeypatch):
    from django.contrib.auth.hashers import MD5PasswordHasher

    with_password(hannah)
    with_password(ruth)
    ruth.is_active = False
    ruth.save()
    hashed = []
    plain = MD5PasswordHasher.encode

    def counted(self, *given, **more):
        hashed.append(1)
        return plain(self, *given, **more)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    tries = {
        "unknown": ("nobody@fellgate.example.org", PASSWORD),
        "wrong": (hannah.email, "not the right one"),
        "closed": (ruth.email, PASSWORD),
        "closed and wrong": (ruth.email, "not the right one"),
    }
    answers, costs = {}, {}
    for which, (email, password) in tries.items():
        hashed.clear()
        response = Client().post(SIGN_IN, {"login": email, "password": password})
        body = words(response).replace(email, "ADDRESS")
        token = body.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        answers[which] = (response.status_code, body.replace(token, "TOKEN"))
        costs[which] = len(hashed)
    assert len(set(answers.values())) == 1
    assert set(costs.values()) == {1}, costs
