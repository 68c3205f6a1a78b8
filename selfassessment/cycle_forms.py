"""What the board's manager is asked: a cycle's days, an agency's form, more time, no form."""

from itertools import pairwise
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies.models import Agency, Locality
from selfassessment.models import Cycle
from selfassessment.standards.models import StandardSet
from selfassessment.terms import FormType, Size, Status
from selfassessment.workflow.cycles import DAYS
from selfassessment.workflow.profiles import SetUp
from ui.fields import (
    ChoiceField,
    ConfirmField,
    DayField,
    LongField,
    MultiField,
    SelectField,
    TextField,
    WholeNumberField,
)
from ui.fields.faults import part_error
from ui.forms import PageForm

SUB_TYPES: dict[str, Any] = {
    FormType.SE: gettext_lazy("School, nursery or pre-school, childminder"),
    FormType.FH: gettext_lazy("College, training provider, university"),
    FormType.HL: gettext_lazy("Trust, integrated care board, GP or other provider"),
}


class CycleForm(PageForm):
    """The plan of a year."""

    year = WholeNumberField(
        label=gettext_lazy("Year"),
        help_text=gettext_lazy("The year in which it opens."),
        least=2020,
        most=2100,
        missing=gettext_lazy("Write the year"),
    )
    standards = ChoiceField(
        label=gettext_lazy("Set of standards"),
        help_text=gettext_lazy("It cannot change once the cycle is open."),
        missing=gettext_lazy("Select a set of standards"),
    )
    opens_on = DayField(label=gettext_lazy("Opens"))
    due_on = DayField(label=gettext_lazy("To be signed by"))
    moderation_ends_on = DayField(label=gettext_lazy("Moderation ends"))
    report_on = DayField(label=gettext_lazy("Report to the board"))
    closes_on = DayField(
        label=gettext_lazy("Closes"),
        help_text=gettext_lazy("From that day on nothing in it can be changed."),
    )
    page_heading = False
    headings = dict.fromkeys(("year", "standards", *DAYS), "s")
    button = gettext_lazy("Save")

    def __init__(self, *args: Any, sets: list[StandardSet], with_year: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sets = {each.version: each for each in sets}
        field = self.fields["standards"]
        field.choices = [  # type: ignore[attr-defined]
            (each.version, f"{each.version}, {each.title}") for each in sets
        ]
        if not with_year:
            del self.fields["year"]

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        days = [(name, found.get(name)) for name in DAYS]
        for (earlier, first), (later, second) in pairwise(days):
            same_may_be = earlier == "moderation_ends_on"
            if first and second and (second < first or (second == first and not same_may_be)):
                before = str(self.fields[earlier].label).lower()
                said = _("Choose a day after the one of “%(before)s”") % {"before": before}
                self.add_error(later, part_error(said, "day"))
        return found

    def days(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in DAYS}

    def chosen(self) -> StandardSet:
        return self.sets[self.cleaned_data["standards"]]


class ProfileForm(PageForm):
    """Which form an agency fills in; the manager is asked more than the agency."""

    form_type = ChoiceField(
        label=gettext_lazy("Which form is yours?"),
        choices=FormType.choices,
        hints=SUB_TYPES,
        missing=gettext_lazy("Select a form"),
    )
    sub_type = TextField(
        label=gettext_lazy("What are you, more exactly?"),
        help_text=gettext_lazy("For example nursery, training provider, GP practice."),
        required=False,
        max_length=60,
        width="20",
    )
    size = ChoiceField(
        label=gettext_lazy("How many people work there?"),
        help_text=gettext_lazy("With you, and with volunteers."),
        choices=Size.choices,
        missing=gettext_lazy("Select how many people work there"),
    )
    length = ChoiceField(
        label=gettext_lazy("Short or full form?"),
        help_text=gettext_lazy("The short form asks the core standards only."),
        choices=[("full", gettext_lazy("Full form")), ("short", gettext_lazy("Short form"))],
        hints={"short": gettext_lazy("Only where fewer than five people work")},
        missing=gettext_lazy("Select the short or the full form"),
    )
    duty = ChoiceField(
        label=gettext_lazy("Does the Prevent duty apply by law?"),
        help_text=gettext_lazy("It does for specified authorities of the 2015 Act."),
        choices=[("yes", gettext_lazy("Yes")), ("no", gettext_lazy("No"))],
        missing=gettext_lazy("Select whether the duty applies by law"),
    )
    full_form_required = ConfirmField(
        label=gettext_lazy("The board asks for the full form, however small the agency"),
        required=False,
    )
    boards = MultiField(
        label=gettext_lazy("Further boards that it answers to"),
        help_text=gettext_lazy("One set of answers goes to each, with a sign-off of its own."),
        required=False,
    )
    page_heading = False
    headings = dict.fromkeys(("form_type", "sub_type", "size", "length", "duty", "boards"), "s")
    button = gettext_lazy("Save")

    def __init__(self, *args: Any, agency: Agency, manages: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = Locality.objects.exclude(pk=agency.locality_id) if manages else []
        self.localities = {each.code: each for each in others}
        if not manages:
            del self.fields["full_form_required"]
        if not self.localities:
            del self.fields["boards"]
        else:
            field = self.fields["boards"]
            field.choices = [  # type: ignore[attr-defined]
                (code, each.name) for code, each in self.localities.items()
            ]

    def setup(self, *, required: bool) -> SetUp:
        """What was answered; ``required``: as stored, where the page did not ask."""
        found = self.cleaned_data
        return SetUp(
            form_type=found["form_type"],
            size=found["size"],
            sub_type=found["sub_type"],
            short_form=found["length"] == "short",
            full_form_required=found.get("full_form_required", required),
            is_specified=found["duty"] == "yes",
        )

    def boards_chosen(self) -> list[Locality]:
        return [self.localities[code] for code in self.cleaned_data.get("boards", [])]


class FilterForm(PageForm):
    """What the list of a cycle's forms is narrowed to; in the address."""

    q = TextField(label=gettext_lazy("Name of the agency"), required=False, max_length=80)
    status = SelectField(
        label=gettext_lazy("Status"),
        choices=[("late", gettext_lazy("Overdue")), *Status.choices],
        empty=gettext_lazy("Any"),
        required=False,
    )
    locality = SelectField(
        label=gettext_lazy("Locality"), empty=gettext_lazy("Any"), required=False
    )
    page_heading = False
    headings = {"q": "s", "status": "s", "locality": "s"}
    form_tag = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["locality"]
        found = [(each.code, each.name) for each in Locality.objects.all()]
        field.choices = [("", _("Any")), *found]  # type: ignore[attr-defined]


def reason_field(label: Any, *, hint: Any = "") -> LongField:
    return LongField(
        label=label, help_text=hint, max_length=500, missing=gettext_lazy("Write the reason")
    )


class ExtendForm(PageForm):
    until = DayField(
        label=gettext_lazy("To be signed by"),
        future_only=True,
        missing=gettext_lazy("Write the new day"),
    )
    reason = reason_field(gettext_lazy("Why does the agency get more time?"))
    page_heading = False
    headings = {"until": "s", "reason": "s"}
    button = gettext_lazy("Give more time")


class ReasonForm(PageForm):
    """A reason and a button; its words are set where it is asked."""

    reason = reason_field("")
    page_heading = False
    headings = {"reason": "s"}

    def __init__(self, *args: Any, label: Any, button: Any, hint: Any = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = label
        self.fields["reason"].help_text = hint
        self.button = button


def as_planned(cycle: Cycle) -> dict[str, Any]:
    """A stored plan as the form begins with it."""
    return {
        "standards": cycle.standards.version,
        **{name: getattr(cycle, name) for name in DAYS},
    }
