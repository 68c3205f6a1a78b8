"""Plain text: notes, or a conversation that was copied."""

from django.utils.translation import gettext as _

from files.refusals import RefusedFileError
from files.terms import FileKind

CODECS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
LAYOUT = frozenset("\t\n\r\f")
OF_PROGRAMS = (
    "<!doctype",
    "<html",
    "<?xml",
    "<?php",
    "<svg",
    "<script",
    "<%",
    "#!",
    "%!ps",
    "%pdf",
    "{\\rtf",
    "@echo",
    "[internetshortcut]",
    "[autorun]",
    "begin:vcalendar",
    "begin:vcard",
    "mime-version:",
    "content-type:",
    "windows registry editor",
)
"""How files begin that a machine reads as something else than text."""


def clean(content: bytes) -> tuple[FileKind, bytes]:
    """The same text as UTF-8; a file that only claims to be text is refused."""
    text = _decoded(content)
    if any(ord(letter) < 32 and letter not in LAYOUT for letter in text) or "\x7f" in text:
        raise _not_text()
    if text.lstrip("\ufeff \t\r\n\f").lower().startswith(OF_PROGRAMS):
        raise RefusedFileError(
            _("is a web page or a program, not plain text. Copy the words into a new text file")
        )
    return FileKind.TXT, text.encode()


def _decoded(content: bytes) -> str:
    marked = next((codec for mark, codec in CODECS if content.startswith(mark)), None)
    for codec in (marked,) if marked else ("utf-8", "cp1252"):
        try:
            return content.decode(codec)
        except UnicodeDecodeError:
            continue
    raise _not_text()


def _not_text() -> RefusedFileError:
    return RefusedFileError(
        _("is not plain text, although its name says so. Save it as PDF, and choose that")
    )
