"""The words and the figures of moderation (section 7.4 of the standard set's own document).

Values are stored and stay; labels are shown and may be reworded or translated.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

MODERATORS = 2  # to each form
REPLY_DAYS = 10  # working days, for the evidence that was asked for
REMIND_DAYS = 3  # working days before they end
COMMENT_DAYS = 10  # working days, for comments and the one appeal
APPEAL_DAYS = 20  # working days, for the chair to decide
AT_RANDOM = 3  # standards, beside those that are always looked at
FULL_EVERY = 3  # years
ROSE_BY = 2  # levels against last year, from which on a standard is looked at
LOWERED_AT_MOST = 0.2  # share; above it the standard or its guidance is written anew
FORMS_ON_A_PAGE = 40


class Why(models.TextChoices):
    """Why a standard is in the sample of a form."""

    CRITICAL = "critical", _("Critical, and rated In place or Embedded")
    ROSE = "rose", _("Two levels or more above last year")
    NOT_APPLICABLE = "not_applicable", _("Rated Not applicable")
    RANDOM = "random", _("Drawn at random")
    FULL = "full", _("Full review")


class FullReason(models.TextChoices):
    """Why every standard of a form is looked at."""

    THIRD_YEAR = "third_year", _("Every third year")
    INCIDENT = "incident", _("After a serious incident")
