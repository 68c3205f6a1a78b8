"""What is asked about people and where they work."""

import datetime
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

import files
from agencies.models import Agency, Locality
from agencies.terms import Role
from files import CleanFile, RefusedFileError, names
from files.terms import FileKind
from ui.fields import (
    ChoiceField,
    DayField,
    EmailField,
    TelephoneField,
    TextField,
    WholeNumberField,
)
from ui.forms import PageForm
from ui.trouble import NotSetUpError

ELSEWHERE = "elsewhere"

ROLE_HINTS = {
    Role.PRACTITIONER: gettext_lazy("Records concerns, and sees their own"),
    Role.LEAD: gettext_lazy("Checks the concerns of the agency, and sees them"),
    Role.DEPUTY_LEAD: gettext_lazy("Does the lead’s work when the lead is away"),
    Role.AGENCY_ADMIN: gettext_lazy("Looks after its people and roles. Sees no concerns"),
    Role.SENIOR_LEAD: gettext_lazy("Answers for safeguarding. Sees no concerns"),
    Role.PREVENT_LEAD: gettext_lazy("Takes the referrals of the locality in"),
    Role.PREVENT_DEPUTY: gettext_lazy("Does the Prevent lead’s work when the lead is away"),
    Role.PREVENT_SENIOR: gettext_lazy("Is told when work is late"),
    Role.PORTAL_ADMIN: gettext_lazy("Accounts and settings. Sees no concerns"),
    Role.PRIVACY_OFFICER: gettext_lazy("Reads the access log"),
}


def role_field(roles: Sequence[Role]) -> ChoiceField:
    return ChoiceField(
        label=gettext_lazy("Role"),
        choices=[(role.value, role.label) for role in roles],
        hints={role.value: ROLE_HINTS[role] for role in roles if role in ROLE_HINTS},
        missing=gettext_lazy("Select a role"),
    )


class DetailsForm(PageForm):
    name = TextField(
        label=gettext_lazy("Your full name"),
        max_length=120,
        missing=gettext_lazy("Write your full name"),
        autocomplete="name",
    )
    job_title = TextField(
        label=gettext_lazy("Your job"),
        help_text=gettext_lazy("For example: form tutor, practice nurse, childminder"),
        max_length=120,
        missing=gettext_lazy("Write what your job is"),
        autocomplete="organization-title",
    )
    phone = TelephoneField(
        label=gettext_lazy("Telephone at work"),
        help_text=gettext_lazy(
            "So that a safeguarding lead can ring you back. You may leave it empty."
        ),
        required=False,
        autocomplete="tel",
    )
    headings = {"name": "s", "job_title": "s", "phone": "s"}
    button = gettext_lazy("Save")


class JoinForm(DetailsForm):
    """Asked once: who you are, and if your address does not tell, where you work."""

    agency = ChoiceField(
        label=gettext_lazy("Where do you work?"),
        help_text=gettext_lazy("Several organisations share your address."),
        missing=gettext_lazy("Select where you work"),
        divider=gettext_lazy("or"),
    )
    organisation = TextField(
        label=gettext_lazy("Name of your organisation"),
        help_text=gettext_lazy("If you work alone, the name you trade under, or your own."),
        max_length=120,
        missing=gettext_lazy("Write the name of your organisation"),
        autocomplete="organization",
    )
    locality = ChoiceField(
        label=gettext_lazy("Where is it?"),
        missing=gettext_lazy("Select where your organisation is"),
    )
    headings = DetailsForm.headings | {"agency": "s", "organisation": "s", "locality": "s"}
    button = gettext_lazy("Continue")

    def __init__(
        self, *args: Any, agencies: Sequence[Agency], asks_where: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if not asks_where:
            for name in ("agency", "organisation", "locality"):
                del self.fields[name]
            return
        localities = [(each.code, each.name) for each in Locality.objects.all()]
        if not localities:
            raise NotSetUpError("there is no locality")
        self._choices("locality", localities)
        if agencies:
            here = [(str(each.pk), each.name) for each in agencies]
            self._choices("agency", [*here, (ELSEWHERE, _("Somewhere else"))])
            self.reveals = {"agency": {ELSEWHERE: ["organisation", "locality"]}}
        else:
            del self.fields["agency"]

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - told to the type checker
        field.choices = choices


class InviteForm(PageForm):
    email = EmailField(
        label=gettext_lazy("Work e-mail address"),
        help_text=gettext_lazy("The invitation works for this address only, once, for 72 hours."),
        missing=gettext_lazy("Write the e-mail address of the person"),
    )
    headings = {"email": "s", "role": "s"}
    button = gettext_lazy("Send the invitation")

    def __init__(self, *args: Any, roles: Sequence[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"] = role_field(roles)


class ChangeRoleForm(PageForm):
    headings = {"role": "s"}
    button = gettext_lazy("Change the role")

    def __init__(self, *args: Any, roles: Sequence[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"] = role_field(roles)


class AbsenceForm(PageForm):
    starts_on = DayField(
        label=gettext_lazy("First day away"), missing=gettext_lazy("Write the first day away")
    )
    ends_on = DayField(
        label=gettext_lazy("Last day away"), missing=gettext_lazy("Write the last day away")
    )
    headings = {"starts_on": "s", "ends_on": "s"}
    button = gettext_lazy("Note these days")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first: datetime.date | None = cleaned.get("starts_on")
        last: datetime.date | None = cleaned.get("ends_on")
        if first and last and last < first:
            raise ValidationError(
                {"ends_on": _("Make the last day the same as the first, or later.")}
            )
        if last and last < timezone.localdate():
            raise ValidationError({"ends_on": _("Make the last day today or later.")})
        return cleaned


class PreventContactForm(PageForm):
    """S4."""

    prevent_contact_name = TextField(
        label=gettext_lazy("Full name"),
        max_length=120,
        missing=gettext_lazy("Write the name of the contact"),
    )
    prevent_contact_role = TextField(
        label=gettext_lazy("Job or role"),
        max_length=120,
        missing=gettext_lazy("Write the contact’s job or role"),
    )
    prevent_contact_phone = TelephoneField(label=gettext_lazy("Telephone"))
    prevent_contact_email = EmailField(label=gettext_lazy("E-mail address"))
    headings = dict.fromkeys(
        [
            "prevent_contact_name",
            "prevent_contact_role",
            "prevent_contact_phone",
            "prevent_contact_email",
        ],
        "s",
    )
    button = gettext_lazy("Save")


class RetentionForm(PageForm):
    """How long one kind of record is kept."""

    months = WholeNumberField(
        label=gettext_lazy("How many months it is kept"),
        least=1,
        most=600,
        missing=gettext_lazy("Write a number of months, like 12"),
    )
    child_months = WholeNumberField(
        label=gettext_lazy("How many months for a child, where that is shorter"),
        help_text=gettext_lazy("Empty: the same as for adults."),
        least=1,
        most=600,
        required=False,
    )
    source = TextField(
        label=gettext_lazy("Where this was decided"),
        help_text=gettext_lazy("For example: retention schedule, agreed by the board on 3 May"),
        max_length=300,
        missing=gettext_lazy("Write where this was decided"),
    )
    headings = {"months": "s", "child_months": "s", "source": "s"}
    button = gettext_lazy("Propose this rule")


class PictureField(forms.FileField):
    """A picture, drawn anew from its dots: a ``CleanFile``."""

    default_error_messages = {"required": gettext_lazy("Choose a picture")}

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.FileInput(attrs={"accept": ".jpg,.jpeg,.png,.webp"})
        super().__init__(widget=widget, **kwargs)

    def clean(self, data: Any, initial: Any = None) -> CleanFile:
        if not data:
            raise ValidationError(self.error_messages["required"], code="required")
        name = names.showable(data.name or "")
        if getattr(data, "too_large", False):
            raise ValidationError(str(files.too_large(name)))
        try:
            file = files.clean(name, data.read())
        except RefusedFileError as problem:
            raise ValidationError(str(problem)) from None
        if file.kind not in (FileKind.JPEG, FileKind.PNG):
            raise ValidationError(_("“%(name)s” is not a picture") % {"name": name})
        return file


class LogoForm(PageForm):
    """The picture at the head of printed documents."""

    page_heading = False
    upload = PictureField(
        label=gettext_lazy("Picture"),
        help_text=gettext_lazy(
            "JPEG, PNG or WebP, up to 10 MB. It is printed about one and a half centimetres high. "
            "We remove what is hidden in it."
        ),
    )
    words = TextField(
        label=gettext_lazy("What it is, in words"),
        help_text=gettext_lazy("For people who listen. For example: Fellgate High School"),
        max_length=120,
        missing=gettext_lazy("Write what the picture is"),
    )
    headings = {"upload": "s", "words": "s"}
