"""What is typed: a line, several lines, an e-mail address, a telephone number."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ui import text
from ui.fields.faults import with_missing

TELEPHONE = re.compile(
    r"\+?[\d() .\-/]{3,30}(?:\s*(?:ext|extension|x)\.?\s*\d{1,8})?", re.IGNORECASE
)


class TextField(forms.CharField):
    """One line of text.

    Args:
        missing: the sentence for an empty answer, "Write the name of the school".
        width: a GOV.UK width, such as "10" or "20" characters or "two-thirds".
    """

    lines = False

    def __init__(
        self,
        *,
        max_length: int = 200,
        missing: Any = "",
        width: str = "",
        autocomplete: str = "off",
        input_type: str = "text",
        **kwargs: Any,
    ) -> None:
        # Length is counted on the cleaned text, below, so Django's own check is not wanted.
        self.longest = max_length
        kwargs = with_missing(kwargs, missing, gettext_lazy("Write an answer"))
        kwargs.setdefault("widget", forms.TextInput)
        super().__init__(strip=False, **kwargs)
        if isinstance(self.widget, forms.TextInput):
            self.widget.input_type = input_type
            self.widget.attrs.setdefault("autocomplete", autocomplete)
            if width:
                self.widget.attrs.setdefault("class", width_class(width))

    def to_python(self, value: Any) -> str:
        return text.clean(str(value), lines=self.lines) if value else ""

    def validate(self, value: str) -> None:
        super().validate(value)
        if len(value) > self.longest:
            raise ValidationError(self.too_long(len(value)), code="max_length")

    def too_long(self, written: int) -> str:
        return _(
            "Make this shorter, at most %(most)s characters. You have written %(written)s."
        ) % {"most": f"{self.longest:,}", "written": f"{written:,}"}


def width_class(width: str) -> str:
    return f"govuk-input--width-{width}" if width.isdigit() else f"govuk-!-width-{width}"


class EmailField(TextField):
    """An e-mail address."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("missing", gettext_lazy("Write an e-mail address"))
        super().__init__(max_length=254, input_type="email", **kwargs)
        self.widget.attrs["spellcheck"] = "false"

    def validate(self, value: str) -> None:
        super().validate(value)
        if value:
            check_email(value)


class TelephoneField(TextField):
    """A telephone number, kept as written."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("missing", gettext_lazy("Write a telephone number"))
        kwargs.setdefault("width", "20")
        super().__init__(max_length=40, input_type="tel", **kwargs)

    def validate(self, value: str) -> None:
        super().validate(value)
        if value:
            check_telephone(value)


def check_email(value: str) -> None:
    try:
        validate_email(value)
    except ValidationError:
        raise ValidationError(
            _("Write the e-mail address in full, like name@example.org"), code="email"
        ) from None


def check_telephone(value: str) -> None:
    if not TELEPHONE.fullmatch(value):
        raise ValidationError(
            _("Write the telephone number in figures, like 01632 960001"), code="telephone"
        )


class LongField(TextField):
    """Several lines, with a count of the characters left.

    Args:
        about: what is written about, for the messages: "what happened", "your reasons".
        min_length: fewest characters that are enough.
    """

    lines = True

    def __init__(
        self,
        *,
        about: Any = "",
        min_length: int = 0,
        max_length: int = 4000,
        missing: Any = "",
        rows: int = 8,
        **kwargs: Any,
    ) -> None:
        self.about = about or gettext_lazy("this")
        self.fewest = min_length
        self.counted = max_length
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": rows, "spellcheck": "true"}))
        super().__init__(max_length=max_length, missing=missing, **kwargs)
        if not missing and "required" not in kwargs.get("error_messages", {}):
            self.error_messages["required"] = ""

    def validate(self, value: str) -> None:
        if not value and self.required and (self.fewest or not self.error_messages["required"]):
            raise ValidationError(self.nothing(), code="required")
        super().validate(value)
        if value and len(value) < self.fewest:
            raise ValidationError(self.too_short(len(value)), code="min_length")

    def nothing(self) -> str:
        said = self.error_messages["required"] or _("Write about %(about)s") % {"about": self.about}
        if not self.fewest:
            return str(said)
        places = {"said": said, "fewest": self.fewest}
        return _("%(said)s, at least %(fewest)s characters") % places

    def too_short(self, written: int) -> str:
        return _(
            "Write a little more about %(about)s, at least %(fewest)s characters. "
            "You have written %(written)s."
        ) % {"about": self.about, "fewest": self.fewest, "written": written}

    def too_long(self, written: int) -> str:
        return _(
            "Write a little less about %(about)s, at most %(most)s characters. "
            "You have written %(written)s."
        ) % {"about": self.about, "most": f"{self.longest:,}", "written": f"{written:,}"}
