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

-- One event, with what the transaction has declared. Without a declaration the write still leaves its event,
-- and an alarm, once for the transaction.
CREATE OR REPLACE FUNCTION audit_write(table_written text, row_written text, operation text, content text)
RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  this_xid bigint := pg_current_xact_id()::text::bigint;
  actor bigint := nullif(current_setting('mingjian.actor', true), '')::bigint;
  said text := coalesce(current_setting('mingjian.token', true), '');
  is_declared boolean := actor IS NOT NULL AND said <> '';
  new_event bigint;
BEGIN
  INSERT INTO audit_event (xid, at, actor_id, post_id, step, reason, clause, request_id, db_user, declared, token,
                           table_name, row_id, op, payload)
  VALUES (this_xid, clock_timestamp(), actor, nullif(current_setting('mingjian.post', true), '')::bigint,
          coalesce(current_setting('mingjian.step', true), ''),
          coalesce(current_setting('mingjian.reason', true), ''),
          coalesce(current_setting('mingjian.clause', true), ''),
          coalesce(current_setting('mingjian.request', true), ''),
          session_user, is_declared, said, table_written, row_written, operation, content)
  RETURNING id INTO new_event;
  IF NOT is_declared THEN
    INSERT INTO audit_alarm (kind, key, at, xid, event_id, message, acknowledged_reason)
    VALUES ('undeclared', this_xid || '@' || extract(epoch FROM now()), clock_timestamp(), this_xid, new_event,
            session_user || ' ' || table_written, '')
    ON CONFLICT (kind, key) DO NOTHING;
  END IF;
END $$;

-- The row trigger. Arguments: the primary key column; the salt column or ''; the digested columns.
-- The settings make a value print alike whoever writes it.
CREATE OR REPLACE FUNCTION audit_row() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD'
SET intervalstyle = 'postgres' SET bytea_output = 'hex' SET extra_float_digits = 1 AS $$
DECLARE
  image hstore;
  former hstore;
  changed hstore;
  name text;
  content text := '';
BEGIN
  IF TG_OP = 'UPDATE' THEN
    image := hstore(NEW);
    former := hstore(OLD);
    IF image -> TG_ARGV[0] <> former -> TG_ARGV[0] THEN
      RAISE EXCEPTION 'the primary key of a row of % cannot change', TG_TABLE_NAME;
    END IF;
    IF TG_NARGS > 1 THEN
      image := audit_image(image, TG_ARGV[1], TG_ARGV[2:]);
      former := audit_image(former, TG_ARGV[1], TG_ARGV[2:]);
    END IF;
    changed := image - former;
    FOREACH name IN ARRAY akeys(changed) LOOP
      content := content || ',' || to_json(name) || ':[' || coalesce(to_json(former -> name)::text, 'null')
        || ',' || coalesce(to_json(changed -> name)::text, 'null') || ']';
    END LOOP;
    IF content <> '' THEN
      PERFORM audit_write(TG_TABLE_NAME, image -> TG_ARGV[0], 'U', '{' || substr(content, 2) || '}');
    END IF;
    RETURN NULL;
  END IF;
  IF TG_OP = 'INSERT' THEN
    image := hstore(NEW);
  ELSE
    image := hstore(OLD);
  END IF;
  IF TG_NARGS > 1 THEN
    image := audit_image(image, TG_ARGV[1], TG_ARGV[2:]);
  END IF;
  PERFORM audit_write(TG_TABLE_NAME, image -> TG_ARGV[0], left(TG_OP, 1), hstore_to_json(image)::text);
  RETURN NULL;
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
  RAISE EXCEPTION 'the trail is append-only: % on % refused', TG_OP, TG_TABLE_NAME;
END $$;

-- For row level security: the institutions, and the patients' identities, this transaction may see.
CREATE OR REPLACE FUNCTION walls_all(scope text) RETURNS boolean LANGUAGE sql STABLE
RETURN coalesce(current_setting('mingjian.' || scope, true), '') = '*';

CREATE OR REPLACE FUNCTION walls_listed(scope text) RETURNS bigint[] LANGUAGE sql STABLE
RETURN CASE WHEN coalesce(current_setting('mingjian.' || scope, true), '') IN ('', '*') THEN '{}'::bigint[]
            ELSE string_to_array(current_setting('mingjian.' || scope, true), ',')::bigint[] END;

REVOKE EXECUTE ON FUNCTION audit_write(text, text, text, text), audit_row(),
  audit_baseline(regclass, text, text, text[]), audit_append_only() FROM PUBLIC;
