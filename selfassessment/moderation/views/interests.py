"""Interests: a moderator declares their own; the manager reads all."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.http import SignedInRequest
from agencies import people
from agencies.terms import Role
from selfassessment.moderation import workflow
from selfassessment.moderation.forms import InterestForm
from selfassessment.moderation.models import Interest
from selfassessment.moderation.terms import FORMS_ON_A_PAGE
from selfassessment.moderation.views.common import draw, found_or_404, must_hold, number


@require_http_methods(["GET", "HEAD", "POST"])
def interests(request: SignedInRequest) -> HttpResponse:
    must_hold(request, Role.MODERATOR, Role.MODERATION_MANAGER)
    roles = {each.role for each in people.roles_for(request)}
    mine = Interest.objects.filter(person=request.user).select_related("agency")
    if request.method == "POST" and "end" in request.POST:
        workflow.end_interest(found_or_404(mine, pk=number(request.POST["end"])), by=request.user)
        return redirect("selfassessment:moderation:interests")
    form = None
    if Role.MODERATOR in roles:
        form = InterestForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            said = form.cleaned_data
            workflow.declare(
                request.user,
                said["agency"],
                words=said["words"],
                from_on=said["from_on"],
                until=said["until"],
            )
            messages.success(request, _("Declared. You moderate no form of this agency."))
            return redirect("selfassessment:moderation:interests")
    theirs = None
    if Role.MODERATION_MANAGER in roles:
        found = Interest.objects.standing().select_related("person", "agency")
        found = found.order_by("person__name", "agency__name", "pk")
        theirs = Paginator(found, FORMS_ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "mine": mine if form else [],
        "theirs": theirs,
        "live": set(mine.standing().values_list("pk", flat=True)),
    }
    return draw(request, "interests", context)
