"""The public pages, and two small files that browsers and search engines ask for."""

from typing import cast
from urllib.parse import urlsplit

from django.contrib.auth.decorators import login_not_required
from django.contrib.contenttypes.models import ContentType
from django.db.transaction import non_atomic_requests
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponsePermanentRedirect,
    HttpResponseRedirect,
)
from django.shortcuts import get_object_or_404
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_safe
from wagtail.contrib.redirects.middleware import get_redirect
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Page

from guidance.models import pages_at
from ui.middleware import FOR_EVERYBODY

NOT_FOR_SEARCH = [
    "/accounts/",
    "/agency/",
    "/audit/",
    "/channel/",
    "/cms/",
    "/demo/",
    "/health/",
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
    found = pages_at("/" + path).filter(live=True).values_list("pk", "content_type").first()
    if found is None:
        return _moved(request)
    pk, kind = found
    model = cast(type[Page], ContentType.objects.get_for_id(kind).model_class())
    return _serve(request, get_object_or_404(model, pk=pk))


def _serve(request: HttpRequest, page: Page) -> HttpResponse:
    """The page; to strangers, for whom it is the same, with a mark to ask "still the same?" by."""
    if request.user.is_authenticated:
        return _rendered(request, page)
    return conditional_page(_rendered)(request, page)


def _rendered(request: HttpRequest, page: Page) -> HttpResponse:
    response: HttpResponse = page.serve(request)
    if not request.user.is_authenticated:
        response["Cache-Control"] = FOR_EVERYBODY
    return response


def _moved(request: HttpRequest) -> HttpResponse:
    """To where a page went that had this address; Wagtail notes it when a page is moved."""
    moved = get_redirect(request, Redirect.normalise_path(request.path))
    target = moved.link if moved else None
    if not target:
        raise Http404
    return HttpResponsePermanentRedirect(urlsplit(target).path)


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
