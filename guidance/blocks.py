"""The few kinds of paragraph that a page of guidance is built from."""

from django.db import models
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

INLINE = ["bold", "link"]


class Force(models.TextChoices):
    """How strongly a sentence binds: the words of the statutory guidance."""

    MUST = "must", _("must")  # a legal duty
    SHOULD = "should", _("should")  # expected practice


class HeadingBlock(blocks.CharBlock):
    """A part of the page; it appears in "On this page"."""

    class Meta:
        icon = "title"
        label = _("Heading")
        template = "guidance/blocks/heading.html"


class ParagraphBlock(blocks.RichTextBlock):
    class Meta:
        icon = "pilcrow"
        label = _("Paragraph")
        template = "guidance/blocks/paragraph.html"


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


class BodyBlock(blocks.StreamBlock):
    heading = HeadingBlock()
    paragraph = ParagraphBlock(features=INLINE)
    list = ListBlock()
    callout = CalloutBlock(features=INLINE)
    duty = DutyBlock()
    table = TableBlock()
    number = NumberBlock()

    class Meta:
        required = False


class SourceBlock(blocks.StructBlock):
    """Where a fact on the page comes from."""

    title = blocks.CharBlock(label=_("Title, publisher and date"))
    address = blocks.URLBlock(required=False, label=_("Address"))

    class Meta:
        icon = "link"
        label = _("Source")


def anchor(heading: str) -> str:
    """The name by which a link reaches a heading of the page."""
    return "part-" + slugify(heading)
