"""Read it through, send it, and what happens next."""

import hashlib
import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.http import SignedInRequest
from accounts.models import User
from agencies import workdays
from referrals import moves, policy, routing, steps, walks, workflow
from referrals.answers import in_words
from referrals.forms import QuestionsForm, WordsForm
from referrals.models import Referral, Submission
from referrals.terms import ClockKind, Section, Status, YesNo
from referrals.views.common import Row, role_of, rows, visible
from referrals.views.wizard.place import (
    REVIEW,
    Place,
    asked_for,
    basics,
    dots,
    elsewhere,
    find,
    links,
)
from ui.text import sentence_start

TITLES_LATER = {"talk": gettext_lazy("Who it is talked over with")}
"""What is done by then is not called a thing to do."""
NOT_SHOWN = {"monitoring", "route_record"}
"""Records that stay out of what is reviewed: kept apart, or answered on the page of the check."""
NOT_AS_SHOWN = gettext_lazy(
    "What is sent, or who gets it, has changed since you opened this page. "
    "Read it as it is now, then send it"
)


@dataclass(frozen=True)
class Group:
    title: Any
    rows: list[Row]


@require_http_methods(["GET", "HEAD", "POST"])
def answers(request: SignedInRequest, key: str) -> HttpResponse:
    """Every answer with a way to change it, who will see it, and the button that sends it."""
    place = find(request, key)
    if request.method == "POST":
        moves.locked(place.referral)  # a second press waits here, then finds it sent
        place = find(request, key)
        return _send(request, place)
    if not place.walk.steps:
        return elsewhere(request, place.referral)
    workflow.view(place.referral, by=request.user, role=role_of(request, place.referral))
    return _review(request, place)


def _send(request: SignedInRequest, place: Place) -> HttpResponse:
    referral, walk = place.referral, place.walk
    if not walk.steps:
        sent = referral.is_shared or referral.status == Status.AGENCY_CHECK
        if sent and policy.is_author_or_leads_agency(request.user, referral):
            return redirect(place.url("sent"))
        return elsewhere(request, referral)
    if walk.target in (Status.AGENCY_CLOSED, Status.OTHER_ROUTE):
        return redirect(place.url("check"))
    form = _last_form(place, request.POST)
    left = _left(place, moves.missing_for(request.user, referral, walk.target))
    if left or not form.is_valid():
        return _review(request, place, form=form, left=left)
    if request.POST.get("shown", "") not in ("", _shown(place, *_goes_to(place))):
        return _review(request, place, form=form, left=[(str(NOT_AS_SHOWN), "")])
    try:
        with transaction.atomic():
            if walk.target == Status.SUBMITTED:
                workflow.answer(referral, steps.DECLARED, form.values, by=request.user)
                workflow.submit(referral, by=request.user, form_key=_form_key(request, referral))
            elif referral.status == Status.RETURNED:
                reply = str(form.cleaned_data["words"])
                workflow.reply_to_lead(referral, reply, by=request.user)
            else:
                workflow.hand_over(referral, by=request.user)
    except moves.NotReady as problem:
        missing = [(sentence, "") for sentence in problem.missing]
        return _review(request, place, form=form, left=missing)
    except moves.TransitionError:
        messages.error(request, _("Somebody else has dealt with this concern meanwhile."))
        return redirect(referral)
    if not policy.may_hear(request.user, moves.locked(referral)):
        messages.success(
            request, _("It has been sent. You have left the agency, so you no longer see it.")
        )
        return redirect("referrals:home")
    return redirect(place.url("sent"))


def _goes_to(place: Place) -> tuple[list[routing.Planned], User | None]:
    """The bodies that will receive it, or the lead who will check it."""
    if place.walk.target == Status.SUBMITTED:
        return routing.recipients(place.answers), None
    return [], workflow.lead_for(place.referral, now=timezone.now(), answers=place.answers)


def _shown(place: Place, planned: list[routing.Planned], lead: User | None) -> str:
    """What the page shows, in short: nothing else is sent, and to nobody else (row W20).

    Another window may have changed an answer meanwhile, or a route was closed.
    """
    said = {
        question.name: place.answers.get(question.name)
        for page in steps.STEPS
        for question in page.questions
        if question.record not in NOT_SHOWN and question.is_asked(place.answers)
    }
    to = [*((one.name, one.in_portal) for one in planned), lead.pk if lead else None]
    text = json.dumps([workflow.plain(said), to], cls=DjangoJSONEncoder, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _form_key(request: SignedInRequest, referral: Referral) -> uuid.UUID:
    """The key that the page was drawn with, unless it is nonsense or stands for another form."""
    try:
        key = uuid.UUID(request.POST.get("form_key", ""))
    except ValueError:
        return uuid.uuid4()
    used = Submission.objects.filter(by=request.user, form_key=key).exclude(referral=referral)
    return uuid.uuid4() if used.exists() else key


def _last_form(place: Place, data: Any = None) -> Any:
    """What is asked beside the last button: the declaration, or an answer to the lead."""
    if place.walk.target == Status.SUBMITTED:
        form: Any = QuestionsForm([steps.DECLARATION], place.answers, data, initial={})
        form.page_heading = False
        return form
    reply = WordsForm(_("Your answer to your lead"), "", data, hint=_("You may leave this empty."))
    reply.fields["words"].required = False
    reply.page_heading = False
    if place.referral.status != Status.RETURNED:
        del reply.fields["words"]
    return reply


def _left(place: Place, missing: Iterable[str] = ()) -> list[tuple[str, str]]:
    """What must still be answered, each with the address that asks it.

    Args:
        missing: what the table of moves says, when the button was pressed.
    """
    walk = place.walk
    pages = {
        str(question.missing or question.text): place.step_url(page, next=REVIEW)
        for page in walk.steps
        for question in page.questions
    }
    open_now = place.answers.missing(q for page in walk.steps for q in page.questions)
    sentences = dict.fromkeys([*(str(q.missing or q.text) for q in open_now), *missing])
    sentences.pop(str(steps.DECLARATION.missing), None)
    sentences.pop(str(moves.CLOSE_UNASKED), None)
    left = [(one, pages.get(one) or _page_for(place)) for one in sentences]
    if walk.by_author and place.team and not workflow.closeness_asked(place.referral):
        left.append(
            (str(moves.CLOSE_UNASKED), f"{place.url('closeness')}?{urlencode({'next': REVIEW})}")
        )
    return left


def _page_for(place: Place) -> str:
    """Where a sentence of the table leads that no single question says."""
    if place.answers.gate_yes and place.answers.get("called_999") == YesNo.NO:
        return place.step_url(steps.STEP["called"], next=REVIEW)
    return place.url("check") if place.walk.step("check") else ""


def _review(
    request: SignedInRequest,
    place: Place,
    *,
    form: Any = None,
    left: list[tuple[str, str]] | None = None,
) -> HttpResponse:
    walk, referral, given = place.walk, place.referral, place.answers
    sending = walk.target == Status.SUBMITTED
    planned, lead = _goes_to(place)
    # Whom the author named themselves is left out; of anybody else nothing tells that they are.
    others = given.leads if referral.status == Status.DRAFT else given.team
    gone = workflow.abandoned(referral, given)
    refused = request.method == "POST"
    context = {
        **basics(place, Section.SHARE if sending else Section.CHECK),
        "groups": _groups(place),
        "gaps": links(place, given.strong_gaps, next=REVIEW) if given.strong_gaps else [],
        "gone": [Row(q, in_words(q, given.get(q.name))) for q in gone],
        "left": left if refused else _left(place),
        "refused": refused and bool(left or form is None or form.errors),
        "form": form or _last_form(place),
        "form_key": uuid.uuid4(),
        "shown": _shown(place, planned, lead),
        "notes": walks.notes(given),
        "lead": lead,
        "others": [one for one in others if one != lead] if not sending else [],
        "planned": planned,
        "decides": walk.target in (Status.AGENCY_CLOSED, Status.OTHER_ROUTE),
        "asked_for": asked_for(referral),
        "first_name": sentence_start(given.first_name),
        "closeness_named": bool(walk.by_author and place.team),
    }
    if refused:
        context["form_key"] = request.POST.get("form_key", "")
    return render(request, "referrals/answers.html", context)


def _groups(place: Place) -> list[Group]:
    """Answers by task: the author's own, for a lead all but what is kept apart for monitoring."""
    walk = place.walk
    groups = []
    for task in steps.TASKS:
        found: list[Row] = []
        for page in steps.STEPS:
            mine = walk.step(page.name) is not None
            known = page.section == Section.NOTICE or not walk.by_author
            if page.task != task.key or not (mine or known):
                continue
            if page.name == "ethnic-group" and not walk.by_author:
                continue
            changes = mine or (page.name == "check" and not walk.by_author)
            url = place.step_url(page, next=REVIEW) if changes else ""
            found += rows(place.answers, page.questions, url)
        if found:
            groups.append(Group(TITLES_LATER.get(task.key, task.title), found))
    return groups


@require_http_methods(["GET", "HEAD", "POST"])
def sent(request: SignedInRequest, key: str) -> HttpResponse:
    """Thanks, who has it, what happens next and by when, and whom to ring out of hours."""
    referral = visible(request, key)
    if not policy.is_author_or_leads_agency(request.user, referral):
        raise PermissionDenied
    if not referral.is_shared and referral.status != Status.AGENCY_CHECK:
        return redirect(referral)
    if request.method == "POST":
        said = request.POST.get("rang", "")
        pk = int(said) if said.isascii() and said.isdigit() and len(said) < 18 else 0
        recipient = get_object_or_404(referral.recipients, pk=pk)
        workflow.record_call(referral, recipient, by=request.user)
        return redirect("referrals:sent", key)
    workflow.view(referral, by=request.user, role=role_of(request, referral))
    now = timezone.now()
    if not referral.is_shared:
        return render(request, "referrals/sent.html", _with_lead(referral, now=now))
    return render(request, "referrals/sent.html", _shared(referral, now=now))


def _with_lead(referral: Referral, *, now: Any) -> dict[str, Any]:
    place = referral.agency.locality if referral.agency else None
    return {
        "referral": referral,
        "lead": referral.lead,
        "dots": dots(Section.CHECK),
        "closed_now": place is not None and not workdays.is_open(now, place),
        "note": place.outside_hours_note if place else "",
    }


def _shared(referral: Referral, *, now: Any) -> dict[str, Any]:
    locality = referral.locality
    assert locality is not None  # noqa: S101 - a constraint keeps it
    recipients = list(referral.recipients.select_related("route", "locality", "rung_by"))
    closed_now = not workdays.is_open(now, locality)
    acknowledge = referral.clocks.filter(kind=ClockKind.ACKNOWLEDGE).order_by("started_at").first()
    return {
        "referral": referral,
        "recipients": [
            {
                "recipient": one,
                "name": one.route.name
                if one.route
                else f"{one.get_kind_display()}, {one.locality}",
                **_telephone(one, closed_now=closed_now),
            }
            for one in recipients
        ],
        "closed_now": closed_now,
        "ring": closed_now or referral.emergency,
        "note": locality.outside_hours_note,
        "expected_by": acknowledge.due_at if acknowledge else None,
        "news_by": workflow.news_by(referral),
        "by_hand": [one for one in recipients if not one.in_portal],
    }


def _telephone(recipient: Any, *, closed_now: bool) -> dict[str, str]:
    """Who answers now: by day the route's own number, else the out-of-hours contact."""
    route = recipient.route
    if route is None:
        return {"who": "", "phone": ""}
    if closed_now and route.out_of_hours_phone:
        return {"who": route.out_of_hours_name, "phone": route.out_of_hours_phone}
    return {"who": "", "phone": route.phone or route.out_of_hours_phone}
