import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.db.models.deletion
import referrals.models.patients
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models

# What the database itself asks and refuses: patients by a part of the name, and the months of bills that are closed.
GUARDS = """
-- PostgreSQL does not use the index of name parts for a role that row level security binds: its operator is not known to
-- keep secrets. This function asks the index as the tables' owner and applies the very same wall by itself: only
-- patients of the institutions whose identities the transaction has declared it may read.
CREATE FUNCTION referrals_named(grams text[], part text) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE everywhere boolean := walls_all('identity'); listed bigint[] := walls_listed('identity');
BEGIN
  RETURN QUERY SELECT patient_id FROM referrals_identity
    WHERE name_grams @> grams::varchar[] AND strpos(name, part) > 0
      AND (everywhere OR institution_id = ANY (listed));
END $$;

-- A closed month is a signed paper: neither its statement and lines, nor its differences, nor its own row are written
-- again. What is wrong with it goes into the next month.
CREATE FUNCTION referrals_month_is_closed(institution bigint, laboratory bigint, billed_month text) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM referrals_reconciliation m WHERE m.institution_id = institution
        AND m.laboratory_id = laboratory AND m.month = billed_month AND m.closed_at IS NOT NULL)
$$;

CREATE FUNCTION referrals_closed_month() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.closed_at IS NOT NULL THEN
        RAISE EXCEPTION 'the reconciliation of % is closed and is not written again', OLD.month
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER closed BEFORE UPDATE OR DELETE ON referrals_reconciliation
    FOR EACH ROW EXECUTE FUNCTION referrals_closed_month();

CREATE FUNCTION referrals_closed_difference() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    billed_month text;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        SELECT m.month INTO billed_month FROM referrals_reconciliation m
            WHERE m.id = OLD.reconciliation_id AND m.closed_at IS NOT NULL;
    END IF;
    IF billed_month IS NULL AND TG_OP <> 'DELETE' THEN
        SELECT m.month INTO billed_month FROM referrals_reconciliation m
            WHERE m.id = NEW.reconciliation_id AND m.closed_at IS NOT NULL;
    END IF;
    IF billed_month IS NOT NULL THEN
        RAISE EXCEPTION 'the reconciliation of % is closed and its differences are not written again', billed_month
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER closed BEFORE INSERT OR UPDATE OR DELETE ON referrals_statementdifference
    FOR EACH ROW EXECUTE FUNCTION referrals_closed_difference();

CREATE FUNCTION referrals_closed_statement() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    shut boolean := false;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        shut := referrals_month_is_closed(OLD.institution_id, OLD.laboratory_id, OLD.month);
    END IF;
    IF NOT shut AND TG_OP <> 'DELETE' THEN
        shut := referrals_month_is_closed(NEW.institution_id, NEW.laboratory_id, NEW.month);
    END IF;
    IF shut THEN
        RAISE EXCEPTION 'the month of this statement is closed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER closed BEFORE INSERT OR UPDATE OR DELETE ON vendors_statement
    FOR EACH ROW EXECUTE FUNCTION referrals_closed_statement();

CREATE FUNCTION referrals_closed_line() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    shut boolean := false;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        SELECT referrals_month_is_closed(s.institution_id, s.laboratory_id, s.month) INTO shut
            FROM vendors_statement s WHERE s.id = OLD.statement_id;
    END IF;
    IF NOT coalesce(shut, false) AND TG_OP <> 'DELETE' THEN
        SELECT referrals_month_is_closed(s.institution_id, s.laboratory_id, s.month) INTO shut
            FROM vendors_statement s WHERE s.id = NEW.statement_id;
    END IF;
    IF shut THEN
        RAISE EXCEPTION 'the month of this line is closed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER closed BEFORE INSERT OR UPDATE OR DELETE ON vendors_statementline
    FOR EACH ROW EXECUTE FUNCTION referrals_closed_line();
"""
NO_GUARDS = """
DROP FUNCTION referrals_closed_line CASCADE;
DROP FUNCTION referrals_closed_statement CASCADE;
DROP FUNCTION referrals_closed_difference CASCADE;
DROP FUNCTION referrals_closed_month CASCADE;
DROP FUNCTION referrals_month_is_closed CASCADE;
DROP FUNCTION referrals_named CASCADE;
"""


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("referrals", "0001_initial"),
        ("referrals", "0002_initial"),
        ("referrals", "0003_live_pathway"),
        ("referrals", "0004_packed_specimens"),
        ("referrals", "0005_words"),
        ("referrals", "0006_targeted_drugs"),
        ("referrals", "0007_names_and_lists"),
        ("referrals", "0008_refunds_due"),
        ("referrals", "0009_plans_of_further_steps"),
        ("referrals", "0010_monthly_reconciliation"),
        ("referrals", "0011_charges_in_detail"),
        ("referrals", "0012_charges_from_his"),
        ("referrals", "0013_shipping_scans"),
        ("referrals", "0014_labels_and_block_loans"),
        ("referrals", "0015_referral_found_by_number"),
        ("referrals", "0016_ways_out"),
        ("referrals", "0017_loans_counted"),
    ]

    dependencies = [
        ("audit", "0001_founding"),
        ("accounts", "0001_founding"),
        ("catalog", "0001_founding"),
        ("consent", "0001_founding"),
        ("documents", "0001_founding"),
        ("vendors", "0001_founding"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Patient",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("record_no", models.CharField(max_length=40, verbose_name="record number")),
                (
                    "sex",
                    models.CharField(
                        choices=[("male", "Male"), ("female", "Female"), ("unknown", "Unknown")],
                        default="unknown",
                        max_length=10,
                        verbose_name="sex",
                    ),
                ),
                ("birth_year", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="year of birth")),
                (
                    "origin",
                    models.CharField(
                        choices=[("live", "Recorded here"), ("ledger", "From the ledger")],
                        default="live",
                        max_length=10,
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="patients", to="accounts.institution"
                    ),
                ),
            ],
            options={
                "verbose_name": "patient",
                "constraints": [
                    models.UniqueConstraint(fields=("institution", "record_no"), name="record_number_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ChargeImport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("file_sha256", models.CharField(max_length=64)),
                ("file_name", models.CharField(max_length=200, verbose_name="file name")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("checking", "Being looked through"),
                            ("checked", "Waiting to be confirmed"),
                            ("recording", "Being recorded"),
                            ("done", "Recorded"),
                            ("unreadable", "Not readable"),
                            ("discarded", "Discarded"),
                        ],
                        default="checking",
                        max_length=12,
                        verbose_name="status",
                    ),
                ),
                ("given_in_at", models.DateTimeField(verbose_name="given in at")),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                ("rows_total", models.PositiveIntegerField(default=0, verbose_name="rows")),
                ("rows_done", models.PositiveIntegerField(default=0)),
                ("beat_at", models.DateTimeField(blank=True, null=True)),
                ("message", models.CharField(blank=True, max_length=300)),
                (
                    "confirmed_by",
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="documents.storedfile"
                    ),
                ),
                (
                    "given_in_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.institution"
                    ),
                ),
                (
                    "post",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.post"
                    ),
                ),
            ],
            options={
                "verbose_name": "import of charges",
                "ordering": ["-given_in_at", "-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ("unreadable", "discarded")), _negated=True),
                        fields=("institution", "file_sha256"),
                        name="charge_file_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("confirmed_at__isnull", True), ("confirmed_by__isnull", True)),
                            models.Q(("confirmed_at__isnull", False), ("confirmed_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="chargeimport_confirmed_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status__in", ("recording", "done")), _negated=True),
                            ("confirmed_at__isnull", False),
                            _connector="OR",
                        ),
                        name="charges_recorded_once_confirmed",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Identity",
            fields=[
                (
                    "patient",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="identity",
                        serialize=False,
                        to="referrals.patient",
                    ),
                ),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("name_initials", models.CharField(blank=True, db_index=True, max_length=40)),
                (
                    "name_grams",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=2), default=list, size=None
                    ),
                ),
                ("id_number", models.BinaryField(null=True, verbose_name="ID number")),
                ("phone", models.BinaryField(null=True, verbose_name="phone")),
                ("address", models.BinaryField(null=True, verbose_name="address")),
                ("id_number_index", models.BinaryField(db_index=True, null=True)),
                ("phone_index", models.BinaryField(db_index=True, null=True)),
                ("salt", models.BinaryField(default=referrals.models.patients.new_salt, null=True)),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.institution"
                    ),
                ),
            ],
            options={
                "verbose_name": "identity",
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(fields=["name_grams"], name="identity_name_grams"),
                ],
            },
        ),
        migrations.CreateModel(
            name="MatchSample",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", models.DateField(verbose_name="month")),
                ("seed", models.CharField(max_length=32, verbose_name="seed of the draw")),
                ("population", models.PositiveIntegerField(verbose_name="prescriptions of the month")),
                ("drawn_at", models.DateTimeField()),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                ("notice", models.JSONField(blank=True, default=dict, verbose_name="notice")),
                (
                    "drawn_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.institution"
                    ),
                ),
                (
                    "published_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "sample of drug and result",
                "ordering": ["-month", "-id"],
                "constraints": [
                    models.UniqueConstraint(fields=("institution", "month"), name="match_sample_once_a_month"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("published_at__isnull", True), ("published_by__isnull", True)),
                            models.Q(("published_at__isnull", False), ("published_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="matchsample_published_both",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MDTTeam",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60, verbose_name="team")),
                (
                    "diagnosis_prefixes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=8), blank=True, default=list, size=None
                    ),
                ),
                ("quorum", models.PositiveSmallIntegerField(default=5, verbose_name="disciplines needed")),
                ("needs_pathology", models.BooleanField(default=True, verbose_name="pathology must take part")),
                ("ended_on", models.DateField(blank=True, null=True, verbose_name="ended on")),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="mdt_teams", to="accounts.institution"
                    ),
                ),
            ],
            options={
                "verbose_name": "MDT team",
                "constraints": [
                    models.UniqueConstraint(fields=("institution", "name"), name="mdt_team_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="MDTSeat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("discipline", models.CharField(max_length=30, verbose_name="discipline")),
                ("is_remote", models.BooleanField(default=False, verbose_name="remote")),
                ("ended_on", models.DateField(blank=True, null=True, verbose_name="ended on")),
                (
                    "expert",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mdt_seats",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="seats", to="referrals.mdtteam"
                    ),
                ),
            ],
            options={
                "verbose_name": "seat on an MDT team",
                "constraints": [
                    models.UniqueConstraint(fields=("team", "expert", "discipline"), name="mdt_seat_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Study",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=60, verbose_name="study number")),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                (
                    "hospital_approved_on",
                    models.DateField(blank=True, null=True, verbose_name="approved by the hospital on"),
                ),
                ("ended_on", models.DateField(blank=True, null=True, verbose_name="ended on")),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="studies", to="accounts.institution"
                    ),
                ),
            ],
            options={
                "verbose_name": "study",
                "constraints": [
                    models.UniqueConstraint(fields=("institution", "number"), name="study_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Referral",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=40, verbose_name="referral number")),
                ("diagnosis_code", models.CharField(blank=True, max_length=20, verbose_name="diagnosis (ICD-10)")),
                ("first_visit", models.BooleanField(null=True, verbose_name="first visit for a malignancy")),
                (
                    "nature",
                    models.CharField(
                        choices=[("clinical", "Clinical"), ("research", "Research")],
                        default="clinical",
                        max_length=10,
                        verbose_name="nature",
                    ),
                ),
                (
                    "route",
                    models.CharField(
                        blank=True,
                        choices=[("in_house", "In-house"), ("outsourced", "Sent to a laboratory")],
                        max_length=10,
                        verbose_name="route",
                    ),
                ),
                ("route_reason", models.CharField(blank=True, max_length=200, verbose_name="why sent outside")),
                ("is_urgent", models.BooleanField(default=False, verbose_name="urgent")),
                ("necessity", models.TextField(blank=True, verbose_name="what the result will change")),
                (
                    "first_visit_reason",
                    models.CharField(blank=True, max_length=200, verbose_name="why a first visit, or why not"),
                ),
                ("pathology", models.CharField(blank=True, max_length=120, verbose_name="histological type")),
                ("stage", models.CharField(blank=True, max_length=40, verbose_name="stage")),
                ("earlier_result_reason", models.CharField(blank=True, max_length=200, verbose_name="why test again")),
                ("end_reason", models.CharField(blank=True, max_length=300, verbose_name="why it ended")),
                ("entered_late", models.BooleanField(default=False, verbose_name="entered later, after a downtime")),
                ("evidence_count", models.PositiveSmallIntegerField(null=True, verbose_name="papers of evidence")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("submitted", "Submitted"),
                            ("awaiting_discussion", "Awaiting departmental discussion"),
                            ("discussed", "Department agreed to test"),
                            ("discussion_disagreed", "Department decided against testing"),
                            ("awaiting_mdt", "Awaiting MDT discussion"),
                            ("mdt_agreed", "MDT agreed to test"),
                            ("more_information", "More information needed"),
                            ("change_test", "Change of test advised"),
                            ("mdt_disagreed", "MDT decided against testing"),
                            ("awaiting_consent", "Awaiting disclosure and consent"),
                            ("consented", "Consented"),
                            ("patient_refused", "Refused by the patient"),
                            ("awaiting_approval", "Awaiting approval of outsourcing"),
                            ("approved", "Outsourcing approved"),
                            ("awaiting_charge", "Awaiting charge"),
                            ("awaiting_sampling", "Free of charge, awaiting sampling"),
                            ("charged", "Charged, awaiting sampling"),
                            ("sampled", "Sampled"),
                            ("recollect", "Specimen unfit, to be taken again"),
                            ("shipped", "Handed over"),
                            ("received", "Received by the laboratory"),
                            ("reported", "Report returned"),
                            ("reviewed", "Report reviewed"),
                            ("told", "Patient told"),
                            ("filed", "Filed"),
                            ("withdrawn", "Consent withdrawn"),
                            ("cancelled", "Cancelled"),
                            ("voided", "Voided"),
                        ],
                        default="draft",
                        max_length=24,
                        verbose_name="status",
                    ),
                ),
                (
                    "origin",
                    models.CharField(
                        choices=[("live", "Recorded here"), ("ledger", "From the ledger")],
                        default="live",
                        max_length=10,
                    ),
                ),
                ("requested_at", models.DateTimeField(verbose_name="requested at")),
                ("discussed_at", models.DateTimeField(null=True)),
                ("mdt_concluded_at", models.DateTimeField(null=True)),
                ("consented_at", models.DateTimeField(null=True)),
                ("approved_at", models.DateTimeField(null=True)),
                ("charged_at", models.DateTimeField(null=True)),
                ("collected_at", models.DateTimeField(null=True)),
                ("shipped_at", models.DateTimeField(null=True)),
                ("received_at", models.DateTimeField(null=True)),
                ("reported_at", models.DateTimeField(null=True)),
                ("reviewed_at", models.DateTimeField(null=True)),
                ("told_at", models.DateTimeField(null=True)),
                ("filed_at", models.DateTimeField(null=True)),
                (
                    "contract",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="referrals",
                        to="vendors.contract",
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="referrals",
                        to="accounts.department",
                    ),
                ),
                (
                    "indication",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="referrals",
                        to="catalog.indication",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="referrals", to="accounts.institution"
                    ),
                ),
                (
                    "laboratory",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="referrals",
                        to="vendors.laboratory",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="referrals", to="referrals.patient"
                    ),
                ),
                (
                    "requester",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="referrals",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "test",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="referrals", to="catalog.genetest"
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="referrals",
                        to="referrals.study",
                    ),
                ),
            ],
            options={
                "verbose_name": "referral",
                "ordering": ["-requested_at", "-id"],
                "indexes": [
                    models.Index(
                        fields=["department", "status", "-requested_at", "-id"], name="referral_department_list"
                    ),
                    models.Index(
                        fields=["institution", "status", "-requested_at", "-id"], name="referral_institution_list"
                    ),
                    models.Index(fields=["institution", "-requested_at", "-id"], name="referral_newest"),
                    models.Index(fields=["requester", "-requested_at", "-id"], name="referral_own_list"),
                    models.Index(fields=["-requested_at", "-id"], name="referral_newest_of_all"),
                    models.Index(
                        condition=models.Q(
                            (
                                "status__in",
                                [
                                    "draft",
                                    "submitted",
                                    "awaiting_discussion",
                                    "discussed",
                                    "awaiting_mdt",
                                    "mdt_agreed",
                                    "more_information",
                                    "change_test",
                                    "awaiting_consent",
                                    "consented",
                                    "awaiting_approval",
                                    "approved",
                                    "awaiting_charge",
                                    "awaiting_sampling",
                                    "charged",
                                    "sampled",
                                    "recollect",
                                    "shipped",
                                    "received",
                                    "reported",
                                    "reviewed",
                                    "told",
                                ],
                            )
                        ),
                        fields=["institution", "-requested_at", "-id"],
                        name="referral_under_way",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("reported_at__isnull", True),
                            ("status__in", ["withdrawn", "cancelled", "voided", "patient_refused"]),
                        ),
                        fields=["institution", "-requested_at", "-id"],
                        name="referral_ended_early",
                    ),
                    models.Index(
                        condition=models.Q(("reported_at__isnull", False), ("status", "voided")),
                        fields=["institution", "-requested_at", "-id"],
                        name="referral_voided_late",
                    ),
                    models.Index(fields=["institution", "collected_at"], name="referral_by_sampling"),
                    models.Index(fields=["institution", "shipped_at"], name="referral_by_shipping"),
                    models.Index(fields=["institution", "filed_at"], name="referral_by_filing"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("number", "institution"), name="referral_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("origin", "ledger"),
                            models.Q(
                                ("department__isnull", False),
                                ("first_visit__isnull", False),
                                ("requester__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="live_referral_knows_who_and_where",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("origin", "ledger"),
                            ("collected_at__isnull", True),
                            models.Q(("collected_at__gte", models.F("consented_at")), ("consented_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="sampled_after_consent",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("origin", "ledger"),
                            ("charged_at__isnull", True),
                            models.Q(("charged_at__gte", models.F("consented_at")), ("consented_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="charged_after_consent",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("origin", "ledger"),
                            ("shipped_at__isnull", True),
                            models.Q(
                                ("consented_at__isnull", False),
                                ("laboratory__isnull", False),
                                models.Q(("nature", "research"), ("charged_at__isnull", False), _connector="OR"),
                            ),
                            _connector="OR",
                        ),
                        name="shipped_with_consent_and_charge",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("origin", "ledger"),
                            ("status__in", ["draft", "voided", "cancelled"]),
                            models.Q(("necessity", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="live_request_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("told_at__isnull", True),
                            ("reviewed_at__isnull", False),
                            ("origin", "ledger"),
                            _connector="OR",
                        ),
                        name="told_after_review",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("origin", "ledger"), ("nature", "clinical"), ("charged_at__isnull", True), _connector="OR"
                        ),
                        name="research_never_charged",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("origin", "ledger"),
                            ("received_at__isnull", True),
                            ("shipped_at__isnull", False),
                            _connector="OR",
                        ),
                        name="received_after_shipping",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Deliberation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(blank=True, max_length=40, verbose_name="number")),
                (
                    "kind",
                    models.CharField(
                        choices=[("mdt", "MDT discussion"), ("department", "Departmental discussion")],
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("opinions", "First opinions"),
                            ("discussion", "Discussion"),
                            ("concluded", "Concluded"),
                            ("cancelled", "Called off"),
                        ],
                        default="opinions",
                        max_length=12,
                        verbose_name="phase",
                    ),
                ),
                ("quorum", models.PositiveSmallIntegerField(verbose_name="quorum")),
                ("needs_pathology", models.BooleanField(default=False)),
                ("called_at", models.DateTimeField(verbose_name="called at")),
                ("concluded_at", models.DateTimeField(blank=True, null=True, verbose_name="concluded at")),
                ("minutes", models.TextField(blank=True, verbose_name="minutes")),
                (
                    "called_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "concluded_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.department",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliberations",
                        to="referrals.mdtteam",
                    ),
                ),
                (
                    "referral",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliberations",
                        to="referrals.referral",
                    ),
                ),
            ],
            options={
                "verbose_name": "deliberation",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("concluded_at__isnull", True), ("concluded_by__isnull", True)),
                            models.Q(("concluded_at__isnull", False), ("concluded_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="deliberation_concluded_both",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ["opinions", "discussion"])),
                        fields=("referral", "kind"),
                        name="one_open_deliberation_of_a_kind",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MonitoringExport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", models.DateField(verbose_name="month")),
                ("form", models.CharField(max_length=4, verbose_name="format")),
                ("rows", models.PositiveIntegerField(verbose_name="rows")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("made_at", models.DateTimeField()),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.institution"
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "export of monitoring data",
                "ordering": ["-made_at"],
            },
        ),
        migrations.CreateModel(
            name="Opinion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("discipline", models.CharField(max_length=30, verbose_name="discipline")),
                ("is_remote", models.BooleanField(default=False, verbose_name="remote")),
                ("is_first", models.BooleanField(default=True, verbose_name="first opinion")),
                ("risk", models.CharField(blank=True, max_length=300, verbose_name="risk of the disease")),
                ("cost", models.CharField(blank=True, max_length=300, verbose_name="cost")),
                ("evidence", models.CharField(blank=True, max_length=300, verbose_name="evidence")),
                (
                    "stance",
                    models.CharField(
                        choices=[
                            ("agree", "Agree to test"),
                            ("disagree", "Do not test"),
                            ("more_information", "More information needed"),
                            ("change_test", "Change the test"),
                        ],
                        max_length=20,
                        verbose_name="opinion",
                    ),
                ),
                ("note", models.TextField(blank=True, verbose_name="reasons")),
                ("given_at", models.DateTimeField(verbose_name="given at")),
                (
                    "deliberation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="opinions",
                        to="referrals.deliberation",
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="opinions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "opinion",
                "ordering": ["given_at", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_first", True)),
                        fields=("deliberation", "member"),
                        name="one_first_opinion_a_member",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OutsideReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("patient", "The patient's own doing"),
                            ("hospital", "Another hospital"),
                            ("unknown", "Not known"),
                        ],
                        max_length=10,
                        verbose_name="where it comes from",
                    ),
                ),
                ("issuer", models.CharField(max_length=120, verbose_name="issued by")),
                ("report_no", models.CharField(blank=True, max_length=60, verbose_name="report number")),
                ("reported_on", models.DateField(verbose_name="reported on")),
                ("collected_on", models.DateField(blank=True, null=True, verbose_name="specimen taken on")),
                ("genes", models.CharField(max_length=300, verbose_name="genes read")),
                ("method", models.CharField(max_length=80, verbose_name="method")),
                ("specimen", models.CharField(max_length=80, verbose_name="specimen")),
                (
                    "outcome",
                    models.CharField(
                        choices=[("positive", "Positive"), ("negative", "Negative"), ("unknown", "Not stated")],
                        max_length=10,
                        verbose_name="result",
                    ),
                ),
                ("alterations", models.JSONField(blank=True, default=list, verbose_name="alterations")),
                ("findings", models.CharField(blank=True, max_length=500, verbose_name="main findings")),
                ("recorded_at", models.DateTimeField()),
                ("reviewed_at", models.DateTimeField(blank=True, null=True)),
                ("is_accepted", models.BooleanField(null=True, verbose_name="accepted")),
                ("review_note", models.CharField(blank=True, max_length=300, verbose_name="opinion of the review")),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.institution"
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="outside_reports",
                        to="referrals.patient",
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
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "reviewed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "outside report",
                "indexes": [
                    models.Index(fields=["institution", "-recorded_at", "-id"], name="outside_report_newest"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reviewed_at__isnull", True), ("reviewed_by__isnull", True)),
                            models.Q(("reviewed_at__isnull", False), ("reviewed_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="outsidereport_reviewed_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("is_accepted__isnull", True), ("reviewed_at__isnull", True)),
                            models.Q(("is_accepted__isnull", False), ("reviewed_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="outside_report_review_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reviewed_by__isnull", True),
                            models.Q(("reviewed_by", models.F("recorded_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="outside_report_reviewed_by_another",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ShipmentBatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=40, verbose_name="batch number")),
                ("packed_at", models.DateTimeField(verbose_name="packed at")),
                (
                    "scanned_at_packing",
                    models.BooleanField(default=False, verbose_name="each specimen scanned at packing"),
                ),
                (
                    "celsius_low",
                    models.DecimalField(
                        blank=True, decimal_places=1, max_digits=4, null=True, verbose_name="not colder than (°C)"
                    ),
                ),
                (
                    "celsius_high",
                    models.DecimalField(
                        blank=True, decimal_places=1, max_digits=4, null=True, verbose_name="not warmer than (°C)"
                    ),
                ),
                ("carrier", models.CharField(blank=True, max_length=80, verbose_name="carrier")),
                ("waybill", models.CharField(blank=True, max_length=60, verbose_name="waybill")),
                ("courier", models.CharField(blank=True, max_length=60, verbose_name="courier")),
                ("courier_no", models.CharField(blank=True, max_length=40, verbose_name="courier's staff number")),
                ("seal_no", models.CharField(blank=True, max_length=40, verbose_name="seal number")),
                ("logger_no", models.CharField(blank=True, max_length=40, verbose_name="temperature logger")),
                (
                    "celsius",
                    models.DecimalField(
                        blank=True,
                        decimal_places=1,
                        max_digits=4,
                        null=True,
                        verbose_name="temperature at hand-over (°C)",
                    ),
                ),
                ("temperature", models.CharField(blank=True, max_length=40, verbose_name="remarks on temperature")),
                ("unscanned_reason", models.CharField(blank=True, max_length=200, verbose_name="why not scanned")),
                ("handed_over_at", models.DateTimeField(blank=True, null=True, verbose_name="handed over at")),
                (
                    "handed_over_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="batches", to="accounts.institution"
                    ),
                ),
                (
                    "laboratory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="batches", to="vendors.laboratory"
                    ),
                ),
                (
                    "manifest",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="documents.storedfile",
                    ),
                ),
                (
                    "packed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "shipment batch",
                "constraints": [
                    models.UniqueConstraint(fields=("institution", "number"), name="batch_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("handed_over_at__isnull", True), ("handed_over_by__isnull", True)),
                            models.Q(("handed_over_at__isnull", False), ("handed_over_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="shipmentbatch_handed_over_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("celsius_high__isnull", True), ("celsius_low__isnull", True)),
                            models.Q(("celsius_high__gte", models.F("celsius_low")), ("celsius_low__isnull", False)),
                            _connector="OR",
                        ),
                        name="batch_range_has_both_ends",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("celsius__isnull", True),
                            models.Q(("celsius__gte", Decimal("-90")), ("celsius__lte", Decimal("60"))),
                            _connector="OR",
                        ),
                        name="batch_reading_is_sane",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Specimen",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "origin",
                    models.CharField(
                        choices=[("live", "Recorded here"), ("ledger", "From the ledger")],
                        default="live",
                        max_length=10,
                    ),
                ),
                ("collected_at", models.DateTimeField(verbose_name="collected at")),
                ("kind", models.CharField(blank=True, max_length=60, verbose_name="kind of specimen")),
                (
                    "tumour_cell_percent",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="tumour cells (%)"),
                ),
                ("barcode", models.CharField(blank=True, max_length=40, verbose_name="barcode")),
                ("assessed_at", models.DateTimeField(blank=True, null=True, verbose_name="assessed at")),
                ("is_fit", models.BooleanField(null=True, verbose_name="fit for the test")),
                ("unfit_reason", models.CharField(blank=True, max_length=200, verbose_name="why unfit")),
                (
                    "assessed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="specimens",
                        to="referrals.shipmentbatch",
                    ),
                ),
                (
                    "collected_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "referral",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="specimens", to="referrals.referral"
                    ),
                ),
            ],
            options={
                "verbose_name": "specimen",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("tumour_cell_percent__isnull", True), ("tumour_cell_percent__lte", 100), _connector="OR"
                        ),
                        name="tumour_cells_at_most_100_percent",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("origin", "ledger"), ("collected_by__isnull", False), _connector="OR"),
                        name="live_specimen_has_a_collector",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("barcode", ""), _negated=True), fields=("barcode",), name="barcode_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("assessed_at__isnull", True), ("assessed_by__isnull", True)),
                            models.Q(("assessed_at__isnull", False), ("assessed_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="specimen_assessed_both",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Result",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "origin",
                    models.CharField(
                        choices=[("live", "Recorded here"), ("ledger", "From the ledger")],
                        default="live",
                        max_length=10,
                    ),
                ),
                ("reported_at", models.DateTimeField(verbose_name="reported at")),
                (
                    "outcome",
                    models.CharField(
                        choices=[("positive", "Positive"), ("negative", "Negative"), ("unknown", "Not stated")],
                        default="unknown",
                        max_length=10,
                        verbose_name="result",
                    ),
                ),
                ("findings", models.CharField(blank=True, max_length=500, verbose_name="main findings")),
                ("report_no", models.CharField(blank=True, max_length=60, verbose_name="report number")),
                (
                    "signed_out_by",
                    models.CharField(blank=True, max_length=60, verbose_name="signed by, at the laboratory"),
                ),
                ("reviewed_at", models.DateTimeField(blank=True, null=True, verbose_name="reviewed at")),
                ("review_note", models.TextField(blank=True, verbose_name="opinion of the review")),
                ("told_at", models.DateTimeField(blank=True, null=True, verbose_name="patient told at")),
                (
                    "entered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                    "referral",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="results", to="referrals.referral"
                    ),
                ),
                (
                    "reviewed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "supersedes",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="superseded_by",
                        to="referrals.result",
                    ),
                ),
                (
                    "told_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "specimen",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="results",
                        to="referrals.specimen",
                    ),
                ),
            ],
            options={
                "verbose_name": "result",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reviewed_at__isnull", True), ("reviewed_by__isnull", True)),
                            models.Q(("reviewed_at__isnull", False), ("reviewed_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="result_reviewed_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("told_at__isnull", True), ("told_by__isnull", True)),
                            models.Q(("told_at__isnull", False), ("told_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="result_told_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("origin", "ledger"), ("entered_by__isnull", False), _connector="OR"),
                        name="live_result_names_who_entered_it",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DrugCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("drug", models.CharField(max_length=60, verbose_name="drug")),
                ("indication", models.CharField(max_length=120, verbose_name="indication")),
                ("line", models.CharField(blank=True, max_length=120, verbose_name="line or setting")),
                ("since", models.DateField(blank=True, null=True, verbose_name="day of progression or relapse")),
                ("asked_at", models.DateTimeField()),
                (
                    "answer",
                    models.CharField(
                        choices=[
                            ("supported", "Supported"),
                            ("not_supported", "Not supported"),
                            ("not_required", "No test required"),
                            ("cannot_tell", "Cannot be told"),
                        ],
                        max_length=14,
                        verbose_name="answer",
                    ),
                ),
                ("why", models.CharField(max_length=600, verbose_name="why")),
                ("pathology", models.CharField(max_length=300, verbose_name="pathology")),
                ("used", models.JSONField(default=list, verbose_name="reports it stands on")),
                ("others", models.JSONField(default=list, verbose_name="reports that do not count")),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.institution"
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.drugtargetrule",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="drug_checks", to="referrals.patient"
                    ),
                ),
                (
                    "outside",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="referrals.outsidereport",
                    ),
                ),
                (
                    "referral",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="drug_checks",
                        to="referrals.referral",
                    ),
                ),
                (
                    "result",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="referrals.result",
                    ),
                ),
            ],
            options={
                "verbose_name": "drug check",
                "indexes": [
                    models.Index(fields=["institution", "-asked_at", "-id"], name="drug_check_newest"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer", "supported"), _negated=True),
                            ("result__isnull", False),
                            ("outside__isnull", False),
                            _connector="OR",
                        ),
                        name="supported_stands_on_a_report",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PathologyBasis",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("pathology", "Pathology report"), ("clinical", "Clinical diagnosis by exception")],
                        default="pathology",
                        max_length=10,
                        verbose_name="kind of basis",
                    ),
                ),
                ("diagnosis", models.CharField(max_length=200, verbose_name="diagnosis")),
                ("diagnosed_on", models.DateField(verbose_name="diagnosed on")),
                (
                    "report_no",
                    models.CharField(blank=True, max_length=60, verbose_name="number of the pathology report"),
                ),
                ("issuer", models.CharField(blank=True, max_length=120, verbose_name="diagnosed at")),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="why no pathology can be had")),
                ("guideline", models.CharField(blank=True, max_length=200, verbose_name="guideline followed")),
                ("recorded_at", models.DateTimeField()),
                ("approved_at", models.DateTimeField(blank=True, null=True)),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.institution"
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pathology_bases",
                        to="referrals.patient",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "pathology before a drug",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("approved_at__isnull", True), ("approved_by__isnull", True)),
                            models.Q(("approved_at__isnull", False), ("approved_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="pathologybasis_approved_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "pathology"), models.Q(("report_no", ""), _negated=True)),
                            models.Q(
                                ("kind", "clinical"),
                                models.Q(("reason", ""), _negated=True),
                                models.Q(("guideline", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="pathology_basis_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("approved_by__isnull", True),
                            models.Q(("approved_by", models.F("recorded_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="clinical_diagnosis_approved_by_another",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PatientMerge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("referral_ids", models.JSONField(default=list, verbose_name="cases moved")),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                ("merged_at", models.DateTimeField()),
                ("parted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.institution"
                    ),
                ),
                (
                    "kept",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="merges", to="referrals.patient"
                    ),
                ),
                (
                    "merged",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="merged_into", to="referrals.patient"
                    ),
                ),
                (
                    "merged_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "parted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "merging of patient records",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("parted_at__isnull", True), ("parted_by__isnull", True)),
                            models.Q(("parted_at__isnull", False), ("parted_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="patientmerge_parted_both",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("parted_at__isnull", True)), fields=("merged",), name="merged_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kept", models.F("merged")), _negated=True), name="merged_into_another"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SpecialUse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("extended", "Use beyond the label"), ("outside", "Drug bought outside")],
                        max_length=10,
                        verbose_name="kind of use",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("requested", "Awaiting discussion"),
                            ("discussed", "Awaiting approval"),
                            ("approved", "Awaiting disclosure and consent"),
                            ("consented", "May be prescribed"),
                            ("discussed_against", "Discussion decided against"),
                            ("not_approved", "Not approved"),
                            ("refused", "Refused by the patient"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="requested",
                        max_length=20,
                        verbose_name="status",
                    ),
                ),
                ("drug", models.CharField(max_length=60, verbose_name="drug")),
                ("indication", models.CharField(max_length=120, verbose_name="indication")),
                ("line", models.CharField(blank=True, max_length=120, verbose_name="line or setting")),
                ("necessity", models.CharField(max_length=500, verbose_name="why it is necessary")),
                ("evidence_title", models.CharField(blank=True, max_length=300, verbose_name="evidence")),
                ("evidence_source", models.CharField(blank=True, max_length=200, verbose_name="journal or issuer")),
                ("evidence_year", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="year")),
                (
                    "evidence_level",
                    models.CharField(blank=True, max_length=40, verbose_name="level, as its source words it"),
                ),
                (
                    "no_better_option",
                    models.CharField(blank=True, max_length=500, verbose_name="why there is no better option"),
                ),
                ("requested_at", models.DateTimeField()),
                ("concluded_at", models.DateTimeField(blank=True, null=True)),
                (
                    "conclusion",
                    models.CharField(blank=True, max_length=500, verbose_name="conclusion of the discussion"),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("decision_note", models.CharField(blank=True, max_length=300, verbose_name="note of the approval")),
                ("told", models.JSONField(default=dict, verbose_name="what was told")),
                ("told_sha256", models.CharField(blank=True, max_length=64)),
                ("signer", models.CharField(blank=True, max_length=12, verbose_name="signed by")),
                ("signer_name", models.CharField(blank=True, max_length=60, verbose_name="name of the signer")),
                ("signer_reason", models.CharField(blank=True, max_length=200, verbose_name="why not the patient")),
                ("signed_at", models.DateTimeField(blank=True, null=True, verbose_name="signed at")),
                (
                    "check_made",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="special_uses",
                        to="referrals.drugcheck",
                        verbose_name="drug check",
                    ),
                ),
                (
                    "concluded_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "evidence_file",
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.institution"
                    ),
                ),
                (
                    "paper",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="documents.storedfile",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="special_uses", to="referrals.patient"
                    ),
                ),
                (
                    "referral",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="referrals.referral",
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "signed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "special use of a drug",
                "indexes": [
                    models.Index(fields=["institution", "status", "-requested_at", "-id"], name="special_use_list"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("concluded_at__isnull", True), ("concluded_by__isnull", True)),
                            models.Q(("concluded_at__isnull", False), ("concluded_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="specialuse_concluded_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at__isnull", True), ("decided_by__isnull", True)),
                            models.Q(("decided_at__isnull", False), ("decided_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="specialuse_decided_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("signed_at__isnull", True), ("signed_by__isnull", True)),
                            models.Q(("signed_at__isnull", False), ("signed_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="specialuse_signed_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status__in", ["approved", "consented"]), _negated=True),
                            models.Q(
                                ("concluded_at__isnull", False),
                                ("decided_at__gte", models.F("concluded_at")),
                                ("decided_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="special_use_in_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "consented"), _negated=True),
                            models.Q(
                                ("paper__isnull", False),
                                ("signed_at__gte", models.F("decided_at")),
                                ("signed_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="special_use_consent_on_paper",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_by__isnull", True),
                                models.Q(("decided_by", models.F("requested_by")), _negated=True),
                                _connector="OR",
                            ),
                            models.Q(
                                ("concluded_by__isnull", True),
                                models.Q(("concluded_by", models.F("requested_by")), _negated=True),
                                _connector="OR",
                            ),
                        ),
                        name="special_use_decided_by_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind", "outside"),
                            models.Q(
                                models.Q(("evidence_title", ""), _negated=True),
                                models.Q(("no_better_option", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="extended_use_has_evidence",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind", "extended"), ("check_made__isnull", False), _connector="OR"),
                        name="outside_drug_has_a_check",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Prescription",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "origin",
                    models.CharField(
                        choices=[("live", "Recorded here"), ("ledger", "From the ledger")],
                        default="live",
                        max_length=10,
                    ),
                ),
                ("drug", models.CharField(max_length=60, verbose_name="drug")),
                ("indication", models.CharField(max_length=120, verbose_name="indication")),
                ("line", models.CharField(blank=True, max_length=120, verbose_name="line or setting")),
                ("since", models.DateField(blank=True, null=True, verbose_name="day of progression or relapse")),
                ("prescribed_at", models.DateTimeField()),
                (
                    "check_made",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="prescriptions",
                        to="referrals.drugcheck",
                    ),
                ),
                (
                    "prescribed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "referral",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="prescriptions",
                        to="referrals.referral",
                    ),
                ),
                (
                    "special_use",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="prescriptions",
                        to="referrals.specialuse",
                    ),
                ),
            ],
            options={
                "verbose_name": "prescription",
            },
        ),
        migrations.CreateModel(
            name="MatchReview",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "verdict",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("match", "Drug and result match"),
                            ("mismatch", "Drug and result do not match"),
                            ("no_result", "A test is required and there is none"),
                            ("unclear", "Cannot be told from the record"),
                        ],
                        max_length=10,
                        verbose_name="verdict",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="remark")),
                ("reviewed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "reviewed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "sample",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reviews", to="referrals.matchsample"
                    ),
                ),
                (
                    "prescription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reviews", to="referrals.prescription"
                    ),
                ),
            ],
            options={
                "verbose_name": "review of drug and result",
                "constraints": [
                    models.UniqueConstraint(fields=("sample", "prescription"), name="match_review_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reviewed_at__isnull", True), ("reviewed_by__isnull", True)),
                            models.Q(("reviewed_at__isnull", False), ("reviewed_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="matchreview_reviewed_both",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Reconciliation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", models.CharField(help_text="2026-09", max_length=7, verbose_name="month")),
                (
                    "origin",
                    models.CharField(
                        choices=[("live", "Recorded here"), ("ledger", "From the ledger")],
                        default="live",
                        max_length=10,
                    ),
                ),
                ("figures", models.JSONField(blank=True, default=dict, verbose_name="figures")),
                ("signed_at", models.DateTimeField(blank=True, null=True, verbose_name="signed by finance at")),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="closed at")),
                (
                    "closed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="countersigned by",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reconciliations",
                        to="accounts.institution",
                    ),
                ),
                (
                    "laboratory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reconciliations",
                        to="vendors.laboratory",
                    ),
                ),
                (
                    "sheet",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="documents.storedfile",
                    ),
                ),
                (
                    "signed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="signed by",
                    ),
                ),
            ],
            options={
                "verbose_name": "monthly reconciliation",
                "ordering": ["-month", "laboratory", "institution"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("institution", "laboratory", "month"), name="reconciliation_once_a_month"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("signed_at__isnull", True), ("signed_by__isnull", True)),
                            models.Q(("signed_at__isnull", False), ("signed_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="reconciliation_signed_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at__isnull", True), ("closed_by__isnull", True)),
                            models.Q(("closed_at__isnull", False), ("closed_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="reconciliation_closed_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("closed_at__isnull", True),
                            models.Q(
                                ("sheet__isnull", False),
                                ("signed_at__isnull", False),
                                models.Q(("closed_by", models.F("signed_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="closed_month_is_signed_by_two",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PlannedStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField(verbose_name="step")),
                (
                    "after",
                    models.CharField(
                        choices=[
                            ("negative", "when the step before is negative"),
                            ("unclear", "when the step before gives no usable result"),
                            ("not_positive", "when the step before is negative or gives no usable result"),
                            ("positive", "when the step before is positive"),
                        ],
                        max_length=12,
                        verbose_name="condition",
                    ),
                ),
                ("genes", models.CharField(blank=True, max_length=120, verbose_name="positive for the genes")),
                ("necessity", models.TextField(verbose_name="what the result will change")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("planned", "Planned"),
                            ("begun", "Begun"),
                            ("not_needed", "Not needed"),
                            ("skipped", "Given up"),
                        ],
                        default="planned",
                        max_length=12,
                        verbose_name="status",
                    ),
                ),
                ("began_at", models.DateTimeField(blank=True, null=True, verbose_name="begun at")),
                ("dropped_at", models.DateTimeField(blank=True, null=True, verbose_name="ended at")),
                ("drop_reason", models.CharField(blank=True, max_length=300, verbose_name="why not done")),
                (
                    "began_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "dropped_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "indication",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.indication"
                    ),
                ),
                (
                    "begun",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="plan_step",
                        to="referrals.referral",
                        verbose_name="request",
                    ),
                ),
                (
                    "referral",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="planned_steps",
                        to="referrals.referral",
                    ),
                ),
            ],
            options={
                "verbose_name": "planned step",
                "ordering": ["referral", "position"],
                "constraints": [
                    models.UniqueConstraint(fields=("referral", "position"), name="planned_step_once"),
                    models.CheckConstraint(
                        condition=models.Q(("position__gte", 2)), name="planned_step_follows_the_first"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("began_at__isnull", True), ("began_by__isnull", True)),
                            models.Q(("began_at__isnull", False), ("began_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="plannedstep_began_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("dropped_at__isnull", True), ("dropped_by__isnull", True)),
                            models.Q(("dropped_at__isnull", False), ("dropped_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="plannedstep_dropped_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("began_at__isnull", False), ("begun__isnull", False), ("status", "begun")),
                            models.Q(
                                models.Q(("status", "begun"), _negated=True),
                                ("began_at__isnull", True),
                                ("begun__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="planned_step_begun_names_its_request",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("dropped_at__isnull", False),
                                ("status__in", ["not_needed", "skipped"]),
                                models.Q(("drop_reason", ""), _negated=True),
                            ),
                            models.Q(("dropped_at__isnull", True), ("status__in", ["planned", "begun"])),
                            _connector="OR",
                        ),
                        name="planned_step_not_done_says_why",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OutsourcingApproval",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "origin",
                    models.CharField(
                        choices=[("live", "Recorded here"), ("ledger", "From the ledger")],
                        default="live",
                        max_length=10,
                    ),
                ),
                ("decided_at", models.DateTimeField(verbose_name="decided at")),
                ("approved", models.BooleanField(default=True, verbose_name="approved")),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="outsourcing_approvals",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "referral",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="approvals", to="referrals.referral"
                    ),
                ),
            ],
            options={
                "verbose_name": "approval of outsourcing",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("origin", "ledger"), ("decided_by__isnull", False), _connector="OR"),
                        name="live_approval_has_a_decider",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MDTReview",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "origin",
                    models.CharField(
                        choices=[("live", "Recorded here"), ("ledger", "From the ledger")],
                        default="live",
                        max_length=10,
                    ),
                ),
                ("concluded_at", models.DateTimeField(verbose_name="concluded at")),
                (
                    "conclusion",
                    models.CharField(
                        choices=[
                            ("agree", "Agree to test"),
                            ("disagree", "Do not test"),
                            ("more_information", "More information needed"),
                            ("change_test", "Change the test"),
                        ],
                        max_length=20,
                        verbose_name="conclusion",
                    ),
                ),
                ("covers_plan", models.BooleanField(default=False, verbose_name="covers the planned steps")),
                ("reason_code", models.CharField(blank=True, max_length=30, verbose_name="reason code")),
                ("advice", models.TextField(blank=True, verbose_name="treatment advice")),
                ("note", models.TextField(blank=True, verbose_name="reasons")),
                (
                    "carried_from",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="referrals.mdtreview",
                    ),
                ),
                (
                    "chair",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="chaired_mdts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "deliberation",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="review",
                        to="referrals.deliberation",
                    ),
                ),
                (
                    "referral",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="mdt_reviews", to="referrals.referral"
                    ),
                ),
            ],
            options={
                "verbose_name": "MDT review",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("origin", "ledger"), ("chair__isnull", False), _connector="OR"),
                        name="live_mdt_has_a_chair",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LabelPrint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("barcode", models.CharField(max_length=40, verbose_name="barcode")),
                ("place", models.PositiveSmallIntegerField(verbose_name="which print of this barcode")),
                ("stock", models.CharField(max_length=20, verbose_name="label stock")),
                ("copies", models.PositiveSmallIntegerField(default=1, verbose_name="copies")),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="why printed again")),
                ("printed_at", models.DateTimeField(verbose_name="printed at")),
                (
                    "printed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "referral",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="label_prints",
                        to="referrals.referral",
                    ),
                ),
            ],
            options={
                "verbose_name": "printed label",
                "constraints": [
                    models.UniqueConstraint(fields=("barcode", "place"), name="label_print_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("place", 1),
                            models.Q(("place__gt", 1), models.Q(("reason", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="reprint_says_why",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Filing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "origin",
                    models.CharField(
                        choices=[("live", "Recorded here"), ("ledger", "From the ledger")],
                        default="live",
                        max_length=10,
                    ),
                ),
                ("filed_at", models.DateTimeField(verbose_name="filed at")),
                ("consent_filed", models.BooleanField(null=True, verbose_name="consent filed")),
                ("order_filed", models.BooleanField(null=True, verbose_name="order filed")),
                ("result_filed", models.BooleanField(null=True, verbose_name="result filed")),
                (
                    "filed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "referral",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="filings", to="referrals.referral"
                    ),
                ),
            ],
            options={
                "verbose_name": "filing",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("origin", "ledger"),
                            models.Q(
                                ("consent_filed", True),
                                ("filed_by__isnull", False),
                                ("order_filed", True),
                                ("result_filed", True),
                            ),
                            _connector="OR",
                        ),
                        name="live_filing_is_complete",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FeeDeferral",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "origin",
                    models.CharField(
                        choices=[("live", "Recorded here"), ("ledger", "From the ledger")],
                        default="live",
                        max_length=10,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("arrears", "Approved arrears"), ("green_channel", "Green channel")],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                ("approved_at", models.DateTimeField(verbose_name="approved at")),
                ("document", models.CharField(max_length=60, verbose_name="number of the approval")),
                ("basis", models.CharField(max_length=300, verbose_name="why the fee is put off")),
                ("until", models.DateField(verbose_name="to be settled by")),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                ("withdrawn_reason", models.CharField(blank=True, max_length=200, verbose_name="why withdrawn")),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="fee_deferrals",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "withdrawn_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "referral",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="deferrals", to="referrals.referral"
                    ),
                ),
            ],
            options={
                "verbose_name": "approval to put off the fee",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("origin", "ledger"), ("approved_by__isnull", False), _connector="OR"),
                        name="live_deferral_has_an_approver",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("withdrawn_at__isnull", True), ("withdrawn_by__isnull", True)),
                            models.Q(("withdrawn_at__isnull", False), ("withdrawn_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="feedeferral_withdrawn_both",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Evidence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "origin",
                    models.CharField(
                        choices=[("live", "Recorded here"), ("ledger", "From the ledger")],
                        default="live",
                        max_length=10,
                    ),
                ),
                ("title", models.CharField(max_length=300, verbose_name="title")),
                ("source", models.CharField(blank=True, max_length=200, verbose_name="journal or issuer")),
                ("year", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="year")),
                ("level", models.CharField(blank=True, max_length=20, verbose_name="level of evidence")),
                ("recorded_at", models.DateTimeField()),
                (
                    "referral",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="evidence", to="referrals.referral"
                    ),
                ),
            ],
            options={
                "verbose_name": "evidence",
            },
        ),
        migrations.CreateModel(
            name="DepartmentalDiscussion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "origin",
                    models.CharField(
                        choices=[("live", "Recorded here"), ("ledger", "From the ledger")],
                        default="live",
                        max_length=10,
                    ),
                ),
                ("held_at", models.DateTimeField(verbose_name="held at")),
                ("agreed", models.BooleanField(default=True, verbose_name="agreed")),
                ("covers_plan", models.BooleanField(default=False, verbose_name="covers the planned steps")),
                ("note", models.TextField(blank=True, verbose_name="opinion")),
                (
                    "carried_from",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="referrals.departmentaldiscussion",
                    ),
                ),
                (
                    "chair",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="chaired_discussions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "deliberation",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="discussion",
                        to="referrals.deliberation",
                    ),
                ),
                (
                    "referral",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="discussions", to="referrals.referral"
                    ),
                ),
            ],
            options={
                "verbose_name": "departmental discussion",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("origin", "ledger"), ("chair__isnull", False), _connector="OR"),
                        name="live_discussion_has_a_chair",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Correction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("field", models.CharField(max_length=60, verbose_name="field")),
                ("before", models.TextField(blank=True, verbose_name="before")),
                ("after", models.TextField(blank=True, verbose_name="after")),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                ("corrected_at", models.DateTimeField(verbose_name="corrected at")),
                (
                    "corrected_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "referral",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="corrections", to="referrals.referral"
                    ),
                ),
            ],
            options={
                "verbose_name": "correction",
                "ordering": ["corrected_at", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="correction_has_a_reason"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ChargeRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("line", models.PositiveIntegerField(verbose_name="row of the file")),
                ("case_no", models.CharField(blank=True, max_length=60, verbose_name="request or barcode")),
                ("record_no", models.CharField(blank=True, max_length=60, verbose_name="record number")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("receipt", "Outpatient receipt"),
                            ("inpatient", "Entry on the inpatient account"),
                            ("arrears", "Approved arrears"),
                            ("green_channel", "Green channel"),
                        ],
                        default="receipt",
                        max_length=20,
                        verbose_name="kind of entry",
                    ),
                ),
                ("number", models.CharField(blank=True, max_length=60, verbose_name="receipt or settlement number")),
                (
                    "settlement_line",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="line of the settlement"),
                ),
                ("inpatient_no", models.CharField(blank=True, max_length=60, verbose_name="admission number")),
                ("invoice_code", models.CharField(blank=True, max_length=20, verbose_name="receipt code")),
                ("invoice_no", models.CharField(blank=True, max_length=20, verbose_name="receipt number")),
                ("item_code", models.CharField(blank=True, max_length=60, verbose_name="price item code")),
                ("quantity", models.PositiveSmallIntegerField(default=1, verbose_name="quantity")),
                (
                    "amount",
                    models.DecimalField(
                        blank=True, decimal_places=2, max_digits=10, null=True, verbose_name="amount (yuan)"
                    ),
                ),
                ("happened_at", models.DateTimeField(blank=True, null=True, verbose_name="time in HIS")),
                ("is_refund", models.BooleanField(default=False, verbose_name="refund")),
                ("reversal_no", models.CharField(blank=True, max_length=60, verbose_name="refund number")),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="why refunded")),
                (
                    "verdict",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("matched", "To be recorded"),
                            ("already", "Recorded already"),
                            ("price", "Differs from the published price (X07)"),
                            ("research", "Research, never charged (X09)"),
                            ("not_now", "The case does not stand there"),
                            ("off_book", "A gene test without a request"),
                            ("unclear", "Several requests fit"),
                            ("other", "No gene test; left aside"),
                            ("fault", "Not readable"),
                        ],
                        max_length=10,
                        verbose_name="answer",
                    ),
                ),
                ("says", models.CharField(blank=True, max_length=500)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("done", "Recorded"), ("refused", "Refused")],
                        max_length=10,
                        verbose_name="outcome",
                    ),
                ),
                (
                    "charge_import",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="rows", to="referrals.chargeimport"
                    ),
                ),
                (
                    "referral",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="referrals.referral",
                    ),
                ),
            ],
            options={
                "verbose_name": "row of charges",
                "indexes": [
                    models.Index(fields=["charge_import", "verdict", "line"], name="charge_row_verdict"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("charge_import", "line"), name="charge_row_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Charge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "origin",
                    models.CharField(
                        choices=[("live", "Recorded here"), ("ledger", "From the ledger")],
                        default="live",
                        max_length=10,
                    ),
                ),
                ("charged_at", models.DateTimeField(verbose_name="charged at")),
                ("amount", models.DecimalField(decimal_places=2, max_digits=10, verbose_name="amount (yuan)")),
                (
                    "receipt_no",
                    models.CharField(blank=True, max_length=60, verbose_name="receipt or settlement number"),
                ),
                (
                    "settlement_line",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="line of the settlement"),
                ),
                ("inpatient_no", models.CharField(blank=True, max_length=40, verbose_name="admission number")),
                ("invoice_code", models.CharField(blank=True, max_length=20, verbose_name="receipt code")),
                ("invoice_no", models.CharField(blank=True, max_length=20, verbose_name="receipt number")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("receipt", "Outpatient receipt"),
                            ("inpatient", "Entry on the inpatient account"),
                            ("arrears", "Approved arrears"),
                            ("green_channel", "Green channel"),
                        ],
                        default="receipt",
                        max_length=20,
                        verbose_name="kind of entry",
                    ),
                ),
                ("settled_at", models.DateTimeField(blank=True, null=True, verbose_name="settled at")),
                ("reversed_at", models.DateTimeField(blank=True, null=True)),
                ("reversal_no", models.CharField(blank=True, max_length=60, verbose_name="refund number")),
                ("reversal_reason", models.CharField(blank=True, max_length=200, verbose_name="why refunded")),
                (
                    "reversal_cause",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("before_sampling", "Before sampling"),
                            ("unfit", "Specimen unfit"),
                            ("withdrawn", "Consent withdrawn"),
                            ("cancelled", "Request cancelled"),
                            ("voided", "Entry voided"),
                        ],
                        max_length=20,
                        verbose_name="cause of the refund",
                    ),
                ),
                (
                    "charged_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "consent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="charges",
                        to="consent.consent",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.institution",
                    ),
                ),
                (
                    "price",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="charges",
                        to="vendors.price",
                    ),
                ),
                (
                    "reversed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "settled_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "deferral",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="charge",
                        to="referrals.feedeferral",
                    ),
                ),
                (
                    "referral",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="charges", to="referrals.referral"
                    ),
                ),
            ],
            options={
                "verbose_name": "charge",
                "indexes": [
                    models.Index(fields=["institution", "charged_at"], name="charge_day"),
                    models.Index(
                        condition=models.Q(("settled_at__isnull", False)),
                        fields=["institution", "settled_at"],
                        name="charge_settled_day",
                    ),
                    models.Index(
                        condition=models.Q(("reversed_at__isnull", False)),
                        fields=["institution", "reversed_at"],
                        name="charge_refund_day",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount__gte", 0)), name="charge_not_negative"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("origin", "ledger"),
                            models.Q(("charged_by__isnull", False), ("price__isnull", False)),
                            _connector="OR",
                        ),
                        name="live_charge_names_its_price",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("origin", "ledger"), models.Q(("receipt_no", ""), _negated=True), _connector="OR"
                        ),
                        name="live_charge_has_a_hospital_entry",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("settled_at__isnull", True), ("settled_by__isnull", True)),
                            models.Q(("settled_at__isnull", False), ("settled_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="charge_settled_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("institution__isnull", True),
                            models.Q(("kind__in", ("arrears", "green_channel")), _negated=True),
                            models.Q(("deferral__isnull", False), ("settled_at__isnull", True)),
                            _connector="OR",
                        ),
                        name="deferred_charge_was_approved",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("settled_at__isnull", True), ("deferral__isnull", False), _connector="OR"),
                        name="settled_charge_was_put_off",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("institution__isnull", True),
                            models.Q(("kind", "inpatient"), _negated=True),
                            models.Q(("inpatient_no", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="account_entry_names_the_admission",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("invoice_code", ""), ("invoice_no", "")),
                            models.Q(
                                models.Q(("invoice_code", ""), _negated=True),
                                models.Q(("invoice_no", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="receipt_code_with_its_number",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(
                            ("kind__in", ("receipt", "inpatient")), ("origin", "live"), ("reversed_at__isnull", True)
                        ),
                        expressions=[
                            ("institution", "="),
                            ("kind", "="),
                            ("inpatient_no", "="),
                            ("receipt_no", "="),
                            (
                                models.Func(
                                    "settlement_line",
                                    "settlement_line",
                                    django.contrib.postgres.fields.ranges.RangeBoundary(
                                        inclusive_lower=True, inclusive_upper=True
                                    ),
                                    function="int4range",
                                    output_field=django.contrib.postgres.fields.ranges.IntegerRangeField(),
                                ),
                                "&&",
                            ),
                        ],
                        name="hospital_entry_serves_one_case",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(
                            ("kind", "receipt"),
                            ("reversed_at__isnull", True),
                            models.Q(("invoice_no", ""), _negated=True),
                        ),
                        expressions=[
                            ("institution", "="),
                            ("invoice_code", "="),
                            ("invoice_no", "="),
                            ("receipt_no", "<>"),
                        ],
                        name="fiscal_receipt_of_one_settlement",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Allocation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("made_at", models.DateTimeField(verbose_name="allocated at")),
                ("route", models.CharField(max_length=10, verbose_name="route")),
                (
                    "outside_route",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("alliance", "Medical alliance"),
                            ("group", "Cooperation group"),
                            ("third_party", "Contracted third party"),
                        ],
                        max_length=12,
                        verbose_name="way out",
                    ),
                ),
                ("outside_reason", models.CharField(blank=True, max_length=300, verbose_name="why this way")),
                ("considered", models.JSONField(default=list, verbose_name="laboratories considered")),
                ("superseded_at", models.DateTimeField(blank=True, null=True)),
                (
                    "contract",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="allocations",
                        to="vendors.contract",
                    ),
                ),
                (
                    "laboratory",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="allocations",
                        to="vendors.laboratory",
                    ),
                ),
                (
                    "referral",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="allocations", to="referrals.referral"
                    ),
                ),
            ],
            options={
                "verbose_name": "allocation",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("superseded_at__isnull", True)),
                        fields=("referral",),
                        name="one_allocation_in_force",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReferralDraft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("typed", models.BinaryField(null=True)),
                ("version", models.PositiveIntegerField(default=1)),
                ("saved_at", models.DateTimeField(auto_now=True)),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.institution"
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="referral_drafts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "referral",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="drafts",
                        to="referrals.referral",
                    ),
                ),
            ],
            options={
                "verbose_name": "referral draft",
            },
        ),
        migrations.CreateModel(
            name="ResultFinding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("gene", models.CharField(max_length=40, verbose_name="gene")),
                ("variant", models.CharField(blank=True, max_length=160, verbose_name="variant")),
                ("significance", models.CharField(blank=True, max_length=60, verbose_name="significance")),
                (
                    "result",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="alterations", to="referrals.result"
                    ),
                ),
            ],
            options={
                "verbose_name": "alteration found",
            },
        ),
        migrations.CreateModel(
            name="SpecialUseOpinion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "side",
                    models.CharField(
                        choices=[("clinical", "Clinical"), ("pharmacy", "Pharmacy")],
                        max_length=10,
                        verbose_name="speaks for",
                    ),
                ),
                ("agrees", models.BooleanField(verbose_name="agrees")),
                ("note", models.CharField(max_length=500, verbose_name="opinion")),
                ("given_at", models.DateTimeField()),
                (
                    "given_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "use",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="opinions", to="referrals.specialuse"
                    ),
                ),
            ],
            options={
                "verbose_name": "opinion on a special use",
                "constraints": [
                    models.UniqueConstraint(fields=("use", "given_by"), name="special_use_opinion_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Shipment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "origin",
                    models.CharField(
                        choices=[("live", "Recorded here"), ("ledger", "From the ledger")],
                        default="live",
                        max_length=10,
                    ),
                ),
                (
                    "outside_route",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("alliance", "Medical alliance"),
                            ("group", "Cooperation group"),
                            ("third_party", "Contracted third party"),
                        ],
                        max_length=12,
                        verbose_name="way out",
                    ),
                ),
                ("outside_reason", models.CharField(blank=True, max_length=300, verbose_name="why this way")),
                ("shipped_at", models.DateTimeField(verbose_name="handed over at")),
                ("scanned", models.BooleanField(default=False, verbose_name="scanned at hand-over")),
                ("unscanned_reason", models.CharField(blank=True, max_length=200, verbose_name="why not scanned")),
                ("received_at", models.DateTimeField(blank=True, null=True, verbose_name="received at")),
                (
                    "celsius",
                    models.DecimalField(
                        blank=True,
                        decimal_places=1,
                        max_digits=4,
                        null=True,
                        verbose_name="temperature on arrival (°C)",
                    ),
                ),
                ("rejected_at", models.DateTimeField(blank=True, null=True, verbose_name="rejected at")),
                (
                    "failure",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("missing", "Missing on arrival or lost"),
                            ("damaged", "Arrived damaged"),
                            ("refused", "Refused by the laboratory"),
                        ],
                        max_length=10,
                        verbose_name="what went wrong",
                    ),
                ),
                ("rejection_reason", models.CharField(blank=True, max_length=200, verbose_name="why rejected")),
                (
                    "contract",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shipments",
                        to="vendors.contract",
                    ),
                ),
                (
                    "laboratory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="shipments", to="vendors.laboratory"
                    ),
                ),
                (
                    "referral",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="shipments", to="referrals.referral"
                    ),
                ),
                (
                    "shipped_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shipments",
                        to="referrals.shipmentbatch",
                    ),
                ),
                (
                    "specimen",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shipments",
                        to="referrals.specimen",
                    ),
                ),
            ],
            options={
                "verbose_name": "shipment",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("origin", "ledger"),
                            models.Q(("contract__isnull", False), ("shipped_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="live_shipment_names_its_contract",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("origin", "ledger"),
                            ("scanned", True),
                            models.Q(("unscanned_reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="live_shipment_scanned_or_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("failure", ""), ("rejected_at__isnull", False), _connector="OR"),
                        name="failed_shipment_has_its_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("celsius__isnull", True),
                            models.Q(("celsius__gte", Decimal("-90")), ("celsius__lte", Decimal("60"))),
                            _connector="OR",
                        ),
                        name="arrival_reading_is_sane",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StatementDifference",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("no_referral", "Billed without a referral"),
                            ("not_sent", "Never sent to this laboratory"),
                            ("billed_twice", "Billed twice"),
                            ("before_receipt", "Billed before receipt"),
                            ("test_differs", "Another test than requested"),
                            ("amount_differs", "Amount differs from the contract"),
                            ("not_in_contract", "In no contract of the day"),
                            ("result_missing", "No result returned"),
                            ("charge_missing", "Patient not charged, or refunded"),
                            ("not_billed", "Received but never billed"),
                            ("supplement", "Supplement to a closed month"),
                        ],
                        max_length=16,
                        verbose_name="difference",
                    ),
                ),
                ("sample_no", models.CharField(max_length=40, verbose_name="sample number")),
                (
                    "expected_amount",
                    models.DecimalField(decimal_places=2, max_digits=10, null=True, verbose_name="by contract (yuan)"),
                ),
                (
                    "billed_amount",
                    models.DecimalField(decimal_places=2, max_digits=10, null=True, verbose_name="billed (yuan)"),
                ),
                ("occurred_on", models.DateField(null=True, verbose_name="day")),
                (
                    "resolution",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("accepted", "Accepted as billed"),
                            ("contract_price", "Paid at the contract's price"),
                            ("refused", "Not paid"),
                            ("disputed", "Disputed with the laboratory, held back"),
                            ("credited", "Paid now, credited next month"),
                            ("next_bill", "To be billed later"),
                            ("written_off", "Nothing owed"),
                        ],
                        max_length=16,
                        verbose_name="what becomes of it",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                ("settled_at", models.DateTimeField(blank=True, null=True, verbose_name="settled at")),
                ("confirmed_at", models.DateTimeField(blank=True, null=True, verbose_name="confirmed at")),
                ("returned_note", models.CharField(blank=True, max_length=300, verbose_name="why sent back")),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="confirmed by",
                    ),
                ),
                (
                    "earlier_line",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="vendors.statementline",
                    ),
                ),
                (
                    "evidence",
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statement_differences",
                        to="accounts.institution",
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
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="differences",
                        to="vendors.statementline",
                    ),
                ),
                (
                    "reconciliation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="differences",
                        to="referrals.reconciliation",
                    ),
                ),
                (
                    "referral",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="differences",
                        to="referrals.referral",
                    ),
                ),
                (
                    "settled_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="settled by",
                    ),
                ),
            ],
            options={
                "verbose_name": "statement difference",
                "ordering": ["institution", "kind", "sample_no", "id"],
                "indexes": [
                    models.Index(fields=["institution", "kind", "sample_no"], name="referrals_s_institu_c53a40_idx"),
                    models.Index(fields=["reconciliation", "kind", "id"], name="difference_of_a_month"),
                    models.Index(
                        condition=models.Q(("confirmed_at__isnull", True)),
                        fields=["institution", "id"],
                        name="difference_unsettled",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "supplement"), _negated=True),
                        fields=("kind", "line", "referral"),
                        name="difference_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("settled_at__isnull", True), ("settled_by__isnull", True)),
                            models.Q(("settled_at__isnull", False), ("settled_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="statementdifference_settled_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("confirmed_at__isnull", True), ("confirmed_by__isnull", True)),
                            models.Q(("confirmed_at__isnull", False), ("confirmed_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="statementdifference_confirmed_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("settled_at__isnull", True),
                            models.Q(
                                models.Q(("resolution", ""), _negated=True), models.Q(("reason", ""), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="settled_difference_says_how_and_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("confirmed_at__isnull", True),
                            models.Q(
                                ("settled_at__isnull", False),
                                models.Q(("confirmed_by", models.F("settled_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="difference_confirmed_by_another",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EthicsApproval",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=60, verbose_name="approval number")),
                ("protocol_version", models.CharField(blank=True, max_length=40, verbose_name="protocol version")),
                ("covers_site", models.BooleanField(default=True, verbose_name="covers this site")),
                ("valid_from", models.DateField(verbose_name="valid from")),
                ("valid_to", models.DateField(verbose_name="valid to")),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ethics_approvals",
                        to="referrals.study",
                    ),
                ),
            ],
            options={
                "verbose_name": "ethics approval",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_to__gte", models.F("valid_from"))), name="ethics_period_in_order"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BlockLoan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=30, verbose_name="number")),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("consultation", "Pathology consultation elsewhere"),
                            ("test_elsewhere", "Test at another institution"),
                            ("research", "Research"),
                        ],
                        max_length=20,
                        verbose_name="purpose",
                    ),
                ),
                ("destination", models.CharField(max_length=120, verbose_name="where it goes")),
                ("reason", models.CharField(max_length=300, verbose_name="why")),
                (
                    "is_flagged",
                    models.BooleanField(
                        default=False, verbose_name="test elsewhere without a request of this hospital"
                    ),
                ),
                (
                    "borrower",
                    models.CharField(
                        choices=[
                            ("patient", "The patient"),
                            ("family", "Family, with the patient's leave"),
                            ("staff", "Staff of this hospital"),
                        ],
                        max_length=10,
                        verbose_name="borrower",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("requested", "Awaiting pathology's approval"),
                            ("approved", "Approved, to be handed out"),
                            ("declined", "Not lent"),
                            ("lent", "Lent out"),
                            ("returned", "Returned"),
                            ("lost", "Used up or lost"),
                        ],
                        default="requested",
                        max_length=12,
                        verbose_name="status",
                    ),
                ),
                ("blocks", models.CharField(max_length=200, verbose_name="block numbers")),
                ("block_count", models.PositiveSmallIntegerField(default=1, verbose_name="blocks")),
                ("slide_count", models.PositiveSmallIntegerField(default=0, verbose_name="slides")),
                ("requested_at", models.DateTimeField(verbose_name="asked at")),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("decision_note", models.CharField(blank=True, max_length=300, verbose_name="what remains, and why")),
                ("remains_enough", models.BooleanField(null=True, verbose_name="enough tissue remains for care")),
                ("lent_at", models.DateTimeField(blank=True, null=True, verbose_name="handed out at")),
                ("borrower_name", models.CharField(blank=True, max_length=60, verbose_name="name of the borrower")),
                (
                    "borrower_paper",
                    models.CharField(blank=True, max_length=20, verbose_name="identity paper, last four characters"),
                ),
                (
                    "deposit",
                    models.DecimalField(
                        blank=True, decimal_places=2, max_digits=8, null=True, verbose_name="deposit (yuan)"
                    ),
                ),
                ("deposit_no", models.CharField(blank=True, max_length=60, verbose_name="deposit receipt number")),
                ("has_undertaking", models.BooleanField(default=False, verbose_name="written undertaking")),
                ("due_on", models.DateField(blank=True, null=True, verbose_name="due back on")),
                ("returned_at", models.DateTimeField(blank=True, null=True, verbose_name="returned at")),
                (
                    "state",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("complete", "Complete"),
                            ("damaged", "Damaged or incomplete"),
                            ("used_up", "Used up"),
                            ("lost", "Lost"),
                        ],
                        max_length=10,
                        verbose_name="state on return",
                    ),
                ),
                ("return_note", models.CharField(blank=True, max_length=300, verbose_name="inspection on return")),
                (
                    "blocks_back",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="blocks that came back"),
                ),
                (
                    "slides_back",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="slides that came back"),
                ),
                ("patient_told_on", models.DateField(blank=True, null=True, verbose_name="patient told on")),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="block_loans",
                        to="accounts.institution",
                    ),
                ),
                (
                    "lent_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "returned_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="block_loans", to="referrals.patient"
                    ),
                ),
                (
                    "referral",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="block_loans",
                        to="referrals.referral",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="block_loans",
                        to="referrals.study",
                    ),
                ),
            ],
            options={
                "verbose_name": "loan of blocks",
                "indexes": [
                    models.Index(fields=["institution", "-requested_at", "-id"], name="block_loans_newest"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("institution", "number"), name="block_loan_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at__isnull", True), ("decided_by__isnull", True)),
                            models.Q(("decided_at__isnull", False), ("decided_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="blockloan_decided_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lent_at__isnull", True), ("lent_by__isnull", True)),
                            models.Q(("lent_at__isnull", False), ("lent_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="blockloan_lent_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("returned_at__isnull", True), ("returned_by__isnull", True)),
                            models.Q(("returned_at__isnull", False), ("returned_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="blockloan_returned_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_by__isnull", True),
                            models.Q(("decided_by", models.F("requested_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="loan_decided_by_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("lent_at__isnull", True),
                            models.Q(
                                models.Q(("borrower_name", ""), _negated=True),
                                ("due_on__isnull", False),
                                ("remains_enough", True),
                                models.Q(("has_undertaking", True), ("deposit__gt", 0), _connector="OR"),
                            ),
                            _connector="OR",
                        ),
                        name="lent_against_identity_and_surety",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("block_count__gt", 0), ("slide_count__gt", 0), _connector="OR"),
                        name="loan_lends_something",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("blocks_back__isnull", True), ("slides_back__isnull", True)),
                            models.Q(
                                ("blocks_back__lte", models.F("block_count")),
                                ("slides_back__lte", models.F("slide_count")),
                            ),
                            _connector="OR",
                        ),
                        name="no_more_comes_back_than_was_lent",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "complete"), _negated=True),
                            ("blocks_back__isnull", True),
                            models.Q(
                                ("blocks_back", models.F("block_count")), ("slides_back", models.F("slide_count"))
                            ),
                            _connector="OR",
                        ),
                        name="complete_loan_is_all_back",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("blocks_back__isnull", True),
                            ("state", "complete"),
                            ("patient_told_on__isnull", False),
                            _connector="OR",
                        ),
                        name="patient_told_of_what_is_lost",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("borrower", "staff"), ("purpose", "test_elsewhere"), _negated=True),
                            ("referral__isnull", False),
                            _connector="OR",
                        ),
                        name="staff_test_elsewhere_has_its_request",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WayChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("is_open", models.BooleanField(verbose_name="open")),
                ("reasons", models.JSONField(default=list, verbose_name="reasons")),
                ("considered", models.JSONField(default=list, verbose_name="laboratories considered")),
                ("noticed_at", models.DateTimeField(verbose_name="noticed at")),
                (
                    "laboratory",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="vendors.laboratory",
                    ),
                ),
                (
                    "moved_from",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="vendors.laboratory",
                    ),
                ),
                (
                    "referral",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="way_changes", to="referrals.referral"
                    ),
                ),
            ],
            options={
                "verbose_name": "change of a way out",
                "ordering": ["noticed_at", "id"],
                "indexes": [
                    models.Index(fields=["referral", "noticed_at", "id"], name="way_change_of_case"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_open", True), models.Q(("reasons", []), _negated=True), _connector="OR"
                        ),
                        name="way_shut_for_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("is_open", True), ("laboratory__isnull", False), _connector="OR"),
                        name="way_shut_at_a_laboratory",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("moved_from__isnull", True), ("is_open", True), _connector="OR"),
                        name="moved_way_is_open",
                    ),
                ],
            },
        ),
        migrations.RunSQL(GUARDS, NO_GUARDS),
    ]
