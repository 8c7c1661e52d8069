"""The Merkle tree against the known answers of RFC 6962's reference implementation, and against itself."""

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit import merkle

# Certificate Transparency's test inputs (reference implementation, `merkle_tree_test`).
INPUTS = [
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [merkle.leaf_hash(bytes.fromhex(data)) for data in INPUTS]


def subtree(leaves):
    return lambda start, end: merkle.root_of(leaves[start:end])


def test_the_empty_tree_is_the_hash_of_nothing():
    assert merkle.root_of([]) == sha256(b"").digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_the_reference_implementations(size):
    assert merkle.root_of(LEAVES[:size]).hex() == ROOTS[size - 1]


def test_known_inclusion_proofs():
    found = merkle.inclusion_proof(5, 8, subtree(LEAVES))
    assert [node.hex() for node in found] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


def test_known_consistency_proof():
    found = merkle.consistency_proof(6, 8, subtree(LEAVES))
    assert [node.hex() for node in found] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_every_proof_verifies_and_no_other_does(data):
    size = data.draw(st.integers(1, 70))
    leaves = [merkle.leaf_hash(bytes([number])) for number in range(size)]
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(1, size))
    root, old_root = merkle.root_of(leaves), merkle.root_of(leaves[:old])

    inclusion = merkle.inclusion_proof(index, size, subtree(leaves))
    assert merkle.verify_inclusion(leaves[index], index, size, inclusion, root)
    assert not merkle.verify_inclusion(merkle.leaf_hash(b"another"), index, size, inclusion, root)

    consistency = merkle.consistency_proof(old, size, subtree(leaves))
    assert merkle.verify_consistency(old, size, consistency, old_root, root)
    assert not merkle.verify_consistency(old, size, consistency, merkle.leaf_hash(b"another"), root)
    assert not merkle.verify_consistency(old, size, [*consistency, root], old_root, root)


@given(st.integers(0, 200))
@settings(max_examples=30, deadline=None)
def test_a_tree_continued_from_its_packed_frontier_has_the_same_root(size):
    leaves = [merkle.leaf_hash(number.to_bytes(2)) for number in range(size + 3)]
    tree = merkle.Frontier()
    for leaf in leaves[:size]:
        tree.add(leaf)

    continued = merkle.Frontier.from_bytes(tree.size, tree.to_bytes())
    for leaf in leaves[size:]:
        continued.add(leaf)

    assert continued.root() == merkle.root_of(leaves)
