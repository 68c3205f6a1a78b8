"""The public pages, and two small files that browsers and search engines ask for."""

from typing import cast

from django.contrib.auth.decorators import login_not_required
from django.contrib.contenttypes.models import ContentType
from django.db.transaction import non_atomic_requests
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.templatetags.static import static
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from wagtail.models import Page

from guidance.models import pages_at

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
    level and two more. Our pages have no passwords, and an address belongs to one page. Which
    kind of page it is comes first, so that its row is read once, whole.
    """
    found = pages_at("/" + path).filter(live=True).values_list("pk", "content_type").first()
    if found is None:
        raise Http404
    pk, kind = found
    model = cast(type[Page], ContentType.objects.get_for_id(kind).model_class())
    response: HttpResponse = get_object_or_404(model, pk=pk).serve(request)
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
