"""The board's pages: appeals to its chair, gaps that stay, and practice that is shared."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import SignedInRequest
from agencies import people
from agencies.terms import Role
from audit import events
from selfassessment.forms import rating_tag
from selfassessment.moderation import queries, workflow
from selfassessment.moderation.forms import DecideForm
from selfassessment.moderation.models import Appeal, Judgement
from selfassessment.moderation.views.common import add_faults, cycle_of, draw, must_hold, posted
from selfassessment.moves import TransitionError
from selfassessment.said import answers_of
from selfassessment.terms import BOARD_READERS


@require_safe
def appeals(request: SignedInRequest) -> HttpResponse:
    """What a chair has to decide, and has decided."""
    must_hold(request, Role.BOARD_MEMBER)
    found = Appeal.objects.for_chair(request.user).select_related(
        "review__assessment__agency", "review__assessment__cycle"
    )
    context = {
        "waiting": [each for each in found if each.decided_at is None],
        "decided": [each for each in found if each.decided_at is not None],
    }
    return draw(request, "appeals", context)


@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: SignedInRequest, key: str) -> HttpResponse:
    """One appeal, with what each side says of each standard; the chair decides with reasons.

    The agency's answers to these standards, and to no others, are shown: it appealed with them.
    """
    people.roles_for(request)
    appeal = (
        Appeal.objects.for_chair(request.user)
        .filter(review__assessment__key=key)
        .select_related("review__assessment__agency", "review__assessment__cycle", "decided_by")
        .first()
    )
    if appeal is None:
        raise Http404
    form_of = appeal.review.assessment
    rows = list(appeal.standards.select_related("moderated__standard"))
    form = DecideForm([each.moderated.standard.code for each in rows], posted(request))
    if appeal.decided_at is None and request.method == "POST" and form.is_valid():
        try:
            workflow.decide(appeal, form.decisions, by=request.user)
            messages.success(request, _("Decided. The agency and the manager are told."))
            return redirect("selfassessment:moderation:appeals")
        except TransitionError as fault:
            add_faults(form, fault)
    events.record(
        "assessment.viewed", form_of, by=request.user, agency=str(form_of.agency_id), what="appeal"
    )
    context = {
        "appeal": appeal,
        "form_of": form_of,
        "form": form if appeal.decided_at is None else None,
        "rows": [_row(each, form, appeal) for each in _with_words(appeal, rows)],
    }
    return render(request, "selfassessment/moderation/decide.html", context)


def _with_words(appeal: Appeal, rows: list[Any]) -> list[dict[str, Any]]:
    standards = [each.moderated.standard for each in rows]
    answers = answers_of(appeal.review.assessment, standards)
    reasons: dict[int, list[str]] = {}
    said = Judgement.objects.standing().filter(
        sampled__review=appeal.review, sampled__standard__in=standards
    )
    for each in said.exclude(reason="").select_related("sampled"):
        reasons.setdefault(each.sampled.standard_id, []).append(each.reason)
    return [
        {
            "row": each,
            "answer": answers.get(each.moderated.standard_id),
            "reasons": reasons.get(each.moderated.standard_id, []),
        }
        for each in rows
    ]


def _row(found: dict[str, Any], form: DecideForm, appeal: Appeal) -> dict[str, Any]:
    moderated = found["row"].moderated
    code = moderated.standard.code
    return found | {
        "own": rating_tag(moderated.own),
        "moderated": rating_tag(moderated.before_appeal or moderated.rating),
        "decided": rating_tag(found["row"].rating) if found["row"].rating else "",
        "fields": [form[f"rating_{code}"], form[f"reasons_{code}"]]
        if appeal.decided_at is None
        else [],
    }


@require_safe
def gaps(request: SignedInRequest) -> HttpResponse:
    """Critical gaps that were there last year and are there this year."""
    must_hold(request, *BOARD_READERS)
    cycle, cycles = cycle_of(request)
    roles = {each.role for each in people.roles_for(request)}
    own = {each.pk for each in people.agencies_for(request)}
    manages = Role.MODERATION_MANAGER in roles
    context = {
        "cycle": cycle,
        "cycles": cycles,
        "gaps": queries.persistent_gaps(cycle, alone=manages),
        "manages": manages,
        "own": own,
    }
    return draw(request, "gaps", context)


@require_safe
def shared(request: SignedInRequest) -> HttpResponse:
    """Agencies that agreed to show others how they work, by standard."""
    must_hold(request, *BOARD_READERS)
    cycle, cycles = cycle_of(request)
    by_standard: dict[Any, list[Any]] = {}
    for each in queries.shared_practice(cycle):
        by_standard.setdefault(each.standard, []).append(each.assessment.agency)
    context = {"cycle": cycle, "cycles": cycles, "by_standard": by_standard.items()}
    return draw(request, "shared", context)
