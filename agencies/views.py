"""My agency, its people, and joining it. Thin doors: find, call the workflow, answer."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.fresh import fresh_factor_needed, fresh_factor_needed_to_press
from accounts.http import SignedInRequest
from accounts.models import User
from agencies import health, opening, people, policy, workflow
from agencies.forms import (
    ELSEWHERE,
    AbsenceForm,
    ChangeRoleForm,
    DetailsForm,
    InviteForm,
    JoinForm,
    PreventContactForm,
)
from agencies.models import Absence, Agency, Invitation, Locality, Membership
from agencies.people import Place
from agencies.terms import AGENCY_LEADS, ROLES_OF_SCOPE, RULE_KEEPERS, Role

PORTAL = "portal"  # in an address, the place that is neither an agency nor a locality
SELF_GIVEN = gettext_lazy("Ask another administrator: nobody gives roles to themselves.")
ALL = "all"  # instead of one of a person's agencies
CONTACT_FIELDS = list(PreventContactForm.base_fields)


# --- Joining ----------------------------------------------------------------------------------
def join(request: SignedInRequest) -> HttpResponse:
    """Who you are and where you work: asked once, after the first sign-in."""
    person, after = request.user, _after(request)
    if not people.must_join(person):
        return redirect(after)
    agencies = people.choices_for(person)
    belongs = Membership.objects.current().filter(person=person).exists()
    asks_where = not belongs and len(agencies) != 1
    form = JoinForm(
        _sent(request),
        agencies=agencies,
        asks_where=asks_where,
        initial={"name": person.name, "job_title": person.job_title, "phone": person.phone},
    )
    if request.method == "POST" and form.is_valid() and _joined(form, person):
        return redirect(after)
    sole = agencies[0] if len(agencies) == 1 else None
    context = {"form": form, "agency": people.agency_of(person) or sole, "asks_where": asks_where}
    return render(request, "agencies/join.html", context)


def _joined(form: JoinForm, person: User) -> bool:
    said = form.cleaned_data
    try:
        workflow.set_details(
            person, name=said["name"], job_title=said["job_title"], phone=said["phone"]
        )
        chosen = said.get("agency") or ELSEWHERE
        if "locality" not in form.fields:
            workflow.join_by_domain(person)
        elif chosen == ELSEWHERE:
            locality = Locality.objects.get(code=said["locality"])
            workflow.name_organisation(person, said["organisation"], locality)
        else:
            workflow.choose_agency(person, Agency.objects.get(pk=chosen))
    except workflow.RefusedError as error:
        form.add_error(None, str(error))
        return False
    return True


def _after(request: HttpRequest) -> str:
    """The page that was wanted, if it is one of ours."""
    wanted = request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure())
    return wanted if safe else "/referrals/"


def details(request: SignedInRequest) -> HttpResponse:
    person = request.user
    known = {"name": person.name, "job_title": person.job_title, "phone": person.phone}
    form = DetailsForm(_sent(request), initial=known)
    if request.method == "POST" and form.is_valid():
        workflow.set_details(person, **form.cleaned_data)
        messages.success(request, _("Your details have been saved."))
        return redirect("account_home")
    return render(request, "agencies/details.html", {"form": form})


def invitation(request: SignedInRequest) -> HttpResponse:
    """Where the mail leads: signing in on the way accepts; who was signed in presses once."""
    if request.method == "POST":
        accepted = workflow.accept_invitations(request.user)
        if accepted:
            messages.success(request, _("You have joined."))
        return redirect("agencies:home")
    offers = Invitation.objects.open().filter(email=request.user.email)
    return render(
        request,
        "agencies/invitation.html",
        {"offers": offers.select_related("agency", "locality", "invited_by")},
    )


# --- A place and its people -------------------------------------------------------------------
def home(request: SignedInRequest) -> HttpResponse:
    """Where I belong, with the people I may turn to; for administrators the way to all places."""
    held = people.roles_for(request)
    agencies = people.agencies_for(request)
    is_admin = any(each.role == Role.PORTAL_ADMIN for each in held)
    seen = {each.agency_id for each in held if each.role in (Role.AGENCY_ADMIN, *AGENCY_LEADS)}
    led = {each.agency_id for each in held if each.role in AGENCY_LEADS}
    context: dict[str, Any] = {
        "held": held,
        "pending": people.pending_for(request.user),
        "mine": [
            {"agency": agency, "leads": people.leads_of(agency), "may_see": agency.pk in seen}
            for agency in agencies
        ],
        "is_portal_admin": is_admin,
        "acting_for": people.acting_for(request) if len(agencies) > 1 else None,
        "narrowed": people.narrowed_to(request),
        "leads_several": sum(agency.pk in led for agency in agencies) > 1,
        "keeps_rules": any(each.role in RULE_KEEPERS for each in held),
        "is_open": opening.is_open(),
    }
    if is_admin:
        context["agencies"] = Agency.objects.exclude(kind="independent").select_related("locality")
        context["localities"] = Locality.objects.all()
        problems = health.problems()
        mail = reverse("agencies:mail")
        context["problems"] = len(problems)
        context["mail"] = next((each.what for each in problems if each.fix_path == mail), "")
    return render(request, "agencies/home.html", context)


@require_POST
def act_for(request: SignedInRequest) -> HttpResponse:
    """Where a person of several agencies writes for, until they sign out or choose again."""
    chosen = request.POST.get("agency", "")
    if chosen == ALL:
        request.session.pop(people.ACTS_FOR, None)
        messages.success(request, _("You see the work of all your agencies."))
        return redirect("agencies:home")
    agency = next((e for e in people.agencies_for(request) if str(e.pk) == chosen), None)
    if agency is None:
        messages.error(request, _("Select one of your agencies."))
    else:
        request.session[people.ACTS_FOR] = agency.pk
        messages.success(request, _("You act for %(name)s now.") % {"name": agency})
    return redirect("agencies:home")


def people_page(request: SignedInRequest, place: str) -> HttpResponse:
    where = find_place(request, place, policy.can_see_people)
    rows = Membership.objects.current().filter(**people.columns(where))
    rows = rows.select_related("person", "invited_by").order_by("person__name", "pk")
    away = {
        each.person_id: each
        for each in Absence.objects.covering().filter(person__in=rows.values("person"))
    }
    held = people.roles_for(request)
    is_portal_admin = any(each.role == Role.PORTAL_ADMIN for each in held)
    may_manage = is_portal_admin or policy.can_manage(request.user, where)
    offers = Invitation.objects.filter(accepted_at__isnull=True, withdrawn_at__isnull=True)
    offers = offers.filter(**people.columns(where)).select_related("invited_by")
    now = timezone.now()
    context = {
        "place": where,
        "key": place,
        "title": title_of(where),
        "may_manage": may_manage,
        "members": [(row, away.get(row.person_id)) for row in rows if row.is_confirmed],
        "asking": [row for row in rows if not row.is_confirmed],
        "offers": [(one, one.expires_at <= now) for one in offers] if may_manage else [],
        "due": sum(row.is_due_for_review(now) and row.person_id != request.user.pk for row in rows)
        if may_manage
        else 0,
        "is_agency": isinstance(where, Agency),
        "is_portal_admin": is_portal_admin,
        "problems": [
            each for each in health.place_problems() if each.fix_path == f"/agency/{place}/"
        ]
        if may_manage
        else [],
    }
    return render(request, "agencies/people.html", context)


@fresh_factor_needed
def invite(request: SignedInRequest, place: str) -> HttpResponse:
    where = find_place(request, place, policy.can_manage)
    form = InviteForm(_sent(request), roles=ROLES_OF_SCOPE[people.scope_of(where)])
    if request.method == "POST" and form.is_valid():
        email, role = form.cleaned_data["email"], Role(form.cleaned_data["role"])
        try:
            given = workflow.bring_in(email, role, where, by=request.user)
            if isinstance(given, Membership):
                said = _("%(name)s has one more role now.") % {"name": given.person}
            else:
                said = _("The invitation is on its way.")
            messages.success(request, said)
            return redirect("agencies:people", place)
        except PermissionDenied:
            form.add_error("email", SELF_GIVEN)
        except workflow.RefusedError as error:
            form.add_error("email", str(error))
    context = {"form": form, "key": place, "title": title_of(where)}
    return render(request, "agencies/invite.html", context)


def contact(request: SignedInRequest, place: str) -> HttpResponse:
    where = find_place(request, place, policy.can_manage)
    if not isinstance(where, Agency):
        raise Http404
    known = {field: getattr(where, field) for field in CONTACT_FIELDS}
    form = PreventContactForm(_sent(request), initial=known)
    if request.method == "POST" and form.is_valid():
        workflow.set_prevent_contact(where, by=request.user, **form.cleaned_data)
        messages.success(request, _("The Prevent contact has been saved."))
        return redirect("agencies:people", place)
    return render(request, "agencies/contact.html", {"form": form, "key": place, "title": where})


# --- One membership ---------------------------------------------------------------------------
@require_POST
@fresh_factor_needed_to_press("agencies:home")
def confirm(request: SignedInRequest, pk: int) -> HttpResponse:
    membership = _membership(request, pk, policy.can_confirm)
    return _done(
        request,
        lambda: workflow.confirm(membership, by=request.user),
        _("%(name)s has joined.") % {"name": membership.person},
        membership,
    )


@require_POST
def decline(request: SignedInRequest, pk: int) -> HttpResponse:
    membership = _membership(request, pk, policy.can_confirm)
    return _done(
        request,
        lambda: workflow.decline(membership, by=request.user),
        _("We have told %(name)s.") % {"name": membership.person},
        membership,
    )


@fresh_factor_needed
def change(request: SignedInRequest, pk: int) -> HttpResponse:
    membership = _membership(request, pk, _can_manage)
    roles = ROLES_OF_SCOPE[Role(membership.role).scope]
    form = ChangeRoleForm(_sent(request), roles=roles, initial={"role": membership.role})
    if request.method == "POST" and form.is_valid():
        role = Role(form.cleaned_data["role"])
        try:
            if role != membership.role:
                workflow.change_role(membership, role, by=request.user)
                messages.success(
                    request, _("%(name)s has another role now.") % {"name": membership.person}
                )
            return redirect("agencies:people", key_of(membership))
        except PermissionDenied:
            form.add_error("role", SELF_GIVEN)
        except workflow.RefusedError as error:
            form.add_error("role", str(error))
    context = {"form": form, "membership": membership, "key": key_of(membership)}
    return render(request, "agencies/change.html", context)


@fresh_factor_needed
def end(request: SignedInRequest, pk: int) -> HttpResponse:
    membership = _membership(request, pk, policy.can_end)
    if request.method == "POST":
        return _done(
            request,
            lambda: workflow.end_membership(membership, by=request.user),
            _("%(name)s no longer has this role.") % {"name": membership.person},
            membership,
        )
    return render(
        request, "agencies/end.html", {"membership": membership, "key": key_of(membership)}
    )


@require_POST
def withdraw(request: SignedInRequest, pk: int) -> HttpResponse:
    offer = get_object_or_404(Invitation.objects.select_related("agency", "locality"), pk=pk)
    if not policy.can_manage(request.user, offer.agency or offer.locality):
        raise Http404
    return _done(
        request,
        lambda: workflow.withdraw(offer, by=request.user),
        _("The invitation no longer works."),
        offer,
    )


# --- Days away --------------------------------------------------------------------------------
def absence(request: SignedInRequest, person: int | None = None) -> HttpResponse:
    """My days away, or those of somebody whose agency I look after."""
    whose = get_object_or_404(User, pk=person) if person else request.user
    if not policy.can_set_absence(request.user, whose):
        raise Http404
    form = AbsenceForm(_sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            workflow.set_absence(whose, by=request.user, **form.cleaned_data)
            messages.success(request, _("Noted. The deputy gets the work on those days."))
            return redirect(request.path)
        except workflow.RefusedError as error:
            form.add_error("ends_on", str(error))
    context = {
        "form": form,
        "whose": whose,
        "own": whose == request.user,
        "absences": Absence.objects.filter(person=whose, ends_on__gte=timezone.localdate()),
    }
    return render(request, "agencies/absence.html", context)


@require_POST
def end_absence(request: SignedInRequest, pk: int) -> HttpResponse:
    noted = get_object_or_404(Absence.objects.select_related("person"), pk=pk)
    if not policy.can_set_absence(request.user, noted.person):
        raise Http404
    workflow.end_absence(noted, by=request.user)
    messages.success(request, _("Those days have been taken out."))
    if noted.person == request.user:
        return redirect("agencies:absence")
    return redirect("agencies:absence_of", noted.person_id)


# --- A lost phone -----------------------------------------------------------------------------
@fresh_factor_needed
def reset_second_factor(request: SignedInRequest, person: int) -> HttpResponse:
    """For portal administrators: the phone is lost, the person is known to them."""
    whose = get_object_or_404(User, pk=person)
    if whose == request.user or not policy.is_portal_admin(request.user):
        raise Http404
    if request.method == "POST":
        workflow.reset_second_factor(whose, by=request.user)
        messages.success(request, _("%(name)s can set the second step up again.") % {"name": whose})
        return redirect("agencies:home")
    return render(request, "agencies/reset.html", {"whose": whose})


# --- Health -----------------------------------------------------------------------------------
def health_page(request: SignedInRequest) -> HttpResponse:
    """For portal administrators: every route that would leave a concern without an owner."""
    if not policy.is_portal_admin(request.user):
        raise Http404
    return render(request, "agencies/health.html", {"problems": health.problems()})


# --- What they share --------------------------------------------------------------------------
def _sent(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def find_place(request: SignedInRequest, key: str, may: Callable[[User, Place], bool]) -> Place:
    """The agency (its number), locality (its code) or portal that an address names, or 404."""
    place: Place = None
    if key.isdecimal() and len(key) < 19:
        place = get_object_or_404(
            Agency.objects.with_parts().select_related("locality"), pk=int(key)
        )
    elif key != PORTAL:
        place = get_object_or_404(Locality, code=key)
    if not may(request.user, place):
        raise Http404
    return place


def _membership(
    request: SignedInRequest, pk: int, may: Callable[[User, Membership], bool]
) -> Membership:
    rows = Membership.objects.current().select_related("person", "agency", "locality")
    membership = get_object_or_404(rows, pk=pk)
    if not may(request.user, membership):
        raise Http404
    return membership


def _can_manage(user: User, membership: Membership) -> bool:
    return policy.can_manage(user, policy.place_of(membership))


def _done(
    request: SignedInRequest,
    act: Callable[[], object],
    sentence: str,
    about: Membership | Invitation,
) -> HttpResponse:
    try:
        act()
        messages.success(request, sentence)
    except workflow.RefusedError as error:
        messages.error(request, str(error))
    place = about.agency or about.locality
    if policy.can_see_people(request.user, place):
        return redirect("agencies:people", key_of(about))
    return redirect("agencies:home")


def key_of(about: Membership | Invitation) -> str:
    if about.locality:
        return about.locality.code
    return str(about.agency_id) if about.agency_id else PORTAL


def title_of(place: Place) -> str:
    return str(place) if place else _("The team of the portal")
