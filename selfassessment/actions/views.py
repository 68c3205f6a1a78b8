"""Pages of actions: the plan as list, board and calendar; one action; mine; what is late."""

from calendar import Calendar
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import SignedInRequest
from accounts.models import User
from agencies import people
from agencies.terms import Role
from audit import events
from selfassessment import policy as form_policy
from selfassessment import results
from selfassessment.actions import policy, queries, rules, workflow
from selfassessment.actions.forms import ActionForm, MoveForm, NoteForm, initial_of
from selfassessment.actions.models import Action
from selfassessment.evidence.models import Evidence
from selfassessment.models import Assessment
from selfassessment.moves import NotReady, TransitionError
from selfassessment.terms import ACTION_ENDED, ACTION_WORK_LEFT, ActionStatus, Priority
from selfassessment.views.common import OVERTAKEN, Desk, posted
from ui import dates
from ui.spreadsheet import as_csv

GET_OR_POST = ["GET", "HEAD", "POST"]
RELATED = ("owner", "agency", "assessment")
VIEWS = ("list", "board", "calendar")
TAGS = {Priority.CRITICAL: "p-rag--red", Priority.HIGH: "p-rag--amber"}


# Finding ---------------------------------------------------------------------------------------
@dataclass
class Place:
    """A plan as one person finds it: the whole of a form they may read, or what is theirs of it."""

    form: Assessment
    user: User
    whole: bool
    today: date = field(default_factory=timezone.localdate)

    @property
    def writes(self) -> bool:
        return self.whole and policy.writes(self.user, self.form)

    @property
    def may_make(self) -> bool:
        return self.writes and self.form.source.status in workflow.TAKES

    def looked_at(self) -> None:
        """Somebody outside the agency read its plan: the agency's log shows it."""
        if self.whole:
            Desk(self.form, self.user).looked_at()

    def actions(self) -> list[Action]:
        found = queries.actions_of(self.form)
        return found if self.whole else [each for each in found if each.owner_id == self.user.pk]


def find(request: SignedInRequest, key: str) -> Place:
    """The plan of a form; who owns an action of it sees theirs; else what is not there."""
    people.roles_for(request)  # read once, and visible_to() knows where they work
    related = ("cycle__standards", "agency", "board", "answers_of")
    seen = Assessment.objects.visible_to(request.user).select_related(*related)
    form = seen.filter(key=key).first()
    if form is not None:
        return Place(form, request.user, whole=True)
    mine = Action.objects.owned_by(request.user).filter(cycles__assessment__key=key)
    if not mine.exists():
        raise Http404
    form = Assessment.objects.select_related(*related).get(key=key)
    return Place(form, request.user, whole=False)


def _one(place: Place, pk: int) -> Action:
    found = queries.with_parts(queries.of_form(place.form.source_id)).select_related(
        "owner", "agency", "assessment__agency", "verified_by", "done_by", "done_evidence"
    )
    if not place.whole:
        found = found.filter(owner=place.user)
    return get_object_or_404(found, pk=pk)


def _basics(place: Place) -> dict[str, Any]:
    return {"form_of": place.form, "place": place, "today": place.today}


# The plan --------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Press:
    """A move as a button: at once, or by way of a page that asks why."""

    to: str
    words: str
    at_once: bool


@dataclass(frozen=True)
class Card:
    """One action as a list shows it to one person."""

    action: Action
    today: date
    presses: list[Press]

    @property
    def is_overdue(self) -> bool:
        return self.action.is_overdue(self.today)

    @property
    def days_late(self) -> int:
        return self.action.days_late(self.today)

    @property
    def tag(self) -> str:
        return TAGS.get(Priority(self.action.priority), "p-rag--na")


def _cards(place: Place, actions: Iterable[Action]) -> list[Card]:
    """Overdue ones first. What may be pressed is asked once for the plan, not for each action."""
    is_writer = place.writes
    cards = [Card(each, place.today, _presses(each, place.user, is_writer)) for each in actions]
    return sorted(cards, key=lambda card: not card.is_overdue)


def _presses(action: Action, user: User, is_writer: bool) -> list[Press]:
    owns = action.owner_id == user.pk
    found = []
    for to in rules.STEPS[ActionStatus(action.status)]:
        if to == ActionStatus.VERIFIED:
            may = is_writer and not owns
        else:
            of_owner = owns and to in rules.OWNERS and action.status != ActionStatus.DONE
            may = is_writer or of_owner
        if may:
            reason = rules.needs_reason(action.status, to) or to == ActionStatus.DONE
            found.append(Press(to.value, _press(action, to), at_once=not reason))
    return found


def _press(action: Action, to: ActionStatus) -> str:
    if to == ActionStatus.IN_PROGRESS and action.status == ActionStatus.BLOCKED:
        return _("Go on with it")
    if to == ActionStatus.IN_PROGRESS and action.status == ActionStatus.DONE:
        return _("It is not done yet")
    return {
        ActionStatus.OPEN: _("Take it up again"),
        ActionStatus.IN_PROGRESS: _("Start it"),
        ActionStatus.BLOCKED: _("Say that it is blocked"),
        ActionStatus.DONE: _("Mark it as done"),
        ActionStatus.VERIFIED: _("Verify it"),
        ActionStatus.CANCELLED: _("Cancel it"),
    }[to]


@require_safe
def plan(request: SignedInRequest, key: str) -> HttpResponse:
    """The plan as a list, as a board by status, or as a calendar."""
    place = find(request, key)
    place.looked_at()
    view = request.GET.get("view", "list")
    if view not in VIEWS:
        view = "list"
    cards = _cards(place, place.actions())
    context = {
        **_basics(place),
        "view": view,
        "cards": cards,
        "late": sum(card.is_overdue for card in cards),
        "may_make": place.may_make,
    }
    if view == "board":
        context["columns"] = _columns(cards)
    if view == "calendar":
        context |= _calendar(request.GET.get("month", ""), cards, place.today)
    return render(request, f"selfassessment/actions/{view}.html", context)


def _columns(cards: list[Card]) -> list[tuple[ActionStatus, list[Card]]]:
    return [
        (status, [card for card in cards if card.action.status == status])
        for status in ActionStatus
    ]


def _calendar(asked: str, cards: list[Card], today: date) -> dict[str, Any]:
    """The weeks of one month, each day with what is due on it; the months around it."""
    first = _month(asked) or today.replace(day=1)
    by_day: dict[date, list[Card]] = {}
    for card in cards:
        by_day.setdefault(card.action.due_on, []).append(card)
    weeks = [
        [(day, day.month == first.month, by_day.get(day, [])) for day in week]
        for week in Calendar().monthdatescalendar(first.year, first.month)
    ]
    before = first.replace(year=first.year - (first.month == 1), month=(first.month - 2) % 12 + 1)
    after = first.replace(year=first.year + (first.month == 12), month=first.month % 12 + 1)
    return {
        "weeks": weeks,
        "weekdays": [WEEKDAYS[number] for number in range(7)],
        "month": f"{MONTHS[first.month]} {first.year}",
        "before": before,
        "after": after,
    }


def _month(asked: str) -> date | None:
    try:
        found = date.fromisoformat(f"{asked}-01")
    except ValueError:
        return None
    return found if 2000 < found.year < 2100 else None


@require_safe
def as_table(request: SignedInRequest, key: str) -> HttpResponse:
    """The plan as CSV, in which no cell is taken for a formula."""
    place = find(request, key)
    agency = str(place.form.agency_id)
    events.record("assessment.exported", place.form, by=request.user, agency=agency, what="actions")
    rows: list[list[object]] = [
        [
            _("Code"), _("Standards"), _("Action"), _("Owner"), _("Role"), _("Priority"), _("Due"),
            _("Status"), _("Days late"), _("How you will know"), _("What it needs"),
            _("Help asked"), _("Years"), _("What was achieved"), _("Verified by"),
        ]
    ]  # fmt: skip
    for card in _cards(place, place.actions()):
        one = card.action
        rows.append(
            [
                one.code, " ".join(one.codes), one.words, one.owner.name, one.owner_role,
                one.get_priority_display(), one.due_on.isoformat(), one.get_status_display(),
                card.days_late or "", one.success_measure, one.resource_needed,
                _("Yes") if one.partner_help else _("No"),
                " ".join(str(year) for year in one.years), one.done_words,
                one.verified_by.name if one.verified_by else "",
            ]
        )  # fmt: skip
    response = HttpResponse(as_csv(rows), content_type="text/csv; charset=utf-8")
    name = f"actions-{place.form.cycle.year}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


# Making and changing ---------------------------------------------------------------------------
def _people(form: Assessment) -> list[User]:
    held = workflow.people_of(form.agency).select_related("person")
    found = {each.person_id: each.person for each in held}
    return sorted(found.values(), key=lambda each: (each.name, each.pk))


@require_http_methods(GET_OR_POST)
def make(request: SignedInRequest, key: str) -> HttpResponse:
    """A new action; ``?for=LG1`` ticks the first standard and suggests the priority."""
    place = find(request, key)
    if not place.writes:
        raise PermissionDenied
    standards = results.asked_of(place.form)
    wanted = [code for code in request.GET.getlist("for") if code in {s.code for s in standards}]
    suggested = workflow.suggested(place.form, wanted) if wanted else None
    initial = {"standards": wanted, "priority": suggested or ""}
    form = ActionForm(
        posted(request),
        people=_people(place.form),
        standards=standards,
        suggested=suggested,
        initial=initial,
    )
    if request.method == "POST" and form.is_valid():
        try:
            action = workflow.make(place.form, form.plan, by=request.user)
        except NotReady as problem:
            form.add_error("due_on", problem.missing[0])
        except TransitionError:
            form.add_error(None, _("Nothing was kept: no actions are taken now"))
        else:
            messages.success(request, _("%(code)s has been made.") % {"code": action.code})
            if wanted:
                return redirect("selfassessment:standard", key, wanted[0])
            return redirect("selfassessment:actions", key)
    context = {**_basics(place), "form": form, "wanted": wanted}
    return render(request, "selfassessment/actions/make.html", context)


@require_http_methods(GET_OR_POST)
def change(request: SignedInRequest, key: str, pk: int) -> HttpResponse:
    """Say something else of it."""
    place = find(request, key)
    action = _one(place, pk)
    if not policy.writes(request.user, action.assessment):
        raise PermissionDenied
    people_there = {each.pk: each for each in _people(place.form)} | {action.owner_id: action.owner}
    form = ActionForm(
        posted(request),
        people=people_there.values(),
        standards=results.asked_of(place.form),
        suggested=workflow.suggested(place.form, action.codes),
        initial=initial_of(action),
    )
    if request.method == "POST" and form.is_valid():
        try:
            workflow.change(action, form.plan, by=request.user, version=_version(request))
        except NotReady as problem:
            form.add_error("due_on", problem.missing[0])
        except PermissionDenied:
            form.add_error("owner", _("Select somebody who belongs to the agency now"))
        except TransitionError:
            form.add_error(None, _("Somebody else changed it meanwhile. Open it again and look"))
        else:
            messages.success(request, _("%(code)s has been saved.") % {"code": action.code})
            return redirect("selfassessment:action", key, pk)
    context = {**_basics(place), "form": form, "action": action}
    return render(request, "selfassessment/actions/change.html", context)


def _version(request: SignedInRequest) -> int:
    sent = request.POST.get("version", "")
    return int(sent) if sent.isdecimal() and len(sent) < 9 else -1


# One action ------------------------------------------------------------------------------------
@require_http_methods(GET_OR_POST)
def action(request: SignedInRequest, key: str, pk: int) -> HttpResponse:
    """What it is, how it goes, and what can be done with it; a post is a progress note."""
    place = find(request, key)
    one = _one(place, pk)
    may_note = policy.may_note(request.user, one) and one.status not in ACTION_ENDED
    form = NoteForm(posted(request))
    if request.method == "POST":
        if not policy.may_note(request.user, one):
            raise PermissionDenied
        if form.is_valid():
            try:
                workflow.note(one, form.cleaned_data["words"], by=request.user)
            except TransitionError:
                form.add_error(None, OVERTAKEN)
            else:
                messages.success(request, _("Your note has been added."))
                return redirect("selfassessment:action", key, pk)
    place.looked_at()
    is_writer = policy.writes(request.user, one.assessment)
    context = {
        **_basics(place),
        "card": Card(one, place.today, _presses(one, request.user, is_writer)),
        "action": one,
        "notes": one.notes.select_related("by").order_by("-at", "-pk"),
        "form": form if may_note or form.is_bound else None,
        "may_change": is_writer and one.status not in ACTION_ENDED,
    }
    return render(request, "selfassessment/actions/action.html", context)


@require_http_methods(GET_OR_POST)
def move(request: SignedInRequest, key: str, pk: int, to: str) -> HttpResponse:
    """Another status, with the reason where one is asked."""
    place = find(request, key)
    one = _one(place, pk)
    if to not in ActionStatus.values:
        raise Http404
    target = ActionStatus(to)
    if not policy.may_move(request.user, one, target):
        raise PermissionDenied
    is_over = target not in rules.STEPS[ActionStatus(one.status)]
    if is_over and not request.POST.get("words"):
        return _moved_already(request, key, pk)
    held: list[Evidence] = []
    if target == ActionStatus.DONE:
        held = list(Evidence.objects.of_agency(one.agency_id)[:100])
    form = MoveForm(posted(request), action=one, to=target, evidence=held)
    if request.method == "POST" and form.is_valid():
        try:
            workflow.move_to(
                one,
                target,
                by=request.user,
                words=form.cleaned_data["words"],
                evidence=form.chosen,
            )
        except TransitionError:
            if not form.cleaned_data["words"]:
                return _moved_already(request, key, pk)
            form.add_error(None, OVERTAKEN)
        else:
            said = _("%(code)s is now: %(status)s.")
            messages.success(request, said % {"code": one.code, "status": target.label})
            return _after_move(request, key, pk)
    context = {
        **_basics(place),
        "form": form,
        "action": one,
        "press": _press(one, target),
        "to": to,
    }
    return render(request, "selfassessment/actions/move.html", context)


def _moved_already(request: SignedInRequest, key: str, pk: int) -> HttpResponse:
    messages.warning(request, _("It has been moved already. See where it is now."))
    return _after_move(request, key, pk)


def _after_move(request: SignedInRequest, key: str, pk: int) -> HttpResponse:
    if request.POST.get("back") == "board":
        plan_of = reverse("selfassessment:actions", args=[key])
        return redirect(f"{plan_of}?view=board")
    return redirect("selfassessment:action", key, pk)


# Beyond one form -------------------------------------------------------------------------------
@require_safe
def mine(request: SignedInRequest) -> HttpResponse:
    """What the person is to do, in whatever form; for a senior lead, what is late too."""
    today = timezone.localdate()
    people.roles_for(request)
    found = queries.with_parts(Action.objects.owned_by(request.user).not_ended()).in_order()
    own = list(found.select_related(*RELATED))
    senior = people.Places.of(request.user).employed(Role.SENIOR_LEAD)
    late: list[Action] = []
    if senior is not None:
        overdue = queries.with_parts(Action.objects.overdue(today).filter(agency__in=senior))
        rows = overdue.exclude(owner=request.user).in_order().select_related(*RELATED)
        late = list(rows[:100])
    context = {
        "own": [Card(each, today, []) for each in own],
        "late": [Card(each, today, []) for each in late],
        "today": today,
    }
    return render(request, "selfassessment/actions/mine.html", context)


@require_safe
def late(request: SignedInRequest) -> HttpResponse:
    """For the moderation manager: what is thirty days late, without its words."""
    if not form_policy.manages(request.user):
        raise PermissionDenied
    today = timezone.localdate()
    found = Action.objects.filter(
        status__in=ACTION_WORK_LEFT, late_told_at__isnull=False, due_on__lt=today
    )
    rows = found.select_related("agency").prefetch_related("standards").order_by("due_on", "code")
    context = {"cards": [Card(each, today, []) for each in rows[:500]], "today": today}
    return render(request, "selfassessment/actions/late.html", context)


@require_safe
def help_asked(request: SignedInRequest, key: str, pk: int) -> HttpResponse:
    """For the Prevent lead of the area: the action for which the agency asks their help."""
    asked = policy.helped_by(request.user).filter(cycles__assessment__key=key)
    one = get_object_or_404(
        asked.select_related("agency", "owner", "assessment")
        .prefetch_related("standards")
        .distinct(),
        pk=pk,
    )
    events.record(
        "assessment.viewed",
        one.assessment,
        by=request.user,
        agency=str(one.agency_id),
        what="action",
    )
    context = {"action": one, "today": timezone.localdate(), "asked": dates.day(one.help_asked_at)}
    return render(request, "selfassessment/actions/help.html", context)
