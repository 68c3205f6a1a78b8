"""For the board's manager: years planned and opened, forms that are late, which form is whose."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import SignedInRequest
from agencies.models import Agency, Locality
from selfassessment import policy, profiles, workflow
from selfassessment.cycle_forms import CycleForm, FilterForm, ProfileForm, as_planned
from selfassessment.models import (
    AlsoReports,
    Assessment,
    AssessmentQuerySet,
    Cycle,
    Profile,
    Waiver,
)
from selfassessment.moves import NotReady, TransitionError
from selfassessment.standards.models import StandardSet
from selfassessment.terms import FormType, Status
from selfassessment.workflow import cycles as rounds
from selfassessment.workflow.profiles import manages as may_manage
from selfassessment.workflow.profiles import may_set, size_of
from ui.text import showable

A_PAGE = 40
SHOWN_WAIVERS = 20
LOOKED = ("GET", "HEAD", "POST")


def _see_that_they_manage(request: SignedInRequest) -> None:
    if not policy.manages(request.user):
        raise Http404


def _cycle(request: SignedInRequest, year: int) -> Cycle:
    _see_that_they_manage(request)
    return get_object_or_404(Cycle.objects.select_related("standards", "opened_by"), year=year)


# --- Years ------------------------------------------------------------------------------------
@require_safe
def years(request: SignedInRequest) -> HttpResponse:
    _see_that_they_manage(request)
    found = Cycle.objects.select_related("standards").annotate(forms=Count("assessments"))
    context = {"cycles": found.latest_first(), "boards": Locality.objects.all()}
    return render(request, "selfassessment/cycles/years.html", context)


@require_http_methods(LOOKED)
def plan(request: SignedInRequest) -> HttpResponse:
    _see_that_they_manage(request)
    sets = list(StandardSet.objects.published())
    year = _next_year()
    known = {"year": year, **rounds.usual_days(year)}
    if sets:
        known["standards"] = sets[0].version
    form = CycleForm(
        request.POST if request.method == "POST" else None, initial=known, sets=sets, with_year=True
    )
    if request.method == "POST" and form.is_valid():
        try:
            cycle = workflow.plan_cycle(
                form.cleaned_data["year"], form.chosen(), form.days(), by=request.user
            )
            return redirect("selfassessment:cycle", cycle.year)
        except TransitionError:
            form.add_error("year", _("There is a cycle of this year already"))
    return render(request, "selfassessment/cycles/plan.html", {"form": form, "sets": sets})


def _next_year() -> int:
    """This year until there is a cycle of it, then the one after the last."""
    last = Cycle.objects.latest_first().first()
    this = timezone.localdate().year
    return max(this, last.year + 1) if last else this


@require_http_methods(LOOKED)
def days(request: SignedInRequest, year: int) -> HttpResponse:
    """The plan again, while the cycle is not open."""
    cycle = _cycle(request, year)
    if cycle.opened_at is not None:
        raise Http404
    sets = list(StandardSet.objects.published())
    form = CycleForm(
        request.POST if request.method == "POST" else None,
        initial=as_planned(cycle),
        sets=sets,
        with_year=False,
    )
    if request.method == "POST" and form.is_valid():
        try:
            workflow.change_cycle(cycle, form.chosen(), form.days(), by=request.user)
            messages.success(request, _("The days of the cycle are changed."))
        except TransitionError:
            messages.error(request, _("The cycle is open, so its days stand."))
        return redirect("selfassessment:cycle", year)
    context = {"form": form, "sets": sets, "cycle": cycle}
    return render(request, "selfassessment/cycles/plan.html", context)


@require_safe
def cycle(request: SignedInRequest, year: int) -> HttpResponse:
    """What opening it would do; once it is open, how far it is."""
    found = _cycle(request, year)
    context: dict[str, Any] = {"cycle": found, "days": _days_of(found)}
    if found.opened_at is None:
        context["preview"] = profiles.preview()
        return render(request, "selfassessment/cycles/preview.html", context)
    forms = Assessment.objects.filter(cycle=found)
    by_status = dict(forms.values_list("status").annotate(number=Count("pk")).order_by())
    facts = rounds.facts(found)
    context |= {
        **facts,
        "all": facts["forms"] + facts["missing"],
        "closed": by_status.get(Status.CLOSED, 0),
        "is_closing": found.is_open and found.closes_on <= timezone.localdate(),
        "statuses": [(each, by_status[each]) for each in Status if each in by_status],
        "late": forms.overdue(timezone.localdate()).count(),
        "waivers": Waiver.objects.filter(assessment__cycle=found, granted=None).select_related(
            "assessment__agency"
        )[:SHOWN_WAIVERS],
    }
    return render(request, "selfassessment/cycles/cycle.html", context)


def _days_of(found: Cycle) -> list[tuple[str, Any]]:
    words = {name: str(CycleForm.base_fields[name].label) for name in rounds.DAYS}
    return [(words[name], getattr(found, name)) for name in rounds.DAYS]


@require_POST
def open_it(request: SignedInRequest, year: int) -> HttpResponse:
    found = _cycle(request, year)
    try:
        workflow.open_cycle(found, by=request.user)
        messages.success(request, _("The cycle is open. The forms are being made now."))
    except NotReady as problem:
        messages.error(request, problem.missing[0])
    except TransitionError:
        messages.success(request, _("The cycle is open."))
    return redirect("selfassessment:cycle", year)


@require_POST
def add(request: SignedInRequest, year: int) -> HttpResponse:
    """Forms for agencies that joined since it was opened."""
    found = _cycle(request, year)
    try:
        count = workflow.add_agencies(found, by=request.user)
        said = ngettext("%(count)d form is being made.", "%(count)d forms are being made.", count)
        messages.success(
            request, said % {"count": count} if count else _("Every agency has its form.")
        )
    except TransitionError:
        messages.error(request, _("The cycle is closed. Nothing was changed."))
    return redirect("selfassessment:cycle", year)


# --- Forms ------------------------------------------------------------------------------------
@require_safe
def forms(request: SignedInRequest, year: int) -> HttpResponse:
    """Every form of a year, narrowed by what stands in the address; those overdue to be chased."""
    found = _cycle(request, year)
    asked = FilterForm(request.GET if request.GET else None)
    wanted = asked.cleaned_data if asked.is_bound and asked.is_valid() else {}
    today = timezone.localdate()
    rows = _narrowed(Assessment.objects.filter(cycle=found), wanted, today)
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    left = request.GET.copy()
    left.pop("page", None)
    context = {
        "cycle": found,
        "form": asked,
        "page": page,
        "rows": [(each, each.is_overdue(today)) for each in page],
        "only_late": wanted.get("status") == "late",
        "query": left.urlencode(),
    }
    return render(request, "selfassessment/cycles/forms.html", context)


def _narrowed(
    rows: AssessmentQuerySet, wanted: dict[str, Any], today: date
) -> QuerySet[Assessment]:
    if wanted.get("q"):
        rows = rows.filter(agency__name__icontains=wanted["q"])
    if wanted.get("locality"):
        rows = rows.filter(board__code=wanted["locality"])
    if wanted.get("status") == "late":
        rows = rows.overdue(today)
    elif wanted.get("status"):
        rows = rows.filter(status=wanted["status"])
    return rows.select_related("agency", "board").order_by("agency__name", "board__name", "pk")


@require_POST
def chase(request: SignedInRequest, year: int) -> HttpResponse:
    """Tell the leads of every form that is overdue once more today."""
    found = _cycle(request, year)
    count = workflow.chase(found, by=request.user)
    said = ngettext(
        "The leads of %(count)d form are told with their next e-mail.",
        "The leads of %(count)d forms are told with their next e-mail.",
        count,
    )
    messages.success(request, said % {"count": count} if count else _("Nothing is overdue."))
    return redirect("selfassessment:cycle", year)


# --- Which form is whose ----------------------------------------------------------------------
@dataclass(frozen=True)
class Line:
    """An agency with its form type: as set up, or as guessed."""

    agency: Agency
    form_type: FormType
    is_guess: bool
    short: bool


@require_safe
def profile_list(request: SignedInRequest) -> HttpResponse:
    """Which form each agency fills in; the guesses first, as they want a look."""
    _see_that_they_manage(request)
    name = showable(request.GET.get("q", "").strip()[:80])
    rows = Agency.objects.filter(is_active=True).annotate(is_guess=Q(assessment_profile=None))
    rows = rows.select_related("assessment_profile", "locality")
    if name:
        rows = rows.filter(name__icontains=name)
    page = Paginator(rows.order_by("-is_guess", "name", "pk"), A_PAGE)
    shown = page.get_page(request.GET.get("page"))
    context = {"lines": [_line(each) for each in shown], "page": shown, "q": name}
    return render(request, "selfassessment/cycles/profiles.html", context)


def _line(agency: Agency) -> Line:
    stored = getattr(agency, "assessment_profile", None)
    shown = stored or profiles.guess_for(agency)
    return Line(agency, FormType(shown.form_type), stored is None, shown.short_form)


@require_http_methods(LOOKED)
def profile(request: SignedInRequest, pk: int) -> HttpResponse:
    """Which form an agency fills in, for its leads and the manager."""
    agency = get_object_or_404(Agency.objects.select_related("locality"), pk=pk)
    if not may_set(request.user, agency):
        raise Http404
    manages = may_manage(request.user, agency)  # of their own they lead it only
    stored = Profile.objects.filter(agency=agency).first()
    shown = stored or profiles.guess_for(agency)
    boards = AlsoReports.objects.filter(agency=agency).values_list("board__code", flat=True)
    known = {
        "form_type": shown.form_type,
        "sub_type": shown.sub_type,
        "size": size_of(shown) if stored else "",
        "length": "short" if shown.short_form else "full",
        "duty": "yes" if shown.is_specified else "no",
        "full_form_required": shown.full_form_required,
        "boards": list(boards) if manages else [],
    }
    sent = request.POST if request.method == "POST" else None
    form = ProfileForm(sent, initial=known, agency=agency, manages=manages)
    if request.method == "POST" and form.is_valid():
        try:
            setup = form.setup(required=shown.full_form_required)
            workflow.set_profile(agency, setup, by=request.user)
            if "boards" in form.fields:
                workflow.set_boards(agency, form.boards_chosen(), by=request.user)
            messages.success(request, _("Saved."))
            return redirect("selfassessment:profiles" if manages else "selfassessment:home")
        except NotReady as problem:
            form.add_error("length", problem.missing[0])
    context = {"form": form, "agency": agency, "is_guess": stored is None, "manages": manages}
    return render(request, "selfassessment/cycles/profile.html", context)
