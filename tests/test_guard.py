"""The demonstration starts only on its own database, with its own mail, on this machine."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from prevent_portal import guard

AT_HOME: dict[str, Any] = {
    "database": {"HOST": "/srv/portal/var/socket"},
    "embedded_dir": "/srv/portal/var/socket",
    "mail_backend": "django.core.mail.backends.filebased.EmailBackend",
    "base_url": "http://127.0.0.1:8000",
    "allowed_hosts": ["localhost", "127.0.0.1"],
}


def test_the_demonstration_starts_at_home():
    guard.check_demonstration(**AT_HOME)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"database": {"HOST": "db.example.org"}}, "embedded database"),
        ({"database": {"HOST": "127.0.0.1"}}, "embedded database"),
        ({"database": {"HOST": "/var/run/postgresql"}}, "embedded database"),
        ({"database": {"HOST": ""}, "embedded_dir": ""}, "embedded database"),
        ({"mail_backend": "django.core.mail.backends.smtp.EmailBackend"}, "no real mail"),
        ({"base_url": "https://portal.example.org"}, "portal.example.org"),
        ({"allowed_hosts": ["127.0.0.1", "*"]}, "127.0.0.1"),
    ],
)
def test_it_declines_to_start_anywhere_else(change, word):
    with pytest.raises(ImproperlyConfigured, match=word) as refusal:
        guard.check_demonstration(**{**AT_HOME, **change})
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("caller", "status"),
    [("127.0.0.1", "200 OK"), ("::1", "200 OK"), ("192.0.2.7", "403 Forbidden"), ("", "403 Forb")],
)
def test_it_answers_only_callers_on_this_machine(caller, status):
    said = []

    def portal(environ, start_response):
        start_response("200 OK", [])
        return [b"the portal"]

    answer = guard.only_from_here(portal)
    body = b"".join(
        answer({"REMOTE_ADDR": caller}, lambda status, headers: said.append((status, headers)))
    )
    assert said[0][0].startswith(status)
    assert (body == b"the portal") is (status == "200 OK")
