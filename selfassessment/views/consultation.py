"""Whom the agency asked, how, and what they said: once for each form."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.http import SignedInRequest
from selfassessment import workflow
from selfassessment.forms import ConsultationForm
from selfassessment.models import Assessment
from selfassessment.moves import Overtaken, TransitionError
from selfassessment.said import consultation_of
from selfassessment.views.common import Desk, desk, posted
from selfassessment.workflow import CONSULTATION
from ui.clashes import CONFLICT, Clash, chosen, typed_again
from ui.text import showable


@require_http_methods(["GET", "HEAD", "POST"])
def consultation(request: SignedInRequest, key: str) -> HttpResponse:
    """A form for the leads; its words for everybody else who reads the form."""
    found = desk(request, key)
    if request.method == "POST":
        return _save(request, found)
    found.looked_at()
    source = found.form.source
    form = ConsultationForm(source) if found.leads and found.is_open else None
    return _draw(request, found, form)


def _save(request: SignedInRequest, found: Desk) -> HttpResponse:
    if not found.leads:
        raise PermissionDenied
    source = found.form.source
    form = ConsultationForm(source, posted(request))
    kept = form.kept()
    if "merge" in request.POST:
        kept = {
            name: chosen(request, name, saved=getattr(source, name), mine=mine, long=True)
            for name, mine in kept.items()
        }
    version = request.POST.get("seen", "")
    try:
        workflow.write_consultation(found.form, kept, by=request.user, version=version)
    except Overtaken as told:
        return _refused(request, found, form, kept, told.form)
    except TransitionError:
        context = {"form_of": found.form, "desk": found}
        return render(request, "selfassessment/closed.html", context, status=CONFLICT)
    lost = form.cannot_keep(kept)
    form.is_valid()
    form.only_errors_of([*lost, *(name for name, said in kept.items() if said)])
    if form.errors:
        return _draw(request, found, form)
    messages.success(request, _("Saved."))
    return redirect("selfassessment:overview", found.form.key)


def _refused(
    request: SignedInRequest,
    found: Desk,
    form: ConsultationForm,
    kept: dict[str, str],
    now: Assessment,
) -> HttpResponse:
    """Somebody saved it meanwhile: both texts are shown, and nothing of either is lost."""
    context: dict[str, Any] = {
        "form_of": found.form,
        "caption": _("Whom you asked"),
        "clashes": [
            Clash(
                name,
                form.fields[name].label,
                _lines(getattr(now, name)),
                _lines(mine),
                long=True,
            )
            for name, mine in kept.items()
            if mine != getattr(now, name)
        ],
        "seen": workflow.consultation_version(now),
        "typed": typed_again(request),
        "action": reverse("selfassessment:consultation", args=[found.form.key]),
    }
    return render(request, "selfassessment/conflict.html", context, status=CONFLICT)


def _lines(words: str) -> list[str]:
    return [showable(line) for line in words.splitlines() if line.strip()]


def _draw(request: SignedInRequest, found: Desk, form: ConsultationForm | None) -> HttpResponse:
    source = found.form.source
    said = consultation_of(found.form)
    asked = ConsultationForm(source)
    context = {
        "form_of": found.form,
        "desk": found,
        "form": form,
        "seen": workflow.consultation_version(source),
        "shown": [(asked.fields[name].label, said[name]) for name in CONSULTATION if said[name]],
    }
    return render(request, "selfassessment/consultation.html", context)
