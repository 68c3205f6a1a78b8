"""Whether every concern has somewhere to go, somebody to take it, and whether they hear of it."""

from collections import Counter
from dataclasses import dataclass

from django.conf import settings
from django.db.models import QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agencies.models import Agency, Locality, Membership, Route
from agencies.terms import (
    AGENCY_LEADS,
    ROUTE_DEPUTIES,
    ROUTE_LEADS,
    AgencyType,
    Role,
    RouteKind,
)
from outbox.models import Message


@dataclass(frozen=True)
class Problem:
    """One thing to put right: which route or agency, what is missing, where to mend it.

    Without a page to mend it on, ``fix_path`` is empty and the words say who does.
    """

    route: str
    what: str
    fix_path: str

    def __str__(self) -> str:
        return f"{self.route}: {self.what}"


def problems() -> list[Problem]:
    """Everything that would leave a concern without an owner or a telephone number, in order.

    Before them e-mail that was not delivered: somebody does not know of a promise; and files that
    nobody may open.
    """
    return _of_mail() + scanner_problems() + place_problems()


def place_problems() -> list[Problem]:
    """Those that the people of a locality or agency put right on their own page."""
    people = _people_by_place()
    return _of_routes(people) + _of_agencies(people)


def route_problems() -> list[Problem]:
    """Those of localities and their routes: each keeps a new portal in set-up."""
    return _of_routes(_people_by_place())


def agencies_without_lead() -> list[Problem]:
    """A portal opens all the same: their people are told whom to ring, and check with nobody."""
    leads = Membership.objects.active(timezone.localdate()).filter(
        role=AGENCY_LEADS[0], person__is_active=True
    )
    return [_no_lead(each) for each in _agencies().exclude(pk__in=leads.values("agency"))]


def scanner_problems() -> list[Problem]:
    """Files that wait for a virus check are opened by nobody but their author, perhaps for ever."""
    if settings.SCANNER or not settings.REQUIRE_SCAN:
        return []
    what = _(
        "No virus scanner is set up, so only who added a file can open it. "
        "Whoever runs the portal names one with the setting SCANNER."
    )
    return [Problem(_("Files"), what, "")]


def _of_mail() -> list[Problem]:
    parked = Message.objects.parked().count()
    if not parked:
        return []
    what = ngettext(
        "%(count)d e-mail could not be delivered.",
        "%(count)d e-mails could not be delivered.",
        parked,
    )
    return [Problem(_("E-mail"), what % {"count": parked}, reverse("agencies:mail"))]


def _of_agencies(people: "Counts") -> list[Problem]:
    return [problem for agency in _agencies() for problem in _of_agency(agency, people)]


def _agencies() -> QuerySet[Agency]:
    return Agency.objects.filter(is_active=True).exclude(kind=AgencyType.INDEPENDENT)


def _no_lead(agency: Agency) -> Problem:
    return Problem(str(agency), _("It has no safeguarding lead."), f"/agency/{agency.pk}/")


def _of_routes(people: "Counts") -> list[Problem]:
    localities = list(Locality.objects.prefetch_related("routes"))
    found = [problem for locality in localities for problem in _of_locality(locality, people)]
    if not any(locality.is_default for locality in localities):
        what = (
            _("No locality takes concerns from unknown places.")
            if localities
            else _("There is no locality yet, so no concern can be raised.")
        )
        found.insert(0, Problem(_("Unknown place"), what, _edit_path("locality")))
    return found


# (the label of the place's model, its pk, role) -> how many people hold it and can sign in
Counts = Counter[tuple[str, int, Role]]


def _people_by_place() -> Counts:
    held = Membership.objects.active(timezone.localdate()).filter(person__is_active=True)
    rows = held.values_list("agency", "locality", "role", "person").distinct()
    counts: Counts = Counter()
    for agency, locality, role, _person in rows:
        if agency or locality:
            place = ("agency", agency) if agency else ("locality", locality)
            counts[*place, Role(role)] += 1
    return counts


def _of_locality(locality: Locality, people: Counts) -> list[Problem]:
    routes = {(RouteKind(route.kind), route.sector): route for route in locality.routes.all()}
    found = []
    for kind in RouteKind:
        name = f"{locality}, {kind.label}"
        # A closed route of one sector leaves its concerns to the general one: no problem.
        own = [one for (of, sector), one in routes.items() if of == kind and sector and one.is_open]
        general = routes.get((kind, ""))
        if general is not None:
            found += [Problem(name, what, path) for what, path in _of_route(general, kind, people)]
        else:
            what = (
                _("It takes some sectors only. A concern from any other has nowhere to go.")
                if own
                else _("There is no such route.")
            )
            found.append(Problem(name, what, _edit_path("route")))
        for route in own:
            sector = f"{name}, {route.get_sector_display()}"
            found += [Problem(sector, what, path) for what, path in _of_route(route, kind, people)]
    return found


def _of_route(route: Route, kind: RouteKind, people: Counts) -> list[tuple[str, str]]:
    edit, place = _edit_path("route", route.pk), f"/agency/{route.locality.code}/"
    found = []
    if not route.is_open:
        found.append((_("The route is closed."), edit))
    if not route.out_of_hours_phone:
        found.append((_("It has no telephone contact out of hours."), edit))
    if not route.in_portal or not ROUTE_LEADS[kind]:
        if not (route.phone or route.email):
            found.append((_("It has neither a telephone number nor an e-mail address."), edit))
        return found
    leads = sum(people["locality", route.locality_id, role] for role in ROUTE_LEADS[kind])
    deputies = sum(people["locality", route.locality_id, role] for role in ROUTE_DEPUTIES[kind])
    if not leads:
        found.append((_("Nobody takes its work in the portal."), place))
    if leads + deputies < 2 or (ROUTE_DEPUTIES[kind] and not deputies):
        found.append((_("Nobody stands in when that person is away."), place))
    return found


def _of_agency(agency: Agency, people: Counts) -> list[Problem]:
    lead, deputy = (people["agency", agency.pk, role] for role in AGENCY_LEADS)
    path = f"/agency/{agency.pk}/"
    found = []
    if not lead:
        found.append(_no_lead(agency))
    if lead + deputy < 2:
        found.append(
            Problem(str(agency), _("Nobody stands in when the safeguarding lead is away."), path)
        )
    return found


def _edit_path(model: str, pk: int | None = None) -> str:
    """Where the back office edits a row, or lists them."""
    try:
        if pk is None:
            return reverse(f"wagtailsnippets_agencies_{model}:list")
        return reverse(f"wagtailsnippets_agencies_{model}:edit", args=[pk])
    except NoReverseMatch:
        return "/cms/"
