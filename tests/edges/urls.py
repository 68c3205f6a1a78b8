"""The portal's own addresses, and some behind which something has gone wrong."""

from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.urls import path

from accounts.models import User
from prevent_portal import urls

handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500


def fault(request: HttpRequest, kind: str) -> HttpResponse:
    if kind == "row":  # a row that the database refuses, and quotes when it does
        nameless: Any = None
        User.objects.create(email=request.POST.get("words", ""), name=nameless)
    if kind == "500":
        typed = request.POST.get("words", "")  # a local that a report of the fault could show
        raise RuntimeError(f"at our end, {len(typed)}")
    raise {"400": SuspiciousOperation, "403": PermissionDenied, "503": OperationalError}[kind]("x")


fault.login_required = False  # type: ignore[attr-defined]

urlpatterns = [path("fault/<str:kind>/", fault, name="fault"), *urls.urlpatterns]
