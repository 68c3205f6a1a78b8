"""Who may do what to a self-assessment they can see. Each predicate reads as a question.

Visibility is ``visible_to`` in models.py; whether it can be done now is moves.py.
"""

from collections.abc import Callable

from django.db.models import Q

from accounts.models import User
from agencies.models import Agency
from agencies.people import has_role, holds, read_already
from agencies.terms import AGENCY_ROLES, Role
from selfassessment import terms
from selfassessment.models import Assessment, Assignment, Helper, Moderator
from selfassessment.standards.models import Standard

Predicate = Callable[[User, Assessment], bool]


def _holds(user: User, assessment: Assessment, *roles: Role) -> bool:
    held = read_already(user)
    if held is None:
        return Agency.objects.held_by(user, *roles).filter(pk=assessment.agency_id).exists()
    return any(each.agency_id == assessment.agency_id and each.role in roles for each in held)


def leads_form(user: User, assessment: Assessment) -> bool:
    """Lead or deputy of the agency: has the whole form, and gives standards to others.

    Whoever registered as working alone is their agency's only person, whatever their role.
    """
    if _holds(user, assessment, *terms.FORM_LEADS):
        return True
    return assessment.agency.works_alone and _holds(user, assessment, *AGENCY_ROLES)


def signs(user: User, assessment: Assessment) -> bool:
    """Its senior accountable lead; not who prepared it, except in the short form (section 7.3).

    Where one person works, the lead is the senior lead too.
    """
    if assessment.short_form:
        return leads_form(user, assessment) or is_senior(user, assessment)
    return _holds(user, assessment, Role.SENIOR_LEAD) and assessment.prepared_by_id != user.pk


def is_senior(user: User, assessment: Assessment) -> bool:
    return _holds(user, assessment, Role.SENIOR_LEAD)


def sends_back(user: User, assessment: Assessment) -> bool:
    """Whoever may sign it gives it back instead; who prepared a short form too."""
    return is_senior(user, assessment) or (assessment.short_form and leads_form(user, assessment))


def is_agency(user: User, assessment: Assessment) -> bool:
    """Reads the whole form as somebody of the agency."""
    return (
        _holds(user, assessment, *terms.AGENCY_READERS)
        or Helper.objects.of(user).filter(assessment=assessment.source_id).exists()
    )


def answers(user: User, assessment: Assessment, standard: Standard) -> bool:
    """May write the answer to one standard: a lead, or who was given it."""
    if leads_form(user, assessment):
        return True
    given = Assignment.objects.filter(
        assessment=assessment.source_id,
        standard=standard,
        taken_back_at__isnull=True,
        helper__in=Helper.objects.of(user),
    )
    return given.exists()


def writes_something(user: User, assessment: Assessment) -> bool:
    """A lead, or somebody who was given a standard of it."""
    given = Assignment.objects.filter(
        Q(helper__in=Helper.objects.of(user)),
        assessment=assessment.source_id,
        taken_back_at__isnull=True,
    )
    return leads_form(user, assessment) or given.exists()


def talks(user: User, assessment: Assessment) -> bool:
    """Takes part in what colleagues say of a form; who was only asked to read does not."""
    return _holds(user, assessment, *terms.AGENCY_READERS) or writes_something(user, assessment)


def manages(user: User, assessment: Assessment | None = None) -> bool:
    """The board's moderation manager; of a form: not of their own agency."""
    if not holds(user, Role.MODERATION_MANAGER):
        return False
    return assessment is None or not belongs(user, assessment)


def belongs(user: User, assessment: Assessment) -> bool:
    return Agency.objects.belonging_to(user).filter(pk=assessment.agency_id).exists()


def moderates(user: User, assessment: Assessment) -> bool:
    """One of the two given to it; nobody moderates their own agency (WF-12)."""
    given = Moderator.objects.at_work(user).filter(assessment=assessment)
    return holds(user, Role.MODERATOR) and given.exists()


def reads_board(user: User) -> bool:
    return has_role(user, *terms.BOARD_READERS)


def nobody(user: User, assessment: Assessment) -> bool:
    """Done by the portal itself, when its day has come."""
    return False
