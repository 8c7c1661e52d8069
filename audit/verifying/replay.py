"""Replaying events against the rows: every column of every row must be what its events made it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.utils.translation import gettext as _
from psycopg import sql

from audit.verifying.result import Result
from audit.verifying.streams import stream
from audit.walls import Trailed

Image = dict[str, str | None]
MISSING = object()


def image_of(row: Image, trailed: Trailed) -> Image:
    """How a row appears in an event: `audit_image()` of functions.sql once more, to check that one too."""
    if not trailed.salt and not trailed.digest:
        return row
    image = dict(row)
    salt_text = row.get(trailed.salt) if trailed.salt else ""
    salt = (salt_text or "").encode()
    if trailed.salt and salt_text is not None:
        image[trailed.salt] = sha256(salt).hexdigest()
    for name in trailed.digest:
        value = row.get(name)
        if value is not None:
            digest = sha256(salt + f"{name}:{value}".encode()).hexdigest()
            image[name] = "unlinked" if salt_text is None else digest
    return image


def replay_table(trailed: Trailed, result: Result) -> None:
    """Events and rows of one table, side by side in the order of the primary key's text."""
    expected = _expected(trailed, result)
    actual = _rows(trailed)
    event_row, row = next(expected, None), next(actual, None)
    while event_row or row:
        if event_row and (row is None or event_row.key_bytes < row[0].encode()):
            if event_row.state is not None:
                text = _("%(table)s #%(row)s: the row was removed behind the trail's back.")
                _report(result, "missing", text, trailed, event_row.key, event=event_row.last_event)
            event_row = next(expected, None)
        elif row and (event_row is None or row[0].encode() < event_row.key_bytes):
            result.rows += 1
            text = _("%(table)s #%(row)s: the row was added behind the trail's back.")
            _report(result, "extra", text, trailed, row[0])
            row = next(actual, None)
        elif event_row and row:
            result.rows += 1
            _compare(trailed, event_row, row[1], result)
            event_row, row = next(expected, None), next(actual, None)


@dataclass
class Expected:
    """A row as its events left it; `state` is None where they removed it."""

    key: str
    state: Image | None
    last_event: int

    @property
    def key_bytes(self) -> bytes:
        return self.key.encode()


def _expected(trailed: Trailed, result: Result) -> Iterator[Expected]:
    events = stream(
        "SELECT row_id, id, op, payload, reason FROM audit_event WHERE table_name = %s AND op <> 'R'"
        ' ORDER BY row_id COLLATE "C", id',
        [trailed.table],
    )
    for key, of_row in groupby(events, key=itemgetter(0)):
        replay = _Replay(trailed, key, result)
        for _key, event_id, op, payload, reason in of_row:
            replay.apply(event_id, op, payload, reason)
        yield Expected(key, replay.state, replay.last_event)


class _Replay:
    def __init__(self, trailed: Trailed, key: str, result: Result):
        self.trailed, self.key, self.result = trailed, key, result
        self.state: Image | None = None
        self.last_event = 0

    def apply(self, event_id: int, op: str, payload: str, reason: str) -> None:
        self.last_event = event_id
        try:
            data = json.loads(payload)
            if op == "U":
                self._update(event_id, data)
            elif op == "D":
                self._agree(event_id, data, set())
                self.state = None
            elif op == "B":
                retyped = {mark[1:] for mark in reason.split() if mark[0] == "~"}
                if self.state is not None:
                    self._agree(event_id, data, retyped)
                self.state = data
            else:
                if self.state is not None:
                    self._break(event_id, "", None, None)
                self.state = data
        except (ValueError, TypeError, AttributeError):
            self._break(event_id, "", None, None)

    def _update(self, event_id: int, data: dict[str, list[str | None]]) -> None:
        if self.state is None:
            self._break(event_id, "", None, None)
            self.state = {}
        for column, (before, after) in data.items():
            if self.state and self.state.get(column, MISSING) != before:
                self._break(event_id, column, self.state.get(column), before)
            self.state[column] = after

    def _agree(self, event_id: int, data: Image, except_for: set[str]) -> None:
        if self.state is None:
            self._break(event_id, "", None, None)
            return
        for column, value in data.items():
            if column in self.state and column not in except_for and self.state[column] != value:
                self._break(event_id, column, self.state[column], value)

    def _break(self, event_id: int, column: str, expected: str | None, found: str | None) -> None:
        """The event does not follow from the one before it."""
        if column:
            text = _(
                "%(table)s #%(row)s %(column)s: the event %(event)s found “%(found)s”, "
                "though the events before it had left “%(expected)s”."
            )
        else:
            text = _("%(table)s #%(row)s: the event %(event)s does not follow from those before it.")
        values = {"expected": _shown(expected), "found": _shown(found)}
        _report(self.result, "chain", text, self.trailed, self.key, column, event=event_id, **values)


def _rows(trailed: Trailed) -> Iterator[tuple[str, Image]]:
    key = sql.Identifier(trailed.key)
    query = sql.SQL(
        'SELECT t.{key}::text, hstore_to_json(hstore(t))::text FROM {table} AS t ORDER BY t.{key}::text COLLATE "C"'
    ).format(key=key, table=sql.Identifier(trailed.table))
    for key_text, row in stream(query):
        yield key_text, image_of(json.loads(row), trailed)


def _compare(trailed: Trailed, expected: Expected, image: Image, result: Result) -> None:
    if expected.state is None:
        text = _("%(table)s #%(row)s: the row stands, though its events removed it.")
        _report(result, "extra", text, trailed, expected.key, event=expected.last_event)
        return
    if trailed.salt and image.get(trailed.salt) is None:
        result.unlinked += 1
    if image == expected.state:
        return
    for column in sorted(image.keys() | expected.state.keys()):
        should, found = expected.state.get(column, MISSING), image.get(column, MISSING)
        if should == found:
            continue
        text = _("%(table)s #%(row)s %(column)s: expected “%(expected)s”, found “%(found)s”.")
        values = {"expected": _shown(should), "found": _shown(found)}
        _report(result, "row", text, trailed, expected.key, column, event=expected.last_event, **values)


def _shown(value: Any) -> str:
    if value is MISSING:
        return "∅"
    if value is None:
        return "NULL"
    return value if len(value) <= 80 else value[:77] + "…"


def _report(
    result: Result,
    kind: str,
    text: str,
    trailed: Trailed,
    key: str,
    column: str = "",
    *,
    event: int | None = None,
    **values: Any,
) -> None:
    values = {"table": trailed.table, "row": key, "column": column, "event": event, **values}
    result.add(kind, text % values, event=event, table=trailed.table, row=key, column=column)
