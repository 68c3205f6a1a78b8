"""What a form shows as evidence, for pages, checks, the frozen copy and the reports."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet

from accounts.prepared import Prepared
from files.terms import FileState
from selfassessment.evidence.models import (
    WITHOUT_CONTENT,
    Evidence,
    EvidenceUse,
    EvidenceVersion,
)
from selfassessment.models import Assessment
from selfassessment.terms import EvidenceKind
from vault import keys


@dataclass(frozen=True)
class EvidenceItem:
    """A piece of evidence as one form shows it: with the file that it had when it was signed."""

    evidence: Evidence
    version: EvidenceVersion | None
    """Its content is not read. None for what has no file."""
    codes: tuple[str, ...]
    """Of the standards of this form for which it is shown, in order."""
    added_at: datetime
    """When it was first shown in this form."""

    @property
    def pk(self) -> UUID:
        return self.evidence.pk

    @property
    def title(self) -> str:
        return self.evidence.title

    @property
    def kind(self) -> EvidenceKind:
        return EvidenceKind(self.evidence.kind)

    @property
    def owner(self) -> str:
        return self.evidence.owner.name

    @property
    def dated_on(self) -> date:
        return self.evidence.dated_on

    @property
    def effective_on(self) -> date | None:
        return self.evidence.effective_on

    @property
    def expires_on(self) -> date | None:
        return self.evidence.expires_on

    @property
    def address(self) -> str:
        return self.evidence.address

    @property
    def note(self) -> str:
        return self.evidence.note

    @property
    def sha256(self) -> str:
        """Of its file; empty where it has none."""
        return self.version.sha256 if self.version else ""

    @property
    def file_name(self) -> str:
        """As whoever added it called the file; sealed, so ``load_keys`` comes first on a page."""
        return self.version.name if self.version else ""

    @property
    def first_words(self) -> str:
        """Of its file, to stand beside a standard; sealed too."""
        return self.version.first_words if self.version else ""

    @property
    def is_clean(self) -> bool:
        """Nothing keeps a moderator from it: no file, or one that the virus check let through."""
        return self.version is None or self.version.state == FileState.CLEAN

    def is_expired(self, today: date) -> bool:
        return self.evidence.is_expired(today)

    def is_old(self, today: date) -> bool:
        """Older than 18 months: it carries "Developing" at best."""
        return self.evidence.is_old(today)


def items_of(assessment: Assessment) -> list[EvidenceItem]:
    """The evidence that a form shows, each piece once, in the order of its first standard.

    Two queries, whatever the amount. Of several files the newest that was there when the form
    was signed.
    """
    uses: dict[UUID, list[Any]] = {}
    for use in _USES(form=assessment.source_id):
        uses.setdefault(use.evidence_id, []).append(use)
    versions = versions_of(uses)
    return [
        EvidenceItem(
            evidence=those[0].evidence,
            version=at_the_time(versions.get(key, []), assessment.signed_at),
            codes=tuple(use.code for use in those),
            added_at=min(use.added_at for use in those),
        )
        for key, those in uses.items()
    ]


def _uses(*, form: UUID) -> QuerySet[EvidenceUse]:
    found = EvidenceUse.objects.filter(assessment=form).annotate(code=F("standard__code"))
    return found.select_related("evidence__owner").order_by("standard__order", "added_at", "pk")


_USES = Prepared(_uses)


def load_keys(items: Iterable[EvidenceItem]) -> None:
    """Open the keys of all files in one query."""
    keys.load([item.pk for item in items if item.version is not None])


def evidence_of(assessment: Assessment) -> dict[str, list[EvidenceItem]]:
    """The evidence of a form by the code of the standard; a code without any is not there."""
    shown: dict[str, list[EvidenceItem]] = {}
    for item in items_of(assessment):
        for code in item.codes:
            shown.setdefault(code, []).append(item)
    return shown


def versions_of(evidence: Iterable[UUID]) -> dict[UUID, list[EvidenceVersion]]:
    """Files by piece of evidence, the oldest first, without their content: one query."""
    found: dict[UUID, list[EvidenceVersion]] = {}
    rows = EvidenceVersion.objects.filter(evidence__in=list(evidence)).defer(*WITHOUT_CONTENT)
    for version in rows.select_related("added_by").order_by("number"):
        found.setdefault(version.evidence_id, []).append(version)
    return found


def at_the_time(versions: list[EvidenceVersion], moment: datetime | None) -> EvidenceVersion | None:
    """The newest file, or the newest at that moment; what came only later is better than none."""
    if not versions:
        return None
    then = [one for one in versions if moment is None or one.added_at <= moment]
    return then[-1] if then else versions[0]
