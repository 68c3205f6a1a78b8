"""The table of moves: who may take a case from one state to another, and what must be recorded.

Line for line section 8.2 of the record's dictionary. ``workflow`` is the only caller of ``move``.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from audit import events
from referrals import clocks, policy
from referrals.answers import NOTICE_RECORDS, Answers
from referrals.models import PageSave, Referral
from referrals.policy import Predicate
from referrals.questions import Question, Words, named, of_record
from referrals.terms import (
    BEFORE_CLOSED,
    HIDDEN_FROM_MOST,
    Complete,
    Decision,
    GatewayOutcome,
    RightLocality,
    Status,
    YesNo,
)


class TransitionError(Exception):
    """It cannot be done now: somebody else was first, or the state does not allow it."""


class NotReady(TransitionError):  # noqa: N818 - what the page says
    """Something must be recorded first; ``missing`` says what, in words."""

    def __init__(self, missing: Sequence[Words]) -> None:
        super().__init__(", ".join(str(one) for one in missing))
        self.missing = [str(one) for one in missing]


class Stale(TransitionError):  # noqa: N818
    """Another tab or person saved the page after it was opened (WF-04)."""

    def __init__(self, save: PageSave) -> None:
        super().__init__(str(save))
        self.save = save


# What must be recorded --------------------------------------------------------------------------
Requirement = Callable[[Answers], list[Words]]


def texts(questions: Iterable[Question]) -> list[Words]:
    return [question.missing or question.text for question in questions]


def notice(answers: Answers) -> list[Words]:
    """N, P and W fields, G where they apply, and the lead to talk to."""
    found = answers.missing(of_record(*NOTICE_RECORDS))
    if answers.gate_yes and answers.get("called_999") == YesNo.NO:
        return [*texts(found), gettext_lazy("Call 999 first, then come back to this")]
    return texts(found)


CLOSE_UNASKED = gettext_lazy("Select who in the safeguarding team is close to it, or “No, nobody”")


def close(answers: Answers) -> list[Words]:
    """AC-06: nobody of the team hears of it before it was asked who is close to it."""
    return [CLOSE_UNASKED] if answers.closeness_open else []


def talk(answers: Answers) -> list[Words]:
    """C1: the lead who will check it."""
    return texts(answers.missing(named("spoken_to")))


def check(answers: Answers) -> list[Words]:
    """C1 to C19, and nothing that rests on belief, dress or protest without a second lead."""
    found = texts(answers.missing(of_record("check_record")))
    return found + fair(answers) + second(answers)


def _barred(answers: Answers) -> set[int | None]:
    """Who is no second to whoever signs: agreeing with oneself is no second view, and whoever is
    close to it never hears of it."""
    record = answers.referral.check_record
    return {answers.referral.created_by_id, record.signed_by_id} | answers.excluded


NO_SECOND = gettext_lazy("The second opinion must be that of somebody else. Select another person")


def second(answers: Answers) -> list[Words]:
    """C7: of somebody else than the author and the lead; in words, as it was asked before."""
    [question] = named("second_opinion_by")
    given = answers.get("second_opinion_by") if question.is_asked(answers) else ""
    barred = isinstance(given, User) and given.pk in _barred(answers)
    return [NO_SECOND] if barred else []


def fair(answers: Answers) -> list[Words]:
    """C5: a "no" blocks SHARE, unless a second lead's agreement and the reasons are recorded."""
    if answers.get("fair_basis") != YesNo.NO:
        return []
    agrees, why = answers.get("override_by"), str(answers.get("override_reason"))
    if agrees and agrees.pk not in _barred(answers) and why.strip():
        return []
    return [
        gettext_lazy(
            "It rests on belief, practice, dress, nationality, opinion or lawful protest, "
            "so it is not shared with Prevent. Choose another route, or record a second lead "
            "who agrees and why"
        )
    ]


def refers(answers: Answers) -> list[Words]:
    """C17 says that it is shared."""
    if answers.get("decision") in (Decision.REFER, Decision.REFER_AND_ROUTE):
        return []
    return [gettext_lazy("Record the decision to refer first")]


def share(answers: Answers) -> list[Words]:
    """S1 to S11."""
    return texts(answers.missing(of_record("share")))


def own_reasons(answers: Answers) -> list[Words]:
    """The practitioner's own C6 and reasons, for (f)."""
    return texts(answers.missing(of_record("despite")))


def closes(answers: Answers) -> list[Words]:
    """C17 (d), C18 and C19."""
    found = texts(answers.missing(named("decision", "decision_reasons", "signed")))
    if answers.get("decision") != Decision.NO_CONCERN:
        found.append(gettext_lazy("Record the decision “No further concern” first"))
    return found


def other_route(answers: Answers) -> list[Words]:
    """C17 (c), C18, C19 and R1 to R4; R2 follows within two working days."""
    found = texts(answers.missing(named("decision", "decision_reasons", "signed")))
    if answers.get("decision") != Decision.OTHER_ROUTE:
        found.append(gettext_lazy("Record the decision “Another safeguarding route only” first"))
    return found + texts(answers.missing(of_record("route_record")))


ASKS = gettext_lazy("You chose to ask the referrer. Ask them, or record that it is complete enough")
ELSEWHERE = gettext_lazy(
    "You chose that it belongs to another area. Offer it to that area, or record that it is yours"
)
NOT_PROGRESS = gettext_lazy("Record the outcome “Progress to information gathering” first")
NOT_CLOSING = gettext_lazy("Record an outcome that closes it first")
ABOUT: dict[Words, str] = {
    ASKS: "complete",
    ELSEWHERE: "right_locality",
    NOT_PROGRESS: "outcome",
    NOT_CLOSING: "outcome",
}
"""The question that a sentence is about, where the sentence is not the question's own."""


def triage(answers: Answers) -> list[Words]:
    """T2 to T6; what T2 and T5 send elsewhere does not pass to the police as well."""
    found = texts(answers.missing(of_record("triage_record")))
    if answers.get("complete") == Complete.ASK:
        found.append(ASKS)
    if answers.get("right_locality") == RightLocality.TRANSFER:
        found.append(ELSEWHERE)
    return found


def gateway(answers: Answers) -> list[Words]:
    """X1 to X10."""
    return texts(answers.missing(of_record("gateway_record")))


def gateway_progress(answers: Answers) -> list[Words]:
    found = gateway(answers)
    if answers.get("outcome") != GatewayOutcome.PROGRESS:
        found.append(NOT_PROGRESS)
    return found


def gateway_closes(answers: Answers) -> list[Words]:
    found = gateway(answers)
    if answers.get("outcome") not in (GatewayOutcome.NO_CONCERN, GatewayOutcome.OTHER_SERVICES):
        found.append(NOT_CLOSING)
    return found


def later(*codes: str) -> Requirement:
    """Fields whose pages come with panel and support: until then the move waits for them."""

    def not_kept_yet(answers: Answers) -> list[Words]:
        return [
            _("%(code)s is recorded outside the portal for now") % {"code": code} for code in codes
        ]

    return not_kept_yet


def nothing(answers: Answers) -> list[Words]:
    return []


# The table of moves, line for line section 8.2 of the record -----------------------------------
@dataclass(frozen=True)
class Way:
    """Who may take a move, and what must be recorded for them to take it."""

    who: Predicate
    needs: tuple[Requirement, ...] = ()


@dataclass(frozen=True)
class Move:
    source: Status
    target: Status
    ways: tuple[Way, ...]

    def __init__(self, source: Status, target: Status, *ways: Way) -> None:
        object.__setattr__(self, "source", source)
        object.__setattr__(self, "target", target)
        object.__setattr__(self, "ways", ways)


_S = Status
_REFER = (notice, check, refers, share)
_DESPITE = Way(policy.is_author_despite_lead, (notice, own_reasons, share))

MOVES: dict[tuple[Status, Status], Move] = {
    (move.source, move.target): move
    for move in [
        Move(_S.DRAFT, _S.AGENCY_CHECK, Way(policy.is_author, (notice, talk, close))),
        Move(
            _S.DRAFT,
            _S.SUBMITTED,
            Way(policy.is_author_without_lead, (*_REFER, close)),
            Way(policy.is_author_and_lead, (*_REFER, close)),
        ),
        Move(_S.DRAFT, _S.AGENCY_CLOSED, Way(policy.is_author_and_lead, (notice, closes, close))),
        Move(
            _S.DRAFT, _S.OTHER_ROUTE, Way(policy.is_author_and_lead, (notice, other_route, close))
        ),
        Move(_S.DRAFT, _S.DISPOSED, Way(policy.is_author)),
        Move(_S.AGENCY_CHECK, _S.RETURNED, Way(policy.checks)),
        Move(
            _S.RETURNED,
            _S.AGENCY_CHECK,
            Way(policy.is_author, (notice, talk)),
            Way(policy.leads_without_author),
        ),
        Move(_S.RETURNED, _S.SUBMITTED, _DESPITE),
        Move(_S.AGENCY_CHECK, _S.AGENCY_CLOSED, Way(policy.checks, (closes,))),
        Move(_S.AGENCY_CHECK, _S.OTHER_ROUTE, Way(policy.checks, (other_route,))),
        Move(_S.AGENCY_CHECK, _S.SUBMITTED, Way(policy.checks, _REFER), _DESPITE),
        Move(_S.AGENCY_CLOSED, _S.SUBMITTED, _DESPITE),
        Move(_S.OTHER_ROUTE, _S.SUBMITTED, _DESPITE),
        Move(_S.AGENCY_CLOSED, _S.AGENCY_CHECK, Way(policy.is_author_or_leads_agency)),
        Move(_S.OTHER_ROUTE, _S.AGENCY_CHECK, Way(policy.is_author_or_leads_agency)),
        Move(_S.SUBMITTED, _S.TRIAGE, Way(policy.leads_locality)),
        Move(_S.SUBMITTED, _S.GATEWAY, Way(policy.decides_at_gateway)),
        Move(_S.SUBMITTED, _S.WITHDRAWN, Way(policy.may_withdraw)),
        Move(_S.TRIAGE, _S.QUERY, Way(policy.leads_locality_or_gateway)),
        Move(_S.GATEWAY, _S.QUERY, Way(policy.leads_locality_or_gateway)),
        Move(_S.QUERY, _S.TRIAGE, Way(policy.answers_query)),
        Move(_S.QUERY, _S.GATEWAY, Way(policy.answers_query)),
        Move(_S.TRIAGE, _S.TRANSFERRED, Way(policy.leads_locality)),
        # Row C10 adds the sender to 8.2: an offer can be taken back, and an area outside the portal
        # cannot decline here.
        Move(
            _S.TRANSFERRED,
            _S.TRIAGE,
            Way(policy.leads_receiving_locality),
            Way(policy.leads_locality),
        ),
        Move(_S.TRANSFERRED, _S.CLOSED, Way(policy.leads_locality)),
        Move(_S.TRIAGE, _S.GATEWAY, Way(policy.leads_locality_or_gateway, (triage,))),
        Move(_S.GATEWAY, _S.INFO_GATHERING, Way(policy.decides_at_gateway, (gateway_progress,))),
        Move(_S.GATEWAY, _S.CLOSED, Way(policy.decides_at_gateway, (gateway_closes,))),
        *(
            Move(source, target, Way(policy.decides_at_gateway))
            for source in sorted(BEFORE_CLOSED - HIDDEN_FROM_MOST - {_S.TRANSFERRED})
            for target in (_S.POLICE_LED, _S.INVESTIGATION_HOLD)
        ),
        Move(_S.INFO_GATHERING, _S.S36_PENDING, Way(policy.decides_at_gateway, (later("I2"),))),
        Move(
            _S.S36_PENDING,
            _S.PANEL_LISTED,
            Way(policy.supervises_or_leads_locality, (later("D1", "D2", "D3"),)),
        ),
        Move(
            _S.S36_PENDING,
            _S.CLOSED,
            Way(policy.supervises_or_leads_locality, (later("D1", "D2"),)),
        ),
        Move(_S.PANEL_LISTED, _S.PANEL_ADJOURNED, Way(policy.chairs, (later("M4"),))),
        *(
            Move(
                source,
                _S.CONSENT_PENDING,
                Way(policy.chairs, (later("M1", "M2", "M3", "M4", "A1"),)),
            )
            for source in (_S.PANEL_LISTED, _S.PANEL_ADJOURNED)
        ),
        *(
            Move(source, _S.CLOSED, Way(policy.chairs, (later("M4", "M5", "M6"),)))
            for source in (_S.PANEL_LISTED, _S.PANEL_ADJOURNED)
        ),
        Move(_S.PANEL_ADJOURNED, _S.PANEL_LISTED, Way(policy.coordinates, (later("I2"),))),
        Move(_S.CONSENT_PENDING, _S.IN_SUPPORT, Way(policy.coordinates, (later("A2", "A5"),))),
        Move(_S.CONSENT_PENDING, _S.CLOSED, Way(policy.chairs, (later("A2", "M6"),))),
        Move(_S.IN_SUPPORT, _S.IN_SUPPORT, Way(policy.chairs, (later("V1"),))),
        Move(_S.IN_SUPPORT, _S.CONSENT_PENDING, Way(policy.coordinates, (later("A2"),))),
        Move(_S.IN_SUPPORT, _S.POST_EXIT, Way(policy.chairs, (later("E1"),))),
        Move(_S.POST_EXIT, _S.IN_SUPPORT, Way(policy.chairs, (later("Z6"),))),
        Move(_S.POST_EXIT, _S.S36_PENDING, Way(policy.chairs, (later("Z6"),))),
        Move(_S.POST_EXIT, _S.CLOSED, Way(policy.chairs, (later("Z6", "Z12"),))),
        *(
            Move(source, target, Way(policy.decides_at_gateway))
            for source, target in (
                (_S.POLICE_LED, _S.GATEWAY),
                (_S.POLICE_LED, _S.PANEL_LISTED),
                (_S.INVESTIGATION_HOLD, _S.GATEWAY),
                (_S.INVESTIGATION_HOLD, _S.POLICE_LED),
            )
        ),
        # Out of sight or not, a case is closed as from the gateway: X5 to X10, X9 among them.
        *(
            Move(source, _S.CLOSED, Way(policy.decides_at_gateway, (gateway_closes,)))
            for source in (_S.POLICE_LED, _S.INVESTIGATION_HOLD)
        ),
        Move(_S.CLOSED, _S.GATEWAY, Way(policy.leads_locality_or_gateway)),
        *(
            Move(source, _S.DISPOSED, Way(policy.nobody, (later("schedule", "approvers"),)))
            for source in (_S.CLOSED, _S.AGENCY_CLOSED, _S.OTHER_ROUTE, _S.WITHDRAWN)
        ),
    ]
}


def locked(referral: Referral) -> Referral:
    """The row as it stands, locked until the transaction ends."""
    return Referral.objects.select_for_update().get(pk=referral.pk)


def stands_for(user: User, referral: Referral) -> Status:
    """Where the case stands for this person.

    What the police lead or hold goes on for everybody below police and chair as if nothing had
    happened: their moves change what is shown outwardly, and the case stays where it really is.
    """
    real = Status(referral.status)
    if real in HIDDEN_FROM_MOST and not policy.sees_real_status(user, referral):
        return Status(referral.outward_status)
    return real


def can(user: User, referral: Referral, target: Status) -> bool:
    """Whether the table and the policy allow it; what must be recorded is asked at the time."""
    move = MOVES.get((stands_for(user, referral), target))
    return move is not None and any(way.who(user, referral) for way in move.ways)


def missing_for(user: User, referral: Referral, target: Status) -> list[str]:
    """What is still to be recorded before this person may take this move, in words."""
    move = MOVES.get((stands_for(user, referral), target))
    if move is None:
        return []
    answers = Answers(referral)
    ways = [way for way in move.ways if way.who(user, referral)]
    found = [[str(one) for need in way.needs for one in need(answers)] for way in ways]
    return min(found, key=len) if found else []


def move(
    referral: Referral, to: Status, *, by: User, now: datetime, reason: str = "", **changes: Any
) -> Referral:
    """The only place where a status changes. ``referral`` is locked by the caller or here."""
    referral = locked(referral)
    source = stands_for(by, referral)
    allowed = MOVES.get((source, to))
    if allowed is None:
        raise TransitionError(f"{source} -> {to}")
    ways = [way for way in allowed.ways if way.who(by, referral)]
    if not ways:
        raise PermissionDenied
    answers = Answers(referral)
    found = [[one for need in way.needs for one in need(answers)] for way in ways]
    if all(found):
        raise NotReady(min(found, key=len))
    outward, real = referral.outward_status, referral.status
    if source == real:
        referral.status = to
    if to not in HIDDEN_FROM_MOST:
        referral.outward_status = to
    noticed = referral.outward_status != outward or to == source
    if noticed:
        referral.stage_since = now
    for field, value in changes.items():
        setattr(referral, field, value)
    referral.touched_at = now
    referral.save(update_fields=["status", "outward_status", "stage_since", "touched_at", *changes])
    if noticed:
        clocks.follow_move(referral, now=now)
    # The agency reads its own log: what the police do out of sight does not stand there.
    out_of_sight = source == real and {real, to} & HIDDEN_FROM_MOST
    events.record(
        f"referral.{to}",
        referral,
        by=by,
        agency="" if out_of_sight else agency_key(referral),
        before=str(source),
        reason=reason,
    )
    return referral


def agency_key(referral: Referral) -> str:
    return str(referral.agency_id or "")
