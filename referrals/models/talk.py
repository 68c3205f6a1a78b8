"""Words between the people of a case, and those that were refused and kept."""

from collections.abc import Iterable
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from referrals import terms
from referrals.models.case import PartOfCase, Referral
from vault.fields import SealedJSONField, SealedTextField


class KeptText(PartOfCase):
    """Answers that lost a race with another tab or person: refused, and kept for their author."""

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="kept_texts")
    step = models.CharField(max_length=30)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    answers = SealedJSONField()


class ConversationQuerySet(models.QuerySet["Message"]):
    def read_by(self, user: User, *, team: bool) -> Self:
        """Without the notes of others: a team's are its own, a private one is its author's.

        Args:
            team: whether the user reads what the team of this case writes for itself.
        """
        read = Q(readers="") | Q(readers=terms.NoteReaders.SELF, by=user)
        return self.filter(read | Q(readers=terms.NoteReaders.TEAM) if team else read)

    def read_in(self, areas: Iterable[int]) -> Self:
        """What others wrote that the teams of these localities read: a look at a whole list."""
        of_team = Q(readers=terms.NoteReaders.TEAM, referral__locality__in=areas)
        return self.filter(Q(readers="") | of_team)


class Message(PartOfCase):
    """Words between the people of a case: questions, answers, feedback, later additions."""

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="messages")
    kind = models.CharField(max_length=20, choices=terms.MessageKind)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    body = SealedTextField()
    to_referrer = models.BooleanField(default=False)
    """Whether the referrer and their agency read it on the status page."""
    # Whose a note is; empty for every other word, which is read by who sees the case page.
    readers = models.CharField(max_length=10, choices=terms.NoteReaders, blank=True)
    objects = ConversationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="message_note_kept_apart",
                condition=Q(readers="")
                | Q(
                    readers__in=terms.NoteReaders.values,
                    kind=terms.MessageKind.NOTE,
                    to_referrer=False,
                ),
            )
        ]
        indexes = [models.Index(fields=["referral", "at"], name="message_case")]


class Seen(models.Model):
    """When a person last opened a case: what came after is new to them (row C35)."""

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(name="seen_once", fields=["referral", "person"])]

    def __str__(self) -> str:
        return str(self.at)
