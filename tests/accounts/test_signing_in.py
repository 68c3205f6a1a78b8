"""The e-mailed code, the password, and what is said when they do not fit."""

import smtplib

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse

from accounts.models import User
from agencies import people
from tests.accounts.conftest import ask_for_code, mailed_code, sign_in
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def words(response):
    return response.content.decode()


def signed_in_as(client):
    key = client.session.get("_auth_user_id")
    return User.objects.get(pk=key) if key else None


# --- The code ---------------------------------------------------------------------------------
def test_a_code_comes_by_mail_at_once_and_signs_in(client, hannah):
    response = ask_for_code(client, "Hannah@Fellgate.example.org")
    assert response["Location"] == "/accounts/login/code/confirm/"
    [message] = mail.outbox
    assert message.to == ["hannah@fellgate.example.org"]
    assert message.subject == "Your code for the Prevent portal"
    assert "Hannah" not in message.body.replace("hannah@", "")
    response = client.post("/accounts/login/code/confirm/", {"code": mailed_code()})
    assert response["Location"] == "/referrals/"
    assert signed_in_as(client) == hannah


def test_a_code_may_be_typed_with_spaces_and_dashes(client, hannah):
    ask_for_code(client, hannah.email)
    code = mailed_code()
    client.post("/accounts/login/code/confirm/", {"code": f" {code[:4]}-{code[4:]} "})
    assert signed_in_as(client) == hannah


def test_a_new_address_becomes_an_account_when_its_code_comes_back(client, school):
    ask_for_code(client, "new@fellgate.example.org")
    assert not User.objects.exists()
    client.post("/accounts/login/code/confirm/", {"code": mailed_code()})
    person = User.objects.get()
    assert signed_in_as(client) == person
    assert not person.has_usable_password()
    assert EmailAddress.objects.get().verified
    assert people.agency_of(person) == school
    assert people.must_join(person)  # the name is still to be asked


def test_a_new_and_a_known_address_are_answered_alike(client, hannah):
    answers = []
    for email in (hannah.email, "nobody@fellgate.example.org"):
        client.cookies.clear()
        posted = ask_for_code(client, email)
        page = client.get(posted["Location"])
        text = words(page).replace(email, "ADDRESS")
        answers.append((posted.status_code, posted["Location"], len(text)))
    assert answers[0] == answers[1]
    assert [message.subject for message in mail.outbox] == [mail.outbox[0].subject] * 2
    bodies = ["".join("#" if sign.isdigit() else sign for sign in str(m.body)) for m in mail.outbox]
    assert bodies[0] == bodies[1]


def test_a_new_and_a_known_address_cost_the_same_queries(client, hannah):
    counts = []
    for email in (hannah.email, "nobody@fellgate.example.org"):
        client.cookies.clear()
        with CaptureQueriesContext(connection) as queries:
            ask_for_code(client, email)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_wrong_code_says_what_to_do_and_five_are_enough(client, hannah):
    ask_for_code(client, hannah.email)
    for _attempt in range(4):
        response = client.post("/accounts/login/code/confirm/", {"code": "0"})
        assert "Check the code: it is not the one we sent." in words(response)
        assert "Error:" in words(response)
    response = client.post("/accounts/login/code/confirm/", {"code": "0"}, follow=True)
    assert response.redirect_chain[-1][0] == "/accounts/login/"
    client.post("/accounts/login/code/confirm/", {"code": mailed_code()})
    assert signed_in_as(client) is None


def test_a_code_works_once(client, hannah):
    sign_in(client, hannah)
    code = mailed_code()
    client.logout()
    response = client.post("/accounts/login/code/confirm/", {"code": code})
    assert response["Location"] == "/accounts/login/"
    assert signed_in_as(client) is None


def test_a_code_belongs_to_the_browser_that_asked(client, hannah, django_user_model):
    ask_for_code(client, hannah.email)
    other = type(client)()
    response = other.post("/accounts/login/code/confirm/", {"code": mailed_code()})
    assert response["Location"] == "/accounts/login/"


def test_a_code_runs_out_after_fifteen_minutes(client, hannah):
    ask_for_code(client, hannah.email)
    session = client.session
    session["account_login"]["state"]["stages"]["login_by_code"]["data"]["at"] -= 15 * 60 + 1
    session.save()
    response = client.post("/accounts/login/code/confirm/", {"code": mailed_code()}, follow=True)
    assert "The code has run out" in words(response)
    assert signed_in_as(client) is None


def test_another_code_can_be_sent_and_replaces_the_first(client, hannah):
    ask_for_code(client, hannah.email)
    first = mailed_code()
    client.post("/accounts/login/code/confirm/", {"action": "resend"})
    assert len(mail.outbox) == 2
    client.post("/accounts/login/code/confirm/", {"code": first})
    assert signed_in_as(client) is None
    client.post("/accounts/login/code/confirm/", {"code": mailed_code()})
    assert signed_in_as(client) == hannah


def test_another_address_can_be_used_after_a_slip(client, hannah):
    ask_for_code(client, "hanna@fellgate.example.org")
    assert "Sign in with your work e-mail" in words(client.get("/accounts/login/"))
    sign_in(client, hannah)
    assert signed_in_as(client) == hannah


def test_codes_for_one_address_are_limited(client, hannah):
    for _attempt in range(3):
        ask_for_code(client, hannah.email)
    response = ask_for_code(client, hannah.email)
    assert "Wait five minutes, then try again." in words(response)
    assert len(mail.outbox) == 3
    sign_in(client, "somebody.else@fellgate.example.org")
    assert len(mail.outbox) == 4


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Write your work e-mail address"),
        ("hannah", "Write the e-mail address in full, like name@example.org"),
        ("a@b" * 200, "Write the e-mail address in full, like name@example.org"),
        ("x\x00@example.org", "Write the e-mail address in full, like name@example.org"),
    ],
)
def test_what_is_not_an_address_gets_a_sentence(client, typed, said):
    response = ask_for_code(client, typed)
    assert response.status_code == 200
    assert said in words(response)
    assert mail.outbox == []


def test_a_deaf_mail_server_is_said_and_nothing_breaks(client, hannah, monkeypatch):
    def deaf(*args, **kwargs):
        raise smtplib.SMTPServerDisconnected

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", deaf)
    response = ask_for_code(client, hannah.email)
    assert "We cannot send mail at the moment" in words(response)


def test_the_wanted_page_is_kept_through_the_code(client, hannah):
    response = client.get("/agency/absence/")
    assert response["Location"] == "/accounts/login/?next=/agency/absence/"
    posted = client.post(response["Location"], {"email": hannah.email, "next": "/agency/absence/"})
    response = client.post(posted["Location"], {"code": mailed_code(), "next": "/agency/absence/"})
    assert response["Location"] == "/agency/absence/"


def test_nobody_is_sent_to_another_site(client, hannah):
    away = "https://elsewhere.example.com/"
    posted = ask_for_code(client, hannah.email, next=away)
    assert away not in posted["Location"]
    response = client.post("/accounts/login/code/confirm/", {"code": mailed_code(), "next": away})
    assert response["Location"] == "/referrals/"


def test_a_new_session_begins_with_signing_in(client, hannah):
    ask_for_code(client, hannah.email)
    before = client.session.session_key
    client.post("/accounts/login/code/confirm/", {"code": mailed_code()})
    assert client.session.session_key != before


def test_a_closed_account_is_told_so_only_to_who_reads_its_mail(client, hannah):
    hannah.is_active = False
    hannah.save()
    assert ask_for_code(client, hannah.email)["Location"] == "/accounts/login/code/confirm/"
    response = client.post("/accounts/login/code/confirm/", {"code": mailed_code()}, follow=True)
    assert "This account is closed" in words(response)
    assert signed_in_as(client) is None


# --- The password -----------------------------------------------------------------------------
def test_a_password_signs_in_and_the_wrong_one_does_not(client, hannah):
    hannah.set_password("three words pictured")
    hannah.save()
    EmailAddress.objects.create(user=hannah, email=hannah.email, verified=True, primary=True)
    answers = []
    for email in (hannah.email, "nobody@fellgate.example.org"):
        response = client.post("/accounts/login/password/", {"login": email, "password": "wrong"})
        assert "The address and the password do not belong together" in words(response)
        answers.append(words(response).count("govuk-error-message"))
    assert answers[0] == answers[1]
    client.post(
        "/accounts/login/password/", {"login": hannah.email, "password": "three words pictured"}
    )
    assert signed_in_as(client) == hannah


def test_a_password_needs_an_address_that_was_verified(client, hannah):
    hannah.set_password("three words pictured")
    hannah.save()
    response = client.post(
        "/accounts/login/password/",
        {"login": hannah.email, "password": "three words pictured"},
        follow=True,
    )
    assert signed_in_as(client) is None
    assert "Check your e-mail" in words(response)
    client.post("/accounts/confirm-email/", {"code": mailed_code()})
    assert signed_in_as(client) == hannah


def test_wrong_passwords_for_one_person_leave_others_and_the_code_free(client, hannah):
    for _attempt in range(6):
        response = client.post(
            "/accounts/login/password/", {"login": hannah.email, "password": "wrong"}
        )
    assert "Wait five minutes" in words(response)
    sign_in(client, hannah)
    assert signed_in_as(client) == hannah


def test_a_password_can_be_set_and_ends_the_sessions(client, hannah):
    sign_in(client, hannah)
    other = type(client)()
    sign_in(other, hannah)
    page = client.get("/accounts/password/change/", follow=True)
    assert "Set a password" in words(page)
    short = client.post("/accounts/password/set/", {"password1": "short", "password2": "short"})
    assert "at least 12 characters" in words(short)
    strong = "three words pictured"
    client.post("/accounts/password/set/", {"password1": strong, "password2": strong})
    assert other.get("/agency/")["Location"].startswith("/accounts/login/")
    hannah.refresh_from_db()
    assert hannah.check_password(strong)


def test_very_many_tries_from_one_place_wait_a_minute(client, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login": "2/m/ip"}
    for _attempt in range(3):
        response = client.post("/accounts/login/password/", {"login": "x", "password": "x"})
    assert response.status_code == 429
    assert "Wait a minute" in words(response)


# --- Pages and paths --------------------------------------------------------------------------
@pytest.mark.parametrize(
    "name", ["account_reset_password", "account_email", "account_set_username"]
)
def test_ways_that_the_portal_does_not_have_have_no_address(name):
    with pytest.raises(NoReverseMatch):
        reverse(name)


@pytest.mark.parametrize("path", ["/accounts/signup/", "/accounts/login/code/"])
def test_other_ways_in_lead_to_the_one_page(client, path):
    response = client.get(f"{path}?next=/agency/")
    assert response["Location"] == "/accounts/login/?next=%2Fagency%2F"


def test_signing_out_takes_a_press_of_a_button(client, hannah):
    sign_in(client, hannah)
    assert "Sign out" in words(client.get("/accounts/logout/"))
    assert signed_in_as(client) == hannah
    assert client.post("/accounts/logout/")["Location"] == "/"
    assert signed_in_as(client) is None
    assert client.get("/accounts/logout/")["Location"] == "/"


def test_my_account_and_my_sessions_have_pages(client, hannah):
    sign_in(client, hannah)
    assert "hannah@fellgate.example.org" in words(client.get("/accounts/"))
    assert "Here, now" in words(client.get("/accounts/sessions/"))
    assert client.get("/accounts/confirm-email/")["Location"] == "/referrals/"
    assert client.get("/accounts/login/")["Location"] == "/referrals/"


def test_other_sessions_can_be_ended(client, hannah):
    sign_in(client, hannah)
    other = type(client)()
    sign_in(other, hannah)
    assert "Sign out everywhere else" in words(client.get("/accounts/sessions/"))
    client.post("/accounts/sessions/")
    assert other.get("/agency/").status_code == 302
    assert client.get("/agency/").status_code == 200


# --- The account ------------------------------------------------------------------------------
def test_addresses_are_kept_in_lower_case_and_found_however_typed():
    person = User.objects.create_user(" Ann@Example.ORG ", "Ann")
    assert person.email == "ann@example.org"
    assert User.known_by("ANN@example.org") == person
    assert User.objects.get_by_natural_key("Ann@example.org") == person
    with pytest.raises(ValueError):
        User.objects.create_user("")


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Hannah Ellis", "Hannah"),
        ("DC Alice Moor", "Alice"),
        ("Dr. Sam Hill", "Sam"),
        ("Prof", "Prof"),
        ("", "x@example.org"),
    ],
)
def test_the_first_name_skips_titles(name, first):
    assert User(name=name, email="x@example.org").first_name_only == first


def test_a_person_is_shown_by_name_or_address():
    assert str(UserFactory.build(name="Ann Lee")) == "Ann Lee"
    assert str(User(email="x@example.org")) == "x@example.org"
