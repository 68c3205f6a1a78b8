"""Evidence as a page shows it to one person: beside a standard, and in the list of a form."""

from dataclasses import dataclass
from datetime import date

from accounts.models import User
from files.terms import FileKind, FileState
from selfassessment.evidence import policy
from selfassessment.evidence.queries import EvidenceItem, items_of, load_keys
from selfassessment.models import Assessment


@dataclass(frozen=True)
class Shown:
    """One piece, with what this person may do with its file."""

    item: EvidenceItem
    today: date
    opens: bool

    @property
    def is_expired(self) -> bool:
        return self.item.is_expired(self.today)

    @property
    def is_old(self) -> bool:
        return self.item.is_old(self.today)

    @property
    def waits(self) -> bool:
        """Whether its file is not known to be clean."""
        return self.item.version is not None and self.item.version.state != FileState.CLEAN

    @property
    def picture(self) -> bool:
        version = self.item.version
        return (
            self.opens
            and version is not None
            and version.has_picture
            and policy.may_be_shown(version)
        )

    @property
    def is_pdf(self) -> bool:
        """Of which the picture is the first page only; the words say how many there are."""
        return self.item.version is not None and self.item.version.kind == FileKind.PDF

    @property
    def words(self) -> str:
        return self.item.first_words if self.opens else ""


def shown(
    assessment: Assessment,
    user: User,
    *,
    today: date,
    of_agency: bool,
    items: list[EvidenceItem] | None = None,
) -> list[Shown]:
    """The pieces of a form that the person sees: moderators only those that were found clean.

    Args:
        of_agency: whether they are of the agency (``policy.sees_library``).
        items: those that were read already; else they are read, in two queries.
    """
    found = items_of(assessment) if items is None else items
    if not of_agency:
        found = [item for item in found if item.is_clean]
    load_keys(found)
    return [
        Shown(
            item,
            today,
            item.version is not None and policy.may_open(user, item.version, of_agency=of_agency),
        )
        for item in found
    ]


def beside(
    assessment: Assessment, code: str, user: User, *, today: date, of_agency: bool
) -> list[Shown]:
    """What stands beside one standard (row S9): three queries."""
    found = [item for item in items_of(assessment) if code in item.codes]
    return shown(assessment, user, today=today, of_agency=of_agency, items=found)
