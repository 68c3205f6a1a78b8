import pytest
from django.db import connection

from audit import events
from audit.models import AuditEvent
from audit.terms import kind_words, name_kinds
from audit.views import PAGE_SIZE


@pytest.fixture
def history(person, other):
    for number in range(30):
        events.record("referral.viewed", by=other, agency="7", number=number)
    events.record("referral.exported", by=other, agency="7", reason="Asked by the chair")
    events.record("referral.viewed", by=other, agency="8")
    events.record("account.signed_in", other, by=other)


def test_an_agency_reads_its_own_log_and_no_other(client, person, readers, history):
    readers[person.email] = ["7"]
    client.force_login(person)
    response = client.get("/audit/")
    assert response.status_code == 200
    assert [line.agency for line in response.context["lines"]] == ["Agency called 7"] * PAGE_SIZE
    assert "Imran Siddiq" in response.content.decode()
    assert "Agency called 8" not in response.content.decode()
    assert AuditEvent.objects.filter(kind="audit.viewed", person=person, agency="7").count() == 1


def test_somebody_with_no_such_duty_is_refused(client, person, readers, history):
    client.force_login(person)
    assert client.get("/audit/").status_code == 403
    client.logout()
    assert client.get("/audit/").status_code == 302


def test_the_privacy_officer_reads_all_of_it(client, person, readers, history):
    readers[person.email] = "*"
    client.force_login(person)
    response = client.get("/audit/")
    agencies = {line.agency for line in response.context["lines"]}
    assert agencies == {"", "Agency called 7", "Agency called 8"}
    assert AuditEvent.objects.get(kind="audit.viewed").agency == ""


def test_someone_with_two_agencies_reads_both_in_order(client, person, readers, history):
    readers[person.email] = ["7", "8"]
    client.force_login(person)
    lines = client.get("/audit/").context["lines"]
    assert [line.agency for line in lines[:2]] == ["Agency called 8", "Agency called 7"]
    assert len(lines) == PAGE_SIZE


def test_pages_follow_each_other_without_a_gap_while_the_log_grows(
    client, person, readers, history
):
    readers[person.email] = ["7"]
    client.force_login(person)
    response = client.get("/audit/")
    first = response.context["lines"]
    events.record("referral.viewed", by=person, agency="7")
    response = client.get(response.context["older"])
    second = response.context["lines"]
    assert [line.what for line in (first + second)].count(kind_words("referral.viewed")) == 30
    assert response.context["older"] == ""
    assert response.context["newest"] == "/audit/"


def test_a_kind_can_be_asked_for(client, person, readers, history):
    readers[person.email] = ["7"]
    client.force_login(person)
    response = client.get("/audit/", {"kind": "referral.exported"})
    (line,) = response.context["lines"]
    assert (line.what, line.reason) == (kind_words("referral.exported"), "Asked by the chair")
    assert 'value="referral.exported" selected' in response.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        {"kind": "no.such"},
        {"kind": "'; --\x00"},
        {"before": "x"},
        {"before": "9" * 30},
        {"before": "-1"},
        {"before": "²"},
        {"before": "9" * 18},
    ],
)
def test_an_odd_address_gives_a_page(client, person, readers, history, query):
    readers[person.email] = ["7"]
    client.force_login(person)
    assert client.get("/audit/", query).status_code == 200


def test_an_empty_log_says_so(client, person, readers):
    readers[person.email] = ["9"]
    client.force_login(person)
    assert "Nothing of this kind" in client.get("/audit/").content.decode()


def test_what_is_written_in_a_log_cannot_be_markup(client, person, other, readers):
    readers[person.email] = "*"
    other.name = "<script>alert(1)</script>"
    other.save()
    events.record("referral.viewed", by=other, reason="<b>bold</b>")
    client.force_login(person)
    page = client.get("/audit/").content.decode()
    assert "<script>alert" not in page
    assert "<b>bold" not in page


def test_kinds_have_words():
    assert kind_words("account.signed_in") == "Signed in"
    assert kind_words("self_assessment.level_changed") == "Self assessment: level changed"
    name_kinds({"tests.named": "Has a name"})
    assert kind_words("tests.named") == "Has a name"


def test_kinds_that_happened_are_found_one_by_one(history):
    assert AuditEvent.objects.kinds() == [
        "account.signed_in",
        "referral.exported",
        "referral.viewed",
    ]


def test_a_page_of_a_long_log_does_not_read_all_of_it(history):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_auditevent (at, kind, role, agency, subject_type, subject_id, "
            "reference, detail, reason, request_id) "
            "SELECT now(), 'tests.noise_' || n % 50, '', (100 + n % 40)::text, "
            "'', '', '', '{}', '', '' FROM generate_series(1, 20000) n"
        )
        cursor.execute("ANALYZE audit_auditevent")
    for page in (
        AuditEvent.objects.filter(agency="7"),
        AuditEvent.objects.filter(agency="7", kind="referral.exported"),
        AuditEvent.objects.filter(kind="referral.exported"),
    ):
        plan = page.order_by("-pk")[:26].explain()
        assert "audit_agency" in plan or "audit_kind" in plan
    assert "audit_auditevent_pkey" in AuditEvent.objects.order_by("-pk")[:26].explain()
