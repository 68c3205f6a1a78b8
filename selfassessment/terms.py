"""The words of the yearly self-assessment (sections 2 to 7 of the standard set's own document).

Values are stored and stay; labels are shown and may be reworded or translated.
"""

from datetime import timedelta
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from agencies.terms import AGENCY_LEADS, AgencyType, Role

REASON_AT_LEAST = 20  # characters, of why a standard does not apply
POSITION_AT_MOST = 1000  # characters
EVIDENCE_MONTHS = 18  # evidence older than this allows Developing at best
SHORT_FORM_BELOW = 5  # people; such an organisation may be given the short form
HIDDEN_BELOW = 5  # counts of people smaller than this are not shown (AC-17)
GROUP_AT_LEAST = 3  # agencies, before a median of them is shown


class FormType(models.TextChoices):
    """Which form an agency fills in; codes and words of section 2."""

    LA = "LA", _("Local authority")
    SE = "SE", _("School, early years")
    FH = "FH", _("Further and higher education")
    HL = "HL", _("Health")
    PO = "PO", _("Police")
    CJ = "CJ", _("Prison, probation, youth justice")
    VC = "VC", _("Voluntary, faith, commissioned")


FORM_OF_KIND = {
    AgencyType.EDUCATION_SCHOOL: FormType.SE,
    AgencyType.EARLY_YEARS: FormType.SE,
    AgencyType.EDUCATION_FE: FormType.FH,
    AgencyType.EDUCATION_HE: FormType.FH,
    AgencyType.HEALTH: FormType.HL,
    AgencyType.LOCAL_AUTHORITY: FormType.LA,
    AgencyType.POLICE: FormType.PO,
    AgencyType.PROBATION: FormType.CJ,
    AgencyType.COMMUNITY: FormType.VC,
    AgencyType.FAITH: FormType.VC,
    AgencyType.INDEPENDENT: FormType.VC,
    AgencyType.OTHER: FormType.VC,
}


class Weight(models.TextChoices):
    MUST = "must", _("Must")
    SHOULD = "should", _("Should")


class Rating(models.TextChoices):
    """Words, not numbers: a bare number would mislead beside inspection grades."""

    NOT_IN_PLACE = "not_in_place", _("Not in place")
    DEVELOPING = "developing", _("Developing")
    IN_PLACE = "in_place", _("In place")
    EMBEDDED = "embedded", _("Embedded")
    NOT_APPLICABLE = "not_applicable", _("Not applicable")


POINTS = {
    Rating.NOT_IN_PLACE: 0,
    Rating.DEVELOPING: 1,
    Rating.IN_PLACE: 2,
    Rating.EMBEDDED: 3,
}
MOST_POINTS = 3


class Rag(models.TextChoices):
    RED = "red", _("Red")
    AMBER = "amber", _("Amber")
    GREEN = "green", _("Green")


class Confidence(models.TextChoices):
    SURE = "sure", _("Sure")
    FAIRLY = "fairly_sure", _("Fairly sure")
    UNSURE = "unsure", _("Unsure")


class Status(models.TextChoices):
    """Where an agency's form of one cycle is (section 7.2). Overdue is worked out, not stored."""

    NOT_STARTED = "not_started", _("Not started")
    IN_PROGRESS = "in_progress", _("In progress")
    READY = "ready_for_signoff", _("Ready for sign-off")
    SIGNED = "signed_off", _("Signed off")
    RETURNED = "returned", _("Returned with questions")
    MODERATION = "in_moderation", _("In moderation")
    MODERATED = "moderated", _("Moderated")
    PUBLISHED = "published_to_agency", _("Final")
    CLOSED = "closed", _("Closed")
    EXEMPT = "exempt", _("Exempt")


EDITABLE = (Status.NOT_STARTED, Status.IN_PROGRESS, Status.RETURNED)
BEFORE_SIGNED = (Status.NOT_STARTED, Status.IN_PROGRESS, Status.READY, Status.RETURNED)
# From here on the board may read it; a returned form was read already.
READ_BY_BOARD = (
    Status.SIGNED,
    Status.RETURNED,
    Status.MODERATION,
    Status.MODERATED,
    Status.PUBLISHED,
    Status.CLOSED,
)
WITH_MODERATORS = (Status.MODERATION, Status.MODERATED, Status.PUBLISHED, Status.CLOSED)

# Who does what in an agency; the signer is its senior accountable lead.
FORM_LEADS = AGENCY_LEADS
AGENCY_READERS = (*AGENCY_LEADS, Role.SENIOR_LEAD, Role.AGENCY_ADMIN)
BOARD_READERS = (Role.BOARD_MEMBER, Role.MODERATION_MANAGER)


class EvidenceKind(models.TextChoices):
    DOCUMENT = "document", _("Document")
    DATA = "data", _("Data")
    OBSERVATION = "observation", _("Observation")
    LINK = "link", _("Link")
    INTERVIEW = "interview", _("Interview")


class Priority(models.TextChoices):
    CRITICAL = "critical", _("Critical")
    HIGH = "high", _("High")
    MEDIUM = "medium", _("Medium")
    LOW = "low", _("Low")


# The longest time to the due day (section 5); low: by the end of the next cycle.
LONGEST: dict[Any, timedelta | None] = {
    Priority.CRITICAL: timedelta(days=30),
    Priority.HIGH: timedelta(days=90),
    Priority.MEDIUM: timedelta(days=180),
    Priority.LOW: None,
}


class ActionStatus(models.TextChoices):
    OPEN = "open", _("Open")
    IN_PROGRESS = "in_progress", _("In progress")
    BLOCKED = "blocked", _("Blocked")
    DONE = "done", _("Done")
    VERIFIED = "verified", _("Verified")
    CANCELLED = "cancelled", _("Cancelled")


ACTION_ENDED = (ActionStatus.VERIFIED, ActionStatus.CANCELLED)
ACTION_WORK_LEFT = (ActionStatus.OPEN, ActionStatus.IN_PROGRESS, ActionStatus.BLOCKED)


class Outcome(models.TextChoices):
    """What a moderator says of one standard (section 7.4)."""

    AGREE = "agree", _("Agree")
    LOWER = "lower", _("Lower")
    RAISE = "raise", _("Raise")
    ASK = "ask", _("Ask for evidence")


class Size(models.TextChoices):
    """How many people work at an agency, as far as the form asks."""

    ONE = "one", _("One")
    FEW = "few", _("Two to four")
    MANY = "many", _("Five or more")


class RemarkKind(models.TextChoices):
    """With which move something was said to the agency in words."""

    SENT_BACK = "sent_back", _("Sent back by the senior lead")
    RETURNED = "returned", _("Returned with questions")
    REOPENED = "reopened", _("Reopened")


class NoticeKind(models.TextChoices):
    """What a person is told about a form; a day's worth goes as one mail."""

    OPENED = "opened", _("To be begun")
    NOT_STARTED = "not_started", _("Not begun yet")
    DUE_SOON = "due_soon", _("Due soon")
    OVERDUE = "overdue", _("Overdue")
    ASSIGNED = "assigned", _("Standards to answer")
    COMMENTED = "commented", _("Said by a colleague")
    READY = "ready", _("Ready to be signed")
    SENT_BACK = "sent_back", _("Sent back")
    RETURNED = "returned", _("Returned with questions")
    REOPENED = "reopened", _("Reopened")
    WAIVER = "waiver", _("A rule is decided on")
    LET_OFF = "let_off", _("A rule to decide on")
    MODERATED = "moderated", _("Moderated")
    PUBLISHED = "published", _("Final")
