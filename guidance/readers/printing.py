"""The guidance on paper: PDFs of pages, of the whole, and of leaflets to fold.

The worker makes them: within minutes of publishing there is one for each page, and readers are
never kept waiting for one. Each says its edition, and where to look for a newer one.
"""

import hashlib
import re
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

import qrcode
from django.conf import settings
from django.db.models import Exists, Max, OuterRef, QuerySet
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from wagtail.models import Locale, Page

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
)
from guidance.readers.models import Print, PrintKind

AT_ONCE = 5  # documents in one minute, so that mails do not wait for paper
ALONE = (GuidancePage, GlossaryPage, LeafletPage)  # have a document of their own
LINK = re.compile(r'href="(?P<address>/[^"]*)"')
TERM = re.compile(r"<(?P<end>/?)(?P<tag>dl|dt|dd)\b")
TERM_AS = {"dl": "div", "dt": "p", "dd": "p"}
NAME = re.compile(r'\bid="(?P<name>[^"]+)"')


def make_due(now: datetime, *, most: int = AT_ONCE) -> int:
    """Make the documents that are missing or older than the words they print.

    Returns:
        How many were made.
    """
    made = 0
    for page, kind in due(most):
        make(page, kind, now)
        made += 1
    return made


def due(most: int) -> list[tuple[DatedPage, PrintKind]]:
    """What is to be made, at most so many; the whole guidance when its pages are done."""
    found: list[tuple[DatedPage, PrintKind]] = []
    for kind, pages in (
        (PrintKind.PAGE, _printed_pages()),
        (PrintKind.FOLDED, _english(Page).type(LeafletPage)),
    ):
        stale = _without(pages, kind)[: most - len(found)]
        found += [(page.specific, kind) for page in stale]
    if not found and (contents := _english(GuidanceIndex).first()):
        newest = max(page.last_published_at for page in whole(contents))
        if not Print.objects.filter(kind=PrintKind.WHOLE, published_at__gte=newest).exists():
            found.append((contents, PrintKind.WHOLE))
    return found


def _printed_pages() -> QuerySet[Page]:
    pages: QuerySet[Page] = Page.objects.live().type(*ALONE)
    return pages


def _english(model: type[Page]) -> Any:
    """Published pages in the first language: leaflets and the whole are made of these only."""
    return model.objects.live().filter(locale=Locale.get_default())


def _without(pages: QuerySet[Page], kind: PrintKind) -> QuerySet[Page]:
    made = Print.objects.filter(
        page=OuterRef("pk"), kind=kind, published_at__gte=OuterRef("last_published_at")
    )
    return pages.filter(live=True).exclude(Exists(made)).order_by("path")


def kinds_of(page: Page) -> set[PrintKind]:
    """The documents there are, or will be within minutes, of a page."""
    model = page.specific_class or Page
    if issubclass(model, GuidanceIndex):
        return {PrintKind.WHOLE} if page.locale_id == Locale.get_default().pk else set()
    if issubclass(model, LeafletPage):
        return {PrintKind.PAGE, PrintKind.FOLDED}
    return {PrintKind.PAGE} if issubclass(model, ALONE) else set()


def whole(contents: GuidanceIndex) -> list[DatedPage]:
    """All pages of the guidance in its order, the contents first."""
    below = Page.objects.type(GuidancePage, GlossaryPage).live().descendant_of(contents)
    return [contents, *below.order_by("path").specific()]


def make(page: DatedPage, kind: PrintKind, now: datetime) -> Print:
    """Make one document and keep it in place of the one before."""
    pages = whole(page) if isinstance(page, GuidanceIndex) else [page]
    with translation.override(page.locale.language_code):
        pdf = draw(pages, kind)
    printed, _new = Print.objects.update_or_create(
        page_id=page.pk,
        kind=kind,
        defaults={
            "published_at": max(each.last_published_at for each in pages),
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
        for page in (*GuidancePage.objects.live(), *_english(LeafletPage))
        if page.contacts_wanted() or getattr(page, "contacts_for", "")
    ]
    Print.objects.filter(page_id__in=listing).delete()
    Print.objects.filter(kind=PrintKind.WHOLE).delete()


# --- Drawing --------------------------------------------------------------------------------------
def draw(pages: list[DatedPage], kind: PrintKind) -> bytes:
    """A PDF/UA-1 of published pages, the first of which names it."""
    from ui import pdf  # WeasyPrint is slow to import, and only the worker needs it

    first = pages[0]
    names = {address_of(page): f"page-{page.pk}" for page in pages}
    address = _out(address_of(first))
    context = {
        "page": first,
        "chapters": [
            {"page": page, "name": names[address_of(page)], "text": _text(page, names)}
            for page in pages
        ],
        "published_at": max(page.last_published_at for page in pages),
        "edition": _edition(pages),
        "address": address,
        "code": code(address),
        **languages.spoken(),
        "places": contacts_by_place() if kind == PrintKind.FOLDED else None,
    }
    template = "leaflet_folded_pdf" if kind == PrintKind.FOLDED else "page_pdf"
    shown = pictures.given(picture for page in pages for picture in page.pictures())
    return pdf.render(f"guidance/{template}.html", context, title=first.title, pictures=shown)


def _edition(pages: list[DatedPage]) -> int | None:
    """The number of the edition in which the newest of the pages got its words."""
    found = PageEdition.objects.filter(page__in=[page.pk for page in pages]).order_by()
    newest: int | None = found.aggregate(number=Max("edition__number"))["number"]
    return newest


def _text(page: DatedPage, names: dict[str, str]) -> SafeString:
    """The body of a page for paper: names made unique, links whole or inside the document."""
    wanted = page.contacts_wanted()
    contacts: dict[ContactPurpose, Any] = {
        purpose: (contacts_by_place([purpose]), []) for purpose in wanted
    }
    context = {"page": page, "contacts_at": contacts, "levels": page.levels_of_contacts()}
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
