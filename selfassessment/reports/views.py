"""Documents to take away: each goes through the same access check as the page it is of."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.http import SignedInRequest
from agencies import people
from agencies.models import Agency
from audit import events
from selfassessment import policy
from selfassessment.board.filters import Filters
from selfassessment.models import Assessment, Profile, SignOff
from selfassessment.moderation.models import Review
from selfassessment.reports import store
from selfassessment.reports.models import Document, Kind
from selfassessment.standards.models import StandardSet
from selfassessment.terms import FormType
from selfassessment.views.common import visible

KINDS_OF_FORM = {kind.value.lower(): kind for kind in FormType}


@require_safe
def report(request: SignedInRequest, key: str) -> HttpResponse:
    """The agency's report: of the newest sign-off, with moderation once it is final, made once and
    kept; ``?sign-off=1`` an earlier one; of a form that was never signed a draft, made now.
    ``?names=hidden`` has roles where names of staff would stand; it is made each time."""
    from selfassessment.reports import agency  # WeasyPrint is slow to import

    form = visible(request, key)
    number = request.GET.get("sign-off", "")
    signoffs = SignOff.objects.filter(assessment=form)
    if number:
        is_number = number.isdecimal() and len(number) < 5
        signoff = signoffs.filter(number=int(number)).first() if is_number else None
        if signoff is None:
            raise Http404
    else:
        signoff = signoffs.standing().first()
    hide_names = _hides_names(request)
    if signoff is None:
        return _pdf(request, form, agency.render(form, None, hide_names=hide_names), "draft")
    if not signoff.frozen:
        raise Http404
    if hide_names:
        review = None
        if _kind(form, signoff) == Kind.MODERATED:
            review = Review.objects.get(signoff=signoff)
        content = agency.render(form, signoff, review=review, hide_names=True)
        return _pdf(request, form, content, "without-names")
    document = store.make_of_signoff(signoff, _kind(form, signoff), now=timezone.now())
    return _pdf(request, form, bytes(document.content or b""), str(document.kind))


def _hides_names(request: SignedInRequest) -> bool:
    return request.GET.get("names") == "hidden"


def _kind(form: Assessment, signoff: SignOff) -> Kind:
    """With moderation once that is final and the sign-off still stands."""
    is_final = form.published_at is not None and signoff.voided_at is None
    reviewed = Review.objects.filter(signoff=signoff, finished_at__isnull=False)
    return Kind.MODERATED if is_final and reviewed.exists() else Kind.SIGNED


@require_safe
def plan(request: SignedInRequest, key: str) -> HttpResponse:
    """The action plan as it is today; ``?names=hidden`` as above."""
    from selfassessment.reports import agency

    form = visible(request, key)
    hide_names = _hides_names(request)
    content = agency.render_plan(form, today=timezone.localdate(), hide_names=hide_names)
    return _pdf(request, form, content, "action-plan")


@require_safe
def certificate(request: SignedInRequest, key: str) -> HttpResponse:
    """What was signed, by whom; of the sign-off that stands, else of the last one, which says
    that it was voided."""
    from selfassessment.reports import agency

    form = visible(request, key)
    signoffs = SignOff.objects.filter(assessment=form)
    signoff = signoffs.standing().first() or signoffs.order_by("-number").first()
    if signoff is None or not signoff.frozen:
        raise Http404
    return _pdf(request, form, agency.render_certificate(signoff), "sign-off")


@require_safe
def letter(request: SignedInRequest, key: str) -> HttpResponse:
    """The outcome letter; the manager sees it before it goes out."""
    from selfassessment.reports import others

    form = visible(request, key)
    if form.published_at is None and not policy.manages(request.user, form):
        raise Http404  # the agency reads it once it is final
    try:
        content = others.render_letter(form)
    except LookupError:
        raise Http404 from None
    return _pdf(request, form, content, "outcome")


@require_safe
def blank(request: SignedInRequest, kind: str, short: str = "") -> HttpResponse:
    """The blank form of a type, for anyone signed in."""
    from selfassessment.reports import others

    standards = StandardSet.objects.latest_published()
    if kind not in KINDS_OF_FORM or standards is None:
        raise Http404
    content = others.render_blank(standards, KINDS_OF_FORM[kind], short=bool(short))
    return _attached(content, f"self-assessment-blank-{kind}{'-short' if short else ''}.pdf")


@require_safe
def blanks(request: SignedInRequest) -> HttpResponse:
    """Which blank forms there are; the agency's own first."""
    own = Profile.objects.filter(agency__in=Agency.objects.belonging_to(request.user))
    mine = set(own.values_list("form_type", flat=True))
    kinds = sorted(FormType, key=lambda kind: (kind.value not in mine, FormType.values.index(kind)))
    context = {
        "kinds": [(kind.value.lower(), kind.label, kind.value in mine) for kind in kinds],
        "set": StandardSet.objects.latest_published(),
    }
    return render(request, "selfassessment/reports/blanks.html", context)


# The board's report ------------------------------------------------------------------------------
def _for_the_board(request: SignedInRequest) -> None:
    people.roles_for(request)  # read once, for every question that follows
    if not policy.reads_board(request.user):
        raise PermissionDenied


@require_safe
def board_reports(request: SignedInRequest) -> HttpResponse:
    """The reports that the person asked for in the last week, and how far each has come."""
    _for_the_board(request)
    mine = Document.objects.filter(kind=Kind.BOARD, asked_by=request.user)
    found = list(mine.select_related("cycle").defer("content")[:20])
    waits = any(each.made_at is None and each.failed_at is None for each in found)
    return render(
        request,
        "selfassessment/reports/board.html",
        {"documents": found, "waits": waits, "filters": Filters.read(request.GET)},
    )


@require_POST
def ask_for_board_report(request: SignedInRequest) -> HttpResponse:
    """A report of what the filters of the board's pages leave; the worker makes it."""
    _for_the_board(request)
    filters = Filters.read(request.POST)
    if filters.cycle is not None:
        store.ask_for_board_report(
            filters.cycle,
            filters.with_(year=filters.cycle.year).lstrip("?"),
            by=request.user,
            now=timezone.now(),
        )
    return redirect("selfassessment:board_reports")


@require_safe
def board_report(request: SignedInRequest, pk: int) -> HttpResponse:
    _for_the_board(request)
    mine = Document.objects.made().filter(kind=Kind.BOARD, asked_by=request.user)
    document = get_object_or_404(mine.select_related("cycle"), pk=pk)
    year = document.cycle.year if document.cycle else 0
    events.record("assessment.exported", by=request.user, table="board", year=year, ending="pdf")
    return _attached(bytes(document.content or b""), f"self-assessment-{year}-board.pdf")


def _pdf(request: SignedInRequest, form: Assessment, content: bytes, name: str) -> HttpResponse:
    """The file, and who took it away in the agency's log. Its name names nobody."""
    events.record(
        "assessment.document_taken",
        form,
        by=request.user,
        agency=str(form.agency_id),
        document=name,
    )
    return _attached(content, f"self-assessment-{form.cycle.year}-{name}.pdf")


def _attached(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
