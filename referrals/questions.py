"""Every question of the record, once: code, words, choices, condition and who is asked.

The wizard, "check your answers", the lead's CHECK page, the case page, the PDF, the blank paper
form and the frozen submission all read this list; a question added here appears in all of them.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.db.models import Choices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from agencies.terms import LegalBasis, Sector
from referrals import terms

if TYPE_CHECKING:
    from referrals.answers import Answers

Words = str | Promise
Condition = Callable[["Answers"], bool]

ADULT_FROM = 18
"""Years of age."""
SECOND_OPINION_UP_TO = 10
"""Years of age: C7 (rule 4 of section 14)."""


class Kind(StrEnum):
    TEXT = "text"
    LONG = "long"
    CHOICE = "choice"
    SELECT = "select"
    MULTI = "multi"
    DETAILS = "details"
    APPROX = "approx"
    DAY = "day"
    MOMENT = "moment"
    NUMBER = "number"
    ROWS = "rows"
    CONTACT = "contact"
    PERSON = "person"
    CONFIRM = "confirm"


class Need(StrEnum):
    """Required to go on; strongly prompted, left only with a reason; or optional."""

    REQUIRED = "R"
    STRONG = "S"
    OPTIONAL = "O"


class Asked(StrEnum):
    PRACTITIONER = "P"
    LEAD = "L"
    SYSTEM = "Y"
    PREVENT = "V"
    POLICE = "X"


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question.

    ``name`` is the column, unique over the whole record; ``of`` and ``when`` tie a follow-up to
    the answer that opens it; ``applies`` is the condition under which it is asked at all;
    ``special`` names the categories of section 13 that the answer may hold.
    """

    code: str
    name: str
    record: str
    kind: Kind
    text: Words
    short: Words
    choices: type[Choices] | None = None
    hint: Words = ""
    need: Need = Need.OPTIONAL
    by: Asked = Asked.PRACTITIONER
    special: str = ""
    of: str = ""
    when: tuple[str, ...] = ()
    applies: Condition | None = None
    exclusive: str = ""
    minimum: int = 0
    maximum: int = 4000
    columns: tuple[tuple[str, Words], ...] = ()
    past: bool = True
    missing: Words = ""
    said: bool = False
    """Exact words: shown as a quotation."""

    def is_asked(self, answers: "Answers") -> bool:
        if self.applies is not None and not self.applies(answers):
            return False
        if self.of:
            parent = BY_NAME[self.of]
            if not parent.is_asked(answers):
                return False
            given = answers.get(self.of)
            given = given if isinstance(given, (list, dict)) else [given]
            return any(str(value) in self.when for value in given)
        return True


def _is_child(a: "Answers") -> bool:
    return a.is_child


def _is_adult(a: "Answers") -> bool:
    return a.is_adult


def _gate_yes(a: "Answers") -> bool:
    return a.gate_yes


def _age_not_known(a: "Answers") -> bool:
    return a.age_from_birth is None


def _event(a: "Answers") -> bool:
    return bool(a.get("came_to_notice") == terms.CameToNotice.EVENT)


def _online(a: "Answers") -> bool:
    return a.get("came_to_notice") == terms.CameToNotice.ONLINE or terms.Feature.ONLINE in (
        a.get("features") or {}
    )


def _young(a: "Answers") -> bool:
    return a.age is not None and a.age <= SECOND_OPINION_UP_TO


def _health(a: "Answers") -> bool:
    return str(a.get("health_known")) not in ("", terms.HealthKnown.NONE)


def _has_lead(a: "Answers") -> bool:
    return a.has_lead


def _alone(a: "Answers") -> bool:
    return a.alone


def _not_told(a: "Answers") -> bool:
    untold = {terms.Told.RISK, terms.Told.POLICE, terms.Told.NOT_YET}
    return a.get("told_person") in untold or (
        a.is_child and a.get("told_parent") in {terms.ParentTold.RISK, terms.ParentTold.POLICE}
    )


def _unfair(a: "Answers") -> bool:
    return bool(a.get("fair_basis") == terms.YesNo.NO)


def _own_form(a: "Answers") -> bool:
    return a.is_child and a.get("place") == terms.Place.NORTH_YORKSHIRE


class _Maker:
    """Keeps the record's name and who is asked, so that a question says only what is its own."""

    def __init__(self, record: str, by: Asked) -> None:
        self.record, self.by = record, by
        self.made: list[Question] = []

    def __call__(
        self,
        code: str,
        name: str,
        kind: Kind,
        text: Words,
        short: Words,
        need: Need = Need.OPTIONAL,
        **more: Any,
    ) -> None:
        more.setdefault("by", self.by)
        self.made.append(
            Question(
                code=code,
                name=name,
                record=self.record,
                kind=kind,
                text=text,
                short=short,
                need=need,
                **more,
            )
        )


R, S, O = Need.REQUIRED, Need.STRONG, Need.OPTIONAL  # noqa: E741 - the dictionary's own letters
YES = ("yes",)

_gate = _Maker("gate", Asked.PRACTITIONER)
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
    applies=_gate_yes,
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
)

_n = _Maker("concern", Asked.PRACTITIONER)
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
    applies=_event,
    missing=_("Enter when the event was, or tick “I do not know”"),
)
_n(
    "N5",
    "event_place",
    Kind.TEXT,
    _("Where was the event?"),
    _("Where the event was"),
    R,
    applies=_event,
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
    applies=_online,
    exclusive="not_known",
    missing=_("Select how you know about the online activity"),
)
_n(
    "N9",
    "online_detail",
    Kind.LONG,
    _("Tell us more about how you know"),
    _("More about how it is known"),
    O,
    applies=_online,
    hint=_("If you searched, say what for and why. Do not search for more."),
    special="OB",
)
_n(
    "N10",
    "online_names",
    Kind.LONG,
    _("Which platforms, links or names?"),
    _("Platforms, links or names"),
    O,
    applies=_online,
    hint=_("Describe it. Do not paste or attach extremist content."),
    special="OB",
    maximum=2000,
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
    maximum=1000,
)

_p = _Maker("person", Asked.PRACTITIONER)
_p(
    "P1",
    "forenames",
    Kind.TEXT,
    _("First names"),
    _("First names"),
    R,
    hint=_("If you do not know, write “not known”."),
    missing=_("Enter the person's first names, or write “not known”"),
)
_p(
    "P2",
    "surname",
    Kind.TEXT,
    _("Surname"),
    _("Surname"),
    R,
    hint=_("If you do not know, write “not known”."),
    missing=_("Enter the person's surname, or write “not known”"),
)
_p("P3", "also_known_as", Kind.TEXT, _("Any other names they use"), _("Also known as"), O)
_p(
    "P4",
    "born",
    Kind.APPROX,
    _("Date of birth"),
    _("Date of birth"),
    S,
    hint=_("For example, 27 3 2011."),
)
_p(
    "P5",
    "age",
    Kind.NUMBER,
    _("About how old is the person?"),
    _("Approximate age"),
    R,
    applies=_age_not_known,
    hint=_("In years. Your best guess is enough."),
    maximum=120,
    missing=_("Enter about how old the person is, in years"),
)
_p(
    "P7",
    "gender",
    Kind.CHOICE,
    _("Gender, as the person describes it"),
    _("Gender"),
    R,
    choices=terms.Gender,
    missing=_("Select the person's gender, or “Not known”"),
)
_p(
    "P8",
    "addresses",
    Kind.ROWS,
    _("Addresses"),
    _("Addresses"),
    S,
    hint=_("The current one first."),
    columns=(("address", _("Address")), ("note", _("Current, or until when"))),
)
_p(
    "P9",
    "reach",
    Kind.ROWS,
    _("Telephone numbers and e-mail addresses"),
    _("Telephone and e-mail"),
    O,
    columns=(("value", _("Number or address")), ("note", _("Whose, and is it safe to use"))),
)
_p(
    "P10",
    "language",
    Kind.TEXT,
    _("Preferred language"),
    _("Preferred language"),
    S,
    special="E",
)
_p(
    "P10",
    "interpreter",
    Kind.CHOICE,
    _("Is an interpreter needed?"),
    _("Interpreter needed"),
    S,
    choices=terms.YesNoUnknown,
)
_p(
    "P11",
    "nationality",
    Kind.TEXT,
    _("Nationality or citizenship"),
    _("Nationality or citizenship"),
    O,
    hint=_("Only if you know, and it is relevant."),
    special="E",
)
_p(
    "P12",
    "immigration",
    Kind.SELECT,
    _("Immigration or asylum status"),
    _("Immigration or asylum status"),
    O,
    choices=terms.Immigration,
    hint=_("Only if you know. It is never a reason for concern."),
    special="E",
)
_p(
    "P12",
    "immigration_detail",
    Kind.TEXT,
    _("Anything that helpers need to know about it"),
    _("More about the status"),
    O,
    special="E",
)
_m = _Maker("monitoring", Asked.PRACTITIONER)
_m(
    "P13",
    "ethnic_group",
    Kind.CHOICE,
    _("Ethnic group, as the person describes it"),
    _("Ethnic group"),
    O,
    choices=terms.EthnicGroup,
    special="E",
    hint=_(
        "Used only to check that we treat people equally. It is stored apart, and nobody who "
        "looks at the concern sees it."
    ),
)
_p(
    "P14",
    "belief_matters",
    Kind.CHOICE,
    _("Does a religion or belief matter to understanding this concern?"),
    _("Religion or belief matters"),
    O,
    choices=terms.YesNo,
    hint=_("Most often it does not. A belief is never a reason for concern."),
    special="B",
)
_p(
    "P14",
    "belief",
    Kind.LONG,
    _("Which religion or belief?"),
    _("Religion or belief"),
    R,
    of="belief_matters",
    when=YES,
    special="B",
    maximum=1000,
    missing=_("Write which religion or belief, or change your answer"),
)
_p(
    "P14",
    "belief_reason",
    Kind.LONG,
    _("Why does it matter to the concern?"),
    _("Why it matters"),
    R,
    of="belief_matters",
    when=YES,
    special="B",
    maximum=1000,
    missing=_("Write why it matters to the concern, or change your answer"),
)
_p(
    "P15",
    "household",
    Kind.ROWS,
    _("Who lives in the household?"),
    _("Family and household"),
    S,
    hint=_("Family members and others, how they are related, and the ages of children."),
    columns=(
        ("name", _("Name")),
        ("relationship", _("Relationship")),
        ("age", _("Age, if a child")),
    ),
)
_p(
    "P16",
    "parents",
    Kind.ROWS,
    _("Parents, carers or nearest relative"),
    _("Parent or carer"),
    R,
    applies=_is_child,
    columns=(
        ("name", _("Name")),
        ("relationship", _("Relationship")),
        ("contact", _("How to reach them")),
    ),
    hint=_("At least one. If you do not know, write “not known” as the name."),
    missing=_("Enter at least one parent or carer, or write “not known” as the name"),
)
_p(
    "P17",
    "cares_for_child",
    Kind.CHOICE,
    _("Does the person care for, or live with, a child?"),
    _("Cares for or lives with a child"),
    R,
    choices=terms.YesNoUnknown,
    applies=_is_adult,
    hint=_("If so, the children's front door is told about the child."),
    missing=_("Select whether the person cares for, or lives with, a child"),
)
_p(
    "P18",
    "school",
    Kind.TEXT,
    _("School, college or university now"),
    _("School, college or university"),
    R,
    applies=_is_child,
    hint=_("If you do not know, write “not known”."),
    missing=_("Enter the school or college, or write “not known”"),
)
_p(
    "P18",
    "school_before",
    Kind.TEXT,
    _("Earlier schools or colleges"),
    _("Earlier schools or colleges"),
    O,
)
_p(
    "P19",
    "work",
    Kind.TEXT,
    _("Work or volunteering now"),
    _("Work or volunteering"),
    O,
    hint=_("Occupation and employer, or what they volunteer for."),
)
_p("P19", "work_before", Kind.TEXT, _("Earlier work"), _("Earlier work"), O)
_p(
    "P20",
    "position_of_trust",
    Kind.CHOICE,
    _("Does the person work or volunteer with children or adults at risk?"),
    _("Position of trust"),
    R,
    choices=terms.YesNoUnknown,
    applies=_is_adult,
    hint=_("If so, tell the designated officer for positions of trust as well."),
    missing=_("Select whether the person works or volunteers with children or adults at risk"),
)
_p(
    "P21",
    "service_link",
    Kind.TEXT,
    _("Link with the armed forces or cadets"),
    _("Armed forces or cadets"),
    O,
    hint=_("With a service number if you know it."),
)
_p(
    "P22",
    "social_names",
    Kind.TEXT,
    _("Names they use on social media"),
    _("Social media names"),
    O,
)
_p(
    "P23",
    "involved",
    Kind.ROWS,
    _("GP and other agencies involved"),
    _("Agencies involved"),
    S,
    columns=(("agency", _("Agency")), ("worker", _("Worker")), ("contact", _("How to reach them"))),
    special="H",
)

_w = _Maker("context", Asked.PRACTITIONER)
_w(
    "W1",
    "needs",
    Kind.MULTI,
    _("What else is the person dealing with?"),
    _("Needs"),
    S,
    choices=terms.Need,
    exclusive="none",
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
)
_w(
    "W4",
    "strengths",
    Kind.MULTI,
    _("What is good, and who do they trust?"),
    _("Strengths"),
    S,
    choices=terms.Strength,
    exclusive="none",
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
)
_w(
    "W7",
    "other_concerns",
    Kind.MULTI,
    _("Are there other safeguarding concerns?"),
    _("Other safeguarding concerns"),
    R,
    choices=terms.OtherConcern,
    exclusive="none",
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
)

_c = _Maker("check_record", Asked.LEAD)
_c(
    "C1",
    "spoken_to",
    Kind.PERSON,
    _("Which safeguarding lead?"),
    _("Lead spoken to"),
    R,
    by=Asked.PRACTITIONER,
    applies=_has_lead,
    missing=_("Select the safeguarding lead you will talk to"),
)
_c(
    "C2",
    "spoken_at",
    Kind.MOMENT,
    _("When did the two of you talk?"),
    _("When they talked"),
    R,
    applies=_has_lead,
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
    applies=_alone,
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
    applies=_alone,
    by=Asked.PRACTITIONER,
    maximum=2000,
    missing=_("Write what was advised, by whom and when, or why you could not reach them"),
)
_c(
    "C3",
    "advice_from",
    Kind.MULTI,
    _("Who gave advice?"),
    _("Advice taken from"),
    R,
    choices=terms.AdviceFrom,
    exclusive="none",
    missing=_("Select who gave advice, or “Nobody”"),
)
_c(
    "C4",
    "facts_verified",
    Kind.LONG,
    _("Which facts have been checked, and by whom?"),
    _("Facts checked"),
    S,
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
    missing=_("Select whether the concern rests on something other than these"),
)
_c(
    "C5",
    "override_by",
    Kind.PERSON,
    _("Which second lead agrees that it should still be shared?"),
    _("Second lead who agrees"),
    O,
    applies=_unfair,
    hint=_("Only if a second lead has read it and agrees. Otherwise leave this empty."),
)
_c(
    "C5",
    "override_reason",
    Kind.LONG,
    _("Why should it still be shared?"),
    _("Why it should still be shared"),
    O,
    applies=_unfair,
    maximum=2000,
    special="BO",
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
)
_c(
    "C7",
    "second_opinion_by",
    Kind.TEXT,
    _("The child is 10 or under. Who gave a second opinion?"),
    _("Second opinion by"),
    R,
    applies=_young,
    hint=_("Another lead or the Prevent lead: name and role."),
    missing=_("Enter who gave a second opinion, with their role"),
)
_c(
    "C7",
    "second_opinion",
    Kind.LONG,
    _("What did they think? How were the words heard, and were language and hearing checked?"),
    _("Second opinion"),
    R,
    applies=_young,
    maximum=2000,
    missing=_("Write what the second opinion was, and how the words were heard"),
)
_c(
    "C8",
    "clinical_view",
    Kind.CHOICE,
    _("Have you sought a clinical or special needs view?"),
    _("Clinical or special needs view"),
    R,
    choices=terms.ClinicalView,
    applies=_health,
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
)
_c(
    "C11",
    "told_parent",
    Kind.CHOICE,
    _("Have you told their parent or carer?"),
    _("Parent or carer told"),
    R,
    choices=terms.ParentTold,
    applies=_is_child,
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
)
_c(
    "C15",
    "not_told_reason",
    Kind.LONG,
    _("Why share it without telling them?"),
    _("Why it is shared without telling"),
    R,
    applies=_not_told,
    maximum=2000,
    missing=_("Write why it is shared without telling the person or their parent"),
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

_d = _Maker("despite", Asked.PRACTITIONER)
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
)

_r = _Maker("route_record", Asked.LEAD)
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

_s = _Maker("share", Asked.LEAD)
_s(
    "S1",
    "noticed_by",
    Kind.CONTACT,
    _("Who first noticed it?"),
    _("First noticed by"),
    R,
    missing=_("Enter the name of the person who first noticed it"),
)
_s(
    "S2",
    "anonymous",
    Kind.CHOICE,
    _("Does that person wish to stay unnamed to the person the concern is about?"),
    _("Wishes to stay unnamed"),
    R,
    choices=terms.YesNo,
    hint=_("We will do what we can. The law does not let us promise it."),
    missing=_("Select whether that person wishes to stay unnamed"),
)
_s(
    "S3",
    "referrer",
    Kind.CONTACT,
    _("Who is making this referral?"),
    _("Referral made by"),
    R,
    missing=_("Enter the name of the person making this referral"),
)
_s(
    "S4",
    "prevent_contact",
    Kind.CONTACT,
    _("Your agency's Prevent contact"),
    _("Agency's Prevent contact"),
    R,
    by=Asked.SYSTEM,
    missing=_("Enter the name of your agency's Prevent contact, or your own"),
)
_s(
    "S5",
    "sector",
    Kind.SELECT,
    _("Which sector is the referral from?"),
    _("Sector"),
    R,
    choices=Sector,
    missing=_("Select the sector the referral is from"),
)
_s(
    "S6",
    "ideology",
    Kind.CHOICE,
    _("Is there an ideology, as far as you can tell?"),
    _("Working view of ideology"),
    R,
    choices=terms.Ideology,
    special="OB",
    hint=_("“Too early to say” and “no ideology” are normal answers."),
    missing=_("Select an ideology, “no ideology” or “Too early to say”"),
)
_s(
    "S7",
    "urgency",
    Kind.CHOICE,
    _("How urgent is it?"),
    _("Urgency"),
    R,
    choices=terms.Urgency,
    missing=_("Select how urgent it is"),
)
_s(
    "S8",
    "adult_care_needs",
    Kind.CHOICE,
    _("Does the person have care and support needs?"),
    _("Care and support needs"),
    R,
    choices=terms.YesNoUnknown,
    applies=_is_adult,
    special="H",
    hint=_("If so, adult safeguarding is told as well."),
    missing=_("Select whether the person has care and support needs"),
)
_s(
    "S9",
    "form_sent",
    Kind.CHOICE,
    _("Has the Universal Referral Form been sent to children's services too?"),
    _("Universal Referral Form"),
    R,
    choices=terms.FormSent,
    applies=_own_form,
    missing=_("Select whether the Universal Referral Form has been sent"),
)
_s(
    "S9",
    "form_reference",
    Kind.TEXT,
    _("Its reference, or who is sending it"),
    _("Form reference, or who sends it"),
    R,
    of="form_sent",
    when=("yes", "being_done"),
    missing=_("Enter the reference of the form, or who is sending it"),
)
_s(
    "S10",
    "contact_notes",
    Kind.LONG,
    _("How and when is it best and safe to reach you?"),
    _("Reaching the referrer"),
    R,
    maximum=1000,
    missing=_("Write how and when it is best to reach you"),
)
_s(
    "S11",
    "declared",
    Kind.CONFIRM,
    _(
        "To the best of my knowledge this is accurate, "
        "and I share it in good faith to keep people safe"
    ),
    _("Declared by the referrer"),
    R,
    missing=_("Confirm that it is accurate and shared in good faith"),
)

_t = _Maker("triage_record", Asked.PREVENT)
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
        "Ask the gateway for the national record too: "
        "the portal keeps records for a short time only."
    ),
    missing=_("Select whether there are earlier records"),
)
_t(
    "T3",
    "earlier_detail",
    Kind.LONG,
    _("How many, and how did they end?"),
    _("Earlier records: how many, and how they ended"),
    R,
    of="earlier",
    when=("found",),
    missing=_("Write how many earlier records there are, and how they ended"),
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
    missing=_("Enter the name of the second reviewer"),
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
    missing=_("Write when and to whom, or why it is not needed"),
)
_t(
    "T7",
    "safety_actions",
    Kind.LONG,
    _("Immediate safety actions"),
    _("Safety actions"),
    O,
    maximum=2000,
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
)

_x = _Maker("gateway_record", Asked.POLICE)
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
    missing=_("Enter the day of deconfliction"),
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
    missing=_("Write the reasons"),
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
    missing=_("Select at least one service"),
)

QUESTIONS: tuple[Question, ...] = tuple(
    question for maker in (_gate, _n, _p, _m, _w, _c, _d, _r, _s, _t, _x) for question in maker.made
)
BY_NAME: dict[str, Question] = {question.name: question for question in QUESTIONS}
if len(BY_NAME) != len(QUESTIONS):
    raise RuntimeError("two questions share a name")


def named(*names: str) -> tuple[Question, ...]:
    return tuple(BY_NAME[name] for name in names)


def of_record(*records: str) -> tuple[Question, ...]:
    return tuple(question for question in QUESTIONS if question.record in records)


def asked(questions: Iterable[Question], answers: "Answers") -> Iterator[Question]:
    """Those questions that apply, given what has been answered."""
    return (question for question in questions if question.is_asked(answers))
