"""PDFs: read object by object and written anew; what can run, fetch or carry files is refused.

Every object is looked at, those inside compressed object streams too, so a marker cannot hide.
"""

import io
import re
import zlib
from collections.abc import Iterator
from typing import Any

import pikepdf
from django.utils.translation import gettext as _

from files.pictures import without_metadata
from files.refusals import RefusedFileError
from files.terms import FileKind

MOST_PAGES = 500
MOST_UNPACKED = 400_000_000
"""Bytes of all streams together: some forty scanned pages. Only a viewer unpacks them."""
MOST_OF_OBJECTS = 40_000_000
"""Bytes of streams that hold objects, which the portal unpacks too."""
MOST_STREAMS = 20_000
LONGEST_HEAD = 4_000
PIECE, MILLION = 65_536, 1_000_000
MOST_OBJECTS = 200_000
RUNS = {"/JS", "/JavaScript", "/RichMedia", "/RichMediaContent", "/XFA"}
CARRIES = {"/EmbeddedFile", "/EmbeddedFiles", "/EF", "/AF"}
ACTS = {
    "/JavaScript",
    "/Launch",
    "/SubmitForm",
    "/ImportData",
    "/GoToE",
    "/GoToR",
    "/Movie",
    "/Sound",
    "/Rendition",
    "/RichMediaExecute",
    "/Trans3D",
    "/GoTo3DView",
}
PARTS = {"/FileAttachment", "/RichMedia", "/Movie", "/Sound", "/Screen", "/3D"}
DROPPED = ("/OpenAction", "/AA", "/Metadata", "/PieceInfo", "/LastModified")
"""What opens by itself, and who wrote it with what: taken out, since nothing is lost."""
STREAM = re.compile(rb"(?<!end)stream\r?\n")
ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
USUAL = re.compile(rb"/Filter\s*(\[\s*)?/FlateDecode\s*(\]|/(?!Flate)|>)")
PACKED_OBJECTS = (b"/ObjStm", b"/XRef")


def clean(content: bytes) -> tuple[FileKind, bytes]:
    if not content.startswith(b"%PDF-"):
        raise _not_readable()
    _see_that_it_unpacks(content)
    try:
        with pikepdf.open(
            io.BytesIO(content), suppress_warnings=True, attempt_recovery=False
        ) as pdf:
            return FileKind.PDF, _rewritten(pdf)
    except RefusedFileError:
        raise
    except pikepdf.PasswordError:
        raise RefusedFileError(
            _("is locked with a password. Print it to a new PDF, and choose that")
        ) from None
    except Exception:  # a parser may raise anything at hostile bytes
        raise _not_readable() from None


def _not_readable() -> RefusedFileError:
    return RefusedFileError(
        _("cannot be read as a PDF. Open it, print it to a new PDF, and choose that")
    )


def _see_that_it_unpacks(content: bytes) -> None:
    """Refuse a file that swells when it is read, before anything reads it.

    Object streams are unpacked whole by every reader, so they may only be packed in the usual
    way; their dictionaries never stand inside another one, and are found in the bytes.
    """
    room, room_of_objects = MOST_UNPACKED, MOST_OF_OBJECTS
    for number, found in enumerate(STREAM.finditer(content)):
        if number > MOST_STREAMS:
            raise _swells()
        head = content[max(0, found.start() - LONGEST_HEAD) : found.start()]
        head = ESCAPED.sub(lambda code: bytes([int(code[1], 16)]), head[head.rfind(b"obj") + 3 :])
        holds_objects = any(mark in head for mark in PACKED_OBJECTS)
        if holds_objects and b"/Filter" in head and not USUAL.search(head):
            raise _swells()
        if b"Flate" not in head and b"/Fl" not in head:
            continue
        size = _unpacked_size(content, found.end(), room_of_objects if holds_objects else room)
        room -= size
        room_of_objects -= size if holds_objects else 0
        if min(room, room_of_objects) < 0:
            raise _swells()


def _unpacked_size(content: bytes, start: int, most: int) -> int:
    """How large a stream becomes, as far as a little over ``most``; nothing of it is kept."""
    unpacker, size = zlib.decompressobj(), 0
    for at in range(start, len(content), PIECE):
        waiting = content[at : at + PIECE]
        while waiting:
            try:
                size += len(unpacker.decompress(waiting, MILLION))
            except zlib.error:
                return size
            if size > most or unpacker.eof:
                return size
            waiting = unpacker.unconsumed_tail
    return size


def _swells() -> RefusedFileError:
    return RefusedFileError(
        _("becomes far too large when it is opened. Print it to a new PDF, and choose that")
    )


def _rewritten(pdf: pikepdf.Pdf) -> bytes:
    if not 0 < len(pdf.pages) <= MOST_PAGES:
        raise RefusedFileError(
            _("has no pages, or more than 500. Choose the pages that matter, as a new PDF")
        )
    everything = list(_everything(pdf))
    for one in everything:
        _see(one)
    for one in everything:
        for key in DROPPED:
            if key in one and (one.is_indirect or key != "/AA" or _acts(one[key])):
                del one[key]
    for one in pdf.objects:
        if isinstance(one, pikepdf.Stream) and "/DCTDecode" in _filters(one):
            _strip_picture(pdf, one)
    if "/Info" in pdf.trailer:
        del pdf.trailer["/Info"]
    out = io.BytesIO()
    pdf.save(
        out,
        encryption=False,
        deterministic_id=True,
        stream_decode_level=pikepdf.StreamDecodeLevel.none,
        object_stream_mode=pikepdf.ObjectStreamMode.generate,
    )
    return out.getvalue()


def _everything(pdf: pikepdf.Pdf) -> Iterator[Any]:
    """Each dictionary of the file, however deep it lies."""
    waiting = [pdf.trailer, *pdf.objects]
    seen = 0
    while waiting:
        one = waiting.pop()
        seen += 1
        if seen > MOST_OBJECTS:
            raise _swells()
        if isinstance(one, (pikepdf.Dictionary, pikepdf.Stream)):
            yield one
            waiting.extend(value for value in one.values() if _stands_inside(value))
        elif isinstance(one, pikepdf.Array):
            waiting.extend(value for value in one if _stands_inside(value))


def _stands_inside(value: Any) -> bool:
    """Whether a value is part of its parent: objects of their own have their own turn."""
    return isinstance(value, pikepdf.Object) and not value.is_indirect


def _see(one: Any) -> None:
    keys = set(one.keys())
    if keys & RUNS or _name(one, "/S") in ACTS:
        raise RefusedFileError(
            _("contains parts that can run or send. Print it to a new PDF, and choose that")
        )
    if keys & CARRIES or _name(one, "/Type") in CARRIES or _name(one, "/Subtype") in PARTS:
        raise RefusedFileError(
            _("contains other files, sound or film. Print it to a new PDF, and choose that")
        )


def _name(one: Any, key: str) -> str:
    value = one.get(key)
    return str(value) if isinstance(value, pikepdf.Name) else ""


def _acts(value: Any) -> bool:
    """Whether it holds actions: of resources one may be called AA and be a typeface."""
    return isinstance(value, pikepdf.Dictionary) and any(
        isinstance(one, pikepdf.Dictionary) and "/S" in one for one in value.values()
    )


def _filters(stream: pikepdf.Stream) -> list[str]:
    """How it is packed, the outermost first."""
    packed = stream.get("/Filter")
    if isinstance(packed, pikepdf.Array):
        return [str(one) for one in packed]
    return [] if packed is None else [str(packed)]


def _strip_picture(pdf: pikepdf.Pdf, stream: pikepdf.Stream) -> None:
    *outer, last = _filters(stream)
    if last != "/DCTDecode":
        raise _not_readable()
    raw, how = stream.read_raw_bytes(), stream.get("/DecodeParms")
    if isinstance(how, pikepdf.Array):
        parameters = list(how)
        how = parameters[-1] if isinstance(parameters[-1], pikepdf.Dictionary) else None
    picture = raw
    if outer:
        wrapped = pdf.make_stream(raw, Filter=pikepdf.Array([pikepdf.Name(one) for one in outer]))
        picture = wrapped.read_bytes()
    bare = without_metadata(picture)
    if outer or bare != raw:
        stream.write(bare, filter=pikepdf.Name.DCTDecode, decode_parms=how)
