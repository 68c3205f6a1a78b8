"""Lets the role that serves the portal use the tables that another role owns."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from psycopg2 import sql

# What the serving role may only read, or only read and add to.
WRITTEN_ONCE = {"audit_auditevent": "SELECT, INSERT", "django_migrations": "SELECT"}


class Command(BaseCommand):
    help = "Grants the serving role (DATABASE_RUNTIME_ROLE) its rights. Run it after every migrate."

    def handle(self, *args: Any, **options: Any) -> None:
        role = sql.Identifier(settings.RUNTIME_ROLE)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [settings.RUNTIME_ROLE])
            if cursor.fetchone() is None:
                raise CommandError(
                    f"The database has no role {settings.RUNTIME_ROLE}: make it, "
                    "or name another in DATABASE_RUNTIME_ROLE."
                )
            for statement in (
                "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
                "GRANT USAGE ON SCHEMA public TO {role}",
                "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
                "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
            ):
                cursor.execute(sql.SQL(statement).format(role=role))
            present = set(connection.introspection.table_names(cursor))
            for table in WRITTEN_ONCE.keys() & present:
                names = {"table": sql.Identifier(table), "role": role}
                for statement in (
                    "REVOKE ALL ON {table} FROM {role}",
                    f"GRANT {WRITTEN_ONCE[table]} ON {{table}} TO {{role}}",
                ):
                    cursor.execute(sql.SQL(statement).format(**names))
        self.stdout.write(f"{settings.RUNTIME_ROLE} may use {len(present)} tables")
