"""Block fingerprints: enough to see what changed where no pre-image can be kept (file systems without reflink).

Comes in: a file. Goes out: five bytes for each 4 KiB block (hash, and whether it was random), with size and pooled
randomness; and, from such a fingerprint and the file as it is now, a `Change`. It restores nothing, and cannot see
inside a block: the sample of changed bytes is of whole blocks, so fine-grained encryption shows by type and
structure instead, and in text by the cells that look like noise.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
import xxhash

from garde.content.access import BLOCK, Bytes, spread
from garde.content.changes import CELL, Change, merge
from garde.content.randomness import SAMPLE, Array, block_p, randomness
from garde.content.text import noisy_cells

_VERSION = b"GF1"
_HEADER = struct.Struct("<3sBQH")
_ROW = np.dtype([("hash", "<u4"), ("random", "u1")])
_ALL = 512  # blocks fingerprinted one by one: 2 MiB, in 2,5 kB
_FIRST, _LAST, _LOOKS = 64, 16, 256
_RANDOM_P = 1e-4


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A fingerprint read back."""

    size: int
    pooled_random: bool  # the whole file, as far as sampled, was uniformly random
    hashes: tuple[int, ...]
    random: tuple[bool, ...]


def fingerprint(data: Bytes) -> bytes:
    """Return the fingerprint of a file: at most 2.6 kB."""
    places = block_places(data.size)
    blocks = [data.read(at, BLOCK) for at in places]
    rows = np.zeros(len(blocks), _ROW)
    rows["hash"] = [xxhash.xxh3_64_intdigest(block) & 0xFFFFFFFF for block in blocks]
    full = [index for index, block in enumerate(blocks) if len(block) == BLOCK]
    if full:
        table = np.frombuffer(b"".join(blocks[index] for index in full), np.uint8).reshape(-1, BLOCK)
        rows["random"][full] = block_p(table) >= _RANDOM_P
    pooled = randomness(_sample(blocks)).is_random
    return _HEADER.pack(_VERSION, pooled, data.size, len(blocks)) + rows.tobytes()


def read_fingerprint(raw: bytes) -> Fingerprint | None:
    """Return the fingerprint, or None for bytes that are none (another version, a damaged index)."""
    if len(raw) < _HEADER.size:
        return None
    version, pooled, size, count = _HEADER.unpack_from(raw)
    if version != _VERSION or len(raw) != _HEADER.size + count * _ROW.itemsize or count != len(block_places(size)):
        return None
    rows = np.frombuffer(raw, _ROW, offset=_HEADER.size)
    return Fingerprint(size, bool(pooled), tuple(rows["hash"].tolist()), tuple(bool(flag) for flag in rows["random"]))


def block_places(size: int) -> list[int]:
    """Return the offsets of the blocks that stand for a file of this size."""
    count = -(-size // BLOCK)
    if count <= _ALL:
        return [index * BLOCK for index in range(count)]
    first = [index * BLOCK for index in range(_FIRST)]
    last = [(count - _LAST + index) * BLOCK for index in range(_LAST)]
    return [*first, *spread((count - _LAST) * BLOCK, _LOOKS, first=_FIRST * BLOCK), *last]


def changes_since(old: Fingerprint, after: Bytes, *, was_text: bool) -> Change:
    """Compare the file as it is now with a fingerprint."""
    found = _Found()
    for at, known, random in zip(block_places(old.size), old.hashes, old.random, strict=True):
        found.add(at, after.read(at, BLOCK), known, was_random=random, cut=at < after.size < min(old.size, at + BLOCK))
    for at in block_places(after.size):
        if at >= old.size:
            found.add(at, after.read(at, BLOCK))
    return found.change(old, after, was_text=was_text)


class _Found:
    """Adds up block after block."""

    __slots__ = ("blocks", "cut", "differing", "kept", "looked", "same", "was_random")

    def __init__(self) -> None:
        self.looked = self.differing = self.same = 0
        self.kept: list[bytes] = []
        self.blocks: list[int] = []
        self.was_random: list[bool] = []
        self.cut = b""

    def add(
        self, at: int, block: bytes, known: int | None = None, *, was_random: bool | None = None, cut: bool = False
    ) -> None:
        """Note one block; `known` is its hash before, None where there was nothing. A cut block says little."""
        self.looked += len(block)
        if not block or (known is not None and xxhash.xxh3_64_intdigest(block) & 0xFFFFFFFF == known):
            self.same += len(block)
            return
        if cut:
            self.cut = block
        self.kept.append(block)
        self.blocks.append(at // BLOCK)
        self.differing += len(block)
        if was_random is not None and len(block) == BLOCK:
            self.was_random.append(was_random)

    def change(self, old: Fingerprint, after: Bytes, *, was_text: bool) -> Change:
        """Sum up."""
        everywhere = self.looked > 0 and self.differing >= self.looked * 0.9
        sampled = len(old.hashes) > 0 and len(old.hashes) * BLOCK < old.size
        changed = int(self.differing / self.looked * after.size) if self.looked and sampled else self.differing
        new = _sample(self.kept)
        if was_text and len(cells := noisy_cells(new[: len(new) // CELL * CELL].reshape(-1, CELL))):
            new = cells.ravel()
            changed = changed if sampled or len(new) >= SAMPLE // 2 else len(new)
        only_cut = self.same > 0 and self.differing == len(self.cut)
        half = sum(self.was_random) * 2 > len(self.was_random)
        return Change(
            changed=changed,
            sampled=sampled,
            new=new,
            old=np.zeros(0, np.uint8),
            ranges=() if everywhere else merge(self.blocks),
            is_prefix=after.size < old.size and after.size > 0 and only_cut,
            same_size=old.size == after.size,
            everywhere=everywhere,
            old_random=old.pooled_random if everywhere or not self.was_random else half,
        )


def _sample(blocks: list[bytes]) -> Array:
    """Join blocks into at most 64 KiB, taking an even part of each."""
    total = sum(len(block) for block in blocks)
    if total <= SAMPLE:
        return np.frombuffer(b"".join(blocks), np.uint8)
    part = max(256, SAMPLE // len(blocks) // CELL * CELL)  # whole cells, or noise and text would mix at the seams
    return np.frombuffer(b"".join(block[:part] for block in blocks)[:SAMPLE], np.uint8)
