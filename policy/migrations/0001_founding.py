import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

# A hospital's rule that is issued is not edited; a newer version follows it.
GUARDS = """
-- An issued rule keeps its words, number and days; only its end and its next review are added.
CREATE FUNCTION policy_frozen_rule() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status IN ('issued', 'repealed') AND (TG_OP = 'DELETE' OR
        (OLD.institution_id, OLD.kind, OLD.title, OLD.version, OLD.file_id, OLD.doc_no, OLD.issued_on, OLD.issued_by_id,
         OLD.starts_on, OLD.drafted_by_id) IS DISTINCT FROM
        (NEW.institution_id, NEW.kind, NEW.title, NEW.version, NEW.file_id, NEW.doc_no, NEW.issued_on, NEW.issued_by_id,
         NEW.starts_on, NEW.drafted_by_id)) THEN
        RAISE EXCEPTION 'rule % is issued and is not edited', OLD.doc_no
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON policy_hospitalrule
    FOR EACH ROW EXECUTE FUNCTION policy_frozen_rule();
"""
NO_GUARDS = """
DROP FUNCTION policy_frozen_rule CASCADE;
"""


class Migration(migrations.Migration):
    initial = True
    replaces = [("policy", "0001_initial"), ("policy", "0002_hospital_rules"), ("policy", "0003_working_days")]

    dependencies = [
        ("audit", "0001_founding"),
        ("accounts", "0001_founding"),
        ("documents", "0001_founding"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PolicyDocument",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=12, unique=True, verbose_name="code")),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("plan", "Action plan"),
                            ("law", "Law"),
                            ("regulation", "Administrative regulation"),
                            ("rule", "Departmental rule"),
                            ("standard", "Standard"),
                        ],
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                ("issuer", models.CharField(blank=True, max_length=100, verbose_name="issuer")),
                ("doc_no", models.CharField(blank=True, max_length=80, verbose_name="document number")),
                ("issued_on", models.DateField(blank=True, null=True, verbose_name="issued on")),
                ("in_force_from", models.DateField(blank=True, null=True, verbose_name="in force from")),
                ("in_force_to", models.DateField(blank=True, null=True, verbose_name="in force to")),
                ("dates_verified", models.BooleanField(default=False, verbose_name="dates verified")),
                ("articles", models.CharField(blank=True, max_length=200, verbose_name="articles")),
                ("duty", models.TextField(blank=True, verbose_name="what it asks")),
                ("text", models.TextField(blank=True, verbose_name="full text")),
                ("order", models.PositiveSmallIntegerField(default=0, verbose_name="order")),
                (
                    "kept_here",
                    models.BooleanField(
                        default=False,
                        help_text="Number and dates were entered or checked here: loading the register leaves them alone.",
                    ),
                ),
                (
                    "supersedes",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="superseded_by",
                        to="policy.policydocument",
                        verbose_name="supersedes",
                    ),
                ),
            ],
            options={
                "verbose_name": "policy document",
                "verbose_name_plural": "policy documents",
                "ordering": ["order", "code"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("in_force_to__isnull", True),
                            ("in_force_from__isnull", True),
                            ("in_force_to__gte", models.F("in_force_from")),
                            _connector="OR",
                        ),
                        name="policy_document_period_runs_forward",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Clause",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=8, unique=True, verbose_name="code")),
                ("section", models.CharField(max_length=60, verbose_name="section")),
                ("quote", models.TextField(verbose_name="quote")),
                ("meaning", models.TextField(verbose_name="meaning in English")),
                ("actor", models.CharField(max_length=100, verbose_name="who owes it")),
                ("system", models.TextField(verbose_name="what the software lets and prevents")),
                ("record", models.TextField(verbose_name="record")),
                ("deadline", models.CharField(blank=True, max_length=200, verbose_name="deadline or period")),
                ("indicator", models.TextField(blank=True, verbose_name="indicator")),
                ("tag", models.CharField(max_length=20, verbose_name="theme")),
                ("order", models.PositiveSmallIntegerField(default=0, verbose_name="order")),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="clauses",
                        to="policy.policydocument",
                        verbose_name="policy document",
                    ),
                ),
            ],
            options={
                "verbose_name": "clause",
                "verbose_name_plural": "clauses",
                "ordering": ["order"],
            },
        ),
        migrations.CreateModel(
            name="WorkingDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(unique=True, verbose_name="day")),
                ("is_working", models.BooleanField(verbose_name="working day")),
                ("name", models.CharField(max_length=40, verbose_name="holiday")),
                ("basis", models.CharField(max_length=120, verbose_name="basis")),
                ("marked_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="marked at")),
                (
                    "marked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="marked by",
                    ),
                ),
            ],
            options={
                "verbose_name": "working day",
                "ordering": ["day"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("name", ""), _negated=True), models.Q(("basis", ""), _negated=True)
                        ),
                        name="marked_day_names_holiday_and_basis",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Fulfilment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("how", models.TextField(max_length=1000, verbose_name="how it is carried out")),
                ("department", models.CharField(max_length=60, verbose_name="responsible department")),
                ("review_by", models.DateField(verbose_name="next review by")),
                ("stated_at", models.DateTimeField(auto_now_add=True, verbose_name="stated at")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended at")),
                (
                    "clause",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="fulfilments",
                        to="policy.clause",
                        verbose_name="clause",
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                        verbose_name="proof",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="fulfilments",
                        to="accounts.institution",
                        verbose_name="institution",
                    ),
                ),
                (
                    "stated_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "statement on a clause",
                "verbose_name_plural": "statements on clauses",
                "ordering": ["clause__order", "-stated_at"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("institution", "clause"),
                        name="fulfilment_one_standing",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", True), ("ended_by__isnull", True)),
                            models.Q(("ended_at__isnull", False), ("ended_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="fulfilment_ended_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HospitalRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("outsourcing", "Measure on outsourced gene testing"),
                            ("consultation", "Consultation and discussion"),
                            ("extended_use", "Extended use of antitumour drugs"),
                            ("third_party", "Co-operation with third parties"),
                            ("restricted", "Clinical use of restricted technologies"),
                            ("trials", "Clinical trials and clinical research"),
                            ("outsourced_list", "List of outsourced tests"),
                            ("complaints", "Complaints and reports"),
                            ("interviews", "Reminder interviews"),
                            ("prices", "Charges and publication of prices"),
                            ("records", "Filing in the medical record"),
                            ("specimens", "Lending of pathology specimens"),
                            ("other", "Other"),
                        ],
                        max_length=16,
                        verbose_name="kind",
                    ),
                ),
                ("title", models.CharField(max_length=120, verbose_name="title")),
                ("version", models.PositiveSmallIntegerField(default=1, verbose_name="version")),
                ("drafted_in", models.CharField(max_length=60, verbose_name="drafting department")),
                ("drafted_at", models.DateTimeField(auto_now_add=True, verbose_name="drafted at")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Being drafted"),
                            ("review", "Under deliberation"),
                            ("issued", "Issued"),
                            ("repealed", "Repealed"),
                            ("discarded", "Draft dropped"),
                        ],
                        default="draft",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                ("returned_reason", models.CharField(blank=True, max_length=300, verbose_name="why returned")),
                ("meeting", models.CharField(blank=True, max_length=120, verbose_name="deliberated by")),
                ("met_on", models.DateField(blank=True, null=True, verbose_name="deliberated on")),
                ("doc_no", models.CharField(blank=True, max_length=60, verbose_name="document number")),
                ("issued_on", models.DateField(blank=True, null=True, verbose_name="issued on")),
                ("starts_on", models.DateField(blank=True, null=True, verbose_name="in force from")),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="in force to")),
                ("ended_reason", models.CharField(blank=True, max_length=300, verbose_name="why ended")),
                ("review_by", models.DateField(blank=True, null=True, verbose_name="next review by")),
                (
                    "basis",
                    models.ManyToManyField(blank=True, related_name="rules", to="policy.clause", verbose_name="basis"),
                ),
                (
                    "drafted_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
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
                        verbose_name="text (PDF)",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rules",
                        to="accounts.institution",
                        verbose_name="institution",
                    ),
                ),
                (
                    "issued_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="issued by",
                    ),
                ),
                (
                    "replaces",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replaced_by",
                        to="policy.hospitalrule",
                        verbose_name="replaces",
                    ),
                ),
            ],
            options={
                "verbose_name": "rule of the hospital",
                "verbose_name_plural": "rules of the hospital",
                "ordering": ["kind", "title", "-version"],
                "indexes": [models.Index(fields=["institution", "status"], name="hospital_rule_status")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "issued"), _negated=True),
                            models.Q(
                                ("file__isnull", False),
                                ("issued_by__isnull", False),
                                ("issued_on__isnull", False),
                                ("starts_on__isnull", False),
                                models.Q(("doc_no", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="hospital_rule_issued_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_on__isnull", True), ("ends_on__gte", models.F("starts_on")), _connector="OR"
                        ),
                        name="hospital_rule_runs_forward",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "repealed"), _negated=True),
                            models.Q(("ends_on__isnull", False), models.Q(("ended_reason", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="hospital_rule_repealed_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("issued_by__isnull", True),
                            models.Q(("issued_by", models.F("drafted_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="hospital_rule_two_people",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("doc_no", ""), _negated=True),
                        fields=("institution", "doc_no"),
                        name="hospital_rule_number_once",
                    ),
                ],
            },
        ),
        migrations.RunSQL(GUARDS, NO_GUARDS),
    ]
