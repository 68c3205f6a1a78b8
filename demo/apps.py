from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DemoConfig(AppConfig):
    """The demonstration: invented people and cases. Installed only with PORTAL_DEMO=1."""

    name = "demo"
    verbose_name = _("Demonstration")
