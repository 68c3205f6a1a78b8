"""After it is shared: triage by the Prevent lead, and the police gateway (T, X)."""

from django.utils.translation import gettext_lazy as _

from referrals import terms
from referrals.questions.base import (
    YES,
    Asked,
    Kind,
    Maker,
    O,
    R,
)

_t = Maker("triage_record", Asked.PREVENT)
_t(
    "T2",
    "complete",
    Kind.CHOICE,
    _("Is it complete enough?"),
    _("Complete enough"),
    R,
    choices=terms.Complete,
    missing=_("Select whether it is complete enough"),
)
_t(
    "T3",
    "earlier",
    Kind.CHOICE,
    _("Has this person been referred before?"),
    _("Earlier records"),
    R,
    choices=terms.Repeat,
    hint=_(
        "The gateway is asked for the national record too when you pass it on: "
        "the portal keeps records for a short time only."
    ),
    missing=_("Select whether there are earlier records"),
)
_t(
    "T3",
    "earlier_records",
    Kind.MULTI,
    _("Which of these are of the same person?"),
    _("Earlier records here"),
    O,
    of="earlier",
    when=("found",),
    applies=lambda a: bool(a.matches or a.get("earlier_records")),
    hint=_("Two people may share a name: read before you tick."),
)
_t(
    "T3",
    "earlier_elsewhere",
    Kind.NUMBER,
    _("How many are there that the portal does not hold?"),
    _("Earlier records elsewhere"),
    O,
    of="earlier",
    when=("found",),
    maximum=99,
)
_t(
    "T3",
    "earlier_detail",
    Kind.LONG,
    _("How did they end?"),
    _("How the earlier records ended"),
    R,
    of="earlier",
    when=("found",),
    required_if=lambda a: bool(a.get("earlier_elsewhere")) or not a.get("earlier_records"),
    hint=_("How those ended that are not ticked here, and how many there are."),
    missing=_(
        "Select the earlier records, or write how many there are elsewhere and how they ended"
    ),
    about=_("the earlier records"),
)
_t(
    "T4",
    "repeat_review",
    Kind.CHOICE,
    _("Has a second person looked at the earlier records?"),
    _("Second look at a repeat"),
    R,
    choices=terms.RepeatReview,
    of="earlier",
    when=("found",),
    missing=_("Select whether a second person has looked at the earlier records"),
)
_t(
    "T4",
    "repeat_reviewer",
    Kind.TEXT,
    _("Who?"),
    _("Second reviewer"),
    R,
    of="repeat_review",
    when=("done",),
    missing=_("Enter who took a second look at the earlier records"),
)
_t(
    "T5",
    "right_locality",
    Kind.CHOICE,
    _("Is it yours?"),
    _("Right area"),
    R,
    choices=terms.RightLocality,
    missing=_("Select whether it belongs to your area"),
)
_t(
    "T6",
    "safeguarding_route",
    Kind.CHOICE,
    _("Have the safeguarding services got it?"),
    _("Safeguarding route"),
    R,
    choices=terms.SafeguardingRoute,
    missing=_("Select whether the safeguarding services have it"),
)
_t(
    "T6",
    "safeguarding_detail",
    Kind.LONG,
    _("When and to whom, or why is it not needed?"),
    _("Safeguarding route: more"),
    R,
    of="safeguarding_route",
    when=("sent_now", "not_needed"),
    maximum=1000,
    missing=_("Write when and to whom it was sent, or why that is not needed"),
    about=_("when and to whom it was sent"),
)
_t(
    "T7",
    "safety_actions",
    Kind.LONG,
    _("Immediate safety actions"),
    _("Safety actions"),
    O,
    maximum=2000,
    about=_("the safety actions"),
)
_t(
    "T9",
    "data_quality",
    Kind.LONG,
    _("Notes on the quality of the referral"),
    _("Quality notes"),
    O,
    hint=_("For feedback and training. Say if a protected characteristic was misused."),
    maximum=2000,
    about=_("the quality of the referral"),
)

_x = Maker("gateway_record", Asked.POLICE, special="C")
_x(
    "X1",
    "national_reference",
    Kind.TEXT,
    _("Reference in the national system"),
    _("National reference"),
    R,
    missing=_("Enter the reference in the national system"),
)
_x(
    "T3",
    "national_earlier",
    Kind.CHOICE,
    _("Does the national record hold this person from before?"),
    _("Earlier in the national record"),
    R,
    choices=terms.NationalRecord,
    hint=_(
        "The Prevent lead asks, and reads your answer: "
        "the portal keeps records for a short time only."
    ),
    missing=_("Select whether the national record holds this person from before"),
)
_x(
    "T3",
    "national_detail",
    Kind.LONG,
    _("How many, and how did they end?"),
    _("National record: how many, and how they ended"),
    R,
    of="national_earlier",
    when=("found",),
    hint=_("Short. No intelligence."),
    maximum=1000,
    missing=_("Write how many the national record holds, and how they ended"),
    about=_("the national record"),
)
_x(
    "X3",
    "deconflicted",
    Kind.CHOICE,
    _("Has deconfliction been done?"),
    _("Deconfliction done"),
    R,
    choices=terms.YesNo,
    missing=_("Select whether deconfliction has been done"),
)
_x(
    "X3",
    "deconflicted_on",
    Kind.DAY,
    _("On which day?"),
    _("Deconfliction on"),
    R,
    of="deconflicted",
    when=YES,
    missing=_("Enter the day when deconfliction was done"),
)
_x(
    "X4",
    "tool",
    Kind.CHOICE,
    _("Which assessment was used?"),
    _("Assessment used"),
    R,
    choices=terms.AssessmentTool,
    missing=_("Select which assessment was used"),
)
_x(
    "X5",
    "outcome",
    Kind.CHOICE,
    _("Outcome"),
    _("Gateway outcome"),
    R,
    choices=terms.GatewayOutcome,
    missing=_("Select the outcome"),
)
_x(
    "X6",
    "category",
    Kind.CHOICE,
    _("Category"),
    _("Category"),
    R,
    choices=terms.GatewayCategory,
    missing=_("Select the category"),
)
_x(
    "X7",
    "closure_reason",
    Kind.CHOICE,
    _("Why is it closed?"),
    _("Reason for closing"),
    R,
    hint=_("Only where the outcome closes it."),
    choices=terms.ClosureReason,
    of="outcome",
    when=("no_concern", "other_services"),
    missing=_("Select why it is closed"),
)
_x(
    "X8",
    "rationale",
    Kind.LONG,
    _("Reasons, in words that may be disclosed"),
    _("Gateway reasons"),
    R,
    hint=_("Short. No intelligence."),
    maximum=2000,
    missing=_("Write the reasons for the outcome"),
    about=_("the reasons for the outcome"),
)
_x(
    "X9",
    "second_officer",
    Kind.PERSON,
    _("Second officer who agrees to close it"),
    _("Second officer"),
    R,
    applies=lambda a: a.needs_second_officer,
    missing=_("Select the second officer"),
)
_x(
    "X10",
    "signposted",
    Kind.MULTI,
    _("Which services were they pointed to?"),
    _("Signposted to"),
    R,
    choices=terms.OtherRoute,
    of="outcome",
    when=("other_services",),
    missing=_("Select at least one service that they were pointed to"),
)

QUESTIONS = [
    question
    for maker in (
        _t,
        _x,
    )
    for question in maker.made
]
