"""The parts of ``make proof``, one after the other, and a table of what they found.

``make proof`` starts this with a demonstration running; docs/proof.md says how to read the table.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

from tests.proof.scanners import (
    ROOT,
    RULES,
    Allowed,
    Finding,
    of_bandit,
    of_semgrep,
    of_wapiti,
    open_ones,
    reasons,
    rooms,
    unused,
)

KEPT = Path(os.environ["PORTAL_PROOF"])
ADDRESS = os.environ["PORTAL_PROOF_ADDRESS"]
ONLY = [name for name in os.environ.get("PORTAL_PROOF_ONLY", "").split(",") if name]
PAGE = ROOT / "docs" / "proof.md"
TABLE = "## The last run\n"
WHOLE = {"PORTAL_POSTS": "20000", "PORTAL_MATRIX": "whole", "PORTAL_ROUNDS": "60"}
# Who walks the demonstration with the scanner: nobody, and one of each kind of work; and where each
# begins, besides the first page.
SEATS = {
    "": ("/contacts/",),
    "hannah": ("/referrals/",),
    "ruth": ("/referrals/", "/agency/"),
    "meera": ("/self-assessment/",),
    "joanna": ("/referrals/",),
    "alice": ("/referrals/",),
    "sara": ("/self-assessment/moderation/mine/",),
    "diane": ("/self-assessment/board/", "/self-assessment/moderation/"),
    "noor": ("/agency/", "/self-assessment/"),
}
# Not: what ends the session that the scanner has, or lets it become somebody else.
KEEP_OFF = ("/accounts/logout/", "/accounts/sessions/", "/demo/sign-in/", "/cms/")
# Those that need no address elsewhere to call back to. Not "ldap": no directory is asked here, and
# it takes every field that refuses a NUL for one.
MODULES = (
    "backup,cookieflags,crlf,csp,csrf,exec,file,htaccess,http_headers,methods,permanentxss,"
    "redirect,sql,timesql,upload,xss"
)
SCAN_SECONDS, ATTACK_SECONDS = 240, 60


@dataclass
class Part:
    """What one part did: how much, and what stays open; when, and of which state of the code."""

    name: str
    did: str = ""
    open: list[str] = field(default_factory=list)
    seconds: float = 0
    day: str = ""
    code: str = ""

    def keep(self) -> None:
        """For the table, which is drawn from each part's last run."""
        (KEPT / f"{self.name}.json").write_text(json.dumps(asdict(self)))


def done(*words: str | Path, well: tuple[int, ...] = (0,), **env: str) -> str:
    """Run a command and give back what it wrote on standard output.

    Raises:
        RuntimeError: its exit code is none of ``well``.
    """
    ended = subprocess.run(
        words, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, check=False
    )
    if ended.returncode not in well:
        last = "\n".join((ended.stdout + ended.stderr).strip().splitlines()[-25:])
        raise RuntimeError(f"{Path(words[0]).name} ended with {ended.returncode}:\n{last}")
    return ended.stdout


def judged(part: Part, found: Iterable[Finding], allowed: Iterable[Allowed]) -> None:
    """Findings without a reason are open, and so are reasons that nothing needs."""
    findings, known = list(found), [each for each in allowed if each.scanner == part.name]
    part.open = [str(each) for each in open_ones(findings, known)]
    part.open += [
        f"no longer needed: {each.rule} {each.where} {each.line}"
        for each in unused(findings, known)
    ]
    part.did += (
        f"{len(findings)} findings, {len(findings) - len(open_ones(findings, known))} with a reason"
    )


def bandit(part: Part) -> None:
    program = KEPT / "scanners" / "bin" / "bandit"
    judged(
        part, of_bandit(done(program, "-q", "-f", "json", "-r", *rooms(), well=(0, 1))), reasons()
    )


def semgrep(part: Part) -> None:
    program = KEPT / "scanners" / "bin" / "semgrep"
    quietly = ("--metrics=off", "--disable-version-check", "--json", "--quiet")
    said = done(program, "scan", *quietly, "--config", RULES, ".")
    judged(part, of_semgrep(said, ROOT), reasons())


def markup(part: Part) -> None:
    """Every kind of page, by the Nu HTML checker."""
    pages = KEPT / "pages"
    for old in pages.glob("*.html"):
        old.unlink()
    pytest(part, "tests/test_markup.py", PORTAL_PAGES_DIR=str(pages))
    if not part.open:
        part.did = done(sys.executable, "bin/check_markup", pages).strip().splitlines()[-1]


def times(part: Part) -> None:
    pytest(part, "tests/proof")


def forms(part: Part) -> None:
    pytest(part, "tests/edges/test_forms_by_property.py", "-s", "--show-capture=no")


def matrix(part: Part) -> None:
    pytest(part, *found("tests/*/test_access.py"))


def races(part: Part) -> None:
    pytest(part, *found("tests/*/test_*races.py"))


def found(pattern: str) -> list[str]:
    """Files of tests, of whichever room."""
    return sorted(str(each.relative_to(ROOT)) for each in ROOT.glob(pattern))


def pytest(part: Part, *words: str, **env: str) -> None:
    """Tests with the full counts; those that fail stay open, and all they say is kept."""
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rfE", "-s", *_database(), *words],
        cwd=ROOT, env={**os.environ, **WHOLE, **env}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = ended.stdout.splitlines()
    (KEPT / f"{part.name}.txt").write_text(ended.stdout + ended.stderr)
    part.did = " · ".join(
        line.strip(" .=")
        for line in said
        if re.search(r"\d+ posts: |\d ms$|^=* ?\d+ (passed|failed)", line.strip(" .="))
    )
    part.open = [line for line in said if line.startswith(("FAILED", "ERROR "))]
    if ended.returncode and not part.open:
        part.open = [f"pytest ended with {ended.returncode}: see {part.name}.txt"]


_made: list[bool] = []


def _database() -> tuple[str, ...]:
    """The tests' database is made once for all parts of a run; each leaves it as it found it."""
    first = () if _made else ("--create-db",)
    _made.append(True)
    return ("--reuse-db", *first)


def signed_in(seat: str) -> dict[str, str]:
    """Cookies of somebody of the demonstration's cast; of nobody, those of the first page."""
    jar = CookieJar()
    browser = build_opener(HTTPCookieProcessor(jar))
    page = browser.open(f"{ADDRESS}/demo/", timeout=60).read().decode()
    if seat:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        form = {"person": seat, "csrfmiddlewaretoken": token[1] if token else ""}
        asked = f"{ADDRESS}/demo/sign-in/"
        browser.addheaders += [("Origin", ADDRESS)]
        browser.open(asked, urlencode(form).encode(), timeout=60)
    cookies = {cookie.name: cookie.value or "" for cookie in jar}
    if seat and "session" not in cookies:
        raise RuntimeError(f"{seat} could not sign in.")
    return cookies


def wapiti(part: Part) -> None:
    """The running demonstration, asked by a scanner as each kind of person."""
    found: list[Finding] = []
    broken: list[str] = []
    pages = 0
    for seat in SEATS:
        try:
            said = scanned(seat)
        except RuntimeError as fault:  # the scanner's own: the others are walked all the same
            broken.append(f"{seat or 'nobody'} was not walked: {fault}")
            continue
        pages += int(json.loads(said)["infos"].get("crawled_pages_nbr", 0))
        found += of_wapiti(said.replace(ADDRESS, ""))
    part.did = f"{pages} pages as {len(SEATS) - len(broken)} people; "
    judged(part, dict.fromkeys(found), reasons())
    part.open += broken
    log = (KEPT / "server.log").read_text(errors="replace")
    if faults := log.count("Internal Server Error"):
        part.open.append(f"{faults} faults of the portal: see server.log")


def scanned(seat: str) -> str:
    """What the scanner reports of one person's pages; tried twice, as its own database locks.

    Raises:
        RuntimeError: it ended in a fault of its own both times.
    """
    report = KEPT / f"wapiti-{seat or 'nobody'}.json"
    cookies = "; ".join(f"{name}={value}" for name, value in signed_in(seat).items())
    off = [word for path in KEEP_OFF for word in ("-x", f"{ADDRESS}{path}*")]
    begin = [word for path in SEATS[seat] for word in ("-s", f"{ADDRESS}{path}")]
    words: tuple[str | Path, ...] = (
        KEPT / "wapiti" / "bin" / "wapiti", "-u", f"{ADDRESS}/", *begin, "-C", cookies,
        "-m", MODULES, *off, "-d", "4", "--max-links-per-page", "30",
        "--max-files-per-dir", "20", "--max-scan-time", str(SCAN_SECONDS),
        "--max-attack-time", str(ATTACK_SECONDS), "--flush-session", "-v", "0",
        "--store-session", KEPT / "wapiti-state" / (seat or "nobody"), "-f", "json", "-o", report,
    )  # fmt: skip
    try:
        done(*words)
    except RuntimeError:
        done(*words)
    return report.read_text()


PARTS: dict[str, Callable[[Part], None]] = {
    "bandit": bandit,
    "semgrep": semgrep,
    "wapiti": wapiti,
    "markup": markup,
    "times": times,
    "matrix": matrix,
    "races": races,
    "forms": forms,
}


def kept() -> list[Part]:
    """The last run of each part, of those that ever ended."""
    files = [KEPT / f"{name}.json" for name in PARTS]
    return [Part(**json.loads(file.read_text())) for file in files if file.exists()]


def table(parts: list[Part]) -> str:
    lines = ["| Part | Did | Open | Minutes | Run |", "|---|---|---|---|---|"]
    for part in parts:
        did, run = part.did.replace("|", "/"), f"{part.day}, {part.code}"
        lines.append(
            f"| {part.name} | {did} | {len(part.open)} | {part.seconds / 60:.1f} | {run} |"
        )
    return "\n".join(lines) + "\n"


def state_of_the_code() -> str:
    """The commit, and whether anything was changed since."""
    commit = done("git", "rev-parse", "--short", "HEAD").strip()
    return f"{commit} and changes" if done("git", "status", "--porcelain", "-uno") else commit


def main() -> int:
    if unknown := set(ONLY) - set(PARTS):
        print(f"There is no part {', '.join(unknown)}; the parts are {', '.join(PARTS)}.")
        return 2
    parts = []
    for name in ONLY or PARTS:
        print(f"{name} ...", end="", flush=True)
        part, began = Part(name, day=f"{datetime.now(UTC):%-d %B %Y}"), time.monotonic()
        try:
            part.code = state_of_the_code()
            PARTS[name](part)
        except (RuntimeError, OSError, ValueError, KeyError) as error:
            part.open.append(str(error))
        part.seconds = time.monotonic() - began
        print(f" {part.seconds:.0f} s, {len(part.open)} open", flush=True)
        part.keep()
        parts.append(part)
    print(f"\n{table(parts)}")
    for part in parts:
        for each in part.open:
            print(f"{part.name}: {each}")
    before = PAGE.read_text().partition(TABLE)[0]
    PAGE.write_text(f"{before}{TABLE}\n{table(kept())}")
    return 1 if any(part.open for part in parts) else 0


if __name__ == "__main__":
    sys.exit(main())
