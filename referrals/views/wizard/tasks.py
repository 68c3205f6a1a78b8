"""The task list: what is done and what is left, in the three parts of a referral."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest
from referrals import steps, walks, workflow
from referrals.terms import Section, Status
from referrals.views.common import role_of
from referrals.views.wizard.place import Place, asked_for, basics, elsewhere, find, on_duty


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
    place = find(request, key)
    if not place.walk.steps:
        return elsewhere(request, place.referral)
    workflow.view(place.referral, by=request.user, role=role_of(request, place.referral))
    saved = set(place.versions)
    context = {
        **basics(place),
        "parts": _parts(place, saved),
        "notes": walks.notes(place.answers),
        "returned": place.referral.status == Status.RETURNED,
        "asked_for": asked_for(place.referral),
        "may_delete": place.referral.status == Status.DRAFT,
    }
    return render(request, "referrals/tasks.html", context)


def _parts(place: Place, saved: set[str]) -> list[dict[str, Any]]:
    """The sections of the task list, each a heading with its lines or a sentence."""
    walk, answers = place.walk, place.answers
    pages = walk.asked(answers)
    handing_over = walk.target == Status.AGENCY_CHECK
    team = place.team if walk.by_author else []
    check = [_line(place, task, pages, saved) for task in walk.tasks(Section.CHECK)]
    share = [_line(place, task, pages, saved) for task in walk.tasks(Section.SHARE)]
    if team:
        check.insert(0, _closeness_line(place, saved, before_lead=handing_over))
    waits = bool(answers.missing([q for one in walk.steps for q in one.questions]))
    waits = waits or bool(team and workflow.CLOSENESS not in saved)
    last = _last_line(place, waits=waits)
    parts = [
        {
            "title": _("1. Notice: what you saw and heard"),
            "lines": [_line(place, task, pages, saved) for task in walk.tasks(Section.NOTICE)],
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


def _line(place: Place, task: steps.Task, asked: list[steps.Step], saved: set[str]) -> Line:
    pages = [one for one in asked if one.task == task.key]
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
        hint = on_duty(place)
    return Line(task.key, title, hint, url, state if pages else "done")


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
