"""A virus scanner for tests, which speaks ClamAV's own protocol on a real socket.

It knows one virus, the test file that every scanner knows. ``answer`` sets what it says instead.
"""

import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.referrals.hostile import EICAR


class Talk(socketserver.BaseRequestHandler):
    server: "Daemon"

    def handle(self) -> None:
        if self._exactly(10) != b"zINSTREAM\0":
            self.request.sendall(b"UNKNOWN COMMAND\0")
            return
        told = b""
        while length := struct.unpack(">I", self._exactly(4))[0]:
            if len(told) + length > self.server.most:
                self.request.sendall(b"INSTREAM size limit exceeded. ERROR\0")
                return
            told += self._exactly(length)
        self.server.scanned.append(told)
        self.server.may_answer.wait(10)
        found = b"stream: Win.Test.EICAR_HDB-1 FOUND\0" if EICAR in told else b"stream: OK\0"
        self.request.sendall(self.server.answer if self.server.answer is not None else found)

    def _exactly(self, count: int) -> bytes:
        got = b""
        while len(got) < count:
            more = self.request.recv(count - len(got))
            if not more:
                raise ConnectionError
            got += more
        return got


class Daemon(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """On a port, or where ``address`` is a path, on a socket of that name."""

    daemon_threads = True
    answer: bytes | None = None
    most = 25_000_000

    def __init__(self, address: str | tuple[str, int]) -> None:
        self.scanned: list[bytes] = []
        self.may_answer = threading.Event()
        self.may_answer.set()
        if isinstance(address, str):
            self.address_family = socket.AF_UNIX
        super().__init__(address, Talk)  # type: ignore[arg-type]

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller who went away is no news."""


@contextmanager
def running(folder: Path) -> Iterator[tuple[str, Daemon]]:
    """The scanner's address, as ``SCANNER`` takes it, and the scanner."""
    path = folder / "clamd.ctl"
    with _served(Daemon(str(path))) as daemon:
        yield f"clamd://{path}", daemon
    path.unlink()


@contextmanager
def on_a_port() -> Iterator[tuple[str, Daemon]]:
    """The same behind a port of this machine."""
    with _served(Daemon(("127.0.0.1", 0))) as daemon:
        yield f"clamd://127.0.0.1:{daemon.server_address[1]}", daemon


@contextmanager
def _served(daemon: Daemon) -> Iterator[Daemon]:
    threading.Thread(target=daemon.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield daemon
    finally:
        daemon.may_answer.set()
        daemon.shutdown()
        daemon.server_close()
