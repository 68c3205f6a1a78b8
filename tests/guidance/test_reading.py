"""Read and understood: an agency asks, its people confirm, and only its leads see who has."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from agencies.models import Agency, Membership
from agencies.terms import AgencyType, Role
from guidance.readers import reading
from guidance.readers.models import Reading, ReadingRequest
from outbox.models import Message
from tests.guidance.conftest import page_of, signed_in
from ui import spreadsheet

pytestmark = pytest.mark.django_db
PATH = "/guidance/what-to-do/"


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def agency(locality):
    return Agency.objects.create(
        name="Fellgate High School", kind=AgencyType.EDUCATION_SCHOOL, locality=locality
    )


def join(agency: Agency, name: str, role: Role = Role.PRACTITIONER) -> User:
    person = User.objects.create_user(f"{name.split()[0].lower()}@fellgate.example.org", name=name)
    Membership.objects.create(
        person=person,
        agency=agency,
        role=role,
        starts_on=timezone.localdate() - timedelta(days=9),
        confirmed_at=timezone.now(),
    )
    return person


@pytest.fixture
def ruth(agency):
    return join(agency, "Ruth Adeyemi", Role.LEAD)


@pytest.fixture
def hannah(agency):
    return join(agency, "Hannah Ellis")


@pytest.fixture
def page(site):
    return page_of(PATH)


def waiting(request: ReadingRequest) -> list[str]:
    return [each.person.name for each in reading.state(request) if each.read_at is None]


def test_everybody_is_asked_once_and_confirms_with_one_press(page, agency, ruth, hannah):
    lead = signed_in(ruth)
    made = lead.post("/reading/ask/", {"page": page.pk}, follow=True)
    assert "2 people have not confirmed" in made.content.decode()
    (told,) = Message.objects.filter(kind="guidance.asked_to_read")  # not the one who asks
    assert told.to_person == hannah
    staff = signed_in(hannah)
    assert page.title in staff.get("/reading/").content.decode()
    shown = staff.get(PATH).content.decode()
    assert "I have read and understood this page" in shown
    (edition,) = re.findall(r'name="edition" value="(\d+)"', shown)
    staff.post(f"/reading/{page.pk}/confirm/", {"edition": edition})
    assert "I have read and understood" not in staff.get(PATH).content.decode()
    request = ReadingRequest.objects.get()
    assert waiting(request) == ["Ruth Adeyemi"]
    assert "1 of 2" in lead.get("/reading/").content.decode()
    told.refresh_from_db()
    assert told.cancelled_at  # nobody is told to do what they have done


def test_only_leads_of_the_agency_see_who_has_read(page, agency, ruth, hannah, locality, now):
    request = reading.ask(agency, page, by=ruth, now=now)
    other = Agency.objects.create(
        name="Ouse Bank", kind=AgencyType.EDUCATION_SCHOOL, locality=locality
    )
    stranger = join(other, "Sam Lead", Role.LEAD)
    for person in (hannah, stranger):
        browser = signed_in(person)
        for path in ["", "state.csv", "state.pdf", "end/"]:
            assert browser.get(f"/reading/{request.pk}/{path}").status_code == 404, path
        assert browser.post(f"/reading/{request.pk}/remind/").status_code == 404
        assert "Hannah" not in browser.get("/reading/").content.decode().replace(str(hannah), "", 1)
    assert signed_in(hannah).get("/reading/ask/").status_code == 404
    with pytest.raises(PermissionDenied):
        reading.ask(agency, page, by=stranger, now=now)
    with pytest.raises(PermissionDenied):
        reading.end(request, by=hannah, now=now)


def publish(page, read_again: str) -> None:
    page.refresh_from_db()
    page.summary += " More."
    page.what_changed, page.why_changed, page.read_again = "A sentence", "It was wrong", read_again
    page.save_revision().publish()


def confirm(page, person: User, now) -> None:
    edition = reading.edition_of(page)
    assert edition is not None
    reading.confirm(page, edition=edition.number, by=person, now=now)


def test_a_material_change_opens_it_again_and_another_does_not(page, agency, ruth, hannah, now):
    request = reading.ask(agency, page, by=ruth, now=now)
    confirm(page, hannah, now)
    publish(page, "no")
    assert waiting(request) == ["Ruth Adeyemi"]
    publish(page, "yes")
    assert waiting(request) == ["Hannah Ellis", "Ruth Adeyemi"]
    again = Message.objects.filter(kind="guidance.asked_to_read", to_person=hannah)
    assert again.filter(body__contains="has changed").count() == 1
    confirm(page, hannah, now + timedelta(days=1))
    assert waiting(request) == ["Ruth Adeyemi"]
    assert Reading.objects.filter(person=hannah).count() == 2  # both editions stay known


@pytest.mark.parametrize("shown", ["0", "", "x", "9" * 30])
def test_who_was_shown_an_older_edition_reads_again(page, agency, ruth, hannah, now, shown):
    request = reading.ask(agency, page, by=ruth, now=now)
    response = signed_in(hannah).post(
        f"/reading/{page.pk}/confirm/", {"edition": shown}, follow=True
    )
    assert "The page has changed since you opened it" in response.content.decode()
    assert "Hannah Ellis" in waiting(request)


def test_the_same_page_is_asked_for_once(page, agency, ruth, now):
    reading.ask(agency, page, by=ruth, now=now)
    shown = signed_in(ruth).post("/reading/ask/", {"page": page.pk}).content.decode()
    assert "asked to read this page already" in shown


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"page": ""}, "Select a page"),
        ({"page": "999999"}, "Which page?"),
        ({"page": "it", "due_on_day": "31", "due_on_month": "2", "due_on_year": "2030"}, "31"),
    ],
)
def test_what_is_wrong_is_said_and_kept(page, agency, ruth, sent, said):
    sent = {key: str(page.pk) if value == "it" else value for key, value in sent.items()}
    shown = signed_in(ruth).post("/reading/ask/", sent)
    assert shown.status_code == 200
    assert "govuk-error-summary" in shown.content.decode()
    assert said in shown.content.decode()
    assert not ReadingRequest.objects.exists()


def test_reminders_go_once_a_day_to_those_who_wait(page, agency, ruth, hannah, now):
    request = reading.ask(agency, page, by=ruth, now=now)
    assert reading.remind(request, by=ruth, now=now) == 2
    assert reading.remind(request, by=ruth, now=now) == 0
    confirm(page, hannah, now)
    assert reading.remind(request, by=ruth, now=now + timedelta(days=1)) == 1
    evening = datetime(2027, 7, 1, 21, tzinfo=UTC)
    assert reading.remind(request, by=ruth, now=evening) == 1
    assert reading.remind(request, by=ruth, now=evening + timedelta(hours=2, minutes=10)) == 1


def test_who_leaves_is_counted_no_more_and_an_end_asks_nobody(page, agency, ruth, hannah, now):
    request = reading.ask(agency, page, by=ruth, now=now)
    Membership.objects.filter(person=hannah).update(ends_on=timezone.localdate())
    assert waiting(request) == ["Ruth Adeyemi"]
    signed_in(ruth).post(f"/reading/{request.pk}/end/")
    assert not reading.waits_for(ruth, page)
    assert not Message.objects.filter(
        kind="guidance.asked_to_read", cancelled_at__isnull=True
    ).exists()
    reading.ask(agency, page, by=ruth, now=now)  # and it can be asked again


def test_the_state_leaves_as_a_table_and_a_document(page, agency, ruth, now):
    join(agency, "Evil")
    User.objects.filter(name="Evil").update(name="=HYPERLINK(1) Evil")
    request = reading.ask(agency, page, by=ruth, now=now)
    browser = signed_in(ruth)
    table = browser.get(f"/reading/{request.pk}/state.csv")
    assert "'=HYPERLINK(1) Evil" in table.content.decode()
    assert "Ruth" not in table["Content-Disposition"]
    document = browser.get(f"/reading/{request.pk}/state.pdf")
    assert document.content.startswith(b"%PDF")


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_cell_is_taken_for_a_formula(cell):
    assert spreadsheet.harmless(cell) == "'" + cell
    assert spreadsheet.harmless("Ruth = Ruth") == "Ruth = Ruth"


def test_the_list_costs_the_same_for_many_requests_and_people(site, agency, ruth, now):
    browser = signed_in(ruth)
    browser.get("/reading/")

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            browser.get("/reading/")
        return len(asked)

    reading.ask(agency, page_of(PATH), by=ruth, now=now)
    few = queries()
    for number in range(5):
        join(agency, f"Person{number} Name")
    reading.ask(agency, page_of("/guidance/national-picture/"), by=ruth, now=now)
    reading.ask(agency, page_of("/guidance/understanding-risk/"), by=ruth, now=now)
    assert queries() == few <= 15
