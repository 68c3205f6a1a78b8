"""Sets of standards. One that forms are open with is never changed, by its owner included."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

KEEP = """
CREATE FUNCTION selfassessment_keep_set() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.used_at IS NOT NULL THEN
        RAISE EXCEPTION 'Standards % are in use and stay as they are: % refused.',
            OLD.version, TG_OP USING ERRCODE = '55000';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER selfassessment_keep_set BEFORE UPDATE OR DELETE ON selfassessment_standardset
    FOR EACH ROW EXECUTE FUNCTION selfassessment_keep_set();

CREATE FUNCTION selfassessment_keep_of_set() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    used text;
BEGIN
    SELECT string_agg(version, ', ') INTO used FROM selfassessment_standardset
        WHERE used_at IS NOT NULL AND id IN (
            CASE WHEN TG_OP <> 'INSERT' THEN OLD.set_id END,
            CASE WHEN TG_OP <> 'DELETE' THEN NEW.set_id END
        );
    IF used IS NOT NULL THEN
        RAISE EXCEPTION 'Standards % are in use and stay as they are: % refused.', used, TG_OP
            USING ERRCODE = '55000';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER selfassessment_keep_section
    BEFORE INSERT OR UPDATE OR DELETE ON selfassessment_standardsection
    FOR EACH ROW EXECUTE FUNCTION selfassessment_keep_of_set();
CREATE TRIGGER selfassessment_keep_standard
    BEFORE INSERT OR UPDATE OR DELETE ON selfassessment_standard
    FOR EACH ROW EXECUTE FUNCTION selfassessment_keep_of_set();
"""
LET_GO = """
DROP TRIGGER selfassessment_keep_standard ON selfassessment_standard;
DROP TRIGGER selfassessment_keep_section ON selfassessment_standardsection;
DROP FUNCTION selfassessment_keep_of_set();
DROP TRIGGER selfassessment_keep_set ON selfassessment_standardset;
DROP FUNCTION selfassessment_keep_set();
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="StandardSet",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.CharField(max_length=12, unique=True, verbose_name="version")),
                ("major", models.PositiveSmallIntegerField(editable=False)),
                ("minor", models.PositiveSmallIntegerField(editable=False)),
                ("title", models.CharField(max_length=120, verbose_name="title")),
                ("sources", models.JSONField(blank=True, default=dict, verbose_name="sources")),
                ("source_sha256", models.CharField(editable=False, max_length=64)),
                (
                    "published_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="published"
                    ),
                ),
                (
                    "used_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="first used"
                    ),
                ),
            ],
            options={
                "verbose_name": "set of standards",
                "verbose_name_plural": "sets of standards",
                "ordering": ["-major", "-minor"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("major", "minor"), name="standardset_one_of_a_number"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("used_at__isnull", True),
                            ("published_at__isnull", False),
                            _connector="OR",
                        ),
                        name="standardset_published_before_use",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StandardSection",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=2, verbose_name="code")),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("short_name", models.CharField(max_length=12, verbose_name="name in one word")),
                ("sentence", models.CharField(max_length=500, verbose_name="what it is about")),
                ("order", models.PositiveSmallIntegerField(editable=False)),
                (
                    "set",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sections",
                        to="selfassessment.standardset",
                    ),
                ),
            ],
            options={
                "ordering": ["set", "order"],
            },
        ),
        migrations.CreateModel(
            name="Standard",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=5, verbose_name="code")),
                ("title", models.CharField(max_length=120, verbose_name="title")),
                ("text", models.TextField(verbose_name="standard")),
                (
                    "weight",
                    models.CharField(
                        choices=[("must", "Must"), ("should", "Should")],
                        max_length=6,
                        verbose_name="must or should",
                    ),
                ),
                (
                    "should_if_unspecified",
                    models.BooleanField(
                        default=False,
                        verbose_name="a should for those who are not specified authorities",
                    ),
                ),
                ("critical", models.BooleanField(default=False, verbose_name="critical")),
                (
                    "short_form",
                    models.BooleanField(default=False, verbose_name="in the short form"),
                ),
                ("level_not_in_place", models.TextField(verbose_name="Not in place")),
                ("level_developing", models.TextField(verbose_name="Developing")),
                ("level_in_place", models.TextField(verbose_name="In place")),
                ("level_embedded", models.TextField(verbose_name="Embedded")),
                (
                    "evidence",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), size=None, verbose_name="evidence"
                    ),
                ),
                (
                    "applies_to",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("LA", "Local authority"),
                                ("SE", "School, early years"),
                                ("FH", "Further and higher education"),
                                ("HL", "Health"),
                                ("PO", "Police"),
                                ("CJ", "Prison, probation, youth justice"),
                                ("VC", "Voluntary, faith, commissioned"),
                            ],
                            max_length=2,
                        ),
                        size=None,
                        verbose_name="applies to",
                    ),
                ),
                (
                    "basis",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), size=None, verbose_name="basis"
                    ),
                ),
                (
                    "clauses",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=10),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("order", models.PositiveSmallIntegerField(editable=False)),
                (
                    "section",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="standards",
                        to="selfassessment.standardsection",
                    ),
                ),
                (
                    "set",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="standards",
                        to="selfassessment.standardset",
                    ),
                ),
            ],
            options={
                "ordering": ["set", "order"],
            },
        ),
        migrations.AddConstraint(
            model_name="standardsection",
            constraint=models.UniqueConstraint(
                fields=("set", "code"), name="standardsection_code_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="standard",
            constraint=models.UniqueConstraint(fields=("set", "code"), name="standard_code_once"),
        ),
        migrations.AddConstraint(
            model_name="standard",
            constraint=models.CheckConstraint(
                condition=models.Q(("weight__in", ["must", "should"])),
                name="standard_weight_is_known",
            ),
        ),
        migrations.RunSQL(KEEP, LET_GO),
    ]
