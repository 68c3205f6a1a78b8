"""Promises and their escalation. Time is an argument; nothing here sleeps.

Every clock is a row with a due moment in working days of the locality, or clock hours in an
emergency. ``run_due`` is called every minute and takes each step of an escalation once.
"""

import logging
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from agencies import people, workdays
from agencies.models import Locality
from agencies.terms import AGENCY_LEADS, POLICE, PREVENT, Role
from audit import events
from referrals import notices, policy
from referrals.models import Clock, ClockRule, Escalation, Referral
from referrals.terms import HIDDEN_FROM_MOST, ClockKind, EscalationStep, Status, Urgency
from ui import clocks as looks
from ui import dates

DEFAULT_DAYS = {
    ClockKind.CHECK: 1,
    ClockKind.AUTHOR_ANSWER: 1,
    ClockKind.ROUTE_SENT: 2,
    ClockKind.LOOK_AGAIN: 20,
    ClockKind.ACKNOWLEDGE: 1,
    ClockKind.TRIAGE: 1,
    ClockKind.REFERRER_ANSWER: 2,
    ClockKind.ACCEPT_TRANSFER: 1,
    ClockKind.GATEWAY: 5,
    ClockKind.FEEDBACK: 5,
    ClockKind.PRACTICE: 20,
    ClockKind.STAGE: 10,
    ClockKind.OUT_OF_HOURS: 1,
}
"""Working days (section 8.2); a ``ClockRule`` row replaces a default."""
EMERGENCY_HOURS = {
    ClockKind.ACKNOWLEDGE: 1,
    ClockKind.CHECK: 1,
    ClockKind.OUT_OF_HOURS: 1,
}
"""Clock hours, where 999 was called."""
OF_STATUS = {
    Status.AGENCY_CHECK: ClockKind.CHECK,
    Status.RETURNED: ClockKind.AUTHOR_ANSWER,
    Status.OTHER_ROUTE: ClockKind.ROUTE_SENT,
    Status.SUBMITTED: ClockKind.ACKNOWLEDGE,
    Status.TRIAGE: ClockKind.TRIAGE,
    Status.QUERY: ClockKind.REFERRER_ANSWER,
    Status.TRANSFERRED: ClockKind.ACCEPT_TRANSFER,
    Status.GATEWAY: ClockKind.GATEWAY,
    Status.INFO_GATHERING: ClockKind.STAGE,
    Status.S36_PENDING: ClockKind.STAGE,
    Status.PANEL_LISTED: ClockKind.STAGE,
    Status.PANEL_ADJOURNED: ClockKind.STAGE,
    Status.CONSENT_PENDING: ClockKind.STAGE,
    Status.IN_SUPPORT: ClockKind.STAGE,
    Status.POST_EXIT: ClockKind.STAGE,
}
STAGE_CLOCKS = frozenset(OF_STATUS.values()) - {ClockKind.ROUTE_SENT}
"""They end with their stage. What is still to be sent by hand (R2) outlives an acknowledgement."""
OF_REFERRER = frozenset(
    {
        ClockKind.CHECK,
        ClockKind.ROUTE_SENT,
        ClockKind.LOOK_AGAIN,
        ClockKind.AUTHOR_ANSWER,
        ClockKind.REFERRER_ANSWER,
    }
)
"""Promises of the agency's side."""
WITH_POLICE = frozenset({Status.GATEWAY, Status.INFO_GATHERING})
"""Where the promise is of the police alone. For anybody else such a promise rests once it is due:
a case that the police lead or hold stays there for long, and must look like any other."""
logger = logging.getLogger("referrals")
MINUTES_SAID = 120
"""Up to here a span is said in minutes, then in whole hours."""


def place_of(referral: Referral) -> Locality:
    """Whose working days count: the locality that has it, before that the agency's."""
    if referral.locality is not None:
        return referral.locality
    return referral.agency.locality if referral.agency else Locality.objects.default()


def days_of(kind: ClockKind) -> int:
    """Working days of a promise: the rule of the back office, else its default."""
    found = ClockRule.objects.filter(kind=kind).values_list("working_days", flat=True).first()
    return DEFAULT_DAYS[kind] if found is None else found


def start(
    referral: Referral,
    kind: ClockKind,
    *,
    now: datetime,
    working_days: int | None = None,
    due: datetime | None = None,
    since: datetime | None = None,
) -> Clock:
    """Start a promise; one of a kind runs at a time.

    Args:
        since: from when its days count, where that was before now.
        working_days: instead of the rule's.
        due: a moment that somebody chose (R5), instead of a span.
    """
    rule = ClockRule.objects.filter(kind=kind).first()
    days = working_days if working_days is not None else DEFAULT_DAYS[kind]
    hours = EMERGENCY_HOURS.get(kind)
    if rule is not None and working_days is None:
        days, hours = rule.working_days, rule.emergency_hours or hours
    place, since = place_of(referral), since or now
    in_hours = hours if referral.emergency and due is None else None
    if due is None:
        due = (
            workdays.due_in_hours(since, in_hours)
            if in_hours
            else workdays.due_at(since, days, place)
        )
    due = max(due, now)
    return Clock.objects.create(
        referral=referral,
        kind=kind,
        started_at=since,
        amber_at=workdays.amber_at(since, due),
        due_at=due,
        promised_days=None if in_hours else days,
        promised_hours=in_hours,
    )


def stop(referral: Referral, kinds: Iterable[ClockKind], *, now: datetime) -> int:
    """Stop promises that are kept or no longer wanted; their reminders stop with them."""
    unfinished = Clock.objects.unfinished().filter(referral=referral, kind__in=list(kinds))
    stopped = list(unfinished.values_list("pk", flat=True))
    unfinished.update(stopped_at=now)
    for pk in stopped:
        notices.stop_reminders(pk)
    return len(stopped)


def pause(referral: Referral, kinds: Iterable[ClockKind], *, now: datetime) -> int:
    """Promises rest while a question awaits its answer: nobody is reminded of them meanwhile."""
    running = Clock.objects.running().filter(referral=referral, kind__in=list(kinds))
    paused = list(running.values_list("pk", flat=True))
    running.update(paused_at=now)
    for pk in paused:
        notices.stop_reminders(pk)
    return len(paused)


def resume(clock: Clock, *, now: datetime) -> Clock:
    """Go on with a promise that rested, with the time that was left of it.

    Working time of the locality, or clock hours in an emergency: what was left at the pause is
    left now. What was late stays as late as it was; a warning whose moment had come is not given
    again. Steps already told belong to this clock, so they are not told twice.
    """
    since, place = clock.paused_at, place_of(clock.referral)
    if since is None:
        return clock
    rested = workdays.working_days_between(
        timezone.localdate(since), timezone.localdate(now), place
    )

    def carried(moment: datetime) -> datetime:
        if clock.promised_hours:
            return moment + (now - since)
        if moment > since:
            left = workdays.working_time_between(since, moment, place)
            return workdays.add_working_time(now, left, place)
        local = moment.astimezone(workdays.LOCAL)
        day = workdays.add_working_days(local.date(), rested, place)
        return min(datetime.combine(day, local.timetz()), now)

    clock.due_at = carried(clock.due_at)
    if clock.amber_at > since:
        clock.amber_at = carried(clock.amber_at)
    clock.paused_at = None
    clock.paused_days += rested
    clock.save(update_fields=["due_at", "amber_at", "paused_at", "paused_days"])
    return clock


def rest_for_police(referral: Referral, *, now: datetime) -> None:
    """Police-led or held: the police's own promise rests, beside the one that others are shown.

    What is shown goes on as if nothing had happened (section 11). The police alone count from a
    hidden copy, and have the time back that was left of it.
    """
    referral.police_due_at = None
    referral.save(update_fields=["police_due_at"])
    kind = OF_STATUS.get(Status(referral.outward_status))
    ours = Clock.objects.unfinished().filter(referral=referral, kind=kind)
    if ours.filter(hidden=True).exists():
        ours.filter(hidden=True, paused_at__isnull=True).update(paused_at=now)
        return
    shown = ours.filter(paused_at__isnull=True).first()
    if shown is None or referral.outward_status not in WITH_POLICE:
        return
    told = list(shown.escalations.values_list("step", "at"))
    shown.pk, shown._state.adding = None, True
    shown.hidden, shown.paused_at = True, now
    shown.save()
    # What they were told of it already is not told again.
    Escalation.objects.bulk_create(Escalation(clock=shown, step=step, at=at) for step, at in told)


def resume_for_police(referral: Referral, *, now: datetime) -> None:
    """It is with the police again: they go on with the working time that was left."""
    hidden = Clock.objects.unfinished().filter(referral=referral, hidden=True)
    referral.police_due_at = None
    if referral.outward_status not in WITH_POLICE:  # nothing is left to count from
        hidden.update(stopped_at=now)
    else:
        for clock in hidden:
            clock.referral = referral
            referral.police_due_at = resume(clock, now=now).due_at
    referral.save(update_fields=["police_due_at"])


def follow_move(referral: Referral, *, now: datetime) -> None:
    """After a move: the old stage's promise ends, the new stage's begins.

    A question to the referrer only pauses it, and the answer goes on with it. Called only when
    the outward status changed, so that police-led work moves no clock.
    """
    kind = OF_STATUS.get(Status(referral.outward_status))
    resting, referral.police_due_at = None, None
    if referral.outward_status != Status.SUBMITTED:
        stop(referral, [ClockKind.OUT_OF_HOURS], now=now)  # whoever took it up has been told
    if kind == ClockKind.REFERRER_ANSWER:
        pause(referral, STAGE_CLOCKS, now=now)
    else:
        paused = Clock.objects.unfinished().filter(referral=referral, paused_at__isnull=False)
        resting = paused.filter(kind=kind, hidden=False).first() if kind else None
        stop(referral, STAGE_CLOCKS - ({kind} if resting else set()), now=now)
    if resting is not None:
        resting.referral = referral
        clock: Clock | None = resume(resting, now=now)
        if referral.status not in HIDDEN_FROM_MOST:
            resume_for_police(referral, now=now)
    else:
        clock = start(referral, kind, now=now, working_days=_days_for(referral)) if kind else None
    referral.due_at = clock.due_at if clock else None
    referral.paused = referral.outward_status == Status.QUERY
    referral.save(update_fields=["due_at", "police_due_at", "paused"])


def _days_for(referral: Referral) -> int | None:
    """Working days of a stage where they are not those of its kind of promise."""
    status = Status(referral.outward_status)
    if status == Status.SUBMITTED and referral.share.urgency == Urgency.SAME_DAY:
        return 0
    if status == Status.TRANSFERRED and referral.offered_to_id is None:
        return int(settings.OUTSIDE_AREA_DAYS)
    days: int | None = settings.STAGE_DAYS.get(status)
    return days


def _day(moment: datetime) -> date:
    """The day where promises are kept."""
    return moment.astimezone(workdays.LOCAL).date()


def in_words(clock: Clock, *, now: datetime, stage: str = "", ours: bool = False) -> looks.Clock:
    """How a promise stands, as every page shows it: a word, a weekday and date, and its days.

    ``clock.referral`` gives place and emergency; nothing is asked of the database when it was
    read with its locality.

    Args:
        stage: what its days are counted of, instead of the words of its kind.
        ours: whether whoever reads it is the one that is waited for.
    """
    referral = clock.referral
    place = place_of(referral)
    today = _day(now)
    days = _days(clock, now=now, stage=stage or str(clock.get_kind_display()))

    def look(state: looks.State, words: str) -> looks.Clock:
        return looks.Clock(state=state, words=words, **days)

    if clock.stopped_at is not None:
        gone, promised = days["days_gone"] + days["over"], max(1, days["days_promised"])
        said = ngettext(
            "Done in %(gone)s of %(promised)s working day",
            "Done in %(gone)s of %(promised)s working days",
            promised,
        )
        return look("done", said % {"gone": max(1, gone), "promised": promised})
    if clock.kind == ClockKind.REFERRER_ANSWER and not ours:
        waiting_for = referral.agency.name if referral.agency else referral.created_by.name
        return look("paused", _("Paused: waiting for %(who)s") % {"who": waiting_for})
    late = _late(clock.due_at, now, place)
    if clock.kind == ClockKind.ACKNOWLEDGE and referral.emergency:
        if now < clock.due_at:
            how = _("%(time)s left") % {"time": span(clock.due_at - now)}
        elif late:
            how = _("%(time)s late") % {"time": late}
        else:
            how = _("Late since %(day)s") % {"day": dates.day(clock.due_at, today)}
        return look("999", _("999: confirm that police have it. %(how)s") % {"how": how})
    if now >= clock.due_at:
        if late:
            return look("late", _("Late by %(time)s") % {"time": late})
        return look("late", _("Late since %(day)s") % {"day": dates.day(clock.due_at, today)})
    if _day(clock.due_at) == today:
        by = dates.time_of_day(clock.due_at)
        return look("today", _("Due today, by %(time)s") % {"time": by})
    due = _("Due %(day)s") % {"day": dates.day(clock.due_at, today)}
    return look("today" if clock.amber_at <= now else "due", due)


def _late(due: datetime, now: datetime, place: Locality) -> str:
    """How late, in words: within a day by the hour; empty while no working day has passed since."""
    if _day(due) == _day(now):
        return span(now - due)
    days = workdays.working_days_between(_day(due), _day(now), place)
    if not days:
        return ""
    return ngettext("%(n)s working day", "%(n)s working days", days) % {"n": days}


def _days(clock: Clock, *, now: datetime, stage: str) -> dict[str, Any]:
    """Working days used and promised, as boxes and in words: "Triage, day 2 (promised in 1)".

    What arrives today is due at the end of the next working day: both are day 1 of 1.
    """
    promised = clock.promised_days or 0
    if not promised:
        return {"days_words": stage}
    place = place_of(clock.referral)
    start = clock.started_at.astimezone(workdays.LOCAL)
    first = start.date()
    if not workdays.is_working_day(first, place) or start.time() >= place.day_ends:
        first = workdays.next_working_day(first, place)
    end = _day(clock.paused_at or clock.stopped_at or now)
    used = max(1, workdays.working_days_between(first, end, place) - clock.paused_days)
    if clock.stopped_at is None and (clock.paused_at or now) < clock.due_at:
        used = min(used, promised)  # what was carried over may end within a day
    over = max(0, used - promised)
    said = (
        _("%(stage)s, day %(day)s (promised in %(days)s)")
        if over
        else _("%(stage)s, day %(day)s of %(days)s")
    )
    return {
        "days_gone": min(used, promised),
        "days_promised": promised,
        "over": over,
        "days_words": said % {"stage": stage, "day": used, "days": promised},
    }


def span(time: timedelta) -> str:
    """ "35 minutes", "3 hours"."""
    minutes = max(1, int(time.total_seconds() // 60))
    if minutes < MINUTES_SAID:
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    hours = minutes // 60
    return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}


def owners(clock: Clock) -> list[User]:
    """Whose promise it is: the people who are told first. Never empty while anyone holds a role."""
    found = _free(clock, _owners(clock.kind, clock.referral))
    # Where all of those are close to it, whoever stands in for them; else who is left, though away.
    found = found or deputies(clock, EscalationStep.DEPUTY)
    return found or deputies(clock, EscalationStep.SENIOR) or _free(clock, _team(clock))


def _team(clock: Clock) -> list[User]:
    """Everybody of the place whose promise it is, away or not."""
    place = place_of(clock.referral)
    if clock.kind == ClockKind.ACCEPT_TRANSFER and clock.referral.offered_to is not None:
        place = clock.referral.offered_to
    return people.holders(place, POLICE if _of_police(clock) else PREVENT)


def _free(clock: Clock, persons: Iterable[User]) -> list[User]:
    """Those who may hear of it: not close to the concern, and still with an account."""
    out = set(clock.referral.exclusions.values_list("person_id", flat=True))
    free = [one for one in persons if one.pk not in out and one.is_active]
    if any(policy.wrote(one, clock.referral) for one in free) and policy.author_left(
        clock.referral
    ):
        free = [one for one in free if not policy.wrote(one, clock.referral)]
    return free


def _owners(kind: str, referral: Referral) -> list[User]:
    place = place_of(referral)
    lead = _present(referral.lead, referral, policy.leads_agency)
    if kind in (ClockKind.CHECK, ClockKind.ROUTE_SENT, ClockKind.LOOK_AGAIN):
        return lead or _leads(referral) or [referral.created_by]
    if kind == ClockKind.AUTHOR_ANSWER:
        return (lead or _leads(referral)) if policy.author_left(referral) else [referral.created_by]
    if kind == ClockKind.REFERRER_ANSWER:
        return lead or _leads(referral) or [referral.submitted_by or referral.created_by]
    if kind == ClockKind.OUT_OF_HOURS:
        return [referral.submitted_by or referral.created_by]
    if kind == ClockKind.ACCEPT_TRANSFER and referral.offered_to is not None:
        return people.on_duty(referral.offered_to, Role.PREVENT_LEAD, Role.PREVENT_DEPUTY)
    officer = _present(referral.officer, referral, policy.decides_at_gateway)
    if kind == ClockKind.GATEWAY:
        return officer or people.on_duty(place, *POLICE)
    prevent = _present(referral.holder, referral, policy.leads_locality) or people.on_duty(
        place, Role.PREVENT_LEAD, Role.PREVENT_DEPUTY, Role.PREVENT_SENIOR
    )
    if kind == ClockKind.STAGE:
        status = Status(referral.outward_status)
        if status == Status.INFO_GATHERING:
            return officer or people.on_duty(place, *POLICE)
        if status == Status.S36_PENDING:
            return prevent + people.holders(place, [Role.GATEWAY_SUPERVISOR])
        return people.holders(place, [Role.CHANNEL_CHAIR, Role.CHANNEL_COORDINATOR]) or prevent
    if kind == ClockKind.ACKNOWLEDGE and referral.emergency:
        return prevent + people.on_duty(place, *POLICE)
    return prevent


def _present(person: User | None, referral: Referral, may: policy.Predicate) -> list[User]:
    """The person, unless they left, lost the role or are away: then it goes to whoever covers."""
    if person is None or not person.is_active or people.is_away(person):
        return []
    return [person] if may(person, referral) else []


def leads_now(referral: Referral, lead: User | None) -> list[User]:
    """The lead who checked it, or whoever covers for them today."""
    return _present(lead, referral, policy.leads_agency) or _leads(referral)


def _leads(referral: Referral) -> list[User]:
    return people.on_duty(referral.agency, *AGENCY_LEADS) if referral.agency else []


def deputies(clock: Clock, step: EscalationStep) -> list[User]:
    """Who is told when the owner is late: the deputy, then the senior lead."""
    referral, place = clock.referral, place_of(clock.referral)
    first = step == EscalationStep.DEPUTY
    prevent = [Role.PREVENT_DEPUTY] if first else [Role.PREVENT_SENIOR]
    if clock.kind in OF_REFERRER:
        waits_for_author = clock.kind in (ClockKind.AUTHOR_ANSWER, ClockKind.REFERRER_ANSWER)
        order = [Role.LEAD, Role.DEPUTY_LEAD] if waits_for_author else [Role.DEPUTY_LEAD, Role.LEAD]
        roles = order if first else [Role.SENIOR_LEAD]
        found = people.holders(referral.agency, roles) if referral.agency else []
        if clock.kind == ClockKind.REFERRER_ANSWER:
            # Whoever asked learns that no answer came; the referrer may have nobody above them.
            found += _owners(_asked_by(referral), referral)
    elif _of_police(clock):
        found = people.holders(place, [Role.GATEWAY_SUPERVISOR])
    elif clock.kind == ClockKind.ACCEPT_TRANSFER and referral.offered_to is not None:
        found = people.holders(referral.offered_to, prevent) + people.holders(place, prevent)
    else:
        found = people.holders(place, prevent)
        if clock.kind in (ClockKind.ACKNOWLEDGE, ClockKind.OUT_OF_HOURS) and referral.emergency:
            found += people.holders(place, [Role.GATEWAY_SUPERVISOR])
    return _free(clock, found)


def _of_police(clock: Clock) -> bool:
    """Nobody else is ever reminded of it."""
    gathering = clock.referral.outward_status == Status.INFO_GATHERING
    return clock.kind == ClockKind.GATEWAY or (clock.kind == ClockKind.STAGE and gathering)


def _asked_by(referral: Referral) -> ClockKind:
    return ClockKind.GATEWAY if referral.asked_from == Status.GATEWAY else ClockKind.TRIAGE


def steps_due(clock: Clock, now: datetime) -> list[EscalationStep]:
    """The steps of the escalation whose moment has come, in order."""
    place = place_of(clock.referral)

    def late_by(n: int) -> datetime:
        if clock.promised_hours:
            return workdays.due_in_hours(clock.due_at, n)
        return workdays.due_at(clock.due_at, n, place)

    moments = [
        (EscalationStep.AMBER, clock.amber_at),
        (EscalationStep.RED, clock.due_at),
        (EscalationStep.DEPUTY, late_by(settings.DEPUTY_TOLD_DAYS)),
        (EscalationStep.SENIOR, late_by(settings.SENIOR_TOLD_DAYS)),
    ]
    return [step for step, moment in moments if moment <= now]


@transaction.atomic
def escalate(clock_pk: int, *, now: datetime) -> int:
    """Take the steps of one clock that are due and not yet taken; each exactly once (WF-13)."""
    clock = (
        Clock.objects.running()
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("referral__agency__locality", "referral__locality")
        .filter(pk=clock_pk)
        .first()
    )
    if clock is None or (_of_police(clock) and _counted_elsewhere(clock)):
        return 0
    taken = set(clock.escalations.values_list("step", flat=True))
    fresh = [step for step in steps_due(clock, now) if step not in taken]
    for step in fresh:
        Escalation.objects.create(clock=clock, step=step, at=now)
    if fresh:
        # After a night without a worker only the last step is told: no storm of stale warnings.
        _tell(clock, fresh[-1])
        events.record(
            "clock.escalated", clock.referral, by=None, clock=clock.kind, step=fresh[-1].value
        )
    return len(fresh)


def _counted_elsewhere(clock: Clock) -> bool:
    """The police lead or hold it, so their promise rests; or they did, and count from another."""
    if clock.referral.status in HIDDEN_FROM_MOST:
        return True
    ours = Clock.objects.unfinished().filter(referral=clock.referral_id, hidden=True)
    return not clock.hidden and ours.exists()


def _tell(clock: Clock, step: EscalationStep) -> None:
    told = {person.pk: person for person in owners(clock)}
    if step == EscalationStep.RED and clock.kind == ClockKind.AUTHOR_ANSWER:
        # After its one working day the lead is reminded (section 8.2), not only the author.
        told |= {one.pk: one for one in _free(clock, _owners(ClockKind.CHECK, clock.referral))}
    if step in (EscalationStep.DEPUTY, EscalationStep.SENIOR):
        told |= {person.pk: person for person in deputies(clock, EscalationStep.DEPUTY)}
    if step == EscalationStep.SENIOR:
        told |= {person.pk: person for person in deputies(clock, EscalationStep.SENIOR)}
    for person in told.values():
        notices.clock_reminder(clock, step, person)


def run_due(now: datetime) -> int:
    """Escalate every clock whose next step has come. Safe to run twice, and at once."""
    due = (
        Clock.objects.running()
        .filter(amber_at__lte=now)
        .exclude(escalations__step=EscalationStep.SENIOR)
        .order_by("amber_at")
        .values_list("pk", flat=True)
    )
    return sum(_escalate_alone(pk, now=now) for pk in list(due))


def _escalate_alone(clock_pk: int, *, now: datetime) -> int:
    """One clock; a fault in it leaves the others running. Its words may be those of a case."""
    try:
        return escalate(clock_pk, now=now)
    except Exception as fault:
        logger.error("Escalation of clock %s: %s", clock_pk, type(fault).__name__)
        return 0
