"""The public pages, and two small files that browsers and search engines ask for."""

import datetime
from collections.abc import Hashable
from typing import cast
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.contenttypes.models import ContentType
from django.core.paginator import Paginator
from django.db.transaction import non_atomic_requests
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponsePermanentRedirect,
    HttpResponseRedirect,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.template.response import TemplateResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_safe
from wagtail.contrib.redirects.middleware import get_redirect
from wagtail.contrib.redirects.models import Redirect
from wagtail.documents import get_document_model
from wagtail.models import Page

from accounts.http import SignedInRequest
from accounts.models import User
from accounts.prepared import Prepared
from guidance import difference, downloads, editions, languages, pictures, scanning, visibility
from guidance.models import GuidanceIndex, MembersPage, PageEdition, pages_in, parts_of, path_of
from guidance.readers import reading
from guidance.stored import kept
from ui.difference import around, between
from ui.middleware import FOR_EVERYBODY

CHANGES_ON_A_PAGE = 50
NOT_FOR_SEARCH = [
    "/accounts/",
    "/agency/",
    "/audit/",
    "/channel/",
    "/cms/",
    "/demo/",
    "/health/",
    "/members/",
    "/referrals/",
    "/search/",
    "/self-assessment/",
    "/suggest/",
    "/updates/",
    "/useful/",
]


@login_not_required
@require_safe
def page(request: HttpRequest, path: str) -> HttpResponse:
    """A published page by its whole address.

    Wagtail walks there one level at a time and looks for passwords on the way: two queries a
    level and two more. Our pages have no passwords, and an address belongs to one page. Which
    kind of page it is comes first, so that its row is read once, whole.
    """
    language, _rest = languages.split(path)
    with translation.override(language):
        response = _found(request, path)
        if isinstance(response, TemplateResponse) and language != settings.LANGUAGE_CODE:
            return response.render()  # while its language is spoken
        return response


def _found(request: HttpRequest, path: str) -> HttpResponse:
    if "on" in request.GET:
        return _as_on(request, "/" + path)
    language, rest = languages.split(path)
    found = _AT(language, **parts_of(rest))
    if not found:
        return _moved(request)
    ((pk, kind),) = found
    model = cast(type[Page], ContentType.objects.get_for_id(kind).model_class())
    if issubclass(model, MembersPage):  # behind the door that asks for every factor
        return redirect("guidance_members", pk)
    rows = _ROW(cast(Hashable, model), pk=pk)
    if not rows:
        raise Http404
    return _serve(request, rows[0])


_AT = Prepared(
    lambda language, **parts: (
        pages_in(language, **parts).filter(live=True).values_list("pk", "content_type")[:1]
    )
)
_ROW = Prepared(lambda model, pk: model.objects.filter(pk=pk))


def _serve(request: HttpRequest, page: Page) -> HttpResponse:
    """The page; to strangers, for whom it is the same, with a mark to ask "still the same?" by."""
    if request.user.is_authenticated:
        return _rendered(request, page)
    return conditional_page(_rendered)(request, page)


def _rendered(request: HttpRequest, page: Page) -> HttpResponse:
    response: TemplateResponse = page.serve(request)
    if response.context_data is not None:
        response.context_data |= _in_languages(page)
    if not request.user.is_authenticated:
        response["Cache-Control"] = FOR_EVERYBODY
    elif response.context_data is not None:
        waits = reading.waits_for(request.user, page)
        response.context_data["waits_for_you"] = waits and reading.edition_of(page)
    return response


def _in_languages(page: Page) -> dict[str, object]:
    """The language of a page, for those who listen to it, and where its translations stand."""
    return {"translations": languages.others(page, path_of)} | languages.spoken()


def _moved(request: HttpRequest) -> HttpResponse:
    """To where a page went that had this address; Wagtail notes it when a page is moved."""
    moved = get_redirect(request, Redirect.normalise_path(request.path))
    target = moved.link if moved else None
    if not target:
        raise Http404
    return HttpResponsePermanentRedirect(urlsplit(target).path)


def _as_on(request: HttpRequest, address: str) -> HttpResponse:
    """The page as it was published on a day; a permanent address, kept out of search engines."""
    day, today = _day(request.GET["on"]), timezone.localdate()
    if day is None or day > today:
        context = {"address": address, "today": today} | languages.spoken()
        return render(request, "guidance/no_such_day.html", context, status=404)
    live = editions.live_page(address)
    one = editions.on(day, address, live.pk if live else None)
    if one is None or one.content is None:
        history = editions.of_page(address, live.pk if live else None)
        first = history.order_by("pk").first()
        if first is None:
            raise Http404
        context = {"address": address, "day": day, "first": first, "taken_away": one}
        context |= languages.spoken()
        return render(request, "guidance/not_then.html", context, status=404)
    request.as_on = {"day": day, "one": one, "now": live}  # type: ignore[attr-defined]
    response: TemplateResponse = editions.as_it_was(one).serve(request)
    if response.context_data is not None:
        response.context_data |= languages.spoken()
    response["X-Robots-Tag"] = "noindex"
    return response


def _day(written: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(written)
    except ValueError:
        return None


@login_not_required
@require_safe
def changes(request: HttpRequest, path: str) -> HttpResponse:
    """What changed and why: of one page, or under the contents of the guidance of all pages."""
    language, _rest = languages.split(path)
    with translation.override(language):
        return _changes(request, path)


def _changes(request: HttpRequest, path: str) -> HttpResponse:
    address = "/" + path
    live = editions.live_page(address)
    whole = live is not None and issubclass(live.specific_class, GuidanceIndex)
    history = PageEdition.objects.select_related("edition")
    for code in languages.OTHERS:  # what changed in a translation is told on its own page
        history = history.exclude(address__startswith=f"/{code}/")
    if not whole:
        history = editions.of_page(address, live.pk if live else None)
    history = history.order_by("-edition__number", "pk").defer("content")
    shown = Paginator(history, CHANGES_ON_A_PAGE).get_page(request.GET.get("page"))
    if not shown.object_list:
        raise Http404
    context = {
        "address": address,
        "title": live.title if live else shown.object_list[0].title,
        "is_there": live is not None,
        "whole": whole,
        "changes": shown,
    }
    if not whole:
        context |= _compared(request, address, live.pk if live else None)
    return render(request, "guidance/changes.html", context | languages.spoken())


def _compared(request: HttpRequest, address: str, pk: int | None) -> dict[str, object]:
    """The days that can be compared, and the difference between the two that are asked for."""
    history = editions.of_page(address, pk)
    moments = history.values_list("edition__published_at", flat=True)
    days = list(dict.fromkeys(timezone.localdate(moment) for moment in moments))
    context: dict[str, object] = {"days": days}
    start, end = _day(request.GET.get("from", "")), _day(request.GET.get("to", ""))
    if not ("from" in request.GET and "to" in request.GET):
        return context
    if start is None or end is None:
        return context | {"cannot_compare": True}
    one, other = (editions.on(day, address, pk) for day in sorted((start, end)))
    if one is None or other is None:
        return context | {"cannot_compare": True}
    texts = [
        difference.lines(editions.as_it_was(each)) if each.content else [] for each in (one, other)
    ]
    return context | {
        "compared": sorted((start, end)),
        "difference": around(between(*texts)),
    }


@require_safe
def members(request: SignedInRequest, pk: int) -> HttpResponse:
    """A page for people who are signed in; to others of its roles it is not there."""
    page = get_object_or_404(MembersPage, pk=pk, live=True)
    if not page.may_be_read_by(request.user):
        raise Http404
    response: HttpResponse = page.serve(request)
    return response


@login_not_required
@require_safe
@conditional_page
def picture(request: HttpRequest, name: str) -> HttpResponse:
    """A picture of a public page. Whatever else lies in the storage is not there."""
    if not visibility.is_public(visibility.of_picture(name)):
        return _through_the_door(request, "members_picture", name)
    response = _picture(name)
    response["Cache-Control"] = FOR_EVERYBODY
    return response


@require_safe
def members_picture(request: SignedInRequest, name: str) -> HttpResponse:
    """A picture of a page for members, and for editors any."""
    if not visibility.may_have(request.user, visibility.of_picture(name)):
        raise Http404
    return _picture(name)


def _picture(name: str) -> HttpResponse:
    data = kept(name)
    kind = pictures.type_of(data or b"")
    if data is None or kind is None:
        raise Http404
    response = HttpResponse(data, content_type=kind)
    response["Content-Security-Policy"] = pictures.POLICY
    return response


def _through_the_door(request: HttpRequest, name: str, *args: object) -> HttpResponse:
    """To the address that asks for every factor. To strangers nothing is there."""
    if not request.user.is_authenticated:
        raise Http404
    return redirect(name, *args)


@login_not_required
@require_safe
@conditional_page
def download(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """A file of a public page; the name in the address is for people."""
    if not visibility.is_public(visibility.of_download(pk)):
        return _through_the_door(request, "members_download", pk)
    response = _download(request, pk)
    if response.status_code == 200:
        response["Cache-Control"] = FOR_EVERYBODY
    elif request.user.is_authenticated:  # who may have added it
        return redirect("members_download", pk)
    return response


@require_safe
def members_download(request: SignedInRequest, pk: int) -> HttpResponse:
    """A file of a page for members, and for editors any."""
    if not visibility.may_have(request.user, visibility.of_download(pk)):
        raise Http404
    return _download(request, pk, by=request.user)


def _download(request: HttpRequest, pk: int, by: User | None = None) -> HttpResponse:
    document = get_object_or_404(get_document_model(), pk=pk)
    if not scanning.may_have(document, by):
        return render(request, "guidance/held_back.html", status=404)
    kind, data = downloads.kind_of(document), kept(document.file.name)
    if kind is None or data is None:
        raise Http404
    return downloads.given(document, data, kind)


@login_not_required
@non_atomic_requests
@require_safe
@cache_control(public=True, max_age=86400)
def robots(request: HttpRequest) -> HttpResponse:
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in NOT_FOR_SEARCH)]
    lines += ["", "Sitemap: " + request.build_absolute_uri(reverse("readers:sitemap"))]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@login_not_required
@non_atomic_requests
@require_safe
@cache_control(public=True, max_age=86400)
def favicon(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(static("ui/favicon.svg"))
