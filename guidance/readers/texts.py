"""The words of pages as readers see them, in plain text."""

from collections.abc import Iterable
from itertools import chain
from typing import Any

from wagtail.models import Page

from guidance.models import DatedPage
from guidance.readers import search


def text_of(page: DatedPage) -> str:
    """First sentences, body and terms, one after the other; what only editors see is left out."""
    streams: list[Any] = [page.body, getattr(page, "terms", None)]
    said = chain.from_iterable(
        stream.stream_block.get_searchable_content(stream) for stream in streams if stream
    )
    return "\n".join(part.strip() for part in [page.summary, *map(str, said)] if part.strip())


def let_be_found(pages: Iterable[DatedPage]) -> None:
    """Let the search know published pages as they stand now."""
    search.keep((page, text_of(page)) for page in pages)


def refresh(page: Page) -> None:
    """Let the search know a page as it stands now, or forget it."""
    own = page.specific
    if own.live and isinstance(own, DatedPage):
        search.keep([(own, text_of(own))], language=own.locale.language_code)
    else:
        search.forget(page)
