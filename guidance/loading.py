"""Putting the pages of ``content/`` on the site, without writing over what editors changed.

Pages that are new are stored together, in a few statements for all of them: fifty pages one by
one, as an editor would publish them, took most of a minute on a busy machine. What changes later
is published as an editor publishes it.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.translation import gettext as _
from modelsearch.backends import get_search_backends
from wagtail.models import Locale, Page, ReferenceIndex, Revision, Site

from guidance import content, editions
from guidance.languages import HOME_SLUG
from guidance.models import (
    DatedPage,
    GlossaryPage,
    GuidanceIndex,
    GuidancePage,
    HelpPage,
    HomePage,
    LeafletIndex,
    LeafletPage,
    LoadedPage,
    NewsIndex,
    NewsPage,
    StatementPage,
    TrainingIndex,
    TrainingPage,
    pages_at,
    without_numbers,
)
from guidance.pictures import seeded
from guidance.readers import texts

TYPES: dict[str, type[DatedPage]] = {
    "home": HomePage,
    "contents": GuidanceIndex,
    "guidance": GuidancePage,
    "statement": StatementPage,
    "help": HelpPage,
    "news-contents": NewsIndex,
    "news": NewsPage,
    "leaflet-contents": LeafletIndex,
    "leaflet": LeafletPage,
    "training-contents": TrainingIndex,
    "training": TrainingPage,
    "glossary": GlossaryPage,
}
PLAIN = [
    "title",
    "summary",
    "kept_by",
    "approver",
    "audience",
    "last_checked",
    "review_by",
    "caption",
    "shows_steps",
    "contacts_for",
    "kind",
    "published_on",
    "shown_until",
    "format",
    "provider",
    "starts_on",
    "ends_on",
    "place",
    "booking_address",
]
STREAMS = ("body", "sources", "terms")
NOT_WORDS = {"page_ptr", "what_changed", "why_changed", "read_again"}
LATER = {"approver": "", "audience": "[]", "kind": "announcement", "shown_until": ""}

Outcome = Literal["added", "updated", "unchanged", "changed by editors", "taken away by editors"]


@transaction.atomic
def load(folder: Path = content.FOLDER) -> Counter[Outcome]:
    """Add the pages that are missing, and update those that editors have not touched.

    Raises:
        ContentError: a file cannot be read; nothing is changed then.
    """
    with editions.as_one():
        return _Load(content.sources(folder), content.terms(folder)).run()


def check(folder: Path = content.FOLDER) -> list[str]:
    """What is wrong in the files, each as ``file:line: what``."""
    return content.problems(folder, is_address=is_ours)


def is_ours(path: str) -> bool:
    """Whether the portal answers to a path with something other than a page of the site."""
    try:
        return resolve(path).url_name != "wagtail_serve"
    except Resolver404:
        return False


class _Load:
    """One load: what it read, and the pages that are there, by their paths in the tree."""

    def __init__(self, found: list[content.Source], glossary: list[content.Term]) -> None:
        self.found = found
        self.glossary = glossary
        self.loaded = {one.source: one for one in LoadedPage.objects.all()}
        self.pages: dict[str, Page] = {}
        self.root = ""

    def run(self) -> Counter[Outcome]:
        for source in self.found:
            if source.fields["type"] not in TYPES:
                line = source.line_of("type")
                raise content.ContentError(
                    f"{source.name}:{line}: no such type: {source.fields['type']}"
                )
        outcomes: Counter[Outcome] = Counter()
        new = [source for source in self.found if source.name not in self.loaded]
        for source in new:
            if source.fields["type"] == "home":
                self._add_home(source)
        self.pages = {page.url_path: page for page in Page.objects.all().order_by("path")}
        self.root = _root_path()
        added = self._add([source for source in new if source.fields["type"] != "home"])
        specific = self._specific()
        for source in self.found:
            if source.name in added:
                outcomes["added"] += 1
            else:
                outcomes[self._fill(source, specific)] += 1
        editions.catch_up()
        return outcomes

    def _specific(self) -> dict[int, DatedPage]:
        """The loaded pages as their own types, by number: a query for each type."""
        numbers = [one.page_id for one in self.loaded.values() if one.page_id]
        pages = Page.objects.filter(pk__in=numbers).specific()
        return {page.pk: page for page in pages}

    def _add_home(self, source: content.Source) -> None:
        home = HomePage(title=source.fields["title"], slug=HOME_SLUG, live=False)
        self._write_plain(home, source)
        Page.get_first_root_node().add_child(instance=home)
        base = urlsplit(settings.BASE_URL)
        site = Site.objects.filter(is_default_site=True).first() or Site(is_default_site=True)
        welcome = site.root_page if site.root_page_id else None
        site.hostname = base.hostname or "localhost"
        site.port = base.port or (80 if base.scheme == "http" else 443)
        site.site_name = settings.WAGTAIL_SITE_NAME
        site.root_page = home
        site.save()
        if welcome is not None and welcome.specific_class is Page and not welcome.get_children():
            welcome.delete()
        self.loaded[source.name] = LoadedPage.objects.create(source=source.name, page=home)

    def _add(self, new: list[content.Source]) -> set[str]:
        """Store and publish new pages; the names of the files whose place was free."""
        placed: list[tuple[content.Source, DatedPage]] = []
        steps = Counter[str]()  # how many children each page of the tree has had, the gone included
        for page in self.pages.values():
            above, step = page.path[: -Page.steplen], page.path[-Page.steplen :]
            steps[above] = max(steps[above], Page._str2int(step))
        grown: dict[str, Page] = {}
        for source in new:
            above, _slash, slug = source.path.rstrip("/").rpartition("/")
            parent = self.pages.get(self._tree_path(above + "/"))
            if parent is None or self._tree_path(source.path) in self.pages:
                continue
            page = TYPES[source.fields["type"]](slug=slug)
            page.wagtail_admin_comments = []  # none yet, so that nobody asks the database for them
            self._write_plain(page, source)
            steps[parent.path] += 1
            page.path = Page._get_path(parent.path, parent.depth + 1, steps[parent.path])
            page.depth, page.locale_id = parent.depth + 1, parent.locale_id
            page.url_path = self._tree_path(source.path)
            parent.numchild += 1
            grown[parent.path] = parent
            self.pages[page.url_path] = page
            placed.append((source, page))
        _insert_tree([page for _source, page in placed])
        stored = {page.pk for _source, page in placed}
        Page.objects.bulk_update([p for p in grown.values() if p.pk not in stored], ["numchild"])
        for source, page in placed:  # by now every page that a link may name has its number
            self._write_words(page, source)
            page.clean_words()
        _insert_words([page for _source, page in placed])
        texts.let_be_found(page for _source, page in placed)
        editions.publish(page for _source, page in placed)
        LoadedPage.objects.bulk_create(
            LoadedPage(source=source.name, page_id=page.pk, digest=digest(page))
            for source, page in placed
        )
        return {source.name for source, _page in placed}

    def _tree_path(self, path: str) -> str:
        return self.root + path[1:]

    def _fill(self, source: content.Source, specific: dict[int, DatedPage]) -> Outcome:
        loaded = self.loaded.get(source.name)
        if loaded is None:  # its place was taken, or its parent is gone
            return "changed by editors"
        if loaded.page_id is None:
            return "taken away by editors"
        page, new = specific[loaded.page_id], not loaded.digest
        if not new and (
            page.has_unpublished_changes or not page.live or digest(page) != loaded.digest
        ):
            return "changed by editors"
        self._write_plain(page, source)
        self._write_words(page, source)
        fresh = digest(page)
        if fresh == loaded.digest:
            return "unchanged"
        page.what_changed = "" if new else _("Brought up to date with the portal.")
        page.why_changed = page.read_again = ""
        page.full_clean()
        page.save_revision().publish()
        loaded.digest = fresh
        loaded.save(update_fields=["digest"])
        return "added" if new else "updated"

    def _write_plain(self, page: DatedPage, source: content.Source) -> None:
        for name in PLAIN:
            if name in source.fields and hasattr(page, name):
                setattr(page, name, source.fields[name])
        page.seo_title = source.fields.get("seo_title", "")

    def _write_words(self, page: DatedPage, source: content.Source) -> None:
        blocks = content.stream(
            source.text, self._link, name=source.name, first_line=source.first_line
        )
        add_pictures(blocks)
        page.body = page.body.stream_block.to_python(blocks)
        page.sources = page.sources.stream_block.to_python(
            [
                {"type": "source", "value": {"address": "", **s}}
                for s in source.fields.get("sources", [])
            ]
        )
        if isinstance(page, HomePage):
            page.not_at_work = content.paragraph(source.fields.get("not_at_work", ""), self._link)
        if isinstance(page, GlossaryPage):
            entries = [
                {
                    "term": term.term,
                    "meaning": content.paragraph(term.meaning, self._link),
                    "also": term.also,
                    "source": term.source,
                }
                for term in self.glossary
            ]
            page.terms = page.terms.stream_block.to_python(
                [{"type": "term", "value": entry} for entry in entries]
            )

    def _link(self, address: str) -> str:
        """A page of this site by its number, so that the link follows it when it moves."""
        page = self.pages.get(self._tree_path(address)) if address.startswith("/") else None
        return f'linktype="page" id="{page.pk}"' if page else f'href="{escape(address)}"'


def add_pictures(blocks: list[content.Block]) -> None:
    """Keep the pictures that blocks name by their file, and name them by their number."""
    for block in blocks:
        if block["type"] == "sector":
            add_pictures(block["value"]["body"])
        elif block["type"] == "picture":
            shown = block["value"]["picture"]
            shown["image"] = seeded(shown["image"], shown["alt_text"]).pk


def _root_path() -> str:
    site = Site.objects.filter(is_default_site=True).select_related("root_page").first()
    return site.root_page.url_path if site else "/"


def _insert_tree(pages: list[DatedPage]) -> None:
    """Store what all pages have in common, and give them their numbers."""
    now = timezone.now()
    kinds = ContentType.objects.get_for_models(*{type(page) for page in pages})
    fields = [field.attname for field in Page._meta.concrete_fields if not field.primary_key]
    grown = Counter(page.path[: -Page.steplen] for page in pages)
    for page in pages:
        page.content_type = kinds[type(page)]
        page.draft_title = page.title
        page.numchild = grown[page.path]
        page.live, page.has_unpublished_changes = True, False
        page.first_published_at = page.last_published_at = page.latest_revision_created_at = now
    common = [Page(**{name: getattr(page, name) for name in fields}) for page in pages]
    for page, stored in zip(pages, Page.objects.bulk_create(common), strict=True):
        page.pk = page.id = page.page_ptr_id = stored.pk
        page._state.adding = False


def _insert_words(pages: list[DatedPage]) -> None:
    """Store what each type has of its own, with a published revision, and index it."""
    if not pages:
        return
    for model in {type(page) for page in pages}:
        own = [page for page in pages if type(page) is model]
        model._base_manager._insert(
            own, fields=model._meta.local_concrete_fields, using=model._base_manager.db
        )
    base = ContentType.objects.get_for_model(Page)
    revisions = Revision.objects.bulk_create(
        Revision(
            content_type=page.content_type,
            base_content_type=base,
            object_id=str(page.pk),
            created_at=page.latest_revision_created_at,
            content=page.serializable_data(),
            object_str=str(page),
        )
        for page in pages
    )
    for page, revision in zip(pages, revisions, strict=True):
        page.latest_revision = page.live_revision = revision
    stored = [
        Page(pk=page.pk, latest_revision=page.latest_revision, live_revision=page.live_revision)
        for page in pages
    ]
    Page.objects.bulk_update(stored, ["latest_revision", "live_revision"])
    _index(pages)


def _index(pages: Iterable[DatedPage]) -> None:
    """Let the search and the list of what refers to what know of new pages."""
    pages = list(pages)
    for backend in get_search_backends(with_auto_update=True):
        for model in {type(page) for page in pages}:
            backend.add_bulk(model, [page for page in pages if type(page) is model])
    for page in pages:
        ReferenceIndex.create_or_update_for_object(page)


def digest(page: DatedPage) -> str:
    """SHA-256 (64 hex digits) of a page's words, whatever the numbers of its blocks."""
    own = [f for f in page._meta.local_fields if f.name not in NOT_WORDS]
    values: dict[str, Any] = {f.name: f.value_to_string(page) for f in own}
    for (
        name,
        empty,
    ) in LATER.items():  # pages that were loaded before a field came keep their digest
        if values.get(name) == empty:
            del values[name]
    for name in STREAMS:
        if name in values:
            values[name] = without_numbers(json.loads(values[name]))
    words = [type(page).__name__, page.title, page.slug, page.seo_title, values]
    return hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()


# --- Translations ---------------------------------------------------------------------------------
@transaction.atomic
def load_translations(language: str) -> Counter[Outcome]:
    """Add the sample pages of another language that are missing, and update untouched ones.

    A file stands in ``translations/<language>/`` where the page it translates stands in
    ``content/``. What is not in the file, the sources for one, is as in the English page.

    Raises:
        ContentError: a file cannot be read, or there is no page that it translates.
    """
    locale, _new = Locale.objects.get_or_create(language_code=language)
    outcomes: Counter[Outcome] = Counter()
    with editions.as_one():
        for source in content.sources(content.TRANSLATIONS / language):
            english = pages_at(source.path).filter(locale=Locale.get_default()).first()
            if english is None:
                raise content.ContentError(f"{source.name}: there is no page to translate")
            outcomes[_translate(source, english.specific, locale)] += 1
    return outcomes


def _translate(source: content.Source, english: DatedPage, locale: Locale) -> Outcome:
    name = f"{locale.language_code}/{source.name}"
    loaded = LoadedPage.objects.filter(source=name).first()
    page = english.get_translation_or_none(locale)
    if loaded is None and page is None:
        page = english.copy_for_translation(locale)
        loaded = LoadedPage(source=name, page=page)
    elif page is None:
        return "taken away by editors"
    elif loaded is None or page.has_unpublished_changes or digest(page) != loaded.digest:
        return "changed by editors"
    page.title, page.summary = source.fields["title"], source.fields["summary"]
    page.kept_by = source.fields["kept_by"]
    page.approver = source.fields.get("approver", page.approver)
    page.seo_title = source.fields.get("seo_title", "")
    if isinstance(page, HomePage):
        page.not_at_work = content.paragraph(source.fields.get("not_at_work", ""), _plain_link)
    page.caption = source.fields.get("caption", "")
    blocks = content.stream(
        source.text, _plain_link, name=source.name, first_line=source.first_line
    )
    add_pictures(blocks)
    page.body = page.body.stream_block.to_python(blocks)
    fresh = digest(page)
    if fresh == loaded.digest:
        texts.refresh(page)  # the search did not know translations once
        return "unchanged"
    new = loaded.pk is None
    page.save_revision().publish()
    loaded.digest = fresh
    loaded.save()
    return "added" if new else "updated"


def _plain_link(address: str) -> str:
    page = pages_at(address).first() if address.startswith("/") else None
    return f'linktype="page" id="{page.pk}"' if page else f'href="{escape(address)}"'
