"""For portal administrators: what waits to be sent, what could not be, and what to do about it.

They look after the post, not the cases: no reference stands here, and no link leads to a case.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Min, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import SignedInRequest
from agencies import policy
from outbox import sending
from outbox.models import RETURNED, Message

MOST = 50
"""Messages on one page, those that wait longest first."""


@dataclass(frozen=True)
class Line:
    """A message that could not be delivered, in words."""

    message: Message
    why: str


@require_safe
def page(request: SignedInRequest) -> HttpResponse:
    _only_administrators(request)
    now = timezone.now()
    parked = Message.objects.parked().select_related("to_person").order_by("parked_at", "pk")
    after = _after(request.GET.get("after", ""))
    some = list(parked.filter(after)[: MOST + 1] if after else parked[: MOST + 1])
    due = Q(send_after__lte=now)
    context = Message.objects.waiting().aggregate(
        waiting=Count("pk", filter=due), since=Min("send_after", filter=due)
    )
    context["lines"] = [Line(each, _why(each)) for each in some[:MOST]]
    context["next"] = _mark(some[MOST - 1]) if len(some) > MOST else ""
    context["is_first"] = after is None
    context["count"] = parked.count()
    return render(request, "agencies/mail.html", context)


def _mark(message: Message) -> str:
    """Where a page ends: what is dealt with meanwhile moves nothing on the next one."""
    assert message.parked_at is not None  # noqa: S101 - it is parked
    return f"{message.parked_at.timestamp():.6f}_{message.pk}"


def _after(mark: str) -> Q | None:
    moment, _sign, key = mark.partition("_")
    try:
        at, pk = datetime.fromtimestamp(float(moment), UTC), UUID(key)
    except (ValueError, OverflowError, OSError):
        return None  # no mark, or not one of ours: the first page
    return Q(parked_at__gt=at) | Q(parked_at=at, pk__gt=pk)


@require_POST
def again(request: SignedInRequest, pk: UUID | None = None) -> HttpResponse:
    """Try one once more, or all."""
    _only_administrators(request)
    count = sending.try_again(timezone.now(), by=request.user, only=pk)
    if count:
        said = ngettext(
            "%(count)d e-mail will be sent again in the next minute.",
            "%(count)d e-mails will be sent again in the next minutes.",
            count,
        )
        messages.success(request, said % {"count": count})
    else:
        messages.error(request, _("Somebody has dealt with this already."))
    return redirect("agencies:mail")


@require_http_methods(["GET", "HEAD", "POST"])
def give_up(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Ask first: the person never gets it."""
    _only_administrators(request)
    if request.method == "POST":
        if sending.give_up(pk, timezone.now(), by=request.user):
            messages.success(request, _("The e-mail was given up. It is not sent again."))
        else:
            messages.error(request, _("Somebody has dealt with this already."))
        return redirect("agencies:mail")
    parked = Message.objects.parked().select_related("to_person")
    message = get_object_or_404(parked, pk=pk)
    return render(request, "agencies/mail_give_up.html", {"line": Line(message, _why(message))})


def _only_administrators(request: SignedInRequest) -> None:
    if not policy.is_portal_admin(request.user):
        raise Http404


def _why(message: Message) -> str:
    if message.last_error == RETURNED:
        return _("It was sent, and came back.")
    if message.last_error == "SMTPRecipientsRefused":
        return _("The mail server does not take the address.")
    return _("The mail server did not take it.")
