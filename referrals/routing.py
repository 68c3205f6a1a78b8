"""Where a referral goes: by place, age, sector and answers, over the localities' routes (S8)."""

from dataclasses import dataclass

from agencies.models import Locality, Route
from agencies.terms import RouteKind
from referrals.answers import Answers
from referrals.terms import Place, RecipientKind

ROUTE_OF = {
    RecipientKind.POLICE: RouteKind.POLICE,
    RecipientKind.PREVENT_LEAD: RouteKind.PREVENT_LEAD,
    RecipientKind.FRONT_DOOR: RouteKind.FRONT_DOOR,
    RecipientKind.ADULT: RouteKind.ADULT_SAFEGUARDING,
}


@dataclass(frozen=True)
class Planned:
    """A body that will receive the referral, as the sender is shown it before sending."""

    kind: RecipientKind
    locality: Locality
    route: Route | None

    @property
    def in_portal(self) -> bool:
        return self.route is None or self.route.in_portal

    @property
    def name(self) -> str:
        return self.route.name if self.route else f"{self.kind.label}, {self.locality.name}"


def locality_for(answers: Answers) -> Locality:
    """The locality of N1; any other or unknown place goes to the named default, never nowhere."""
    place, agency = answers.get("place"), answers.referral.agency
    if agency is not None and agency.locality.code == place:
        return agency.locality
    if place in (Place.NORTH_YORKSHIRE, Place.YORK):
        found = Locality.objects.filter(code=place).first()
        if found is not None:
            return found
    return Locality.objects.default()


def kinds_for(answers: Answers) -> list[RecipientKind]:
    """Who must have it: police and Prevent lead always, the others by age and answers (S8)."""
    kinds = [RecipientKind.POLICE, RecipientKind.PREVENT_LEAD]
    if answers.is_child or answers.get("cares_for_child") == "yes":
        kinds.append(RecipientKind.FRONT_DOOR)
    if answers.is_adult and answers.get("adult_care_needs") == "yes":
        kinds.append(RecipientKind.ADULT)
    return kinds


def sector_of(answers: Answers) -> str:
    """S5, or until it is answered the sector of the agency; empty where neither is known."""
    agency = answers.referral.agency
    return str(answers.get("sector") or (agency.referral_sector if agency else ""))


def open_routes(locality: Locality, sector: str) -> dict[RouteKind, Route]:
    """The open route of each kind: the sector's own before the one for every sector."""
    fitting = Route.objects.filter(locality=locality, is_open=True, sector__in={"", sector})
    return {RouteKind(route.kind): route for route in fitting.order_by("sector")}  # "" is first


def recipients(answers: Answers) -> list[Planned]:
    """The bodies that will receive it, in the order they are shown."""
    locality = locality_for(answers)
    routes = open_routes(locality, sector_of(answers))
    return [Planned(kind, locality, routes.get(ROUTE_OF[kind])) for kind in kinds_for(answers)]
