"""CHECK: what the lead tested and decided; other routes; the practitioner's own reasons (C, R)."""

from django.utils.translation import gettext_lazy as _

from agencies.terms import LegalBasis
from referrals import terms
from referrals.questions.base import (
    YES,
    Asked,
    Kind,
    Maker,
    O,
    R,
    alone,
    has_lead,
    health,
    is_child,
    not_told,
    unfair,
    young,
)

_c = Maker("check_record", Asked.LEAD)
_c(
    "C1",
    "spoken_to",
    Kind.PERSON,
    _("Which safeguarding lead?"),
    _("Lead spoken to"),
    R,
    by=Asked.PRACTITIONER,
    applies=has_lead,
    missing=_("Select the safeguarding lead you will talk to"),
)
_c(
    "C2",
    "spoken_at",
    Kind.MOMENT,
    _("When did the two of you talk?"),
    _("When they talked"),
    R,
    applies=has_lead,
    missing=_("Enter the day and time you talked"),
)
_c(
    "",
    "advice_line",
    Kind.CHOICE,
    _("You have no safeguarding lead. Have you spoken to the advice line?"),
    _("Advice line"),
    R,
    choices=terms.AdviceLine,
    applies=alone,
    by=Asked.PRACTITIONER,
    missing=_("Select whether you have spoken to the advice line"),
)
_c(
    "",
    "advice_line_detail",
    Kind.LONG,
    _("What was advised, by whom and when? Or why could you not reach them?"),
    _("What the advice line said"),
    R,
    applies=alone,
    by=Asked.PRACTITIONER,
    maximum=2000,
    missing=_("Write what was advised, by whom and when, or why you could not reach them"),
    about=_("what was advised"),
)
_c(
    "C3",
    "advice_from",
    Kind.MULTI,
    _("Who gave advice?"),
    _("Advice taken from"),
    R,
    choices=terms.AdviceFrom,
    exclusive=("none",),
    missing=_("Select who gave advice, or “Nobody”"),
)
_c(
    "C4",
    "facts_verified",
    Kind.LONG,
    _("Which facts have been checked, and by whom?"),
    _("Facts checked"),
    R,
    hint=_("If nothing could be checked, say why."),
    missing=_("Write which facts have been checked and by whom, or why that was not possible"),
    about=_("the facts that have been checked"),
)
_c(
    "C5",
    "fair_basis",
    Kind.CHOICE,
    _(
        "Does the concern rest on something other than belief, practice, dress, nationality, "
        "opinion or lawful protest?"
    ),
    _("Rests on more than belief, practice, dress, nationality, opinion or lawful protest"),
    R,
    choices=terms.YesNo,
    special="BO",
    hint=_("If no, Prevent is not the route. We will show you others."),
    missing=_(
        "Select whether the concern rests on more than belief, practice, dress, nationality, "
        "opinion or lawful protest"
    ),
)
_c(
    "C5",
    "override_by",
    Kind.PERSON,
    _("Which second lead agrees that it should still be shared?"),
    _("Second lead who agrees"),
    O,
    applies=unfair,
    hint=_("Only if a second lead has read it and agrees. Otherwise leave this empty."),
)
_c(
    "C5",
    "override_reason",
    Kind.LONG,
    _("Why should it still be shared?"),
    _("Why it should still be shared"),
    O,
    applies=unfair,
    maximum=2000,
    special="BO",
    about=_("why it should still be shared"),
)
_c(
    "C6",
    "explanations_tested",
    Kind.CHOICE,
    _("Have you tested the other explanations?"),
    _("Other explanations tested"),
    R,
    choices=terms.YesNo,
    missing=_("Select whether you have tested the other explanations"),
)
_c(
    "C6",
    "explanations_detail",
    Kind.LONG,
    _("How, and what did you find? Or why not yet?"),
    _("How they were tested"),
    R,
    of="explanations_tested",
    when=("yes", "no"),
    maximum=2000,
    missing=_("Write how you tested the other explanations, or why not yet"),
    about=_("how you tested the other explanations"),
)
_c(
    "C7",
    "second_opinion_by",
    Kind.PERSON,
    _("The child is 10 or under. Who gave a second opinion?"),
    _("Second opinion by"),
    R,
    applies=young,
    hint=_("Another lead of your agency, or a Prevent lead of the area."),
    missing=_("Select who gave a second opinion"),
    formerly="second_opinion_name",
)
_c(
    "C7",
    "second_opinion",
    Kind.LONG,
    _("What did they think? How were the words heard, and were language and hearing checked?"),
    _("Second opinion"),
    R,
    applies=young,
    maximum=2000,
    missing=_("Write what the second opinion was, and how the words were heard"),
    about=_("the second opinion"),
)
_c(
    "C8",
    "clinical_view",
    Kind.CHOICE,
    _("Have you sought a clinical or special needs view?"),
    _("Clinical or special needs view"),
    R,
    choices=terms.ClinicalView,
    applies=health,
    special="H",
    missing=_("Select whether you have sought a clinical or special needs view"),
)
_c(
    "C9",
    "told_person",
    Kind.CHOICE,
    _("Have you told the person about the referral?"),
    _("Person told"),
    R,
    choices=terms.Told,
    missing=_("Select whether you have told the person"),
)
_c(
    "C10",
    "told_response",
    Kind.LONG,
    _("What did they say?"),
    _("What the person said"),
    R,
    of="told_person",
    when=YES,
    maximum=2000,
    said=True,
    missing=_("Write what the person said"),
    about=_("what the person said"),
)
_c(
    "C11",
    "told_parent",
    Kind.CHOICE,
    _("Have you told their parent or carer?"),
    _("Parent or carer told"),
    R,
    choices=terms.ParentTold,
    applies=is_child,
    missing=_("Select whether you have told their parent or carer"),
)
_c(
    "C12",
    "parent_response",
    Kind.LONG,
    _("What did the parent or carer say, and what support is there?"),
    _("What the parent or carer said"),
    R,
    of="told_parent",
    when=YES,
    maximum=2000,
    missing=_("Write what the parent or carer said"),
    about=_("what the parent or carer said"),
)
_c(
    "C13",
    "action_taken",
    Kind.CHOICE,
    _("Has anything been done already?"),
    _("Action already taken"),
    R,
    choices=terms.YesNo,
    missing=_("Select whether anything has been done already"),
)
_c(
    "C13",
    "action_detail",
    Kind.LONG,
    _("What has been done?"),
    _("What has been done"),
    R,
    of="action_taken",
    when=YES,
    maximum=2000,
    missing=_("Write what has been done"),
    about=_("what has been done"),
)
_c(
    "C14",
    "consulted",
    Kind.CHOICE,
    _("Have other agencies been consulted?"),
    _("Other agencies consulted"),
    R,
    choices=terms.YesNo,
    missing=_("Select whether other agencies have been consulted"),
)
_c(
    "C14",
    "consulted_detail",
    Kind.LONG,
    _("Which agencies, and what did they say?"),
    _("What they said"),
    R,
    of="consulted",
    when=YES,
    maximum=2000,
    missing=_("Write which agencies, and what they said"),
    about=_("what the other agencies said"),
)
_c(
    "C15",
    "not_told_reason",
    Kind.LONG,
    _("Why share it without telling them?"),
    _("Why it is shared without telling"),
    R,
    applies=not_told,
    maximum=2000,
    missing=_("Write why it is shared without telling the person or their parent"),
    about=_("why it is shared without telling them"),
)
_c(
    "C16",
    "legal_basis",
    Kind.SELECT,
    _("Legal basis, in your agency's view"),
    _("Legal basis"),
    R,
    choices=LegalBasis,
    missing=_("Select the legal basis"),
)
_c(
    "C17",
    "decision",
    Kind.CHOICE,
    _("Your decision"),
    _("Decision"),
    R,
    choices=terms.Decision,
    missing=_("Select your decision"),
)
_c(
    "C18",
    "decision_reasons",
    Kind.LONG,
    _("Reasons for your decision"),
    _("Reasons for the decision"),
    R,
    minimum=40,
    hint=_("At least 40 characters. The person who raised it will read this."),
    missing=_("Write the reasons for your decision"),
    about=_("the reasons for your decision"),
)
_c(
    "C19",
    "signed",
    Kind.CONFIRM,
    _("We have talked about it, and this is my decision as safeguarding lead"),
    _("Declared by the lead"),
    R,
    missing=_("Confirm that you have talked about it and that this is your decision"),
)

_d = Maker("despite", Asked.PRACTITIONER)
_d(
    "C6",
    "own_tested",
    Kind.LONG,
    _("Which other explanations did you test, and what did you find?"),
    _("Other explanations: the practitioner's own test"),
    R,
    maximum=2000,
    applies=lambda a: a.despite_lead,
    missing=_("Write which other explanations you tested, and what you found"),
    about=_("the other explanations you tested"),
)
_d(
    "C18",
    "own_reasons",
    Kind.LONG,
    _("Why do you still want to refer?"),
    _("Why the practitioner refers"),
    R,
    minimum=40,
    applies=lambda a: a.despite_lead,
    hint=_("At least 40 characters. Your lead's view goes with it."),
    missing=_("Write why you still want to refer"),
    about=_("why you still want to refer"),
)

_r = Maker("route_record", Asked.LEAD)
_r(
    "R1",
    "routes",
    Kind.MULTI,
    _("Which other help is the right one?"),
    _("Other help"),
    R,
    choices=terms.OtherRoute,
    missing=_("Select at least one kind of help"),
)
_r(
    "R2",
    "sent_where",
    Kind.TEXT,
    _("Where was it sent?"),
    _("Sent to"),
    O,
    hint=_("You have 2 working days to send it."),
)
_r("R2", "sent_on", Kind.DAY, _("When was it sent?"), _("Sent on"), O)
_r("R2", "sent_by", Kind.TEXT, _("Who sent it?"), _("Sent by"), O)
_r(
    "R2",
    "sent_reference",
    Kind.TEXT,
    _("Their reference, if they gave one"),
    _("Their reference"),
    O,
)
_r(
    "R3",
    "received",
    Kind.CHOICE,
    _("Have they confirmed that they have it?"),
    _("Receipt confirmed"),
    O,
    choices=terms.YesNo,
)
_r(
    "R3",
    "received_on",
    Kind.DAY,
    _("When did they confirm?"),
    _("Confirmed on"),
    O,
    of="received",
    when=YES,
)
_r(
    "R4",
    "person_told",
    Kind.CHOICE,
    _("Have you told the person about this help?"),
    _("Person told about the help"),
    R,
    choices=terms.Told,
    missing=_("Select whether you have told the person about this help"),
)
_r(
    "R5",
    "look_again_on",
    Kind.DAY,
    _("When will you look at it again?"),
    _("Look again on"),
    O,
    past=False,
    hint=_("Four weeks from now, unless you choose another day."),
)

QUESTIONS = [
    question
    for maker in (
        _c,
        _d,
        _r,
    )
    for question in maker.made
]
