"""A file of agencies, people or contacts: sent, looked at, and then taken or put right first."""

import csv

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.fresh import fresh_factor_needed_to_look
from accounts.http import SignedInRequest
from agencies import importing, people, sheets
from agencies.importing import Kind, Plan
from agencies.terms import Role
from agencies.workflow import RefusedError
from ui.forms import PageForm


class FileForm(PageForm):
    upload = forms.FileField(
        label=gettext_lazy("The file"),
        help_text=gettext_lazy(
            "CSV or Excel (.xlsx), up to 500 rows. Only the first sheet is read."
        ),
        allow_empty_file=True,
        error_messages={"required": gettext_lazy("Choose the file")},
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.xlsx", "class": "govuk-file-upload"}),
    )
    page_heading = False
    headings = {"upload": "s"}
    button = gettext_lazy("Look at the file")


# The look, too: a file that was chosen would be lost on the way to the second step.
@fresh_factor_needed_to_look
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: SignedInRequest) -> HttpResponse:
    """Take a file, show what it would do, and do that when it comes back confirmed."""
    _see_that_they_may(request)
    form = FileForm()
    if request.method == "POST" and "rows" in request.POST:
        return _confirmed(request, request.POST["rows"])
    if request.method == "POST":
        form = FileForm(request.POST, request.FILES)
        if form.is_valid():
            sent = form.cleaned_data["upload"]
            data = b"x" * (sheets.MOST_BYTES + 1) if _too_large(sent) else sent.read()
            try:
                sheet = sheets.read(data, most_rows=importing.MOST_ROWS)
                return _looked_at(request, sheet, importing.plan(sheet, by=request.user))
            except sheets.UnreadableError as error:
                form.add_error("upload", str(error))
    return render(request, "agencies/import.html", {"form": form, "kinds": _columns()})


def _too_large(sent: object) -> bool:
    return getattr(sent, "too_large", False) or getattr(sent, "size", 0) > sheets.MOST_BYTES


def _confirmed(request: SignedInRequest, rows: str) -> HttpResponse:
    """The rows again, as the page before showed them; looked at anew, as anybody can send them."""
    try:
        sheet = sheets.read(rows.encode(), most_rows=importing.MOST_ROWS)
        made = importing.plan(sheet, by=request.user)
        if made.faults:
            return _looked_at(request, sheet, made)
        count = importing.carry_out(made, by=request.user)
    except (sheets.UnreadableError, RefusedError) as error:
        messages.error(request, _("Nothing was changed. %(why)s") % {"why": error})
        return redirect("agencies:import")
    said = ngettext("%(count)d row was taken.", "%(count)d rows were taken.", count)
    messages.success(request, said % {"count": count})
    return redirect("agencies:import")


def _looked_at(request: SignedInRequest, sheet: sheets.Sheet, made: Plan) -> HttpResponse:
    context = {
        "plan": made,
        "left_out": sheet.left_out,
        "faults": made.faults[: importing.MOST_FAULTS],
        "more": max(0, len(made.faults) - importing.MOST_FAULTS),
        "rows": sheet.as_csv() if made.can_be_done else "",
    }
    return render(request, "agencies/import_preview.html", context)


@require_safe
def template(request: SignedInRequest, kind: str) -> HttpResponse:
    """An empty file with the right columns."""
    _see_that_they_may(request)
    if kind not in Kind.values:
        raise Http404
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{kind}.csv"'
    csv.writer(response).writerow(importing.USED[Kind(kind)])
    return response


def _columns() -> list[tuple[Kind, list[str], list[str]]]:
    return [
        (kind, needed, [name for name in importing.USED[kind] if name not in needed])
        for kind, needed in importing.NEEDED.items()
    ]


def _see_that_they_may(request: SignedInRequest) -> None:
    if not any(each.role == Role.PORTAL_ADMIN for each in people.roles_for(request)):
        raise Http404
