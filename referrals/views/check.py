"""The safeguarding lead's CHECK: the whole of NOTICE beside the decision, and the other route."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.http import SignedInRequest
from referrals import clocks, policy, walks, workflow
from referrals.answers import Answers, Shown
from referrals.forms import CheckForm, QuestionsForm
from referrals.matching import possible_matches
from referrals.models import Clock, PageSave, Referral
from referrals.moves import NotReady, Stale, TransitionError
from referrals.steps import STEP, STEPS
from referrals.terms import ClockKind, Decision, MessageKind, Section, Status
from referrals.views import common
from referrals.views.conflicts import clashes_of, keep, merged
from ui.clashes import (
    CHOICE,
    CONFLICT,
    Clash,
    one_under_the_other,
    seen_version,
    typed_again,
)
from ui.dates import time_of_day

CHECK = STEP["check"]
ASKING, SIGNED = "questions", "signed"
"""The box for questions to the author (C17 e), and the declaration, which only a button makes."""
ABOUT_THE_PERSON = ("person", "family", "context")
"""Tasks whose short answers stand as one summary list."""
NOT_SHOWN = ("ethnic_group",)
MOST_EARLIER = 5


def check(request: SignedInRequest, key: str) -> HttpResponse:
    referral = common.visible(request, key, with_answers=True)
    if _is_over(request, referral):
        return _too_late(request, referral)
    _may_check(request, referral)
    if request.method == "POST":
        return _posted(request, referral)
    if referral.status == Status.DRAFT and Answers(referral).closeness_open:
        return redirect("referrals:closeness", key)  # asked before the check
    workflow.view(referral, by=request.user, role=common.role_of(request, referral))
    return _page(request, referral, _form(referral), _version(referral))


def _is_over(request: SignedInRequest, referral: Referral) -> bool:
    """It was decided, or asked back, and is no page to write on any more."""
    return referral.status not in (Status.AGENCY_CHECK, Status.DRAFT) and (
        policy.leads_agency(request.user, referral)
        or policy.may_answer(request.user, referral, Section.CHECK)
    )


def _may_check(request: SignedInRequest, referral: Referral) -> None:
    """Raises PermissionDenied for whoever hands it over and leaves the check to the lead."""
    if not policy.may_answer(request.user, referral, Section.CHECK):
        raise PermissionDenied
    if referral.status == Status.DRAFT:
        walk = walks.walk_of(request.user, referral, Answers(referral))
        if walk.step(CHECK.name) is None:
            raise PermissionDenied


def _form(referral: Referral, data: Any = None) -> CheckForm:
    asking = "" if data is not None else workflow.asking_so_far(referral)
    return CheckForm(CHECK.questions, Answers(referral), data, asking=asking)


def _version(referral: Referral) -> int:
    save = PageSave.objects.filter(referral=referral, step=CHECK.name).first()
    return save.version if save else 0


def _posted(request: SignedInRequest, referral: Referral) -> HttpResponse:
    try:
        if "merge" in request.POST:
            return _merge(request, referral)
        return _saved(request, referral, seen_version(request))
    except (PermissionDenied, TransitionError):  # it was decided since it was found
        referral = common.visible(request, referral.key, with_answers=True)
        if not _is_over(request, referral):
            raise
        return _too_late(request, referral)


def _saved(request: SignedInRequest, referral: Referral, seen: int) -> HttpResponse:
    """Keep what can be kept, whatever was pressed; then decide, or stay."""
    form = _form(referral, request.POST)
    kept, later = form.partial_values(), "later" in request.POST
    if not later and form.is_valid():
        try:
            return _decide(request, referral, form, seen)
        except Stale as stale:
            return _refused(request, referral, form, stale.save)
        except NotReady as problem:
            # An answer has opened another question: it is drawn now, with its own sentence.
            missing = problem.missing
    else:
        missing = []
    try:
        save = workflow.save_check(referral, kept, by=request.user, seen=seen, asking=form.asking)
    except Stale as stale:
        return _refused(request, referral, form, stale.save)
    if later and not form.cannot_keep(kept):
        common.saved_message(request)
        return redirect("referrals:home")
    if later:
        for name in set(form.errors) - set(form.cannot_keep(kept)):
            del form.errors[name]
    if missing:
        referral = common.visible(request, referral.key, with_answers=True)
        form = _form(referral, request.POST)
        if form.is_valid():
            form.add_error("fair_basis" if "fair_basis" in form.fields else None, missing)
    return _page(request, referral, form, save.version)


def _decide(
    request: SignedInRequest, referral: Referral, form: CheckForm, seen: int
) -> HttpResponse:
    """The signature is stored with the decision, or not at all."""
    with transaction.atomic():
        workflow.save_check(referral, form.values, by=request.user, seen=seen, signing=True)
        referral = common.visible(request, referral.key, with_answers=True)
        words = str(form.cleaned_data.get("questions") or "")
        referral = workflow.decide(referral, by=request.user, questions=words)
    return _after(request, referral)


@require_POST
def autosave(request: SignedInRequest, key: str) -> HttpResponse:
    """What the small script sends while the lead types: kept as far as it can be read."""
    referral = common.visible(request, key, with_answers=True)
    if _is_over(request, referral):
        return JsonResponse({}, status=CONFLICT)  # pressing the button shows the words again
    _may_check(request, referral)
    form = _form(referral, request.POST)
    try:
        save = workflow.save_check(
            referral,
            form.partial_values(),
            by=request.user,
            seen=seen_version(request),
            asking=form.asking,
        )
    except Stale as stale:
        return JsonResponse({"seen": stale.save.version}, status=CONFLICT)
    except PermissionDenied:  # it was decided since it was found
        return JsonResponse({}, status=CONFLICT)
    return JsonResponse({"saved_at": time_of_day(save.at), "seen": save.version})


# Two leads, or two windows ------------------------------------------------------------------------
def _refused(
    request: SignedInRequest, referral: Referral, form: CheckForm, save: PageSave
) -> HttpResponse:
    """Somebody saved it meanwhile: both answers to each question are shown, and both are kept."""
    referral = common.visible(request, referral.key, with_answers=True)
    answers = Answers(referral)
    kept = form.partial_values()
    clashes = [one for one in clashes_of(answers, form, kept) if one.name != SIGNED]
    saved = workflow.asking_so_far(referral)
    if form.asking is not None and form.asking != saved:
        text = form.fields["questions"].label or ""
        mine = form.asking.splitlines()
        clashes.append(Clash(ASKING, text, saved.splitlines(), mine, long=True))
    if not clashes:  # the same words are saved already
        return _the_same(request, referral, save)
    _keep(request, answers, form, kept)
    context = {
        "referral": referral,
        "clashes": clashes,
        "save": save,
        "mine_too": save.by_id == request.user.pk,
        "seen": save.version,
        "typed": typed_again(request),
        "action": request.get_full_path(),
    }
    return render(request, "referrals/conflict.html", context, status=CONFLICT)


def _the_same(request: SignedInRequest, referral: Referral, save: PageSave) -> HttpResponse:
    """The same press twice, or a window that had nothing new to say."""
    if "later" in request.POST:
        common.saved_message(request)
        return redirect("referrals:home")
    signer = referral.check_record.signed_by_id
    if signer == request.user.pk and referral.check_record.signed:
        return _after(request, referral)
    return _saved(request, referral, save.version)


def _keep(
    request: SignedInRequest, answers: Answers, form: CheckForm, kept: dict[str, Any]
) -> None:
    keep(request, answers, CHECK, form, {**kept, ASKING: form.asking or ""})


def _merge(request: SignedInRequest, referral: Referral) -> HttpResponse:
    """What the lead chose for each question is saved, and the page comes back to be read again."""
    form = _form(referral, request.POST)
    kept = form.partial_values()
    asking, saved = form.asking, workflow.asking_so_far(referral)
    match request.POST.get(CHOICE + ASKING):
        case "saved":
            asking = None
        case "both":
            asking = one_under_the_other(saved, asking or "")
    try:
        workflow.save_check(
            referral,
            merged(request, Answers(referral), form, kept),
            by=request.user,
            seen=seen_version(request),
            asking=asking,
        )
    except Stale as stale:
        return _refused(request, referral, form, stale.save)
    messages.success(
        request, _("Saved. Read it once more, change what you wish, then record your decision.")
    )
    return redirect("referrals:check", referral.key)


def _too_late(request: SignedInRequest, referral: Referral) -> HttpResponse:
    """It was decided meanwhile: what was typed is shown, and kept with the case."""
    if request.method != "POST":
        return redirect("referrals:case", referral.key)
    form, answers = _form(referral, request.POST), Answers(referral)
    kept = form.partial_values()
    clashes = [one for one in clashes_of(answers, form, kept) if one.name != SIGNED]
    words = form.asking or ""
    asked = referral.messages.filter(kind=MessageKind.QUESTION)
    if words and words not in [one.body for one in asked]:
        text = form.fields["questions"].label or ""
        clashes.append(Clash(ASKING, text, [], words.splitlines()))
    if not clashes:
        return redirect("referrals:case", referral.key)
    _keep(request, answers, form, kept)
    return _shown_instead(request, referral, clashes)


def _shown_instead(
    request: SignedInRequest, referral: Referral, clashes: list[Clash]
) -> HttpResponse:
    context = {"referral": referral, "clashes": clashes, "closed": True}
    return render(request, "referrals/conflict.html", context, status=CONFLICT)


def _after(request: SignedInRequest, referral: Referral) -> HttpResponse:
    decision = referral.check_record.decision
    if decision in (Decision.REFER, Decision.REFER_AND_ROUTE):
        messages.success(request, _("Your decision is recorded. Now add what goes with it."))
        return redirect("referrals:step", referral.key, "noticed-by")
    if decision == Decision.OTHER_ROUTE:
        return redirect("referrals:other_route", referral.key)
    if referral.status == Status.RETURNED:
        messages.success(
            request,
            _("Your questions are with %(name)s.") % {"name": referral.created_by.name},
        )
    else:
        messages.success(request, _("Your decision is recorded. No further concern."))
    return redirect("referrals:case", referral.key)


def _page(
    request: SignedInRequest, referral: Referral, form: CheckForm, version: int
) -> HttpResponse:
    answers = Answers(referral)
    now = timezone.now()
    clock = (
        Clock.objects.running().filter(referral=referral, kind=ClockKind.CHECK).first()
        if referral.status == Status.AGENCY_CHECK
        else None
    )
    long, brief, person = notice_in_words(answers)
    notice = [
        question
        for step in STEPS
        if step.section == Section.NOTICE
        for question in step.asked(answers)
        if question.name not in NOT_SHOWN
    ]
    is_lead = policy.leads_agency(request.user, referral)
    return render(
        request,
        "referrals/check.html",
        {
            "referral": referral,
            "form": form,
            "seen": version,
            "clock": clocks.in_words(_with(clock, referral), now=now) if clock else None,
            "long": long,
            "brief": brief,
            "person": person,
            "unanswered": [q.short for q in answers.unanswered(notice)],
            "first_name": referral.created_by.first_name_only,
            "own": referral.created_by_id == request.user.pk,
            # Rule 7: a practitioner who has no lead is not told.
            "looked_back": is_lead,
            "earlier": possible_matches(referral, request.user, MOST_EARLIER) if is_lead else [],
            "asks_who": is_lead and bool(set(referral.asked_about) - {request.user.pk}),
            "spoken": answers.get("spoken_at"),
            "notes": walks.notes_after("check", answers),
            "talk": list(
                referral.messages.filter(
                    kind__in=[MessageKind.QUESTION, MessageKind.REPLY, MessageKind.ADDITION]
                )
                .select_related("by")
                .order_by("-at")
            ),
        },
    )


def _with(clock: Clock, referral: Referral) -> Clock:
    """The clock with the case that is in hand, so that it is not read again."""
    clock.referral = referral
    return clock


def notice_in_words(answers: Answers) -> tuple[list[Shown], list[Shown], list[Shown]]:
    """NOTICE as the lead reads it: what happened in full, the rest of the concern in short, and
    the person as a summary. A gate that nobody opened is not worth three lines."""
    long: list[Shown] = []
    brief: list[Shown] = []
    person: list[Shown] = []
    for step in STEPS:
        if step.section != Section.NOTICE or (step.name == "danger" and not answers.gate_yes):
            continue
        for shown in answers.shown(step.questions):
            question = shown.question
            if question.name in NOT_SHOWN:
                continue
            about_person = step.task in ABOUT_THE_PERSON and question.name != "explanations"
            if shown.is_long and (question.said or not about_person):
                long.append(shown)
            else:
                (person if about_person else brief).append(shown)
    return long, brief, person


def other_route(request: SignedInRequest, key: str) -> HttpResponse:
    """R1 to R5: which other help, where it was sent, and when to look again."""
    referral = common.visible(request, key, with_answers=True)
    lead = policy.leads_agency(request.user, referral)
    if not lead:
        raise PermissionDenied
    decided = referral.status == Status.OTHER_ROUTE
    step = STEP["other-route"]
    answers = Answers(referral)
    if not decided and referral.status not in (Status.AGENCY_CHECK, Status.DRAFT):
        return _route_too_late(request, referral)
    if request.method == "POST":
        form = QuestionsForm(step.questions, answers, request.POST)
        if form.is_valid():
            try:
                if decided:
                    workflow.record_route(referral, form.values, by=request.user)
                    messages.success(request, _("Saved."))
                else:
                    workflow.answer(referral, step, form.values, by=request.user)
                    workflow.take_other_route(referral, by=request.user)
                    messages.success(
                        request, _("Your decision is recorded. No Prevent lead will see it.")
                    )
                return redirect("referrals:case", key)
            except NotReady as problem:
                form.add_error(None, problem.missing)
            except TransitionError:
                return _route_too_late(request, common.visible(request, key, with_answers=True))
    else:
        workflow.view(referral, by=request.user, role=common.role_of(request, referral))
        form = QuestionsForm(step.questions, answers)
    form.button = _("Save") if decided else _("Record my decision")
    return render(
        request,
        "referrals/other_route.html",
        {"referral": referral, "form": form, "decided": decided},
    )


def _route_too_late(request: SignedInRequest, referral: Referral) -> HttpResponse:
    """It was decided meanwhile: where else it was to go is shown, and kept with the case."""
    if request.method != "POST":
        return redirect("referrals:case", referral.key)
    step, answers = STEP["other-route"], Answers(referral)
    form = QuestionsForm(step.questions, answers, request.POST)
    kept = form.partial_values()
    clashes = clashes_of(answers, form, kept)
    if not clashes:
        return redirect("referrals:case", referral.key)
    keep(request, answers, step, form, kept)
    return _shown_instead(request, referral, clashes)
