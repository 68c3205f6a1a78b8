"""Typed words made safe to store and to show, once, at the door."""

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# Embeddings, overrides and isolates: they can make a sentence read in another order than typed.
BIDI_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")
LINE_BREAKS = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
CONTROLS = re.compile("[\x01-\x08\x0e-\x1f\x7f-\x9f\ufeff]")
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def clean(value: str, *, lines: bool = False) -> str:
    """Normalise to NFC and drop what nobody typed on purpose.

    Args:
        value: as it came from the browser.
        lines: whether line breaks are kept (as ``\\n``) or become spaces.
    Raises:
        ValidationError: it holds a NUL or half of a surrogate pair, which cannot be stored.
    """
    if UNSTORABLE.search(value):
        raise ValidationError(
            _("Take out the character that shows as a box or a question mark, or type it again"),
            code="unstorable",
        )
    value = LINE_BREAKS.sub("\n", value)
    value = CONTROLS.sub("", BIDI_CONTROLS.sub("", value))
    value = unicodedata.normalize("NFC", value)
    if lines:
        return value.strip()
    return " ".join(value.split())


def showable(value: str) -> str:
    """The same words with what cannot be written to a page replaced, for drawing a form again."""
    return UNSTORABLE.sub("\ufffd", value)


def sentence_start(words: str) -> str:
    """First letter large, the rest as it is."""
    return words[:1].upper() + words[1:]
