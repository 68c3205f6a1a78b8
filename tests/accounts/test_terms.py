"""Terms of use are agreed to once for each version, before anything else is opened."""

import pytest

from accounts.models import Terms, TermsAccepted
from audit.models import AuditEvent
from tests.accounts.conftest import sign_in
from tests.accounts.test_time_out import sealed_in, words

pytestmark = pytest.mark.django_db

PAGE = "/agency/details/"


def test_nobody_is_asked_before_a_version_is_published(client, hannah):
    sign_in(client, hannah)
    assert client.get(PAGE).status_code == 200
    assert client.get("/accounts/terms/").status_code == 404


def test_no_page_opens_before_the_terms_are_agreed_to(client, hannah):
    version = Terms.objects.create()
    sign_in(client, hannah)
    asked = client.get(PAGE)
    assert asked["Location"] == "/accounts/terms/?next=%2Fagency%2Fdetails%2F"
    assert "I use the portal for my work" in words(client.get(asked["Location"]))
    assert client.get("/").status_code == 200
    assert client.get("/accounts/logout/").status_code == 200
    held_up = client.post(PAGE, {"name": "Hannah Ellis-Moor"})
    done = client.post(
        "/accounts/terms/", {"version": "1", "next": PAGE, "kept": sealed_in(held_up)}
    )
    assert "Go on with what you wrote" in words(done)
    assert client.get(PAGE).status_code == 200
    kept = TermsAccepted.objects.get()
    assert (kept.person, kept.terms) == (hannah, version)
    event = AuditEvent.objects.get(kind="account.terms_accepted")
    assert event.detail == {"version": 1}
    assert "You agreed to it on" in words(client.get("/accounts/terms/"))


def test_a_new_version_is_asked_at_the_next_sign_in(client, hannah):
    Terms.objects.create()
    sign_in(client, hannah)
    client.post("/accounts/terms/", {"version": "1"})
    client.logout()
    sign_in(client, hannah)
    assert client.get(PAGE).status_code == 200
    second = Terms.objects.create(words="I agree to more.")
    assert second.version == 2
    client.logout()
    sign_in(client, hannah)
    assert client.get(PAGE).status_code == 302
    client.post("/accounts/terms/", {"version": "1"})  # read before the new one came
    assert client.get(PAGE).status_code == 302
    client.post("/accounts/terms/", {"version": "2"})
    assert client.get(PAGE).status_code == 200
    assert TermsAccepted.objects.count() == 2


def test_a_version_that_people_have_read_stays_as_it_is():
    version = Terms.objects.create()
    version.words = "Something else"
    with pytest.raises(ValueError, match="stays as it is"):
        version.save()
