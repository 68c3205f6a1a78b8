"""How a person stands to a case, from their memberships read once for each request.

The same rules as the predicates of ``policy``, which ask the database each time and decide every
write; a page asks a dozen of them, so here they are asked of what is known already. A test holds
the two against each other for every role and state. What comes from ``visible_to`` leaves nobody
who is excluded, so that is not asked again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from accounts.models import User
from agencies.models import Membership
from agencies.terms import AGENCY_LEADS, AGENCY_ROLES, POLICE, PREVENT, Role
from referrals.models import Referral, kept_by
from referrals.terms import Status

Keys = frozenset[int]


@dataclass(frozen=True)
class Serves:
    """Where a person works, by primary keys of agencies and localities."""

    person: int
    roles: frozenset[Role]
    agencies: Keys
    leads: Keys
    prevent: Keys
    police: Keys
    supervises: Keys
    chairs: Keys
    coordinates: Keys
    front_door: Keys
    adult_team: Keys

    @classmethod
    def of(cls, user: User, held: Iterable[Membership]) -> Self:
        held = list(held)

        def places(*roles: Role) -> Keys:
            found = {each.locality_id for each in held if each.role in roles and each.locality_id}
            return frozenset(found)

        def agencies(*roles: Role) -> Keys:
            return frozenset(
                {each.agency_id for each in held if each.role in roles and each.agency_id}
            )

        return cls(
            person=user.pk,
            roles=frozenset(Role(each.role) for each in held),
            agencies=agencies(*AGENCY_ROLES),
            leads=agencies(*AGENCY_LEADS),
            prevent=places(*PREVENT),
            police=places(*POLICE),
            supervises=places(Role.GATEWAY_SUPERVISOR),
            chairs=places(Role.CHANNEL_CHAIR),
            coordinates=places(Role.CHANNEL_COORDINATOR),
            front_door=places(Role.FRONT_DOOR),
            adult_team=places(Role.ADULT_SAFEGUARDING),
        )

    @property
    def has_queue(self) -> bool:
        return bool(self.prevent or self.police)

    @property
    def has_parts(self) -> bool:
        return bool(self.front_door or self.adult_team)

    @property
    def has_panel(self) -> bool:
        return bool(self.chairs or self.coordinates)

    @property
    def works_for_a_place(self) -> bool:
        return self.has_queue or self.has_parts or self.has_panel


@dataclass(frozen=True)
class Standing:
    """What a person is to one case that they can see."""

    is_author: bool
    leads_agency: bool
    leads_locality: bool
    receives: bool
    decides_at_gateway: bool
    supervises_gateway: bool
    chairs: bool
    coordinates: bool
    serves_locality: bool
    reads_team_notes: bool

    @classmethod
    def of(cls, serves: Serves, referral: Referral) -> Self:
        place = referral.locality_id
        # Nobody decides at the gateway or the panel on what they or their agency referred.
        apart = referral.agency_id not in serves.agencies and serves.person not in (
            referral.created_by_id,
            referral.submitted_by_id,
        )
        return cls(
            is_author=_is_author(serves, referral),
            leads_agency=referral.agency_id in serves.leads,
            leads_locality=place in serves.prevent,
            receives=referral.offered_to_id in serves.prevent,
            decides_at_gateway=place in serves.police and apart,
            supervises_gateway=place in serves.supervises and apart,
            chairs=place in serves.chairs and apart,
            coordinates=place in serves.coordinates and apart,
            serves_locality=any(
                place in places
                for places in (serves.prevent, serves.police, serves.chairs, serves.coordinates)
            ),
            reads_team_notes=place in serves.prevent | serves.police and apart,
        )

    @property
    def may_keep_out(self) -> bool:
        return self.leads_agency or self.leads_locality

    @property
    def sees_triage(self) -> bool:
        return self.leads_locality or self.decides_at_gateway or self.chairs or self.coordinates

    @property
    def sees_case(self) -> bool:
        """The case page itself, with the whole of NOTICE, CHECK and SHARE."""
        return self.sees_triage or self.receives or self.serves_locality

    @property
    def sees_part_only(self) -> bool:
        return not (self.is_author or self.leads_agency or self.sees_case)

    @property
    def sees_real_status(self) -> bool:
        return self.decides_at_gateway or self.chairs

    @property
    def writes_to_referrer(self) -> bool:
        return self.leads_locality or self.decides_at_gateway

    def status_of(self, referral: Referral) -> Status:
        """Where the case stands, as this person is shown it."""
        return Status(referral.status if self.sees_real_status else referral.outward_status)


def _is_author(serves: Serves, referral: Referral) -> bool:
    """Asks the database only of an author who is no confirmed member: they left, or still wait."""
    if referral.created_by_id != serves.person:
        return False
    if referral.status == Status.DRAFT or referral.agency_id in serves.agencies:
        return True
    return Referral.objects.filter(kept_by(serves.person), pk=referral.pk).exists()
