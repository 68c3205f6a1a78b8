"""What editors are asked when a change leaves their hands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from wagtail.admin.forms import WagtailAdminPageForm
from wagtail.admin.panels import Panel

from clauses.models import Clause
from clauses.register import Dependant, dependants

if TYPE_CHECKING:
    from guidance.models import DatedPage

ABOUT_CHANGE = ("what_changed", "why_changed", "read_again")


class DatedPageForm(WagtailAdminPageForm):
    """A page. A draft may lack the words about its change; what is sent on may not."""

    instance: DatedPage

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_draft = False
        for field in self.fields.values():
            # Django compares a field whose default is worked out with a hidden one, which Wagtail
            # does not draw: every save, an approver's decision too, would count as a change.
            field.show_hidden_initial = False
        if not self.instance.has_unpublished_changes:  # those words were about the last change
            for name in ABOUT_CHANGE:
                self.initial[name] = ""

    def defer_required_fields(self) -> None:
        """Wagtail calls this for what is only kept, or shown as a preview."""
        super().defer_required_fields()
        self.is_draft = True

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        if self.is_draft or not self.instance.live or not self._is_changed:
            return cleaned
        for name, missing in {
            "what_changed": _("Tell readers what changed."),
            "why_changed": _("Tell readers why it changed."),
        }.items():
            if name in self.fields and not cleaned.get(name, "").strip():
                self.add_error(name, missing)
        asked = "read_again" in self.fields and not cleaned.get("read_again")
        if asked and (changed := self._changed_clauses(cleaned)):
            self.add_error("read_again", ask(changed))
        return cleaned

    @property
    def _is_changed(self) -> bool:
        """Whether anything is different from what readers see now."""
        return bool(self.instance.has_unpublished_changes or self.has_changed())

    def _changed_clauses(self, cleaned: dict[str, Any]) -> list[str]:
        if "body" not in cleaned:
            return []
        page = type(self.instance)(body=cleaned["body"])
        return changed_clauses(page, self.instance.pk)


def changed_clauses(page: DatedPage, pk: int) -> list[str]:
    """The codes of a page's published parts that differ from these words, or are gone."""
    now = {code: digest for code, (_words, digest) in page.parts().items()}
    was = Clause.objects.filter(page=pk, is_current=True).values_list("code", "digest")
    return [code for code, digest in was if now.get(code) != digest]


def ask(codes: list[str]) -> str:
    """What an editor is told when parts with these codes have changed."""
    sentences = [_("Changed: %(codes)s.") % {"codes": ", ".join(codes)}]
    named = [f"{one.kind} {one.code}" for rests in dependants(codes).values() for one in rests]
    if named:
        resting = ", ".join(dict.fromkeys(named))
        sentences.append(_("What rests on it: %(what)s.") % {"what": resting})
    sentences.append(_("Say whether staff must read the page again."))
    return " ".join(sentences)


class ShownOnPanel(Panel):
    """The pages that show a contact, where whoever changes it can see them."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "guidance/office/shown_on.html"

        def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
            from guidance import health  # it needs the pages, which need this module

            context: dict[str, Any] = super().get_context_data(parent_context)
            purpose = self.instance.purpose
            context["shown_on"] = health.showing(purpose) if purpose else []
            return context


class RestsPanel(Panel):
    """What rests on the page's clauses, where its editor can see it."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "guidance/office/rests.html"

        def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
            context: dict[str, Any] = super().get_context_data(parent_context)
            rests: dict[str, list[Dependant]] = dependants(self.instance.codes)
            context["rests"] = {code: found for code, found in rests.items() if found}
            return context
