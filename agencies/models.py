"""Localities, agencies, and who belongs to them as what, from when until when."""

import datetime
from collections.abc import Iterable, Mapping
from typing import Any, Self

from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from agencies.terms import (
    AGENCY_LEADS,
    AGENCY_ROLES,
    DAY_ENDS,
    DAY_STARTS,
    DEFAULT_BASIS,
    DEFAULT_SECTOR,
    HAS_PARTS,
    IS_A_PART,
    LOCALITY_ROLES,
    NOT_OF_ITSELF,
    PORTAL_ROLES,
    PUBLIC_MAIL_DOMAINS,
    REVIEW_DAYS,
    AgencyType,
    ContactPurpose,
    Kept,
    LegalBasis,
    Nation,
    Role,
    RouteKind,
    Sector,
)
from ui.trouble import NotSetUpError


class LocalityQuerySet(models.QuerySet["Locality"]):
    def served_by(self, user: User, *roles: Role) -> Self:
        """Localities in which the person holds one of the roles today; a subquery, no join."""
        held = Membership.objects.active().filter(person=user, role__in=roles)
        return self.filter(pk__in=held.values("locality"))

    def default(self) -> "Locality":
        """Where a concern from an unknown place goes: never nowhere.

        Raises:
            NotSetUpError: there is no locality.
        """
        found = self.order_by("-is_default", "pk").first()
        if found is None:
            raise NotSetUpError("there is no locality")
        return found


class Locality(models.Model):
    """The area of one local authority, with its own Prevent lead, teams and working day."""

    code = models.CharField(_("code"), max_length=4, unique=True)  # "NY" in NY-2026-0042
    name = models.CharField(_("name"), max_length=80, unique=True)
    is_default = models.BooleanField(_("takes concerns from unknown places"), default=False)
    subdivision = models.CharField(
        _("bank holidays of"), max_length=3, choices=Nation, default=Nation.ENGLAND
    )
    day_starts = models.TimeField(_("working day starts"), default=DAY_STARTS)
    day_ends = models.TimeField(_("working day ends"), default=DAY_ENDS)
    outside_hours_note = models.TextField(_("what to do outside working hours"), blank=True)

    objects = LocalityQuerySet.as_manager()

    class Meta:
        verbose_name = _("locality")
        verbose_name_plural = _("localities")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"],
                condition=Q(is_default=True),
                name="locality_one_default",
                violation_error_message=_("Another locality already takes unknown places."),
            ),
            models.CheckConstraint(
                name="locality_day_ends_after_it_starts",
                condition=Q(day_ends__gt=F("day_starts")),
                violation_error_message=_("The working day must end after it starts."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AgencyQuerySet(models.QuerySet["Agency"]):
    def led_by(self, user: User) -> Self:
        """Agencies of which the person is lead or deputy today."""
        return self.held_by(user, *AGENCY_LEADS)

    def belonging_to(self, user: User) -> Self:
        """Agencies to which the person belongs today, in whatever role."""
        return self.held_by(user, *AGENCY_ROLES)

    def administered_by(self, user: User) -> Self:
        return self.held_by(user, Role.AGENCY_ADMIN)

    def held_by(self, user: User, *roles: Role) -> Self:
        held = Membership.objects.active().filter(person=user, role__in=roles)
        return self.filter(pk__in=held.values("agency"))

    def of_domain(self, email: str) -> Self:
        """Open agencies that an address may belong to, by what stands after the @ sign."""
        domain = email.rpartition("@")[2].lower()
        if domain in PUBLIC_MAIL_DOMAINS:
            return self.none()
        known = AgencyDomain.objects.filter(domain=domain)
        return self.filter(is_active=True, pk__in=known.values("agency"))

    def with_parts(self) -> Self:
        """With what each is part of, and as ``parts`` the names of what is part of it."""
        parts = Agency.objects.filter(parent=OuterRef("pk")).order_by("name")
        return self.select_related("parent").annotate(parts=ArraySubquery(parts.values("name")))

    def locked(self, *agencies: "Agency | None") -> dict[int, "Agency"]:
        """The stored ones of these, read anew and kept until the transaction ends; by number."""
        keys = [each.pk for each in agencies if each and each.pk]
        rows = self.filter(pk__in=keys).order_by("pk").select_for_update(of=("self",))
        return {each.pk: each for each in rows}


class Agency(models.Model):
    """An organisation whose people raise concerns: a school, a trust, one childminder."""

    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=20, choices=AgencyType)
    locality = models.ForeignKey(
        Locality, on_delete=models.PROTECT, related_name="agencies", verbose_name=_("locality")
    )
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("part of"),
        help_text=_(
            "For example the trust of a school. It gives nobody a right: neither sees the records "
            "of the other through this."
        ),
    )
    is_active = models.BooleanField(_("open to new people"), default=True)
    sector = models.CharField(  # S5, where it is not that of its kind
        _("sector in statistics"), max_length=30, choices=Sector, blank=True
    )
    prevent_contact_name = models.CharField(  # S4
        _("Prevent contact: name"), max_length=120, blank=True
    )
    prevent_contact_role = models.CharField(_("role"), max_length=120, blank=True)
    prevent_contact_phone = models.CharField(_("telephone"), max_length=40, blank=True)
    prevent_contact_email = models.EmailField(_("e-mail address"), blank=True)

    objects = AgencyQuerySet.as_manager()

    class Meta:
        verbose_name = _("agency")
        verbose_name_plural = _("agencies")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(name="agency_has_a_name", condition=~Q(name="")),
            models.CheckConstraint(
                name="agency_kind_is_known", condition=Q(kind__in=AgencyType.values)
            ),
            models.CheckConstraint(
                name="agency_sector_is_known", condition=Q(sector__in=["", *Sector.values])
            ),
            models.CheckConstraint(
                name="agency_is_not_part_of_itself",
                condition=~Q(parent=F("pk")),
                violation_error_message=NOT_OF_ITSELF,
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        if why := self.why_not_part_of(self.parent):
            raise ValidationError({"parent": why})

    def why_not_part_of(self, parent: "Agency | None") -> str:
        """Why the agency cannot be part of that one; empty: it can.

        There is one level: a part has no parts. So a page that names what is above and what is
        below has named all, and no chain can come back to where it began.
        """
        if parent is None:
            return ""
        if parent.pk == self.pk:
            return str(NOT_OF_ITSELF)
        if self.pk and self.children.exists():
            return str(HAS_PARTS)
        return str(IS_A_PART) if parent.parent_id else ""

    @property
    def referral_sector(self) -> Sector:
        return Sector(self.sector) if self.sector else DEFAULT_SECTOR[AgencyType(self.kind)]

    @property
    def legal_basis(self) -> LegalBasis:
        return DEFAULT_BASIS[AgencyType(self.kind)]

    @property
    def works_alone(self) -> bool:
        return self.kind == AgencyType.INDEPENDENT


class AgencyDomain(models.Model):
    """What stands after the @ sign in an agency's addresses; several agencies may share one."""

    domain = models.CharField(_("mail domain"), max_length=253)
    agency = models.ForeignKey(
        Agency, on_delete=models.CASCADE, related_name="domains", verbose_name=_("agency")
    )

    class Meta:
        verbose_name = _("mail domain")
        verbose_name_plural = _("mail domains")
        ordering = ["domain"]
        constraints = [
            models.UniqueConstraint(fields=["domain", "agency"], name="agencydomain_once"),
            models.CheckConstraint(
                name="agencydomain_is_nobodys_private_mail",
                condition=~Q(domain__in=sorted(PUBLIC_MAIL_DOMAINS)),
                violation_error_message=_("Anyone can have an address there."),
            ),
            models.CheckConstraint(
                name="agencydomain_in_lower_case", condition=Q(domain__regex=r"^[a-z0-9.-]+$")
            ),
        ]

    def __str__(self) -> str:
        return self.domain

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.domain = self.domain.strip().lower().lstrip("@")
        super().save(*args, **kwargs)

    def clean(self) -> None:
        super().clean()
        self.domain = self.domain.strip().lower().lstrip("@")
        if "." not in self.domain:
            raise ValidationError(
                {"domain": _("Write what stands after the @ sign, like fellgate.example.org")}
            )


SCOPE_FITS_ROLE = (
    Q(role__in=AGENCY_ROLES, agency__isnull=False, locality__isnull=True)
    | Q(role__in=LOCALITY_ROLES, agency__isnull=True, locality__isnull=False)
    | Q(role__in=PORTAL_ROLES, agency__isnull=True, locality__isnull=True)
)


class MembershipQuerySet(models.QuerySet["Membership"]):
    def current(self, on: datetime.date | None = None) -> Self:
        """Rows whose days include the given one, whether confirmed or not."""
        day = on or timezone.localdate()
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=day), starts_on__lte=day)

    def active(self, on: datetime.date | None = None) -> Self:
        """Confirmed rows whose days include the given one: what a right may rest on."""
        return self.current(on).filter(confirmed_at__isnull=False)

    def pending(self, on: datetime.date | None = None) -> Self:
        return self.current(on).filter(confirmed_at__isnull=True)

    def due_for_review(self, now: datetime.datetime) -> Self:
        """Rows that began, and were last said to be still right, more than a year ago."""
        since = now - datetime.timedelta(days=REVIEW_DAYS)
        looked_at = Q(reviewed_at__isnull=True) | Q(reviewed_at__lte=since)
        return self.active(timezone.localdate(now)).filter(looked_at, confirmed_at__lte=since)


class Membership(models.Model):
    """One person in one role, of an agency, of a locality or of the portal, between two days.

    A row is never given another role or person: a change ends it and begins a new one, so
    that who could read what, and when, stays known.
    """

    person = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="memberships", verbose_name=_("person")
    )
    agency = models.ForeignKey(
        Agency,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="memberships",
        verbose_name=_("agency"),
    )
    locality = models.ForeignKey(
        Locality,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="memberships",
        verbose_name=_("locality"),
    )
    role = models.CharField(_("role"), max_length=20, choices=Role)
    starts_on = models.DateField(_("from"), default=timezone.localdate)
    # The first day without the role, so that ending it today takes effect today.
    ends_on = models.DateField(_("no longer from"), null=True, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    confirmed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    invited_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # When an administrator last said that the person still needs the role; empty: when it began.
    reviewed_at = models.DateTimeField(_("still right on"), null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        ordering = ["starts_on", "pk"]
        indexes = [models.Index(fields=["person", "role"], name="membership_person_role")]
        constraints = [
            models.CheckConstraint(name="membership_scope_fits_role", condition=SCOPE_FITS_ROLE),
            models.CheckConstraint(
                name="membership_ends_after_it_starts",
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
            ),
            models.CheckConstraint(
                name="membership_confirmed_by_another",
                condition=Q(confirmed_by__isnull=True) | ~Q(confirmed_by=F("person")),
            ),
            models.UniqueConstraint(
                fields=["person", "agency", "role"],
                condition=Q(ends_on__isnull=True, agency__isnull=False),
                name="membership_agency_role_once",
            ),
            models.UniqueConstraint(
                fields=["person", "locality", "role"],
                condition=Q(ends_on__isnull=True, locality__isnull=False),
                name="membership_locality_role_once",
            ),
            models.UniqueConstraint(
                fields=["person", "role"],
                condition=Q(ends_on__isnull=True, agency__isnull=True, locality__isnull=True),
                name="membership_portal_role_once",
            ),
        ]

    def __str__(self) -> str:
        place = self.agency or self.locality
        label = Role(self.role).label
        return f"{self.person}, {label}, {place}" if place else f"{self.person}, {label}"

    def clean(self) -> None:
        super().clean()
        if self.ends_on and self.ends_on < self.starts_on:
            raise ValidationError({"ends_on": _("The end must be on or after the start.")})

    def is_due_for_review(self, now: datetime.datetime) -> bool:
        """As ``due_for_review``, for a row that is current."""
        since = now - datetime.timedelta(days=REVIEW_DAYS)
        if self.confirmed_at is None or self.confirmed_at > since:
            return False
        return self.reviewed_at is None or self.reviewed_at <= since

    @property
    def is_confirmed(self) -> bool:
        return self.confirmed_at is not None

    @property
    def role_in_words(self) -> str:
        """The role with its place, as a page names it: "North Yorkshire Prevent lead"."""
        label = str(Role(self.role).label)
        return f"{self.locality} {label}" if self.locality else label


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self, now: datetime.datetime | None = None) -> Self:
        return self.filter(
            accepted_at__isnull=True,
            withdrawn_at__isnull=True,
            expires_at__gt=now or timezone.now(),
        )


class Invitation(models.Model):
    """A role offered to one address, once, for at most 72 hours; accepted by signing in with it."""

    email = models.EmailField(_("e-mail address"))
    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, null=True, blank=True, related_name="invitations"
    )
    locality = models.ForeignKey(
        Locality, on_delete=models.PROTECT, null=True, blank=True, related_name="invitations"
    )
    role = models.CharField(_("role"), max_length=20, choices=Role)
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-invited_at"]
        constraints = [
            models.CheckConstraint(name="invitation_scope_fits_role", condition=SCOPE_FITS_ROLE),
            models.CheckConstraint(
                name="invitation_at_most_72_hours",
                condition=Q(expires_at__lte=F("invited_at") + datetime.timedelta(hours=72)),
            ),
            models.CheckConstraint(
                name="invitation_accepted_or_withdrawn",
                condition=Q(accepted_at__isnull=True) | Q(withdrawn_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email}, {Role(self.role).label}"


class AbsenceQuerySet(models.QuerySet["Absence"]):
    def covering(self, on: datetime.date | None = None) -> Self:
        day = on or timezone.localdate()
        return self.filter(starts_on__lte=day, ends_on__gte=day)


class Absence(models.Model):
    """Days on which a person is away and the deputy gets the work; why is nobody's business."""

    person = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="absences", verbose_name=_("person")
    )
    starts_on = models.DateField(_("first day away"))
    ends_on = models.DateField(_("last day away"))

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("absence")
        verbose_name_plural = _("absences")
        ordering = ["starts_on"]
        constraints = [
            models.CheckConstraint(
                name="absence_ends_after_it_starts",
                condition=Q(ends_on__gte=F("starts_on")),
                violation_error_message=_("Make the last day the same as the first, or later."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.person}, {self.starts_on} to {self.ends_on}"


class Route(models.Model):
    """Where a locality's referrals go, in the portal or outside it, by day and out of hours."""

    locality = models.ForeignKey(
        Locality, on_delete=models.PROTECT, related_name="routes", verbose_name=_("locality")
    )
    kind = models.CharField(_("kind"), max_length=20, choices=RouteKind)
    sector = models.CharField(  # S5; blank: every sector that has no route of its own
        _("only from the sector"),
        max_length=30,
        choices=Sector,
        blank=True,
        help_text=_("Empty: every sector"),
    )
    name = models.CharField(_("name"), max_length=120)
    in_portal = models.BooleanField(_("works in the portal"), default=True)
    is_open = models.BooleanField(_("open"), default=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail address"), blank=True)
    out_of_hours_name = models.CharField(_("out of hours: who"), max_length=120, blank=True)
    out_of_hours_phone = models.CharField(_("out of hours: telephone"), max_length=40, blank=True)
    own_form_name = models.CharField(_("name of their own form"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("route")
        verbose_name_plural = _("routes")
        ordering = ["locality", "kind", "sector"]
        constraints = [
            models.UniqueConstraint(
                fields=["locality", "kind", "sector"], name="route_once_each_sector"
            ),
            models.CheckConstraint(
                name="route_sector_is_known", condition=Q(sector__in=["", *Sector.values])
            ),
            models.CheckConstraint(
                name="route_kind_is_known", condition=Q(kind__in=RouteKind.values)
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        if not (self.in_portal or self.phone or self.email):
            raise ValidationError(
                _("Give a telephone number or an e-mail address: they do not work in the portal.")
            )


class Contact(models.Model):
    """Whom to ring or write to, as the Help page shows it, with where that was found and when."""

    purpose = models.CharField(_("for"), max_length=20, choices=ContactPurpose)
    locality = models.ForeignKey(
        Locality,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="contacts",
        verbose_name=_("locality"),
        help_text=_("Empty: everywhere"),
    )
    name = models.CharField(_("who answers"), max_length=120)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail address"), blank=True)
    web = models.URLField(_("web address"), blank=True)
    hours = models.CharField(_("hours"), max_length=200, blank=True)
    out_of_hours_phone = models.CharField(_("out of hours: telephone"), max_length=40, blank=True)
    note = models.TextField(_("note"), blank=True)
    source = models.CharField(_("source"), max_length=200)
    owner = models.CharField(_("who keeps this true"), max_length=120)
    checked_on = models.DateField(_("last checked"))
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    is_shown = models.BooleanField(_("shown"), default=True)

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ["order", "purpose", "name"]

    def __str__(self) -> str:
        return self.name

    @transaction.atomic
    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        ContactEdition.objects.note([self])

    def clean(self) -> None:
        super().clean()
        if not (self.phone or self.email or self.web):
            raise ValidationError(_("Give a telephone number, an e-mail or a web address."))


class ContactEditionQuerySet(models.QuerySet["ContactEdition"]):
    def note(self, contacts: Iterable[Contact], *, now: datetime.datetime | None = None) -> None:
        """Keep what contacts say from now on, where it is not what they said before."""
        contacts = list(contacts)
        newest = (
            self.filter(contact__in=contacts).order_by("contact_id", "-pk").distinct("contact_id")
        )
        said = {one.contact_id: one.said for one in newest}
        fresh = [
            ContactEdition(contact=one, since=now or timezone.now(), said=_said(one))
            for one in contacts
        ]
        self.bulk_create(one for one in fresh if one.said != said.get(one.contact_id))

    def begins(self) -> datetime.datetime | None:
        """Since when contacts are kept; none before the first."""
        first: datetime.datetime | None = self.aggregate(first=models.Min("since"))["first"]
        return first

    def before(self, moment: datetime.datetime) -> list[Contact]:
        """The contacts as they stood at a moment: to be shown and not to be saved."""
        newest = self.filter(since__lt=moment).order_by("contact_id", "-since", "-pk")
        places = {place.pk: place for place in Locality.objects.all()}
        found = [one.as_it_was(places) for one in newest.distinct("contact_id")]
        return sorted(found, key=lambda one: (one.order, one.purpose, one.name))


class ContactEdition(models.Model):
    """What a contact said from a moment on, so that a page can be read as it was on a day."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="editions")
    since = models.DateTimeField()
    said = models.JSONField()  # the row's columns as text, the number of its locality

    objects = ContactEditionQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["contact", "-since"], name="contact_edition_newest")]

    def __str__(self) -> str:
        return f"{self.said.get('name', '')}, {self.since:%Y-%m-%d}"

    def as_it_was(self, places: Mapping[int, Locality]) -> Contact:
        """The contact as it stood; its locality out of ``places``, by number."""
        fields = {field.attname: field for field in Contact._meta.concrete_fields}
        said = {name: value for name, value in self.said.items() if name in fields}
        contact = Contact(pk=self.contact_id)
        for name, value in said.items():
            setattr(contact, name, fields[name].to_python(value))
        contact.locality = places.get(contact.locality_id or 0)
        return contact


def _said(contact: Contact) -> dict[str, Any]:
    fields = (field for field in contact._meta.concrete_fields if not field.primary_key)
    return {
        field.attname: value
        if isinstance(value := getattr(contact, field.attname), str | int | None)
        else field.value_to_string(contact)
        for field in fields
    }


class RetentionRuleQuerySet(models.QuerySet["RetentionRule"]):
    def in_force(self) -> Self:
        return self.filter(signed_at__isnull=False, ended_at__isnull=True)

    def proposed(self) -> Self:
        return self.filter(signed_at__isnull=True, ended_at__isnull=True)


class RetentionRule(models.Model):
    """How long one kind of record is kept: proposed by one person and signed by another.

    A signed rule is never changed: another one is proposed, and takes its place when it is signed.
    """

    kind = models.CharField(_("what is kept"), max_length=20, choices=Kept)
    months = models.PositiveSmallIntegerField(_("months"))
    child_months = models.PositiveSmallIntegerField(_("months, for a child"), null=True, blank=True)
    source = models.CharField(_("where this was decided"), max_length=300)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    signed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    signed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)  # replaced, or taken back unsigned

    objects = RetentionRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("retention rule")
        verbose_name_plural = _("retention rules")
        ordering = ["kind", "proposed_at"]
        constraints = [
            models.CheckConstraint(
                name="retentionrule_kind_is_known", condition=Q(kind__in=Kept.values)
            ),
            models.CheckConstraint(
                name="retentionrule_lasts", condition=Q(months__gt=0) & ~Q(child_months=0)
            ),
            models.CheckConstraint(name="retentionrule_has_a_source", condition=~Q(source="")),
            models.CheckConstraint(
                name="retentionrule_signed_by_another",
                condition=Q(signed_by__isnull=True, signed_at__isnull=True)
                | Q(signed_by__isnull=False, signed_at__isnull=False)
                & ~Q(signed_by=F("proposed_by")),
            ),
            models.UniqueConstraint(
                fields=["kind"],
                condition=Q(signed_at__isnull=False, ended_at__isnull=True),
                name="retentionrule_one_in_force",
            ),
            models.UniqueConstraint(
                fields=["kind"],
                condition=Q(signed_at__isnull=True, ended_at__isnull=True),
                name="retentionrule_one_proposed",
            ),
        ]

    def __str__(self) -> str:
        return f"{Kept(self.kind).label}, {self.months}"


class Opening(models.Model):
    """That the portal has left set-up and takes concerns: one row, or none before that."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("opening")
        verbose_name_plural = _("openings")
        constraints = [models.CheckConstraint(name="opening_is_once", condition=Q(id=1))]

    def __str__(self) -> str:
        return f"{self.opened_at}"


class Logo(models.Model):
    """The picture at the head of what is printed for an agency or for a locality's board.

    Drawn anew from its dots when it came; ``words`` stand for it where nobody sees it.
    """

    agency = models.OneToOneField(
        Agency, on_delete=models.CASCADE, null=True, blank=True, related_name="logo"
    )
    locality = models.OneToOneField(
        Locality, on_delete=models.CASCADE, null=True, blank=True, related_name="logo"
    )
    picture = models.BinaryField()  # PNG
    words = models.CharField(_("words in place of the picture"), max_length=120)
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("logo")
        verbose_name_plural = _("logos")
        constraints = [
            models.CheckConstraint(
                name="logo_of_one_place",
                condition=Q(agency__isnull=True) ^ Q(locality__isnull=True),
            ),
            models.CheckConstraint(name="logo_has_words", condition=~Q(words="")),
        ]

    def __str__(self) -> str:
        return self.words
