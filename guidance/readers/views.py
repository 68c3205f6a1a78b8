"""Pages for readers: search, e-mails about changes, "was this useful?", "suggest a correction"."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.core import ratelimit
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from wagtail.models import Page

from guidance import languages
from guidance.models import DatedPage, address_of
from guidance.readers import glossary, notices, printing, search, updates
from guidance.readers.forms import CorrectionForm, UpdatesForm
from guidance.readers.models import Correction, Print, PrintKind, Subscriber, UsefulAnswer


@login_not_required
@require_safe
def find(request: HttpRequest, language: str = settings.LANGUAGE_CODE) -> HttpResponse:
    """Search everything public. The question stands in the address, so that it can be shared."""
    asked = request.GET.get("q", "")
    number = request.GET.get("page", "1")
    english = language == settings.LANGUAGE_CODE
    with translation.override(language):
        found = search.find(
            asked,
            number=int(number) if number.isdecimal() and len(number) < 5 else 1,
            synonyms=glossary.synonyms() if asked.strip() and english else (),
            language=language,
        )
        return render(
            request, "guidance/readers/search.html", {"found": found} | languages.spoken()
        )


def _as_the_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answers about a page in the language of that page."""

    @wraps(view)
    def spoken(request: HttpRequest, pk: int, **kwargs: Any) -> HttpResponse:
        page = _page(pk)
        with translation.override(page.locale.language_code):
            return view(request, page, **kwargs)

    return spoken


# --- E-mails about changes ------------------------------------------------------------------------
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def follow(request: HttpRequest) -> HttpResponse:
    """Ask for the mails. The answer says the same whether or not the address has them already."""
    form = UpdatesForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if ratelimit.consume(request, action="follow", key=form.cleaned_data["email"]):
            updates.ask(form.cleaned_data["email"], now=timezone.now())
            return redirect("readers:asked")
        form.add_error("email", _("Wait five minutes, then try again."))
    return render(request, "guidance/readers/follow.html", {"form": form})


@login_not_required
@require_safe
def asked(request: HttpRequest) -> HttpResponse:
    return render(request, "guidance/readers/asked.html")


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """A press confirms, and not the visit: mail scanners visit every link."""
    if request.method == "POST":
        if not updates.confirm(token, now=timezone.now()):
            return redirect("readers:updates")
        return render(request, "guidance/readers/confirmed.html", {"token": token})
    if not Subscriber.objects.filter(token=token).exists():
        return render(request, "guidance/readers/gone.html", status=404)
    return render(request, "guidance/readers/confirm.html")


@login_not_required
@csrf_exempt  # mail programs post here themselves (RFC 8058); the token is the whole right
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """One press, in the mail program or here."""
    if request.method == "POST":
        updates.stop(token)
        return render(request, "guidance/readers/stopped.html")
    return render(request, "guidance/readers/stop.html")


# --- Answering back -------------------------------------------------------------------------------
@login_not_required
@csrf_exempt  # done for nobody in particular; a token would need a cookie on every public page
@require_POST
@_as_the_page
def useful(request: HttpRequest, page: Page) -> HttpResponse:
    """Count one answer. Nothing is kept of who gave it; one address counts a few times an hour."""
    answer = request.POST.get("useful")
    if answer not in {"yes", "no"}:
        return redirect(address_of(page))
    if ratelimit.consume(request, action="useful", key=str(page.pk)):
        UsefulAnswer.objects.create(page_id=page.pk, useful=answer == "yes")
    context = {"page": page, "useful": answer == "yes"} | languages.spoken()
    return render(request, "guidance/readers/thanks.html", context)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@_as_the_page
def suggest(request: HttpRequest, page: Page) -> HttpResponse:
    context = {"page": page} | languages.spoken()
    form = CorrectionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if ratelimit.consume(request, action="suggest"):
            sent = Correction.objects.create(page_id=page.pk, words=form.cleaned_data["words"])
            with translation.override(settings.LANGUAGE_CODE):  # editors are told in theirs
                notices.correction(sent)
            return render(request, "guidance/readers/suggested.html", context)
        form.add_error("words", _("Wait five minutes, then send it again."))
    return render(request, "guidance/readers/suggest.html", context | {"form": form})


# --- On paper -------------------------------------------------------------------------------------
@login_not_required
@require_safe
@_as_the_page
def printed(request: HttpRequest, page: Page, kind: PrintKind) -> HttpResponse:
    """The document as the worker made it; the one before until a new one is there."""
    made = Print.objects.filter(page_id=page.pk, kind=kind).first()
    if made is None:
        if kind not in printing.kinds_of(page):
            raise Http404
        context = {"page": page} | languages.spoken()
        return render(request, "guidance/readers/being_printed.html", context)
    response = HttpResponse(bytes(made.pdf), content_type="application/pdf")
    name = f"{page.slug}-{made.published_at:%Y-%m-%d}.pdf"
    response["Content-Disposition"] = f'inline; filename="{name}"'
    return response


def _page(pk: int) -> Page:
    """A published page of ours."""
    page = Page.objects.live().filter(pk=pk).select_related("locale").first()
    if page is None or not issubclass(page.specific_class or Page, DatedPage):
        raise Http404
    return page
