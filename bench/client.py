"""A browser's least part: one request on a fresh connection, timed from connecting to the end."""

import re
import socket
import time
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode

TIMEOUT = 120


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes
    seconds: float

    def header(self, name: str) -> str:
        return next((said for key, said in self.headers if key == name), "")


@dataclass
class Browser:
    """Somebody's cookies, and where the server is."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Answer:
        return self._ask(self._head("GET", path, headers))

    def post(self, path: str, fields: list[tuple[str, str]]) -> Answer:
        body = urlencode(fields).encode()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Content-Length": str(len(body)),
            "Origin": f"http://127.0.0.1:{self.port}",
        }
        return self._ask(self._head("POST", path, headers) + body)

    def _head(self, method: str, path: str, headers: dict[str, str]) -> bytes:
        cookies = "; ".join(f"{name}={said}" for name, said in self.cookies.items())
        lines = [
            f"{method} {path} HTTP/1.1",
            f"Host: 127.0.0.1:{self.port}",
            "Connection: close",
            *([f"Cookie: {cookies}"] if cookies else []),
            *(f"{name}: {said}" for name, said in headers.items()),
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def _ask(self, request: bytes) -> Answer:
        began = time.perf_counter()
        with socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT) as line:
            line.sendall(request)
            parts = []
            while part := line.recv(1 << 16):
                parts.append(part)
        seconds = time.perf_counter() - began
        head, _gap, body = b"".join(parts).partition(b"\r\n\r\n")
        first, *rest = head.decode("latin-1").split("\r\n")
        headers = [(name.lower(), said.strip()) for name, _colon, said in _split(rest)]
        for name, said in headers:
            if name == "set-cookie":
                key, _is, value = said.partition(";")[0].partition("=")
                self.cookies[key] = value
        if ("transfer-encoding", "chunked") in headers:
            body = _unchunked(body)
        return Answer(int(first.split()[1]), headers, body, seconds)


def _split(lines: list[str]) -> list[tuple[str, str, str]]:
    return [line.partition(":") for line in lines]


def _unchunked(body: bytes) -> bytes:
    parts = []
    while body:
        size, _end, body = body.partition(b"\r\n")
        length = int(size, 16)
        parts.append(body[:length])
        body = body[length + 2 :]
    return b"".join(parts)


# What is asked for ----------------------------------------------------------------------------
@dataclass
class Page:
    """One row of the table.

    Attributes:
        who: whose cookie is sent; empty for nobody's.
        sent: ``""`` to look; ``"form"`` to post the page's form; ``"autosave"`` to do it as the
            script does; ``"search"`` to look for a person.
    """

    name: str
    who: str
    path: str
    sent: str = ""
    queries: int = 0


# What a page holds ----------------------------------------------------------------------------
class Form(HTMLParser):
    """The fields of the page's main form as a browser would send them, nothing changed.

    Of several the one that script saves by itself.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self.texts: list[str] = []
        """Names of the boxes for words."""
        self.autosave = ""
        self._words: str | None = None
        self._inside = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form" and said.get("method", "").lower() == "post":
            self._inside = not self.autosave
            if "data-autosave" in said:
                self.autosave = said["data-autosave"]
                self.fields, self.texts, self._inside = [], [], True
        if not self._inside or not (name := said.get("name")):
            return
        kind = said.get("type", "text")
        if tag == "textarea":
            self._words = ""
            self.texts.append(name)
            self.fields.append((name, ""))
        elif tag == "input" and kind in ("text", "hidden", "number", "tel", "email", "search"):
            self.fields.append((name, said.get("value", "")))
        elif tag == "input" and kind in ("radio", "checkbox") and "checked" in said:
            self.fields.append((name, said.get("value", "on")))

    def handle_data(self, data: str) -> None:
        if self._words is not None:
            self._words += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._words is not None:
            self.fields[-1] = (self.fields[-1][0], self._words.strip("\n"))
            self._words = None
        elif tag == "form":
            self._inside = False


def fields_to_send(page: Page, html: str, words: dict[str, str]) -> list[tuple[str, str]]:
    """The form as it stands, with something else in its last box, or with whom to look for.

    What was added the last time is taken away again, so that a text does not grow for ever.
    """
    form = Form(html)
    if page.sent == "search":
        return [(name, words.get(name, said)) for name, said in form.fields]
    last, add = form.texts[-1], words["add"]
    return [
        (name, (said.removesuffix(add) if said.endswith(add) else said + add))
        if name == last
        else (name, said)
        for name, said in form.fields
    ]


ASSETS = re.compile(r'<(?:link|script)[^>]*?(?:href|src)="(/static/[^"]+)"[^>]*>')
MORE = re.compile(r'data-govuk="(/static/[^"]+)"')
FONT_FACE = re.compile(r"@font-face\s*\{[^}]*\}")
ADDRESS = re.compile(r"url\([\"']?([^)\"']+)[\"']?\)")


def assets_of(html: str) -> list[str]:
    """What a browser fetches with the page, once each; fonts come from the style."""
    return list(dict.fromkeys(ASSETS.findall(html) + MORE.findall(html)))


def fonts_of(css: str) -> list[str]:
    """Addresses of the fonts for plain Latin text; others are fetched where a page needs them."""
    faces = [face for face in FONT_FACE.findall(css) if "unicode-range" not in face]
    return [found[1] for face in faces if (found := ADDRESS.search(face))]
