from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReferralsConfig(AppConfig):
    name = "referrals"
    verbose_name = _("Referrals")

    def ready(self) -> None:
        from audit.terms import name_kinds
        from clauses.register import register
        from referrals import clauses, receivers, timeline  # noqa: F401 - connects the receivers

        name_kinds(timeline.KINDS)
        register(clauses.dependants)
