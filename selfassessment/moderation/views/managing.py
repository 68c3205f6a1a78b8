"""The manager's pages: who moderates what, the letter, the end of it, chairs and measures."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import SignedInRequest
from agencies import workdays
from agencies.models import Agency
from agencies.people import holders
from agencies.terms import Role
from audit import events
from selfassessment.models import Assessment, Moderator
from selfassessment.moderation import choosing, measures, policy, queries, workflow
from selfassessment.moderation.forms import (
    ChairForm,
    GiveForm,
    LetterForm,
    ReasonForm,
    SettleForm,
    TalkForm,
)
from selfassessment.moderation.measures import Share
from selfassessment.moderation.models import Appeal, BoardChair, Question, Review
from selfassessment.moderation.terms import FORMS_ON_A_PAGE
from selfassessment.moderation.views.common import (
    add_faults,
    cycle_of,
    draw,
    found_or_404,
    line_of,
    managed,
    must_hold,
    number,
    posted,
    say,
    working_desk,
)
from selfassessment.moderation.workflow.outcome import may_comment, waits_for
from selfassessment.moves import TransitionError
from selfassessment.standards.models import StandardSection
from selfassessment.terms import HIDDEN_BELOW, Status

WITH_MANAGER = (
    Status.SIGNED,
    Status.MODERATION,
    Status.MODERATED,
    Status.PUBLISHED,
    Status.RETURNED,
)


# --- The list -----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Row:
    """One form in the manager's list."""

    form: Assessment
    moderators: list[Moderator]
    review: Review | None
    waiting: int  # questions to the agency that are not answered
    today: date

    @property
    def names(self) -> str:
        return ", ".join(str(each.person) for each in self.moderators)

    @property
    def appeal(self) -> Appeal | None:
        found: Appeal | None = getattr(self.review, "appeal", None)
        return found

    @property
    def last_day(self) -> date | None:
        """By when what comes next is to be done."""
        if self.form.status == Status.MODERATED and self.review:
            appeal = self.appeal
            if appeal is None:
                return self.review.comments_until
            return None if appeal.decided_at else appeal.due_on
        if self.form.status in (Status.SIGNED, Status.MODERATION):
            return self.form.cycle.moderation_ends_on
        return None

    @property
    def left(self) -> str:
        """Working days until then, in words."""
        if self.last_day is None:
            return ""
        days = workdays.working_days_between(self.today, self.last_day, self.form.board)
        if days < 0:
            return ngettext("%(count)d working day late", "%(count)d working days late", -days) % {
                "count": -days
            }
        return ngettext("%(count)d working day left", "%(count)d working days left", days) % {
            "count": days
        }

    @property
    def next(self) -> str:
        """What is to be done, in words."""
        if self.form.status == Status.SIGNED:
            return _("Give it to moderators")
        if self.form.status == Status.MODERATION:
            if len(self.moderators) < 2:
                return _("Give it to one more")
            return _("Evidence was asked for") if self.waiting else _("The moderators work on it")
        if self.form.status != Status.MODERATED or self.review is None:
            return ""
        if self.appeal is not None:
            is_open = self.appeal.decided_at is None
            return _("The chair decides an appeal") if is_open else _("Make it final")
        if may_comment(self.review, self.today):
            return _("The agency may comment")
        return _("Make it final")


@require_safe
def listed(request: SignedInRequest) -> HttpResponse:
    """Forms from the sign-off on, those to be given first; 40 to a page."""
    must_hold(request, Role.MODERATION_MANAGER)
    cycle, cycles = cycle_of(request)
    status = request.GET.get("status", "")
    shown = [each for each in WITH_MANAGER if each == status] or list(WITH_MANAGER)
    own = Agency.objects.belonging_to(request.user)
    forms = (
        Assessment.objects.filter(cycle=cycle, status__in=shown)
        .exclude(agency__in=own)
        .select_related("agency", "board", "cycle")
        .order_by("agency__name", "board__name", "pk")
    )
    page = Paginator(forms, FORMS_ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "cycle": cycle,
        "cycles": cycles,
        "status": status,
        "statuses": [(each.value, each.label) for each in WITH_MANAGER],
        "page": page,
        "rows": _rows(page),
    }
    return draw(request, "list", context)


def _rows(page: Page[Assessment]) -> list[Row]:
    forms = list(page.object_list)
    given: dict[Any, list[Moderator]] = {each.pk: [] for each in forms}
    at_work = Moderator.objects.filter(assessment__in=forms, stood_down_at__isnull=True)
    for each in at_work.select_related("person"):
        given[each.assessment_id].append(each)
    reviews = queries.with_review(forms)
    waiting: dict[Any, int] = {}
    asked = Question.objects.waiting().filter(sampled__review__assessment__in=forms)
    for key in asked.values_list("sampled__review__assessment_id", flat=True):
        waiting[key] = waiting.get(key, 0) + 1
    today = timezone.localdate()
    return [
        Row(each, given[each.pk], reviews.get(each.pk), waiting.get(each.pk, 0), today)
        for each in forms
    ]


# --- Who moderates ------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
def give(request: SignedInRequest, key: str) -> HttpResponse:
    """Choose the two, or one in the place of one who has stopped; and see why others may not."""
    form_of = managed(request, key)
    found = choosing.candidates(form_of, timezone.localdate())
    in_moderation = form_of.status == Status.MODERATION
    at_it = [each for each in found if each.is_at_it and each.is_free] if in_moderation else []
    beside = at_it[0] if at_it else None
    if form_of.status not in (Status.SIGNED, Status.MODERATION) or len(at_it) > 1:
        messages.error(request, _("This form is not waiting for a moderator."))
        return redirect("selfassessment:moderation:list")
    form = GiveForm(found, choosing.suggest(found, beside), beside, posted(request))
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            if in_moderation:
                for person in form.chosen:
                    workflow.give(form_of, person, by=request.user, reason=reason)
            else:
                workflow.begin(form_of, form.chosen, by=request.user, reason=reason)
            messages.success(request, _("Given. They hear of it tomorrow morning."))
            return redirect("selfassessment:moderation:review", key)
        except TransitionError as fault:
            add_faults(form, fault)
    context = {
        "form": form,
        "form_of": form_of,
        "barred": [each for each in found if each.bars],
        "beside": beside,
    }
    return render(request, "selfassessment/moderation/give.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def stand_down(request: SignedInRequest, key: str, pk: int) -> HttpResponse:
    """Take the form from a moderator, with the reason."""
    form_of = managed(request, key)
    moderator = found_or_404(
        form_of.moderators.filter(stood_down_at__isnull=True).select_related("person"), pk=pk
    )
    form = ReasonForm(posted(request), button=_("Stand them down"))
    if request.method == "POST" and form.is_valid():
        try:
            workflow.stand_down(moderator, by=request.user, reason=form.cleaned_data["reason"])
            return redirect("selfassessment:moderation:give", key)
        except TransitionError as fault:
            add_faults(form, fault)
    return render(
        request,
        "selfassessment/moderation/reason.html",
        {
            "form": form,
            "form_of": form_of,
            "title": _("Stand a moderator down"),
            "caption": moderator.person,
            "words": _("What they said of the form is kept, and counts no more."),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def incident(request: SignedInRequest, key: str) -> HttpResponse:
    """Have everything looked at, after a serious incident."""
    form_of = managed(request, key)
    form = ReasonForm(posted(request), button=_("Ask for a full review"))
    if request.method == "POST" and form.is_valid():
        try:
            workflow.flag_incident(form_of, by=request.user, reason=form.cleaned_data["reason"])
            messages.success(request, _("Every standard of this form is looked at."))
            return redirect("selfassessment:moderation:review", key)
        except TransitionError as fault:
            add_faults(form, fault)
    return render(
        request,
        "selfassessment/moderation/reason.html",
        {
            "form": form,
            "form_of": form_of,
            "title": _("Full review after a serious incident"),
            "caption": form_of.agency,
            "words": _(
                "The moderators look at every standard. Say what happened in general words: "
                "nothing about a person of concern. The agency reads it."
            ),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def settle(request: SignedInRequest, key: str, code: str) -> HttpResponse:
    """Decide between two moderators who differ."""
    form_of = managed(request, key)
    if not policy.settles(request.user, form_of):
        raise PermissionDenied
    desk = working_desk(request, key)
    line = line_of(desk, code)
    if not line.differs:
        messages.error(request, _("The two do not differ on this standard now."))
        return redirect("selfassessment:moderation:review", key)
    form = SettleForm(sorted(line.ratings), posted(request))
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            workflow.settle(
                desk.assessment,
                line.sampled.standard,
                by=request.user,
                rating=said["rating"],
                reason=said["reason"],
            )
            return redirect("selfassessment:moderation:review", key)
        except TransitionError as fault:
            add_faults(form, fault)
    events.record(
        "assessment.viewed",
        form_of,
        by=request.user,
        agency=str(form_of.agency_id),
        what="moderation",
    )
    context = {"form": form, "form_of": desk.assessment, "line": line}
    return render(request, "selfassessment/moderation/settle.html", context)


# --- The letter and the end ---------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
def letter(request: SignedInRequest, key: str) -> HttpResponse:
    """The manager's words in the outcome letter."""
    form_of = managed(request, key)
    review = queries.review_of(form_of)
    if review is None:
        raise Http404
    first = {"strengths": review.strengths, "support": review.support}
    form = LetterForm(posted(request), initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            workflow.write_letter(form_of, by=request.user, **form.cleaned_data)
            messages.success(request, _("The letter is saved."))
            return redirect("selfassessment:moderation:review", key)
        except TransitionError as fault:
            add_faults(form, fault)
    required = review.required.filter(dropped_at__isnull=True).select_related("standard")
    context = {"form": form, "form_of": form_of, "required": required}
    return render(request, "selfassessment/moderation/letter.html", context)


@require_POST
def publish(request: SignedInRequest, key: str) -> HttpResponse:
    form_of = managed(request, key)
    try:
        workflow.publish(form_of, by=request.user)
        messages.success(request, _("The outcome is final. The agency is told."))
    except TransitionError as fault:
        say(request, fault)
    return redirect("selfassessment:moderation:review", key)


@require_http_methods(["GET", "HEAD", "POST"])
def talk(request: SignedInRequest, key: str) -> HttpResponse:
    """When the board spoke with the chief officer about a critical gap of two years."""
    form_of = managed(request, key)
    form = TalkForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            workflow.note_talk(form_of, by=request.user, held_on=form.cleaned_data["held_on"])
            messages.success(request, _("Noted."))
            return redirect("selfassessment:moderation:gaps")
        except TransitionError as fault:
            add_faults(form, fault)
    return render(
        request,
        "selfassessment/moderation/reason.html",
        {
            "form": form,
            "form_of": form_of,
            "title": _("Talk with the chief officer"),
            "caption": form_of.agency,
            "words": _("Only the day is kept here."),
            "to": "selfassessment:moderation:gaps",
        },
    )


# --- Chairs -------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
def chairs(request: SignedInRequest) -> HttpResponse:
    """Who chairs which board; only they decide appeals."""
    must_hold(request, Role.MODERATION_MANAGER)
    ends = request.method == "POST" and "end" in request.POST
    if ends:
        row = found_or_404(BoardChair.objects.all(), pk=number(request.POST.get("end")))
        try:
            workflow.end_chair(row, by=request.user)
        except TransitionError as fault:
            say(request, fault)
        return redirect("selfassessment:moderation:chairs")
    others = [each for each in holders(None, [Role.BOARD_MEMBER]) if each != request.user]
    form = ChairForm(others, posted(request))
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            workflow.name_chair(
                form.boards[said["board"]],
                form.members[said["person"]],
                by=request.user,
                from_on=said["from_on"],
                until=said["until"],
            )
            return redirect("selfassessment:moderation:chairs")
        except TransitionError as fault:
            add_faults(form, fault)
    rows = BoardChair.objects.select_related("board", "person").order_by("board__name", "-from_on")
    live = set(BoardChair.objects.in_office().values_list("pk", flat=True))
    context = {"form": form, "rows": rows, "live": live}
    return draw(request, "chairs", context)


# --- Measures -----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Measured:
    """A row of the page: a section or a standard."""

    name: str
    share: Share | None  # None: too few to show


@require_safe
def measured(request: SignedInRequest) -> HttpResponse:
    """How often moderators lowered, kept and raised; and what is to be written anew."""
    must_hold(request, Role.MODERATION_MANAGER)
    cycle, cycles = cycle_of(request)
    moved = queries.moved_in(cycle)
    found = StandardSection.objects.filter(set=cycle.standards_id).prefetch_related("standards")
    sections = measures.by_section(moved)
    standards = measures.by_standard(moved)
    open_sections = measures.shown(sections, dict.fromkeys(sections, ""))
    open_standards = measures.shown(standards, {code: code[:2] for code in standards})
    parts = [
        (
            Measured(str(section), open_sections[section.code]),
            [
                Measured(str(each), open_standards[each.code])
                for each in section.standards.all()
                if each.code in standards
            ],
        )
        for section in found
        if section.code in sections
    ]
    whole = measures.share(moved)
    context = {
        "cycle": cycle,
        "cycles": cycles,
        "parts": parts,
        "whole": whole if whole.forms >= HIDDEN_BELOW else None,
        "rewrite": [
            each for _part, rows in parts for each in rows if each.share and each.share.is_too_low
        ],
        "hidden_below": HIDDEN_BELOW,
    }
    return draw(request, "measures", context)


def waiting_sentence(review: Review) -> str:
    return waits_for(review, timezone.localdate())
