from django.db import migrations, models

import vault.fields


class Migration(migrations.Migration):
    dependencies = [
        ("referrals", "0014_named_users"),
    ]

    operations = [
        migrations.AddField(
            model_name="triagerecord",
            name="earlier_records",
            field=vault.fields.SealedJSONField(blank=True, default=None),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="triagerecord",
            name="earlier_elsewhere",
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="gatewayrecord",
            name="national_earlier",
            field=models.CharField(
                blank=True, choices=[("none", "No"), ("found", "Yes")], default="", max_length=10
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="gatewayrecord",
            name="national_detail",
            field=vault.fields.SealedTextField(blank=True, default=""),
            preserve_default=False,
        ),
    ]
