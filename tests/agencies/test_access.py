"""Every address of the house as every role: agencies, the log, standards, reading (AC-01 to AC-05).

These have no case or form of somebody's in them; what is asked is whom each opens for. ``HOUSE``
says so, and an address that is not in it breaks the build. Whoever is refused changes nothing.
``make test`` asks one of each kind of role and posts to one address in three; ``make proof`` all.
"""

import uuid
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from agencies import workflow
from agencies.models import Absence, Agency, RetentionRule
from agencies.terms import Kept, Role, Scope
from guidance import loading
from guidance.models import pages_at
from guidance.readers import reading
from outbox import post
from outbox.models import Message
from selfassessment.standards import drafting
from tests.edges import wire
from tests.entry import enter
from tests.factories import AgencyFactory, LocalityFactory, MembershipFactory
from tests.referrals.test_access import METHODS, WHOLE, patterns
from tests.selfassessment import forms

pytestmark = [pytest.mark.django_db, pytest.mark.matrix]

ROOMS = ("agency/", "audit/", "self-assessment/sets/", "reading/")
KEYLESS = ("referrals/",)  # of which those with a key are in tests/referrals/test_access.py
ANYBODY = (*Role, "elsewhere_lead", "elsewhere_admin")
ADMIN = (Role.AGENCY_ADMIN, Role.PORTAL_ADMIN)
LEADS = (Role.LEAD, Role.DEPUTY_LEAD)
LOOKS_AFTER = (*ADMIN, *LEADS)
PORTAL = (Role.PORTAL_ADMIN,)
RULES = (Role.PORTAL_ADMIN, Role.PRIVACY_OFFICER)
SETS = (Role.MODERATION_MANAGER, Role.BOARD_MEMBER)
DRAFTS = (Role.MODERATION_MANAGER,)
LOCAL_LEADS = (Role.PREVENT_LEAD, Role.PREVENT_DEPUTY, Role.PREVENT_SENIOR)
POLICE = (Role.GATEWAY_OFFICER, Role.GATEWAY_SUPERVISOR)
DISPOSAL = (*LEADS, *LOCAL_LEADS, Role.PRIVACY_OFFICER, "elsewhere_lead")
HOUSE: dict[str, tuple[str, ...]] = {
    "agencies:home": ANYBODY,
    "agencies:join": ANYBODY,
    "agencies:act_for": ANYBODY,
    "agencies:details": ANYBODY,
    "agencies:invitation": ANYBODY,
    "agencies:absence": ANYBODY,
    "agencies:absence_of": (Role.PRACTITIONER, *ADMIN),  # the practitioner's own
    "agencies:end_absence": (Role.PRACTITIONER, *ADMIN),
    "agencies:withdraw": ADMIN,
    "agencies:invite_again": ADMIN,
    "agencies:reset_second_factor": PORTAL,
    "agencies:health": PORTAL,
    "agencies:going_live": PORTAL,
    "agencies:mail": PORTAL,
    "agencies:mail_again_all": PORTAL,
    "agencies:mail_again": PORTAL,
    "agencies:mail_give_up": PORTAL,
    "agencies:import": PORTAL,
    "agencies:import_template": PORTAL,
    "agencies:retention": RULES,
    "agencies:sign_rule": RULES,
    "agencies:propose_rule": RULES,
    "agencies:confirm": LOOKS_AFTER,
    "agencies:decline": LOOKS_AFTER,
    "agencies:change": ADMIN,
    "agencies:end": (Role.PRACTITIONER, *ADMIN),
    "agencies:move": ADMIN,
    "agencies:leaver": ADMIN,
    "agencies:people": LOOKS_AFTER,
    "agencies:invite": ADMIN,
    "agencies:review": ADMIN,
    "agencies:contact": ADMIN,
    "agencies:logo": ADMIN,
    "audit:log": (*LEADS, Role.AGENCY_ADMIN, Role.PRIVACY_OFFICER, *ANYBODY[-2:]),
    "standards:sets": SETS,
    "standards:begin": DRAFTS,
    "standards:set": SETS,
    "standards:changes": SETS,
    "standards:add": DRAFTS,
    "standards:bring_in": DRAFTS,
    "standards:publish": DRAFTS,
    "standards:throw_away": DRAFTS,
    "standards:download": SETS,
    "standards:standard": SETS,
    "standards:take_out": DRAFTS,
    "readers:reading": ANYBODY,
    "readers:reading_ask": (*LEADS, "elsewhere_lead"),
    "readers:reading_confirm": ANYBODY,  # who is not asked is told so
    "readers:reading_state": LEADS,
    "readers:reading_remind": LEADS,
    "readers:reading_end": LEADS,
    "readers:reading_csv": LEADS,
    "readers:reading_pdf": LEADS,
    "referrals:home": ANYBODY,
    "referrals:list": ANYBODY,
    "referrals:new": ANYBODY,
    "referrals:search": ANYBODY,
    "referrals:blank": ANYBODY,
    "referrals:start": (*ANYBODY, "nobody"),
    "referrals:stop": (*ANYBODY, "nobody"),
    "referrals:queue": (*LOCAL_LEADS, *POLICE),
    "referrals:hard": PORTAL,
    "referrals:disposal": DISPOSAL,
    "referrals:disposal_hold": DISPOSAL,
    # Who may with which case: tests/referrals/test_disposal.py. Of no case, only who may of all.
    "referrals:disposal_propose": DISPOSAL,
    "referrals:disposal_sign": (Role.PRIVACY_OFFICER,),
    "referrals:disposal_stop": (),
    "referrals:disposal_lift": (),
}
POSTED = {"referrals:search": (*LEADS, *LOCAL_LEADS, "elsewhere_lead", *POLICE)}
"""Where fewer may send something than look: by reference anybody looks for what is theirs."""
ASKED = tuple(ANYBODY) if WHOLE else (
    Role.PRACTITIONER, Role.LEAD, Role.AGENCY_ADMIN, Role.SENIOR_LEAD, Role.PREVENT_LEAD,
    Role.GATEWAY_OFFICER, Role.MODERATION_MANAGER, Role.BOARD_MEMBER, Role.GUIDANCE_APPROVER,
    Role.PORTAL_ADMIN, Role.PRIVACY_OFFICER, "elsewhere_admin",
)  # fmt: skip
POSTS_EVERY = 1 if WHOLE else 3


def addresses() -> Iterator[tuple[str, str]]:
    """Route and name of each address of these rooms."""
    for route, name in patterns():
        plain = route.replace("^", "").lstrip("/")
        keyless = plain.startswith(KEYLESS) and "<slug:key>" not in route
        if plain.startswith(ROOMS) or keyless:
            yield plain, name


def test_every_address_is_declared():
    assert {name for _route, name in addresses()} == set(HOUSE)


@pytest.fixture
def school(db: None) -> Agency:
    return AgencyFactory()


@pytest.fixture
def people(school: Agency) -> dict[str, User | None]:
    """One of each role, two of another agency, and nobody."""
    found: dict[str, User | None] = {"nobody": None}
    for role in Role:
        place: dict[str, Any] = {}
        if role.scope == Scope.AGENCY:
            place["agency"] = school
        elif role.scope == Scope.LOCALITY:
            place["locality"] = school.locality
        found[role] = MembershipFactory(role=role, **place).person
    other = AgencyFactory(locality=LocalityFactory(code="YK"))
    found["elsewhere_lead"] = MembershipFactory(role=Role.LEAD, agency=other).person
    found["elsewhere_admin"] = MembershipFactory(role=Role.AGENCY_ADMIN, agency=other).person
    return found


@pytest.fixture
def urls(school: Agency, people: dict[str, Any]) -> dict[str, str]:
    """Each address, about something that is there to be found."""
    loading.load()
    forms.standard_set()
    teacher, admin, lead = (people[r] for r in (Role.PRACTITIONER, Role.PORTAL_ADMIN, Role.LEAD))
    now, today = timezone.now(), timezone.localdate()
    drafts = drafting.begin("2026.2", by=people[Role.MODERATION_MANAGER])
    page = pages_at("/guidance/what-to-do/").get()
    mail = post.send(
        teacher,
        kind="agencies.a",
        subject="News",
        what="A",
        why="B",
        path="/",
        key=uuid.uuid4().hex,
    )
    Message.objects.update(parked_at=now, attempts=8, last_error="SMTPRecipientsRefused")
    rule = RetentionRule.objects.create(
        kind=Kept.values[0], months=12, source="The board.", proposed_by=teacher, proposed_at=now
    )
    away = Absence.objects.create(person=teacher, starts_on=today, ends_on=date(2099, 1, 1))
    offer = workflow.invite("new@people.example.org", Role.PRACTITIONER, school, by=admin)
    asks = MembershipFactory(agency=school, pending=True)
    member = teacher.memberships.get()
    asked = reading.ask(school, page, by=lead, now=now)
    kept: dict[str, Any] = {
        "agency/invitation/<int:pk>": offer.pk,
        "agency/absence/<int:pk>": away.pk,
        "agency/retention/<int:pk>": rule.pk,
        "agency/member/<int:pk>/confirm": asks.pk,
        "agency/member/<int:pk>/decline": asks.pk,
        "agency/member/<int:pk>": member.pk,
        "agency/mail/<uuid:pk>": mail.pk if mail else "",
        "agency/import/<slug:kind>": "agencies",
        "agency/retention/<slug:kind>": Kept.values[0],
        "agency/<slug:place>": school.pk,
        "reading/<int:pk>/confirm": page.pk,
        "reading/<int:pk>": asked.pk,
        "referrals/disposal/hold/<uuid:pk>": uuid.uuid4(),
        "referrals/disposal/<int:pk>": 1,
    }
    found = {}
    for route, name in addresses():
        arguments = next((value for start, value in kept.items() if route.startswith(start)), None)
        given = [] if arguments is None or "<" not in route else [arguments]
        if "<int:person>" in route:
            given = [teacher.pk]
        if "<version:version>" in route:
            given = [drafts.version]
            given += ["yaml"] if "<slug:kind>" in route else []
            given += ["LG1"] if "<slug:code>" in route else []
        found[name] = reverse(name, args=given)
    return found


def test_each_opens_for_those_of_its_roles_and_who_is_refused_changes_nothing(urls, people):
    cells = refused = 0
    for row, who in enumerate((*ASKED, "nobody")):
        browser = enter(people[who])
        for column, (name, url) in enumerate(sorted(urls.items())):
            opens, said = who in HOUSE[name], (who, name, url)
            looked = browser.get(url).status_code
            button = looked == 405
            if opens:
                assert looked < 400 or button, (looked, *said)
            elif who == "nobody":
                assert looked in (302, 405), (looked, *said)
            else:
                assert looked in (403, 404, 405), (looked, *said)
            cells, refused = cells + 1, refused + (not opens)
            if not button and (row + column) % POSTS_EVERY:
                continue
            before = wire.written()
            with wire.undone():
                posted = browser.post(url)
                assert posted.status_code < 500, (posted.status_code, *said)
                if who in POSTED.get(name, HOUSE[name]):
                    assert posted.status_code not in (403, 404), (posted.status_code, *said)
                else:
                    wanted = (302, 405) if who == "nobody" else (403, 404, 405)
                    assert posted.status_code in wanted, (posted.status_code, *said)
                    assert wire.written() == before, said
            cells += 1
    assert refused > 0.4 * cells / 2


@pytest.mark.parametrize("method", METHODS[2:])
def test_the_rarer_methods_do_nothing(method, urls, people):
    for who in ("elsewhere_admin", "nobody"):
        browser = enter(people[who])
        for name, url in urls.items():
            before = wire.written()
            status = getattr(browser, method)(url).status_code
            assert status < 500, (who, name)
            assert wire.written() == before, (who, name)
