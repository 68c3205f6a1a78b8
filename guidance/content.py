"""Reading the pages the portal starts with: Markdown files with front matter, in ``content/``."""

import datetime
import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from django.utils.text import slugify

from agencies.terms import ContactPurpose
from guidance.terms import Audience, LeafletFormat, NewsKind, Sector

FOLDER = Path(__file__).parent / "content"
TRANSLATIONS = Path(__file__).parent / "translations"
GLOSSARY = "/guidance/glossary/"
TERMS = "guidance/glossary.yaml"  # beside the page that shows them, or at the top

TERM = re.compile(r"\[\[([^\]|]+)(?:\|([^\]]+))?\]\]")
LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
BOLD = re.compile(r"\*\*([^*]+)\*\*")
ITEM = re.compile(r"^(?:-|\d+\.) +")
STEP = re.compile(r"^\d+\. +\*\*(?P<title>[^*]+)\*\* *(?P<text>.*)$", re.DOTALL)
HEADING = re.compile(r"^## +(?P<words>.+?)(?: +\{(?P<code>[^}]*)\})?$")
CODE = re.compile(r"^[A-Z]{3}-[1-9]\d*$")
DUTY = re.compile(r"^(?P<who>[^*.]{1,80}?) \*\*(?P<force>must|should)\*\* (?P<what>.+)$", re.DOTALL)
NUMBER = re.compile(r"^Ring: *(?P<name>[^|]+)\|(?P<phone>[^|]*)\|(?P<note>.*)$", re.DOTALL)
TAG = re.compile(r"</?[a-zA-Z!][^>]*>")
LEFT_OVER = ("**", "[[", "]]", "](")

Linker = Callable[[str], str]
"""Turns an address of a link into the attributes of its ``<a>``."""

TYPES = {
    "home", "contents", "guidance", "statement", "help", "news-contents", "news",
    "leaflet-contents", "leaflet", "training-contents", "training", "glossary",
}  # fmt: skip
NEEDED = ("type", "title", "kept_by", "last_checked")
KNOWN = {
    *NEEDED, "order", "caption", "summary", "approver", "review_by", "audience", "seo_title",
    "shows_steps", "contacts_for", "published_on", "kind", "shown_until", "sources",
    "not_at_work", "format", "starts_on", "ends_on", "place", "booking_address", "provider",
}  # fmt: skip
DATES = ("last_checked", "review_by", "published_on", "shown_until", "starts_on", "ends_on")
WITH_SOURCES = {"guidance", "leaflet"}
WITHOUT_REVIEW = {"news", "news-contents", "training"}


class ContentError(Exception):
    """A file does not say what a page needs. The sentence begins with the file and its line."""


class _WrongError(Exception):
    """What is wrong in one chunk."""


@dataclass(frozen=True)
class Source:
    """One file: where its page stands, what its front matter says, and its words."""

    name: str  # "guidance/what-to-do.md"
    fields: dict[str, Any] = field(repr=False)
    text: str = field(repr=False)
    front: str = field(repr=False, default="")

    @property
    def path(self) -> str:
        """The address of its page, ``/guidance/what-to-do/``; the home page is ``/``."""
        parts = self.name.removesuffix(".md").split("/")
        if parts[-1] == "index":
            parts.pop()
        return "/".join(["", *parts, ""])

    @property
    def first_line(self) -> int:
        """The line of the file on which its text begins."""
        return self.front.count("\n") + 3

    def line_of(self, key: str) -> int:
        """The line of the file that gives a field of the front matter; 1 when none does."""
        for number, line in enumerate(self.front.splitlines(), 2):
            if line.startswith(f"{key}:"):
                return number
        return 1


def sources(folder: Path = FOLDER) -> list[Source]:
    """All files, parents before their children, siblings in the order they give themselves."""
    found = [read(file, folder) for file in sorted(folder.rglob("*.md"))]
    return sorted(found, key=lambda s: (s.path.count("/"), s.fields.get("order", 100), s.path))


def read(file: Path, folder: Path) -> Source:
    """Split a file into front matter and text.

    Raises:
        ContentError: the file has no front matter, or it is not a list of fields.
    """
    name = file.relative_to(folder).as_posix()
    parts = file.read_text(encoding="utf-8").split("---\n", 2)
    if len(parts) != 3 or parts[0]:
        raise ContentError(f"{name}:1: starts with front matter between two lines of ---")
    try:
        fields = yaml.safe_load(parts[1])
    except yaml.MarkedYAMLError as error:
        line = (error.problem_mark.line if error.problem_mark else 0) + 2
        raise ContentError(f"{name}:{line}: {error.problem}") from error
    if not isinstance(fields, dict) or not set(NEEDED) <= set(fields):
        raise ContentError(f"{name}:1: needs type, title, kept_by and last_checked")
    return Source(name, fields, parts[2], parts[1])


@dataclass(frozen=True)
class Term:
    """One entry of the glossary."""

    term: str
    meaning: str
    also: list[str] = field(default_factory=list)
    source: str = ""


def terms(folder: Path = FOLDER) -> list[Term]:
    """The glossary, in alphabetical order.

    Raises:
        ContentError: an entry has no term or no meaning, or two have the same term.
    """
    file = next((f for f in (folder / "glossary.yaml", folder / TERMS) if f.exists()), None)
    if file is None:
        return []
    name = file.relative_to(folder).as_posix()
    try:
        entries = yaml.safe_load(file.read_text(encoding="utf-8")) or []
    except yaml.MarkedYAMLError as error:
        line = (error.problem_mark.line if error.problem_mark else 0) + 1
        raise ContentError(f"{name}:{line}: {error.problem}") from error
    found: dict[str, Term] = {}
    for number, entry in enumerate(entries, 1):
        known = isinstance(entry, dict) and {"term", "meaning"} <= set(entry)
        if not known or not set(entry) <= {"term", "meaning", "also", "source"}:
            raise ContentError(
                f"{name}: entry {number} needs term and meaning; also and source may follow"
            )
        also = entry.get("also") or []
        term = Term(
            str(entry["term"]).strip(),
            " ".join(str(entry["meaning"]).split()),
            [str(word) for word in ([also] if isinstance(also, str) else also)],
            _source_words(entry.get("source")),
        )
        if term_anchor(term.term) in found:
            raise ContentError(f"{name}: entry {number}: “{term.term}” is there twice")
        found[term_anchor(term.term)] = term
    return sorted(found.values(), key=lambda term: term.term.casefold())


def _source_words(source: Any) -> str:
    """A glossary entry's source in one line, however it was written."""
    if isinstance(source, dict):
        return ", ".join(str(source[key]) for key in ("title", "address") if source.get(key))
    return str(source or "").strip()


def term_anchor(term: str) -> str:
    """The name by which a link reaches an entry of the glossary."""
    return "term-" + slugify(term)


def anchor(heading: str) -> str:
    """The name by which a link reaches a heading of a page."""
    return "part-" + slugify(heading)


Block = dict[str, Any]


def stream(text: str, link: Linker, *, name: str = "", first_line: int = 1) -> list[Block]:
    """The blocks of a text, as a StreamField stores them. See ``docs/guidance-files.md``.

    Raises:
        ContentError: the first thing in the text that is not of that format.
    """
    made: list[Block] = []
    for line, block in _blocks(text, link, first_line):
        if isinstance(block, _WrongError):
            raise ContentError(f"{name}:{line}: {block}")
        made.append(block)
    return made


def _blocks(text: str, link: Linker, first_line: int) -> Iterator[tuple[int, Block | _WrongError]]:
    """Each block with the line on which it starts, or what is wrong there."""
    group: list[Block] | None = None  # the sector group that is open
    opened = first_line
    sectors: list[str] = []
    last: Block | None = None
    waiting = ""  # "Steps:" may stand on a line of its own, with its list after a gap
    for line, lines in _chunks(text, first_line):
        try:
            if lines[0].startswith(":::"):
                named = lines[0].removeprefix(":::").strip()
                if named:
                    if group is not None:
                        raise _WrongError("a sector group inside another; close the first with :::")
                    sectors, group, opened, last = [], [], line, None
                    sectors = _sectors(named)
                    continue
                if group is None:
                    raise _WrongError("::: closes a sector group that was never opened")
                body, group, last = group, None, None
                if not body:
                    raise _WrongError("the sector group is empty")
                yield opened, _block("sector", {"sectors": sectors, "body": body})
                continue
            if waiting:
                lines, waiting = [waiting, *lines], ""
            elif lines == ["Steps:"]:
                waiting = "Steps:"
                continue
            kind, value = _read(lines, link)
            if group is not None and kind == "heading":
                raise _WrongError("a heading stands outside of a sector group, which makes its own")
            if last is not None and kind == last["type"] == "questions":
                last["value"]["entries"] += value["entries"]
                continue
            last = _block(kind, value)
            if group is None:
                yield line, last
            else:
                group.append(last)
        except _WrongError as wrong:
            last = None
            yield line, wrong
    if waiting:
        yield line, _WrongError("no numbered items follow Steps:")
    if group is not None:
        yield opened, _WrongError("the sector group is not closed with a line :::")


def _block(kind: str, value: Any) -> Block:
    return {"type": kind, "value": value}


def _chunks(text: str, first_line: int) -> Iterator[tuple[int, list[str]]]:
    """What stands between blank lines, with the line it starts on; ``:::`` stands alone."""
    chunk: list[str] = []
    for number, line in enumerate([*text.splitlines(), ""], first_line):
        fence = line.startswith(":::")
        if chunk and (fence or not line.strip()):
            yield number - len(chunk), chunk
            chunk = []
        if fence:
            yield number, [line.strip()]
        elif line.strip():
            chunk.append(line.rstrip())


def _sectors(named: str) -> list[str]:
    if not named.startswith("for "):
        raise _WrongError(f"“::: {named}”: write ::: for schools, colleges")
    found = [word.strip() for word in named.removeprefix("for ").split(",")]
    for word in found:
        if word not in Sector.values:
            raise _WrongError(f"“{word}” is not a sector; known are {', '.join(Sector.values)}")
    return found


def _read(lines: list[str], link: Linker) -> tuple[str, Any]:
    """The kind and value of one chunk."""
    joined = " ".join(line.strip() for line in lines)
    if tag := TAG.search(joined):
        raise _WrongError(f"{tag[0]}: no HTML here")
    if joined.startswith("#"):
        return "heading", _heading(lines)
    if joined.startswith(">"):
        quoted = " ".join(line.strip().removeprefix(">").strip() for line in lines)
        return "callout", paragraph(quoted, link)
    if joined.startswith("Steps:"):
        return "steps", _steps(lines, link)
    if ITEM.match(joined):
        return "list", _list(lines, link)
    if joined.startswith("Table:"):
        return "table", _table(lines, link)
    if joined.startswith("|"):
        raise _WrongError("a table begins with a line Table: caption")
    if joined.startswith("Q:"):
        return "questions", {"entries": _questions(lines, link)}
    if joined.startswith("A:"):
        raise _WrongError("an answer without its question; write Q: and A: without a gap")
    if joined.startswith("Ring:"):
        number = NUMBER.match(joined)
        if number is None:
            raise _WrongError("write Ring: who | number | what for")
        return "number", {key: value.strip() for key, value in number.groupdict().items()}
    if joined.startswith("Contacts:"):
        purpose = joined.removeprefix("Contacts:").strip()
        if purpose not in ContactPurpose.values:
            known = ", ".join(ContactPurpose.values)
            raise _WrongError(f"“{purpose}” is not a purpose of contacts; known are {known}")
        return "contacts", {"purpose": purpose}
    if joined.startswith("To be supplied:"):
        return "wanted", joined.removeprefix("To be supplied:").strip()
    if joined.startswith("Download:"):
        return "download", _download(joined, link)
    if joined.startswith("Picture:"):
        return "picture", _picture(joined)
    if duty := DUTY.match(joined):
        what = paragraph(duty["what"], link)
        return "duty", {"who": duty["who"], "force": duty["force"], "what": what}
    return "paragraph", paragraph(joined, link)


def _heading(lines: list[str]) -> dict[str, str]:
    heading = HEADING.match(lines[0])
    if heading is None:
        raise _WrongError("a heading begins with ## and a space; there are no other levels")
    if len(lines) > 1:
        raise _WrongError("leave a blank line after a heading")
    code = heading["code"]
    if code is not None and not CODE.match(code):
        raise _WrongError(f"“{code}” is not a clause code; they look like NCS-3")
    return {"words": heading["words"].strip(), "code": code or ""}


def paragraph(text: str, link: Linker) -> str:
    return f"<p>{inline(text, link)}</p>"


def inline(text: str, link: Linker) -> str:
    """Bold words, links and terms as the editor stores them; everything else is plain text."""
    safe = html.escape(text, quote=False)
    safe = BOLD.sub(r"<b>\1</b>", safe)

    def anchored(address: str, words: str) -> str:
        return f"<a {link(html.unescape(address))}>{words}</a>"

    safe = TERM.sub(lambda m: anchored(f"{GLOSSARY}#{term_anchor(m[2] or m[1])}", m[1]), safe)
    safe = LINK.sub(lambda m: anchored(m[2], m[1]), safe)
    for mark in LEFT_OVER:
        if mark in safe:
            raise _WrongError(f"{mark} is left over: bold words, a link or a term is not closed")
    return safe


def _items(lines: list[str]) -> list[str]:
    items: list[str] = []
    for line in lines:
        if ITEM.match(line):
            items.append(line.strip())
        elif items:  # a long item goes on, indented
            items[-1] += " " + line.strip()
        else:
            raise _WrongError("a list begins with its first item")
    return items


def _list(lines: list[str], link: Linker) -> dict[str, Any]:
    return {
        "ordered": lines[0][0].isdigit(),
        "items": [paragraph(ITEM.sub("", item), link) for item in _items(lines)],
    }


def _steps(lines: list[str], link: Linker) -> list[dict[str, str]]:
    if lines[0].strip() != "Steps:" or len(lines) == 1:
        raise _WrongError("Steps: stands on a line of its own, with numbered items below it")
    steps = []
    for item in _items(lines[1:]):
        step = STEP.match(item)
        if step is None:
            raise _WrongError(f"“{item[:40]}”: a step is written 1. **Short title.** text")
        title = step["title"].strip().rstrip(".:")
        steps.append({"title": title, "text": paragraph(step["text"], link)})
    return steps


def _questions(lines: list[str], link: Linker) -> list[dict[str, str]]:
    entries: list[tuple[list[str], list[str]]] = []
    for line in lines:
        if line.startswith("Q:"):
            entries.append(([line.removeprefix("Q:").strip()], []))
        elif line.startswith("A:"):
            entries[-1][1].append(line.removeprefix("A:").strip())
        else:
            question, answer = entries[-1]
            (answer or question).append(line.strip())
    if not all(answer for _question, answer in entries):
        raise _WrongError("a question without its answer; write A: on the line below Q:")
    return [
        {"question": " ".join(question), "answer": paragraph(" ".join(answer), link)}
        for question, answer in entries
    ]


def _download(joined: str, link: Linker) -> dict[str, str]:
    parts = [part.strip() for part in joined.removeprefix("Download:").split("|")]
    if len(parts) not in (2, 3) or not all(parts[:2]):
        raise _WrongError("write Download: title | address | kind and size")
    link(parts[1])  # a checker looks at the address here; the block keeps it as it is
    kind = parts[2].strip('"') if len(parts) == 3 else ""
    return {"title": parts[0], "address": parts[1], "kind": kind}


def _picture(joined: str) -> dict[str, Any]:
    """The file's name stands where the number of the picture will."""
    parts = [part.strip() for part in joined.removeprefix("Picture:").split("|")]
    if len(parts) not in (2, 3) or not all(parts[:2]):
        raise _WrongError("write Picture: file | what it shows | caption")
    if not (FOLDER / "pictures" / parts[0]).is_file():
        raise _WrongError(f"there is no file {parts[0]} in pictures/")
    shown = {"image": parts[0], "alt_text": parts[1], "decorative": False}
    return {"picture": shown, "caption": parts[2] if len(parts) == 3 else ""}


def _table(lines: list[str], link: Linker) -> dict[str, Any]:
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines[1:]]
    caption = lines[0].removeprefix("Table:").strip()
    if not caption or len(rows) < 3 or set("".join(rows[1])) - set("-: "):
        raise _WrongError(
            "a table is Table: caption, a line of headings, a line of dashes, then rows"
        )
    for row in rows:
        if len(row) != 2:
            raise _WrongError(
                f"a table has two columns; this row has {len(row)}: {' | '.join(row)[:60]}"
            )
    (left, right), body = rows[0], rows[2:]
    return {
        "caption": caption,
        "left": left,
        "right": right,
        "rows": [{"left": paragraph(a, link), "right": paragraph(b, link)} for a, b in body],
    }


# Looking through all files at once, for the people who write them.


def problems(folder: Path = FOLDER, *, is_address: Callable[[str], bool]) -> list[str]:
    """What is wrong in the files, each as ``file:line: what``; empty when all can be loaded.

    Args:
        is_address: whether the portal answers to a path that is not one of the files' pages.
    """
    found: list[str] = []
    pages: list[Source] = []
    try:
        glossary = terms(folder)
    except ContentError as error:
        found.append(str(error))
        glossary = []
    for file in sorted(folder.rglob("*.md")):
        try:
            pages.append(read(file, folder))
        except ContentError as error:
            found.append(str(error))
    anchors = {page.path: _anchors(page) for page in pages}
    anchors.setdefault(GLOSSARY, set()).update(term_anchor(term.term) for term in glossary)
    known = {page.path for page in pages}
    codes: dict[str, str] = {}
    for page in pages:
        found += _front_problems(page)
        found += _text_problems(page, known, anchors, is_address, codes)
    for file in sorted([*folder.rglob("*.md"), *folder.rglob("*.yaml")]):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if "UNCONFIRMED" in line:
                name = file.relative_to(folder).as_posix()
                found.append(f"{name}:{number}: marked UNCONFIRMED, so it is not published")
    for page in pages:
        above = page.path.rstrip("/").rpartition("/")[0] + "/"
        if page.path != "/" and above not in known:
            found.append(f"{page.name}:1: the page above it, {above}, has no file")
    return found


def _anchors(page: Source) -> set[str]:
    headings = (HEADING.match(line) for line in page.text.splitlines())
    return {anchor(heading["words"]) for heading in headings if heading}


def _front_problems(page: Source) -> Iterator[str]:
    def at(key: str, what: str) -> str:
        return f"{page.name}:{page.line_of(key)}: {what}"

    fields = page.fields
    for key in fields:
        if key not in KNOWN:
            yield at(key, f"“{key}” is not a field of the front matter")
    if fields["type"] not in TYPES:
        yield at("type", f"“{fields['type']}” is not a type; known are {', '.join(sorted(TYPES))}")
    for key in DATES:
        if key in fields and not isinstance(fields[key], datetime.date):
            yield at(key, f"“{fields[key]}” is not a date like 2026-11-22")
            return
    if "review_by" in fields and fields["review_by"] <= fields["last_checked"]:
        yield at("review_by", "review_by is after last_checked")
    if "review_by" not in fields and fields["type"] not in WITHOUT_REVIEW:
        yield at("last_checked", "needs review_by")
    if not isinstance(fields.get("order", 1), int):
        yield at("order", "order is a whole number")
    audience = fields.get("audience", [])
    if not isinstance(audience, list) or not set(audience) <= set(Audience.values):
        yield at("audience", f"audience is a list of {', '.join(Audience.values)}")
    if fields.get("contacts_for", "") not in {"", *ContactPurpose.values}:
        yield at("contacts_for", f"“{fields['contacts_for']}” is not a purpose of contacts")
    if fields["type"] == "leaflet" and fields.get("format") not in LeafletFormat.values:
        yield at("format", f"a leaflet needs format: {' or '.join(LeafletFormat.values)}")
    if fields.get("kind", NewsKind.ANNOUNCEMENT) not in NewsKind.values:
        yield at("kind", f"“{fields['kind']}” is not a kind of news")
    if fields["type"] == "training" and not fields.get("provider"):
        yield at("type", "a training event needs provider")
    named = fields.get("sources", [])
    if not isinstance(named, list) or not all(
        isinstance(one, dict) and one.get("title") and set(one) <= {"title", "address"}
        for one in named
    ):
        yield at("sources", "sources is a list of title and, where there is one, address")
    elif not named and fields["type"] in WITH_SOURCES:
        yield at("sources", "needs sources: every fact has its source on the page")


def _text_problems(
    page: Source,
    known: set[str],
    anchors: dict[str, set[str]],
    is_address: Callable[[str], bool],
    codes: dict[str, str],
) -> Iterator[str]:
    linked: list[str] = []

    def link(address: str) -> str:
        linked.append(address)
        return f'href="{address}"'

    headings: set[str] = set()
    for line, block in _blocks(page.text, link, page.first_line):
        if isinstance(block, _WrongError):
            yield f"{page.name}:{line}: {block}"
        elif block["type"] == "heading":
            words, code = block["value"]["words"], block["value"]["code"]
            if anchor(words) in headings:
                yield f"{page.name}:{line}: “{words}” heads another part of this page too"
            headings.add(anchor(words))
            if code in codes:
                yield f"{page.name}:{line}: {code} is the code of {codes[code]} already"
            elif code:
                codes[code] = f"{page.name}:{line}"
    try:
        inline(page.fields.get("not_at_work", ""), link)
    except _WrongError as wrong:
        yield f"{page.name}:{page.line_of('not_at_work')}: {wrong}"
    for address in dict.fromkeys(linked):
        if what := _link_problem(address, known, anchors, is_address):
            yield f"{page.name}:{_line_with(page, address)}: {what}"


def _link_problem(
    address: str,
    known: set[str],
    anchors: dict[str, set[str]],
    is_address: Callable[[str], bool],
) -> str:
    if not address.startswith("/"):
        fine = re.match(r"^(https?://[^\s]+|mailto:[^\s@]+@[^\s@]+|tel:[+\d]+)$", address)
        return "" if fine else f"{address} is neither a path of this site nor a whole address"
    path, _hash, part = address.partition("#")
    path = path.partition("?")[0]
    if path == GLOSSARY and part.startswith("term-"):
        there = part in anchors[GLOSSARY]
        return "" if there else f"“{part.removeprefix('term-')}” is not a term of the glossary"
    if path not in known:
        return "" if is_address(path) else f"{path} leads nowhere"
    if part and part not in anchors[path]:
        return f"{path} has no part “{part}”"
    return ""


def _line_with(page: Source, address: str) -> int:
    """The line that a link or a term stands on, as near as can be said."""
    term = address.partition("#term-")[2]
    for number, line in enumerate(page.text.splitlines(), page.first_line):
        named = [slugify(m[2] or m[1]) for m in TERM.finditer(line)]
        if (term and term in named) or f"({address})" in line or address in line:
            return number
    return page.first_line
