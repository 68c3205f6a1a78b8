"""Documents: right for every reader, and nothing fetched."""

import builtins
import logging
import socket
from io import BytesIO
from pathlib import Path

import page as validator
import pikepdf
import pytest

from ui import pdf

TITLE = "Prevent referral NY-2026-0007"


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    """Fonts and style are read once in a process; later documents open nothing at all."""
    pdf.render("ui_tests/document.html", {"name": "Łukasz", "words": "x"}, title=TITLE)


def faults(document: bytes, tmp_path: Path) -> list[str]:
    path = tmp_path / "document.pdf"
    path.write_bytes(document)
    report = validator.validate_pdf(str(path), profile="ua1")
    assert report.rules.total == 104
    return [str(failure) for failure in report.failures]


@pytest.mark.parametrize(
    "words",
    [
        "“people like that should be cleared out”\n\nI was two desks away.",
        "Łukasz Wójcik, Ŵyn, Đorđe, Жуков, Αθηνά, عربي, 漢字, 😀, \ufffd\u200b\u202e",
        "<script>x</script>" + "Mowa nienawiści. " * 600,
    ],
)
def test_a_document_keeps_every_rule(words, tmp_path):
    document = pdf.render("ui_tests/document.html", {"name": "Łukasz", "words": words}, title=TITLE)
    assert faults(document, tmp_path) == []
    opened = pikepdf.open(BytesIO(document))
    assert str(opened.docinfo["/Title"]) == TITLE
    assert str(opened.Root.Lang) == "en-GB"


def test_a_letter_that_no_font_has_is_written_as_its_number_and_not_logged(caplog):
    with caplog.at_level(logging.DEBUG, logger="weasyprint"):
        pdf.render("ui_tests/document.html", {"name": "\U000f1234", "words": ""}, title=TITLE)
    assert pdf._unprintable[0xF1234] == "[U+F1234]"
    assert "notdef" not in caplog.text
    assert "\U000f1234" not in caplog.text


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "http://127.0.0.1:9/x",
        "https://example.org/x",
        "data:text/plain,secret",
        "ftp://127.0.0.1/x",
        pdf.STYLE.as_uri(),
        sorted(pdf.ALLOWED)[0],
        "//example.org/x",
        "relative.css",
    ],
)
def test_a_document_fetches_nothing(address, monkeypatch, tmp_path):
    opened: list[str] = []
    real_open = builtins.open

    def note_open(path, *args, **kwargs):
        opened.append(str(path))
        return real_open(path, *args, **kwargs)

    def refuse(*args, **kwargs):
        raise AssertionError("a document asked for a connection")

    with monkeypatch.context() as patch:
        patch.setattr(builtins, "open", note_open)
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        context = {"address": address, "words": f"<img src='{address}'>"}
        document = pdf.render("ui_tests/hostile.html", context, title=TITLE)
    assert [path for path in opened if "/fonts/" in path or "passwd" in path] == []
    result = pikepdf.open(BytesIO(document))
    assert len(result.attachments) == 0
    assert "/EmbeddedFiles" not in result.Root.get("/Names", {})
    assert b"/FileAttachment" not in document
    assert faults(document, tmp_path) == []


def test_the_style_may_fetch_its_own_fonts_only():
    fetcher = pdf.OwnFonts()
    for address in ("file:///etc/passwd", pdf.STYLE.as_uri(), f"{sorted(pdf.ALLOWED)[0]}/../x"):
        with pytest.raises(ValueError, match="own fonts"):
            fetcher.fetch(address)
    for address in pdf.ALLOWED:
        assert fetcher.fetch(address)
