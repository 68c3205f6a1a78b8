"""Who may do what to a referral they can see. Each predicate reads as a question.

Visibility is ``visible_to`` in models.py; whether it can be done now is workflow.py.
"""

from collections.abc import Callable

from django.db.models import Exists

from accounts.models import User
from agencies.models import Agency, Locality
from agencies.people import has_role, leads_of
from agencies.terms import AGENCY_LEADS, POLICE, PREVENT, Role
from referrals.models import Exclusion, Referral, kept_by
from referrals.terms import (
    EDITABLE_BY_AUTHOR,
    IN_AGENCY,
    SHARED,
    ReceivedBy,
    RecipientKind,
    Section,
    Status,
)

Predicate = Callable[[User, Referral], bool]


def is_excluded(user: User, referral: Referral) -> bool:
    """Named as close to the concern: bars them from deciding, and from any trace of it."""
    return referral.exclusions.filter(person=user).exists()


def _serves(user: User, locality_id: int | None, *roles: Role) -> bool:
    return locality_id is not None and (
        Locality.objects.served_by(user, *roles).filter(pk=locality_id).exists()
    )


def wrote(user: User, referral: Referral) -> bool:
    """Whose words NOTICE is, whether or not they still belong to the agency."""
    return referral.created_by_id == user.pk


def keeps(user: User, referral: Referral) -> bool:
    """What an author still reads of what they wrote: nothing, once they left the agency."""
    return referral.status == Status.DRAFT or (
        Referral.objects.filter(kept_by(user), pk=referral.pk).exists()
    )


def may_hear(author: User, referral: Referral) -> bool:
    """Whether its author may still be written to: they keep it, or see it in another role."""
    return keeps(author, referral) or (
        Referral.objects.visible_to(author).filter(pk=referral.pk).exists()
    )


def is_author(user: User, referral: Referral) -> bool:
    return wrote(user, referral) and keeps(user, referral)


def author_left(referral: Referral) -> bool:
    """Nobody is there to answer: the author left the agency, or the portal."""
    author = referral.created_by
    return not author.is_active or not keeps(author, referral)


def leads_agency(user: User, referral: Referral) -> bool:
    """A lead or deputy of the agency, not close to the concern."""
    close = Exclusion.objects.filter(referral=referral, person=user)
    return referral.agency_id is not None and (
        Agency.objects.led_by(user).filter(~Exists(close), pk=referral.agency_id).exists()
    )


def checks(user: User, referral: Referral) -> bool:
    """A lead who may decide the check: not its author, while another lead can.

    Whoever becomes a lead after handing a concern over leaves it to the lead who has it. Where
    nobody else could take it the author decides alone, and it is marked as one walk (section 14).
    """
    if not leads_agency(user, referral):
        return False
    return not wrote(user, referral) or not other_leads(user, referral)


def leads_own(user: User, referral: Referral) -> bool:
    """A lead whose own concern it is."""
    return wrote(user, referral) and leads_agency(user, referral)


def other_leads(user: User, referral: Referral) -> bool:
    """Whether another lead of the agency may hear of it."""
    if referral.agency is None:
        return False
    close = set(referral.exclusions.values_list("person_id", flat=True)) | {user.pk}
    return any(one.pk not in close for one in leads_of(referral.agency))


def leads_without_author(user: User, referral: Referral) -> bool:
    """The lead goes on without an answer: whoever was asked has left."""
    return checks(user, referral) and author_left(referral)


def may_keep_out(user: User, referral: Referral) -> bool:
    """Who names somebody as close to a concern after the hand-over: those who answer for it."""
    if referral.status in IN_AGENCY:
        return leads_agency(user, referral)
    return referral.status in SHARED and (
        leads_agency(user, referral) or leads_locality(user, referral)
    )


def is_author_and_lead(user: User, referral: Referral) -> bool:
    """A lead with a concern of her own, or one she typed in for somebody."""
    return is_author(user, referral) and referral.one_walk and leads_agency(user, referral)


def is_author_without_lead(user: User, referral: Referral) -> bool:
    """Nobody in the agency can take the check: the advice line takes the place."""
    from referrals.answers import Answers  # the record's own words, which need the models first

    return is_author(user, referral) and not referral.one_walk and not Answers(referral).has_lead


def is_author_despite_lead(user: User, referral: Referral) -> bool:
    """C17 (f): the practitioner refers although the lead sees it otherwise."""
    return is_author(user, referral) and referral.despite_lead


def is_author_or_leads_agency(user: User, referral: Referral) -> bool:
    return is_author(user, referral) or leads_agency(user, referral)


def leads_locality(user: User, referral: Referral) -> bool:
    """Prevent lead, deputy or senior of the locality that holds it."""
    return _serves(user, referral.locality_id, *PREVENT) and not is_excluded(user, referral)


def leads_receiving_locality(user: User, referral: Referral) -> bool:
    return _serves(user, referral.offered_to_id, *PREVENT) and not is_excluded(user, referral)


def decides_at_gateway(user: User, referral: Referral) -> bool:
    """Police of the locality; never on a referral that their own agency made."""
    return _decides(user, referral, *POLICE)


def supervises_gateway(user: User, referral: Referral) -> bool:
    return decides_at_gateway(user, referral) and has_role(
        user, Role.GATEWAY_SUPERVISOR, locality=referral.locality
    )


def supervises_or_leads_locality(user: User, referral: Referral) -> bool:
    return supervises_gateway(user, referral) or _decides(user, referral, *PREVENT)


def leads_locality_or_gateway(user: User, referral: Referral) -> bool:
    return leads_locality(user, referral) or decides_at_gateway(user, referral)


def answers_query(user: User, referral: Referral) -> bool:
    """The agency's lead; the author where there is no lead or they referred despite (f)."""
    return leads_agency(user, referral) or (
        is_author(user, referral) and (referral.despite_lead or referral.lead_id is None)
    )


def may_withdraw(user: User, referral: Referral) -> bool:
    """The lead; what was sent with (f) only by its author (section 8.2)."""
    if referral.despite_lead:
        return is_author(user, referral)
    return leads_agency(user, referral) or (is_author(user, referral) and referral.lead_id is None)


def _decides(user: User, referral: Referral, *roles: Role) -> bool:
    """Serves the locality in one of the roles, and decides on no referral of their own: neither
    one that they wrote or sent, nor one of their agency."""
    own = user.pk in (referral.created_by_id, referral.submitted_by_id) or (
        referral.agency_id is not None
        and Agency.objects.belonging_to(user).filter(pk=referral.agency_id).exists()
    )
    return (
        _serves(user, referral.locality_id, *roles) and not own and not is_excluded(user, referral)
    )


def chairs(user: User, referral: Referral) -> bool:
    return _decides(user, referral, Role.CHANNEL_CHAIR)


def coordinates(user: User, referral: Referral) -> bool:
    return _decides(user, referral, Role.CHANNEL_COORDINATOR)


def nobody(user: User, referral: Referral) -> bool:
    """Only the portal itself, on a rule."""
    return False


def may_answer(user: User, referral: Referral, section: Section) -> bool:
    """Who may write in a section of the form, now."""
    status = Status(referral.status)
    if section == Section.NOTICE:
        if status == Status.AGENCY_CHECK:  # what the author left open when they left
            return leads_without_author(user, referral)
        return is_author(user, referral) and status in EDITABLE_BY_AUTHOR
    if status == Status.DRAFT:
        return is_author(user, referral) and (
            section == Section.CHECK
            or referral.one_walk
            # Whoever types in for somebody says who noticed it (S1).
            or referral.received_by != ReceivedBy.PORTAL
            or is_author_without_lead(user, referral)
        )
    if status == Status.AGENCY_CHECK:
        return checks(user, referral) or is_author_despite_lead(user, referral)
    if status in {Status.RETURNED, Status.AGENCY_CLOSED, Status.OTHER_ROUTE}:
        if is_author_despite_lead(user, referral):
            return True
        return (
            status == Status.RETURNED and section == Section.CHECK and is_author(user, referral)
        ) or (status == Status.OTHER_ROUTE and leads_agency(user, referral))
    return False


def may_add_files(user: User, referral: Referral) -> bool:
    """N13: the author while they write, both in the agency's check, and later as an addition."""
    status = Status(referral.status)
    if status in EDITABLE_BY_AUTHOR:
        return is_author(user, referral)
    if status == Status.AGENCY_CHECK:
        return is_author_or_leads_agency(user, referral)
    return (
        status in SHARED
        and referral.outward_status not in (Status.WITHDRAWN, Status.CLOSED)
        and is_author_or_leads_agency(user, referral)
    )


def may_remove_files(user: User, referral: Referral) -> bool:
    """Only who wrote it, and only before it is sent on."""
    return referral.status in EDITABLE_BY_AUTHOR and is_author(user, referral)


def may_see_check(user: User, referral: Referral) -> bool:
    """CHECK and SHARE answers: the agency, the locality, the police; never one with a part view."""
    return not sees_part_only(user, referral)


def sees_part_only(user: User, referral: Referral) -> bool:
    """Front door and adult safeguarding see their own view of it and nothing after (8.3)."""
    if is_author(user, referral) or leads_agency(user, referral):
        return False
    if leads_locality(user, referral) or leads_receiving_locality(user, referral):
        return False
    # Serving there is enough to read it, though nobody decides on what they sent themselves.
    roles = (*POLICE, Role.CHANNEL_CHAIR, Role.CHANNEL_COORDINATOR)
    return is_excluded(user, referral) or not _serves(user, referral.locality_id, *roles)


def sees_triage(user: User, referral: Referral) -> bool:
    """Triage and after: never the referrer's agency (8.3: feedback, not assessments)."""
    return (
        leads_locality(user, referral)
        or decides_at_gateway(user, referral)
        or chairs(user, referral)
        or coordinates(user, referral)
    )


def reads_team_notes(user: User, referral: Referral) -> bool:
    """Prevent leads and police of the area, who note things for each other; never a referrer."""
    return _decides(user, referral, *PREVENT, *POLICE)


def reads_police_notes(user: User, referral: Referral) -> bool:
    """Why police gave back or ended what they led: the police of the area, and nobody else."""
    return decides_at_gateway(user, referral)


def sees_real_status(user: User, referral: Referral) -> bool:
    """Police, and chair: to everyone else police-led work changes nothing."""
    return decides_at_gateway(user, referral) or chairs(user, referral)


def works_for_recipient(user: User, referral: Referral, kind: RecipientKind) -> bool:
    role = {
        RecipientKind.FRONT_DOOR: Role.FRONT_DOOR,
        RecipientKind.ADULT: Role.ADULT_SAFEGUARDING,
    }.get(kind)
    if role is None:
        return False
    return referral.recipients.filter(
        kind=kind, locality__in=Locality.objects.served_by(user, role)
    ).exists()


def may_type_in(user: User) -> bool:
    """A lead or administrator may type in what was told by telephone or sent on paper (W18)."""
    return has_role(user, *AGENCY_LEADS, Role.AGENCY_ADMIN)


def may_search_names(user: User) -> bool:
    """Search by name is for leads and police, with a recorded reason."""
    return has_role(user, *AGENCY_LEADS, *PREVENT, *POLICE)
