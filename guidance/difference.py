"""What is different between two texts of a page, word by word."""

import html
import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any, Literal, NamedTuple

from django.utils.html import strip_tags

from guidance.blocks import sectors_title
from guidance.models import DatedPage, GlossaryPage


class Piece(NamedTuple):
    """Some words that stayed, came or went."""

    kind: Literal["same", "came", "went"]
    words: str


Line = list[Piece]


def lines(page: DatedPage) -> list[str]:
    """All that readers read of a page, one paragraph, item or cell to a line."""
    found = [page.title, page.summary, *_of(page.body)]
    if isinstance(page, GlossaryPage):
        found += [f"{one.value['term']}: {_plain(one.value['meaning'])}" for one in page.terms]
    found += [" ".join(filter(None, source.value.values())) for source in page.sources]
    return [line for line in (" ".join(line.split()) for line in found) if line]


def _of(body: Any) -> Iterator[str]:
    for block in body:
        kind, value = block.block_type, block.value
        if kind == "heading":
            yield f"{value['words']} {value['code']}"
        elif kind in {"paragraph", "callout"}:
            yield _plain(value)
        elif kind == "list":
            yield from map(_plain, value["items"])
        elif kind == "steps":
            yield from (f"{step['title']}. {_plain(step['text'])}" for step in value)
        elif kind == "questions":
            for one in value["entries"]:
                yield one["question"]
                yield _plain(one["answer"])
        elif kind == "duty":
            yield f"{value['who']} {value['force']} {_plain(value['what'])}"
        elif kind == "table":
            yield value["caption"]
            yield f"{value['left']}: {value['right']}"
            yield from (f"{_plain(row['left'])}: {_plain(row['right'])}" for row in value["rows"])
        elif kind == "number" and value["phone"]:
            yield f"{value['name']} {value['phone']} {value['note']}"
        elif kind == "download":
            yield f"{value['title']} {value['address']} {value['kind']}"
        elif kind == "picture":
            shown = value["picture"]
            yield f"{shown.contextual_alt_text if shown else ''} {value['caption']}"
        elif kind == "sector":
            yield sectors_title(value["sectors"])
            yield from _of(value["body"])


def _plain(text: Any) -> str:
    return html.unescape(strip_tags(text.source))


def between(before: list[str], after: list[str]) -> list[Line]:
    """Both texts as one: every line in order, with what came and went inside it."""
    found: list[Line] = []
    for what, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if what == "equal":
            found += [[Piece("same", line)] for line in before[a:b]]
            continue
        pairs = min(b - a, d - c)
        for old, new in zip(before[a : a + pairs], after[c : c + pairs], strict=True):
            found += _pair(old, new)
        found += [[Piece("went", line)] for line in before[a + pairs : b]]
        found += [[Piece("came", line)] for line in after[c + pairs : d]]
    return found


def _pair(old: str, new: str) -> list[Line]:
    """Two lines in the same place: as one where most words stay, else one after the other."""
    was, now = re.findall(r"\S+\s*", old), re.findall(r"\S+\s*", new)
    words = SequenceMatcher(None, was, now, autojunk=False)
    if words.ratio() < 0.4:
        return [[Piece("went", old)], [Piece("came", new)]]
    line: Line = []
    for what, a, b, c, d in words.get_opcodes():
        if what == "equal":
            line.append(Piece("same", "".join(was[a:b])))
            continue
        if b > a:
            line.append(Piece("went", "".join(was[a:b])))
        if d > c:
            line.append(Piece("came", "".join(now[c:d])))
    return [line]


def around(found: list[Line]) -> list[Line]:
    """The lines with a difference, each with the line above it; an empty line marks a gap."""
    changed = {n for n, line in enumerate(found) if any(p.kind != "same" for p in line)}
    kept = sorted(changed | {n - 1 for n in changed if n})
    shown: list[Line] = []
    for at, n in enumerate(kept):
        if at and n > kept[at - 1] + 1:
            shown.append([])
        shown.append(found[n])
    return shown
