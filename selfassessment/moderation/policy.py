"""Who may do what in a moderation. Nobody moderates, or decides about, their own agency."""

from accounts.models import User
from agencies.models import Agency, Locality
from agencies.people import has_role
from agencies.terms import Role
from selfassessment import policy
from selfassessment.models import Assessment, Moderator
from selfassessment.moderation.models import Appeal, Interest


def manages(user: User, assessment: Assessment | None = None) -> bool:
    return policy.manages(user, assessment)


def moderates(user: User, assessment: Assessment) -> bool:
    """One of the two, today; not of the agency, and without an interest in it."""
    return policy.moderates(user, assessment)


def settles(user: User, assessment: Assessment) -> bool:
    """The manager decides between two who differ; never one who was given the form to moderate."""
    given = Moderator.objects.filter(assessment=assessment, person=user)
    return policy.manages(user, assessment) and not given.exists()


def has_appealed(user: User, board: Locality) -> bool:
    """An agency of theirs waits for a chair of that board: they have no part in who that is."""
    waiting = Appeal.objects.open().filter(
        review__assessment__board=board,
        review__assessment__agency__in=Agency.objects.belonging_to(user),
    )
    return waiting.exists()


def answers_questions(user: User, assessment: Assessment) -> bool:
    return policy.leads_form(user, assessment)


def speaks_for(user: User, assessment: Assessment) -> bool:
    """Comments on the outcome, appeals, agrees to share: a lead or the senior lead."""
    return policy.leads_form(user, assessment) or policy.is_senior(user, assessment)


def decides(user: User, appeal: Appeal) -> bool:
    """The board's chair; not of the agency, nor ever one who moderated it or settled something."""
    return Appeal.objects.for_chair(user).filter(pk=appeal.pk).exists()


def is_moderator(user: User) -> bool:
    return has_role(user, Role.MODERATOR)


def is_barred(user: User, agency: Agency) -> bool:
    """Belongs to it, or has declared an interest in it."""
    belongs = Agency.objects.belonging_to(user).filter(pk=agency.pk).exists()
    return belongs or Interest.objects.standing().filter(person=user, agency=agency).exists()
