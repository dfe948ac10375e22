"""A Merkle tree over the entries' hashes, as RFC 6962 (2.1) has it.

Comes in: hashes, in order. Goes out: the root over the first n of them, kept as a compact range (the roots of the
perfect subtrees, at most one for each bit of n), and proofs that one root continues another. Leaves are hashed with a
zero byte before them and nodes with a one, so that neither can be passed off as the other. Nothing is stored here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

SIZE = 32  # bytes of a node

Leaves = Callable[[int, int], Iterable[bytes]]  # the hashes of entries first+1 … last, in order


class Range:
    """The first `size` leaves as the roots of their perfect subtrees, largest first."""

    __slots__ = ("_nodes", "size")

    def __init__(self, size: int = 0, nodes: Iterable[bytes] = ()) -> None:
        self.size, self._nodes = size, list(nodes)
        if len(self._nodes) != size.bit_count() or any(len(node) != SIZE for node in self._nodes):
            raise ValueError(f"{len(self._nodes)} nodes do not make a range of {size}")

    @classmethod
    def from_bytes(cls, size: int, raw: bytes) -> Range:
        """Return the range that `bytes(range)` was made of; raises ValueError where it cannot be one."""
        return cls(size, (raw[at : at + SIZE] for at in range(0, len(raw), SIZE)))

    def __bytes__(self) -> bytes:
        return b"".join(self._nodes)

    def add(self, leaf: bytes) -> None:
        """Take one more leaf."""
        node, left = sha256(b"\x00" + leaf).digest(), self.size
        while left & 1:  # two subtrees of the same height become one
            node = sha256(b"\x01" + self._nodes.pop() + node).digest()
            left >>= 1
        self._nodes.append(node)
        self.size += 1

    def root(self) -> bytes:
        """Return the tree's root."""
        if not self._nodes:
            return sha256(b"").digest()
        node = self._nodes[-1]
        for left in reversed(self._nodes[:-1]):
            node = sha256(b"\x01" + left + node).digest()
        return node


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Return the root over these leaves."""
    whole = Range()
    for leaf in leaves:
        whole.add(leaf)
    return whole.root()


def consistency_proof(leaves: Leaves, first: int, second: int) -> list[bytes]:
    """Return the nodes that prove that the tree of `second` leaves begins with the one of `first` (RFC 6962, 2.1.2).

    Raises ValueError where they are not 0 <= first <= second.
    """
    if not 0 <= first <= second:
        raise ValueError(f"no tree of {second} leaves begins with one of {first}")
    proof: list[bytes] = []
    start, end, whole = 0, second, True
    while 0 < first != end - start:
        half = 1 << (end - start - 1).bit_length() - 1  # the largest power of two below the number of leaves
        if first <= half:
            proof.append(root_of(leaves(start + half, end)))
            end = start + half
        else:
            proof.append(root_of(leaves(start, start + half)))
            start, first, whole = start + half, first - half, False
    if first and not whole:
        proof.append(root_of(leaves(start, end)))
    return proof[::-1]


def is_consistent(first: int, first_root: bytes, second: int, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """Say whether the proof shows that the second tree begins with the first (RFC 9162, 2.1.4.2)."""
    if not 0 <= first <= second:
        return False
    if first == second:
        return first_root == second_root and not proof
    if first == 0:
        return first_root == sha256(b"").digest() and not proof
    nodes = list(proof) if first & (first - 1) else [first_root, *proof]
    if not nodes:
        return False
    here, there = first - 1, second - 1
    while here & 1:
        here, there = here >> 1, there >> 1
    old = new = nodes[0]
    for node in nodes[1:]:
        if there == 0:
            return False
        if here & 1 or here == there:
            old, new = _join(node, old), _join(node, new)
            while not here & 1 and here:
                here, there = here >> 1, there >> 1
        else:
            new = _join(new, node)
        here, there = here >> 1, there >> 1
    return there == 0 and old == first_root and new == second_root


def _join(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()
