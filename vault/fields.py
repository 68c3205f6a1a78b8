"""Columns that are readable in Python and sealed in PostgreSQL.

What is stored: one byte of format version, twelve of nonce, then AES-256-GCM ciphertext and
tag. Associated data is ``table|column|row id|version``, so a value that is moved does not open.
Empty has one spelling, no bytes at all: that a field is empty is not a secret.

A value is opened when it is first read. One that nobody changed goes back to the database as it
came, so a row can be saved without opening it.
"""

from __future__ import annotations

import json
import os
from typing import Any, Generic, NoReturn, TypeVar

from cryptography.exceptions import InvalidTag
from django import forms
from django.core import checks
from django.core.exceptions import FieldError
from django.core.serializers.json import DjangoJSONEncoder
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.query_utils import DeferredAttribute
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vault.keys import NONCE_BYTES, SealBroken, data_key
from vault.models import SealedModel, carrying

VERSION = 1
_HEAD = bytes([VERSION])
_UNREAD = object()

Set = TypeVar("Set")
Get = TypeVar("Get")


class Sealed:
    """Ciphertext as it stands in the database; ``None`` is SQL's NULL."""

    __slots__ = ("opened", "raw")

    def __init__(self, raw: bytes | None) -> None:
        self.raw = raw
        self.opened: Any = _UNREAD

    def __repr__(self) -> str:
        return "<sealed>"

    def __str__(self) -> str:
        # values() and values_list() give these: a page that prints one shows a mistake of ours.
        raise TypeError("A sealed value is read through its row, not by values().")


class SealedAttribute(DeferredAttribute):
    """Opens a sealed value when it is read; what is assigned is plain until it is saved."""

    field: SealedField[Any, Any]

    def __get__(self, instance: models.Model | None, cls: Any = None) -> Any:
        value = super().__get__(instance, cls)
        if instance is None or not isinstance(value, Sealed) or carrying.get():
            return value
        return self.field.open_for(instance, value)

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class SealedField(models.Field[Set, Get], Generic[Set, Get]):
    """What the sealed fields have in common."""

    descriptor_class = SealedAttribute
    mutable = False  # a value that can change in place is sealed anew at each save

    def to_bytes(self, value: Any) -> bytes:
        """The plain value as bytes, ``b""`` only if it is empty."""
        raise NotImplementedError

    def from_bytes(self, plain: bytes) -> Any:
        """The value of bytes that are not empty."""
        raise NotImplementedError

    def empty(self) -> Any:
        """The value of no bytes."""
        raise NotImplementedError

    # --- Sealing and opening ------------------------------------------------------------------
    def seal_for(self, row: SealedModel, value: Any) -> Sealed:
        """Seal ``value`` for this column of ``row``.

        Raises:
            KeyUnavailable: the master key is missing or another one; nothing was written.
            SealBroken: the row's case has no key.
        """
        if value is None and self.null:
            return Sealed(None)
        if hasattr(value, "resolve_expression"):
            raise FieldError(f"{self} is sealed in Python: it takes values, not expressions.")
        plain = self.to_bytes(value)
        if not plain:
            return Sealed(b"")
        nonce = os.urandom(NONCE_BYTES)
        ciphertext = data_key(row.case_id).encrypt(nonce, plain, self._bound_to(row.pk))
        return Sealed(_HEAD + nonce + ciphertext)

    def open_for(self, row: models.Model, sealed: Sealed) -> Any:
        """Open what stands in this column of ``row``, once.

        Raises:
            KeyUnavailable: the master key is missing or another one.
            SealBroken: the value was moved or altered, or the case's key is destroyed.
        """
        if sealed.opened is not _UNREAD:
            return sealed.opened
        if sealed.raw is None:
            value = None
        elif not sealed.raw:
            value = self.empty()
        else:
            value = self.from_bytes(self._decrypted(row, sealed.raw))
        if self.mutable:
            row.__dict__[self.attname] = value
        else:
            sealed.opened = value
        return value

    def _decrypted(self, row: models.Model, raw: bytes) -> bytes:
        if not isinstance(row, SealedModel):  # the check below has said so already
            raise SealBroken("Only a SealedModel can open sealed columns.")
        if raw[:1] != _HEAD:
            raise SealBroken(f"{self} holds a format this version does not know.")
        nonce, ciphertext = raw[1 : 1 + NONCE_BYTES], raw[1 + NONCE_BYTES :]
        key = data_key(row.case_id)
        try:
            return key.decrypt(
                nonce, ciphertext, self._bound_to(row.__dict__.get("_sealed_as", row.pk))
            )
        except (InvalidTag, ValueError):
            raise SealBroken(f"{self} was altered, or moved here from another place.") from None

    def _bound_to(self, row_id: Any) -> bytes:
        return f"{self.model._meta.db_table}|{self.column}|{row_id}|{VERSION}".encode()

    # --- Between Python and the database ------------------------------------------------------
    def get_internal_type(self) -> str:
        return "BinaryField"

    def from_db_value(
        self, value: Any, expression: Any, connection: BaseDatabaseWrapper
    ) -> Sealed | None:
        return None if value is None else Sealed(bytes(value))

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        row = model_instance
        assert isinstance(row, SealedModel)  # noqa: S101 - see check()
        value = row.__dict__.get(self.attname, _UNREAD)
        if value is _UNREAD:
            value = getattr(row, self.attname)
        if isinstance(value, Sealed):
            if row.__dict__.get("_sealed_as") == row.pk:
                return value
            # A copy under a new id: the seal names the old one.
            value = row.__dict__[self.attname] = self.open_for(row, value)
        return self.seal_for(row, value)

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        return self.get_db_prep_value(value, connection)

    def get_db_prep_value(
        self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False
    ) -> Any:
        # update(), bulk_update() and fixtures come here without pre_save(), so with plain text or
        # an expression. They may clear a column (a migration's default does), nothing else.
        if value is None and self.null:
            return None
        if hasattr(value, "resolve_expression"):
            raise FieldError(f"{self} is sealed in Python: it takes values, not expressions.")
        if isinstance(value, Sealed):
            return value.raw
        if value in (b"", self.empty()):
            return b""
        raise FieldError(f"{self} is sealed: save() the row, update() cannot seal.")

    def get_lookup(self, lookup_name: str) -> NoReturn:
        raise FieldError(f"{self} is sealed and cannot be searched: keep a digest beside it.")

    def get_transform(self, lookup_name: str) -> NoReturn:
        raise FieldError(f"{self} is sealed and cannot be searched: keep a digest beside it.")

    def value_to_string(self, obj: models.Model) -> NoReturn:
        raise FieldError(f"{self} is sealed: it is not written to fixtures.")

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        errors = super().check(**kwargs)
        if not issubclass(self.model, SealedModel):
            errors.append(
                checks.Error(
                    "Sealed fields stand in a SealedModel only.", obj=self, id="vault.E001"
                )
            )
        if self.unique or getattr(self, "db_index", False):
            errors.append(
                checks.Error(
                    "A sealed field cannot be unique or indexed: keep a digest beside it.",
                    obj=self,
                    id="vault.E002",
                )
            )
        return errors


class SealedTextField(SealedField[str, str]):
    """Words of a case. ``max_length`` counts characters of the plain text, when it is cleaned."""

    description = _("Sealed text")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.max_length is not None:
            self.validators.append(MaxLengthValidator(self.max_length))

    def to_python(self, value: Any) -> Any:
        return value if value is None or isinstance(value, str) else str(value)

    def to_bytes(self, value: Any) -> bytes:
        if isinstance(value, Promise):
            value = str(value)
        if not isinstance(value, str):
            raise TypeError(f"{self} takes text, not {type(value).__name__}.")
        # A lone surrogate (half an emoji from a script) must not lose the rest of the page.
        return value.encode("utf-8", "replace")

    def from_bytes(self, plain: bytes) -> str:
        return plain.decode()

    def empty(self) -> str:
        return ""

    def formfield(self, **kwargs: Any) -> Any:
        extra: dict[str, Any] = {"max_length": self.max_length}
        if self.choices is None:
            extra["widget"] = forms.Textarea
        return super().formfield(**{**extra, **kwargs})


class SealedJSONField(SealedField[Any, Any]):
    """A list or dictionary, sealed. An untouched default is stored as nothing."""

    description = _("Sealed list or dictionary")
    empty_strings_allowed = False
    mutable = True

    def to_bytes(self, value: Any) -> bytes:
        if value == self.empty() and type(value) is type(self.empty()):
            return b""
        return json.dumps(
            value, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":")
        ).encode("utf-8", "replace")

    def from_bytes(self, plain: bytes) -> Any:
        return json.loads(plain)

    def empty(self) -> Any:
        # Only list and dict are "nothing yet"; another default would change meaning when it does.
        return self.default() if self.default in (list, dict) else None

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": forms.JSONField, **kwargs})


class SealedBinaryField(SealedField[bytes, bytes]):
    """A small file, or a part of one. Not in forms."""

    description = _("Sealed bytes")
    empty_values = [None, b""]

    def get_default(self) -> Any:
        return super().get_default() or (None if self.null else b"")

    def to_bytes(self, value: Any) -> bytes:
        if not isinstance(value, bytes | bytearray | memoryview):
            raise TypeError(f"{self} takes bytes, not {type(value).__name__}.")
        return bytes(value)

    def from_bytes(self, plain: bytes) -> bytes:
        return plain

    def empty(self) -> bytes:
        return b""

    def formfield(self, **kwargs: Any) -> None:
        return None
