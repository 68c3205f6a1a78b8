"""The few kinds of paragraph that a page of guidance is built from."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.safestring import SafeString
from django.utils.text import get_text_list
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.documents.blocks import DocumentChooserBlock
from wagtail.images.blocks import ImageBlock

from agencies.terms import ContactPurpose
from guidance import downloads
from guidance.content import CODE
from guidance.terms import Sector

INLINE = ["bold", "link"]
SAFE_ADDRESS = re.compile(r"https://[^\s/]|/(?![/\\])")
"""Of another site, encrypted; or of this one. Never a script, nor what the network can read."""


class Force(models.TextChoices):
    """How strongly a sentence binds: the words of the statutory guidance."""

    MUST = "must", _("must")  # a legal duty
    SHOULD = "should", _("should")  # expected practice


class HeadingBlock(blocks.CharBlock):
    """A heading as it was before it could carry a code; the first migration names it."""


class PartBlock(blocks.StructBlock):
    """A part of the page, up to the next heading; it appears in "On this page".

    Its code stays when its words change, so that policies, questions and standards can name it.
    """

    words = blocks.CharBlock(label=_("Heading"))
    code = blocks.CharBlock(
        required=False,
        max_length=10,
        validators=[
            RegexValidator(CODE, _("A clause code is three capital letters and a number: NCS-3."))
        ],
        label=_("Clause code"),
        help_text=_("Leave it empty, or keep it for ever: others quote it. Never use one again."),
    )

    def to_python(self, value: Any) -> blocks.StructValue:
        return super().to_python(_with_words(value))

    def bulk_to_python(self, values: Any) -> list[blocks.StructValue]:
        found: list[blocks.StructValue] = super().bulk_to_python([_with_words(v) for v in values])
        return found

    def normalize(self, value: Any) -> blocks.StructValue:
        return super().normalize(_with_words(value))

    class Meta:
        icon = "title"
        label = _("Heading")
        template = "guidance/blocks/heading.html"


def _with_words(value: Any) -> Any:
    """A heading that was stored before headings had codes was its words alone."""
    return {"words": value, "code": ""} if isinstance(value, str) else value


class ParagraphBlock(blocks.RichTextBlock):
    class Meta:
        icon = "pilcrow"
        label = _("Paragraph")

    def render(self, value: Any, context: Any = None) -> SafeString:
        """As it is stored; ``{% words %}`` around the page expands its links at once.

        Without a template: a page has dozens, and each would cost more than all its words.
        """
        return SafeString(value.source)  # Wagtail cleans it when it is saved


class ListBlock(blocks.StructBlock):
    ordered = blocks.BooleanBlock(required=False, label=_("Numbered"))
    items = blocks.ListBlock(blocks.RichTextBlock(features=INLINE, label=_("Item")), min_num=1)

    class Meta:
        icon = "list-ul"
        label = _("List")
        template = "guidance/blocks/list.html"


class CalloutBlock(blocks.RichTextBlock):
    class Meta:
        icon = "openquote"
        label = _("Callout")
        template = "guidance/blocks/callout.html"


class DutyBlock(blocks.StructBlock):
    """One sentence that says who must, or should, do what."""

    who = blocks.CharBlock(
        default="You", label=_("Who"), help_text=_("You, your agency, and so on")
    )
    force = blocks.ChoiceBlock(
        choices=Force.choices,
        default=Force.SHOULD,
        label=_("How strongly"),
        help_text=_("Must is a legal duty. Should is expected practice."),
    )
    what = blocks.RichTextBlock(features=INLINE, label=_("Does what"))

    class Meta:
        icon = "warning"
        label = _("Must or should")
        template = "guidance/blocks/duty.html"


class PairBlock(blocks.StructBlock):
    left = blocks.RichTextBlock(features=INLINE, label=_("Left"))
    right = blocks.RichTextBlock(features=INLINE, label=_("Right"))

    class Meta:
        label = _("Row")


class TableBlock(blocks.StructBlock):
    """A table of two columns; the left one names the row."""

    caption = blocks.CharBlock(label=_("Caption"))
    left = blocks.CharBlock(label=_("Heading of the left column"))
    right = blocks.CharBlock(label=_("Heading of the right column"))
    rows = blocks.ListBlock(PairBlock(), min_num=1, label=_("Rows"))

    class Meta:
        icon = "table"
        label = _("Table")
        template = "guidance/blocks/table.html"


class NumberBlock(blocks.StructBlock):
    """Whom to ring. Without a number, readers do not see it and editors see what is missing."""

    name = blocks.CharBlock(label=_("Who answers"))
    phone = blocks.CharBlock(
        required=False,
        label=_("Telephone number"),
        help_text=_("To be supplied by the board. Left out for readers until it is here."),
    )
    note = blocks.CharBlock(required=False, label=_("What for, and when"))

    class Meta:
        icon = "mobile-alt"
        label = _("Telephone number")
        template = "guidance/blocks/number.html"


class StepValue(blocks.StructValue):
    """One step."""

    @property
    def begins(self) -> str:
        """Its title as a sentence: a question keeps its mark."""
        title = str(self["title"]).strip()
        return title if title.endswith((".", "?", "!", ":")) else f"{title}."


class StepBlock(blocks.StructBlock):
    title = blocks.CharBlock(label=_("Short title"))
    text = blocks.RichTextBlock(features=INLINE, required=False, label=_("Text"))

    class Meta:
        label = _("Step")
        value_class = StepValue


class StepsBlock(blocks.ListBlock):
    """What to do, one after another."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(StepBlock(), min_num=1, **kwargs)

    class Meta:
        icon = "list-ol"
        label = _("Steps")
        template = "guidance/blocks/steps.html"


class EntryBlock(blocks.StructBlock):
    question = blocks.CharBlock(label=_("Question"))
    answer = blocks.RichTextBlock(features=INLINE, label=_("Answer"))

    class Meta:
        label = _("Question and answer")


class QuestionsBlock(blocks.StructBlock):
    entries = blocks.ListBlock(EntryBlock(), min_num=1, label=_("Questions"))

    class Meta:
        icon = "help"
        label = _("Questions and answers")
        template = "guidance/blocks/questions.html"


class ContactsBlock(blocks.StructBlock):
    """Those of the back office with one purpose: written once there, shown wherever used."""

    purpose = blocks.ChoiceBlock(choices=ContactPurpose.choices, label=_("Which contacts"))

    class Meta:
        icon = "mobile-alt"
        label = _("Contacts")
        template = "guidance/blocks/contacts.html"


class WantedBlock(blocks.CharBlock):
    """A fact that is not known yet. Readers do not see it, editors do."""

    def get_searchable_content(self, value: str) -> list[str]:
        return []  # nor do they find it

    class Meta:
        icon = "warning"
        label = _("To be supplied by the board")
        template = "guidance/blocks/wanted.html"


class DownloadValue(blocks.StructValue):
    """Something to download: a file of ours, or something at an address."""

    @property
    def number(self) -> int | None:
        """That of a file of ours."""
        return self["file"].pk if self.get("file") else None

    @property
    def href(self) -> str:
        """Where it is; empty for a file that is no longer kept."""
        file = self.get("file")
        return str(file.url if file else self.get("address") or "")

    @property
    def about(self) -> str:
        """Its type and size; of a file of ours as it is, of others as the editor wrote it."""
        file = self.get("file")
        return downloads.about(file) if file else str(self.get("kind") or "")


class DownloadBlock(blocks.StructBlock):
    """A file that is kept here, or the address of one that is kept elsewhere."""

    title = blocks.CharBlock(label=_("Title"))
    file = DocumentChooserBlock(
        required=False,
        label=_("File"),
        help_text=_("PDF, Word, ODT or spreadsheet. Its type and size are shown by themselves."),
    )
    address = blocks.CharBlock(
        required=False, label=_("Address"), help_text=_("Of a file that is kept elsewhere.")
    )
    kind = blocks.CharBlock(
        required=False, label=_("Kind and size of what is there"), help_text=_("PDF, 120 KB")
    )

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        if bool(cleaned["file"]) == bool(cleaned["address"]):
            wrong = ValidationError(_t("Choose a file, or write an address: one of the two."))
            raise blocks.StructBlockValidationError({"file": wrong})
        address = cleaned["address"]
        if address and not SAFE_ADDRESS.match(address):
            wrong = ValidationError(_t("Begin the address with https:// or, on this site, with /."))
            raise blocks.StructBlockValidationError({"address": wrong})
        return cleaned

    class Meta:
        icon = "download"
        label = _("Download")
        template = "guidance/blocks/download.html"
        value_class = DownloadValue


class PictureBlock(blocks.StructBlock):
    """A picture with words for those who do not see it, unless it only decorates the page."""

    picture = ImageBlock(label=_("Picture"))
    caption = blocks.CharBlock(required=False, label=_("Caption"))

    class Meta:
        icon = "image"
        label = _("Picture")
        template = "guidance/blocks/picture.html"


class WordsBlock(blocks.StreamBlock):
    """What can stand anywhere in a page."""

    paragraph = ParagraphBlock(features=INLINE)
    list = ListBlock()
    steps = StepsBlock()
    questions = QuestionsBlock()
    callout = CalloutBlock(features=INLINE)
    duty = DutyBlock()
    table = TableBlock()
    number = NumberBlock()
    contacts = ContactsBlock()
    download = DownloadBlock()
    picture = PictureBlock()
    wanted = WantedBlock()

    class Meta:
        required = False


class SectorBlock(blocks.StructBlock):
    """What holds for some workplaces only. A reader may ask to see those of one workplace."""

    sectors = blocks.MultipleChoiceBlock(
        choices=Sector.choices, label=_("In"), widget=forms.CheckboxSelectMultiple
    )
    body = WordsBlock(required=True, label=_("Text"))

    def get_context(self, value: Any, parent_context: Any = None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(value, parent_context=parent_context)
        context["title"] = sectors_title(value["sectors"])
        context["is_shown"] = not context.get("sector") or context["sector"] in value["sectors"]
        return context

    class Meta:
        icon = "group"
        label = _("For some workplaces")
        template = "guidance/blocks/sector.html"


def sectors_title(sectors: list[str]) -> str:
    """ "In schools and colleges", in the order of the list."""
    names = [str(sector.label) for sector in Sector if sector in sectors]
    return _t("In %(places)s") % {"places": get_text_list(names, _t("and"))}


class BodyBlock(WordsBlock):
    heading = PartBlock()
    sector = SectorBlock()

    class Meta:
        required = False


class TermBlock(blocks.StructBlock):
    """One entry of the glossary."""

    term = blocks.CharBlock(label=_("Term"))
    meaning = blocks.RichTextBlock(features=INLINE, label=_("Meaning"))
    also = blocks.ListBlock(
        blocks.CharBlock(label=_("Word")),
        label=_("Also called"),
        help_text=_("Other words that people search for."),
    )
    source = blocks.CharBlock(required=False, label=_("Source"))

    class Meta:
        icon = "openquote"
        label = _("Term")
        template = "guidance/blocks/term.html"


class SourceBlock(blocks.StructBlock):
    """Where a fact on the page comes from."""

    title = blocks.CharBlock(label=_("Title, publisher and date"))
    address = blocks.URLBlock(required=False, label=_("Address"))

    class Meta:
        icon = "link"
        label = _("Source")
