"""What a form shows as evidence, for pages, checks, the frozen copy and the reports."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet

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
    """When it was first shown in this form; of a signed one, when that was signed."""
    owner_then: str = ""
    """The name of who answered for it when the form was signed."""
    is_later: bool = False
    """Added for the moderators, after the form was signed."""

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
        return self.owner_then or self.evidence.owner.name

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

    Of a signed form, what was signed, as it was then, and after it what was added for its
    moderators. Two queries, whatever the amount; of a signed form three.
    """
    said = _as_signed(assessment)
    uses: dict[UUID, list[Any]] = {}
    for use in _USES(said is not None, form=assessment.source_id, own=assessment.pk):
        uses.setdefault(use.evidence_id, []).append(use)
    versions = versions_of([*uses, *(said or ())])
    live = [
        EvidenceItem(
            evidence=those[0].evidence,
            version=at_the_time(
                versions.get(key, []),
                assessment.signed_at if said is None else max(use.added_at for use in those),
            ),
            codes=tuple(dict.fromkeys(use.code for use in those)),
            added_at=min(use.added_at for use in those),
            is_later=said is not None,
        )
        for key, those in uses.items()
    ]
    signed = [
        _signed(assessment, key, codes, words, versions.get(key, []))
        for key, (codes, words) in (said or {}).items()
    ]
    return signed + live


Said = dict[UUID, tuple[list[str], dict[str, Any]]]


def _as_signed(assessment: Assessment) -> Said | None:
    """Each piece of the frozen copy with its codes, in the order of the form; None where there is
    no copy, or one of the time when a copy did not say which pieces it shows."""
    copy = assessment.signed_copy
    if copy is None:
        return None
    found: Said = {}
    for asked in copy["asked"]:
        for words in asked["evidence"]:
            if "id" not in words:
                return None
            found.setdefault(UUID(words["id"]), ([], words))[0].append(asked["code"])
    return found


def _signed(
    assessment: Assessment,
    key: UUID,
    codes: list[str],
    words: dict[str, Any],
    versions: list[EvidenceVersion],
) -> EvidenceItem:
    """A piece as it was signed: a row that is not stored, and the file that it had then."""
    assert assessment.signed_at is not None  # noqa: S101 - for the types: it has a copy
    return EvidenceItem(
        evidence=Evidence(
            pk=key,
            agency_id=assessment.agency_id,
            title=words["title"],
            kind=words["kind"],
            dated_on=date.fromisoformat(words["dated_on"]),
            effective_on=_day(words["effective_on"]),
            expires_on=_day(words["expires_on"]),
            note=words["note"],
            address=words["address"],
        ),
        version=next((one for one in versions if one.sha256 == words["sha256"]), None),
        codes=tuple(codes),
        added_at=assessment.signed_at,
        owner_then=words["owner"],
    )


def _day(said: str) -> date | None:
    return date.fromisoformat(said) if said else None


def _uses(only_later: bool, *, form: UUID, own: UUID) -> QuerySet[EvidenceUse]:
    """What the form shows; of a signed one only what was added for its moderators."""
    shown = Q(added_for=own)
    if not only_later:
        shown |= Q(added_for__isnull=True)
    rows = EvidenceUse.objects.filter(shown, assessment=form)
    found = rows.annotate(code=F("standard__code"))
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
