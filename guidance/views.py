"""The public pages, and two small files that browsers and search engines ask for."""

from django.contrib.auth.decorators import login_not_required
from django.db.transaction import non_atomic_requests
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.templatetags.static import static
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from wagtail.models import Page

from guidance.models import page_at

NOT_FOR_SEARCH = [
    "/accounts/",
    "/agency/",
    "/audit/",
    "/channel/",
    "/cms/",
    "/demo/",
    "/health/",
    "/referrals/",
    "/self-assessment/",
]


@login_not_required
@require_safe
def page(request: HttpRequest, path: str) -> HttpResponse:
    """A published page by its whole address.

    Wagtail walks there one level at a time and looks for passwords on the way: two queries a
    level and two more. Our pages have no passwords, and an address belongs to one page.
    """
    found: Page | None = page_at("/" + path)
    if found is None or not found.live:
        raise Http404
    response: HttpResponse = found.specific.serve(request)
    return response


@login_not_required
@non_atomic_requests
@require_safe
@cache_control(public=True, max_age=86400)
def robots(request: HttpRequest) -> HttpResponse:
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in NOT_FOR_SEARCH)]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@login_not_required
@non_atomic_requests
@require_safe
@cache_control(public=True, max_age=86400)
def favicon(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(static("ui/favicon.svg"))
