"""One row for each e-mail: written with the act, sent by the worker."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Self
from urllib.parse import urljoin, urlsplit
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit.models import ClockTimestamp

LINK = "[link]"  # where the address of the page goes when the message is sent
STOP = "[stop]"  # and that of the page that ends such mails

SENT, ENDED = Q(sent_at__isnull=False), Q(cancelled_at__isnull=False)
WAITING = Q(sent_at__isnull=True, parked_at__isnull=True, cancelled_at__isnull=True)
PARKED = Q(parked_at__isnull=False, sent_at__isnull=True, cancelled_at__isnull=True)
EMPTIED: dict[str, Any] = {
    **dict.fromkeys(("to_address", "subject", "body", "path", "about_type", "about_id"), ""),
    "to_person": None,
}
"""What is left of a message when what was told to whom is taken out of it."""
RETURNED = "returned"  # as the last fault: the server took it, and it came back later


class MessageQuerySet(models.QuerySet["Message"]):
    def waiting(self) -> Self:
        """Neither sent nor given up, whether or not its time has come."""
        return self.filter(WAITING)

    def parked(self) -> Self:
        """Refused too often, or come back; somebody must look."""
        return self.filter(PARKED)

    def older_than(self, moment: datetime) -> Self:
        """Dealt with before then, and still holding what was told to whom; parked ones are kept."""
        dealt_with = Q(sent_at__lt=moment) | Q(cancelled_at__lt=moment)
        return self.filter(dealt_with).exclude(body="")

    def due(self, now: datetime) -> Self:
        """To be sent now, in order. What waits behind an earlier one of its case is not due."""
        earlier = (
            Message.objects.waiting()
            .filter(case=OuterRef("case"), to_address=OuterRef("to_address"))
            .exclude(case="")
            .filter(
                Q(send_after__lt=OuterRef("send_after"))
                | Q(send_after=OuterRef("send_after"), created_at__lt=OuterRef("created_at"))
            )
        )
        return (
            self.waiting()
            .filter(next_try_at__lte=now)
            .exclude(Exists(earlier))
            .order_by("send_after", "created_at")
        )


class Message(models.Model):
    """A message to one person. It says that there is something to read, and where; never what."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(_("key"), max_length=200, unique=True)  # one act tells once
    to_address = models.EmailField(_("to"))
    to_person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    kind = models.CharField(_("kind"), max_length=60)
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(_("text"))
    path = models.CharField(_("page"), max_length=500)
    stop_path = models.CharField(_("page that ends such mails"), max_length=200, blank=True)
    about_type = models.CharField(_("kind of record"), max_length=80, blank=True)
    about_id = models.CharField(_("record"), max_length=64, blank=True)
    case = models.CharField(_("case"), max_length=36, blank=True)
    reference = models.CharField(_("reference"), max_length=40, blank=True)
    created_at = models.DateTimeField(_("written"), db_default=ClockTimestamp(), editable=False)
    send_after = models.DateTimeField(_("not before"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_try_at = models.DateTimeField(_("next attempt"))
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    parked_at = models.DateTimeField(_("parked"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)
    last_error = models.CharField(_("last fault"), max_length=80, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["created_at"]
        constraints = [
            models.CheckConstraint(
                name="message_has_one_end",
                condition=Q(sent_at__isnull=True) | Q(parked_at=None, cancelled_at=None),
            ),
            models.CheckConstraint(
                name="message_waits_for_its_time", condition=Q(next_try_at__gte=F("send_after"))
            ),
        ]
        indexes = [
            models.Index("send_after", "created_at", name="outbox_waiting", condition=WAITING),
            models.Index("case", "to_address", name="outbox_waiting_case", condition=WAITING),
            models.Index("parked_at", name="outbox_parked", condition=PARKED),
            models.Index("sent_at", name="outbox_sent", condition=SENT & ~Q(body="")),
            models.Index("cancelled_at", name="outbox_cancelled", condition=ENDED & ~Q(body="")),
            models.Index("case", name="outbox_case", condition=~Q(case="")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}".strip()

    @property
    def case_id(self) -> UUID | None:
        return UUID(self.case) if self.case else None

    @property
    def message_id(self) -> str:
        """The same each time it is tried, so that a mail server or a reader can drop a second."""
        return f"<{self.id}@{urlsplit(settings.BASE_URL).hostname or 'localhost'}>"

    @property
    def plain_subject(self) -> str:
        """The subject without the reference of a case: the same words for everybody."""
        return self.subject.removesuffix(f" ({self.reference})")

    @property
    def to_whom(self) -> str:
        """The name of the account; of an address that has none, enough to know it by."""
        if self.to_person is not None and str(self.to_person):
            return str(self.to_person)
        name, _at, place = self.to_address.partition("@")
        return gettext("an address without an account: %(start)s…@%(place)s") % {
            "start": name[:1],
            "place": place,
        }

    @property
    def text(self) -> str:
        """The whole text as it is sent, with the link."""
        said: str = self.body.replace(LINK, urljoin(settings.BASE_URL, self.path))
        if self.stop_path:
            said = said.replace(STOP, self.stop_address)
        return said

    @property
    def stop_address(self) -> str:
        address: str = urljoin(settings.BASE_URL, self.stop_path)
        return address
