"""What the back office hears: who signed in, whose role began or ended."""

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver

from accounts.models import User
from agencies.models import Membership
from agencies.signals import membership_confirmed, membership_ended
from agencies.terms import Role
from guidance import access


@receiver(user_logged_in, dispatch_uid="guidance_signed_in")
def follow_sign_in(user: User, **kwargs: Any) -> None:
    access.sync(user)


@receiver(membership_confirmed, dispatch_uid="guidance_role_began")
@receiver(membership_ended, dispatch_uid="guidance_role_ended")
def follow_role(membership: Membership, **kwargs: Any) -> None:
    if Role(membership.role) in access.GROUPS:
        access.sync(membership.person)
