"""Sealing many rows without loading them: what ``SealedField`` does, cell by cell.

For rows that are written by COPY. What is sealed here opens through the model like any other row;
a test holds the two against each other.
"""

import os
from dataclasses import dataclass, field
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vault import keys
from vault.fields import VERSION, SealedField

_HEAD = bytes([VERSION])


@dataclass(frozen=True)
class CaseKey:
    """The key of a new case, opened and wrapped.

    Attributes:
        wrapped: as ``DataKey.wrapped`` holds it.
        master: the fingerprint of the master key that wrapped it.
    """

    wrapped: bytes
    master: str
    opened: AESGCM = field(repr=False)


def new_key(case_id: UUID) -> CaseKey:
    """Make the key of a new case; its row is the caller's to write.

    Raises:
        KeyUnavailable: the master key is missing.
    """
    with_key = keys.master()
    secret = os.urandom(keys.KEY_BYTES)
    return CaseKey(keys.wrap(with_key, case_id, secret), with_key.fingerprint, AESGCM(secret))


def column_of(column: SealedField[object, object]) -> bytes:
    """What a seal in this column is bound to, before the row's id."""
    return f"{column.model._meta.db_table}|{column.column}|".encode()


def seal(key: CaseKey, column: bytes, row_id: str, plain: bytes) -> bytes:
    """Seal the plain bytes of one cell; empty stays empty.

    Args:
        column: from ``column_of``.
        row_id: the row's UUID as ``str`` writes it.
    """
    if not plain:
        return b""
    nonce = os.urandom(keys.NONCE_BYTES)
    bound = b"%s%s|%d" % (column, row_id.encode(), VERSION)
    return _HEAD + nonce + key.opened.encrypt(nonce, plain, bound)
