"""Keys of cases, and the base of every table with sealed columns."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from contextvars import ContextVar
from typing import Any, Self
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

# True while a row is being re-read: ciphertext is carried over, nobody looks at it.
carrying: ContextVar[bool] = ContextVar("carrying", default=False)


class MasterKey(models.Model):
    """The fingerprint of the master key that this database is sealed with; never the key."""

    fingerprint = models.CharField(_("fingerprint"), max_length=16, unique=True)
    made_at = models.DateTimeField(_("made at"), auto_now_add=True)

    def __str__(self) -> str:
        return self.fingerprint


class DataKey(models.Model):
    """The key of one case, wrapped by the master key. Without this row the case is unreadable."""

    id = models.UUIDField(primary_key=True, editable=False)  # the case's own id
    wrapped = models.BinaryField(_("wrapped key"))
    master = models.CharField(_("master key"), max_length=16)  # MasterKey.fingerprint
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    def __str__(self) -> str:
        return str(self.id)


class SealedModel(models.Model):
    """A row some of whose columns are sealed with the key of its case.

    The application chooses the row's id, because the seal binds it. A row never changes its
    case; a copy under a new id is sealed anew when it is saved.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)

    class Meta:
        abstract = True

    @property
    def case_id(self) -> UUID:
        """The case whose key seals this row. Each table says which."""
        raise NotImplementedError(f"{type(self).__name__} does not say which case it is of")

    @classmethod
    def from_db(
        cls, db: str | None, field_names: Collection[str], values: Collection[Any], **later: Any
    ) -> Self:
        row = super().from_db(db, field_names, values, **later)
        row.__dict__["_sealed_as"] = row.pk
        return row

    def refresh_from_db(
        self,
        using: str | None = None,
        fields: Iterable[str] | None = None,
        from_queryset: models.QuerySet[Self] | None = None,
    ) -> None:
        token = carrying.set(True)
        try:
            super().refresh_from_db(using=using, fields=fields, from_queryset=from_queryset)
        finally:
            carrying.reset(token)
        self.__dict__["_sealed_as"] = self.pk
