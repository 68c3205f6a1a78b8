"""What is different between two texts, word by word."""

import re
from difflib import SequenceMatcher
from typing import Literal, NamedTuple


class Piece(NamedTuple):
    """Some words that stayed, came or went."""

    kind: Literal["same", "came", "went"]
    words: str


Line = list[Piece]


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
