"""Turning what editors wrote into the portal's own markup."""

import re

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from wagtail.rich_text import RichText, expand_db_html

from guidance import content, languages
from guidance.models import address_of

register = template.Library()
register.filter("anchor", content.anchor)
register.filter("term_anchor", content.term_anchor)
register.filter("address", address_of)

PARAGRAPH = re.compile(r"<p(?: data-block-key=\"\w+\")?>")
ONE_PARAGRAPH = re.compile(r"^\s*<p[^>]*>(?P<words>.*?)</p>\s*$", re.DOTALL)


@register.filter
def inline(text: RichText) -> SafeString:
    """Rich text without its paragraph, where it stands inside a list, a cell or a sentence."""
    only = ONE_PARAGRAPH.match(text.source)
    return SafeString(only["words"] if only and "<p" not in only["words"] else text.source)


@register.filter
def words(rendered: str) -> SafeString:
    """A rendered text with its links to pages expanded (one query) and our classes on it."""
    html = PARAGRAPH.sub('<p class="govuk-body">', expand_db_html(rendered))
    return SafeString(html.replace("<a href=", '<a class="govuk-link" href='))


@register.filter
def as_written(said: str) -> str:
    """Words that are kept in the first language only, marked as such on a page of another."""
    code = get_language()
    if not said or code == settings.LANGUAGE_CODE:
        return said
    return format_html('<span lang="{}">{}</span>', languages.tag(settings.LANGUAGE_CODE), said)


@register.filter
def tel(number: str) -> str:
    """A telephone number as a link dials it: digits, and a plus at the front."""
    return "tel:" + re.sub(r"[^\d+]", "", number)


@register.filter
def at(table: dict[str, object], key: str) -> object:
    """What a table holds under a key; nothing when it has none."""
    return (table or {}).get(key)
