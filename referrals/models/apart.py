"""What is kept apart: why somebody is kept out, and what the police led."""

from django.db import models
from django.utils import timezone

from accounts.models import User
from referrals.models.case import PartOfCase, Referral
from referrals.terms import Status
from vault.fields import SealedTextField


class ExclusionReason(PartOfCase):
    """Why somebody was kept out after the hand-over: sealed, as it may say what ties them to it."""

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    reason = SealedTextField()


class PoliceNote(PartOfCase):
    """Why the police gave back or ended what they led or held: for the police of the area alone."""

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="police_notes")
    target = models.CharField(max_length=20, choices=Status)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    body = SealedTextField()

    class Meta:
        indexes = [models.Index(fields=["referral", "at"], name="police_note_case")]
