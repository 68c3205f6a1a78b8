"""NOTICE: is anyone in danger, what was noticed, and what else is going on (G, N, W)."""

from django.utils.translation import gettext_lazy as _

from referrals import terms
from referrals.questions.base import (
    YES,
    Asked,
    Kind,
    Maker,
    O,
    R,
    S,
    event,
    gate_yes,
    online,
)

_gate = Maker("gate", Asked.PRACTITIONER)
_gate(
    "G1",
    "harm",
    Kind.CHOICE,
    _("Is anyone at immediate risk of harm?"),
    _("Immediate risk of harm"),
    R,
    choices=terms.YesNo,
    hint=_("This includes the person you are worried about."),
    special="C",
    missing=_("Select whether anyone is at immediate risk of harm"),
)
_gate(
    "G2",
    "crime",
    Kind.CHOICE,
    _("Is a crime about to happen?"),
    _("Crime about to happen"),
    R,
    choices=terms.YesNo,
    hint=_("Or is there a weapon or device, or a named target or time?"),
    special="C",
    missing=_("Select whether a crime is about to happen"),
)
_gate(
    "G3",
    "travel",
    Kind.CHOICE,
    _("Is the person about to travel to a conflict zone?"),
    _("About to travel"),
    R,
    choices=terms.YesNo,
    missing=_("Select whether the person is about to travel to a conflict zone"),
)
_gate(
    "G4",
    "called_999",
    Kind.CHOICE,
    _("Have you called 999 about this?"),
    _("999 called"),
    R,
    choices=terms.YesNo,
    applies=gate_yes,
    missing=_("Select whether you have called 999"),
)
_gate(
    "G5",
    "called_at",
    Kind.MOMENT,
    _("When did you call?"),
    _("When 999 was called"),
    R,
    of="called_999",
    when=YES,
    missing=_("Enter the day and time of your call"),
)
_gate(
    "G6",
    "incident_number",
    Kind.TEXT,
    _("What is the police incident number?"),
    _("Incident number"),
    R,
    of="called_999",
    when=YES,
    hint=_("If they did not give you one, write “not given”."),
    special="C",
    missing=_("Enter the incident number, or write “not given”"),
)
_gate(
    "G7",
    "told_to_do",
    Kind.LONG,
    _("What did they tell you to do?"),
    _("What police said to do"),
    O,
    of="called_999",
    when=YES,
    special="C",
    about=_("what they told you to do"),
)

_n = Maker("concern", Asked.PRACTITIONER)
_n(
    "N1",
    "place",
    Kind.CHOICE,
    _("Where does the person live?"),
    _("Where they live"),
    R,
    choices=terms.Place,
    hint=_("If you do not know, where are they seen?"),
    missing=_("Select where the person lives, or “Not known”"),
)
_n(
    "N2",
    "under_18",
    Kind.CHOICE,
    _("Is the person under 18?"),
    _("Under 18"),
    R,
    choices=terms.YesNoUnknown,
    missing=_("Select whether the person is under 18"),
)
_n(
    "N3",
    "came_to_notice",
    Kind.CHOICE,
    _("How did the person come to notice?"),
    _("How they came to notice"),
    R,
    choices=terms.CameToNotice,
    missing=_("Select how the person came to notice"),
)
_n(
    "N4",
    "noticed_when",
    Kind.APPROX,
    _("When did this first come to light?"),
    _("When it first came to light"),
    R,
    hint=_("A whole date, only a month or year, or your own words."),
    missing=_("Enter when it first came to light, or tick “I do not know”"),
)
_n(
    "N5",
    "event_when",
    Kind.APPROX,
    _("When was the event?"),
    _("When the event was"),
    R,
    applies=event,
    missing=_("Enter when the event was, or tick “I do not know”"),
)
_n(
    "N5",
    "event_place",
    Kind.TEXT,
    _("Where was the event?"),
    _("Where the event was"),
    R,
    applies=event,
    missing=_("Enter where the event was, or write “not known”"),
)
_n(
    "N6",
    "observed",
    Kind.LONG,
    _("What happened?"),
    _("What happened: seen and heard by the writer"),
    R,
    hint=_("Only what you saw, heard or read yourself. Give the day, the place and who was there."),
    minimum=40,
    special="BOC",
    said=True,
    missing=_("Write what happened"),
    about=_("what happened"),
)
_n(
    "N7",
    "told_by_others",
    Kind.LONG,
    _("What were you told by others?"),
    _("What others said"),
    O,
    hint=_("Who told you, when, and how they know. Leave this empty if nobody told you anything."),
    special="BOC",
    said=True,
    about=_("what you were told"),
)
_n(
    "N8",
    "features",
    Kind.DETAILS,
    _("What stood out?"),
    _("What stood out"),
    S,
    choices=terms.Feature,
    hint=_(
        "Tick only what you saw or were told. These are prompts to help you describe it. "
        "They are not a score."
    ),
    special="OBC",
)
_n(
    "N9",
    "online_how",
    Kind.MULTI,
    _("How do you know about the online activity?"),
    _("How the online activity is known"),
    R,
    choices=terms.OnlineHow,
    applies=online,
    exclusive=("not_known",),
    special="OBC",
    missing=_("Select how you know about the online activity"),
)
_n(
    "N9",
    "online_detail",
    Kind.LONG,
    _("Tell us more about how you know"),
    _("More about how it is known"),
    R,
    applies=online,
    required_if=lambda a: terms.OnlineHow.SEARCHED in (a.get("online_how") or []),
    hint=_("If you searched, say what for and why. Do not search for more."),
    missing=_("Write what you searched for, and why"),
    special="OBC",
    about=_("how you know"),
)
_n(
    "N10",
    "online_names",
    Kind.LONG,
    _("Which platforms, links or names?"),
    _("Platforms, links or names"),
    O,
    applies=online,
    hint=_("Describe it. Do not paste or attach extremist content."),
    special="OBC",
    maximum=2000,
    about=_("the platforms, links or names"),
)
_n(
    "N11",
    "repeated",
    Kind.CHOICE,
    _("Has this happened more than once?"),
    _("More than once"),
    S,
    choices=terms.YesNoUnknown,
    special="OBC",
)
_n(
    "N11",
    "repeated_detail",
    Kind.LONG,
    _("How often, and is it growing?"),
    _("How often, and whether it grows"),
    O,
    of="repeated",
    when=YES,
    special="OBC",
    about=_("how often it has happened"),
)
_n(
    "N12",
    "raised_before",
    Kind.CHOICE,
    _("Has anyone raised this person with Prevent before?"),
    _("Raised before"),
    S,
    choices=terms.YesNoUnknown,
    special="O",
)
_n(
    "N12",
    "raised_before_detail",
    Kind.LONG,
    _("When, and any reference"),
    _("When, and any reference"),
    O,
    of="raised_before",
    when=YES,
    special="O",
    maximum=1000,
    about=_("when it was raised before"),
)

_w = Maker("context", Asked.PRACTITIONER)
_w(
    "W1",
    "needs",
    Kind.MULTI,
    _("What else is the person dealing with?"),
    _("Needs"),
    S,
    choices=terms.Need,
    exclusive=("none", "not_known"),
    special="HCO",
)
_w(
    "W1",
    "needs_detail",
    Kind.LONG,
    _("Tell us about it"),
    _("More about needs"),
    O,
    special="HCO",
    about=_("what they are dealing with"),
)
_w(
    "W2",
    "health_known",
    Kind.CHOICE,
    _("Is there a disability, disorder or mental health condition?"),
    _("Disability or health"),
    R,
    choices=terms.HealthKnown,
    special="H",
    missing=_("Select whether there is a disability, disorder or mental health condition"),
)
_w(
    "W2",
    "health_detail",
    Kind.LONG,
    _("What is known, and who says so?"),
    _("What is known about it"),
    R,
    of="health_known",
    when=("stated", "diagnosed", "suspected"),
    special="H",
    missing=_("Write what is known, and who says so"),
    about=_("what is known, and who says so"),
)
_w(
    "W3",
    "communication",
    Kind.LONG,
    _("What helps the person to understand and be understood?"),
    _("Communication needs"),
    O,
    special="H",
    maximum=2000,
    about=_("what helps the person to understand"),
)
_w(
    "W4",
    "strengths",
    Kind.MULTI,
    _("What is good, and who do they trust?"),
    _("Strengths"),
    S,
    choices=terms.Strength,
    exclusive=("none", "not_known"),
    special="B",
)
_w(
    "W4",
    "strengths_detail",
    Kind.LONG,
    _("Tell us about it"),
    _("More about strengths"),
    O,
    special="B",
    about=_("what is good"),
)
_w(
    "W5",
    "explanations",
    Kind.LONG,
    _("What else could explain this?"),
    _("What else could explain it"),
    R,
    hint=_("At least one other explanation, or “none I can think of” and why."),
    special="HBO",
    missing=_("Write at least one other explanation, or “none I can think of” and why"),
    about=_("what else could explain it"),
)
_w(
    "W6",
    "worry",
    Kind.LONG,
    _("What are you worried could happen if nothing is done?"),
    _("What the writer is worried could happen"),
    R,
    special="BOC",
    missing=_("Write what you are worried could happen"),
    about=_("what you are worried could happen"),
)
_w(
    "W7",
    "other_concerns",
    Kind.MULTI,
    _("Are there other safeguarding concerns?"),
    _("Other safeguarding concerns"),
    R,
    choices=terms.OtherConcern,
    exclusive=("none", "not_known"),
    special="HC",
    missing=_("Select any other safeguarding concerns, or “None that I know of”"),
)
_w(
    "W7",
    "other_concerns_detail",
    Kind.LONG,
    _("Tell us about them"),
    _("More about other concerns"),
    O,
    special="HC",
    about=_("the other concerns"),
)
_n(
    "N13",
    "attachments",
    Kind.FILES,
    _("Do you want to add files?"),
    _("Files"),
    O,
    hint=_(
        "Up to five: your own notes, a letter, a screenshot. "
        "Never extremist material, and nothing sexual: describe it instead."
    ),
)
_n(
    "",
    "left_out_reason",
    Kind.LONG,
    _("Why are these left unanswered?"),
    _("Why prompts were left unanswered"),
    R,
    maximum=1000,
    applies=lambda a: a.has_strong_gaps,
    hint=_("One reason is enough, for example “I only saw him once”."),
    missing=_("Say why these are left unanswered, or go back and answer them"),
    about=_("why these are left unanswered"),
)

QUESTIONS = [
    question
    for maker in (
        _gate,
        _n,
        _w,
    )
    for question in maker.made
]
