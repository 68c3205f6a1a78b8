"""One form as the board's manager handles it: more time, none at all, questions, reopening.

The manager sees status, days and what was said with them, and no answer that was not signed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.fresh import fresh_factor_needed
from accounts.http import SignedInRequest
from accounts.models import User
from audit import events
from selfassessment import checks, policy, workflow
from selfassessment.cycle_forms import ExtendForm, ReasonForm
from selfassessment.models import Assessment
from selfassessment.moves import MOVES, NotReady, TransitionError
from selfassessment.signing_forms import QuestionsForm, WaiverForm
from selfassessment.terms import BEFORE_SIGNED, Status
from selfassessment.views.checking import LOOKED
from selfassessment.views.common import OVERTAKEN, posted
from selfassessment.workflow.signing import WITH_THE_BOARD
from ui.forms import PageForm


def _form(request: SignedInRequest, key: str) -> Assessment:
    """The form, for the manager; of their own agency there is no such page."""
    found = Assessment.objects.of_board(request.user)
    related = ("cycle__standards", "agency", "board", "answers_of")
    form = get_object_or_404(found.select_related(*related), key=key)
    if not policy.manages(request.user, form):
        raise Http404
    return form


def _looked_at(request: SignedInRequest, form: Assessment) -> None:
    """The manager read what the agency said with its moves: the agency's log shows it."""
    agency = str(form.agency_id)
    events.record("assessment.viewed", form, by=request.user, agency=agency, what="manage")


@dataclass(frozen=True)
class Act:
    """Something that the manager does with a form, on a page of its own.

    Attributes:
        offered: whether it makes sense now; the door asks again.
        do: with the form, what the page asked, and who.
    """

    name: str
    label: Any
    title: Any
    explained: Any
    ask: Callable[..., PageForm]
    offered: Callable[[Assessment], bool]
    do: Callable[[Assessment, dict[str, Any], PageForm, User], object]
    done: Any


def _reason(label: Any, button: Any) -> Callable[..., PageForm]:
    return lambda data: ReasonForm(data, label=label, button=button)


def _needs_time(form: Assessment) -> bool:
    return form.status in BEFORE_SIGNED


def _moves_to(target: Status) -> Callable[[Assessment], bool]:
    return lambda form: (Status(form.status), target) in MOVES


def _can_be_reopened(form: Assessment) -> bool:
    return form.status in WITH_THE_BOARD


ACTS = {
    each.name: each
    for each in [
        Act(
            "extend",
            gettext_lazy("Give more time"),
            gettext_lazy("More time for this form"),
            gettext_lazy("The agency sees the new day. The reason is kept with the form."),
            ExtendForm,
            _needs_time,
            lambda form, said, _page, by: workflow.extend(
                form, said["until"], said["reason"], by=by
            ),
            gettext_lazy("The form has more time."),
        ),
        Act(
            "exempt",
            gettext_lazy("Exempt the agency this time"),
            gettext_lazy("No form this time"),
            gettext_lazy("The agency reads the reason. Nothing that was written is lost."),
            _reason(gettext_lazy("Why is no form needed?"), gettext_lazy("Exempt the agency")),
            _moves_to(Status.EXEMPT),
            lambda form, said, _page, by: workflow.exempt(form, said["reason"], by=by),
            gettext_lazy("The agency is exempt this time."),
        ),
        Act(
            "ask-again",
            gettext_lazy("Ask for the form after all"),
            gettext_lazy("Ask for the form after all"),
            gettext_lazy("What was written before is there again."),
            _reason(gettext_lazy("Why is it needed after all?"), gettext_lazy("Ask for it")),
            _moves_to(Status.NOT_STARTED),
            lambda form, said, _page, by: workflow.undo_exemption(form, said["reason"], by=by),
            gettext_lazy("The agency is asked for its form."),
        ),
        Act(
            "return",
            gettext_lazy("Return with questions"),
            gettext_lazy("Return with questions"),
            gettext_lazy("The agency answers them, changes what it must, and signs again."),
            QuestionsForm,
            _moves_to(Status.RETURNED),
            lambda form, _said, page, by: workflow.return_with_questions(
                form,
                page.questions(),  # type: ignore[attr-defined]
                by=by,
            ),
            gettext_lazy("Returned. The safeguarding lead is told by e-mail."),
        ),
        Act(
            "reopen",
            gettext_lazy("Reopen"),
            gettext_lazy("Reopen this form"),
            gettext_lazy(
                "Its sign-off is void from then on, and the form must be signed again. What was "
                "signed is kept."
            ),
            _reason(gettext_lazy("Why must it be reopened?"), gettext_lazy("Reopen the form")),
            _can_be_reopened,
            lambda form, said, _page, by: workflow.reopen(form, said["reason"], by=by),
            gettext_lazy("Reopened. The safeguarding lead is told by e-mail."),
        ),
    ]
}


@require_safe
def manage(request: SignedInRequest, key: str) -> HttpResponse:
    """Where a form is, what was said with its moves, and what can be done now."""
    form = _form(request, key)
    _looked_at(request, form)
    waivers = [
        (each, checks.RULES[each.rule].words if each.rule in checks.RULES else each.rule)
        for each in form.waivers.select_related("asked_by", "decided_by")
    ]
    context = {
        "form_of": form,
        "is_late": form.is_overdue(timezone.localdate()),
        "acts": [each for each in ACTS.values() if each.offered(form)],
        "extensions": form.extensions.select_related("by"),
        "remarks": form.remarks.select_related("by"),
        "waivers": waivers,
        "signoffs": form.signoffs.order_by("-number"),
    }
    return render(request, "selfassessment/signing/manage.html", context)


@require_http_methods(LOOKED)
@fresh_factor_needed
def manage_act(request: SignedInRequest, key: str, act: str) -> HttpResponse:
    """One of the acts, with what it asks."""
    form = _form(request, key)
    wanted = ACTS.get(act)
    if wanted is None:
        raise Http404
    page = wanted.ask(posted(request))
    if request.method == "POST" and page.is_valid():
        try:
            wanted.do(form, page.cleaned_data, page, request.user)
            messages.success(request, wanted.done)
            return redirect("selfassessment:manage", key)
        except NotReady as problem:
            page.add_error(next(iter(page.fields)), problem.missing[0])
        except TransitionError:
            page.add_error(None, OVERTAKEN)
    context = {"form_of": form, "form": page, "act": wanted}
    return render(request, "selfassessment/signing/act.html", context)


@require_http_methods(LOOKED)
@fresh_factor_needed
def decide_waiver(request: SignedInRequest, key: str, pk: int) -> HttpResponse:
    """Let a form off one check, or not (row S30)."""
    form = _form(request, key)
    waiver = get_object_or_404(form.waivers.select_related("asked_by"), pk=pk)
    page = WaiverForm(posted(request))
    if request.method == "POST" and page.is_valid():
        try:
            workflow.decide_waiver(
                waiver,
                granted=page.cleaned_data["granted"] == "yes",
                why=page.cleaned_data["why"],
                by=request.user,
            )
            messages.success(request, _("Decided. The agency is told by e-mail."))
            return redirect("selfassessment:manage", key)
        except PermissionDenied:
            page.add_error(None, _("Another person decides what you asked for."))
        except TransitionError:
            page.add_error(None, OVERTAKEN)
    _looked_at(request, form)
    known = checks.RULES.get(waiver.rule)
    context = {"form_of": form, "form": page, "waiver": waiver, "rule": known}
    return render(request, "selfassessment/signing/decide.html", context)
