"""Every kind of page, clean and in error, is whole HTML: closed, nothing twice, nothing loose.

With ``PORTAL_PAGES_DIR`` more people walk through more states and the pages are kept there, for
``bin/check_markup``, which hands them to the Nu HTML checker. That needs Java and npm, so it is no
part of ``make test``.
"""

import os
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from wagtail.models import Page

from accounts.models import User
from guidance import loading
from guidance.models import address_of, pages_at
from referrals.terms import Status
from selfassessment.models import Assessment
from selfassessment.terms import Rating
from selfassessment.terms import Status as FormStatus
from tests.entry import enter
from tests.referrals import cases
from tests.referrals.test_access import address, of_cases, patterns
from tests.selfassessment import forms, test_access, test_canaries

pytestmark = pytest.mark.django_db

VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "wbr"}
)
IMPLIED_END = frozenset({"li", "p", "option", "tr", "td", "th", "dt", "dd", "tbody", "thead"})
POINTERS = ("for", "aria-describedby", "aria-labelledby", "aria-controls", "headers")
INTERACTIVE = frozenset({"a", "button", "label", "select", "textarea", "summary"})
SAVED_IN = os.environ.get("PORTAL_PAGES_DIR", "")
WALKED = {  # whose pages of a case in this state
    Status.DRAFT: ("practitioner",),
    Status.AGENCY_CHECK: ("lead",),
    Status.TRIAGE: ("prevent_lead",),
}
WALKED_TOO = {
    Status.AGENCY_CHECK: ("lead", "practitioner"),
    Status.SUBMITTED: ("lead", "prevent_lead"),
    Status.GATEWAY: ("officer", "lead"),
}
TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)


class Markup(HTMLParser):
    """What is wrong with a page, in words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.open: list[str] = []
        self.ids: Counter[str] = Counter()
        self.pointed: set[str] = set()
        self.headings = 0
        self.feed(html)
        self.close()
        self.faults += [f"not closed: {tag}" for tag in self.open if tag not in IMPLIED_END]
        self.faults += [f"id twice: {name}" for name, times in self.ids.items() if times > 1]
        self.faults += [f"points nowhere: {name}" for name in self.pointed - set(self.ids)]
        if self.headings != 1:
            self.faults.append(f"{self.headings} headings of the page")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = [name for name, _value in attrs]
        self.faults += [f"twice on {tag}: {name}" for name in named if named.count(name) > 1]
        known = dict(attrs)
        if "id" in known:
            self.ids[known["id"] or ""] += 1
            if not known["id"] or re.search(r"\s", known["id"]):
                self.faults.append(f"an id of {tag} is no name")
        for name in POINTERS:
            self.pointed |= set((known.get(name) or "").split())
        if (href := known.get("href") or "").startswith("#") and len(href) > 1:
            self.pointed.add(href[1:])
        if "style" in known or any(name.startswith("on") for name in named):
            self.faults.append(f"style or script inside {tag}")
        if tag in INTERACTIVE and (within := INTERACTIVE & set(self.open)):
            self.faults.append(f"{tag} inside {', '.join(sorted(within))}")
        self.headings += tag == "h1"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()  # of SVG

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open[-1] != tag and self.open[-1] in IMPLIED_END:
            self.open.pop()
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"closed but not open: {tag}")
        else:
            self.open.pop()


class Collection:
    """One page of each kind: by its address's name, its title and whether it is in error."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}

    def look(self, client: Client, name: str, path: str) -> None:
        """Clean, and, where there is such a page, as it comes back when nothing was filled in."""
        if self._look(client, name, path, send=False):
            self._look(client, name, path, send=True)

    def _look(self, client: Client, name: str, path: str, *, send: bool) -> bool:
        # What sending does is taken back, so that each address meets the same case.
        kept = transaction.savepoint()
        answer = client.post(path, {}) if send else client.get(path)
        transaction.savepoint_rollback(kept)
        if answer.streaming or not answer.headers.get("Content-Type", "").startswith("text/html"):
            return False
        html = answer.content.decode()
        if answer.status_code in (301, 302, 304) or not html:
            return False
        found = TITLE.search(html)
        title = re.sub(r"\W+", "-", found[1])[:60] if found else "no-title"
        key = re.sub(r"\W+", "-", f"{name}-{answer.status_code}-{title}").strip("-")
        self.pages.setdefault(key, html)
        return answer.status_code == 200


def of_the_guidance() -> list[str]:
    """Every kind of page and block, with its past, its changes and its translation."""
    loading.load_translations("cy")
    page = pages_at("/guidance/what-to-do/").get().specific
    page.summary = "Other words."
    page.save_revision().publish()
    today = timezone.localdate().isoformat()
    paths = ["/", "/contacts/", "/privacy/", "/accessibility/", "/cookies/", "/nowhere/"]
    paths += ["/guidance/", "/guidance/glossary/", "/worried-about-a-child/", "/leaflets/"]
    paths += ["/leaflets/for-parents/", "/news/", "/news/free-online-courses/", "/training/"]
    paths += ["/training/prevent-awareness/", "/guidance/local-arrangements/contacts/"]
    paths += ["/search/?q=channel", "/search/?q=xylophone", "/guidance/changes/"]
    for place in ("/guidance/what-to-do/", "/cy/guidance/what-to-do/", "/cy/"):
        more = ["", f"?on={today}", "?on=2020-01-01", "?on=soon", "changes/"]
        paths += [place + each for each in [*more, f"changes/?from={today}&to={today}"]]
    if SAVED_IN:
        paths += [address_of(each) for each in Page.objects.live().filter(depth__gt=1)]
    return list(dict.fromkeys(paths))


def look_at_forms(found: Collection) -> None:
    """A form that is being filled in, as its lead; with more people, one in moderation too."""
    cast = forms.make_cast()
    form = forms.form_of(cast.school)
    test_canaries.answered(cast, form)
    seats = [(cast.lead, of_form(form))]
    if SAVED_IN:
        other = forms.form_of(cast.other_school)
        forms.fill(other, Rating.IN_PLACE, by=cast.lead)
        forms.put_in(other, FormStatus.MODERATION, cast)
        rooms = {
            n: reverse(n, args=test_access.arguments(n, cast, form)) for n in test_access.BY_ROLE
        }
        seats = [(cast.senior, of_form(form)), (cast.teacher, of_form(form)), *seats]
        seats += [(cast.moderator, of_form(other) | rooms), (cast.manager, of_form(other) | rooms)]
        seats += [(cast.other_lead, of_form(other)), (cast.board_member, rooms)]
    for person, paths in seats:
        client = enter(person)
        for name, path in paths.items():
            found.look(client, name, path)


def of_form(form: Assessment) -> dict[str, str]:
    """Addresses of a form by name, files left out."""
    return {
        name: test_access.address(name, form.key, kinds)
        for name, kinds in test_access.of_forms()
        if "uuid" not in kinds
    }


def collected() -> Collection:
    loading.load()
    cast = cases.make_cast()
    found = Collection()
    for path in of_the_guidance():
        found.look(Client(), path, path)
    people: list[User | None] = [None, cast.lead, cast.portal_admin]
    people += [cast.practitioner, cast.prevent_lead, cast.outsider] if SAVED_IN else []
    for person in people:
        client = enter(person)
        for _route, name in patterns():
            if not name or name.startswith(("wagtail", "demo:")) or "logout" in name:
                continue
            try:
                path = reverse(name)
            except NoReverseMatch:
                continue
            if not path.startswith("/cms/"):
                found.look(client, name, path)
    for status, seats in (WALKED | (WALKED_TOO if SAVED_IN else {})).items():
        referral = cases.walk_to(cast, status)
        for seat in seats:
            client = enter(getattr(cast, seat))
            for name, arguments in of_cases():
                if any(each.startswith("uuid:") for each in arguments):
                    continue  # a file, not a page
                path = address(name, referral.key, arguments)
                found.look(client, name, path)
    look_at_forms(found)
    return found


def test_every_kind_of_page_is_whole_html():
    pages = collected().pages
    if SAVED_IN:
        Path(SAVED_IN).mkdir(parents=True, exist_ok=True)
        for key, html in pages.items():
            (Path(SAVED_IN) / f"{key}.html").write_text(html)
    assert len(pages) > 80
    assert sum("-Error-" in key for key in pages) > 15
    assert not settings.DEBUG
    faults = {key: found for key, html in pages.items() if (found := Markup(html).faults)}
    assert faults == {}
