"""Every answer to every oddity of HTTP: headers, plain words, no effect (IN-05 to IN-10, AV-01)."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings as portal
from django.db import transaction

from referrals.terms import Status
from tests.edges import wire
from tests.edges.wire import FORM, Answer, Wire
from tests.referrals import cases
from tests.referrals.browsing import seen, stored
from ui.middleware import FOR_EVERYBODY

pytestmark = pytest.mark.django_db

HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
}
POLICY = ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'")
SPILLED = (b"Traceback", b"django.core", b"psycopg2", b"DisallowedHost", b"SuspiciousOperation")


def assert_guarded(answer: Answer) -> None:
    """The headers of every answer of the portal's own pages."""
    for name, value in HEADERS.items():
        assert answer.headers.get(name) == value, (name, answer.status)
    # A public page, the same for everybody, may be kept and asked about; nothing else is kept.
    kept = answer.headers.get("cache-control")
    is_public = answer.status in {200, 304} and "set-cookie" not in answer.headers
    assert kept == "no-store" or (kept == FOR_EVERYBODY and is_public), (kept, answer.status)
    policy = answer.headers.get("content-security-policy", "")
    assert all(piece in policy for piece in POLICY), answer.status
    assert "unsafe" not in policy
    assert len(answer.headers["x-request-id"]) == 32
    assert "camera=()" in answer.headers["permissions-policy"]
    assert not any(words in answer.body for words in SPILLED)


def assert_plain_page(answer: Answer) -> None:
    """Plain words, and whom to ring."""
    assert answer.is_page, answer.headers
    assert 'href="tel:999"' in answer.text
    assert "safeguarding lead" in answer.text
    assert f'href="tel:{portal.OUT_OF_HOURS_PHONE}"' in answer.text


# --- Every error page, in every state ---------------------------------------------------------
def _many_tries(browser: Wire, settings: Any) -> Answer:
    signed_in = settings.SESSION_COOKIE_NAME in browser.cookies
    path = b"/accounts/password/change/" if signed_in else b"/accounts/login/password/"
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/h/ip", "change_password": "1/h/user"}
    sent = b"login=nobody%40example.org&password=x&oldpassword=x&password1=y&password2=y"
    for _try in range(4):
        answer = browser.ask("POST", path, body=sent, content_type=FORM)
        if answer.status == 429:
            break
    return answer


ERRORS: dict[str, tuple[int, Callable[[Wire, Any], Answer]]] = {
    "could not be read": (400, lambda b, s: b.ask(path=b"/fault/400/")),
    "another host": (400, lambda b, s: b.ask(HTTP_HOST="evil.example.com")),
    "not allowed": (403, lambda b, s: b.ask(path=b"/fault/403/")),
    "no token": (403, lambda b, s: b.ask("POST", b"/referrals/start/", token=False)),
    "not found": (404, lambda b, s: b.ask(path=b"/nowhere/")),
    "not this method": (405, lambda b, s: b.ask("PUT", b"/referrals/start/")),
    "too much": (
        413,
        lambda b, s: b.ask(
            "POST", b"/accounts/login/", body=b"a=" + b"x" * 2_600_000, content_type=FORM
        ),
    ),
    "too many fields": (
        400,
        lambda b, s: b.ask("POST", b"/accounts/login/", body=b"a=1&" * 1_500, content_type=FORM),
    ),
    "too often": (429, _many_tries),
    "a fault of ours": (500, lambda b, s: b.ask(path=b"/fault/500/")),
    "the database rests": (503, lambda b, s: b.ask(path=b"/fault/503/")),
}


@pytest.mark.parametrize("who", ["nobody", "practitioner", "prevent_lead"])
@pytest.mark.parametrize("kind", list(ERRORS))
def test_every_error_page_is_guarded_and_says_whom_to_ring(cast, settings, kind, who):
    status, how = ERRORS[kind]
    person = getattr(cast, who, None)
    if person is not None:
        person.set_password("three words pictured")
        person.save()
    answer = how(Wire(person), settings)
    assert answer.status == status
    assert_guarded(answer)
    assert_plain_page(answer)
    if status in (429, 503):
        assert answer.headers["retry-after"].isdigit()


def test_a_method_that_is_not_taken_names_those_that_are(cast):
    answer = Wire(cast.practitioner).ask("DELETE", b"/referrals/new/")
    assert answer.status == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}


def test_a_method_that_a_static_file_does_not_take_is_refused_like_any_other(settings):
    file = Path(settings.STATIC_ROOT) / "ui" / "icon.svg"
    file.parent.mkdir(exist_ok=True)
    file.write_text("<svg/>")
    browser = Wire()
    assert browser.ask("GET", b"/static/ui/icon.svg").status == 200
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        answer = browser.ask(method, b"/static/ui/icon.svg", body=b"a=1", content_type=FORM)
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
        assert_guarded(answer)
        assert_plain_page(answer)


# --- Oddities ---------------------------------------------------------------------------------
PAGES = (b"/", b"/referrals/start/", b"/accounts/login/", b"/referrals/", b"/referrals/search/")
HOSTS = [
    "evil.example.com", "portal.example.org.evil.example.com", "evil.example.com:443",
    "portal.example.org@evil.example.com", "portal.example.org, evil.example.com",
    "portal.example.org evil.example.com", "127.0.0.1", "localhost:8000", "[::1]", "",
    "portal.example.org:0x50", "portal.example.org:-1", "portal.example.org/evil", "*",
    "portal_example_org", "xn--prtal-qta.example.org", "портал.example.org", "a" * 5_000,
    "portal.example.org\r\nX-Evil: 1", "portal.example.org\x00", "..", ".",
    "evil.portal.example.org",
]  # fmt: skip
METHODS = [
    "TRACE", "TRACK", "CONNECT", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "MKCOL", "MOVE",
    "DEBUG", "LINK", "PURGE", "get", "Post", "GETT", "G" * 500, "GET\x00", "\xff", "HEAD1",
]  # fmt: skip
PATHS = [
    b"/\xff\xfe/", b"/\xc0\xaf../", b"/\xed\xa0\x80/", b"/\x00", b"/a\x00b/", b"//", b"///",
    b"//evil.example.com/", b"/../../etc/passwd", b"/..%2f..%2fetc/passwd", b"/%252e%252e/",
    b"/%00", b"/%ff", b"/\xe2\x80\xae/", b"/+ADw-script+AD4-/", b"/<script>alert(1)</script>/",
    b"/referrals/\xff/", b"/referrals/%E0%A4%A/", b"/referrals/..;/", b"/referrals/./",
    b"/referrals/a\r\nSet-Cookie: a=b/", b"/referrals/" + b"k" * 5_000 + b"/",
    b"/referrals/kkkk/observed\x00/", b"/referrals/kkkk/files/not-a-number/",
    b"/referrals/kkkk/files/00000000-0000-0000-0000-000000000000/",
    b"/agency/99999999999999999999999/", b"/agency/member/99999999999999999999999999/change/",
    b"/agency/invitation/99999999999999999999/withdraw/", b"/agency/absence/-1/end/",
    b"/agency/absence/of/99999999999999999999999/", b"/agency/\xe2\x82\xac/", b"/audit/\xff",
    b"/static/../manage.py", b"/static/%2e%2e/manage.py", b"/static/\x00", b"/static/\xff",
    b"/static/..\\..\\manage.py", b"/media/../var/vault.key", b"/.env", b"/.git/config",
    b"/health/live/", b"/accounts/login/\xff/", b"/cms/\xff/", b"/cms/%00/", b"/documents/1/\xff",
    b"*", b"", b"referrals", b"http://evil.example.com/", b"/\\evil.example.com", b"/;/", b"/?",
    b"/" + b"a/" * 3_000, b"/robots.txt/../referrals/", "/référrals/".encode(), b"/REFERRALS/",
    b"/%2e/", b"/ ", b"/\t", b"/\x7f", b"/\x1b[31m",
]  # fmt: skip
QUERIES = [
    b"next=\xff", b"next=%FF%FE", b"next=%00", b"next=//evil.example.com", b"next=http:///evil",
    b"next=%0d%0aSet-Cookie:a=b", b"next=javascript:alert(1)", b"next=\\\\evil", b"next=/\\evil",
    b"next=https:evil.example.com", b"next=%09//evil.example.com", b"next=/%2f/evil", b"next=",
    b"next=a&next=//evil.example.com", b"next[]=a", b"next[a][b][c]=d", b"%", b"%%%", b"%zz=1",
    b"&" * 500, b"=", b"==", b"a" * 8_000, b"a=" + b"%00" * 500, b"a=%ED%A0%80", b"a=%u0000",
    b"a=+ADw-script+AD4-", b"page=-1", b"page=0", b"page=99999999999999999999", b"page=1e9",
    b"page=%D9%A3", b"page=1&page=2", b"ref=%00", b"ref=%FF", b"ref=NY-2026-9999999999999999999",
    b"a=1;b=2", b"from=%00&after=%FF", b"template=%00", b"who=99999999999999999999", b"who=%00",
    b"q=%00", b"q=" + b"%E2%80%AE" * 50, b"query=%00", b"status=%00&show=%FF", b"sort=%27--",
    b"since_day=99&since_month=99&since_year=99999999", b"kind=%00&case=%00&person=%00",
    b"_method=DELETE", b"&".join(b"f%d=1" % number for number in range(1_500)),
]  # fmt: skip
BOUND = "multipart/form-data; boundary=x"
BODIES: list[tuple[str | None, bytes]] = [
    ("multipart/form-data", b"--x\r\n"),
    (BOUND, b""),
    (BOUND, b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1"),
    (BOUND, b"--x\r\n\r\n\r\n--x--"),
    (BOUND, b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--\r\n"),
    (BOUND, b"--x\r\nContent-Disposition: form-data; name=\xff\r\n\r\n\xff\r\n--x--\r\n"),
    (BOUND, b"--y\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--y--\r\n"),
    (BOUND, b'--x\r\nContent-Disposition: form-data; name="f"; filename="\x00"\r\n\r\n1\r\n--x--'),
    (BOUND, b'--x\r\nContent-Disposition: form-data; name="f"; filename=".."\r\n\r\n1\r\n--x--'),
    (BOUND, b"--x\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: form-data; "
            b"name=a\r\n\r\n!!!\r\n--x--\r\n"),
    (BOUND, b"--x\r\n" + b"A: b\r\n" * 2_000 + b"\r\n1\r\n--x--"),
    (BOUND, b"--x\r\n" + b"A" * 200_000),
    (BOUND, b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n" * 1_500 + b"--x--"),
    (BOUND, b'--x\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\n1\r\n' * 60
            + b"--x--"),
    ("multipart/form-data; boundary=", b"--\r\n"),
    ("multipart/form-data; boundary=" + "b" * 300, b"--\r\n"),
    ("multipart/form-data; boundary=\xff", b"--\xff\r\n"),
    ("multipart/form-data; boundary=x; charset=utf-7", b"--x--"),
    ("multipart/mixed; boundary=x", b"--x--"),
    (FORM + "; charset=utf-7", b"words=+AGE-"),
    (FORM + "; charset=utf-16", "words=a".encode("utf-16")),
    (FORM + "; charset=nonsense", b"words=a"),
    (FORM + "; charset=rot13", b"words=a"),
    (FORM + "; charset=base64", b"words=a"),
    (FORM, b"\xff=\xfe"),
    (FORM, b"words=%FF%FE"),
    (FORM, b"words=%ED%A0%80"),
    (FORM, b"words=%00"),
    (FORM, b"%00=1"),
    (FORM, b"&&&&"),
    (FORM, b"="),
    (FORM, b"words"),
    (FORM, b"words=a&words=b&words[]=c"),
    (FORM, b"words[a][b][c][d][e]=1"),
    (FORM, b"a=1&" * 999),
    (FORM, b"a=1&" * 1_001),
    (FORM, b"words=" + b"x" * 2_600_000),
    (FORM, b"x" * 100_000 + b"=1"),
    (FORM, b"csrfmiddlewaretoken=%00"),
    (FORM, b"csrfmiddlewaretoken=a&csrfmiddlewaretoken=b"),
    (FORM, b"kept=%00"),
    (FORM, b"kept=" + b"g" * 400_000),
    (FORM, b"_method=DELETE"),
    ("application/json", b'{"words": "a"}'),
    ("application/json", b"[" * 50_000),
    ("text/plain", b"words=a"),
    ("text/xml", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'),
    ("application/octet-stream", b"\x00" * 100_000),
    ("\x00", b"a"),
    ("a" * 5_000, b"a"),
    ("", b"words=a"),
    (None, b"words=a"),
]  # fmt: skip
SAID: list[dict[str, Any]] = [
    *({"CONTENT_LENGTH": length} for length in
      ("-1", "99999999999999999999", "", None, "1")),
    *({name: "PUT"} for name in
      ("HTTP_X_HTTP_METHOD_OVERRIDE", "HTTP_X_METHOD_OVERRIDE", "HTTP_X_HTTP_METHOD")),
    {"HTTP_X_FORWARDED_HOST": "evil.example.com"},
    {"HTTP_X_FORWARDED_PROTO": "http"},
    {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
    {"HTTP_X_FORWARDED_FOR": "\x00, <script>, " + "1.1.1.1, " * 500},
    {"HTTP_X_FORWARDED_SERVER": "evil.example.com", "HTTP_FORWARDED": "host=evil.example.com"},
    {"HTTP_X_ORIGINAL_URL": "/audit/", "HTTP_X_REWRITE_URL": "/audit/"},
    {"REMOTE_ADDR": ""},
    {"REMOTE_ADDR": "not an address"},
    *({"HTTP_RANGE": span} for span in
      ("bytes=0-1", "bytes=-1", "bytes=9-1", "bytes=" + "0-," * 2_000, "lines=1-2", "\x00")),
    *({"HTTP_COOKIE": cookie} for cookie in
      ("", "=", ";;;", "session=", "session=\x00", "session=\xff", "session=" + "k" * 5_000,
       "__Host-session=a; session=b; session=c", "csrf=\x00", "csrf=" + "é" * 32,
       "messages=a; sessionid=b", "a=b; " * 1_000, "$Version=1; session=a", "session={}")),
    *({"HTTP_ACCEPT": accept} for accept in
      ("application/json", "\x00", "*/*;q=nonsense", "text/html," * 1_000, "a" * 10_000)),
    {"HTTP_ACCEPT_ENCODING": "gzip;q=0, br, \x00"},
    {"HTTP_ACCEPT_LANGUAGE": "xx-" * 2_000},
    {"HTTP_ACCEPT_LANGUAGE": "../../etc/passwd"},
    {"HTTP_USER_AGENT": "\x00\xff<script>" + "a" * 10_000},
    {"HTTP_REFERER": "http://[::1"},
    {"HTTP_REFERER": "\x00"},
    {"HTTP_ORIGIN": "null"},
    {"HTTP_ORIGIN": "http://[::1"},
    {"HTTP_ORIGIN": "https://evil.example.com"},
    {"HTTP_ORIGIN": "\xff"},
    {"HTTP_IF_MODIFIED_SINCE": "nonsense"},
    {"HTTP_IF_NONE_MATCH": "\x00"},
    {"HTTP_IF_UNMODIFIED_SINCE": "Thu, 32 Foo 99999 99:99:99 GMT"},
    {"HTTP_EXPECT": "100-continue"},
    {"HTTP_UPGRADE": "websocket", "HTTP_CONNECTION": "Upgrade"},
    {"HTTP_TRANSFER_ENCODING": "chunked"},
    {"HTTP_AUTHORIZATION": "Basic !!!"},
    {"HTTP_AUTHORIZATION": "Bearer \x00"},
    {"HTTP_X_REQUEST_ID": "forged\r\nX-Evil: 1"},
    {"HTTP_X_REQUESTED_WITH": "XMLHttpRequest"},
    {"SERVER_PROTOCOL": "HTTP/0.9"},
    {"SERVER_PORT": "evil"},
    {"wsgi.url_scheme": "http"},
]  # fmt: skip


def oddities() -> Iterator[tuple[str, dict[str, Any]]]:
    """What is odd in one sentence, and how it is asked."""
    for host in HOSTS:
        yield f"host {host[:40]!r}", {"HTTP_HOST": host}
    for number, method in enumerate(METHODS):
        for path in (PAGES[number % 5], b"/referrals/kkkk/tasks/", b"/nowhere/"):
            yield f"method {method[:20]!r} {path!r}", {"method": method, "path": path}
    for path in PATHS:
        for method in ("GET", "POST"):
            yield f"{method} {path[:40]!r}", {"method": method, "path": path}
    for number, query in enumerate(QUERIES):
        for path in (PAGES[number % 5], b"/accounts/login/", b"/referrals/search/", b"/audit/"):
            yield f"{path!r} ? {query[:40]!r}", {"path": path, "query": query}
    for content_type, body in BODIES:
        for path in (b"/referrals/search/", b"/accounts/login/", b"/referrals/new/"):
            yield (
                f"{path!r} {str(content_type)[:40]!r} {body[:30]!r}",
                {"method": "POST", "path": path, "content_type": content_type, "body": body},
            )
    for said in SAID:
        text = str(said)[:60]
        yield f"GET with {text}", {"path": b"/referrals/start/", **said}
        yield (
            f"POST with {text}",
            {
                "method": "POST",
                "path": b"/referrals/search/",
                "content_type": FORM,
                "body": b"words=a",
                **said,
            },
        )


ODD = list(oddities())
IN_GROUPS = 25


def test_there_are_many_oddities():
    assert len(ODD) > 600


@pytest.mark.parametrize("who", ["nobody", "portal_admin"])
@pytest.mark.parametrize("part", range(IN_GROUPS))
def test_oddities_are_refused_or_answered_and_change_nothing(cast, who, part):
    browser = Wire(getattr(cast, who, None))
    for what, how in ODD[part::IN_GROUPS]:
        before = wire.writes()
        kept = transaction.savepoint()
        answer = browser.ask(**how)
        assert answer.status < 500, (what, answer.status)
        assert_guarded_unless_static(answer, how)
        location = answer.headers.get("location", "")
        assert "evil" not in location.split("?")[0], (what, location)
        assert "x-evil" not in answer.headers, what
        if answer.status >= 400:
            assert wire.writes() == before, what
        transaction.savepoint_rollback(kept)


def assert_guarded_unless_static(answer: Answer, how: dict[str, Any]) -> None:
    path = how.get("path", b"/")
    if path.startswith(b"/cms/"):
        assert answer.headers["x-frame-options"] == "SAMEORIGIN"
        assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert not any(words in answer.body for words in SPILLED)
    else:
        assert_guarded(answer)


@pytest.mark.parametrize("host", HOSTS)
def test_another_host_is_refused_wherever_it_asks(db, host):
    for path in (b"/", b"/referrals/start/", b"/accounts/login/", b"/nowhere/"):
        answer = Wire().ask(path=path, HTTP_HOST=host)
        assert answer.status == 400, host
        assert b"evil" not in answer.body


def test_what_a_stranger_forwards_is_not_believed(db):
    """Only behind a proxy of ours (BEHIND_PROXY) has a forwarded header a say."""
    forwarded: list[dict[str, Any]] = [
        {"HTTP_X_FORWARDED_HOST": "evil.example.com"},
        {"HTTP_FORWARDED": "host=evil"},
    ]
    for said in forwarded:
        answer = Wire().ask(path=b"/accounts/login/", **said)
        assert answer.status == 200
        assert b"evil" not in answer.body
    http: dict[str, Any] = {"wsgi.url_scheme": "http"}
    over_http = Wire().ask(path=b"/", HTTP_X_FORWARDED_PROTO="https", **http)
    plain = Wire().ask(path=b"/", **http)
    assert over_http.status == plain.status


def test_a_request_number_that_comes_along_is_not_taken_over(db):
    assert Wire().ask(HTTP_X_REQUEST_ID="f" * 32).headers["x-request-id"] != "f" * 32


def test_head_is_get_without_the_words(cast):
    for who in (None, cast.practitioner, cast.prevent_lead):
        browser = Wire(who)
        for path in (*PAGES, b"/nowhere/", b"/referrals/all/", b"/health/live", b"/audit/"):
            got, head = browser.ask(path=path), browser.ask("HEAD", path)
            assert head.status == got.status, path
            # An ETag is worked out from the words, which HEAD does not make.
            varying = {"x-request-id", "content-length", "set-cookie", "etag"}
            assert {k: v for k, v in head.headers.items() if k not in varying} == {
                k: v for k, v in got.headers.items() if k not in varying
            }, path


def test_a_name_sent_twice_means_its_last_value_on_every_page(cast):
    """Which one counts is the same at the check and at the act: there is one QueryDict."""
    referral = cases.walk_to(cast, Status.DRAFT)
    browser = Wire(cast.practitioner)
    path = f"/referrals/{referral.key}/worry/".encode()
    body = b"seen=%d&worry=first&worry=second" % seen(referral, "worry")
    answer = browser.ask("POST", path, body=body, content_type=FORM)
    assert answer.status in (302, 303)
    assert stored(referral, "worry") == "second"


def test_json_sent_to_a_form_has_no_effect(cast):
    referral = cases.walk_to(cast, Status.DRAFT)
    path = f"/referrals/{referral.key}/worry/".encode()
    browser = Wire(cast.practitioner)
    before = wire.digest()
    answer = browser.ask(
        "POST", path, body=b'{"worry": "changed", "seen": 1}', content_type="application/json"
    )
    assert answer.status == 400
    assert_guarded(answer)
    assert wire.digest() == before


REDIRECTS = [
    "//evil.example.com", "///evil.example.com", "////evil.example.com", "/\\evil.example.com",
    "\\\\evil.example.com", "\\/evil.example.com", "http://evil.example.com", "https:evil.example",
    "https:/evil.example.com", "https:///evil.example.com", "HTTP://evil.example.com",
    "ftp://evil.example.com", "javascript:alert(1)//evil", "JaVaScRiPt:evil", "data:text/html,evil",
    "vbscript:evil", "\tjavascript:evil", "\x00//evil.example.com", "\t//evil.example.com",
    " //evil.example.com", "\n//evil.example.com", "/\t/evil.example.com", "/\n/evil.example.com",
    "http:evil.example.com", "http:\\\\evil.example.com", "http://portal.example.org@evil.example",
    "http://portal.example.org.evil.example.com", "https://evil.example.com/portal.example.org",
    "https://evil.example.com#portal.example.org", "https://evil.example.com?portal.example.org",
    "https://evil.example.com\\@portal.example.org", "//portal.example.org@evil.example.com",
    "//evil。example。com", "//ｅvil.example.com", "//evil%2eexample%2ecom", "http://[::1]/evil",
    "http://0x7f000001/evil", "blob:https://evil.example.com/a", "view-source:http://evil.example",
    "/redirect/../..//evil.example.com", "https://evil.example.com%00portal.example.org", "evil:",
]  # fmt: skip


@pytest.mark.parametrize("target", REDIRECTS)
def test_next_leads_only_to_own_pages(cast, target):
    """As a link and as a field, for one who is signed in already and for one who is not."""
    said = b"next=" + quote(target, safe="").encode()
    for who in (None, cast.practitioner):
        browser = Wire(who)
        for method, path in (
            ("GET", b"/accounts/login/"),
            ("POST", b"/accounts/login/"),
            ("POST", b"/accounts/logout/"),
            ("GET", b"/accounts/login/code/"),
        ):
            with transaction.atomic():
                answer = browser.ask(
                    method, path, query=said, body=said if method == "POST" else b"",
                    content_type=FORM,
                )  # fmt: skip
                transaction.set_rollback(True)
            assert answer.status < 500
            location = answer.headers.get("location", "/")
            assert location.startswith("/"), (path, location)
            assert not location.startswith(("//", "/\\")), (path, location)
