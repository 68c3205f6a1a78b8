"""Who is who today: roles, leads, who is on duty, whose agency."""

import datetime
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Self

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from accounts.prepared import Prepared
from agencies.models import Absence, Agency, Locality, Membership
from agencies.terms import AGENCY_LEADS, READS_OTHERS, Role, Scope

ACTS_FOR = "portal.acts_for"  # in the session: an agency's key
Place = Agency | Locality | None  # None: the whole portal
Keys = list[int] | QuerySet[Any]


def scope_of(place: Place) -> Scope:
    if isinstance(place, Agency):
        return Scope.AGENCY
    return Scope.LOCALITY if isinstance(place, Locality) else Scope.PORTAL


def columns(place: Place) -> dict[str, Agency | Locality | None]:
    """The place as the columns of a membership or an invitation."""
    return {
        "agency": place if isinstance(place, Agency) else None,
        "locality": place if isinstance(place, Locality) else None,
    }


def roles_of(user: User) -> list[Membership]:
    """The memberships that hold today, with agency and locality: one query."""
    return _ROLES(person=user.pk)


def _roles(person: int) -> QuerySet[Membership]:
    return Membership.objects.active().filter(person=person).select_related("agency", "locality")


_ROLES = Prepared(_roles)


def roles_for(request: HttpRequest) -> list[Membership]:
    """``roles_of`` the person who asks, read once for each request."""
    known: list[Membership] | None = getattr(request, "_roles", None)
    if known is None:
        known = []
        if request.user.is_authenticated:
            known = roles_of(request.user)
            request.user._roles_for_request = known  # type: ignore[attr-defined]
        request._roles = known  # type: ignore[attr-defined]
    return known


def read_already(user: User) -> list[Membership] | None:
    """What ``roles_for`` read for the person of this request; None if nobody asked yet.

    Django makes a request's person anew each time, so this lives no longer than the request.
    """
    known: list[Membership] | None = getattr(user, "_roles_for_request", None)
    return known


Roles = tuple[tuple[str, int | None, int | None], ...]


def likeness(held: Iterable[Membership]) -> tuple[Roles, dict[str, list[int]]]:
    """What the queries of two people have in common, and what each has their own of.

    The roles, with the places of their agencies and localities in the two lists of keys: the shape
    of a ``Prepared`` query that asks for somebody, and its values.
    """
    held = list(held)
    agencies = sorted({each.agency_id for each in held if each.agency_id is not None})
    localities = sorted({each.locality_id for each in held if each.locality_id is not None})
    roles = tuple(
        (
            str(each.role),
            agencies.index(each.agency_id) if each.agency_id is not None else None,
            localities.index(each.locality_id) if each.locality_id is not None else None,
        )
        for each in held
    )
    return roles, {"agencies": agencies, "localities": localities}


def stand_in(roles: Roles, *, person: int, agencies: list[int], localities: list[int]) -> User:
    """Somebody of these roles, of whom a query is written; nothing of it is stored."""
    user = User(pk=person)
    user._roles_for_request = [  # type: ignore[attr-defined]
        Membership(
            person=user,
            role=role,
            agency_id=agencies[agency] if agency is not None else None,
            locality_id=localities[locality] if locality is not None else None,
        )
        for role, agency, locality in roles
    ]
    return user


class PreparedFor:
    """A query that asks what somebody may see, put together once for all whose roles are alike.

    ``make`` gets a person with their memberships read already (``read_already``).
    """

    def __init__(self, make: Callable[..., QuerySet[Any]]) -> None:
        def of_stand_in(
            roles: Roles,
            *shape: Hashable,
            person: int,
            agencies: list[int],
            localities: list[int],
            **values: Any,
        ) -> QuerySet[Any]:
            user = stand_in(roles, person=person, agencies=agencies, localities=localities)
            return make(user, *shape, **values)

        self.prepared = Prepared(of_stand_in)

    def __call__(self, user: User, *shape: Hashable, **values: Any) -> list[Any]:
        held = read_already(user)
        roles, keys = likeness(roles_of(user) if held is None else held)
        return self.prepared(roles, *shape, person=user.pk, **keys, **values)


@dataclass(frozen=True)
class Places:
    """Where a person works today, as the right side of an ``__in``.

    Keys where the request has read the person's memberships already, subqueries elsewhere: the
    same rule, but a query of keys costs a fraction to put together. None where they are known to
    work nowhere of the kind.
    """

    user: User
    held: list[Membership] | None

    @classmethod
    def of(cls, user: User) -> Self:
        return cls(user, read_already(user))

    def led(self) -> Keys | None:
        """Agencies that they lead, or deputise in."""
        if self.held is None:
            return Agency.objects.led_by(self.user)
        found = {each.agency_id for each in self.held if each.role in AGENCY_LEADS}
        return sorted(key for key in found if key is not None) or None

    def employed(self, *roles: Role) -> Keys | None:
        """Agencies in which they hold one of the roles."""
        if self.held is None:
            return Agency.objects.held_by(self.user, *roles)
        found = {each.agency_id for each in self.held if each.role in roles}
        return sorted(key for key in found if key is not None) or None

    def served(self, *roles: Role) -> Keys | None:
        """Localities in which they hold one of the roles."""
        if self.held is None:
            return Locality.objects.served_by(self.user, *roles)
        found = {each.locality_id for each in self.held if each.role in roles}
        return sorted(key for key in found if key is not None) or None


def has_role(
    user: User, *roles: Role, agency: Agency | None = None, locality: Locality | None = None
) -> bool:
    """Whether the person holds one of the roles today, there if a place is named.

    No query for the person of a request whose memberships were read already.
    """
    if (held := read_already(user)) is not None:
        return any(
            each.role in roles
            and (agency is None or each.agency_id == agency.pk)
            and (locality is None or each.locality_id == locality.pk)
            for each in held
        )
    agencies = [] if agency is None else [agency.pk]
    localities = [] if locality is None else [locality.pk]
    return bool(_ROLE(roles, person=user.pk, agencies=agencies, localities=localities))


def holds(user: User, *roles: Role) -> bool:
    """As ``has_role``, anywhere; from what the request has read already, where it has."""
    held = read_already(user)
    return has_role(user, *roles) if held is None else any(each.role in roles for each in held)


def _role(
    roles: tuple[Role, ...], *, person: int, agencies: list[int], localities: list[int]
) -> QuerySet[Any]:
    held = Membership.objects.active().filter(person=person, role__in=roles)
    for agency in agencies:
        held = held.filter(agency=agency)
    for locality in localities:
        held = held.filter(locality=locality)
    return held.values_list("pk", flat=True)[:1]


_ROLE = Prepared(_role)


def reads_others(memberships: Iterable[Membership]) -> bool:
    return any(membership.role in READS_OTHERS for membership in memberships)


def holders(place: Place, roles: Iterable[Role], on: datetime.date | None = None) -> list[User]:
    """The people who hold one of the roles in the place, in the order of ``roles``, then by name.

    Accounts that may no longer sign in are left out: work given to them would wait for ever.
    """
    ranked = _ranked(place, roles, on)
    return list({person.pk: person for _role, person in ranked}.values())


def _ranked(
    place: Place, roles: Iterable[Role], on: datetime.date | None
) -> list[tuple[Role, User]]:
    order = list(roles)
    key = place.pk if place is not None else 0
    held = _HOLDERS(tuple(order), scope_of(place), place=key, on=on or timezone.localdate())
    pairs = [(Role(each.role), each.person) for each in held]
    return sorted(pairs, key=lambda pair: (order.index(pair[0]), pair[1].name, pair[1].pk))


def _holders(
    roles: tuple[Role, ...], scope: Scope, *, place: int, on: datetime.date
) -> QuerySet[Membership]:
    held = Membership.objects.active(on).filter(role__in=roles, person__is_active=True)
    if scope == Scope.AGENCY:
        held = held.filter(agency=place)
    elif scope == Scope.LOCALITY:
        held = held.filter(locality=place)
    return held.select_related("person")


_HOLDERS = Prepared(_holders)


def leads_of(agency: Agency, on: datetime.date | None = None) -> list[User]:
    """Safeguarding leads, then deputies, away or not."""
    return holders(agency, AGENCY_LEADS, on)


def on_duty(place: Agency | Locality, *roles: Role, on: datetime.date | None = None) -> list[User]:
    """Who takes work today: those of the first role who are not away, else of the next.

    When everybody is away, everybody, in the order of the roles, so that work has an owner.
    Empty only if nobody holds any of the roles.
    """
    day = on or timezone.localdate()
    ranked = _ranked(place, roles or AGENCY_LEADS, day)
    away = set(
        Absence.objects.covering(day)
        .filter(person__in=[person for _role, person in ranked])
        .values_list("person", flat=True)
    )
    present = [(role, person) for role, person in ranked if person.pk not in away]
    if present:
        first = present[0][0]
        return [person for role, person in present if role == first]
    return list({person.pk: person for _role, person in ranked}.values())


def is_away(person: User, on: datetime.date | None = None) -> bool:
    return Absence.objects.covering(on).filter(person=person).exists()


def away(persons: Iterable[User], on: datetime.date | None = None) -> set[int]:
    """Keys of those who are away, in one query."""
    found = Absence.objects.covering(on).filter(person__in=list(persons))
    return set(found.values_list("person_id", flat=True))


def agency_of(user: User) -> Agency | None:
    """The agency on whose behalf the person writes: where they joined first and still belong."""
    first = _FIRST(person=user.pk)
    return first[0].agency if first else None


def _first(person: int) -> QuerySet[Membership]:
    held = Membership.objects.active().filter(person=person, agency__isnull=False)
    return held.select_related("agency__locality").order_by("starts_on", "pk")[:1]


_FIRST = Prepared(_first)


def agencies_for(request: HttpRequest) -> list[Agency]:
    """Where the person who asks belongs today, in the order in which they joined."""
    held = roles_for(request)
    return list({each.agency.pk: each.agency for each in held if each.agency}.values())


def acting_for(request: HttpRequest) -> Agency | None:
    """On whose behalf a person of several agencies writes: as chosen in this session.

    The choice says where a new concern belongs, and gives no right: it counts only while the
    person belongs there.
    """
    belongs = agencies_for(request)
    chosen = request.session.get(ACTS_FOR) if len(belongs) > 1 else None
    return next((each for each in belongs if each.pk == chosen), belongs[0] if belongs else None)


def narrowed_to(request: HttpRequest) -> Agency | None:
    """The agency that a person of several chose to act for; None as long as they chose none."""
    chosen = request.session.get(ACTS_FOR)
    belongs = agencies_for(request)
    found = (each for each in belongs if each.pk == chosen)
    return next(found, None) if len(belongs) > 1 else None


def pending_for(user: User) -> list[Membership]:
    """Requests to join that nobody has answered yet."""
    asked = Membership.objects.pending().filter(person=user)
    return list(asked.select_related("agency", "locality"))


def must_join(user: User) -> bool:
    """Whether to ask, once, for a name and where the person works.

    Not while a request waits for an answer: nothing is held up by that.
    """
    return not user.name or not Membership.objects.current().filter(person=user).exists()


def choices_for(user: User) -> list[Agency]:
    """Agencies that the person's address may belong to, for them to choose from."""
    left = Membership.objects.filter(person=user, ends_on__isnull=False).values("agency")
    return list(
        Agency.objects.of_domain(user.email).exclude(pk__in=left).select_related("locality")
    )


def colleagues(agency: Agency) -> list[User]:
    """Everyone with a confirmed place in the agency, by name."""
    held = Membership.objects.active().filter(agency=agency)
    return list(User.objects.filter(Q(pk__in=held.values("person")), is_active=True))
