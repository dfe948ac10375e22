"""The Merkle tree against RFC 6962's own definitions, and against a published tree."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garde.journal.merkle import Range, consistency_proof, is_consistent, root_of

# The leaves and roots that Certificate Transparency implementations test themselves with.
LEAVES = [
    bytes.fromhex(each)
    for each in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
MANY = [bytes([n]) * 32 for n in range(70)]


def _leaves(first: int, last: int) -> Iterable[bytes]:
    return MANY[first:last]


def _mth(leaves: list[bytes]) -> bytes:
    """The definition, word for word (RFC 6962, 2.1)."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + _mth(leaves[:k]) + _mth(leaves[k:])).digest()


def _subproof(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    """The definition, word for word (RFC 6962, 2.1.2)."""
    n = len(leaves)
    if m == n:
        return [] if whole else [_mth(leaves)]
    k = 1
    while k * 2 < n:
        k *= 2
    if m <= k:
        return [*_subproof(m, leaves[:k], whole), _mth(leaves[k:])]
    return [*_subproof(m - k, leaves[k:], False), _mth(leaves[:k])]


@pytest.mark.parametrize("size", ROOTS)
def test_roots_are_those_that_others_compute(size: int) -> None:
    assert root_of(LEAVES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize("size", range(len(MANY) + 1))
def test_a_range_grown_leaf_by_leaf_has_the_root_of_the_definition(size: int) -> None:
    tree = Range()
    for leaf in MANY[:size]:
        tree.add(leaf)
    assert tree.root() == _mth(MANY[:size])
    kept = Range.from_bytes(size, bytes(tree))
    for grown in (tree, kept):
        grown.add(b"x")
    assert kept.root() == tree.root() == _mth([*MANY[:size], b"x"])


@pytest.mark.parametrize(
    ("size", "raw"), [(1, b""), (0, b"\x00" * 32), (3, b"\x00" * 32), (1, b"\x00" * 31), (2, b"ab")]
)
def test_bytes_that_are_no_range_are_refused(size: int, raw: bytes) -> None:
    with pytest.raises(ValueError, match="do not make a range"):
        Range.from_bytes(size, raw)


@pytest.mark.parametrize("second", [0, 1, 2, 3, 7, 8, 9, 31, 32, 33, 64, 70])
def test_every_proof_is_the_one_of_the_definition_and_is_accepted(second: int) -> None:
    for first in range(second + 1):
        proof = consistency_proof(_leaves, first, second)
        assert proof == (_subproof(first, MANY[:second], True) if first > 0 else [])
        assert is_consistent(first, root_of(MANY[:first]), second, root_of(MANY[:second]), proof)


@given(st.integers(1, 69), st.integers(1, 70), st.integers(0, 69))
def test_a_proof_for_an_edited_past_is_not_accepted(first: int, second: int, edited: int) -> None:
    if not edited < first <= second:
        return
    forged = [b"forged" if at == edited else leaf for at, leaf in enumerate(MANY)]
    proof = consistency_proof(lambda a, b: forged[a:b], first, second)
    new = root_of(forged[:second])
    assert is_consistent(first, root_of(forged[:first]), second, new, proof)
    assert not is_consistent(first, root_of(MANY[:first]), second, new, proof)


@given(
    st.integers(-1, 70), st.integers(-1, 70), st.lists(st.sampled_from(MANY[:3]) | st.binary(max_size=33), max_size=9)
)
def test_made_up_proofs_are_not_accepted(first: int, second: int, proof: list[bytes]) -> None:
    one, other = root_of(MANY[: max(first, 0)]), root_of([b"other", *MANY[: max(second - 1, 0)]])
    if 0 < first <= second:
        assert not is_consistent(first, one, second, other, proof)
    if first > second:
        assert not is_consistent(first, one, second, other, proof)
        with pytest.raises(ValueError, match="begins with"):
            consistency_proof(_leaves, first, second)


@pytest.mark.parametrize("change", ["longer", "shorter", "turned"])
def test_a_proof_is_taken_whole_or_not_at_all(change: str) -> None:
    proof = consistency_proof(_leaves, 7, 20)
    changed = {"longer": [*proof, b"\x00" * 32], "shorter": proof[:-1], "turned": proof[::-1]}[change]
    assert not is_consistent(7, root_of(MANY[:7]), 20, root_of(MANY[:20]), changed)
