from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("referrals", "0017_named_digests"),
    ]

    operations = [
        migrations.AlterField(
            model_name="gatewayrecord",
            name="national_earlier",
            field=models.CharField(
                blank=True,
                choices=[
                    ("none", "No"),
                    ("found", "Yes"),
                    ("not_known", "Not known: it could not be looked up"),
                ],
                max_length=10,
            ),
        ),
    ]
