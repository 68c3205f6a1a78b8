"""What happened to a case, in words, from its audit events.

The log holds statuses and field names, so nothing of the case's own words stands here. What police
do out of sight is told to police and chair alone: for everybody else it leaves no line.
"""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import User
from accounts.prepared import Prepared
from audit.models import AuditEvent
from referrals.models import Referral
from referrals.questions import BY_NAME, Words
from referrals.terms import (
    HIDDEN_FROM_MOST,
    ClockKind,
    Decision,
    EscalationStep,
    RecipientKind,
    Status,
)
from ui import dates

ANSWERED = "referral.answered"
OF_THE_AGENCY = frozenset({"monitoring", "route_record"})
"""Records that no case page shows: ethnic group, and other help than Prevent."""
PROPER = ("Universal Referral Form",)
LOOKS = ("referral.viewed", "referral.searched")
"""Looks are listed apart, with who looked and when."""
AFTER: dict[tuple[str, str], Words] = {
    ("submitted", "triage"): lazy("Acknowledged by the Prevent lead."),
    ("submitted", "gateway"): lazy("Taken to the gateway by the police."),
    ("query", "triage"): lazy("Answered by the referrer."),
    ("query", "gateway"): lazy("Answered by the referrer."),
    ("transferred", "triage"): lazy("The other area has answered the offer."),
    ("transferred", "closed"): lazy("Taken over by an area outside the portal. Closed here."),
    ("triage", "gateway"): lazy("Passed to the police gateway."),
    ("closed", "gateway"): lazy("Opened again at the gateway: something is new."),
}
"""Moves whose words depend on where the case came from."""
MOVES: dict[str, Words] = {
    "submitted": lazy("Shared."),
    "triage": lazy("Back at triage."),
    "query": lazy("The referrer was asked for more."),
    "gateway": lazy("Back at the gateway."),
    "info_gathering": lazy("Progressed: information is wanted from other agencies."),
    "s36_pending": lazy("A decision on the panel is due."),
    "panel_listed": lazy("Listed for the Channel panel."),
    "panel_adjourned": lazy("Panel adjourned."),
    "consent_pending": lazy("Adopted. Consent is being asked."),
    "in_support": lazy("In support."),
    "post_exit": lazy("Support has ended. Reviews follow."),
    "police_led": lazy("Led by the police from here. Nobody else is told."),
    "investigation_hold": lazy("Held for an investigation. Nobody else is told."),
    "withdrawn": lazy("Taken back by the agency."),
    "transferred": lazy("Offered to another area."),
    "closed": lazy("Closed."),
}
TOGETHER = timedelta(hours=1)
"""Changes of one person that follow each other so closely are one line."""
ACTS: dict[str, Words] = {
    "started": lazy("Recorded."),
    "despite_begun": lazy("The author refers, although the lead sees it otherwise."),
    "triage_record_saved": lazy("Triage answers saved."),
    "gateway_record_saved": lazy("Gateway answers saved."),
    "taken": lazy("Took the case."),
    "handed_to": lazy("Handed the case to a colleague."),
    "owner_changed": lazy("Came to a colleague: the holder is away or has left."),
    "feedback_given": lazy("Gave feedback to the referrer."),
    "message_written": lazy("Wrote a message."),
    "added_to": lazy("Added to the referral."),
    "file_added": lazy("Added a file."),
    "file_removed": lazy("Removed a file."),
    "news_asked": lazy("The referrer asked for news."),
}
OF_POLICE = frozenset({"gateway_record_saved"})
AT_POLICE = frozenset({Status.GATEWAY, Status.INFO_GATHERING})
POLICE_CLOCKS = frozenset({ClockKind.GATEWAY, ClockKind.STAGE})
"""Promises of the police, while it is with them: for others they rest."""
OF_HOLDERS = frozenset({"taken", "handed_to", "owner_changed"})

KINDS: dict[str, Words] = {
    **{f"referral.{kind}": words for kind, words in (MOVES | ACTS).items()},
    "referral.viewed": lazy("Opened a case"),
    "referral.file_opened": lazy("Opened a file"),
    "referral.file_clean": lazy("A file was checked: no virus"),
    "referral.file_infected": lazy("A file had a virus and was destroyed"),
    "referral.file_not_scanned": lazy("A file could not be checked for viruses"),
    "referral.searched": lazy("Searched by name"),
    "referral.agency_check": lazy("Handed to the safeguarding lead"),
    "referral.returned": lazy("Asked the author for more"),
    "referral.answered_lead": lazy("Answered the safeguarding lead"),
    "referral.agency_closed": lazy("Closed in the agency: no further concern"),
    "referral.other_route": lazy("Sent another route"),
    "referral.disposed": lazy("Disposed of"),
    "referral.check_decided": lazy("Decided the check"),
    "referral.agency_known": lazy("Came to the author's agency, which confirmed them"),
    "referral.one_walk_left": lazy("To be checked by another lead"),
    "referral.closeness_asked": lazy("Said who is close to the concern"),
    "referral.route_recorded": lazy("Recorded the other route"),
    "referral.note_written": lazy("Wrote a note"),
    "referral.colleague_asked": lazy("Asked a colleague to take the check"),
    "referral.answered": lazy("Changed answers"),
    "referral.rung": lazy("Told somebody by telephone"),
    "referral.received": lazy("Confirmed receipt"),
    "disposal.proposed": lazy("Proposed that a case be deleted"),
    "disposal.signed": lazy("Signed that a case be deleted"),
    "disposal.stopped": lazy("Stopped the deletion of a case"),
    "hold.set": lazy("Put a case on hold: it is not deleted"),
    "hold.lifted": lazy("Lifted the hold of a case"),
    "clock.escalated": lazy("A promise was due or late"),
}
"""What the access log calls these events."""


@dataclass(frozen=True)
class Line:
    what: str
    at: datetime
    who: str
    state: str = "is-done"


def of_case(referral: Referral, *, user: User, real: bool) -> list[Line]:
    """The timeline of a case as this person is shown it, newest first: one query."""
    return lines(_HAPPENED(case=referral.pk), user=user, real=real)


def _happened(case: uuid.UUID) -> QuerySet[AuditEvent]:
    happened = AuditEvent.objects.about(case).exclude(kind__in=LOOKS)
    return happened.select_related("person")


_HAPPENED = Prepared(_happened)


def lines(happened: Iterable[AuditEvent], *, user: User, real: bool) -> list[Line]:
    """Events, oldest first, as lines, newest first; the newest one is where it stands.

    Whoever acted is named, also where they were kept out since: to leave out that one name would
    tell every reader who is close to the person (AC-06).
    """
    found = [
        Line(what=str(words), at=event.at, who=_who(event, user))
        for event, words in _told(_together(happened), user, real=real)
    ]
    found.reverse()
    if found:
        found[0] = Line(found[0].what, found[0].at, found[0].who, "is-now")
    return found


def _together(happened: Iterable[AuditEvent]) -> Iterator[AuditEvent]:
    """The events, with changes of answers by the same person one after another as one."""
    last: AuditEvent | None = None
    for event in happened:
        if last is not None:
            if (
                event.kind == last.kind
                and event.person_id == last.person_id
                and event.at - last.at <= TOGETHER
            ):
                names = [*last.detail.get("fields", []), *event.detail.get("fields", [])]
                event.detail = {**event.detail, "fields": names}  # of this copy, never saved
            else:
                yield last
        last = event if event.kind == ANSWERED else None
        if last is None:
            yield event
    if last is not None:
        yield last


def _told(
    happened: Iterable[AuditEvent], user: User, *, real: bool
) -> Iterator[tuple[AuditEvent, Words]]:
    """The events that may be told, with their words; follows what was shown outwardly."""
    outward, out_of_sight = "", False
    for event in happened:
        area, _dot, kind = event.kind.partition(".")
        before = str(event.detail.get("before", ""))
        if area == "referral" and kind in Status.values:
            unchanged = kind == outward and before in HIDDEN_FROM_MOST
            if kind in HIDDEN_FROM_MOST:
                out_of_sight = True
                if real:
                    yield event, MOVES[kind]
                continue
            if before in HIDDEN_FROM_MOST:
                out_of_sight = False
            outward = kind
            if unchanged and not real:
                continue
        if not real and (
            kind in OF_POLICE
            or (outward in AT_POLICE and event.detail.get("clock") in POLICE_CLOCKS)
            or (out_of_sight and kind in OF_HOLDERS and event.person_id != user.pk)
        ):
            continue
        words = _words(area, kind, before, event.detail)
        if words:
            yield event, words


def _words(area: str, kind: str, before: str, detail: dict[str, Any]) -> Words:
    """What a line says; empty for what is the agency's own affair, or nobody's."""
    if area == "clock":
        return _late(detail)
    if kind == "check_decided":
        decision = str(detail.get("decision", ""))
        if decision not in Decision.values:
            return ""
        return _("Checked: %(decision)s.") % {"decision": Decision(decision).label}
    if kind == "answered":
        return _changed(detail.get("fields", []))
    if kind in ("rung", "received"):
        return _told_to(kind, str(detail.get("recipient", "")))
    return AFTER.get((before, kind)) or MOVES.get(kind) or ACTS.get(kind) or ""


def _changed(names: Iterable[str]) -> str:
    """Which answers, never what they said; empty where only the agency's own affair changed."""
    asked = [BY_NAME[name] for name in dict.fromkeys(names) if name in BY_NAME]
    words = [str(one.short) for one in asked if one.record not in OF_THE_AGENCY]
    if not words:
        return ""
    told = [each if each.startswith(PROPER) else each[:1].lower() + each[1:] for each in words]
    return _("Changed: %(answers)s.") % {"answers": ", ".join(told)}


def _late(detail: dict[str, Any]) -> str:
    kind, step = str(detail.get("clock", "")), str(detail.get("step", ""))
    if kind not in ClockKind.values or step not in EscalationStep.values:
        return ""
    said = {
        EscalationStep.RED: lazy("Late: %(promise)s."),
        EscalationStep.DEPUTY: lazy("Late: %(promise)s. The deputy was told."),
        EscalationStep.SENIOR: lazy("Late: %(promise)s. The senior lead was told."),
    }.get(EscalationStep(step))
    return str(said) % {"promise": str(ClockKind(kind).label).lower()} if said else ""


def _told_to(kind: str, recipient: str) -> str:
    if recipient not in RecipientKind.values:
        return ""
    place = {"body": RecipientKind(recipient).label}
    if kind == "rung":
        return _("Told by telephone: %(body)s.") % place
    return _("%(body)s: has confirmed that it has it.") % place


def _who(event: AuditEvent, user: User) -> str:
    if event.person_id is None:
        return ""
    return _("You") if event.person_id == user.pk else str(event.person)


def overtaken_by(referral: Referral, *, user: User, real: bool) -> str:
    """Who was first, and when: "Imran Siddiq took this case at 9:12am." Empty if nobody was."""
    recent = list(
        AuditEvent.objects.about(referral.pk).exclude(kind__in=LOOKS).select_related("person")
    )
    told = [event for event, _said in _told(recent, user, real=real)]
    event = next((e for e in reversed(told) if e.person_id), None)
    if event is None or event.person_id == user.pk:
        return ""
    kind, before = event.kind.partition(".")[2], event.detail.get("before", "")
    took = kind == "taken" or before == Status.SUBMITTED
    said = _("%(name)s took this case %(when)s.") if took else _("%(name)s was first %(when)s.")
    return said % {"name": event.person, "when": _when(event.at)}


def _when(moment: datetime) -> str:
    if timezone.localdate(moment) == timezone.localdate():
        return _("at %(time)s") % {"time": dates.time_of_day(moment)}
    return _("on %(moment)s") % {"moment": dates.moment(moment)}
