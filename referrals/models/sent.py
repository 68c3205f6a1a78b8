"""What went with a case: the frozen answers, the document made from them, the files."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from clauses.models import Edition
from files.terms import DOCUMENTS, FileState
from referrals.models.case import PartOfCase, Referral
from vault.fields import SealedBinaryField, SealedJSONField, SealedTextField


class Submission(PartOfCase):
    """What was shared, frozen: every answer as it stood, its digest, and the form's key."""

    referral = models.OneToOneField(Referral, on_delete=models.PROTECT, related_name="submission")
    form_key = models.UUIDField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    answers = SealedJSONField()
    sha256 = models.CharField(max_length=64)
    # The guidance that was in force; none where none was published yet.
    edition = models.ForeignKey(
        Edition, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(name="submission_form_key_once", fields=["by", "form_key"])
        ]


class Document(PartOfCase):
    """A PDF made by the worker from what was frozen, kept with its digest."""

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=20, default="referral")
    made_at = models.DateTimeField(default=timezone.now)
    sha256 = models.CharField(max_length=64)
    content = SealedBinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(name="document_once", fields=["referral", "kind"])]


class Attachment(PartOfCase):
    """A file that goes with a concern (N13), written anew without hidden data, and sealed.

    Of one with a virus only the fact is left: its content is destroyed.
    """

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="files")
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=[(kind.value, kind.label) for kind in DOCUMENTS])
    name = SealedTextField()
    size = models.PositiveIntegerField()
    sha256 = SealedTextField()
    content = SealedBinaryField()
    state = models.CharField(max_length=10, choices=FileState, default=FileState.PENDING)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    checked_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="attachment_number_once", fields=["referral", "number"]),
            # Five to a referral, whoever comes at the same moment.
            models.CheckConstraint(
                name="attachment_of_five", condition=Q(number__gte=1, number__lte=5)
            ),
            models.CheckConstraint(
                name="attachment_state_known", condition=Q(state__in=FileState.values)
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                name="attachment_waiting",
                condition=Q(state=FileState.PENDING),
            ),
            models.Index(fields=["by", "at"], name="attachment_by"),
        ]
