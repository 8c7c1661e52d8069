"""Genes by every name; what a line says, as an index of letter pairs (`catalog/models/searching.py`); the words that mean a
test without a place in the catalog."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models

FORWARDS = r"""
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

-- The letters and letter pairs of a text. It costs too much to be asked of every row: only the index knows it.
CREATE FUNCTION public.catalog_grams(said text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000
RETURN (
  SELECT coalesce(array_agg(DISTINCT gram), '{}')
  FROM (SELECT string_to_array(said, NULL) AS letters) AS split,
    LATERAL generate_series(1, cardinality(letters)) AS place,
    LATERAL (VALUES (letters[place]), (letters[place] || letters[place + 1])) AS one(gram)
  WHERE gram IS NOT NULL
);

CREATE INDEX indication_search ON catalog_indication USING gin (catalog_grams(catalog_searchable(
  code, tumour, icd10, setting, genes, alteration, method_primary, method_alternative, purpose, drugs, tumour_initials)))
  WITH (fastupdate = off);
CREATE INDEX gene_test_search ON catalog_genetest USING gin (catalog_grams(catalog_searchable(code, name, initials)))
  WITH (fastupdate = off);
"""
BACKWARDS = """
DROP INDEX IF EXISTS gene_test_search;
DROP INDEX IF EXISTS indication_search;
DROP FUNCTION IF EXISTS public.catalog_grams(text);
DROP FUNCTION IF EXISTS public.catalog_searchable(text[]);
DROP FUNCTION IF EXISTS public.catalog_plain(text);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0005_call_back_an_approval"),
    ]

    operations = [
        migrations.AddField(
            model_name="notindicated",
            name="keywords",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=60),
                blank=True,
                default=list,
                size=None,
                verbose_name="words that mean it",
            ),
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
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
