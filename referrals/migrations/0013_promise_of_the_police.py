from django.db import migrations, models
from django.db.models.functions import Coalesce


def follow_what_they_count_from(apps, schema_editor):
    """Cases that were given back before: the police have counted from a hidden promise."""
    clocks = apps.get_model("referrals", "Clock").objects.filter(
        hidden=True, stopped_at=None, paused_at=None
    )
    referrals = apps.get_model("referrals", "Referral").objects
    for referral, due_at in clocks.values_list("referral_id", "due_at"):
        referrals.filter(pk=referral).update(police_due_at=due_at)


class Migration(migrations.Migration):
    dependencies = [
        ("referrals", "0012_narrower_holder_index"),
    ]

    operations = [
        migrations.AddField(
            model_name="referral",
            name="police_due_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name="referral",
            index=models.Index(
                models.F("emergency").desc(),
                Coalesce("police_due_at", "due_at"),
                models.F("id"),
                name="referral_police_queue",
                condition=models.Q(submitted_at__isnull=False, due_at__isnull=False),
            ),
        ),
        migrations.RunPython(follow_what_they_count_from, migrations.RunPython.noop),
    ]
