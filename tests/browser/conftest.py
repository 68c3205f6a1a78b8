"""One portal on a port, one cast for each file, and browsers signed in as any of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.db import connection
from django.http import FileResponse, HttpRequest, HttpResponse
from django.test.testcases import LiveServerThread, QuietWSGIRequestHandler
from django.utils import timezone
from playwright.sync_api import Browser

from accounts.models import User
from agencies.models import Locality
from demo import cast
from demo.stories import SCENARIOS, Story, Teller, load
from demo.times import Calendar
from guidance import loading
from tests.browser.person import Person
from tests.conftest import PristineDatabase
from tests.entry import enter

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 800}


class KeptFilesHandler(StaticFilesHandler):
    """Static files that a browser keeps, as in production, where their names change."""

    def serve(self, request: HttpRequest) -> HttpResponse | FileResponse:
        response = super().serve(request)
        response["Cache-Control"] = "max-age=3600"
        return response


@pytest.fixture(scope="session")
def portal(django_db_setup: None, _quick_settings: None) -> Iterator[str]:
    """Where the portal is served, one for all tests."""
    # Head and body of an answer are two small packets: the second must not wait for an "ack".
    QuietWSGIRequestHandler.disable_nagle_algorithm = True
    server = LiveServerThread("localhost", KeptFilesHandler, connections_override={})
    server.daemon = True
    server.start()
    server.is_ready.wait()
    assert server.error is None
    yield f"http://localhost:{server.port}"
    server.terminate()


@pytest.fixture(scope="module")
def opened(portal: str, _pristine_database: None, django_db_blocker: Any) -> Iterator[None]:
    """The database for one file of tests, put back afterwards."""
    with django_db_blocker.unblock():
        assert str(connection.settings_dict["NAME"]).startswith("test_")
        PristineDatabase.keep()
        loading.load()
        yield
        PristineDatabase.put_back()


@pytest.fixture
def _django_db_helper(opened: None) -> None:
    """What pytest-django does before and after each test is done for each file, by ``opened``."""


@dataclass(frozen=True)
class Stage:
    """The people of the demonstration, and its stories as values to type in."""

    company: cast.Company
    stories: dict[str, Story]
    teller: Teller

    def __getitem__(self, key: str) -> User:
        return self.company.people[key]

    def answers(self, code: str, **changes: Any) -> dict[str, Any]:
        """A story's answers by question name, ready to be typed."""
        return self.teller.values(self.stories[code].answers) | {"signed": "yes"} | changes

    def said(self, code: str) -> dict[str, str]:
        """What people say in a story, by what they do: ``query``, ``answer``, ``message``."""
        walk = self.stories[code].walk
        return {act.do: self.teller.calendar.words(act.say) for act in walk if act.say}

    def answers_of(self, code: str, do: str) -> dict[str, Any]:
        """What is recorded with an act of a story: ``pass`` brings the triage."""
        found = next(act.answers for act in self.stories[code].walk if act.do == do)
        return self.teller.values(found)


@pytest.fixture(scope="module")
def stage(opened: None) -> Stage:
    now = timezone.now()
    company = cast.build(now=now)
    calendar = Calendar(now, Locality.objects.default())
    stories = {story.code: story for story in load(SCENARIOS)}
    return Stage(company, stories, Teller(calendar, company.people, company.agencies))


Seat = Callable[..., Any]


@pytest.fixture
def seat(
    opened: None, portal: str, browser: Browser, browser_context_args: dict[str, Any]
) -> Iterator[Seat]:
    """``seat(person)``: the person, signed in, in a browser of their own.

    Takes the class of ``Person`` as ``kind``; everything else is for the browser's context. What
    went wrong under way fails the test when it ends.
    """
    seated: list[Person] = []

    def sit(user: User | None, kind: type[Person] = Person, **how: Any) -> Person:
        args = {**browser_context_args, "viewport": WIDE, "accept_downloads": True, **how}
        context = browser.new_context(**args)
        if user is not None:
            key = enter(user).cookies[settings.SESSION_COOKIE_NAME].value
            context.add_cookies(
                [{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": portal}]
            )
        person = kind(context, portal, user)
        seated.append(person)
        return person

    yield sit
    for person in seated:
        person.context.close()
    assert [fault for person in seated for fault in person.faults] == []
