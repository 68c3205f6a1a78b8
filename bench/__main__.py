"""``make bench``: what each page costs, as a multiple of the floor, at several sizes.

The floor and a page are asked for in turn, one after the other, over and over, so that whatever
else the machine does falls on both. Databases are made once for each size and kept in ``var/``.

    BENCH_MILLION=1   also with a million referrals (27 GB, and half an hour to make)
    BENCH_SIZES=...   other sizes, such as 10000
    BENCH_ROUNDS=40   how often each page is asked for
"""

import hashlib
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

import psycopg2
from psycopg2 import sql

from bench.client import Answer, Browser, Form, Page, assets_of, fields_to_send, fonts_of

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
SIZES = (10_000, 100_000)
MILLION = 1_000_000
ROUNDS = 40
WARM = 3
MOST_QUERIES, MOST_TIMES, MOST_BYTES = 15, 4.0, 100 * 1024
SEARCHES = 20
"""Thirty searches an hour are let through."""
SERVER = ("--workers=1", "--worker-class=sync", "--log-level=error", "--no-control-socket")


# Databases ------------------------------------------------------------------------------------
def database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def make_database(owner: str, name: str) -> None:
    with opened(database(owner, "postgres")) as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if not cursor.fetchone():
            cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def cases_in(url: str) -> int:
    """How many there are; none in a database without tables."""
    with opened(url) as cursor:
        cursor.execute("SELECT to_regclass('referrals_referral')")
        if cursor.fetchone() == (None,):
            return 0
        cursor.execute("SELECT count(*) FROM referrals_referral")
        found = cursor.fetchone()
    return int(found[0]) if found else 0


def state() -> str:
    """Changes with the tables, the pages of guidance and what is made here: then made anew."""
    made_of = [
        *ROOT.glob("*/migrations/*.py"),
        *ROOT.glob("guidance/content/**/*.*"),
        HERE / "databases.py",
    ]
    total = hashlib.sha256()
    for path in sorted(made_of):
        total.update(path.read_bytes())
    return total.hexdigest()


def note_of(url: str) -> str:
    """The state that the database was brought to when it was last seen to."""
    with opened(url) as cursor:
        cursor.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database "
            "WHERE datname = current_database()"
        )
        found = cursor.fetchone()
    return str(found[0] or "") if found else ""


def write_note(url: str, note: str) -> None:
    name = urlsplit(url).path.removeprefix("/")
    with opened(url) as cursor:
        cursor.execute(sql.SQL("COMMENT ON DATABASE {} IS %s").format(sql.Identifier(name)), [note])


@contextmanager
def opened(url: str) -> Iterator[Any]:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


@dataclass
class Size:
    """A database of so many referrals, and what is asked of it."""

    cases: int
    env: dict[str, str]
    told: dict[str, Any] = field(default_factory=dict)
    port: int = 0

    @property
    def name(self) -> str:
        return f"{os.environ.get('BENCH_PREFIX', 'bench_')}{self.cases}"

    @property
    def pages(self) -> list[Page]:
        return [Page(**said) for said in self.told["pages"]]


def prepare(size: Size, owner: str) -> None:
    """Make the database of this size, or what is missing of it."""
    make_database(owner, size.name)
    url, serving = database(owner, size.name), size.env["DATABASE_URL"]
    if size.cases > cases_in(url) or note_of(url) != state():
        print(f"{size.cases:,} referrals:", flush=True)
        env = {**size.env, "DATABASE_URL": url, "DATABASE_OWNER_URL": url, "PORTAL_DEMO": "1"}
        words = [str(size.cases)]
        if urlsplit(serving).username != urlsplit(owner).username:
            words.append("with-roles")
        done = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-m", "bench.databases", *words], cwd=ROOT, env=env, check=False
        )
        if done.returncode:
            sys.exit("The sample could not be made.")
        write_note(url, state())
    size.env["DATABASE_URL"] = database(serving, size.name)
    size.told = json.loads(run(size.env, "bench.pages").splitlines()[-1])


def run(env: dict[str, str], module: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own modules
        [sys.executable, "-m", module],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{done.stderr}\n{module} did not end well.")
    return done.stdout.strip()


# Servers --------------------------------------------------------------------------------------
@contextmanager
def served(application: str, env: dict[str, str]) -> Iterator[int]:
    """One gunicorn worker, the same for the floor and the portal."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    process = subprocess.Popen(  # noqa: S603 - our own server
        [sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}", *SERVER],
        cwd=ROOT,
        env={**env, "BASE_URL": f"http://127.0.0.1:{port}"},
    )
    try:
        until = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > until:
                    sys.exit(f"{application} does not answer.")
                time.sleep(0.2)
        yield port
    finally:
        process.terminate()
        process.wait()


# Measuring ------------------------------------------------------------------------------------
@dataclass
class Measured:
    """One page at one size: seconds of it and of the floor just before, in pairs."""

    page: Page
    cases: int
    took: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)
    bytes: int = 0

    @property
    def ms(self) -> float:
        return 1000 * statistics.median(self.took)

    @property
    def ratio(self) -> float:
        pairs = zip(self.took, self.floor, strict=True)
        return statistics.median(took / floor for took, floor in pairs)

    @property
    def missed(self) -> list[str]:
        found = {
            "queries": self.page.queries > MOST_QUERIES,
            "ratio": self.ratio > MOST_TIMES,
            "bytes": self.bytes > MOST_BYTES,
        }
        return [name for name, over in found.items() if over]


def ask(browser: Browser, page: Page, words: dict[str, str]) -> Answer:
    """Ask for the page; for one that is sent, the form is fetched first, outside the time."""
    if not page.sent:
        return see(browser.get(page.path), page, 200)
    html = see(browser.get(page.path), page, 200).body.decode()
    path = Form(html).autosave if page.sent == "autosave" else page.path
    wanted = 302 if page.sent == "form" else 200
    return see(browser.post(path, fields_to_send(page, html, words)), page, wanted)


def see(answer: Answer, page: Page, wanted: int) -> Answer:
    if answer.status != wanted:
        sys.exit(f"{page.name} ({page.path}): {answer.status}, not {wanted}")
    return answer


def weigh(browser: Browser, page: Page) -> int:
    """Bytes of a first view: the page as it is sent, with style, script, icon and fonts."""
    first = browser.get(page.path)
    total = len(first.body)
    wanted = assets_of(first.body.decode())
    for address in wanted:
        asset = browser.get(address, **{"Accept-Encoding": "gzip"})
        total += len(asset.body)
        if address.endswith(".css"):
            plain = browser.get(address).body.decode()
            wanted += [urljoin(address, font) for font in fonts_of(plain)]
    return total


def measure(sizes: list[Size], floor: Browser, rounds: int) -> list[Measured]:
    people = {
        (size.cases, who): Browser(size.port, {"session": key})
        for size in sizes
        for who, key in size.told["sessions"].items()
    }
    found = [Measured(page, size.cases) for size in sizes for page in size.pages]
    words = {size.cases: size.told["words"] for size in sizes}
    nobody = {size.cases: Browser(size.port) for size in sizes}
    print(f"{len(found)} pages, {rounds} rounds: ", end="", flush=True)
    for number in range(-WARM, rounds):
        for one in found:
            if one.page.sent == "search" and number >= SEARCHES:
                continue
            browser = people.get((one.cases, one.page.who), nobody[one.cases])
            began = floor.get("/")
            took = ask(browser, one.page, words[one.cases])
            if number >= 0:
                one.floor.append(began.seconds)
                one.took.append(took.seconds)
        print(".", end="", flush=True)
    print()
    for one in found:
        if not one.page.sent:
            one.bytes = weigh(people.get((one.cases, one.page.who), nobody[one.cases]), one.page)
    return found


# Telling --------------------------------------------------------------------------------------
HEAD = ("Page", "Referrals", "Median ms", "Times the floor", "Queries", "First view, KiB", "")


def lines_of(found: list[Measured]) -> list[tuple[str, ...]]:
    return [
        (
            one.page.name,
            f"{one.cases:,}",
            f"{one.ms:.1f}",
            f"{one.ratio:.2f}",
            str(one.page.queries),
            f"{one.bytes / 1024:.0f}" if one.bytes else "",
            f"over: {', '.join(one.missed)}" if one.missed else "",
        )
        for one in sorted(found, key=lambda one: one.cases)
    ]


def table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[place]) for row in (HEAD, *rows)) for place in range(len(HEAD))]

    def line(row: tuple[str, ...]) -> str:
        cells = [
            cell.ljust(width) if place in (0, len(HEAD) - 1) else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return f"| {' | '.join(cells)} |"

    rule = tuple("-" * width for width in widths)
    return "\n".join(line(row) for row in (HEAD, rule, *rows))


def pdf_lines(sizes: list[Size]) -> list[tuple[str, ...]]:
    """Made by the worker, not while somebody waits: no ratio."""
    return [
        ("Referral PDF, a page", f"{size.cases:,}", f"{size.told['pdf']['ms']:.1f}", "", "", "", "")
        for size in sizes
    ]


def told(sizes: list[Size], found: list[Measured], rounds: int) -> str:
    floor = 1000 * statistics.median(took for one in found for took in one.floor)
    version = sizes[0].told["postgresql"] // 10_000
    text = [
        f"# Bench, {datetime.now(UTC):%-d %B %Y}",
        "",
        f"Python {platform.python_version()}, PostgreSQL {version}, "
        f"{len(os.sched_getaffinity(0))} processors, {rounds} rounds; floor {floor:.1f} ms. Each "
        "page is asked for right after the floor; the ratio is the median of these pairs.",
        f"Budgets: {MOST_QUERIES} queries, {MOST_TIMES:.0f} times the floor, "
        f"{MOST_BYTES // 1024} KiB for a first view.",
        "",
        table([*lines_of(found), *pdf_lines(sizes)]),
        "",
    ]
    for size in sizes:
        pdf = size.told["pdf"]
        text.append(
            f"- {size.cases:,} referrals: {size.told['open']:,} open in the Prevent lead’s queue; "
            f"the referral’s PDF has {pdf['pages']} pages ({pdf['bytes'] / 1024:.0f} KiB)."
        )
        of = size.told["documents"]
        text.append(
            f"- Self-assessment: the agency’s report of {of['pages']} pages takes "
            f"{of['ms']:.1f} ms a page, {of['ratio']:.1f} times a plain one of that length "
            f"({of['plain_ms']:.1f} ms); the board’s report of 500 agencies "
            f"{of['board_seconds']:.0f} seconds and {of['board_mb']:.0f} MB at most."
        )
    return "\n".join(text) + "\n"


def wanted_sizes() -> list[int]:
    if said := os.environ.get("BENCH_SIZES"):
        return [int(size) for size in said.replace(",", " ").split()]
    return [*SIZES, *([MILLION] if os.environ.get("BENCH_MILLION") == "1" else [])]


def main() -> int:
    env = dict(os.environ)
    owner = env["DATABASE_OWNER_URL"]
    rounds = int(env.get("BENCH_ROUNDS") or ROUNDS)
    sizes = [Size(cases, {**env, "PORTAL_DEMO": "0"}) for cases in wanted_sizes()]
    make_database(owner, "bench_floor")
    floor_env = {**env, "BENCH_FLOOR_DB": database(owner, "bench_floor")}
    floor_env.pop("DJANGO_SETTINGS_MODULE", None)
    session = run(floor_env, "bench.floor")
    for size in sizes:
        prepare(size, owner)
    with ExitStack() as servers:
        floor_port = servers.enter_context(served("bench.floor:application", floor_env))
        floor = Browser(floor_port, {"sessionid": session})
        if floor.get("/").status != 200:
            sys.exit("The floor does not answer.")
        for size in sizes:
            size.port = servers.enter_context(served("prevent_portal.wsgi:application", size.env))
        found = measure(sizes, floor, rounds)
    text = told(sizes, found, rounds)
    print(text)
    name = f"{datetime.now(UTC):%Y-%m-%d}.md"
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    (results / name).write_text(text, encoding="utf-8")
    print(f"Written to bench/results/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
