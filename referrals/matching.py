"""Earlier records of what may be the same person (rule 7 of section 14, T3)."""

import uuid
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from agencies.people import PreparedFor
from referrals.models import PersonRecord, Referral
from referrals.terms import ClosureReason, GatewayOutcome, Status
from ui import dates

MOST = 10
CLOSING = (GatewayOutcome.NO_CONCERN, GatewayOutcome.OTHER_SERVICES)
"""Outcomes that whoever reads a closed case is told."""


class IsOneOf(Func):
    """Whether the first is one of an array, which is worked out before any row is looked for.

    With ``__in`` the planner joins the two and, as it cannot tell how few of the same name there
    are, begins with all that the person may see.
    """

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field = BooleanField()


def possible_matches(referral: Referral, user: User, most: int) -> list[Any]:
    """Other cases of somebody of the same name and date of birth, or name and address.

    Among those that this person may see, the newest first. That it may be the same person is all
    that a page says of it, never by what; a practitioner is shown nothing of the kind.
    """
    person = referral.person
    born = [bytes(person.name_born_digest)] if person.name_born_digest else []
    addresses = person.name_address_digests
    if not born and not addresses:
        return []
    return _MATCHES(user, most, case=referral.pk, born=born, addresses=addresses)


def _matches(
    user: User, most: int, *, case: uuid.UUID, born: list[bytes], addresses: list[str]
) -> QuerySet[Referral]:
    same = Q(name_born_digest__in=born)
    for address in addresses:
        same |= Q(name_address_digests__contains=[address])
    of_them = ArraySubquery(PersonRecord.objects.filter(same).values("referral_id"))
    found = Referral.objects.visible_to(user).filter(IsOneOf(F("pk"), of_them))
    ended = {"outcome": F("gateway_record__outcome"), "why": F("gateway_record__closure_reason")}
    return found.exclude(pk=case).annotate(**ended).order_by("-created_at")[:most]


_MATCHES = PreparedFor(_matches)


def ending(one: Any) -> str:
    """Where a match stands, or how it ended, as everybody is shown it."""
    status = Status(one.outward_status)
    if status != Status.CLOSED:
        return str(status.label)
    day = dates.paper_day(one.decided_at or one.stage_since)
    if one.outcome not in CLOSING:
        return _("Closed %(day)s") % {"day": day}
    said = [GatewayOutcome(one.outcome).label]
    if one.why:
        said.append(ClosureReason(one.why).label)
    return _("Closed %(day)s: %(how)s") % {"day": day, "how": ", ".join(map(str, said))}


def earlier_records(referral: Referral, user: User) -> list[tuple[str, str]]:
    """What T3 offers: references, with how each case ended; the newest first.

    With those that are recorded already, though this person may not see them.
    """
    found = [one for one in possible_matches(referral, user, MOST) if one.reference]
    record = getattr(referral, "triage_record", None)
    offered = {one: one for one in (record.earlier_records or [] if record else [])}
    offered |= {one.reference: f"{one.reference}. {ending(one)}" for one in found}
    return list(offered.items())
