"""What is kept so that readers find pages, follow changes and answer back. No reader has a name."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, F, GeneratedField, Q, When
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page

from agencies.models import Agency
from clauses.models import Edition


def endings(language: str) -> str:
    """PostgreSQL's rules for the words of a language: which are left out, and which endings.

    It knows English, and British spelling is in the texts. Of Welsh it knows nothing, and English
    rules would spoil it ("lles", welfare, would be "lle", place; "her" would be left out): there,
    as in any other language, each word is kept as it is written.
    """
    return "english" if language == settings.LANGUAGE_CODE else "simple"


def _vector(language: str) -> Any:
    rules = endings(language)
    return SearchVector("title", weight="A", config=rules) + SearchVector(
        "text", weight="C", config=rules
    )


class SearchedPage(models.Model):
    """The words of a published page, as readers see them."""

    page = models.OneToOneField(
        Page, on_delete=models.CASCADE, primary_key=True, related_name="searched"
    )
    title = models.CharField(max_length=255)
    text = models.TextField(blank=True)
    language = models.CharField(max_length=10, default=settings.LANGUAGE_CODE, editable=False)
    words = GeneratedField(
        expression=Case(
            When(language=settings.LANGUAGE_CODE, then=_vector(settings.LANGUAGE_CODE)),
            default=_vector(""),
        ),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        indexes = [GinIndex(fields=["words"], name="searched_page_words")]

    def __str__(self) -> str:
        return self.title


class KnownWord(models.Model):
    """A word that some page uses: what a misspelt one is compared with."""

    word = models.CharField(max_length=60, primary_key=True)

    class Meta:
        indexes = [GinIndex(fields=["word"], name="known_word_letters", opclasses=["gin_trgm_ops"])]

    def __str__(self) -> str:
        return self.word


class SubscriberQuerySet(models.QuerySet["Subscriber"]):
    def confirmed(self) -> Self:
        return self.filter(confirmed_at__isnull=False)

    def never_confirmed(self, before: datetime) -> Self:
        return self.filter(confirmed_at__isnull=True, asked_at__lt=before)


def new_token() -> str:
    return secrets.token_urlsafe(24)  # 192 bits


class Subscriber(models.Model):
    """An address that asked for e-mails about changes. Stopping deletes the row."""

    email = models.EmailField(_("e-mail address"), unique=True)
    token = models.CharField(max_length=40, unique=True, default=new_token, editable=False)
    asked_at = models.DateTimeField(_("asked"), default=timezone.now)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    told_until = models.DateTimeField(_("told of everything up to"), null=True, blank=True)

    objects = SubscriberQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="subscriber_told_once_confirmed",
                condition=Q(confirmed_at__isnull=False) | Q(told_until__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return _t("A subscriber")


class UsefulAnswer(models.Model):
    """One press of "Yes" or "No" under a page. Nothing says whose."""

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="+")
    useful = models.BooleanField(_("useful"))
    on = models.DateField(_("day"), default=timezone.localdate)

    def __str__(self) -> str:
        return _t("useful") if self.useful else _t("not useful")


class Correction(models.Model):
    """What a reader thinks should be different on a page."""

    page = models.ForeignKey(
        Page, verbose_name=_("page"), on_delete=models.CASCADE, related_name="+"
    )
    words = models.TextField(_("what should change"))
    sent_at = models.DateTimeField(_("sent"), default=timezone.now, editable=False)
    done_at = models.DateTimeField(_("dealt with"), null=True, blank=True)
    outcome = models.TextField(
        _("what was done"), blank=True, help_text=_("For the other editors. The reader is unknown.")
    )

    class Meta:
        verbose_name = _("suggested correction")
        ordering = [F("done_at").desc(nulls_first=True), "-sent_at"]

    def __str__(self) -> str:
        return f"{self.page.title}, {self.sent_at:%-d %B %Y}"

    def clean(self) -> None:
        if self.done_at and not self.outcome.strip():
            raise ValidationError({"outcome": _t("Say what was done, in a sentence.")})


class PrintKind(models.TextChoices):
    """The documents that are made of the guidance."""

    PAGE = "page", _("One page")
    WHOLE = "whole", _("The whole guidance")
    FOLDED = "folded", _("A leaflet to fold")


class Print(models.Model):
    """A PDF of published words, made by the worker and served as it is."""

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="prints")
    kind = models.CharField(max_length=10, choices=PrintKind)
    published_at = models.DateTimeField(_("newest words in it"))
    made_at = models.DateTimeField(_("made"))
    sha256 = models.CharField(max_length=64)
    pdf = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint("page", "kind", name="one_print_of_a_kind")]

    def __str__(self) -> str:
        return f"{self.page_id} {self.kind}"


class UrgentNotice(models.Model):
    """A sentence at the top of every page, between two moments."""

    words = models.CharField(
        _("words"), max_length=200, help_text=_("One sentence. Name nobody and no case.")
    )
    words_cy = models.CharField(
        _("words in Welsh"),
        max_length=200,
        blank=True,
        help_text=_("For the pages in Welsh. Left empty, they show the English words."),
    )
    more = models.CharField(
        _("address of the page that says more"),
        max_length=200,
        blank=True,
        help_text=_("On this site: /news/…"),
    )
    starts_at = models.DateTimeField(_("from"), default=timezone.now)
    ends_at = models.DateTimeField(_("until"))

    class Meta:
        verbose_name = _("urgent notice")
        ordering = ["-starts_at"]
        constraints = [
            models.CheckConstraint(
                name="urgent_notice_ends_after_it_starts",
                condition=Q(ends_at__gt=F("starts_at")),
                violation_error_message=_("Choose an end after the start."),
            )
        ]

    def __str__(self) -> str:
        return self.words

    @property
    def said(self) -> str:
        """The words in the language of the page, where somebody wrote them."""
        translated: str = getattr(self, f"words_{get_language()}", "")
        return translated or self.words

    @property
    def is_foreign(self) -> bool:
        """Whether the words are English on a page of another language."""
        return get_language() != settings.LANGUAGE_CODE and self.said == self.words

    def clean(self) -> None:
        if self.more and (not self.more.startswith("/") or self.more.startswith("//")):
            raise ValidationError({"more": _t("Start with / : an address on this site.")})


class ReadingRequest(models.Model):
    """An agency asks its people to read a page and to say that they have understood it."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="+")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(_("asked"))
    due_on = models.DateField(_("until"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["agency", "page"],
                condition=Q(ended_at__isnull=True),
                name="one_open_request_to_read_a_page",
            )
        ]

    def __str__(self) -> str:
        return str(self.page.title)


class Reading(models.Model):
    """Somebody said that they have read and understood a page, in the edition they were shown."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="+")
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="+")
    read_at = models.DateTimeField(_("confirmed"))

    class Meta:
        constraints = [
            models.UniqueConstraint("person", "page", "edition", name="one_reading_of_an_edition")
        ]
        indexes = [models.Index("page", "person", name="reading_by_page")]

    def __str__(self) -> str:
        return f"{self.page_id}, {self.read_at:%Y-%m-%d}"
