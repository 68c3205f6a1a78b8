"""A virus scanner for tests, which speaks ClamAV's own protocol on a real socket.

It knows one virus, the test file that every scanner knows. ``answer`` sets what it says instead.
"""

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


class Daemon(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    answer: bytes | None = None
    most = 25_000_000

    def __init__(self, path: str) -> None:
        self.scanned: list[bytes] = []
        super().__init__(path, Talk)

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller who went away is no news."""


@contextmanager
def running(folder: Path) -> Iterator[tuple[str, Daemon]]:
    """The scanner's address, as ``SCANNER`` takes it, and the scanner."""
    path = folder / "clamd.ctl"
    daemon = Daemon(str(path))
    threading.Thread(target=daemon.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"clamd://{path}", daemon
    finally:
        daemon.shutdown()
        daemon.server_close()
        path.unlink()
