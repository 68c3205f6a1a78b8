"""What is stored of a concern, and who may see it.

One referral is one row, with one row for each section of its form. Words about people are sealed
(``vault``) with the case's own key; columns that routing, clocks and statistics need are plain.
"""

from referrals.models.apart import ExclusionReason, PoliceNote
from referrals.models.case import (
    KEY_BYTES,
    Exclusion,
    NamedUser,
    NameSearch,
    PageSave,
    PartOfCase,
    Recipient,
    ReferenceCounter,
    Referral,
    ReferralQuerySet,
    kept_by,
    new_key,
)
from referrals.models.disposal import Disposal, Hold
from referrals.models.promises import Clock, ClockRule, Escalation
from referrals.models.sections import (
    CheckRecord,
    ConcernRecord,
    ContextRecord,
    DespiteRecord,
    GateRecord,
    GatewayRecord,
    MonitoringRecord,
    OtherRouteRecord,
    PersonRecord,
    SectionRecord,
    ShareRecord,
    TriageRecord,
)
from referrals.models.sent import Attachment, Document, Submission
from referrals.models.stumbles import Stumble
from referrals.models.talk import KeptText, Message, Seen

__all__ = [
    "KEY_BYTES",
    "Attachment",
    "CheckRecord",
    "Clock",
    "ClockRule",
    "ConcernRecord",
    "ContextRecord",
    "DespiteRecord",
    "Disposal",
    "Document",
    "Escalation",
    "Exclusion",
    "ExclusionReason",
    "GateRecord",
    "GatewayRecord",
    "Hold",
    "KeptText",
    "Message",
    "MonitoringRecord",
    "NameSearch",
    "NamedUser",
    "OtherRouteRecord",
    "PageSave",
    "PartOfCase",
    "PersonRecord",
    "PoliceNote",
    "Recipient",
    "ReferenceCounter",
    "Referral",
    "ReferralQuerySet",
    "SectionRecord",
    "Seen",
    "ShareRecord",
    "Stumble",
    "Submission",
    "TriageRecord",
    "kept_by",
    "new_key",
]
