"""The walk of whoever writes: begin, answer page by page, read it through, send it.

A draft is a row from the first page. Each page saves its own columns, so nothing here keeps
anything in the session, and every page works without script.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import SignedInRequest
from accounts.models import User
from agencies import people, workdays
from referrals import moves, policy, routing, steps, walks, workflow
from referrals.answers import Answers, in_words
from referrals.forms import ClosenessForm, QuestionsForm, ReceivedForm, WordsForm, to_store
from referrals.models import Message, PageSave, Referral, Submission
from referrals.questions import Question
from referrals.steps import Step
from referrals.terms import ClockKind, MessageKind, ReceivedBy, Section, Status, Urgency, YesNo
from referrals.views.common import Row, rows, visible
from referrals.walks import Walk
from ui.dates import time_of_day
from ui.text import sentence_start, showable

REVIEW = "answers"
"""The one page that a change link comes back to: ``?next=answers``."""
NOT_ANSWERS = {"csrfmiddlewaretoken", "seen", "was", "later", "mine"}
CONFLICT = 409
TOLD_FIRST = {"gaps", "lead"}
"""Pages that say something under their heading before they ask."""
THEIR_OWN_PAGE = {"check": "referrals:check", "other-route": "referrals:other_route"}
"""Pages of questions that have a view of their own, beside the whole of NOTICE."""


# Begin ------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    """What it is, who will see it, and one button that begins a draft."""
    user = request.user
    if people.must_join(user):
        query = urlencode({"next": reverse("referrals:new")})
        return redirect(f"{reverse('agencies:join')}?{query}")
    agency, pending = people.agency_of(user), people.pending_for(user)
    has_place = agency is not None or bool(pending)
    asks_how = policy.may_type_in(user)
    form = ReceivedForm(_sent(request)) if asks_how else None
    if request.method == "POST" and has_place and (form is None or form.is_valid()):
        received = ReceivedBy(form.cleaned_data["received_by"]) if form else ReceivedBy.PORTAL
        referral = workflow.start_once(user, received_by=received)
        return redirect("referrals:step", referral.key, steps.STEPS[0].name)
    context = {"form": form, "agency": agency, "has_place": has_place}
    return render(request, "referrals/new.html", context)


def _sent(request: SignedInRequest) -> Any:
    """What was posted, though it be nothing; None where the page is only looked at."""
    return request.POST if request.method == "POST" else None


@require_safe
def blank(request: SignedInRequest) -> HttpResponse:
    """The questions of NOTICE on paper, in the wizard's order (row W19)."""
    parts = [
        (task, [step for step in steps.STEPS if step.task == task.key])
        for task in steps.TASKS
        if task.section == Section.NOTICE
    ]
    return render(request, "referrals/blank.html", {"parts": parts})


# Where it stands --------------------------------------------------------------------------------
@dataclass(frozen=True)
class Place:
    """A case as the person who asks may write in it."""

    referral: Referral
    answers: Answers
    walk: Walk

    def url(self, name: str, *more: str) -> str:
        return reverse(f"referrals:{name}", args=[self.referral.key, *more])

    def step_url(self, step: Step, **query: str) -> str:
        name = THEIR_OWN_PAGE.get(step.name)
        url = reverse(name, args=[self.referral.key]) if name else self.url("step", step.name)
        return f"{url}?{urlencode(query)}" if query else url

    @property
    def team(self) -> list[User]:
        """Whom the question about closeness names: those who could hear of it, or are barred."""
        return self.answers.team if self.referral.status == Status.DRAFT else []


def _find(request: SignedInRequest, key: str) -> Place:
    referral = visible(request, key, with_answers=True)
    answers = Answers(referral)
    walk = walks.walk_of(request.user, referral, answers)
    if referral.one_walk and referral.status == Status.DRAFT and not walk.step("check"):
        workflow.leave_one_walk(referral, by=request.user)
        referral.one_walk = False
        answers = Answers(referral)
        walk = walks.walk_of(request.user, referral, answers)
    return Place(referral, answers, walk)


def _elsewhere(request: SignedInRequest, referral: Referral) -> HttpResponse:
    """There is nothing to write here now: the case's own page says where it stands."""
    if policy.is_author_or_leads_agency(request.user, referral):
        return redirect(referral)
    raise PermissionDenied


@dataclass(frozen=True)
class Line:
    """A line of the task list. ``state`` is done, begun, todo or wait."""

    id: str
    title: Any
    hint: Any
    url: str
    state: str


@require_safe
def tasks(request: SignedInRequest, key: str) -> HttpResponse:
    """What is done and what is left, who can see it, and who is on duty."""
    place = _find(request, key)
    if not place.walk.steps:
        return _elsewhere(request, place.referral)
    workflow.view(place.referral, by=request.user)
    saved = set(place.referral.page_saves.values_list("step", flat=True))
    context = {
        **_basics(place),
        "parts": _parts(place, saved),
        "notes": walks.notes(place.answers),
        "returned": place.referral.status == Status.RETURNED,
        "asked_for": _asked_for(place.referral),
        "may_delete": place.referral.status == Status.DRAFT,
    }
    return render(request, "referrals/tasks.html", context)


def _basics(place: Place, section: Section | None = None) -> dict[str, Any]:
    """What every page of a walk knows."""
    walk = place.walk
    first = walk.steps[0].section if walk.steps else Section.NOTICE
    return {
        "referral": place.referral,
        "walk": walk,
        "dots": _dots(section or first),
        "sharing": walk.target == Status.SUBMITTED,
    }


def _dots(now: Section) -> list[tuple[Any, str]]:
    """Notice, Check, Share: each with is-done, is-now or nothing."""
    order = list(Section)
    return [
        (one.label, "done" if order.index(one) < order.index(now) else "now" if one == now else "")
        for one in order
    ]


def _parts(place: Place, saved: set[str]) -> list[dict[str, Any]]:
    """The sections of the task list, each a heading with its lines or a sentence."""
    walk, answers = place.walk, place.answers
    handing_over = walk.target == Status.AGENCY_CHECK
    team = place.team if walk.by_author else []
    check = [_line(place, task, saved) for task in walk.tasks(Section.CHECK)]
    share = [_line(place, task, saved) for task in walk.tasks(Section.SHARE)]
    if team:
        check.insert(0, _closeness_line(place, saved, before_lead=handing_over))
    waits = bool(answers.missing([q for one in walk.steps for q in one.questions]))
    waits = waits or bool(team and workflow.CLOSENESS not in saved)
    last = _last_line(place, waits=waits)
    parts = [
        {
            "title": _("1. Notice: what you saw and heard"),
            "lines": [_line(place, task, saved) for task in walk.tasks(Section.NOTICE)],
            "done": _("What was noticed has been written down."),
        }
    ]
    if handing_over:
        parts.append({"title": _("2. Check: talk to your lead"), "lines": [*check, *share, last]})
        sentence = _("Your lead decides with you. You will be told what was decided, and why.")
        parts.append({"title": _("3. Share"), "lines": [], "done": sentence})
    else:
        title = _("2. Check: with the advice line") if walk.alone else _("2. Check")
        decided = _("The safeguarding lead has decided.")
        parts.append({"title": title, "lines": check, "done": decided})
        parts.append({"title": _("3. Share"), "lines": [*share, last]})
    return parts


def _line(place: Place, task: steps.Task, saved: set[str]) -> Line:
    pages = [one for one in place.walk.asked(place.answers) if one.task == task.key]
    done = [one.name in saved and not place.answers.missing(one.questions) for one in pages]
    begun = any(one.name in saved for one in pages)
    state = "done" if all(done) else "begun" if begun else "todo"
    to = next((one for one, ready in zip(pages, done, strict=True) if not ready), None)
    url = place.step_url(to or pages[0]) if pages else ""
    title, hint = task.title, task.hint
    if task.key == "share" and len(pages) == 1:
        title, hint = pages[0].title, ""
    if task.key == "talk":
        title = pages[0].title if place.walk.alone else task.title
        hint = _on_duty(place)
    return Line(task.key, title, hint, url, state if pages else "done")


def _on_duty(place: Place) -> str:
    """Who is there today, never somebody close to it."""
    leads, agency = place.answers.leads, place.referral.agency
    if not leads or agency is None:
        return ""
    away = people.away(leads, place.answers.today)
    here = [lead for lead in leads if lead.pk not in away]
    if not here or not workdays.is_working_day(place.answers.today, agency.locality):
        return ""
    return _("%(name)s is on duty today, until %(time)s") % {
        "name": here[0].name,
        "time": time_of_day(agency.locality.day_ends),
    }


def _closeness_line(place: Place, saved: set[str], *, before_lead: bool) -> Line:
    return Line(
        "closeness",
        _("Is anyone in the safeguarding team close to it?"),
        _("Whoever you name never sees it") if before_lead else "",
        place.url("closeness"),
        "done" if workflow.CLOSENESS in saved else "todo",
    )


def _last_line(place: Place, *, waits: bool) -> Line:
    target = place.walk.target
    if target in (Status.AGENCY_CLOSED, Status.OTHER_ROUTE):
        page = "check" if target == Status.AGENCY_CLOSED else "other_route"
        return Line("send", _("Record my decision"), "", place.url(page), "todo")
    title = (
        _("Check your answers and send to your lead")
        if target == Status.AGENCY_CHECK
        else _("Check your answers and share")
    )
    return Line(
        "send", title, "", "" if waits else place.url("answers"), "wait" if waits else "todo"
    )


def _asked_for(referral: Referral) -> Message | None:
    """The lead's last questions, while it is back with the author."""
    if referral.status != Status.RETURNED:
        return None
    found: Message | None = (
        referral.messages.filter(kind=MessageKind.QUESTION)
        .select_related("by")
        .order_by("-at")
        .first()
    )
    return found


# One page of questions --------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
def step(request: SignedInRequest, key: str, step: str) -> HttpResponse:
    """One question, or one tight group."""
    place = _find(request, key)
    page = _page_of(place, step)
    if page is None:
        return _not_now(request, place, step)
    if request.method == "POST":
        return _save(request, place, page)
    if not page.is_asked(place.answers):
        return redirect(place.url("tasks"))
    workflow.view(place.referral, by=request.user)
    form = QuestionsForm(page.questions, place.answers, initial=_known(request, place, page))
    was = walks.alarms(page, {q.name: place.answers.get(q.name) for q in page.questions})
    return _draw(request, place, page, form, seen=_version(place, page), was=",".join(sorted(was)))


def _page_of(place: Place, name: str) -> Step | None:
    if name not in steps.STEP:
        raise Http404
    return place.walk.step(name)


def _known(request: SignedInRequest, place: Place, page: Step) -> dict[str, Any]:
    """Stored answers, and what the portal can fill in for an empty one; never about the person."""
    form = QuestionsForm(page.questions, place.answers)
    initial: dict[str, Any] = dict(form.initial)
    if "referrer" in initial and not initial["referrer"]:
        initial["referrer"] = workflow.contact_of(request.user, place.referral.agency)
    if "urgency" in initial and not initial["urgency"] and place.answers.gate_yes:
        initial["urgency"] = Urgency.EMERGENCY
    return initial


def _version(place: Place, page: Step) -> int:
    found = place.referral.page_saves.filter(step=page.name).values_list("version", flat=True)
    return found.first() or 0


def _seen(request: SignedInRequest) -> int:
    """The version that the page was opened with; nonsense counts as one that never was."""
    said = request.POST.get("seen", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 9 else 0


def _save(request: SignedInRequest, place: Place, page: Step) -> HttpResponse:
    """Keep what can be kept, whatever was pressed; then go on, stay, or stop."""
    form = QuestionsForm(page.questions, place.answers, request.POST)
    later, another_row = "later" in request.POST, form.wants_another_row()
    kept = form.partial_values()
    on = not later and not another_row and form.is_valid()
    values = form.values if on else kept
    try:
        save = workflow.answer(place.referral, page, values, by=request.user, seen=_seen(request))
    except moves.Stale as stale:
        return _refused(request, place, page, form, stale.save)
    except PermissionDenied:  # it was sent or decided since it was found
        return _not_now(request, _find(request, place.referral.key), page.name)
    lost = form.cannot_keep(kept) if later else []
    danger = walks.alarms(page, values) - _known_alarms(request)  # is not made to wait for a date
    if another_row or ((lost or not (on or later)) and not danger):
        for name in list(form.errors) if lost else []:
            if name not in lost:
                del form.errors[name]
        return _draw(request, place, page, form, seen=save.version, was=request.POST.get("was", ""))
    return _onward(request, place, page, values, later=later)


def _known_alarms(request: SignedInRequest) -> set[str]:
    """Those that stood there when the page was opened: STOP has been shown for them."""
    return set(request.POST.get("was", "").split(","))


def _onward(
    request: SignedInRequest, place: Place, page: Step, values: dict[str, Any], *, later: bool
) -> HttpResponse:
    """To the STOP page where an answer sets it off, else to the next page that applies."""
    place = _find(request, place.referral.key)
    back = {"next": REVIEW} if request.GET.get("next") == REVIEW else {}
    alarms = walks.alarms(page, values)
    fresh = alarms - _known_alarms(request)
    if page.name == "danger" and alarms and "rung" in request.GET:
        return redirect(place.step_url(steps.STEP["called"], **back))
    not_called = page.name == "danger" and place.answers.get("called_999") != YesNo.YES
    if fresh or (alarms and not_called) or values.get("called_999") == YesNo.NO:
        origin = "features" if page.name == "features" else "danger"
        return redirect(f"{place.url('danger_stop')}?{urlencode({'from': origin, **back})}")
    if later:
        return redirect(place.url("tasks"))
    if back:
        return redirect(place.url(REVIEW))
    return redirect(_next(place, page, after=page.name))


def _next(place: Place, page: Step, *, after: str = "") -> str:
    """The address of what follows: closeness is asked between NOTICE and CHECK."""
    if not place.walk.steps:
        return place.url("case")
    following = place.walk.after(page, place.answers)
    ends_notice = page.section == Section.NOTICE and (
        following is None or following.section != Section.NOTICE
    )
    if ends_notice and place.walk.by_author and place.team:
        return place.url("closeness")
    if following is None:
        return place.url(REVIEW)
    has_note = bool(after and walks.notes_after(after, place.answers))
    return place.step_url(following, **({"after": after} if has_note else {}))


def _draw(
    request: SignedInRequest, place: Place, page: Step, form: QuestionsForm, *, seen: int, was: str
) -> HttpResponse:
    first = next(form.shown_fields(), None)
    if first is not None and str(first.label) == str(page.title):
        form.headings = {first.name: "h1"}
    if page.name in TOLD_FIRST:
        form.page_heading = False
    back = place.walk.before(page, place.answers)
    to_review = request.GET.get("next") == REVIEW
    context = {
        **_basics(place, page.section),
        "step": page,
        "form": form,
        "has_h1": any(form.heading_of(bound.name) == "h1" for bound in form.shown_fields()),
        "seen": seen,
        "was": was,
        "action": request.get_full_path(),
        "autosave": place.url("autosave", page.name),
        "notes": walks.notes_after(request.GET.get("after", ""), place.answers),
        "gaps": _links(place, place.answers.strong_gaps) if page.name == "gaps" else [],
        "on_duty": _on_duty(place) if page.name == "lead" else "",
        "rung": "rung" in request.GET,
        "back": place.url(REVIEW)
        if to_review
        else place.step_url(back)
        if back
        else place.url("tasks"),
    }
    return render(request, "referrals/step.html", context)


def _links(place: Place, questions: Iterable[Question], **query: str) -> list[tuple[str, str]]:
    """Each question with the page of this walk that asks it, where there is one."""
    return [(str(q.text), _asked_on(place, q, **query)) for q in questions]


def _asked_on(place: Place, question: Question, **query: str) -> str:
    pages = place.walk.steps
    page = next((one for one in pages if question.name in {q.name for q in one.questions}), None)
    return f"{place.step_url(page, **query)}#id_{question.name}" if page else ""


@require_POST
def autosave(request: SignedInRequest, key: str, step: str) -> HttpResponse:
    """What the small script sends while people type: kept as far as it can be read."""
    place = _find(request, key)
    page = _page_of(place, step)
    if page is None and policy.is_author_or_leads_agency(request.user, place.referral):
        return JsonResponse({}, status=CONFLICT)  # pressing the button shows the words again
    if page is None:
        raise PermissionDenied
    values = QuestionsForm(page.questions, place.answers, request.POST).partial_values()
    try:
        save = workflow.answer(place.referral, page, values, by=request.user, seen=_seen(request))
    except moves.Stale as stale:
        return JsonResponse({"seen": stale.save.version}, status=CONFLICT)
    except PermissionDenied:  # it was sent or decided since it was found
        return JsonResponse({}, status=CONFLICT)
    return JsonResponse({"saved_at": time_of_day(save.at), "seen": save.version})


# Two windows ------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Clash:
    """One question of which two answers exist."""

    question: Question
    saved: list[str]
    mine: list[str]


def _refused(
    request: SignedInRequest, place: Place, page: Step, form: QuestionsForm, save: PageSave
) -> HttpResponse:
    """The same page was saved meanwhile: both texts are shown and both are kept (WF-04)."""
    place = _find(request, place.referral.key)
    kept = form.partial_values()
    clashes = _clashes(place.answers, form, kept)
    if not clashes:  # the same press twice: it is saved already
        return _onward(request, place, page, kept, later="later" in request.POST)
    _keep(request, place, page, form, kept)
    context = {
        **_basics(place, page.section),
        "step": page,
        "clashes": clashes,
        "save": save,
        "mine_too": save.by_id == request.user.pk,
        "seen": save.version,
        "typed": _typed(request),
        "action": request.get_full_path(),
    }
    return render(request, "referrals/conflict.html", context, status=CONFLICT)


def _not_now(request: SignedInRequest, place: Place, name: str) -> HttpResponse:
    """A page that this person does not write, or no longer: what was typed is shown and kept."""
    if place.walk.steps:
        raise PermissionDenied
    page, referral = steps.STEP[name], place.referral
    wrote = policy.is_author(request.user, referral) or (
        page.section != Section.NOTICE and policy.leads_agency(request.user, referral)
    )
    if request.method != "POST" or not wrote:
        return _elsewhere(request, referral)
    form = QuestionsForm(page.questions, place.answers, request.POST)
    kept = form.partial_values()
    clashes = _clashes(place.answers, form, kept)
    if not clashes:
        return redirect(referral)
    _keep(request, place, page, form, kept)
    context = {**_basics(place, page.section), "step": page, "clashes": clashes, "closed": True}
    return render(request, "referrals/conflict.html", context, status=CONFLICT)


def _keep(
    request: SignedInRequest, place: Place, page: Step, form: QuestionsForm, kept: dict[str, Any]
) -> None:
    unread = {q.name: _flat(form.typed(q)) for q in form.questions if q.name not in kept}
    workflow.keep_text(
        place.referral, page, {**kept, **unread}, by=request.user, now=timezone.now()
    )


def _clashes(answers: Answers, form: QuestionsForm, kept: dict[str, Any]) -> list[Clash]:
    """The questions of which what was typed is not what is stored."""
    found = []
    for question in form.questions:
        value = answers.get(question.name)
        if question.name in kept and kept[question.name] == to_store(question, value):
            continue
        mine = (
            _words(question, kept[question.name])
            if question.name in kept
            else _flat(form.typed(question))
        )
        found.append(Clash(question, _words(question, value), mine))
    return found


def _words(question: Question, value: Any) -> list[str]:
    return [] if value in ("", None, [], {}) else in_words(question, value)


def _flat(typed: Any) -> list[str]:
    """Whatever a widget read, as the lines that were typed."""
    if isinstance(typed, dict):
        return [line for part in typed.values() for line in _flat(part)]
    if isinstance(typed, (list, tuple)):
        return [line for part in typed for line in _flat(part)]
    return [showable(str(typed))] if typed not in ("", None, False) else []


def _typed(request: SignedInRequest) -> list[tuple[str, str]]:
    """The form as it was sent, to be sent once more with the version that is saved now."""
    return [
        (name, showable(value))
        for name, values in request.POST.lists()
        if name not in NOT_ANSWERS
        for value in values
    ]


# Danger -----------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
def danger_stop(request: SignedInRequest, key: str) -> HttpResponse:
    """The STOP page again, where an answer of the wizard sets it off."""
    place = _find(request, key)
    if not place.walk.steps or not place.walk.step("danger"):
        return _elsewhere(request, place.referral)
    back = {"next": REVIEW} if request.GET.get("next") == REVIEW else {}
    from_features = request.GET.get("from") == "features"
    if request.method == "POST":
        if from_features and not place.answers.gate_yes:
            return redirect(place.step_url(steps.STEP["danger"], rung="1", **back))
        if not place.answers.gate_yes:
            return redirect(place.step_url(steps.STEP["danger"], **back))
        called = {"called_999": YesNo.YES}
        workflow.answer(place.referral, steps.STEP["called"], called, by=request.user)
        return redirect(place.step_url(steps.STEP["called"], **back))
    origin = steps.STEP["features" if from_features else "danger"]
    context = {
        **_basics(place),
        "from_features": from_features,
        "action": request.get_full_path(),
        "mistake": place.step_url(origin, **back),
        "go_on": (place.url(REVIEW) if back else _next(place, origin, after="features"))
        if from_features
        else "",
    }
    return render(request, "referrals/danger_stop.html", context)


# Before the hand-over ---------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
def closeness(request: SignedInRequest, key: str) -> HttpResponse:
    """Is anyone in the safeguarding team close to it? They never hear of it (AC-06)."""
    place = _find(request, key)
    if not place.walk.steps or place.referral.status != Status.DRAFT:
        return _elsewhere(request, place.referral)
    team = place.team
    last = [page for page in place.walk.asked(place.answers) if page.section == Section.NOTICE][-1]
    if not team:
        return redirect(_after_closeness(place, last))
    asked = workflow.closeness_asked(place.referral)
    named = [str(pk) for pk in place.answers.excluded]
    initial = {"close": named or ([ClosenessForm.NOBODY] if asked else [])}
    form = ClosenessForm(team, _sent(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        chosen = set(form.cleaned_data["close"])
        close = [person for person in team if str(person.pk) in chosen]
        workflow.exclude(place.referral, close, by=request.user)
        place = _find(request, key)
        if request.GET.get("next") == REVIEW:
            return redirect(place.url(REVIEW))
        return redirect(_after_closeness(place, last))
    back = place.url(REVIEW) if request.GET.get("next") == REVIEW else place.step_url(last)
    context = {**_basics(place, Section.CHECK), "form": form, "back": back}
    return render(request, "referrals/closeness.html", context)


def _after_closeness(place: Place, last: Step) -> str:
    following = place.walk.after(last, place.answers)
    return place.step_url(following) if following else place.url(REVIEW)


# Read it through, and send it -------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
def answers(request: SignedInRequest, key: str) -> HttpResponse:
    """Every answer with a way to change it, who will see it, and the button that sends it."""
    place = _find(request, key)
    if request.method == "POST":
        moves.locked(place.referral)  # a second press waits here, then finds it sent
        place = _find(request, key)
        return _send(request, place)
    if not place.walk.steps:
        return _elsewhere(request, place.referral)
    workflow.view(place.referral, by=request.user)
    return _review(request, place)


def _send(request: SignedInRequest, place: Place) -> HttpResponse:
    referral, walk = place.referral, place.walk
    if not walk.steps:
        sent = referral.is_shared or referral.status == Status.AGENCY_CHECK
        if sent and policy.is_author_or_leads_agency(request.user, referral):
            return redirect(place.url("sent"))
        return _elsewhere(request, referral)
    if walk.target in (Status.AGENCY_CLOSED, Status.OTHER_ROUTE):
        return redirect(place.url("check"))
    form = _last_form(place, request.POST)
    left = _left(place, moves.missing_for(request.user, referral, walk.target))
    if left or not form.is_valid():
        return _review(request, place, form=form, left=left)
    try:
        with transaction.atomic():
            if walk.target == Status.SUBMITTED:
                workflow.answer(referral, steps.DECLARED, form.values, by=request.user)
                workflow.submit(referral, by=request.user, form_key=_form_key(request, referral))
            elif referral.status == Status.RETURNED:
                reply = str(form.cleaned_data["words"])
                workflow.reply_to_lead(referral, reply, by=request.user)
            else:
                workflow.hand_over(referral, by=request.user)
    except moves.NotReady as problem:
        missing = [(sentence, "") for sentence in problem.missing]
        return _review(request, place, form=form, left=missing)
    except moves.TransitionError:
        messages.error(request, _("Somebody else has dealt with this concern meanwhile."))
        return redirect(referral)
    return redirect(place.url("sent"))


def _form_key(request: SignedInRequest, referral: Referral) -> uuid.UUID:
    """The key that the page was drawn with, unless it is nonsense or stands for another form."""
    try:
        key = uuid.UUID(request.POST.get("form_key", ""))
    except ValueError:
        return uuid.uuid4()
    used = Submission.objects.filter(by=request.user, form_key=key).exclude(referral=referral)
    return uuid.uuid4() if used.exists() else key


def _last_form(place: Place, data: Any = None) -> Any:
    """What is asked beside the last button: the declaration, or an answer to the lead."""
    if place.walk.target == Status.SUBMITTED:
        form: Any = QuestionsForm([steps.DECLARATION], place.answers, data, initial={})
        form.page_heading = False
        return form
    reply = WordsForm(_("Your answer to your lead"), "", data, hint=_("You may leave this empty."))
    reply.fields["words"].required = False
    reply.page_heading = False
    if place.referral.status != Status.RETURNED:
        del reply.fields["words"]
    return reply


def _left(place: Place, missing: Iterable[str] = ()) -> list[tuple[str, str]]:
    """What must still be answered, each with the address that asks it.

    Args:
        missing: what the table of moves says, when the button was pressed.
    """
    walk = place.walk
    pages = {
        str(question.missing or question.text): place.step_url(page, next=REVIEW)
        for page in walk.steps
        for question in page.questions
    }
    open_now = place.answers.missing(q for page in walk.steps for q in page.questions)
    sentences = dict.fromkeys([*(str(q.missing or q.text) for q in open_now), *missing])
    sentences.pop(str(steps.DECLARATION.missing), None)
    left = [(one, pages.get(one) or _page_for(place)) for one in sentences]
    if walk.by_author and place.team and not workflow.closeness_asked(place.referral):
        sentence = _("Select who in the safeguarding team is close to it, or “No, nobody”")
        left.append((sentence, f"{place.url('closeness')}?{urlencode({'next': REVIEW})}"))
    return left


def _page_for(place: Place) -> str:
    """Where a sentence of the table leads that no single question says."""
    if place.answers.gate_yes and place.answers.get("called_999") == YesNo.NO:
        return place.step_url(steps.STEP["called"], next=REVIEW)
    return place.url("check") if place.walk.step("check") else ""


TITLES_LATER = {"talk": gettext_lazy("Who it is talked over with")}
"""What is done by then is not called a thing to do."""


@dataclass(frozen=True)
class Group:
    title: Any
    rows: list[Row]


def _review(
    request: SignedInRequest,
    place: Place,
    *,
    form: Any = None,
    left: list[tuple[str, str]] | None = None,
) -> HttpResponse:
    walk, referral, given = place.walk, place.referral, place.answers
    sending = walk.target == Status.SUBMITTED
    lead = workflow.lead_for(referral, now=timezone.now(), answers=given) if not sending else None
    gone = workflow.abandoned(referral, given)
    refused = request.method == "POST"
    context = {
        **_basics(place, Section.SHARE if sending else Section.CHECK),
        "groups": _groups(place),
        "gaps": _links(place, given.strong_gaps, next=REVIEW) if given.strong_gaps else [],
        "gone": [Row(q, in_words(q, given.get(q.name))) for q in gone],
        "left": left if refused else _left(place),
        "refused": refused and bool(left or form is None or form.errors),
        "form": form or _last_form(place),
        "form_key": uuid.uuid4(),
        "notes": walks.notes(given),
        "lead": lead,
        "others": [one for one in given.leads if one != lead] if not sending else [],
        "planned": routing.recipients(given) if sending else [],
        "decides": walk.target in (Status.AGENCY_CLOSED, Status.OTHER_ROUTE),
        "asked_for": _asked_for(referral),
        "first_name": sentence_start(given.first_name),
        "closeness_named": bool(walk.by_author and place.team),
    }
    if refused:
        context["form_key"] = request.POST.get("form_key", "")
    return render(request, "referrals/answers.html", context)


def _groups(place: Place) -> list[Group]:
    """Answers by task: the author's own, for a lead all but what is kept apart for monitoring."""
    walk = place.walk
    groups = []
    for task in steps.TASKS:
        found: list[Row] = []
        for page in steps.STEPS:
            mine = walk.step(page.name) is not None
            known = page.section == Section.NOTICE or not walk.by_author
            if page.task != task.key or not (mine or known):
                continue
            if page.name == "ethnic-group" and not walk.by_author:
                continue
            changes = mine or (page.name == "check" and not walk.by_author)
            url = place.step_url(page, next=REVIEW) if changes else ""
            found += rows(place.answers, page.questions, url)
        if found:
            groups.append(Group(TITLES_LATER.get(task.key, task.title), found))
    return groups


# Sent -------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
def sent(request: SignedInRequest, key: str) -> HttpResponse:
    """Thanks, who has it, what happens next and by when, and whom to ring out of hours."""
    referral = visible(request, key)
    if not policy.is_author_or_leads_agency(request.user, referral):
        raise PermissionDenied
    if not referral.is_shared and referral.status != Status.AGENCY_CHECK:
        return redirect(referral)
    if request.method == "POST":
        said = request.POST.get("rang", "")
        pk = int(said) if said.isascii() and said.isdigit() and len(said) < 18 else 0
        recipient = get_object_or_404(referral.recipients, pk=pk)
        workflow.record_call(referral, recipient, by=request.user)
        return redirect("referrals:sent", key)
    workflow.view(referral, by=request.user)
    now = timezone.now()
    if not referral.is_shared:
        return render(request, "referrals/sent.html", _with_lead(referral, now=now))
    return render(request, "referrals/sent.html", _shared(referral, now=now))


def _with_lead(referral: Referral, *, now: Any) -> dict[str, Any]:
    place = referral.agency.locality if referral.agency else None
    return {
        "referral": referral,
        "lead": referral.lead,
        "dots": _dots(Section.CHECK),
        "closed_now": place is not None and not workdays.is_open(now, place),
        "note": place.outside_hours_note if place else "",
    }


def _shared(referral: Referral, *, now: Any) -> dict[str, Any]:
    locality = referral.locality
    assert locality is not None  # noqa: S101 - a constraint keeps it
    recipients = list(referral.recipients.select_related("route", "locality", "rung_by"))
    closed_now = not workdays.is_open(now, locality)
    acknowledge = referral.clocks.filter(kind=ClockKind.ACKNOWLEDGE).order_by("started_at").first()
    return {
        "referral": referral,
        "recipients": [
            {
                "recipient": one,
                "name": one.route.name
                if one.route
                else f"{one.get_kind_display()}, {one.locality}",
                **_telephone(one, closed_now=closed_now),
            }
            for one in recipients
        ],
        "closed_now": closed_now,
        "ring": closed_now or referral.emergency,
        "note": locality.outside_hours_note,
        "expected_by": acknowledge.due_at if acknowledge else None,
        "news_by": workflow.news_by(referral),
        "by_hand": [one for one in recipients if not one.in_portal],
    }


def _telephone(recipient: Any, *, closed_now: bool) -> dict[str, str]:
    """Who answers now: by day the route's own number, else the out-of-hours contact."""
    route = recipient.route
    if route is None:
        return {"who": "", "phone": ""}
    if closed_now and route.out_of_hours_phone:
        return {"who": route.out_of_hours_name, "phone": route.out_of_hours_phone}
    return {"who": "", "phone": route.phone or route.out_of_hours_phone}


# Throw it away ----------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
def delete_draft(request: SignedInRequest, key: str) -> HttpResponse:
    """A page of its own for what cannot be undone."""
    referral = visible(request, key)
    if referral.status != Status.DRAFT:
        return _elsewhere(request, referral)
    if request.method == "POST":
        workflow.delete_draft(referral, by=request.user)
        messages.success(request, _("Your draft has been deleted."))
        return redirect("referrals:home")
    return render(request, "referrals/delete.html", {"referral": referral})
