"""Public pages, ways in, and the pages about people: axe, telephone, and where errors lead."""

import pytest
from django.urls import reverse
from django.utils import timezone
from wagtail.models import Page as Published

from accounts.models import Terms
from accounts.terms import DRAFT
from agencies import workflow as agencies
from agencies.models import Membership
from agencies.terms import Role
from guidance import loading
from guidance.models import DatedPage, address_of, walk
from guidance.readers import reading
from tests.browser.looking import Look, look_at, see
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def of_every_kind() -> list[DatedPage]:
    """A page of each type, and more until each kind of block has been seen on one."""
    seen: set[str] = set()
    pages = []
    for page in Published.objects.live().filter(depth__gt=1).order_by("path").specific():
        kinds = {page._meta.label, *(block.block_type for block in walk(page.body))}
        if kinds - seen:
            seen |= kinds
            pages.append(page)
    return pages


def test_public_pages(stage, seat):
    loading.load_translations("cy")
    pages = of_every_kind()
    assert len(pages) > 10
    what_to_do = Published.objects.get(slug="what-to-do", locale__language_code="en-gb")
    looks = [
        *(Look(address_of(page)) for page in pages),
        Look("/cy/guidance/what-to-do/"),
        Look("/guidance/what-to-do/notice/?for=schools"),
        Look(f"/guidance/what-to-do/?on={timezone.localdate()}"),
        Look("/guidance/changes/"),
        Look("/guidance/what-to-do/changes/"),
        Look("/search/?q=channel"),
        Look("/search/?q=xylophone"),
        Look(reverse("readers:updates"), sends="Send me a link to confirm"),
        Look(reverse("readers:suggest", args=[what_to_do.pk]), sends="Send the suggestion"),
        Look(reverse("readers:pdf", args=[what_to_do.pk])),
        Look(reverse("referrals:start")),
        Look(reverse("referrals:stop")),
        Look("/nothing-here/", status=404),
    ]
    assert look_at(seat(None), looks) == []


def test_what_staff_are_asked_to_read(stage, seat):
    ruth = stage["ruth"]
    page = Published.objects.get(slug="what-to-do", locale__language_code="en-gb")
    looks = [
        Look(reverse("readers:reading")),
        Look(reverse("readers:reading_ask"), sends="Ask my agency"),
    ]
    assert look_at(seat(ruth), looks) == []
    agency = reading.led_by(ruth)[0]
    asked = reading.ask(agency, page, by=ruth, now=timezone.now())
    looks = [
        Look(reverse("readers:reading")),
        Look(reverse("readers:reading_state", args=[asked.pk])),
        Look(reverse("readers:reading_end", args=[asked.pk])),
        Look("/guidance/what-to-do/"),
    ]
    assert look_at(seat(ruth), looks) == []


def test_ways_in(stage, seat):
    looks = [
        Look(reverse("account_login"), sends="Send me a code"),
        Look(reverse("account_login_password"), sends="Sign in"),
    ]
    somebody = seat(None)
    assert look_at(somebody, looks) == []
    somebody.go("account_login")
    somebody.write("email", stage["owen"].email)
    somebody.press("Send me a code")
    assert see(somebody) == []
    somebody.write("code", "0000 0000")
    somebody.press("Sign in")
    assert see(somebody) == []
    assert somebody.problems() != []
    assert somebody.follow_error_links() == []


def test_ones_own_account(stage, seat):
    names = ["account_home", "mfa_index", "usersessions_list", "account_logout"]
    looks = [Look(reverse(name)) for name in names]
    looks += [Look(reverse("account_set_password"), sends="Set this password")]
    assert look_at(seat(stage["ruth"]), looks) == []


def test_people_of_an_agency_and_of_a_locality(stage, seat):
    agency = stage.company.agencies["fellgate"]
    invited = "new@fellgate.example.org"
    agencies.invite(invited, Role.PRACTITIONER, agency, by=stage["jill"])
    place = str(agency.pk)
    member = Membership.objects.get(person=stage["joel"], agency__isnull=False)
    looks = [
        Look(reverse("agencies:home")),
        Look(reverse("agencies:people", args=[place])),
        Look(reverse("agencies:invite", args=[place]), sends="Send the invitation"),
        Look(reverse("agencies:contact", args=[place]), sends="Save", errs=False),
        Look(reverse("agencies:change", args=[member.pk])),
        Look(reverse("agencies:end", args=[member.pk])),
        Look(reverse("agencies:absence"), sends="Note these days"),
        Look(reverse("audit:log")),
    ]
    assert look_at(seat(stage["jill"]), looks) == []
    looks = [
        Look(reverse("agencies:home")),
        Look(reverse("agencies:health")),
        Look(reverse("agencies:people", args=["NY"])),
    ]
    assert look_at(seat(stage["noor"]), looks) == []
    looks = [
        Look(reverse("agencies:home")),
        Look(reverse("agencies:absence")),
        Look(reverse("audit:log")),
    ]
    assert look_at(seat(stage["ruth"]), looks) == []


def test_who_belongs_to_no_agency_yet(stage, seat):
    stranger = seat(UserFactory(email="somebody@nowhere.example.org", name=""))
    stranger.go("referrals:home")
    assert see(stranger) == []


def test_terms_that_wait_to_be_agreed_to(stage, seat):
    """The last of this file: from here on everybody is asked."""
    Terms.objects.create(words=DRAFT)
    owen = seat(stage["owen"])
    owen.go("agencies:details")
    assert owen.path == reverse("account_terms")
    assert see(owen) == []
    owen.press("I agree")
    assert owen.path == reverse("agencies:details")
    assert look_at(owen, [Look(reverse("account_terms"))]) == []
