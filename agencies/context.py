"""The navigation and the name in the header, for whoever asks."""

from collections.abc import Sequence
from contextlib import suppress

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from agencies import people
from agencies.models import Agency, Membership
from agencies.terms import AGENCY_LEADS, LOCALITY_ROLES, PORTAL_ROLES, Role


def navigation(request: HttpRequest) -> dict[str, object]:
    """Four items at most, the one whose pages are open marked, and where the person works."""
    held = people.roles_for(request) if hasattr(request, "user") else []
    items = [(_work(held), "/referrals/"), (_("Guidance"), "/guidance/")]
    with suppress(NoReverseMatch):  # a later part of the portal
        items.append((_("Self-assessment"), reverse("selfassessment:home")))
    items.append((_("Help"), "/contacts/"))
    return {
        "navigation": [
            {"label": label, "url": url, "current": request.path.startswith(url)}
            for label, url in items
        ],
        "my_agency_name": my_agency_name(held, people.acting_for(request) if held else None),
    }


def _work(held: Sequence[Membership]) -> str:
    roles = {Role(each.role) for each in held}
    if roles & set(LOCALITY_ROLES):
        return _("My queue")
    return _("My checks") if roles & set(AGENCY_LEADS) else _("Concerns")


def my_agency_name(held: Sequence[Membership], acting_for: Agency | None = None) -> str:
    """The agency, or for those who work for a locality or the portal, their role in words."""
    for roles in (LOCALITY_ROLES, PORTAL_ROLES):
        for each in held:
            if each.role in roles:
                return each.role_in_words
    if acting_for:
        return str(acting_for)
    return next((str(each.agency) for each in held if each.agency), "")
