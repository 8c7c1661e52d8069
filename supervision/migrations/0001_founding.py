import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    replaces = [("supervision", "0001_initial"), ("supervision", "0002_alerts")]

    dependencies = [
        ("audit", "0001_founding"),
        ("accounts", "0001_founding"),
        ("documents", "0001_founding"),
        ("referrals", "0001_founding"),
        ("vendors", "0001_founding"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LedgerImport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("file_sha256", models.CharField(max_length=64)),
                ("file_name", models.CharField(max_length=200, verbose_name="file name")),
                ("requested_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="given in at")),
                ("dry_run", models.BooleanField(default=False, verbose_name="check only")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Being read"),
                            ("done", "Finished"),
                            ("refused", "Errors in the workbook"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("claim", models.UUIDField(blank=True, null=True)),
                ("claimed_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("rows_total", models.PositiveIntegerField(default=0, verbose_name="rows")),
                ("errors", models.JSONField(blank=True, default=list)),
                ("error_count", models.PositiveIntegerField(default=0)),
                ("result", models.JSONField(blank=True, default=dict)),
                ("message", models.CharField(blank=True, max_length=300)),
                (
                    "check_run",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="confirmed_as",
                        to="supervision.ledgerimport",
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="documents.storedfile",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ledger_imports",
                        to="accounts.institution",
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "requested_post",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.post",
                    ),
                ),
            ],
            options={
                "verbose_name": "ledger import",
                "ordering": ["-requested_at", "-id"],
                "indexes": [
                    models.Index(fields=["institution", "-requested_at", "-id"], name="ledger_import_newest"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ("waiting", "running"))),
                        fields=("institution", "file_sha256", "dry_run"),
                        name="ledger_import_once_at_a_time",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "running"), _negated=True),
                            models.Q(("claim__isnull", False), ("claimed_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="running_import_is_claimed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ("waiting", "running")), ("finished_at__isnull", False), _connector="OR"
                        ),
                        name="ended_import_has_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ImportProgress",
            fields=[
                (
                    "ledger_import",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="progress",
                        serialize=False,
                        to="supervision.ledgerimport",
                    ),
                ),
                (
                    "phase",
                    models.CharField(
                        choices=[
                            ("reading", "Reading the workbook"),
                            ("checking", "Checking and comparing"),
                            ("writing", "Recording"),
                            ("judging", "Judging each case by the rules"),
                            ("matching", "Matching the laboratories' statements"),
                        ],
                        default="reading",
                        max_length=10,
                    ),
                ),
                ("rows_done", models.PositiveIntegerField(default=0)),
                ("rows_total", models.PositiveIntegerField(default=0)),
                ("phase_began_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("beat_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "verbose_name": "import progress",
            },
        ),
        migrations.CreateModel(
            name="Finding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("gate", models.CharField(max_length=6, verbose_name="rule")),
                (
                    "clauses",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=6), size=None, verbose_name="clauses"
                    ),
                ),
                ("step", models.CharField(max_length=60, verbose_name="step")),
                ("judged_as_of", models.DateTimeField(verbose_name="time of the step")),
                ("message", models.CharField(max_length=500, verbose_name="finding")),
                ("facts", models.JSONField(default=list, verbose_name="facts")),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "Open"), ("lifted", "Lifted by later facts")],
                        default="open",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                ("found_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="found at")),
                (
                    "department",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="findings",
                        to="accounts.department",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="findings", to="accounts.institution"
                    ),
                ),
                (
                    "referral",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="findings", to="referrals.referral"
                    ),
                ),
                (
                    "ledger_import",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="findings",
                        to="supervision.ledgerimport",
                    ),
                ),
            ],
            options={
                "verbose_name": "finding",
                "ordering": ["-judged_as_of", "-id"],
                "indexes": [
                    models.Index(fields=["institution", "-judged_as_of", "-id"], name="finding_newest"),
                    models.Index(fields=["institution", "gate", "-judged_as_of", "-id"], name="finding_by_gate"),
                    models.Index(fields=["department", "-judged_as_of", "-id"], name="finding_by_department"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("referral", "gate"), name="finding_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="LedgerEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("row", models.PositiveIntegerField(verbose_name="row of the workbook")),
                ("content", models.JSONField()),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.institution"
                    ),
                ),
                (
                    "ledger_import",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="supervision.ledgerimport",
                    ),
                ),
                (
                    "referral",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ledger_entry",
                        to="referrals.referral",
                    ),
                ),
            ],
            options={
                "verbose_name": "ledger entry",
                "ordering": ["ledger_import", "row"],
                "indexes": [
                    models.Index(fields=["ledger_import", "institution"], name="supervision_ledger__7f988a_idx"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Alert",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("no_referral", "Suspected test outside the hospital"),
                            ("not_sent", "Billed by a laboratory it was not sent to"),
                        ],
                        max_length=16,
                        verbose_name="alert",
                    ),
                ),
                ("month", models.CharField(max_length=7, verbose_name="month")),
                ("sample_no", models.CharField(max_length=40, verbose_name="sample number")),
                ("test", models.CharField(blank=True, max_length=120, verbose_name="test as billed")),
                ("amount", models.DecimalField(decimal_places=2, max_digits=10, verbose_name="billed (yuan)")),
                ("received_on", models.DateField(null=True, verbose_name="received on")),
                ("raised_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="raised at")),
                ("explanation", models.TextField(blank=True, verbose_name="explanation")),
                ("explained_at", models.DateTimeField(blank=True, null=True, verbose_name="explained at")),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("substantiated", "Substantiated"), ("reasonable", "Reasonably explained")],
                        max_length=16,
                        verbose_name="opinion",
                    ),
                ),
                ("opinion", models.TextField(blank=True, verbose_name="grounds of the opinion")),
                ("reviewed_at", models.DateTimeField(blank=True, null=True, verbose_name="reviewed at")),
                (
                    "explained_by",
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="alerts", to="accounts.institution"
                    ),
                ),
                (
                    "laboratory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="vendors.laboratory"
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="alerts", to="vendors.statementline"
                    ),
                ),
                (
                    "referral",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="alerts",
                        to="referrals.referral",
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
            ],
            options={
                "verbose_name": "alert",
                "ordering": ["-raised_at", "-id"],
                "indexes": [models.Index(fields=["institution", "-raised_at", "-id"], name="alert_newest")],
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "line"), name="alert_once_a_line"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("explained_at__isnull", True), ("explained_by__isnull", True)),
                            models.Q(("explained_at__isnull", False), ("explained_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="alert_explained_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reviewed_at__isnull", True), ("reviewed_by__isnull", True)),
                            models.Q(("reviewed_at__isnull", False), ("reviewed_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="alert_reviewed_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reviewed_at__isnull", True),
                            models.Q(
                                models.Q(("outcome", ""), _negated=True), models.Q(("opinion", ""), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="reviewed_alert_has_an_outcome",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reviewed_by__isnull", True),
                            models.Q(("reviewed_by", models.F("explained_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="alert_reviewed_by_another",
                    ),
                ],
            },
        ),
    ]
