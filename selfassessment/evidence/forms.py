"""What is asked of a piece of evidence."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

import files as cleaning
from accounts.models import User
from files import CleanFile, RefusedFileError, names
from selfassessment.evidence import terms
from selfassessment.evidence.models import Evidence
from selfassessment.evidence.workflow import Details
from selfassessment.standards.models import Standard
from selfassessment.terms import EvidenceKind
from ui.fields import ChoiceField, DayField, LongField, MultiField, SelectField, TextField
from ui.forms import PageForm

MOST = 10  # megabytes
WITH_FILE = (EvidenceKind.DOCUMENT, EvidenceKind.DATA)
HINT = gettext_lazy(
    "PDF, Word (.docx), ODT, Excel (.xlsx), picture (JPEG, PNG or WebP) or text, up to 10 MB. "
    "We remove what is hidden in it: who wrote it, where and when a picture was taken."
)


class OneFileField(forms.FileField):
    """One file, made harmless: a ``CleanFile``, or None where none was chosen."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.FileInput(attrs={"accept": terms.ACCEPT}))
        super().__init__(**kwargs)

    def clean(self, data: Any, initial: Any = None) -> CleanFile | None:
        if not data:
            if self.required:
                raise ValidationError(_("Choose a file"), code="required")
            return None
        name = names.showable(data.name or "")
        if getattr(data, "too_large", False):
            raise ValidationError(str(cleaning.too_large(name)))
        try:
            return cleaning.clean(name, data.read(), taken=terms.TAKEN)
        except RefusedFileError as problem:
            raise ValidationError(str(problem)) from None


class AddressField(TextField):
    """An address on the web that is fetched by nobody but who follows it: https only."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=500, input_type="url", **kwargs)

    def validate(self, value: str) -> None:
        super().validate(value)
        if not value:
            return
        sentence = _("Write the whole address, beginning with https://")
        try:
            URLValidator(schemes=["https"])(value)
        except ValidationError:
            raise ValidationError(sentence, code="address") from None
        if "@" in value.partition("//")[2].partition("/")[0]:
            raise ValidationError(_("Take the name before the @ sign out of the address"))


class EvidenceForm(PageForm):
    """A piece of evidence, new or changed.

    Args:
        people: who may answer for it: people of the agency.
        standards: for which the person may show it; empty where that is not asked here.
        evidence: the one that is changed; None for a new one, whose file is asked too.
    """

    page_heading = False
    reveals = {"kind": {EvidenceKind.LINK.value: ["address"]}}

    title = TextField(
        label=gettext_lazy("Title"),
        help_text=gettext_lazy("For example: Prevent policy, approved by governors. No names."),
        max_length=120,
        missing=gettext_lazy("Write a title"),
    )
    kind = ChoiceField(
        label=gettext_lazy("What it is"),
        choices=EvidenceKind.choices,
        hints={
            EvidenceKind.DOCUMENT: gettext_lazy("A policy, minutes, a plan"),
            EvidenceKind.DATA: gettext_lazy("Figures, such as who was trained"),
            EvidenceKind.OBSERVATION: gettext_lazy("What somebody saw, with the day"),
            EvidenceKind.LINK: gettext_lazy("A page on the web"),
            EvidenceKind.INTERVIEW: gettext_lazy("What staff or users said, without names"),
        },
        missing=gettext_lazy("Select what it is"),
    )
    address = AddressField(label=gettext_lazy("Address of the page"), required=False)
    upload = OneFileField(label=gettext_lazy("File"), help_text=HINT, required=False)
    note = LongField(
        label=gettext_lazy("Note"),
        help_text=gettext_lazy("What it shows, and where in it to look."),
        max_length=2000,
        rows=4,
        required=False,
    )
    dated_on = DayField(
        label=gettext_lazy("Date"),
        help_text=gettext_lazy("The day on which it was written, seen or counted."),
        past_only=True,
    )
    effective_on = DayField(
        label=gettext_lazy("In force from, if that is another day"), required=False
    )
    expires_on = DayField(
        label=gettext_lazy("Last day on which it holds, if it has one"), required=False
    )
    owner = SelectField(
        label=gettext_lazy("Who answers for it"),
        missing=gettext_lazy("Select who answers for it"),
    )
    standards = MultiField(
        label=gettext_lazy("Standards that it is for"),
        missing=gettext_lazy("Select at least one standard"),
    )

    def __init__(
        self,
        *args: Any,
        people: Iterable[User],
        standards: Iterable[Standard] = (),
        evidence: Evidence | None = None,
        today: date | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(each.pk): each for each in people}
        self.by_code = {each.code: each for each in standards}
        owner = self.fields["owner"]
        assert isinstance(owner, SelectField)  # noqa: S101 - see above
        owner.choices = [
            ("", _("Choose one")),
            *((key, name_of(each)) for key, each in self.people.items()),
        ]
        self.evidence = evidence
        if evidence is None:
            chosen = self.fields["standards"]
            assert isinstance(chosen, MultiField)  # noqa: S101 - see above
            chosen.choices = choices_of(self.by_code.values())
        else:
            del self.fields["standards"], self.fields["upload"]
        dated = self.fields["dated_on"]
        assert isinstance(dated, DayField)  # noqa: S101 - see above
        dated.today = today

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        kind = said.get("kind")
        if kind == EvidenceKind.LINK and "address" not in self.errors and not said.get("address"):
            self.add_error("address", _("Write the address of the page"))
        if self.evidence is None and "upload" not in self.errors:
            self._see_file(said, kind)
        begins, ends = said.get("effective_on"), said.get("expires_on")
        if begins and ends and ends < begins:
            self.add_error("expires_on", _("Check the last day: it is before the first"))
        return said

    def _see_file(self, said: dict[str, Any], kind: str | None) -> None:
        if kind in WITH_FILE and not said.get("upload"):
            self.add_error("upload", _("Choose the file"))
        elif kind == EvidenceKind.LINK and said.get("upload"):
            self.add_error("upload", _("A link has no file: select Document, or take it away"))
        elif kind in (EvidenceKind.OBSERVATION, EvidenceKind.INTERVIEW) and not (
            said.get("upload") or said.get("note")
        ):
            self.add_error("note", _("Write what was seen or said, or choose a file"))
        elif self.errors and said.get("upload"):
            self.add_error("upload", _("Choose the file again: it is not kept until all is right"))

    @property
    def details(self) -> Details:
        said = self.cleaned_data
        return Details(
            title=said["title"],
            kind=EvidenceKind(said["kind"]),
            owner=self.people[said["owner"]],
            dated_on=said["dated_on"],
            effective_on=said["effective_on"],
            expires_on=said["expires_on"],
            note=said["note"],
            address=said["address"] or "",
        )

    @property
    def chosen(self) -> list[Standard]:
        return [self.by_code[code] for code in self.cleaned_data["standards"]]


def name_of(person: User) -> str:
    return f"{person.name}, {person.job_title}" if person.job_title else person.name


def choices_of(standards: Iterable[Standard]) -> list[tuple[str, str]]:
    return [(each.code, f"{each.code} {each.title}") for each in standards]


def initial_of(evidence: Evidence) -> dict[str, Any]:
    """What the form holds of a piece that is changed."""
    return {
        "title": evidence.title,
        "kind": evidence.kind,
        "owner": str(evidence.owner_id),
        "dated_on": evidence.dated_on,
        "effective_on": evidence.effective_on,
        "expires_on": evidence.expires_on,
        "note": evidence.note,
        "address": evidence.address,
    }


class FileForm(PageForm):
    """A newer file."""

    page_heading = False
    upload = OneFileField(label=gettext_lazy("Newer file"), help_text=HINT)


class StandardsForm(PageForm):
    """The tick list: one piece for several standards (row S7)."""

    page_heading = False
    standards = MultiField(label=gettext_lazy("Standards that it is for"), required=False)

    def __init__(self, *args: Any, standards: Iterable[Standard], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by_code = {each.code: each for each in standards}
        field = self.fields["standards"]
        assert isinstance(field, MultiField)  # noqa: S101 - see above
        field.choices = choices_of(self.by_code.values())

    @property
    def chosen(self) -> list[Standard]:
        return [self.by_code[code] for code in self.cleaned_data["standards"]]
