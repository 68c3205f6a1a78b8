"""When a case is deleted, and what holds it (section 12 of the record)."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from agencies.models import RetentionRule
from referrals import terms
from referrals.models.case import PartOfCase, Referral
from vault.fields import SealedTextField


class HoldQuerySet(models.QuerySet["Hold"]):
    def in_force(self, today: date) -> Self:
        return self.filter(lifted_at__isnull=True, until__gte=today)


class Hold(PartOfCase):
    """Why a case is not deleted although its time has come, and until when."""

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="holds")
    why = models.CharField(max_length=20, choices=terms.HoldReason)
    words = SealedTextField()
    until = models.DateField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    lifted_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    lifted_at = models.DateTimeField(null=True, blank=True)
    objects = HoldQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="hold_one_in_force", fields=["referral"], condition=Q(lifted_at__isnull=True)
            )
        ]


class DisposalQuerySet(models.QuerySet["Disposal"]):
    def open(self) -> Self:
        """Neither done nor stopped."""
        return self.filter(done_at__isnull=True, stopped_at__isnull=True)

    def proposed(self) -> Self:
        return self.open().filter(signed_at__isnull=True)

    def signed(self) -> Self:
        return self.open().filter(signed_at__isnull=False)

    def done(self) -> Self:
        return self.filter(done_at__isnull=False)


class Disposal(models.Model):
    """That a case is to be deleted: proposed by one person, signed by another, done after a wait.

    Once done it is the certificate: what rule, who, when and how much; nothing of the words.
    """

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="disposals")
    rule = models.ForeignKey(RetentionRule, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField()
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    signed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    signed_at = models.DateTimeField(null=True, blank=True)
    goes_on = models.DateField(null=True, blank=True)
    # Nobody: a hold, another rule, or the case was opened again.
    stopped_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    stopped_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    records = models.PositiveIntegerField(null=True, blank=True)
    objects = DisposalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="disposal_signed_by_another",
                condition=Q(signed_by__isnull=True, signed_at__isnull=True, goes_on__isnull=True)
                | Q(signed_by__isnull=False, signed_at__isnull=False, goes_on__isnull=False)
                & ~Q(signed_by=models.F("proposed_by")),
            ),
            models.CheckConstraint(
                name="disposal_done_once_signed",
                condition=Q(done_at__isnull=True)
                | Q(signed_at__isnull=False, stopped_at__isnull=True),
            ),
            models.UniqueConstraint(
                name="disposal_one_open", fields=["referral"], condition=Q(stopped_at__isnull=True)
            ),
        ]
        indexes = [
            models.Index(
                fields=["goes_on"],
                name="disposal_to_do",
                condition=Q(done_at__isnull=True, stopped_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return str(self.referral_id)
