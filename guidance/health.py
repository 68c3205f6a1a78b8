"""What in the published pages is broken, missing or old."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.core.files.storage import default_storage
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext as _
from wagtail.images import get_image_model
from wagtail.models import Page

from agencies.models import Contact
from files.terms import FileState
from guidance import content
from guidance.models import (
    DatedPage,
    GlossaryPage,
    GuidancePage,
    HelpPage,
    LeafletPage,
    downloads_in,
    path_of,
    walk,
)
from guidance.readers import printing
from guidance.readers.models import Print, PrintKind
from guidance.scanning import held_back
from ui.dates import paper_day

CONTACT_CHECKED_EVERY = timedelta(days=182)
BY_NUMBER = re.compile(r'linktype=\\*"page\\*" id=\\*"(\d+)')
BY_PATH = re.compile(r'href=\\*"(/[^"\\]*)')


@dataclass(frozen=True)
class Finding:
    """One thing to put right, and where."""

    where: str
    what: str
    edit: str


def findings(today: date) -> dict[str, list[Finding]]:
    """All there is to put right, by kind; kinds without any have an empty list."""
    live = Page.objects.live().order_by("path").specific()
    pages = [page for page in live if isinstance(page, DatedPage)]
    return {
        _("Links that lead nowhere"): list(_broken(pages)),
        _("Contacts that nobody has checked for half a year"): list(_unchecked(today)),
        _("Pages without a source"): [
            Finding(page.title, _("Say where its facts come from."), _edit(page))
            for page in pages
            if isinstance(page, GuidancePage | LeafletPage) and not page.sources
        ],
        _("Images without words"): [*_without_words(pages), *_undescribed()],
        _("Downloads without a file"): list(_without_file(pages)),
        _("Files that readers cannot have yet"): list(_held_back(pages)),
        _("Leaflets that do not fit on one sheet"): list(_too_long()),
        _("To be supplied by the board"): list(_wanted(pages)),
    }


def _edit(page: Page) -> str:
    return reverse("wagtailadmin_pages:edit", args=[page.pk])


def _broken(pages: list[DatedPage]) -> Iterator[Finding]:
    places = {page.pk: path_of(page.url_path) for page in pages}
    anchors = {places[page.pk]: set(_anchors(page)) for page in pages}
    for page in pages:
        stored = json.dumps(page.serializable_data(), default=str)
        for number in dict.fromkeys(BY_NUMBER.findall(stored)):
            if int(number) not in places:
                yield Finding(page.title, _("A link to a page that is not published."), _edit(page))
        for address in dict.fromkeys(BY_PATH.findall(stored)):
            if not leads_somewhere(address, lambda path: anchors.get(path)):
                yield Finding(page.title, _("A link to %s.") % address, _edit(page))


def leads_somewhere(address: str, parts_of: Callable[[str], set[str] | None]) -> bool:
    """Whether a path of this site is a page, with the part that is named, or another view."""
    path, _hash, part = address.partition("#")
    path = path.partition("?")[0]
    parts = parts_of(path)
    if parts is not None:
        return not part or part in parts
    try:
        return resolve(path).url_name != "wagtail_serve"
    except Resolver404:
        return False


def _anchors(page: DatedPage) -> Iterator[str]:
    yield from map(content.anchor, page.headings)
    yield from page.codes
    if isinstance(page, GlossaryPage):
        yield from (content.term_anchor(one.value["term"]) for one in page.terms)


def _unchecked(today: date) -> Iterator[Finding]:
    old = Contact.objects.filter(is_shown=True, checked_on__lt=today - CONTACT_CHECKED_EVERY)
    for contact in old.order_by("checked_on"):
        edit = reverse("wagtailsnippets_agencies_contact:edit", args=[contact.pk])
        yield Finding(contact.name, _("Last checked on %s.") % paper_day(contact.checked_on), edit)


def _without_words(pages: list[DatedPage]) -> Iterator[Finding]:
    """Pictures on pages that say nothing to those who do not see them, or are not there."""
    for page in pages:
        for block in walk(page.body):
            if block.block_type != "picture":
                continue
            shown = block.value["picture"]
            if shown is None or not default_storage.exists(shown.file.name):
                yield Finding(page.title, _("A picture that is no longer kept."), _edit(page))
            elif not shown.decorative and not shown.contextual_alt_text:
                yield Finding(page.title, _("Say what the picture shows."), _edit(page))


def _without_file(pages: list[DatedPage]) -> Iterator[Finding]:
    for page in pages:
        for block in walk(page.body):
            if block.block_type == "download" and not block.value.href:
                yield Finding(page.title, _("A file that is no longer kept."), _edit(page))


def _held_back(pages: list[DatedPage]) -> Iterator[Finding]:
    """Files of published pages that the virus check has not let through."""
    offered: dict[int, list[str]] = {}
    for page in pages:
        for pk in downloads_in(page.body):
            offered.setdefault(pk, []).append(page.title)
    for pk, state in sorted(held_back(offered).items()):
        edit = reverse("wagtaildocs:edit", args=[pk])
        what = str(state.label)
        if state == FileState.PENDING and not settings.SCANNER:
            what = _("There is no virus scanner, so it waits.")
        for title in offered[pk]:
            yield Finding(title, what, edit)


def _too_long() -> Iterator[Finding]:
    for made in Print.objects.filter(kind=PrintKind.FOLDED).select_related("page"):
        if not printing.fits(bytes(made.pdf)):
            yield Finding(
                made.page.title, _("Shorten it, so that it can be folded."), _edit(made.page)
            )


def _undescribed() -> Iterator[Finding]:
    for image in get_image_model().objects.filter(description="").order_by("title", "pk"):
        edit = reverse("wagtailimages:edit", args=[image.pk])
        yield Finding(image.title, _("Say what it shows."), edit)


def showing(purpose: str) -> list[DatedPage]:
    """The published pages that show the contacts of a purpose."""
    live = Page.objects.live().order_by("path").specific()
    pages = [page for page in live if isinstance(page, DatedPage)]
    return [
        page
        for page in pages
        if isinstance(page, HelpPage)
        or getattr(page, "contacts_for", "") == purpose
        or purpose in page.contacts_wanted()
    ]


def _wanted(pages: list[DatedPage]) -> Iterator[Finding]:
    for page in pages:
        for block in walk(page.body):
            if block.block_type == "wanted":
                yield Finding(page.title, str(block.value), _edit(page))
            elif block.block_type == "number" and not block.value["phone"]:
                yield Finding(page.title, _("A number: %s") % block.value["name"], _edit(page))
