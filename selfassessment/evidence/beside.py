"""What is shown of a file beside a standard, so that nobody has to download it to know it (S9).

Made once, when the file comes, from what is kept of it: a small picture of a picture, the first
words of a document or a spreadsheet, the number of pages of a PDF. The first page of a PDF is
drawn later, by a job (``drawing``).
"""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as ET

import pikepdf
from django.utils.translation import ngettext
from PIL import Image

from files import CleanFile
from files.terms import FileKind
from selfassessment.evidence.terms import LONGEST_SIDE, MOST_FIRST_WORDS

PICTURES = (FileKind.JPEG, FileKind.PNG)
QUALITY = 80
WORDS_OF = {
    FileKind.DOCX: [("word/document.xml", "t", "p")],
    FileKind.ODT: [("content.xml", "", "p")],
    FileKind.XLSX: [("xl/sharedStrings.xml", "t", "si"), ("xl/worksheets/sheet1.xml", "t", "is")],
}
"""Parts that may hold the words; the element that does; the one that ends a line."""
TALLEST = 200_000
"""Characters of a part that are looked through for the first words, at most."""


@dataclass(frozen=True)
class Beside:
    """A small JPEG, or the first words; both may be empty."""

    picture: bytes = b""
    words: str = ""


def of_file(file: CleanFile) -> Beside:
    """What stands beside the standard for a file that was made harmless already."""
    if file.kind in PICTURES:
        return Beside(picture=_small(file.content))
    if file.kind == FileKind.TXT:
        return Beside(words=_shortened(file.content.decode(errors="replace").splitlines()))
    if file.kind == FileKind.PDF:
        return Beside(words=_pages(file.content))
    for place in WORDS_OF[file.kind]:
        if words := _shortened(_lines(file.content, *place)):
            return Beside(words=words)
    return Beside()


def _small(content: bytes) -> bytes:
    with Image.open(io.BytesIO(content), formats=["JPEG", "PNG"]) as picture:
        picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a large JPEG is read small at once
        picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        flat = Image.new("RGB", picture.size, "white")
        whole = picture.convert("RGBA")
        flat.paste(whole, mask=whole.getchannel("A"))
    out = io.BytesIO()
    flat.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _pages(content: bytes) -> str:
    with pikepdf.open(io.BytesIO(content)) as pdf:
        count = len(pdf.pages)
    return ngettext("PDF of %(count)d page", "PDF of %(count)d pages", count) % {"count": count}


def _lines(content: bytes, part: str, holder: str, ends: str) -> Iterator[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        if part not in package.namelist():
            return
        with package.open(part) as opened:
            line: list[str] = []
            told = 0
            # Nothing can be declared in it: files.office refuses that.
            for _event, one in ET.iterparse(opened):  # noqa: S314
                name = one.tag.rpartition("}")[2]
                if name == ends:
                    words = "".join(one.itertext()) if not holder else "".join(line)
                    line = []
                    told += len(words)
                    yield words
                    one.clear()
                    if told > TALLEST:
                        return
                elif name == holder:
                    line.append(one.text or "")


def _shortened(lines: Iterator[str] | list[str]) -> str:
    kept, room = [], MOST_FIRST_WORDS
    for line in lines:
        words = " ".join("".join(sign if sign.isprintable() else " " for sign in line).split())
        if not words:
            continue
        kept.append(words[:room])
        room -= len(words)
        if room <= 0:
            kept[-1] += "…"
            break
    return "\n".join(kept)
