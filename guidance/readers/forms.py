"""What readers are asked. Nothing here asks who they are, but the address that wants mails."""

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from ui.fields import EmailField, LongField
from ui.forms import PageForm

LONGEST_CORRECTION = 2000
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
NUMBER = re.compile(r"(?:\+44|\b0)[\d\s()-]{8,14}\d")


class UpdatesForm(PageForm):
    button = _("Send me a link to confirm")
    page_heading = False

    email = EmailField(
        label=_("Your e-mail address"),
        help_text=_("We use it for these e-mails only. Stopping them deletes it."),
        autocomplete="email",
    )


class CorrectionForm(PageForm):
    button = _("Send the suggestion")
    page_heading = False

    words = LongField(
        label=_("What should change on this page?"),
        help_text=_(
            "Say which sentence is wrong or missing, and how you know. Do not name anybody, and "
            "write nothing about a case."
        ),
        about=_("what should change"),
        min_length=10,
        max_length=LONGEST_CORRECTION,
    )

    def clean_words(self) -> Any:
        words = self.cleaned_data["words"]
        if ADDRESS.search(words) or NUMBER.search(words):
            raise ValidationError(
                _(
                    "Take out the e-mail address or telephone number: we keep nothing that says "
                    "who somebody is. To be answered, use Help."
                )
            )
        return words
