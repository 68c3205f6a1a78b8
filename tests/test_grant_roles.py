"""The role that serves the portal can work with every table and rewrite no history."""

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from accounts.management.commands.grant_roles import WRITTEN_ONCE

pytestmark = pytest.mark.django_db


@pytest.fixture
def serving_role(settings):
    settings.RUNTIME_ROLE = "portal_web_test"
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE portal_web_test NOSUPERUSER NOBYPASSRLS")
        call_command("grant_roles", verbosity=0)
        call_command("grant_roles", verbosity=0)  # safe to run twice
        cursor.execute("SET LOCAL ROLE portal_web_test")
        yield cursor
        cursor.execute("RESET ROLE")


def test_the_serving_role_reads_and_writes_people(serving_role):
    serving_role.execute("UPDATE accounts_user SET name = name")
    serving_role.execute("SELECT count(*) FROM audit_auditevent")


def test_the_serving_role_has_its_rights_on_every_table_and_no_more(serving_role):
    """A table that comes with a later migration is among them, whoever made it."""
    role, rights = "portal_web_test", ("SELECT", "INSERT", "UPDATE", "DELETE")
    tables = set(connection.introspection.table_names(serving_role))
    for model in apps.get_models(include_auto_created=True):
        assert model._meta.db_table in tables or not model._meta.managed
    for table in tables:
        written_once = {right.strip() for right in WRITTEN_ONCE.get(table, "").split(",")}
        for right in (*rights, "TRUNCATE", "TRIGGER", "REFERENCES"):
            serving_role.execute("SELECT has_table_privilege(%s, %s, %s)", [role, table, right])
            expected = right in (written_once if table in WRITTEN_ONCE else rights)
            assert serving_role.fetchone() == (expected,), (table, right)
    serving_role.execute(
        "SELECT bool_and(has_sequence_privilege(%s, oid, 'USAGE')) FROM pg_class "
        "WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace",
        [role],
    )
    assert serving_role.fetchone() == (True,)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_auditevent SET kind = 'nothing.happened'",
        "DELETE FROM audit_auditevent",
        "TRUNCATE audit_auditevent",
        "DELETE FROM django_migrations",
        "CREATE TABLE mine (id int)",
        "DROP TABLE accounts_user",
    ],
)
def test_the_serving_role_rewrites_no_history(serving_role, statement):
    with pytest.raises(DatabaseError), transaction.atomic():
        serving_role.execute(statement)


def test_a_missing_role_is_named(settings):
    settings.RUNTIME_ROLE = "nobody_made_this"
    with pytest.raises(CommandError, match="nobody_made_this"):
        call_command("grant_roles")
