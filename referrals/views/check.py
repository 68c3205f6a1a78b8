"""The safeguarding lead's CHECK: the whole of NOTICE beside the decision, and the other route."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest
from referrals import clocks, policy, walks, workflow
from referrals.answers import Answers, Shown
from referrals.forms import CheckForm, QuestionsForm
from referrals.models import Clock, PageSave, Referral
from referrals.moves import NotReady, Stale, TransitionError
from referrals.steps import STEP, STEPS
from referrals.terms import ClockKind, Decision, MessageKind, Section, Status
from referrals.views import common

ABOUT_THE_PERSON = ("person", "family", "context")
"""Tasks whose short answers stand as one summary list."""
NOT_SHOWN = ("ethnic_group",)


def check(request: SignedInRequest, key: str) -> HttpResponse:
    referral = common.visible(request, key, with_answers=True)
    if not policy.may_answer(request.user, referral, Section.CHECK):
        raise PermissionDenied
    if referral.status not in (Status.AGENCY_CHECK, Status.DRAFT):
        return redirect("referrals:case", key)
    step = STEP["check"]
    if referral.status == Status.DRAFT:
        walk = walks.walk_of(request.user, referral, Answers(referral))
        if walk.step(step.name) is None:  # whoever hands it over leaves the check to the lead
            raise PermissionDenied
    if request.method == "POST":
        return _saved(request, referral)
    workflow.view(referral, by=request.user)
    answers = Answers(referral)
    return _page(request, referral, CheckForm(step.questions, answers), _version(referral))


def _version(referral: Referral) -> int:
    save = PageSave.objects.filter(referral=referral, step="check").first()
    return save.version if save else 0


def _saved(request: SignedInRequest, referral: Referral) -> HttpResponse:
    step = STEP["check"]
    form = CheckForm(step.questions, Answers(referral), request.POST)
    seen = request.POST.get("seen", "")
    version = int(seen) if seen.isdecimal() and len(seen) < 9 else None
    later = "later" in request.POST
    valid = form.is_valid()
    values = form.values if valid and not later else form.partial_values()
    try:
        save = workflow.answer(referral, step, values, by=request.user, seen=version)
    except Stale as stale:
        workflow.keep_text(referral, step, values, by=request.user, now=timezone.now())
        form.add_error(
            None,
            _(
                "%(name)s saved this page while you were writing. Your words are below: "
                "read them again and record your decision."
            )
            % {"name": stale.save.by},
        )
        return _page(request, referral, form, stale.save.version)
    if later:
        common.saved_message(request)
        return redirect("referrals:home")
    if not valid:
        return _page(request, referral, form, save.version)
    referral = common.visible(request, referral.key, with_answers=True)
    words = str(form.cleaned_data.get("questions") or "")
    try:
        referral = workflow.decide(referral, by=request.user, questions=words)
    except NotReady as problem:
        # An answer has opened another question: it is drawn now, with its own sentence.
        form = CheckForm(step.questions, Answers(referral), request.POST)
        if form.is_valid():
            form.add_error("fair_basis" if "fair_basis" in form.fields else None, problem.missing)
        return _page(request, referral, form, save.version)
    except TransitionError:
        messages.error(request, _("Somebody else has decided this concern meanwhile."))
        return redirect("referrals:case", referral.key)
    return _after(request, referral)


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
    name_digest = referral.person.name_digest
    earlier = (
        Referral.objects.visible_to(request.user)
        .filter(person__name_digest=bytes(name_digest))
        .exclude(pk=referral.pk)
        .order_by("-created_at")[:5]
        if name_digest
        else []
    )
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
            "earlier": list(earlier),
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
    if not decided and referral.status not in (Status.AGENCY_CHECK, Status.DRAFT):
        return redirect("referrals:case", key)
    step = STEP["other-route"]
    answers = Answers(referral)
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
                messages.error(request, _("Somebody else has decided this concern meanwhile."))
                return redirect("referrals:case", key)
    else:
        workflow.view(referral, by=request.user)
        form = QuestionsForm(step.questions, answers)
    form.button = _("Save") if decided else _("Record my decision")
    return render(
        request,
        "referrals/other_route.html",
        {"referral": referral, "form": form, "decided": decided},
    )
