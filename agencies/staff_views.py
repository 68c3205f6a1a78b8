"""Movers, leavers, invitations sent again, and the yearly look at who still needs a role."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts.fresh import fresh_factor_needed, fresh_factor_needed_to_press
from accounts.http import SignedInRequest
from accounts.models import User
from agencies import people, policy, workflow
from agencies.forms import role_field
from agencies.models import Agency, Invitation, Membership
from agencies.people import Place
from agencies.terms import AGENCY_ROLES, Role
from agencies.views import SELF_GIVEN, find_place, key_of, title_of
from ui.fields import ChoiceField, SelectField
from ui.forms import PageForm

STILL, ENDS = "still", "ends"


# --- Leavers ----------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@fresh_factor_needed
def leaver(request: SignedInRequest, person: int) -> HttpResponse:
    """Everything a leaver has and holds, and one button that ends it."""
    whose = get_object_or_404(User, pk=person)
    rows = workflow.endable(whose, by=request.user)
    if whose == request.user or not rows:
        raise Http404
    held = workflow.work_held(whose)
    if request.method == "POST":
        try:
            workflow.leave(whose, by=request.user)
        except workflow.RefusedError as error:
            messages.error(request, str(error))
            return redirect("agencies:leaver", person)
        left = workflow.work_held(whose)
        messages.success(request, _("%(name)s has left, and is signed out.") % {"name": whose})
        if held > left:
            said = ngettext(
                "%(count)d open case has a new owner, who has been told.",
                "%(count)d open cases have new owners, who have been told.",
                held - left,
            )
            messages.success(request, said % {"count": held - left})
        return redirect("agencies:home")
    others = Membership.objects.current().filter(person=whose).count() - len(rows)
    context = {"whose": whose, "rows": rows, "held": held, "others": others}
    context |= {"key": key_of(rows[0]), "movable": next((row for row in rows if row.agency), None)}
    return render(request, "agencies/leaver.html", context)


# --- Movers -----------------------------------------------------------------------------------
class MoveForm(PageForm):
    agency = SelectField(
        label=gettext_lazy("Where they work from today"),
        missing=gettext_lazy("Select the agency"),
    )
    headings = {"agency": "s", "role": "s"}
    button = gettext_lazy("Move them")

    def __init__(self, *args: Any, agencies: list[Agency], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agency"] = SelectField(
            label=self.base_fields["agency"].label,
            missing=gettext_lazy("Select the agency"),
            choices=[(str(each.pk), each.name) for each in agencies],
        )
        self.fields["role"] = role_field(AGENCY_ROLES)


@require_http_methods(["GET", "HEAD", "POST"])
@fresh_factor_needed
def move(request: SignedInRequest, pk: int) -> HttpResponse:
    """From one agency to another in one act, for who looks after both."""
    rows = Membership.objects.current().select_related("person", "agency", "locality")
    membership = get_object_or_404(rows, pk=pk)
    here = membership.agency
    if here is None or not policy.can_manage(request.user, here):
        raise Http404
    choices = Agency.objects.filter(is_active=True).exclude(pk=here.pk)
    if not policy.is_portal_admin(request.user):
        choices = choices & Agency.objects.administered_by(request.user)
    form = MoveForm(
        request.POST if request.method == "POST" else None,
        agencies=list(choices),
        initial={"role": membership.role},
    )
    if request.method == "POST" and form.is_valid():
        agency = choices.get(pk=int(form.cleaned_data["agency"]))
        try:
            workflow.move(membership, agency, Role(form.cleaned_data["role"]), by=request.user)
            said = _("%(name)s works for %(place)s now.")
            messages.success(request, said % {"name": membership.person, "place": agency})
            return redirect("agencies:people", str(agency.pk))
        except PermissionDenied:
            form.add_error("role", SELF_GIVEN)
        except workflow.RefusedError as error:
            form.add_error("agency", str(error))
    context = {"form": form, "membership": membership, "key": key_of(membership)}
    return render(request, "agencies/move.html", context)


# --- The yearly look --------------------------------------------------------------------------
class ReviewForm(PageForm):
    """One question for each role; those that nobody answers are asked again."""

    small = True
    page_heading = False
    button = gettext_lazy("Record this")

    def __init__(self, *args: Any, rows: list[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for row in rows:
            self.fields[f"member-{row.pk}"] = ChoiceField(
                label=_("%(name)s, %(role)s")
                % {"name": row.person, "role": row.get_role_display()},
                choices=[(STILL, _("Still right")), (ENDS, _("Ends today"))],
                required=False,
            )


@require_http_methods(["GET", "HEAD", "POST"])
@fresh_factor_needed
def review(request: SignedInRequest, place: str) -> HttpResponse:
    where: Place = find_place(request, place, policy.can_manage)
    due = Membership.objects.due_for_review(timezone.now()).filter(**people.columns(where))
    due = due.exclude(person=request.user).select_related("person").order_by("person__name", "pk")
    rows = list(due)
    form = ReviewForm(request.POST if request.method == "POST" else None, rows=rows)
    if request.method == "POST" and form.is_valid():
        for row in rows:
            said = form.cleaned_data[f"member-{row.pk}"]
            try:
                if said == STILL:
                    workflow.still_right(row, by=request.user)
                elif said == ENDS:
                    workflow.end_membership(row, by=request.user)
            except workflow.RefusedError as error:
                form.add_error(f"member-{row.pk}", str(error))
        if form.is_valid():
            messages.success(request, _("Recorded."))
            return redirect("agencies:people", place)
    context = {"form": form, "rows": rows, "key": place, "title": title_of(where)}
    return render(request, "agencies/review.html", context)


# --- Invitations ------------------------------------------------------------------------------
@require_POST
@fresh_factor_needed_to_press("agencies:home")
def invite_again(request: SignedInRequest, pk: int) -> HttpResponse:
    """Send an invitation that nobody answered once more, with a new end."""
    offers = Invitation.objects.filter(accepted_at__isnull=True, withdrawn_at__isnull=True)
    offer = get_object_or_404(offers.select_related("agency", "locality"), pk=pk)
    place = offer.agency or offer.locality
    if not policy.can_manage(request.user, place):
        raise Http404
    try:
        workflow.invite(offer.email, Role(offer.role), place, by=request.user)
        messages.success(request, _("The invitation is on its way."))
    except PermissionDenied:
        messages.error(request, str(SELF_GIVEN))
    except workflow.RefusedError as error:
        messages.error(request, str(error))
    return redirect("agencies:people", key_of(offer))
