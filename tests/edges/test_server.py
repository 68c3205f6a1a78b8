"""What reaches the server that ``make run`` starts: over a real socket, byte for byte.

Here is what comes before Django, and what only a server does; ``test_http.py`` has the rest.
"""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from portal_house.serve import HOST, web_server

from tests.edges.test_http import assert_guarded, assert_plain_page
from tests.edges.wire import TOKEN, Answer

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]
WORDS = b"Canaryserved"
TOO_MUCH = 2_600_000  # bytes; DATA_UPLOAD_MAX_MEMORY_SIZE is 2,500,000


@dataclass(frozen=True)
class Server:
    port: int
    log: Path

    def say(self, request: bytes) -> Answer:
        """Send these bytes and read the answer to its end; status 0 if there is none."""
        with socket.create_connection((HOST, self.port), timeout=60) as line:
            try:
                line.sendall(request)
                line.shutdown(socket.SHUT_WR)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has heard enough
            return _answer(_read(line))

    def ask(self, what: bytes, *headers: bytes, body: bytes = b"") -> Answer:
        """A whole request, as a browser sends it, with these headers besides."""
        lines = [what + b" HTTP/1.1", f"Host: {HOST}:{self.port}".encode(), *headers]
        lines += [b"Connection: close", b"", body]
        return self.say(b"\r\n".join(lines))


def _read(line: socket.socket) -> bytes:
    said = b""
    try:
        while more := line.recv(65_536):
            said += more
    except ConnectionResetError:
        pass  # what it said before is here
    return said


def _answer(said: bytes) -> Answer:
    head, _, body = said.partition(b"\r\n\r\n")
    status = re.match(rb"HTTP/1\.[01] (\d{3})", head)
    pairs = [line.partition(b":") for line in head.split(b"\r\n")[1:]]
    headers = {name.decode().lower(): value.decode().strip() for name, _, value in pairs}
    return Answer(int(status[1]) if status else 0, headers, body)


@pytest.fixture(scope="module")
def server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("served") / "server.log"
    told = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.edges.served",
        "PORTAL_SERVED_DATABASE": connection.settings_dict["NAME"],
        "BASE_URL": f"http://{HOST}:{port}",
        "LOG_LEVEL": "INFO",
        "PYTHONUNBUFFERED": "1",
    }
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, *web_server(port)],
            cwd=ROOT,
            env=told,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    found = Server(port, log)
    try:
        _wait_for(found, process)
        yield found
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(server: Server, process: "subprocess.Popen[bytes]") -> None:
    answer = None
    while answer is None or answer.status != 200:
        assert process.poll() is None, server.log.read_text()
        try:
            answer = server.ask(b"GET /health/live")
        except ConnectionRefusedError:
            os.sched_yield()


def posted(server: Server, body: bytes, *headers: bytes) -> Answer:
    """A form with its token, sent to the page where one signs in."""
    told = [
        b"Content-Type: application/x-www-form-urlencoded",
        f"Cookie: csrf={TOKEN}".encode(),
        f"X-CSRFToken: {TOKEN}".encode(),
        f"Origin: http://{HOST}:{server.port}".encode(),
    ]
    length = [] if headers else [b"Content-Length: %d" % len(body)]
    return server.ask(b"POST /accounts/login/", *told, *length, *headers, body=body)


def test_a_body_that_is_too_long_is_called_so_in_the_language_of_http(server):
    answer = posted(server, b"login=" + WORDS + b"x" * TOO_MUCH)
    assert answer.status == 413
    assert_guarded(answer)
    assert_plain_page(answer)
    assert WORDS not in answer.body


def test_a_body_that_says_it_is_too_long_is_not_waited_for(server):
    answer = posted(server, WORDS, b"Content-Length: 99999999999")
    assert answer.status == 413
    assert_guarded(answer)


def test_too_many_fields_and_a_form_of_the_right_size_are_told_apart(server):
    assert posted(server, b"a=1&" * 1_500).status == 400
    assert posted(server, b"login=" + b"x" * 100_000).status == 200


REFUSED: dict[str, Any] = {
    "no http": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + WORDS,
    "no method": b" / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "another version": b"GET / HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n",
    "a line without end": b"GET /" + b"a" * 20_000,
    "a header without end": b"GET / HTTP/1.1\r\nX-Long: " + b"a" * 200_000 + b"\r\n\r\n",
    "a thousand headers": b"GET / HTTP/1.1\r\n" + b"X-A: 1\r\n" * 1_000 + b"\r\n",
    "a name with a blank": b"GET / HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n",
    "two lengths": b"POST /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\n"
    b"Content-Length: 9\r\n\r\n" + WORDS,
    "a length and pieces": b"POST /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /" + WORDS,
    "a length below nought": b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
    "another host": b"GET / HTTP/1.1\r\nHost: evil.example.com\r\nConnection: close\r\n\r\n",
}


@pytest.mark.parametrize("what", list(REFUSED))
def test_what_is_no_request_is_refused_in_few_words(server, what):
    """By the server or by the portal; neither tells what it is made of."""
    answer = server.say(REFUSED[what])
    assert answer.status == 0 or 400 <= answer.status < 500 or answer.status == 505, answer
    for word in (b"traceback", b"gunicorn", b"django", b"/site-packages/", b"canary", b"evil"):
        assert word not in answer.body.lower()


def test_a_body_in_pieces_and_one_that_breaks_off_do_no_harm(server):
    pieces = b"6\r\nlogin=\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(WORDS), WORDS)
    assert posted(server, pieces, b"Transfer-Encoding: chunked").status < 500
    assert posted(server, WORDS, b"Content-Length: 5000").status < 500


def test_the_server_lives_on_and_its_log_has_none_of_it(server):
    """Last in this file: it reads what all the others made it write."""
    posted(server, b"login=%s&password=%s" % (WORDS, WORDS))
    assert server.ask(b"GET /health/live").status == 200
    log = server.log.read_text()
    assert "Invalid request" in log
    assert WORDS.decode() not in log
