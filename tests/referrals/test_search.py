"""Finding a case: by reference in the address, by name never there, and only what one may see."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from referrals import workflow
from referrals.models import NameSearch
from referrals.terms import Status
from referrals.views import search
from tests.entry import enter
from tests.referrals import cases

URL = "/referrals/search/"


@pytest.fixture
def who(cast) -> dict[str, str]:
    page = enter(cast.prevent_lead).get(URL).content.decode()
    boxes = re.findall(r'name="(born[^"]*)"', page)
    assert len(boxes) == 3
    return {
        "forenames": "callum",
        "surname": "RHODES",
        **dict(zip(boxes, ("9", "1", "2011"), strict=True)),
        "reason": "Has he been referred before?",
    }


# By reference -----------------------------------------------------------------------------------
def test_an_exact_reference_leads_to_the_case_however_it_is_typed(cast, case_in):
    referral = case_in(Status.TRIAGE)
    year, number = referral.reference.split("-")[1:]
    for said in (referral.reference, f" ny {year} {int(number)} ", referral.reference.lower()):
        response = enter(cast.prevent_lead).get(URL, {"ref": said})
        assert response.status_code == 302
        assert response["Location"] == referral.get_absolute_url()


def test_not_there_and_not_yours_are_the_same_page(cast, case_in):
    referral = case_in(Status.TRIAGE)
    number = int(referral.reference[-4:])
    missing = f"{referral.reference[:-4]}{number + 1:04}"
    browser = enter(cast.york_lead)
    not_yours = browser.get(URL, {"ref": referral.reference})
    not_there = browser.get(URL, {"ref": missing})
    assert not_yours.status_code == not_there.status_code == 200
    assert not_yours.content.decode().split("csrf")[0].replace(
        referral.reference, "X"
    ) == not_there.content.decode().split("csrf")[0].replace(missing, "X")
    assert "There is no such case, or it is not yours to see." in not_there.content.decode()
    assert "All open" in not_there.content.decode()


@pytest.mark.parametrize("said", ["", "%00", "x" * 5000, "NY-2026-", "<script>", "٣٤"])
def test_nonsense_is_no_result(said, cast):
    response = enter(cast.prevent_lead).get(URL, {"ref": said})
    assert response.status_code == 200
    assert b"<script>alert" not in response.content


# By name ----------------------------------------------------------------------------------------
def test_a_name_finds_what_the_person_may_see_and_says_how_sure(cast, case_in, who):
    referral = case_in(Status.TRIAGE)
    other = case_in(Status.TRIAGE, born={"day": 1, "month": 1, "year": 2012})
    page = enter(cast.prevent_lead).post(URL, who).content.decode()
    assert "2 possible matches" in page
    assert page.index("Same name and date of birth") < page.index("not the same date of birth")
    assert referral.reference in page
    assert other.reference in page
    without_birth = who | {name: "" for name in who if name.startswith("born")}
    assert "Same name." in enter(cast.prevent_lead).post(URL, without_birth).content.decode()


def test_the_name_is_never_in_an_address_nor_in_the_log(cast, case_in, who):
    case_in(Status.TRIAGE)
    browser = enter(cast.prevent_lead)
    page = browser.post(URL, who)
    assert page.status_code == 200  # answered at once, not sent on to an address
    assert page["Cache-Control"] == "no-store"
    assert "Callum" not in page.content.decode()
    event = AuditEvent.objects.filter(kind="referral.searched").get()
    assert event.person == cast.prevent_lead
    assert event.detail == {"found": 1}
    assert event.reason == ""
    search_row = NameSearch.objects.get()
    assert (search_row.by, search_row.reason, search_row.found) == (
        cast.prevent_lead,
        "Has he been referred before?",
        1,
    )
    by_address = browser.get(URL, who)
    assert "possible match" not in by_address.content.decode()


def test_a_school_lead_looks_through_her_own_agency_only(cast, case_in, who):
    referral = case_in(Status.AGENCY_CLOSED)
    page = enter(cast.lead).post(URL, who).content.decode()
    assert referral.key in page
    assert "Closed" in page
    assert "Nobody of that name" in enter(cast.outsider_lead).post(URL, who).content.decode()
    assert "Nobody of that name" in enter(cast.prevent_lead).post(URL, who).content.decode()


def test_a_person_close_to_the_concern_finds_nothing(cast, who):
    referral = cases.draft(cast)
    workflow.exclude(referral, [cast.lead], by=cast.practitioner)
    cases.fill(referral, {"spoken_to": cast.deputy}, by=cast.practitioner)
    workflow.hand_over(cases.fresh(referral), by=cast.practitioner, now=cases.MONDAY)
    assert "Nobody of that name" in enter(cast.lead).post(URL, who).content.decode()
    assert referral.key in enter(cast.deputy).post(URL, who).content.decode()


def test_a_search_shows_no_more_of_what_the_police_lead_than_its_word(cast, case_in, who):
    referral = case_in(Status.POLICE_LED)
    page = enter(cast.prevent_lead).post(URL, who).content.decode()
    assert referral.reference in page
    assert "With specialist officers." in page
    assert "Police-led" not in page
    assert "Police-led" in enter(cast.officer).post(URL, who).content.decode()


def test_names_are_for_leads_and_police(cast, who):
    for person in (cast.practitioner, cast.front_door, cast.portal_admin, cast.privacy_officer):
        browser = enter(person)
        assert browser.post(URL, who).status_code == 403
        assert "By name" not in browser.get(URL).content.decode()
    assert not NameSearch.objects.exists()


def test_without_a_reason_nothing_is_looked_for_and_nothing_is_lost(cast, case_in, who):
    case_in(Status.TRIAGE)
    page = enter(cast.prevent_lead).post(URL, who | {"reason": ""}).content.decode()
    assert "Write why you are looking" in page
    assert 'value="RHODES"' in page
    assert "possible match" not in page
    assert not NameSearch.objects.exists()
    assert not AuditEvent.objects.filter(kind="referral.searched").exists()


def test_after_thirty_names_in_an_hour_it_waits(cast, case_in, who):
    case_in(Status.TRIAGE)
    now = timezone.now()
    for minutes in range(search.SEARCHES_AN_HOUR):
        NameSearch.objects.create(
            by=cast.prevent_lead, at=now - timedelta(minutes=minutes), reason="x", found=0
        )
    response = enter(cast.prevent_lead).post(URL, who)
    page = response.content.decode()
    assert response.status_code == search.TOO_MANY
    assert "You have looked for 30 names within an hour." in page
    assert 'value="RHODES"' in page
    assert "possible match" not in page
    assert NameSearch.objects.count() == search.SEARCHES_AN_HOUR
    assert enter(cast.prevent_deputy).post(URL, who).status_code == 200
