"""The pages of accounts and agencies in Chromium: clean, in error, narrow and wide."""

import datetime
import os
from pathlib import Path

import pytest
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.test import Client, RequestFactory
from django.utils import timezone

from agencies import workflow
from agencies.models import Absence
from agencies.terms import Role
from tests.accounts.conftest import SECRET, app_code
from tests.factories import AgencyFactory, LocalityFactory, MembershipFactory, UserFactory

AXE = (Path(__file__).parent.parent / "vendor" / "axe.min.js").read_text()
RULES = """axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    rules: {"color-contrast-enhanced": {enabled: true}},
}).then(found => found.violations.map(
    each => `${each.id}: ${each.nodes.map(node => node.html).join(" | ")}`))"""
WIDTHS = (320, 1280)
PICTURES = os.environ.get("PICTURES", "")  # a folder to keep a picture of each page in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def cast():
    LocalityFactory()
    LocalityFactory(code="YK")
    school = AgencyFactory(name="Fellgate High School", domains=["fellgate.example.org"])
    people = {
        "admin": ("Gail Munro", Role.AGENCY_ADMIN),
        "lead": ("Ruth Adeyemi", Role.LEAD),
        "practitioner": ("Hannah Ellis", Role.PRACTITIONER),
    }
    made = {}
    for key, (name, role) in people.items():
        made[key] = UserFactory(name=name, email=f"{key}@fellgate.example.org")
        MembershipFactory(person=made[key], agency=school, role=role)
    MembershipFactory(person=UserFactory(name="Owen Pryce"), agency=school, pending=True)
    made["noor"] = MembershipFactory(
        person=UserFactory(name="Noor Rahman"), role=Role.PORTAL_ADMIN
    ).person
    workflow.invite("new@fellgate.example.org", Role.DEPUTY_LEAD, school, by=made["admin"])
    today = timezone.localdate()
    Absence.objects.create(
        person=made["lead"], starts_on=today, ends_on=today + datetime.timedelta(days=4)
    )
    for name in ("Trust", "Council"):
        AgencyFactory(name=name, domains=["shared.example.org"])
    made["new"] = UserFactory(name="", email="new@shared.example.org")
    made["school"] = school
    return made


def enter(context, live_server, person, *, factor=False):
    """Leave the browser signed in as the person, by two steps if asked."""
    client = Client()
    client.force_login(person)
    request = RequestFactory().get("/")
    request.session = client.session
    record_authentication(request, person, method="code", email=person.email)
    request.session.save()
    if factor:
        TOTP.activate(person, SECRET)
        client.post("/accounts/2fa/reauthenticate/", {"code": app_code()})
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": live_server.url}]
    )


def look(page, name):
    """No finding of axe on a phone, and no sideways scroll there or on a wide screen."""
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    page.evaluate(AXE)
    assert page.evaluate(RULES) == [], name
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
        if PICTURES:
            page.screenshot(path=f"{PICTURES}/{name}-{width}.png", full_page=True)


def send(page):
    page.locator("main form button[type=submit]").first.click()


def follow_errors(page):
    """Each line of the error summary puts the focus on the input that it is about."""
    page.locator(".govuk-error-summary").wait_for()
    links = page.locator(".govuk-error-summary__list a")
    assert links.count()
    for number in range(links.count()):
        target = links.nth(number).get_attribute("href").removeprefix("#")
        links.nth(number).click()
        assert page.evaluate("document.activeElement.id") == target


def test_the_ways_in_look_right_clean_and_in_error(page, live_server, cast):
    page.goto(f"{live_server.url}/accounts/login/")
    look(page, "sign-in")
    send(page)
    look(page, "sign-in-error")
    follow_errors(page)
    page.get_by_label("Work e-mail address").fill("practitioner@fellgate.example.org")
    send(page)
    page.get_by_role("heading", name="Check your e-mail").wait_for()
    look(page, "code")
    send(page)
    look(page, "code-error")
    follow_errors(page)
    page.goto(f"{live_server.url}/accounts/login/password/")
    look(page, "password")
    send(page)
    look(page, "password-error")
    follow_errors(page)


def test_the_second_step_looks_right(page, context, live_server, cast):
    enter(context, live_server, cast["lead"])
    page.goto(f"{live_server.url}/agency/")
    look(page, "second-step-set-up")
    send(page)
    look(page, "second-step-set-up-error")
    follow_errors(page)
    TOTP.activate(cast["lead"], SECRET)
    page.goto(f"{live_server.url}/agency/")
    look(page, "second-step")


@pytest.mark.parametrize(
    ("who", "paths"),
    [
        ("practitioner", ["/accounts/", "/accounts/2fa/", "/accounts/sessions/", "/agency/"]),
        ("practitioner", ["/accounts/password/set/", "/accounts/logout/", "/agency/details/"]),
        ("lead", ["/agency/", "/agency/{school}/", "/agency/absence/", "/agency/invitation/"]),
        ("admin", ["/agency/{school}/", "/agency/{school}/invite/", "/agency/{school}/contact/"]),
        ("admin", ["/agency/member/{member}/change/", "/agency/member/{member}/end/"]),
        ("noor", ["/agency/", "/agency/health/", "/agency/NY/", "/agency/second-step/{lead}/"]),
        ("new", ["/agency/join/", "/agency/"]),
    ],
)
def test_pages_look_right(page, context, live_server, cast, who, paths):
    enter(context, live_server, cast[who], factor=who in ("lead", "admin", "noor"))
    places = {
        "school": cast["school"].pk,
        "lead": cast["lead"].pk,
        "member": cast["lead"].memberships.get().pk,
    }
    for path in paths:
        answer = page.goto(live_server.url + path.format(**places))
        assert answer.status == 200
        look(page, who + path.format(**places).replace("/", "-").rstrip("-"))


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("new", "/agency/join/"),
        ("lead", "/agency/absence/"),
        ("admin", "/agency/{school}/invite/"),
        ("admin", "/agency/{school}/contact/"),
        ("practitioner", "/accounts/password/set/"),
    ],
)
def test_pages_in_error_look_right_and_lead_home(page, context, live_server, cast, who, path):
    enter(context, live_server, cast[who], factor=who in ("lead", "admin"))
    path = path.format(school=cast["school"].pk)
    page.goto(live_server.url + path)
    page.locator("main form:has(input:not([type=hidden])) button[type=submit]").first.click()
    page.locator(".govuk-error-summary").wait_for()
    assert page.title().startswith("Error: ")
    look(page, f"{who}{path.replace('/', '-')}error")
    follow_errors(page)
