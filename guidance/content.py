"""Reading the pages the portal starts with: Markdown files with front matter, in ``content/``."""

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "content"

LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
BOLD = re.compile(r"\*\*([^*]+)\*\*")
ITEM = re.compile(r"^(?:-|\d+\.) +")
DUTY = re.compile(r"^(?P<who>[^*.]{1,80}?) \*\*(?P<force>must|should)\*\* (?P<what>.+)$", re.DOTALL)
NUMBER = re.compile(r"^Ring: *(?P<name>[^|]+)\|(?P<phone>[^|]*)\|(?P<note>.*)$", re.DOTALL)

Linker = Callable[[str], str]
"""Turns an address of a link into the attributes of its ``<a>``."""


class ContentError(Exception):
    """A file does not say what a page needs."""


@dataclass(frozen=True)
class Source:
    """One file: where its page stands, what its front matter says, and its words."""

    name: str  # "guidance/what-to-do.md"
    fields: dict[str, Any] = field(repr=False)
    text: str = field(repr=False)

    @property
    def path(self) -> str:
        """The address of its page, ``/guidance/what-to-do/``; the home page is ``/``."""
        parts = self.name.removesuffix(".md").split("/")
        if parts[-1] == "index":
            parts.pop()
        return "/".join(["", *parts, ""])


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
        raise ContentError(f"{name}: starts with front matter between two lines of ---")
    fields = yaml.safe_load(parts[1])
    if not isinstance(fields, dict) or not {"type", "title", "kept_by", "last_checked"} <= set(
        fields
    ):
        raise ContentError(f"{name}: needs type, title, kept_by and last_checked")
    return Source(name, fields, parts[2].strip())


def stream(text: str, link: Linker) -> list[dict[str, Any]]:
    """The blocks of a text, as a StreamField stores them.

    Understood: ``## heading``; paragraphs; lists of ``- item`` or ``1. item``; ``> callout``;
    tables of two columns after a line ``Table: caption``; ``Who **must** do what`` as a duty;
    ``Ring: who | number | what for``. In all of them ``**bold**`` and ``[words](address)``.
    """
    return [{"type": kind, "value": value} for kind, value in _blocks(text, link)]


def _blocks(text: str, link: Linker) -> Iterator[tuple[str, Any]]:
    for chunk in re.split(r"\n\s*\n", text.strip()):
        lines = chunk.strip().splitlines()
        if not lines or not lines[0]:
            continue
        joined = " ".join(line.strip() for line in lines)
        if joined.startswith("## "):
            yield "heading", joined.removeprefix("## ")
        elif joined.startswith("> "):
            quoted = " ".join(line.removeprefix(">").strip() for line in lines)
            yield "callout", paragraph(quoted, link)
        elif ITEM.match(joined):
            yield "list", _list(lines, link)
        elif joined.startswith("Table: "):
            yield "table", _table(lines, link)
        elif number := NUMBER.match(joined):
            yield "number", {key: value.strip() for key, value in number.groupdict().items()}
        elif duty := DUTY.match(joined):
            yield (
                "duty",
                {
                    "who": duty["who"],
                    "force": duty["force"],
                    "what": paragraph(duty["what"], link),
                },
            )
        else:
            yield "paragraph", paragraph(joined, link)


def paragraph(text: str, link: Linker) -> str:
    return f"<p>{inline(text, link)}</p>"


def inline(text: str, link: Linker) -> str:
    """Bold words and links as the editor stores them; everything else is plain text."""
    safe = html.escape(text, quote=False)
    safe = BOLD.sub(r"<b>\1</b>", safe)
    return LINK.sub(lambda m: f"<a {link(html.unescape(m[2]))}>{m[1]}</a>", safe)


def _list(lines: list[str], link: Linker) -> dict[str, Any]:
    items: list[str] = []
    for line in lines:
        if ITEM.match(line):
            items.append(ITEM.sub("", line).strip())
        else:  # a long item goes on, indented
            items[-1] += " " + line.strip()
    return {
        "ordered": lines[0][0].isdigit(),
        "items": [paragraph(item, link) for item in items],
    }


def _table(lines: list[str], link: Linker) -> dict[str, Any]:
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines[1:]]
    (left, right), body = rows[0], rows[2:]  # the second line is the rule of dashes
    return {
        "caption": lines[0].removeprefix("Table: ").strip(),
        "left": left,
        "right": right,
        "rows": [{"left": paragraph(a, link), "right": paragraph(b, link)} for a, b in body],
    }
