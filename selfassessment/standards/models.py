"""Sets of standards as stored. One that a form has been opened with is never changed again."""

import datetime
from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from selfassessment.standards.reading import TAG
from selfassessment.terms import FormType, Rating, Weight


class StandardSetQuerySet(models.QuerySet["StandardSet"]):
    def published(self) -> Self:
        """Sets that forms may be opened with, newest version first."""
        return self.filter(published_at__isnull=False)

    def latest_published(self) -> "StandardSet | None":
        return self.published().order_by("-major", "-minor").first()


class StandardSet(models.Model):
    """One version of the standards: a draft until published, fixed once it is used."""

    version = models.CharField(_("version"), max_length=12, unique=True)  # "2026.1"
    major = models.PositiveSmallIntegerField(editable=False)
    minor = models.PositiveSmallIntegerField(editable=False)
    title = models.CharField(_("title"), max_length=120)
    sources = models.JSONField(_("sources"), default=dict, blank=True)  # tag: title
    source_sha256 = models.CharField(max_length=64, editable=False)  # of the file it was read from
    published_at = models.DateTimeField(_("published"), null=True, blank=True, editable=False)
    used_at = models.DateTimeField(_("first used"), null=True, blank=True, editable=False)

    objects = StandardSetQuerySet.as_manager()

    class Meta:
        verbose_name = _("set of standards")
        verbose_name_plural = _("sets of standards")
        ordering = ["-major", "-minor"]
        constraints = [
            models.UniqueConstraint(fields=["major", "minor"], name="standardset_one_of_a_number"),
            models.CheckConstraint(
                name="standardset_published_before_use",
                condition=models.Q(used_at__isnull=True) | models.Q(published_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.version

    def mark_used(self, now: datetime.datetime) -> None:
        """Fix the set for ever, as forms are opened with it. Safe to repeat."""
        StandardSet.objects.filter(pk=self.pk, used_at__isnull=True).update(used_at=now)
        self.refresh_from_db(fields=["used_at"])


class StandardSection(models.Model):
    """A chapter of the form; its short name heads a column of the board's heat map."""

    set = models.ForeignKey(StandardSet, on_delete=models.CASCADE, related_name="sections")
    code = models.CharField(_("code"), max_length=2)
    name = models.CharField(_("name"), max_length=120)
    short_name = models.CharField(_("name in one word"), max_length=12)
    sentence = models.CharField(_("what it is about"), max_length=500)
    order = models.PositiveSmallIntegerField(editable=False)

    class Meta:
        ordering = ["set", "order"]
        constraints = [
            models.UniqueConstraint(fields=["set", "code"], name="standardsection_code_once")
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class StandardQuerySet(models.QuerySet["Standard"]):
    def of(self, form_type: str, *, short: bool = False) -> Self:
        """The standards that a form asks, in order; the short form only the core ones."""
        found = self.filter(applies_to__contains=[form_type])
        return found.filter(short_form=True) if short else found


class Standard(models.Model):
    """One standard, with what each level of it looks like."""

    set = models.ForeignKey(StandardSet, on_delete=models.CASCADE, related_name="standards")
    section = models.ForeignKey(StandardSection, on_delete=models.CASCADE, related_name="standards")
    code = models.CharField(_("code"), max_length=5)  # LG1
    title = models.CharField(_("title"), max_length=120)
    text = models.TextField(_("standard"))
    weight = models.CharField(_("must or should"), max_length=6, choices=Weight)
    should_if_unspecified = models.BooleanField(
        _("a should for those who are not specified authorities"), default=False
    )
    critical = models.BooleanField(_("critical"), default=False)
    short_form = models.BooleanField(_("in the short form"), default=False)
    level_not_in_place = models.TextField(_("Not in place"))
    level_developing = models.TextField(_("Developing"))
    level_in_place = models.TextField(_("In place"))
    level_embedded = models.TextField(_("Embedded"))
    evidence = ArrayField(models.TextField(), verbose_name=_("evidence"))
    applies_to = ArrayField(
        models.CharField(max_length=2, choices=FormType), verbose_name=_("applies to")
    )
    basis = ArrayField(models.TextField(), verbose_name=_("basis"))
    clauses = ArrayField(models.CharField(max_length=10), default=list, blank=True)
    order = models.PositiveSmallIntegerField(editable=False)

    objects = StandardQuerySet.as_manager()

    class Meta:
        ordering = ["set", "order"]
        constraints = [
            models.UniqueConstraint(fields=["set", "code"], name="standard_code_once"),
            models.CheckConstraint(
                name="standard_weight_is_known", condition=models.Q(weight__in=Weight.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    @property
    def section_code(self) -> str:
        return self.code[:2]

    @property
    def levels(self) -> list[tuple[Rating, str]]:
        """The four levels with what each looks like, lowest first."""
        return [
            (Rating.NOT_IN_PLACE, self.level_not_in_place),
            (Rating.DEVELOPING, self.level_developing),
            (Rating.IN_PLACE, self.level_in_place),
            (Rating.EMBEDDED, self.level_embedded),
        ]

    @property
    def evidence_words(self) -> str:
        return "; ".join(self.evidence)

    @property
    def applies_to_words(self) -> list[str]:
        return [str(FormType(code).label) for code in self.applies_to]

    def weight_for(self, form_type: str, *, specified: bool = True) -> Weight:
        """Whether it is a must for an agency: the Prevent duty binds specified authorities only.

        Args:
            specified: whether a health body is one; the other types are or are not by their type.
        """
        bound = form_type != FormType.VC and (form_type != FormType.HL or specified)
        if self.should_if_unspecified and not bound:
            return Weight.SHOULD
        return Weight(self.weight)

    def basis_for_readers(self, sources: dict[str, Any]) -> list[str]:
        """What it rests on, with the titles of ``set.sources`` in place of their tags."""
        return [
            TAG.sub(lambda tag: str(sources.get(tag[1], tag[1])), one).replace("†", "").strip()
            for one in self.basis
        ]
