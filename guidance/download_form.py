"""What editors may add to download: written anew, like the files of a concern.

Hidden data and whatever could run are gone; what cannot be made harmless is not taken.
"""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.translation import gettext as _t
from wagtail.documents.forms import BaseDocumentForm

import files
from files import names
from guidance import visibility
from guidance.downloads import BY_ENDING, KINDS


class DownloadForm(BaseDocumentForm):
    """Wagtail's form for a document; what it keeps is the file written anew."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "file" in self.fields:
            self.fields["file"].help_text = _checked_first()

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if "file" not in self.changed_data or not file:
            return file
        if visibility.is_in_an_edition(self.instance):
            raise ValidationError(_t("Readers have had this file. Add the new one beside it."))
        shown = names.showable(file.name)
        if names.ending(shown) not in BY_ENDING:
            raise ValidationError(_t("Choose a PDF, a Word or ODT document, or a spreadsheet."))
        if file.size > files.MOST_BYTES:
            raise ValidationError(str(files.too_large(shown)))
        file.seek(0)
        try:
            kept = files.clean(shown, file.read(), taken=KINDS)
        except files.RefusedFileError as refused:
            raise ValidationError(str(refused)) from None
        content_type = names.CONTENT_TYPE[kept.kind]
        return SimpleUploadedFile(kept.name, kept.content, content_type=content_type)


def _checked_first() -> str:
    """What an editor is told of the virus check before they choose a file."""
    if settings.SCANNER:
        return _t("Readers can have it once the virus check has found nothing: usually in minutes.")
    if settings.REQUIRE_SCAN:
        return _t("There is no virus scanner, so readers cannot have it until one is set up.")
    return _t("In this demonstration no file is checked for viruses.")
