"""The sealed part: leaves against events, checkpoints against leaves, outside checkpoints against both."""

from __future__ import annotations

from django.utils.translation import gettext as _

from audit import merkle, notes
from audit.seal import HORIZON, LEAF_COLUMNS, leaf_bytes
from audit.verifying.declarations import Declarations
from audit.verifying.result import Result
from audit.verifying.streams import rows, stream

Outside = tuple[str, notes.SignedRoot]


def check_leaves(
    result: Result, keys: list[notes.PublicKey], wanted: set[int], declarations: Declarations
) -> dict[int, bytes]:
    """Walk the tree from its first leaf; returns the roots it had at the sizes `wanted`."""
    tree = merkle.Frontier()
    roots = {0: merkle.EMPTY}
    checkpoints = _Checkpoints(result, keys)
    position_due = 0
    leaves = stream(
        f"SELECT l.position, l.event_id, l.hash, {LEAF_COLUMNS} FROM audit_leaf l"
        " LEFT JOIN audit_event e ON e.id = l.event_id ORDER BY l.position"
    )
    for position, event_id, stored, *fields in leaves:
        if position != position_due:
            text = _("Of the sealed events, %(count)d are gone from the tree before the event %(event)s.")
            result.add("leaf", text % {"count": position - position_due, "event": event_id}, event=event_id)
        position_due = position + 1
        if fields[0] is None:
            result.add("removed", _("The event %(event)s was removed.") % {"event": event_id}, event=event_id)
        else:
            result.events += 1
            result.sealed += 1
            if merkle.leaf_hash(leaf_bytes(fields)) != bytes(stored):
                text = _("The event %(event)s was altered after it was sealed.")
                result.add("altered", text % {"event": event_id}, event=event_id, table=fields[12], row=fields[13])
            declarations.check(fields)
        tree.add(bytes(stored))
        if tree.size in wanted:
            roots[tree.size] = tree.root()
        checkpoints.passed(tree, event_id)
    checkpoints.close(tree)
    result.size, result.root = tree.size, tree.root()
    roots[tree.size] = result.root
    return roots


class _Checkpoints:
    """The checkpoints in the database, compared as the walk passes their sizes."""

    def __init__(self, result: Result, keys: list[notes.PublicKey]):
        self.result, self.keys = result, keys
        self.found = stream("SELECT tree_size, root, frontier, note FROM audit_checkpoint ORDER BY tree_size")
        self.due = next(self.found, None)
        self.first_since: int | None = None
        self.broken = False

    def passed(self, tree: merkle.Frontier, event_id: int) -> None:
        if self.first_since is None:
            self.first_since = event_id
        while self.due and self.due[0] <= tree.size:
            size, root, frontier, note = self.due
            self._compare(size, bytes(root), bytes(frontier), note, tree, event_id)
            self.result.note = note
            self.first_since = None
            self.due = next(self.found, None)

    def _compare(
        self, size: int, root: bytes, frontier: bytes, note: str, tree: merkle.Frontier, event_id: int
    ) -> None:
        try:
            signed = notes.read(note, self.keys)
        except notes.BadNote as fault:
            text = _("The checkpoint of %(size)d events is not ours: %(why)s.")
            self.result.add("signature", text % {"size": size, "why": fault})
            return
        if (signed.size, signed.root) != (size, root):
            self.result.add("signature", _("The checkpoint of %(size)d events was altered.") % {"size": size})
        if self.broken or (signed.root == tree.root() and frontier == tree.to_bytes()):
            return
        # Every later root differs too; the first tells where.
        self.broken = True
        text = _(
            "Among the events %(first)s to %(last)s something was altered together with its seal: "
            "the signed root of %(size)d events does not come out."
        )
        values = {"first": self.first_since or event_id, "last": event_id, "size": size}
        self.result.add("root", text % values, event=self.first_since or event_id)

    def close(self, tree: merkle.Frontier) -> None:
        beyond = [self.due, *self.found] if self.due else []
        if beyond:
            text = _("The tail was cut off: a checkpoint counts %(more)d events, only %(size)d are sealed.")
            self.result.add("truncated", text % {"more": beyond[-1][0], "size": tree.size})
            self.result.note = beyond[-1][3]
        elif self.first_since is not None:
            text = _("From the event %(event)s on, seals lie in the table that no checkpoint signs.")
            self.result.add("unsigned", text % {"event": self.first_since}, event=self.first_since)


def check_outside(result: Result, outside: list[Outside], roots: dict[int, bytes]) -> None:
    """The trail of today must extend each checkpoint kept outside, and is proved to (RFC 9162 §2.1.4)."""
    for name, signed in outside:
        if signed.size > result.size:
            text = _("The tail was cut off: %(name)s counts %(more)d events, only %(size)d are sealed.")
            result.add("truncated", text % {"name": name, "more": signed.size, "size": result.size})
            continue
        proof: list[bytes] = []
        good = roots.get(signed.size) == signed.root
        if good and 0 < signed.size < result.size:
            proof = merkle.consistency_proof(signed.size, result.size, _subtree)
            good = merkle.verify_consistency(signed.size, result.size, proof, signed.root, result.root)
        if not good:
            text = _("The trail was written anew: its first %(size)d events are not those of %(name)s.")
            result.add("rewritten", text % {"size": signed.size, "name": name})
            continue
        result.extends.append(
            {
                "from": name,
                "old_size": signed.size,
                "new_size": result.size,
                "proof": [node.hex() for node in proof],
            }
        )


def _subtree(start: int, end: int) -> bytes:
    hashes = stream(
        "SELECT hash FROM audit_leaf WHERE position >= %s AND position < %s ORDER BY position", [start, end]
    )
    return merkle.root_of(bytes(found) for (found,) in hashes)


def check_tail(result: Result, declarations: Declarations) -> None:
    """Events without a seal: the tail, if their transaction is not older than what has been sealed."""
    epochs = rows("SELECT id, system_identifier, horizon FROM audit_epoch ORDER BY id DESC LIMIT 1")
    last = rows("SELECT epoch_id, horizon FROM audit_checkpoint ORDER BY tree_size DESC LIMIT 1")
    mark = 0
    if epochs and epochs[0][1] == _system():
        mark = last[0][1] if last and last[0][0] == epochs[0][0] else epochs[0][2]
    horizon = rows(HORIZON)[0][0]
    overdue = 0
    tail = stream(
        f"SELECT e.at < now() - interval '5 minutes', {LEAF_COLUMNS} FROM audit_event e"
        " WHERE NOT EXISTS (SELECT FROM audit_leaf l WHERE l.event_id = e.id) ORDER BY e.id"
    )
    for old, *fields in tail:
        result.events += 1
        declarations.check(fields)
        event_id, xid = fields[0], fields[1]
        if xid < mark:
            text = _("The event %(event)s was inserted among sealed ones.")
            result.add("inserted", text % {"event": event_id}, event=event_id, table=fields[12], row=fields[13])
            continue
        result.unsealed += 1
        result.first_unsealed = result.first_unsealed or event_id
        overdue += bool(old and xid < horizon)
    if overdue:
        text = _("%(count)d events have waited for their seal for over five minutes: is the sealer running?")
        result.warnings.append(text % {"count": overdue})


def _system() -> str:
    if not rows("SELECT has_function_privilege('pg_control_system()', 'EXECUTE')")[0][0]:
        return ""
    return str(rows("SELECT system_identifier FROM pg_control_system()")[0][0])
