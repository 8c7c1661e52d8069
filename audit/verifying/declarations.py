"""Who an event says acted: by a declaration whose key the database does not have."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from audit import declaring
from audit.verifying.result import Result
from audit.verifying.streams import rows


class Declarations:
    """Checks each event's token. `fields` are the leaf's columns."""

    def __init__(self, result: Result):
        self.result = result
        self.key = bool(settings.TRAIL_KEY)
        if not self.key:
            result.warnings.append(_("TRAIL_KEY is not set: who acted was not checked."))
        self.good: tuple[Any, ...] | None = None

    def check(self, fields: Sequence[Any]) -> None:
        event_id, declared, op = fields[0], fields[10], fields[14]
        if not declared:
            if op not in "IUD":
                text = _("The event %(event)s was written by hand: nobody declared it.")
                self.result.add("token", text % {"event": event_id}, event=event_id)
            return
        # Events of one transaction mostly say the same.
        said = (*fields[3:9], fields[11])
        if not self.key or said == self.good:
            return
        if not hmac.compare_digest(declaring.token(*said[:-1]), said[-1]):
            text = _("The event %(event)s carries a declaration that the application did not make.")
            self.result.add("token", text % {"event": event_id}, event=event_id, table=fields[12], row=fields[13])
            return
        self.good = said

    def check_requests(self) -> None:
        """A request is one transaction: its declaration found under a second one was copied there."""
        copied = rows(
            "SELECT DISTINCT ON (e.request_id) e.id, e.table_name, e.row_id FROM audit_event e JOIN ("
            "   SELECT request_id, (array_agg(xid ORDER BY id))[1] AS first_xid FROM audit_event"
            "   WHERE declared GROUP BY request_id HAVING min(xid) <> max(xid)) r USING (request_id)"
            " WHERE e.declared AND e.xid <> r.first_xid ORDER BY e.request_id, e.id"
        )
        for event_id, table, row in sorted(copied):
            text = _("The event %(event)s carries a declaration copied from another transaction.")
            self.result.add("copied", text % {"event": event_id}, event=event_id, table=table, row=row)

    def check_alarms(self) -> None:
        """An undeclared write alarms in the same transaction; without its alarm it was written by hand."""
        silent = rows(
            "SELECT min(e.id) FROM audit_event e WHERE NOT e.declared AND NOT EXISTS ("
            "   SELECT FROM audit_alarm a WHERE a.kind = 'undeclared' AND a.xid = e.xid)"
            " GROUP BY e.xid ORDER BY 1"
        )
        for (event_id,) in silent:
            text = _("The undeclared event %(event)s raised no alarm: it was written by hand, or its alarm removed.")
            self.result.add("no_alarm", text % {"event": event_id}, event=event_id)
