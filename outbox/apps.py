from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OutboxConfig(AppConfig):
    """Messages written with the act, sent later; and the worker that sends them."""

    name = "outbox"
    verbose_name = _("Outbox")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from audit.terms import name_kinds
        from outbox import housekeeping  # noqa: F401 - it has a receiver

        name_kinds(
            {
                "mail.sent": _("An e-mail was sent"),
                "mail.parked": _("An e-mail could not be sent"),
                "mail.emptied": _("E-mails long sent were emptied"),
                "job.removed": _("Finished jobs were removed"),
                "mail.retried": _("Parked e-mails were put back"),
                "mail.returned": _("An e-mail came back"),
                "mail.given_up": _("An e-mail was given up"),
            }
        )
