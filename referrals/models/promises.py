"""Time limits as rows: what is promised, by whom, until when, and who was told."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from referrals import terms
from referrals.models.case import Referral


class ClockQuerySet(models.QuerySet["Clock"]):
    def unfinished(self) -> Self:
        return self.filter(stopped_at__isnull=True)

    def running(self) -> Self:
        """Neither kept nor resting while a question awaits its answer."""
        return self.unfinished().filter(paused_at__isnull=True)


class Clock(models.Model):
    """A promise: by when, whose, and how far its escalation has gone (design decision 9)."""

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="clocks")
    kind = models.CharField(max_length=20, choices=terms.ClockKind)
    started_at = models.DateTimeField()
    amber_at = models.DateTimeField()
    due_at = models.DateTimeField()
    promised_days = models.PositiveSmallIntegerField(null=True, blank=True)
    promised_hours = models.PositiveSmallIntegerField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_days = models.PositiveSmallIntegerField(default=0)
    """Working days in which it rested, all its pauses together; they are not counted."""
    hidden = models.BooleanField(default=False)
    """A clock of the police alone, which nobody below police and chair may notice."""
    objects = ClockQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="clock_one_running",
                fields=["referral", "kind", "hidden"],
                condition=Q(stopped_at__isnull=True),
            ),
            models.CheckConstraint(
                name="clock_in_order",
                condition=Q(amber_at__gte=models.F("started_at"))
                & Q(due_at__gte=models.F("amber_at")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["amber_at"], name="clock_due", condition=Q(stopped_at__isnull=True)
            ),
            models.Index(
                fields=["referral", "due_at"],
                name="clock_hidden",
                condition=Q(stopped_at__isnull=True, hidden=True),
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class Escalation(models.Model):
    """One step of a clock's escalation, taken exactly once (WF-13)."""

    clock = models.ForeignKey(Clock, on_delete=models.PROTECT, related_name="escalations")
    step = models.CharField(max_length=10, choices=terms.EscalationStep)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(name="escalation_once", fields=["clock", "step"])]

    def __str__(self) -> str:
        return self.step


class ClockRule(models.Model):
    """How long a promise may take: a setting, in place of the default of section 8.2."""

    kind = models.CharField(_("promise"), max_length=20, choices=terms.ClockKind, unique=True)
    working_days = models.PositiveSmallIntegerField(_("working days"))
    emergency_hours = models.PositiveSmallIntegerField(
        _("clock hours in an emergency"), null=True, blank=True
    )

    class Meta:
        verbose_name = _("time limit")
        verbose_name_plural = _("time limits")

    def __str__(self) -> str:
        return self.get_kind_display()
