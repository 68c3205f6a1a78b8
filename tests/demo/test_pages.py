"""One click leaves a session as after a full sign-in; the mails can be read."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.template import Context, Template
from django.test import Client, RequestFactory, override_settings
from django.urls import reverse
from django.utils import timezone

from accounts.middleware import has_passed
from accounts.models import Terms, TermsAccepted
from agencies import opening
from agencies.models import Opening
from demo import cast, codes
from outbox import post, sending

pytestmark = pytest.mark.usefixtures("company", "demo_pages", "db")


@pytest.fixture
def cast_page() -> str:
    return reverse("demo:people")


def sign_in(client: Client, person: str) -> Any:
    return client.post(reverse("demo:sign_in"), {"person": person})


def test_the_cast_is_listed_with_a_button_each_and_the_code(client: Client, cast_page: str) -> None:
    response = client.get(cast_page)
    text = response.content.decode()
    for person in cast.told().people.values():
        assert person.name in text
        assert f'value="{person.key}"' in text
    assert codes.now() in text
    assert "make afresh" in text
    assert "no-store" in response.headers["Cache-Control"]


def test_a_lead_is_signed_in_with_the_second_step(
    client: Client, company: cast.Company, rf: RequestFactory
) -> None:
    response = sign_in(client, "ruth")
    assert response.status_code == 302
    request = rf.get("/")
    request.session = client.session
    assert client.session["_auth_user_id"] == str(company.people["ruth"].pk)
    assert has_passed(request, company.people["ruth"])
    methods = [step["method"] for step in client.session["account_authentication_methods"]]
    assert methods == ["code", "mfa"]
    assert client.get("/agency/").status_code == 200


def test_a_practitioner_has_no_second_step_and_gets_in(client: Client) -> None:
    sign_in(client, "hannah")
    methods = [step["method"] for step in client.session["account_authentication_methods"]]
    assert methods == ["code"]
    assert client.get("/agency/").status_code == 200


def test_the_next_person_replaces_the_last(client: Client, company: cast.Company) -> None:
    sign_in(client, "joanna")
    sign_in(client, "carol")
    assert client.session["_auth_user_id"] == str(company.people["carol"].pk)
    methods = [step["method"] for step in client.session["account_authentication_methods"]]
    assert methods == ["code"]


def test_everyone_of_the_cast_can_be_chosen(client: Client, company: cast.Company) -> None:
    for key in cast.told().people:
        assert sign_in(client, key).status_code == 302
        assert client.session["_auth_user_id"] == str(company.people[key].pk)


@pytest.mark.parametrize("person", ["", "nobody", "hannah.ellis@fellgate.example.org", "\x00"])
def test_nobody_else_can_be_chosen(client: Client, person: str) -> None:
    assert sign_in(client, person).status_code == 404
    assert "_auth_user_id" not in client.session


def test_choosing_is_a_post_with_its_token(cast_page: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.get(reverse("demo:sign_in")).status_code == 405
    assert sign_in(strict, "ruth").status_code == 403


def test_there_is_nothing_where_there_is_no_demonstration(client: Client, cast_page: str) -> None:
    with override_settings(PORTAL_DEMO=False):
        assert client.get(cast_page).status_code == 404
        assert sign_in(client, "ruth").status_code == 404
        assert client.get(reverse("demo:mail")).status_code == 404
    assert "_auth_user_id" not in client.session


def test_few_questions_are_asked_of_the_database(
    client: Client, cast_page: str, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(15):
        client.get(cast_page)
    with django_assert_max_num_queries(15):
        client.get(reverse("demo:mail"))


def test_mails_are_shown_newest_first_each_once(
    client: Client, company: cast.Company, tmp_path: Path
) -> None:
    with override_settings(
        EMAIL_BACKEND="django.core.mail.backends.filebased.EmailBackend",
        EMAIL_FILE_PATH=str(tmp_path),
    ):
        post.send(
            company.people["ruth"],
            kind="referral.check",
            subject="A concern to check",
            what="A colleague asks you to check a concern.",
            why="You are a safeguarding lead.",
            path="/referrals/",
            key="one",
            at=timezone.now() - timedelta(minutes=5),
        )
        sending.send_due(timezone.now() - timedelta(minutes=4))
        mail.send_mail(
            "Your code", "The code is 314159", None, ["hannah.ellis@fellgate.example.org"]
        )
        text = client.get(reverse("demo:mail")).content.decode()
    assert text.count("A colleague asks you to check a concern.") == 1
    assert text.count("The code is 314159") == 1
    assert text.index("314159") < text.index("A colleague asks")
    assert "ruth.adeyemi@fellgate.example.org" in text


def test_without_mails_the_page_says_so(client: Client) -> None:
    with override_settings(EMAIL_FILE_PATH=None):
        assert "No mail has been sent yet." in client.get(reverse("demo:mail")).content.decode()


def test_the_pages_that_ask_for_a_second_step_are_told_the_code(rf: RequestFactory) -> None:
    told = codes.demonstration_code(rf.get("/"))["DEMO_CODE"]
    says = "{% blocktranslate with code=DEMO_CODE %}It is {{ code }}{% endblocktranslate %}"
    assert (
        Template("{% load i18n %}" + says).render(Context({"DEMO_CODE": told}))
        == f"It is {codes.now()}"
    )


def test_everybody_has_agreed_to_a_draft_of_the_terms(company: cast.Company) -> None:
    """Somebody new is asked; nobody of the cast is, so that every page opens at once."""
    Opening.objects.all().delete()
    opening.forget()
    try:
        cast.go_live(company.people, now=timezone.now())
    finally:
        opening.forget()
    terms = Terms.objects.get()
    assert terms.words.startswith("This is a draft: the board of the partnership has not")
    agreed = set(TermsAccepted.objects.filter(terms=terms).values_list("person", flat=True))
    assert agreed == {person.pk for person in company.people.values()}
    assert Opening.objects.exists()
