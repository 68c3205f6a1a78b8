"""An agency's own year on year: what moved, in pictures, numbers and words."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest
from selfassessment.models import Assessment
from selfassessment.own_years import Years
from selfassessment.terms import Status
from selfassessment.views.common import desk


@require_safe
def years(request: SignedInRequest, key: str) -> HttpResponse:
    """Up to five years that end with this form's; of those before only what the person may read."""
    place = desk(request, key)
    place.looked_at()
    form = place.form
    seen = Assessment.objects.visible_to(request.user).filter(
        agency=form.agency_id, board=form.board_id, cycle__year__lt=form.cycle.year
    )
    asked = seen.exclude(status=Status.EXEMPT).exclude(closed_from=Status.EXEMPT)
    earlier = asked.select_related("cycle__standards", "agency", "board", "answers_of")
    found = Years(form, [form, *earlier])
    context = {
        "form_of": form,
        "desk": place,
        "forms": found.forms,
        "before": found.before,
        "is_comparable": found.is_comparable,
        "lines": found.lines(),
        "sections": found.rows,
        "counted": found.counted(),
    }
    return render(request, "selfassessment/years.html", context)
