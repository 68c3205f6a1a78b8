"""In the back office: how long each promise may take. No case content is ever here."""

from typing import Any

from django.db.models import Model
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel
from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.snippets import CreateView, EditView, SnippetViewSet

from audit import events
from referrals.models import ClockRule


def _tell(rule: ClockRule, what: str, form: Any, by: Any) -> None:
    events.record(f"clockrule.{what}", rule, by=by, clock=rule.kind, fields=form.changed_data)


class AddedView(CreateView):
    def save_instance(self) -> Model:
        rule: ClockRule = super().save_instance()
        _tell(rule, "added", self.form, self.request.user)
        return rule


class ChangedView(EditView):
    def save_instance(self) -> Model:
        rule: ClockRule = super().save_instance()
        if self.form.changed_data:
            _tell(rule, "changed", self.form, self.request.user)
        return rule


class ClockRuleViewSet(SnippetViewSet):
    """A rule replaces the default of the practice guidance for promises begun from then on."""

    model = ClockRule
    add_view_class = AddedView
    edit_view_class = ChangedView
    copy_view_enabled = False
    icon = "time"
    menu_label = _("Time limits")
    menu_order = 210
    add_to_admin_menu = True
    search_backend_name = None
    list_display = ["kind", "working_days", "emergency_hours"]
    panels = [
        FieldPanel("kind"),
        FieldRowPanel([FieldPanel("working_days"), FieldPanel("emergency_hours")]),
    ]


register_snippet(ClockRuleViewSet)
