"""What agencies answers when the apps below it ask."""

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.models import User
from accounts.signals import needs_second_factor
from agencies import people, workflow
from agencies.models import Agency
from agencies.terms import AGENCY_LEADS, Role
from audit.signals import agency_names, may_read


@receiver(user_logged_in, dispatch_uid="agencies.join")
def join(sender: Any, user: User, **kwargs: Any) -> None:
    """Signing in proves the address: open invitations to it are accepted, its agency joined."""
    workflow.accept_invitations(user)
    workflow.join_by_domain(user)


@receiver(needs_second_factor, dispatch_uid="agencies.reads_others")
def reads_others(
    sender: Any, user: User, request: HttpRequest | None = None, **kwargs: Any
) -> bool:
    held = people.roles_for(request) if request else people.roles_of(user)
    return people.reads_others(held)


@receiver(may_read, dispatch_uid="agencies.log_of_agency")
def log_of_agency(sender: Any, user: User, **kwargs: Any) -> list[str] | str:
    """Whose access log the person may read: keys of agencies, or ``"*"`` for every one."""
    held = people.roles_of(user)
    if any(each.role == Role.PRIVACY_OFFICER for each in held):
        return "*"
    readers = {Role.AGENCY_ADMIN, *AGENCY_LEADS}
    return sorted({str(each.agency_id) for each in held if each.role in readers})


@receiver(agency_names, dispatch_uid="agencies.names")
def names(sender: Any, keys: set[str], **kwargs: Any) -> dict[str, str]:
    known = Agency.objects.filter(pk__in=[key for key in keys if key.isdecimal()])
    return {str(pk): name for pk, name in known.values_list("pk", "name")}
