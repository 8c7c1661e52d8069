"""Puts the walls up, again after every migration: the application's role and its rights, a row trigger on
every table of ours, and row level security.

A model says what it needs in two inner classes, read here and nowhere else:

    class Trail:                     # columns shown in events only as salted digests
        digest = ("name",)
        salt = "salt"                # the row's own salt column; without one the digest is unsalted
        append_only = True           # no row is ever changed or deleted, by whomsoever

    class Walls:                     # who may see a row
        institution = "institution_id"                       # by this column, or
        via = ("referral_id", "referrals_referral")          # as the row that this column points at
        identity = True              # and only where patients' identities may be read
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import ProgrammingError, connection, models, transaction
from psycopg import sql

from audit import declaring
from audit.exempt import EXEMPT
from audit.sql import text
from config.postgres.base import APP_ROLE

# Tables of others that decide who may see a case.
ALSO_TRAILED = {"guardian"}
OURS_ALONE = (
    "audit_event",
    "audit_leaf",
    "audit_checkpoint",
    "audit_epoch",
    "audit_trailed",
    "django_migrations",
)
LOCK = 0x6D6A_0001
MIGRATE = "migrate"


@dataclass(frozen=True)
class Trailed:
    """A table that the trail watches, and how its rows look there."""

    table: str
    key: str
    salt: str = ""
    digest: tuple[str, ...] = ()

    @property
    def arguments(self) -> list[str]:
        return [self.key, self.salt, *self.digest] if self.digest or self.salt else [self.key]

    @classmethod
    def of(cls, model: type[models.Model]) -> Trailed:
        trail = getattr(model, "Trail", None)
        key = model._meta.pk.column if model._meta.pk else "id"
        return cls(model._meta.db_table, key, getattr(trail, "salt", ""), tuple(getattr(trail, "digest", ())))


def our_models() -> list[type[models.Model]]:
    """Every model with a table of the project's own apps, automatic many-to-many tables too."""
    base = Path(settings.BASE_DIR)
    ours = [config for config in apps.get_app_configs() if Path(config.path).parent == base]
    found = [model for config in ours for model in config.get_models(include_auto_created=True)]
    return [model for model in found if model._meta.managed and not model._meta.proxy]


def trailed() -> list[Trailed]:
    """The tables that carry the row trigger, by name."""
    found = [Trailed.of(model) for model in our_models() if model._meta.db_table not in EXEMPT]
    for label in ALSO_TRAILED:
        if apps.is_installed(label):
            found += [Trailed.of(model) for model in apps.get_app_config(label).get_models()]
    return sorted(found, key=lambda one: one.table)


def append_only_tables() -> list[str]:
    """The tables whose rows stay as they were written, by their models' word."""
    kept = [model for model in our_models() if getattr(getattr(model, "Trail", None), "append_only", False)]
    return sorted(model._meta.db_table for model in kept)


def keep_append_only(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(
                "CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {0}"
                " FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();"
                " ALTER TABLE {0} ENABLE TRIGGER append_only"
            ).format(sql.Identifier(table))
        )


@transaction.atomic
def build() -> None:
    """Make the database's walls as this code wants them. Runs as the owner; doing it again changes nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        cursor.execute("SELECT to_regclass('audit_event') IS NOT NULL AND to_regclass('audit_trailed') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return
        # The connection may have stepped down before it was told to stay the owner.
        cursor.execute("RESET ROLE")
        cursor.execute(text("functions.sql"))
        ensure_role(cursor)
        grant(cursor)
        standing = set(connection.introspection.table_names(cursor))
    declaring.declare(actor=0, step=MIGRATE, institutions="*", identity="*")
    watch([one for one in trailed() if one.table in standing])
    for table in append_only_tables():
        if table in standing:
            keep_append_only(table)
    for model in our_models():
        if model._meta.db_table in standing:
            wall(model)


def ensure_role(cursor) -> None:
    """The role that owns nothing. Creating it needs CREATEROLE once; afterwards membership is enough."""
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APP_ROLE])
    if cursor.fetchone() is None:
        # Roles belong to the whole server: another database's migration may be making it at this moment.
        try:
            cursor.execute(
                f"DO $$ BEGIN CREATE ROLE {APP_ROLE} NOLOGIN;"
                " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
            )
        except ProgrammingError as fault:
            raise ImproperlyConfigured(
                f"The database account may not create roles. Have an administrator run: CREATE ROLE {APP_ROLE}"
                f" NOLOGIN; GRANT {APP_ROLE} TO the accounts of DATABASE_URL and DATABASE_OWNER_URL."
            ) from fault
    logins = {settings.DATABASES["default"].get("USER"), connection.settings_dict.get("USER")} - {
        "",
        None,
        APP_ROLE,
    }
    cursor.execute(
        "SELECT rolname FROM pg_roles WHERE (rolname = ANY (%s) OR rolname = session_user)"
        " AND rolname <> %s AND NOT pg_has_role(oid, %s, %s)",
        [list(logins), APP_ROLE, APP_ROLE, "SET" if _version(cursor) >= 16 else "MEMBER"],
    )
    with_set = sql.SQL(" WITH INHERIT FALSE, SET TRUE" if _version(cursor) >= 16 else "")
    for (login,) in cursor.fetchall():
        cursor.execute(sql.SQL("GRANT {} TO {}{}").format(sql.Identifier(APP_ROLE), sql.Identifier(login), with_set))


def _version(cursor) -> int:
    cursor.execute("SHOW server_version_num")
    return int(cursor.fetchone()[0]) // 10000


def grant(cursor) -> None:
    """The application reads and writes rows; of the trail it may only read events and add seals."""
    role = APP_ROLE
    cursor.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
    cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
    cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}")
    defaults = "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT"
    cursor.execute(f"{defaults} SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}")
    cursor.execute(f"{defaults} USAGE, SELECT ON SEQUENCES TO {role}")
    cursor.execute(f"REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {', '.join(OURS_ALONE)} FROM {role}")
    cursor.execute(f"GRANT INSERT ON audit_leaf, audit_checkpoint, audit_epoch TO {role}")
    cursor.execute(f"REVOKE DELETE ON audit_alarm FROM {role}")
    cursor.execute(f"GRANT EXECUTE ON FUNCTION audit_record_reading(text, text, text) TO {role}")


def triggers() -> dict[str, tuple[list[str], bool]]:
    """The row triggers in the database: table → (arguments, whether the trigger and its TRUNCATE twin fire)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, t.tgargs, t.tgenabled = 'O' AND t.tgqual IS NULL AND t.tgattr = ''"
            "       AND t.tgtype = 29 AND t.tgfoid = 'audit_row'::regproc"
            "       AND EXISTS (SELECT FROM pg_trigger w WHERE w.tgrelid = c.oid AND w.tgenabled = 'O'"
            "                   AND w.tgname = 'audit_truncate' AND w.tgtype = 34)"
            " FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE t.tgname = 'audit_row' AND c.relnamespace = 'public'::regnamespace"
        )
        return {
            table: (bytes(arguments).decode().split("\0")[:-1], fires) for table, arguments, fires in cursor.fetchall()
        }


def watch(tables: list[Trailed]) -> None:
    """Give every table its triggers, and take its rows over where it is new or its columns have changed."""
    # The register of shapes is itself trailed, and has to be so before its first row.
    tables = sorted(tables, key=lambda one: (one.table != "audit_trailed", one.table))
    in_place = triggers()
    for one in tables:
        if in_place.get(one.table) != (one.arguments, True):
            put_triggers(one)
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name, shape FROM audit_trailed")
        known = dict(cursor.fetchall())
    for one in tables:
        take_over(one, known.get(one.table))


def put_triggers(one: Trailed) -> None:
    table = sql.Identifier(one.table)
    arguments = sql.SQL(", ").join(sql.Literal(argument) for argument in one.arguments)
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(
                "CREATE OR REPLACE TRIGGER audit_row AFTER INSERT OR UPDATE OR DELETE ON {}"
                " FOR EACH ROW EXECUTE FUNCTION audit_row({})"
            ).format(table, arguments)
        )
        cursor.execute(
            sql.SQL(
                "CREATE OR REPLACE TRIGGER audit_truncate BEFORE TRUNCATE ON {}"
                " FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()"
            ).format(table)
        )
        cursor.execute(sql.SQL("ALTER TABLE {0} ENABLE TRIGGER audit_row, ENABLE TRIGGER audit_truncate").format(table))


def shape(one: Trailed) -> dict[str, str]:
    """Each column's type, marked where only a digest of it is shown."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            [one.table],
        )
        columns = dict(cursor.fetchall())
    shown = dict.fromkeys(one.digest, f"digest:{one.salt}") | ({one.salt: "salt"} if one.salt else {})
    return {name: f"{kind} {shown.get(name, '')}".strip() for name, kind in columns.items()}


def take_over(one: Trailed, known: str | None) -> None:
    """Write a baseline of every row, where the trail cannot know the rows from their events.

    That is so on two occasions only: the table is new to the trail, or its columns changed. Rows without events
    at any other time are no oversight but tampering, and must stay visible as such.
    """
    now = shape(one)
    if known is not None and json.loads(known) == now:
        return
    before = json.loads(known) if known else {}
    marks = [f"+{name}" for name in now if name not in before] if before else []
    marks += [f"-{name}" for name in before if name not in now]
    marks += [f"~{name}" for name in now if name in before and before[name] != now[name]]
    with connection.cursor() as cursor:
        if known is not None or not _has_events(cursor, one.table):
            with declaring.step(MIGRATE, reason=" ".join(marks)):
                cursor.execute(
                    "SELECT audit_baseline(%s::regclass, %s, %s, %s::text[])",
                    [one.table, one.key, one.salt, list(one.digest)],
                )
        cursor.execute(
            "INSERT INTO audit_trailed (table_name, shape) VALUES (%s, %s)"
            " ON CONFLICT (table_name) DO UPDATE SET shape = excluded.shape",
            [one.table, json.dumps(now)],
        )


def _has_events(cursor, table: str) -> bool:
    cursor.execute("SELECT EXISTS (SELECT FROM audit_event WHERE table_name = %s)", [table])
    return cursor.fetchone()[0]


def condition(model: type[models.Model]) -> sql.Composable | None:
    """Who may see a row of this model, as SQL; None when everybody may."""
    walls = getattr(model, "Walls", None)
    if walls is None:
        return None
    scope = "identity" if getattr(walls, "identity", False) else "institutions"
    everywhere = sql.SQL("(SELECT walls_all({}))").format(sql.Literal(scope))
    if column := getattr(walls, "institution", None):
        return sql.SQL("{} OR {}").format(everywhere, _listed(model, column, scope))
    column, parent_table = walls.via
    parent = next(other for other in our_models() if other._meta.db_table == parent_table)
    inside = sql.SQL("parent.{} = {}.{}").format(
        sql.Identifier(parent._meta.pk.column), sql.Identifier(model._meta.db_table), sql.Identifier(column)
    )
    # The parent's own policy applies inside; identity asks its own list on top of it.
    if scope == "identity":
        own = sql.SQL("parent.{}").format(sql.Identifier(parent.Walls.institution))  # type: ignore[attr-defined]
        inside += sql.SQL(" AND {} = ANY ((SELECT walls_listed('identity'))::bigint[])").format(own)
    linked = sql.SQL("EXISTS (SELECT FROM {} AS parent WHERE {})").format(sql.Identifier(parent_table), inside)
    return sql.SQL("{} OR {}").format(everywhere, _or_null(model, column, linked))


def _listed(model, column: str, scope: str) -> sql.Composable:
    listed = sql.SQL("{} = ANY ((SELECT walls_listed({}))::bigint[])").format(
        sql.Identifier(column), sql.Literal(scope)
    )
    return _or_null(model, column, listed)


def _or_null(model, column: str, rule: sql.Composable) -> sql.Composable:
    """What belongs to no institution is common to all."""
    field = next(field for field in model._meta.local_fields if field.column == column)
    return sql.SQL("{} IS NULL OR {}").format(sql.Identifier(column), rule) if field.null else rule


def wall(model: type[models.Model]) -> None:
    """Row level security for one table, for every role but its owner."""
    rule = condition(model)
    table = sql.Identifier(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relrowsecurity, obj_description(p.oid, 'pg_policy') FROM pg_class c"
            " LEFT JOIN pg_policy p ON p.polrelid = c.oid AND p.polname = 'walls' WHERE c.oid = %s::regclass",
            [model._meta.db_table],
        )
        secured, comment = cursor.fetchone()
        wanted = hashlib.sha256(rule.as_string(connection.connection).encode()).hexdigest() if rule else None
        if comment == wanted and secured == (rule is not None):
            return
        cursor.execute(sql.SQL("DROP POLICY IF EXISTS walls ON {}").format(table))
        if rule is None:
            cursor.execute(sql.SQL("ALTER TABLE {} DISABLE ROW LEVEL SECURITY").format(table))
            return
        cursor.execute(sql.SQL("ALTER TABLE {} ENABLE ROW LEVEL SECURITY").format(table))
        cursor.execute(sql.SQL("CREATE POLICY walls ON {} USING ({})").format(table, rule))
        cursor.execute(sql.SQL("COMMENT ON POLICY walls ON {} IS {}").format(table, sql.Literal(wanted)))
