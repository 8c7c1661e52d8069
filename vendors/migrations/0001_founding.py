import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import vendors.models.common
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("vendors", "0001_initial"),
        ("vendors", "0002_price_items_and_publications"),
        ("vendors", "0003_admissions"),
        ("vendors", "0004_statements_given_in"),
        ("vendors", "0005_procurement_and_contract_drafts"),
        ("vendors", "0006_not_outsourcing_statement"),
        ("vendors", "0007_price_caps"),
    ]

    dependencies = [
        ("audit", "0001_founding"),
        ("accounts", "0001_founding"),
        ("catalog", "0001_founding"),
        ("documents", "0001_founding"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Laboratory",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=20, unique=True, verbose_name="laboratory code")),
                ("name", models.CharField(max_length=100, verbose_name="laboratory")),
                ("uscc", models.CharField(blank=True, max_length=18, verbose_name="unified social credit code")),
                ("foreign_controlled", models.BooleanField(blank=True, null=True, verbose_name="foreign-controlled")),
                ("in_mainland", models.BooleanField(blank=True, null=True, verbose_name="tests on the mainland")),
                (
                    "kind",
                    models.CharField(
                        blank=True,
                        choices=[("laboratory", "医学检验实验室"), ("pathology", "病理诊断中心"), ("hospital", "医院")],
                        max_length=16,
                        verbose_name="type of institution",
                    ),
                ),
                ("licence_no", models.CharField(blank=True, max_length=22, verbose_name="licence registration number")),
                (
                    "subjects",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("molecular", "医学检验科（临床细胞分子遗传学专业）"),
                                ("laboratory", "医学检验科（其他专业）"),
                                ("pathology", "病理科"),
                            ],
                            max_length=20,
                        ),
                        blank=True,
                        default=list,
                        size=None,
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
            ],
            options={
                "verbose_name": "laboratory",
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="Admission",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("applied", "Applied"),
                            ("assessing", "Under assessment"),
                            ("admitted", "Admitted"),
                            ("restricted", "Restricted"),
                            ("suspended", "Suspended"),
                            ("declined", "Not admitted"),
                            ("replaced", "Replaced by a reassessment"),
                            ("left", "Left"),
                            ("barred", "Barred"),
                        ],
                        default="applied",
                        max_length=12,
                        verbose_name="status",
                    ),
                ),
                (
                    "route",
                    models.CharField(
                        choices=[
                            ("alliance", "Medical alliance"),
                            ("group", "Cooperation group"),
                            ("third_party", "Contracted third party"),
                        ],
                        max_length=12,
                        verbose_name="route",
                    ),
                ),
                ("route_reason", models.CharField(max_length=300, verbose_name="reason for the route")),
                ("licence_holder", models.CharField(max_length=100, verbose_name="holder of the licence")),
                ("contract_party", models.CharField(max_length=100, verbose_name="party to the contract")),
                ("invoice_issuer", models.CharField(max_length=100, verbose_name="issuer of the invoices")),
                ("payee", models.CharField(max_length=100, verbose_name="name of the account paid")),
                ("applied_at", models.DateTimeField(auto_now_add=True, verbose_name="applied at")),
                ("concluded_at", models.DateTimeField(blank=True, null=True, verbose_name="concluded at")),
                ("conclusion", models.TextField(blank=True, verbose_name="conclusion")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="admitted until")),
                ("barred_until", models.DateField(blank=True, null=True, verbose_name="barred until")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended at")),
                ("last_reason", models.CharField(blank=True, max_length=300, verbose_name="reason of the last change")),
                (
                    "applied_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="applied by",
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
                        verbose_name="concluded by",
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
                        verbose_name="ended by",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="admissions",
                        to="accounts.institution",
                    ),
                ),
                (
                    "tests",
                    models.ManyToManyField(related_name="+", to="catalog.genetest", verbose_name="tests applied for"),
                ),
                (
                    "laboratory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="admissions", to="vendors.laboratory"
                    ),
                ),
            ],
            options={
                "verbose_name": "admission of a laboratory",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("concluded_at__isnull", True), ("concluded_by__isnull", True)),
                            models.Q(("concluded_at__isnull", False), ("concluded_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="admission_concluded_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", True), ("ended_by__isnull", True)),
                            models.Q(("ended_at__isnull", False), ("ended_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="admission_ended_both",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ["applied", "assessing"])),
                        fields=("institution", "laboratory"),
                        name="one_admission_in_the_making",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ["admitted", "restricted", "suspended"])),
                        fields=("institution", "laboratory"),
                        name="one_admission_standing",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status__in", ["admitted", "restricted", "suspended"]), _negated=True),
                            models.Q(("concluded_at__isnull", False), ("valid_to__isnull", False)),
                            _connector="OR",
                        ),
                        name="admission_stands_on_a_conclusion",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status__in", ["admitted", "restricted", "suspended"]), _negated=True),
                            models.Q(
                                ("contract_party", models.F("licence_holder")),
                                ("invoice_issuer", models.F("licence_holder")),
                                ("payee", models.F("licence_holder")),
                            ),
                            _connector="OR",
                        ),
                        name="admission_has_one_identity",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ComplaintChannel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("procedure", models.TextField(blank=True, verbose_name="procedure")),
                ("place", models.CharField(blank=True, max_length=120, verbose_name="place")),
                ("hours", models.CharField(blank=True, max_length=120, verbose_name="reception hours")),
                ("phone", models.CharField(blank=True, max_length=40, verbose_name="telephone for reports")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="e-mail for reports")),
                ("kept_at", models.DateTimeField(auto_now=True, verbose_name="changed at")),
                (
                    "institution",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="complaint_channel",
                        to="accounts.institution",
                    ),
                ),
                (
                    "kept_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "complaint channel",
            },
        ),
        migrations.CreateModel(
            name="Contract",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=60, verbose_name="contract number")),
                ("valid_from", models.DateField(verbose_name="in force from")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="in force to")),
                ("procurement_method", models.CharField(blank=True, max_length=40, verbose_name="procurement method")),
                ("procurement_no", models.CharField(blank=True, max_length=60, verbose_name="procurement number")),
                ("is_demo", models.BooleanField(default=False)),
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="contracts", to="accounts.institution"
                    ),
                ),
                (
                    "laboratory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="contracts", to="vendors.laboratory"
                    ),
                ),
            ],
            options={
                "verbose_name": "contract",
                "ordering": ["institution", "laboratory", "valid_from"],
                "constraints": [
                    models.UniqueConstraint(fields=("institution", "number"), name="contract_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("origin", "ledger"),
                            ("valid_to__isnull", True),
                            ("valid_to__gte", models.F("valid_from")),
                            _connector="OR",
                        ),
                        name="contract_period_in_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("origin", "ledger"), models.Q(("procurement_no", ""), _negated=True), _connector="OR"
                        ),
                        name="contract_names_its_procurement",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AdmissionSpan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("open", "Admitted"), ("restricted", "Restricted"), ("suspended", "Suspended")],
                        max_length=10,
                    ),
                ),
                (
                    "test_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), blank=True, default=list, size=None
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(blank=True, null=True)),
                ("reason", models.CharField(blank=True, max_length=300)),
                (
                    "admission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="spans", to="vendors.admission"
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.institution"
                    ),
                ),
                (
                    "laboratory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="vendors.laboratory"
                    ),
                ),
            ],
            options={
                "verbose_name": "span of an admission",
                "ordering": ["starts_at", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ends_at__isnull", True)),
                        fields=("institution", "laboratory"),
                        name="one_admission_span_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_at__isnull", True), ("ends_at__gte", models.F("starts_at")), _connector="OR"
                        ),
                        name="admission_span_in_order",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LaboratoryRound",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("organiser", models.CharField(max_length=80, verbose_name="organiser")),
                ("name", models.CharField(max_length=60, verbose_name="round")),
                ("held_on", models.DateField(verbose_name="result of")),
                ("passed", models.BooleanField(verbose_name="passed")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="next result due by")),
                ("recorded_at", models.DateTimeField(auto_now_add=True, verbose_name="recorded at")),
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
                    "laboratory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="rounds", to="vendors.laboratory"
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="recorded by",
                    ),
                ),
                (
                    "test",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.genetest"
                    ),
                ),
            ],
            options={
                "verbose_name": "quality assessment of a laboratory",
                "ordering": ["-held_on", "-id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("laboratory", "test", "organiser", "name"), name="laboratory_round_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to__isnull", True), ("valid_to__gte", models.F("held_on")), _connector="OR"
                        ),
                        name="laboratory_round_runs_forward",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="NotOutsourcingStatement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=60, verbose_name="document number")),
                ("valid_from", models.DateField(verbose_name="in force from")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="in force to")),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                ("stated_at", models.DateTimeField(blank=True, null=True, verbose_name="stated at")),
                ("end_reason", models.CharField(blank=True, max_length=300, verbose_name="why it was ended")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended at")),
                (
                    "ended_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="ended by",
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="not_outsourcing",
                        to="accounts.institution",
                    ),
                ),
                (
                    "stated_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="stated by",
                    ),
                ),
            ],
            options={
                "verbose_name": "statement of not outsourcing",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("stated_at__isnull", True), ("stated_by__isnull", True)),
                            models.Q(("stated_at__isnull", False), ("stated_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="notoutsourcingstatement_stated_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", True), ("ended_by__isnull", True)),
                            models.Q(("ended_at__isnull", False), ("ended_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="notoutsourcingstatement_ended_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_at__isnull", True),
                            models.Q(("valid_to__isnull", False), models.Q(("end_reason", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="not_outsourcing_ends_with_a_reason",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("institution", "="),
                            (
                                vendors.models.common.DateRange(
                                    "valid_from",
                                    "valid_to",
                                    django.contrib.postgres.fields.ranges.RangeBoundary(
                                        inclusive_lower=True, inclusive_upper=True
                                    ),
                                ),
                                "&&",
                            ),
                        ],
                        name="one_not_outsourcing_statement_a_day",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PanelMember",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("named_at", models.DateTimeField(auto_now_add=True, verbose_name="named at")),
                ("is_tied", models.BooleanField(blank=True, null=True, verbose_name="tied to the laboratory")),
                ("interest", models.CharField(blank=True, max_length=300, verbose_name="interest declared")),
                ("declared_at", models.DateTimeField(blank=True, null=True, verbose_name="declared at")),
                ("score", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="score")),
                ("opinion", models.CharField(blank=True, max_length=500, verbose_name="opinion")),
                ("scored_at", models.DateTimeField(blank=True, null=True, verbose_name="scored at")),
                ("released_at", models.DateTimeField(blank=True, null=True, verbose_name="released at")),
                (
                    "admission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="panel", to="vendors.admission"
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.institution"
                    ),
                ),
                (
                    "named_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="named by",
                    ),
                ),
                (
                    "released_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="released by",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="member",
                    ),
                ),
            ],
            options={
                "verbose_name": "member of an assessment panel",
                "ordering": ["id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("released_at__isnull", True), ("released_by__isnull", True)),
                            models.Q(("released_at__isnull", False), ("released_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="panelmember_released_both",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("released_at__isnull", True)),
                        fields=("admission", "user"),
                        name="panel_member_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("score__isnull", True),
                            models.Q(("declared_at__isnull", False), ("is_tied", False), ("score__lte", 100)),
                            _connector="OR",
                        ),
                        name="panel_scores_without_a_tie",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("score__isnull", True), ("scored_at__isnull", True)),
                            models.Q(("score__isnull", False), ("scored_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="panel_score_has_its_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("declared_at__isnull", True), ("is_tied__isnull", True)),
                            models.Q(("declared_at__isnull", False), ("is_tied__isnull", False)),
                            _connector="OR",
                        ),
                        name="panel_declaration_has_its_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PostingPlace",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "board",
                    models.CharField(
                        choices=[
                            ("prices", "Price list"),
                            ("outsourced", "Outsourced tests and laboratories"),
                            ("complaints", "Complaints and reports"),
                        ],
                        max_length=12,
                        verbose_name="list",
                    ),
                ),
                (
                    "medium",
                    models.CharField(
                        choices=[
                            ("poster", "Poster"),
                            ("screen", "Screen"),
                            ("website", "Website"),
                            ("other", "Other"),
                        ],
                        default="poster",
                        max_length=10,
                        verbose_name="medium",
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="place")),
                ("ended_on", models.DateField(blank=True, null=True, verbose_name="ended on")),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="posting_places",
                        to="accounts.institution",
                    ),
                ),
            ],
            options={
                "verbose_name": "place of publication",
                "ordering": ["institution", "board", "name"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_on__isnull", True)),
                        fields=("institution", "board", "name"),
                        name="posting_place_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PriceChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=120, verbose_name="title")),
                ("basis", models.CharField(max_length=120, verbose_name="basis document")),
                ("effective_from", models.DateField(verbose_name="in force from")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Being drafted"),
                            ("put_up", "Awaiting the check"),
                            ("checked", "Checked, awaiting publication"),
                            ("published", "Published"),
                            ("dropped", "Dropped"),
                        ],
                        default="draft",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                ("drafted_at", models.DateTimeField(auto_now_add=True, verbose_name="drafted at")),
                ("put_up_at", models.DateTimeField(blank=True, null=True, verbose_name="put up at")),
                ("checked_at", models.DateTimeField(blank=True, null=True, verbose_name="checked at")),
                ("published_at", models.DateTimeField(blank=True, null=True, verbose_name="published at")),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="why returned or dropped")),
                (
                    "checked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="checked by",
                    ),
                ),
                (
                    "drafted_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="drafted by",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="price_changes",
                        to="accounts.institution",
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
                        verbose_name="published by",
                    ),
                ),
                (
                    "put_up_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="put up by",
                    ),
                ),
            ],
            options={
                "verbose_name": "price change",
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(fields=["institution", "status"], name="price_change_status"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("put_up_at__isnull", True), ("put_up_by__isnull", True)),
                            models.Q(("put_up_at__isnull", False), ("put_up_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="price_change_put_up_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("checked_at__isnull", True), ("checked_by__isnull", True)),
                            models.Q(("checked_at__isnull", False), ("checked_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="price_change_checked_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "published"), _negated=True),
                            models.Q(
                                ("checked_by__isnull", False),
                                ("published_at__isnull", False),
                                ("published_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="price_change_published_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("checked_by__isnull", True),
                            models.Q(
                                models.Q(("checked_by", models.F("drafted_by")), _negated=True),
                                models.Q(("checked_by", models.F("put_up_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="price_change_two_people",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Price",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("item_code", models.CharField(max_length=200, verbose_name="price item code")),
                ("item_name", models.CharField(max_length=300, verbose_name="price item")),
                ("amount", models.DecimalField(decimal_places=2, max_digits=10, verbose_name="price (yuan)")),
                ("effective_from", models.DateField(verbose_name="effective from")),
                ("effective_to", models.DateField(blank=True, null=True, verbose_name="effective to")),
                ("published_on", models.DateField(blank=True, null=True, verbose_name="published on")),
                ("basis", models.CharField(blank=True, max_length=120, verbose_name="basis")),
                ("insurance_class", models.CharField(blank=True, max_length=20, verbose_name="insurance class")),
                (
                    "self_paid",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=10,
                        null=True,
                        verbose_name="paid first by the patient (yuan)",
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
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="prices", to="accounts.institution"
                    ),
                ),
                (
                    "test",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="prices", to="catalog.genetest"
                    ),
                ),
                (
                    "change",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="prices",
                        to="vendors.pricechange",
                    ),
                ),
            ],
            options={
                "verbose_name": "price",
                "ordering": ["institution", "test", "effective_from"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("institution", "test", "item_code", "effective_from"), name="price_once"
                    ),
                    models.CheckConstraint(condition=models.Q(("amount__gte", 0)), name="price_not_negative"),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("origin", "live")),
                        expressions=[
                            ("institution", "="),
                            ("test", "="),
                            (
                                vendors.models.common.DateRange(
                                    "effective_from",
                                    "effective_to",
                                    django.contrib.postgres.fields.ranges.RangeBoundary(
                                        inclusive_lower=True, inclusive_upper=True
                                    ),
                                ),
                                "&&",
                            ),
                        ],
                        name="one_price_a_day",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DraftItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=40, verbose_name="item code")),
                ("name", models.CharField(max_length=120, verbose_name="item name")),
                ("content", models.CharField(blank=True, max_length=500, verbose_name="what it covers")),
                ("excludes", models.CharField(blank=True, max_length=500, verbose_name="what it does not cover")),
                ("unit", models.CharField(default="次", max_length=20, verbose_name="unit of charge")),
                (
                    "amount",
                    models.DecimalField(
                        decimal_places=2,
                        max_digits=10,
                        validators=[django.core.validators.MinValueValidator(Decimal("0"))],
                        verbose_name="price (yuan)",
                    ),
                ),
                (
                    "insurance_class",
                    models.CharField(
                        choices=[("甲类", "甲类"), ("乙类", "乙类"), ("丙类", "丙类"), ("自费", "自费")],
                        max_length=20,
                        verbose_name="insurance class",
                    ),
                ),
                (
                    "own_percent",
                    models.DecimalField(
                        decimal_places=2,
                        max_digits=5,
                        validators=[
                            django.core.validators.MinValueValidator(Decimal("0")),
                            django.core.validators.MaxValueValidator(Decimal("100")),
                        ],
                        verbose_name="paid first by the patient (%)",
                    ),
                ),
                (
                    "most",
                    models.PositiveSmallIntegerField(
                        default=1,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(200),
                        ],
                        verbose_name="most of it for one test",
                    ),
                ),
                (
                    "cap",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=10,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(Decimal("0.01"))],
                        verbose_name="at most for one specimen (yuan)",
                    ),
                ),
                (
                    "not_with",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="never charged together with",
                    ),
                ),
                (
                    "replaces",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="replaces",
                    ),
                ),
                ("basis", models.CharField(max_length=120, verbose_name="basis document")),
                ("ends", models.BooleanField(default=False, verbose_name="the item ends")),
                (
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="draft_items",
                        to="vendors.pricechange",
                    ),
                ),
            ],
            options={
                "verbose_name": "item of a price change",
                "ordering": ["change", "ends", "code"],
                "constraints": [
                    models.UniqueConstraint(fields=("change", "code"), name="draft_item_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="DraftCharge",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("parts", models.JSONField(blank=True, default=list, verbose_name="items and quantities")),
                ("ends", models.BooleanField(default=False, verbose_name="no longer charged")),
                (
                    "test",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.genetest"
                    ),
                ),
                (
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="draft_charges",
                        to="vendors.pricechange",
                    ),
                ),
            ],
            options={
                "verbose_name": "test of a price change",
                "ordering": ["change", "test__code"],
                "constraints": [
                    models.UniqueConstraint(fields=("change", "test"), name="draft_charge_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PriceItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=40, verbose_name="item code")),
                ("name", models.CharField(max_length=120, verbose_name="item name")),
                ("content", models.CharField(blank=True, max_length=500, verbose_name="what it covers")),
                ("excludes", models.CharField(blank=True, max_length=500, verbose_name="what it does not cover")),
                ("unit", models.CharField(default="次", max_length=20, verbose_name="unit of charge")),
                (
                    "amount",
                    models.DecimalField(
                        decimal_places=2,
                        max_digits=10,
                        validators=[django.core.validators.MinValueValidator(Decimal("0"))],
                        verbose_name="price (yuan)",
                    ),
                ),
                (
                    "insurance_class",
                    models.CharField(
                        choices=[("甲类", "甲类"), ("乙类", "乙类"), ("丙类", "丙类"), ("自费", "自费")],
                        max_length=20,
                        verbose_name="insurance class",
                    ),
                ),
                (
                    "own_percent",
                    models.DecimalField(
                        decimal_places=2,
                        max_digits=5,
                        validators=[
                            django.core.validators.MinValueValidator(Decimal("0")),
                            django.core.validators.MaxValueValidator(Decimal("100")),
                        ],
                        verbose_name="paid first by the patient (%)",
                    ),
                ),
                (
                    "most",
                    models.PositiveSmallIntegerField(
                        default=1,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(200),
                        ],
                        verbose_name="most of it for one test",
                    ),
                ),
                (
                    "cap",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=10,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(Decimal("0.01"))],
                        verbose_name="at most for one specimen (yuan)",
                    ),
                ),
                (
                    "not_with",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="never charged together with",
                    ),
                ),
                (
                    "replaces",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="replaces",
                    ),
                ),
                ("basis", models.CharField(max_length=120, verbose_name="basis document")),
                ("valid_from", models.DateField(verbose_name="in force from")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="in force to")),
                (
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="items", to="vendors.pricechange"
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="price_items",
                        to="accounts.institution",
                    ),
                ),
            ],
            options={
                "verbose_name": "price item",
                "ordering": ["institution", "code", "valid_from"],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount__gte", 0)), name="price_item_not_negative"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to__isnull", True), ("valid_to__gte", models.F("valid_from")), _connector="OR"
                        ),
                        name="price_item_period_in_order",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("institution", "="),
                            ("code", "="),
                            (
                                vendors.models.common.DateRange(
                                    "valid_from",
                                    "valid_to",
                                    django.contrib.postgres.fields.ranges.RangeBoundary(
                                        inclusive_lower=True, inclusive_upper=True
                                    ),
                                ),
                                "&&",
                            ),
                        ],
                        name="one_price_item_a_day",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PricePart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("quantity", models.PositiveSmallIntegerField(default=1, verbose_name="quantity")),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="parts", to="vendors.priceitem"
                    ),
                ),
                (
                    "price",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="parts", to="vendors.price"
                    ),
                ),
            ],
            options={
                "verbose_name": "part of a price",
                "ordering": ["price", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("price", "item"), name="price_part_once"),
                    models.CheckConstraint(condition=models.Q(("quantity__gte", 1)), name="price_part_at_least_one"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PriceSheet",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("file_name", models.CharField(max_length=120, verbose_name="file name")),
                ("file_sha256", models.CharField(max_length=64, verbose_name="SHA-256 of the file")),
                ("items", models.JSONField(default=list, verbose_name="items as read")),
                ("charges", models.JSONField(default=list, verbose_name="tests as read")),
                ("problems", models.JSONField(default=list, verbose_name="problems")),
                ("problem_count", models.PositiveIntegerField(default=0, verbose_name="number of problems")),
                ("given_at", models.DateTimeField(auto_now_add=True, verbose_name="given in at")),
                ("confirmed_at", models.DateTimeField(blank=True, null=True, verbose_name="confirmed at")),
                (
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="sheets", to="vendors.pricechange"
                    ),
                ),
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
                    "given_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="given in by",
                    ),
                ),
            ],
            options={
                "verbose_name": "sheet of prices",
                "ordering": ["-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("confirmed_at__isnull", True), ("confirmed_by__isnull", True)),
                            models.Q(
                                ("confirmed_at__isnull", False), ("confirmed_by__isnull", False), ("problem_count", 0)
                            ),
                            _connector="OR",
                        ),
                        name="price_sheet_confirmed_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Procurement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=60, verbose_name="procurement number")),
                ("subject", models.CharField(max_length=60, verbose_name="what is bought")),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("open", "公开招标"),
                            ("invited", "邀请招标"),
                            ("negotiation", "竞争性谈判"),
                            ("consultation", "竞争性磋商"),
                            ("inquiry", "询价"),
                            ("single", "单一来源"),
                            ("framework", "框架协议采购"),
                            ("own", "院内自行采购"),
                        ],
                        max_length=12,
                        verbose_name="procurement method",
                    ),
                ),
                ("notice", models.CharField(max_length=200, verbose_name="notice: where and number")),
                ("noticed_on", models.DateField(verbose_name="notice published on")),
                ("award_no", models.CharField(max_length=60, verbose_name="award notice number")),
                ("awarded_on", models.DateField(verbose_name="awarded on")),
                ("budget", models.DecimalField(decimal_places=2, max_digits=12, verbose_name="budget (yuan)")),
                ("amount", models.DecimalField(decimal_places=2, max_digits=12, verbose_name="award amount (yuan)")),
                (
                    "bids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=120), size=None, verbose_name="bids"
                    ),
                ),
                ("recorded_at", models.DateTimeField(auto_now_add=True, verbose_name="recorded at")),
                (
                    "answer",
                    models.CharField(blank=True, max_length=500, verbose_name="answer to the warning of splitting"),
                ),
                ("answered_at", models.DateTimeField(blank=True, null=True, verbose_name="answered at")),
                (
                    "answered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="answered by",
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="documents.storedfile",
                        verbose_name="file",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="procurements",
                        to="accounts.institution",
                    ),
                ),
                (
                    "laboratory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="procurements",
                        to="vendors.laboratory",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="recorded by",
                    ),
                ),
            ],
            options={
                "verbose_name": "procurement",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answered_at__isnull", True), ("answered_by__isnull", True)),
                            models.Q(("answered_at__isnull", False), ("answered_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="procurement_answered_both",
                    ),
                    models.UniqueConstraint(fields=("institution", "number"), name="procurement_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(("amount__gte", 0), ("budget__gte", 0)),
                        name="procurement_amount_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("awarded_on__gte", models.F("noticed_on"))),
                        name="procurement_notice_before_award",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ContractDraft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=60, verbose_name="contract number")),
                ("party", models.CharField(max_length=100, verbose_name="party to the contract")),
                ("invoice_issuer", models.CharField(max_length=100, verbose_name="issuer of the invoices")),
                ("payee", models.CharField(max_length=100, verbose_name="name of the account paid")),
                ("valid_from", models.DateField(verbose_name="in force from")),
                ("valid_to", models.DateField(verbose_name="in force to")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Being drafted"),
                            ("review", "Under legal check"),
                            ("checked", "Checked, to be signed"),
                            ("in_force", "Signed, in force"),
                            ("discarded", "Discarded"),
                        ],
                        default="draft",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                ("made_at", models.DateTimeField(auto_now_add=True, verbose_name="drafted at")),
                ("checked_at", models.DateTimeField(blank=True, null=True, verbose_name="checked at")),
                ("signed_at", models.DateTimeField(blank=True, null=True, verbose_name="signed at")),
                ("last_reason", models.CharField(blank=True, max_length=300, verbose_name="reason of the last change")),
                (
                    "checked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="checked by",
                    ),
                ),
                (
                    "contract",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="draft",
                        to="vendors.contract",
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="documents.storedfile",
                        verbose_name="file",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contract_drafts",
                        to="accounts.institution",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="drafted by",
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
                (
                    "supplements",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="supplements",
                        to="vendors.contract",
                    ),
                ),
                (
                    "laboratory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contract_drafts",
                        to="vendors.laboratory",
                    ),
                ),
                (
                    "procurement",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="drafts",
                        to="vendors.procurement",
                    ),
                ),
            ],
            options={
                "verbose_name": "draft of a contract",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("checked_at__isnull", True), ("checked_by__isnull", True)),
                            models.Q(("checked_at__isnull", False), ("checked_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="contractdraft_checked_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("signed_at__isnull", True), ("signed_by__isnull", True)),
                            models.Q(("signed_at__isnull", False), ("signed_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="contractdraft_signed_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("valid_to__gte", models.F("valid_from"))), name="contract_draft_in_order"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status", "discarded"), _negated=True),
                        fields=("institution", "number"),
                        name="contract_draft_number_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "in_force"), _negated=True),
                            models.Q(("checked_at__isnull", False), ("signed_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="contract_signed_after_check",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Publication",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "board",
                    models.CharField(
                        choices=[
                            ("prices", "Price list"),
                            ("outsourced", "Outsourced tests and laboratories"),
                            ("complaints", "Complaints and reports"),
                        ],
                        max_length=12,
                        verbose_name="list",
                    ),
                ),
                ("number", models.PositiveIntegerField(verbose_name="number")),
                ("content", models.JSONField(verbose_name="content")),
                ("content_sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("published_at", models.DateTimeField(verbose_name="published at")),
                (
                    "change",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="vendors.pricechange",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="publications",
                        to="accounts.institution",
                    ),
                ),
                (
                    "published_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "publication",
                "ordering": ["institution", "board", "-number"],
                "constraints": [
                    models.UniqueConstraint(fields=("institution", "board", "number"), name="publication_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(("content_sha256__regex", "^[0-9a-f]{64}$")), name="publication_has_digest"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SiteCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seen_on", models.DateField(verbose_name="seen on")),
                ("matches", models.BooleanField(verbose_name="as published")),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="note")),
                ("recorded_at", models.DateTimeField(auto_now_add=True, verbose_name="recorded at")),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.institution"
                    ),
                ),
                (
                    "photo",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="documents.storedfile",
                    ),
                ),
                (
                    "posting",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="checks", to="vendors.postingplace"
                    ),
                ),
                (
                    "publication",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="checks",
                        to="vendors.publication",
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
                "verbose_name": "check of a publication on site",
                "ordering": ["-seen_on", "-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("matches", False),
                            models.Q(("photo__isnull", False), ("publication__isnull", False)),
                            _connector="OR",
                        ),
                        name="site_check_shows_what_matches",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("matches", True), models.Q(("note", ""), _negated=True), _connector="OR"),
                        name="site_check_says_what_is_wrong",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SiteVisit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("recorded_at", models.DateTimeField(auto_now_add=True, verbose_name="recorded at")),
                ("visited_on", models.DateField(verbose_name="visited on")),
                ("place", models.CharField(max_length=200, verbose_name="address visited")),
                ("findings", models.TextField(verbose_name="findings")),
                ("passed", models.BooleanField(verbose_name="fit")),
                (
                    "admission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="visits", to="vendors.admission"
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.institution"
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="recorded by",
                    ),
                ),
                (
                    "visitors",
                    models.ManyToManyField(related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="visitors"),
                ),
            ],
            options={
                "verbose_name": "site visit",
                "ordering": ["-visited_on", "-id"],
            },
        ),
        migrations.CreateModel(
            name="StatementUpload",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", models.CharField(help_text="2026-09", max_length=7, verbose_name="month")),
                ("file_sha256", models.CharField(max_length=64)),
                ("file_name", models.CharField(max_length=200, verbose_name="file name")),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="why it replaces the one before")),
                ("columns", models.JSONField(blank=True, default=dict, verbose_name="columns")),
                ("given_in_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="given in at")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("mapping", "Columns to be named"),
                            ("to_check", "Waiting to be checked"),
                            ("checking", "Being checked"),
                            ("refused", "Errors in the statement"),
                            ("checked", "Checked, to be confirmed"),
                            ("to_record", "Waiting to be recorded"),
                            ("recording", "Being recorded"),
                            ("done", "Recorded"),
                            ("failed", "Failed"),
                            ("discarded", "Given up"),
                        ],
                        default="mapping",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("claim", models.UUIDField(blank=True, null=True)),
                ("claimed_at", models.DateTimeField(blank=True, null=True)),
                ("rows_total", models.PositiveIntegerField(default=0, verbose_name="lines")),
                (
                    "amount_total",
                    models.DecimalField(decimal_places=2, default=0, max_digits=14, verbose_name="billed (yuan)"),
                ),
                ("errors", models.JSONField(blank=True, default=list)),
                ("error_count", models.PositiveIntegerField(default=0)),
                ("message", models.CharField(blank=True, max_length=300)),
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
                    "given_in_post",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.post",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statement_uploads",
                        to="accounts.institution",
                    ),
                ),
                (
                    "laboratory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statement_uploads",
                        to="vendors.laboratory",
                    ),
                ),
            ],
            options={
                "verbose_name": "statement given in",
                "ordering": ["-given_in_at", "-id"],
                "indexes": [
                    models.Index(fields=["institution", "-given_in_at", "-id"], name="statement_upload_newest"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ("done", "refused", "failed", "discarded")), _negated=True),
                        fields=("institution", "laboratory", "month", "file_sha256"),
                        name="statement_upload_once_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status__in", ("checking", "recording")), _negated=True),
                            models.Q(("claim__isnull", False), ("claimed_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="running_statement_is_claimed",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Statement",
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
                ("superseded_at", models.DateTimeField(blank=True, null=True, verbose_name="replaced at")),
                ("supersede_reason", models.CharField(blank=True, max_length=300, verbose_name="why replaced")),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statements",
                        to="accounts.institution",
                    ),
                ),
                (
                    "laboratory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="statements", to="vendors.laboratory"
                    ),
                ),
                (
                    "superseded_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="replaced by",
                    ),
                ),
                (
                    "upload",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statement",
                        to="vendors.statementupload",
                        verbose_name="given in as",
                    ),
                ),
            ],
            options={
                "verbose_name": "laboratory statement",
                "ordering": ["institution", "month", "laboratory"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("superseded_at__isnull", True)),
                        fields=("laboratory", "institution", "month"),
                        name="statement_once_a_month",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("superseded_at__isnull", True), ("superseded_by__isnull", True)),
                            models.Q(("superseded_at__isnull", False), ("superseded_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="statement_superseded_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("superseded_at__isnull", True),
                            models.Q(("supersede_reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="statement_replaced_with_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StatementLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("line_no", models.PositiveIntegerField(verbose_name="line")),
                ("sample_no", models.CharField(db_index=True, max_length=40, verbose_name="sample number")),
                ("test_code", models.CharField(blank=True, max_length=40, verbose_name="test code")),
                ("test_name", models.CharField(blank=True, max_length=120, verbose_name="test as billed")),
                ("received_on", models.DateField(blank=True, null=True, verbose_name="received on")),
                ("reported_on", models.DateField(blank=True, null=True, verbose_name="reported on")),
                ("amount", models.DecimalField(decimal_places=2, max_digits=10, verbose_name="amount (yuan)")),
                ("sheet_row", models.PositiveIntegerField(blank=True, null=True, verbose_name="row of the file")),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.institution"
                    ),
                ),
                (
                    "statement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="vendors.statement"
                    ),
                ),
            ],
            options={
                "verbose_name": "statement line",
                "ordering": ["statement", "line_no"],
                "constraints": [
                    models.UniqueConstraint(fields=("statement", "line_no"), name="statement_line_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="StatementMapping",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("columns", models.JSONField(default=dict, verbose_name="columns")),
                ("mapped_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.institution"
                    ),
                ),
                (
                    "laboratory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statement_mappings",
                        to="vendors.laboratory",
                    ),
                ),
                (
                    "mapped_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "columns of a laboratory's statement",
                "constraints": [
                    models.UniqueConstraint(fields=("institution", "laboratory"), name="statement_mapping_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="AdmissionPaper",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("recorded_at", models.DateTimeField(auto_now_add=True, verbose_name="recorded at")),
                ("check_code", models.CharField(max_length=4, verbose_name="check")),
                (
                    "verdict",
                    models.CharField(
                        choices=[
                            ("met", "Met"),
                            ("not_met", "Not met"),
                            ("rectify", "To be put right"),
                            ("na", "Not applicable"),
                        ],
                        max_length=8,
                        verbose_name="finding",
                    ),
                ),
                ("number", models.CharField(blank=True, max_length=80, verbose_name="number")),
                ("valid_from", models.DateField(blank=True, null=True, verbose_name="valid from")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="valid to")),
                ("note", models.CharField(blank=True, max_length=500, verbose_name="what was found")),
                (
                    "admission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="papers", to="vendors.admission"
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.institution"
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="recorded by",
                    ),
                ),
            ],
            options={
                "verbose_name": "paper of an admission",
                "ordering": ["check_code", "-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_from__isnull", True),
                            ("valid_to__isnull", True),
                            ("valid_to__gte", models.F("valid_from")),
                            _connector="OR",
                        ),
                        name="admission_paper_runs_forward",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("check_code__regex", "^Q(0[1-9]|1[0-8])$")),
                        name="admission_paper_check_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ClauseTick",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("clause", models.CharField(max_length=4, verbose_name="clause")),
                ("page", models.PositiveSmallIntegerField(verbose_name="page")),
                ("quote", models.CharField(max_length=300, verbose_name="words of the text")),
                ("ticked_at", models.DateTimeField(auto_now=True, verbose_name="ticked at")),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.institution"
                    ),
                ),
                (
                    "ticked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "draft",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="ticks", to="vendors.contractdraft"
                    ),
                ),
            ],
            options={
                "verbose_name": "clause found in a contract",
                "ordering": ["clause"],
                "constraints": [models.UniqueConstraint(fields=("draft", "clause"), name="clause_ticked_once")],
            },
        ),
        migrations.CreateModel(
            name="DraftContractItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "settlement_price",
                    models.DecimalField(decimal_places=2, max_digits=10, verbose_name="settlement price (yuan)"),
                ),
                ("turnaround_days", models.PositiveSmallIntegerField(verbose_name="turnaround (working days)")),
                (
                    "draft",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="items", to="vendors.contractdraft"
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.institution"
                    ),
                ),
                (
                    "test",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="catalog.genetest"
                    ),
                ),
            ],
            options={
                "verbose_name": "test of a draft",
                "ordering": ["draft", "test__code"],
                "constraints": [
                    models.UniqueConstraint(fields=("draft", "test"), name="draft_lists_a_test_once"),
                    models.CheckConstraint(
                        condition=models.Q(("settlement_price__gte", 0), ("turnaround_days__gte", 1)),
                        name="draft_item_in_bounds",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Credential",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("practice_licence", "医疗机构执业许可证"),
                            ("pcr_audit", "临床基因扩增检验实验室技术审核合格证"),
                            ("biosafety", "生物安全实验室备案"),
                            ("other", "Other"),
                        ],
                        max_length=20,
                        verbose_name="kind of credential",
                    ),
                ),
                (
                    "kind_name",
                    models.CharField(blank=True, help_text="As written, when the kind is another", max_length=60),
                ),
                ("number", models.CharField(max_length=60, verbose_name="number")),
                ("valid_from", models.DateField(verbose_name="valid from")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="valid to")),
                (
                    "origin",
                    models.CharField(
                        choices=[("live", "Recorded here"), ("ledger", "From the ledger")],
                        default="live",
                        max_length=10,
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
                    "laboratory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="credentials", to="vendors.laboratory"
                    ),
                ),
            ],
            options={
                "verbose_name": "credential",
                "ordering": ["laboratory", "kind", "valid_from"],
                "constraints": [
                    models.UniqueConstraint(fields=("laboratory", "kind", "number"), name="credential_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("origin", "ledger"),
                            ("valid_to__isnull", True),
                            ("valid_to__gte", models.F("valid_from")),
                            _connector="OR",
                        ),
                        name="credential_period_in_order",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ContractItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "settlement_price",
                    models.DecimalField(decimal_places=2, max_digits=10, verbose_name="settlement price (yuan)"),
                ),
                (
                    "turnaround_days",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="turnaround (working days)"),
                ),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(blank=True, null=True)),
                (
                    "origin",
                    models.CharField(
                        choices=[("live", "Recorded here"), ("ledger", "From the ledger")],
                        default="live",
                        max_length=10,
                    ),
                ),
                (
                    "contract",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="items", to="vendors.contract"
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.institution"
                    ),
                ),
                (
                    "test",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contract_items",
                        to="catalog.genetest",
                    ),
                ),
                (
                    "laboratory",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="vendors.laboratory"
                    ),
                ),
            ],
            options={
                "verbose_name": "contract item",
                "ordering": ["contract", "test"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("contract", "test", "valid_from"), name="contract_lists_a_test_once_a_day"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("settlement_price__gte", 0)), name="settlement_price_not_negative"
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("origin", "live")),
                        expressions=[
                            ("institution", "="),
                            ("laboratory", "="),
                            ("test", "="),
                            (
                                vendors.models.common.DateRange(
                                    "valid_from",
                                    "valid_to",
                                    django.contrib.postgres.fields.ranges.RangeBoundary(
                                        inclusive_lower=True, inclusive_upper=True
                                    ),
                                ),
                                "&&",
                            ),
                        ],
                        name="one_settlement_price_a_day",
                    ),
                ],
            },
        ),
    ]
