"""Moderators who lose the role, or join an agency, stop at once (section 7.4; WF-12)."""

from typing import Any

from django.dispatch import receiver
from django.utils.translation import gettext as _

from agencies.models import Membership
from agencies.people import has_role
from agencies.signals import membership_confirmed, membership_ended
from agencies.terms import Role
from selfassessment.moderation.workflow import leave_agency, leave_all


@receiver(membership_ended, dispatch_uid="selfassessment.moderator_left")
def stop_moderating(sender: Any, *, membership: Membership, **kwargs: Any) -> None:
    if membership.role == Role.MODERATOR and not has_role(membership.person, Role.MODERATOR):
        leave_all(membership.person, reason=_("No longer a moderator."))


@receiver(membership_confirmed, dispatch_uid="selfassessment.moderator_joined")
def stop_moderating_the_new_agency(sender: Any, *, membership: Membership, **kwargs: Any) -> None:
    if membership.agency is not None:
        leave_agency(membership.person, membership.agency, reason=_("Joined the agency."))
