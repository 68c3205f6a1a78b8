"""Names of files: what is shown of them, and what a download is called.

A name may hold a person's, so it is sealed like the words of a case; a download carries the
reference and a number instead.
"""

import re
import unicodedata

from django.utils.translation import gettext as _

from files.terms import FileKind

MOST_CHARACTERS = 100
ENDING = {
    FileKind.PDF: "pdf",
    FileKind.JPEG: "jpg",
    FileKind.PNG: "png",
    FileKind.DOCX: "docx",
    FileKind.ODT: "odt",
    FileKind.TXT: "txt",
    FileKind.XLSX: "xlsx",
}
CONTENT_TYPE = {
    FileKind.PDF: "application/pdf",
    FileKind.JPEG: "image/jpeg",
    FileKind.PNG: "image/png",
    FileKind.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    FileKind.ODT: "application/vnd.oasis.opendocument.text",
    FileKind.TXT: "text/plain; charset=utf-8",
    FileKind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
SAME = {"jpeg": "jpg", "jfif": "jpg"}
UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
"""Controls, marks that turn the reading direction, halves of characters: nothing to be seen."""


def showable(name: str) -> str:
    """The last part of a path, without what cannot be seen, and not too long."""
    name = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode())
    name = "".join(
        letter
        for letter in name
        if unicodedata.category(letter) not in UNSEEN and letter != "\ufffd"
    )
    name = re.split(r"[/\\]", name)[-1]
    name = re.sub(r'[<>:"|?*\s]+', " ", name).strip(" .")
    stem, dot, last = name.rpartition(".")
    if not dot:
        return name[:MOST_CHARACTERS] or _("file")
    return f"{stem[: MOST_CHARACTERS - len(last[:10]) - 1].strip(' .') or _('file')}.{last[:10]}"


def ending(name: str) -> str:
    """What follows the last dot, in small letters; nothing where there is none."""
    _stem, dot, last = name.rpartition(".")
    return last.lower() if dot else ""


def with_ending(name: str, kind: FileKind) -> str:
    """The name with the ending of what is kept, where that is another kind."""
    stem, _dot, last = name.rpartition(".")
    right = ENDING[kind]
    return name if SAME.get(last.lower(), last.lower()) == right else f"{stem}.{right}"


def of_download(reference: str, number: int, kind: str) -> str:
    """``NY-2026-0042-attachment-2.pdf``: no name of a person, nor of a file."""
    return f"{reference or 'concern'}-attachment-{number}.{ENDING[FileKind(kind)]}"
