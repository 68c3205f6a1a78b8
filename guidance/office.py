"""Two reports of the back office: what is to be checked, and what is to be put right."""

from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from guidance import access, health, reviews

AHEAD = timedelta(days=90)


def _works_on_pages(request: HttpRequest) -> None:
    named = [access.GROUPS[role] for role, acts in access.ON_PAGES.items() if acts]
    if not request.user.groups.filter(name__in=named).exists():
        raise PermissionDenied


@require_safe
def to_check(request: HttpRequest) -> HttpResponse:
    """The pages to be checked within three months, and those that are late."""
    _works_on_pages(request)
    today = timezone.localdate()
    pages = reviews.due(by=today + AHEAD)
    rows = [(page, page.stage(today), (today - page.review_by).days) for page in pages]
    return render(request, "guidance/office/reviews.html", {"rows": rows})


@require_safe
def to_put_right(request: HttpRequest) -> HttpResponse:
    """What is broken, missing or old in the published pages."""
    _works_on_pages(request)
    found = health.findings(timezone.localdate())
    return render(request, "guidance/office/health.html", {"found": found})
