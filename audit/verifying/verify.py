"""One verification, from one snapshot of the database."""

from __future__ import annotations

from pathlib import Path

from django.db import connection, transaction
from django.utils.translation import gettext as _

from audit import anchor, notes
from audit.verifying import machinery, replay, sealed
from audit.verifying.declarations import Declarations
from audit.verifying.result import Result
from audit.verifying.streams import rows
from audit.walls import trailed
from config.postgres.base import APP_ROLE

# Values print as the row trigger prints them.
PRINTING = {
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "mingjian.institutions": "*",
    "mingjian.identity": "*",
}


def verify(*, checkpoint: Path | None = None, public_key: Path | None = None) -> Result:
    """Read everything again. `checkpoint` is an older note, `public_key` the key to trust instead of ours."""
    result = Result()
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        _settle()
        keys = _keys(result, public_key)
        outside = _outside(result, keys, checkpoint)
        declarations = Declarations(result)
        roots = sealed.check_leaves(result, keys, {signed.size for _name, signed in outside}, declarations)
        sealed.check_outside(result, outside, roots)
        sealed.check_tail(result, declarations)
        declarations.check_requests()
        declarations.check_alarms()
        tables = trailed()
        machinery.check_functions(result)
        machinery.check_triggers(result, tables)
        _replay(result, tables)
    return result


def _settle() -> None:
    """The settings of this transaction; without the owner's rights, the application's, which see every row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege('audit_event', 'SELECT')")
        if not cursor.fetchone()[0]:
            cursor.execute(f"SET LOCAL ROLE {APP_ROLE}")
        for name, value in PRINTING.items():
            cursor.execute("SELECT set_config(%s, %s, true)", [name, value])


def _keys(result: Result, file: Path | None) -> list[notes.PublicKey]:
    keys = notes.trusted_keys(file)
    if not keys and rows("SELECT EXISTS (SELECT FROM audit_checkpoint)")[0][0]:
        result.add("key", _("There is no public key here to check the seals with."))
    return keys


def _outside(result: Result, keys: list[notes.PublicKey], file: Path | None) -> list[sealed.Outside]:
    found = []
    kept = anchor.last()
    for name, note in (
        (_("the checkpoint kept outside the database"), kept),
        (str(file), file.read_text(encoding="utf-8") if file else None),
    ):
        if note is None:
            continue
        try:
            found.append((name, notes.read(note, keys)))
        except notes.BadNote as fault:
            text = _("%(name)s cannot be relied on: %(why)s.")
            result.add("signature", text % {"name": name, "why": fault})
    return found


def _replay(result: Result, tables: list) -> None:
    with connection.cursor() as cursor:
        standing = set(connection.introspection.table_names(cursor))
    for one in tables:
        if one.table in standing:
            replay.replay_table(one, result)
        else:
            result.add("table", _("%(table)s: the table is gone.") % {"table": one.table}, table=one.table)
