"""Nobody stands in for themselves: who holds a post is known only to the post, so a trigger holds it."""

from django.db import migrations

UP = """
CREATE FUNCTION accounts_no_self_delegation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM accounts_post WHERE id = NEW.from_post_id AND user_id = NEW.to_user_id) THEN
        RAISE EXCEPTION 'nobody stands in for themselves' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'delegation_to_somebody_else', TABLE = 'accounts_delegation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER to_somebody_else BEFORE INSERT OR UPDATE OF from_post_id, to_user_id ON accounts_delegation
    FOR EACH ROW EXECUTE FUNCTION accounts_no_self_delegation();
"""
DOWN = """
DROP TRIGGER to_somebody_else ON accounts_delegation;
DROP FUNCTION accounts_no_self_delegation();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_programs")]

    operations = [migrations.RunSQL(UP, DOWN)]
