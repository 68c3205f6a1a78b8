"""Editions: what was published when, what changed and why, and what a page said on a day.

Every publication makes a new edition of the whole guidance; a load of many pages makes one.
"""

import datetime
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, cast

from django.apps import apps
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.models import Page

from clauses.models import Clause, Edition, new_edition
from guidance.models import DatedPage, PageEdition, address_of, end_of, pages_at
from guidance.readers import reading
from guidance.terms import ReadAgain

_open: ContextVar[list[Edition | None] | None] = ContextVar("edition", default=None)


@contextmanager
def as_one() -> Iterator[None]:
    """Let all that is published inside be one edition."""
    token = _open.set([None])
    try:
        yield
    finally:
        _open.reset(token)


def _edition() -> Edition:
    shared = _open.get()
    if shared is None:
        return new_edition()
    edition = shared[0] = shared[0] or new_edition()
    return edition


@transaction.atomic
def publish(pages: Iterable[DatedPage]) -> None:
    """Note that pages were published, with what each says about its change."""
    pages = list(pages)
    if not pages:
        return
    edition = _edition()
    known = set(
        PageEdition.objects.filter(page__in=[page.pk for page in pages])
        .order_by()
        .values_list("page", flat=True)
    )
    PageEdition.objects.bulk_create(_noted(page, edition, page.pk in known) for page in pages)
    _note_clauses(pages, edition)
    again = [page for page in pages if page.pk in known and page.read_again == ReadAgain.YES]
    if again:
        reading.ask_again(again, on=timezone.localdate())


def _noted(page: DatedPage, edition: Edition, known: bool) -> PageEdition:
    content = _content(page)
    shown = uses(content)
    return PageEdition(
        edition=edition,
        page_id=page.pk,
        address=address_of(page),
        title=page.title,
        model=page._meta.label_lower,
        content=content,
        what=(page.what_changed or _("Small changes.")) if known else _("New page."),
        why=page.why_changed if known else "",
        read_again=known and page.read_again == ReadAgain.YES,
        pictures=shown["picture"],
        downloads=shown["download"],
    )


def uses(content: dict[str, Any]) -> dict[str, list[int]]:
    """The numbers of the pictures, and of the files to download, that a stored page shows."""
    found: dict[str, set[int]] = {"picture": set(), "download": set()}
    _look(json.loads(content.get("body") or "[]"), found)
    return {kind: sorted(numbers) for kind, numbers in found.items()}


def _look(blocks: list[dict[str, Any]], found: dict[str, set[int]]) -> None:
    for block in blocks:
        kind, value = block["type"], block["value"]
        if kind == "sector":
            _look(value["body"], found)
        elif kind == "picture" and (shown := value.get("picture")) and shown.get("image"):
            found[kind].add(shown["image"])
        elif kind == "download" and value.get("file"):
            found[kind].add(value["file"])


def _content(page: DatedPage) -> dict[str, Any]:
    """The page as Wagtail stores it; where its revision is at hand, without asking again."""
    revision = page.latest_revision if Page.latest_revision.is_cached(page) else None
    content: dict[str, Any] = revision.content if revision else page.serializable_data()
    return content


@transaction.atomic
def take_away(page: DatedPage) -> None:
    """Note that a page can no longer be read."""
    PageEdition.objects.create(
        edition=_edition(),
        page_id=page.pk,
        address=address_of(page),
        title=page.title,
        model=page._meta.label_lower,
        what=_("Taken away."),
    )
    Clause.objects.filter(page=page.pk).update(is_current=False)


def _note_clauses(pages: list[DatedPage], edition: Edition) -> None:
    """Let the clauses follow what is published: three queries, or a few more for what changed."""
    stored = {clause.code: clause for clause in Clause.objects.all()}
    said = {code: (page, *part) for page in pages for code, part in page.parts().items()}
    new, changed = [], []
    for code, (page, title, digest) in said.items():
        clause = stored.get(code)
        if clause is None:
            new.append(
                Clause(code=code, title=title, page_id=page.pk, digest=digest, changed_in=edition)
            )
            continue
        was = (clause.title, clause.page_id, clause.digest, clause.is_current)
        if was != (title, page.pk, digest, True):
            if clause.digest != digest:
                clause.changed_in = edition
            clause.title, clause.page_id, clause.digest = title, page.pk, digest
            clause.is_current = True
            changed.append(clause)
    numbers = {page.pk for page in pages}
    for clause in stored.values():
        if clause.is_current and clause.page_id in numbers and clause.code not in said:
            clause.is_current = False
            changed.append(clause)
    Clause.objects.bulk_create(new)
    Clause.objects.bulk_update(changed, ["title", "page", "digest", "is_current", "changed_in"])


def catch_up() -> None:
    """Note the pages that were published before editions were kept: as they are now."""
    known = PageEdition.objects.exclude(page=None).values("page")
    missing = Page.objects.live().exclude(pk__in=known).specific()
    publish(page for page in missing if isinstance(page, DatedPage))


def of_page(address: str, page: int | None) -> QuerySet[PageEdition]:
    """The editions of the page that stands at an address, or stood there; newest first.

    Args:
        page: the number of the page that stands there now, if one does.
    """
    found = PageEdition.objects.filter(page=page) if page else PageEdition.objects.none()
    if not page or not found.exists():
        found = PageEdition.objects.filter(Q(address=address))
    return found.select_related("edition")


def on(day: datetime.date, address: str, page: int | None) -> PageEdition | None:
    """What was published at an address at the end of a day."""
    return of_page(address, page).filter(edition__published_at__lt=end_of(day)).first()


def as_it_was(one: PageEdition) -> DatedPage:
    """A page as it was published, to be shown and not to be saved."""
    model = cast(type[DatedPage], apps.get_model(one.model))
    content: dict[str, Any] = {**(one.content or {})}
    now = model.objects.filter(pk=content.get("pk")).first()
    page = model.from_serializable_data(content, check_fks=False, strict_fks=False)
    found = cast(DatedPage, page)
    if now is not None:  # where it stands in the tree is of today
        for name in ("path", "depth", "numchild", "url_path"):
            setattr(found, name, getattr(now, name))
    found.live = True
    return found


def live_page(address: str) -> Page | None:
    found: Page | None = pages_at(address).filter(live=True).first()
    return found
