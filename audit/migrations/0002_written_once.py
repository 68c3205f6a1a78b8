"""The log is numbered by the database, and nobody rewrites it, its owner included."""

from django.db import migrations

# ``at`` is the database's clock. Only who owns the table (a demonstration or a sample being built)
# may say another moment. A number that somebody gives is thrown away. The agencies of a transaction
# are noted, for the locks at its end.
ARRIVE = """
CREATE FUNCTION audit_arrive() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    noted text[] := string_to_array(current_setting('audit.agencies', true), chr(31));
BEGIN
    IF NEW.at IS NULL OR NOT pg_has_role(
        current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE'
    ) THEN
        NEW.at := clock_timestamp();
    END IF;
    NEW.sequence := NULL;
    IF noted IS NULL OR NOT ('.' || NEW.agency) = ANY (noted) THEN
        PERFORM set_config(
            'audit.agencies', array_to_string(noted || ('.' || NEW.agency), chr(31)), true
        );
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_arrive BEFORE INSERT ON audit_auditevent
    FOR EACH ROW EXECUTE FUNCTION audit_arrive();
"""

# Numbers are drawn at the very end of the transaction, under one lock for each agency, all taken
# first and in order. A page that notes a look early holds no lock while it is made, a long job does
# not stop an agency, and two transactions with two agencies cannot wait for each other. The function
# has its owner's rights, because the role that serves the portal may not update the table.
NUMBER = """
CREATE FUNCTION audit_number() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
    noted text := current_setting('audit.agencies', true);
BEGIN
    IF noted <> '' THEN
        PERFORM pg_advisory_xact_lock(hashtextextended('audit' || agency, 0))
        FROM (
            SELECT DISTINCT agency COLLATE "C" AS agency
            FROM unnest(string_to_array(noted, chr(31))) AS agency
            ORDER BY 1
        ) places;
        PERFORM set_config('audit.agencies', '', true);
    END IF;
    -- The setting is anybody's to change, so each row makes sure of its own lock as well.
    PERFORM pg_advisory_xact_lock(hashtextextended('audit.' || NEW.agency, 0));
    UPDATE audit_auditevent SET sequence = 1 + coalesce(
        (SELECT max(sequence) FROM audit_auditevent WHERE agency = NEW.agency), 0
    ) WHERE id = NEW.id AND sequence IS NULL;
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
