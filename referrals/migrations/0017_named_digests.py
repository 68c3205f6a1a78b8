import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models

DIGEST = models.CharField(max_length=64)


class Migration(migrations.Migration):
    dependencies = [
        ("referrals", "0016_ended_index"),
    ]

    operations = [
        # Records of before have none yet: the housekeeping makes them, some in each round.
        migrations.AddField(
            model_name="personrecord",
            name="named_digests",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=DIGEST, blank=True, editable=False, null=True, size=None
            ),
        ),
        migrations.AlterField(
            model_name="personrecord",
            name="named_digests",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=DIGEST, blank=True, default=list, editable=False, null=True, size=None
            ),
        ),
        migrations.AddIndex(
            model_name="personrecord",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["named_digests"], name="person_named"
            ),
        ),
        migrations.AddIndex(
            model_name="personrecord",
            index=models.Index(
                condition=models.Q(("named_digests", None)),
                fields=["referral"],
                name="person_not_named",
            ),
        ),
    ]
