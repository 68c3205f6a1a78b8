"""The referral as a PDF, and the sheet for a body that does not work in the portal."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import fresh
from accounts.http import SignedInRequest
from audit import events
from referrals import policy, report, workflow
from referrals.answers import Answers
from referrals.forms import QuestionsForm
from referrals.models import Document, Referral
from referrals.moves import TransitionError
from referrals.questions import named
from referrals.terms import SHARED
from referrals.views import common

SENT = named("sent_where", "sent_on", "sent_by", "sent_reference")


def pdf(request: SignedInRequest, key: str) -> HttpResponse:
    """The stored PDF as a download, or "being prepared" until the worker has made it."""
    referral = common.visible(request, key)
    if policy.sees_part_only(request.user, referral):
        raise PermissionDenied
    if referral.status not in SHARED:
        raise Http404
    document = Document.objects.filter(referral=referral, kind=report.REFERRAL).first()
    if document is None:
        return render(request, "referrals/being_prepared.html", {"referral": referral}, status=202)
    if not fresh.is_fresh(request, now=timezone.now()):
        return fresh.ask(request)  # it leaves the portal (ID-13)
    events.record(
        "referral.downloaded", referral, by=request.user, agency=str(referral.agency_id or "")
    )
    return _download(document.content, referral.reference)


def _download(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    return response


def _may_send(request: SignedInRequest, referral: Referral) -> None:
    if referral.status not in SHARED:
        raise Http404
    if not (
        policy.leads_agency(request.user, referral)
        or (policy.is_author(request.user, referral) and referral.lead_id is None)
    ):
        raise PermissionDenied


def sheet(request: SignedInRequest, key: str) -> HttpResponse:
    """Download the sheet, send it by hand, and record how and to whom (R2)."""
    referral = common.visible(request, key, with_answers=True)
    _may_send(request, referral)
    bound = request.POST if request.method == "POST" else None
    form = QuestionsForm(SENT, Answers(referral), bound)
    for name in ("sent_where", "sent_on", "sent_by"):
        form.fields[name].required = True
    form.fields["sent_where"].help_text = ""
    form.fields["sent_where"].error_messages["required"] = _("Write where it was sent")
    form.fields["sent_by"].error_messages["required"] = _("Write who sent it")
    form.button = _("Record that it was sent")
    if form.is_bound and form.is_valid():
        try:
            workflow.record_route(referral, form.values, by=request.user)
        except TransitionError:
            messages.error(request, _("This cannot be done any more: the case has moved on."))
        else:
            messages.success(request, _("Recorded."))
        return redirect("referrals:case", key)
    outside = [one for one in referral.recipients.select_related("route") if not one.in_portal]
    return render(
        request,
        "referrals/sheet.html",
        {"referral": referral, "form": form, "outside": outside},
    )


def sheet_pdf(request: SignedInRequest, key: str) -> HttpResponse:
    referral = common.visible(request, key, with_answers=True)
    _may_send(request, referral)
    if not fresh.is_fresh(request, now=timezone.now()):
        return fresh.ask(request)
    outside = referral.recipients.filter(in_portal=False).select_related("route").first()
    route = outside.route if outside else None
    name = (route.own_form_name or route.name) if route else _("the service it is sent to")
    events.record(
        "referral.sheet_downloaded",
        referral,
        by=request.user,
        agency=str(referral.agency_id or ""),
    )
    return _download(report.sheet(referral, name=name), f"{referral.reference}-sheet")
