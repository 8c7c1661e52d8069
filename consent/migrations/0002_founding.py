import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("consent", "0002_initial"),
        ("consent", "0003_live_pathway"),
        ("consent", "0004_disclosure_and_evidence"),
        ("consent", "0005_plans_of_further_steps"),
    ]

    dependencies = [
        ("audit", "0001_founding"),
        ("catalog", "0001_founding"),
        ("consent", "0001_founding"),
        ("documents", "0001_founding"),
        ("referrals", "0001_founding"),
        ("vendors", "0001_founding"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="consent",
            name="referral",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="consents", to="referrals.referral"
            ),
        ),
        migrations.AddField(
            model_name="consent",
            name="scan",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="documents.storedfile",
            ),
        ),
        migrations.AddField(
            model_name="consent",
            name="test",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="catalog.genetest",
            ),
        ),
        migrations.AddField(
            model_name="consent",
            name="told_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="consent",
            name="witness",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="consentrefusal",
            name="recorded_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="consentrefusal",
            name="referral",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="consent_refusals", to="referrals.referral"
            ),
        ),
        migrations.AddField(
            model_name="consentstep",
            name="consent",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="consent.consent"
            ),
        ),
        migrations.AddField(
            model_name="consentstep",
            name="laboratory",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="vendors.laboratory",
            ),
        ),
        migrations.AddField(
            model_name="consentstep",
            name="planned_step",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="consented", to="referrals.plannedstep"
            ),
        ),
        migrations.AddField(
            model_name="consentstep",
            name="price",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="vendors.price"),
        ),
        migrations.AddField(
            model_name="consentstep",
            name="test",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.genetest"
            ),
        ),
        migrations.AddField(
            model_name="disclosure",
            name="laboratory",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="vendors.laboratory",
            ),
        ),
        migrations.AddField(
            model_name="disclosure",
            name="price",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="vendors.price"
            ),
        ),
        migrations.AddField(
            model_name="disclosure",
            name="referral",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="disclosures", to="referrals.referral"
            ),
        ),
        migrations.AddField(
            model_name="disclosure",
            name="test",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.genetest"
            ),
        ),
        migrations.AddField(
            model_name="disclosure",
            name="told_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="selfpaynotice",
            name="pdf",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="documents.storedfile",
            ),
        ),
        migrations.AddField(
            model_name="selfpaynotice",
            name="price",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="vendors.price"),
        ),
        migrations.AddField(
            model_name="selfpaynotice",
            name="referral",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="self_pay_notices", to="referrals.referral"
            ),
        ),
        migrations.AddField(
            model_name="selfpaynotice",
            name="scan",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="documents.storedfile",
            ),
        ),
        migrations.AddField(
            model_name="selfpaynotice",
            name="told_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="selfpaynotice",
            name="witness",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="consent",
            index=models.Index(fields=["referral", "signed_at"], name="consent_con_referra_12aaf4_idx"),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.UniqueConstraint(
                condition=models.Q(("number", ""), _negated=True),
                fields=("referral", "edition"),
                name="consent_edition_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("number", ""),
                    models.Q(models.Q(("content_sha256", ""), _negated=True), ("disclosed_at__isnull", False)),
                    _connector="OR",
                ),
                name="numbered_consent_is_evidence",
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("origin", "ledger"), models.Q(("test__isnull", False), ("told_by__isnull", False)), _connector="OR"
                ),
                name="live_consent_is_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("origin", "ledger"),
                    ("signer", "patient"),
                    models.Q(models.Q(("reason", ""), _negated=True), models.Q(("relation", ""), _negated=True)),
                    _connector="OR",
                ),
                name="live_consent_not_by_patient_has_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("withdrawn_at__isnull", True), ("withdrawn_at__gte", models.F("signed_at")), _connector="OR"
                ),
                name="withdrawn_after_signing",
            ),
        ),
        migrations.AddConstraint(
            model_name="consentstep",
            constraint=models.UniqueConstraint(fields=("consent", "planned_step"), name="consented_step_once"),
        ),
    ]
