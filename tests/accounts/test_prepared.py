"""Queries that are written once: the same rows, and never a value of the first who asked."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Count, Q, Value
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.prepared import NotPreparedError, Prepared
from selfassessment.models import Cycle

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def people():
    return [
        User.objects.create_user(f"{name}@prepared.example.org", name, job_title="Sleuth")
        for name in ("Ada", "Bea", "Cy")
    ]


def named(newest_first, *, title, pks, since):
    found = User.objects.filter(job_title=title, pk__in=pks, date_joined__gte=since)
    return found.order_by("-name" if newest_first else "name")


def test_rows_come_as_from_the_queryset_with_the_values_of_each_time(people):
    ask, pks = Prepared(named), [person.pk for person in people]
    for wanted in (pks[:2], pks[1:]):
        given = {"title": "Sleuth", "pks": wanted, "since": NOW - timedelta(days=1)}
        for down in (True, False):
            assert ask(down, **given) == list(named(down, **given))
    assert len(ask.texts) == 2
    assert ask(True, title="Sleuth", pks=[], since=NOW) == []
    assert ask(True, title="Other", pks=pks, since=NOW - timedelta(days=1)) == []


def test_it_is_put_together_once_and_asks_once(people):
    made = []

    def make(pk):
        made.append(pk)
        return User.objects.filter(pk=pk)

    ask = Prepared(make)
    with CaptureQueriesContext(connection) as caught:
        assert [ask(pk=person.pk) for person in people] == [[person] for person in people]
    assert len(caught) == len(people)
    assert len(made) == 2
    assert not {person.pk for person in people} & set(made)


def test_counts_and_annotations_are_given_too(people):
    ask = Prepared(
        lambda pks, mark: (
            User.objects.filter(pk__in=pks)
            .order_by()
            .annotate(mark=Value(mark))
            .values("mark")
            .annotate(n=Count("pk"))
            .values_list("mark", "n")
        )
    )
    assert ask(pks=[person.pk for person in people], mark="here") == [("here", 3)]
    assert ask(pks=[people[0].pk], mark="there") == [("there", 1)]


def test_a_column_for_small_numbers_is_asked_too():
    """What no value of the column can reach the ORM would leave out, for ever."""
    ask = Prepared(lambda year: Cycle.objects.filter(year__lt=year))
    assert ask(year=2026) == []
    (text,) = ask.texts.values()
    assert text is not None
    assert '"year" <' in text.sql


def test_what_was_not_given_is_found_out_when_it_is_written(people):
    moment = iter(NOW + timedelta(seconds=n) for n in range(10))
    for make in (
        lambda pk: User.objects.filter(pk=pk + 1),
        lambda pk: User.objects.filter(pk=pk, date_joined__lt=NOW),
        lambda pk: User.objects.filter(pk=pk, date_joined__lt=next(moment)),
        lambda pk: User.objects.filter(pk=pk).filter(Q(name="a") if pk % 2 else Q()),
        lambda pk: User.objects.filter(pk__in=[User.objects.get(pk=pk).pk]),
    ):
        with pytest.raises(NotPreparedError):
            Prepared(make)(pk=people[0].pk)
    with pytest.raises(TypeError):
        Prepared(lambda pk: User.objects.filter(pk=pk))(pk=None)


def test_a_new_day_writes_it_anew(people, monkeypatch):
    today = timezone.localdate()
    ask = Prepared(
        lambda pk: User.objects.filter(pk=pk, date_joined__date__lte=timezone.localdate())
    )
    assert ask(pk=people[0].pk) == [people[0]]
    monkeypatch.setattr(timezone, "localdate", lambda: today - timedelta(days=1))
    assert ask(pk=people[0].pk) == []


def kept():
    """The statements that the database has ready for this connection, by name."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, statement FROM pg_prepared_statements")
        return dict(cursor.fetchall())


def test_the_database_keeps_the_plan_and_only_the_values_differ(people):
    ask, before = Prepared(named), kept()
    for person in people:
        given = {"title": "Sleuth", "pks": [person.pk], "since": NOW - timedelta(days=1)}
        assert ask(True, **given) == [person]
    (statement,) = (said for name, said in kept().items() if name not in before)
    assert "$1" in statement
    assert "Sleuth" not in statement
    assert not any(str(person.pk) in statement for person in people)


def test_values_of_every_type_come_through_the_database_as_they_went_in(people):
    ada = people[0]
    given = {
        "number": ada.pk,
        "words": "per cent % and 'quotes' and $1",
        "moment": NOW,
        "day": NOW.date(),
        "key": uuid.uuid4(),
        "raw": b"\x00\xff",
    }

    def make(**values):
        own = {f"said_{name}": Value(value) for name, value in values.items()}
        return User.objects.filter(pk=values["number"]).annotate(**own)

    (found,) = Prepared(make)(**given)
    said = {name: getattr(found, f"said_{name}") for name in given}
    assert said | {"raw": bytes(said["raw"])} == given


def test_the_log_says_what_was_asked_and_not_the_name_it_is_kept_under(people):
    ask = Prepared(lambda pk: User.objects.filter(pk=pk))
    with CaptureQueriesContext(connection) as caught:
        for person in people[:2]:
            ask(pk=person.pk)
    for query, person in zip(caught.captured_queries, people, strict=False):
        assert query["sql"].startswith("SELECT")
        assert f"= {person.pk}" in query["sql"]
