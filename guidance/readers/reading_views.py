"""Pages of "read and understood": mine to read, and for leads who has and who has not."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from wagtail.models import Locale, Page

from accounts.http import SignedInRequest
from agencies.models import Agency
from guidance.models import GuidancePage, address_of
from guidance.readers import reading
from guidance.readers.models import ReadingRequest
from ui import spreadsheet
from ui.dates import paper_moment
from ui.fields import DayField, SelectField
from ui.forms import PageForm


class AskForm(PageForm):
    button = gettext_lazy("Ask my agency")
    page_heading = False

    due_on = DayField(
        label=gettext_lazy("By when? (optional)"),
        help_text=gettext_lazy("They are told the day. Nothing happens by itself when it is over."),
        required=False,
        future_only=True,
    )

    def __init__(self, *args: Any, agencies: list[Agency], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        day = self.fields.pop("due_on")
        pages = (
            GuidancePage.objects.live()
            .filter(locale=Locale.get_default())
            .order_by("path")
            .values_list("pk", "title")
        )
        self.fields["page"] = SelectField(
            label=_("Which page?"),
            missing=_("Select a page"),
            choices=[(str(pk), title) for pk, title in pages.values_list("pk", "title")],
        )
        self.agencies = {str(each.pk): each for each in agencies}
        if len(agencies) > 1:
            self.fields["agency"] = SelectField(
                label=_("Which agency?"),
                missing=_("Select an agency"),
                choices=[(key, each.name) for key, each in self.agencies.items()],
            )

        self.fields["due_on"] = day

    @property
    def agency(self) -> Agency:
        only = next(iter(self.agencies))
        return self.agencies[self.cleaned_data.get("agency", only)]


@require_safe
def mine(request: SignedInRequest) -> HttpResponse:
    """What I am asked to read; below, for leads, what their agencies ask."""
    agencies = reading.led_by(request.user)
    asked = list(
        ReadingRequest.objects.filter(agency__in=agencies, ended_at__isnull=True)
        .select_related("page", "agency")
        .order_by("agency__name", "asked_at")
    )
    counts = reading.counts(asked)
    context = {
        "asked": reading.asked_of(request.user),
        "leads": bool(agencies),
        "ours": [(each, *counts[each.pk]) for each in asked],
    }
    return render(request, "guidance/readers/reading.html", context)


@require_POST
def confirm(request: SignedInRequest, pk: int) -> HttpResponse:
    page = get_object_or_404(Page.objects.live(), pk=pk)
    if not reading.waits_for(request.user, page):
        messages.info(request, _("You have confirmed this page already, or nobody asks you to."))
        return redirect(address_of(page))
    shown = request.POST.get("edition", "")
    try:
        number = int(shown) if shown.isdecimal() and len(shown) < 10 else 0
        reading.confirm(page, edition=number, by=request.user, now=timezone.now())
    except reading.RefusedError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Thank you. Your agency sees that you have read the page."))
    return redirect(address_of(page))


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: SignedInRequest) -> HttpResponse:
    agencies = reading.led_by(request.user)
    if not agencies:
        raise Http404
    form = AskForm(request.POST or None, agencies=agencies)
    if request.method == "POST" and form.is_valid():
        page = get_object_or_404(Page, pk=form.cleaned_data["page"])
        due_on = form.cleaned_data["due_on"] or None
        try:
            made = reading.ask(
                form.agency, page, by=request.user, now=timezone.now(), due_on=due_on
            )
        except reading.RefusedError as refusal:
            form.add_error("page", str(refusal))
        else:
            messages.success(request, _("Your agency is asked to read it."))
            return redirect("readers:reading_state", made.pk)
    return render(request, "guidance/readers/reading_ask.html", {"form": form})


@require_safe
def state(request: SignedInRequest, pk: int) -> HttpResponse:
    asked = _of_mine(request, pk)
    readers = reading.state(asked)
    context = {
        "asked": asked,
        "waiting": [each for each in readers if each.read_at is None],
        "done": [each for each in readers if each.read_at is not None],
    }
    return render(request, "guidance/readers/reading_state.html", context)


@require_POST
def remind(request: SignedInRequest, pk: int) -> HttpResponse:
    count = reading.remind(_of_mine(request, pk), by=request.user, now=timezone.now())
    if count:
        said = ngettext("%(count)d person is reminded.", "%(count)d people are reminded.", count)
        messages.success(request, said % {"count": count})
    else:
        messages.info(request, _("Everybody has confirmed, or was reminded today."))
    return redirect("readers:reading_state", pk)


@require_http_methods(["GET", "HEAD", "POST"])
def end(request: SignedInRequest, pk: int) -> HttpResponse:
    asked = _of_mine(request, pk)
    if request.method == "POST":
        reading.end(asked, by=request.user, now=timezone.now())
        messages.success(request, _("Nobody is asked any more. What was confirmed stays known."))
        return redirect("readers:reading")
    return render(request, "guidance/readers/reading_end.html", {"asked": asked})


@require_safe
def table(request: SignedInRequest, pk: int) -> HttpResponse:
    """The state as CSV."""
    asked = _of_mine(request, pk)
    rows = [(_("Name"), _("Job"), _("Read and understood"))]
    rows += [
        (
            each.person.name,
            each.person.job_title,
            paper_moment(each.read_at) if each.read_at else "",
        )
        for each in reading.state(asked)
    ]
    response = HttpResponse(spreadsheet.as_csv(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{_file_name(asked)}.csv"'
    return response


@require_safe
def document(request: SignedInRequest, pk: int) -> HttpResponse:
    """The state as PDF."""
    from ui import pdf  # WeasyPrint is slow to import

    asked = _of_mine(request, pk)
    context = {"asked": asked, "readers": reading.state(asked), "now": timezone.now()}
    made = pdf.render("guidance/readers/reading_pdf.html", context, title=_("Read and understood"))
    response = HttpResponse(made, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{_file_name(asked)}.pdf"'
    return response


def _file_name(asked: ReadingRequest) -> str:
    return f"read-{slugify(asked.page.title)[:60]}-{timezone.localdate():%Y-%m-%d}"


def _of_mine(request: SignedInRequest, pk: int) -> ReadingRequest:
    """A request of an agency that the person leads; of any other nothing is known."""
    led = Agency.objects.led_by(request.user)
    asked = ReadingRequest.objects.select_related("page", "agency").filter(agency__in=led)
    return get_object_or_404(asked, pk=pk)
