"""Who may moderate a form, who may not and why, and whom the portal suggests."""

import datetime
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from django.utils.translation import gettext as _

from accounts.models import User
from agencies import people
from agencies.models import Agency, Membership
from agencies.terms import AGENCY_ROLES, AgencyType, Role
from selfassessment.models import Assessment, Profile
from selfassessment.moderation import queries
from selfassessment.moderation.models import Interest
from selfassessment.terms import FORM_OF_KIND

MOST_COMPARED = 60  # of the least loaded, two by two


@dataclass(frozen=True)
class Candidate:
    """Somebody with the role of a moderator, as one form sees them."""

    person: User
    agencies: tuple[Agency, ...]
    types: frozenset[str]  # of forms of their agencies
    load: int  # forms that they moderate now
    bars: tuple[str, ...]  # sentences: why they may not; empty if they may
    is_same_type: bool  # as the agency whose form it is
    is_away: bool
    is_at_it: bool  # moderates this form already

    @property
    def is_free(self) -> bool:
        return not self.bars

    @property
    def agency(self) -> Agency:
        return self.agencies[0]

    def clashes(self, other: "Candidate") -> bool:
        """Of the same agency: never both."""
        return not {each.pk for each in self.agencies}.isdisjoint(
            each.pk for each in other.agencies
        )

    def is_like(self, other: "Candidate") -> bool:
        """Of the same type: only for a reason."""
        return not self.types.isdisjoint(other.types)


def candidates(assessment: Assessment, today: datetime.date) -> list[Candidate]:
    """Everybody who moderates, those who may first, then by what they have to do: six queries."""
    role = Membership.objects.active(today).filter(role=Role.MODERATOR, person__is_active=True)
    persons = {each.person_id: each.person for each in role.select_related("person")}
    held = Membership.objects.active(today).filter(role__in=AGENCY_ROLES, person__in=persons)
    places: dict[int, dict[int, Agency]] = {pk: {} for pk in persons}
    for each in held.select_related("agency").order_by("starts_on", "pk"):
        if each.agency is not None:
            places[each.person_id].setdefault(each.agency.pk, each.agency)
    agencies = {pk for of in places.values() for pk in of}
    forms = dict(Profile.objects.filter(agency__in=agencies).values_list("agency_id", "form_type"))
    interests = Interest.objects.standing(today).filter(
        person__in=persons, agency=assessment.agency_id
    )
    barred = set(interests.values_list("person_id", flat=True))
    loads = queries.loads(assessment.cycle)
    away = people.away(persons.values(), today)
    at_it = set(
        assessment.moderators.filter(stood_down_at__isnull=True).values_list("person_id", flat=True)
    )
    found = []
    for pk, person in persons.items():
        own = tuple(places[pk].values())
        types = frozenset(forms.get(each.pk) or FORM_OF_KIND[AgencyType(each.kind)] for each in own)
        found.append(
            Candidate(
                person=person,
                agencies=own,
                types=types,
                load=loads.get(pk, 0),
                bars=tuple(_bars(assessment, own, pk in barred)),
                is_same_type=assessment.form_type in types,
                is_away=pk in away,
                is_at_it=pk in at_it,
            )
        )
    return sorted(found, key=lambda each: (bool(each.bars), *_order(each, assessment)))


def _bars(assessment: Assessment, own: Sequence[Agency], interested: bool) -> list[str]:
    found = []
    if any(each.pk == assessment.agency_id for each in own):
        found.append(_("Belongs to the agency."))
    if interested:
        found.append(_("Has declared an interest in the agency."))
    if not own:
        found.append(_("Belongs to no agency."))
    return found


def _order(each: Candidate, assessment: Assessment) -> tuple[bool, int, str]:
    """Who is there and has least to do; among equals not always the same."""
    lot = hashlib.sha256(f"{assessment.pk}:{each.person.pk}".encode()).hexdigest()
    return each.is_away, each.load, lot


def suggest(found: Sequence[Candidate], beside: Candidate | None = None) -> list[Candidate]:
    """Whom to take: of different agencies, of other types where there are such, with least to do.

    Args:
        found: in the order of ``candidates``.
        beside: who is at work on it already; then one more is suggested.
    Returns:
        two, or one beside the other; fewer if nobody is left who may.
    """
    free = [each for each in found if each.is_free and not each.is_at_it][:MOST_COMPARED]
    pairs = [(beside, each) for each in free] if beside else list(combinations(free, 2))
    allowed = [pair for pair in pairs if not pair[0].clashes(pair[1])]
    if not allowed:
        return free[:1] if beside is None else []
    best = min(allowed, key=_cost)  # the first of equals: the order of ``candidates``
    return [each for each in best if each is not beside]


def _cost(pair: tuple[Candidate, Candidate]) -> tuple[bool, int, int]:
    first, second = pair
    away = first.is_away or second.is_away
    likes = first.is_same_type + second.is_same_type + first.is_like(second)
    return away, likes, first.load + second.load


def refusals(chosen: Sequence[Candidate], *, has_reason: bool) -> list[str]:
    """What speaks against a choice, in sentences; nothing if it may be made."""
    found = [
        _("%(name)s may not: %(why)s") % {"name": each.person, "why": " ".join(each.bars)}
        for each in chosen
        if each.bars
    ]
    for first, second in combinations(chosen, 2):
        if first.person == second.person:
            found.append(_("Choose two different people."))
        elif first.clashes(second):
            found.append(_("Choose two people of different agencies."))
    if not found and not has_reason and needs_reason(chosen):
        found.append(_("Write why people of the same type moderate this form, or choose others."))
    return found


def needs_reason(chosen: Sequence[Candidate]) -> bool:
    """One is of the type of the agency, or both are of one type."""
    alike = any(first.is_like(second) for first, second in combinations(chosen, 2))
    return alike or any(each.is_same_type for each in chosen)
