"""Earlier records of what may be the same person (rule 7 of section 14)."""

import uuid

from django.db.models import Q, QuerySet

from accounts.models import User
from agencies.people import PreparedFor
from referrals.models import PersonRecord, Referral


def possible_matches(referral: Referral, user: User, most: int) -> list[Referral]:
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
    of_them = PersonRecord.objects.filter(same).values("referral_id")
    found = Referral.objects.visible_to(user).filter(pk__in=of_them)
    return found.exclude(pk=case).order_by("-created_at")[:most]


_MATCHES = PreparedFor(_matches)
