"""What waits for whoever asks, by what they are: their agency's form, standards given to them."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest
from agencies import people
from agencies.models import Agency
from agencies.terms import Role
from selfassessment import terms
from selfassessment.models import Assessment, Assignment, Cycle, Helper, Moderator, Profile
from selfassessment.terms import Status


@dataclass
class Line:
    """One form, with what there is to do about it."""

    form: Assessment
    today: date
    given: list[Assignment] = field(default_factory=list)

    @property
    def is_late(self) -> bool:
        return self.form.is_overdue(self.today)

    @property
    def left(self) -> int:
        return sum(each.done_at is None for each in self.given)

    @property
    def next_day(self) -> date | None:
        days = [each.due_on for each in self.given if each.due_on and each.done_at is None]
        return min(days, default=None)


@require_safe
def home(request: SignedInRequest) -> HttpResponse:
    """The forms of the open cycle, what was given to me, what I sign or moderate, past years."""
    today = timezone.localdate()
    held = people.roles_for(request)
    roles = {Role(each.role) for each in held}
    readers = [
        each.agency
        for each in held
        if each.agency and (each.role in terms.AGENCY_READERS or each.agency.works_alone)
    ]
    agencies = {each.pk: each for each in readers}
    cycle = Cycle.objects.open().latest_first().first()
    forms = _forms(request, agencies)
    given = _given(request)
    now = [Line(form, today) for form in forms if _is_open(form) and form.agency_id in agencies]
    senior = {each.agency_id for each in held if each.role == Role.SENIOR_LEAD}
    moderating = _moderating(request) if Role.MODERATOR in roles else []
    context = {
        "cycle": cycle,
        "now": now,
        "given": [Line(form, today, each) for form, each in given.items()],
        "to_sign": [line for line in now if _waits_for(line.form, senior)],
        "moderating": moderating,
        "past": [form for form in forms if not _is_open(form)],
        "newest": _newest(forms),
        "without": _without(cycle, agencies, now),
        "links": _links(roles),
        "is_somebody": bool(agencies),
    }
    return render(request, "selfassessment/home.html", context)


def _forms(request: SignedInRequest, agencies: dict[int, Agency]) -> list[Assessment]:
    """Those of the agencies in which the person reads the whole form, newest first."""
    if not agencies:
        return []
    seen = Assessment.objects.visible_to(request.user).filter(agency__in=agencies)
    return list(seen.select_related("cycle", "agency", "board"))


def _newest(forms: list[Assessment]) -> list[Assessment]:
    """Of each agency and board the last form that asked something, from which years go back."""
    asked = [form for form in forms if Status.EXEMPT not in (form.status, form.closed_from)]
    found = {(form.agency_id, form.board_id): form for form in reversed(asked)}
    return list(found.values())


def _is_open(form: Assessment) -> bool:
    return form.cycle.is_open


def _waits_for(form: Assessment, senior: set[int | None]) -> bool:
    return form.status in (Status.READY, Status.RETURNED) and form.agency_id in senior


def _given(request: SignedInRequest) -> dict[Assessment, list[Assignment]]:
    """What was given to the person to answer, in cycles that are open."""
    given = Assignment.objects.filter(
        helper__in=Helper.objects.of(request.user),
        taken_back_at__isnull=True,
        assessment__cycle__closed_at__isnull=True,
    )
    found: dict[Assessment, list[Assignment]] = {}
    for each in given.select_related("assessment__cycle", "assessment__agency"):
        found.setdefault(each.assessment, []).append(each)
    return found


def _moderating(request: SignedInRequest) -> list[Assessment]:
    mine = Moderator.objects.filter(person=request.user, stood_down_at__isnull=True)
    seen = Assessment.objects.visible_to(request.user).filter(
        pk__in=mine.values("assessment"), status=Status.MODERATION
    )
    return list(seen.select_related("cycle", "agency"))


def _without(
    cycle: Cycle | None, agencies: dict[int, Agency], now: list[Line]
) -> list[tuple[Agency, bool]]:
    """Agencies without a form this time; and whether anybody has said which form is theirs."""
    having = {line.form.agency_id for line in now}
    left = {pk: agency for pk, agency in agencies.items() if pk not in having}
    if not left or cycle is None:
        return []
    ready = set(Profile.objects.filter(agency__in=left).values_list("agency_id", flat=True))
    return [(agency, pk in ready) for pk, agency in left.items()]


def _links(roles: set[Role]) -> list[tuple[str, str]]:
    """Ways to the pages of the manager and the board."""
    manager = (Role.MODERATION_MANAGER,)
    offered: list[tuple[Any, str, str]] = [
        (manager, "selfassessment:cycles", _("Cycles: open, follow and close")),
        (manager, "selfassessment:moderation:list", _("Moderation: give and follow")),
        (terms.BOARD_READERS, "selfassessment:board", _("The board’s view of all agencies")),
        (
            (Role.BOARD_MEMBER,),
            "selfassessment:moderation:appeals",
            _("Appeals, gaps that stay, practice to share"),
        ),
        (terms.BOARD_READERS, "standards:sets", _("Sets of standards")),
    ]
    return [(reverse(name), words) for who, name, words in offered if roles.intersection(who)]
