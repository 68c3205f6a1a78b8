"""What is past its time: looked through by who answers for it, signed by a privacy officer."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Min, Sum
from django.db.models.functions import TruncMonth
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.fresh import fresh_factor_needed, fresh_factor_needed_to_press
from accounts.http import SignedInRequest
from accounts.models import User
from agencies import people
from agencies.terms import Kept
from referrals import disposal
from referrals.models import Disposal, Referral
from referrals.moves import NotReady
from referrals.terms import HoldReason, Status
from ui import dates
from ui.fields import ChoiceField, DayField, LongField, TextField
from ui.forms import PageForm
from vault import keys

MOST = 50
"""Cases on one page, the oldest first; the others come as these are dealt with."""
MOST_MONTHS = 24
KEY = re.compile(r"[a-z2-7]{26}")


class HoldForm(PageForm):
    """Which case, why, and until when."""

    button = lazy("Put it on hold")
    reference = TextField(
        label=lazy("Reference"), missing=lazy("Write the reference"), max_length=20
    )
    why = ChoiceField(
        label=lazy("Why is it not to be deleted?"),
        choices=HoldReason,
        missing=lazy("Select why it is not to be deleted"),
    )
    words = LongField(
        label=lazy("What is it about?"),
        missing=lazy("Write what it is about"),
        max_length=1000,
        rows=3,
    )
    until = DayField(
        label=lazy("Until when?"),
        help_text=lazy("After that day the case is on the list again. Nothing goes by itself."),
        future_only=True,
    )

    def __init__(self, *args: Any, asks_which: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not asks_which:
            del self.fields["reference"]


@dataclass(frozen=True)
class Line:
    """A case that is past its time, named without a word of it."""

    referral: Referral
    name: str
    kind: str
    until: str
    opens: bool


@require_safe
def page(request: SignedInRequest) -> HttpResponse:
    user = _who_takes_part(request)
    now = timezone.now()
    today = timezone.localdate(now)
    rules = disposal.rules()
    found = disposal.unproposed(user, today, rules)
    some = list(found.select_related("agency", "concern")[:MOST])
    opens = Referral.objects.visible_to(user).filter(pk__in=[one.pk for one in some])
    seen = set(opens.values_list("pk", flat=True)) if some else set()
    lines = []
    for one in some:
        kind = disposal.kind_of(one)
        until = dates.day(disposal.due_on(one, rules[kind]))
        lines.append(Line(one, name_of(one), str(kind.label), until, one.pk in seen))
    to_sign, coming = disposal.waiting(user)
    officer, held = disposal.is_officer(user), disposal.holds(user)
    keys.load([one.referral_id for one in held])
    context = {
        "lines": lines,
        "count": len(lines) if len(lines) < MOST else found.count(),
        "to_sign": [(one, name_of(one.referral)) for one in to_sign],
        "coming": [(one, name_of(one.referral)) for one in coming],
        "holds": [(one, name_of(one.referral)) for one in held],
        "done": _done() if officer else [],
        "officer": officer,
        "user": user,
        "today": today,
        "wait_days": settings.DISPOSAL_WAIT_DAYS,
    }
    return render(request, "referrals/disposal.html", context)


def name_of(referral: Referral) -> str:
    """The reference, or what an agency knows a concern by that was never shared."""
    return referral.reference or _("Concern of %(agency)s, recorded %(day)s") % {
        "agency": referral.agency,
        "day": dates.day(timezone.localdate(referral.created_at)),
    }


def _done() -> list[dict[str, Any]]:
    """The certificate: how many cases and records went, by month, rule and who signed."""
    rows = (
        Disposal.objects.done()
        .annotate(month=TruncMonth("done_at"))
        .values("month", "rule__kind", "signed_by__name", "proposed_by__name")
        .annotate(cases=Count("pk"), records=Sum("records"), first=Min("due_on"))
        .order_by("-month", "rule__kind", "signed_by__name")
    )
    return [row | {"kind": Kept(row["rule__kind"]).label} for row in rows[:MOST_MONTHS]]


@require_POST
@fresh_factor_needed_to_press("referrals:disposal")
def propose(request: SignedInRequest) -> HttpResponse:
    user = _who_takes_part(request)
    chosen = [each for each in request.POST.getlist("case")[:MOST] if KEY.fullmatch(each)]
    count = disposal.propose(chosen, by=user, now=timezone.now())
    _say(
        request,
        count,
        ngettext(
            "%(count)s case is proposed. A privacy officer signs it.",
            "%(count)s cases are proposed. A privacy officer signs them.",
            count,
        ),
    )
    return redirect("referrals:disposal")


@require_POST
@fresh_factor_needed_to_press("referrals:disposal")
def sign(request: SignedInRequest) -> HttpResponse:
    user = _who_takes_part(request)
    chosen = [int(each) for each in request.POST.getlist("case")[:MOST] if _is_number(each)]
    count = disposal.sign(chosen, by=user, now=timezone.now())
    _say(
        request,
        count,
        ngettext("%(count)s case is signed.", "%(count)s cases are signed.", count),
    )
    return redirect("referrals:disposal")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 18


def _say(request: SignedInRequest, count: int, said: str) -> None:
    if count:
        messages.success(request, said % {"count": count})
    else:
        messages.error(request, _("Select at least one case that can still be dealt with."))


@require_POST
def stop(request: SignedInRequest, pk: int) -> HttpResponse:
    said = _("It is not deleted.")
    return _once(request, lambda user: disposal.stop(pk, by=user, now=timezone.now()), said)


@require_POST
@fresh_factor_needed_to_press("referrals:disposal")
def lift(request: SignedInRequest, pk: Any) -> HttpResponse:
    said = _("The hold is lifted.")
    return _once(request, lambda user: disposal.lift(pk, by=user, now=timezone.now()), said)


def _once(request: SignedInRequest, do: Callable[[User], bool], said: str) -> HttpResponse:
    """Not theirs and not there are the same answer."""
    user = _who_takes_part(request)
    try:
        done = do(user)
    except PermissionDenied:
        raise Http404 from None
    if not done:
        raise Http404
    messages.success(request, said)
    return redirect("referrals:disposal")


@require_http_methods(["GET", "HEAD", "POST"])
@fresh_factor_needed
def hold(request: SignedInRequest) -> HttpResponse:
    """Of a case on the list, or by its reference at any time."""
    user = _who_takes_part(request)
    key = request.GET.get("case", "")
    if key and not KEY.fullmatch(key):
        raise Http404
    referral = _mine(user, key=key) if key else None
    form = HoldForm(request.POST if request.method == "POST" else None, asks_which=referral is None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            found = referral or _mine(user, reference=said["reference"].upper())
            why = HoldReason(said["why"])
            disposal.hold(found, why, said["words"], said["until"], by=user, now=timezone.now())
        except (Http404, PermissionDenied):
            box = "reference" if "reference" in form.fields else None
            form.add_error(box, _("There is no such referral that you could hold"))
        except NotReady as problem:
            form.add_error(None, problem.missing)
        else:
            messages.success(request, _("It is on hold, and is not deleted."))
            return redirect("referrals:disposal")
    name = name_of(referral) if referral else ""
    return render(request, "referrals/hold.html", {"form": form, "name": name})


def _mine(user: User, **which: str) -> Referral:
    found = Referral.objects.exclude(status__in=[Status.DRAFT, Status.DISPOSED])
    referral = get_object_or_404(found.select_related("agency"), **which)
    if not disposal.may_stop(user, referral):
        raise Http404
    return referral


def _who_takes_part(request: SignedInRequest) -> User:
    people.roles_for(request)  # read once
    if not disposal.takes_part(request.user):
        raise Http404
    return request.user
