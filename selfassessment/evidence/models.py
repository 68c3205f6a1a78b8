"""What is stored of evidence. It belongs to the agency and lives on from year to year."""

from datetime import date
from typing import Any
from uuid import UUID

from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from agencies.models import Agency
from files.terms import FileKind, FileState
from selfassessment.evidence import terms
from selfassessment.terms import EvidenceKind
from vault.fields import SealedBinaryField, SealedTextField
from vault.models import SealedModel


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    def of_agency(self, agency: Agency | int) -> "EvidenceQuerySet":
        """What the agency holds now, the newest first."""
        return self.filter(agency=agency, ended_at__isnull=True).order_by("-created_at")


class Evidence(SealedModel):
    """One piece of evidence: who answers for it, of which day it is, and until when it holds."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="evidence")
    title = models.CharField(_("title"), max_length=120)
    kind = models.CharField(_("kind"), max_length=11, choices=EvidenceKind)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    dated_on = models.DateField(_("date"))
    effective_on = models.DateField(_("in force from"), null=True, blank=True)
    expires_on = models.DateField(_("expires"), null=True, blank=True)  # the last day it holds
    note = models.TextField(_("note"), max_length=2000, blank=True)
    address = models.CharField(
        _("address"), max_length=500, blank=True, validators=[URLValidator(schemes=["https"])]
    )
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)  # taken away; past forms keep it

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("piece of evidence")
        verbose_name_plural = _("evidence")
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["agency", "-created_at"], name="evidence_of_agency")]
        constraints = [
            models.CheckConstraint(
                name="evidence_kind_is_known", condition=Q(kind__in=EvidenceKind.values)
            ),
            models.CheckConstraint(
                name="evidence_a_link_has_an_address",
                condition=Q(kind=EvidenceKind.LINK, address__startswith="https://")
                | ~Q(kind=EvidenceKind.LINK) & Q(address=""),
            ),
            models.CheckConstraint(
                name="evidence_expires_after_it_began",
                condition=Q(expires_on__isnull=True)
                | Q(effective_on__isnull=True)
                | Q(expires_on__gte=models.F("effective_on")),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def case_id(self) -> UUID:
        return self.pk

    def is_expired(self, today: date) -> bool:
        return self.expires_on is not None and self.expires_on < today

    def is_old(self, today: date) -> bool:
        """Older than 18 months: it carries "Developing" at best (section 3)."""
        return self.dated_on < terms.months_before(today)


class EvidenceVersion(SealedModel):
    """One file of a piece of evidence, written anew without hidden data, and sealed.

    A newer one stands beside it; none is ever changed. Of one with a virus only the fact is left.
    """

    evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=FileKind)
    name = SealedTextField()
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    content = SealedBinaryField()
    # What stands beside the standard: a small picture, or the first words.
    picture = SealedBinaryField(blank=True, default=b"")
    first_words = SealedTextField(blank=True, default="")
    has_picture = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=FileState, default=FileState.PENDING)
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)
    checked_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("file of evidence")
        verbose_name_plural = _("files of evidence")
        ordering = ["evidence", "number"]
        constraints = [
            models.UniqueConstraint(fields=["evidence", "number"], name="evidenceversion_once"),
            models.CheckConstraint(
                name="evidenceversion_state_is_known", condition=Q(state__in=FileState.values)
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                name="evidenceversion_waiting",
                condition=Q(state=FileState.PENDING),
            ),
            models.Index(fields=["added_by", "added_at"], name="evidenceversion_by"),
            models.Index(fields=["sha256"], name="evidenceversion_sha256"),
        ]

    def __str__(self) -> str:
        return f"{self.evidence_id}, {self.number}"

    @property
    def case_id(self) -> UUID:
        return self.evidence_id


class EvidenceUse(models.Model):
    """That a form shows a piece of evidence for one of its standards."""

    evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, related_name="uses")
    assessment = models.ForeignKey(
        "selfassessment.Assessment", on_delete=models.PROTECT, related_name="evidence_uses"
    )
    standard = models.ForeignKey(
        "selfassessment.Standard", on_delete=models.PROTECT, related_name="+"
    )
    # The signed form to whose moderators it is shown; empty: it is part of what is filled in.
    added_for = models.ForeignKey(
        "selfassessment.Assessment",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="evidence_added",
    )
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("use of evidence")
        verbose_name_plural = _("uses of evidence")
        ordering = ["added_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "standard", "evidence"],
                condition=Q(added_for__isnull=True),
                name="evidenceuse_once",
            ),
            models.UniqueConstraint(
                fields=["added_for", "standard", "evidence"], name="evidenceuse_once_for_moderators"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.evidence_id} for {self.standard_id}"


class Pack(SealedModel):
    """All evidence of a form as one ZIP, for whom it was made; for a day, with a key of its own.

    While ``made_at`` is empty it is waited for; ``done`` says how far it has come, in percent.
    """

    assessment = models.ForeignKey(
        "selfassessment.Assessment", on_delete=models.PROTECT, related_name="packs"
    )
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    done = models.PositiveSmallIntegerField(default=0)
    failed_at = models.DateTimeField(null=True, blank=True)
    made_at = models.DateTimeField(null=True, blank=True)
    pieces = models.PositiveIntegerField(default=0)
    size = models.PositiveBigIntegerField(default=0)  # bytes

    class Meta:
        verbose_name = _("pack of evidence")
        verbose_name_plural = _("packs of evidence")
        ordering = ["-asked_at"]
        indexes = [models.Index(fields=["asked_at"], name="evidencepack_asked")]

    def __str__(self) -> str:
        return f"{self.asked_at:%Y-%m-%d}, {self.done}%"

    @property
    def case_id(self) -> UUID:
        return self.pk


class PackPart(SealedModel):
    """Some megabytes of a pack, sealed with its key."""

    pack = models.ForeignKey(Pack, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveSmallIntegerField()
    content = SealedBinaryField()

    class Meta:
        verbose_name = _("part of a pack of evidence")
        verbose_name_plural = _("parts of packs of evidence")
        ordering = ["pack", "number"]
        constraints = [
            models.UniqueConstraint(fields=["pack", "number"], name="evidencepackpart_once")
        ]

    def __str__(self) -> str:
        return f"{self.pack_id}, {self.number}"

    @property
    def case_id(self) -> UUID:
        return self.pack_id


WITHOUT_CONTENT: tuple[Any, ...] = ("content", "picture")
"""Columns that a list leaves in the database."""
