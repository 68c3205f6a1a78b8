"""Pictures: drawn anew from their dots, so that nothing but the picture is kept.

Where and when it was taken, on which telephone, by whom, earlier versions, further frames and
whatever was hung on behind the picture are gone (FI-04).
"""

import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import gettext as _
from PIL import Image, ImageFile, ImageOps

from files.refusals import RefusedFileError
from files.terms import FileKind

MOST_DOTS = 50_000_000
"""A telephone takes 12 to 50 million. About 200 MB of memory while it is drawn."""
MOST_DOTS_OF_WEBP = 16_000_000
"""Its decoder holds several copies: about 400 MB."""
LONGEST_SIDE = 30_000
MOST_SCANS = 50
"""Of a JPEG that comes in layers. Cameras make about ten; each one costs as much as a picture."""
MOST_KEPT = 9_500_000
"""Bytes; a picture that comes out larger is drawn smaller."""
QUALITY = 90
SMALLER = (None, 5_000, 3_500, 2_500)
"""Longest sides that are tried, in dots."""

_one_at_a_time = threading.Lock()  # several large pictures at once would take too much memory


def clean_jpeg(content: bytes) -> tuple[FileKind, bytes]:
    # In the dots themselves these two bytes never follow one another.
    if content.count(b"\xff" + bytes([JPEG_SCAN])) > MOST_SCANS:
        raise RefusedFileError(_("has too many layers. Take a screenshot of it, and choose that"))
    return _drawn(content, "JPEG", FileKind.JPEG)


def clean_png(content: bytes) -> tuple[FileKind, bytes]:
    return _drawn(content, "PNG", FileKind.PNG)


def clean_webp(content: bytes) -> tuple[FileKind, bytes]:
    """Kept as JPEG, or as PNG where it is partly transparent: every computer opens these."""
    return _drawn(content, "WEBP", None)


def _drawn(content: bytes, source: str, kind: FileKind | None) -> tuple[FileKind, bytes]:
    with _one_at_a_time, _whole_pictures_only():
        try:
            with Image.open(io.BytesIO(content), formats=[source]) as opened:
                _see_size(opened, MOST_DOTS_OF_WEBP if source == "WEBP" else MOST_DOTS)
                opened.load()  # the first frame
                picture = ImageOps.exif_transpose(opened)
                picture = _in_common_colours(picture)
        except RefusedFileError:
            raise
        except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
            raise _too_many_dots() from None
        except Exception:  # a decoder may raise anything at hostile bytes
            raise RefusedFileError(
                _(
                    "cannot be read as the picture that its name says. "
                    "Open it, save it anew as JPEG or PNG, and choose that"
                )
            ) from None
        if kind is None:
            kind = FileKind.PNG if "A" in picture.mode else FileKind.JPEG
        return kind, _small_enough(picture, kind)


@contextmanager
def _whole_pictures_only() -> Iterator[None]:
    """Who renders PDFs in the same process has Pillow fill up what is missing; here it may not."""
    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def _see_size(picture: Image.Image, most_dots: int) -> None:
    width, height = picture.size
    if width * height > most_dots or max(width, height) > LONGEST_SIDE:
        raise _too_many_dots()


def _too_many_dots() -> RefusedFileError:
    return RefusedFileError(
        _("has too many dots. Take a screenshot of it, or send it in a smaller size")
    )


def _in_common_colours(picture: Image.Image) -> Image.Image:
    if "transparency" in picture.info or picture.mode in ("PA", "La", "RGBa"):
        picture = picture.convert("RGBA")
    elif picture.mode not in ("1", "L", "LA", "RGB", "RGBA"):
        picture = picture.convert("RGB")
    picture.info = {}
    return picture


def _small_enough(picture: Image.Image, kind: FileKind) -> bytes:
    content = b""
    for longest in SMALLER:
        if longest is not None:
            picture = picture.copy()
            picture.thumbnail((longest, longest))
        content = _written(picture, kind)
        if len(content) <= MOST_KEPT:
            break
    return content


def _written(picture: Image.Image, kind: FileKind) -> bytes:
    out = io.BytesIO()
    if kind == FileKind.JPEG:
        if picture.mode not in ("L", "RGB"):
            picture = picture.convert("RGB")
        picture.save(out, "JPEG", quality=QUALITY)
    else:
        picture.save(out, "PNG")
    return out.getvalue()


# Pictures inside documents ------------------------------------------------------------------------
JPEG_START, JPEG_END, JPEG_SCAN, JPEG_COMMENT = 0xD8, 0xD9, 0xDA, 0xFE
KEPT_APPS = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
"""With how each begins; what has the same number and begins otherwise hides something."""
JPEG_MARK = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")  # none of those that stand among the dots
TIFF_HEADS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
PNG_HEAD = b"\x89PNG\r\n\x1a\n"
PNG_WORDS = (b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME")


def without_metadata(content: bytes) -> bytes:
    """A JPEG or PNG without its hidden data, its dots untouched; anything else as it is.

    Raises:
        RefusedFileError: a TIFF, which is a web of hidden data and dots.
    """
    if content.startswith(b"\xff\xd8\xff"):
        return _jpeg_without_metadata(content)
    if content.startswith(PNG_HEAD):
        return _png_without_metadata(content)
    if content.startswith(TIFF_HEADS):
        raise RefusedFileError(
            _(
                "contains a picture of the kind TIFF, which may tell where it was taken. Save it "
                "as PDF, or the picture as JPEG or PNG, and choose that"
            )
        )
    return content


def _jpeg_without_metadata(content: bytes) -> bytes:
    """Up to the end of the picture: telephones hang further ones on behind it."""
    kept, at, marker = bytearray(content[:2]), 2, JPEG_START
    while found := JPEG_MARK.search(content, at):
        if marker == JPEG_SCAN:
            kept += content[at : found.start()]  # the dots
        marker, at = content[found.end() - 1], found.end()
        if marker == JPEG_END:
            break
        end = at + int.from_bytes(content[at : at + 2], "big")
        if _shows(marker, content[at + 2 : end]):
            kept += bytes([0xFF, marker]) + content[at:end]
        at = end
    else:
        kept += content[at:] if marker == JPEG_SCAN else b""  # cut off in its dots
    return bytes(kept) + bytes([0xFF, JPEG_END])


def _shows(marker: int, segment: bytes) -> bool:
    """Whether a reader needs this part of a JPEG for its dots and colours."""
    if 0xE0 <= marker <= 0xEF:
        return marker in KEPT_APPS and segment.startswith(KEPT_APPS[marker])
    return marker != JPEG_COMMENT


def _png_without_metadata(content: bytes) -> bytes:
    kept, at = bytearray(PNG_HEAD), len(PNG_HEAD)
    while at + 12 <= len(content):
        end = at + 12 + int.from_bytes(content[at : at + 4], "big")
        chunk = content[at + 4 : at + 8]
        if chunk not in PNG_WORDS:
            kept += content[at:end]
        at = end
        if chunk == b"IEND":
            break
    return bytes(kept)
