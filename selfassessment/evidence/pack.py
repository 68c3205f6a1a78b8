"""All evidence of a form as one ZIP, with a list that says what is in it (row S9's companion).

It is written while it is sent, or while a job seals it (``packs``): one file at a time is
unsealed, and nothing lies on disk.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from io import RawIOBase
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts.models import User
from audit import events
from files.names import ENDING
from files.terms import FileKind
from selfassessment.evidence import policy
from selfassessment.evidence.models import EvidenceVersion
from selfassessment.evidence.queries import EvidenceItem, load_keys
from selfassessment.models import Assessment
from ui import dates
from ui.spreadsheet import as_csv

MANIFEST = "manifest.csv"
LONGEST_NAME = 60


def may_hold(items: list[EvidenceItem], *, of_agency: bool) -> list[EvidenceItem]:
    """What may be in the pack of somebody: of other agencies' people only what is clean."""
    return items if of_agency else [item for item in items if item.is_clean]


def size(items: Iterable[EvidenceItem]) -> int:
    """Bytes of their files."""
    return sum(item.version.size for item in items if item.version)


@transaction.atomic
def note_taking(assessment: Assessment, items: list[EvidenceItem], *, by: User) -> None:
    """Write down who took the evidence of a form with them, before anything is sent."""
    events.record(
        "assessment.evidence_packed",
        assessment,
        by=by,
        agency=str(assessment.agency_id),
        pieces=len(items),
        bytes=size(items),
    )


def stream(
    assessment: Assessment,
    items: list[EvidenceItem],
    *,
    by: User,
    now: datetime | None = None,
    tell: Callable[[int], None] | None = None,
) -> Iterator[bytes]:
    """The ZIP, piece by piece. A file that may not leave is replaced by a note that says why.

    Args:
        tell: is told after each piece how many are done.
    """
    now = now or timezone.now()
    load_keys(items)
    of_agency = policy.sees_library(by, assessment)
    out = _Outlet()
    rows: list[list[object]] = [_heads()]
    with ZipFile(out, "w", ZIP_DEFLATED) as package:
        for number, item in enumerate(items, start=1):
            name, content = _entry(number, item, by=by, of_agency=of_agency)
            if content:
                entry = ZipInfo(name, timezone.localtime(item.added_at).timetuple()[:6])
                entry.compress_type = ZIP_STORED if _is_packed(item) else ZIP_DEFLATED
                package.writestr(entry, content)
                yield out.taken()
            rows.append(_row(name if content else "", item))
            if tell is not None:
                tell(number)
        package.writestr(MANIFEST, as_csv(rows))
        package.writestr("README.txt", _about(assessment, by, now))
    yield out.taken()


def _entry(number: int, item: EvidenceItem, *, by: User, of_agency: bool) -> tuple[str, bytes]:
    stem = f"{number:02}-{slugify(item.title)[:LONGEST_NAME] or 'evidence'}"
    if item.version is None:
        return "", b""
    if not policy.may_open(by, item.version, of_agency=of_agency):
        state = item.version.get_state_display()
        words = _("This file is not in the pack: %(state)s.") % {"state": state}
        return f"{stem}-not-in-the-pack.txt", words.encode()
    content = EvidenceVersion.objects.only("content", "evidence_id").get(pk=item.version.pk).content
    return f"{stem}.{ENDING[FileKind(item.version.kind)]}", content


def _is_packed(item: EvidenceItem) -> bool:
    return item.version is not None and item.version.kind != FileKind.TXT


def _heads() -> list[object]:
    return [
        _("File"),
        _("Title"),
        _("Kind"),
        _("Standards"),
        _("Owner"),
        _("Date"),
        _("In force from"),
        _("Expires"),
        _("Address"),
        _("Note"),
        _("Version"),
        _("Size in bytes"),
        _("SHA-256"),
        _("Virus check"),
        _("Added by"),
        _("Added at"),
    ]


def _row(name: str, item: EvidenceItem) -> list[object]:
    version = item.version
    return [
        name,
        item.title,
        item.kind.label,
        " ".join(item.codes),
        item.owner,
        item.dated_on.isoformat(),
        item.effective_on.isoformat() if item.effective_on else "",
        item.expires_on.isoformat() if item.expires_on else "",
        item.address,
        item.note,
        version.number if version else "",
        version.size if version else "",
        item.sha256,
        version.get_state_display() if version else "",
        version.added_by.name if version else "",
        version.added_at.isoformat(timespec="seconds") if version else "",
    ]


def _about(assessment: Assessment, by: User, now: datetime) -> str:
    return _(
        "Evidence of the self-assessment of %(agency)s, %(year)s.\n"
        "Taken by %(name)s, %(when)s.\n\n"
        "manifest.csv names each piece with its standards and the SHA-256 of its file.\n"
        "For the agency and its moderators only.\n"
    ) % {
        "agency": assessment.agency,
        "year": assessment.cycle,
        "name": by.name,
        "when": dates.paper_moment(now),
    }


class _Outlet(RawIOBase):
    """Where the ZIP is written to; what was written is taken from it at once."""

    def __init__(self) -> None:
        self.held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.held += data
        return len(data)

    def taken(self) -> bytes:
        held = bytes(self.held)
        self.held.clear()
        return held
