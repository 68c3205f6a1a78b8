"""Finding a page by words: PostgreSQL's full text search over what is published.

A word finds every page that has it, or a longer word that begins with it, in any of its forms.
Words that the glossary gives as meaning the same find each other. A word that no page knows is
taken for the nearest one that some page has, and the reader is told so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from html import escape
from typing import Any

from django.conf import settings
from django.contrib.postgres.search import (
    SearchHeadline,
    SearchQuery,
    SearchRank,
    TrigramSimilarity,
)
from django.core.paginator import Page as PaginatorPage
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import F
from django.utils.safestring import SafeString
from wagtail.models import Page

from guidance import languages
from guidance.readers.models import KnownWord, SearchedPage, endings

ON_A_PAGE = 10
MOST_WORDS = 12
LONGEST = 200  # signs of a question
NEAR = 0.35  # share of three-letter pieces that two spellings have in common
BEGIN, END = "\x02", "\x03"  # around a found word; no text holds them

WORD = re.compile(r"[^\W_]+")
SPACES = re.compile(r"\s+")

Synonyms = Sequence[Sequence[str]]
"""Groups of words or phrases that mean the same."""


@dataclass(frozen=True)
class Result:
    """One page found: its address, its title and an excerpt with the found words marked."""

    title: str
    address: str
    excerpt: SafeString


@dataclass(frozen=True)
class Found:
    """The answer to a question."""

    asked: str
    results: list[Result] = field(default_factory=list)
    page: PaginatorPage[Any] | None = None
    total: int = 0
    instead: str = ""  # the spelling that was searched for, where the one asked for is unknown
    any_word: bool = False  # no page has all the words; these have some


# --- Asking ---------------------------------------------------------------------------------------
def find(
    asked: str,
    *,
    number: int = 1,
    synonyms: Synonyms = (),
    language: str = settings.LANGUAGE_CODE,
) -> Found:
    """Pages that answer a question, the best first.

    Args:
        asked: what was typed; of long questions the first 200 signs count.
        number: which ten of the results; a number too high gives the last.
        synonyms: groups of words that mean the same.
        language: of the pages; spellings are known in the first language only.
    """
    asked = SPACES.sub(" ", asked.replace("\x00", "")).strip()[:LONGEST]
    typed = WORD.findall(asked.lower())
    words = ([word for word in typed if len(word) > 1] or typed)[:MOST_WORDS]
    if not words:
        return Found(asked)
    search = partial(_search, asked, number=number, synonyms=synonyms, language=language)
    found = search(words)
    if found.total:
        return found
    english = language == settings.LANGUAGE_CODE
    spelt = [_nearest(word) or word for word in words] if english else words
    if spelt != words:
        found = search(spelt, instead=" ".join(spelt))
        if found.total:
            return found
    if len(words) > 1:
        return search(spelt, any_word=True)
    return Found(asked)


def _search(
    asked: str,
    words: list[str],
    *,
    number: int,
    synonyms: Synonyms,
    language: str,
    instead: str = "",
    any_word: bool = False,
) -> Found:
    rules = endings(language)
    query = SearchQuery(
        written(words, synonyms, any_word=any_word), config=rules, search_type="raw"
    )
    pages = (
        SearchedPage.objects.filter(words=query, language=language)
        .annotate(rank=SearchRank(F("words"), query, normalization=1))
        .order_by("-rank", "title", "pk")
    )
    page = Paginator(pages, ON_A_PAGE).get_page(number)
    total = page.paginator.count
    results = _results([each.pk for each in page.object_list], query, rules) if total else []
    return Found(asked, results, page, total, instead, any_word)


def _results(keys: list[int], query: SearchQuery, rules: str) -> list[Result]:
    """The pages with excerpts: marking words reads whole texts, so only these few are marked."""
    rows = (
        SearchedPage.objects.filter(pk__in=keys)
        .select_related("page")
        .annotate(
            excerpt=SearchHeadline(
                "text",
                query,
                config=rules,
                start_sel=BEGIN,
                stop_sel=END,
                max_words=28,
                min_words=12,
                max_fragments=2,
                fragment_delimiter=" … ",
            )
        )
    )
    by_key = {row.pk: row for row in rows}
    return [
        Result(row.title, _address(row.page), marked(row.excerpt))
        for row in (by_key[key] for key in keys if key in by_key)
    ]


def _address(page: Page) -> str:
    _empty, root, *rest = page.url_path.split("/")
    return languages.prefix(root) + "/" + "/".join(rest)


def marked(excerpt: str) -> SafeString:
    """An excerpt as HTML: everything harmless, found words in ``<mark>``."""
    safe = escape(excerpt).replace(BEGIN, "<mark>").replace(END, "</mark>")
    return SafeString(safe)


def written(words: list[str], synonyms: Synonyms = (), *, any_word: bool = False) -> str:
    """The question as PostgreSQL reads it.

    >>> written(["channel", "panel"])
    "'channel':* & 'panel':*"
    >>> written(["front", "door"], [["front door", "mash"]])
    "(('front':* <-> 'door':*) | ('mash':*))"
    """
    phrases = [[WORD.findall(each.lower()) for each in group] for group in synonyms]
    parts, at = [], 0
    while at < len(words):
        group, length = _group_at(words, at, phrases)
        if group:
            forms = " | ".join(f"({_phrase(form)})" for form in group if form)
            parts.append(f"({forms})")
        else:
            length = 1
            parts.append(_phrase([words[at]]))
        at += length
    return (" | " if any_word else " & ").join(parts)


def _group_at(
    words: list[str], at: int, phrases: list[list[list[str]]]
) -> tuple[list[list[str]], int]:
    """The group whose longest form stands at this place, and how many words that form has."""
    best: list[list[str]] = []
    length = 0
    for group in phrases:
        for form in group:
            if len(form) > length and words[at : at + len(form)] == form:
                best, length = group, len(form)
    return best, length


def _phrase(words: list[str]) -> str:
    return " <-> ".join(f"'{word}':*" for word in words)


def _nearest(word: str) -> str:
    """The known word spelt most like this one; empty if the word is known or none is near."""
    if len(word) < 4 or word.isdigit() or KnownWord.objects.filter(word__startswith=word).exists():
        return ""
    near = (
        KnownWord.objects.filter(word__trigram_similar=word)
        .annotate(likeness=TrigramSimilarity("word", word))
        .filter(likeness__gte=NEAR)
        .order_by("-likeness", "word")
        .values_list("word", flat=True)
    )
    return near.first() or ""


# --- Keeping --------------------------------------------------------------------------------------
def keep(found: Iterable[tuple[Page, str]], *, language: str = settings.LANGUAGE_CODE) -> None:
    """Let pages of a language be found by their titles and these words from now on."""
    rows = [
        SearchedPage(page_id=page.pk, title=page.title, text=text, language=language)
        for page, text in found
    ]
    SearchedPage.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["page"],
        update_fields=["title", "text", "language"],
    )
    if language == settings.LANGUAGE_CODE:
        learn(part for row in rows for part in (row.title, row.text))


def forget(page: Page) -> None:
    SearchedPage.objects.filter(page_id=page.pk).delete()


def learn(texts: Iterable[str]) -> None:
    """Remember the spelling of every word; forgetting waits for ``learn_afresh``."""
    words = {word for text in texts for word in WORD.findall(text.lower()) if 3 < len(word) <= 60}
    KnownWord.objects.bulk_create(
        [KnownWord(word=word) for word in sorted(words)], ignore_conflicts=True
    )


@transaction.atomic
def learn_afresh() -> None:
    """Know the words of the pages that are there, and no others."""
    KnownWord.objects.all().delete()
    english = SearchedPage.objects.filter(language=settings.LANGUAGE_CODE)
    for row in english.iterator(chunk_size=200):
        learn([row.title, row.text])
