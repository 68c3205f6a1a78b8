"""Every address of the self-assessment as every role, made from the URL resolver (AC-01 to AC-06).

An address of a form has its key in it and is walked here by itself. Any other is declared below,
with who may open it: each room adds its own. ``make proof`` fills in every status and every post.
"""

from collections.abc import Iterator
from dataclasses import fields

import pytest
from django.db import transaction
from django.urls import reverse

from accounts.models import User
from agencies.terms import Role
from audit.models import AuditEvent
from selfassessment import workflow
from selfassessment.models import Answer, Assessment, Assignment, Helper
from selfassessment.terms import Rating, Status
from tests.entry import enter
from tests.factories import MembershipFactory
from tests.referrals.test_access import METHODS, WHOLE, patterns
from tests.selfassessment import forms

pytestmark = pytest.mark.matrix

SIGNED_IN = {
    "selfassessment:home",
    "selfassessment:blank",
    "selfassessment:blank_short",
    "selfassessment:blanks",
    "selfassessment:my_actions",
}
"""One address for everybody who is signed in; what they find there is theirs."""
BOARD = ("board_member", "manager")
MANAGER = ("manager",)
BY_ROLE: dict[str, tuple[str, ...]] = {
    "selfassessment:board": BOARD,
    "selfassessment:board_ask": BOARD,
    "selfassessment:board_report": BOARD,
    "selfassessment:board_reports": BOARD,
    "selfassessment:board_sheet": BOARD,
    "selfassessment:board_standard": BOARD,
    "selfassessment:late_actions": ("manager",),
    "selfassessment:board_standards": BOARD,
    "selfassessment:board_taking_part": BOARD,
    "selfassessment:board_years": BOARD,
    "selfassessment:cycles": MANAGER,
    "selfassessment:cycle_plan": MANAGER,
    "selfassessment:cycle": MANAGER,
    "selfassessment:cycle_days": (),  # of a cycle that is not open yet
    "selfassessment:cycle_open": MANAGER,
    "selfassessment:cycle_add": MANAGER,
    "selfassessment:cycle_chase": MANAGER,
    "selfassessment:cycle_forms": MANAGER,
    "selfassessment:profiles": MANAGER,
    "selfassessment:profile": ("manager", "lead", "deputy", "senior"),
    "selfassessment:moderation:list": MANAGER,
    "selfassessment:moderation:mine": ("moderator", "second_moderator"),
    "selfassessment:moderation:interests": ("moderator", "second_moderator", "manager"),
    "selfassessment:moderation:chairs": MANAGER,
    "selfassessment:moderation:measures": MANAGER,
    "selfassessment:moderation:appeals": ("board_member",),
    "selfassessment:moderation:gaps": BOARD,
    "selfassessment:moderation:shared": BOARD,
}
"""Address without a key: the people of the cast who may open it; others are refused (403, 404)."""
PARTS = {
    "selfassessment:board_report": ["1"],
    "selfassessment:board_sheet": ["map", "csv"],
    "selfassessment:board_standard": ["LG1"],
}
"""What stands in such an address."""
NOT_THERE = {"selfassessment:board_report"}
"""Nobody asked for that one: those who might find no such page."""
OF_MANAGER = {
    "selfassessment:manage",
    "selfassessment:manage_act",
    "selfassessment:decide_waiver",
}
"""Of a form in any status, without its words: for the manager, of another agency than theirs."""
STATES = tuple(Status) if WHOLE else (Status.IN_PROGRESS, Status.MODERATION)
POSTS_EVERY = 1 if WHOLE else 3
"""What a post meets where a form is not to be seen is what a look meets: one in so many is sent."""
EVERY_METHOD = ("stranger", "nobody")
"""The rarer methods are refused before anybody's role is looked at: these stand for all."""
VALUES = {"code": "LG1", "uuid": "00000000-0000-4000-8000-000000000000", "int": "1"}


def addresses() -> Iterator[tuple[str, str]]:
    """Route and name of each address of the self-assessment."""
    for route, name in patterns():
        if name.startswith("selfassessment:"):
            yield route, name


def of_forms() -> list[tuple[str, list[str]]]:
    """Addresses of a form: name, and the kinds of what follows the key."""
    found = {}
    for route, name in addresses():
        if "<form_key:key>" in route and name not in OF_MANAGER:
            found[name] = [part.split(">")[0].split(":")[0] for part in route.split("<")[2:]]
    return sorted(found.items())


def address(name: str, key: str, kinds: list[str]) -> str:
    return reverse(name, args=[key, *(VALUES.get(kind, "x") for kind in kinds)])


def people(cast: forms.Cast) -> dict[str, User | None]:
    found: dict[str, User | None] = {
        each.name: getattr(cast, each.name)
        for each in fields(cast)
        if isinstance(getattr(cast, each.name), User)
    }
    return found | {"nobody": None}


def may_see(person: User | None, form: Assessment) -> bool:
    return person is not None and Assessment.objects.visible_to(person).filter(pk=form.pk).exists()


def state_of(form: Assessment) -> tuple[object, ...]:
    row = Assessment.objects.filter(pk=form.pk).values().get()
    counted = (Answer, Assignment, Helper)
    return (*sorted((k, str(v)) for k, v in row.items()), *(m.objects.count() for m in counted))


@pytest.fixture
def form_in(cast, form):
    """The school's form, answered, with a colleague who helps, in a status."""

    def make(status: Status) -> Assessment:
        forms.fill(form, Rating.IN_PLACE, by=cast.lead)
        return forms.put_in(form, status, cast)

    return make


def test_every_address_is_declared():
    named = {name for route, name in addresses() if "<form_key:key>" not in route}
    assert named == SIGNED_IN | set(BY_ROLE)


@pytest.mark.parametrize("status", STATES)
def test_a_form_answers_only_those_who_may_see_it(status, cast, form_in):
    """Not yours and not there are the same answer, and neither changes a thing."""
    form, nowhere = form_in(status), "a" * 26
    refused = 0
    for row, (who, person) in enumerate(people(cast).items()):
        browser, sees, before = enter(person), may_see(person, form), state_of(form)
        for column, (name, kinds) in enumerate(of_forms()):
            url = address(name, form.key, kinds)
            here = browser.get(url)
            said = (status, who, name, here.status_code)
            assert here.status_code < 500, said
            if sees:
                continue
            if who in EVERY_METHOD and (WHOLE or status == Status.MODERATION):
                for method in METHODS[2:]:
                    answer = getattr(browser, method)(url)
                    refusals = (302, 405) if person is None else (404, 405)
                    assert answer.status_code in refusals, (method, *said)
            if person is None:
                assert here.status_code in (302, 405), said
                continue
            refused += 1
            assert here.status_code in (404, 405), said
            there = browser.get(address(name, nowhere, kinds))
            assert (here.status_code, here.content) == (there.status_code, there.content), said
            if (row + column) % POSTS_EVERY == 0:
                assert browser.post(url).status_code in (404, 405), said
        assert state_of(form) == before, (status, who)
    assert refused > len(of_forms())


@pytest.mark.parametrize("status", STATES)
def test_what_is_posted_by_those_who_see_but_may_not_is_no_fault(status, cast, form_in):
    """An empty or foreign form, or one of no sense, never brings the portal down."""
    form = form_in(status)
    sent = {"status": "closed", "agency": "1", "seen": "\x00", "rating": "\x00", "words": "\x00"}
    for who, person in people(cast).items():
        if not may_see(person, form):
            continue
        browser = enter(person)
        for name, kinds in of_forms():
            for posted in ({}, sent):
                with transaction.atomic():
                    response = browser.post(address(name, form.key, kinds), posted)
                    assert response.status_code < 500, (who, name, posted)
                    form.refresh_from_db()
                    assert form.agency == cast.school
                    transaction.set_rollback(True)


@pytest.mark.parametrize("name", sorted(BY_ROLE))
def test_an_address_without_a_key_opens_for_those_of_its_roles(name, cast, form):
    for who, person in people(cast).items():
        url = reverse(name, args=arguments(name, cast, form))
        response = enter(person).get(url)
        if response.status_code == 405:  # a button; the look refused it before anybody's role
            with transaction.atomic():
                response = enter(person).post(url)
                transaction.set_rollback(True)
        status = response.status_code
        opens = (404,) if name in NOT_THERE else (200, 302)
        wanted = opens if who in BY_ROLE[name] else (302,) if person is None else (403, 404)
        assert status in wanted, (who, status)


def arguments(name: str, cast: forms.Cast, form: Assessment) -> list[object]:
    """What stands in an address that has no key."""
    if name in PARTS:
        return list(PARTS[name])
    if name == "selfassessment:profile":
        return [cast.school.pk]
    [route] = [route for route, each in addresses() if each == name]
    return [form.cycle.year] if "<int:year>" in route else []


@pytest.mark.parametrize("name", sorted(OF_MANAGER))
def test_what_the_manager_does_with_a_form_is_for_the_manager(name, cast, form):
    waiver = workflow.ask_waiver(form, "nobody_asked", "", "We are new.", by=cast.lead)
    more: dict[str, list[str]] = {
        "selfassessment:manage_act": ["extend"],
        "selfassessment:decide_waiver": [str(waiver.pk)],
    }
    url = reverse(name, args=[form.key, *more.get(name, [])])
    for who, person in people(cast).items():
        wanted = 200 if who == "manager" else 302 if person is None else 404
        assert enter(person).get(url).status_code == wanted, who
        if who != "manager" and name != "selfassessment:manage":
            assert enter(person).post(url).status_code == wanted, who
    MembershipFactory(person=cast.manager, role=Role.PRACTITIONER, agency=cast.school)
    assert enter(cast.manager).get(url).status_code == 404


def test_who_reads_it_from_outside_stands_in_the_agencys_log(cast, form_in):
    form = form_in(Status.MODERATION)
    for person, times in ((cast.lead, 0), (cast.manager, 1), (cast.moderator, 2)):
        enter(person).get(form.get_absolute_url())
        seen = AuditEvent.objects.filter(kind="assessment.viewed", agency=str(form.agency_id))
        assert seen.count() == times
