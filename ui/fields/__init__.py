"""What can be asked: GOV.UK fields that say what to do when an answer cannot be kept.

Every field normalises text once (``ui.text.clean``) and checks its limits on the server. Values
are ready for JSON where the class says so; a stored value given as ``initial`` draws as typed.
"""

from ui.fields.choices import (
    NOT_A_CHOICE,
    ChoiceField,
    ConfirmField,
    MultiField,
    SelectField,
    YesNoField,
    flat,
)
from ui.fields.days import ApproxDateField, DayField, MomentField
from ui.fields.faults import part_error, with_missing
from ui.fields.groups import ContactField, DetailsField, RepeatingField
from ui.fields.numbers import WholeNumberField
from ui.fields.words import (
    EmailField,
    LongField,
    TelephoneField,
    TextField,
    check_email,
    check_telephone,
    width_class,
)

__all__ = [
    "NOT_A_CHOICE",
    "ApproxDateField",
    "ChoiceField",
    "ConfirmField",
    "ContactField",
    "DayField",
    "DetailsField",
    "EmailField",
    "LongField",
    "MomentField",
    "MultiField",
    "RepeatingField",
    "SelectField",
    "TelephoneField",
    "TextField",
    "WholeNumberField",
    "YesNoField",
    "check_email",
    "check_telephone",
    "flat",
    "part_error",
    "width_class",
    "with_missing",
]
