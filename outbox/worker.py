"""The one process beside the web server: jobs, mail, and what is due every minute."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from django.db import close_old_connections
from django.utils import timezone

from outbox import housekeeping, sending
from outbox.tasks import TaskRunner
from vault import keys

PAUSE = 2.0  # seconds between rounds
TICK = 0.2  # seconds in which a request to stop is noticed
MINUTE = 60.0
JOBS_A_ROUND = 10  # then mail gets its turn
GRACE = 1.5  # seconds to end what is being done, once asked to stop

logger = logging.getLogger("outbox")


class Worker:
    """Goes round until it is asked to stop; a fault in one part of a round leaves the others."""

    def __init__(self) -> None:
        self.tasks = TaskRunner(f"{socket.gethostname()[:40]}:{os.getpid()}")
        self.stopping = False
        self.next_housekeeping = 0.0  # at once

    def run(self) -> None:
        """Go round until asked to stop.

        Raises:
            KeyUnavailable: the master key is not the one of this database.
        """
        keys.verify()
        while not self.stopping:
            close_old_connections()  # one that the database has ended is not tried again
            self.round()
            until = time.monotonic() + PAUSE
            while not self.stopping and time.monotonic() < until:
                time.sleep(TICK)

    def run_once(self) -> None:
        """What is due now, every job that is ready, every message that is due; then return."""
        keys.verify()
        self._part("housekeeping", lambda: housekeeping.run(timezone.now()))
        self._part("jobs", self._every_job)
        self._part("mail", self._every_message)

    def round(self) -> None:
        if time.monotonic() >= self.next_housekeeping:
            self.next_housekeeping = time.monotonic() + MINUTE
            self._part("housekeeping", lambda: housekeeping.run(timezone.now()))
        self._part("jobs", lambda: self._jobs(JOBS_A_ROUND))
        self._part("mail", self._send)

    def listen(self) -> None:
        """End within two seconds of SIGTERM or Ctrl-C; mail, between two messages."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        threading.Thread(target=self._watch, daemon=True).start()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def _watch(self) -> None:
        """Leave, if what is being done goes on too long after we were asked to stop.

        A job or a mail server may sit where no exception reaches it. Whatever transaction is open
        is undone by the database when the process is gone.
        """
        while not self.stopping:
            time.sleep(TICK)
        time.sleep(GRACE)
        self._leave()

    def _leave(self) -> None:
        try:
            self.tasks.give_back()
        finally:
            os._exit(0)

    def _send(self) -> None:
        sending.send_due(timezone.now(), stopping=lambda: self.stopping)

    def _jobs(self, limit: int) -> None:
        for _turn in range(limit):
            if self.stopping or not self.tasks.run_next():
                return
            keys.forget()

    def _every_job(self) -> None:
        while self.tasks.run_next():
            keys.forget()

    def _every_message(self) -> None:
        while sending.send_due(timezone.now(), stopping=lambda: self.stopping):
            pass

    def _part(self, name: str, act: Callable[[], Any]) -> None:
        if self.stopping:
            return
        try:
            act()
        except Exception as fault:
            logger.error("The worker's %s: %s", name, type(fault).__name__)
        finally:
            keys.forget()
