"""The words of files: their kinds, and what the virus check has said of one."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class FileKind(models.TextChoices):
    PDF = "pdf", _("PDF")
    JPEG = "jpeg", _("picture")
    PNG = "png", _("picture")
    DOCX = "docx", _("Word document")
    ODT = "odt", _("ODT document")
    TXT = "txt", _("text")
    XLSX = "xlsx", _("spreadsheet")


DOCUMENTS = (
    FileKind.PDF,
    FileKind.JPEG,
    FileKind.PNG,
    FileKind.DOCX,
    FileKind.ODT,
    FileKind.TXT,
)
"""What is taken everywhere."""


class FileState(models.TextChoices):
    """What the virus check has said of a file."""

    PENDING = "pending", _("Waiting for the virus check")
    CLEAN = "clean", _("No virus found")
    INFECTED = "infected", _("Destroyed: it had a virus in it")
    FAILED = "failed", _("Could not be checked for viruses")
