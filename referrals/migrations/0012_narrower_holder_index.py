"""Most cases that nobody holds are not shared, and a queue read them in vain."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("referrals", "0011_editions"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="referral",
            name="referral_holder",
        ),
        migrations.AddIndex(
            model_name="referral",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False), ("submitted_at__isnull", False)),
                fields=["holder", "due_at"],
                name="referral_holder",
            ),
        ),
    ]
