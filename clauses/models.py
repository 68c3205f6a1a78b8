"""Clause codes and editions: what the guidance says, for apps that may not know the guidance."""

from collections.abc import Iterable

from django.db import connection, models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page

from accounts.prepared import Prepared

LOCK = 1_937_004_512  # editions are numbered one at a time


class Edition(models.Model):
    """The whole guidance from one publication to the next."""

    number = models.PositiveIntegerField(unique=True, editable=False)
    published_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"{self.number}"


class Clause(models.Model):
    """A part of a page with a code that stays when its words, or the page's place, change."""

    code = models.CharField(_("code"), max_length=10, unique=True)
    title = models.CharField(max_length=255)
    page = models.ForeignKey(
        Page, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    digest = models.CharField(max_length=64)  # SHA-256 of its words
    changed_in = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="+")
    is_current = models.BooleanField(default=True)  # the published page still has it

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    @property
    def address(self) -> str:
        """Where it can be read: the path of its page, and the part; "" when no page has it."""
        if self.page is None or not self.is_current:
            return ""
        return "/" + "/".join(self.page.url_path.split("/")[2:]) + f"#{self.code}"


def current_edition() -> Edition | None:
    """The edition in force now; none before the guidance is first published."""
    return Edition.objects.order_by("-number").first()


def new_edition() -> Edition:
    """Begin an edition in the current transaction; two that are published at once take turns."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    last = current_edition()
    return Edition.objects.create(
        number=last.number + 1 if last else 1, published_at=timezone.now()
    )


def clauses_with(codes: Iterable[str]) -> list[Clause]:
    """The published clauses with these codes, in the order of the codes: one query, or none."""
    wanted = list(dict.fromkeys(codes))
    if not wanted:
        return []
    by_code = {clause.code: clause for clause in _PUBLISHED(codes=wanted)}
    return [by_code[code] for code in wanted if code in by_code]


def _published(codes: list[str]) -> models.QuerySet[Clause]:
    found = Clause.objects.filter(code__in=codes, is_current=True, page__live=True)
    return found.select_related("page").only("code", "title", "is_current", "page__url_path")


_PUBLISHED = Prepared(_published)
