"""What may be attached to what people write, and what is done to a file before it is kept.

``clean`` takes a name and bytes and gives back what is kept: never the bytes as they came, but
the same picture or document written anew, without hidden data and without anything that can run.
What cannot be made harmless is refused with a sentence that says what to do instead.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext as _

from files import names, office, pdfs, pictures, texts
from files.refusals import RefusedFileError
from files.terms import DOCUMENTS, FileKind

MOST_FILES = 5
"""To a referral (N13)."""
MOST_BYTES = 10_000_000
"""Of one file, as it comes and as it is kept."""
ACCEPT = ".pdf,.jpg,.jpeg,.png,.webp,.docx,.odt,.txt"
"""What a browser offers to choose from."""

__all__ = ["ACCEPT", "MOST_BYTES", "MOST_FILES", "CleanFile", "RefusedFileError", "clean"]

CLEANERS = {
    "pdf": pdfs.clean,
    "jpg": pictures.clean_jpeg,
    "jpeg": pictures.clean_jpeg,
    "jfif": pictures.clean_jpeg,
    "png": pictures.clean_png,
    "webp": pictures.clean_webp,
    "docx": office.clean_docx,
    "odt": office.clean_odt,
    "xlsx": office.clean_xlsx,
    "txt": texts.clean,
}


@dataclass(frozen=True)
class CleanFile:
    """A file as it is kept."""

    name: str
    kind: FileKind
    content: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def clean(name: str, content: bytes, *, taken: Collection[FileKind] = DOCUMENTS) -> CleanFile:
    """Make a file harmless, by its ending and its content, which must agree.

    Args:
        name: as the browser sent it; never trusted, kept only in a form that can be shown.
        taken: kinds that may be kept here.
    Raises:
        RefusedFileError: it cannot be kept; ``str()`` of it is a sentence for the person.
    """
    shown = names.showable(name)
    if not content:
        raise RefusedFileError(_("“%(name)s” is empty. Choose another file") % {"name": shown})
    if len(content) > MOST_BYTES:
        raise too_large(shown)
    cleaner = CLEANERS.get(names.ending(shown))
    if cleaner is None or (cleaner is office.clean_xlsx and FileKind.XLSX not in taken):
        raise RefusedFileError(_advice(shown))
    try:
        kind, kept = cleaner(content)
    except RefusedFileError as refused:
        raise RefusedFileError(
            _("“%(name)s” %(problem)s") % {"name": shown, "problem": refused}
        ) from None
    if len(kept) > MOST_BYTES:
        raise too_large(shown)
    return CleanFile(names.with_ending(shown, kind), kind, kept)


def too_large(shown: str) -> RefusedFileError:
    return RefusedFileError(
        _("“%(name)s” is larger than 10 MB. Choose a smaller file, or send fewer pages")
        % {"name": shown}
    )


def _advice(shown: str) -> str:
    """Why a kind of file is not taken, and what to do: some have an easy way round."""
    ending = names.ending(shown)
    if ending in ("heic", "heif"):
        return _(
            "“%(name)s” is a picture as an iPhone keeps it, which we cannot check. Make a JPEG of "
            "it: open it on the telephone and take a screenshot, or open it on a computer and "
            "save it as JPEG. Then choose that"
        ) % {"name": shown}
    if ending in ("avif", "gif", "bmp", "tif", "tiff"):
        return _(
            "“%(name)s” is a picture of a kind that we cannot check. "
            "Save it as JPEG or PNG, or take a screenshot of it, and choose that"
        ) % {"name": shown}
    if ending in ("doc", "dot", "docm", "dotx", "dotm", "rtf", "pages", "ott", "fodt", "wpd"):
        return _(
            "“%(name)s” is a document of a kind that we cannot check. "
            "Save it as .docx or PDF, and choose that"
        ) % {"name": shown}
    if ending in (
        "xls",
        "xlsx",
        "xlsm",
        "csv",
        "ods",
        "ppt",
        "pptx",
        "odp",
        "numbers",
        "eml",
        "msg",
    ):
        return _(
            "“%(name)s” is of a kind that we cannot check. Save it as PDF, and choose that"
        ) % {"name": shown}
    return _(
        "“%(name)s” is of a kind that we do not take. "
        "Choose a PDF, a picture (JPEG, PNG or WebP), a Word or ODT document, or a text file"
    ) % {"name": shown}
