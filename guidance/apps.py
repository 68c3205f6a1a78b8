"""The guidance, and the board's back office."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GuidanceConfig(AppConfig):
    name = "guidance"
    verbose_name = _("Guidance")

    def ready(self) -> None:
        from agencies import opening
        from guidance import privacy, receivers  # noqa: F401

        opening.register(privacy.notice)
