"""The moderators' pages: what is theirs, the sample, one standard with the form beside it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import SignedInRequest
from agencies.terms import Role
from audit import events
from selfassessment.evidence.queries import evidence_of
from selfassessment.forms import rating_tag
from selfassessment.models import Assessment, Moderator
from selfassessment.moderation import policy, queries, sample, workflow
from selfassessment.moderation.forms import JudgeForm, RequireForm
from selfassessment.moderation.models import Judgement, Moderated, RequiredAction, Sampled
from selfassessment.moderation.queries import Desk, Line
from selfassessment.moderation.terms import AT_RANDOM, Why
from selfassessment.moderation.views import agency, managing
from selfassessment.moderation.views.common import (
    add_faults,
    draw,
    found_or_404,
    is_at_work,
    line_of,
    must_hold,
    posted,
    say,
    visible,
    working_desk,
)
from selfassessment.moderation.workflow.judging import missing
from selfassessment.moves import TransitionError
from selfassessment.said import answers_of
from selfassessment.terms import Outcome, Rating, Status


@require_safe
def mine(request: SignedInRequest) -> HttpResponse:
    """What was given to the person, what is left of each."""
    must_hold(request, Role.MODERATOR)
    given = Moderator.objects.at_work(request.user).filter(
        assessment__status__in=(Status.MODERATION, Status.MODERATED)
    )
    forms = [
        each.assessment
        for each in given.select_related(
            "assessment__agency", "assessment__board", "assessment__cycle"
        ).order_by("given_at")
    ]
    left = _left_of(request, forms)
    context = {
        "now": [(each, left.get(each.pk, (0, 0))) for each in forms if _at_work(each)],
        "later": [each for each in forms if not _at_work(each)],
    }
    return draw(request, "mine", context)


def _at_work(form: Assessment) -> bool:
    return form.status == Status.MODERATION


def _left_of(request: SignedInRequest, forms: list[Assessment]) -> dict[Any, tuple[int, int]]:
    """Of each form: how many standards the person has judged, and of how many: two queries."""
    found: dict[Any, tuple[int, int]] = {}
    rows = Sampled.objects.filter(
        review__assessment__in=forms, review__signoff__voided_at__isnull=True
    )
    for key in rows.order_by().values_list("review__assessment_id", flat=True):
        done, total = found.get(key, (0, 0))
        found[key] = (done, total + 1)
    said = Judgement.objects.standing().filter(
        moderator__person=request.user,
        sampled__review__assessment__in=forms,
        sampled__review__signoff__voided_at__isnull=True,
    )
    for key in said.values_list("sampled__review__assessment_id", flat=True):
        done, total = found.get(key, (0, 0))
        found[key] = (done + 1, total)
    return found


@require_safe
def review(request: SignedInRequest, key: str) -> HttpResponse:
    """The moderation of one form, as each finds it: at work, managing, or of the agency."""
    form_of = visible(request, key)
    desk = queries.desk(form_of)
    manages = policy.manages(request.user, form_of)
    if not manages and (desk is None or not is_at_work(request, desk)):
        return agency.outcome(request, form_of, desk.review if desk else None)
    _looked_at(request, form_of)
    context: dict[str, Any] = {"form_of": form_of, "desk": desk, "manages": manages}
    if desk is not None:
        context |= _of_desk(request, desk, manages=manages)
    return render(request, "selfassessment/moderation/review.html", context)


def _of_desk(request: SignedInRequest, desk: Desk, *, manages: bool) -> dict[str, Any]:
    me = next((each for each in desk.moderators if each.person_id == request.user.pk), None)
    form_of = desk.assessment
    rated = Moderated.objects.filter(review=desk.review).select_related("standard", "appealed")
    moderated = {each.standard.code: each for each in rated}
    appeal = getattr(desk.review, "appeal", None)
    rows = [
        {
            "line": line,
            "own": rating_tag(line.sampled.own),
            "mine": line.by(request.user),
            "said": _said(line, request, me is not None),
            "outcome": _outcome(line, moderated),
        }
        for line in desk.lines
    ]
    return {
        "rows": rows,
        "me": me,
        "settles": bool(desk.differing) and policy.settles(request.user, form_of),
        "left": len(desk.left_for(request.user)) if me else 0,
        "missing": missing(desk) if form_of.status == Status.MODERATION else [],
        "required": desk.review.required.filter(dropped_at__isnull=True).select_related(
            "standard", "by"
        ),
        "comments": desk.review.comments.select_related("by"),
        "appeal": appeal,
        "waits": managing.waiting_sentence(desk.review)
        if form_of.status == Status.MODERATED
        else "",
    }


def _outcome(line: Line, moderated: dict[str, Moderated]) -> Any:
    found = moderated.get(line.code)
    rating = found.rating if found else line.outcome
    return rating_tag(rating) if rating else ""


def _said(line: Line, request: SignedInRequest, is_moderator: bool) -> list[str]:
    """What each says, in words; of the other nothing before one has judged by oneself."""
    if is_moderator and line.by(request.user) is None:
        return [_("Judged by the other of you.")] if line.judgements else []
    return [
        _("%(name)s: %(says)s") % {"name": each.moderator.person, "says": _says(each)}
        for each in line.judgements
    ]


def _says(judgement: Any) -> str:
    if judgement.outcome == Outcome.ASK:
        return str(Outcome.ASK.label)
    return f"{Outcome(judgement.outcome).label}, {Rating(judgement.rating).label}"


def _looked_at(request: SignedInRequest, form_of: Assessment) -> None:
    """Somebody outside the agency read its words: the agency's log shows it."""
    agency_key = str(form_of.agency_id)
    events.record("assessment.viewed", form_of, by=request.user, agency=agency_key)


@require_safe
def drawn(request: SignedInRequest, key: str) -> HttpResponse:
    """How the sample was drawn, and drawn again to be compared."""
    desk = working_desk(request, key)
    _looked_at(request, desk.assessment)
    stored = {line.code: list(line.sampled.why) for line in desk.lines}
    said = queries.said_of(desk.assessment)
    again = {
        each.code: [str(one) for one in each.why]
        for each in queries.draw(desk.assessment, desk.review.full, said)
    }
    rows = [
        {
            "said": each,
            "own": rating_tag(each.own) if each.own else "",
            "why": [Why(one).label for one in stored.get(each.code, [])],
            "digest": sample.digest(desk.review.seed, each.code)[:12],
        }
        for each in said
    ]
    context = {
        "form_of": desk.assessment,
        "review": desk.review,
        "rows": rows,
        "same": stored == again,
        "count": len(stored),
        "at_random": AT_RANDOM,
    }
    return render(request, "selfassessment/moderation/drawn.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def standard(request: SignedInRequest, key: str, code: str) -> HttpResponse:
    """One standard of the sample: the answer, its evidence, last year, and the judgement beside."""
    desk = working_desk(request, key)
    line = line_of(desk, code)
    form = _judge_form(request, desk, line, posted(request))
    if request.method == "POST":
        if form is None:
            raise PermissionDenied
        if form.is_valid():
            try:
                workflow.judge(
                    desk.assessment,
                    line.sampled.standard,
                    by=request.user,
                    outcome=Outcome(form.cleaned_data["outcome"]),
                    rating=form.rating,
                    reason=form.cleaned_data["reason"],
                )
            except TransitionError as fault:
                add_faults(form, fault)
            else:
                return _onward(request, key, desk, line)
    return _draw(request, desk, line, form, RequireForm(auto_id="required_%s") if form else None)


def _me(request: SignedInRequest, desk: Desk) -> Moderator | None:
    return next((each for each in desk.moderators if each.person_id == request.user.pk), None)


def _judge_form(
    request: SignedInRequest, desk: Desk, line: Line, sent: Any = None
) -> JudgeForm | None:
    """For one of the two, while it is in moderation; what was sent is shown again even after."""
    if _me(request, desk) is None:
        return None
    if sent is None and desk.assessment.status != Status.MODERATION:
        return None
    return JudgeForm(Rating(line.sampled.own), sent, initial=_first(line.by(request.user)))


def _draw(
    request: SignedInRequest,
    desk: Desk,
    line: Line,
    form: JudgeForm | None,
    require_form: RequireForm | None,
) -> HttpResponse:
    me, said = _me(request, desk), line.by(request.user)
    _looked_at(request, desk.assessment)
    context = _of_standard(desk, line) | {
        "form": form,
        "require_form": require_form,
        "after": desk.after(line, request.user) if me else None,
        "said": _said(line, request, me is not None),
        "reasons": line.judgements if said or me is None else [],
        "manages": me is None,
        "number": desk.lines.index(line) + 1,
    }
    return render(request, "selfassessment/moderation/standard.html", context)


def _first(said: Any) -> dict[str, str]:
    if said is None:
        return {}
    first = {"outcome": said.outcome, "reason": said.reason}
    return first | {f"{said.outcome}_to": said.rating}


def _onward(request: SignedInRequest, key: str, desk: Desk, line: Line) -> HttpResponse:
    after = desk.after(line, request.user)
    if "leave" in request.POST or after is None:
        return redirect("selfassessment:moderation:review", key)
    return redirect("selfassessment:moderation:standard", key, after.code)


def _of_standard(desk: Desk, line: Line) -> dict[str, Any]:
    form_of, standard = desk.assessment, line.sampled.standard
    answer = answers_of(form_of, [standard]).get(standard.pk)
    last: Any = queries.last_answer(form_of, standard.code)
    today = timezone.localdate()
    return {
        "form_of": form_of,
        "line": line,
        "standard": standard,
        "of": len(desk.lines),
        "questions": desk.questions(line),
        "answer": answer,
        "own": rating_tag(line.sampled.own),
        "outcome": rating_tag(line.outcome) if line.outcome else "",
        "evidence": [
            {"item": each, "expired": each.is_expired(today), "old": each.is_old(today)}
            for each in evidence_of(form_of).get(standard.code, [])
        ],
        "last": last,
        "last_year": form_of.cycle.year - 1,
        "last_own": rating_tag(last.rating) if last and last.rating else "",
        "last_moderated": rating_tag(last.moderated) if last and last.moderated else "",
        "required": desk.review.required.filter(standard=standard, dropped_at__isnull=True),
    }


@require_POST
def require(request: SignedInRequest, key: str, code: str) -> HttpResponse:
    """Require an action of the agency, for one standard."""
    desk = working_desk(request, key)
    line = line_of(desk, code)
    form = RequireForm(request.POST, auto_id="required_%s")
    if form.is_valid():
        try:
            workflow.require(
                desk.assessment,
                line.sampled.standard,
                by=request.user,
                words=form.cleaned_data["words"],
            )
            messages.success(request, _("Noted. It joins the agency’s plan at the end."))
            return redirect("selfassessment:moderation:standard", key, code)
        except TransitionError as fault:
            add_faults(form, fault)
    return _draw(request, desk, line, _judge_form(request, desk, line), form)


@require_POST
def drop(request: SignedInRequest, key: str, pk: int) -> HttpResponse:
    """Take back what was required."""
    desk = working_desk(request, key)
    required = found_or_404(RequiredAction.objects.filter(review=desk.review), pk=pk)
    try:
        workflow.drop(required, by=request.user)
        messages.success(request, _("Taken back."))
    except TransitionError as fault:
        say(request, fault)
    return redirect("selfassessment:moderation:review", key)


@require_POST
def finish(request: SignedInRequest, key: str) -> HttpResponse:
    """Make the provisional outcome."""
    form_of = visible(request, key)
    try:
        workflow.finish(form_of, by=request.user)
        messages.success(request, _("The agency sees the provisional outcome now."))
    except TransitionError as fault:
        say(request, fault)
    return redirect("selfassessment:moderation:review", key)
