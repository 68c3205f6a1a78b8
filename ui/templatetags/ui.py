"""What templates may say beyond Django's own tags."""

import re
from functools import lru_cache
from typing import Any

from django import forms, template
from django.forms.boundfield import BoundField
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ui import dates, kept
from ui import forms as ui_forms
from ui.clocks import Clock

REFERENCE = re.compile(r"\b([A-Z]{2}-\d{4}-\d{4,})\b")
"""Of a case, as people read it aloud."""

BREAK, NO_BOX = SafeString("<br>"), SafeString("<i></i>")

register = template.Library()
register.filter("day", dates.day)
register.filter("paper_day", dates.paper_day)
register.filter("moment", dates.moment)
register.filter("paper_moment", dates.paper_moment)
register.filter("time_of_day", dates.time_of_day)
register.filter("approx", dates.approx)


@register.filter
def said(words: str | None) -> SafeString:
    """Paragraphs and line breaks of what somebody wrote, escaped, nothing turned into links."""
    blocks = [
        block for block in str(words or "").replace("\r\n", "\n").split("\n\n") if block.strip()
    ]
    return format_html_join("\n", '<p class="govuk-body">{}</p>', ((_lines(b),) for b in blocks))


def _lines(block: str) -> SafeString:
    return format_html_join(BREAK, "{}", ((line,) for line in block.strip().split("\n")))


@register.filter
def whole(words: object) -> SafeString:
    """The same words, escaped, in which no reference breaks over two lines: NY-2026-0042."""
    if REFERENCE.fullmatch(str(words)):
        return format_html('<span class="p-ref">{}</span>', words)
    parts = REFERENCE.split(str(words))  # every second one is a reference
    return format_html_join(
        "",
        "{}",
        (
            (format_html('<span class="p-ref">{}</span>', part) if number % 2 else part,)
            for number, part in enumerate(parts)
        ),
    )


@register.simple_tag
def error_summary(form: forms.BaseForm) -> SafeString | str:
    """The box at the top of a page with errors, each a link to its input; else nothing."""
    problems = problems_of(form)
    if not problems:
        return ""
    items = format_html_join(
        "",
        "<li>{}</li>",
        (
            (format_html('<a href="{}">{}</a>', _address(place), sentence) if place else sentence,)
            for sentence, place in problems
        ),
    )
    return format_html(
        '<div class="govuk-error-summary" data-module="govuk-error-summary"><div role="alert">'
        '<h2 class="govuk-error-summary__title">{}</h2><div class="govuk-error-summary__body">'
        '<ul class="govuk-list govuk-error-summary__list">{}</ul></div></div></div>',
        things_to_put_right(len(problems)),
        items,
    )


def _address(place: str) -> str:
    """An input of this page by its id; one of another page comes with its address."""
    return place if place.startswith("/") else f"#{place}"


def problems_of(form: forms.BaseForm) -> list[tuple[str, str]]:
    if isinstance(form, ui_forms.PageFormMixin):
        return form.problems()
    if not form.is_bound:
        return []
    first = next((bound.auto_id for bound in form.visible_fields()), "")
    found = [(str(error), first) for error in form.non_field_errors()]
    for bound in form:
        place = first if bound.is_hidden else bound.id_for_label or bound.auto_id
        found.extend((str(error), place) for error in bound.errors)
    return found


def things_to_put_right(number: int) -> str:
    """ "One thing to put right", "Two things to put right"; figures from eleven on."""
    words = [
        _("No"), _("One"), _("Two"), _("Three"), _("Four"), _("Five"),
        _("Six"), _("Seven"), _("Eight"), _("Nine"), _("Ten"),
    ]  # fmt: skip
    count = words[number] if number < len(words) else str(number)
    said_so = ngettext("%(count)s thing to put right", "%(count)s things to put right", number)
    return said_so % {"count": count}


@register.simple_tag
def clock(promise: Clock | None, days: bool = False) -> SafeString | str:
    """A time limit in its edge and words; with ``days=True`` its boxes stand inside."""
    if promise is None:
        return ""
    boxes = _boxes(promise) if days else ""
    return format_html('<span class="{}">{}{}</span>', promise.css, boxes, promise.words)


@register.simple_tag
def clock_days(promise: Clock | None) -> SafeString | str:
    """A box for each working day of the promise, and the same in words."""
    if promise is None:
        return ""
    return format_html("{}{}", _boxes(promise), promise.days_words)


def _boxes(promise: Clock) -> SafeString | str:
    return _drawn(tuple(promise.boxes))


@lru_cache(maxsize=500)
def _drawn(classes: tuple[str, ...]) -> SafeString | str:
    """The same few rows of boxes stand in every list."""
    if not classes:
        return ""
    boxes = (format_html('<i class="{}"></i>', box) if box else NO_BOX for box in classes)
    drawn = format_html_join("", "{}", ((box,) for box in boxes))
    return format_html('<span class="p-days" aria-hidden="true">{}</span>', drawn)


@register.simple_tag
def govuk_form(form: forms.BaseForm) -> SafeString:
    """The fields of a form made elsewhere (allauth's, say) in GOV.UK markup; no form tag."""
    return ui_forms.dress(form).render()


@register.simple_tag
def govuk_field(bound: BoundField) -> SafeString:
    """One field of such a form."""
    return ui_forms.dress(bound.form)[bound.name].as_field_group()


@register.filter
def with_errors(form: Any) -> bool:
    """Whether the title should begin with "Error: "."""
    return bool(getattr(form, "is_bound", False) and form.errors)


@register.simple_tag
def back(url: str, label: str = "") -> SafeString:
    """The back link in its landmark, for the block "back"."""
    return format_html(
        '<nav aria-label="{}"><a href="{}" class="govuk-back-link">{}</a></nav>',
        _("Back"),
        url,
        label or _("Back"),
    )


@register.inclusion_tag("ui/_kept_words.html", takes_context=True)
def kept_words(context: template.Context) -> dict[str, Any]:
    """What the person typed, to copy, on a page that could not take it."""
    words = context["kept"] if "kept" in context else kept.words_of(context.get("request"))
    return {"words": words}
