"""The machinery in the database: functions and triggers must be those this code put there."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from audit.sql import text as sql_text
from audit.verifying.result import Result
from audit.verifying.streams import rows
from audit.walls import Trailed, append_only_tables, triggers

APPEND_ONLY = ("audit_event", "audit_leaf", "audit_checkpoint", "audit_epoch")
FUNCTION = re.compile(r"CREATE OR REPLACE FUNCTION (\w+)\(.*?AS \$\$(.*?)\$\$;", re.DOTALL)


def check_functions(result: Result) -> None:
    shipped = dict(FUNCTION.findall(sql_text("functions.sql")))
    standing = dict(
        rows(
            "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname = ANY (%s)",
            [list(shipped)],
        )
    )
    for name, source in shipped.items():
        if standing.get(name) != source:
            text = _("The trail's function %(name)s in the database is not the one this software brings.")
            result.add("function", text % {"name": name})


def check_triggers(result: Result, tables: list[Trailed]) -> None:
    in_place = triggers()
    for one in tables:
        if in_place.get(one.table) != (one.arguments, True):
            text = _("%(table)s: the trail's trigger is missing, switched off or altered.")
            result.add("trigger", text % {"table": one.table}, table=one.table)
    guarded = rows(
        "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " WHERE t.tgname = 'append_only' AND t.tgenabled = 'O' AND t.tgtype = 58"
        " AND t.tgfoid = 'audit_append_only'::regproc"
    )
    for table in sorted({*APPEND_ONLY, *append_only_tables()} - {name for (name,) in guarded}):
        text = _("%(table)s: the trigger that keeps it append-only is missing or switched off.")
        result.add("trigger", text % {"table": table}, table=table)
