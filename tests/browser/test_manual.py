"""The pictures of the manual, taken in the whole demonstration.

``PICTURES=1 .venv/bin/pytest tests/browser/test_manual.py`` puts them where the manual shows them;
otherwise they are taken, to see that they can be, and thrown away.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from agencies.models import Agency
from demo import loading as demonstration
from guidance import loading as guidance
from referrals.models import Referral
from referrals.terms import RecipientKind, Status
from selfassessment.models import Assessment
from tests.browser.person import Person
from tests.conftest import PristineDatabase

pytestmark = pytest.mark.django_db

MANUAL = Path(settings.BASE_DIR) / "docs"
READERS = [MANUAL.parent / "README.md", *sorted(MANUAL.glob("*.md"))]
SIZE = {"width": 1100, "height": 900}
SHOWN = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")
LINKED = re.compile(r"(?<!!)\[[^\]]*\]\(([^)#:]+)(?:#[^)]*)?\)")


@pytest.fixture(scope="module")
def opened(portal: str, _pristine_database: None, django_db_blocker: Any) -> Iterator[None]:
    """The demonstration in place of the bare cast of the other files."""
    with django_db_blocker.unblock():
        assert str(connection.settings_dict["NAME"]).startswith("test_")
        PristineDatabase.keep()
        guidance.load()
        yield
        PristineDatabase.put_back()


@pytest.fixture(scope="module")
def shown(opened: None) -> demonstration.Loaded:
    with transaction.atomic():
        return demonstration.load_all(timezone.now())


def _pictures() -> dict[str, str]:
    """Words and place of each picture that a page of the manual shows, by file name."""
    found: dict[str, str] = {}
    for page in READERS:
        for words, place in SHOWN.findall(page.read_text()):
            assert (page.parent / place).is_file(), f"{page.name} shows {place}, which is not there"
            found[Path(place).name] = words
    return found


def test_every_picture_and_page_that_the_manual_names_is_there():
    assert all(len(words) > 20 for words in _pictures().values()), "a picture is told in words too"
    for page in READERS:
        for place in LINKED.findall(page.read_text()):
            assert (page.parent / place).exists(), f"{page.name} links to {place}"


def test_the_pictures_of_the_manual_can_be_taken(shown, seat, tmp_path):
    people = shown.company.people
    folder = MANUAL / "pictures" if os.environ.get("PICTURES") else tmp_path
    taken: set[str] = set()

    def sitting(key: str) -> Person:
        person: Person = seat(people[key] if key else None, viewport=SIZE)
        return person

    def take(person: Person, name: str) -> None:
        person.page.screenshot(path=folder / f"{name}.png")
        taken.add(f"{name}.png")

    def first(key: str, status: Status) -> Referral:
        seen = Referral.objects.visible_to(people[key]).filter(status=status)
        return seen.order_by("created_at")[0]

    nobody = sitting("")
    nobody.go("/")
    take(nobody, "home")

    hannah = sitting("hannah")
    hannah.go("referrals:new")
    hannah.press("Record a concern")
    hannah.go_case("step", hannah.case, "observed")
    take(hannah, "question")
    hannah.go_case("status", shown.referrals["S01"])
    take(hannah, "status")

    ruth = sitting("ruth")
    ruth.go_case("check", first("ruth", Status.AGENCY_CHECK))
    take(ruth, "check")

    joanna = sitting("joanna")
    joanna.go("referrals:queue")
    take(joanna, "queue")
    joanna.go_case("case", first("joanna", Status.TRIAGE))
    take(joanna, "case")

    alice = sitting("alice")
    alice.go_case("record_gateway", first("alice", Status.GATEWAY))
    take(alice, "gateway")

    lena = sitting("lena")
    part = Referral.objects.filter(
        recipients__kind=RecipientKind.FRONT_DOOR, locality=shown.company.localities["NY"]
    ).exclude(status=Status.DRAFT)[0]
    lena.go_case("part", part)
    take(lena, "part")

    admin = sitting("jill")
    admin.go("agencies:people", Agency.objects.get(name__startswith="Fellgate").pk)
    take(admin, "people")

    frank = sitting("frank")
    frank.go("audit:log")
    take(frank, "log")

    meera = sitting("meera")
    form = Assessment.objects.visible_to(people["meera"]).order_by("-cycle__year")[0]
    meera.go(form.get_absolute_url())
    take(meera, "assessment")

    diane = sitting("diane")
    diane.go("selfassessment:board")
    take(diane, "map")

    assert set(_pictures()) <= taken
