"""Time tells nothing: who has an account (ID-04), which case there is (AC-03). In ``make proof``.

Tries of each kind alternate, in an order that changes, so that a busy machine slows all alike; what
is compared are medians.
"""

import random
import statistics
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from referrals.models import Referral
from referrals.terms import Status
from tests.entry import enter
from tests.factories import UserFactory
from tests.referrals import cases
from tests.selfassessment import forms

pytestmark = [pytest.mark.django_db, pytest.mark.proof]

TRIES = 200
WAY_IN = 15.0  # ms that medians may be apart (ID-04)
REFUSAL = 10.0  # ms (AC-03)
Try = Callable[[], Any]


@pytest.fixture
def as_deployed(settings):
    """The slow digest of passwords, and no limit to the tries that are needed here."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    settings.ACCOUNT_RATE_LIMITS = False


def medians(kinds: dict[str, Try]) -> dict[str, float]:
    """What the middle one of so many tries of each kind takes, in ms."""
    took: dict[str, list[float]] = {name: [] for name in kinds}
    order = list(kinds)
    for number in range(TRIES + 5):
        random.Random(number).shuffle(order)  # noqa: S311 - an order, nothing secret
        for name in order:
            began = time.perf_counter()
            kinds[name]()
            if number >= 5:  # the first ones warm up
                took[name].append(1000 * (time.perf_counter() - began))
    found = {name: statistics.median(times) for name, times in took.items()}
    told = ", ".join(f"{name} {ms:.1f} ms" for name, ms in found.items())
    print(told, flush=True)
    return found


def apart(found: dict[str, float]) -> float:
    return max(found.values()) - min(found.values())


def test_a_password_takes_as_long_whoever_is_asked_for(as_deployed):
    """A wrong one of an account, one of an account that has none, of a closed one, of nobody."""
    for email in ("known@people.example.org", "closed@people.example.org"):
        person = UserFactory(email=email)
        person.set_password("three words pictured")
        person.is_active = not email.startswith("closed")
        person.save()
    UserFactory(email="without@people.example.org")

    def tried(who: str) -> Try:
        form = {"login": f"{who}@people.example.org", "password": "three words mistaken"}

        def once() -> None:
            answer = Client().post("/accounts/login/password/", form)
            assert answer.status_code == 200

        return once

    assert apart(medians({w: tried(w) for w in ("known", "without", "closed", "unknown")})) < WAY_IN


def test_a_code_takes_as_long_whoever_asks_for_it(as_deployed):
    """The mail goes later, so that an account and none take as long."""
    for number in range(TRIES + 5):
        UserFactory(email=f"known{number}@people.example.org")
    asked = dict.fromkeys(("known", "unknown"), 0)

    def tried(who: str) -> Try:
        def once() -> None:
            email = f"{who}{asked[who]}@people.example.org"
            asked[who] += 1
            assert Client().post("/accounts/login/", {"email": email}).status_code == 302

        return once

    assert apart(medians({who: tried(who) for who in asked})) < WAY_IN


@pytest.mark.parametrize("name", ["case", "tasks", "report", "files"])
def test_a_case_that_one_may_not_see_takes_as_long_to_refuse_as_none(name):
    """One of another agency's, one whose key was never given, one that was disposed of."""
    cast = cases.make_cast()
    seen, gone = (cases.walk_to(cast, Status.TRIAGE) for _each in range(2))
    Referral.objects.filter(pk=gone.pk).update(status=Status.DISPOSED)
    keys = {"forbidden": seen.key, "unknown": "a" * len(seen.key), "disposed of": gone.key}
    browser = enter(cast.outsider)
    end = {"case": "", "report": "report.pdf"}.get(name, f"{name}/")

    def tried(key: str) -> Try:
        def once() -> None:
            assert browser.get(f"/referrals/{key}/{end}").status_code == 404

        return once

    assert apart(medians({kind: tried(key) for kind, key in keys.items()})) < REFUSAL


@pytest.mark.parametrize("end", ["", "LG1/", "report.pdf", "evidence/", "moderation/"])
def test_a_self_assessment_that_one_may_not_see_takes_as_long_to_refuse_as_none(end):
    """One of another agency, and one whose key was never given."""
    cast = forms.make_cast()
    form = forms.signed(cast.school, cast)
    keys = {"forbidden": form.key, "unknown": "a" * len(form.key)}
    browser = enter(cast.other_lead)

    def tried(key: str) -> Try:
        def once() -> None:
            assert browser.get(f"/self-assessment/{key}/{end}").status_code == 404

        return once

    assert apart(medians({kind: tried(key) for kind, key in keys.items()})) < REFUSAL
