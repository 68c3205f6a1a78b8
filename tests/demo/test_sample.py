"""``make_sample``: whole cases at any size, sealed and the same for the same seed."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, models, transaction
from django.utils import timezone

from accounts.models import User
from accounts.statements import Kept
from agencies.models import Agency, Membership
from agencies.terms import Role
from audit.models import AuditEvent
from demo import moulds, sample
from referrals import clocks, workflow
from referrals.answers import Answers
from referrals.models import Clock, PersonRecord, Referral, Submission
from referrals.terms import BEFORE_CLOSED, SHARED, Status
from referrals.workflow.sharing import answers_digest
from tests.demo.conftest import UndoneError
from tests.entry import enter
from vault import keys
from vault.fields import SealedField
from vault.models import DataKey, SealedModel

CASES, AGENCIES = 50, 3
NOW = timezone.now()


def made(count: int = CASES, seed: int = 1) -> sample.Plan:
    plan = sample.plan(count, AGENCIES, seed=seed, now=NOW)
    sample.fill(plan, count, processes=1)
    return plan


@pytest.fixture(scope="module")
def plan(django_db_setup: None, django_db_blocker: Any) -> Any:
    """The sample of the module: made once, undone afterwards."""
    with django_db_blocker.unblock():
        try:
            with transaction.atomic():
                yield made()
                raise UndoneError
        except UndoneError:
            pass


pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plan")]


@pytest.fixture(autouse=True)
def _no_key_of_another_test() -> None:
    keys.forget()


def every_row() -> list[models.Model]:
    tables = [model for model in moulds.TABLES if model is not AuditEvent]
    return [row for model in tables for row in model._default_manager.order_by("pk")]


def plain_of(row: models.Model) -> dict[str, Any]:
    """What a row says: without what the database drew, and without nonces."""
    said = {name: getattr(row, name) for name in (c.attname for c in moulds.columns(type(row)))}
    return {
        name: value.hex() if isinstance(value, memoryview) else str(value)
        for name, value in said.items()
    }


def told() -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for row in every_row():
        found.setdefault(row._meta.label, Counter())[str(sorted(plain_of(row).items()))] += 1
    return found


def test_a_second_call_finds_everything_there(plan: sample.Plan) -> None:
    assert sample.missing(plan, CASES) == 0
    assert sample.fill(plan, CASES, processes=1) == 0
    assert Referral.objects.count() == CASES


def test_a_larger_number_adds_to_what_is_there(plan: sample.Plan) -> None:
    before = set(Referral.objects.values_list("pk", flat=True))
    larger = sample.plan(CASES + 5, AGENCIES, seed=1, now=NOW)
    assert sample.fill(larger, CASES + 5, processes=1) == 5
    assert before < set(Referral.objects.values_list("pk", flat=True))


def test_the_same_seed_gives_the_same_rows_under_new_keys(plan: sample.Plan) -> None:
    before = told()
    sealed = set(DataKey.objects.values_list("wrapped", flat=True))
    with connection.cursor() as cursor:
        # As nobody can: the same case again, in place of itself.
        for model in reversed(moulds.TABLES):
            if model is not AuditEvent:
                cursor.execute(f'DELETE FROM "{model._meta.db_table}"')  # noqa: S608
        cursor.execute("DELETE FROM vault_datakey")
    again = sample.Plan(1, NOW, plan.workplaces, plan.desks, plan.moulds, plan.drawn)
    assert sample.write(again, range(CASES)) == CASES
    keys.forget()
    assert told() == before
    assert not {bytes(key) for key in sealed} & {
        bytes(key) for key in DataKey.objects.values_list("wrapped", flat=True)
    }


def test_another_seed_gives_other_cases() -> None:
    assert sample.case_id(1, 0) != sample.case_id(2, 0)
    assert len({sample.case_id(seed, n) for seed in range(5) for n in range(200)}) == 1_000


def test_people_of_the_sample_are_found_by_name_and_address() -> None:
    for person in PersonRecord.objects.all():
        said = person.forenames, person.surname, person.addresses
        assert person.name_address_digests == workflow.address_digests(*said)
        assert len(person.name_address_digests) == 1
        assert person.named_digests == workflow.Named.in_(person).digests
    assert len({person.addresses[0]["address"] for person in PersonRecord.objects.all()}) > 10


def test_every_sealed_column_is_sealed_with_its_own_case_and_opens() -> None:
    opened = 0
    for row in every_row():
        if not isinstance(row, SealedModel):
            continue
        for column in row._meta.concrete_fields:
            if isinstance(column, SealedField):
                assert "QX" not in str(getattr(row, column.attname))
                opened += bool(getattr(row, column.attname))
    assert opened > CASES * 10
    assert DataKey.objects.count() == CASES
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT forenames, surname FROM referrals_personrecord WHERE forenames <> ''"
        )
        stored = [bytes(cell) for row in cursor.fetchall() for cell in row]
    names = {person.forenames.encode() for person in PersonRecord.objects.all()}
    assert names
    assert not any(name in cell for name in names for cell in stored)


def test_nothing_happened_in_the_future_or_out_of_order() -> None:
    promised = {f"{model}.{name}" for model, name in moulds.PROMISED}
    planned = {"otherrouterecord.look_again_on"}
    today = timezone.localdate(NOW)
    for row in [*every_row(), *AuditEvent.objects.all()]:
        for column in row._meta.concrete_fields:
            value = getattr(row, column.attname)
            if f"{row._meta.model_name}.{column.name}" in promised | planned or not value:
                continue
            if isinstance(value, datetime):
                assert value <= NOW, (row, column.name)
            elif isinstance(column, models.DateField):
                assert value <= today, (row, column.name)
    for case in Referral.objects.all():
        happened = [event.at for event in AuditEvent.objects.about(case.pk)]
        assert happened
        assert happened == sorted(happened)
        assert case.created_at <= (case.submitted_at or NOW)


def test_the_log_is_numbered_in_each_agency_and_goes_on_numbering(plan: sample.Plan) -> None:
    for workplace in plan.workplaces:
        events = AuditEvent.objects.filter(agency=workplace.pk).order_by("pk")
        drawn = list(events.values_list("sequence", flat=True))
        assert drawn == list(range(1, len(drawn) + 1))
        AuditEvent.objects.create(kind="a.b", agency=workplace.pk)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        last = events.last()
        assert last is not None
        assert last.sequence == len(drawn) + 1
        assert timezone.now() - last.at < timedelta(hours=1)


def test_every_constraint_of_the_tables_holds() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    for row in every_row():
        row.validate_constraints()


def test_cases_stand_in_many_states_and_most_have_ended() -> None:
    plan = sample.Plan(1, NOW, [], sample.Desks({}, {}, {}), {})
    place = sample.Workplace("1", b"", "school", "NY", (), ())
    drawn = Counter(
        sample.choose(plan.seed, number, [place]).course.name for number in range(3_000)
    )
    assert set(drawn) == set(moulds.COURSES)
    ended = sum(drawn[name] for name in ("told", "agency_closed", "other_route"))
    assert 0.9 < ended / 3_000 < 0.97
    assert sum(course.share for course in moulds.COURSES.values()) == 1_000


def test_open_cases_have_an_owner_and_a_running_promise() -> None:
    there = Referral.objects.filter(status__in=sorted(BEFORE_CLOSED | {Status.AGENCY_CHECK}))
    assert there
    for case in there:
        running = Clock.objects.running().filter(referral=case)
        assert running, case.status
        for clock in running:
            assert clocks.owners(clock)


def test_shared_cases_have_their_reference_frozen_answers_and_bodies() -> None:
    shared = Referral.objects.filter(status__in=sorted(SHARED))
    assert shared.count() > CASES / 2
    for case in shared:
        assert case.submitted_at
        year = timezone.localdate(case.submitted_at).year
        assert case.locality
        assert re.fullmatch(rf"{case.locality.code}-{year}-\d{{4,}}", case.reference)
        frozen = Submission.objects.get(referral=case)
        assert frozen.sha256 == answers_digest(frozen.answers)
        assert frozen.answers["surname"] == case.person.surname
        assert case.recipients.exists()


def test_people_are_found_by_name_and_birth_date() -> None:
    person = PersonRecord.objects.exclude(name_born_digest=None).first()
    assert person
    name, with_birth = workflow.name_digests(person.forenames, person.surname, person.born)
    assert PersonRecord.objects.filter(name_digest=name, name_born_digest=with_birth).exists()
    assert Answers(person.referral).age is not None


def test_people_and_numbers_are_of_the_reserved_ranges() -> None:
    for user in User.objects.all():
        assert user.email.endswith(".example.org")
        assert re.fullmatch(r"(01632 960\d{3}|07700 900\d{3}|)", user.phone)
    assert Agency.objects.filter(domains__domain="a0000.example.org").exists()


def test_it_declines_where_somebody_real_may_be() -> None:
    User.objects.create_user("somebody@council.example.net", "Somebody")
    with pytest.raises(sample.StrangersError):
        sample.plan(1, 3, seed=1, now=NOW + timedelta(0))


# Plans, not times -----------------------------------------------------------------------------
LARGE = {
    "referrals_referral",
    "referrals_personrecord",
    "referrals_gatewayrecord",
    "referrals_clock",
    "referrals_message",
    "referrals_pagesave",
    "audit_auditevent",
}
MOST_ROWS = 400
"""Of one table, that a query reads; there are twice as many cases in the lead's locality."""


@dataclass
class Asked:
    """Queries, as they reach the cursor."""

    queries: list[tuple[str, Any]] = field(default_factory=list)

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("SELECT") and any(name in sql for name in LARGE):
            self.queries.append((sql, params))
        return execute(sql, params, many, context)


def plans_of(sql: str, params: Any) -> Iterator[dict[str, Any]]:
    """How it is answered; what is kept ready also in the way that is to suit all values.

    The database goes over to that one after a few times, if it seems to cost no more.
    """
    kept = isinstance(sql, Kept)
    text, values = sql.execute(params) if isinstance(sql, Kept) else (sql, params)
    for way in ("force_custom_plan", "force_generic_plan") if kept else ("auto",):
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL plan_cache_mode = {way}")
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {text}", values)
            yield cursor.fetchone()[0][0]["Plan"]


def indexes(plan: dict[str, Any]) -> set[str]:
    found = {plan["Index Name"]} if "Index Name" in plan else set()
    return found.union(*(indexes(part) for part in plan.get("Plans", [])))


def reads(plan: dict[str, Any]) -> Iterator[tuple[str, bool, int]]:
    """Of each part of a plan: which table, whether from end to end, and how many rows."""
    if name := plan.get("Relation Name"):
        read = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
        rows = plan["Actual Loops"] * sum(plan.get(part, 0) for part in read)
        yield name, plan["Node Type"] == "Seq Scan", rows
    for part in plan.get("Plans", []):
        yield from reads(part)


def test_lists_searches_and_cases_are_read_from_indexes(plan: sample.Plan) -> None:
    """Of two thousand cases, as of a million: no page reads a table, or much of one."""
    larger = sample.plan(2_000, AGENCIES, seed=1, now=NOW)
    sample.fill(larger, 2_000, processes=1)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        # As where nothing moves in a disk: so few rows are else as quickly read from end to end.
        cursor.execute("SET LOCAL random_page_cost = 1.1")
    lead, officer = (
        Membership.objects.filter(role=role, locality__code="NY").order_by("pk")[0].person
        for role in (Role.PREVENT_LEAD, Role.GATEWAY_OFFICER)
    )
    case = Referral.objects.filter(status=Status.GATEWAY, locality__code="NY").first()
    author = User.objects.get(email="person1@a0000.example.org")
    assert case is not None
    them = {"forenames": case.person.forenames, "surname": case.person.surname, "reason": "Asked."}
    asked = [
        (lead, "/referrals/queue/", None),
        (lead, "/referrals/queue/?view=open", None),
        (lead, "/referrals/queue/?view=open&sort=newest", None),
        (officer, "/referrals/queue/", None),
        (officer, "/referrals/queue/?view=open", None),
        (lead, case.get_absolute_url(), None),
        (lead, "/referrals/search/", them),
        (author, "/referrals/", None),
        # Whoever takes a name is looked for in the cases that may name them (AC-08).
        (author, "/agency/details/", {"name": " ".join([*them.values()][:2]), "job_title": "T"}),
    ]
    used: dict[str, set[str]] = {}
    for person, path, words in asked:
        client, log = enter(person), Asked()
        with connection.execute_wrapper(log):
            answer = client.post(path, words) if words else client.get(path)
        assert answer.status_code == (302 if "details" in path else 200), path
        for sql, params in log.queries:
            for how in plans_of(sql, params):
                used.setdefault(f"{person.pk} {path}", set()).update(indexes(how))
                for table, whole, rows in reads(how):
                    if table in LARGE:
                        assert not whole, (path, table, sql)
                        assert rows <= MOST_ROWS, (path, table, rows, sql)
    # What is with the police rests for a lead, and piles up: it is not read to find what is late.
    assert "referral_late" in used[f"{lead.pk} /referrals/queue/?view=open"]
    assert "referral_police_queue" in used[f"{officer.pk} /referrals/queue/?view=open"]
