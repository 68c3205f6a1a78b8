"""What the board's back office shows besides pages: contacts, routes, agencies and localities."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import URLPattern, path, reverse_lazy
from django.utils.html import escape, format_html
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.action_menu import ActionMenuItem
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.menu import MenuItem
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel, ObjectList
from wagtail.models import Page
from wagtail.rich_text import FeatureRegistry
from wagtail.rich_text.pages import PageLinkHandler
from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.snippets import (
    CreateView,
    EditView,
    SnippetViewSet,
    SnippetViewSetGroup,
)

from accounts.models import Terms
from accounts.prepared import Prepared
from agencies.models import Agency, AgencyDomain, Contact, Locality, Route
from audit import events
from guidance import office
from guidance.forms import ShownOnPanel
from guidance.models import path_of
from guidance.readers.models import Correction, UrgentNotice


class AddedView(CreateView):
    """Adds a record and says so in the audit log, both or neither."""

    def save_instance(self) -> Model:
        record: Model = super().save_instance()
        _tell(record, "added", self.form, self.request.user)
        return record


class ChangedView(EditView):
    """Changes a record and names the changed fields, not their contents, in the audit log."""

    def save_instance(self) -> Model:
        record: Model = super().save_instance()
        if self.form.changed_data:
            _tell(record, "changed", self.form, self.request.user)
        return record


def _tell(record: Model, what: str, form: WagtailAdminModelForm, by: Any) -> None:
    agency = str(record.pk) if isinstance(record, Agency) else ""
    kind = f"{record._meta.model_name}.{what}"
    events.record(kind, record, by=by, agency=agency, fields=sorted(form.changed_data))


class RecordViewSet(SnippetViewSet):
    add_view_class = AddedView
    edit_view_class = ChangedView
    copy_view_enabled = False
    search_backend_name = None  # few rows: the database's own comparison will do
    list_per_page = 50


class AgencyForm(WagtailAdminModelForm):
    """An agency, with its mail domains one to a line."""

    mail_domains = forms.CharField(
        label=_("Mail domains"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_(
            "One to a line, as it stands after the @ sign: fellgate.example.org. Several agencies "
            "may share one; whoever signs in with it then chooses, and the agency confirms."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            domains = self.instance.domains.values_list("domain", flat=True)
            self.initial["mail_domains"] = "\n".join(domains)

    def clean_parent(self) -> Agency | None:
        """Both are kept until this is saved, so that no other change comes between."""
        parent: Agency | None = self.cleaned_data["parent"]
        locked = Agency.objects.locked(self.instance, parent)
        return locked[parent.pk] if parent else None

    def clean_mail_domains(self) -> list[str]:
        lines = [
            line.strip().lower().lstrip("@") for line in self.cleaned_data["mail_domains"].split()
        ]
        for line in lines:
            try:
                AgencyDomain(domain=line).full_clean(exclude=["agency"], validate_unique=False)
            except ValidationError as error:
                raise ValidationError(
                    _("%(domain)s: %(why)s"),
                    params={"domain": line, "why": " ".join(error.messages)},
                ) from error
        return sorted(set(lines))

    def save(self, commit: bool = True) -> Agency:
        agency: Agency = super().save(commit=commit)
        wanted = self.cleaned_data["mail_domains"]
        agency.domains.exclude(domain__in=wanted).delete()
        known = set(agency.domains.values_list("domain", flat=True))
        for domain in wanted:
            if domain not in known:
                agency.domains.create(domain=domain)
        return agency


class AgencyViewSet(RecordViewSet):
    model = Agency
    icon = "group"
    menu_label = _("Agencies")
    list_display = ["name", "kind", "locality", "is_active"]
    list_filter = ["kind", "locality", "is_active"]
    search_fields = ["name", "domains__domain"]
    edit_handler = ObjectList(
        [
            FieldPanel("name"),
            FieldRowPanel([FieldPanel("kind"), FieldPanel("locality")]),
            FieldPanel("parent"),
            FieldPanel("mail_domains"),
            MultiFieldPanel(
                [
                    FieldPanel("prevent_contact_name"),
                    FieldPanel("prevent_contact_role"),
                    FieldPanel("prevent_contact_phone"),
                    FieldPanel("prevent_contact_email"),
                ],
                heading=_("Prevent contact"),
            ),
            FieldRowPanel([FieldPanel("sector"), FieldPanel("is_active")]),
        ],
        base_form_class=AgencyForm,
    )


class LocalityViewSet(RecordViewSet):
    model = Locality
    icon = "site"
    menu_label = _("Localities")
    list_display = ["name", "code", "is_default", "day_starts", "day_ends"]
    search_fields = ["name", "code"]
    panels = [
        FieldRowPanel([FieldPanel("name"), FieldPanel("code")]),
        FieldPanel("is_default"),
        FieldPanel("subdivision"),
        FieldRowPanel([FieldPanel("day_starts"), FieldPanel("day_ends")]),
        FieldPanel("outside_hours_note"),
    ]


class RouteViewSet(RecordViewSet):
    model = Route
    icon = "redirect"
    menu_label = _("Routes")
    list_display = ["name", "kind", "locality", "sector", "in_portal", "is_open"]
    list_filter = ["kind", "locality", "sector", "in_portal", "is_open"]
    search_fields = ["name", "out_of_hours_name"]
    panels = [
        FieldPanel("name"),
        FieldRowPanel([FieldPanel("kind"), FieldPanel("locality")]),
        FieldPanel("sector"),
        FieldRowPanel([FieldPanel("in_portal"), FieldPanel("is_open")]),
        FieldRowPanel([FieldPanel("phone"), FieldPanel("email")]),
        FieldRowPanel([FieldPanel("out_of_hours_name"), FieldPanel("out_of_hours_phone")]),
        FieldPanel("own_form_name"),
    ]


class ContactViewSet(RecordViewSet):
    model = Contact
    icon = "mobile-alt"
    menu_label = _("Contacts")
    list_display = ["name", "purpose", "locality", "phone", "checked_on", "is_shown"]
    list_filter = ["purpose", "locality", "is_shown"]
    search_fields = ["name", "note"]
    panels = [
        FieldPanel("name"),
        FieldRowPanel([FieldPanel("purpose"), FieldPanel("locality")]),
        FieldRowPanel([FieldPanel("phone"), FieldPanel("out_of_hours_phone")]),
        FieldRowPanel([FieldPanel("email"), FieldPanel("web")]),
        FieldPanel("hours"),
        FieldPanel("note"),
        MultiFieldPanel(
            [FieldPanel("source"), FieldPanel("owner"), FieldPanel("checked_on")],
            heading=_("Kept true by"),
        ),
        FieldRowPanel([FieldPanel("is_shown"), FieldPanel("order")]),
        ShownOnPanel(heading=_("Pages that show it")),
    ]


class TermsViewSet(RecordViewSet):
    model = Terms
    icon = "doc-full"
    menu_label = _("Terms of use")
    list_display = ["version", "published_at"]
    inspect_view_enabled = True
    panels = [
        FieldPanel(
            "words",
            help_text=_("Publishing asks everybody to agree at their next sign-in. Write plainly."),
        )
    ]


class CorrectionViewSet(RecordViewSet):
    model = Correction
    icon = "comment"
    menu_label = _("Suggested corrections")
    list_display = ["__str__", "done_at"]
    list_filter = ["done_at"]
    panels = [
        FieldPanel("page", read_only=True),
        FieldPanel("words", read_only=True),
        FieldRowPanel([FieldPanel("done_at"), FieldPanel("outcome")]),
    ]


class UrgentNoticeViewSet(RecordViewSet):
    model = UrgentNotice
    icon = "warning"
    menu_label = _("Urgent notices")
    list_display = ["words", "starts_at", "ends_at"]
    panels = [
        FieldPanel("words"),
        FieldPanel("words_cy"),
        FieldPanel("more"),
        FieldRowPanel([FieldPanel("starts_at"), FieldPanel("ends_at")]),
    ]


class Readers(SnippetViewSetGroup):
    items = (CorrectionViewSet, UrgentNoticeViewSet)
    menu_label = _("Readers")
    menu_name = "readers"
    menu_icon = "group"
    menu_order = 210


register_snippet(Readers)


class Directory(SnippetViewSetGroup):
    items = (ContactViewSet, RouteViewSet, AgencyViewSet, LocalityViewSet, TermsViewSet)
    menu_label = _("Directory")
    menu_name = "directory"
    menu_icon = "mobile-alt"
    menu_order = 200


register_snippet(Directory)


_PLACES = Prepared(
    lambda pks: Page.objects.filter(pk__in=pks).order_by().values_list("pk", "url_path")
)


class PathLinkHandler(PageLinkHandler):
    """Links to pages as paths of this site: one query for all the links of a page."""

    @classmethod
    def expand_db_attributes_many(cls, attrs_list: list[dict[str, str]]) -> list[str]:
        places = dict(_PLACES(pks=sorted({int(attrs["id"]) for attrs in attrs_list})))
        found = [places.get(int(attrs["id"])) for attrs in attrs_list]
        return [f'<a href="{escape(path_of(place))}">' if place else "<a>" for place in found]


@hooks.register("register_rich_text_features", order=1000)
def link_by_path(features: FeatureRegistry) -> None:
    features.register_link_type(PathLinkHandler)


@hooks.register("before_publish_page")
def publish_by_two(request: HttpRequest, page: Page) -> HttpResponse:
    """A page is published by its second approval. What was written is kept as a draft."""
    messages.warning(
        request,
        _("Kept as a draft. Send it for approval: two people agree a page before it is published."),
    )
    return redirect("wagtailadmin_pages:edit", page.pk)


@hooks.register("before_bulk_action")
def publish_one_by_one(
    request: HttpRequest, action: str, objects: list[Page], view: object
) -> HttpResponse | None:
    if action != "publish":
        return None
    messages.warning(request, _("Pages are published one by one, by approval."))
    return redirect("wagtailadmin_explore_root")


@hooks.register("before_copy_page")
def copy_as_draft(request: HttpRequest, page: Page) -> HttpResponse | None:
    if not {"publish_copies", "alias"} & request.POST.keys():
        return None
    messages.warning(request, _("A copy begins as a draft. Copy it without publishing it."))
    return redirect("wagtailadmin_pages:copy", page.pk)


@hooks.register("construct_page_action_menu")
def no_publish_button(
    items: list[ActionMenuItem], request: HttpRequest, context: dict[str, object]
) -> None:
    items[:] = [item for item in items if item.name != "action-publish"]


@hooks.register("register_admin_urls")
def reports() -> list[URLPattern]:
    return [
        path("guidance/to-check/", office.to_check, name="guidance_to_check"),
        path("guidance/to-put-right/", office.to_put_right, name="guidance_to_put_right"),
    ]


@hooks.register("insert_global_admin_css")
def darker_links() -> str:
    return format_html('<link rel="stylesheet" href="{}">', static("ui/office.css"))


@hooks.register("register_reports_menu_item")
def report_to_check() -> MenuItem:
    return MenuItem(
        _("Pages to check"), reverse_lazy("guidance_to_check"), icon_name="history", order=10
    )


@hooks.register("register_reports_menu_item")
def report_to_put_right() -> MenuItem:
    return MenuItem(
        _("Health of the pages"),
        reverse_lazy("guidance_to_put_right"),
        icon_name="warning",
        order=20,
    )
