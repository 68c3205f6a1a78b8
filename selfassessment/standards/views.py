"""The sets of standards in the browser: read by the board, drafted by the partnership's manager."""

import re

from django.contrib import messages
from django.forms import BaseForm
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import SignedInRequest
from selfassessment.standards import drafting, exchange, loading, reading
from selfassessment.standards.differences import differences
from selfassessment.standards.forms import BeginForm, BringInForm, StandardForm
from selfassessment.standards.models import Standard, StandardSet
from selfassessment.standards.reading import SetText, StandardsError

MOST_BYTES = 1_000_000
PLACE = re.compile(r"^\d{4}\.\d+\.yaml:\d+: ")  # of a file that only the portal has seen
SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_safe
def sets(request: SignedInRequest) -> HttpResponse:
    """Every version, newest first."""
    _see_that_they_may(request)
    found = list(StandardSet.objects.all())
    latest = next((one for one in found if one.published_at), None)
    has_draft = any(one.published_at is None for one in found)
    form = None
    if latest and not has_draft and drafting.can_draft(request.user):
        form = BeginForm(versions=drafting.next_versions(latest))
        form.action = "begin/"
    return render(request, "selfassessment/standards/sets.html", {"sets": found, "form": form})


@require_POST
def begin(request: SignedInRequest) -> HttpResponse:
    _see_that_they_may(request)
    try:
        draft = drafting.begin(request.POST.get("version", ""), by=request.user)
    except StandardsError as error:
        messages.error(request, " ".join(error.problems))
        return redirect("standards:sets")
    messages.success(request, _("%(version)s is a draft now.") % {"version": draft.version})
    return redirect("standards:set", draft.version)


@require_safe
def whole(request: SignedInRequest, version: str) -> HttpResponse:
    """One version, section by section."""
    stored = _set(request, version)
    standards = list(stored.standards.select_related("section"))
    context = {
        **_about(request, stored),
        "standards": standards,
        "musts": sum(one.weight == "must" for one in standards),
        "critical": sum(one.critical for one in standards),
        "short": sum(one.short_form for one in standards),
        "before": _before(stored),
    }
    return render(request, "selfassessment/standards/set.html", context)


@require_safe
def changes(request: SignedInRequest, version: str) -> HttpResponse:
    """What is different from the version before it, word by word."""
    stored = _set(request, version)
    before = _before(stored)
    if before is None:
        raise Http404
    found = differences(loading.text_of(before), loading.text_of(stored))
    context = {**_about(request, stored), "before": before, "differences": found}
    return render(request, "selfassessment/standards/changes.html", context)


@require_safe
def download(request: SignedInRequest, version: str, kind: str) -> HttpResponse:
    """The version as a file, to work on elsewhere: ``yaml`` or ``xlsx``."""
    text = loading.text_of(_set(request, version))
    if kind == "yaml":
        response = HttpResponse(
            exchange.as_yaml(text), content_type="application/yaml; charset=utf-8"
        )
    elif kind == "xlsx":
        response = HttpResponse(exchange.as_spreadsheet(text), content_type=SPREADSHEET)
    else:
        raise Http404
    response["Content-Disposition"] = f'attachment; filename="standards-{text.version}.{kind}"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def standard(request: SignedInRequest, version: str, code: str) -> HttpResponse:
    """One standard: read, or changed while its set is a draft."""
    stored = _set(request, version)
    one = get_object_or_404(stored.standards.select_related("section"), code=code)
    about = _about(request, stored)
    form = StandardForm(request.POST or None, standard=one) if about["may_change"] else None
    if request.method == "POST":
        if form is None:
            messages.error(request, _("This version is not a draft that you may change."))
        elif form.is_valid() and _put(request, stored, form):
            return redirect("standards:set", version)
    context = {
        **about,
        "standard": one,
        "form": form,
        "basis": one.basis_for_readers(stored.sources),
    }
    return render(request, "selfassessment/standards/standard.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: SignedInRequest, version: str) -> HttpResponse:
    """A new standard, at the end of its section."""
    stored = _draft(request, version)
    form = StandardForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if stored.standards.filter(code=form.written().code).exists():
            form.add_error("code", _("The draft has a standard with this code already"))
        elif _put(request, stored, form):
            return redirect("standards:set", version)
    context = {**_about(request, stored), "form": form, "standard": None}
    return render(request, "selfassessment/standards/standard.html", context)


def _put(request: SignedInRequest, draft: StandardSet, form: StandardForm) -> bool:
    written = form.written()
    try:
        drafting.put(draft, written, by=request.user)
    except StandardsError as error:
        _tell(form, error)
        return False
    messages.success(request, _("%(code)s is saved.") % {"code": written.code})
    return True


@require_POST
def take_out(request: SignedInRequest, version: str, code: str) -> HttpResponse:
    draft = _draft(request, version)
    get_object_or_404(Standard, set=draft, code=code)
    try:
        drafting.take_out(draft, code, by=request.user)
    except StandardsError as error:
        messages.error(request, " ".join(PLACE.sub("", one) for one in error.problems))
        return redirect("standards:standard", version, code)
    said = _("%(code)s is taken out. Its code is not used again once this is published.")
    messages.success(request, said % {"code": code})
    return redirect("standards:set", version)


@require_http_methods(["GET", "HEAD", "POST"])
def bring_in(request: SignedInRequest, version: str) -> HttpResponse:
    """A whole file in place of the draft; the page after it shows what that changed."""
    draft = _draft(request, version)
    form = BringInForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data["upload"]
        try:
            if getattr(sent, "too_large", False) or sent.size > MOST_BYTES:
                raise StandardsError([_("The file is too large. It may have 1 MB.")])
            drafting.bring_in(draft, _read(draft, sent.name, sent.read()), by=request.user)
        except StandardsError as error:
            _tell(form, error, field="upload")
        else:
            messages.success(request, _("The draft is now as the file says."))
            return redirect("standards:changes", version)
    context = {**_about(request, draft), "form": form}
    return render(request, "selfassessment/standards/bring_in.html", context)


def _read(draft: StandardSet, name: str, data: bytes) -> SetText:
    if name.lower().endswith((".yaml", ".yml")):
        try:
            return reading.read(data.decode("utf-8-sig"), name)
        except UnicodeDecodeError as error:
            raise StandardsError([_("Save the file as UTF-8.")]) from error
    return exchange.from_spreadsheet(
        data, version=draft.version, title=draft.title, sources=draft.sources, name=name
    )


@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: SignedInRequest, version: str) -> HttpResponse:
    """Ask first: from then on forms can be opened with it."""
    draft = _draft(request, version)
    if request.method == "POST":
        try:
            drafting.publish(draft, by=request.user)
        except StandardsError as error:
            messages.error(request, " ".join(PLACE.sub("", one) for one in error.problems))
        else:
            messages.success(request, _("%(version)s is published.") % {"version": version})
        return redirect("standards:set", version)
    context = {**_about(request, draft), "before": _before(draft), "ask": "publish"}
    return render(request, "selfassessment/standards/ask.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def throw_away(request: SignedInRequest, version: str) -> HttpResponse:
    """Ask first: what was drafted is gone."""
    draft = _draft(request, version)
    if request.method == "POST":
        drafting.throw_away(draft, by=request.user)
        messages.success(request, _("The draft is thrown away."))
        return redirect("standards:sets")
    context = {**_about(request, draft), "ask": "throw_away"}
    return render(request, "selfassessment/standards/ask.html", context)


# --- What several need ----------------------------------------------------------------------------
def _see_that_they_may(request: SignedInRequest) -> None:
    if not drafting.can_read(request.user):
        raise Http404


def _set(request: SignedInRequest, version: str) -> StandardSet:
    _see_that_they_may(request)
    return get_object_or_404(StandardSet, version=version)


def _draft(request: SignedInRequest, version: str) -> StandardSet:
    """A draft, for those who may change it; anybody else does not find its pages."""
    stored = _set(request, version)
    if stored.published_at is not None or not drafting.can_draft(request.user):
        raise Http404
    return stored


def _about(request: SignedInRequest, stored: StandardSet) -> dict[str, object]:
    is_draft = stored.published_at is None
    return {"set": stored, "may_change": is_draft and drafting.can_draft(request.user)}


def _before(stored: StandardSet) -> StandardSet | None:
    """The published version before this one."""
    earlier = [
        one
        for one in StandardSet.objects.published()
        if (one.major, one.minor) < (stored.major, stored.minor)
    ]
    return earlier[0] if earlier else None


def _tell(form: BaseForm, error: StandardsError, field: str | None = None) -> None:
    for problem in error.problems[:20]:
        form.add_error(field, PLACE.sub("", problem))
