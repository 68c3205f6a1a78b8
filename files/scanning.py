"""The virus check: an interface, ClamAV's daemon behind it, or nothing.

``SCANNER`` names the daemon: ``clamd:///run/clamav/clamd.ctl`` for its socket,
``clamd://host:3310`` for a port. Empty: there is no scanner, and nothing is ever called clean.
"""

import socket
import struct
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from files.terms import FileState

CONNECT_SECONDS = 5
ANSWER_SECONDS = 60
CHUNK_BYTES = 64 * 1024
PORT = 3310
LONGEST_ANSWER = 4096
TRY_AGAIN_MINUTES = (1, 1, 5, 15, 60)
"""After each try that got no answer; the last for all later ones."""
MOST_REFUSALS = 3
"""Times that the scanner may say that it cannot look at a file."""


class Verdict(StrEnum):
    CLEAN = "clean"
    INFECTED = "infected"


class ScannerAwayError(Exception):
    """Nobody answered: the file goes on waiting."""


class NotScannedError(Exception):
    """The scanner answered that it could not look at this file."""


class Scanner(Protocol):
    def scan(self, content: bytes) -> Verdict:
        """Look at a file.

        Raises:
            ScannerAwayError: no answer; try again later.
            NotScannedError: an answer that is neither "clean" nor "infected".
        """


class Clamd:
    """ClamAV's daemon, spoken to in its own protocol (``INSTREAM``)."""

    def __init__(
        self, *, path: str = "", host: str = "", port: int = PORT, seconds: float = ANSWER_SECONDS
    ) -> None:
        self.path, self.host, self.port, self.seconds = path, host, port, seconds

    def scan(self, content: bytes) -> Verdict:
        try:
            with self._connection() as line:
                until = time.monotonic() + self.seconds
                self._send(line, content, until)
                answer = self._answer(line, until)
        except OSError as fault:
            raise ScannerAwayError(type(fault).__name__) from None
        if not answer:
            raise ScannerAwayError("closed")
        if len(answer) >= LONGEST_ANSWER:
            raise NotScannedError  # no scanner's word, whatever it ends with
        if answer.endswith(" FOUND"):
            return Verdict.INFECTED
        if answer == "stream: OK":
            return Verdict.CLEAN
        raise NotScannedError

    def _connection(self) -> socket.socket:
        if self.path:
            line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            line.settimeout(CONNECT_SECONDS)
            try:
                line.connect(self.path)
            except OSError:
                line.close()
                raise
            return line
        return socket.create_connection((self.host, self.port), timeout=CONNECT_SECONDS)

    @staticmethod
    def _send(line: socket.socket, content: bytes, until: float) -> None:
        line.settimeout(_left(until))
        line.sendall(b"zINSTREAM\0")
        try:
            for start in range(0, len(content), CHUNK_BYTES):
                chunk = content[start : start + CHUNK_BYTES]
                line.settimeout(_left(until))
                line.sendall(struct.pack(">I", len(chunk)) + chunk)
            line.sendall(struct.pack(">I", 0))
        except (BrokenPipeError, ConnectionResetError):
            return  # it stopped reading, over its own limit: its answer says so

    @staticmethod
    def _answer(line: socket.socket, until: float) -> str:
        told = b""
        while not told.endswith(b"\0") and len(told) < LONGEST_ANSWER:
            line.settimeout(_left(until))
            more = line.recv(LONGEST_ANSWER)
            if not more:
                break
            told += more
        return told.rstrip(b"\0\n").decode("ascii", "replace").strip()


def _left(until: float) -> float:
    """Seconds for the next step: the whole talk has its time, however slowly it trickles.

    Raises:
        TimeoutError: there is none left.
    """
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


# What waits for an answer ------------------------------------------------------------------------
KEPT = ("state", "tries", "next_try_at", "checked_at")
"""What every file that waits for the check has, wherever it is kept."""


@dataclass(frozen=True)
class Answer:
    """What came of asking; neither a verdict nor a refusal where nobody was there."""

    verdict: Verdict | None = None
    refused: bool = False


AWAY, REFUSED = Answer(), Answer(refused=True)


def ask(scanner: Scanner, content: bytes) -> Answer:
    """Have a file looked at. Takes up to a minute: ask while nothing is locked."""
    try:
        return Answer(scanner.scan(content))
    except ScannerAwayError:
        return AWAY
    except NotScannedError:
        return REFUSED


def note(waiting: Any, answer: Answer, *, now: datetime) -> FileState:
    """Set the ``KEPT`` columns of what waited, by the answer; nothing is saved.

    Where nobody was there it goes on waiting; what the scanner cannot read is given up in the end.
    """
    waiting.tries += 1
    if answer.verdict is not None:
        waiting.state, waiting.checked_at = FileState(answer.verdict.value), now
    elif answer.refused and waiting.tries >= MOST_REFUSALS:
        waiting.state, waiting.checked_at = FileState.FAILED, now
    else:
        minutes = TRY_AGAIN_MINUTES[min(waiting.tries, len(TRY_AGAIN_MINUTES)) - 1]
        waiting.next_try_at = now + timedelta(minutes=minutes)
    return FileState(waiting.state)


def scanner() -> Scanner | None:
    """The scanner that the settings name; None where there is none."""
    return from_address(settings.SCANNER) if settings.SCANNER else None


def from_address(address: str) -> Scanner:
    """The scanner at an address.

    Raises:
        ImproperlyConfigured: the address is of no known kind.
    """
    parts = urlsplit(address)
    if parts.scheme == "clamd" and not parts.netloc and parts.path:
        return Clamd(path=parts.path)
    if parts.scheme == "clamd" and parts.hostname:
        return Clamd(host=parts.hostname, port=parts.port or PORT)
    raise ImproperlyConfigured(
        "SCANNER is clamd:///path/of/its/socket or clamd://host:3310; leave it out for none."
    )
