"""Who may do what with an action that they can see."""

from django.db.models import Q, QuerySet

from accounts.models import User
from agencies.models import Locality, Membership
from agencies.terms import AGENCY_ROLES, PREVENT
from selfassessment import policy
from selfassessment.actions.models import Action
from selfassessment.actions.rules import OWNERS, STEPS
from selfassessment.models import Assessment
from selfassessment.terms import ActionStatus


def visible_to(user: User) -> QuerySet[Action]:
    """Actions of the forms that the person may read, and those that are theirs to do."""
    seen = Assessment.objects.visible_to(user)
    shared = Q(cycles__assessment__in=seen.values("pk"))
    shared |= Q(cycles__assessment__in=seen.values("answers_of"))
    mine = Action.objects.owned_by(user).values("pk")
    return Action.objects.filter(
        Q(pk__in=Action.objects.filter(shared).values("pk")) | Q(pk__in=mine)
    )


def helped_by(user: User) -> QuerySet[Action]:
    """Actions for which an agency asks the help of the locality that the person serves."""
    served = Locality.objects.served_by(user, *PREVENT)
    return Action.objects.filter(partner_help=True, agency__locality__in=served)


def writes(user: User, assessment: Assessment) -> bool:
    """Leads and the senior lead make actions and change them."""
    return policy.leads_form(user, assessment) or policy.is_senior(user, assessment)


def owns(user: User, action: Action) -> bool:
    """Its owner, while they belong to the agency."""
    belongs = Membership.objects.active().filter(
        person=user, role__in=AGENCY_ROLES, agency=action.agency_id
    )
    return action.owner_id == user.pk and belongs.exists()


def may_note(user: User, action: Action) -> bool:
    """Say how it goes."""
    return owns(user, action) or writes(user, action.assessment)


def may_move(user: User, action: Action, to: ActionStatus) -> bool:
    """Whether the person may make the move; whether it can be made now, the table says."""
    if to == ActionStatus.VERIFIED:
        return action.owner_id != user.pk and writes(user, action.assessment)
    if to in OWNERS and action.status != ActionStatus.DONE and owns(user, action):
        return True
    return writes(user, action.assessment)


def moves(user: User, action: Action) -> list[ActionStatus]:
    """The moves that the page offers this person."""
    return [to for to in STEPS[ActionStatus(action.status)] if may_move(user, action, to)]
