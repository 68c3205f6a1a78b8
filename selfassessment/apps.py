from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SelfAssessmentConfig(AppConfig):
    name = "selfassessment"
    verbose_name = _("Self-assessment")

    def ready(self) -> None:
        from audit.terms import name_kinds
        from clauses.register import register
        from selfassessment import receivers, timeline  # noqa: F401 - it has receivers
        from selfassessment.actions import receivers as of_actions  # noqa: F401
        from selfassessment.moderation import receivers as of_moderation  # noqa: F401
        from selfassessment.standards import rests_on

        name_kinds(timeline.KINDS)
        register(rests_on.dependants)
