-- The trail's functions. `audit.walls` puts them into the database after every migration, and
-- `verify_trail` compares those in the database with this file: whoever changes one there is seen.

-- How a row looks in an event: every column as text. Digested columns appear as
-- sha256(salt || column || ':' || value) in hexadecimal, with the text of the row's salt (none: empty); the salt
-- itself as sha256(salt). A row whose salt was erased has lost the link: its digested columns say so.
CREATE OR REPLACE FUNCTION audit_image(image hstore, salt_column text, digested text[]) RETURNS hstore
LANGUAGE plpgsql IMMUTABLE SET search_path = public, pg_temp AS $$
DECLARE
  salt bytea := ''::bytea;
  erased boolean := false;
  name text;
BEGIN
  IF salt_column <> '' THEN
    erased := image -> salt_column IS NULL;
    salt := convert_to(coalesce(image -> salt_column, ''), 'UTF8');
    IF NOT erased THEN
      image := image || hstore(salt_column, encode(sha256(salt), 'hex'));
    END IF;
  END IF;
  FOREACH name IN ARRAY digested LOOP
    IF image -> name IS NULL THEN
      CONTINUE;
    ELSIF erased THEN
      image := image || hstore(name, 'unlinked');
    ELSE
      image := image || hstore(name,
        encode(sha256(salt || convert_to(name || ':' || (image -> name), 'UTF8')), 'hex'));
    END IF;
  END LOOP;
  RETURN image;
END $$;

-- A row as text, printed alike whatever the session's settings.
CREATE OR REPLACE FUNCTION audit_text(written anyelement) RETURNS hstore
LANGUAGE plpgsql STABLE
SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD'
SET intervalstyle = 'postgres' SET bytea_output = 'hex' SET extra_float_digits = 1 AS $$
BEGIN
  RETURN hstore(written);
END $$;

-- The row trigger. Arguments: the primary key column; the salt column or ''; the digested columns.
-- A value must print alike whoever writes it. The application's sessions print as audit_text() does; only others
-- take the detour through it, because changing settings costs a fifth of the trigger. Each branch is one statement
-- on purpose: PostgreSQL prepares every expression anew in every transaction, and they would be most of the cost.
-- (OFFSET 0: make each image once, not once a use.)
CREATE OR REPLACE FUNCTION audit_row() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  usual boolean := current_setting('timezone') = 'UTC' AND current_setting('datestyle') LIKE 'ISO%'
    AND current_setting('intervalstyle') = 'postgres' AND current_setting('bytea_output') = 'hex'
    AND current_setting('extra_float_digits') = '1';
BEGIN
  IF TG_OP = 'UPDATE' THEN
    INSERT INTO audit_event (xid, at, actor_id, post_id, step, reason, clause, request_id, db_user, declared,
                             token, table_name, row_id, op, payload)
    SELECT pg_current_xact_id()::text::bigint, clock_timestamp(),
           nullif(current_setting('mingjian.actor', true), '')::bigint,
           nullif(current_setting('mingjian.post', true), '')::bigint,
           coalesce(current_setting('mingjian.step', true), ''),
           coalesce(current_setting('mingjian.reason', true), ''),
           coalesce(current_setting('mingjian.clause', true), ''),
           coalesce(current_setting('mingjian.request', true), ''),
           session_user, coalesce(current_setting('mingjian.token', true), '') <> '',
           coalesce(current_setting('mingjian.token', true), ''),
           TG_TABLE_NAME, former -> TG_ARGV[0], 'U',
           (SELECT json_object_agg(key, json_build_array(former -> key, value)) FROM each(image - former))
    FROM (SELECT CASE WHEN TG_NARGS > 1 THEN audit_image(before, TG_ARGV[1], TG_ARGV[2:])
                      ELSE before END AS former,
                 CASE WHEN TG_NARGS > 1 THEN audit_image(after, TG_ARGV[1], TG_ARGV[2:])
                      ELSE after END AS image
          FROM (SELECT CASE WHEN usual THEN hstore(OLD) ELSE audit_text(OLD) END AS before,
                       CASE WHEN usual THEN hstore(NEW) ELSE audit_text(NEW) END AS after OFFSET 0) AS rows
          OFFSET 0) AS images
    WHERE image <> former;
    -- An update that changed nothing leaves no event, and so needs nobody declared.
    IF NOT FOUND THEN
      RETURN NULL;
    END IF;
  ELSE
    INSERT INTO audit_event (xid, at, actor_id, post_id, step, reason, clause, request_id, db_user, declared,
                             token, table_name, row_id, op, payload)
    SELECT pg_current_xact_id()::text::bigint, clock_timestamp(),
           nullif(current_setting('mingjian.actor', true), '')::bigint,
           nullif(current_setting('mingjian.post', true), '')::bigint,
           coalesce(current_setting('mingjian.step', true), ''),
           coalesce(current_setting('mingjian.reason', true), ''),
           coalesce(current_setting('mingjian.clause', true), ''),
           coalesce(current_setting('mingjian.request', true), ''),
           session_user, coalesce(current_setting('mingjian.token', true), '') <> '',
           coalesce(current_setting('mingjian.token', true), ''),
           TG_TABLE_NAME, image -> TG_ARGV[0], left(TG_OP, 1), hstore_to_json(image)
    FROM (SELECT CASE WHEN TG_NARGS > 1 THEN audit_image(written, TG_ARGV[1], TG_ARGV[2:])
                      ELSE written END AS image
          FROM (SELECT CASE WHEN usual AND TG_OP = 'INSERT' THEN hstore(NEW)
                            WHEN usual THEN hstore(OLD)
                            WHEN TG_OP = 'INSERT' THEN audit_text(NEW)
                            ELSE audit_text(OLD) END AS written OFFSET 0) AS row
          OFFSET 0) AS images;
  END IF;
  IF coalesce(current_setting('mingjian.token', true), '') = '' THEN
    PERFORM audit_undeclared(TG_TABLE_NAME);
  END IF;
  RETURN NULL;
END $$;

-- A write without a declaration has left its event; it raises an alarm too, once for the transaction.
CREATE OR REPLACE FUNCTION audit_undeclared(table_written text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  this_xid bigint := pg_current_xact_id()::text::bigint;
BEGIN
  INSERT INTO audit_alarm (kind, key, at, xid, event_id, message, acknowledged_reason)
  VALUES ('undeclared', this_xid || '@' || extract(epoch FROM now()), clock_timestamp(), this_xid,
          currval(pg_get_serial_sequence('audit_event', 'id')), session_user || ' ' || table_written, '')
  ON CONFLICT (kind, key) DO NOTHING;
END $$;

-- An event that no row trigger writes. Its callers see to it that somebody is declared.
CREATE OR REPLACE FUNCTION audit_write(table_written text, row_written text, operation text, content text)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO audit_event (xid, at, actor_id, post_id, step, reason, clause, request_id, db_user, declared,
                           token, table_name, row_id, op, payload)
    SELECT pg_current_xact_id()::text::bigint, clock_timestamp(),
           nullif(current_setting('mingjian.actor', true), '')::bigint,
           nullif(current_setting('mingjian.post', true), '')::bigint,
           coalesce(current_setting('mingjian.step', true), ''),
           coalesce(current_setting('mingjian.reason', true), ''),
           coalesce(current_setting('mingjian.clause', true), ''),
           coalesce(current_setting('mingjian.request', true), ''),
           session_user, coalesce(current_setting('mingjian.token', true), '') <> '',
           coalesce(current_setting('mingjian.token', true), ''),
           table_written, row_written, operation, content;
END $$;

-- Takes every row of a table over into the trail as it stands.
CREATE OR REPLACE FUNCTION audit_baseline(taken regclass, key_column text, salt_column text, digested text[])
RETURNS bigint LANGUAGE plpgsql
SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD'
SET intervalstyle = 'postgres' SET bytea_output = 'hex' SET extra_float_digits = 1 AS $$
DECLARE
  image hstore;
  taken_name text := (SELECT relname FROM pg_class WHERE oid = taken);
  rows bigint := 0;
BEGIN
  FOR image IN EXECUTE format('SELECT hstore(t) FROM %s AS t ORDER BY %I', taken, key_column) LOOP
    image := audit_image(image, salt_column, digested);
    PERFORM audit_write(taken_name, image -> key_column, 'B', hstore_to_json(image)::text);
    rows := rows + 1;
  END LOOP;
  RETURN rows;
END $$;

-- Somebody read a case.
CREATE OR REPLACE FUNCTION audit_record_reading(table_read text, row_read text, page text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF coalesce(current_setting('mingjian.actor', true), '') = '' THEN
    RAISE EXCEPTION 'a reading needs somebody declared who reads';
  END IF;
  PERFORM audit_write(table_read, row_read, 'R', json_build_object('page', page)::text);
END $$;

CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'append-only: % on % refused', TG_OP, TG_TABLE_NAME;
END $$;

-- For row level security: the institutions, and the patients' identities, this transaction may see.
CREATE OR REPLACE FUNCTION walls_all(scope text) RETURNS boolean LANGUAGE sql STABLE
RETURN coalesce(current_setting('mingjian.' || scope, true), '') = '*';

CREATE OR REPLACE FUNCTION walls_listed(scope text) RETURNS bigint[] LANGUAGE sql STABLE
RETURN CASE WHEN coalesce(current_setting('mingjian.' || scope, true), '') IN ('', '*') THEN '{}'::bigint[]
            ELSE string_to_array(current_setting('mingjian.' || scope, true), ',')::bigint[] END;

REVOKE EXECUTE ON FUNCTION audit_write(text, text, text, text), audit_row(), audit_undeclared(text),
  audit_baseline(regclass, text, text, text[]), audit_append_only() FROM PUBLIC;
