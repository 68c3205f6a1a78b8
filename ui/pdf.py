"""Documents: a template in, tagged PDF/UA-1 out, and nothing fetched on the way."""

import gc
import logging
import threading
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NoReturn

import pydyf
from django.conf import settings
from django.template.loader import render_to_string
from weasyprint import CSS, HTML
from weasyprint.pdf import tags
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

STYLE = settings.BASE_DIR / "static" / "ui" / "print.css"
FONTS = settings.BASE_DIR / "static" / "fonts"
ALLOWED = {path.as_uri() for path in FONTS.glob("*.woff2")}

# Pango's font map is shared below; two documents at once must not touch it together.
_one_at_a_time = threading.Lock()
# Characters that no font of this machine has, as found so far; each is written as its number.
_unprintable: dict[int, str] = {}
TRIES = 20
# Relative addresses need something to be relative to, or WeasyPrint stops; nothing is there.
NOWHERE = "https://portal.invalid/"


# WeasyPrint tells the language of a whole document; those who listen to one need to be told, too,
# where a part of it is in another (PDF/UA-1, 7.2; WCAG 3.1.2).
_tagged = tags._build_box_tree


def _in_its_language(box: Any, *where: Any) -> Iterator[Any]:
    element = getattr(getattr(box, "_box", box), "element", None)
    own = None if element is None or element.tag == "html" else element.attrib.get("lang")
    for tag in _tagged(box, *where):
        if own:
            tag["Lang"] = pydyf.String(own)
        yield tag


tags._build_box_tree = _in_its_language


class Unprintable(logging.Filter):
    """Learns from WeasyPrint's warnings which characters it drew as a box, and keeps them unlogged.

    A box would lose a letter of what somebody said, break PDF/UA, and stand in the log by itself.
    """

    found = False

    def filter(self, record: logging.LogRecord) -> bool:
        if not str(record.msg).startswith(".notdef") or not isinstance(record.args, tuple):
            return True
        code = int(str(record.args[1]))
        _unprintable[code] = f"[U+{code:04X}]"
        self.found = True
        return False


class Nothing(URLFetcher):
    """Fetches nothing whatever a document asks for: no picture, no sheet, no attachment."""

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> NoReturn:
        # WeasyPrint takes this from a fetcher object and goes on without the resource; a plain
        # function that raises would end the whole rendering.
        raise ValueError("documents fetch nothing")


class Given(Nothing):
    """Fetches nothing; hands over the pictures that a document was given with its words."""

    def __init__(self, pictures: Mapping[str, tuple[bytes, str]]) -> None:
        super().__init__()
        self.pictures = pictures

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        name = "/" + url.removeprefix(NOWHERE)
        if not url.startswith(NOWHERE) or name not in self.pictures:
            return super().fetch(url, headers)
        data, kind = self.pictures[name]
        return URLFetcherResponse(url, body=data, headers={"Content-Type": kind})


class OwnFonts(URLFetcher):
    """Fetches the fonts that stand in the project, for its own style sheet only."""

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        if url not in ALLOWED:
            raise ValueError("only the project's own fonts")
        return super().fetch(url, headers)


@cache
def _style() -> tuple[FontConfiguration, CSS]:
    """Fonts and parsed style, made once in a process: half the time of a short document."""
    fonts = FontConfiguration()
    return fonts, CSS(filename=STYLE, font_config=fonts, url_fetcher=OwnFonts())


def render(
    template: str,
    context: dict[str, Any],
    *,
    title: str,
    pictures: Mapping[str, tuple[bytes, str]] | None = None,
) -> bytes:
    """A document from a template that extends ``ui/document.html``.

    Args:
        title: for the reader's window and for people who listen; it names nobody.
        pictures: by the path that the document calls them; bytes and media type.
    Returns:
        PDF/UA-1, without attachments and without anything fetched.
    """
    named = {"PARTNERSHIP": settings.PARTNERSHIP, "MARKING": settings.MARKING, "title": title}
    html = render_to_string(template, {**named, **context})
    with _one_at_a_time:
        for _attempt in range(TRIES):
            pdf, all_printable = _write(html.translate(_unprintable), pictures or {})
            if all_printable:
                break
    return pdf


def _write(html: str, pictures: Mapping[str, tuple[bytes, str]]) -> tuple[bytes, bool]:
    """The document, and whether every character of it could be printed."""
    fonts, style = _style()
    watch = Unprintable()
    weasyprint_log = logging.getLogger("weasyprint")
    weasyprint_log.addFilter(watch)
    collects = gc.isenabled()
    # A document makes millions of objects and leaves hardly any behind: to look through them again
    # and again for what could go was a third of the time.
    gc.disable()
    try:
        document = HTML(string=html, url_fetcher=Given(pictures), base_url=NOWHERE)
        pdf: bytes = document.write_pdf(
            stylesheets=[style], font_config=fonts, pdf_variant="pdf/ua-1"
        )
    finally:
        if collects:
            gc.enable()
        weasyprint_log.removeFilter(watch)
    return pdf, not watch.found
