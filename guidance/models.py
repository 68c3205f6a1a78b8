"""Page types: the few kinds of public page, each with an owner, a check date and its sources."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Func, TextField, Value
from django.db.models.functions import Cast, Concat
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel
from wagtail.fields import RichTextField
from wagtail.images.models import AbstractImage
from wagtail.models import Page, Site
from wagtail.search import index

from accounts.models import User
from accounts.prepared import Prepared
from agencies.models import Contact, ContactEdition, Locality, Membership, Route
from agencies.terms import ContactPurpose, Role
from clauses.models import Clause, Edition
from guidance import languages
from guidance.approval import ApprovalStep as ApprovalStep  # a table of this app
from guidance.blocks import INLINE, BodyBlock, SourceBlock, TermBlock
from guidance.content import anchor
from guidance.fields import BlocksField, ChoicesField
from guidance.forms import DatedPageForm, RestsPanel
from guidance.readers import models as of_readers  # noqa: F401  tables of this app
from guidance.scanning import FileCheck as FileCheck  # a table of this app
from guidance.scanning import held_back
from guidance.terms import Audience, LeafletFormat, NewsKind, ReadAgain, ReviewStage, Sector

NEWS_ON_HOME = 3
TELL_READERS_AFTER = timedelta(days=30)
NEWS_ON_A_PAGE = 50


# What each locality owes its readers; the rest is national.
LOCAL_PURPOSES = (
    ContactPurpose.WORRIED_CHILD,
    ContactPurpose.WORRIED_ADULT,
    ContactPurpose.PREVENT_ADVICE,
)


class DatedPage(Page):
    """A page that says who keeps it true, when they last did, and where its facts come from."""

    summary = models.TextField(
        _("first sentences"), blank=True, help_text=_("What the page is for, in a sentence or two.")
    )
    body = BlocksField(BodyBlock(), blank=True, verbose_name=_("text"))
    kept_by = models.CharField(
        _("owner"), max_length=100, help_text=_("The role that keeps this page true, not a name.")
    )
    approver = models.CharField(
        _("approver"), max_length=100, blank=True, help_text=_("The role that agrees a change.")
    )
    audience = ChoicesField(Audience, verbose_name=_("written for"))
    last_checked = models.DateField(_("last checked"), default=timezone.localdate)
    review_by = models.DateField(_("review by"), null=True, blank=True)
    sources = BlocksField(
        [("source", SourceBlock())], blank=True, verbose_name=_("where the facts come from")
    )
    # About the change that is being written; once published they stand in the list of changes.
    what_changed = models.TextField(
        _("what changed"),
        blank=True,
        help_text=_("For readers, in a sentence or two. Asked when you send it for approval."),
    )
    why_changed = models.TextField(_("why"), blank=True)
    read_again = models.CharField(
        _("must staff read the page again?"),
        max_length=3,
        choices=ReadAgain,
        blank=True,
        help_text=_("Asked when a part with a clause code has changed."),
    )

    base_form_class = DatedPageForm
    content_panels = [*Page.content_panels, FieldPanel("summary"), FieldPanel("body")]
    kept_panels = [
        MultiFieldPanel(
            [
                FieldRowPanel([FieldPanel("kept_by"), FieldPanel("approver")]),
                FieldRowPanel([FieldPanel("last_checked"), FieldPanel("review_by")]),
                FieldPanel("audience"),
            ],
            heading=_("Kept true by"),
        ),
        FieldPanel("sources"),
        MultiFieldPanel(
            [
                FieldPanel("what_changed"),
                FieldPanel("why_changed"),
                FieldPanel("read_again"),
                RestsPanel(),
            ],
            heading=_("This change"),
        ),
    ]
    search_fields = [*Page.search_fields, index.SearchField("summary"), index.SearchField("body")]
    private_page_options: list[str] = []  # what is written here is for everybody
    promote_panels = [FieldPanel("slug"), FieldPanel("seo_title")]

    class Meta:
        abstract = True

    def clean(self) -> None:
        super().clean()
        self.clean_words()
        elsewhere = Clause.objects.filter(code__in=self.codes, is_current=True)
        for clause in elsewhere.exclude(page=self.pk).select_related("page"):
            words = _t("%(code)s is the code of a part of “%(page)s”. Give this part another.")
            raise ValidationError({"body": words % {"code": clause.code, "page": clause.page}})

    def clean_words(self) -> None:
        """What must hold of the page by itself, without asking the database.

        Raises:
            ValidationError: two headings or codes are the same, or the dates are out of order.
        """
        anchors = [anchor(heading) for heading in self.headings]
        if len(anchors) != len(set(anchors)):
            raise ValidationError({"body": _t("Give each heading on the page its own words.")})
        if len(self.codes) != len(set(self.codes)):
            raise ValidationError({"body": _t("Give each clause code to one heading only.")})
        if self.review_by and self.review_by <= self.last_checked:
            raise ValidationError(
                {"review_by": _t("Choose a date after the day the page was last checked.")}
            )

    @property
    def address(self) -> str:
        """The page's path on this site, without asking the database."""
        return address_of(self)

    def late_since(self, today: date) -> date | None:
        """The day it should have been checked by, where that is more than 30 days ago."""
        late = self.review_by and today - self.review_by > TELL_READERS_AFTER
        return self.review_by if late else None

    @property
    def says_must(self) -> bool:
        """Whether the page needs to say what it means by "must" and "should"."""
        return any(block.block_type == "duty" for block in walk(self.body))

    @property
    def audience_words(self) -> str:
        return ", ".join(str(one.label) for one in Audience if one in self.audience)

    @property
    def headings(self) -> list[str]:
        return [str(b.value["words"]) for b in self.body if b.block_type == "heading"]

    @property
    def codes(self) -> list[str]:
        """The clause codes of the page, in its order."""
        headings = (block.value for block in self.body if block.block_type == "heading")
        return [heading["code"] for heading in headings if heading["code"]]

    def parts(self) -> dict[str, tuple[str, str]]:
        """The parts that have a code: by code, the heading and the SHA-256 of all its words."""
        found: dict[str, tuple[str, list[Any]]] = {}
        part: list[Any] = []
        for block, raw in zip(self.body, self.body.get_prep_value(), strict=True):
            if block.block_type == "heading":
                part = []
                if block.value["code"]:
                    found[block.value["code"]] = (block.value["words"], part)
            part.append(without_numbers(raw))
        return {
            code: (words, hashlib.sha256(json.dumps(raw, sort_keys=True).encode()).hexdigest())
            for code, (words, raw) in found.items()
        }

    @property
    def sectors(self) -> list[Sector]:
        """The workplaces that the page has something of its own for."""
        named = {one for b in self.body if b.block_type == "sector" for one in b.value["sectors"]}
        return [sector for sector in Sector if sector in named]

    def contacts_wanted(self) -> list[ContactPurpose]:
        """The purposes of the contacts that the page's text lists."""
        return contacts_wanted(self.body)

    def pictures(self) -> list[AbstractImage]:
        """The pictures of the page's text that are still kept."""
        blocks = (block for block in walk(self.body) if block.block_type == "picture")
        return [block.value["picture"] for block in blocks if block.value["picture"]]

    def get_context(
        self, request: HttpRequest, *args: object, **kwargs: object
    ) -> dict[str, object]:
        context: dict[str, object] = super().get_context(request, *args, **kwargs)
        asked = request.GET.get("for", "")
        if asked in self.sectors:  # any other word shows the whole page
            context["sector"] = asked
        context["as_on"] = getattr(request, "as_on", None)
        context["held_back"] = held_back(downloads_in(self.body))
        context["late_since"] = self.late_since(timezone.localdate())
        context["day"] = day = self.day_of_contacts(request)
        context["contacts_of_today"] = context["as_on"] and not day
        if purposes := self.contacts_wanted():
            context["contacts_at"] = contacts_at(purposes, day)
            context["levels"] = self.levels_of_contacts()
        return context

    def day_of_contacts(self, request: HttpRequest) -> date | None:
        """The day that is asked for, where it is known what contacts said then."""
        as_on = getattr(request, "as_on", None)
        if as_on is None or not self.lists_contacts:
            return None
        begins = ContactEdition.objects.begins()
        day: date = as_on["day"]
        return day if begins and timezone.localdate(begins) <= day else None

    @property
    def lists_contacts(self) -> bool:
        """Whether it shows contacts of the back office, in its text or beside it."""
        return bool(self.contacts_wanted())

    def levels_of_contacts(self) -> dict[ContactPurpose, int]:
        return levels_of_contacts(self.body)


def walk(body: Iterable[Any]) -> Iterator[Any]:
    """All blocks of a text, those of its groups included."""
    for block in body:
        yield block
        if block.block_type == "sector":
            yield from block.value["body"]


def downloads_in(body: Iterable[Any]) -> list[int]:
    """The numbers of the files that a text offers and that are still kept."""
    files = (b.value["file"] for b in walk(body) if b.block_type == "download")
    return [file.pk for file in files if file]


def contacts_wanted(body: Iterable[Any]) -> list[ContactPurpose]:
    """The purposes of the contacts that a text lists."""
    named = {b.value["purpose"] for b in walk(body) if b.block_type == "contacts"}
    return [purpose for purpose in ContactPurpose if purpose in named]


def levels_of_contacts(body: Iterable[Any]) -> dict[ContactPurpose, int]:
    """How deep the headings of each list of contacts are: below the part that it stands in."""
    levels: dict[ContactPurpose, int] = {}
    level = 2
    for block in body:
        level = 3 if block.block_type == "heading" else level
        for each in walk([block]):
            if each.block_type == "contacts":
                inside = level + (block.block_type == "sector")
                levels.setdefault(each.value["purpose"], inside)
    return levels


def without_numbers(value: Any) -> Any:
    """A stream's stored value in one spelling: no numbers, list items as their values."""
    if isinstance(value, list):
        return [without_numbers(item) for item in value]
    if isinstance(value, dict):
        kept = {
            key: without_numbers(item)
            for key, item in value.items()
            if key != "id" and (key, item) != ("file", None)  # downloads had no files once
        }
        if set(kept) == {"words", "code"} and not kept["code"]:
            return kept["words"]  # as headings were stored before they could carry a code
        return kept["value"] if kept.get("type") == "item" else kept
    return value


def address_of(page: Page) -> str:
    """A page's path: the portal is one site, so its home page's own part is left out."""
    return path_of(page.url_path)


def path_of(url_path: str) -> str:
    """The same of what Wagtail keeps in the row: the paths of all pages above, and its own."""
    _empty, root, *rest = url_path.split("/")
    return languages.prefix(root) + "/" + "/".join(rest)


Places = list[tuple[Locality | None, list[Contact]]]


def contacts_by_place(
    purposes: Iterable[ContactPurpose] = tuple(ContactPurpose), day: date | None = None
) -> Places:
    """The contacts that readers may see, by locality; those for everywhere come first.

    Args:
        day: show what they said at its end; left out, what they say now.
    """
    return _by_place(_shown(purposes, day))


def missing_contacts(purposes: Iterable[ContactPurpose]) -> list[str]:
    """What the board has still to supply, for the editors' eyes: "York: Worried about a child"."""
    purposes = list(purposes)
    return _missing(purposes, _shown(purposes), Locality.objects.all())


def contacts_at(
    purposes: Iterable[ContactPurpose], day: date | None = None
) -> dict[ContactPurpose, tuple[Places, list[str]]]:
    """Each purpose with its contacts by place and what is missing; two queries for all of them."""
    purposes = list(purposes)
    shown = _shown(purposes, day)
    localities = list(Locality.objects.all())
    found = {purpose: [one for one in shown if one.purpose == purpose] for purpose in purposes}
    return {
        purpose: (_by_place(contacts), _missing([purpose], contacts, localities))
        for purpose, contacts in found.items()
    }


def _shown(purposes: Iterable[ContactPurpose], day: date | None = None) -> list[Contact]:
    wanted = set(purposes)
    if day is not None:
        then = ContactEdition.objects.before(end_of(day))
        return [one for one in then if one.is_shown and one.purpose in wanted]
    return _SHOWN(purposes=sorted(wanted))


_SHOWN = Prepared(
    lambda purposes: Contact.objects.filter(is_shown=True, purpose__in=purposes).select_related(
        "locality"
    )
)


def end_of(day: date) -> datetime:
    """The first moment after a day, here."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time()))


def _by_place(contacts: Iterable[Contact]) -> Places:
    places: dict[Locality | None, list[Contact]] = {}
    for contact in contacts:
        places.setdefault(contact.locality, []).append(contact)
    return sorted(places.items(), key=lambda item: item[0].name if item[0] else "")


def _missing(
    purposes: Iterable[ContactPurpose],
    contacts: Iterable[Contact],
    localities: Iterable[Locality],
) -> list[str]:
    there = {(contact.locality_id, contact.purpose) for contact in contacts}
    return [
        f"{locality}: {purpose.label}"
        for locality in localities
        for purpose in purposes
        if (locality.pk, purpose.value) not in there and (None, purpose.value) not in there
    ]


def pages_at(path: str) -> models.QuerySet[Page]:
    """The page with an address of this site, published or not."""
    language, rest = languages.split(path[1:])
    return pages_in(language, **parts_of(rest))


def parts_of(rest: str) -> dict[str, str]:
    """What ``pages_in`` looks for, of an address without its language; nothing of a home page's."""
    return {"rest": rest, "slug": rest.rstrip("/").rpartition("/")[2]} if rest else {}


def pages_in(language: str, rest: str = "", slug: str = "") -> models.QuerySet[Page]:
    """The same, by the language of the address and what is left of it.

    Wagtail has no index of whole addresses, but one of what they end with.
    """
    home = Site.objects.filter(is_default_site=True).order_by()
    start: Func = Cast("root_page__url_path", TextField())
    if language != settings.LANGUAGE_CODE:
        start = Concat(
            Value("/"), "root_page__slug", Value(f"-{language}/"), output_field=TextField()
        )
    wanted = home.values(address=Concat(start, Value(rest, TextField())))
    pages: models.QuerySet[Page] = Page.objects.filter(url_path=wanted[:1])
    if rest:
        return pages.filter(slug=slug)
    if language == settings.LANGUAGE_CODE:
        return pages.filter(sites_rooted_here__is_default_site=True)
    return pages.filter(homepage__isnull=False)


class HomePage(DatedPage):
    """What to do now: three doors, the three steps and the news."""

    not_at_work = RichTextField(_("not at work"), blank=True, features=INLINE)

    content_panels = [*DatedPage.content_panels, FieldPanel("not_at_work"), *DatedPage.kept_panels]
    max_count = 1
    parent_page_types = ["wagtailcore.Page"]
    subpage_types = [
        "guidance.GuidanceIndex",
        "guidance.GuidancePage",
        "guidance.StatementPage",
        "guidance.HelpPage",
        "guidance.NewsIndex",
        "guidance.LeafletIndex",
        "guidance.TrainingIndex",
        "guidance.MembersPage",
    ]

    class Meta:
        verbose_name = _("home page")

    def get_context(
        self, request: HttpRequest, *args: object, **kwargs: object
    ) -> dict[str, object]:
        context: dict[str, object] = super().get_context(request, *args, **kwargs)
        context["news"] = NewsPage.newest(self, NEWS_ON_HOME)
        return context


class GuidanceIndex(DatedPage):
    """The way into the guidance: its aims, in order."""

    content_panels = [*DatedPage.content_panels, *DatedPage.kept_panels]
    subpage_types = ["guidance.GuidancePage", "guidance.GlossaryPage"]
    max_count = 1

    class Meta:
        verbose_name = _("contents of the guidance")

    def get_context(
        self, request: HttpRequest, *args: object, **kwargs: object
    ) -> dict[str, object]:
        context: dict[str, object] = super().get_context(request, *args, **kwargs)
        shown = ("title", "summary", "url_path", "path", "depth")
        glossary = GlossaryPage.objects.live().child_of(self).only(*shown)
        context["pages"] = [*_AROUND(**_below(self.path, self.depth)), *glossary]
        return context


class GuidancePage(DatedPage):
    """A page of the guidance, or of help beside it."""

    caption = models.CharField(
        _("line above the title"), max_length=60, blank=True, help_text=_("The part it belongs to.")
    )
    shows_steps = models.BooleanField(
        _("show Notice, Check, Share"),
        default=False,
        help_text=_("The three steps under the title."),
    )
    contacts_for = models.CharField(
        _("contacts to list"),
        max_length=20,
        choices=ContactPurpose,
        blank=True,
        help_text=_("Those of the back office with this purpose, below the text."),
    )

    content_panels = [
        FieldPanel("caption"),
        *DatedPage.content_panels,
        FieldRowPanel([FieldPanel("shows_steps"), FieldPanel("contacts_for")]),
        *DatedPage.kept_panels,
    ]
    parent_page_types = ["guidance.HomePage", "guidance.GuidanceIndex", "guidance.GuidancePage"]
    subpage_types = ["guidance.GuidancePage"]

    class Meta:
        verbose_name = _("guidance page")

    def get_context(
        self, request: HttpRequest, *args: object, **kwargs: object
    ) -> dict[str, object]:
        context: dict[str, object] = super().get_context(request, *args, **kwargs)
        around = _below(self.path, self.depth)
        if self.depth > 3:  # root, home, contents: the pages below walk on to each other
            beside = _below(self.path[: -self.steplen], self.depth - 1)
            around |= {f"beside_{name}": value for name, value in beside.items()}
        found: list[GuidancePage] = _AROUND(**around)
        siblings = [page for page in found if page.depth == self.depth]
        at = next((n for n, page in enumerate(siblings) if page.pk == self.pk), None)
        if at is not None:
            context["before"] = siblings[at - 1] if at > 0 else None
            context["after"] = siblings[at + 1] if at + 1 < len(siblings) else None
        context["pages"] = [page for page in found if page.depth > self.depth]
        if self.contacts_for:
            purpose = ContactPurpose(self.contacts_for)
            shown = contacts_at([purpose], self.day_of_contacts(request))
            context["places"], context["wanted"] = shown[purpose]
        return context

    @property
    def lists_contacts(self) -> bool:
        return bool(self.contacts_for) or super().lists_contacts


def _below(path: str, depth: int) -> dict[str, Any]:
    """Where the pages right below a page stand in the tree."""
    first, last = Page._get_children_path_interval(path)
    return {"first": first, "last": last, "depth": depth + 1}


def _around(*, first: str, last: str, depth: int, **beside: Any) -> models.QuerySet[GuidancePage]:
    """Published pages of guidance with what a list shows of them: their texts stay unread."""
    around = models.Q(depth=depth, path__range=(first, last))
    if beside:
        path = (beside["beside_first"], beside["beside_last"])
        around |= models.Q(depth=beside["beside_depth"], path__range=path)
    pages: models.QuerySet[GuidancePage] = GuidancePage.objects.live().filter(around)
    return pages.only("title", "summary", "url_path", "path", "depth").order_by("path")


_AROUND = Prepared(_around)


class StatementPage(DatedPage):
    """What the portal promises: accessibility, privacy, cookies."""

    content_panels = [*DatedPage.content_panels, *DatedPage.kept_panels]
    parent_page_types = ["guidance.HomePage"]
    subpage_types: list[str] = []

    class Meta:
        verbose_name = _("statement")

    def get_context(
        self, request: HttpRequest, *args: object, **kwargs: object
    ) -> dict[str, object]:
        context: dict[str, object] = super().get_context(request, *args, **kwargs)
        if self.slug == "privacy":  # who answers stands at the top, and is changed in one place
            day = self.day_of_contacts(request)
            context["controllers"] = contacts_by_place([ContactPurpose.CONTROLLER], day)
        return context

    @property
    def lists_contacts(self) -> bool:
        return bool(self.slug == "privacy") or super().lists_contacts


_ROUTES = Prepared(lambda: Route.objects.filter(is_open=True).select_related("locality"))


class HelpPage(DatedPage):
    """Whom to ask: the national lines, then what each locality publishes."""

    content_panels = [*DatedPage.content_panels, *DatedPage.kept_panels]
    parent_page_types = ["guidance.HomePage"]
    subpage_types: list[str] = []
    max_count = 1

    class Meta:
        verbose_name = _("help")

    def get_context(
        self, request: HttpRequest, *args: object, **kwargs: object
    ) -> dict[str, object]:
        context: dict[str, object] = super().get_context(request, *args, **kwargs)
        context["places"] = contacts_by_place(day=self.day_of_contacts(request))
        context["routes"] = _ROUTES()
        if getattr(request, "is_preview", False):
            context["wanted"] = missing_contacts(LOCAL_PURPOSES)
        return context

    @property
    def lists_contacts(self) -> bool:
        return True


class NewsIndex(DatedPage):
    """All news, newest first."""

    content_panels = [*DatedPage.content_panels, *DatedPage.kept_panels]
    parent_page_types = ["guidance.HomePage"]
    subpage_types = ["guidance.NewsPage"]
    max_count = 1

    class Meta:
        verbose_name = _("contents of the news")

    def get_context(
        self, request: HttpRequest, *args: object, **kwargs: object
    ) -> dict[str, object]:
        context: dict[str, object] = super().get_context(request, *args, **kwargs)
        context["news"] = NewsPage.newest(self, NEWS_ON_A_PAGE)
        return context


class NewsPage(DatedPage):
    """One item of news."""

    kind = models.CharField(
        _("kind"), max_length=20, choices=NewsKind, default=NewsKind.ANNOUNCEMENT
    )
    published_on = models.DateField(_("date of the news"), default=timezone.localdate)
    shown_until = models.DateField(
        _("in the lists until"),
        null=True,
        blank=True,
        help_text=_("The last day. After it the page stays, and says that it is old."),
    )

    content_panels = [
        *Page.content_panels,
        FieldPanel("kind"),
        FieldRowPanel([FieldPanel("published_on"), FieldPanel("shown_until")]),
        FieldPanel("summary"),
        FieldPanel("body"),
        *DatedPage.kept_panels,
    ]
    parent_page_types = ["guidance.NewsIndex"]
    subpage_types: list[str] = []

    class Meta:
        verbose_name = _("news item")

    def clean_words(self) -> None:
        super().clean_words()
        if self.shown_until and self.shown_until < self.published_on:
            raise ValidationError({"shown_until": _t("Choose a day on or after that of the news.")})

    @classmethod
    def newest(cls, page: Page, most: int) -> list["NewsPage"]:
        """What is published in the language of a page, newest first."""
        return _NEWEST(most, locale=page.locale_id)

    @classmethod
    def current(cls) -> models.QuerySet["NewsPage"]:
        """What is published and has not run out."""
        running = models.Q(shown_until=None) | models.Q(shown_until__gte=timezone.localdate())
        news: models.QuerySet[NewsPage] = cls.objects.live().filter(running)
        return news

    @property
    def is_old(self) -> bool:
        return bool(self.shown_until and self.shown_until < timezone.localdate())


def _newest(most: int, *, locale: int) -> models.QuerySet[NewsPage]:
    news = NewsPage.current().filter(locale=locale)
    shown = ("title", "url_path", "kind", "published_on")
    return news.only(*shown).order_by("-published_on", "-path")[:most]


_NEWEST = Prepared(_newest)


class LeafletIndex(DatedPage):
    """The leaflets, by whom they are handed to."""

    content_panels = [*DatedPage.content_panels, *DatedPage.kept_panels]
    parent_page_types = ["guidance.HomePage"]
    subpage_types = ["guidance.LeafletPage"]
    max_count = 1

    class Meta:
        verbose_name = _("contents of the leaflets")

    def get_context(
        self, request: HttpRequest, *args: object, **kwargs: object
    ) -> dict[str, object]:
        context: dict[str, object] = super().get_context(request, *args, **kwargs)
        context["pages"] = LeafletPage.objects.live().child_of(self).order_by("path")
        return context


class LeafletPage(DatedPage):
    """What can be handed to somebody."""

    format = models.CharField(_("handed to"), max_length=20, choices=LeafletFormat)

    content_panels = [FieldPanel("format"), *DatedPage.content_panels, *DatedPage.kept_panels]
    parent_page_types = ["guidance.LeafletIndex"]
    subpage_types: list[str] = []

    class Meta:
        verbose_name = _("leaflet")


class TrainingIndex(DatedPage):
    """Training: what has a day, soonest first, then what can be done at any time."""

    content_panels = [*DatedPage.content_panels, *DatedPage.kept_panels]
    parent_page_types = ["guidance.HomePage"]
    subpage_types = ["guidance.TrainingPage"]
    max_count = 1

    class Meta:
        verbose_name = _("contents of the training")

    def get_context(
        self, request: HttpRequest, *args: object, **kwargs: object
    ) -> dict[str, object]:
        context: dict[str, object] = super().get_context(request, *args, **kwargs)
        under = TrainingPage.objects.live().child_of(self)
        today = timezone.localdate()
        coming = under.filter(
            models.Q(ends_on__gte=today) | models.Q(ends_on=None, starts_on__gte=today)
        )
        context["coming"] = coming.order_by("starts_on", "path")[:NEWS_ON_A_PAGE]
        context["pages"] = under.filter(starts_on=None).order_by("path")[:NEWS_ON_A_PAGE]
        return context


class TrainingPage(DatedPage):
    """One training event, or a course that is open all the time (no days)."""

    provider = models.CharField(_("provider"), max_length=200)
    starts_on = models.DateField(_("first day"), null=True, blank=True)
    ends_on = models.DateField(_("last day"), null=True, blank=True)
    place = models.CharField(_("place"), max_length=200, blank=True)
    booking_address = models.URLField(_("address to book at"), blank=True)

    content_panels = [
        *Page.content_panels,
        FieldPanel("provider"),
        FieldRowPanel([FieldPanel("starts_on"), FieldPanel("ends_on")]),
        FieldRowPanel([FieldPanel("place"), FieldPanel("booking_address")]),
        FieldPanel("summary"),
        FieldPanel("body"),
        *DatedPage.kept_panels,
    ]
    parent_page_types = ["guidance.TrainingIndex"]
    subpage_types: list[str] = []

    class Meta:
        verbose_name = _("training event")

    def clean_words(self) -> None:
        super().clean_words()
        if self.ends_on and (self.starts_on is None or self.ends_on < self.starts_on):
            raise ValidationError({"ends_on": _t("Choose a last day on or after the first day.")})


class GlossaryPage(DatedPage):
    """The words that the guidance uses, each with an address that its pages link to."""

    terms = BlocksField([("term", TermBlock())], blank=True, verbose_name=_("terms"))

    content_panels = [
        *DatedPage.content_panels,
        FieldPanel("terms"),
        *DatedPage.kept_panels,
    ]
    search_fields = [*DatedPage.search_fields, index.SearchField("terms")]
    parent_page_types = ["guidance.GuidanceIndex"]
    subpage_types: list[str] = []
    max_count = 1

    class Meta:
        verbose_name = _("glossary")


class MembersPage(Page):
    """A page for people who are signed in, or only for those of some roles.

    It is none of the public guidance: the search, the lists of changes, the editions, the feeds and
    the documents know nothing of it.
    """

    summary = models.TextField(_("first sentences"), blank=True)
    body = BlocksField(BodyBlock(), blank=True, verbose_name=_("text"))
    kept_by = models.CharField(
        _("owner"), max_length=100, help_text=_("The role that keeps this page true, not a name.")
    )
    last_checked = models.DateField(_("last checked"), default=timezone.localdate)
    readers = ChoicesField(
        Role,
        verbose_name=_("only for"),
        help_text=_("Tick none for everybody who is signed in. Pictures and files go with it."),
    )

    content_panels = [
        *Page.content_panels,
        FieldPanel("readers"),
        FieldPanel("summary"),
        FieldPanel("body"),
        FieldRowPanel([FieldPanel("kept_by"), FieldPanel("last_checked")]),
    ]
    promote_panels = [FieldPanel("slug")]
    private_page_options: list[str] = []  # who may read it is asked above
    parent_page_types = ["guidance.HomePage", "guidance.MembersPage"]
    subpage_types = ["guidance.MembersPage"]

    class Meta:
        verbose_name = _("page for people who are signed in")

    def may_be_read_by(self, user: User | AnonymousUser) -> bool:
        """Whether a person may read it, by the roles that they hold at this moment."""
        if not isinstance(user, User) or not user.is_active:
            return False
        if not self.readers:
            return True
        held = Membership.objects.active().filter(person=user, role__in=self.readers)
        return held.exists()

    def get_context(
        self, request: HttpRequest, *args: object, **kwargs: object
    ) -> dict[str, object]:
        context: dict[str, object] = super().get_context(request, *args, **kwargs)
        below = MembersPage.objects.live().child_of(self).order_by("path")
        context["pages"] = [page for page in below if page.may_be_read_by(request.user)]
        context["held_back"] = held_back(downloads_in(self.body))
        if purposes := contacts_wanted(self.body):
            context["contacts_at"] = contacts_at(purposes)
            context["levels"] = levels_of_contacts(self.body)
        return context


class PageEdition(models.Model):
    """One page as it was published: its words stay, whatever happens to the page later."""

    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="pages")
    page = models.ForeignKey(
        Page, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    address = models.CharField(max_length=500)  # on that day
    title = models.CharField(max_length=255)
    model = models.CharField(max_length=100)  # "guidance.guidancepage"
    content = models.JSONField(
        null=True, encoder=DjangoJSONEncoder
    )  # none where the page was taken away
    what = models.TextField(blank=True)
    why = models.TextField(blank=True)
    read_again = models.BooleanField(default=False)
    # What its words show: kept readable for as long as the edition is.
    pictures = ArrayField(models.IntegerField(), default=list, blank=True)
    downloads = ArrayField(models.IntegerField(), default=list, blank=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["page", "-id"], name="page_edition_page"),
            models.Index(fields=["address", "-id"], name="page_edition_address"),
            GinIndex(fields=["pictures", "downloads"], name="page_edition_shows"),
        ]

    def __str__(self) -> str:
        return f"{self.title}, {self.edition}"


class ReviewReminder(models.Model):
    """That people were told once that a page is to be checked by a day."""

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="+")
    review_by = models.DateField()
    stage = models.CharField(max_length=10, choices=ReviewStage)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="review_reminder_once", fields=["page", "review_by", "stage"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.page_id}, {self.review_by}: {self.stage}"


class LoadedPage(models.Model):
    """A page that came from a file in ``content/``, as it stood when it was loaded.

    A page whose words no longer match the digest has been changed by an editor, and one that
    is gone was taken away by an editor: either way the file does not come back over it.
    """

    source = models.CharField(max_length=200, unique=True)
    page = models.OneToOneField(
        Page, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    digest = models.CharField(max_length=64)

    def __str__(self) -> str:
        return self.source
