"""What is stored of a concern, and who may see it.

One referral is one row, with one row for each section of its form. Words about people are sealed
(``vault``) with the case's own key; columns that routing, clocks and statistics need are plain.
"""

import base64
import secrets
import uuid
from collections.abc import Sequence
from datetime import date
from typing import Any, Self

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, JSONObject
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from agencies import people
from agencies.models import Agency, Locality, Membership, RetentionRule, Route
from agencies.terms import AGENCY_LEADS, PREVENT, AgencyType, LegalBasis, Role, Sector
from clauses.models import Edition
from files.terms import DOCUMENTS, FileState
from referrals import terms
from referrals.terms import Status
from vault.fields import SealedBinaryField, SealedJSONField, SealedTextField
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
        key = DataKey.objects.filter(pk=OuterRef("pk"))
        return self.with_named().annotate(
            close=ArraySubquery(close),
            saves=ArraySubquery(saves),
            is_led=Exists(leads),
            wrapped=Subquery(key.values("wrapped")),
            master=Subquery(key.values("master")),
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
    # agency's leads may hear of it, and its key as it is kept.
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
        return reverse("referrals:case", args=[self.key])

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


class SectionRecord(SealedModel):
    """The answers of one section; which page was answered by whom is told by ``PageSave``."""

    class Meta:
        abstract = True

    @property
    def case_id(self) -> uuid.UUID:
        return self.referral_id  # type: ignore[attr-defined, no-any-return]


def _section(name: str) -> Any:
    return models.OneToOneField(Referral, on_delete=models.PROTECT, related_name=name)


class GateRecord(SectionRecord):
    """G1 to G7: is anyone in danger now?"""

    referral = _section("gate")
    harm = models.CharField(max_length=10, choices=terms.YesNo, blank=True)  # G1
    crime = models.CharField(max_length=10, choices=terms.YesNo, blank=True)  # G2
    travel = models.CharField(max_length=10, choices=terms.YesNo, blank=True)  # G3
    called_999 = models.CharField(max_length=10, choices=terms.YesNo, blank=True)  # G4
    called_at = models.DateTimeField(null=True, blank=True)  # G5
    incident_number = SealedTextField(blank=True)  # G6
    told_to_do = SealedTextField(blank=True)  # G7


class ConcernRecord(SectionRecord):
    """N1 to N13: what was noticed, in the words of the person who noticed it."""

    referral = _section("concern")
    place = models.CharField(max_length=10, choices=terms.Place, blank=True)  # N1
    under_18 = models.CharField(max_length=10, choices=terms.YesNoUnknown, blank=True)  # N2
    came_to_notice = models.CharField(max_length=10, choices=terms.CameToNotice, blank=True)  # N3
    noticed_when = SealedJSONField(blank=True)  # N4
    event_when = SealedJSONField(blank=True)  # N5
    event_place = SealedTextField(blank=True)  # N5
    observed = SealedTextField(blank=True)  # N6
    told_by_others = SealedTextField(blank=True)  # N7
    features = SealedJSONField(blank=True)  # N8
    online_how = SealedJSONField(blank=True)  # N9
    online_detail = SealedTextField(blank=True)  # N9
    online_names = SealedTextField(blank=True)  # N10
    repeated = models.CharField(max_length=10, choices=terms.YesNoUnknown, blank=True)  # N11
    repeated_detail = SealedTextField(blank=True)  # N11
    raised_before = models.CharField(max_length=10, choices=terms.YesNoUnknown, blank=True)  # N12
    raised_before_detail = SealedTextField(blank=True)  # N12
    left_out_reason = SealedTextField(blank=True)  # why a strong prompt was left unanswered
    # What ``Attachment`` holds, in short, kept by the same doors: name, kind, size, digest. So a
    # page that shows the answers asks nothing more, and the frozen copy has it.
    attachments = SealedJSONField(blank=True)  # N13


class PersonRecord(SectionRecord):
    """P1 to P23, but for P13: who the concern is about."""

    referral = _section("person")
    forenames = SealedTextField(blank=True)  # P1
    surname = SealedTextField(blank=True)  # P2
    also_known_as = SealedTextField(blank=True)  # P3
    born = SealedJSONField(blank=True)  # P4
    age = models.PositiveSmallIntegerField(null=True, blank=True)  # P5
    gender = models.CharField(max_length=10, choices=terms.Gender, blank=True)  # P7
    addresses = SealedJSONField(blank=True)  # P8
    reach = SealedJSONField(blank=True)  # P9
    language = SealedTextField(blank=True)  # P10
    interpreter = models.CharField(max_length=10, choices=terms.YesNoUnknown, blank=True)  # P10
    nationality = SealedTextField(blank=True)  # P11
    immigration = SealedTextField(blank=True)  # P12
    immigration_detail = SealedTextField(blank=True)  # P12
    belief_matters = SealedTextField(blank=True)  # P14
    belief = SealedTextField(blank=True)  # P14
    belief_reason = SealedTextField(blank=True)  # P14
    household = SealedJSONField(blank=True)  # P15
    parents = SealedJSONField(blank=True)  # P16
    cares_for_child = models.CharField(max_length=10, choices=terms.YesNoUnknown, blank=True)  # P17
    school = SealedTextField(blank=True)  # P18
    school_before = SealedTextField(blank=True)  # P18
    work = SealedTextField(blank=True)  # P19
    work_before = SealedTextField(blank=True)  # P19
    position_of_trust = models.CharField(
        max_length=10, choices=terms.YesNoUnknown, blank=True
    )  # P20
    service_link = SealedTextField(blank=True)  # P21
    social_names = SealedTextField(blank=True)  # P22
    involved = SealedJSONField(blank=True)  # P23
    # Keyed digests for the search by name and birth date; they give back no name (CR-05).
    name_digest = models.BinaryField(max_length=32, null=True, editable=False)
    name_born_digest = models.BinaryField(max_length=32, null=True, editable=False)
    # Of the name with each address and its postcode, in hexadecimal: rule 7.
    name_address_digests = ArrayField(
        models.CharField(max_length=64), default=list, blank=True, editable=False
    )

    class Meta:
        indexes = [
            models.Index(fields=["name_digest"], name="person_name"),
            models.Index(fields=["name_born_digest"], name="person_name_born"),
            GinIndex(fields=["name_address_digests"], name="person_name_address"),
        ]


class MonitoringRecord(SectionRecord):
    """P13 alone: kept apart from the case, hidden from triage, read only as totals."""

    referral = _section("monitoring")
    ethnic_group = SealedTextField(blank=True)  # P13


class ContextRecord(SectionRecord):
    """W1 to W7: needs, context and strengths."""

    referral = _section("context")
    needs = SealedJSONField(blank=True)  # W1
    needs_detail = SealedTextField(blank=True)  # W1
    health_known = SealedTextField(blank=True)  # W2
    health_detail = SealedTextField(blank=True)  # W2
    communication = SealedTextField(blank=True)  # W3
    strengths = SealedJSONField(blank=True)  # W4
    strengths_detail = SealedTextField(blank=True)  # W4
    explanations = SealedTextField(blank=True)  # W5
    worry = SealedTextField(blank=True)  # W6
    other_concerns = SealedJSONField(blank=True)  # W7
    other_concerns_detail = SealedTextField(blank=True)  # W7


class CheckRecord(SectionRecord):
    """C1 to C19: what the safeguarding lead tested, was told and decided."""

    referral = _section("check_record")
    spoken_to = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )  # C1
    spoken_at = models.DateTimeField(null=True, blank=True)  # C2
    advice_line = models.CharField(max_length=20, choices=terms.AdviceLine, blank=True)
    advice_line_detail = SealedTextField(blank=True)
    advice_from = SealedJSONField(blank=True)  # C3
    facts_verified = SealedTextField(blank=True)  # C4
    fair_basis = models.CharField(max_length=10, choices=terms.YesNo, blank=True)  # C5
    override_reason = SealedTextField(blank=True)  # C5, when a second lead agrees
    override_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    explanations_tested = models.CharField(max_length=10, choices=terms.YesNo, blank=True)  # C6
    explanations_detail = SealedTextField(blank=True)  # C6
    second_opinion_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )  # C7
    # As it was asked at first: a name in words, sealed for its old column. Still read.
    second_opinion_name = SealedTextField(blank=True, editable=False, db_column="second_opinion_by")
    second_opinion = SealedTextField(blank=True)  # C7
    clinical_view = models.CharField(max_length=20, choices=terms.ClinicalView, blank=True)  # C8
    told_person = models.CharField(max_length=20, choices=terms.Told, blank=True)  # C9
    told_response = SealedTextField(blank=True)  # C10
    told_parent = models.CharField(max_length=20, choices=terms.ParentTold, blank=True)  # C11
    parent_response = SealedTextField(blank=True)  # C12
    action_taken = models.CharField(max_length=10, choices=terms.YesNo, blank=True)  # C13
    action_detail = SealedTextField(blank=True)  # C13
    consulted = models.CharField(max_length=10, choices=terms.YesNo, blank=True)  # C14
    consulted_detail = SealedTextField(blank=True)  # C14
    not_told_reason = SealedTextField(blank=True)  # C15
    legal_basis = models.CharField(max_length=30, choices=LegalBasis, blank=True)  # C16
    decision = models.CharField(max_length=1, choices=terms.Decision, blank=True)  # C17
    decision_reasons = SealedTextField(blank=True)  # C18
    signed = models.CharField(max_length=10, choices=terms.YesNo, blank=True)  # C19
    signed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    signed_at = models.DateTimeField(null=True, blank=True)


class DespiteRecord(SectionRecord):
    """The practitioner's own C6 and reasons, where they refer despite their lead's view (f)."""

    referral = _section("despite")
    own_tested = SealedTextField(blank=True)
    own_reasons = SealedTextField(blank=True)


class OtherRouteRecord(SectionRecord):
    """R1 to R5: help that is not Prevent. Never shown to a Prevent lead."""

    referral = _section("route_record")
    routes = SealedJSONField(blank=True)  # R1
    sent_where = SealedTextField(blank=True)  # R2
    sent_on = models.DateField(null=True, blank=True)  # R2
    sent_by = SealedTextField(blank=True)  # R2
    sent_reference = SealedTextField(blank=True)  # R2
    received = models.CharField(max_length=10, choices=terms.YesNo, blank=True)  # R3
    received_on = models.DateField(null=True, blank=True)  # R3
    person_told = models.CharField(max_length=20, choices=terms.Told, blank=True)  # R4
    look_again_on = models.DateField(null=True, blank=True)  # R5


class ShareRecord(SectionRecord):
    """S1 to S11: what goes with the referral when it is shared."""

    referral = _section("share")
    noticed_by = SealedJSONField(blank=True)  # S1
    anonymous = models.CharField(max_length=10, choices=terms.YesNo, blank=True)  # S2
    referrer = SealedJSONField(blank=True)  # S3
    prevent_contact = SealedJSONField(blank=True)  # S4
    sector = models.CharField(max_length=30, choices=Sector, blank=True)  # S5
    ideology = SealedTextField(blank=True)  # S6
    urgency = models.CharField(max_length=20, choices=terms.Urgency, blank=True)  # S7
    adult_care_needs = models.CharField(
        max_length=10, choices=terms.YesNoUnknown, blank=True
    )  # S8: care and support needs send it to adult safeguarding too
    form_sent = models.CharField(max_length=20, choices=terms.FormSent, blank=True)  # S9
    form_reference = SealedTextField(blank=True)  # S9
    contact_notes = SealedTextField(blank=True)  # S10
    declared = models.CharField(max_length=10, choices=terms.YesNo, blank=True)  # S11


class TriageRecord(SectionRecord):
    """T1 to T9: receipt and triage by the Prevent lead."""

    referral = _section("triage_record")
    complete = models.CharField(max_length=10, choices=terms.Complete, blank=True)  # T2
    earlier = models.CharField(max_length=10, choices=terms.Repeat, blank=True)  # T3
    earlier_records = SealedJSONField(blank=True)  # T3, references
    earlier_elsewhere = models.PositiveSmallIntegerField(null=True, blank=True)  # T3
    earlier_detail = SealedTextField(blank=True)  # T3
    repeat_review = models.CharField(max_length=20, choices=terms.RepeatReview, blank=True)  # T4
    repeat_reviewer = SealedTextField(blank=True)  # T4
    right_locality = models.CharField(max_length=10, choices=terms.RightLocality, blank=True)  # T5
    safeguarding_route = models.CharField(
        max_length=20, choices=terms.SafeguardingRoute, blank=True
    )  # T6
    safeguarding_detail = SealedTextField(blank=True)  # T6
    safety_actions = SealedTextField(blank=True)  # T7
    passed_at = models.DateTimeField(null=True, blank=True)  # T8
    data_quality = SealedTextField(blank=True)  # T9


class GatewayRecord(SectionRecord):
    """X1 to X10: the outcome that the police gateway records; never intelligence."""

    referral = _section("gateway_record")
    national_reference = SealedTextField(blank=True)  # X1
    national_earlier = models.CharField(
        max_length=10, choices=terms.NationalRecord, blank=True
    )  # T3, asked of the gateway
    national_detail = SealedTextField(blank=True)  # T3
    deconflicted = models.CharField(max_length=10, choices=terms.YesNo, blank=True)  # X3
    deconflicted_on = models.DateField(null=True, blank=True)  # X3
    tool = models.CharField(max_length=10, choices=terms.AssessmentTool, blank=True)  # X4
    outcome = models.CharField(max_length=20, choices=terms.GatewayOutcome, blank=True)  # X5
    category = models.CharField(max_length=20, choices=terms.GatewayCategory, blank=True)  # X6
    closure_reason = models.CharField(max_length=20, choices=terms.ClosureReason, blank=True)  # X7
    rationale = SealedTextField(blank=True)  # X8
    second_officer = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )  # X9
    signposted = SealedJSONField(blank=True)  # X10


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


class KeptText(PartOfCase):
    """Answers that lost a race with another tab or person: refused, and kept for their author."""

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="kept_texts")
    step = models.CharField(max_length=30)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    answers = SealedJSONField()


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


class ExclusionReason(PartOfCase):
    """Why somebody was kept out after the hand-over: sealed, as it may say what ties them to it."""

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    reason = SealedTextField()


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


class PoliceNote(PartOfCase):
    """Why the police gave back or ended what they led or held: for the police of the area alone."""

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="police_notes")
    target = models.CharField(max_length=20, choices=Status)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    body = SealedTextField()

    class Meta:
        indexes = [models.Index(fields=["referral", "at"], name="police_note_case")]


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


class ConversationQuerySet(models.QuerySet["Message"]):
    def read_by(self, user: User, *, team: bool) -> Self:
        """Without the notes of others: a team's are its own, a private one is its author's.

        Args:
            team: whether the user reads what the team of this case writes for itself.
        """
        read = Q(readers="") | Q(readers=terms.NoteReaders.SELF, by=user)
        return self.filter(read | Q(readers=terms.NoteReaders.TEAM) if team else read)


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


# Section 12 -------------------------------------------------------------------------------------
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
