"""The only door to who belongs where: every change checked, audited and told in one transaction."""

import datetime
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import second_factor, sessions
from accounts.models import User
from agencies import people, policy, signals
from agencies.models import Absence, Agency, Contact, Invitation, Locality, Membership
from agencies.people import Place
from agencies.terms import AGENCY_LEADS, INVITATION_HOURS, AgencyType, Role
from audit import events
from outbox import post


class RefusedError(Exception):
    """The change cannot be made now; the text says why, and is shown to the person."""


# --- Invitations ------------------------------------------------------------------------------
@transaction.atomic
def invite(email: str, role: Role, place: Place, *, by: User) -> Invitation:
    """Offer a role to whoever reads the address; signing in with it within 72 hours accepts.

    Raises:
        PermissionDenied: ``by`` may not give that role there, or the address is their own.
        RefusedError: the person has the role already.
    """
    email = email.strip().lower()
    person = User.known_by(email)
    if email == by.email or not policy.can_give(by, role, place, to=person):
        raise PermissionDenied
    if person and _held(person, role, place).exists():
        raise RefusedError(_("%(name)s has this role already.") % {"name": person})
    now = timezone.now()
    offers = Invitation.objects.filter(accepted_at__isnull=True, withdrawn_at__isnull=True)
    offers = offers.filter(email=email, role=role, **people.columns(place))
    offers.update(withdrawn_at=now)  # the new one replaces it: one offer, one link, one end
    invitation = Invitation.objects.create(
        email=email,
        role=role,
        invited_by=by,
        invited_at=now,
        expires_at=now + datetime.timedelta(hours=INVITATION_HOURS),
        **people.columns(place),
    )
    _record("invitation.sent", invitation, place, by=by, offered=role)
    post.send(
        email,
        kind="invitation",
        subject=_("You are invited to the Prevent portal"),
        what=_("You are invited to join %(place)s in the Prevent portal.")
        % {"place": place or _("the team that runs it")},
        why=_("Someone who looks after its people gave this address."),
        by_when=_("The invitation holds for 72 hours. Sign in with this address to accept it."),
        path="/agency/invitation/",
        key=f"invitation-{invitation.pk}",
    )
    return invitation


def bring_in(email: str, role: Role, place: Place, *, by: User) -> Membership | Invitation:
    """The role at once for who belongs there already; an invitation for anybody else.

    Raises:
        PermissionDenied, RefusedError: as ``give_role`` and ``invite``.
    """
    person = User.known_by(email.strip().lower())
    here = Membership.objects.active().filter(person=person, **people.columns(place))
    if person and here.exists():
        return give_role(person, role, place, by=by)
    return invite(email, role, place, by=by)


@transaction.atomic
def withdraw(invitation: Invitation, *, by: User) -> None:
    invitation = Invitation.objects.select_for_update(of=("self",)).get(pk=invitation.pk)
    place = invitation.agency or invitation.locality
    if not policy.can_manage(by, place):
        raise PermissionDenied
    if invitation.accepted_at:
        raise RefusedError(_("The invitation has been accepted already."))
    if not invitation.withdrawn_at:
        invitation.withdrawn_at = timezone.now()
        invitation.save(update_fields=["withdrawn_at"])
        post.cancel(f"invitation-{invitation.pk}")
        _record("invitation.withdrawn", invitation, place, by=by)


@transaction.atomic
def accept_invitations(person: User) -> list[Membership]:
    """Turn the open offers to the person's verified address into memberships, each once."""
    now = timezone.now()
    offers = Invitation.objects.select_for_update(of=("self",)).open(now)
    accepted = []
    for offer in offers.filter(email=person.email):
        offer.accepted_at, offer.accepted_by = now, person
        offer.save(update_fields=["accepted_at", "accepted_by"])
        place, role = offer.agency or offer.locality, Role(offer.role)
        # Who has since lost the right to give the role has lost it for this offer too.
        if not policy.can_give(offer.invited_by, role, place, to=person):
            _record("invitation.lapsed", offer, place, by=person)
            continue
        _record("invitation.accepted", offer, place, by=person)
        if not _held(person, role, place).exists():
            accepted.append(_begin(person, role, place, confirmed_by=offer.invited_by, by=person))
    return accepted


# --- Memberships ------------------------------------------------------------------------------
@transaction.atomic
def give_role(person: User, role: Role, place: Place, *, by: User) -> Membership:
    """Give a person with an account one more role.

    Raises:
        PermissionDenied: ``by`` may not give it, or is the person.
        RefusedError: the person has it already, or may no longer sign in.
    """
    if not policy.can_give(by, role, place, to=person):
        raise PermissionDenied
    if not person.is_active:
        raise RefusedError(_("%(name)s can no longer sign in.") % {"name": person})
    if _held(person, role, place).exists():
        raise RefusedError(_("%(name)s has this role already.") % {"name": person})
    return _begin(person, role, place, confirmed_by=by, by=by)


@transaction.atomic
def appoint_first_administrator(person: User) -> Membership:
    """Begin a new portal: from then on, administrators are appointed by administrators.

    Raises:
        RefusedError: there is one already.
    """
    if Membership.objects.active().filter(role=Role.PORTAL_ADMIN, person__is_active=True).exists():
        raise RefusedError(_("There is a portal administrator already, who can name another."))
    return _begin(person, Role.PORTAL_ADMIN, None, confirmed_by=None, by=person)


@transaction.atomic
def confirm(membership: Membership, *, by: User) -> Membership:
    """Say that a person who asked to join does work here.

    Raises:
        PermissionDenied: ``by`` is the person, or neither lead nor administrator there.
        RefusedError: the request is no longer open.
    """
    membership = _lock(membership)
    if not policy.can_confirm(by, membership):
        raise PermissionDenied
    if membership.is_confirmed or membership.ends_on:
        raise RefusedError(_("Somebody has answered this request already."))
    membership.confirmed_at, membership.confirmed_by = timezone.now(), by
    membership.save(update_fields=["confirmed_at", "confirmed_by"])
    _record_membership("membership.confirmed", membership, by=by)
    signals.membership_confirmed.send(Membership, membership=membership, by=by)
    post.send(
        membership.person,
        kind="membership",
        subject=_("You have joined your agency in the Prevent portal"),
        what=_("Your agency has confirmed that you work there."),
        why=_("You asked to join it."),
        path="/agency/",
        key=f"membership-confirmed-{membership.pk}",
    )
    return membership


@transaction.atomic
def decline(membership: Membership, *, by: User) -> Membership:
    """Say that a person who asked to join does not work here."""
    membership = _lock(membership)
    if not policy.can_confirm(by, membership):
        raise PermissionDenied
    if membership.is_confirmed or membership.ends_on:
        raise RefusedError(_("Somebody has answered this request already."))
    membership.ends_on = timezone.localdate()
    membership.save(update_fields=["ends_on"])
    _record_membership("membership.declined", membership, by=by)
    signals.membership_ended.send(Membership, membership=membership, by=by)
    post.send(
        membership.person,
        kind="membership",
        subject=_("Your request to join an agency in the Prevent portal"),
        what=_("The agency you chose could not confirm that you work there."),
        why=_("You asked to join it. Nothing that you wrote is lost."),
        path="/agency/join/",
        key=f"membership-declined-{membership.pk}",
    )
    return membership


@transaction.atomic
def change_role(membership: Membership, role: Role, *, by: User) -> Membership:
    """End the role and begin another in the same place; the person signs in again for it.

    Raises:
        PermissionDenied: ``by`` may not give the new role there, or is the person.
        RefusedError: the role has ended, is held already, or is that of the last administrator.
    """
    place = policy.place_of(membership)
    _lock_place(place)
    membership = _lock(membership)
    if not policy.can_give(by, role, place, to=membership.person):
        raise PermissionDenied
    _refuse_unless_current(membership)
    if not membership.is_confirmed:
        raise RefusedError(_("Confirm first that the person works here."))
    if _held(membership.person, role, place).exists():
        raise RefusedError(_("%(name)s has this role already.") % {"name": membership.person})
    _refuse_to_lose_last_admin(membership)
    # The new role first: who becomes deputy can keep, or be given, the open work.
    changed = _begin(membership.person, role, place, confirmed_by=by, by=by)
    _end(membership, by=by)
    return changed


@transaction.atomic
def end_membership(membership: Membership, *, by: User) -> Membership:
    """Take the role away today: for a leaver, or at the person's own wish.

    Open work gets another owner through ``membership_ended``, or the end is refused.

    Raises:
        PermissionDenied: ``by`` is neither the person nor an administrator there.
        RefusedError: it has ended, or the last administrator or an owner of work would be lost.
    """
    _lock_place(policy.place_of(membership))
    membership = _lock(membership)
    if not policy.can_end(by, membership):
        raise PermissionDenied
    _refuse_unless_current(membership)
    _refuse_to_lose_last_admin(membership)
    return _end(membership, by=by)


# --- Movers, leavers and the yearly look ------------------------------------------------------
@transaction.atomic
def move(membership: Membership, agency: Agency, role: Role, *, by: User) -> Membership:
    """Let a person begin in another agency and end in this one, with every role they have here.

    Open work stays here, with a new owner.

    Raises:
        PermissionDenied: ``by`` does not look after both agencies, or is the person.
        RefusedError: it is the same agency, or as ``end_membership``.
    """
    here = policy.place_of(membership)
    if not isinstance(here, Agency) or not policy.can_manage(by, here):
        raise PermissionDenied
    if here.pk == agency.pk:
        raise RefusedError(_("Choose another agency, or change the role instead."))
    person = membership.person
    for place in sorted(
        [here, agency], key=lambda each: each.pk
    ):  # two movers never wait in a ring
        _lock_place(place)
    _refuse_unless_current(_lock(membership))
    begun = give_role(person, role, agency, by=by)
    _end_all(Membership.objects.current().filter(person=person, agency=here), by=by)
    return begun


def endable(person: User, *, by: User) -> list[Membership]:
    """The person's roles that ``by`` may end: all of them, or those of the agencies they run."""
    held = Membership.objects.current().filter(person=person)
    rows = list(held.select_related("person", "agency", "locality"))
    if policy.is_portal_admin(by):
        return rows
    mine = set(Agency.objects.administered_by(by).values_list("pk", flat=True))
    return [row for row in rows if row.agency_id in mine]


@transaction.atomic
def leave(person: User, *, by: User) -> int:
    """End every role of a leaver that ``by`` may end, and all their sessions, today.

    Returns:
        How many roles ended.
    Raises:
        PermissionDenied: ``by`` is the person, or may end none.
        RefusedError: as ``end_membership``; then no role has ended.
    """
    if by.pk == person.pk:
        raise PermissionDenied
    rows = endable(person, by=by)
    if not rows:
        raise PermissionDenied
    for place in sorted({policy.place_of(row) for row in rows}, key=str):
        _lock_place(place)
    ended = _end_all(Membership.objects.filter(pk__in=[row.pk for row in rows]), by=by)
    events.record("person.left", person, by=by, roles=ended)
    return ended


def _end_all(rows: QuerySet[Membership], *, by: User) -> int:
    locked = rows.select_for_update(of=("self",)).select_related("person", "agency", "locality")
    ended = 0
    for membership in locked.order_by("pk"):
        _refuse_unless_current(membership)
        _refuse_to_lose_last_admin(membership)
        _end(membership, by=by)
        ended += 1
    return ended


def work_held(person: User) -> int:
    """How much open work the person holds, over all apps; what it is stays there."""
    answers = signals.work_held.send(User, person=person)
    return sum(int(count or 0) for _receiver, count in answers)


@transaction.atomic
def still_right(membership: Membership, *, by: User) -> Membership:
    """Say, once a year, that the person still needs the role.

    Raises:
        PermissionDenied: ``by`` is the person, or does not look after the place.
        RefusedError: the role has ended.
    """
    membership = _lock(membership)
    if membership.person_id == by.pk or not policy.can_manage(by, policy.place_of(membership)):
        raise PermissionDenied
    _refuse_unless_current(membership)
    membership.reviewed_at = timezone.now()
    membership.save(update_fields=["reviewed_at"])
    _record_membership("membership.reviewed", membership, by=by)
    return membership


# --- Joining ----------------------------------------------------------------------------------
@transaction.atomic
def join_by_domain(person: User) -> Membership | None:
    """Make the person a practitioner of the one agency that their verified address points to.

    None when no agency or several have the domain, when they belong somewhere already, or
    when they have left that agency: an address outlives a job.
    """
    if Membership.objects.current().filter(person=person).exists():
        return None
    agencies = people.choices_for(person)
    if len(agencies) != 1:
        return None
    return _begin(person, Role.PRACTITIONER, agencies[0], confirmed_by=None, by=person)


def _one_at_a_time(person: User) -> None:
    """The second of two presses waits here, and finds what the first has made."""
    User.objects.select_for_update().get(pk=person.pk)


@transaction.atomic
def choose_agency(person: User, agency: Agency) -> Membership:
    """Ask to join one of several agencies with the person's domain; a lead there confirms.

    Raises:
        PermissionDenied: the person's address does not point to the agency.
        RefusedError: the person has asked or belongs there already.
    """
    if agency not in people.choices_for(person):
        raise PermissionDenied
    _one_at_a_time(person)
    if Membership.objects.current().filter(person=person, agency=agency).exists():
        raise RefusedError(_("You have asked to join this agency already."))
    membership = Membership.objects.create(
        person=person, agency=agency, role=Role.PRACTITIONER, confirmed_at=None
    )
    _record_membership("membership.asked", membership, by=person)
    for lead in people.holders(agency, [Role.AGENCY_ADMIN, *AGENCY_LEADS]):
        post.send(
            lead,
            kind="membership",
            subject=_("Someone asks to join your agency in the Prevent portal"),
            what=_("A person with an address of your organisation asks to join your agency."),
            why=_("You are its administrator or a safeguarding lead."),
            by_when=_("Confirm or decline within a working day."),
            path=f"/agency/{agency.pk}/",
            key=f"membership-asked-{membership.pk}-{lead.pk}",
        )
    return membership


@transaction.atomic
def name_organisation(person: User, name: str, locality: Locality) -> Membership:
    """Let a person who belongs to no agency name the organisation that they write for.

    Raises:
        RefusedError: the person belongs to an agency already.
    """
    _one_at_a_time(person)
    belongs = Membership.objects.active().filter(person=person, agency__isnull=False)
    if belongs.exists():
        raise RefusedError(_("You belong to an agency already."))
    agency = Agency.objects.create(name=name, kind=AgencyType.INDEPENDENT, locality=locality)
    _record("agency.named", agency, agency, by=person)
    return _begin(person, Role.PRACTITIONER, agency, confirmed_by=None, by=person)


@transaction.atomic
def set_details(person: User, *, name: str, job_title: str, phone: str) -> User:
    """Keep what the person says of themselves: it stands beside what they write."""
    person = User.objects.select_for_update().get(pk=person.pk)
    said = {"name": name, "job_title": job_title, "phone": phone}
    changed = [field for field, value in said.items() if getattr(person, field) != value]
    for field in changed:
        setattr(person, field, said[field])
    if changed:
        person.save(update_fields=changed)
        events.record("person.details_changed", person, by=person, fields=changed)
        if {"name", "phone"} & set(changed):
            signals.details_changed.send(User, person=person)
    return person


@transaction.atomic
def reset_second_factor(person: User, *, by: User) -> None:
    """Let a person whose phone and recovery codes are lost set a second factor up again.

    They are signed out, still prove their address first, and are told by mail.

    Raises:
        PermissionDenied: ``by`` is the person, or no portal administrator.
    """
    if by.pk == person.pk or not policy.is_portal_admin(by):
        raise PermissionDenied
    second_factor.forget(person)
    sessions.end_all(person)
    events.record("account.factor_reset", person, by=by)
    post.send(
        person,
        kind="account",
        subject=_("Your second step for the Prevent portal"),
        what=_("The second step of your sign-in has been reset. Set it up again when you sign in."),
        why=_("An administrator was asked to. If it was not you who asked, ring them today."),
        path="/accounts/login/",
        key=f"factor-reset-{uuid4()}",
    )


# --- Days away and the Prevent contact --------------------------------------------------------
@transaction.atomic
def set_absence(
    person: User, starts_on: datetime.date, ends_on: datetime.date, *, by: User
) -> Absence:
    """Note the days on which the deputy gets the person's work.

    Raises:
        PermissionDenied: ``by`` is neither the person nor an administrator of their agency.
        RefusedError: the days are in the wrong order, or over.
    """
    if not policy.can_set_absence(by, person):
        raise PermissionDenied
    if ends_on < starts_on:
        raise RefusedError(_("Make the last day the same as the first, or later."))
    if ends_on < timezone.localdate():
        raise RefusedError(_("Make the last day today or later."))
    absence = Absence.objects.create(person=person, starts_on=starts_on, ends_on=ends_on)
    agency = people.agency_of(person)
    _record("absence.set", absence, agency, by=by, person=person.pk)
    signals.absence_set.send(Absence, absence=absence, by=by)
    return absence


@transaction.atomic
def end_absence(absence: Absence, *, by: User) -> None:
    """Take noted days away back: the person is here after all."""
    absence = Absence.objects.select_for_update(of=("self",)).get(pk=absence.pk)
    if not policy.can_set_absence(by, absence.person):
        raise PermissionDenied
    _record("absence.ended", absence, people.agency_of(absence.person), by=by)
    absence.delete()


@transaction.atomic
def set_prevent_contact(agency: Agency, *, by: User, **contact: str) -> Agency:
    """S4: whom the agency names for Prevent. ``contact`` has the model's four fields."""
    agency = Agency.objects.select_for_update(of=("self",)).get(pk=agency.pk)
    if not policy.can_manage(by, agency):
        raise PermissionDenied
    changed = [field for field, value in contact.items() if getattr(agency, field) != value]
    for field in changed:
        setattr(agency, field, contact[field])
    if changed:
        agency.save(update_fields=changed)
        _record("agency.contact_changed", agency, agency, by=by, fields=changed)
    return agency


# --- Agencies and contacts, from a file -------------------------------------------------------
@transaction.atomic
def add_agency(
    name: str,
    locality: Locality,
    *,
    kind: str,
    domains: Sequence[str],
    parent: Agency | None = None,
    by: User,
    **contact: str,
) -> Agency:
    """``contact`` has any of the Prevent contact's four fields (S4).

    Raises:
        RefusedError: ``parent`` is itself part of another.
    """
    if not policy.is_portal_admin(by):
        raise PermissionDenied
    agency = Agency(name=name, locality=locality, kind=kind, **contact)
    _make_part_of(agency, parent, Agency.objects.locked(parent))
    agency.save()
    for domain in dict.fromkeys(domains):
        agency.domains.create(domain=domain)
    _record("agency.added", agency, agency, by=by)
    return agency


@transaction.atomic
def change_agency(agency: Agency, *, domains: Sequence[str], by: User, **fields: Any) -> Agency:
    """Change the fields named, and add mail domains; what is not named stays.

    Raises:
        RefusedError: it cannot be part of the ``parent`` named.
    """
    if not policy.is_portal_admin(by):
        raise PermissionDenied
    parent = fields.get("parent")
    locked = Agency.objects.locked(agency, parent)
    agency = locked[agency.pk]
    for name, value in fields.items():
        if name != "parent":
            setattr(agency, name, value)
    if "parent" in fields:
        _make_part_of(agency, parent, locked)
    agency.save(update_fields=list(fields))
    for domain in dict.fromkeys(domains):
        agency.domains.get_or_create(domain=domain)
    changed = sorted([*fields, *(["domains"] if domains else [])])
    _record("agency.changed", agency, agency, by=by, fields=changed)
    return agency


def _make_part_of(agency: Agency, parent: Agency | None, locked: dict[int, Agency]) -> None:
    agency.parent = locked[parent.pk] if parent else None
    if why := agency.why_not_part_of(agency.parent):
        raise RefusedError(why)


@transaction.atomic
def add_contact(
    purpose: str, locality: Locality | None, name: str, *, by: User, **fields: Any
) -> Contact:
    if not policy.is_portal_admin(by):
        raise PermissionDenied
    contact = Contact.objects.create(purpose=purpose, locality=locality, name=name, **fields)
    _record("contact.added", contact, None, by=by)
    return contact


@transaction.atomic
def change_contact(contact: Contact, *, by: User, **fields: Any) -> Contact:
    if not policy.is_portal_admin(by):
        raise PermissionDenied
    contact = Contact.objects.select_for_update(of=("self",)).get(pk=contact.pk)
    for name, value in fields.items():
        setattr(contact, name, value)
    contact.save(update_fields=list(fields))
    _record("contact.changed", contact, None, by=by, fields=sorted(fields))
    return contact


# --- What all of them share -------------------------------------------------------------------
def _held(person: User, role: Role, place: Place) -> Any:
    return Membership.objects.active().filter(person=person, role=role, **people.columns(place))


def _lock(membership: Membership) -> Membership:
    rows = Membership.objects.select_for_update(of=("self",))
    return rows.select_related("person", "agency", "locality").get(pk=membership.pk)


def _lock_place(place: Place) -> None:
    """Let changes of one place happen one after the other, so that counts of them are true."""
    if isinstance(place, Agency):
        Agency.objects.select_for_update().get(pk=place.pk)
    elif isinstance(place, Locality):
        Locality.objects.select_for_update().get(pk=place.pk)
    else:
        held = Membership.objects.active().filter(role=Role.PORTAL_ADMIN).order_by("pk")
        list(held.select_for_update(of=("self",)))


def _refuse_unless_current(membership: Membership) -> None:
    if not Membership.objects.current().filter(pk=membership.pk).exists():
        raise RefusedError(_("This role has ended already."))


def _refuse_to_lose_last_admin(membership: Membership) -> None:
    role = Role(membership.role)
    if role not in {Role.AGENCY_ADMIN, Role.PORTAL_ADMIN} or not membership.is_confirmed:
        return
    others = Membership.objects.active().exclude(person=membership.person)
    others = others.filter(role=role, agency=membership.agency, person__is_active=True)
    if not others.exists():
        raise RefusedError(_("This is the last administrator. Name another one first."))


def _begin(
    person: User, role: Role, place: Place, *, confirmed_by: User | None, by: User
) -> Membership:
    now = timezone.now()
    asked = Membership.objects.pending().filter(person=person, role=role, **people.columns(place))
    membership = asked.select_for_update(of=("self",)).first()
    if membership:  # an open request is answered by this
        membership.confirmed_at, membership.confirmed_by = now, confirmed_by
        membership.save(update_fields=["confirmed_at", "confirmed_by"])
    else:
        try:
            with transaction.atomic():
                membership = Membership.objects.create(
                    person=person,
                    role=role,
                    confirmed_at=now,
                    confirmed_by=confirmed_by,
                    **people.columns(place),
                )
        except IntegrityError:  # two people gave it at the same moment
            raise RefusedError(_("%(name)s has this role already.") % {"name": person}) from None
    _record_membership("membership.began", membership, by=by)
    signals.membership_confirmed.send(Membership, membership=membership, by=by)
    return membership


def _end(membership: Membership, *, by: User) -> Membership:
    membership.ends_on = max(timezone.localdate(), membership.starts_on)
    membership.save(update_fields=["ends_on"])
    _record_membership("membership.ended", membership, by=by)
    signals.membership_ended.send(Membership, membership=membership, by=by)
    if by != membership.person:
        sessions.end_all(membership.person)
    return membership


def _record_membership(kind: str, membership: Membership, *, by: User) -> None:
    place = policy.place_of(membership)
    _record(kind, membership, place, by=by, person=membership.person_id, given=membership.role)


def _record(kind: str, subject: Any, place: Place, *, by: User, **detail: Any) -> None:
    agency = str(place.pk) if isinstance(place, Agency) else ""
    events.record(kind, subject, by=by, agency=agency, **detail)
