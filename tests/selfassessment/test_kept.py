"""Words on an answer's page outlive the session (WF-08), for who wrote them and for nobody else."""

import pytest
from django.test import Client
from django.urls import reverse

from selfassessment import workflow
from tests.accounts.conftest import mailed_code, sign_in
from tests.accounts.test_time_out import ended, sealed_in
from tests.selfassessment import forms

pytestmark = pytest.mark.django_db

WORDS = "We named a deputy in September, and the governors & staff know her."


@pytest.fixture
def page(cast, form) -> str:
    """The page of a standard that the teacher was given."""
    workflow.give(form, cast.teacher, [forms.standard("LG1")], by=cast.lead)
    return reverse("selfassessment:standard", args=[form.key, "LG1"])


def come_back(client: Client, email: str, page: str, sealed: str) -> str:
    """Sign in from the page that carries the words, and go on with them; what is shown then."""
    said = {"next": page, "kept": sealed}
    client.post("/accounts/login/", {"email": email, **said})
    there = client.post("/accounts/login/code/confirm/", {"code": mailed_code(), **said})
    return client.post(page, {"kept": sealed_in(there)}).content.decode()


def test_an_answer_posted_after_the_session_ended_is_back_after_signing_in(client, cast, page):
    sign_in(client, cast.teacher)
    assert client.get(page).status_code == 200
    ended(client)
    asked = client.post(page, {"seen": "0", "rating": "in_place", "position": WORDS})
    assert WORDS not in asked.content.decode()
    back = come_back(client, cast.teacher.email, page, sealed_in(asked))
    assert "the governors &amp; staff know her" in back
    assert "It is not saved yet" in back


def test_somebody_else_at_that_browser_finds_none_of_it(client, cast, form, page):
    sign_in(client, cast.teacher)
    ended(client)
    asked = client.post(page, {"seen": "0", "position": WORDS})
    other = cast.stranger
    said = {"next": page, "kept": sealed_in(asked)}
    client.post("/accounts/login/", {"email": other.email, **said})
    there = client.post(
        "/accounts/login/code/confirm/", {"code": mailed_code(), **said}, follow=True
    )
    assert "governors" not in there.content.decode()
    assert not form.answers.exists()
