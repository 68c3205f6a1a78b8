"""For whoever sets the portal up: going live, and the rules on how long things are kept."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.fresh import fresh_factor_needed, fresh_factor_needed_to_press
from accounts.http import SignedInRequest
from agencies import health, opening, people, policy, retention, workdays
from agencies.forms import RetentionForm
from agencies.models import Locality, Opening, RetentionRule
from agencies.terms import SUGGESTED_MONTHS, Kept, Role
from agencies.workflow import RefusedError

SHOWN_HOLIDAYS = 3
SHOWN_AGENCIES = 25


# --- Going live -------------------------------------------------------------------------------
@dataclass(frozen=True)
class Calendar:
    """The working day of a locality, and the bank holidays that the portal knows of."""

    locality: Locality
    holidays: list[workdays.Holiday]


@require_http_methods(["GET", "HEAD", "POST"])
@fresh_factor_needed
def going_live(request: SignedInRequest) -> HttpResponse:
    """What is done and what is missing, and the button that opens the portal."""
    if not any(each.role == Role.PORTAL_ADMIN for each in people.roles_for(request)):
        raise Http404
    now = timezone.now()
    if request.method == "POST":
        try:
            opening.open_portal(by=request.user, now=now)
            messages.success(request, _("The portal is open. It takes concerns from now on."))
        except RefusedError as error:
            messages.error(request, str(error))
        return redirect("agencies:going_live")
    needs, today = opening.needs(), timezone.localdate(now)
    leaderless = health.agencies_without_lead()
    context = {
        "opened": Opening.objects.select_related("opened_by").first(),
        "needs": needs,
        "left": sum(not need.is_met for need in needs),
        "leaderless": leaderless[:SHOWN_AGENCIES],
        "leaderless_count": len(leaderless),
        "scanner": health.scanner_problems(),
        "calendars": [
            Calendar(each, workdays.coming_holidays(today, each, SHOWN_HOLIDAYS))
            for each in Locality.objects.all()
        ],
    }
    return render(request, "agencies/going_live.html", context)


# --- How long things are kept -----------------------------------------------------------------
@dataclass
class Line:
    """One kind of record, the rule in force and the one that waits."""

    kind: Kept
    rule: RetentionRule | None = None
    proposed: RetentionRule | None = None
    may_sign: bool = False


@require_http_methods(["GET", "HEAD"])
def rules(request: SignedInRequest) -> HttpResponse:
    _see_that_they_keep_rules(request)
    lines = {kind: Line(kind) for kind in Kept}
    found = RetentionRule.objects.filter(ended_at__isnull=True)
    for rule in found.select_related("proposed_by", "signed_by"):
        line = lines[Kept(rule.kind)]
        if rule.signed_at:
            line.rule = rule
        else:
            line.proposed = rule
            line.may_sign = rule.proposed_by_id != request.user.pk
    unsigned = sum(line.rule is None for line in lines.values())
    context = {
        "lines": lines.values(),
        "unsigned": unsigned,
        "draft_days": settings.DRAFT_KEPT_DAYS,
    }
    return render(request, "agencies/retention.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def propose_rule(request: SignedInRequest, kind: str) -> HttpResponse:
    _see_that_they_keep_rules(request)
    if kind not in Kept.values:
        raise Http404
    what = Kept(kind)
    live = RetentionRule.objects.filter(kind=what, ended_at__isnull=True)
    now = live.order_by("-proposed_at").first()
    months, child_months = SUGGESTED_MONTHS[what]
    known = {
        "months": now.months if now else months,
        "child_months": now.child_months if now else child_months,
        "source": now.source if now else "",
    }
    form = RetentionForm(request.POST if request.method == "POST" else None, initial=known)
    if request.method == "POST" and form.is_valid():
        retention.propose(what, by=request.user, **form.cleaned_data)
        messages.success(request, _("Proposed. Another person signs it."))
        return redirect("agencies:retention")
    return render(request, "agencies/propose_rule.html", {"form": form, "kind": what})


@require_POST
@fresh_factor_needed_to_press("agencies:retention")
def sign_rule(request: SignedInRequest, pk: int) -> HttpResponse:
    _see_that_they_keep_rules(request)
    rule = get_object_or_404(RetentionRule, pk=pk)
    try:
        retention.sign(rule, by=request.user)
        said = _("Signed: %(kind)s.") % {"kind": Kept(rule.kind).label}
        messages.success(request, said)
    except PermissionDenied:
        messages.error(request, _("Another person signs what you proposed."))
    except RefusedError as error:
        messages.error(request, str(error))
    return redirect("agencies:retention")


def _see_that_they_keep_rules(request: SignedInRequest) -> None:
    if not policy.keeps_rules(request.user):
        raise Http404
