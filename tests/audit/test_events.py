import datetime
import threading
import uuid
from collections import Counter

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from accounts.models import User
from audit import events
from audit.models import AuditEvent
from vault.models import DataKey


class Case(DataKey):
    """Something with a case and a reference; no table of its own is needed."""

    reference = "NY-2026-0042"

    class Meta:
        proxy = True
        app_label = "audit_tests"

    @property
    def case_id(self) -> uuid.UUID:
        return self.pk


def settle() -> None:
    """What the end of the transaction does: numbers are drawn."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def sequences(agency: str) -> list[int | None]:
    events_of = AuditEvent.objects.filter(agency=agency).order_by("pk")
    return list(events_of.values_list("sequence", flat=True))


# --- What is written --------------------------------------------------------------------------
def test_an_event_says_who_when_what_and_about_which_case(person):
    case = Case(id=uuid.uuid4())
    before = timezone.now()
    events.record(
        "referral.triage",
        case,
        by=person,
        agency="7",
        role="prevent_lead",
        reason="asked by  the\r\nchair",
        before="submitted",
        fields=["told_person", "scale"],
        late=True,
        days=3,
    )
    event = AuditEvent.objects.about(case.pk).get()
    assert before < event.at < timezone.now() + datetime.timedelta(seconds=5)
    assert (event.kind, event.person, event.agency) == ("referral.triage", person, "7")
    assert (event.role, event.reason) == ("prevent_lead", "asked by the chair")
    assert (event.subject_type, event.subject_id) == ("audit_tests.case", str(case.pk))
    assert (event.case, event.reference) == (case.pk, "NY-2026-0042")
    assert event.detail == {
        "before": "submitted",
        "fields": ["told_person", "scale"],
        "late": True,
        "days": 3,
    }


def test_an_event_may_be_about_nothing_and_by_nobody(db):
    events.record("portal.started", by=None)
    event = AuditEvent.objects.get(kind="portal.started")
    assert (event.person, event.subject_type, event.subject_id, event.case) == (None, "", "", None)


def test_a_record_without_a_case_keeps_its_key(person):
    events.record("account.changed", person, by=person)
    event = AuditEvent.objects.get(kind="account.changed")
    assert (event.subject_type, event.subject_id) == ("accounts.user", str(person.pk))
    assert event.case is None


@pytest.mark.parametrize("kind", ["viewed", "Referral.viewed", "a.b.c", "a.b\n", "", "a b.c"])
def test_a_kind_has_its_form(kind, db):
    with pytest.raises(ValueError):
        events.record(kind, by=None)


@pytest.mark.parametrize(
    "value",
    [
        "He said that he",
        "a@b.example.org",
        "line\nbreak",
        "\x1b[31m",
        "x" * 101,
        ["two words"],
        {},
        1.5,
        None,
    ],
)
def test_words_of_a_case_do_not_fit_into_a_detail(value, db):
    with pytest.raises(ValueError):
        events.record("referral.viewed", by=None, what=value)
    assert not AuditEvent.objects.filter(kind="referral.viewed").exists()


@pytest.mark.parametrize("sign", ["\r\n", "\x00", "\x1b", "\u2028", "\t"])
def test_a_reason_is_one_line(sign, db):
    events.record("search.by_name", by=None, reason=f"one{sign}two" + "x" * 600)
    reason = AuditEvent.objects.get(kind="search.by_name").reason
    assert reason.startswith("one two")
    assert len(reason) == 500
    assert reason.isprintable()


def test_an_event_goes_with_the_transaction_that_is_undone(db):
    with transaction.atomic():
        events.record("referral.viewed", by=None)
        transaction.set_rollback(True)
    assert not AuditEvent.objects.exists()


def test_recording_is_one_query(person, django_assert_num_queries):
    with django_assert_num_queries(1):
        events.record("referral.viewed", Case(id=uuid.uuid4()), by=person, agency="7")


# --- When -------------------------------------------------------------------------------------
def test_the_owner_may_build_a_past(db):
    moment = timezone.now() - datetime.timedelta(days=9)
    with events.dated(moment):
        events.record("referral.draft", by=None)
    events.record("referral.draft", by=None)
    past, now = AuditEvent.objects.filter(kind="referral.draft")
    assert past.at == moment
    assert now.at - moment > datetime.timedelta(days=8)


def test_the_serving_role_may_not(db):
    moment = timezone.now() - datetime.timedelta(days=9)
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE audit_web_test NOSUPERUSER")
        cursor.execute("GRANT SELECT, INSERT ON audit_auditevent TO audit_web_test")
        cursor.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO audit_web_test")
        cursor.execute("SET LOCAL ROLE audit_web_test")
        with events.dated(moment):
            events.record("referral.draft", by=None, agency="7")
        settle()  # draws the number with the owner's rights
        for statement in (
            "UPDATE audit_auditevent SET kind = 'a.b'",
            "DELETE FROM audit_auditevent",
            "TRUNCATE audit_auditevent",
            "ALTER TABLE audit_auditevent DISABLE TRIGGER ALL",
            "DROP TRIGGER audit_keep ON audit_auditevent",
        ):
            with pytest.raises(DatabaseError), transaction.atomic():
                cursor.execute(statement)
        cursor.execute("RESET ROLE")
    event = AuditEvent.objects.get(kind="referral.draft")
    assert timezone.now() - event.at < datetime.timedelta(minutes=5)
    assert event.sequence == 1


# --- Written once -----------------------------------------------------------------------------
@pytest.mark.parametrize("numbered", [True, False])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_auditevent SET kind = 'nothing.happened'",
        "UPDATE audit_auditevent SET sequence = 99",
        "UPDATE audit_auditevent SET sequence = NULL",
        "DELETE FROM audit_auditevent",
        "TRUNCATE audit_auditevent",
        "TRUNCATE accounts_user CASCADE",
    ],
)
def test_not_even_the_owner_rewrites_the_log(person, statement, numbered):
    events.record("referral.viewed", by=person, agency="7")
    if numbered:
        settle()
    before = list(AuditEvent.objects.values())
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert list(AuditEvent.objects.values()) == before


def test_a_number_that_somebody_gives_is_thrown_away(db):
    AuditEvent.objects.create(kind="a.b", agency="7", sequence=40)
    settle()
    assert sequences("7") == [1]


# --- Numbers ----------------------------------------------------------------------------------
def test_each_agency_counts_for_itself(db):
    for agency in ["7", "8", "7", "", "7", "8"]:
        events.record("referral.viewed", by=None, agency=agency)
    assert sequences("7") == [None, None, None]
    settle()
    assert (sequences("7"), sequences("8"), sequences("")) == ([1, 2, 3], [1, 2], [1])
    events.record("referral.viewed", by=None, agency="7")
    settle()
    assert sequences("7") == [1, 2, 3, 4]


def test_a_long_transaction_draws_its_numbers_row_by_row(db):
    """A thousand events of many agencies, and what a person sets by hand changes nothing."""
    AuditEvent.objects.bulk_create(
        AuditEvent(kind="tests.bulk", agency=str(number % 7)) for number in range(1001)
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('audit.agencies', 'nonsense', true)")
    settle()
    for agency in range(7):
        assert sequences(str(agency)) == list(range(1, 144))


WRITERS, EACH = 8, 25


@pytest.mark.django_db(transaction=True)
def test_eight_writers_leave_no_gap_and_no_fork():
    """Two agencies in one transaction, in both orders, a third of them undone at the end."""
    faults: list[Exception] = []
    ready = threading.Barrier(WRITERS)

    def write(number: int) -> None:
        try:
            ready.wait()
            for turn in range(EACH):
                agencies = ["7", "8"] if (number + turn) % 2 else ["8", "7"]
                with transaction.atomic():
                    for agency in agencies:
                        events.record("referral.viewed", by=None, agency=agency, turn=turn)
                    if turn % 3 == 2:
                        settle()  # numbers are drawn, and then undone all the same
                        transaction.set_rollback(True)
        except Exception as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    kept = WRITERS * len([turn for turn in range(EACH) if turn % 3 != 2])
    for agency in ("7", "8"):
        drawn = sequences(agency)
        assert sorted(number or 0 for number in drawn) == list(range(1, kept + 1))
        assert max(Counter(drawn).values()) == 1


@pytest.mark.django_db(transaction=True)
def test_a_long_transaction_does_not_hold_up_its_agency():
    """A slow page has noted a look; a colleague's page ends meanwhile."""
    noted, ended = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            events.record("referral.viewed", by=None, agency="7", page="slow")
            noted.set()
            ended.wait(10)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert noted.wait(10)
    with transaction.atomic():
        events.record("referral.viewed", by=None, agency="7", page="quick")
    ended.set()
    thread.join()
    drawn = {event.detail["page"]: event.sequence for event in AuditEvent.objects.all()}
    assert drawn == {"quick": 1, "slow": 2}


def test_a_person_with_a_history_is_kept(person):
    events.record("referral.viewed", by=person)
    with pytest.raises(ProtectedError):
        person.delete()
    assert User.objects.filter(pk=person.pk).exists()
