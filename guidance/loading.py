"""Putting the pages of ``content/`` on the site, without writing over what editors changed."""

import hashlib
import json
from collections import Counter
from html import escape
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from wagtail.models import Page, Site

from guidance import content
from guidance.models import (
    DatedPage,
    GuidanceIndex,
    GuidancePage,
    HelpPage,
    HomePage,
    LoadedPage,
    NewsIndex,
    NewsPage,
    StatementPage,
    pages_at,
)

TYPES: dict[str, type[DatedPage]] = {
    "home": HomePage,
    "contents": GuidanceIndex,
    "guidance": GuidancePage,
    "statement": StatementPage,
    "help": HelpPage,
    "news-contents": NewsIndex,
    "news": NewsPage,
}
PLAIN = [
    "title",
    "summary",
    "kept_by",
    "last_checked",
    "review_by",
    "caption",
    "shows_steps",
    "contacts_for",
    "published_on",
]
HOME_SLUG = "portal"

Outcome = Literal["added", "updated", "unchanged", "changed by editors", "taken away by editors"]


@transaction.atomic
def load(folder: Path = content.FOLDER) -> Counter[Outcome]:
    """Add the pages that are missing, and update those that editors have not touched.

    Raises:
        ContentError: a file cannot be read; nothing is changed then.
    """
    found = content.sources(folder)
    outcomes: Counter[Outcome] = Counter()
    added = {source.name for source in found if _add(source)}
    pages = {loaded.source: loaded for loaded in LoadedPage.objects.select_related("page")}
    for source in found:  # the second walk: by now every page that a link may name is there
        outcomes[_fill(source, pages.get(source.name), new=source.name in added)] += 1
    return outcomes


def _add(source: content.Source) -> bool:
    """Make an empty page where the file says, unless it was made before or the place is taken."""
    if LoadedPage.objects.filter(source=source.name).exists():
        return False
    model = TYPES.get(source.fields["type"])
    if model is None:
        raise content.ContentError(f"{source.name}: there is no type {source.fields['type']}")
    page = model(title=source.fields["title"], kept_by=source.fields["kept_by"])
    if isinstance(page, HomePage):
        _add_home(page)
    else:
        parent_path, slug = source.path.rstrip("/").rsplit("/", 1)
        parent = pages_at(parent_path + "/").first()
        if parent is None or pages_at(source.path).exists():
            return False
        page.slug = slug
        parent.add_child(instance=page)
    LoadedPage.objects.create(source=source.name, page_id=page.pk, digest="")
    return True


def _add_home(home: HomePage) -> None:
    """Put the home page in the place of the one that Wagtail is installed with."""
    home.slug = HOME_SLUG
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


def _fill(source: content.Source, loaded: LoadedPage | None, *, new: bool) -> Outcome:
    if loaded is None:  # its place was taken, or its parent is gone
        return "changed by editors"
    if loaded.page is None:
        return "taken away by editors"
    page: DatedPage = loaded.page.specific
    if not new and (page.has_unpublished_changes or not page.live or digest(page) != loaded.digest):
        return "changed by editors"
    for name in PLAIN:
        if name in source.fields and hasattr(page, name):
            setattr(page, name, source.fields[name])
    page.seo_title = source.fields.get("seo_title", "")
    page.body = page.body.stream_block.to_python(content.stream(source.text, _link))
    page.sources = page.sources.stream_block.to_python(
        [
            {"type": "source", "value": {"address": "", **s}}
            for s in source.fields.get("sources", [])
        ]
    )
    if isinstance(page, HomePage):
        page.not_at_work = content.paragraph(source.fields.get("not_at_work", ""), _link)
    fresh = digest(page)
    if fresh == loaded.digest:
        return "unchanged"
    page.full_clean()
    page.save_revision().publish()
    loaded.digest = fresh
    loaded.save(update_fields=["digest"])
    return "added" if new else "updated"


def _link(address: str) -> str:
    """A page of this site by its number, so that the link follows it when it moves."""
    page = pages_at(address).first() if address.startswith("/") else None
    return f'linktype="page" id="{page.pk}"' if page else f'href="{escape(address)}"'


def digest(page: DatedPage) -> str:
    """SHA-256 (64 hex digits) of a page's words, whatever the numbers of its blocks."""
    own = [f for f in page._meta.local_fields if f.name != "page_ptr"]
    values: dict[str, Any] = {f.name: f.value_to_string(page) for f in own}
    for name in ("body", "sources"):
        values[name] = _plain(json.loads(values[name]))
    words = [type(page).__name__, page.title, page.slug, page.seo_title, values]
    return hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """A stream's stored value in one spelling: no numbers, list items as their values."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        kept = {key: _plain(item) for key, item in value.items() if key != "id"}
        return kept["value"] if kept.get("type") == "item" else kept
    return value
