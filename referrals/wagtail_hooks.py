"""In the back office: how long each promise may take. No case content is ever here."""

from typing import Any, cast

from django import forms
from django.db.models import Model
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, FieldRowPanel, ObjectList
from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.snippets import CreateView, EditView, SnippetViewSet

from audit import events
from referrals.models import ClockRule
from referrals.terms import ClockKind

OFFERED = [
    (kind.value, _("Next step: information wanted") if kind == ClockKind.STAGE else kind.label)
    for kind in ClockKind
    if kind != ClockKind.DRAFT
]
"""What a rule has an effect on: drafts have days of their own, the later stages too."""


def _tell(rule: ClockRule, what: str, form: Any, by: Any) -> None:
    events.record(f"clockrule.{what}", rule, by=by, clock=rule.kind, fields=form.changed_data)


class ClockRuleForm(WagtailAdminModelForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["kind"]).choices = [("", "---------"), *OFFERED]


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
    edit_handler = ObjectList(
        [
            FieldPanel("kind"),
            FieldRowPanel([FieldPanel("working_days"), FieldPanel("emergency_hours")]),
        ],
        base_form_class=ClockRuleForm,
    )


register_snippet(ClockRuleViewSet)
