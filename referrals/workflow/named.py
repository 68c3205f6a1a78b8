"""A record that names somebody who uses the portal, as its subject or a relative (AC-08).

An e-mail address is theirs alone: they are kept out at once. A name or a telephone number may be
shared: they are kept out as long as somebody else could take the case, and whoever answers for it
is asked whether it is them.

They are looked for when a case reaches others, and records when somebody has a new role, name or
number: those that may name them are found by keyed digests. The words stay sealed: what is found
is opened and compared here, in the act itself.
"""

import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import TITLES, User
from agencies import people
from agencies.models import Agency, Locality
from audit import events
from outbox import post
from referrals import notices, policy
from referrals.models import Exclusion, NamedUser, PersonRecord, Recipient, Referral
from referrals.moves import NotReady, TransitionError, agency_key, locked
from referrals.terms import BEFORE_CLOSED, IN_AGENCY, SHARED, NamedBy, Status, YesNo
from referrals.workflow.apart import OF_AGENCY, OF_PLACE, leave_with_somebody
from referrals.workflow.owners import holders
from vault.digests import digest, normal

NAMES = {"forenames", "surname", "also_known_as", "reach", "household", "parents"}
"""Answers that name the subject or a relative. Workers of other agencies (P23) are neither."""
EMAIL = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
PHONE = re.compile(r"\+?\d[\d ()-]{8,}\d")
DIGITS = 10
"""Of a telephone number, from its end: with 0 or +44 before them it is the same one."""
AT_ONCE = 200
"""Records of before there were digests, made ready in one round of the housekeeping."""


@dataclass(frozen=True)
class Named:
    """What a record says of its subject and their family, in the form in which it is compared."""

    emails: frozenset[str]
    phones: frozenset[str]
    names: frozenset[tuple[str, str]]

    @classmethod
    def in_(cls, record: PersonRecord) -> Self:
        rows: list[dict[str, Any]] = [*(record.parents or []), *(record.household or [])]
        reached = [str(row.get("value") or "") for row in record.reach or []]
        reached += [str(row.get("contact") or "") for row in rows]
        called = [f"{record.forenames} {record.surname}", record.also_known_as]
        called += [str(row.get("name") or "") for row in rows]
        return cls(
            emails=frozenset(found.lower() for one in reached for found in EMAIL.findall(one)),
            phones=frozenset(found for one in reached for found in _phones(one)),
            names=frozenset(name for one in called if (name := _name(one))),
        )

    @classmethod
    def of(cls, user: User) -> Self:
        """What a record would say of this person, if it named them."""
        name = _name(user.name)
        return cls(
            emails=frozenset([user.email] if user.email else []),
            phones=frozenset(_phones(user.phone)),
            names=frozenset([name] if name else []),
        )

    @property
    def digests(self) -> list[str]:
        """Keyed, in hexadecimal, in order: what a record is found by and nothing is learnt from."""
        said = [("email", one) for one in self.emails] + [("phone", one) for one in self.phones]
        found = {digest("person.named", *parts) for parts in said}
        found |= {digest("person.named", "name", *name) for name in self.names}
        return sorted(one.hex() for one in found)

    def how(self, user: User) -> NamedBy | None:
        """By what the record names this person; None where it does not."""
        if user.email in self.emails:
            return NamedBy.EMAIL
        if self.phones.intersection(_phones(user.phone)):
            return NamedBy.PHONE
        return NamedBy.NAME if _name(user.name) in self.names else None


def _phones(words: str) -> list[str]:
    found = ("".join(filter(str.isdigit, one)) for one in PHONE.findall(words))
    return [digits[-DIGITS:] for digits in found if len(digits) >= DIGITS]


def _name(words: str) -> tuple[str, str] | None:
    """First and last name, without a title; None where there are not two."""
    parts = [part for part in normal(words).split() if part not in TITLES]
    return (parts[0], parts[-1]) if len(parts) > 1 else None


def keep_out_by_email(referral: Referral, *, by: User, now: datetime) -> None:
    """While its author writes a draft, those whose e-mail address stands in it are kept out.

    Even from an agency that has no other lead, who could then only ring the advice line. An
    address that is corrected lets them in again.
    """
    named = Named.in_(referral.person)
    certain = referral.named_users.filter(by=NamedBy.EMAIL)
    for one in certain.exclude(person__email__in=named.emails):
        referral.exclusions.filter(person=one.person_id).delete()
        one.delete()
    for person in _new(referral, _of_email(named)):
        _keep_out_of_draft(referral, person, by=by, now=now)
        events.record("referral.closeness_asked", referral, by=by, agency=agency_key(referral))


def _keep_out_of_draft(referral: Referral, person: User, *, by: User, now: datetime) -> None:
    _note(referral, person, NamedBy.EMAIL, now=now)
    _exclude(referral, person, by=by, now=now)
    if referral.check_record.spoken_to_id == person.pk:
        referral.check_record.spoken_to = None
        referral.check_record.save(update_fields=["spoken_to"])


def look_for_named(referral: Referral, *, by: User, now: datetime) -> Referral:
    """Before a case reaches others: does it name one of those who could come across it there?

    Nobody is kept out where the case would be left with nobody; then only the question stands, for
    somebody else than the person whom it is about. Before the hand-over the author was asked about
    each of their leads by name.

    Args:
        referral: locked by the caller.
    """
    named = Named.in_(referral.person)
    bodies = [(referral.agency, OF_AGENCY), (referral.locality, OF_PLACE)]
    bodies.append((referral.offered_to, OF_PLACE))
    found = [one for place, roles in bodies if place for one in people.holders(place, roles)]
    found += _of_email(named)
    alike = {one.pk: (one, how) for one in found if (how := named.how(one))}
    for person in _new(referral, [one for one, _how in alike.values()]):
        if _keep_out_if_others_can(referral, person, alike[person.pk][1], by=by, now=now):
            # Who is named is part of the case and is not told to the log.
            events.record("referral.closeness_asked", referral, by=by, agency=agency_key(referral))
    return referral


def _keep_out_if_others_can(
    referral: Referral, person: User, how: NamedBy, *, by: User, now: datetime
) -> bool:
    """False where the case would be left with nobody: then only the question stands."""
    _note(referral, person, how, now=now)
    try:
        with transaction.atomic():
            _exclude(referral, person, by=by, now=now)
            leave_with_somebody(referral, person, now=now)
            post.cancel_for(person, about=referral)
    except NotReady:
        referral.refresh_from_db()
        NamedUser.objects.filter(referral=referral, person=person).update(is_them="")
        return False
    return True


@transaction.atomic
def look_for_person(person: User, *, now: datetime | None = None) -> int:
    """Somebody has a new role, name or number: which records that they could come across name them?

    By e-mail address any record, drafts too; by name or number those of the places where they
    work now. Whoever answers for an open one is asked, and told by mail that there is a question.
    Those of whom it was asked before are not asked about again.

    Returns:
        In how many records they are kept out, or asked about, from now on.
    """
    now = now or timezone.now()
    alike = PersonRecord.objects.filter(named_digests__overlap=Named.of(person).digests)
    keys = list(alike.values_list("referral_id", flat=True))
    if not keys:
        return 0
    # Locked first, out of reach or not: one that is being handed over now is read as it is then.
    rows = Referral.objects.filter(pk__in=keys).exclude(status=Status.DISPOSED).order_by("pk")
    locked_rows = list(rows.select_for_update())
    near = set(rows.filter(_reach(person, keys)).values_list("pk", flat=True))
    found = 0
    for referral in locked_rows:
        how = Named.in_(referral.person).how(person)
        if not _new(referral, [person]) or not (
            how == NamedBy.EMAIL or (how and referral.pk in near)
        ):
            continue
        found += 1
        by = referral.created_by  # it is their record that names them
        if referral.status == Status.DRAFT:
            _keep_out_of_draft(referral, person, by=by, now=now)
            kept_out = True
        else:
            kept_out = _keep_out_if_others_can(referral, person, how, by=by, now=now)
            _ask(referral, person, now=now)
        if kept_out:
            events.record(
                "referral.closeness_asked", referral, by=None, agency=agency_key(referral)
            )
    return found


def _reach(person: User, keys: list[uuid.UUID]) -> Q:
    """Cases of the places where somebody works, whether their role opens them today or not."""
    agencies = Agency.objects.held_by(person, *OF_AGENCY)
    places = Locality.objects.served_by(person, *OF_PLACE)
    sent = Recipient.objects.open_to(person).filter(referral__in=keys).values("referral_id")
    shared = Q(locality__in=places) | Q(offered_to__in=places) | Q(pk__in=sent)
    return Q(agency__in=agencies) & ~Q(status=Status.DRAFT) | shared & Q(status__in=SHARED)


def _ask(referral: Referral, person: User, *, now: datetime) -> None:
    """Whoever has it now hears that there is a question; nobody of one that has ended."""
    if not referral.named_users.filter(person=person, is_them="").exists():
        return
    asked: list[User] = []
    if referral.status in (Status.AGENCY_CHECK, Status.RETURNED) and referral.lead:
        asked = [referral.lead]
    elif referral.status in BEFORE_CLOSED:
        asked = holders(referral)
    others = [one for one in asked if one.pk != person.pk]
    notices.to_holders(referral, others, "named", now.isoformat())


@transaction.atomic
def make_findable() -> int:
    """Records of before there were digests of those they name; some of them, the oldest first."""
    rows = PersonRecord.objects.filter(named_digests=None).exclude(referral__status=Status.DISPOSED)
    waiting = list(rows.select_for_update(of=("self",), skip_locked=True).order_by("pk")[:AT_ONCE])
    for record in waiting:
        record.named_digests = Named.in_(record).digests
        record.save(update_fields=["named_digests"])
    return len(waiting)


def _of_email(named: Named) -> list[User]:
    return list(User.objects.active().filter(email__in=named.emails)) if named.emails else []


def _new(referral: Referral, persons: list[User]) -> list[User]:
    """Without its author, who knows of it, and those of whom the answer is known."""
    if not persons:
        return []
    known = {referral.created_by_id, *referral.exclusions.values_list("person_id", flat=True)}
    known |= set(referral.named_users.values_list("person_id", flat=True))
    return [one for one in persons if one.pk not in known]


def _note(referral: Referral, person: User, how: NamedBy, *, now: datetime) -> None:
    said = YesNo.YES if how == NamedBy.EMAIL else ""
    NamedUser.objects.create(referral=referral, person=person, by=how, is_them=said, at=now)


def _exclude(referral: Referral, person: User, *, by: User, now: datetime) -> None:
    Exclusion.objects.get_or_create(
        referral=referral, person=person, defaults={"by": by, "at": now}
    )


def asked_about(referral: Referral, *, by: User) -> list[NamedUser]:
    """Of whom nobody has said yet whether it is them. Nobody is asked about themselves."""
    waiting = referral.named_users.filter(is_them="").exclude(person=by)
    return list(waiting.select_related("person").order_by("person__name", "pk"))


@transaction.atomic
def say_who_is_named(
    referral: Referral, person: User, is_them: YesNo, *, by: User, now: datetime | None = None
) -> Referral:
    """Whoever answers for the case says whether the record names this person.

    If it is somebody else they may come across the case again; else they stay kept out.

    Raises:
        PermissionDenied: ``by`` does not answer for it now, or is the person themselves (AC-11).
        TransitionError: nobody is asked about this person any more.
        NotReady: it is them, and without them it would be left with nobody.
    """
    now = now or timezone.now()
    referral = locked(referral)
    if referral.status not in IN_AGENCY | SHARED:
        raise TransitionError(str(referral.status))
    if by.pk == person.pk or not policy.may_keep_out(by, referral):
        raise PermissionDenied
    asked = referral.named_users.select_for_update().filter(person=person, is_them="").first()
    if asked is None:
        raise TransitionError("answered")
    asked.is_them, asked.said_by, asked.said_at = is_them, by, now
    asked.save(update_fields=["is_them", "said_by", "said_at"])
    if is_them == YesNo.NO:
        referral.exclusions.filter(person=person).delete()
    elif not referral.exclusions.filter(person=person).exists():
        _exclude(referral, person, by=by, now=now)
        leave_with_somebody(referral, person, now=now)
        post.cancel_for(person, about=referral)
    events.record("referral.closeness_asked", referral, by=by, agency=agency_key(referral))
    return referral
