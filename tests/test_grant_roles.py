"""The role that serves the portal can work with every table and rewrite no history."""

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

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
