"""What changed between two versions of a file, read in bounded time.

Comes in: the bytes before and after. Goes out: `Change`: how much, where, and a sample of the bytes that differ,
from both sides. The unit is the 16-byte cell: small enough for attackers who encrypt every other cipher block. Files
up to 1 MiB are read whole; of larger ones the head, the tail and up to 256 spread blocks. It does not align
insertions: a text that moved by one byte has changed all through, and then what stands there decides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from garde.content.access import BLOCK, Bytes, spread
from garde.content.randomness import SAMPLE, Array

CELL = 16
WHOLE_LIMIT = 1 << 20
_ENDS = 1 << 16
_LOOKS = 256
_RANGES = 64
_CELLS = SAMPLE // CELL
_WINDOW_SHARE = SAMPLE // 8  # of the sample, for any one window of a large file
_NONE: Array = np.zeros(0, np.uint8)


@dataclass(frozen=True, slots=True)
class Change:
    """The difference; `new` and `old` are samples of differing cells, at most 64 KiB each, in file order."""

    changed: int  # bytes in differing cells, of the version after; an estimate when sampled
    sampled: bool
    new: Array
    old: Array
    ranges: tuple[tuple[int, int], ...]  # where, to 4 KiB; empty when it is nearly everywhere
    is_prefix: bool  # the version after is a shorter beginning of the one before
    same_size: bool
    everywhere: bool  # hardly any cell is as it was
    old_random: bool | None = None  # whether what changed was random before, where a fingerprint says so

    @property
    def nothing(self) -> bool:
        """True when no difference was found and the sizes agree."""
        return self.changed == 0 and self.same_size


def find_changes(before: Bytes, after: Bytes) -> Change:
    """Compare two versions."""
    if before.size <= WHOLE_LIMIT and after.size <= WHOLE_LIMIT:
        return _differences([(0, before.read(0, before.size), after.read(0, after.size))], before, after, sampled=False)
    pairs = [(at, before.read(at, count), after.read(at, count)) for at, count in windows(max(before.size, after.size))]
    if before.size > after.size:  # the end of the shorter file is not the end of the longer one
        start = max(0, after.size - _ENDS)
        pairs.append((start, before.read(start, _ENDS), after.read(start, _ENDS)))
    return _differences(pairs, before, after, sampled=True)


def windows(size: int) -> list[tuple[int, int]]:
    """Return the (offset, length) of what is read of a large file."""
    middle = [(at, BLOCK) for at in spread(size - _ENDS, _LOOKS, first=_ENDS)]
    return [(0, _ENDS), *middle, (max(_ENDS, size - _ENDS), _ENDS)]


def _differences(pairs: list[tuple[int, bytes, bytes]], before: Bytes, after: Bytes, *, sampled: bool) -> Change:
    found = _Found()
    cap = _WINDOW_SHARE if sampled else SAMPLE
    looked = 0
    for at, old, new in pairs:
        looked += len(new)
        if old != new:
            found.add(at, old, new, cap)
    everywhere = looked > 0 and found.changed >= looked * 0.9
    return Change(
        changed=int(found.changed / looked * after.size) if sampled and looked else found.changed,
        sampled=sampled,
        new=_joined(found.new),
        old=_joined(found.old),
        ranges=() if everywhere else merge(found.blocks),
        is_prefix=found.changed == 0 and after.size < before.size,
        same_size=before.size == after.size,
        everywhere=everywhere,
    )


class _Found:
    """Adds up the differences of window after window."""

    __slots__ = ("blocks", "changed", "new", "old")

    def __init__(self) -> None:
        self.changed = 0
        self.blocks: list[int] = []
        self.new: list[Array] = []
        self.old: list[Array] = []

    def add(self, at: int, old: bytes, new: bytes, cap: int) -> None:
        a, b = np.frombuffer(old, np.uint8), np.frombuffer(new, np.uint8)
        common = min(len(a), len(b))
        even = common // CELL * CELL
        cells = differing_cells(a[:even], b[:even])
        # What lies beyond the last whole cell counts from there, or from the end of the shorter one where that agrees.
        rest = common if old[even:common] == new[even:common] else even
        self.changed += len(cells) * CELL + len(new) - rest
        self.blocks += _blocks(cells * CELL + at)
        if len(new) > rest:
            self.blocks += range((at + rest) // BLOCK, (at + len(new) - 1) // BLOCK + 1)
        self.old += [_sample(a[:even], cells, cap), a[rest:][:cap]]
        self.new += [_sample(b[:even], cells, cap), b[rest:][:cap]]


def differing_cells(a: Array, b: Array) -> NDArray[np.intp]:
    """Return the indices of 16-byte cells that differ; both arrays are equally long, a multiple of 16."""
    wide_a, wide_b = a.view(np.uint64), b.view(np.uint64)
    differs = wide_a != wide_b
    return np.flatnonzero(differs[0::2] | differs[1::2])


def _blocks(places: NDArray[np.intp]) -> list[int]:
    """Return the blocks that hold these places, which come in order."""
    numbers = places // BLOCK
    if not len(numbers):
        return []
    first = np.flatnonzero(numbers[1:] != numbers[:-1]) + 1
    return [int(numbers[0]), *numbers[first].tolist()]


def _sample(array: Array, cells: NDArray[np.intp], cap: int) -> Array:
    most = cap // CELL
    if len(array) == len(cells) * CELL <= cap:
        return array  # a file that is encrypted or written anew differs everywhere
    if len(cells) > most:
        cells = cells[np.linspace(0, len(cells) - 1, most).astype(np.intp)]
    return array.reshape(-1, CELL)[cells].ravel()


def _joined(parts: list[Array]) -> Array:
    parts = [part for part in parts if len(part)]
    if not parts:
        return _NONE
    joined = parts[0] if len(parts) == 1 else np.concatenate(parts)
    if len(joined) <= SAMPLE:
        return joined
    cells = joined[: len(joined) // CELL * CELL].reshape(-1, CELL)
    return cells[np.linspace(0, len(cells) - 1, _CELLS).astype(np.intp)].ravel()


def merge(blocks: list[int]) -> tuple[tuple[int, int], ...]:
    """Merge neighbouring blocks; of very many ranges keep an even choice."""
    merged: list[tuple[int, int]] = []
    for block in sorted(set(blocks)):
        if merged and merged[-1][1] == block * BLOCK:
            merged[-1] = (merged[-1][0], (block + 1) * BLOCK)
        else:
            merged.append((block * BLOCK, (block + 1) * BLOCK))
    step = -(-len(merged) // _RANGES)
    return tuple(merged[:: max(1, step)])
