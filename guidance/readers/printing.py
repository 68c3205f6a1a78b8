"""The guidance on paper: PDFs of pages, of the whole, and of leaflets to fold.

The worker makes them: within minutes of publishing there is one for each page, and readers are
never kept waiting for one. Each says its edition, and where to look for a newer one.
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from typing import Any
from urllib.parse import urljoin

import qrcode
from django.conf import settings
from django.db.models import Exists, Max, OuterRef, QuerySet
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from pikepdf import Pdf
from wagtail.models import Locale, Page

from agencies.models import Contact, Locality
from agencies.terms import ContactPurpose
from guidance import languages, pictures
from guidance.models import (
    DatedPage,
    GlossaryPage,
    GuidanceIndex,
    GuidancePage,
    LeafletPage,
    PageEdition,
    address_of,
    contacts_by_place,
    downloads_in,
)
from guidance.readers.models import Print, PrintKind
from guidance.scanning import held_back
from guidance.terms import LeafletFormat
from outbox.parts import alone

AT_ONCE = 5  # documents in one minute, so that mails do not wait for paper
ALONE = (GuidancePage, GlossaryPage, LeafletPage)  # have a document of their own
MOST_SIDES = 2  # of a leaflet to fold
MOST_NUMBERS = 14  # on its back, above the edition
CHILD, HELP = ContactPurpose.WORRIED_CHILD, ContactPurpose.PUBLIC_HELP
ON_THE_BACK = {
    LeafletFormat.PRACTITIONERS: (
        ContactPurpose.PREVENT_ADVICE,
        CHILD,
        ContactPurpose.WORRIED_ADULT,
        ContactPurpose.POLICE,
    ),
    LeafletFormat.PARENTS: (CHILD, HELP, ContactPurpose.POLICE),
    LeafletFormat.YOUNG_PEOPLE: (CHILD, HELP),
}
LINK = re.compile(r'href="(?P<address>/[^"]*)"')
TERM = re.compile(r"<(?P<end>/?)(?P<tag>dl|dt|dd)\b")
TERM_AS = {"dl": "div", "dt": "p", "dd": "p"}
NAME = re.compile(r'\bid="(?P<name>[^"]+)"')


def make_due(now: datetime, *, most: int = AT_ONCE) -> int:
    """Make the documents that are missing or older than the words they print.

    One that cannot be made stops no other, and is tried again later.

    Returns:
        How many were made.
    """
    made = 0
    for page, kind in due(most):
        with alone(f"{kind} of page {page.pk}", locked=False):
            make(page, kind, now)
            made += 1
    return made


def due(most: int) -> list[tuple[DatedPage, PrintKind]]:
    """What is to be made, at most so many, in no order, so that pages which cannot be made do
    not keep the others waiting; the whole guidance after its pages."""
    found: list[tuple[DatedPage, PrintKind]] = []
    for kind, models in ((PrintKind.PAGE, ALONE), (PrintKind.FOLDED, (LeafletPage,))):
        stale = _without(Page.objects.type(*models), kind)[: most - len(found)]
        found += [(page.specific, kind) for page in stale]
    if len(found) < most:
        found += [(contents, PrintKind.WHOLE) for contents in _without_whole()]
    return found[:most]


def _without_whole() -> Iterator[GuidanceIndex]:
    """The contents, in each language, whose whole is missing or older than one of its pages."""
    for contents in GuidanceIndex.objects.live().order_by("path"):
        made = Print.objects.filter(page_id=contents.pk, kind=PrintKind.WHOLE)
        if not made.filter(published_at__gte=_newest(contents)).exists():
            yield contents


def _newest(contents: GuidanceIndex) -> datetime:
    """When the newest words of the whole were published, those that a translation replaces too."""
    pages = Page.objects.live().type(GuidanceIndex, GuidancePage, GlossaryPage)
    read = pages.descendant_of(_first(contents), inclusive=True)
    read |= pages.descendant_of(contents, inclusive=True)
    newest: datetime = read.aggregate(at=Max("last_published_at"))["at"]
    return newest


def _without(pages: QuerySet[Page], kind: PrintKind) -> QuerySet[Page]:
    made = Print.objects.filter(
        page=OuterRef("pk"), kind=kind, published_at__gte=OuterRef("last_published_at")
    )
    return pages.filter(live=True).exclude(Exists(made)).order_by("?")


def kinds_of(page: Page) -> set[PrintKind]:
    """The documents there are, or will be within minutes, of a page."""
    model = page.specific_class or Page
    if issubclass(model, GuidanceIndex):
        return {PrintKind.WHOLE}
    if issubclass(model, LeafletPage):
        return {PrintKind.PAGE, PrintKind.FOLDED}
    return {PrintKind.PAGE} if issubclass(model, ALONE) else set()


def whole(contents: GuidanceIndex) -> list[DatedPage]:
    """All pages of the guidance in its order, the contents first.

    In another language, a page that is not translated stands there in the first one.
    """
    first = _first(contents)
    below = Page.objects.type(GuidancePage, GlossaryPage).live().order_by("path").specific()
    pages: list[DatedPage] = [contents, *below.descendant_of(first)]
    if first.pk == contents.pk:
        return pages
    own = {page.translation_key: page for page in below.descendant_of(contents)}
    return [own.get(page.translation_key, page) for page in pages]


def _first(contents: GuidanceIndex) -> GuidanceIndex:
    """The contents in the first language."""
    return GuidanceIndex.objects.filter(locale=Locale.get_default()).first() or contents


def make(page: DatedPage, kind: PrintKind, now: datetime) -> Print:
    """Make one document and keep it in place of the one before."""
    pages = whole(page) if isinstance(page, GuidanceIndex) else [page]
    with translation.override(page.locale.language_code):
        pdf = draw(pages, kind)
    printed, _new = Print.objects.update_or_create(
        page_id=page.pk,
        kind=kind,
        defaults={
            "published_at": _newest(page)
            if isinstance(page, GuidanceIndex)
            else page.last_published_at,
            "made_at": now,
            "sha256": hashlib.sha256(pdf).hexdigest(),
            "pdf": pdf,
        },
    )
    return printed


def forget_contacts() -> None:
    """A number has changed: whatever lists contacts is to be made again."""
    listing = [
        page.pk
        for page in (*GuidancePage.objects.live(), *LeafletPage.objects.live())
        if page.contacts_wanted() or getattr(page, "contacts_for", "")
    ]
    Print.objects.filter(page_id__in=listing).delete()
    Print.objects.filter(kind=PrintKind.FOLDED).delete()  # each has numbers on its back
    forget_whole()


def forget_whole() -> None:
    """A page is gone, or says something else: the whole is to be made again."""
    Print.objects.filter(kind=PrintKind.WHOLE).delete()


def forget_file(document: int) -> None:
    """The virus check has let a file through, or not: whatever offers it is to be made again."""
    listing = [
        page.pk
        for page in (*GuidancePage.objects.live(), *LeafletPage.objects.live())
        if document in downloads_in(page.body)
    ]
    if listing:
        Print.objects.filter(page_id__in=listing).delete()
        forget_whole()


# --- Drawing --------------------------------------------------------------------------------------
def draw(pages: list[DatedPage], kind: PrintKind) -> bytes:
    """A PDF/UA-1 of published pages, the first of which names it."""
    from ui import pdf  # WeasyPrint is slow to import, and only the worker needs it

    first = pages[0]
    names = {address_of(page): f"page-{page.pk}" for page in pages}
    address = _out(address_of(first))
    codes = dict(Locale.objects.values_list("pk", "language_code"))
    chapters = [_chapter(page, names, kind, codes[page.locale_id]) for page in pages]
    context = {
        "page": first,
        "chapters": chapters,
        "some_english": any("language" in chapter for chapter in chapters),
        "published_at": max(page.last_published_at for page in pages),
        "edition": _edition(pages),
        "address": address,
        "code": code(address),
        **languages.spoken(),
        "numbers": _numbers(first),
    }
    shown = pictures.given(picture for page in pages for picture in page.pictures())

    def rendered(template: str, **more: str) -> bytes:
        title = first.title
        return pdf.render(f"guidance/{template}.html", context | more, title=title, pictures=shown)

    if kind != PrintKind.FOLDED:
        return rendered("page_pdf")
    roomy = rendered("leaflet_folded_pdf")
    return roomy if fits(roomy) else rendered("leaflet_folded_pdf", size="tight")


def fits(leaflet: bytes) -> bool:
    """Whether a leaflet to fold is one sheet of paper."""
    with Pdf.open(BytesIO(leaflet)) as sheet:
        return len(sheet.pages) <= MOST_SIDES


def _numbers(page: DatedPage) -> list[tuple[Locality | None, Contact]]:
    """The numbers on the back of a leaflet: those that its reader may ring; its inside has none."""
    if not isinstance(page, LeafletPage):
        return []
    purposes = {*ON_THE_BACK[LeafletFormat(page.format)], *page.contacts_wanted()}
    places = contacts_by_place([one for one in ContactPurpose if one in purposes])
    found = [(place, one) for place, contacts in places for one in contacts if one.phone]
    return found[:MOST_NUMBERS]


def _edition(pages: list[DatedPage]) -> int | None:
    """The number of the edition in which the newest of the pages got its words."""
    found = PageEdition.objects.filter(page__in=[page.pk for page in pages]).order_by()
    newest: int | None = found.aggregate(number=Max("edition__number"))["number"]
    return newest


def _chapter(page: DatedPage, names: dict[str, str], kind: PrintKind, own: str) -> dict[str, Any]:
    """A page as a part of a document; with its language where the document speaks another.

    Args:
        own: the language of the page.
    """
    spoken = get_language()
    with translation.override(own):
        text = _text(page, names, kind)
        if kind != PrintKind.FOLDED:  # there is no room; the back says where to read on
            text += SafeString(render_to_string("guidance/_kept_pdf.html", {"page": page}))
    foreign = {} if own == spoken else {"language": languages.tag(own)}
    return {"page": page, "name": names[address_of(page)], "text": text} | foreign


def _text(page: DatedPage, names: dict[str, str], kind: PrintKind = PrintKind.PAGE) -> SafeString:
    """The words of a page for paper: names made unique, links whole or inside the document."""
    wanted = [] if kind == PrintKind.FOLDED else page.contacts_wanted()
    contacts: dict[ContactPurpose, Any] = {
        purpose: (contacts_by_place([purpose]), []) for purpose in wanted
    }
    context = {
        "page": page,
        "contacts_at": contacts,
        "levels": page.levels_of_contacts(),
        "held_back": held_back(downloads_in(page.body)),
    }
    html: str = render_to_string("guidance/_body.html", context)
    if isinstance(page, GlossaryPage):
        # Tagged as WeasyPrint does it, a list of terms breaks PDF/UA: paragraphs say the same.
        terms = render_to_string("guidance/_terms.html", {"page": page})
        html += TERM.sub(lambda m: f"<{m['end']}{TERM_AS[m['tag']]}", terms)
    if below := getattr(page, "contacts_for", ""):
        places = contacts_by_place([ContactPurpose(below)])
        html += render_to_string("guidance/_contacts.html", {"places": places})
    own = names[address_of(page)]
    html = NAME.sub(lambda m: f'id="{own}-{m["name"]}"', html)
    return SafeString(LINK.sub(lambda m: f'href="{_whole(m["address"], names)}"', html))


def _whole(address: str, names: dict[str, str]) -> str:
    path, _hash, part = address.partition("#")
    if path in names:
        return f"#{names[path]}-{part}" if part else f"#{names[path]}"
    return _out(address)


def _out(address: str) -> str:
    whole: str = urljoin(settings.BASE_URL, address)
    return whole


def code(address: str) -> SafeString:
    """A small QR code of an address, as squares of an SVG that a document draws itself."""
    drawn = qrcode.QRCode(border=0, error_correction=qrcode.ERROR_CORRECT_M)
    drawn.add_data(address)
    drawn.make()
    rows = drawn.get_matrix()
    squares = "".join(
        f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark
    )
    title = _("QR code of the address beside it")
    size = len(rows)
    return SafeString(
        f'<svg class="code" viewBox="0 0 {size} {size}" role="img"><title>{title}</title>'
        f'<path d="{squares}" fill="#000"/></svg>'
    )
