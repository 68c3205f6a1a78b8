"""The words of the guidance's own lists: who a page is for, and where its readers work."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Audience(models.TextChoices):
    """Who a page is written for."""

    EVERYBODY = "everybody", _("Everybody")
    PRACTITIONER = "practitioner", _("Practitioners")
    LEAD = "lead", _("Safeguarding leads")
    PARENT = "parent", _("Parents and carers")
    YOUNG_PERSON = "young_person", _("Young people")


class Sector(models.TextChoices):
    """Where a reader works; the labels go on from the word "In"."""

    EARLY_YEARS = "early_years", _("early years and childminding")
    SCHOOLS = "schools", _("schools")
    COLLEGES = "colleges", _("colleges")
    UNIVERSITIES = "universities", _("universities")
    HEALTH = "health", _("health services")
    SOCIAL_CARE = "social_care", _("social care")
    LOCAL_AUTHORITY = "local_authority", _("councils")
    POLICE = "police", _("the police")
    PROBATION = "probation", _("probation")
    PRISONS = "prisons", _("prisons")
    CHARITIES = "charities", _("charities")
    FAITH = "faith", _("faith groups")
    EMPLOYERS = "employers", _("businesses")


class LeafletFormat(models.TextChoices):
    """Whom a leaflet is handed to."""

    PRACTITIONERS = "practitioners", _("For people who work with the public")
    PARENTS = "parents", _("For parents and carers")
    YOUNG_PEOPLE = "young-people", _("For young people")


class NewsKind(models.TextChoices):
    """What a piece of news is about."""

    ANNOUNCEMENT = "announcement", _("Announcement")
    TRAINING = "training", _("Training")
    GUIDANCE = "guidance", _("Change of the guidance")
    ALERT = "alert", _("National alert")
    AUDIT = "audit", _("Audit or self-assessment")
    EVENT = "event", _("Event")


class ReadAgain(models.TextChoices):
    """What an editor says when a part with a clause code has changed."""

    YES = "yes", _("Yes, it changes what they do")
    NO = "no", _("No, it only says it better")


class ReviewStage(models.TextChoices):
    """How near the day is by which a page is to be checked."""

    MONTH = "month", _("30 days before")
    WEEK = "week", _("7 days before")
    LATE = "late", _("when it is late")
