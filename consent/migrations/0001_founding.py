import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    replaces = [("consent", "0001_initial")]

    dependencies = [
        ("audit", "0001_founding"),
        ("documents", "0001_founding"),
        ("vendors", "0001_founding"),
    ]

    operations = [
        migrations.CreateModel(
            name="ConsentRefusal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("refused_at", models.DateTimeField(verbose_name="refused at")),
                (
                    "signer",
                    models.CharField(
                        choices=[("patient", "The patient"), ("relative", "A relative"), ("guardian", "A guardian")],
                        max_length=10,
                        verbose_name="said by",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="reason, if given")),
                ("strokes", models.JSONField(blank=True, default=list, verbose_name="signature")),
            ],
            options={
                "verbose_name": "refusal of consent",
            },
        ),
        migrations.CreateModel(
            name="ConsentStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount", models.DecimalField(decimal_places=2, max_digits=10, verbose_name="price told (yuan)")),
            ],
            options={
                "verbose_name": "step consented to",
            },
        ),
        migrations.CreateModel(
            name="Disclosure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("told_at", models.DateTimeField(verbose_name="told at")),
                ("edition", models.PositiveSmallIntegerField(verbose_name="edition")),
                ("content_sha256", models.CharField(max_length=64)),
                (
                    "amount",
                    models.DecimalField(
                        blank=True, decimal_places=2, max_digits=10, null=True, verbose_name="price told (yuan)"
                    ),
                ),
            ],
            options={
                "verbose_name": "disclosure",
                "ordering": ["referral", "told_at"],
            },
        ),
        migrations.CreateModel(
            name="SelfPayNotice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount", models.DecimalField(decimal_places=2, max_digits=10, verbose_name="amount (yuan)")),
                ("signed_at", models.DateTimeField(verbose_name="signed at")),
                (
                    "signer",
                    models.CharField(
                        choices=[("patient", "The patient"), ("relative", "A relative"), ("guardian", "A guardian")],
                        max_length=10,
                        verbose_name="signed by",
                    ),
                ),
                ("signer_name", models.BinaryField(blank=True, null=True, verbose_name="name of the signer")),
                ("relation", models.CharField(blank=True, max_length=30, verbose_name="relation")),
                ("strokes", models.JSONField(blank=True, default=list, verbose_name="signature")),
                ("content", models.JSONField(blank=True, default=dict, verbose_name="text")),
                ("content_sha256", models.CharField(blank=True, max_length=64)),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("drawn", "Signed by hand on the screen"),
                            ("typed", "Name typed before a witness"),
                            ("paper", "Signed on paper"),
                        ],
                        default="drawn",
                        max_length=10,
                        verbose_name="way of signing",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="why the patient did not sign")),
            ],
            options={
                "verbose_name": "self-pay notice",
                "ordering": ["referral", "signed_at"],
            },
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("signed_at", models.DateTimeField(verbose_name="signed at")),
                (
                    "signer",
                    models.CharField(
                        choices=[("patient", "The patient"), ("relative", "A relative"), ("guardian", "A guardian")],
                        max_length=10,
                        verbose_name="signed by",
                    ),
                ),
                ("relation", models.CharField(blank=True, max_length=30, verbose_name="relation")),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="why the patient did not sign")),
                ("number", models.CharField(blank=True, max_length=60, verbose_name="number")),
                ("edition", models.PositiveSmallIntegerField(default=1, verbose_name="edition")),
                (
                    "amount",
                    models.DecimalField(
                        blank=True, decimal_places=2, max_digits=10, null=True, verbose_name="price told (yuan)"
                    ),
                ),
                ("content", models.JSONField(blank=True, default=dict, verbose_name="text")),
                ("content_sha256", models.CharField(blank=True, max_length=64)),
                ("strokes", models.JSONField(blank=True, default=list, verbose_name="signature")),
                ("signer_name", models.BinaryField(blank=True, null=True, verbose_name="name of the signer")),
                ("signer_id_number", models.BinaryField(blank=True, null=True, verbose_name="ID number of the signer")),
                ("signer_id_type", models.CharField(blank=True, max_length=20, verbose_name="paper shown")),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("drawn", "Signed by hand on the screen"),
                            ("typed", "Name typed before a witness"),
                            ("paper", "Signed on paper"),
                        ],
                        default="drawn",
                        max_length=10,
                        verbose_name="way of signing",
                    ),
                ),
                ("choices", models.JSONField(blank=True, default=dict, verbose_name="choices")),
                ("disclosed_at", models.DateTimeField(blank=True, null=True, verbose_name="told at")),
                ("withdrawal_reason", models.CharField(blank=True, max_length=200, verbose_name="why withdrawn")),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True, verbose_name="withdrawn at")),
                ("lapsed_at", models.DateTimeField(blank=True, null=True, verbose_name="lapsed at")),
                ("lapse_reason", models.CharField(blank=True, max_length=200, verbose_name="why lapsed")),
                (
                    "origin",
                    models.CharField(
                        choices=[("live", "Recorded here"), ("ledger", "From the ledger")],
                        default="live",
                        max_length=10,
                    ),
                ),
                (
                    "carried_from",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="carried_to",
                        to="consent.consent",
                    ),
                ),
                (
                    "laboratory",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="vendors.laboratory",
                    ),
                ),
                (
                    "pdf",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="documents.storedfile",
                    ),
                ),
                (
                    "price",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="vendors.price",
                    ),
                ),
            ],
            options={
                "verbose_name": "consent",
                "ordering": ["referral", "signed_at"],
            },
        ),
    ]
