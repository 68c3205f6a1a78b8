"""What is missing or does not fit before a form is handed over, and handing it over."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import SignedInRequest
from selfassessment import checks, workflow
from selfassessment.cycle_forms import ReasonForm
from selfassessment.models import Remark
from selfassessment.moves import NotReady, TransitionError
from selfassessment.sheet import Sheet
from selfassessment.signing_forms import AnswersForm, HandOverForm
from selfassessment.terms import EDITABLE, RemarkKind, Status
from selfassessment.views.common import Desk, desk, posted

LOOKED = ("GET", "HEAD", "POST")


def of_agency(request: SignedInRequest, key: str) -> Desk:
    """The form for those of its agency; who reads it from outside has no such page."""
    found = desk(request, key)
    if not found.is_agency:
        raise Http404
    return found


@require_safe
def check(request: SignedInRequest, key: str) -> HttpResponse:
    """Everything that is missing or does not fit, each with the page that mends it."""
    return _page(request, of_agency(request, key), HandOverForm())


@require_http_methods(LOOKED)
def ready(request: SignedInRequest, key: str) -> HttpResponse:
    """Hand the form over to be signed."""
    found = of_agency(request, key)
    form = HandOverForm(posted(request))
    if request.method != "POST":
        return redirect("selfassessment:check", key)
    if not form.is_valid():
        return _page(request, found, form)
    try:
        workflow.ready(found.form, by=request.user, no_personal_data=True)
        messages.success(request, _("Handed over. The senior accountable lead is told by e-mail."))
        return redirect("selfassessment:overview", key)
    except NotReady:
        messages.error(request, _("It cannot be handed over yet. What stops it stands below."))
    except TransitionError:
        messages.error(request, _("It was handed over already, or is not being filled in now."))
    return redirect("selfassessment:check", key)


def _page(request: SignedInRequest, found: Desk, form: HandOverForm) -> HttpResponse:
    sheet = Sheet(found.form, timezone.localdate())
    faults = checks.look_at(found.form, sheet=sheet)
    status = found.form.status
    handed_over = found.form.prepared_at is not None and status == Status.RETURNED
    context = {
        "form_of": found.form,
        "desk": found,
        "form": form,
        "stops": [each for each in faults if each.stops],
        "warns": [each for each in faults if each.severity == checks.WARN],
        "let_off": [each for each in faults if each.waiver == "granted"],
        "looked_at": len(checks.RULES),
        "is_open": status in EDITABLE and not handed_over,
        "may_hand_over": found.leads and _can_be_handed_over(found) and not handed_over,
        "asked": sheet.loose_of("question"),
        "said": sheet.loose_of("sent_back") if status == Status.IN_PROGRESS else [],
    }
    return render(request, "selfassessment/signing/check.html", context)


def _can_be_handed_over(found: Desk) -> bool:
    shared = found.form.status == Status.NOT_STARTED and found.form.answers_of_id is not None
    return shared or found.form.status in (Status.IN_PROGRESS, Status.RETURNED)


@require_http_methods(LOOKED)
def waive(request: SignedInRequest, key: str, rule: str, code: str = "") -> HttpResponse:
    """Ask the board's manager not to hold one check against the form."""
    found = of_agency(request, key)
    known = checks.RULES.get(rule)
    if known is None or not known.waivable:
        raise Http404
    if not found.leads:
        raise PermissionDenied
    form = ReasonForm(
        posted(request),
        label=_("Why should this check not hold?"),
        button=_("Ask the board"),
        hint=_("The board’s manager decides. Reason and decision are kept with the form."),
    )
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            workflow.ask_waiver(found.form, rule, code, reason, by=request.user)
            messages.success(request, _("Asked. You hear by e-mail when it is decided."))
        except TransitionError:
            messages.error(request, _("It was asked already, or the form is not open now."))
        return redirect("selfassessment:check", key)
    context = {"form_of": found.form, "form": form, "rule": known, "code": code}
    return render(request, "selfassessment/signing/waive.html", context)


@require_http_methods(LOOKED)
def questions(request: SignedInRequest, key: str) -> HttpResponse:
    """What the board asked when it returned the form, to be answered one by one."""
    found = of_agency(request, key)
    asked = list(
        Remark.objects.filter(assessment=found.form, kind=RemarkKind.RETURNED).select_related(
            "by", "answered_by"
        )
    )
    is_open = found.form.status == Status.RETURNED and found.form.prepared_at is None
    if not (found.leads and is_open):
        if request.method == "POST":
            messages.error(request, CLOSED)
            return redirect("selfassessment:questions", key)
        context = {"form_of": found.form, "asked": asked}
        return render(request, "selfassessment/signing/questions.html", context)
    form = AnswersForm(posted(request), questions=asked)
    if request.method == "POST" and form.is_valid():
        try:
            for remark, words, seen in form.changed():
                try:
                    workflow.answer_question(remark, words, by=request.user, version=seen)
                except workflow.AnsweredMeanwhile as told:
                    form.overtaken(told.remark)
        except TransitionError:
            messages.error(request, CLOSED)
            return redirect("selfassessment:check", key)
        if not form.errors:
            messages.success(request, _("Saved. Now hand the form over to be signed again."))
            return redirect("selfassessment:check", key)
    context = {"form_of": found.form, "form": form, "asked": asked}
    return render(request, "selfassessment/signing/questions.html", context)


CLOSED = gettext_lazy("The form has moved on, so the answers stand as they are.")
