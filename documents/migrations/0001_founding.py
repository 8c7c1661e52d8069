import django.db.models.deletion
import documents.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    replaces = [("documents", "0001_initial")]

    dependencies = [
        ("audit", "0001_founding"),
        ("accounts", "0001_founding"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="StoredFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("name", models.CharField(max_length=200, verbose_name="file name")),
                ("size", models.PositiveBigIntegerField(verbose_name="size in bytes")),
                ("content_type", models.CharField(max_length=100, verbose_name="content type")),
                ("file", models.FileField(max_length=200, upload_to=documents.models.place, verbose_name="file")),
                ("holds_identity", models.BooleanField(default=False, verbose_name="holds patient identities")),
                ("uploaded_at", models.DateTimeField(auto_now_add=True, verbose_name="uploaded at")),
                (
                    "institution",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="accounts.institution",
                        verbose_name="institution",
                    ),
                ),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="uploaded by",
                    ),
                ),
            ],
            options={
                "verbose_name": "stored file",
                "verbose_name_plural": "stored files",
                "ordering": ["-uploaded_at", "-id"],
                "indexes": [models.Index(fields=["sha256"], name="stored_file_sha256")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("holds_identity", False), ("institution__isnull", False), _connector="OR"),
                        name="stored_file_identity_has_owner",
                    )
                ],
            },
        ),
    ]
