import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    replaces = [("reports", "0001_initial")]

    dependencies = [
        ("audit", "0001_founding"),
        ("accounts", "0001_founding"),
        ("documents", "0001_founding"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Report",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("period_kind", models.CharField(max_length=8, verbose_name="length of the period")),
                ("period", models.CharField(max_length=8, verbose_name="period")),
                ("period_start", models.DateField(verbose_name="first day")),
                ("period_end", models.DateField(verbose_name="last day")),
                ("revision", models.PositiveSmallIntegerField(default=1, verbose_name="revision")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("building", "Being built"),
                            ("failed", "Building failed"),
                            ("built", "Built, to be reviewed"),
                            ("reviewed", "Reviewed, to be signed off"),
                            ("signed_off", "Signed off, to be submitted"),
                            ("submitted", "Submitted"),
                            ("received", "Received"),
                            ("returned", "Returned"),
                        ],
                        default="building",
                        max_length=12,
                        verbose_name="status",
                    ),
                ),
                ("figures", models.JSONField(null=True, verbose_name="figures")),
                ("figures_sha256", models.CharField(blank=True, max_length=64)),
                ("counted", models.DateTimeField(null=True, verbose_name="data as of")),
                ("narrative", models.JSONField(default=dict, verbose_name="text")),
                ("narrative_version", models.PositiveIntegerField(default=0)),
                ("paper_version", models.PositiveIntegerField(default=0)),
                ("checkpoint", models.JSONField(null=True, verbose_name="trail checkpoint")),
                ("document_number", models.CharField(blank=True, max_length=60, verbose_name="document number")),
                ("contact_name", models.CharField(blank=True, max_length=60, verbose_name="contact")),
                ("contact_phone", models.CharField(blank=True, max_length=40, verbose_name="telephone")),
                ("sha256", models.CharField(blank=True, max_length=64, verbose_name="SHA-256 of the document")),
                ("stage", models.CharField(blank=True, max_length=20)),
                ("percent", models.PositiveSmallIntegerField(default=0)),
                ("error", models.TextField(blank=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("heartbeat", models.DateTimeField(null=True)),
                ("requested_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("built_at", models.DateTimeField(null=True)),
                ("reviewed_at", models.DateTimeField(null=True)),
                ("signed_off_at", models.DateTimeField(null=True)),
                ("submitted_at", models.DateTimeField(null=True)),
                ("received_at", models.DateTimeField(null=True)),
                ("returned_at", models.DateTimeField(null=True)),
                ("return_comment", models.TextField(blank=True, verbose_name="why it was returned")),
                (
                    "built_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reports", to="accounts.institution"
                    ),
                ),
                (
                    "pdf",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="documents.storedfile",
                    ),
                ),
                (
                    "received_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "returned_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reviewed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "signed_off_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "submitted_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "report",
                "verbose_name_plural": "reports",
                "ordering": ["-period_end", "institution", "-revision"],
                "constraints": [
                    models.UniqueConstraint(fields=("institution", "period", "revision"), name="report_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("document_number", ""), _negated=True),
                        fields=("institution", "document_number"),
                        name="document_number_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("requested_at__isnull", True), ("requested_by__isnull", True)),
                            models.Q(("requested_at__isnull", False), ("requested_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="report_requested_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("built_at__isnull", True), ("built_by__isnull", True)),
                            models.Q(("built_at__isnull", False), ("built_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="report_built_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reviewed_at__isnull", True), ("reviewed_by__isnull", True)),
                            models.Q(("reviewed_at__isnull", False), ("reviewed_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="report_reviewed_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("signed_off_at__isnull", True), ("signed_off_by__isnull", True)),
                            models.Q(("signed_off_at__isnull", False), ("signed_off_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="report_signed_off_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("submitted_at__isnull", True), ("submitted_by__isnull", True)),
                            models.Q(("submitted_at__isnull", False), ("submitted_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="report_submitted_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("received_at__isnull", True), ("received_by__isnull", True)),
                            models.Q(("received_at__isnull", False), ("received_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="report_received_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("returned_at__isnull", True), ("returned_by__isnull", True)),
                            models.Q(("returned_at__isnull", False), ("returned_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="report_returned_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["building", "failed"]),
                            models.Q(
                                ("built_at__isnull", False),
                                ("figures__isnull", False),
                                ("pdf__isnull", False),
                                models.Q(("figures_sha256", ""), _negated=True),
                                models.Q(("sha256", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="built_report_has_figures_and_paper",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("status__in", ["signed_off", "submitted", "received", "returned"]), _negated=True
                            ),
                            models.Q(
                                ("reviewed_at__isnull", False),
                                ("signed_off_at__isnull", False),
                                models.Q(("document_number", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="signed_report_has_number_and_signer",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("signed_off_by__isnull", True),
                            models.Q(("signed_off_by", models.F("reviewed_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="signer_is_not_reviewer",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "returned"), _negated=True),
                            models.Q(("return_comment", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="returned_report_says_why",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReportReceipt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("pdf", "PDF"), ("json", "JSON"), ("csv", "CSV")], max_length=4, verbose_name="file"
                    ),
                ),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                (
                    "downloaded_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="downloaded at"),
                ),
                ("post", models.CharField(blank=True, max_length=120, verbose_name="post")),
                (
                    "downloaded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="downloaded by",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.institution"
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="receipts", to="reports.report"
                    ),
                ),
            ],
            options={
                "verbose_name": "download receipt",
                "ordering": ["-downloaded_at", "-id"],
                "indexes": [
                    models.Index(fields=["report", "-downloaded_at"], name="receipt_by_report"),
                ],
            },
        ),
    ]
