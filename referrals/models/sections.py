"""The answers of a case, one record for each section of its form."""

import uuid
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from accounts.models import User
from agencies.terms import LegalBasis, Sector
from referrals import terms
from referrals.models.case import Referral
from vault.fields import SealedJSONField, SealedTextField
from vault.models import SealedModel


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
    # Of the names, numbers and addresses of the person and their family, by which an account is
    # found that it may name (AC-08). None: of before there were such; the housekeeping makes them.
    named_digests = ArrayField(
        models.CharField(max_length=64), null=True, default=list, blank=True, editable=False
    )

    class Meta:
        indexes = [
            models.Index(fields=["name_digest"], name="person_name"),
            models.Index(fields=["name_born_digest"], name="person_name_born"),
            GinIndex(fields=["name_address_digests"], name="person_name_address"),
            GinIndex(fields=["named_digests"], name="person_named"),
            models.Index(
                fields=["referral"], name="person_not_named", condition=Q(named_digests=None)
            ),
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
