"""Documents that were made and are kept."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    SIGNED = "signed", _("Agency report, as signed")
    MODERATED = "moderated", _("Agency report with moderation")
    BOARD = "board", _("Board report")


class DocumentQuerySet(models.QuerySet["Document"]):
    def made(self) -> "DocumentQuerySet":
        return self.filter(made_at__isnull=False)


class Document(models.Model):
    """A PDF and its digest. Of a sign-off each kind is made once; a board report is asked for.

    While ``made_at`` is empty it is waited for; ``done`` says how far it has come, in percent.
    """

    kind = models.CharField(max_length=9, choices=Kind)
    signoff = models.ForeignKey(
        "selfassessment.SignOff",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="documents",
    )
    cycle = models.ForeignKey(
        "selfassessment.Cycle", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    asked_for = models.CharField(max_length=200, blank=True)  # the filters of a board report
    asked_at = models.DateTimeField(default=timezone.now)
    done = models.PositiveSmallIntegerField(default=0)
    failed_at = models.DateTimeField(null=True, blank=True)
    made_at = models.DateTimeField(null=True, blank=True)
    content = models.BinaryField(null=True, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)

    objects = DocumentQuerySet.as_manager()

    class Meta:
        verbose_name = _("document of a self-assessment")
        verbose_name_plural = _("documents of self-assessments")
        ordering = ["-asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["signoff", "kind"],
                condition=Q(signoff__isnull=False),
                name="selfassessment_document_once",
            ),
            models.CheckConstraint(
                name="selfassessment_document_of_something",
                condition=Q(kind="board", signoff__isnull=True, cycle__isnull=False)
                & Q(asked_by__isnull=False)
                | ~Q(kind="board") & Q(signoff__isnull=False, cycle__isnull=True),
            ),
            models.CheckConstraint(
                name="selfassessment_document_made_whole",
                condition=Q(made_at__isnull=True, content__isnull=True, sha256="")
                | Q(made_at__isnull=False, content__isnull=False) & ~Q(sha256=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}, {self.asked_at:%Y-%m-%d}"
