"""``/referrals/``: what waits for the person who asks, by what they do; the queue of a locality."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import cache
from typing import Any, cast
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest
from accounts.models import User
from agencies import people, workdays
from agencies.models import Locality, Membership
from agencies.terms import AGENCY_LEADS, PREVENT, Role, Sector
from referrals import clocks, promises, queue
from referrals.models import Clock, Recipient, Referral
from referrals.standing import Serves, Standing
from referrals.terms import (
    EDITABLE_BY_AUTHOR,
    FROM_PANEL,
    SHARED,
    ClockKind,
    Status,
)
from referrals.views.search import search_form
from ui import clocks as looks
from ui import dates

SHORT = 10
"""Rows of a list that has a page of its own."""
MOST_WORK = 100
"""Rows of a lead's own work on one page: more than anybody can hold."""
PEOPLE = ("agency__locality", "locality", "lead", "created_by")
LEADS_TURN = [Status.AGENCY_CHECK, Status.RETURNED, Status.QUERY]
OWN_CLOCKS = {
    Status.AGENCY_CHECK: (ClockKind.CHECK,),
    Status.RETURNED: (ClockKind.AUTHOR_ANSWER,),
    Status.OTHER_ROUTE: (ClockKind.ROUTE_SENT, ClockKind.LOOK_AGAIN),
    Status.QUERY: (ClockKind.REFERRER_ANSWER,),
}


# Lines ----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Line:
    """One case in a list of the agency's side, in words."""

    referral: Referral
    who: str
    status: str
    clock: looks.Clock | None
    act: str
    holder: str
    is_new: bool
    url: str = ""
    """Where the act is, if not on the case's own page."""


@dataclass(frozen=True)
class Group:
    """A heading and its lines."""

    anchor: str
    title: str
    lines: Sequence[Line]


def lines_of(referrals: Sequence[Referral], *, user: User, now: datetime) -> list[Line]:
    """Lines in words: four queries for all of them."""
    pks = [referral.pk for referral in referrals]
    if not pks:
        return []
    names = queue.who_of(referrals)
    running = promises.running_clocks(pks)
    fresh = queue.new_to(user, pks)
    left = _left_by_author(referrals)
    found = []
    for referral in referrals:
        word = referral.status_word
        status = Status(referral.outward_status)
        found.append(
            Line(
                referral=referral,
                who=names[referral.pk].words if referral.pk in names else "",
                status=str(word.label if word else status.label),
                clock=_clock(referral, status, running.get(referral.pk, []), now),
                act=_("Take it back to the check")
                if referral.pk in left
                else _act(referral, status, user),
                holder=_("The author has left: it is yours to take back")
                if referral.pk in left
                else _holder(referral, status, user),
                is_new=referral.pk in fresh and status != Status.DRAFT,
            )
        )
    return found


def _left_by_author(referrals: Iterable[Referral]) -> set[uuid.UUID]:
    """Concerns that wait for an author who is gone: no query where none waits for its author."""
    waiting = [one for one in referrals if one.outward_status == Status.RETURNED]
    if not waiting:
        return set()
    there = set(
        Membership.objects.current()
        .filter(
            agency__in={one.agency_id for one in waiting},
            person__in={one.created_by_id for one in waiting},
            person__is_active=True,
        )
        .values_list("person", "agency")
    )
    return {one.pk for one in waiting if (one.created_by_id, one.agency_id) not in there}


def _clock(
    referral: Referral, status: Status, running: Iterable[Clock], now: datetime
) -> looks.Clock | None:
    """The agency's own promise; those of Prevent leads and police are not for it."""
    kinds = {clock.kind: clock for clock in running}
    clock = next((kinds[kind] for kind in OWN_CLOCKS.get(status, ()) if kind in kinds), None)
    if clock is None:
        return None
    clock.referral = referral
    return clocks.in_words(clock, now=now, ours=True)


def _act(referral: Referral, status: Status, user: User) -> str:
    if referral.created_by_id == user.pk:
        acts = {Status.DRAFT: _("Go on with it"), Status.RETURNED: _("Answer your lead")}
    else:
        acts = {
            Status.AGENCY_CHECK: _("Check it"),
            Status.OTHER_ROUTE: _("Look at it again"),
            Status.QUERY: _("Answer the question"),
        }
    return acts.get(status, _("See where it stands"))


def _holder(referral: Referral, status: Status, user: User) -> str:
    person = {
        Status.AGENCY_CHECK: referral.lead,
        Status.OTHER_ROUTE: referral.lead,
        Status.RETURNED: referral.created_by,
    }.get(status)
    if person is None:
        return ""
    return _("With you") if person.pk == user.pk else _("With %(name)s") % {"name": person}


# Home -----------------------------------------------------------------------------------------
@require_safe
def home(request: SignedInRequest) -> HttpResponse:
    """One page that says what waits for me. The front page of a Prevent lead is the queue."""
    user, held = request.user, people.roles_for(request)
    if not held and people.must_join(user):
        return redirect("agencies:join")
    serves = Serves.of(user, held)
    if serves.has_queue and not serves.leads:
        return _queue(request, serves, held)
    now = timezone.now()
    writes = not held or bool(serves.agencies)
    own = _own(user)
    chosen = _leads_here(request, serves)
    others = serves.leads - chosen.leads
    ours, context = _of_leads(user, chosen, others, now) if serves.leads else ([], {})
    if others:
        context["only"] = people.narrowed_to(request)
    lines = {line.referral.pk: line for line in lines_of(_once([*own, *ours]), user=user, now=now)}
    mine = [lines[referral.pk] for referral in own]
    sent = [line for line in mine if line.referral.status not in EDITABLE_BY_AUTHOR]
    context |= {
        "writes": writes,
        "drafts": [line for line in mine if line.referral.status == Status.DRAFT],
        "asked": [line for line in mine if line.referral.status == Status.RETURNED],
        "concerns": sent[:SHORT],
        "more_concerns": len(sent) > SHORT,
        "leads": bool(serves.leads),
        "queue": _queue_words(user, serves, held, now) if serves.has_queue else "",
        "parts": _parts(user, request.GET.get("parts", "")) if serves.has_parts else None,
        "panel": _panel(user, serves, request.GET.get("panel", "")) if serves.has_panel else None,
        "links": links(serves),
        "wide": bool(serves.leads or serves.works_for_a_place),
    }
    if serves.leads:
        context["groups"] = [
            *(
                Group(key, title, [_errand(clock, lines[clock.referral_id], now) for clock in owed])
                for key, title, owed in context["errands"]
            ),
            *(
                Group(key, title, [lines[referral.pk] for referral in referrals])
                for key, title, referrals in context["work"]
            ),
        ]
        context["shared"] = [lines[referral.pk] for referral in context["shared"]]
    return render(request, "referrals/home.html", context)


def _leads_here(request: SignedInRequest, serves: Serves) -> Serves:
    """A lead of several agencies who chose to act for one sees the work of that one (row A2)."""
    chosen = people.narrowed_to(request)
    if chosen is None or chosen.pk not in serves.leads:
        return serves
    return replace(serves, leads=frozenset({chosen.pk}))


ERRANDS = {
    ClockKind.OUT_OF_HOURS: (lazy("Ring, and say that you did"), "referrals:sent"),
    ClockKind.ROUTE_SENT: (lazy("Send the sheet, and record how"), "referrals:sheet"),
}
"""What is left to do by hand once a case is shared: the act, and the page where it is recorded."""


def _errand(clock: Clock, line: Line, now: datetime) -> Line:
    act, page = ERRANDS[ClockKind(clock.kind)]
    return replace(
        line,
        clock=clocks.in_words(clock, now=now, ours=True),
        act=str(act),
        url=reverse(page, args=[clock.referral.key]),
    )


def _once(referrals: Iterable[Referral]) -> list[Referral]:
    return list({referral.pk: referral for referral in referrals}.values())


def _written_by(user: User) -> QuerySet[Referral]:
    return Referral.objects.visible_to(user).filter(created_by=user)


def _own(user: User) -> list[Referral]:
    """What the person wrote: what can be gone on with, then what was sent."""
    return [*_TO_GO_ON_WITH(user), *_SENT(user)]


def _to_go_on_with(user: User) -> QuerySet[Referral]:
    drafts = _written_by(user).filter(status__in=sorted(EDITABLE_BY_AUTHOR))
    return drafts.select_related(*PEOPLE).order_by("-touched_at")[:MOST_WORK]


def _sent(user: User) -> QuerySet[Referral]:
    sent = _written_by(user).exclude(status__in=sorted(EDITABLE_BY_AUTHOR))
    return sent.select_related(*PEOPLE).order_by("-created_at")[: SHORT + 1]


_TO_GO_ON_WITH, _SENT = people.PreparedFor(_to_go_on_with), people.PreparedFor(_sent)


def links(serves: Serves) -> list[tuple[str, str]]:
    """What those have who read no cases: pages, never records."""
    roles, found = serves.roles, []
    if roles & {Role.AGENCY_ADMIN, Role.SENIOR_LEAD, Role.PORTAL_ADMIN, *AGENCY_LEADS}:
        found.append((reverse("agencies:home"), _("People, roles and days away")))
    if Role.PORTAL_ADMIN in roles:
        found.append((reverse("agencies:health"), _("What is to be put right in the set-up")))
    if roles & {Role.PRIVACY_OFFICER, *AGENCY_LEADS, *PREVENT}:
        found.append((reverse("referrals:disposal"), _("What is past its time, and holds")))
    if roles & {Role.AGENCY_ADMIN, Role.PRIVACY_OFFICER, *AGENCY_LEADS}:
        found.append((reverse("audit:log"), _("Access log: who did and opened what")))
    if roles & {Role.GUIDANCE_EDITOR, Role.GUIDANCE_APPROVER}:
        found.append((reverse("wagtailadmin_home"), _("Back office for guidance and news")))
    return found


# An agency's lead -----------------------------------------------------------------------------
def _of_leads(
    user: User, serves: Serves, others: frozenset[int], now: datetime
) -> tuple[list[Referral], dict[str, Any]]:
    """The lead's own work, what the agency shared, and how many drafts nobody has sent.

    Args:
        others: agencies that they lead, and do not look at just now.
    """
    ours = Referral.objects.visible_to(user).filter(agency__in=sorted(serves.leads))
    day = now.astimezone(workdays.LOCAL).date() + timedelta(days=1)
    tomorrow = datetime.combine(day, time.min, workdays.LOCAL)
    due = Clock.objects.running().filter(
        Q(kind=ClockKind.ROUTE_SENT) | Q(kind=ClockKind.LOOK_AGAIN, due_at__lt=tomorrow),
        referral=OuterRef("pk"),
    )
    waits = Q(outward_status__in=LEADS_TURN) | Q(Exists(due), outward_status=Status.OTHER_ROUTE)
    work = list(
        ours.filter(waits)
        .select_related(*PEOPLE)
        .order_by("-emergency", "due_at", "pk")[:MOST_WORK]
    )
    owed = list(
        Clock.objects.running()
        .filter(
            kind__in=list(ERRANDS),
            referral__in=ours.filter(submitted_at__isnull=False).values("pk"),
        )
        .select_related(*(f"referral__{name}" for name in PEOPLE))
        .order_by("-referral__emergency", "due_at", "pk")[:MOST_WORK]
    )
    shared = list(
        ours.filter(submitted_at__isnull=False)
        .select_related(*PEOPLE)
        .order_by("-submitted_at", "pk")[: SHORT + 1]
    )
    titles = (
        ("checks", _("To check"), Status.AGENCY_CHECK),
        ("questions", _("Questions to answer"), Status.QUERY),
        ("returned", _("Waiting for the author"), Status.RETURNED),
        ("routes", _("Other help to look at again"), Status.OTHER_ROUTE),
    )
    errands = (
        ("telephone", _("To tell by telephone"), ClockKind.OUT_OF_HOURS),
        ("by-hand", _("Still to send by hand"), ClockKind.ROUTE_SENT),
    )
    return [*work, *(clock.referral for clock in owed), *shared], {
        "errands": [
            (key, title, [clock for clock in owed if clock.kind == kind])
            for key, title, kind in errands
        ],
        "work": [
            (key, title, [one for one in work if one.outward_status == status])
            for key, title, status in titles
        ],
        "shared": shared[:SHORT],
        "more_shared": len(shared) > SHORT,
        "search": search_form(),  # every lead may look for a name
    } | _in_numbers(user, serves, others)


def _in_numbers(user: User, serves: Serves, others: frozenset[int]) -> dict[str, Any]:
    """ "2 drafts not yet sent in your agency": a count, and nothing else of them (section 8.2).

    And what waits where the lead does not look just now: it is never out of mind.
    """
    drafts = Referral.objects.filter(agency__in=sorted(serves.leads), status=Status.DRAFT)
    drafts = drafts.exclude(created_by=user).exclude(exclusions__person=user)
    waiting = Referral.objects.visible_to(user).filter(
        agency__in=sorted(others), outward_status__in=LEADS_TURN
    )
    parts = [
        found.order_by().annotate(part=Value(name)).values("part").annotate(n=Count("pk"))
        for name, found in (("unsent", drafts), ("elsewhere", waiting))
    ]
    counted = parts[0].union(parts[1], all=True) if others else parts[0]
    found = {one["part"]: one["n"] for one in counted.values("part", "n")}
    unsent, elsewhere = found.get("unsent", 0), found.get("elsewhere", 0)
    words = {
        "unsent": ngettext(
            "%(n)s draft not yet sent in your agency",
            "%(n)s drafts not yet sent in your agency",
            unsent,
        )
        % {"n": unsent}
    }
    if others:
        words["elsewhere"] = ngettext(
            "%(n)s concern is in hand in your other agencies.",
            "%(n)s concerns are in hand in your other agencies.",
            elsewhere,
        ) % {"n": elsewhere}
    return words


# The lists that have a page of their own ------------------------------------------------------
@require_safe
def listed(request: SignedInRequest) -> HttpResponse:
    """Everything I recorded, or everything that my agency recorded, newest first."""
    user = request.user
    serves = _leads_here(request, Serves.of(user, people.roles_for(request)))
    of = "agency" if request.GET.get("of") == "agency" else "mine"
    if of == "agency" and not serves.leads:
        raise PermissionDenied
    mine = Q(created_by=user) if of == "mine" else Q(agency__in=sorted(serves.leads))
    found = Referral.objects.visible_to(user).filter(mine)
    if of == "agency":
        found = found.exclude(status=Status.DRAFT)
    cursor = queue.Cursor.read(request.GET.get("after", ""))
    if cursor is not None:
        found = found.filter(
            Q(created_at__lt=cursor.at) | Q(created_at=cursor.at, pk__gt=cursor.pk)
        )
    rows = list(found.select_related(*PEOPLE).order_by("-created_at", "pk")[: queue.PAGE + 1])
    shown, more = rows[: queue.PAGE], ""
    if len(rows) > queue.PAGE:
        last = shown[-1]
        after = queue.Cursor(queue.UNGROUPED, False, last.created_at, last.pk, 0)
        more = f"?{urlencode({'of': of, 'after': str(after)})}"
    return render(
        request,
        "referrals/list.html",
        {
            "of": of,
            "lines": lines_of(shown, user=user, now=timezone.now()),
            "more": more,
            "first": f"?{urlencode({'of': of})}" if cursor else "",
        },
    )


# The queue ------------------------------------------------------------------------------------
GROUP_TITLES = {
    queue.LATE: lambda place: _("Late"),
    queue.TODAY: lambda place: _("Due today by %(time)s") % {"time": place},
    queue.LATER: lambda place: _("Later"),
}
ANCHORS = {queue.LATE: "late", queue.TODAY: "today", queue.LATER: "week"}


@dataclass(frozen=True)
class Pill:
    """A view of the queue, with its count."""

    words: str
    url: str
    current: bool


@dataclass(frozen=True)
class RowGroup:
    anchor: str
    title: str
    rows: Sequence[queue.Row]


@require_safe
def queue_page(request: SignedInRequest) -> HttpResponse:
    """The queue by itself, for those whose front page shows more than that."""
    held = people.roles_for(request)
    serves = Serves.of(request.user, held)
    if not serves.has_queue:
        raise PermissionDenied
    return _queue(request, serves, held)


def _desk(user: User, serves: Serves, held: Sequence[Membership], now: datetime) -> queue.Desk:
    places = serves.prevent | serves.police
    place = next(each.locality for each in held if each.locality_id in places)
    return queue.Desk.at(user, held, cast(Locality, place), now)


def _queue_words(user: User, serves: Serves, held: Sequence[Membership], now: datetime) -> str:
    desk = _desk(user, serves, held, now)
    return _counted(queue.count(desk, queue.Wanted(), []))


def _counted(counts: queue.Counts) -> str:
    return _("%(open)s open. %(late)s late, %(today)s due today.") % {
        "open": counts.words(counts.open),
        "late": counts.words(counts.late),
        "today": counts.words(counts.today),
    }


def _queue(request: SignedInRequest, serves: Serves, held: Sequence[Membership]) -> HttpResponse:
    desk = _desk(request.user, serves, held, timezone.now())
    wanted = queue.Wanted.read(request.GET, desk)
    away = queue.absent_colleagues(desk)
    counts = queue.count(desk, wanted, away)
    ended = {queue.CLOSED: counts.closed, queue.HELD: counts.held}.get(wanted.view)
    if ended is None:
        in_view, total = counts.words(counts.in_view), counts.in_view
        is_counted = not counts.is_part
    else:
        in_view, total = counts.ended(ended), ended
        is_counted = ended <= queue.MOST_COUNTED
    found = queue.page(desk, wanted, total if is_counted else None)
    rows = {row.referral.pk: row for row in queue.rows(desk, found.referrals)}
    by = dates.time_of_day(desk.place.day_ends)
    groups = [
        RowGroup(
            anchor=ANCHORS.get(number, "all"),
            title=_("%(title)s: %(count)s")
            % {
                "title": GROUP_TITLES[number](by) if number in GROUP_TITLES else _("Newest first"),
                "count": counts.words(counts.groups[number]) if number in GROUP_TITLES else in_view,
            },
            rows=[rows[referral.pk] for referral in referrals],
        )
        for number, referrals in found.groups
    ]
    return render(
        request,
        "referrals/queue.html",
        {
            "open": counts.words(counts.open),
            "late": counts.words(counts.late),
            "today": counts.words(counts.today),
            "working_day": promises.working_day_words(desk.place, desk.now),
            "pills": _pills(wanted, counts, away, desk),
            "how_late": _how_late(wanted, counts),
            "groups": groups,
            "wanted": wanted,
            "stages": queue.stages(desk),
            "sectors": Sector.choices,
            "next": _address(wanted, after=str(found.after)) if found.after else "",
            "next_count": found.next_count,
            "first": _address(wanted) if wanted.after else "",
            "other_sort": _address(
                wanted, sort=queue.DUE if wanted.sort == queue.NEWEST else queue.NEWEST
            ),
            "unfiltered": _address(wanted, stage="", sector="", late=""),
            "next_due": _next_due(desk) if not rows else None,
            "own": _OWN(desk),
            "address": _queue_address(),
            "disposes": bool(serves.prevent),
        },
    )


_OWN = queue.Asked(lambda desk: _written_by(desk.user).order_by("-touched_at")[:SHORT])


def _address(wanted: queue.Wanted, **changes: str) -> str:
    """The address of this view with something changed; no page unless it is said."""
    said = {
        "view": wanted.view if wanted.view != queue.MINE else "",
        "for": wanted.colleague or "",
        "stage": wanted.stage,
        "sector": wanted.sector,
        "late": wanted.late,
        "sort": wanted.sort if wanted.sort != queue.DUE else "",
    } | changes
    if said.get("sort") == queue.DUE:
        said["sort"] = ""
    query = urlencode({name: value for name, value in said.items() if value})
    return f"{_queue_address()}?{query}" if query else _queue_address()


@cache
def _queue_address() -> str:
    return reverse("referrals:queue")


def _pills(
    wanted: queue.Wanted, counts: queue.Counts, away: Sequence[User], desk: queue.Desk
) -> list[Pill]:
    plain = queue.Wanted()

    def pill(words: str, number: str, view: str, colleague: int | None = None) -> Pill:
        changes = {"view": "" if view == queue.MINE else view}
        if colleague:
            changes["for"] = str(colleague)
        current = wanted.view == view and (wanted.colleague == colleague or not colleague)
        return Pill(f"{words} {number}", _address(plain, **changes), current)

    covered = [person for person in away if person.pk in counts.covering]
    held = counts.ended(counts.held)
    return [
        pill(_("Mine"), counts.words(counts.mine), queue.MINE),
        pill(_("All open"), counts.words(counts.open), queue.OPEN),
        *(
            pill(
                _("Covering for %(name)s") % {"name": person.first_name_only},
                counts.words(counts.covering[person.pk]),
                queue.COVER,
                person.pk,
            )
            for person in covered
        ),
        pill(_("Waiting for others"), counts.words(counts.waiting), queue.WAITING),
        *([pill(_("Led or held by us"), held, queue.HELD)] if desk.sees_real_status else []),
        pill(_("Closed this month"), counts.ended(counts.closed), queue.CLOSED),
    ]


def _how_late(wanted: queue.Wanted, counts: queue.Counts) -> list[Pill]:
    """The view by how late it is; nothing while nothing in it is late."""
    if wanted.view in (queue.CLOSED, queue.HELD) or not (counts.any_late or wanted.late):
        return []
    return [
        Pill(f"{words} {counts.words(number)}", _address(wanted, late=late), wanted.late == late)
        for words, number, late in (
            (_("Late or not"), counts.of_view, ""),
            (_("Late"), counts.any_late, queue.ANY_LATE),
            (_("Very late"), counts.very_late, queue.VERY_LATE),
        )
    ]


def _next_due(desk: queue.Desk) -> Referral | None:
    """The next promise of anybody's, for an empty queue."""
    coming = desk.open().filter(desk.due(gte=desk.now)).annotate(next_at=F(desk.promise))
    return coming.order_by("next_at", "pk").first()


# The other lists of a locality ----------------------------------------------------------------
@dataclass(frozen=True)
class Part:
    """A view that was sent to a front door or adult team."""

    recipient: Recipient
    who: str


@dataclass(frozen=True)
class Paged:
    """One page of a list that stands on the front page, and where the next one begins."""

    rows: Sequence[Any]
    more: str
    first: str


def _paged(name: str, rows: list[Any], cut: bool, after: queue.Cursor | None, more: str) -> Paged:
    """Args:
    cut: whether more rows follow.
    more: the cursor of what follows.
    """
    following = f"?{urlencode({name: more})}#{name}" if cut else ""
    return Paged(rows, following, f"{reverse('referrals:home')}#{name}" if after else "")


def _parts(user: User, asked: str) -> Paged:
    """What was sent to the teams that the person serves; what nobody confirmed comes first."""
    seen = Referral.objects.visible_to(user).filter(status__in=sorted(SHARED))
    sent: Any = Recipient.objects.open_to(user).filter(referral__in=seen.values("pk"))
    sent = sent.select_related("referral__agency", "received_by").annotate(
        group=Case(When(received_at=None, then=0), default=1),
        since=Coalesce("told_at", "referral__submitted_at"),
        urgent=F("referral__emergency"),
    )
    after = queue.Cursor.read(asked)
    if after is not None:
        older = Q(since__lt=after.at) | Q(since=after.at, pk__lt=after.pk.int)
        rest = Q(urgent=after.emergency) & older
        if after.emergency:
            rest |= Q(urgent=False)
        sent = sent.filter(Q(group__gt=after.group) | (Q(group=after.group) & rest))
    found: list[Any] = list(sent.order_by("group", "-urgent", "-since", "-pk")[: queue.PAGE + 1])
    shown = found[: queue.PAGE]
    names = queue.who_of(_once(one.referral for one in shown))
    rows = [Part(one, names[one.referral_id].words) for one in shown if one.referral_id in names]
    more = ""
    if len(found) > queue.PAGE:
        last = shown[-1]
        more = str(
            queue.Cursor(last.group, last.urgent, last.since, uuid.UUID(int=last.pk), len(shown))
        )
    return _paged("parts", rows, bool(more), after, more)


@dataclass(frozen=True)
class PanelLine:
    referral: Referral
    who: str
    stage: str


def _panel(user: User, serves: Serves, asked: str) -> Paged:
    """What is listed, the oldest promise first; what nobody waits for comes last."""
    places = sorted(serves.chairs | serves.coordinates)
    listed = (
        Referral.objects.visible_to(user)
        .filter(locality__in=places, outward_status__in=sorted(FROM_PANEL))
        .annotate(
            group=Case(When(due_at=None, then=1), default=0),
            since=Coalesce("due_at", "stage_since"),
        )
        .select_related(*queue.RELATED)
    )
    after = queue.Cursor.read(asked)
    if after is not None:
        later = Q(since__gt=after.at) | Q(since=after.at, pk__gt=after.pk)
        listed = listed.filter(Q(group__gt=after.group) | (Q(group=after.group) & later))
    found: list[Any] = list(listed.order_by("group", "since", "pk")[: queue.PAGE + 1])
    shown = found[: queue.PAGE]
    names = queue.who_of(shown)
    rows = [
        PanelLine(
            referral=one,
            who=names[one.pk].words if one.pk in names else "",
            stage=str(Standing.of(serves, one).status_of(one).label),
        )
        for one in shown
    ]
    more = ""
    if len(found) > queue.PAGE:
        last = shown[-1]
        more = str(queue.Cursor(last.group, False, last.since, last.pk, len(shown)))
    return _paged("panel", rows, bool(more), after, more)
