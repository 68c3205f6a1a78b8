"""What is chosen: radios, lists that open, checkboxes."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ui.fields.faults import with_missing

NOT_A_CHOICE = gettext_lazy("Select one of the answers shown")


class ChoiceField(forms.ChoiceField):
    """One of several answers, as radios.

    Args:
        hints: a line of help under a choice, by its value.
        divider: a word before the last choice, such as "or".
    """

    widget: Any = forms.RadioSelect

    def __init__(
        self,
        *,
        missing: Any = "",
        hints: Mapping[str, Any] | None = None,
        divider: Any = "",
        **kwargs: Any,
    ) -> None:
        self.hints, self.divider = dict(hints or {}), divider
        kwargs = with_missing(kwargs, missing, gettext_lazy("Select an answer"))
        kwargs["error_messages"].setdefault("invalid_choice", NOT_A_CHOICE)
        super().__init__(**kwargs)


class YesNoField(ChoiceField):
    """ "yes" or "no"; "not_known" too where the person may not know."""

    def __init__(self, *, not_known: bool = False, **kwargs: Any) -> None:
        choices = [("yes", gettext_lazy("Yes")), ("no", gettext_lazy("No"))]
        if not_known:
            choices.append(("not_known", gettext_lazy("I do not know")))
        kwargs.setdefault("choices", choices)
        super().__init__(**kwargs)


class SelectField(ChoiceField):
    """One of many answers, as a list that opens."""

    widget = forms.Select

    def __init__(self, *, choices: Any = (), empty: Any = "", **kwargs: Any) -> None:
        first = ("", empty or gettext_lazy("Choose one"))
        listed = choices.choices if hasattr(choices, "choices") else list(choices)
        super().__init__(choices=[first, *listed], **kwargs)


class MultiField(forms.MultipleChoiceField):
    """Any of several answers, as checkboxes; a list of values in the order shown.

    Args:
        exclusive: values that stand alone, such as "none" and "not_known".
        hints: a line of help under a choice, by its value.
    """

    widget = forms.CheckboxSelectMultiple

    def __init__(
        self,
        *,
        missing: Any = "",
        exclusive: Iterable[str] = (),
        hints: Mapping[str, Any] | None = None,
        divider: Any = "",
        **kwargs: Any,
    ) -> None:
        self.exclusive, self.hints, self.divider = tuple(exclusive), dict(hints or {}), divider
        kwargs = with_missing(kwargs, missing, gettext_lazy("Select all that apply"))
        kwargs["error_messages"].setdefault("invalid_choice", NOT_A_CHOICE)
        kwargs["error_messages"].setdefault("invalid_list", NOT_A_CHOICE)
        super().__init__(**kwargs)

    def clean(self, value: Any) -> list[str]:
        chosen = set(super().clean(value))
        labels = {str(key): str(label) for key, label in flat(self.choices)}
        alone = [key for key in labels if key in chosen and key in self.exclusive]
        if alone and len(chosen) > 1:
            raise ValidationError(
                _("Select “%(alone)s” by itself, or take its tick away")
                % {"alone": labels[alone[0]]},
                code="exclusive",
            )
        return [key for key in labels if key in chosen]


def flat(choices: Any) -> list[tuple[Any, Any]]:
    """Choices without their groups."""
    pairs: list[tuple[Any, Any]] = []
    for value, label in choices:
        if isinstance(label, (list, tuple)):
            pairs.extend(label)
        else:
            pairs.append((value, label))
    return pairs


class ConfirmField(forms.BooleanField):
    """One box to tick, its label beside it; True when ticked."""

    def __init__(self, *, missing: Any = "", **kwargs: Any) -> None:
        default = gettext_lazy("Tick the box to confirm")
        super().__init__(**with_missing(kwargs, missing, default))
