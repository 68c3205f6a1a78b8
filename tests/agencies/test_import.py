"""Agencies, people and contacts from a file: what is wrong is said, and nothing is half done."""

import io
import zipfile
from io import StringIO

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command

from agencies import importing, sheets, workflow
from agencies.models import Agency, Contact, Invitation, Membership
from agencies.terms import Role
from audit.models import AuditEvent
from outbox.models import Message
from tests import entry
from tests.factories import LocalityFactory

pytestmark = pytest.mark.django_db
AGENCIES = (
    "Agency,Kind,Locality,Domains,Prevent contact name\n"
    "Birch Lane School,School,North Yorkshire,birch.example.org,Anna Brook\n"
    "Abbey Surgery,health,NY,abbey.example.org surgery.example.org,\n"
)
PEOPLE = (
    "e-mail,role,agency,locality,shoe size\n"
    "ruth@fellgate.example.org,Safeguarding lead,Fellgate High School,,4\n"
    "dan@northyorks.example.org,prevent_lead,,NY,5\n"
)
CONTACTS = (
    "purpose,name,phone,source,owner,checked_on\n"
    "Police,Police Prevent team,01632 960101,Their page,Beth,2026-05-31\n"
)


@pytest.fixture(autouse=True)
def place(school):
    LocalityFactory()


def sheet(words, most=importing.MOST_ROWS):
    return sheets.read(words.encode() if isinstance(words, str) else words, most_rows=most)


def take(words, by):
    return importing.carry_out(importing.plan(sheet(words), by=by), by=by)


def counts():
    models = (Agency, Contact, Invitation, Membership, Message, AuditEvent)
    return [model.objects.count() for model in models]


# --- What is taken ----------------------------------------------------------------------------
def test_agencies_are_added_with_their_domains(portal_admin):
    assert take(AGENCIES, portal_admin) == 2
    surgery = Agency.objects.get(name="Abbey Surgery")
    assert surgery.kind == "health"
    assert {each.domain for each in surgery.domains.all()} == {
        "abbey.example.org",
        "surgery.example.org",
    }
    assert Agency.objects.get(name="Birch Lane School").prevent_contact_name == "Anna Brook"
    assert AuditEvent.objects.filter(kind="agency.added", person=portal_admin).count() == 2
    assert AuditEvent.objects.get(kind="portal.imported").detail["rows"] == 2


def test_people_are_invited_by_mail_through_the_door_of_the_page(portal_admin):
    assert take(PEOPLE, portal_admin) == 2
    offer = Invitation.objects.get(email="ruth@fellgate.example.org")
    assert (offer.role, str(offer.agency)) == (Role.LEAD, "Fellgate High School")
    assert Invitation.objects.get(role=Role.PREVENT_LEAD, locality__code="NY")
    assert Message.objects.filter(kind="invitation").count() == 2
    assert AuditEvent.objects.filter(kind="invitation.sent").count() == 2


def test_who_belongs_there_already_gets_the_role_at_once(portal_admin, practitioner):
    rows = "email,role,agency\nHannah@Fellgate.example.org,deputy_lead,fellgate high school\n"
    take(rows, portal_admin)
    assert practitioner.memberships.filter(role=Role.DEPUTY_LEAD).exists()
    assert not Invitation.objects.exists()


def test_contacts_are_added_and_changed(portal_admin):
    take(CONTACTS, portal_admin)
    take(CONTACTS.replace("960101", "960199"), portal_admin)
    assert Contact.objects.get().phone == "01632 960199"
    event = AuditEvent.objects.get(kind="contact.changed")
    assert event.detail["fields"] == ["phone"]


@pytest.mark.parametrize("rows", [AGENCIES, PEOPLE, CONTACTS])
def test_the_same_file_twice_changes_nothing_and_says_so(portal_admin, rows):
    take(rows, portal_admin)
    before = counts()
    made = importing.plan(sheet(rows), by=portal_admin)
    assert not made.changes
    assert made.there_already == len(made.steps)
    assert importing.carry_out(made, by=portal_admin) == 0
    assert counts() == before
    upload = SimpleUploadedFile("rows.csv", rows.encode())
    page = entry.enter(portal_admin).post("/agency/import/", {"upload": upload})
    assert "Everything in this file is there already." in page.content.decode()


# --- How a file may be written ----------------------------------------------------------------
def excel(rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        AGENCIES.encode(),
        AGENCIES.encode("utf-8-sig"),
        AGENCIES.encode("utf-16"),
        AGENCIES.encode("cp1252"),
        AGENCIES.replace("\n", "\r\n").replace(",", ";").encode(),
        AGENCIES.replace(",", "\t").encode(),
        b"\n\n" + AGENCIES.encode() + b"\n\n",
        excel([line.split(",") for line in AGENCIES.splitlines()]),
    ],
)
def test_every_usual_way_to_save_a_file_is_read(portal_admin, data):
    made = importing.plan(sheet(data), by=portal_admin)
    assert not made.faults
    assert len(made.changes) == 2


def test_letters_of_an_older_office_program_are_kept(portal_admin):
    take(AGENCIES.replace("Abbey", "St Zoë’s").encode("cp1252"), portal_admin)
    assert Agency.objects.filter(name="St Zoë’s Surgery").exists()


def bomb():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", b" " * (sheets.MOST_UNPACKED + 1))
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "empty"),
        (b"  \n ", "empty"),
        (b"\n,,\n,,", "name the columns"),
        (b"email,role\n\x00\x01", "no text"),
        (b"email,email,role\n", "same name"),
        (b"a," * 61 + b"a", "too many columns|same name"),
        (b"\xff\xfe\x00", "letters"),
        (b'email,role\n"' + b"x" * 200_000, "damaged"),
        (b"PK\x03\x04 and then nothing", "spreadsheet"),
        (b"\xd0\xcf\x11\xe0 an old one", ".xlsx or .csv"),
        (bomb(), "too large"),
        (b"x" * (sheets.MOST_BYTES + 1), "too large"),
        (b"email,role\n" + b"a@example.org,lead\n" * 10_000, "more than 500 rows"),
    ],
)
def test_a_file_that_cannot_be_read_gets_a_sentence(portal_admin, data, sentence):
    with pytest.raises(sheets.UnreadableError, match=sentence):
        sheet(data)
    before = counts()
    answer = entry.enter(portal_admin).post(
        "/agency/import/", {"upload": SimpleUploadedFile("rows.csv", data)}
    )
    assert answer.status_code == 200
    assert "Error:" in answer.content.decode()
    assert counts()[:5] == before[:5]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("email\nx@example.org", "For people, these columns are missing: role."),
        ("agency,kind\nA,School", "For agencies, these columns are missing: locality."),
        ("colour\nred", "these columns are missing"),
        ("email,role\n", "There are no rows"),
        ("email,e-mail,role\na@example.org,,lead", "mean the same thing"),
        (PEOPLE + "nobody,lead,Fellgate High School,,", "Row 4, column “email”"),
        (PEOPLE + "x@example.org,king,Fellgate High School,,", "Row 4, column “role”: We do not"),
        (PEOPLE + "x@example.org,lead,Nowhere,,", "no such agency"),
        (PEOPLE + "x@example.org,lead,,,", "Row 4, column “agency”: Write the agency"),
        (PEOPLE + "x@example.org,prevent_lead,,Atlantis,", "no such locality"),
        (PEOPLE + "x@example.org,portal_admin,,,", "given on its own page"),
        (PEOPLE + ",lead,Fellgate High School,,", "This cell is empty"),
        (PEOPLE + "=1+1,lead,Fellgate High School,,", "This is a formula"),
        (PEOPLE + "x@example.org,lead," + "x" * 300 + ",,", "Make this shorter"),
        (
            PEOPLE + "RUTH@fellgate.example.org,lead,Fellgate High School,,",
            "Row 4: It says the same as row 2.",
        ),
        (AGENCIES + "Other,School,NY,gmail.com,", "Anyone can have an address there."),
        (AGENCIES + "Other,Castle,NY,,", "We do not know this. Write one of: School"),
        (CONTACTS.replace("2026-05-31", "31 May"), "Write the day like 2026-05-31."),
        (CONTACTS.replace("2026-05-31", "2999-05-31"), "still to come"),
        (CONTACTS.replace("01632 960101", ""), "Give a telephone number"),
        (CONTACTS.replace("01632 960101", "ring me"), "in figures"),
        (excel([["email", "role"], ["=A1", "lead"]]), "This is a formula"),
    ],
)
def test_each_row_that_is_wrong_is_named_and_nothing_is_done(portal_admin, rows, said):
    made = importing.plan(sheet(rows), by=portal_admin)
    assert any(said in str(fault) for fault in made.faults), [str(f) for f in made.faults]
    assert not made.can_be_done
    before = counts()
    data = rows if isinstance(rows, bytes) else rows.encode()
    browser = entry.enter(portal_admin)
    answer = browser.post("/agency/import/", {"upload": SimpleUploadedFile("rows.csv", data)})
    assert answer.status_code == 200
    assert "Nothing was changed." in answer.content.decode()
    if isinstance(rows, str):  # whoever posts the rows past the first page gets no further
        assert browser.post("/agency/import/", {"rows": rows}).status_code in (200, 302)
    assert counts()[:5] == before[:5]


def test_nobody_gives_roles_to_themselves(portal_admin):
    rows = f"email,role,agency\n{portal_admin.email},lead,Fellgate High School\n"
    made = importing.plan(sheet(rows), by=portal_admin)
    assert "Nobody gives roles to themselves." in str(made.faults[0])


def test_two_agencies_of_one_name_are_told_apart_by_place(portal_admin, school):
    york = LocalityFactory(code="YK")
    Agency.objects.create(name=school.name, kind=school.kind, locality=york)
    rows = "email,role,agency,locality\nx@example.org,lead,Fellgate High School,\n"
    made = importing.plan(sheet(rows), by=portal_admin)
    assert "Several agencies" in str(made.faults[0])
    take(rows.replace("School,", "School,York"), portal_admin)
    assert Invitation.objects.get(agency__locality=york)


def test_a_row_that_is_refused_at_the_door_undoes_those_before(portal_admin):
    made = importing.plan(sheet(PEOPLE), by=portal_admin)
    Membership.objects.filter(person=portal_admin).update(
        ends_on="2020-01-02", starts_on="2020-01-01"
    )
    before = counts()
    with pytest.raises(workflow.RefusedError, match="Row 2"):
        importing.carry_out(made, by=portal_admin)
    assert counts() == before


# --- The page ---------------------------------------------------------------------------------
def test_the_page_shows_first_and_changes_after(portal_admin, django_assert_max_num_queries):
    browser = entry.enter(portal_admin)
    assert "Birch" not in browser.get("/agency/import/").content.decode()
    before = counts()
    upload = SimpleUploadedFile("rows.csv", PEOPLE.encode())
    with django_assert_max_num_queries(15):
        preview = browser.post("/agency/import/", {"upload": upload})
    page = preview.content.decode()
    assert "ruth@fellgate.example.org becomes Safeguarding lead, Fellgate High School" in page
    assert "These columns are not used: shoe_size." in page
    assert counts() == before
    done = browser.post("/agency/import/", {"rows": preview.context["rows"]}, follow=True)
    assert "2 rows were taken." in done.content.decode()
    assert Invitation.objects.count() == 2


def test_a_page_of_columns_can_be_fetched(portal_admin):
    browser = entry.enter(portal_admin)
    for kind in importing.Kind.values:
        answer = browser.get(f"/agency/import/{kind}.csv")
        assert set(importing.NEEDED[importing.Kind(kind)]) <= set(
            answer.content.decode().strip().split(",")
        )
    assert browser.get("/agency/import/secrets.csv").status_code == 404


def test_to_everyone_else_there_is_no_such_page(admin, lead, practitioner, client):
    for person in (admin, lead, practitioner):
        browser = entry.enter(person)
        for path in ("/agency/import/", "/agency/import/people.csv"):
            assert browser.get(path).status_code == 404
        assert browser.post("/agency/import/", {"rows": PEOPLE}).status_code == 404
    assert not Invitation.objects.exists()


def test_a_stale_session_gives_a_factor_first(portal_admin, client):
    client.force_login(portal_admin)
    assert "/accounts/" in client.get("/agency/import/").headers["Location"]
    assert client.post("/agency/import/", {"rows": PEOPLE}).status_code in (302, 200)
    assert not Invitation.objects.exists()


# --- The command ------------------------------------------------------------------------------
def run(path, *said):
    out = StringIO()
    call_command("import_people", str(path), *said, stdout=out, stderr=out)
    return out.getvalue()


def test_the_command_says_first_and_does_after(portal_admin, tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE)
    by = f"--by={portal_admin.email}"
    assert "would change 2" in run(path, by, "--dry-run")
    assert not Invitation.objects.exists()
    assert "changed 2" in run(path, by)
    assert "changed 0, there already 2" in run(path, by)


def test_the_command_refuses_in_a_sentence(portal_admin, lead, tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE + "nobody,lead,,,")
    by = f"--by={portal_admin.email}"
    for said, sentence in (
        ([path, by], "1 to put right. Nothing was changed."),
        ([tmp_path / "none.csv", by], "No such file"),
        ([path, f"--by={lead.email}"], "no portal administrator"),
        ([path, "--by=x@example.org"], "Nobody here"),
    ):
        with pytest.raises(CommandError, match=sentence):
            run(*said)
    assert not Invitation.objects.exists()


def test_ten_thousand_rows_are_looked_at_by_the_command(
    portal_admin, django_assert_max_num_queries
):
    rows = "email,role,agency\n" + "".join(
        f"p{number}@example.org,practitioner,Fellgate High School\n" for number in range(10_000)
    )
    with django_assert_max_num_queries(10):
        made = importing.plan(sheet(rows, importing.MOST_ROWS_BY_COMMAND), by=portal_admin)
    assert len(made.changes) == 10_000


def test_further_sheets_are_named_and_not_ignored_in_silence(portal_admin, tmp_path):
    book = openpyxl.Workbook()
    for line in AGENCIES.splitlines():
        book.active.append(line.split(","))
    book.create_sheet("People & <roles>").append(["email", "role"])
    book.create_sheet("Old").append(["x"])
    path = tmp_path / "agencies.xlsx"
    book.save(path)
    sent = SimpleUploadedFile("agencies.xlsx", path.read_bytes())
    page = entry.enter(portal_admin).post("/agency/import/", {"upload": sent}).content.decode()
    assert "These sheets are left out: People &amp; &lt;roles&gt;, Old." in page
    assert "Take these 2 rows" in page
    out = StringIO()
    call_command("import_people", path, by=portal_admin.email, dry_run=True, stdout=out)
    assert "Sheet not read: Old" in out.getvalue()
