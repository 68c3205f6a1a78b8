"""What the scanners say, as findings of one kind, and which of them have a reason."""

import fnmatch
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RULES = HERE / "semgrep.yaml"
REASONS = HERE / "exceptions.yaml"
NOT_SERVED = {"tests", "var"}


def rooms() -> list[str]:
    """Every folder with code of ours but the tests, from the root, so that no new one is missed."""
    folders = [each for each in ROOT.iterdir() if each.is_dir() and not each.name.startswith(".")]
    named = {each.name for each in folders if next(each.rglob("*.py"), None)}
    return [*sorted(named - NOT_SERVED), "manage.py"]


@dataclass(frozen=True)
class Finding:
    """One thing that a scanner does not like; ``where`` is a file or an address, from the root."""

    scanner: str
    rule: str
    where: str
    number: int = 0
    line: str = ""

    def __str__(self) -> str:
        place = f"{self.where}:{self.number}" if self.number else self.where
        return f"{self.scanner} {self.rule} {place} {self.line.strip()[:100]}"


@dataclass(frozen=True)
class Allowed:
    """An exception: which rule, where, on which line (any, if empty), and why."""

    scanner: str
    rule: str
    where: str
    reason: str
    line: str = ""

    def covers(self, finding: Finding) -> bool:
        return (
            (self.scanner, self.rule) == (finding.scanner, finding.rule)
            and fnmatch.fnmatch(finding.where, self.where)
            and self.line in finding.line
        )


def reasons() -> list[Allowed]:
    """Raises: ValueError, where one says no reason."""
    told: dict[str, list[dict[str, str]]] = yaml.safe_load(REASONS.read_text())
    found = [Allowed(scanner=name, **each) for name, those in told.items() for each in those]
    if bare := [each for each in found if not each.reason.strip()]:
        raise ValueError(f"No reason is given: {bare}")
    return found


def open_ones(found: Iterable[Finding], allowed: Iterable[Allowed]) -> list[Finding]:
    """Findings for which there is no reason."""
    known = list(allowed)
    return [finding for finding in found if not any(each.covers(finding) for each in known)]


def unused(found: Iterable[Finding], allowed: Iterable[Allowed]) -> list[Allowed]:
    """Exceptions that nothing needs any more."""
    there = list(found)
    return [each for each in allowed if not any(each.covers(finding) for finding in there)]


def of_bandit(said: str) -> list[Finding]:
    return [
        Finding(
            "bandit", one["test_id"], one["filename"].removeprefix("./"), one["line_number"],
            one["code"].strip().split("\n")[0],
        )
        for one in json.loads(said)["results"]
    ]  # fmt: skip


def of_semgrep(said: str, root: Path) -> list[Finding]:
    """Its report names lines, and keeps their words for those who sign in: read from the file."""
    report = json.loads(said)
    if report["errors"]:
        raise ValueError(f"semgrep could not do all: {report['errors'][:3]}")
    return [
        Finding(
            "semgrep", one["check_id"].rpartition(".")[2], one["path"], one["start"]["line"],
            _line(root / one["path"], one["start"]["line"]),
        )
        for one in report["results"]
    ]  # fmt: skip


def _line(path: Path, number: int) -> str:
    return path.read_text().split("\n")[number - 1]


def of_wapiti(said: str) -> list[Finding]:
    """Vulnerabilities and anomalies; what it calls additionals are facts about the server."""
    report: dict[str, Any] = json.loads(said)
    return [
        Finding("wapiti", kind, one["path"], 0, f"{one['method']} {one['info']}")
        for part in ("vulnerabilities", "anomalies")
        for kind, those in report[part].items()
        for one in those
    ]
