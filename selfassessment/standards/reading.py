"""Reading a set of standards from its file, and saying line by line what is wrong in it.

The format is in ``docs/standards.md``.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from selfassessment.terms import POINTS, FormType, Weight

FOLDER = Path(__file__).parent

VERSION = re.compile(r"^(?P<major>[1-9]\d{3})\.(?P<minor>[1-9]\d*)$")
SECTION = re.compile(r"^[A-Z]{2}$")
STANDARD = re.compile(r"^(?P<section>[A-Z]{2})[1-9]\d*$")
CLAUSE = re.compile(r"^[A-Z]{3}-[1-9]\d*$")
TAG = re.compile(r"\[([A-Z][A-Z0-9-]*)\]")

OF_A_SET = ("version", "title", "sections", "standards")
OF_A_SECTION = ("code", "name", "short_name", "sentence")
OF_A_STANDARD = ("code", "title", "text", "weight", "levels", "evidence", "applies_to", "basis")
MAY_FOLLOW = ("critical", "short_form", "should_if_unspecified", "clauses")
LEVELS = tuple(level.value for level in POINTS)  # lowest first
LONGEST = {"title": 120, "name": 120, "short_name": 12}


class StandardsError(Exception):
    """A set of standards cannot be taken. ``problems`` says why, one sentence each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class SectionText:
    code: str
    name: str
    short_name: str
    sentence: str


@dataclass(frozen=True)
class StandardText:
    """One standard: what it asks, of whom, and what each level of it looks like."""

    code: str
    title: str
    text: str
    weight: str
    levels: tuple[str, ...]  # not in place, developing, in place, embedded
    evidence: tuple[str, ...]
    applies_to: tuple[str, ...]
    basis: tuple[str, ...]
    clauses: tuple[str, ...] = ()
    critical: bool = False
    short_form: bool = False
    should_if_unspecified: bool = False  # the law behind its must binds specified authorities only

    @property
    def section(self) -> str:
        return self.code[:2]


@dataclass(frozen=True)
class SetText:
    version: str
    title: str
    sections: tuple[SectionText, ...]
    standards: tuple[StandardText, ...]
    sources: dict[str, str] = field(default_factory=dict)  # what a tag such as [PDG23] stands for
    sha256: str = field(default="", compare=False)  # of the file

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    @property
    def minor(self) -> int:
        return int(self.version.split(".")[1])

    @property
    def by_code(self) -> dict[str, StandardText]:
        return {standard.code: standard for standard in self.standards}


def files(folder: Path = FOLDER) -> list[Path]:
    """The files of the house, oldest version first."""
    found = [path for path in folder.glob("*.yaml") if VERSION.match(path.stem)]
    return sorted(found, key=lambda path: tuple(int(part) for part in path.stem.split(".")))


def read_file(path: Path) -> SetText:
    """The set that a file holds.

    Raises:
        StandardsError: it cannot be read, or its name is not its version.
    """
    try:
        found = read(path.read_text(encoding="utf-8"), path.name)
    except UnicodeDecodeError as error:
        raise StandardsError([f"{path.name}:1: save the file as UTF-8"]) from error
    if VERSION.match(path.stem) and path.stem != found.version:
        raise StandardsError([f"{path.name}:1: version is {found.version}; name the file after it"])
    return found


def read(text: str, name: str = "standards.yaml") -> SetText:
    """The set that a text holds.

    Raises:
        StandardsError: every line of it that is not as ``docs/standards.md`` says.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = (error.problem_mark.line if error.problem_mark else 0) + 1
        raise StandardsError([f"{name}:{line}: {error.problem}"]) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise StandardsError([f"{name}:1: this cannot be read as YAML"]) from error
    return read_node(node, name, hashlib.sha256(text.encode()).hexdigest())


def read_node(node: yaml.Node | None, name: str, sha256: str) -> SetText:
    """The set that the nodes of a file hold; ``name`` begins each sentence about it.

    Raises:
        StandardsError: whatever is not as it should be, in the order of the lines.
    """
    reader = _Reader(name)
    found = reader.whole(node)
    if reader.problems:
        raise StandardsError([sentence for _line, sentence in sorted(reader.problems)])
    return SetText(**found, sha256=sha256)


class _Reader:
    """Walks the nodes of a file, which know their lines; every scalar is taken as it is written,
    so that the section ON is not "true" and version 2026.10 not 2026.1."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.problems: list[tuple[int, str]] = []

    def wrong(self, node: yaml.Node | None, what: str) -> None:
        line = node.start_mark.line + 1 if node else 1
        self.problems.append((line, f"{self.name}:{line}: {what}"))

    def whole(self, node: yaml.Node | None) -> dict[str, Any]:
        fields = self.fields(node, "the file", OF_A_SET, ("sources",))
        version = self.words(fields.get("version"), "version")
        if fields.get("version") and not VERSION.match(version):
            self.wrong(fields["version"], f"version: “{version}”; write year and number: '2026.1'")
        sections = [self.section(one) for one in self.items(fields.get("sections"), "sections")]
        standards = [self.standard(one) for one in self.items(fields.get("standards"), "standards")]
        sources = self.sources(fields.get("sources"))
        self.codes(sections, "section")
        self.codes(standards, "standard")
        known = {section["code"] for section, _node in sections}
        asked = {standard["code"][:2] for standard, _node in standards}
        for section, at in sections:
            if section["code"] and section["code"] not in asked:
                self.wrong(at, f"section {section['code']} has no standards; give it one")
        for standard, at in standards:
            code = standard["code"]
            if code and code[:2] not in known:
                self.wrong(at, f"{code}: there is no section {code[:2]}; add it, or mend the code")
            for tag in TAG.findall(" ".join(standard["basis"])):
                if tag not in sources:
                    self.wrong(at, f"{code}: basis: [{tag}] is not among sources; add it there")
        order = [section["code"] for section, _node in sections]
        places = [code[:2] for standard, _at in standards if (code := standard["code"])]
        if not self.problems and places != sorted(places, key=order.index):
            self.wrong(fields["standards"], "put the standards in the order of their sections")
        return {
            "version": version,
            "title": self.words(fields.get("title"), "title", longest=LONGEST["title"]),
            "sections": tuple(SectionText(**section) for section, _node in sections),
            "standards": tuple(StandardText(**standard) for standard, _node in standards),
            "sources": sources,
        }

    def section(self, node: yaml.Node) -> tuple[dict[str, str], yaml.Node]:
        fields = self.fields(node, "a section", OF_A_SECTION)
        code = self.code(fields.get("code"), SECTION, "two capital letters: LG")
        where = code or "section"
        words = {
            key: self.words(fields.get(key), f"{where}: {key}", longest=LONGEST.get(key, 500))
            for key in OF_A_SECTION[1:]
        }
        return {"code": code, **words}, node

    def standard(self, node: yaml.Node) -> tuple[dict[str, Any], yaml.Node]:
        fields = self.fields(node, "a standard", OF_A_STANDARD, MAY_FOLLOW)
        code = self.code(fields.get("code"), STANDARD, "its section and a number: LG1")
        where = code or "standard"
        levels = self.fields(fields.get("levels"), f"{where}: levels", LEVELS)
        found: dict[str, Any] = {
            "code": code,
            "title": self.words(fields.get("title"), f"{where}: title", longest=LONGEST["title"]),
            "text": self.words(fields.get("text"), f"{where}: text"),
            "weight": self.one_of(fields.get("weight"), f"{where}: weight", Weight.values),
            "levels": tuple(self.words(levels.get(x), f"{where}: levels: {x}") for x in LEVELS),
            "evidence": self.lines(fields.get("evidence"), f"{where}: evidence"),
            "applies_to": self.lines(fields.get("applies_to"), f"{where}: applies_to"),
            "basis": self.lines(fields.get("basis"), f"{where}: basis"),
        }
        if "clauses" in fields:
            found["clauses"] = self.lines(fields["clauses"], f"{where}: clauses")
            for clause in found["clauses"]:
                if not CLAUSE.match(clause):
                    self.wrong(
                        fields["clauses"], f"{where}: clauses: “{clause}”; they look like NCS-3"
                    )
        for kind in found["applies_to"]:
            if kind not in FormType.values:
                known = ", ".join(FormType.values)
                self.wrong(
                    fields["applies_to"], f"{where}: applies_to: “{kind}”; write some of {known}"
                )
        for key in MAY_FOLLOW[:3]:
            found[key] = self.yes(fields.get(key), f"{where}: {key}")
        if found["should_if_unspecified"] and found["weight"] == Weight.SHOULD:
            self.wrong(
                fields["should_if_unspecified"],
                f"{where}: should_if_unspecified: the standard is a should for all; leave it out",
            )
        return found, node

    def sources(self, node: yaml.Node | None) -> dict[str, str]:
        if node is None:
            return {}
        if not isinstance(node, yaml.MappingNode):
            self.wrong(node, "sources: write one to a line, TAG: its title")
            return {}
        return {
            self.words(key, "sources"): self.words(at, f"sources: {key.value}")
            for key, at in node.value
        }

    # --- One thing ----------------------------------------------------------------------------
    def fields(
        self, node: yaml.Node | None, what: str, needed: tuple[str, ...], more: tuple[str, ...] = ()
    ) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            if node is not None or what == "the file":
                self.wrong(node, f"{what} needs {', '.join(needed)}")
            return {}
        found: dict[str, yaml.Node] = {}
        code = next((at.value for key, at in node.value if key.value == "code"), None)
        what = code if code and isinstance(code, str) else what
        for key, at in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.wrong(key, f"{what}: write {', '.join(needed + more)}")
                continue
            if key.value in found:
                self.wrong(key, f"{what}: {key.value} is there twice; keep one")
            elif key.value not in needed + more:
                known = ", ".join(needed + more)
                self.wrong(key, f"{what}: “{key.value}” is not known; write {known}")
            found[key.value] = at
        for key in needed:
            if key not in found:
                self.wrong(node, f"{what}: {key} is missing; write it")
        return found

    def items(self, node: yaml.Node | None, what: str) -> list[yaml.Node]:
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            self.wrong(node, f"{what}: write a list, each entry after a -")
            return []
        return list(node.value)

    def lines(self, node: yaml.Node | None, what: str) -> tuple[str, ...]:
        found = tuple(self.words(one, what) for one in self.items(node, what))
        for entry in found:
            if ";" in entry:  # it stands between entries in a cell of a spreadsheet
                self.wrong(node, f"{what}: “{entry}”; write what follows the ; as its own entry")
        for entry in {one for one in found if one and found.count(one) > 1}:
            self.wrong(node, f"{what}: “{entry}” is there twice; keep one")
        return found

    def words(self, node: yaml.Node | None, what: str, *, longest: int = 1000) -> str:
        if node is None:
            return ""
        if not isinstance(node, yaml.ScalarNode):
            self.wrong(node, f"{what}: write words")
            return ""
        found = " ".join(node.value.split())
        if not found:
            self.wrong(node, f"{what} is empty; write it")
        if any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in found):
            self.wrong(node, f"{what}: there is a character that is no text; take it out")
        if len(found) > longest:
            self.wrong(node, f"{what}: {len(found)} characters; write {longest} or fewer")
        return found

    def code(self, node: yaml.Node | None, pattern: re.Pattern[str], like: str) -> str:
        found = self.words(node, "code")
        if node is None or not found:
            return ""
        if not pattern.match(found):
            self.wrong(node, f"code: “{found}”; write {like}")
            return ""
        return found

    def one_of(self, node: yaml.Node | None, what: str, known: list[str]) -> str:
        found = self.words(node, what)
        if found and found not in known:
            self.wrong(node, f"{what}: “{found}”; write {' or '.join(known)}")
        return found

    def yes(self, node: yaml.Node | None, what: str) -> bool:
        found = self.words(node, what)
        if found and found not in {"true", "false"}:
            self.wrong(node, f"{what}: “{found}”; write true or false")
        return found == "true"

    def codes(self, found: list[tuple[dict[str, Any], yaml.Node]], what: str) -> None:
        seen: dict[str, yaml.Node] = {}
        for one, node in found:
            code = one["code"]
            if code in seen:
                first = seen[code].start_mark.line + 1
                self.wrong(node, f"{what} {code} is there twice; the first is on line {first}")
            elif code:
                seen[code] = node


def problems_between(sets: list[SetText]) -> Iterator[str]:
    """What is not allowed from one version to the next, among all there have been.

    Args:
        sets: any order, no version twice.
    """
    ordered = sorted(sets, key=lambda one: (one.major, one.minor))
    gone: dict[str, str] = {}
    for before, after in zip([None, *ordered[:-1]], ordered, strict=True):
        was = before.by_code if before else {}
        now = after.by_code
        for code in sorted(now.keys() & gone.keys()):
            yield (
                f"{after.version}: {code} was taken out in {gone[code]}, and a code is never used "
                "again; give the standard a new number"
            )
        gone |= dict.fromkeys(was.keys() - now.keys(), after.version)
        if before and before.major == after.major:
            yield from _not_minor(before, after)


def _not_minor(before: SetText, after: SetText) -> Iterator[str]:
    """A minor version makes wording clearer; what is asked of whom stays as it is."""
    say = f"in {after.version}, a minor version of {before.version}"
    was, now = before.by_code, after.by_code
    for code in sorted(was.keys() - now.keys()):
        yield f"{code} is missing {say}; write it, or give the set a new year"
    for code in sorted(now.keys() - was.keys()):
        yield f"{code} is new {say}; leave it out, or give the set a new year"
    for code in sorted(was.keys() & now.keys()):
        for name in ("weight", "critical", "short_form", "should_if_unspecified", "applies_to"):
            if getattr(was[code], name) != getattr(now[code], name):
                yield f"{code}: {name} changes {say}; leave it, or give the set a new year"
