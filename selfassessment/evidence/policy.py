"""Who may do what to the evidence of a form that they can see."""

from django.conf import settings

from accounts.models import User
from files.terms import FileState
from selfassessment import policy
from selfassessment.evidence.models import EvidenceVersion
from selfassessment.models import Assessment, Assignment, Helper
from selfassessment.standards.models import Standard
from selfassessment.terms import EDITABLE, Status

TAKES = (*EDITABLE, Status.MODERATION)
"""Statuses in which something may be added: moderators may ask for more (section 7.4)."""


def writes(user: User, assessment: Assessment) -> bool:
    """Leads and the senior lead: all of it."""
    return policy.leads_form(user, assessment) or policy.is_senior(user, assessment)


def standards_for(user: User, assessment: Assessment, standards: list[Standard]) -> list[Standard]:
    """The standards for which the person may add evidence: all, or those they were given."""
    if writes(user, assessment):
        return standards
    given = Assignment.objects.filter(
        assessment=assessment.source_id,
        taken_back_at__isnull=True,
        helper__in=Helper.objects.of(user),
    )
    mine = set(given.values_list("standard_id", flat=True))
    return [each for each in standards if each.pk in mine]


def sees_library(user: User, assessment: Assessment) -> bool:
    """Whether they see what the agency holds beyond this form, and what is not checked yet."""
    return policy.is_agency(user, assessment)


def may_open(user: User, version: EvidenceVersion, *, of_agency: bool) -> bool:
    """Whether a file may leave the portal for this person, as far as viruses go.

    Moderators and the manager have only what was found clean; the agency's own people too, until
    then only who added it, but in the demonstration, where nobody looks.
    """
    if version.state == FileState.CLEAN:
        return True
    if version.state == FileState.INFECTED or not of_agency:
        return False
    return version.added_by_id == user.pk or not settings.REQUIRE_SCAN


def may_be_shown(version: EvidenceVersion) -> bool:
    """Whether a picture of the file may stand in a page: only of one that was found clean, but in
    the demonstration, where nobody looks."""
    return version.state == FileState.CLEAN or (
        version.state == FileState.PENDING and not settings.REQUIRE_SCAN
    )


def needs_warning(user: User, version: EvidenceVersion) -> bool:
    """Whether a page stands before it that says that nobody has looked for viruses."""
    waiting = version.state in (FileState.PENDING, FileState.FAILED)
    return waiting and version.added_by_id != user.pk
