"""The question before everything else: is anyone in danger now?

Two public pages of plain links. They read no session, ask the database nothing once the portal
is open and set no cookie, so that they answer whoever asks, whatever else is down. The same
questions (G1 to G7) are asked again, and kept, as the first step of the draft.
"""

from django.contrib.auth.decorators import login_not_required
from django.db.transaction import non_atomic_requests
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from agencies import opening


@login_not_required
@non_atomic_requests
@require_safe
def gate(request: HttpRequest) -> HttpResponse:
    return _as_nobody(request, "referrals/start.html")


@login_not_required
@non_atomic_requests
@require_safe
def stop(request: HttpRequest) -> HttpResponse:
    return _as_nobody(request, "referrals/stop.html")


def _as_nobody(request: HttpRequest, template: str) -> HttpResponse:
    """The page as anyone sees it: the header is not given the request that knows who asks."""
    nobody = HttpRequest()
    nobody.path, nobody.META = request.path, {}
    return render(nobody, template, {"not_open": not opening.is_open()})
