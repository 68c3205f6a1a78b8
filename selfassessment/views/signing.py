"""Signing, sending back, and the signatures that stand and stood."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.fresh import fresh_factor_needed
from accounts.http import SignedInRequest
from selfassessment import checks, policy, workflow
from selfassessment.models import Assessment, SignOff
from selfassessment.moves import NotReady, TransitionError
from selfassessment.reports import frozen as copies
from selfassessment.sheet import Sheet
from selfassessment.signing_forms import SignForm, WordsForm
from selfassessment.terms import READ_BY_BOARD, Status
from selfassessment.views.checking import LOOKED, of_agency
from selfassessment.views.common import OVERTAKEN, Desk, desk, posted
from selfassessment.workflow import Changed
from selfassessment.workflow.signing import statement


def _waits(form: Assessment) -> bool:
    """Whether somebody handed it over and nobody has signed it."""
    return form.status == Status.READY or (
        form.status == Status.RETURNED and form.prepared_at is not None
    )


@require_http_methods(LOOKED)
@fresh_factor_needed
def sign(request: SignedInRequest, key: str) -> HttpResponse:
    """The whole picture, the statement, and the signature under it."""
    found = of_agency(request, key)
    if not _waits(found.form):
        return _not_waiting(request, found)
    if not policy.signs(request.user, found.form):
        raise PermissionDenied
    form = SignForm(posted(request), initial={"role": request.user.job_title})
    if request.method == "POST" and form.is_valid():
        try:
            workflow.sign(
                found.form,
                by=request.user,
                role=form.cleaned_data["role"],
                governing_body_on=form.cleaned_data["governing_body_on"],
                seen=request.POST.get("seen", ""),
            )
            messages.success(request, _("Signed. The board can read it from now on."))
            return redirect("selfassessment:signed", key)
        except Changed:
            said = _("The form was changed after you opened this page, so nothing is signed.")
            messages.error(request, f"{said} {_('Read it again, then sign.')}")
        except NotReady:
            messages.error(request, _("Something stops it now. Look at the checks."))
        except TransitionError:
            found.form.refresh_from_db()
            return _not_waiting(request, found)
        found = of_agency(request, key)  # as it is now; what was typed stays, but no confirmation
        form = SignForm(initial=form.cleaned_data | {"agreed": False})
    return _sign_page(request, found, form)


def _sign_page(request: SignedInRequest, found: Desk, form: SignForm) -> HttpResponse:
    sheet = Sheet(found.form, timezone.localdate())
    faults = checks.look_at(found.form, sheet=sheet)
    lines = statement(found.form, found.form.due_on).splitlines()
    context = {
        "form_of": found.form,
        "form": form,
        "seen": sheet.state(),
        "opening": lines[0],
        "sentences": lines[1:-1],
        "stops": [each for each in faults if each.stops],
        "warns": [each for each in faults if each.severity == checks.WARN],
        "let_off": [each for each in faults if each.waiver == "granted"],
        "sections": found.form.sections.all(),
        "evidence": len(sheet.items),
        "actions": len(sheet.actions),
    }
    return render(request, "selfassessment/signing/sign.html", context)


def _not_waiting(request: SignedInRequest, found: Desk) -> HttpResponse:
    """Signed already, maybe by the same person's first press of the button; or not handed over."""
    standing = SignOff.objects.standing().filter(assessment=found.form).first()
    if standing is not None and found.form.status != Status.RETURNED:
        if standing.signed_by_id == request.user.pk:
            messages.success(request, _("You have signed it."))
        else:
            messages.error(request, _("%(name)s has signed it already.") % {"name": standing.name})
        return redirect("selfassessment:signed", found.form.key)
    messages.error(request, _("It has not been handed over to be signed."))
    return redirect("selfassessment:overview", found.form.key)


@require_http_methods(LOOKED)
def send_back(request: SignedInRequest, key: str) -> HttpResponse:
    """The senior lead does not sign yet, and says why."""
    found = of_agency(request, key)
    if not policy.sends_back(request.user, found.form):
        raise PermissionDenied
    form = WordsForm(
        posted(request),
        label=_("What is to be done before you sign?"),
        button=_("Send it back"),
        hint=_("Those who prepare the form read it. Write nothing about people of concern."),
    )
    if request.method == "POST" and form.is_valid():
        try:
            workflow.send_back(found.form, form.cleaned_data["words"], by=request.user)
            messages.success(request, _("Sent back. The safeguarding lead is told by e-mail."))
            return redirect("selfassessment:overview", key)
        except TransitionError:
            form.add_error(None, OVERTAKEN)
    context = {"form_of": found.form, "form": form}
    return render(request, "selfassessment/signing/send_back.html", context)


@require_safe
def signed(request: SignedInRequest, key: str) -> HttpResponse:
    """Every signature under a form, the one that stands first; each with what was signed."""
    found = _readable(request, key)
    found.looked_at()
    signoffs = found.form.signoffs.select_related("voided_by").order_by("-number")
    lines = [(each, copies.holds(each)) for each in signoffs]
    context = {"form_of": found.form, "lines": lines, "desk": found}
    return render(request, "selfassessment/signing/signed.html", context)


@require_safe
def signed_copy(request: SignedInRequest, key: str, number: int) -> HttpResponse:
    """What was signed, as it stood then."""
    found = _readable(request, key)
    signoff = get_object_or_404(found.form.signoffs, number=number)
    found.looked_at()
    context = {
        "form_of": found.form,
        "signoff": signoff,
        "copy": signoff.frozen,
        "holds": copies.holds(signoff),
        "standards": _lines_of(signoff.frozen),
    }
    return render(request, "selfassessment/signing/copy.html", context)


def _lines_of(copy: dict[str, object]) -> list[dict[str, object]]:
    """Each standard of a frozen copy, with the word for its rating."""
    asked = copy.get("asked", [])
    return [
        {**each, "word": copies.rating_words(each.get("rating", ""))}
        for each in (asked if isinstance(asked, list) else [])
    ]


def _readable(request: SignedInRequest, key: str) -> Desk:
    """For those of the agency; and from outside once the board may read it."""
    found = desk(request, key)
    if not found.is_agency and found.form.status not in READ_BY_BOARD:
        raise Http404
    return found
