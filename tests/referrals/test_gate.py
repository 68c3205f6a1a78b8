import pytest
from django.test import Client

from accounts.models import User


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/referrals/start/", "/referrals/start/stop/"])
class TestGate:
    def test_it_stores_nothing_and_asks_nothing(self, path, django_assert_num_queries):
        visitor = Client()
        with django_assert_num_queries(0):
            response = visitor.get(path)
        assert response.status_code == 200
        assert not response.cookies
        assert "Set-Cookie" not in response.headers
        assert "Cookie" not in response.headers.get("Vary", "")

    def test_it_does_not_look_who_is_asking(self, path, django_assert_num_queries):
        person = User.objects.create_user("tess@example.org", name="Tess Hartley")
        browser = Client()
        browser.force_login(person)
        with django_assert_num_queries(0):
            response = browser.get(path)
        assert "Set-Cookie" not in response.headers
        assert "Tess" not in response.content.decode()

    def test_it_is_links_and_not_a_form(self, path):
        page = Client().get(path).content.decode()
        assert "<form" not in page
        assert "<input" not in page

    def test_it_cannot_be_posted_to(self, path):
        assert Client().post(path, {"gate": "yes"}).status_code == 405


@pytest.mark.django_db
def test_the_gate_names_the_three_situations_and_leads_two_ways(client):
    page = client.get("/referrals/start/").content.decode()
    for words in (
        "immediate risk of harm",
        "crime is about to happen",
        "travel to a conflict zone",
    ):
        assert words in page
    assert 'href="/referrals/start/stop/"' in page
    assert 'href="/referrals/new/"' in page
    assert "p-999" in page


@pytest.mark.django_db
def test_the_stop_page_says_it_louder_than_the_999_line(client):
    page = client.get("/referrals/start/stop/").content.decode()
    assert "p-999" not in page
    assert "p-stop" in page
    assert 'href="tel:999"' in page
    assert 'href="/referrals/new/"' in page
    assert 'href="/referrals/start/"' in page
