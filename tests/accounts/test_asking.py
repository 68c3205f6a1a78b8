"""The database knows who is asking, in the transaction of the request."""

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.template.response import SimpleTemplateResponse
from django.test import RequestFactory

from accounts.database import asking
from accounts.middleware import AskingMiddleware
from tests.factories import UserFactory


def person_asking():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('portal.person', true)")
        return cursor.fetchone()[0] or ""


@pytest.fixture
def request_of():
    def build(user):
        request = RequestFactory().get("/")
        request.user = user
        return request

    return build


def answer(request, view):
    return AskingMiddleware(lambda request: HttpResponse()).process_view(request, view, (), {})


@pytest.mark.django_db(transaction=True)
def test_the_person_is_known_during_the_view_and_forgotten_after(request_of):
    person = UserFactory()
    seen = []

    def view(request):
        seen.append(person_asking())
        return HttpResponse("done")

    assert answer(request_of(person), view).content == b"done"
    assert seen == [str(person.pk)]
    assert person_asking() == ""


@pytest.mark.django_db
def test_a_page_is_rendered_while_the_person_is_known(request_of, settings):
    response = answer(request_of(UserFactory()), lambda request: SimpleTemplateResponse("400.html"))
    assert response.is_rendered


@pytest.mark.django_db(transaction=True)
def test_what_a_failing_view_wrote_is_undone(request_of):
    person = UserFactory()

    def view(request):
        UserFactory(email="half@example.org")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        answer(request_of(person), view)
    assert not type(person).objects.filter(email="half@example.org").exists()


@pytest.mark.django_db
def test_a_view_that_wants_no_transaction_is_left_to_django(request_of):
    view = transaction.non_atomic_requests(lambda request: HttpResponse())
    assert answer(request_of(UserFactory()), view) is None


@pytest.mark.django_db
def test_commands_and_the_worker_ask_as_the_portal_itself():
    asking(UserFactory())
    asking(None)
    assert person_asking() == ""
