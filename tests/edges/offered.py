"""Every form that the portal offers: found on its pages, as the people who are offered it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import quote_plus, urlsplit

from django.urls import NoReverseMatch, Resolver404, resolve, reverse
from django.utils import timezone

import files
from agencies import workflow
from agencies.models import Absence
from agencies.terms import Role
from referrals.steps import STEPS
from referrals.terms import Status
from selfassessment import workflow as answering
from selfassessment.actions import workflow as actions
from selfassessment.evidence import workflow as evidence
from selfassessment.models import Assessment, Standard
from selfassessment.terms import EvidenceKind, Priority
from tests.edges.wire import FORM, Answer, Wire, undone
from tests.factories import MembershipFactory
from tests.referrals import cases
from tests.referrals.test_access import address, patterns
from tests.selfassessment import forms as assessments

# Who looks for forms at a case in this state.
SEATS = {
    Status.DRAFT: ("practitioner",),
    Status.AGENCY_CHECK: ("lead", "practitioner"),
    Status.RETURNED: ("practitioner",),
    Status.OTHER_ROUTE: ("lead",),
    Status.AGENCY_CLOSED: ("practitioner", "lead"),
    Status.SUBMITTED: ("prevent_lead", "officer", "lead", "front_door"),
    Status.QUERY: ("lead",),
    Status.TRIAGE: ("prevent_lead", "lead"),
    Status.TRANSFERRED: ("york_lead", "prevent_lead"),
    Status.GATEWAY: ("officer",),
    Status.CLOSED: ("prevent_lead",),
}
ANYWHERE = ("practitioner", "lead", "portal_admin", None)
NOT_OURS = ("/cms/", "/demo/", "/static/", "/fault/")
NO_PAGES = (".pdf", "/autosave/", "/keep/", "/blank-form/", "/download/")


@dataclass
class Offered:
    """One form.

    Attributes:
        values: what it says when it is drawn, by name.
        typed: names of the fields that take words.
    """

    path: str = ""
    values: dict[str, list[str]] = field(default_factory=dict)
    typed: set[str] = field(default_factory=set)
    browser: Wire = field(default_factory=Wire)
    name: str = ""


class _Forms(HTMLParser):
    def __init__(self, html: str, path: str) -> None:
        super().__init__()
        self.path, self.forms = path, [Offered()]
        self.open: Offered | None = None
        self.area = self.select = ""
        self.feed(html)
        self.forms = self.forms[1:]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        name = said.get("name", "")
        if tag == "form" and said.get("method", "").lower() == "post":
            self.open = Offered(path=urlsplit(said.get("action", "")).path or self.path)
            self.forms.append(self.open)
            if autosave := said.get("data-autosave"):
                self.forms.append(Offered(urlsplit(autosave).path, self.open.values))
        if self.open is None or (not name and tag != "option"):
            return
        values = self.open.values
        if tag == "input" and said.get("type") in ("radio", "checkbox"):
            values.setdefault(name, [])
            if "checked" in said:
                values[name].append(said.get("value", "on"))
        elif tag == "input":
            values.setdefault(name, []).append(said.get("value", ""))
            if said.get("type", "text") in ("text", "search"):
                self.open.typed.add(name)
        elif tag == "textarea":
            self.area = name
            values[name] = [""]
            self.open.typed.add(name)
        elif tag == "select":
            self.select = name
            values[name] = []
        elif tag == "option" and self.select and "selected" in said:
            values[self.select].append(said.get("value", ""))
        elif tag == "button":
            values.setdefault(name, [])

    def handle_data(self, data: str) -> None:
        if self.area and self.open is not None:
            self.open.values[self.area][0] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.open = None
        if tag == "textarea":
            self.area = ""
        if tag == "select":
            self.select = ""


def send(offered: Offered, fields: list[tuple[str, str]]) -> Answer:
    """Post these fields as a browser's script could, lone surrogates and all."""
    body = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in fields).encode()
    return offered.browser.ask("POST", offered.path.encode(), body=body, content_type=FORM)


def _quoted(text: str) -> str:
    return quote_plus(text.encode("utf-8", errors="surrogatepass"))


def key_of(path: str) -> str:
    """Which kind of address it is: its name, with the page of the questionnaire."""
    try:
        match = resolve(path)
    except Resolver404:
        return ""
    return f"{match.view_name} {match.kwargs.get('step', '')}".strip()


def taking_posts(cast: cases.Cast) -> set[str]:
    """Addresses of ours that refuse no post for being one: their names."""
    someone, key = Wire(cast.outsider), "a" * 26
    found = set()
    for route, name in patterns():
        path = _filled(route, name, key)
        if path is None or path.startswith(NOT_OURS):
            continue
        with undone():
            if someone.ask("POST", path.encode(), content_type=FORM).status != 405:
                found.add(name)
    return found


def blind(cast: cases.Cast, names: set[str]) -> dict[str, Offered]:
    """Posts to these addresses by somebody who has seen no form there, nor may see much."""
    lead, key = Wire(cast.lead), cases.walk_to(cast, Status.TRIAGE).key
    paths = {name: _filled(route, name, key) for route, name in patterns() if name in names}
    return {
        name: Offered(path=path, browser=lead, name=name) for name, path in paths.items() if path
    }


def _filled(route: str, name: str, key: str) -> str | None:
    """An address of this kind; None if it has no name that leads back to it."""
    arguments = [part.split(">")[0] for part in route.split("<")[1:]]
    try:
        return address(name, key, arguments)
    except NoReverseMatch:
        return None


def _paths(cast: cases.Cast) -> Iterator[tuple[str | None, str]]:
    """Pages to begin at, and who does."""
    MembershipFactory(agency=cast.agency, pending=True)
    MembershipFactory(person=cast.portal_admin, role=Role.MODERATION_MANAGER)
    assessments.standard_set()
    today = timezone.localdate()
    Absence.objects.create(person=cast.lead, starts_on=today, ends_on=today)
    workflow.invite("new@people.example.org", Role.PRACTITIONER, cast.agency, by=cast.portal_admin)
    for _route, name in patterns():
        try:
            path = reverse(name) if name else ""
        except NoReverseMatch:
            continue
        if path and not path.startswith(NOT_OURS):
            for seat in ANYWHERE:
                yield seat, path
    for status, seats in SEATS.items():
        referral = cases.walk_to(cast, status)
        for seat in seats:
            for name in ("case", "tasks", "files", "check", "status", "part"):
                yield seat, reverse(f"referrals:{name}", args=[referral.key])
            if (seat, status) in (
                ("practitioner", Status.DRAFT),
                ("lead", Status.AGENCY_CHECK),
            ):
                for step in STEPS:
                    yield seat, reverse("referrals:step", args=[referral.key, step.name])

    form, one = assessments.form_of(cast.agency), assessments.standard("LG1")
    answering.give(form, cast.practitioner, [one], by=cast.lead)
    answering.comment(form, one, "Who is the deputy?", by=cast.lead)
    _with_evidence(cast, form, one)
    planned = assessments.cycle_of(2027, opened=False)
    for name, arguments in (
        ("manage", [form.key]),
        ("cycle", [form.cycle.year]),
        ("cycle", [planned.year]),
        ("profiles", []),
    ):
        yield "portal_admin", reverse(f"selfassessment:{name}", args=arguments)
    # The one that was commented on comes before the others that the form leads to.
    yield "lead", reverse("selfassessment:standard", args=[form.key, one.code])
    yield "lead", form.get_absolute_url()


def _with_evidence(cast: cases.Cast, form: Assessment, one: Standard) -> None:
    """A file, and an action that is somebody's to do: each has pages of its own."""
    today = timezone.localdate()
    details = evidence.Details(
        title="Policy", kind=EvidenceKind.DOCUMENT, owner=cast.lead, dated_on=today
    )
    file = files.clean("policy.txt", b"Approved.")
    evidence.add(form, details, [one], file=file, by=cast.lead)
    plan = actions.Plan(
        words="Train all staff",
        codes=[one.code],
        owner=cast.practitioner,
        owner_role="Teacher",
        priority=Priority.HIGH,
        due_on=today,
        success_measure="All are trained.",
    )
    actions.make(form, plan, by=cast.lead)


def all_forms(cast: cases.Cast) -> dict[str, Offered]:
    """The first form found for each kind of address that takes posts, on pages linked together."""
    browsers: dict[str | None, Wire] = {None: Wire()}
    found: dict[str, Offered] = {}
    looked: set[tuple[str | None, str]] = set()
    for seat, beginning in _paths(cast):
        if seat not in browsers:
            browsers[seat] = Wire(getattr(cast, str(seat)))
        browser, waiting = browsers[seat], [beginning]
        while waiting:
            path = waiting.pop()
            if (seat, path) in looked or key_of(path) in found or path.endswith(NO_PAGES):
                continue
            looked.add((seat, path))
            with undone():
                answer = browser.ask(path=path.encode())
            if answer.status != 200 or not answer.is_page:
                continue
            for form in _Forms(answer.text, path).forms:
                form.browser, form.name = browser, key_of(form.path)
                if form.name and not form.path.startswith(NOT_OURS):
                    found.setdefault(form.name, form)
            waiting += [link for link in _links(answer.text) if _belongs(link, beginning)]
    return found


def _belongs(link: str, beginning: str) -> bool:
    """Whether a page is of the same case or form, or of the same part of the house."""
    if link.startswith(("/referrals/", "/self-assessment/")):
        return link.split("/")[2:3] == beginning.split("/")[2:3]
    return link.startswith("/agency/") and beginning.startswith("/agency/")


def _links(html: str) -> list[str]:
    return [urlsplit(piece.split('"')[0]).path for piece in html.split('href="')[1:]]
