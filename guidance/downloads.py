"""Files to download: what they are, and how they come back out.

They are always given as a download, never shown in the browser.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.utils.text import slugify

from files import names, serving
from files.terms import FileKind

if TYPE_CHECKING:  # the blocks of a page are made before Wagtail's documents are there
    from wagtail.documents.models import AbstractDocument

KINDS = (FileKind.PDF, FileKind.DOCX, FileKind.ODT, FileKind.XLSX)
BY_ENDING = {names.ENDING[kind]: kind for kind in KINDS}


def kind_of(document: AbstractDocument) -> FileKind | None:
    """What a document is, by the ending under which it is kept; none for what we do not give."""
    return BY_ENDING.get(names.ending(document.filename))


def about(document: AbstractDocument) -> str:
    """Its type and size for the words of a link: "PDF, 120 KB"."""
    kind, size = kind_of(document), document.file_size or 0
    shown = f"{size / 1_000_000:.1f} MB" if size >= 1_000_000 else f"{max(1, size // 1000)} KB"
    return f"{kind.label}, {shown}" if kind else shown


def given(document: AbstractDocument, content: bytes, kind: FileKind) -> HttpResponse:
    """The file as a download, named by its title."""
    stem = slugify(document.title)[:60] or "file"
    return serving.download(content, kind, f"{stem}.{names.ENDING[kind]}")
