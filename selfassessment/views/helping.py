"""Who helps with a form: who was given what until when, and who only reads."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import SignedInRequest
from agencies.people import colleagues
from selfassessment import workflow
from selfassessment.forms import ANSWER, HelpForm
from selfassessment.models import Assignment, Helper
from selfassessment.moves import TransitionError
from selfassessment.views.common import Desk, desk, posted


@dataclass(frozen=True)
class Row:
    """One who helps, with what they were given in the order of the form."""

    helper: Helper
    given: list[Assignment]

    @property
    def left(self) -> int:
        return sum(each.done_at is None for each in self.given)


@require_http_methods(["GET", "HEAD", "POST"])
def people(request: SignedInRequest, key: str) -> HttpResponse:
    """Who helps; and for a lead, a form to ask one more."""
    found = desk(request, key)
    if not found.is_agency:
        raise PermissionDenied
    form = _form(request, found) if found.leads and found.is_open else None
    if request.method == "POST":
        if not found.leads:
            raise PermissionDenied
        if form is not None and form.is_valid():
            return _give(request, found, form)
    context = {
        "form_of": found.form,
        "desk": found,
        "rows": _rows(found),
        "form": form,
        "today": timezone.localdate(),
    }
    return render(request, "selfassessment/people.html", context)


def _form(request: SignedInRequest, found: Desk) -> HelpForm:
    others = [each for each in colleagues(found.form.agency) if each != request.user]
    code = request.GET.get("standard", "").upper()
    initial = {"task": ANSWER, "standards": [code]} if code else {}
    return HelpForm(others, found.standards, posted(request), initial=initial)


def _give(request: SignedInRequest, found: Desk, form: HelpForm) -> HttpResponse:
    due_on = form.cleaned_data["due_on"]
    try:
        workflow.give(found.form, form.person, form.given, by=request.user, due_on=due_on)
    except TransitionError:
        messages.error(request, _("The self-assessment is not being filled in any more."))
        return redirect("selfassessment:people", found.form.key)
    if form.given:
        words = ngettext(
            "%(name)s is asked to answer %(count)d standard, and gets one e-mail about it.",
            "%(name)s is asked to answer %(count)d standards, and gets one e-mail about them.",
            len(form.given),
        )
        places = {"name": form.person.name, "count": len(form.given)}
        messages.success(request, words % places)
    else:
        words = _("%(name)s can now read the self-assessment.")
        messages.success(request, words % {"name": form.person.name})
    return redirect("selfassessment:people", found.form.key)


def _rows(found: Desk) -> list[Row]:
    standing = Helper.objects.filter(assessment=found.form.source_id, ended_at__isnull=True)
    by_pk = {each.pk: each for each in found.standards}
    given: dict[int, list[Assignment]] = {}
    for each in found.assignments.values():
        if each.standard_id in by_pk:
            each.standard = by_pk[each.standard_id]
            given.setdefault(each.helper_id, []).append(each)
    rows = standing.select_related("person").order_by("person__name")
    return [
        Row(each, sorted(given.get(each.pk, []), key=lambda one: one.standard.order))
        for each in rows
    ]


@require_POST
def take_back(request: SignedInRequest, key: str, pk: int) -> HttpResponse:
    """One standard is the leads' again."""
    found = desk(request, key)
    given = get_object_or_404(
        Assignment.objects.select_related("standard", "assessment"),
        pk=pk,
        assessment=found.form.source_id,
    )
    try:
        workflow.take_back(given, by=request.user)
    except TransitionError:
        messages.error(request, _("The self-assessment is not being filled in any more."))
    else:
        words = _("%(code)s is yours again. What was written stays.")
        messages.success(request, words % {"code": given.standard.code})
    return redirect("selfassessment:people", key)


@require_POST
def let_go(request: SignedInRequest, key: str, pk: int) -> HttpResponse:
    """Somebody no longer helps."""
    found = desk(request, key)
    helper = get_object_or_404(
        Helper.objects.select_related("person", "assessment"),
        pk=pk,
        assessment=found.form.source_id,
    )
    workflow.let_go(helper, by=request.user)
    words = _("%(name)s no longer helps. What they wrote stays.")
    messages.success(request, words % {"name": helper.person.name})
    return redirect("selfassessment:people", key)
