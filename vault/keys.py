"""One master key outside the database, one data key for each case wrapped by it.

The master key is 32 bytes, base64, from ``VAULT_KEY`` or the file named by ``VAULT_KEY_FILE``. It
is never used itself: HKDF-SHA256 derives from it the wrapping key, a key for each column's
digests, and the fingerprint by which a database knows its master key again.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import connection, transaction

from vault.models import DataKey, MasterKey

KEY_BYTES = 32
NONCE_BYTES = 12
OPEN_KEYS = 2048  # unwrapped keys held by one thread, at most
_VERIFY_LOCK = int.from_bytes(hashlib.sha256(b"vault.verify").digest()[:8], "big", signed=True)


class VaultError(Exception):
    """Sealed content cannot be read or written. No message of these holds content or a key."""


class KeyUnavailable(VaultError):  # noqa: N818 - a state of the portal, as people say it
    """The master key is missing, unreadable, or not the one this database is sealed with."""


class SealBroken(VaultError):  # noqa: N818
    """Ciphertext does not belong where it stands, was altered, or its case's key is destroyed."""


@dataclass(frozen=True)
class Master:
    """What is derived from the master key.

    Attributes:
        fingerprint: 16 hexadecimal digits; tells master keys apart, gives nothing away.
    """

    fingerprint: str
    wrapping: AESGCM = field(repr=False)
    digesting: bytes = field(repr=False)


def derive(secret: bytes, info: str, length: int = KEY_BYTES) -> bytes:
    """A subkey of ``length`` bytes for one purpose (HKDF-SHA256, RFC 5869)."""
    return HKDF(SHA256(), length, salt=None, info=b"prevent-portal|" + info.encode()).derive(secret)


def master() -> Master:
    """The configured master key.

    Raises:
        KeyUnavailable: none is configured, its file cannot be read, or it is not 32 bytes.
    """
    return _master(settings.VAULT_KEY, str(settings.VAULT_KEY_FILE or ""))


def verify() -> None:
    """Compare the configured master key with the one this database is sealed with.

    The first call on an empty database writes the fingerprint down; two processes that start
    together agree on one.

    Raises:
        KeyUnavailable: the key is missing, unreadable, or another one.
    """
    mine = master().fingerprint
    known = set(MasterKey.objects.values_list("fingerprint", flat=True))
    if not known:
        known = _write_down(mine)
    if mine not in known:
        raise KeyUnavailable(
            f"The master key {mine} is not the one of this database ({', '.join(sorted(known))})."
        )


def new_case(case_id: UUID) -> None:
    """Make the key of a new case; call it before the first sealed row of the case is saved."""
    new_cases([case_id])


def new_cases(case_ids: Iterable[UUID]) -> None:
    """Make the keys of many new cases in one statement.

    Raises:
        IntegrityError: one of them has a key already.
        KeyUnavailable: the master key is missing.
    """
    with_key = master()
    DataKey.objects.bulk_create(
        DataKey(
            id=case_id,
            wrapped=wrap(with_key, case_id, os.urandom(KEY_BYTES)),
            master=with_key.fingerprint,
        )
        for case_id in case_ids
    )


def load(case_ids: Iterable[UUID]) -> None:
    """Open the keys of many cases in one query; a page with a list calls this first."""
    held = _held()
    missing = {case_id for case_id in case_ids if case_id not in held}
    if not missing:
        return
    with_key, read = master(), _read()
    rows = [read.pop(case_id) for case_id in missing if case_id in read]
    if others := missing - {row.pk for row in rows}:
        rows += DataKey.objects.filter(pk__in=others)
    for row in rows:
        held[row.pk] = _unwrap(with_key, row)
        if len(held) > OPEN_KEYS:
            held.popitem(last=False)


def hold(row: DataKey) -> None:
    """Take a key that was read together with its case; it is opened when it is first wanted."""
    _read()[row.pk] = row


def data_key(case_id: UUID) -> AESGCM:
    """The key of one case, opened.

    Raises:
        SealBroken: the case has no key, or it was destroyed.
        KeyUnavailable: the master key is missing or not the one that wrapped it.
    """
    held = _held()
    if case_id not in held:
        load([case_id])
    try:
        held.move_to_end(case_id)
        return held[case_id]
    except KeyError:
        raise SealBroken("This case has no key: it was never made, or it was destroyed.") from None


def destroy(case_id: UUID) -> None:
    """Destroy the key of a case. What it sealed, here and in every copy, is gone for good."""
    DataKey.objects.filter(pk=case_id).delete()
    _held().pop(case_id, None)
    _read().pop(case_id, None)


def forget(**_kwargs: Any) -> None:
    """Drop every key of this thread, opened or not (a receiver of the request signals)."""
    _held().clear()
    _read().clear()


# --- Inside -----------------------------------------------------------------------------------
_local = threading.local()


def _held() -> OrderedDict[UUID, AESGCM]:
    try:
        held: OrderedDict[UUID, AESGCM] = _local.held
    except AttributeError:
        held = _local.held = OrderedDict()
    return held


def _read() -> dict[UUID, DataKey]:
    """Keys that nobody has wanted yet: as many as a request reads cases."""
    try:
        read: dict[UUID, DataKey] = _local.read
    except AttributeError:
        read = _local.read = {}
    return read


@lru_cache(maxsize=8)
def _master(text: str, path: str) -> Master:
    if not text and path:
        try:
            text = Path(path).read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise KeyUnavailable(
                f"The file named by VAULT_KEY_FILE cannot be read ({type(error).__name__})."
            ) from error
    if not text.strip():
        raise KeyUnavailable("No master key: set VAULT_KEY or VAULT_KEY_FILE.")
    try:
        secret = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        raise KeyUnavailable("The master key is not base64.") from None
    if len(secret) != KEY_BYTES:
        raise KeyUnavailable(f"The master key has {len(secret)} bytes; it needs {KEY_BYTES}.")
    return Master(
        fingerprint=derive(secret, "fingerprint", 8).hex(),
        wrapping=AESGCM(derive(secret, "wrapping")),
        digesting=derive(secret, "digests"),
    )


def _write_down(mine: str) -> set[str]:
    """Record the fingerprint of a database's first master key, once."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_VERIFY_LOCK])
        # Keys of cases without a fingerprint: somebody emptied the table. Their word counts.
        known = set(MasterKey.objects.values_list("fingerprint", flat=True)) or set(
            DataKey.objects.order_by("master").values_list("master", flat=True).distinct()
        )
        if not known:
            MasterKey.objects.create(fingerprint=mine)
            known = {mine}
    return known


def wrap(with_key: Master, case_id: UUID, secret: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + with_key.wrapping.encrypt(nonce, secret, case_id.bytes)


def _unwrap(with_key: Master, row: DataKey) -> AESGCM:
    if row.master != with_key.fingerprint:
        raise KeyUnavailable(
            f"This case is sealed under master key {row.master}; {with_key.fingerprint} is in use."
        )
    wrapped = bytes(row.wrapped)
    try:
        return AESGCM(
            with_key.wrapping.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], row.pk.bytes)
        )
    except (InvalidTag, ValueError):
        raise SealBroken("The key of this case was altered or belongs to another.") from None
