"""Which questions people fail and where drafts end, for those who look after the portal."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest
from agencies.people import has_role
from agencies.terms import Role
from referrals import stumbles


@require_safe
def page(request: SignedInRequest) -> HttpResponse:
    if not has_role(request.user, Role.PORTAL_ADMIN):
        raise Http404
    refused, gone = stumbles.lines(timezone.localdate())
    context = {"refused": refused, "gone": gone, "few": stumbles.HIDDEN_BELOW}
    return render(request, "referrals/hard.html", context)
