"""The agency's pages: what was asked, the outcome, comments, the appeal, what it shares."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import SignedInRequest
from selfassessment import results
from selfassessment.forms import rating_tag
from selfassessment.models import Assessment
from selfassessment.moderation import policy, queries, workflow
from selfassessment.moderation.forms import (
    AnswerQuestionForm,
    AppealForm,
    CommentForm,
    PracticeForm,
)
from selfassessment.moderation.models import Judgement, Moderated, Question, Review
from selfassessment.moderation.views.common import add_faults, found_or_404, posted, visible
from selfassessment.moderation.workflow.outcome import may_comment
from selfassessment.moves import TransitionError
from selfassessment.terms import Status

OUT = (Status.MODERATED, Status.PUBLISHED, Status.CLOSED)


def outcome(
    request: SignedInRequest,
    form_of: Assessment,
    review: Review | None,
    comment_form: CommentForm | None = None,
) -> HttpResponse:
    """What the agency sees: what was asked, and from the provisional outcome on, all of it."""
    leads = policy.answers_questions(request.user, form_of)
    speaks = leads or policy.speaks_for(request.user, form_of)
    context: dict[str, Any] = {
        "form_of": form_of,
        "review": review,
        "speaks": speaks,
        "answers": leads,
        "questions": list(queries.questions_to(form_of)) if review else [],
        "today": timezone.localdate(),
    }
    if review is not None and form_of.status in OUT and review.finished_at:
        context |= _out(form_of, review, speaks=speaks)
        if context["may_comment"] or comment_form is not None:
            context["comment_form"] = comment_form or CommentForm()
    return render(request, "selfassessment/moderation/outcome.html", context)


def _out(form_of: Assessment, review: Review, *, speaks: bool) -> dict[str, Any]:
    rated = list(review.moderated.select_related("standard", "appealed"))
    reasons: dict[int, list[str]] = {}
    said = Judgement.objects.filter(sampled__review=review, replaced_at__isnull=True).exclude(
        reason=""
    )
    for each in said.filter(moderator__stood_down_at__isnull=True).select_related("sampled"):
        reasons.setdefault(each.sampled.standard_id, []).append(each.reason)
    settled = review.sample.exclude(settled="")
    for one in settled:
        reasons.setdefault(one.standard_id, []).append(one.settled_why)
    today = timezone.localdate()
    appeal = getattr(review, "appeal", None)
    open_now = form_of.status == Status.MODERATED and may_comment(review, today)
    embedded = set(queries.embedded(form_of))
    return {
        "rows": [
            {
                "moderated": each,
                "own": rating_tag(each.own),
                "rating": rating_tag(each.rating),
                "before": rating_tag(each.before_appeal) if each.before_appeal else "",
                "changed": each.own != each.rating,
                "reasons": reasons.get(each.standard_id, []),
                "appealed": getattr(each, "appealed", None),
            }
            for each in rated
        ],
        "changed": sum(each.own != each.rating for each in rated),
        "is_final": form_of.status != Status.MODERATED,
        "may_comment": speaks and open_now,
        "may_appeal": speaks and open_now and appeal is None,
        "appeal": appeal,
        "comments": review.comments.select_related("by"),
        "required": review.required.filter(dropped_at__isnull=True).select_related("standard"),
        "may_share": speaks and bool(embedded) and form_of.status != Status.CLOSED,
        "shared": form_of.practice.filter(withdrawn_at__isnull=True).select_related("standard"),
    }


@require_http_methods(["GET", "HEAD", "POST"])
def question(request: SignedInRequest, key: str, pk: int) -> HttpResponse:
    """What the moderators ask for, and the agency's answer."""
    form_of = visible(request, key)
    rows = queries.questions_to(form_of).filter(sampled__review__signoff__voided_at__isnull=True)
    asked: Question = found_or_404(rows, pk=pk)
    if not policy.answers_questions(request.user, form_of):
        raise PermissionDenied
    is_open = asked.answered_at is None and form_of.status == Status.MODERATION
    form = AnswerQuestionForm(posted(request)) if is_open else None
    if form is not None and request.method == "POST" and form.is_valid():
        try:
            workflow.answer(asked, by=request.user, words=form.cleaned_data["words"])
            messages.success(request, _("Sent. What you signed stays as it is."))
            return redirect("selfassessment:moderation:review", key)
        except TransitionError as fault:
            add_faults(form, fault)
    context = {"form": form, "form_of": form_of, "asked": asked}
    return render(request, "selfassessment/moderation/question.html", context)


@require_POST
def comment(request: SignedInRequest, key: str) -> HttpResponse:
    form_of = visible(request, key)
    if not policy.speaks_for(request.user, form_of):
        raise PermissionDenied
    form = CommentForm(request.POST)
    if form.is_valid():
        try:
            workflow.comment(form_of, by=request.user, words=form.cleaned_data["words"])
            messages.success(request, _("Your comment is sent."))
            return redirect("selfassessment:moderation:review", key)
        except TransitionError as fault:
            add_faults(form, fault)
    return outcome(request, form_of, queries.review_of(form_of), form)


@require_http_methods(["GET", "HEAD", "POST"])
def appeal(request: SignedInRequest, key: str) -> HttpResponse:
    """The one appeal to the chair of the board."""
    form_of = visible(request, key)
    if not policy.speaks_for(request.user, form_of):
        raise PermissionDenied
    review = queries.review_of(form_of)
    if review is None or form_of.status != Status.MODERATED:
        raise Http404
    if not may_comment(review, timezone.localdate()) or hasattr(review, "appeal"):
        messages.error(request, _("An appeal is made once, within 10 working days."))
        return redirect("selfassessment:moderation:review", key)
    rated = list(
        Moderated.objects.filter(review=review)
        .select_related("standard")
        .order_by("standard__order")
    )
    form = AppealForm(rated, posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            workflow.appeal(form_of, form.words, by=request.user)
            messages.success(request, _("Your appeal is with the chair of the board."))
            return redirect("selfassessment:moderation:review", key)
        except TransitionError as fault:
            add_faults(form, fault)
    context = {"form": form, "form_of": form_of, "review": review}
    return render(request, "selfassessment/moderation/appeal.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def practice(request: SignedInRequest, key: str) -> HttpResponse:
    """In what the agency agrees to show others how it works."""
    form_of = visible(request, key)
    if not policy.speaks_for(request.user, form_of):
        raise PermissionDenied
    if form_of.status not in (Status.MODERATED, Status.PUBLISHED):
        raise Http404
    embedded = set(queries.embedded(form_of))
    standards = [each for each in results.asked_of(form_of) if each.code in embedded]
    live = form_of.practice.filter(withdrawn_at__isnull=True)
    now = list(live.values_list("standard__code", flat=True))
    form = PracticeForm(standards, posted(request), initial={"codes": now})
    if request.method == "POST" and form.is_valid():
        try:
            workflow.share_practice(form_of, form.cleaned_data["codes"], by=request.user)
            messages.success(request, _("Saved."))
            return redirect("selfassessment:moderation:review", key)
        except TransitionError as fault:
            add_faults(form, fault)
    context = {"form": form, "form_of": form_of, "standards": standards}
    return render(request, "selfassessment/moderation/practice.html", context)
