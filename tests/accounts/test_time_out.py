"""Sessions end by themselves; what was typed does not."""

from datetime import timedelta

import pytest
from django.conf import settings as configured
from django.contrib.sessions.models import Session
from django.http import QueryDict
from django.utils import timezone

from accounts import kept, sessions
from accounts.session_store import SessionStore
from tests.accounts.conftest import mailed_code, sign_in
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

PAGE = "/agency/details/"
TYPED = {"name": "Hannah Ellis-Moor", "job_title": "Head of year & tutor", "phone": "01632 960123"}
JSON = {"headers": {"accept": "application/json"}}


def words(response):
    return response.content.decode()


def age(client, *, minutes=0, hours=0, only=()):
    """Let the session, as it is stored, be older than it is."""
    session = SessionStore(client.cookies[configured.SESSION_COOKIE_NAME].value)
    back = minutes * 60 + hours * 3600
    for key in only or (sessions.BEGAN, sessions.SEEN, sessions.OPENED):
        session[key] -= back
    session.save()


def ended(client):
    age(client, minutes=31)


def sealed_in(response):
    found = words(response).split('name="kept" value="')
    return found[1].split('"')[0] if len(found) > 1 else ""


def come_back(client, person, page):
    """Sign in again from the page that carries the words; the answer to the last step."""
    sealed = sealed_in(page)
    coded = client.post("/accounts/login/", {"email": person.email, "next": PAGE, "kept": sealed})
    assert sealed_in(coded) == sealed
    assert 'action="/accounts/login/code/confirm/"' in words(coded)
    return client.post(
        "/accounts/login/code/confirm/", {"code": mailed_code(), "next": PAGE, "kept": sealed}
    )


# --- When -------------------------------------------------------------------------------------
def test_half_an_hour_unused_ends_a_session(client, hannah):
    sign_in(client, hannah)
    age(client, minutes=29)
    assert client.get(PAGE).status_code == 200
    ended(client)
    assert client.get(PAGE)["Location"].startswith("/accounts/login/")
    assert "Sign out" not in words(client.get("/"))


def test_each_page_gives_the_full_time_again_up_to_twelve_hours(client, hannah):
    sign_in(client, hannah)
    for _hour in range(23):
        age(client, minutes=29)
        assert client.get(PAGE).status_code == 200
    age(client, minutes=60, only=[sessions.BEGAN])
    assert client.get(PAGE).status_code == 302


def test_saving_by_itself_keeps_a_session_up_for_two_hours_of_typing(client, hannah):
    sign_in(client, hannah)
    for _time in range(4):
        age(client, minutes=25)
        client.get(PAGE, **JSON)
    age(client, minutes=25)
    assert client.get(PAGE, **JSON).status_code == 200  # alive, and no longer prolonged
    age(client, minutes=10)
    assert client.get(PAGE).status_code == 302


def test_asking_how_long_prolongs_nothing_and_a_press_does(client, hannah):
    sign_in(client, hannah)
    age(client, minutes=26)
    asked = client.get("/accounts/stay/", **JSON).json()
    assert 3 * 60 < asked["left"] <= 4 * 60
    assert not asked["last"]
    age(client, minutes=1)
    assert client.get("/accounts/stay/", **JSON).json()["left"] <= 3 * 60
    assert client.post("/accounts/stay/", **JSON).json()["left"] > 29 * 60
    assert client.post("/accounts/stay/")["Location"] == "/accounts/"


def test_near_the_twelve_hours_staying_gains_nothing(client, hannah):
    sign_in(client, hannah)
    age(client, hours=11, minutes=50, only=[sessions.BEGAN])
    answer = client.post("/accounts/stay/", **JSON).json()
    assert answer["last"]
    assert answer["left"] <= 10 * 60
    assert "Then sign in again." in words(client.get("/accounts/"))


def test_the_page_says_when_it_ends_without_script(client, hannah):
    sign_in(client, hannah)
    page = words(client.get("/accounts/"))
    assert "You are signed in until" in page
    assert "gives you 30 minutes more" in page


def test_an_ended_session_leaves_no_row_with_a_right_in_it(client, hannah):
    sign_in(client, hannah)
    old = client.session.session_key
    ended(client)
    client.get(PAGE)
    assert not Session.objects.filter(pk=old).exists()
    assert dict(client.session).keys() == {sessions.WAS, "_session_expiry"}


def test_the_times_are_settings(client, hannah, settings):
    settings.SESSION_IDLE = timedelta(minutes=10)
    sign_in(client, hannah)
    age(client, minutes=11)
    assert client.get(PAGE).status_code == 302


# --- What was typed ---------------------------------------------------------------------------
def test_what_was_posted_after_the_end_is_back_after_signing_in_again(client, hannah):
    sign_in(client, hannah)
    ended(client)
    page = client.post(PAGE, TYPED)
    assert "You were signed out" in words(page)
    assert "Sign in with your work e-mail" in words(page)
    assert "Ellis-Moor" not in words(page)
    there = come_back(client, hannah, page)
    assert "Go on with what you wrote" in words(there)
    assert f'action="{PAGE}"' in words(there)
    back = client.post(PAGE, {"kept": sealed_in(there)})
    assert back.status_code == 200
    assert 'value="Hannah Ellis-Moor"' in words(back)
    assert "Head of year &amp; tutor" in words(back)
    assert "It is not saved yet" in words(back)
    assert "govuk-error" not in words(back)
    hannah.refresh_from_db()
    assert hannah.name == "Hannah Ellis"
    client.post(PAGE, TYPED)
    hannah.refresh_from_db()
    assert hannah.name == "Hannah Ellis-Moor"


def test_somebody_else_at_that_browser_finds_nothing(client, hannah):
    other = UserFactory(email="other@fellgate.example.org")
    sign_in(client, hannah)
    ended(client)
    page = client.post(PAGE, TYPED)
    there = come_back(client, other, page)
    assert there.status_code == 302
    for answer in (client.get("/accounts/"), client.post(PAGE, {"kept": sealed_in(page)})):
        assert "Ellis-Moor" not in words(answer)


def test_the_second_factor_on_the_way_carries_the_words_too(client, ruth, factor):
    from tests.accounts.conftest import app_code

    sign_in(client, ruth)
    client.post("/accounts/2fa/authenticate/", {"code": app_code(step=-1)})
    ended(client)
    asked = come_back(client, ruth, client.post(PAGE, TYPED))
    assert 'action="/accounts/2fa/authenticate/"' in words(asked)
    there = client.post(
        "/accounts/2fa/authenticate/", {"code": app_code(), "kept": sealed_in(asked)}
    )
    assert "Go on with what you wrote" in words(there)


def test_words_of_another_window_are_kept_after_the_first_was_told(client, hannah):
    sign_in(client, hannah)
    ended(client)
    client.get(PAGE)
    assert sealed_in(client.post(PAGE, TYPED))


def test_a_session_ended_from_elsewhere_keeps_the_words(client, hannah):
    sign_in(client, hannah)
    sessions.end_all(hannah)
    assert sealed_in(client.post(PAGE, TYPED))


def test_who_was_never_signed_in_is_sent_to_sign_in_with_nothing(client):
    response = client.post(PAGE, TYPED)
    assert response["Location"] == "/accounts/login/?next=/agency/details/"


def test_signing_in_in_another_window_is_enough(client, hannah):
    sign_in(client, hannah)
    ended(client)
    page = client.post(PAGE, TYPED)
    sign_in(client, hannah)
    there = client.post("/accounts/go-on/", {"kept": sealed_in(page)})
    assert "Go on with what you wrote" in words(there)


def test_the_way_of_the_password_carries_the_words(client, hannah):
    sign_in(client, hannah)
    hannah.set_password("three words pictured")
    hannah.save()
    client.logout()
    sign_in(client, hannah)
    ended(client)
    sealed = sealed_in(client.post(PAGE, TYPED))
    asked = client.post("/accounts/login/password/", {"kept": sealed, "next": PAGE})
    assert sealed_in(asked) == sealed
    assert "govuk-error" not in words(asked)
    there = client.post(
        "/accounts/login/password/",
        {"login": hannah.email, "password": "three words pictured", "kept": sealed, "next": PAGE},
    )
    assert "Go on with what you wrote" in words(there)


def test_a_page_that_takes_them_no_more_shows_them_to_copy(client, hannah):
    sealed = kept.seal(
        str(hannah.pk), "/agency/9999/invite/", QueryDict("words=All+I+saw"), now=timezone.now()
    )
    sign_in(client, hannah)
    answer = client.post("/agency/9999/invite/", {"kept": sealed})
    assert "All I saw" in words(answer)
    assert "Copy what you need" in words(answer)


def test_a_token_that_was_refused_on_our_own_page_keeps_the_words(hannah):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(hannah)
    here = strict.post(PAGE, TYPED, headers={"origin": "http://testserver"})
    assert "Go on with what you wrote" in words(here)
    elsewhere = strict.post(PAGE, TYPED, headers={"origin": "https://elsewhere.example.com"})
    assert elsewhere.status_code == 403
    assert not sealed_in(elsewhere)


# --- The seal ---------------------------------------------------------------------------------
def test_the_seal_opens_for_one_person_for_fifteen_minutes():
    now = timezone.now()
    sealed = kept.seal("1", PAGE, QueryDict("name=Ann&name=Bea"), now=now)
    opened = kept.unseal(sealed, "1", now=now + timedelta(minutes=14))
    assert opened
    assert opened.path == PAGE
    assert opened.data.getlist("name") == ["Ann", "Bea"]
    assert kept.unseal(sealed, "2", now=now) is None
    assert kept.unseal(sealed, "1", now=now + timedelta(minutes=16)) is None
    assert kept.unseal(sealed[:-9], "1", now=now) is None
    assert kept.unseal("nonsense é", "1", now=now) is None


@pytest.mark.parametrize(
    "name", ["code", "password", "password1", "oldpassword", "csrfmiddlewaretoken", "credential"]
)
def test_passwords_and_codes_are_never_carried(name):
    assert kept.seal("1", PAGE, QueryDict(f"{name}=12345678"), now=timezone.now()) == ""


def test_a_postcode_is_no_code():
    assert kept.seal("1", PAGE, QueryDict("postcode=YO1+7HH"), now=timezone.now())


def test_too_much_is_left_to_the_browser_and_said(client, hannah):
    import secrets

    sign_in(client, hannah)
    ended(client)
    page = client.post(PAGE, TYPED | {"job_title": secrets.token_hex(500_000)})
    assert "It is too long for us to carry over" in words(page)
    assert sealed_in(page) == ""


def test_what_a_script_saves_is_not_carried(client, hannah):
    sign_in(client, hannah)
    ended(client)
    assert client.post(PAGE, TYPED, **JSON).status_code == 302
