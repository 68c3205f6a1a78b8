"""Keeping out, after the hand-over, somebody who turns out to be close to a concern (AC-06)."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from agencies import people
from agencies.models import Agency, Locality
from agencies.terms import AGENCY_LEADS, POLICE, PREVENT, Role, RouteKind
from audit import events
from outbox import post
from referrals import clocks, policy
from referrals.answers import Answers
from referrals.models import Exclusion, ExclusionReason, Referral
from referrals.moves import NotReady, TransitionError, agency_key, locked
from referrals.terms import BEFORE_CLOSED, IN_AGENCY, SHARED, RecipientKind, Status, YesNo
from referrals.workflow.owners import new_owners_of

OF_AGENCY = (*AGENCY_LEADS, Role.SENIOR_LEAD, Role.AGENCY_ADMIN)
OF_PLACE = (
    *PREVENT,
    *POLICE,
    Role.FRONT_DOOR,
    Role.ADULT_SAFEGUARDING,
    Role.CHANNEL_CHAIR,
    Role.CHANNEL_COORDINATOR,
)
NOTHING_OPEN = (Status.AGENCY_CLOSED, Status.OTHER_ROUTE)
TEAM_OF = {
    RecipientKind.FRONT_DOOR: (Role.FRONT_DOOR,),
    RecipientKind.ADULT: (Role.ADULT_SAFEGUARDING,),
}


def could_be_kept_out(referral: Referral, *, by: User) -> list[User]:
    """Whom ``by`` may name: those who could come across it where they answer for it.

    Those who are kept out already are among them, so that the list tells nothing. Its author
    knows of it, and is not.
    """
    found: list[User] = []
    if referral.agency is not None:
        found += people.holders(referral.agency, OF_AGENCY)
    if referral.is_shared and policy.leads_locality(by, referral):
        found += people.holders(referral.locality, OF_PLACE)
    once = {one.pk: one for one in found if one.pk != referral.created_by_id}
    return sorted(once.values(), key=lambda one: (one.name, one.pk))


@transaction.atomic
def keep_out(
    referral: Referral, person: User, reason: str, *, by: User, now: datetime | None = None
) -> Referral:
    """From now on this person finds no trace of it; what they held of it goes to another.

    Nobody can undo it for themselves (AC-11): whoever is kept out cannot even find the page.

    Raises:
        PermissionDenied: ``by`` does not answer for it now.
        NotReady: no reason, somebody who is not offered, or it would be left with nobody.
    """
    now = now or timezone.now()
    referral = locked(referral)
    if referral.status not in IN_AGENCY | SHARED:
        raise TransitionError(str(referral.status))
    if not policy.may_keep_out(by, referral):
        raise PermissionDenied
    if not reason.strip():
        raise NotReady([_("Write why they are to be kept out")])
    if person not in could_be_kept_out(referral, by=by):
        raise NotReady([_("Select one of the people shown")])
    _made, fresh = Exclusion.objects.get_or_create(
        referral=referral, person=person, defaults={"by": by, "at": now}
    )
    ExclusionReason.objects.create(referral=referral, person=person, by=by, at=now, reason=reason)
    referral.named_users.filter(person=person, is_them="").update(
        is_them=YesNo.YES, said_by=by, said_at=now
    )
    if fresh:
        leave_with_somebody(referral, person, now=now)
        post.cancel_for(person, about=referral)
    # Who is named is part of the case and is not told to the log.
    events.record("referral.closeness_asked", referral, by=by, agency=agency_key(referral))
    return referral


def leave_with_somebody(referral: Referral, person: User, *, now: datetime) -> None:
    """Every part of it has an owner without them, or it is refused (WF-14)."""
    close = set(referral.exclusions.values_list("person_id", flat=True))
    bodies: list[tuple[Agency | Locality, tuple[Role, ...]]] = []
    if referral.agency is not None and referral.status in IN_AGENCY | {Status.DRAFT}:
        bodies.append((referral.agency, tuple(AGENCY_LEADS)))
    if referral.status in BEFORE_CLOSED and referral.locality is not None:
        bodies += [(referral.locality, tuple(PREVENT)), (referral.locality, tuple(POLICE))]
        if referral.offered_to is not None:
            bodies.append((referral.offered_to, tuple(PREVENT)))
        sent = referral.recipients.filter(kind__in=TEAM_OF, in_portal=True)
        bodies += [(one.locality, TEAM_OF[RecipientKind(one.kind)]) for one in sent]
    for place, roles in bodies:
        team = people.holders(place, roles)
        own = {referral.created_by_id} if isinstance(place, Agency) else set()
        if person in team and not any(one.pk not in close | own for one in team):
            raise NotReady([_with_nobody(referral)])
    try:
        new_owners_of(referral, person, left=True, now=now)
    except NotReady:
        raise NotReady([_with_nobody(referral)]) from None
    if referral.is_shared and referral.lead_id == person.pk:
        # Questions about it go to another lead, or to its author where there is none.
        referral.lead = next(iter(Answers(referral).leads), None)
        referral.save(update_fields=["lead"])
    elif referral.lead_id == person.pk and referral.status in NOTHING_OPEN:
        leads = Answers(referral).leads
        if not leads:
            raise NotReady([_with_nobody(referral)])
        referral.lead = leads[0]
        referral.save(update_fields=["lead"])


def _with_nobody(referral: Referral) -> str:
    """Whom to ring: one level up, by telephone."""
    place = clocks.place_of(referral)
    kinds = (
        [RouteKind.PREVENT_LEAD, RouteKind.POLICE]
        if referral.is_shared
        else [RouteKind.ADVICE_LINE, RouteKind.PREVENT_LEAD]
    )
    routes = place.routes.filter(kind__in=kinds, is_open=True, sector="").exclude(phone="")
    route = min(routes, key=lambda one: kinds.index(RouteKind(one.kind)), default=None)
    if route is None:
        return _(
            "Nobody else could take it. Ring the senior Prevent lead of %(place)s, who can "
            "name somebody first"
        ) % {"place": place}
    return _(
        "Nobody else could take it, so it cannot be done here yet. Ring %(name)s on %(phone)s"
    ) % {"name": route.name, "phone": route.phone}
