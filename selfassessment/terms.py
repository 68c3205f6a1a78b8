"""The words of the yearly self-assessment (sections 2 to 7 of the standard set's own document).

Values are stored and stay; labels are shown and may be reworded or translated.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class FormType(models.TextChoices):
    """Which form an agency fills in; codes and words of section 2."""

    LA = "LA", _("Local authority")
    SE = "SE", _("School, early years")
    FH = "FH", _("Further and higher education")
    HL = "HL", _("Health")
    PO = "PO", _("Police")
    CJ = "CJ", _("Prison, probation, youth justice")
    VC = "VC", _("Voluntary, faith, commissioned")


class Weight(models.TextChoices):
    MUST = "must", _("Must")
    SHOULD = "should", _("Should")


class Rating(models.TextChoices):
    """Words, not numbers: a bare number would mislead beside inspection grades."""

    NOT_IN_PLACE = "not_in_place", _("Not in place")
    DEVELOPING = "developing", _("Developing")
    IN_PLACE = "in_place", _("In place")
    EMBEDDED = "embedded", _("Embedded")
    NOT_APPLICABLE = "not_applicable", _("Not applicable")


POINTS = {
    Rating.NOT_IN_PLACE: 0,
    Rating.DEVELOPING: 1,
    Rating.IN_PLACE: 2,
    Rating.EMBEDDED: 3,
}
MOST_POINTS = 3


class Rag(models.TextChoices):
    RED = "red", _("Red")
    AMBER = "amber", _("Amber")
    GREEN = "green", _("Green")
