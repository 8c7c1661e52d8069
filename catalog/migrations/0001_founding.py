import audit.constraints
import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

# What a line and a test say is kept beside them as a text, as it is compared.
SEARCHABLE = r"""
CREATE FUNCTION public.catalog_plain(said text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN translate(lower(said COLLATE "C"), '-－–·:：', '');

-- What a line says, one field a line, as compared. NTRK1/2/3 says NTRK2 and NTRK3 too.
CREATE FUNCTION public.catalog_searchable(VARIADIC said text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 20
RETURN regexp_replace(
  regexp_replace(
    public.catalog_plain(array_to_string(said, E'\n')),
    '([a-z]{3,})1/2/3', '\11/2/3 \11 \12 \13', 'g'),
  '([a-z]{3,})1/2(?![/0-9])', '\11/2 \11 \12', 'g');
"""
UNSEARCHABLE = """
DROP FUNCTION public.catalog_searchable(text[]);
DROP FUNCTION public.catalog_plain(text);
"""

# What is in force is read for years and is not rewritten; what was decided stays as it was decided.
GUARDS = """
-- The rows are written until the experts are done; an edition once in force is read for years by the cases that used
-- it: only its end and the day the doctors heard of it may still be written. A discarded one is never touched again.
CREATE FUNCTION catalog_frozen_edition() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    -- The hospital's day: sessions run in UTC.
    today date := (now() AT TIME ZONE 'TIME_ZONE')::date;
    approval text[] := ARRAY['status', 'in_force_from', 'basis_for_history', 'approved_at', 'approved_by_id',
        'document_number', 'announced_on', 'follows_id', 'follows_ended', 'back_reason'];
BEGIN
    IF OLD.status NOT IN ('in_force', 'superseded', 'discarded') THEN
        IF TG_OP = 'DELETE' THEN
            IF OLD.status <> 'draft' THEN
                RAISE EXCEPTION 'catalog edition % is being decided on and is not deleted', OLD.number
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN OLD;
        END IF;
        IF OLD.status <> 'draft' AND (NEW.number, NEW.title, NEW.institution_id, NEW.note, NEW.drafted_by_id)
            IS DISTINCT FROM (OLD.number, OLD.title, OLD.institution_id, OLD.note, OLD.drafted_by_id) THEN
            RAISE EXCEPTION 'the head of catalog edition % is written only in the draft', OLD.number
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END IF;
    -- Called back before its first day: nothing was judged by it, and its list stays closed.
    IF TG_OP = 'UPDATE' AND OLD.status = 'in_force' AND NEW.status = 'approval' AND OLD.in_force_from > today
        AND NEW.approved_at IS NULL AND NEW.in_force_from IS NULL
        AND to_jsonb(NEW) - approval IS NOT DISTINCT FROM to_jsonb(OLD) - approval THEN
        RETURN NEW;
    END IF;
    -- The one it would have followed goes on, as long as its last day has not passed.
    IF TG_OP = 'UPDATE' AND OLD.status = 'superseded' AND NEW.status = 'in_force' AND OLD.in_force_to >= today
        AND NEW.in_force_to IS NULL
        AND to_jsonb(NEW) - ARRAY['status', 'in_force_to'] IS NOT DISTINCT FROM
            to_jsonb(OLD) - ARRAY['status', 'in_force_to'] THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' OR NEW.status NOT IN (OLD.status, 'superseded') OR OLD.status = 'discarded'
        OR to_jsonb(NEW) - ARRAY['status', 'in_force_to', 'announced_on']
            IS DISTINCT FROM to_jsonb(OLD) - ARRAY['status', 'in_force_to', 'announced_on'] THEN
        RAISE EXCEPTION 'catalog edition % is in force or closed and is not edited', OLD.number
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON catalog_edition
    FOR EACH ROW EXECUTE FUNCTION catalog_frozen_edition();

CREATE FUNCTION catalog_frozen_list() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    number text;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        SELECT e.number INTO number FROM catalog_edition e
            WHERE e.id = OLD.edition_id AND e.status NOT IN ('draft', 'expert_review');
    END IF;
    IF number IS NULL AND TG_OP <> 'DELETE' THEN
        SELECT e.number INTO number FROM catalog_edition e
            WHERE e.id = NEW.edition_id AND e.status NOT IN ('draft', 'expert_review');
    END IF;
    IF number IS NOT NULL THEN
        RAISE EXCEPTION 'the list of catalog edition % is closed and is not edited', number
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER frozen BEFORE INSERT OR UPDATE OR DELETE ON catalog_indication
    FOR EACH ROW EXECUTE FUNCTION catalog_frozen_list();

-- What was changed and why is never rewritten.
CREATE FUNCTION catalog_kept_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a change of a catalog row is kept as it was made'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON catalog_rowchange
    FOR EACH ROW EXECUTE FUNCTION catalog_kept_change();

-- A rule is changed only in a draft, and an edition past its draft keeps its words and its first day.
CREATE FUNCTION catalog_frozen_rules() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status IN ('draft', 'checked') AND TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    IF TG_OP = 'DELETE' OR (OLD.status <> 'draft' AND (NEW.number, NEW.title, NEW.institution_id, NEW.note)
            IS DISTINCT FROM (OLD.number, OLD.title, OLD.institution_id, OLD.note))
        OR (OLD.status IN ('in_force', 'superseded') AND (NEW.status IN ('draft', 'checked')
            OR NEW.in_force_from IS DISTINCT FROM OLD.in_force_from)) THEN
        RAISE EXCEPTION 'edition % of the drug rules is not edited any more', OLD.number
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON catalog_ruleedition
    FOR EACH ROW EXECUTE FUNCTION catalog_frozen_rules();

CREATE FUNCTION catalog_frozen_rule() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    number text;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        SELECT e.number INTO number FROM catalog_ruleedition e WHERE e.id = OLD.edition_id AND e.status <> 'draft';
    END IF;
    IF number IS NULL AND TG_OP <> 'DELETE' THEN
        SELECT e.number INTO number FROM catalog_ruleedition e WHERE e.id = NEW.edition_id AND e.status <> 'draft';
    END IF;
    IF number IS NOT NULL THEN
        RAISE EXCEPTION 'edition % of the drug rules is no draft and its rules are not edited', number
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER frozen BEFORE INSERT OR UPDATE OR DELETE ON catalog_drugtargetrule
    FOR EACH ROW EXECUTE FUNCTION catalog_frozen_rule();

-- What a grade asked for on a day is never rewritten: a new version follows.
CREATE FUNCTION catalog_kept_rules() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'requirements per grade are kept as they were decided'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON catalog_graderules
    FOR EACH ROW EXECUTE FUNCTION catalog_kept_rules();

-- A source's newer editions make a line, never a ring.
CREATE FUNCTION catalog_source_no_ring() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.supersedes_id IS NOT NULL AND EXISTS (
        WITH RECURSIVE former(id, path) AS (
            SELECT NEW.supersedes_id, ARRAY[NEW.supersedes_id]
            UNION ALL
            SELECT s.supersedes_id, f.path || s.supersedes_id FROM catalog_evidencesource s
                JOIN former f ON s.id = f.id
                WHERE s.supersedes_id IS NOT NULL AND s.supersedes_id <> ALL (f.path)
        ) SELECT 1 FROM former WHERE id = NEW.id
    ) THEN
        RAISE EXCEPTION 'source % would supersede itself', NEW.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER no_ring BEFORE INSERT OR UPDATE OF supersedes_id ON catalog_evidencesource
    FOR EACH ROW EXECUTE FUNCTION catalog_source_no_ring();

-- What a source is stays: title, issuer, kind and system; a newer edition is another source.
CREATE FUNCTION catalog_kept_source() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.title, NEW.kind, NEW.system_id, NEW.institution_id) IS DISTINCT FROM
        (OLD.title, OLD.kind, OLD.system_id, OLD.institution_id)
        OR OLD.supersedes_id IS NOT NULL AND NEW.supersedes_id IS DISTINCT FROM OLD.supersedes_id THEN
        RAISE EXCEPTION 'source % stays what it is; a newer edition is another source', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kept BEFORE UPDATE ON catalog_evidencesource
    FOR EACH ROW EXECUTE FUNCTION catalog_kept_source();

-- Citations, and the evidence and discussion of a row, belong to the row: closed with its edition's list. The county's
-- library, which no hospital decided on, may be given the citations its rows name in words.
CREATE FUNCTION catalog_frozen_row_part() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    number text;
    wanted bigint[] := ARRAY[]::bigint[];
BEGIN
    IF TG_OP <> 'INSERT' THEN wanted := wanted || OLD.indication_id; END IF;
    IF TG_OP <> 'DELETE' THEN wanted := wanted || NEW.indication_id; END IF;
    SELECT e.number INTO number FROM catalog_indication i JOIN catalog_edition e ON e.id = i.edition_id
        WHERE i.id = ANY (wanted) AND e.status NOT IN ('draft', 'expert_review')
            AND NOT (TG_OP = 'INSERT' AND e.institution_id IS NULL) LIMIT 1;
    IF number IS NOT NULL THEN
        RAISE EXCEPTION 'the list of catalog edition % is closed and is not edited', number
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER frozen BEFORE INSERT OR UPDATE OR DELETE ON catalog_citation
    FOR EACH ROW EXECUTE FUNCTION catalog_frozen_row_part();
CREATE TRIGGER frozen BEFORE INSERT OR UPDATE OR DELETE ON catalog_consensussupport
    FOR EACH ROW EXECUTE FUNCTION catalog_frozen_row_part();

-- Each level is one of its source's own system; none is converted.
CREATE FUNCTION catalog_level_of_its_system() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM catalog_evidencesource s JOIN catalog_levelsystem l ON l.code = s.system_id
        WHERE s.id = NEW.source_id
            AND (NEW.recommendation = '' OR NEW.recommendation = ANY (l.recommendations))
            AND (NEW.evidence_class = '' OR NEW.evidence_class = ANY (l.classes))
    ) THEN
        RAISE EXCEPTION 'level not of that system' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER level BEFORE INSERT OR UPDATE ON catalog_citation
    FOR EACH ROW EXECUTE FUNCTION catalog_level_of_its_system();

-- A rule on evidence is followed, never rewritten.
CREATE FUNCTION catalog_kept_rule() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a rule on evidence is followed by another, not edited'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON catalog_evidencerule
    FOR EACH ROW EXECUTE FUNCTION catalog_kept_rule();
""".replace("TIME_ZONE", settings.TIME_ZONE)
NO_GUARDS = """
DROP FUNCTION catalog_kept_rule CASCADE;
DROP FUNCTION catalog_level_of_its_system CASCADE;
DROP FUNCTION catalog_frozen_row_part CASCADE;
DROP FUNCTION catalog_kept_source CASCADE;
DROP FUNCTION catalog_source_no_ring CASCADE;
DROP FUNCTION catalog_kept_rules CASCADE;
DROP FUNCTION catalog_frozen_rule CASCADE;
DROP FUNCTION catalog_frozen_rules CASCADE;
DROP FUNCTION catalog_kept_change CASCADE;
DROP FUNCTION catalog_frozen_list CASCADE;
DROP FUNCTION catalog_frozen_edition CASCADE;
"""


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("catalog", "0001_initial"),
        ("catalog", "0002_drug_rule_editions"),
        ("catalog", "0003_editions_in_the_making"),
        ("catalog", "0004_authority_and_staff"),
        ("catalog", "0005_call_back_an_approval"),
        ("catalog", "0006_genes_and_search"),
        ("catalog", "0007_in_house_parts"),
        ("catalog", "0008_kept_search_text"),
        ("catalog", "0009_grades_by_three_criteria"),
        ("catalog", "0010_evidence"),
    ]

    dependencies = [
        ("audit", "0001_founding"),
        ("accounts", "0001_founding"),
        ("documents", "0001_founding"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(SEARCHABLE, UNSEARCHABLE),
        migrations.CreateModel(
            name="GeneTest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=20, unique=True, verbose_name="test code")),
                ("name", models.CharField(max_length=60, verbose_name="test name")),
                ("genes", models.CharField(max_length=120, verbose_name="genes")),
                ("method", models.CharField(max_length=60, verbose_name="method")),
                ("specimen", models.CharField(max_length=60, verbose_name="specimen")),
                ("initials", models.CharField(blank=True, max_length=80, verbose_name="pinyin initials")),
                (
                    "says",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Func("code", "name", "initials", function="catalog_searchable"),
                        output_field=models.TextField(db_collation="C"),
                        verbose_name="search text",
                    ),
                ),
            ],
            options={
                "verbose_name": "gene test",
                "verbose_name_plural": "gene tests",
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="LevelSystem",
            fields=[
                ("code", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=60, verbose_name="system of levels")),
                (
                    "recommendations",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=30),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="levels of recommendation",
                    ),
                ),
                (
                    "classes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=30),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="evidence classes",
                    ),
                ),
                (
                    "signs",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="words that tell its sources",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="note")),
            ],
            options={
                "verbose_name": "system of levels",
                "verbose_name_plural": "systems of levels",
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="NotIndicated",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=8, unique=True, verbose_name="code")),
                ("item", models.CharField(max_length=120, verbose_name="test")),
                ("why", models.CharField(max_length=120, verbose_name="why not")),
                ("handling", models.CharField(max_length=120, verbose_name="handling")),
                ("message", models.CharField(blank=True, max_length=200, verbose_name="answer to give")),
                ("basis", models.CharField(max_length=120, verbose_name="basis")),
                ("confidence", models.CharField(max_length=12, verbose_name="certainty")),
                (
                    "keywords",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="words that mean it",
                    ),
                ),
            ],
            options={
                "verbose_name": "test not indicated",
                "verbose_name_plural": "tests not indicated",
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="Edition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=40, verbose_name="edition number")),
                ("title", models.CharField(max_length=120, verbose_name="title")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("expert_review", "Expert review"),
                            ("medical_check", "Check by medical affairs"),
                            ("approval", "Awaiting approval"),
                            ("in_force", "In force"),
                            ("superseded", "Superseded"),
                            ("discarded", "Discarded"),
                        ],
                        default="draft",
                        max_length=16,
                        verbose_name="status",
                    ),
                ),
                ("in_force_from", models.DateField(blank=True, null=True, verbose_name="in force from")),
                ("in_force_to", models.DateField(blank=True, null=True, verbose_name="in force to")),
                ("basis_for_history", models.BooleanField(default=False, verbose_name="basis for imported history")),
                ("note", models.TextField(blank=True, verbose_name="note")),
                ("drafted_at", models.DateTimeField(blank=True, null=True, verbose_name="drafted at")),
                ("review_due", models.DateField(blank=True, null=True, verbose_name="comments until")),
                ("checked_at", models.DateTimeField(blank=True, null=True, verbose_name="checked at")),
                ("check_note", models.TextField(blank=True, verbose_name="what the check found")),
                ("approved_at", models.DateTimeField(blank=True, null=True, verbose_name="approved at")),
                (
                    "follows_ended",
                    models.DateField(blank=True, null=True, verbose_name="former last day of the edition it follows"),
                ),
                ("document_number", models.CharField(blank=True, max_length=60, verbose_name="document number")),
                ("announced_on", models.DateField(blank=True, null=True, verbose_name="told to the doctors on")),
                ("back_reason", models.TextField(blank=True, verbose_name="why returned or discarded")),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="approved by",
                    ),
                ),
                (
                    "based_on",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="followed_by",
                        to="catalog.edition",
                        verbose_name="begun from",
                    ),
                ),
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
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="drafted by",
                    ),
                ),
                (
                    "follows",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.edition",
                        verbose_name="follows on",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty for the county's starter catalog.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="catalog_editions",
                        to="accounts.institution",
                        verbose_name="institution",
                    ),
                ),
            ],
            options={
                "verbose_name": "catalog edition",
                "verbose_name_plural": "catalog editions",
                "ordering": ["-in_force_from", "-id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("institution", "number"), name="edition_number_once", nulls_distinct=False
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status__in", ["in_force", "superseded"]), _negated=True),
                            ("in_force_from__isnull", False),
                            _connector="OR",
                        ),
                        name="edition_in_force_has_first_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("in_force_to__isnull", True),
                            ("in_force_to__gte", models.F("in_force_from")),
                            _connector="OR",
                        ),
                        name="edition_period_runs_forward",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "superseded"), _negated=True),
                            ("in_force_to__isnull", False),
                            _connector="OR",
                        ),
                        name="edition_superseded_has_last_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("drafted_at__isnull", True), ("drafted_by__isnull", True)),
                            models.Q(("drafted_at__isnull", False), ("drafted_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="edition_drafted_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("checked_at__isnull", True), ("checked_by__isnull", True)),
                            models.Q(("checked_at__isnull", False), ("checked_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="edition_checked_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("approved_at__isnull", True), ("approved_by__isnull", True)),
                            models.Q(("approved_at__isnull", False), ("approved_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="edition_approved_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("approved_by__isnull", True),
                            models.Q(
                                models.Q(("approved_by", models.F("drafted_by")), _negated=True),
                                models.Q(
                                    ("checked_by__isnull", True),
                                    models.Q(("approved_by", models.F("checked_by")), _negated=True),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="edition_approved_by_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("checked_by__isnull", True),
                            models.Q(("checked_by", models.F("drafted_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="edition_checked_by_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "discarded"), _negated=True),
                            models.Q(("back_reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="edition_discarded_says_why",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("status__in", ["in_force", "superseded"])),
                        expressions=[
                            (django.db.models.functions.comparison.Coalesce("institution", 0), "="),
                            (
                                models.Func(
                                    models.F("in_force_from"),
                                    models.F("in_force_to"),
                                    models.Value("[]"),
                                    function="daterange",
                                ),
                                "&&",
                            ),
                        ],
                        name="edition_one_in_force",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EditionExpert",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("discipline", models.CharField(blank=True, max_length=40, verbose_name="discipline")),
                ("named_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="named at")),
                (
                    "edition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="experts",
                        to="catalog.edition",
                        verbose_name="catalog edition",
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
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="catalog_reviews",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="expert",
                    ),
                ),
            ],
            options={
                "verbose_name": "expert of a catalog edition",
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("edition", "user"), name="edition_expert_once"),
                    models.CheckConstraint(
                        condition=models.Q(("named_by", models.F("user")), _negated=True),
                        name="edition_expert_named_by_another",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EditionSignOff",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("agreed", models.BooleanField(verbose_name="agreed")),
                ("note", models.TextField(blank=True, verbose_name="opinion")),
                ("signed_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="signed at")),
                ("lapsed_at", models.DateTimeField(blank=True, null=True, verbose_name="lapsed at")),
                (
                    "edition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sign_offs",
                        to="catalog.edition",
                        verbose_name="catalog edition",
                    ),
                ),
                (
                    "expert",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sign_offs",
                        to="catalog.editionexpert",
                        verbose_name="expert of a catalog edition",
                    ),
                ),
                (
                    "lapsed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="lapsed by an act of",
                    ),
                ),
                (
                    "signed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="signed by",
                    ),
                ),
            ],
            options={
                "verbose_name": "expert's sign-off of a catalog edition",
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("lapsed_at__isnull", True)), fields=("expert",), name="sign_off_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("agreed", True), models.Q(("note", ""), _negated=True), _connector="OR"),
                        name="disagreement_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lapsed_at__isnull", True), ("lapsed_by__isnull", True)),
                            models.Q(("lapsed_at__isnull", False), ("lapsed_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="sign_off_lapsed_by_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EvidenceRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "accepts",
                    models.CharField(
                        choices=[
                            ("guidelines", "Norms, guidelines and pathways alone"),
                            ("b2", "Norms, guidelines and expert consensus (clause B2)"),
                            ("a22", "Other evidence too, by the route of clause A22"),
                        ],
                        default="b2",
                        max_length=12,
                        verbose_name="what counts as evidence",
                    ),
                ),
                ("grace_days", models.PositiveSmallIntegerField(verbose_name="days until an unreviewed row closes")),
                ("review_days", models.PositiveSmallIntegerField(verbose_name="working days for a review")),
                ("reason", models.CharField(max_length=300, verbose_name="reason")),
                ("set_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="set at")),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="evidence_rules",
                        to="accounts.institution",
                        verbose_name="institution",
                    ),
                ),
                (
                    "set_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="set by",
                    ),
                ),
            ],
            options={
                "verbose_name": "rule on evidence",
                "verbose_name_plural": "rules on evidence",
                "ordering": ["-set_at", "-id"],
                "indexes": [
                    models.Index(fields=["institution", "-set_at"], name="evidence_rule_latest"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="evidence_rule_says_why"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("grace_days__lte", 365), ("review_days__range", (1, 90))),
                        name="evidence_rule_in_range",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EvidenceSource",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=120, verbose_name="title")),
                ("issuer", models.CharField(max_length=80, verbose_name="issuer")),
                ("year", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="year")),
                ("edition", models.CharField(blank=True, max_length=40, verbose_name="edition")),
                ("doc_no", models.CharField(blank=True, max_length=80, verbose_name="document number")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("norm", "National norm or guideline"),
                            ("pathway", "Clinical pathway"),
                            ("guideline", "Guideline of a society"),
                            ("standard", "Classification or diagnostic standard"),
                            ("consensus", "Expert consensus"),
                            ("label", "Drug label"),
                            ("literature", "Paper"),
                        ],
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                ("in_force_from", models.DateField(blank=True, null=True, verbose_name="in force from")),
                (
                    "unsettled",
                    models.BooleanField(
                        default=False,
                        help_text="Edition and number are still to be checked (待核).",
                        verbose_name="still to be checked",
                    ),
                ),
                (
                    "registered_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="registered at"),
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
                        blank=True,
                        help_text="Empty for the county's library.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="evidence_sources",
                        to="accounts.institution",
                        verbose_name="institution",
                    ),
                ),
                (
                    "registered_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="registered by",
                    ),
                ),
                (
                    "supersedes",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="newer",
                        to="catalog.evidencesource",
                        verbose_name="supersedes",
                    ),
                ),
                (
                    "system",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sources",
                        to="catalog.levelsystem",
                        verbose_name="system of levels",
                    ),
                ),
            ],
            options={
                "verbose_name": "source of evidence",
                "verbose_name_plural": "sources of evidence",
                "ordering": ["title"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("institution", "title"), name="source_title_once", nulls_distinct=False
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("supersedes__isnull", False)),
                        fields=("institution", "supersedes"),
                        name="source_one_newer",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("supersedes__isnull", True),
                            models.Q(("supersedes", models.F("id")), _negated=True),
                            _connector="OR",
                        ),
                        name="source_not_its_own_follower",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("year__isnull", False), ("unsettled", True), _connector="OR"),
                        name="source_year_or_unsettled",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FormularyEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("drug", models.CharField(max_length=60, verbose_name="generic name")),
                ("in_formulary", models.BooleanField(default=False, verbose_name="in the hospital's formulary")),
                (
                    "insurance",
                    models.CharField(
                        choices=[
                            ("a", "Class A"),
                            ("b", "Class B"),
                            ("negotiated", "Negotiated (class B)"),
                            ("self_paid", "Self-paid"),
                            ("unknown", "Not recorded"),
                        ],
                        default="unknown",
                        max_length=12,
                        verbose_name="insurance class",
                    ),
                ),
                ("is_essential", models.BooleanField(default=False, verbose_name="essential medicine")),
                ("restriction", models.CharField(blank=True, max_length=300, verbose_name="restriction of payment")),
                ("valid_from", models.DateField(verbose_name="valid from")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="valid to")),
                ("recorded_at", models.DateTimeField(auto_now_add=True)),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="formulary", to="accounts.institution"
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
                "verbose_name": "drug of the formulary",
                "ordering": ["drug", "-valid_from"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to__isnull", True), ("valid_to__gte", models.F("valid_from")), _connector="OR"
                        ),
                        name="formulary_runs_forward",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("institution", "="),
                            ("drug", "="),
                            (
                                models.Func(
                                    models.F("valid_from"),
                                    models.F("valid_to"),
                                    models.Value("[]"),
                                    function="daterange",
                                ),
                                "&&",
                            ),
                        ],
                        name="formulary_one_row_a_day",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Gene",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("symbol", models.CharField(max_length=20, unique=True, verbose_name="gene symbol")),
                ("hgnc_id", models.CharField(blank=True, max_length=12, verbose_name="HGNC number")),
                (
                    "former",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="former symbols",
                    ),
                ),
                (
                    "customary",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="customary names",
                    ),
                ),
                (
                    "keys",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20), default=list, editable=False, size=None
                    ),
                ),
            ],
            options={
                "verbose_name": "gene",
                "verbose_name_plural": "genes",
                "ordering": ["symbol"],
                "indexes": [django.contrib.postgres.indexes.GinIndex(fields=["keys"], name="gene_by_any_name")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("keys", []), _negated=True), name="gene_has_keys"),
                    models.UniqueConstraint(
                        condition=models.Q(("hgnc_id", ""), _negated=True),
                        fields=("hgnc_id",),
                        name="gene_hgnc_id_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GradeRules",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts_on", models.DateField(verbose_name="in force from")),
                ("proposals", models.JSONField(default=dict, verbose_name="how the criteria make a grade")),
                ("requirements", models.JSONField(default=dict, verbose_name="what each grade asks for")),
                (
                    "criteria_needed",
                    models.BooleanField(
                        verbose_name="every row records the three criteria before its edition is reviewed"
                    ),
                ),
                ("reason", models.TextField(verbose_name="reason")),
                ("decided_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="decided at")),
                (
                    "decided_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="decided by",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="grade_rules",
                        to="accounts.institution",
                    ),
                ),
            ],
            options={
                "verbose_name": "requirements per grade",
                "ordering": ["-starts_on", "-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="grade_rules_say_why"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Indication",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=16, verbose_name="indication code")),
                ("tumour", models.CharField(max_length=60, verbose_name="tumour")),
                ("tumour_english", models.CharField(blank=True, max_length=80, verbose_name="tumour in English")),
                ("tumour_initials", models.CharField(blank=True, max_length=60, verbose_name="pinyin initials")),
                ("icd10", models.CharField(max_length=60, verbose_name="ICD-10")),
                ("icd10_match", models.CharField(max_length=60, verbose_name="ICD-10 matched")),
                ("setting", models.CharField(max_length=120, verbose_name="clinical setting")),
                ("genes", models.CharField(max_length=120, verbose_name="genes")),
                ("alteration", models.CharField(max_length=120, verbose_name="alteration")),
                ("method_primary", models.CharField(max_length=60, verbose_name="preferred method")),
                ("method_alternative", models.CharField(blank=True, max_length=80, verbose_name="other methods")),
                ("specimen", models.CharField(max_length=60, verbose_name="specimen")),
                ("purpose", models.CharField(max_length=60, verbose_name="purpose")),
                ("drugs", models.CharField(blank=True, max_length=120, verbose_name="drugs")),
                ("drug_note", models.CharField(blank=True, max_length=120, verbose_name="note on drugs")),
                ("guideline", models.CharField(max_length=120, verbose_name="guideline")),
                ("issuer", models.CharField(max_length=80, verbose_name="issuer")),
                ("year", models.PositiveSmallIntegerField(verbose_name="year")),
                ("doc_no", models.CharField(blank=True, max_length=80, verbose_name="document number")),
                ("second_source", models.CharField(blank=True, max_length=200, verbose_name="second source")),
                ("recommendation", models.CharField(max_length=60, verbose_name="recommendation")),
                ("evidence_class", models.CharField(max_length=40, verbose_name="evidence class")),
                (
                    "recommendation_confidence",
                    models.CharField(max_length=12, verbose_name="certainty of the recommendation"),
                ),
                (
                    "grade",
                    models.CharField(
                        choices=[
                            ("routine", "Routine"),
                            ("discussion", "Needs departmental discussion"),
                            ("mdt", "Needs MDT"),
                        ],
                        max_length=12,
                        verbose_name="grade",
                    ),
                ),
                (
                    "is_risky",
                    models.BooleanField(
                        default=False,
                        help_text="A risky test needs evidence and a departmental discussion even with a guideline (clause A22).",
                        verbose_name="risky test",
                    ),
                ),
                (
                    "risk_level",
                    models.CharField(
                        blank=True,
                        choices=[("low", "Low"), ("medium", "Medium"), ("high", "High")],
                        max_length=10,
                        verbose_name="risk",
                    ),
                ),
                ("risk_basis", models.CharField(blank=True, max_length=160, verbose_name="why this risk")),
                (
                    "cost_level",
                    models.CharField(
                        blank=True,
                        choices=[("low", "Low"), ("medium", "Medium"), ("high", "High")],
                        max_length=10,
                        verbose_name="cost level",
                    ),
                ),
                ("cost_basis", models.CharField(blank=True, max_length=160, verbose_name="why this cost level")),
                (
                    "evidence_support",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("guideline", "Recommended by a norm or guideline"),
                            ("consensus", "In an expert consensus only"),
                            ("none", "Without guideline or consensus"),
                        ],
                        max_length=10,
                        verbose_name="evidence support",
                    ),
                ),
                (
                    "evidence_basis",
                    models.CharField(blank=True, max_length=160, verbose_name="why this evidence support"),
                ),
                (
                    "grade_reason",
                    models.CharField(blank=True, max_length=300, verbose_name="why another grade than proposed"),
                ),
                ("mdt_on_first_visit", models.CharField(max_length=60, verbose_name="MDT on first visit")),
                ("route_hint", models.CharField(max_length=40, verbose_name="in-house or outsourced")),
                ("germline", models.CharField(max_length=20, verbose_name="germline")),
                ("is_nucleic_acid_test", models.BooleanField(verbose_name="nucleic acid test")),
                ("turnaround_days", models.PositiveSmallIntegerField(verbose_name="turnaround in working days")),
                ("notes", models.TextField(blank=True, verbose_name="notes")),
                ("source_status", models.CharField(max_length=20, verbose_name="source status")),
                ("confidence", models.CharField(max_length=12, verbose_name="certainty")),
                ("reviewed_on", models.DateField(blank=True, null=True, verbose_name="reviewed on")),
                (
                    "says",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Func(
                            "code",
                            "tumour",
                            "icd10",
                            "setting",
                            "genes",
                            "alteration",
                            "method_primary",
                            "method_alternative",
                            "purpose",
                            "drugs",
                            "tumour_initials",
                            function="catalog_searchable",
                        ),
                        output_field=models.TextField(db_collation="C"),
                        verbose_name="search text",
                    ),
                ),
                (
                    "edition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="indications",
                        to="catalog.edition",
                        verbose_name="catalog edition",
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
                        verbose_name="reviewed by",
                    ),
                ),
                (
                    "test",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="indications",
                        to="catalog.genetest",
                        verbose_name="gene test",
                    ),
                ),
            ],
            options={
                "verbose_name": "indication",
                "verbose_name_plural": "indications",
                "ordering": ["code"],
                "indexes": [
                    models.Index(fields=["code"], name="indication_code"),
                    models.Index(fields=["edition", "icd10_match"], name="indication_ranges"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("edition", "code"), name="indication_once_an_edition"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reviewed_by__isnull", True), ("reviewed_on__isnull", True)),
                            models.Q(("reviewed_by__isnull", False), ("reviewed_on__isnull", False)),
                            _connector="OR",
                        ),
                        name="indication_reviewed_by_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ConsensusSupport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("evidence", models.TextField(max_length=2000, verbose_name="evidence")),
                ("department", models.CharField(max_length=60, verbose_name="department")),
                ("discussed_on", models.DateField(verbose_name="discussed on")),
                ("present", models.CharField(max_length=300, verbose_name="present")),
                ("conclusion", models.TextField(max_length=2000, verbose_name="conclusion")),
                ("recorded_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="recorded at")),
                (
                    "file",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="documents.storedfile",
                        verbose_name="file (PDF)",
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
                    "indication",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="support",
                        to="catalog.indication",
                        verbose_name="indication",
                    ),
                ),
            ],
            options={
                "verbose_name": "evidence and discussion",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("evidence", ""), _negated=True),
                            models.Q(("department", ""), _negated=True),
                            models.Q(("present", ""), _negated=True),
                            models.Q(("conclusion", ""), _negated=True),
                        ),
                        name="support_has_both_elements",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Citation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rank", models.PositiveSmallIntegerField(default=0)),
                ("recommendation", models.CharField(blank=True, max_length=30, verbose_name="recommendation")),
                ("evidence_class", models.CharField(blank=True, max_length=30, verbose_name="evidence class")),
                ("place", models.CharField(blank=True, max_length=80, verbose_name="page or section")),
                ("unsettled", models.BooleanField(default=False, verbose_name="still to be checked")),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="citations",
                        to="catalog.evidencesource",
                        verbose_name="source of evidence",
                    ),
                ),
                (
                    "indication",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="citations",
                        to="catalog.indication",
                        verbose_name="indication",
                    ),
                ),
            ],
            options={
                "verbose_name": "citation",
                "verbose_name_plural": "citations",
                "ordering": ["indication", "rank", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("indication", "source"), name="source_cited_once_a_row"),
                ],
            },
        ),
        migrations.CreateModel(
            name="InHouseCapability",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("is_detailed", models.BooleanField(default=False, verbose_name="its parts are on record")),
                ("is_established", models.BooleanField(default=False, verbose_name="done here before")),
                ("registered_on", models.DateField(verbose_name="registered on")),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="to")),
                (
                    "department",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="accounts.department",
                        verbose_name="department",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="accounts.institution",
                        verbose_name="institution",
                    ),
                ),
                (
                    "test",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="catalog.genetest", verbose_name="gene test"
                    ),
                ),
            ],
            options={
                "verbose_name": "in-house capability",
                "verbose_name_plural": "in-house capabilities",
                "ordering": ["institution", "test"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_on__isnull", True), ("ends_on__gte", models.F("registered_on")), _connector="OR"
                        ),
                        name="capability_runs_forward",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("institution", "="),
                            ("test", "="),
                            (
                                models.Func(
                                    models.F("registered_on"),
                                    models.F("ends_on"),
                                    models.Value("[]"),
                                    function="daterange",
                                ),
                                "&&",
                            ),
                        ],
                        name="capability_no_overlap",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CapabilityStaff",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField(verbose_name="valid from")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="valid to")),
                ("recorded_at", models.DateTimeField(auto_now_add=True, verbose_name="recorded at")),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="accounts.institution",
                        verbose_name="institution",
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
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="named",
                    ),
                ),
                (
                    "capability",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="catalog.inhousecapability",
                        verbose_name="in-house capability",
                    ),
                ),
            ],
            options={
                "verbose_name": "person named for a test",
                "verbose_name_plural": "people named for a test",
                "ordering": ["-valid_from", "-id"],
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to__isnull", True), ("valid_to__gte", models.F("valid_from")), _connector="OR"
                        ),
                        name="capabilitystaff_runs_forward",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CapabilityProduct",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField(verbose_name="valid from")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="valid to")),
                ("recorded_at", models.DateTimeField(auto_now_add=True, verbose_name="recorded at")),
                (
                    "kind",
                    models.CharField(
                        choices=[("reagent", "Reagent"), ("platform", "Platform")], max_length=10, verbose_name="kind"
                    ),
                ),
                ("name", models.CharField(max_length=120, verbose_name="product")),
                (
                    "basis",
                    models.CharField(
                        choices=[
                            ("registered", "Registered or filed as a medical device"),
                            ("ldt", "Developed in-house (LDT) with approval"),
                        ],
                        max_length=12,
                        verbose_name="basis",
                    ),
                ),
                ("number", models.CharField(max_length=60, verbose_name="registration or approval number")),
                (
                    "file",
                    models.ForeignKey(
                        blank=True,
                        null=True,
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
                        to="accounts.institution",
                        verbose_name="institution",
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
                    "capability",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="catalog.inhousecapability",
                        verbose_name="in-house capability",
                    ),
                ),
            ],
            options={
                "verbose_name": "reagent or platform",
                "verbose_name_plural": "reagents and platforms",
                "ordering": ["-valid_from", "-id"],
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to__isnull", True), ("valid_to__gte", models.F("valid_from")), _connector="OR"
                        ),
                        name="capabilityproduct_runs_forward",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("number", ""), _negated=True), name="product_has_number"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("basis", "ldt"), _negated=True), ("file__isnull", False), _connector="OR"
                        ),
                        name="product_ldt_has_document",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CapabilityEquipment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField(verbose_name="valid from")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="valid to")),
                ("recorded_at", models.DateTimeField(auto_now_add=True, verbose_name="recorded at")),
                ("name", models.CharField(max_length=80, verbose_name="equipment")),
                ("serial", models.CharField(max_length=60, verbose_name="serial number")),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="accounts.institution",
                        verbose_name="institution",
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
                    "capability",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="catalog.inhousecapability",
                        verbose_name="in-house capability",
                    ),
                ),
            ],
            options={
                "verbose_name": "equipment",
                "verbose_name_plural": "equipment",
                "ordering": ["-valid_from", "-id"],
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to__isnull", True), ("valid_to__gte", models.F("valid_from")), _connector="OR"
                        ),
                        name="capabilityequipment_runs_forward",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Qualification",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("pathologist", "Pathologist"),
                            ("technician", "Pathology technician"),
                            ("laboratory", "Laboratory physician or technician"),
                            ("amplification", "Gene amplification certificate (PCR)"),
                        ],
                        max_length=16,
                        verbose_name="qualification",
                    ),
                ),
                ("number", models.CharField(max_length=60, verbose_name="certificate number")),
                ("valid_from", models.DateField(verbose_name="valid from")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="valid to")),
                ("recorded_at", models.DateTimeField(auto_now_add=True, verbose_name="recorded at")),
                (
                    "file",
                    models.ForeignKey(
                        blank=True,
                        null=True,
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
                        to="accounts.institution",
                        verbose_name="institution",
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
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="holder",
                    ),
                ),
            ],
            options={
                "verbose_name": "qualification",
                "verbose_name_plural": "qualifications",
                "ordering": ["user", "-valid_from"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to__isnull", True), ("valid_to__gte", models.F("valid_from")), _connector="OR"
                        ),
                        name="qualification_runs_forward",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("recorded_by", models.F("user")), _negated=True),
                        name="qualification_not_by_self",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (audit.constraints.DateRange("valid_from", "valid_to"), "&&"),
                            ("institution", "="),
                            ("user", "="),
                            ("kind", "="),
                        ],
                        name="qualification_no_overlap",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="QualityRound",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("organiser", models.CharField(max_length=80, verbose_name="organiser")),
                ("name", models.CharField(max_length=60, verbose_name="round")),
                ("held_on", models.DateField(verbose_name="held on")),
                ("passed", models.BooleanField(verbose_name="passed")),
                ("recorded_at", models.DateTimeField(auto_now_add=True, verbose_name="recorded at")),
                ("correction", models.TextField(blank=True, verbose_name="corrective action")),
                (
                    "correction_approved_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="corrective action approved at"),
                ),
                (
                    "capability",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="catalog.inhousecapability",
                        verbose_name="in-house capability",
                    ),
                ),
                (
                    "correction_approved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="corrective action approved by",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="accounts.institution",
                        verbose_name="institution",
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
                "verbose_name": "quality assessment round",
                "verbose_name_plural": "quality assessment rounds",
                "ordering": ["-held_on", "-id"],
                "constraints": [
                    models.UniqueConstraint(fields=("capability", "organiser", "name"), name="quality_round_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("correction_approved_at__isnull", True), ("correction_approved_by__isnull", True)
                            ),
                            models.Q(
                                ("correction_approved_at__isnull", False), ("correction_approved_by__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="qualityround_correction_approved_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("correction_approved_by__isnull", True),
                            models.Q(("correction_approved_by", models.F("recorded_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="quality_round_correction_by_another",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RowChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=16, verbose_name="indication code")),
                (
                    "kind",
                    models.CharField(
                        choices=[("added", "Added"), ("changed", "Changed"), ("removed", "Removed")],
                        max_length=8,
                        verbose_name="what was done",
                    ),
                ),
                ("before", models.JSONField(default=dict, verbose_name="former values")),
                ("after", models.JSONField(default=dict, verbose_name="new values")),
                ("reason", models.CharField(max_length=300, verbose_name="reason")),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="made at")),
                (
                    "edition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="changes",
                        to="catalog.edition",
                        verbose_name="catalog edition",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="made by",
                    ),
                ),
            ],
            options={
                "verbose_name": "change of a catalog row",
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(fields=["edition", "code", "-id"], name="row_change_of_a_row"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="row_change_has_a_reason"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RowComment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(blank=True, max_length=16, verbose_name="indication code")),
                (
                    "kind",
                    models.CharField(
                        choices=[("remark", "Suggestion"), ("objection", "Objection")],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("accepted", "Accepted, row changed"),
                            ("rejected", "Rejected"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="open",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                ("text", models.TextField(verbose_name="comment")),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="made at")),
                ("resolved_at", models.DateTimeField(blank=True, null=True, verbose_name="resolved at")),
                ("resolution", models.TextField(blank=True, verbose_name="how it was resolved")),
                (
                    "change",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.rowchange",
                        verbose_name="change made for it",
                    ),
                ),
                (
                    "edition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="comments",
                        to="catalog.edition",
                        verbose_name="catalog edition",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="made by",
                    ),
                ),
                (
                    "resolved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="resolved by",
                    ),
                ),
            ],
            options={
                "verbose_name": "comment on a catalog row",
                "ordering": ["pk"],
                "indexes": [
                    models.Index(fields=["edition", "code"], name="row_comment_of_a_row"),
                    models.Index(
                        condition=models.Q(("kind", "objection"), ("status", "open")),
                        fields=["edition"],
                        name="row_comment_open_objection",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("text", ""), _negated=True), name="row_comment_says_something"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("resolution", ""),
                                ("resolved_at__isnull", True),
                                ("resolved_by__isnull", True),
                                ("status", "open"),
                            ),
                            models.Q(
                                models.Q(("status", "open"), _negated=True),
                                ("resolved_at__isnull", False),
                                ("resolved_by__isnull", False),
                                models.Q(("resolution", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="row_comment_resolved_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "accepted"), _negated=True), ("change__isnull", False), _connector="OR"
                        ),
                        name="row_comment_accepted_with_a_change",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status__in", ["accepted", "rejected"]), _negated=True),
                            models.Q(("resolved_by", models.F("made_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="row_comment_resolved_by_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "withdrawn"), _negated=True),
                            ("resolved_by", models.F("made_by")),
                            _connector="OR",
                        ),
                        name="row_comment_withdrawn_by_its_author",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CommentAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField(verbose_name="answer")),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="made at")),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="made by",
                    ),
                ),
                (
                    "comment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="answers",
                        to="catalog.rowcomment",
                        verbose_name="comment",
                    ),
                ),
            ],
            options={
                "verbose_name": "answer to a comment on a catalog row",
                "ordering": ["pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("text", ""), _negated=True), name="comment_answer_says_something"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RuleEdition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=40, verbose_name="edition number")),
                ("title", models.CharField(max_length=120, verbose_name="title")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("checked", "Checked by a pharmacist"),
                            ("in_force", "In force"),
                            ("superseded", "Superseded"),
                        ],
                        default="draft",
                        max_length=12,
                        verbose_name="status",
                    ),
                ),
                ("drafted_at", models.DateTimeField(auto_now_add=True)),
                ("checked_at", models.DateTimeField(blank=True, null=True, verbose_name="checked at")),
                ("approved_at", models.DateTimeField(blank=True, null=True, verbose_name="approved at")),
                ("in_force_from", models.DateField(blank=True, null=True, verbose_name="in force from")),
                ("in_force_to", models.DateField(blank=True, null=True, verbose_name="in force to")),
                ("note", models.TextField(blank=True, verbose_name="note")),
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
                    "based_on",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.ruleedition",
                    ),
                ),
                (
                    "checked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "drafted_by",
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
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.institution",
                        verbose_name="institution",
                    ),
                ),
            ],
            options={
                "verbose_name": "edition of the drug rules",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("institution", "number"), name="rule_edition_number_once", nulls_distinct=False
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["draft", "checked"]),
                            models.Q(
                                ("approved_by__isnull", False),
                                ("checked_by__isnull", False),
                                ("in_force_from__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="rule_edition_in_force_was_read",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("in_force_to__isnull", True),
                            (
                                "in_force_to__gte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("in_force_from"), "-", models.Value(1)
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="rule_edition_period_forward",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("checked_at__isnull", True), ("checked_by__isnull", True)),
                            models.Q(("checked_at__isnull", False), ("checked_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="ruleedition_checked_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("approved_at__isnull", True), ("approved_by__isnull", True)),
                            models.Q(("approved_at__isnull", False), ("approved_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="ruleedition_approved_both",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("status__in", ["in_force", "superseded"])),
                        expressions=[
                            (django.db.models.functions.comparison.Coalesce("institution", 0), "="),
                            (
                                models.Func(
                                    models.F("in_force_from"),
                                    models.F("in_force_to"),
                                    models.Value("[]"),
                                    function="daterange",
                                ),
                                "&&",
                            ),
                        ],
                        name="rule_edition_one_in_force",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DrugTargetRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=8, verbose_name="code")),
                ("drugs", models.CharField(max_length=120, verbose_name="drugs")),
                ("indication", models.CharField(max_length=120, verbose_name="indication")),
                ("line", models.CharField(blank=True, max_length=80, verbose_name="line or setting")),
                ("biomarker", models.CharField(blank=True, max_length=120, verbose_name="required biomarker")),
                (
                    "need",
                    models.CharField(
                        choices=[
                            ("test", "Test required"),
                            ("pathology", "Pathology required, gene test recommended"),
                            ("none", "No test required"),
                            ("label", "As the label of each drug says"),
                        ],
                        max_length=12,
                        verbose_name="need",
                    ),
                ),
                ("need_as_written", models.CharField(max_length=60, verbose_name="need as written")),
                ("accepted_result", models.CharField(blank=True, max_length=60, verbose_name="accepted result")),
                ("accepted_specimen", models.CharField(blank=True, max_length=60, verbose_name="accepted specimen")),
                ("not_sufficient", models.CharField(blank=True, max_length=80, verbose_name="not sufficient")),
                ("basis", models.CharField(max_length=80, verbose_name="basis")),
                ("confidence", models.CharField(max_length=12, verbose_name="certainty")),
                ("mark", models.CharField(blank=True, max_length=120, verbose_name="source mark")),
                ("names", models.JSONField(default=list, verbose_name="names of the drugs")),
                ("uses", models.JSONField(default=list, verbose_name="criteria")),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="reason of the change")),
                (
                    "edition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rules",
                        to="catalog.ruleedition",
                        verbose_name="edition of the drug rules",
                    ),
                ),
            ],
            options={
                "verbose_name": "drug–target rule",
                "verbose_name_plural": "drug–target rules",
                "ordering": ["code"],
                "constraints": [
                    models.UniqueConstraint(fields=("edition", "code"), name="drug_rule_once_an_edition"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SheetImport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("file_name", models.CharField(max_length=120, verbose_name="file name")),
                ("file_sha256", models.CharField(max_length=64, verbose_name="SHA-256 of the file")),
                ("rows", models.JSONField(default=list, verbose_name="rows as read")),
                ("problems", models.JSONField(default=list, verbose_name="problems")),
                ("problem_count", models.PositiveIntegerField(default=0, verbose_name="number of problems")),
                ("read_after", models.BigIntegerField(default=0, verbose_name="read after change")),
                ("given_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="given in at")),
                ("confirmed_at", models.DateTimeField(blank=True, null=True, verbose_name="confirmed at")),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
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
                    "edition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="imports",
                        to="catalog.edition",
                        verbose_name="catalog edition",
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
                "verbose_name": "sheet for a catalog edition",
                "ordering": ["-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("confirmed_at__isnull", True), ("confirmed_by__isnull", True)),
                            models.Q(
                                ("confirmed_at__isnull", False),
                                ("confirmed_by__isnull", False),
                                models.Q(("reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="sheet_import_confirmed_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SourceReview",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("due_on", models.DateField(verbose_name="due on")),
                ("closes_on", models.DateField(verbose_name="last day before the row closes")),
                ("opened_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="opened at")),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("confirmed", "Confirmed by the newer edition"),
                            ("change", "To be changed in the next edition"),
                            ("closed", "Closed"),
                        ],
                        max_length=10,
                        verbose_name="outcome",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                ("recommendation", models.CharField(blank=True, max_length=30, verbose_name="recommendation")),
                ("evidence_class", models.CharField(blank=True, max_length=30, verbose_name="evidence class")),
                ("place", models.CharField(blank=True, max_length=80, verbose_name="page or section")),
                ("concluded_at", models.DateTimeField(blank=True, null=True, verbose_name="concluded at")),
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
                    "indication",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="catalog.indication",
                        verbose_name="indication",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="source_reviews",
                        to="accounts.institution",
                        verbose_name="institution",
                    ),
                ),
                (
                    "newer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="catalog.evidencesource",
                        verbose_name="newer edition",
                    ),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="opened by",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="reviewed by",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.evidencesource",
                        verbose_name="cited source",
                    ),
                ),
            ],
            options={
                "verbose_name": "review of a row",
                "verbose_name_plural": "reviews of rows",
                "ordering": ["due_on", "id"],
                "indexes": [
                    models.Index(fields=["institution", "indication"], name="review_of_a_row"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("institution", "indication", "newer"), name="row_reviewed_once_a_newer_edition"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("concluded_at__isnull", True), ("concluded_by__isnull", True)),
                            models.Q(("concluded_at__isnull", False), ("concluded_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="sourcereview_concluded_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("concluded_at__isnull", True), ("outcome", "")),
                            models.Q(
                                models.Q(("outcome", ""), _negated=True),
                                models.Q(("reason", ""), _negated=True),
                                ("concluded_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="review_concluded_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("closes_on__gte", models.F("due_on"))), name="review_due_before_it_closes"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("outcome", "confirmed"), _negated=True),
                            models.Q(("place", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="review_confirmed_at_a_place",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TechnologyIntake",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("need", models.TextField(verbose_name="clinical need")),
                ("ability", models.TextField(verbose_name="technical capability")),
                ("safety", models.TextField(verbose_name="safety and emergency measures")),
                ("proposed_at", models.DateTimeField(auto_now_add=True, verbose_name="proposed at")),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="decided at")),
                ("approved", models.BooleanField(blank=True, null=True, verbose_name="approved")),
                ("decision_note", models.TextField(blank=True, verbose_name="decision note")),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="decided by",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="accounts.institution",
                        verbose_name="institution",
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="proposed by",
                    ),
                ),
                (
                    "test",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="catalog.genetest", verbose_name="gene test"
                    ),
                ),
            ],
            options={
                "verbose_name": "first-time technology",
                "verbose_name_plural": "first-time technologies",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at__isnull", True), ("decided_by__isnull", True)),
                            models.Q(("decided_at__isnull", False), ("decided_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="technologyintake_decided_both",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("approved__isnull", True), ("decided_at__isnull", True)),
                            models.Q(("approved__isnull", False), ("decided_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="intake_decision_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_by__isnull", True),
                            models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="intake_decided_by_another",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("decided_at__isnull", True)),
                        fields=("institution", "test"),
                        name="intake_one_open",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IntakeOpinion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("agreed", models.BooleanField(verbose_name="agreed")),
                ("text", models.TextField(verbose_name="opinion")),
                ("given_at", models.DateTimeField(auto_now_add=True, verbose_name="given at")),
                (
                    "given_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="given by",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="accounts.institution",
                        verbose_name="institution",
                    ),
                ),
                (
                    "intake",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="opinions",
                        to="catalog.technologyintake",
                        verbose_name="intake",
                    ),
                ),
            ],
            options={
                "verbose_name": "opinion on a first-time technology",
                "verbose_name_plural": "opinions on first-time technologies",
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(fields=("intake", "given_by"), name="intake_opinion_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Training",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=120, verbose_name="title of the training")),
                ("held_on", models.DateField(verbose_name="held on")),
                ("passed", models.BooleanField(verbose_name="passed")),
                ("score", models.CharField(blank=True, max_length=60, verbose_name="result")),
                ("recorded_at", models.DateTimeField(auto_now_add=True, verbose_name="recorded at")),
                (
                    "file",
                    models.ForeignKey(
                        blank=True,
                        null=True,
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
                        to="accounts.institution",
                        verbose_name="institution",
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
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="trained",
                    ),
                ),
            ],
            options={
                "verbose_name": "training",
                "verbose_name_plural": "trainings",
                "ordering": ["-held_on", "-id"],
                "constraints": [
                    models.UniqueConstraint(fields=("institution", "user", "title", "held_on"), name="training_once"),
                    models.CheckConstraint(
                        condition=models.Q(("recorded_by", models.F("user")), _negated=True),
                        name="training_not_by_self",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RequestAuthority",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "grade",
                    models.CharField(
                        choices=[
                            ("routine", "Routine"),
                            ("discussion", "Needs departmental discussion"),
                            ("mdt", "Needs MDT"),
                        ],
                        max_length=12,
                        verbose_name="grade",
                    ),
                ),
                ("starts_on", models.DateField(verbose_name="from")),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="to")),
                ("suspended_on", models.DateField(blank=True, null=True, verbose_name="suspended on")),
                ("suspended_reason", models.TextField(blank=True, verbose_name="why suspended")),
                ("withdrawn_on", models.DateField(blank=True, null=True, verbose_name="withdrawn on")),
                ("withdrawn_reason", models.TextField(blank=True, verbose_name="why withdrawn")),
                ("lifted_reason", models.TextField(blank=True, verbose_name="why the suspension was lifted")),
                (
                    "follows",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="followed_by",
                        to="catalog.requestauthority",
                        verbose_name="follows",
                    ),
                ),
                (
                    "granted_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="granted by",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="accounts.institution",
                        verbose_name="institution",
                    ),
                ),
                (
                    "suspended_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="suspended by",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="request_authorities",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="doctor",
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
                        verbose_name="withdrawn by",
                    ),
                ),
                (
                    "training",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.training",
                        verbose_name="training",
                    ),
                ),
            ],
            options={
                "verbose_name": "request authority",
                "verbose_name_plural": "request authorities",
                "ordering": ["user", "-starts_on"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_on__isnull", True), ("ends_on__gte", models.F("starts_on")), _connector="OR"
                        ),
                        name="request_authority_runs_forward",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("suspended_by__isnull", True), ("suspended_on__isnull", True), ("suspended_reason", "")
                            ),
                            models.Q(
                                ("suspended_by__isnull", False),
                                ("suspended_on__isnull", False),
                                models.Q(("suspended_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="request_authority_suspension_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("withdrawn_by__isnull", True), ("withdrawn_on__isnull", True), ("withdrawn_reason", "")
                            ),
                            models.Q(
                                ("withdrawn_by__isnull", False),
                                ("withdrawn_on__isnull", False),
                                models.Q(("withdrawn_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="request_authority_withdrawal_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("granted_by", models.F("user")), _negated=True),
                        name="request_authority_not_by_self",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("suspended_on__isnull", True), ("withdrawn_on__isnull", True)),
                        expressions=[
                            ("user", "="),
                            ("institution", "="),
                            ("grade", "="),
                            (
                                models.Func(
                                    models.F("starts_on"), models.F("ends_on"), models.Value("[]"), function="daterange"
                                ),
                                "&&",
                            ),
                        ],
                        name="request_authority_no_overlap",
                    ),
                ],
            },
        ),
        migrations.RunSQL(GUARDS, NO_GUARDS),
    ]
