"""What the pages of moderation share: finding the form, refusing, and telling what went wrong."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.http import SignedInRequest
from agencies import people
from agencies.terms import Role
from selfassessment.models import Assessment, Cycle
from selfassessment.moderation import policy, queries
from selfassessment.moves import NotReady, TransitionError
from selfassessment.terms import BOARD_READERS, WITH_MODERATORS
from selfassessment.views.common import visible as visible_form


def visible(request: SignedInRequest, key: str) -> Assessment:
    """The form, if the person may read it; else the page for what is not there."""
    return visible_form(request, key)


def managed(request: SignedInRequest, key: str) -> Assessment:
    """The form, for the manager of the moderation; never of their own agency (WF-12)."""
    form = visible(request, key)
    if not policy.manages(request.user, form):
        raise PermissionDenied
    return form


def working_desk(request: SignedInRequest, key: str) -> queries.Desk:
    """The form and its review, for the two moderators and the manager."""
    form = visible(request, key)
    desk = queries.desk(form)
    if desk is None:
        if not policy.manages(request.user, form):
            raise PermissionDenied
        raise Http404
    if not (is_at_work(request, desk) or policy.manages(request.user, form)):
        raise PermissionDenied
    return desk


def is_at_work(request: SignedInRequest, desk: queries.Desk) -> bool:
    """As ``policy.moderates``, of what the page reads anyway; every door asks the policy."""
    form = desk.assessment
    own = {each.pk for each in people.agencies_for(request)}
    return (
        form.status in WITH_MODERATORS
        and form.agency_id not in own
        and people.holds(request.user, Role.MODERATOR)
        and any(each.person_id == request.user.pk for each in desk.moderators)
    )


def line_of(desk: queries.Desk, code: str) -> queries.Line:
    line = desk.line(code)
    if line is None:
        raise Http404
    return line


def posted(request: SignedInRequest) -> Any:
    """What was sent, though it be nothing; None where the page is only looked at."""
    return request.POST if request.method == "POST" else None


def must_hold(request: SignedInRequest, *roles: Role) -> None:
    """A page that is there only for some: for others it is not there."""
    if not any(each.role in roles for each in people.roles_for(request)):
        raise Http404


ROOMS = (
    ("list", gettext_lazy("Forms"), (Role.MODERATION_MANAGER,)),
    ("mine", gettext_lazy("Yours to moderate"), (Role.MODERATOR,)),
    ("interests", gettext_lazy("Interests"), (Role.MODERATOR, Role.MODERATION_MANAGER)),
    ("appeals", gettext_lazy("Appeals"), (Role.BOARD_MEMBER,)),
    ("chairs", gettext_lazy("Chairs"), (Role.MODERATION_MANAGER,)),
    ("measures", gettext_lazy("Agreement"), (Role.MODERATION_MANAGER,)),
    ("gaps", gettext_lazy("Gaps that stay"), BOARD_READERS),
    ("shared", gettext_lazy("Practice to share"), BOARD_READERS),
)
"""Name of the page, its words, and who may open it."""


def draw(request: SignedInRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    """One of the pages that are of no single form, with the way to the others."""
    roles = {each.role for each in people.roles_for(request)}
    pills = [
        {
            "url": reverse(f"selfassessment:moderation:{room}"),
            "words": words,
            "current": room == name,
        }
        for room, words, who in ROOMS
        if roles.intersection(who)
    ]
    context |= {"pills": pills}
    return render(request, f"selfassessment/moderation/{name}.html", context)


def say(request: SignedInRequest, fault: TransitionError) -> None:
    """What kept an act from being done, on the next page."""
    if isinstance(fault, NotReady):
        for sentence in fault.missing:
            messages.error(request, sentence)
    else:
        messages.error(request, _("That cannot be done now: somebody was there before you."))


def add_faults(form: Any, fault: TransitionError) -> None:
    """The same beside what was typed, so that nothing of it is lost."""
    if isinstance(fault, NotReady):
        for sentence in fault.missing:
            form.add_error(None, sentence)
    else:
        form.add_error(None, _("That cannot be done now: somebody was there before you."))


def cycle_of(request: SignedInRequest) -> tuple[Cycle, list[Cycle]]:
    """The cycle that the address asks for, else the newest; and all, newest first: one query."""
    cycles = list(Cycle.objects.latest_first().select_related("standards"))
    if not cycles:
        raise Http404
    wanted = request.GET.get("year", "")
    found = next((each for each in cycles if str(each.year) == wanted), cycles[0])
    return found, cycles


def number(value: str | None) -> int:
    """A key that a form sent; 0, which is nobody's, if it is none."""
    return int(value) if value and value.isdecimal() and len(value) < 10 else 0


def found_or_404(rows: Any, **wanted: Any) -> Any:
    return get_object_or_404(rows, **wanted)
