"""The frame round every page: headers, errors in plain words, health, quick exit."""

import pytest
from django.test import Client, override_settings

from accounts.models import User
from ui import views
from vault import keys

pytestmark = pytest.mark.django_db

SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


@pytest.fixture
def visitor() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/nowhere/", 404),
        ("/fault/400/", 400),
        ("/fault/403/", 403),
        ("/fault/500/", 500),
        ("/fault/503/", 503),
        ("/health/live", 200),
    ],
)
def test_every_answer_has_its_headers(visitor, path, status):
    answer = visitor.get(path)
    assert answer.status_code == status
    for name, value in SAFE.items():
        assert answer.headers[name] == value, name
    assert "camera=()" in answer.headers["Permissions-Policy"]
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    for piece in (
        "default-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "object-src 'none'",
    ):
        assert piece in policy
    assert "Clear-Site-Data" not in answer.headers


def test_a_wrong_host_is_told_so_with_all_headers(visitor):
    with override_settings(ALLOWED_HOSTS=["portal.example.org"]):
        answer = visitor.get("/", headers={"host": "evil.example.com"})
    assert answer.status_code == 400
    for name, value in SAFE.items():
        assert answer.headers[name] == value, name


def test_the_back_office_has_a_policy_of_its_own(visitor):
    answer = visitor.get("/cms/")
    policy = answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in policy
    assert "script-src 'self' 'unsafe-inline'" in policy
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert answer.headers["Cache-Control"] == "no-store"


def test_signing_out_clears_what_the_browser_kept(visitor):
    visitor.force_login(
        User.objects.create_user("hannah@fellgate.example.org", name="Hannah Ellis")
    )
    assert "Hannah Ellis" in visitor.get("/").content.decode()
    answer = visitor.get("/leave/")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'


@pytest.mark.parametrize("status", [400, 403, 404, 500, 503])
def test_errors_are_plain_words_with_whom_to_ring(visitor, status):
    html = visitor.get(f"/fault/{status}/" if status != 404 else "/nowhere/").content.decode()
    assert 'href="tel:999"' in html
    assert "safeguarding lead" in html
    assert "Callum" not in html
    assert "Traceback" not in html
    assert "<title>" in html
    for unkind in ("Forbidden", "invalid", "failed", "Error 4"):
        assert unkind not in html


def test_unknown_and_not_yours_read_the_same(visitor):
    html = visitor.get("/nowhere/").content.decode()
    assert "We cannot find that page, or it is not yours to see." in html


def test_an_out_of_hours_number_is_shown_where_there_is_one(visitor):
    with override_settings(OUT_OF_HOURS_PHONE="01632 960999"):
        assert "01632 960999" in visitor.get("/nowhere/").content.decode()


def test_the_error_page_does_not_lean_on_what_may_be_broken(visitor, monkeypatch):
    def broken(request):
        raise RuntimeError("no database")

    monkeypatch.setattr("prevent_portal.context.portal", broken)
    for path, status in (("/nowhere/", 404), ("/fault/500/", 500)):
        answer = visitor.get(path)
        assert answer.status_code == status
        assert 'href="tel:999"' in answer.content.decode()

    monkeypatch.setattr(views, "render_to_string", broken)
    answer = visitor.get("/fault/500/")
    assert answer.status_code == 500
    assert "call 999" in answer.content.decode()


def test_a_stale_form_is_told_what_to_do():
    answer = Client(enforce_csrf_checks=True).post("/", {"what": "words"})
    assert answer.status_code == 403
    assert "your words are still there" in answer.content.decode()


def test_the_page_has_its_landmarks_and_lines():
    html = Client().get("/").content.decode()
    for piece in (
        'href="#main" class="govuk-skip-link"',
        '<main class="govuk-main-wrapper" id="main">',
        'aria-label="Main"',
        'aria-label="Emergency"',
        '<nav aria-label="Back"><a href="/start/" class="govuk-back-link">Back</a></nav>',
        'aria-current="page">Concerns</a>',
        'href="/worried-about-a-child/"',
        'href="/worried-about-an-adult/"',
        'href="/contacts/"',
        'href="/privacy/"',
        'href="/accessibility/"',
        'href="/cookies/"',
        '<meta name="robots" content="noindex">',
        '<a class="p-exit" href="/away/" rel="noreferrer nofollow">Leave this page</a>',
        "Run by the safeguarding partnership for North Yorkshire and York.",
    ):
        assert piece in html
    assert "<script>" not in html
    assert " style=" not in html
    assert 'role="button"' not in html


def test_the_demonstration_says_that_it_is_one():
    with override_settings(PORTAL_DEMO=False):
        assert "Everyone here is invented" not in Client().get("/").content.decode()
    with override_settings(PORTAL_DEMO=True):
        assert "Everyone here is invented" in Client().get("/").content.decode()


# --- Health -----------------------------------------------------------------------------------
def test_live_asks_nobody():
    answer = Client().get("/health/live")
    assert (answer.status_code, answer.content) == (200, b"live\n")


def test_ready_when_database_migrations_and_key_are(monkeypatch):
    monkeypatch.setattr(keys, "verify", lambda: None)
    assert Client().get("/health/ready").content == b"ready\n"


def test_not_ready_without_the_key_or_the_last_migration(monkeypatch):
    def gone():
        raise keys.KeyUnavailable("secret detail")

    monkeypatch.setattr(keys, "verify", gone)
    answer = Client().get("/health/ready")
    assert (answer.status_code, answer.content) == (503, b"not ready\n")
    monkeypatch.setattr(keys, "verify", lambda: None)
    monkeypatch.setattr(views, "_newest_migrations", lambda: frozenset({("ui", "0099_later")}))
    assert Client().get("/health/ready").status_code == 503


def test_health_takes_no_orders():
    assert Client().post("/health/live").status_code == 405
