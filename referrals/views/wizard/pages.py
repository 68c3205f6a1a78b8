"""One page of questions: drawn, saved by its button or while people type, and what comes next."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import SignedInRequest
from clauses.models import clauses_with
from referrals import moves, policy, steps, stumbles, walks, workflow
from referrals.clauses import codes_for
from referrals.forms import ClosenessForm, QuestionsForm
from referrals.models import PageSave
from referrals.steps import Step
from referrals.terms import Section, Status, Urgency, YesNo
from referrals.views.common import role_of
from referrals.views.conflicts import clashes_of, keep, merged
from referrals.views.wizard.place import (
    REVIEW,
    Place,
    basics,
    elsewhere,
    find,
    links,
    on_duty,
    sent_data,
)
from ui.clashes import CONFLICT, seen_version, typed_again
from ui.dates import time_of_day

TOLD_FIRST = {"gaps", "lead"}
"""Pages that say something under their heading before they ask."""


@require_http_methods(["GET", "HEAD", "POST"])
def step(request: SignedInRequest, key: str, step: str) -> HttpResponse:
    """One question, or one tight group."""
    place = find(request, key)
    page = _page_of(place, step)
    if page is None:
        return _not_now(request, place, step)
    if request.method == "POST":
        return _save(request, place, page)
    if not page.is_asked(place.answers):
        return redirect(place.url("tasks"))
    workflow.view(place.referral, by=request.user, role=role_of(request, place.referral))
    form = QuestionsForm(page.questions, place.answers)
    _fill_in(request, place, form)
    was = walks.alarms(page, {q.name: place.answers.get(q.name) for q in page.questions})
    return _draw(
        request, place, page, form, seen=place.versions.get(page.name, 0), was=",".join(sorted(was))
    )


def _page_of(place: Place, name: str) -> Step | None:
    if name not in steps.STEP:
        raise Http404
    return place.walk.step(name)


def _fill_in(request: SignedInRequest, place: Place, form: QuestionsForm) -> None:
    """What the portal knows, where nothing is stored yet; never about the person."""
    initial = form.initial
    if "referrer" in initial and not initial["referrer"]:
        initial["referrer"] = workflow.contact_of(request.user, place.referral.agency)
    if "urgency" in initial and not initial["urgency"] and place.answers.gate_yes:
        initial["urgency"] = Urgency.EMERGENCY


def _save(request: SignedInRequest, place: Place, page: Step) -> HttpResponse:
    """Keep what can be kept, whatever was pressed; then go on, stay, or stop."""
    form = QuestionsForm(page.questions, place.answers, request.POST)
    later, another_row = "later" in request.POST, form.wants_another_row()
    kept = form.partial_values()
    if "merge" in request.POST:
        return _merge(request, place, page, form, kept)
    on = not later and not another_row and form.is_valid()
    values = form.values if on else kept
    try:
        save = workflow.answer(
            place.referral, page, values, by=request.user, seen=seen_version(request)
        )
    except moves.Stale as stale:
        return _refused(request, place, page, form, stale.save)
    except PermissionDenied:  # it was sent or decided since it was found
        return _not_now(request, find(request, place.referral.key), page.name)
    lost = form.cannot_keep(kept) if later else []
    danger = walks.alarms(page, values) - _known_alarms(request)  # is not made to wait for a date
    if another_row or ((lost or not (on or later)) and not danger):
        for name in list(form.errors) if lost else []:
            if name not in lost:
                del form.errors[name]
        if not another_row:
            stumbles.sent_back(page, form.errors, today=timezone.localdate())
        return _draw(request, place, page, form, seen=save.version, was=request.POST.get("was", ""))
    return _onward(request, place, page, values, later=later)


def _known_alarms(request: SignedInRequest) -> set[str]:
    """Those that stood there when the page was opened: STOP has been shown for them."""
    return set(request.POST.get("was", "").split(","))


def _onward(
    request: SignedInRequest, place: Place, page: Step, values: dict[str, Any], *, later: bool
) -> HttpResponse:
    """To the STOP page where an answer sets it off, else to the next page that applies."""
    place = place.once_saved(request.user, values)
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
    return redirect(next_of(place, page, after=page.name))


def next_of(place: Place, page: Step, *, after: str = "") -> str:
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
        **basics(place, page.section),
        "step": page,
        "form": form,
        "has_h1": any(form.heading_of(bound.name) == "h1" for bound in form.shown_fields()),
        "seen": seen,
        "was": was,
        "action": request.get_full_path(),
        "autosave": place.url("autosave", page.name),
        "notes": walks.notes_after(request.GET.get("after", ""), place.answers),
        "gaps": links(place, place.answers.strong_gaps) if page.name == "gaps" else [],
        "on_duty": on_duty(place) if page.name == "lead" else "",
        "rung": "rung" in request.GET,
        "clauses": clauses_with(codes_for(page.questions)),
        "back": place.url(REVIEW)
        if to_review
        else place.step_url(back)
        if back
        else place.url("tasks"),
    }
    return render(request, "referrals/step.html", context)


@require_POST
def autosave(request: SignedInRequest, key: str, step: str) -> HttpResponse:
    """What the small script sends while people type: kept as far as it can be read."""
    place = find(request, key)
    page = _page_of(place, step)
    if page is None and policy.is_author_or_leads_agency(request.user, place.referral):
        return JsonResponse({}, status=CONFLICT)  # pressing the button shows the words again
    if page is None:
        raise PermissionDenied
    values = QuestionsForm(page.questions, place.answers, request.POST).partial_values()
    try:
        save = workflow.answer(
            place.referral, page, values, by=request.user, seen=seen_version(request)
        )
    except moves.Stale as stale:
        return JsonResponse({"seen": stale.save.version}, status=CONFLICT)
    except PermissionDenied:  # it was sent or decided since it was found
        return JsonResponse({}, status=CONFLICT)
    return JsonResponse({"saved_at": time_of_day(save.at), "seen": save.version})


def _refused(
    request: SignedInRequest, place: Place, page: Step, form: QuestionsForm, save: PageSave
) -> HttpResponse:
    """The same page was saved meanwhile: both texts are shown and both are kept (WF-04)."""
    place = find(request, place.referral.key)
    kept = form.partial_values()
    clashes = clashes_of(place.answers, form, kept)
    if not clashes:  # the same press twice: it is saved already
        return _onward(request, place, page, kept, later="later" in request.POST)
    keep(request, place.answers, page, form, kept)
    context = {
        **basics(place, page.section),
        "step": page,
        "clashes": clashes,
        "save": save,
        "mine_too": save.by_id == request.user.pk,
        "seen": save.version,
        "typed": typed_again(request),
        "action": request.get_full_path(),
    }
    return render(request, "referrals/conflict.html", context, status=CONFLICT)


def _merge(
    request: SignedInRequest, place: Place, page: Step, form: QuestionsForm, kept: dict[str, Any]
) -> HttpResponse:
    """What was chosen for each question is saved, and the page comes back to be read again."""
    changes = merged(request, place.answers, form, kept)
    try:
        workflow.answer(place.referral, page, changes, by=request.user, seen=seen_version(request))
    except moves.Stale as stale:
        return _refused(request, place, page, form, stale.save)
    except PermissionDenied:  # it was sent or decided since it was found
        return _not_now(request, find(request, place.referral.key), page.name)
    now = place.answers.with_changes(changes)
    values = {question.name: now.get(question.name) for question in page.questions}
    if walks.alarms(page, values):  # STOP does not wait until the page has been read again
        return _onward(request, place, page, values, later=False)
    messages.success(request, _("Saved. Read it once more, change what you wish, then go on."))
    return redirect(request.get_full_path())


def _not_now(request: SignedInRequest, place: Place, name: str) -> HttpResponse:
    """A page that this person does not write, or no longer: what was typed is shown and kept."""
    if place.walk.steps:
        raise PermissionDenied
    page, referral = steps.STEP[name], place.referral
    wrote = policy.is_author(request.user, referral) or (
        page.section != Section.NOTICE and policy.leads_agency(request.user, referral)
    )
    if request.method != "POST" or not wrote:
        return elsewhere(request, referral)
    form = QuestionsForm(page.questions, place.answers, request.POST)
    kept = form.partial_values()
    clashes = clashes_of(place.answers, form, kept)
    if not clashes:
        return redirect(referral)
    keep(request, place.answers, page, form, kept)
    context = {**basics(place, page.section), "step": page, "clashes": clashes, "closed": True}
    return render(request, "referrals/conflict.html", context, status=CONFLICT)


@require_http_methods(["GET", "HEAD", "POST"])
def danger_stop(request: SignedInRequest, key: str) -> HttpResponse:
    """The STOP page again, where an answer of the wizard sets it off."""
    place = find(request, key)
    if not place.walk.steps or not place.walk.step("danger"):
        return elsewhere(request, place.referral)
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
        **basics(place),
        "from_features": from_features,
        "action": request.get_full_path(),
        "mistake": place.step_url(origin, **back),
        "go_on": (place.url(REVIEW) if back else next_of(place, origin, after="features"))
        if from_features
        else "",
    }
    return render(request, "referrals/danger_stop.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def closeness(request: SignedInRequest, key: str) -> HttpResponse:
    """Is anyone in the safeguarding team close to it? They never hear of it (AC-06)."""
    place = find(request, key)
    if not place.walk.steps or place.referral.status != Status.DRAFT:
        return elsewhere(request, place.referral)
    team = place.team
    last = [page for page in place.walk.asked(place.answers) if page.section == Section.NOTICE][-1]
    if not team:
        return redirect(_after_closeness(place, last))
    asked = workflow.closeness_asked(place.referral)
    named = [str(pk) for pk in place.answers.excluded]
    initial = {"close": named or ([ClosenessForm.NOBODY] if asked else [])}
    form = ClosenessForm(team, sent_data(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        chosen = set(form.cleaned_data["close"])
        close = [person for person in team if str(person.pk) in chosen]
        workflow.exclude(place.referral, close, by=request.user)
        place = find(request, key)
        if request.GET.get("next") == REVIEW:
            return redirect(place.url(REVIEW))
        return redirect(_after_closeness(place, last))
    back = place.url(REVIEW) if request.GET.get("next") == REVIEW else place.step_url(last)
    context = {**basics(place, Section.CHECK), "form": form, "back": back}
    return render(request, "referrals/closeness.html", context)


def _after_closeness(place: Place, last: Step) -> str:
    following = place.walk.after(last, place.answers)
    return place.step_url(following) if following else place.url(REVIEW)
