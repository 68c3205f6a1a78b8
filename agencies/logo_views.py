"""The logo of an agency, or of a locality's board: see it, choose another, take it away."""

import base64

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.http import SignedInRequest
from agencies import logos, policy
from agencies.forms import LogoForm
from agencies.models import Agency, Locality
from agencies.views import find_place
from ui import uploads

WHOLE = "all"
"""What stands at the end of a form with a file: missing, the upload was cut off on its way."""


@require_http_methods(["GET", "HEAD", "POST"])
def logo(request: SignedInRequest, place: str) -> HttpResponse:
    where = find_place(request, place, policy.can_set_logo)
    if not isinstance(where, Agency | Locality):
        raise Http404
    if request.method == "POST" and "take_away" in request.POST:
        logos.take_away(where, by=request.user)
        messages.success(request, _("Documents are printed without a logo now."))
        return redirect("agencies:logo", place)
    is_sent = request.method == "POST"
    form = LogoForm(request.POST if is_sent else None, request.FILES if is_sent else None)
    if is_sent and not _was_cut(request, form) and form.is_valid():
        said = form.cleaned_data
        logos.set_logo(where, said["upload"], said["words"], by=request.user)
        messages.success(request, _("The logo has been saved."))
        return redirect("agencies:logo", place)
    kept = logos.of_place(where)
    context = {
        "form": form,
        "title": str(where),
        "logo": kept,
        "picture": base64.b64encode(bytes(kept.picture)).decode() if kept else "",
        "is_agency": isinstance(where, Agency),
        "whole": WHOLE,
    }
    return render(request, "agencies/logo.html", context)


def _was_cut(request: SignedInRequest, form: LogoForm) -> bool:
    """Say so where the upload was too large to be read, or broke off on its way (FI-05)."""
    if not uploads.was_cut_short(request) and request.POST.get("end") == WHOLE:
        return False
    form.full_clean()
    form.add_error("upload", _("The upload was cut off, so nothing was saved. Choose it again"))
    return True
