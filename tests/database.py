"""The tests' databases: built once as the owner, then used as the role that owns nothing.

There are two: one with the reference data alone, and one in which the demo county stands as well, made once a run for
whoever asks for it first and copied for each worker (`in_county`).

A transactional test leaves rows behind. Django would TRUNCATE, which the trail refuses and which would
take the reference data (roles, clauses, catalog) too. So the state after the build is copied aside once,
and `restore()` puts it back through a superuser session in which no trigger fires.
"""

import fcntl
import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier

COPY_ASIDE = """
CREATE SCHEMA test_start;
CREATE TABLE test_start.tables (name regclass PRIMARY KEY, copied text, columns text);
DO $$
DECLARE t record; kept boolean; columns text;
BEGIN
  FOR t IN SELECT c.oid::regclass AS name FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %s)', t.name) INTO kept;
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO columns FROM pg_attribute
      WHERE attrelid = t.name AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
    IF kept THEN
      EXECUTE format('CREATE TABLE test_start.%I AS SELECT %s FROM %s', 'c_' || t.name::oid, columns, t.name);
    END IF;
    INSERT INTO test_start.tables
      VALUES (t.name, CASE WHEN kept THEN format('test_start.%I', 'c_' || t.name::oid) END, columns);
  END LOOP;
END $$;
CREATE FUNCTION test_start.restore() RETURNS void LANGUAGE plpgsql AS $$
DECLARE t record; large text;
BEGIN
  SELECT string_agg(name::text, ', ') INTO large FROM test_start.tables
    WHERE pg_relation_size(name) > 1000000;
  IF large IS NOT NULL THEN
    EXECUTE 'TRUNCATE ' || large || ' CASCADE';
  END IF;
  FOR t IN SELECT * FROM test_start.tables LOOP
    EXECUTE format('DELETE FROM %s', t.name);
    IF t.copied IS NOT NULL THEN
      EXECUTE format('INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM %s',
                     t.name, t.columns, t.columns, t.copied);
    END IF;
  END LOOP;
END $$;
"""

_sessions: dict[str, psycopg.Connection] = {}


def superuser(settings: dict) -> psycopg.Connection:
    """A session of the login itself: no stepping down, no triggers."""
    name = settings["NAME"]
    if name not in _sessions or _sessions[name].closed:
        _sessions[name] = psycopg.connect(
            dbname=name,
            user=settings["USER"] or None,
            password=settings["PASSWORD"] or None,
            host=settings["HOST"] or None,
            port=settings["PORT"] or None,
            autocommit=True,
            options="-c session_replication_role=replica -c lock_timeout=15s -c client_min_messages=warning",
        )
    return _sessions[name]


def close() -> None:
    while _sessions:
        _sessions.popitem()[1].close()


def restore(settings: dict) -> None:
    """Put every table of the test database back to what it held after the build."""
    superuser(settings).execute("SELECT test_start.restore()")


@contextmanager
def owner():
    """Inside, connections stay the login that owns the tables."""
    from django.db import connections

    from config.postgres import base

    before, base.as_owner = base.as_owner, True
    try:
        yield
    finally:
        base.as_owner = before
        connections.close_all()


def build(connection, *, verbosity: int) -> None:
    """Create, migrate and fill the test database `connection` names, then copy its start aside."""
    from django.core.management import call_command, get_commands

    with owner():
        connection.creation.create_test_db(verbosity=max(verbosity - 1, 0), autoclobber=True, serialize=False)
    if "load_reference" in get_commands():
        call_command("load_reference", verbosity=0)
    superuser(connection.settings_dict).execute(COPY_ASIDE)


def server(settings: dict) -> psycopg.Connection:
    return superuser({**settings, "NAME": "postgres"})


def drop(settings: dict, name: str) -> None:
    server(settings).execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))


def build_or_clone(connection, *, worker: str, verbosity: int) -> None:
    """Without workers, build. With workers, the first builds a template and each clones it."""
    if not worker:
        build(connection, verbosity=verbosity)
        return
    from django.conf import settings

    folder = Path(os.environ["MINGJIAN_TEST_RUN"])
    test_name = connection.creation._get_test_db_name()
    template = test_name.removesuffix(f"_{worker}") + "_template"
    with (folder / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        built = folder / "template.built"
        if not built.exists():
            connection.settings_dict["TEST"]["NAME"] = template
            build(connection, verbosity=verbosity)
            connection.settings_dict["TEST"]["NAME"] = test_name
            close()
            built.touch()
        connection.close()
        drop(connection.settings_dict, test_name)
        server(connection.settings_dict).execute(
            SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(test_name), Identifier(template))
        )
        # The last worker to have cloned it drops the template.
        cloned = folder / f"cloned.{worker}"
        cloned.touch()
        if len(list(folder.glob("cloned.*"))) == int(os.environ["PYTEST_XDIST_WORKER_COUNT"]):
            drop(connection.settings_dict, template)
    settings.DATABASES[connection.alias]["NAME"] = test_name
    connection.settings_dict["NAME"] = test_name


_clone_of_county: list[str] = []


@contextmanager
def in_county(*, commits: bool = False):
    """Inside, this process works on a database with the demo county in it; whoever commits there leaves it to nobody."""
    from django.conf import settings
    from django.db import connection

    plain = connection.settings_dict["NAME"]
    if not _clone_of_county:
        _clone_of_county.append(_copy_of_county(connection, plain))
        if _county_files().exists():
            shutil.copytree(_county_files(), settings.MEDIA_ROOT, dirs_exist_ok=True)
    _turn_to(connection, _clone_of_county[0])
    try:
        yield
    finally:
        if commits:
            _clone_of_county.clear()
        _turn_to(connection, plain)


def _county_files() -> Path:
    return Path(os.environ["MINGJIAN_TEST_RUN"]) / "county-files"


def _turn_to(connection, name: str) -> None:
    from django.db import connections

    connections.close_all()
    # The threads of a live server share this dictionary.
    connection.settings_dict["NAME"] = name


def _copy_of_county(connection, plain: str) -> str:
    """The name of a copy of the county's database; the first process to ask makes the original from its own."""
    copy, original = made_here(plain)
    with (Path(os.environ["MINGJIAN_TEST_RUN"]) / "county.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        made = lock.read()
        if not made:
            _make_county(connection, plain, original)
            lock.write(original)
            lock.flush()
        _copy(connection.settings_dict, made or original, copy)
    return copy


def made_here(plain: str) -> tuple[str, str]:
    """The county's databases that this process may have made: its copy, and the original."""
    return f"{plain}_county", f"{plain}_county_start"


def _copy(settings: dict, original: str, copy: str) -> None:
    close()
    drop(settings, copy)
    # A template has no sessions; one of a finished thread may still be on its way out.
    server(settings).execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [original])
    server(settings).execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(copy), Identifier(original)))


def _make_county(connection, plain: str, original: str) -> None:
    from django.conf import settings
    from django.db import connections

    from desk import demo

    connections.close_all()
    _copy(connection.settings_dict, plain, original)
    _turn_to(connection, original)
    try:
        demo.load()
        session = superuser(connection.settings_dict)
        session.execute("DROP SCHEMA test_start CASCADE")
        session.execute(COPY_ASIDE)
        session.execute("VACUUM ANALYZE")
        if Path(settings.MEDIA_ROOT).exists():
            shutil.copytree(settings.MEDIA_ROOT, _county_files(), dirs_exist_ok=True)
    finally:
        close()
        _turn_to(connection, plain)
