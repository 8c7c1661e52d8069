"""What a line and a test say is kept beside them as a text; the index of letter pairs, slower on one edition, goes."""

from django.db import migrations, models
from django.db.models import Func

LINE = (
    "code", "tumour", "icd10", "setting", "genes", "alteration", "method_primary", "method_alternative", "purpose",
    "drugs", "tumour_initials",
)  # fmt: skip
FORWARDS = """
DROP INDEX gene_test_search;
DROP INDEX indication_search;
DROP FUNCTION public.catalog_grams(text);
"""
BACKWARDS = r"""
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


def kept(*columns):
    return models.GeneratedField(
        verbose_name="search text",
        expression=Func(*columns, function="catalog_searchable"),
        output_field=models.TextField(db_collation="C"),
        db_persist=True,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0007_in_house_parts"),
    ]

    operations = [
        migrations.RunSQL(FORWARDS, BACKWARDS),
        migrations.AddField(model_name="genetest", name="says", field=kept("code", "name", "initials")),
        migrations.AddField(model_name="indication", name="says", field=kept(*LINE)),
        migrations.AddIndex(
            model_name="indication",
            index=models.Index(fields=["edition", "icd10_match"], name="indication_ranges"),
        ),
    ]
