"""One row for each act and each look; no row is ever changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self
from uuid import UUID

from django.conf import settings
from django.db import connection, models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

EVERYTHING = "*"  # instead of the key of an agency: the whole log

# The next kind after the last one, again and again: as many index look-ups as there are kinds.
_KINDS = """
WITH RECURSIVE kinds AS (
    (SELECT kind FROM audit_auditevent ORDER BY kind LIMIT 1)
    UNION ALL
    SELECT (SELECT e.kind FROM audit_auditevent e WHERE e.kind > k.kind ORDER BY e.kind LIMIT 1)
    FROM kinds k WHERE k.kind IS NOT NULL
)
SELECT kind FROM kinds WHERE kind IS NOT NULL
"""


class ClockTimestamp(models.Func):
    """The moment of the insert itself, not of the transaction that holds it."""

    template = "clock_timestamp()"
    output_field = models.DateTimeField()


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    def about(self, case_id: UUID) -> Self:
        """What happened to a case, oldest first."""
        return self.filter(case=case_id).order_by("pk")

    def older_than(self, pk: int | None) -> Self:
        """Newest first, from below one event on: a page of a log that grows meanwhile."""
        found = self if pk is None else self.filter(pk__lt=pk)
        return found.order_by("-pk")

    def page(self, agencies: Iterable[str], size: int) -> list[AuditEvent]:
        """The first ``size`` events, newest first, of these agencies, or of all for ``"*"``."""
        keys = set(agencies)
        if EVERYTHING in keys:
            return list(self.order_by("-pk")[:size])
        # Agency by agency, each along its own index, however long the log is.
        found = [event for key in keys for event in self.filter(agency=key).order_by("-pk")[:size]]
        return sorted(found, key=lambda event: -event.pk)[:size]

    def kinds(self) -> list[str]:
        """Every kind that has happened, in order."""
        with connection.cursor() as cursor:
            cursor.execute(_KINDS)
            return [kind for (kind,) in cursor.fetchall()]


class AuditEvent(models.Model):
    """One act or look. Holds statuses, field names and references; the words of a case never.

    The database writes ``at`` and ``sequence`` itself and refuses every change (migration 0002).
    """

    at = models.DateTimeField(_("when"), db_default=ClockTimestamp(), editable=False)
    kind = models.CharField(_("what"), max_length=80, editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("who"),
        on_delete=models.PROTECT,
        null=True,  # the portal itself, or nobody who has signed in
        editable=False,
        related_name="+",
        db_index=False,  # the index below begins with it
    )
    role = models.CharField(_("acting as"), max_length=40, blank=True, editable=False)
    agency = models.CharField(_("agency"), max_length=40, blank=True, editable=False)
    # Drawn when the transaction commits, so empty until then: 1, 2, 3... within each agency.
    sequence = models.PositiveBigIntegerField(_("number"), null=True, editable=False)
    subject_type = models.CharField(_("kind of record"), max_length=80, blank=True, editable=False)
    subject_id = models.CharField(_("record"), max_length=64, blank=True, editable=False)
    case = models.UUIDField(_("case"), null=True, editable=False)
    reference = models.CharField(_("reference"), max_length=40, blank=True, editable=False)
    detail = models.JSONField(_("detail"), default=dict, editable=False)
    reason = models.CharField(_("reason"), max_length=500, blank=True, editable=False)
    request_id = models.CharField(_("request"), max_length=32, blank=True, editable=False)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["agency", "sequence"], name="audit_sequence"),
        ]
        indexes = [
            models.Index("agency", F("id").desc(), name="audit_agency"),
            models.Index("agency", "kind", F("id").desc(), name="audit_agency_kind"),
            models.Index("kind", F("id").desc(), name="audit_kind"),
            models.Index("person", F("id").desc(), name="audit_person"),
            models.Index("case", "id", name="audit_case", condition=Q(case__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}".strip()
