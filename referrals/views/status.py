"""The referrer's page: where it stands in plain words, what was said, and what they can do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.http import SignedInRequest
from agencies.models import Membership
from outbox.models import Message as Mail
from referrals import know, moves, policy, steps, workflow
from referrals.answers import Answers
from referrals.forms import WordsForm
from referrals.models import Exclusion, Message, Referral
from referrals.moves import NotReady, TransitionError
from referrals.questions import Words
from referrals.terms import (
    IN_AGENCY,
    SHARED,
    ClockKind,
    Section,
    Status,
    StatusWord,
)
from referrals.views import common
from ui import dates


@dataclass(frozen=True)
class Stage:
    """A line of the plain timeline."""

    title: Words
    text: str
    state: str = ""


ORDER = (
    StatusWord.RECEIVED,
    StatusWord.LOOKED_AT,
    StatusWord.OFFICERS,
    StatusWord.CONSIDERED,
    StatusWord.OFFERED,
    StatusWord.CLOSED,
)
TO_COME = {
    StatusWord.LOOKED_AT: gettext_lazy("The Prevent lead reads it and may ask you a question."),
    StatusWord.OFFICERS: gettext_lazy(
        "Police officers trained for this look at it. They cannot tell you what they check."
    ),
    StatusWord.CLOSED: gettext_lazy(
        "We tell you the outcome in general terms within 5 working days of the decision."
    ),
}


def status(request: SignedInRequest, key: str) -> HttpResponse:
    referral = common.visible(request, key, with_answers=True)
    person = request.user
    author = policy.is_author(person, referral)
    lead = policy.leads_agency(person, referral)
    if not (author or lead):
        raise PermissionDenied
    if referral.status == Status.DRAFT:
        return redirect("referrals:tasks", key)
    before = workflow.view(referral, by=person, role=common.role_of(request, referral))
    return _page(request, referral, author=author, lead=lead, before=before)


def _page(
    request: SignedInRequest,
    referral: Referral,
    *,
    author: bool,
    lead: bool,
    before: datetime | None = None,
) -> HttpResponse:
    answers = Answers(referral)
    now = timezone.now()
    shared = referral.status in SHARED
    said = list(
        referral.messages.filter(to_referrer=True).select_related("by").order_by("-at", "-id")
    )
    news_by = workflow.news_by(referral) if shared else None
    sections = [Section.NOTICE, Section.CHECK] + ([Section.SHARE] if shared else [])
    # The author reads what was decided and why; the check's other answers are the lead's.
    see_check = lead or referral.one_walk or referral.lead_id is None
    route = answers.record("route_record")
    holder = _holder(referral)
    return render(
        request,
        "referrals/status.html",
        {
            "referral": referral,
            "author": author,
            "lead": lead,
            "shared": shared,
            "word": referral.status_word,
            "stages": list(stages(referral, author=author)),
            "holder": holder,
            "said": said,
            "before": before,
            **_reply(request, referral, said),
            "news_by": news_by,
            "news_late": bool(news_by and now >= news_by and referral.outward_status != "closed"),
            "grown": shared and referral.outward_status != Status.WITHDRAWN,
            "may_withdraw": moves.can(request.user, referral, Status.WITHDRAWN),
            "may_despite": _may_despite(request, referral),
            "may_look_again": moves.can(request.user, referral, Status.AGENCY_CHECK)
            and referral.status in (Status.AGENCY_CLOSED, Status.OTHER_ROUTE),
            "may_route": lead and referral.status == Status.OTHER_ROUTE,
            "returned": referral.status == Status.RETURNED,
            "own_form": _own_form_open(referral, lead=lead, author=author),
            "parts": [
                (section.label, rows)
                for section in sections
                if section != Section.CHECK or see_check
                if (rows := common.rows(answers, shown_questions(section)))
            ],
            "route": common.rows(answers, steps.STEP["other-route"].questions)
            if route and referral.status == Status.OTHER_ROUTE and see_check
            else [],
            "bodies": [
                know.body_words(one)
                for one in referral.recipients.select_related("locality", "route")
            ],
            "look_again": referral.clocks.running().filter(kind=ClockKind.LOOK_AGAIN).first()
            if lead
            else None,
            "undelivered": _undelivered(request, referral) if lead else [],
            "now": now,
        },
    )


def _undelivered(request: SignedInRequest, referral: Referral) -> list[know.Fact]:
    """Whom of her agency the lead rings, as an e-mail about this did not arrive (row N10).

    Mail to other bodies is for those who work the case with them.
    """
    own = Membership.objects.current().filter(agency=referral.agency_id)
    mails = (
        Mail.objects.parked()
        .filter(case=str(referral.pk))
        .filter(Q(to_person=referral.created_by_id) | Q(to_person__in=own.values("person")))
        .exclude(to_person=request.user)
        .exclude(to_person__in=Exclusion.objects.filter(referral=referral).values("person"))
    )
    to = mails.order_by("parked_at").values_list("to_person__name", "to_person__phone")
    return know.undelivered({"name": name, "phone": phone} for name, phone in to)


def shown_questions(section: Section) -> list[Any]:
    hidden = ("ethnic_group",)
    return [
        question
        for step in steps.STEPS
        if step.section == section and step.name != "other-route"
        for question in step.questions
        if question.name not in hidden
    ]


def _holder(referral: Referral) -> str:
    """Who has it, by name where a person does, as the referrer may know it."""
    if referral.outward_status == Status.AGENCY_CHECK:
        return referral.lead.name if referral.lead else ""
    if referral.outward_status in (Status.TRIAGE, Status.QUERY, Status.TRANSFERRED):
        return referral.holder.name if referral.holder else ""
    return ""


def _may_despite(request: SignedInRequest, referral: Referral) -> bool:
    return (
        policy.is_author(request.user, referral)
        and not referral.one_walk
        and referral.lead_id is not None
        and referral.status
        in (Status.AGENCY_CHECK, Status.RETURNED, Status.AGENCY_CLOSED, Status.OTHER_ROUTE)
    )


def _own_form_open(referral: Referral, *, lead: bool, author: bool) -> bool:
    """S9 is not left open: a service has no account here, or the form is still being done, until
    it is recorded how and to whom it was sent (R2)."""
    return (
        referral.status in SHARED
        and (lead or (author and referral.lead_id is None))
        and referral.clocks.running().filter(kind=ClockKind.ROUTE_SENT).exists()
    )


def stages(referral: Referral, *, author: bool = True) -> Any:
    """The plain steps of section 11: done, now, to come. Police-led work changes none of them."""
    word = referral.status_word
    if referral.outward_status in IN_AGENCY:
        yield Stage(_("Recorded"), dates.moment(referral.created_at), "is-done")
        now_text = {
            Status.AGENCY_CHECK: _("Your safeguarding lead decides with you.")
            if author
            else _("The lead decides with the author."),
            Status.RETURNED: _("Your safeguarding lead has a question for you.")
            if author
            else _("The lead's question is with the author."),
            Status.AGENCY_CLOSED: _("No further concern. The reasons are below."),
            Status.OTHER_ROUTE: _("Other help is the right one. Prevent leads do not see it."),
        }[Status(referral.outward_status)]
        title = _("Closed") if word == StatusWord.CLOSED else _("With your safeguarding lead")
        yield Stage(title, f"{dates.moment(referral.stage_since)}. {now_text}", "is-now")
        return
    reached = ORDER.index(word) if word in ORDER else 0
    for place, one in enumerate(ORDER):
        if one in (StatusWord.CONSIDERED, StatusWord.OFFERED) and place > reached:
            continue  # support is not promised before it is considered
        if one in (StatusWord.CONSIDERED, StatusWord.OFFERED) and word == StatusWord.CLOSED:
            continue
        step: Words = _("Decided") if one == StatusWord.CLOSED and place > reached else one.label
        if one == StatusWord.RECEIVED and referral.submitted_at:
            text = dates.moment(referral.submitted_at) + "."
        elif place == reached:
            text = _("Since %(when)s.") % {"when": dates.moment(referral.stage_since)}
        else:
            text = str(TO_COME.get(one, "")) if place > reached else ""
        state = "is-done" if place < reached else "is-now" if place == reached else ""
        yield Stage(step, text, state)


def _reply(request: SignedInRequest, referral: Referral, said: Sequence[Message]) -> dict[str, Any]:
    """The form for the reply that is open to this person, or the sentence that says why not."""
    person = request.user
    if referral.status == Status.RETURNED:
        if not moves.can(person, referral, Status.AGENCY_CHECK):
            return {}
        if policy.is_author(person, referral):
            form = WordsForm(_("Your answer to the lead"), _("Write your answer"))
            form.button = _("Send it back")
        else:
            form = WordsForm(_("What is known without the author"), _("Write what is known"))
            form.button = _("Take it back to the check")
        return {"reply": _to(form, "reply_to_lead", referral), "awaited": True}
    if referral.status not in SHARED or referral.outward_status == Status.WITHDRAWN:
        return {}
    if referral.outward_status == Status.QUERY:
        if not policy.answers_query(person, referral):
            return {"no_reply": _("Your safeguarding lead answers this question.")}
        form = WordsForm(_("Your answer"), _("Write your answer"))
        form.button = _("Send my answer")
        return {"reply": _to(form, "answer_query", referral), "awaited": True}
    refused = workflow.no_reply_because(referral, said)
    if refused:
        return {"no_reply": refused}
    form = WordsForm(
        _("Your reply"),
        _("Write your message"),
        hint=_("You can reply once. They get an e-mail with a link, and nothing else in it."),
    )
    form.button = _("Send my reply")
    return {"reply": _to(form, "write_message", referral)}


def _to(form: WordsForm, name: str, referral: Referral) -> WordsForm:
    form.action = _url(name, referral)
    form.form_tag = form.helper.form_tag = False
    form.page_heading = False
    return form


def _url(name: str, referral: Referral) -> str:
    return reverse(f"referrals:{name}", args=[referral.key])


# Acts of the agency's side ----------------------------------------------------------------------
@dataclass(frozen=True)
class Act:
    """An act that needs a few words: what the page says, and the door it goes through."""

    do: Callable[..., Any]
    title: Words
    label: Words
    missing: Words
    button: Words
    done: Words
    intro: Words = ""
    warning: bool = False


ACTS: dict[str, Act] = {
    "answer-query": Act(
        workflow.answer_query,
        gettext_lazy("Answer the question"),
        gettext_lazy("Your answer"),
        gettext_lazy("Write your answer"),
        gettext_lazy("Send my answer"),
        gettext_lazy("Your answer has been sent."),
    ),
    "reply-to-lead": Act(
        workflow.reply_to_lead,
        gettext_lazy("Answer your safeguarding lead"),
        gettext_lazy("Your answer to the lead"),
        gettext_lazy("Write your answer"),
        gettext_lazy("Send it back"),
        gettext_lazy("Your answer is with your safeguarding lead."),
    ),
    "look-again": Act(
        workflow.look_again,
        gettext_lazy("Look at this again"),
        gettext_lazy("What is new?"),
        gettext_lazy("Write what is new"),
        gettext_lazy("Send it to the check"),
        gettext_lazy("It is with the safeguarding lead again."),
        gettext_lazy("The concern goes back to the safeguarding lead, with what you write here."),
    ),
    "withdraw": Act(
        workflow.withdraw,
        gettext_lazy("Take this referral back"),
        gettext_lazy("Why do you take it back?"),
        gettext_lazy("Write why you take it back"),
        gettext_lazy("Take the referral back"),
        gettext_lazy("The referral has been taken back, and those who had it are told."),
        gettext_lazy(
            "You can do this only until somebody has acknowledged it. Police and the Prevent lead "
            "are told. Afterwards you can add to a referral, and no longer take it back."
        ),
        warning=True,
    ),
    "add-information": Act(
        workflow.add_information,
        gettext_lazy("My concern has grown"),
        gettext_lazy("What has changed?"),
        gettext_lazy("Write what has changed"),
        gettext_lazy("Add it to the referral"),
        gettext_lazy("Added. Those who hold the referral are told."),
        gettext_lazy(
            "If anyone is in danger, call 999 first. What you write is added with today's date; "
            "what you sent before stays as it was."
        ),
    ),
}


def act(request: SignedInRequest, key: str, verb: str) -> HttpResponse:
    """One page for each act: GET asks for the words, POST does it."""
    what = ACTS[verb]
    referral = common.visible(request, key)
    if not policy.is_author_or_leads_agency(request.user, referral):
        raise PermissionDenied
    form = WordsForm(what.label, what.missing, request.POST if request.method == "POST" else None)
    form.form_tag = False
    form.helper.form_tag = False
    form.page_heading = False
    if request.method == "POST" and form.is_valid():
        try:
            what.do(referral, form.cleaned_data["words"], by=request.user)
        except NotReady as problem:
            form.add_error(None, problem.missing)
        except TransitionError:
            form.add_error(
                None,
                _("This cannot be done any more: the case has moved on. Your words are below."),
            )
        else:
            messages.success(request, str(what.done))
            return redirect("referrals:case", key)
    return render(
        request,
        "referrals/words.html",
        {"referral": referral, "form": form, "act": what, "verb": verb},
    )


@require_POST
def begin_despite(request: SignedInRequest, key: str) -> HttpResponse:
    """(f): the practitioner begins to refer although the lead sees it otherwise."""
    referral = common.visible(request, key)
    try:
        workflow.begin_despite(referral, by=request.user)
    except TransitionError:
        messages.error(request, _("This can no longer be done: the concern has moved on."))
        return redirect("referrals:case", key)
    return redirect("referrals:step", key, "own-reasons")


def despite(request: SignedInRequest, key: str) -> HttpResponse:
    """What it means to refer without the lead, before it is begun."""
    referral = common.visible(request, key)
    if not _may_despite(request, referral):
        raise PermissionDenied
    return render(request, "referrals/despite.html", {"referral": referral})


@require_POST
def ask_for_news(request: SignedInRequest, key: str) -> HttpResponse:
    referral = common.visible(request, key)
    try:
        workflow.ask_for_news(referral, by=request.user)
    except TransitionError:
        when = dates.day(workflow.news_by(referral))
        messages.error(
            request, _("You can ask from %(when)s, if there is no news by then.") % {"when": when}
        )
    else:
        messages.success(request, _("The senior lead has been asked to reply to you."))
    return redirect("referrals:case", key)
