"""Who may see and change who belongs where. Nobody decides about their own rights."""

from accounts.models import User
from agencies.models import Agency, Locality, Membership, RetentionRule
from agencies.people import Place, has_role, scope_of
from agencies.terms import AGENCY_LEADS, RULE_KEEPERS, Role


def is_portal_admin(user: User) -> bool:
    return has_role(user, Role.PORTAL_ADMIN)


def can_manage(user: User, place: Place) -> bool:
    """Invite, change, end: an agency's administrators there, portal administrators anywhere."""
    if isinstance(place, Agency) and has_role(user, Role.AGENCY_ADMIN, agency=place):
        return True
    return is_portal_admin(user)


def can_set_logo(user: User, place: Place) -> bool:
    """What heads the documents of an agency; those of a locality's board are its manager's too."""
    if isinstance(place, Locality) and has_role(user, Role.MODERATION_MANAGER):
        return True
    return place is not None and can_manage(user, place)


def can_see_people(user: User, place: Place) -> bool:
    """Leads see the people of their agency, and may confirm those who ask to join."""
    if isinstance(place, Agency) and has_role(user, *AGENCY_LEADS, agency=place):
        return True
    return can_manage(user, place)


def can_give(user: User, role: Role, place: Place, *, to: User | None) -> bool:
    """Whether ``user`` may give the role there; ``to`` is None while only an address is known."""
    if to is not None and to.pk == user.pk:
        return False
    return role.scope == scope_of(place) and can_manage(user, place)


def can_confirm(user: User, membership: Membership) -> bool:
    return membership.person_id != user.pk and can_see_people(user, place_of(membership))


def can_end(user: User, membership: Membership) -> bool:
    """Anyone may lay a role of their own down; the last administrator is held by the workflow."""
    return membership.person_id == user.pk or can_manage(user, place_of(membership))


def can_set_absence(user: User, person: User) -> bool:
    """Own days away; an administrator those of the people of the agency."""
    if user.pk == person.pk or is_portal_admin(user):
        return True
    shared = Agency.objects.administered_by(user).filter(
        pk__in=Agency.objects.belonging_to(person).values("pk")
    )
    return shared.exists()


def keeps_rules(user: User) -> bool:
    """How long things are kept: proposed and signed by two of these."""
    return has_role(user, *RULE_KEEPERS)


def can_sign(user: User, rule: RetentionRule) -> bool:
    return rule.proposed_by_id != user.pk and keeps_rules(user)


def place_of(membership: Membership) -> Place:
    return membership.agency or membership.locality
