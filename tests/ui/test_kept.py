"""A page that could not take what was typed gives it back, to nobody else and nowhere else."""

import pytest
from django.core.exceptions import RequestDataTooBig
from django.template.loader import render_to_string
from django.test import Client, RequestFactory, override_settings

from ui import kept

WORDS = "He said <b>“clear them out”</b>\r\n\nand \x00 laughed"


def words(path: str = "/", **sent: str) -> list[str]:
    return [piece.text for piece in kept.words_of(RequestFactory().post(path, sent))]


def test_words_come_back_and_choices_do_not():
    assert words(what="It was said twice.", repeated="yes", age="15", day="9") == [
        "It was said twice."
    ]


@pytest.mark.parametrize(
    "name",
    ["password", "new_password1", "csrfmiddlewaretoken", "code", "otp", "secret", "recovery_code"],
)
def test_what_is_secret_never_comes_back(name):
    assert words(**{name: "Correct Horse 1"}) == []


def test_a_postcode_is_no_secret():
    assert words(postcode="YO1 9ZZ") == ["YO1 9ZZ"]


def test_nothing_that_was_typed_to_sign_in_comes_back():
    assert words("/accounts/login/", login="Hannah Ellis of Fellgate") == []


def test_nothing_comes_back_from_a_page_that_was_only_read():
    assert kept.words_of(RequestFactory().get("/?ref=Some words here")) == []
    assert kept.words_of(None) == []


def test_what_never_arrived_whole_is_no_fault():
    with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=10):
        request = RequestFactory().post("/", {"what": "x " * 50})
        with pytest.raises(RequestDataTooBig):
            request.body  # noqa: B018 - reading it is the act
        assert kept.words_of(request) == []


@pytest.mark.django_db
@pytest.mark.parametrize(("kind", "status"), [("503", 503), ("500", 500)])
def test_the_page_of_a_fault_gives_the_words_back_escaped(kind, status, caplog):
    visitor = Client(raise_request_exception=False)
    answer = visitor.post(f"/fault/{kind}/", {"what": WORDS, "password": "Hunter Two 22"})
    html = answer.content.decode()
    assert answer.status_code == status
    assert "He said &lt;b&gt;“clear them out”&lt;/b&gt;" in html
    assert "readonly" in html
    assert 'href="tel:101"' in html
    assert "Hunter" not in html
    assert answer.headers["Cache-Control"] == "no-store"
    assert "clear them out" not in caplog.text


@pytest.mark.django_db
def test_the_page_for_too_many_tries_gives_the_words_back_with_a_number_to_ring():
    request = RequestFactory().post("/", {"what": "It was said twice."})
    html = render_to_string("429.html", {"OUT_OF_HOURS_PHONE": "01632 960999"}, request)
    assert "It was said twice.</textarea>" in html
    assert "01632 960999" in html


@pytest.mark.django_db
def test_a_portal_that_is_not_set_up_says_whom_to_ring(caplog):
    with override_settings(OUT_OF_HOURS_PHONE="01632 960999"):
        answer = Client(raise_request_exception=False).post(
            "/fault/unready/", {"what": "It was said twice."}
        )
    html = answer.content.decode()
    assert answer.status_code == 503
    assert "The portal cannot take this yet" in html
    assert "It was said twice.</textarea>" in html
    assert "01632 960999" in html
    assert "there is no locality" in caplog.text
