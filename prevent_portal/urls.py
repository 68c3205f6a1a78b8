"""Where each address leads. Wagtail's pages come last, as they answer to any address."""

from django.conf import settings
from django.urls import include, path

from outbox.metrics import metrics

urlpatterns = [
    path("health/", include("ui.health_urls")),
    path("health/metrics", metrics, name="health_metrics"),
    path("accounts/", include("accounts.urls")),
    path("agency/", include("agencies.urls")),
    path("audit/", include("audit.urls")),
    path("referrals/", include("referrals.urls")),
    path("self-assessment/sets/", include("selfassessment.standards.urls")),
    path("self-assessment/", include("selfassessment.urls")),
    path("cms/", include("guidance.cms_urls")),
    *([path("demo/", include("demo.urls"))] if settings.PORTAL_DEMO else []),
    path("", include("guidance.readers.urls")),
    path("", include("guidance.urls")),
]
handler400 = "ui.views.bad_request"
handler403 = "ui.views.permission_denied"
handler404 = "ui.views.page_not_found"
handler500 = "ui.views.server_error"
