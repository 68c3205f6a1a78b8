from django.db import migrations, models

KINDS = [
    ("draft", "Send or delete the draft"),
    ("check", "Decide the check"),
    ("author_answer", "Answer the lead's questions"),
    ("route_sent", "Send it to the other service"),
    ("look_again", "Look again"),
    ("acknowledge", "Acknowledge"),
    ("triage", "Pass to police or ask for more"),
    ("referrer_answer", "Answer from the referrer"),
    ("accept_transfer", "Accept or decline the transfer"),
    ("gateway", "Gateway assessment"),
    ("feedback", "Tell the referrer"),
    ("practice", "Tell the referrer about the quality of the referral"),
    ("stage", "Next step"),
    ("out_of_hours", "Tell somebody by telephone"),
]


class Migration(migrations.Migration):
    dependencies = [("referrals", "0004_attachments")]

    operations = [
        migrations.AddField(
            model_name="clock",
            name="paused_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="clock",
            name="paused_days",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="clock",
            name="kind",
            field=models.CharField(choices=KINDS, max_length=20),
        ),
        migrations.AlterField(
            model_name="clockrule",
            name="kind",
            field=models.CharField(
                choices=KINDS, max_length=20, unique=True, verbose_name="promise"
            ),
        ),
    ]
