"""Who the concern is about (P), and the monitoring question that is kept apart (P13)."""

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
    age_not_known,
    is_adult,
    is_child,
)

_p = Maker("person", Asked.PRACTITIONER)
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
    applies=age_not_known,
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
_m = Maker("monitoring", Asked.PRACTITIONER)
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
    about=_("the religion or belief"),
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
    about=_("why it matters to the concern"),
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
    applies=is_child,
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
    applies=is_adult,
    hint=_("If so, the children's front door is told about the child."),
    missing=_("Select whether the person cares for, or lives with, a child"),
)
_p(
    "P18",
    "school",
    Kind.TEXT,
    _("School, college or university now"),
    _("School, college or university"),
    O,
    required_if=is_child,
    hint=_("For a child it is needed. If you do not know, write “not known”."),
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
    applies=is_adult,
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

QUESTIONS = [question for maker in (_p, _m) for question in maker.made]
