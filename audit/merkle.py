"""Merkle trees of RFC 9162 §2.1 as pure functions: bytes in, bytes out, no database.

Proofs are lists of 32-byte hashes in the RFC's order. Builders get `subtree(start, end)`, which returns the
root of the leaves start … end−1, so that a proof over millions of leaves need not hold them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

Subtree = Callable[[int, int], bytes]
EMPTY = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """A growing tree, kept as the roots of its perfect subtrees, largest first: log₂(size) hashes."""

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()):
        self.size = size
        self.hashes = list(hashes)
        if len(self.hashes) != size.bit_count():
            raise ValueError(f"A tree of {size} leaves has {size.bit_count()} perfect subtrees.")

    @classmethod
    def from_bytes(cls, size: int, packed: bytes) -> Frontier:
        return cls(size, [packed[start : start + 32] for start in range(0, len(packed), 32)])

    def to_bytes(self) -> bytes:
        return b"".join(self.hashes)

    def add(self, leaf: bytes) -> None:
        """Append a leaf hash."""
        merging = self.size
        while merging & 1:
            leaf = node_hash(self.hashes.pop(), leaf)
            merging >>= 1
        self.hashes.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        if not self.hashes:
            return EMPTY
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = node_hash(left, root)
        return root


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes."""
    tree = Frontier()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


def _split(size: int) -> int:
    """The largest power of two below `size` (for size > 1)."""
    return 1 << (size - 1).bit_length() - 1


def inclusion_proof(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """RFC 9162 §2.1.3.1: that the leaf at `index` is in the tree of the first `size` leaves."""
    if not 0 <= index < size:
        raise ValueError("No such leaf.")

    def path(at: int, start: int, end: int) -> list[bytes]:
        if end - start == 1:
            return []
        middle = start + _split(end - start)
        if at < middle:
            return [*path(at, start, middle), subtree(middle, end)]
        return [*path(at, middle, end), subtree(start, middle)]

    return path(index, 0, size)


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162 §2.1.3.2."""
    if not 0 <= index < size:
        return False
    node, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            found = node_hash(sibling, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and found == root


def consistency_proof(old: int, new: int, subtree: Subtree) -> list[bytes]:
    """RFC 9162 §2.1.4.1: that the tree of `new` leaves extends that of its first `old`."""
    if not 0 < old <= new:
        raise ValueError("The older tree must not be empty, nor larger than the newer.")

    def sub(size: int, start: int, end: int, whole: bool) -> list[bytes]:
        if size == end - start:
            return [] if whole else [subtree(start, end)]
        middle = start + _split(end - start)
        if size <= middle - start:
            return [*sub(size, start, middle, whole), subtree(middle, end)]
        return [*sub(size - (middle - start), middle, end, False), subtree(start, middle)]

    return sub(old, 0, new, True)


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """RFC 9162 §2.1.4.2."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    nodes = list(proof)
    if old & (old - 1) == 0:
        nodes.insert(0, old_root)
    if not nodes:
        return False
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    found_old = found_new = nodes[0]
    for sibling in nodes[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            found_old, found_new = node_hash(sibling, found_old), node_hash(sibling, found_new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found_new = node_hash(found_new, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and found_old == old_root and found_new == new_root
