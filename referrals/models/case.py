"""A case: its row, who may see it, and what decides that: who has it and who is kept out."""

import base64
import secrets
import uuid
from collections.abc import Sequence
from functools import cache
from typing import Any, Self

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, JSONObject
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from agencies import people
from agencies.models import Agency, Locality, Membership, Route
from agencies.terms import AGENCY_LEADS, PREVENT, AgencyType, Role, Sector
from referrals import terms
from referrals.terms import Status
from vault import keys
from vault.models import DataKey, SealedModel

KEY_BYTES = 16
"""128 random bits stand in every address (AC-16)."""


def new_key() -> str:
    return base64.b32encode(secrets.token_bytes(KEY_BYTES)).decode().rstrip("=").lower()


def kept_by(author: User | int) -> Q:
    """What an author keeps of what they wrote (AC-12).

    A draft is theirs alone until it is sent, deleted or disposed of: nobody else could find it, so
    a concern would be lost with the role. What was handed over is the agency's record, which its
    author reads while they belong there, confirmed or not. An independent practitioner is their
    own agency.
    """
    belongs = Membership.objects.current().filter(person=author, agency__isnull=False)
    return (
        Q(status=Status.DRAFT)
        | Q(agency__in=belongs.values("agency"))
        | Q(agency__in=Agency.objects.filter(kind=AgencyType.INDEPENDENT))
    )


class ReferralQuerySet(models.QuerySet["Referral"]):
    def visible_to(self, user: User) -> Self:
        """Referrals the user may open (section 8.3 of the record).

        Their own, while they belong to the agency it was raised for; their agency's once handed
        over; those shared with a locality, the police, a front door or a panel that they serve.
        Somebody named as close to the concern finds no trace of it, whatever their role.
        """
        places = people.Places.of(user)
        seen = Q(created_by=user) & ~Q(status=Status.DISPOSED) & kept_by(user)
        shared = Q(status__in=terms.SHARED)
        if (led := places.led()) is not None:
            seen |= Q(agency__in=led) & ~Q(status__in=[Status.DRAFT, Status.DISPOSED])
        if (prevent := places.served(*PREVENT)) is not None:
            seen |= Q(locality__in=prevent) & shared
            seen |= Q(outward_status=Status.TRANSFERRED, offered_to__in=prevent)
        if (police := places.served(Role.GATEWAY_OFFICER, Role.GATEWAY_SUPERVISOR)) is not None:
            seen |= Q(locality__in=police) & shared
        if (panel := places.served(Role.CHANNEL_CHAIR, Role.CHANNEL_COORDINATOR)) is not None:
            seen |= Q(locality__in=panel, outward_status__in=terms.FROM_PANEL) & shared
        if places.served(Role.FRONT_DOOR, Role.ADULT_SAFEGUARDING) is not None:
            seen |= Q(pk__in=Recipient.objects.open_to(user).values("referral_id")) & shared
        return self.filter(seen).exclude(
            pk__in=Exclusion.objects.filter(person=user).values("referral_id"),
        )

    def with_pages(self) -> Self:
        """With what the pages of a case ask of it, in the same query; see ``Referral.close``."""
        close = Exclusion.objects.filter(referral=OuterRef("pk")).values("person")
        saves = PageSave.objects.filter(referral=OuterRef("pk")).values(
            said=JSONObject(step="step", version="version")
        )
        kept_out = Exclusion.objects.filter(
            referral=OuterRef(OuterRef("pk")), person=OuterRef("person")
        )
        leads = Membership.objects.active().filter(
            ~Q(person=OuterRef("created_by")),
            ~Exists(kept_out),
            agency=OuterRef("agency"),
            role__in=AGENCY_LEADS,
            person__is_active=True,
        )
        return (
            self.with_named()
            .with_key()
            .annotate(close=ArraySubquery(close), saves=ArraySubquery(saves), is_led=Exists(leads))
        )

    def with_key(self) -> Self:
        """With the key of each as it is kept; see ``Referral.hold_key``."""
        key = DataKey.objects.filter(pk=OuterRef("pk"))
        return self.annotate(
            wrapped=Subquery(key.values("wrapped")), master=Subquery(key.values("master"))
        )

    def with_named(self) -> Self:
        """With those of whom nobody has said yet whether the record names them."""
        asked = NamedUser.objects.filter(referral=OuterRef("pk"), is_them="").values("person")
        return self.annotate(asked_about=ArraySubquery(asked))

    def drafts_of(self, user: User) -> Self:
        return self.filter(created_by=user, status__in=terms.EDITABLE_BY_AUTHOR)

    def awaiting_check(self) -> Self:
        return self.filter(status=Status.AGENCY_CHECK)

    def awaiting_acknowledgement(self) -> Self:
        return self.filter(status=Status.SUBMITTED)


_A_KEY = "KEY"


@cache
def _address_of_cases() -> str:
    """Worked out once: a list has two links to each of its cases."""
    return reverse("referrals:case", args=[_A_KEY])


class Referral(SealedModel):
    """One concern about one person, from the first wizard page to its closure.

    ``status`` is where it really is; ``outward_status`` is what everyone below police and chair is
    shown, and stays as it was while a case is police-led or held.
    """

    key = models.CharField(max_length=26, unique=True, default=new_key, editable=False)
    reference = models.CharField(max_length=20, blank=True, editable=False)  # S13, once sent
    # Empty only while the author's agency has not confirmed them: a draft is never held up by it.
    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    locality = models.ForeignKey(
        Locality, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    status = models.CharField(max_length=20, choices=Status, default=Status.DRAFT, editable=False)
    outward_status = models.CharField(
        max_length=20, choices=Status, default=Status.DRAFT, editable=False
    )
    asked_from = models.CharField(max_length=20, choices=Status, blank=True, editable=False)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    touched_at = models.DateTimeField(default=timezone.now, editable=False)
    received_by = models.CharField(
        max_length=20, choices=terms.ReceivedBy, default=terms.ReceivedBy.PORTAL
    )
    # The lead who checks it, then the lead or officer who holds it.
    lead = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    holder = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    officer = models.ForeignKey(  # X2
        User, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    offered_to = models.ForeignKey(
        Locality, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    one_walk = models.BooleanField(default=False, editable=False)  # noticed and checked by one
    despite_lead = models.BooleanField(default=False, editable=False)  # C17 (f)
    emergency = models.BooleanField(default=False, editable=False)
    sector = models.CharField(max_length=30, choices=Sector, blank=True)  # S5
    age_band = models.CharField(max_length=10, choices=terms.AgeBand, blank=True)  # P6
    submitted_at = models.DateTimeField(null=True, blank=True, editable=False)  # S12
    submitted_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    acknowledged_at = models.DateTimeField(null=True, blank=True, editable=False)  # T1
    acknowledged_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)
    stage_since = models.DateTimeField(default=timezone.now, editable=False)
    # The promise that queues sort by; the clock's own row holds the rest.
    due_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The police's own, where they have time back after they led or held it; nobody else's.
    police_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    paused = models.BooleanField(default=False, editable=False)
    # By with_pages(): keys of those named as close to it, and of those of whom it is asked whether
    # the record names them; the version of each page that was saved, whether somebody else of the
    # agency's leads may hear of it, and (by with_key() too) its key as it is kept.
    close: list[int]
    asked_about: Sequence[int] = ()
    saves: list[dict[str, Any]]
    is_led: bool
    wrapped: bytes | None
    master: str | None

    objects = ReferralQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="referral_status_known", condition=Q(status__in=Status.values)
            ),
            models.CheckConstraint(
                name="referral_submitted_at_once_shared",
                condition=Q(submitted_at__isnull=False) | ~Q(status__in=sorted(terms.SHARED)),
            ),
            models.CheckConstraint(
                name="referral_locality_once_shared",
                condition=Q(locality__isnull=False) | ~Q(status__in=sorted(terms.SHARED)),
            ),
            models.CheckConstraint(
                name="referral_agency_once_not_a_draft",
                condition=Q(agency__isnull=False) | Q(status__in=[Status.DRAFT, Status.DISPOSED]),
            ),
            models.CheckConstraint(
                name="referral_acknowledged_before_triage",
                condition=Q(acknowledged_at__isnull=False)
                | ~Q(status__in=[Status.TRIAGE, Status.QUERY]),
            ),
            models.CheckConstraint(
                name="referral_outward_status_hides_police_work",
                condition=~Q(outward_status__in=sorted(terms.HIDDEN_FROM_MOST)),
            ),
            models.CheckConstraint(
                name="referral_lead_once_handed_over",
                condition=Q(lead__isnull=False) | ~Q(status=Status.AGENCY_CHECK),
            ),
            models.UniqueConstraint(
                name="referral_reference_unique", fields=["reference"], condition=~Q(reference="")
            ),
        ]
        indexes = [
            # What a promise runs for, in the order of a queue; a page of it is read from its start.
            # Without the locality: there are few, and a queue may be of several.
            models.Index(
                models.F("emergency").desc(),
                "due_at",
                "id",
                name="referral_queue",
                condition=Q(submitted_at__isnull=False, due_at__isnull=False),
            ),
            models.Index(
                models.F("emergency").desc(),
                Coalesce("police_due_at", "due_at"),
                "id",
                name="referral_police_queue",
                condition=Q(submitted_at__isnull=False, due_at__isnull=False),
            ),
            # What is late for those who are not of the police: most of what waits is with them.
            models.Index(
                models.F("emergency").desc(),
                "due_at",
                "id",
                name="referral_late",
                condition=Q(submitted_at__isnull=False, due_at__isnull=False, paused=False)
                & ~Q(outward_status__in=[Status.GATEWAY, Status.INFO_GATHERING]),
            ),
            models.Index(
                models.F("submitted_at").desc(),
                "id",
                name="referral_newest",
                condition=Q(submitted_at__isnull=False, due_at__isnull=False),
            ),
            models.Index(fields=["agency", "status", "due_at"], name="referral_agency"),
            models.Index(fields=["created_by", "status"], name="referral_author"),
            # Most cases that nobody holds are not shared: they would be read in vain.
            models.Index(
                fields=["holder", "due_at"],
                name="referral_holder",
                condition=Q(submitted_at__isnull=False, due_at__isnull=False),
            ),
            models.Index(fields=["locality", "stage_since"], name="referral_recent"),
            models.Index(
                fields=["locality", "stage_since"],
                name="referral_ended",
                condition=Q(outward_status__in=["closed", "withdrawn"]),
            ),
        ]

    def __str__(self) -> str:
        return self.reference or str(_("Concern not yet shared"))

    @property
    def case_id(self) -> uuid.UUID:
        return self.pk

    def get_absolute_url(self) -> str:
        return _address_of_cases().replace(_A_KEY, self.key)

    def hold_key(self) -> None:
        """Take the key that was read with the case: what it seals is opened without a query."""
        if self.wrapped is not None and self.master is not None:
            keys.hold(DataKey(id=self.pk, wrapped=self.wrapped, master=self.master))

    @property
    def is_shared(self) -> bool:
        return self.status in terms.SHARED

    @property
    def status_word(self) -> terms.StatusWord | None:
        """The plain phrase that the referrer reads; police-led work changes nothing in it."""
        return terms.STATUS_WORD.get(Status(self.outward_status))


class PartOfCase(SealedModel):
    """Anything that belongs to one referral and is sealed with its key."""

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True

    @property
    def case_id(self) -> uuid.UUID:
        return self.referral_id


class PageSave(models.Model):
    """Who last saved a page of the wizard, when, and how many times: the page's version (WF-04)."""

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="page_saves")
    step = models.CharField(max_length=30)
    version = models.PositiveIntegerField(default=0)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(name="page_save_once", fields=["referral", "step"])]

    def __str__(self) -> str:
        return f"{self.step} {self.version}"


class Exclusion(models.Model):
    """A person who is close to the concern: for them it leaves no trace (AC-06)."""

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="exclusions")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="exclusion_once", fields=["referral", "person"])
        ]
        indexes = [models.Index(fields=["person", "referral"], name="exclusion_person")]

    def __str__(self) -> str:
        return str(self.pk)


class NamedUser(models.Model):
    """Somebody who uses the portal and whom a record names, or may name (AC-08).

    While it is not said whether it is them they are kept out as any other who is close to it, if
    somebody else can take the case.
    """

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="named_users")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    by = models.CharField(max_length=10, choices=terms.NamedBy)
    at = models.DateTimeField(default=timezone.now)
    is_them = models.CharField(max_length=10, choices=terms.YesNo, blank=True)
    said_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    said_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="named_user_once", fields=["referral", "person"])
        ]

    def __str__(self) -> str:
        return str(self.pk)


class RecipientQuerySet(models.QuerySet["Recipient"]):
    def open_to(self, user: User) -> Self:
        """Views sent to a front door or adult team that the user serves."""
        return self.filter(
            Q(
                kind=terms.RecipientKind.FRONT_DOOR,
                locality__in=Locality.objects.served_by(user, Role.FRONT_DOOR),
            )
            | Q(
                kind=terms.RecipientKind.ADULT,
                locality__in=Locality.objects.served_by(user, Role.ADULT_SAFEGUARDING),
            )
        )


class Recipient(models.Model):
    """A body that a referral is shared with, each with its own view (S8, row W22)."""

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="recipients")
    kind = models.CharField(max_length=20, choices=terms.RecipientKind)
    locality = models.ForeignKey(Locality, on_delete=models.PROTECT, related_name="+")
    route = models.ForeignKey(
        Route, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    in_portal = models.BooleanField(default=True)
    told_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(null=True, blank=True)
    received_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    # Outside hours mail alone never counts as told: who rang whom, and when.
    rung_at = models.DateTimeField(null=True, blank=True)
    rung_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    objects = RecipientQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="recipient_once", fields=["referral", "kind", "locality"])
        ]
        indexes = [models.Index(fields=["kind", "locality"], name="recipient_kind")]

    def __str__(self) -> str:
        return self.get_kind_display()


class ReferenceCounter(models.Model):
    """The last number given in a locality and year; gaps are allowed (S13)."""

    locality = models.ForeignKey(Locality, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="reference_counter_once", fields=["locality", "year"])
        ]

    def __str__(self) -> str:
        return f"{self.locality_id} {self.year}"


class NameSearch(models.Model):
    """That somebody searched by a name, and why; the words themselves are not kept."""

    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    reason = models.CharField(max_length=200)
    found = models.PositiveSmallIntegerField()

    def __str__(self) -> str:
        return str(self.at)
