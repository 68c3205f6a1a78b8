"""Runs the web server and the worker until someone asks to stop, then stops all of it."""

import fcntl
import http.client
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from portal_house.places import Places
from portal_house.trouble import Trouble

HOST = "127.0.0.1"
SECONDS_TO_START = 90
SECONDS_TO_STOP = 15


def port_from(text: str) -> int:
    """The port to listen on, from PORT.

    Raises:
        Trouble: not a number from 1 to 65535.
    """
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise Trouble(f"PORT must be a number from 1 to 65535, and it is {text!r}.")
    return int(text)


def see_that_port_is_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            raise Trouble(f"Port {port} is kept for root: choose another, PORT=8000.") from None
        except OSError:
            raise Trouble(
                f"Port {port} is in use: choose another (PORT={_next(port)} make run), "
                "or stop what is running there."
            ) from None


def _next(port: int) -> int:
    return port + 1 if port < 65535 else 8000


# --- One at a time ----------------------------------------------------------------------------
@contextmanager
def only_one(places: Places, name: str) -> Iterator[None]:
    """Hold ``var/<name>.lock``; two at once would stop each other's database.

    Raises:
        Trouble: another one runs from this checkout.
    """
    path = places.var / f"{name}.lock"
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            raise Trouble(
                f"`make {name}` is already going in this folder (process {lock.read().strip()}): "
                "press Ctrl-C there, or type bin/portal stop."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def holder(places: Places, name: str) -> int | None:
    """The process that holds ``var/<name>.lock`` now."""
    path = places.var / f"{name}.lock"
    if not path.exists():
        return None
    with path.open("r") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            said = lock.read().strip()
            return int(said) if said.isdigit() else None
    return None


# --- The processes ----------------------------------------------------------------------------
class Processes:
    """The web server and the worker, each in a session of its own.

    So Ctrl-C reaches only the front door, which then stops them in order. Their numbers stand in
    ``var/running.json`` for the case that the front door itself is killed.
    """

    def __init__(self, places: Places, env: Mapping[str, str], note: str = "running.json") -> None:
        self.places = places
        self.env = env
        self.note = places.var / note
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *words: str, output: IO[bytes] | None = None) -> None:
        self.running[name] = subprocess.Popen(
            [self.places.python, *words],
            env=self.env,
            cwd=self.places.checkout,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        numbers = {name: process.pid for name, process in self.running.items()}
        self.note.write_text(json.dumps(numbers))

    def see_that_they_run(self) -> None:
        for name, process in self.running.items():
            if process.poll() is not None:
                raise Trouble(f"The {name} stopped by itself, so the portal stops: see above.")

    def stop(self) -> None:
        for process in self.running.values():
            with suppress(ProcessLookupError):
                process.terminate()
        until = time.monotonic() + SECONDS_TO_STOP
        for process in self.running.values():
            try:
                process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.note.unlink(missing_ok=True)


def stop_leftovers(places: Places) -> None:
    """Stop what an earlier front door left behind when it was killed."""
    file = _running_file(places)
    if not file.exists():
        return
    numbers = json.loads(file.read_text() or "{}").values()
    left = [number for number in numbers if _is_ours(number, places)]
    if left:
        print("Stopping what an earlier run left behind.", flush=True)
    for number in left:
        with suppress(ProcessLookupError):
            os.killpg(number, signal.SIGTERM)
    until = time.monotonic() + SECONDS_TO_STOP
    while any(_is_ours(number, places) for number in left) and time.monotonic() < until:
        time.sleep(0.1)
    file.unlink(missing_ok=True)


def _is_ours(number: int, places: Places) -> bool:
    # The system gives numbers out again: only a process of this checkout's Python is meant.
    try:
        command = Path(f"/proc/{number}/cmdline").read_bytes()
    except OSError:
        return False
    return command.startswith(os.fsencode(places.venv) + b"/")


def _running_file(places: Places) -> Path:
    return places.var / "running.json"


# --- Serving ----------------------------------------------------------------------------------
def web_server(port: int) -> list[str]:
    """The words after ``python`` that serve the portal on this port."""
    words = f"-m gunicorn prevent_portal.wsgi:application --bind {HOST}:{port}"
    words += " --worker-class gthread --workers 1 --threads 4 --log-level warning"
    words += " --no-control-socket"
    return words.split()


def serve(places: Places, env: Mapping[str, str], port: int) -> None:
    """Serve until a signal asks to stop (see stop_on_signals), then stop both processes.

    Raises:
        Trouble: a process stopped by itself.
    """
    address = f"http://{HOST}:{port}"
    processes = Processes(places, {**env, "BASE_URL": address, "PYTHONUNBUFFERED": "1"})
    try:
        print("Web server (5 seconds) ...", end="", flush=True)
        began = time.monotonic()
        processes.start("web server", *web_server(port))
        wait_until_it_answers(processes, port)
        print(f" {time.monotonic() - began:.0f} s", flush=True)
        processes.start("worker", "manage.py", "work")
        print(f"\n  The portal is at {address}/   (Ctrl-C stops it)", flush=True)
        if env.get("PORTAL_DEMO") == "1":
            print(f"  Sign in as one of the cast at {address}/demo/", flush=True)
        while True:
            processes.see_that_they_run()
            time.sleep(0.5)
    except KeyboardInterrupt:
        print("\nStopping ...", flush=True)
    finally:
        let_nothing_interrupt()
        processes.stop()


def wait_until_it_answers(processes: Processes, port: int) -> None:
    until = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < until:
        try:
            processes.see_that_they_run()
        except Trouble:
            print(flush=True)
            raise
        connection = http.client.HTTPConnection(HOST, port, timeout=SECONDS_TO_START)
        try:
            connection.request("GET", "/health/live")
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
        else:
            return
        finally:
            connection.close()
    raise Trouble(f"The web server gave no answer in {SECONDS_TO_START} seconds: see above.")


def stop_running(places: Places, name: str) -> bool:
    """Ask the front door that runs in this checkout to stop, and wait; False: none was running."""
    number = holder(places, name)
    if number is None:
        return False
    os.kill(number, signal.SIGTERM)
    until = time.monotonic() + 2 * SECONDS_TO_STOP
    while holder(places, name) == number:
        if time.monotonic() > until:
            raise Trouble(f"Process {number} does not stop: kill {number}")
        time.sleep(0.1)
    return True


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def stop_on_signals() -> None:
    """SIGTERM and a closed terminal end the portal as Ctrl-C does."""

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    # A shell starts background jobs with SIGINT ignored; here it is always heard.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup means it
        signal.signal(signal.SIGHUP, stop)


def let_nothing_interrupt() -> None:
    """From here on it stops, and that is not stopped half-way."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
