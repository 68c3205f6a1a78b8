"""What is asked of an action."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from selfassessment.actions import rules
from selfassessment.actions.models import Action
from selfassessment.actions.workflow import Plan
from selfassessment.evidence.forms import choices_of, name_of
from selfassessment.evidence.models import Evidence
from selfassessment.standards.models import Standard
from selfassessment.terms import ActionStatus, Priority
from ui.fields import (
    ChoiceField,
    ConfirmField,
    DayField,
    LongField,
    MultiField,
    SelectField,
    TextField,
)
from ui.forms import PageForm


class ActionForm(PageForm):
    """An action, new or changed.

    Args:
        people: who may own it: people of the agency.
        standards: what it may be for: all that the form asks.
        suggested: the priority by section 5, for the hint.
    """

    page_heading = False

    words = LongField(
        label=gettext_lazy("What will be done"),
        help_text=gettext_lazy("A verb and a result: “Train all reception staff in Notice”."),
        max_length=500,
        rows=3,
        missing=gettext_lazy("Write what will be done"),
    )
    success_measure = LongField(
        label=gettext_lazy("How you will know that it worked"),
        max_length=500,
        rows=3,
        missing=gettext_lazy("Write how you will know that it worked"),
    )
    owner = SelectField(
        label=gettext_lazy("Owner"), missing=gettext_lazy("Select who will see to it")
    )
    owner_role = TextField(
        label=gettext_lazy("Their role"),
        help_text=gettext_lazy("For example: deputy head. It stays true when people change."),
        max_length=120,
        missing=gettext_lazy("Write their role"),
    )
    priority = ChoiceField(
        label=gettext_lazy("Priority"),
        choices=Priority.choices,
        hints={
            Priority.CRITICAL: gettext_lazy(
                "A critical standard is not in place. Due within 30 days"
            ),
            Priority.HIGH: gettext_lazy(
                "A critical standard is developing, or a must is not in place. Due within 90 days"
            ),
            Priority.MEDIUM: gettext_lazy(
                "Another standard is not in place, or a moderator asks. Due within 180 days"
            ),
            Priority.LOW: gettext_lazy("To improve what is in place. Due by the next cycle’s end"),
        },
        missing=gettext_lazy("Select the priority"),
    )
    due_on = DayField(label=gettext_lazy("Due"), missing=gettext_lazy("Write the day it is due"))
    resource_needed = LongField(
        label=gettext_lazy("What it needs: time, money, people"),
        max_length=500,
        rows=2,
        required=False,
    )
    partner_help = ConfirmField(
        label=gettext_lazy("Ask the Prevent lead of our area for help with it"),
        help_text=gettext_lazy("They are told once, and can read this action and who owns it."),
        required=False,
    )

    standards = MultiField(
        label=gettext_lazy("Standards that it is for"),
        missing=gettext_lazy("Select at least one standard"),
    )

    def __init__(
        self,
        *args: Any,
        people: Iterable[User],
        standards: Iterable[Standard],
        suggested: Priority | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(each.pk): each for each in people}
        owner, chosen = self.fields["owner"], self.fields["standards"]
        assert isinstance(owner, SelectField)  # noqa: S101 - see above
        assert isinstance(chosen, MultiField)  # noqa: S101 - see above
        owner.choices = [
            ("", _("Choose one")),
            *((key, name_of(each)) for key, each in self.people.items()),
        ]
        chosen.choices = choices_of(standards)
        if suggested is not None:
            words = _("Suggested by the ratings: %(priority)s.")
            self.fields["priority"].help_text = words % {"priority": suggested.label}

    @property
    def plan(self) -> Plan:
        said = self.cleaned_data
        return Plan(
            words=said["words"],
            codes=said["standards"],
            owner=self.people[said["owner"]],
            owner_role=said["owner_role"],
            priority=Priority(said["priority"]),
            due_on=said["due_on"],
            success_measure=said["success_measure"],
            resource_needed=said["resource_needed"],
            partner_help=said["partner_help"],
        )


def initial_of(action: Action) -> dict[str, Any]:
    """What the form holds of an action that is changed."""
    return {
        "standards": action.codes,
        "words": action.words,
        "success_measure": action.success_measure,
        "owner": str(action.owner_id),
        "owner_role": action.owner_role,
        "priority": action.priority,
        "due_on": action.due_on,
        "resource_needed": action.resource_needed,
        "partner_help": action.partner_help,
    }


class NoteForm(PageForm):
    """How it goes."""

    page_heading = False
    words = LongField(
        label=gettext_lazy("How it goes"),
        max_length=1000,
        rows=3,
        missing=gettext_lazy("Write how it goes"),
    )


class MoveForm(PageForm):
    """Another status, with the reason or what was achieved where it is asked."""

    page_heading = False
    words = LongField(label=gettext_lazy("Why"), max_length=1000, rows=4, required=False)
    evidence = SelectField(label=gettext_lazy("Evidence that shows it"), required=False)

    def __init__(
        self,
        *args: Any,
        action: Action,
        to: ActionStatus,
        evidence: Iterable[Evidence] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        words = self.fields["words"]
        if to == ActionStatus.DONE:
            words.label = _("What was achieved")
            words.required = True
            words.error_messages["required"] = _("Write what was achieved")
        elif rules.needs_reason(action.status, to):
            words.required = True
            words.error_messages["required"] = _("Write why")
        else:
            words.label = _("Note, if you want to add one")
        self.held = {str(each.pk): each for each in evidence}
        if to == ActionStatus.DONE and self.held:
            field = self.fields["evidence"]
            assert isinstance(field, SelectField)  # noqa: S101 - see above
            field.choices = [
                ("", _("None")),
                *((key, each.title) for key, each in self.held.items()),
            ]
        else:
            del self.fields["evidence"]

    @property
    def chosen(self) -> Evidence | None:
        return self.held.get(self.cleaned_data.get("evidence") or "")
