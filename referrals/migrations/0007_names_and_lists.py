"""Finding patients by a part of their name, behind the wall; indexes of the county's list and of the cases under way.

PostgreSQL does not use the index of name parts for a role that row level security binds: its operator is not known to
keep secrets. This function asks the index as the tables' owner and applies the very same wall by itself: only patients of
the institutions whose identities the transaction has declared it may read.
"""

from django.conf import settings
from django.db import migrations, models

FORWARDS = """
CREATE OR REPLACE FUNCTION referrals_named(grams text[], part text) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE everywhere boolean := walls_all('identity'); listed bigint[] := walls_listed('identity');
BEGIN
  RETURN QUERY SELECT patient_id FROM referrals_identity
    WHERE name_grams @> grams::varchar[] AND strpos(name, part) > 0
      AND (everywhere OR institution_id = ANY (listed));
END $$;
"""
BACKWARDS = "DROP FUNCTION IF EXISTS referrals_named(text[], text)"


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_programs"),
        ("catalog", "0001_initial"),
        ("referrals", "0006_targeted_drugs"),
        ("vendors", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(FORWARDS, BACKWARDS),
        migrations.AddIndex(
            model_name="referral",
            index=models.Index(fields=["-requested_at", "-id"], name="referral_newest_of_all"),
        ),
        migrations.AddIndex(
            model_name="referral",
            index=models.Index(
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
        ),
    ]
