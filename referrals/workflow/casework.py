"""With the Prevent lead and the police: taken in, asked about, transferred, passed on, closed."""

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from agencies import people
from agencies.models import Locality
from agencies.terms import POLICE
from audit import events
from referrals import clocks, notices, policy, routing
from referrals.answers import Answers
from referrals.models import (
    PoliceNote,
    Recipient,
    Referral,
)
from referrals.moves import (
    NotReady,
    TransitionError,
    agency_key,
    locked,
    move,
)
from referrals.terms import (
    BEFORE_CLOSED,
    HIDDEN_FROM_MOST,
    ClockKind,
    GatewayOutcome,
    MessageKind,
    RecipientKind,
    Status,
)
from referrals.workflow.named import look_for_named
from referrals.workflow.owners import PREVENT_ORDER, holders, holding, on_duty
from referrals.workflow.records import log_of, record_of, say, write_record
from referrals.workflow.sharing import people_to_tell
from referrals.workflow.talk import owe_feedback

WHY_IT_LEAVES = gettext_lazy("Write why it is given back or ended")


@transaction.atomic
def acknowledge(referral: Referral, *, by: User, now: datetime | None = None) -> Referral:
    """Take a submitted referral into triage; ``by`` becomes its holder.

    Raises:
        PermissionDenied: ``by`` does not lead the referral's locality.
        TransitionError: somebody else took it first.
    """
    now = now or timezone.now()
    referral = move(
        referral,
        Status.TRIAGE,
        by=by,
        now=now,
        holder=by,
        acknowledged_at=now,
        acknowledged_by=by,
    )
    clocks.stop(referral, [ClockKind.OUT_OF_HOURS], now=now)
    record_of(referral, "triage_record")
    notices.acknowledged(referral)
    return referral


@transaction.atomic
def take_at_gateway(referral: Referral, *, by: User, now: datetime | None = None) -> Referral:
    """The police take a submitted referral straight to the gateway; the Prevent lead is told."""
    now = now or timezone.now()
    referral = move(
        referral,
        Status.GATEWAY,
        by=by,
        now=now,
        officer=by,
        acknowledged_at=now,
        acknowledged_by=by,
    )
    clocks.stop(referral, [ClockKind.OUT_OF_HOURS], now=now)
    record_of(referral, "gateway_record")
    leads = on_duty(referral, clocks.place_of(referral), *PREVENT_ORDER)
    notices.to_holders(referral, leads, "taken", "once")
    notices.acknowledged(referral)
    return referral


@transaction.atomic
def record_triage(
    referral: Referral,
    changes: dict[str, Any],
    *,
    by: User,
    seen: int | None = None,
    now: datetime | None = None,
) -> Referral:
    """T2 to T9, as far as they are known."""
    now = now or timezone.now()
    referral = locked(referral)
    if not policy.leads_locality(by, referral):
        raise PermissionDenied
    if referral.outward_status not in (Status.TRIAGE, Status.GATEWAY):
        raise TransitionError(str(referral.outward_status))
    write_record(referral, "triage_record", changes, by=by, seen=seen, now=now)
    return referral


@transaction.atomic
def record_gateway(
    referral: Referral,
    changes: dict[str, Any],
    *,
    by: User,
    seen: int | None = None,
    now: datetime | None = None,
) -> Referral:
    """X1 to X10, as far as they are known."""
    now = now or timezone.now()
    referral = locked(referral)
    if not policy.decides_at_gateway(by, referral):
        raise PermissionDenied
    if referral.status not in {Status.GATEWAY, *HIDDEN_FROM_MOST}:
        raise TransitionError(str(referral.status))
    write_record(referral, "gateway_record", changes, by=by, seen=seen, now=now)
    return referral


@transaction.atomic
def pass_to_gateway(referral: Referral, *, by: User, now: datetime | None = None) -> Referral:
    """T8: from triage to the police gateway."""
    now = now or timezone.now()
    referral = move(referral, Status.GATEWAY, by=by, now=now)
    record = record_of(referral, "triage_record")
    record.passed_at = now
    record.save(update_fields=["passed_at"])
    record_of(referral, "gateway_record")
    officers = on_duty(referral, clocks.place_of(referral), *POLICE)
    notices.to_holders(referral, officers, "gateway", now.isoformat())
    return referral


@transaction.atomic
def take_case(referral: Referral, *, by: User, now: datetime | None = None) -> Referral:
    """Become the officer (X2) or the holder of a case that another holds or nobody does."""
    now = now or timezone.now()
    referral = locked(referral)
    if referral.status not in BEFORE_CLOSED or referral.status == Status.SUBMITTED:
        raise TransitionError(str(referral.status))
    if policy.decides_at_gateway(by, referral):
        referral.officer = by
        referral.save(update_fields=["officer"])
    elif policy.leads_locality(by, referral):
        referral.holder = by
        referral.save(update_fields=["holder"])
    else:
        raise PermissionDenied
    events.record("referral.taken", referral, by=by, agency=log_of(referral, by))
    return referral


@transaction.atomic
def hand_to(referral: Referral, person: User, *, by: User, now: datetime | None = None) -> Referral:
    """Hand a case or a check to a colleague who does the same work."""
    now = now or timezone.now()
    referral = locked(referral)
    if referral.status in (Status.AGENCY_CHECK, Status.RETURNED):
        field, allowed = "lead", policy.leads_agency  # its author too: another decides it
    elif referral.status in BEFORE_CLOSED:
        field, allowed = (
            ("holder", policy.leads_locality)
            if policy.leads_locality(by, referral)
            else ("officer", policy.decides_at_gateway)
        )
    else:
        raise TransitionError(str(referral.status))
    if not allowed(by, referral):
        raise PermissionDenied
    own_concern = field == "lead" and policy.wrote(person, referral)
    away = people.is_away(person, timezone.localdate(now))
    # One sentence for whoever is away, of the agency that sent it, or close to it (AC-06).
    if not allowed(person, referral) or not person.is_active or own_concern or away:
        raise NotReady([_("They cannot take it now. Choose somebody else of the same work")])
    setattr(referral, field, person)
    referral.save(update_fields=[field])
    events.record("referral.handed_to", referral, by=by, agency=log_of(referral, by), field=field)
    notices.to_holders(referral, [person], "owner", now.isoformat())
    return referral


@transaction.atomic
def ask_colleague(referral: Referral, *, by: User, now: datetime | None = None) -> Referral:
    """Ask the other leads and deputies of the agency to take a check over.

    The answer is the same whoever is asked: a team of two learns nothing of who is close to it,
    as a deputy who does not take it may have too much to do.

    Raises:
        NotReady: the team has nobody else, close to it or not.
    """
    now = now or timezone.now()
    referral = locked(referral)
    if referral.status not in (Status.AGENCY_CHECK, Status.RETURNED):
        raise TransitionError(str(referral.status))
    if not policy.leads_agency(by, referral):
        raise PermissionDenied
    others = [one for one in Answers(referral, today=timezone.localdate(now)).team if one != by]
    if not others:
        raise NotReady([_("There is no other lead or deputy in your team to ask")])
    events.record("referral.colleague_asked", referral, by=by, agency=agency_key(referral))
    notices.take_check(referral, others, timezone.localdate(now).isoformat())
    return referral


@transaction.atomic
def take_check(referral: Referral, *, by: User, now: datetime | None = None) -> Referral:
    """A lead or deputy takes over a check that another has."""
    referral = locked(referral)
    if referral.status not in (Status.AGENCY_CHECK, Status.RETURNED):
        raise TransitionError(str(referral.status))
    if not policy.checks(by, referral):
        raise PermissionDenied
    if referral.lead_id != by.pk:
        before, referral.lead = referral.lead, by
        referral.save(update_fields=["lead"])
        events.record("referral.taken", referral, by=by, agency=agency_key(referral))
        if before is not None:
            notices.to_holders(referral, [before], "check_taken", by.pk)
    return referral


@transaction.atomic
def ask_referrer(
    referral: Referral, questions: str, *, by: User, now: datetime | None = None
) -> Referral:
    """Information wanted: the promise pauses while the referrer answers."""
    now = now or timezone.now()
    if not questions.strip():
        raise NotReady([_("Write what you want to know")])
    referral = locked(referral)
    came_from = referral.outward_status
    referral = move(referral, Status.QUERY, by=by, now=now, asked_from=came_from)
    say(referral, MessageKind.QUERY, questions, by=by, now=now, to_referrer=True)
    notices.query_asked(referral)
    return referral


@transaction.atomic
def answer_query(
    referral: Referral, text: str, *, by: User, now: datetime | None = None
) -> Referral:
    """The referrer answers; it goes back to whoever asked."""
    now = now or timezone.now()
    if not text.strip():
        raise NotReady([_("Write your answer")])
    referral = locked(referral)
    back = Status(referral.asked_from) if referral.asked_from else Status.TRIAGE
    referral = move(referral, back, by=by, now=now, asked_from="")
    said = say(referral, MessageKind.ANSWER, text, by=by, now=now, to_referrer=True)
    notices.to_holders(referral, holders(referral), "answer", said.pk)
    return referral


@transaction.atomic
def transfer(
    referral: Referral,
    receiver: Locality | None,
    reason: str,
    *,
    by: User,
    now: datetime | None = None,
) -> Referral:
    """Offer it to another locality; the sender stays the owner until it is accepted.

    Args:
        receiver: None for an area outside the portal, which ``reason`` names (rule 6).
    """
    now = now or timezone.now()
    if not reason.strip():
        raise NotReady([_("Write why it belongs to the other area")])
    if receiver is not None and receiver.pk == referral.locality_id:
        raise NotReady([_("Choose another area than your own")])
    referral = move(referral, Status.TRANSFERRED, by=by, now=now, offered_to=receiver)
    say(referral, MessageKind.TRANSFER, reason, by=by, now=now)
    if receiver is not None:
        referral = look_for_named(referral, by=by, now=now)
        leads = on_duty(referral, receiver, *PREVENT_ORDER)
        notices.to_holders(referral, leads, "offered", now.isoformat())
        _tell_police(referral, referral.locality, referral.officer, "offered_away", now=now)
    return referral


def _tell_police(
    referral: Referral, place: Locality | None, officer: User | None, kind: str, *, now: datetime
) -> None:
    """What police lead or hold never changes hands in silence: Prevent acts without knowing."""
    if referral.status not in HIDDEN_FROM_MOST or place is None:
        return
    told = on_duty(referral, place, *POLICE)
    notices.to_police(referral, [*told, officer] if officer else told, kind, now.isoformat())


@transaction.atomic
def accept_transfer(referral: Referral, *, by: User, now: datetime | None = None) -> Referral:
    """The receiver accepts: the referral is theirs from now on."""
    now = now or timezone.now()
    referral = locked(referral)
    sender, receiver = clocks.place_of(referral), referral.offered_to
    if referral.outward_status != Status.TRANSFERRED or receiver is None:
        raise TransitionError(str(referral.outward_status))
    if not policy.leads_receiving_locality(by, referral):
        raise PermissionDenied
    # The move is asked of the receiver before the locality changes hands.
    referral = move(referral, Status.TRIAGE, by=by, now=now, holder=by)
    # The sender's officer does not serve there: whoever is on duty takes it up.
    officer = referral.officer
    referral.locality, referral.offered_to, referral.officer = receiver, None, None
    referral.save(update_fields=["locality", "offered_to", "officer"])
    made, routes = [], routing.open_routes(receiver, referral.sector)
    for one in referral.recipients.filter(locality=sender):
        kind = RecipientKind(one.kind)
        route = routes.get(routing.ROUTE_OF[kind])
        in_portal = route is None or route.in_portal
        new, fresh = Recipient.objects.get_or_create(
            referral=referral,
            kind=kind,
            locality=receiver,
            defaults={
                "route": route,
                "in_portal": in_portal,
                "told_at": now if in_portal else None,
            },
        )
        if fresh and kind != RecipientKind.PREVENT_LEAD:  # the lead has just accepted it
            made.append(new)
    if any(not one.in_portal for one in made):
        clocks.stop(referral, [ClockKind.ROUTE_SENT], now=now)
        clocks.start(referral, ClockKind.ROUTE_SENT, now=now)
    notices.shared(referral, people_to_tell(referral, now=now, among=[one.pk for one in made]))
    leads = on_duty(referral, sender, *PREVENT_ORDER)
    notices.to_holders(referral, leads, "accepted", now.isoformat())
    _tell_police(referral, sender, officer, "gone_away", now=now)
    _tell_police(referral, receiver, None, "come_at_work", now=now)
    return referral


@transaction.atomic
def decline_transfer(
    referral: Referral, reason: str, *, by: User, now: datetime | None = None
) -> Referral:
    """The receiver declines, with a reason: it goes back to the sender's triage."""
    now = now or timezone.now()
    if not reason.strip():
        raise NotReady([_("Write why you decline it")])
    referral = locked(referral)
    if referral.outward_status == Status.TRANSFERRED and not policy.leads_receiving_locality(
        by, referral
    ):
        raise PermissionDenied
    referral = move(referral, Status.TRIAGE, by=by, now=now, offered_to=None)
    said = say(referral, MessageKind.TRANSFER, reason, by=by, now=now)
    notices.to_holders(referral, holders(referral), "declined", said.pk)
    return referral


@transaction.atomic
def take_back_transfer(
    referral: Referral, reason: str, *, by: User, now: datetime | None = None
) -> Referral:
    """The sender takes the offer back before it is accepted, or notes that it was declined.

    An area outside the portal has nobody to decline it here; one in the portal sees it no more.
    """
    now = now or timezone.now()
    if not reason.strip():
        raise NotReady([_("Write why you take it back")])
    referral = locked(referral)
    if referral.outward_status == Status.TRANSFERRED and not policy.leads_locality(by, referral):
        raise PermissionDenied
    referral = move(referral, Status.TRIAGE, by=by, now=now, offered_to=None)
    say(referral, MessageKind.TRANSFER, reason, by=by, now=now)
    return referral


@transaction.atomic
def close_transferred(
    referral: Referral, acceptance: str, *, by: User, now: datetime | None = None
) -> Referral:
    """The receiver is outside the portal: their acceptance is recorded, and it ends here."""
    now = now or timezone.now()
    if not acceptance.strip():
        raise NotReady([_("Write who accepted it, and when")])
    referral = locked(referral)
    if referral.outward_status != Status.TRANSFERRED:
        raise TransitionError(str(referral.outward_status))
    if referral.offered_to_id is not None:
        raise NotReady([_("The other area works in the portal: it accepts or declines it there")])
    referral = move(referral, Status.CLOSED, by=by, now=now, decided_at=now)
    say(referral, MessageKind.TRANSFER, acceptance, by=by, now=now)
    owe_feedback(referral, now=now)
    return referral


@transaction.atomic
def record_outcome(referral: Referral, *, by: User, now: datetime | None = None) -> Referral:
    """X5: what the gateway's recorded outcome brings about.

    Progress and closing need X1 to X10; police-led and investigation take the outcome only.
    """
    now = now or timezone.now()
    referral = locked(referral)
    outcome = record_of(referral, "gateway_record").outcome
    targets = {
        GatewayOutcome.PROGRESS: Status.INFO_GATHERING,
        GatewayOutcome.NO_CONCERN: Status.CLOSED,
        GatewayOutcome.OTHER_SERVICES: Status.CLOSED,
        GatewayOutcome.POLICE_LED: Status.POLICE_LED,
        GatewayOutcome.INVESTIGATION: Status.INVESTIGATION_HOLD,
    }
    if outcome not in targets:
        raise NotReady([_("Select the outcome")])
    target = targets[GatewayOutcome(outcome)]
    if target == Status.CLOSED:
        _check_second_officer(referral, by=by)
    decided: dict[str, Any] = {}
    if target not in HIDDEN_FROM_MOST:
        decided = {"decided_at": now, "officer": referral.officer or by}  # X2
    referral = move(referral, target, by=by, now=now, **decided)
    if target in HIDDEN_FROM_MOST:
        clocks.rest_for_police(referral, now=now)
    if target == Status.CLOSED:
        owe_feedback(referral, now=now)
    return referral


def _check_second_officer(referral: Referral, *, by: User) -> None:
    """X9: somebody else, who may decide on this case and is not close to it."""
    second = record_of(referral, "gateway_record").second_officer
    if second is not None and (second == by or not policy.decides_at_gateway(second, referral)):
        raise NotReady([_("Choose another second officer than yourself, of this area's police")])


@transaction.atomic
def lead_by_police(
    referral: Referral, to: Status, reason: str = "", *, by: User, now: datetime | None = None
) -> Referral:
    """Police-led or held, from any state after sharing, and back: nobody below police and chair
    is told, and nothing that they see changes.

    Args:
        reason: why it is given back or ended; a sealed note that only the area's police read.
    """
    now = now or timezone.now()
    referral = locked(referral)
    was_closed = referral.outward_status == Status.CLOSED
    leaves = referral.status in HIDDEN_FROM_MOST and policy.decides_at_gateway(by, referral)
    if leaves and not reason.strip():
        raise NotReady([WHY_IT_LEAVES])
    if leaves and to == Status.CLOSED:
        _check_second_officer(referral, by=by)
    closing: dict[str, Any] = {}
    if to == Status.CLOSED and not was_closed:
        closing = {"decided_at": now, "officer": referral.officer or by}  # X2
    referral = move(referral, to, by=by, now=now, **closing)
    if reason.strip():
        PoliceNote.objects.create(referral=referral, target=to, by=by, at=now, body=reason)
    if to == Status.CLOSED and not was_closed:
        owe_feedback(referral, now=now)
    if to in HIDDEN_FROM_MOST:
        clocks.rest_for_police(referral, now=now)
    else:
        clocks.resume_for_police(referral, now=now)
    return referral


@transaction.atomic
def reopen(referral: Referral, reason: str, *, by: User, now: datetime | None = None) -> Referral:
    """Closed, and something new: back to the gateway."""
    now = now or timezone.now()
    if not reason.strip():
        raise NotReady([_("Write what is new")])
    referral = move(referral, Status.GATEWAY, by=by, now=now)
    say(referral, MessageKind.NOTE, reason, by=by, now=now)
    clocks.stop(referral, [ClockKind.FEEDBACK, ClockKind.PRACTICE], now=now)
    officers = holding(referral.officer, policy.decides_at_gateway, referral) or on_duty(
        referral, clocks.place_of(referral), *POLICE
    )
    notices.to_holders(referral, officers, "gateway", now.isoformat())
    return referral
