"""Where the person who asks stands: the case, its answers and their walk through it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.http import SignedInRequest
from accounts.models import User
from agencies import people, workdays
from referrals import policy, walks, workflow
from referrals.answers import RECORDS, Answers
from referrals.models import Message, Referral
from referrals.questions import Question
from referrals.steps import Step
from referrals.terms import MessageKind, Section, Status
from referrals.views.common import visible
from referrals.walks import Walk
from ui.dates import time_of_day

REVIEW = "answers"
"""The one page that a change link comes back to: ``?next=answers``."""
IN_A_WALK = (*RECORDS, "created_by", "lead", "check_record__spoken_to")
THEIR_OWN_PAGE = {
    "check": "referrals:check",
    "other-route": "referrals:other_route",
    "files": "referrals:files",
}
"""Pages of questions that have a view of their own, beside the whole of NOTICE."""


@dataclass(frozen=True)
class Place:
    """A case as the person who asks may write in it."""

    referral: Referral
    answers: Answers
    walk: Walk

    def url(self, name: str, *more: str) -> str:
        return reverse(f"referrals:{name}", args=[self.referral.key, *more])

    def step_url(self, step: Step, **query: str) -> str:
        name = THEIR_OWN_PAGE.get(step.name)
        url = reverse(name, args=[self.referral.key]) if name else self.url("step", step.name)
        return f"{url}?{urlencode(query)}" if query else url

    def once_saved(self, user: User, changes: dict[str, Any]) -> "Place":
        """The same place once these answers are stored."""
        answers = self.answers.with_changes(changes)
        return Place(self.referral, answers, walks.walk_of(user, self.referral, answers))

    @property
    def versions(self) -> dict[str, int]:
        """How often each page was saved, by its name; those that never were are missing."""
        return {each["step"]: each["version"] for each in self.referral.saves}

    @property
    def team(self) -> list[User]:
        """Whom the question about closeness names: those who could hear of it, or are barred."""
        return self.answers.hearers if self.referral.status == Status.DRAFT else []


def find(request: SignedInRequest, key: str) -> Place:
    referral = visible(request, key, related=IN_A_WALK)
    _known_already(request, referral)
    answers = Answers(referral)
    walk = walks.walk_of(request.user, referral, answers)
    if referral.one_walk and referral.status == Status.DRAFT and not walk.step("check"):
        workflow.leave_one_walk(referral, by=request.user)
        referral.one_walk = False
        answers = Answers(referral)
        walk = walks.walk_of(request.user, referral, answers)
    return Place(referral, answers, walk)


def _known_already(request: SignedInRequest, referral: Referral) -> None:
    """Most write their own concern in their own agency, and the request has read both."""
    if referral.created_by_id == request.user.pk:
        referral.created_by = request.user
    for agency in people.agencies_for(request):
        if agency.pk == referral.agency_id:
            referral.agency = agency


def elsewhere(request: SignedInRequest, referral: Referral) -> HttpResponse:
    """There is nothing to write here now: the case's own page says where it stands."""
    if policy.is_author_or_leads_agency(request.user, referral):
        return redirect(referral)
    raise PermissionDenied


def sent_data(request: SignedInRequest) -> Any:
    """What was posted, though it be nothing; None where the page is only looked at."""
    return request.POST if request.method == "POST" else None


def basics(place: Place, section: Section | None = None) -> dict[str, Any]:
    """What every page of a walk knows."""
    walk = place.walk
    first = walk.steps[0].section if walk.steps else Section.NOTICE
    return {
        "referral": place.referral,
        "walk": walk,
        "dots": dots(section or first),
        "sharing": walk.target == Status.SUBMITTED,
    }


def dots(now: Section) -> list[tuple[Any, str]]:
    """Notice, Check, Share: each with is-done, is-now or nothing."""
    order = list(Section)
    return [
        (one.label, "done" if order.index(one) < order.index(now) else "now" if one == now else "")
        for one in order
    ]


def links(place: Place, questions: Iterable[Question], **query: str) -> list[tuple[str, str]]:
    """Each question with the page of this walk that asks it, where there is one."""
    return [(str(q.text), _asked_on(place, q, **query)) for q in questions]


def _asked_on(place: Place, question: Question, **query: str) -> str:
    pages = place.walk.steps
    page = next((one for one in pages if question.name in {q.name for q in one.questions}), None)
    return f"{place.step_url(page, **query)}#id_{question.name}" if page else ""


def asked_for(referral: Referral) -> Message | None:
    """The lead's last questions, while it is back with the author."""
    if referral.status != Status.RETURNED:
        return None
    found: Message | None = (
        referral.messages.filter(kind=MessageKind.QUESTION)
        .select_related("by")
        .order_by("-at")
        .first()
    )
    return found


def on_duty(place: Place) -> str:
    """Who is there today, never somebody close to it."""
    leads, agency = place.answers.leads, place.referral.agency
    if not leads or agency is None:
        return ""
    away = people.away(leads, place.answers.today)
    here = [lead for lead in leads if lead.pk not in away]
    if not here or not workdays.is_working_day(place.answers.today, agency.locality):
        return ""
    return _("%(name)s is on duty today, until %(time)s") % {
        "name": here[0].name,
        "time": time_of_day(agency.locality.day_ends),
    }
