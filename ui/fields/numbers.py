"""Numbers."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ui import text
from ui.fields.faults import with_missing
from ui.fields.words import width_class


class WholeNumberField(forms.IntegerField):
    """A whole number between two limits."""

    def __init__(
        self,
        *,
        least: int = 0,
        most: int = 1_000_000,
        missing: Any = "",
        width: str = "4",
        **kwargs: Any,
    ) -> None:
        self.least, self.most = least, most
        kwargs = with_missing(kwargs, missing, gettext_lazy("Write a number"))
        attrs = {"inputmode": "numeric", "autocomplete": "off", "class": width_class(width)}
        kwargs.setdefault("widget", forms.TextInput(attrs=attrs))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> int | None:
        if value in self.empty_values:
            return None
        said = text.clean(str(value)).replace(",", "")
        if not said:
            return None
        digits = said.removeprefix("-")
        if not digits.isdecimal() or len(digits) > 12:
            raise ValidationError(_("Write a whole number in figures, like 15"), code="wrong")
        number = int(said)
        if not self.least <= number <= self.most:
            places = {"least": f"{self.least:,}", "most": f"{self.most:,}"}
            raise ValidationError(
                _("Write a number from %(least)s to %(most)s") % places, code="range"
            )
        return number
