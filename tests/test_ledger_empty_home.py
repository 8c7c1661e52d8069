"""A dry run on a home that holds nothing yet: the key comes out, and nothing is written."""

import json
import os
import subprocess
import sys

import psycopg
import pytest
from django.db import connection
from psycopg.sql import SQL, Identifier

from tests.database import drop, server
from tests.ledgers import KEY, ROOT, WORKBOOK


@pytest.fixture
def empty_home(django_db_setup, tmp_path):
    """The environment of a new, migrated home, and its database's address."""
    names = connection.settings_dict
    name = f"{names['NAME']}_empty"
    drop(names, name)
    server(names).execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    url = f"postgresql://{names['USER']}:{names['PASSWORD']}@/{name}?host={names['HOST']}"
    if names["PORT"]:
        url += f"&port={names['PORT']}"
    environment = {**os.environ, "DATABASE_URL": url, "MINGJIAN_HOME": str(tmp_path)}
    manage(environment, "migrate", "--verbosity=0")
    yield environment, url
    drop(names, name)


def manage(environment, *arguments):
    return subprocess.run(
        [sys.executable, ROOT / "manage.py", *arguments], env=environment, check=True, capture_output=True, text=True
    )


def rows(url):
    """How many rows each table holds, the migrations' own records apart."""
    with psycopg.connect(url) as session:
        tables = session.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        names = [name for (name,) in tables.fetchall()]
        return {
            name: session.execute(SQL("SELECT count(*) FROM {}").format(Identifier(name))).fetchone() for name in names
        }


@pytest.mark.slow
def test_a_dry_run_on_an_empty_home_prints_the_key_and_writes_nothing(empty_home):
    environment, url = empty_home
    key, before = json.loads(KEY.read_text()), rows(url)

    done = manage(environment, "import_ledger", str(WORKBOOK), "--dry-run", "--json")

    assert json.loads(done.stdout) == {name: key[name] for name in ("rows", "statement_lines", "gates", "statement")}
    assert rows(url) == before
