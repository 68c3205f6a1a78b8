"""Who holds a case, and who takes it when they leave or are away: never nobody (WF-14)."""

from datetime import date, datetime

from django.db import models, transaction
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.models import User
from agencies import people
from agencies.models import Absence, Locality, Membership
from agencies.terms import POLICE, PREVENT, Role
from audit import events
from referrals import clocks, notices, policy
from referrals.answers import Answers
from referrals.models import Exclusion, Recipient, Referral
from referrals.moves import (
    NotReady,
    agency_key,
)
from referrals.terms import BEFORE_CLOSED, HIDDEN_FROM_MOST, RecipientKind, Status
from referrals.workflow.records import log_of

PREVENT_ORDER = (Role.PREVENT_LEAD, Role.PREVENT_DEPUTY, Role.PREVENT_SENIOR)
NO_OWNER = gettext_lazy("Open work would have no owner. Name somebody else first.")
PARTS = {
    Role.FRONT_DOOR: RecipientKind.FRONT_DOOR,
    Role.ADULT_SAFEGUARDING: RecipientKind.ADULT,
}


def holders(referral: Referral) -> list[User]:
    """Who holds it now, in person: a leaver's or absent person's work always has an owner."""
    place = clocks.place_of(referral)
    at_gateway = referral.outward_status in (Status.GATEWAY, Status.INFO_GATHERING)
    officers = holding(referral.officer, policy.decides_at_gateway, referral) or on_duty(
        referral, place, *POLICE
    )
    if at_gateway:
        return officers
    leads = holding(referral.holder, policy.leads_locality, referral) or on_duty(
        referral, place, *PREVENT_ORDER
    )
    # Whoever works on it out of sight hears what comes in too; nobody else learns of that.
    return leads + officers if referral.status in HIDDEN_FROM_MOST else leads


def holding(person: User | None, may: policy.Predicate, referral: Referral) -> list[User]:
    """The holder, while they are there and still have the role."""
    if person is None or not person.is_active or people.is_away(person):
        return []
    return [person] if may(person, referral) else []


def on_duty(
    referral: Referral, place: Locality, *roles: Role, on: date | None = None
) -> list[User]:
    """Who takes work there today and may hear of it; if all of those are close to it, the rest."""
    excluded = set(referral.exclusions.values_list("person_id", flat=True))
    duty = [one for one in people.on_duty(place, *roles, on=on) if one.pk not in excluded]
    return duty or [one for one in people.holders(place, roles, on) if one.pk not in excluded]


@transaction.atomic
def find_new_owners(person: User, *, left: bool = False, now: datetime | None = None) -> int:
    """Give a leaver's or absent person's open work to whoever covers (WF-14).

    Args:
        left: the person lost a role; what they may still do stays with them.
    Raises:
        NotReady: a leaver's work finds nobody, so somebody must be named first.
    """
    now = now or timezone.now()
    moved = 0
    for referral in open_work_of(person).select_for_update():
        moved += new_owners_of(referral, person, left=left, now=now)
    return moved


def open_work_of(person: User) -> models.QuerySet[Referral]:
    """What the person holds of cases that are not closed."""
    return Referral.objects.filter(
        models.Q(lead=person, status__in=[Status.AGENCY_CHECK, Status.RETURNED])
        | models.Q(status__in=sorted(BEFORE_CLOSED))
        & (models.Q(holder=person) | models.Q(officer=person))
    )


def new_owners_of(referral: Referral, person: User, *, left: bool, now: datetime) -> int:
    """Give what the person holds of one case, locked by the caller, to whoever can take it."""
    moved = 0
    for field, may, candidates in _owners_of(referral, now=now):
        if getattr(referral, f"{field}_id") != person.pk or (left and may(person, referral)):
            continue
        others = [one for one in candidates if one.pk != person.pk and may(one, referral)]
        away = people.away(others, timezone.localdate(now))
        here = [one for one in others if one.pk not in away]
        # While everybody is away it stays where it is: work is not handed to and fro.
        other = next(iter([*here, *(others if left else [])]), None)
        if other is None:
            if left:
                raise NotReady([NO_OWNER])
            continue
        setattr(referral, field, other)
        referral.save(update_fields=[field])
        events.record(
            "referral.owner_changed",
            referral,
            by=None,
            agency=log_of(referral, None) if field == "officer" else agency_key(referral),
            field=field,
        )
        notices.to_holders(referral, [other], "owner", now.isoformat())
        moved += 1
    return moved


def see_that_a_team_is_left(membership: Membership) -> None:
    """What nobody holds in person waits for the team of a place: its last member does not leave.

    Args:
        membership: one that has just ended.
    Raises:
        NotReady: an open case there would have nobody of the team who may hear of it.
    """
    role, place = Role(membership.role), membership.locality
    team = next((roles for roles in (PREVENT, POLICE) if role in roles), (role,))
    if place is None or (team == (role,) and role not in PARTS):
        return
    cases = Referral.objects.filter(status__in=sorted(BEFORE_CLOSED))
    if role in PARTS:
        parts = Recipient.objects.filter(kind=PARTS[role], locality=place, in_portal=True)
        cases = cases.filter(pk__in=parts.filter(received_at=None).values("referral_id"))
    else:
        cases = cases.filter(Q(locality=place) | Q(offered_to=place))
    close = Exclusion.objects.filter(person=membership.person)
    cases = cases.exclude(pk__in=close.values("referral_id"))
    if left := [one.pk for one in people.holders(place, team)]:
        out = Exclusion.objects.filter(person__in=left).values("referral_id")
        all_of_them = out.annotate(number=Count("person")).filter(number=len(left))
        cases = cases.filter(pk__in=all_of_them.values("referral_id"))
    if cases.exists():
        raise NotReady([NO_OWNER])


def _owners_of(
    referral: Referral, *, now: datetime
) -> list[tuple[str, policy.Predicate, list[User]]]:
    """Each owner that a case has in its state: the column, who may be it, and who could take it."""
    today = timezone.localdate(now)
    if referral.status in (Status.AGENCY_CHECK, Status.RETURNED):
        leads = Answers(referral, today=today).leads
        present = sorted(leads, key=lambda one: people.is_away(one, today))
        return [("lead", policy.leads_agency, present)]
    place = clocks.place_of(referral)
    excluded = set(referral.exclusions.values_list("person_id", flat=True))
    found: list[tuple[str, policy.Predicate, list[User]]] = []
    for field, may, roles in (
        ("holder", policy.leads_locality, PREVENT),
        ("officer", policy.decides_at_gateway, POLICE),
    ):
        duty = [*people.on_duty(place, *roles, on=today), *people.holders(place, roles, today)]
        found.append((field, may, [one for one in duty if one.pk not in excluded]))
    return found


def cover(absence: Absence, *, now: datetime | None = None) -> int:
    """The deputy gets the work of a person who is away today."""
    now = now or timezone.now()
    today = timezone.localdate(now)
    if absence.starts_on > today or absence.ends_on < today:
        return 0
    return find_new_owners(absence.person, now=now)
