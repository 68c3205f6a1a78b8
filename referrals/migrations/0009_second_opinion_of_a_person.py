import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import vault.fields


class Migration(migrations.Migration):
    """C7 becomes a person. The name in words keeps its column, for which it was sealed."""

    dependencies = [
        ("referrals", "0008_disposal"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="checkrecord",
            name="second_opinion_by",
            field=vault.fields.SealedTextField(
                blank=True, db_column="second_opinion_by", editable=False
            ),
        ),
        migrations.RenameField(
            model_name="checkrecord",
            old_name="second_opinion_by",
            new_name="second_opinion_name",
        ),
        migrations.AddField(
            model_name="checkrecord",
            name="second_opinion_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
