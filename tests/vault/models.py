"""Two sealed tables of the tests' own; no migration makes them."""

from typing import ClassVar
from uuid import UUID

from django.db import models
from django.db.models import Q

from vault.fields import SealedBinaryField, SealedJSONField, SealedTextField
from vault.models import SealedModel


class Dossier(SealedModel):
    """A case: it seals under its own id."""

    name = SealedTextField(blank=True, max_length=60)
    story = SealedTextField(blank=True)
    features = SealedJSONField(default=list, blank=True)
    extra = SealedJSONField(null=True, blank=True)
    scan = SealedBinaryField(blank=True)
    status = models.CharField(max_length=20, blank=True)

    objects: ClassVar[models.Manager["Dossier"]] = models.Manager()

    class Meta:
        app_label = "vault_tests"
        constraints = [models.CheckConstraint(name="known_status", condition=~Q(status="lost"))]

    @property
    def case_id(self) -> UUID:
        return self.id


class Remark(SealedModel):
    """A row of a case."""

    dossier = models.ForeignKey(Dossier, on_delete=models.CASCADE, related_name="remarks")
    words = SealedTextField()

    objects: ClassVar[models.Manager["Remark"]] = models.Manager()

    class Meta:
        app_label = "vault_tests"

    @property
    def case_id(self) -> UUID:
        return self.dossier_id  # type: ignore[attr-defined, no-any-return]
