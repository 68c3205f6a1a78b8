"""All that readers read of a page, line by line, to be compared with what it was."""

import html
from collections.abc import Iterator
from typing import Any

from django.utils.html import strip_tags

from guidance.blocks import sectors_title
from guidance.models import DatedPage, GlossaryPage


def lines(page: DatedPage) -> list[str]:
    """All that readers read of a page, one paragraph, item or cell to a line."""
    found = [page.title, page.summary, *_of(page.body)]
    if isinstance(page, GlossaryPage):
        found += [f"{one.value['term']}: {_plain(one.value['meaning'])}" for one in page.terms]
    found += [" ".join(filter(None, source.value.values())) for source in page.sources]
    return [line for line in (" ".join(line.split()) for line in found) if line]


def _of(body: Any) -> Iterator[str]:
    for block in body:
        kind, value = block.block_type, block.value
        if kind == "heading":
            yield f"{value['words']} {value['code']}"
        elif kind in {"paragraph", "callout"}:
            yield _plain(value)
        elif kind == "list":
            yield from map(_plain, value["items"])
        elif kind == "steps":
            yield from (f"{step['title']}. {_plain(step['text'])}" for step in value)
        elif kind == "questions":
            for one in value["entries"]:
                yield one["question"]
                yield _plain(one["answer"])
        elif kind == "duty":
            yield f"{value['who']} {value['force']} {_plain(value['what'])}"
        elif kind == "table":
            yield value["caption"]
            yield f"{value['left']}: {value['right']}"
            yield from (f"{_plain(row['left'])}: {_plain(row['right'])}" for row in value["rows"])
        elif kind == "number" and value["phone"]:
            yield f"{value['name']} {value['phone']} {value['note']}"
        elif kind == "download":
            yield f"{value['title']} {value.href} {value.about}"
        elif kind == "picture":
            shown = value["picture"]
            yield f"{shown.contextual_alt_text if shown else ''} {value['caption']}"
        elif kind == "sector":
            yield sectors_title(value["sectors"])
            yield from _of(value["body"])


def _plain(text: Any) -> str:
    return html.unescape(strip_tags(text.source))
