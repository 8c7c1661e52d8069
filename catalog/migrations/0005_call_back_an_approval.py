import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# An approval may be called back until the day before the edition begins, and the edition before it goes on. Everything
# else about an edition in force stays as 0003 has it: only its end and the day the doctors heard of it are written.
FROZEN = """
CREATE OR REPLACE FUNCTION catalog_frozen_edition() RETURNS trigger LANGUAGE plpgsql AS $$
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
""".replace("TIME_ZONE", settings.TIME_ZONE)
BEFORE = """
CREATE OR REPLACE FUNCTION catalog_frozen_edition() RETURNS trigger LANGUAGE plpgsql AS $$
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
    IF TG_OP = 'DELETE' OR NEW.status NOT IN (OLD.status, 'superseded') OR OLD.status = 'discarded'
        OR to_jsonb(NEW) - ARRAY['status', 'in_force_to', 'announced_on']
            IS DISTINCT FROM to_jsonb(OLD) - ARRAY['status', 'in_force_to', 'announced_on'] THEN
        RAISE EXCEPTION 'catalog edition % is in force or closed and is not edited', OLD.number
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0004_authority_and_staff")]
    operations = [
        migrations.AddField(
            model_name="edition",
            name="follows",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="catalog.edition",
                verbose_name="follows on",
            ),
        ),
        migrations.AddField(
            model_name="edition",
            name="follows_ended",
            field=models.DateField(blank=True, null=True, verbose_name="former last day of the edition it follows"),
        ),
        migrations.AlterField(
            model_name="rowcomment",
            name="kind",
            field=models.CharField(
                choices=[("remark", "Suggestion"), ("objection", "Objection")], max_length=10, verbose_name="kind"
            ),
        ),
        migrations.RunSQL(FROZEN, BEFORE),
    ]
