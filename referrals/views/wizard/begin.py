"""A draft begins with one button and can be thrown away; the same questions on paper."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import SignedInRequest
from agencies import opening, people
from referrals import policy, steps, workflow
from referrals.forms import ReceivedForm
from referrals.terms import ReceivedBy, Section, Status
from referrals.views.common import visible
from referrals.views.wizard.place import elsewhere, sent_data


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    """What it is, who will see it, and one button that begins a draft."""
    user = request.user
    if not opening.is_open():
        return render(request, "referrals/not_open.html")
    if people.must_join(user):
        query = urlencode({"next": reverse("referrals:new")})
        return redirect(f"{reverse('agencies:join')}?{query}")
    agency, pending = people.acting_for(request), people.pending_for(user)
    has_place = agency is not None or bool(pending)
    asks_how = policy.may_type_in(user)
    form = ReceivedForm(sent_data(request)) if asks_how else None
    if request.method == "POST" and has_place and (form is None or form.is_valid()):
        received = ReceivedBy(form.cleaned_data["received_by"]) if form else ReceivedBy.PORTAL
        referral = workflow.start_once(user, agency=agency, received_by=received)
        return redirect("referrals:step", referral.key, steps.STEPS[0].name)
    several = len(people.agencies_for(request)) > 1
    context = {"form": form, "agency": agency, "has_place": has_place, "several": several}
    return render(request, "referrals/new.html", context)


@require_safe
def blank(request: SignedInRequest) -> HttpResponse:
    """The questions of NOTICE on paper, in the wizard's order (row W19)."""
    parts = [
        (task, [step for step in steps.STEPS if step.task == task.key])
        for task in steps.TASKS
        if task.section == Section.NOTICE
    ]
    return render(request, "referrals/blank.html", {"parts": parts})


@require_http_methods(["GET", "HEAD", "POST"])
def delete_draft(request: SignedInRequest, key: str) -> HttpResponse:
    """A page of its own for what cannot be undone."""
    referral = visible(request, key)
    if referral.status != Status.DRAFT:
        return elsewhere(request, referral)
    if request.method == "POST":
        workflow.delete_draft(referral, by=request.user)
        messages.success(request, _("Your draft has been deleted."))
        return redirect("referrals:home")
    return render(request, "referrals/delete.html", {"referral": referral})
