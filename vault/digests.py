"""Keyed digests: exact search over what is sealed, column by column."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from functools import lru_cache

from vault import keys

# Letters that Unicode does not take apart, as they are typed on a keyboard without them.
_PLAIN = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ħ": "h"}
)


def digest(column: str, *parts: str) -> bytes:
    """A digest by which equal words can be found and nothing else learnt.

    Args:
        column: where the digest is stored, such as ``referrals.name_and_birth``; digests of the
            same words in two columns differ.
        parts: the words; case, accents, punctuation and spacing do not count.
    Returns:
        32 bytes, HMAC-SHA256.
    Raises:
        KeyUnavailable: the master key is missing.
    """
    said = [normal(part).encode() for part in parts]
    # Lengths first, so that ("ab", "c") and ("a", "bc") differ.
    message = b"".join(len(part).to_bytes(4, "big") + part for part in said)
    return hmac.new(_column_key(keys.master(), column), message, hashlib.sha256).digest()


def normal(words: str) -> str:
    """``words`` as they are compared: "  O’Brien-Żółć " and "obrien zolc" are the same."""
    text = unicodedata.normalize("NFKC", words).casefold().translate(_PLAIN)
    kept = []
    for sign in unicodedata.normalize("NFKD", text):
        category = unicodedata.category(sign)
        if category == "Pd" or sign.isspace():  # a hyphen parts words, an apostrophe does not
            kept.append(" ")
        elif category[0] not in "MPSC":
            kept.append(sign)
    return " ".join("".join(kept).split())


@lru_cache(maxsize=64)
def _column_key(master: keys.Master, column: str) -> bytes:
    return keys.derive(master.digesting, f"digest|{column}")
