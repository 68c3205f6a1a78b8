"""The log is numbered by the database, and nobody rewrites it, its owner included."""

from django.db import migrations

# ``at`` is the database's clock. Only who owns the table (a demonstration or a sample being built)
# may say another moment. A number that somebody gives is thrown away.
ARRIVE = """
CREATE FUNCTION audit_arrive() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.at IS NULL OR NOT pg_has_role(
        current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE'
    ) THEN
        NEW.at := clock_timestamp();
    END IF;
    NEW.sequence := NULL;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_arrive BEFORE INSERT ON audit_auditevent
    FOR EACH ROW EXECUTE FUNCTION audit_arrive();
"""

# Numbers are drawn at the very end of the transaction, under one lock for each agency, taken in
# order. A page that notes a look early holds no lock while it is made, a long job does not stop an
# agency, and two transactions with two agencies cannot wait for each other. Unnumbered rows that a
# transaction sees are its own: every committed row has its number. The function has its owner's
# rights, because the role that serves the portal may not update the table.
NUMBER = """
CREATE FUNCTION audit_number() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
    drawn text;
BEGIN
    IF NOT EXISTS (SELECT FROM audit_auditevent WHERE id = NEW.id AND sequence IS NULL) THEN
        RETURN NULL;
    END IF;
    FOR drawn IN
        SELECT DISTINCT agency FROM audit_auditevent WHERE sequence IS NULL ORDER BY agency
    LOOP
        PERFORM pg_advisory_xact_lock(hashtextextended('audit:' || drawn, 0));
        UPDATE audit_auditevent e SET sequence = last.number + mine.place
        FROM (
            SELECT id, row_number() OVER (ORDER BY id) AS place
            FROM audit_auditevent WHERE agency = drawn AND sequence IS NULL
        ) mine, (
            SELECT coalesce(max(sequence), 0) AS number
            FROM audit_auditevent WHERE agency = drawn
        ) last
        WHERE e.id = mine.id;
    END LOOP;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER audit_number AFTER INSERT ON audit_auditevent
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_number();
"""

# The one change that is let through is audit_number's own, which it makes from inside a trigger.
KEEP = """
CREATE FUNCTION audit_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND pg_trigger_depth() > 1 THEN
        IF OLD.sequence IS NULL AND to_jsonb(NEW) - 'sequence' = to_jsonb(OLD) - 'sequence' THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'The log is written once: % refused.', TG_OP USING ERRCODE = '55000';
END $$;
CREATE TRIGGER audit_keep BEFORE UPDATE OR DELETE ON audit_auditevent
    FOR EACH ROW EXECUTE FUNCTION audit_keep();
CREATE TRIGGER audit_keep_all BEFORE TRUNCATE ON audit_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION audit_keep();
"""


def undo(name: str, *triggers: str) -> str:
    drops = "".join(f"DROP TRIGGER {trigger} ON audit_auditevent;" for trigger in triggers)
    return f"{drops}DROP FUNCTION {name}();"


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.RunSQL(ARRIVE, undo("audit_arrive", "audit_arrive")),
        migrations.RunSQL(NUMBER, undo("audit_number", "audit_number")),
        migrations.RunSQL(KEEP, undo("audit_keep", "audit_keep", "audit_keep_all")),
    ]
