"""SHARE: what goes with the referral when it is shared (S)."""

from django.utils.translation import gettext_lazy as _

from agencies.terms import Sector
from referrals import terms
from referrals.questions.base import (
    Asked,
    Kind,
    Maker,
    R,
    is_adult,
    own_form,
)

_s = Maker("share", Asked.LEAD)
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
    special="OBC",
    hint=_("“Too early to say” and “no ideology” are normal answers."),
    missing=_("Select what you can tell of an ideology, or “Too early to say”"),
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
    applies=is_adult,
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
    applies=own_form,
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
    about=_("how and when to reach you"),
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

QUESTIONS = [question for maker in (_s,) for question in maker.made]
