"""Sealing: events become leaves of a Merkle tree, and its root is signed.

Only events of transactions below the horizon are taken: every transaction below it has ended, so no late commit
can slip in before what is sealed. `verify_trail` relies on this to name insertions.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, Min, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import anchor, declaring, merkle, notes
from audit.models import Alarm, Checkpoint, Epoch, Event, Leaf

LOCK = 0x6D6A_0002
BATCH = 50_000
ALARM_AFTER = timedelta(minutes=5)

# The leaf's fields, in this order; times as microseconds since 1970.
LEAF_COLUMNS = (
    "e.id, e.xid, (extract(epoch FROM e.at) * 1000000)::bigint, e.actor_id, e.post_id, e.step, e.reason, e.clause,"
    " e.request_id, e.db_user, e.declared, e.token, e.table_name, e.row_id, e.op, e.payload"
)
# Every transaction of this database below the horizon has ended. A transaction still running in another database
# of the same server holds the snapshot back too, but cannot write here, and is left out where its lock shows it.
HORIZON = """
WITH now_running AS MATERIALIZED (
  SELECT pg_snapshot_xmax(s)::text::bigint AS beyond, x::text::bigint AS xid
  FROM pg_current_snapshot() AS s LEFT JOIN LATERAL pg_snapshot_xip(s) AS x ON true
), elsewhere AS MATERIALIZED (
  SELECT l.transactionid::text::bigint AS short_xid FROM pg_locks l JOIN pg_stat_activity a USING (pid)
  WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted
    AND a.datid <> (SELECT oid FROM pg_database WHERE datname = current_database())
)
SELECT coalesce(min(xid) FILTER (WHERE (xid & 4294967295) NOT IN (SELECT short_xid FROM elsewhere)), min(beyond))
FROM now_running
"""
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class SealingStopped(Exception):
    """What is sealed so far is not what we signed. A person has to look before anything is signed on top."""


@dataclass(frozen=True)
class Sealed:
    size: int
    root: bytes
    new: int
    note: str = ""


def leaf_bytes(fields: Iterable[Any]) -> bytes:
    """What is hashed: the event's columns as a JSON array in UTF-8 without spaces."""
    return _encode(list(fields)).encode()


def seal() -> Sealed:
    """Seal everything that can be sealed now. Two sealers at once do no harm: the second finds nothing."""
    before = _stand()
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            done = _seal_all(cursor)
    except SealingStopped as stop:
        raise_alarm(Alarm.Kind.ANCHOR, str(before.size), str(stop))
        raise
    if done.new or not anchor.last():
        _keep_outside(done)
    _watch_lag()
    return done


def _stand() -> Sealed:
    last = Checkpoint.objects.last()
    if last is None:
        return Sealed(0, merkle.EMPTY, 0)
    return Sealed(last.tree_size, bytes(last.root), 0, last.note)


def _seal_all(cursor: Any) -> Sealed:
    tree, last = _resume()
    cursor.execute(HORIZON)
    horizon = cursor.fetchone()[0]
    system = _system_identifier(cursor)
    epoch = Epoch.objects.last()
    if epoch is None or epoch.system_identifier != system:
        # In a new cluster transaction numbers start anew: take all that is there, whatever its number.
        new = _grow(cursor, tree, "SELECT id FROM audit_event", [])
        boundary = Event.objects.order_by("pk").values_list("pk", flat=True).last() or 0
        epoch = Epoch.objects.create(
            system_identifier=system, boundary_event_id=boundary, horizon=horizon, at=timezone.now()
        )
    else:
        mark = last.horizon if last and last.epoch_id == epoch.pk else epoch.horizon
        window = "SELECT id FROM audit_event WHERE xid >= %s AND xid < %s"
        new = _grow(cursor, tree, window, [mark, horizon])
    if not new:
        return _stand()
    signed = notes.write(tree.size, tree.root(), _key(fresh=last is None))
    Checkpoint.objects.create(
        tree_size=tree.size,
        root=signed.root,
        frontier=tree.to_bytes(),
        epoch_id=epoch.pk,
        horizon=horizon,
        at=timezone.now(),
        note=signed.note,
        key_id=signed.key_id,
    )
    return Sealed(tree.size, signed.root, new, signed.note)


def _resume() -> tuple[merkle.Frontier, Checkpoint | None]:
    """The tree as last signed. Nothing is signed on top of what does not carry our signature."""
    last = Checkpoint.objects.last()
    if last is None:
        return merkle.Frontier(), None
    tree = merkle.Frontier.from_bytes(last.tree_size, bytes(last.frontier))
    try:
        signed = notes.read(last.note, notes.trusted_keys())
    except notes.BadNote as fault:
        raise SealingStopped(
            _("the last checkpoint (%(size)d events) cannot be relied on: %(why)s")
            % {"size": last.tree_size, "why": fault}
        ) from fault
    if (signed.size, signed.root) != (last.tree_size, tree.root()) or bytes(last.root) != signed.root:
        raise SealingStopped(
            _("the last checkpoint (%(size)d events) does not say what was signed") % {"size": last.tree_size}
        )
    return tree, last


def _key(*, fresh: bool) -> notes.Ed25519PrivateKey:
    key = notes.signing_key(make=fresh)
    if key is None:
        raise SealingStopped(_("the signing key is missing (%(file)s)") % {"file": notes.KEY_FILE})
    return key


def _grow(cursor: Any, tree: merkle.Frontier, window: str, bounds: list[int]) -> int:
    """Append every event of the window that has no leaf yet, in the order of their ids."""
    grown = 0
    while True:
        cursor.execute(
            f"WITH found AS MATERIALIZED ({window}) SELECT found.id FROM found"
            " LEFT JOIN audit_leaf ON audit_leaf.event_id = found.id WHERE audit_leaf.event_id IS NULL"
            " ORDER BY found.id LIMIT %s",
            [*bounds, BATCH],
        )
        ids = [row[0] for row in cursor.fetchall()]
        if not ids:
            return grown
        cursor.execute(
            f"SELECT {LEAF_COLUMNS} FROM audit_event e WHERE e.id = ANY (%s) ORDER BY e.id",
            [ids],
        )
        leaves = [(row[0], merkle.leaf_hash(leaf_bytes(row))) for row in cursor.fetchall()]
        with cursor.copy("COPY audit_leaf (position, event_id, hash) FROM STDIN") as copy:
            for event_id, leaf in leaves:
                copy.write_row((tree.size, event_id, leaf))
                tree.add(leaf)
        grown += len(leaves)


def _system_identifier(cursor: Any) -> str:
    cursor.execute("SELECT has_function_privilege('pg_control_system()', 'EXECUTE')")
    if not cursor.fetchone()[0]:
        return ""
    cursor.execute("SELECT system_identifier FROM pg_control_system()")
    return str(cursor.fetchone()[0])


def _keep_outside(done: Sealed) -> None:
    """Keep the checkpoint outside, unless the one kept there says that our trail lost something."""
    if not done.note:
        return
    kept = anchor.last()
    if kept is not None and (what := contradiction(kept)):
        raise_alarm(Alarm.Kind.ANCHOR, kept.split("\n")[1], what)
        return
    anchor.keep(done.note)


def contradiction(kept: str) -> str:
    """How the trail fails to extend the checkpoint kept outside; empty when it does as far as can be seen here.

    Only what was signed is compared; `verify_trail` computes the tree.
    """
    try:
        outside = notes.read(kept, notes.trusted_keys())
    except notes.BadNote as fault:
        return str(fault)
    size = _stand().size
    if size < outside.size:
        return f"{size} < {outside.size}"
    same = Checkpoint.objects.filter(tree_size=outside.size).first()
    if same is None or bytes(same.root) != outside.root:
        return f"{outside.size}: {outside.root.hex()[:16]} ≠ {bytes(same.root).hex()[:16] if same else '—'}"
    return ""


def lag() -> timedelta | None:
    """How long the oldest event without a seal has waited; None when all are sealed."""
    last = Checkpoint.objects.last()
    epoch = Epoch.objects.last()
    waiting = Event.objects.all()
    if epoch is not None:
        mark = last.horizon if last and last.epoch_id == epoch.pk else epoch.horizon
        sealed = Leaf.objects.filter(event_id=OuterRef("pk"))
        waiting = waiting.filter(~Exists(sealed), xid__gte=mark)
    oldest = waiting.aggregate(oldest=Min("at"))["oldest"]
    return timezone.now() - oldest if oldest else None


def _watch_lag() -> None:
    """What is still unsealed after sealing is held up by a transaction that never ends."""
    if (waited := lag()) and waited > ALARM_AFTER:
        now = timezone.now()
        raise_alarm(Alarm.Kind.LAG, f"{now:%Y-%m-%dT%H}", f"{timezone.localtime(now - waited):%Y-%m-%d %H:%M}")


def raise_alarm(kind: str, key: str, message: str) -> None:
    """Raise it once for this key; saying it again changes nothing."""
    with transaction.atomic():
        if declaring.current() is None:
            declaring.declare(actor=0, step="seal")
        if not Alarm.objects.filter(kind=kind, key=key).exists():
            Alarm.objects.create(kind=kind, key=key, at=timezone.now(), message=message)
