"""Earlier records of what may be the same person (rule 7 of section 14)."""

from django.db.models import Q

from accounts.models import User
from referrals.models import PersonRecord, Referral, ReferralQuerySet


def possible_matches(referral: Referral, user: User) -> ReferralQuerySet:
    """Other cases of somebody of the same name and date of birth, or name and address.

    Among those that this person may see, the newest first. That it may be the same person is all
    that a page says of it, never by what; a practitioner is shown nothing of the kind.
    """
    person, same = referral.person, Q()
    if person.name_born_digest:
        same |= Q(name_born_digest=bytes(person.name_born_digest))
    if person.name_address_digests:
        same |= Q(name_address_digests__overlap=person.name_address_digests)
    if not same:
        return Referral.objects.none()
    of_them = PersonRecord.objects.filter(same).values("referral_id")
    found = Referral.objects.visible_to(user).filter(pk__in=of_them)
    return found.exclude(pk=referral.pk).order_by("-created_at")
