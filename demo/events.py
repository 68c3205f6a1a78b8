"""A course with a day and a place, and the news of it.

A date in a file would soon be past, and a place would be a false fact: so these are made when the
demonstration is, and nowhere else.
"""

from datetime import date, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any

import yaml
from wagtail.models import Page

from clauses.models import Edition
from guidance import content, editions
from guidance.models import DatedPage, NewsPage, TrainingPage, pages_at

FILE = Path(__file__).parent / "events.yaml"
KEPT_BY = {"kept_by": "Guidance editor", "approver": "Guidance approver"}
SATURDAY = 5


def date_back(began: datetime) -> None:
    """Let the first editions be older than the cases: each names the one in force at its time."""
    Edition.objects.filter(published_at__gt=began).update(published_at=began)


def announce(today: date) -> None:
    """Publish the course and its news, once, where the guidance has pages for such."""
    said: dict[str, dict[str, Any]] = yaml.safe_load(FILE.read_text("utf-8"))
    courses, news = (pages_at(path).first() for path in ("/training/", "/news/"))
    if courses is None or news is None:
        return
    if TrainingPage.objects.filter(slug=said["training"]["slug"]).exists():
        return
    day = _weekday(today + timedelta(days=said["training"].pop("in_days")))
    until = {"last_checked": today, "review_by": day}
    with editions.as_one():
        _publish(TrainingPage, courses, said["training"] | until | {"starts_on": day})
        told = {"published_on": today, "shown_until": day}
        _publish(NewsPage, news, said["news"] | until | told)


def _weekday(day: date) -> date:
    """The day itself, or the Monday after a Saturday or Sunday."""
    return day + timedelta(days=7 - day.weekday()) if day.weekday() >= SATURDAY else day


def _publish(model: type[DatedPage], under: Page, said: dict[str, Any]) -> None:
    text = said.pop("text")
    page = model(**said, **KEPT_BY)
    page.body = page.body.stream_block.to_python(content.stream(text, _link))
    under.add_child(instance=page)
    page.save_revision().publish()


def _link(address: str) -> str:
    page = pages_at(address).first() if address.startswith("/") else None
    return f'linktype="page" id="{page.pk}"' if page else f'href="{escape(address)}"'
