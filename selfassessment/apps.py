from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SelfAssessmentConfig(AppConfig):
    name = "selfassessment"
    verbose_name = _("Self-assessment")

    def ready(self) -> None:
        from clauses.register import register
        from selfassessment.standards import rests_on

        register(rests_on.dependants)
