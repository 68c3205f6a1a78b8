import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import vault.fields


class Migration(migrations.Migration):
    dependencies = [
        ("referrals", "0003_kept_out_and_police_notes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="concernrecord",
            name="attachments",
            field=vault.fields.SealedJSONField(blank=True, default=None),
            preserve_default=False,
        ),
        migrations.CreateModel(
            name="Attachment",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("pdf", "PDF"),
                            ("jpeg", "picture"),
                            ("png", "picture"),
                            ("docx", "Word document"),
                            ("odt", "ODT document"),
                            ("txt", "text"),
                        ],
                        max_length=10,
                    ),
                ),
                ("name", vault.fields.SealedTextField()),
                ("size", models.PositiveIntegerField()),
                ("sha256", vault.fields.SealedTextField()),
                ("content", vault.fields.SealedBinaryField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting for the virus check"),
                            ("clean", "No virus found"),
                            ("infected", "Destroyed: it had a virus in it"),
                            ("failed", "Could not be checked for viruses"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("checked_at", models.DateTimeField(blank=True, null=True)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("next_try_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "referral",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="files",
                        to="referrals.referral",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "pending")),
                        fields=["next_try_at"],
                        name="attachment_waiting",
                    ),
                    models.Index(fields=["by", "at"], name="attachment_by"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("referral", "number"), name="attachment_number_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 1), ("number__lte", 5)),
                        name="attachment_of_five",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["pending", "clean", "infected", "failed"])
                        ),
                        name="attachment_state_known",
                    ),
                ],
            },
        ),
    ]
