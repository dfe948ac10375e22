"""Names that the index may hold: a Bloom filter in memory that the one writer shares with its reader.

Comes in: paths. Goes out: "surely not in the index", or "perhaps". A program that writes temporary files and renames
them asks for names that nobody knows, thousands of times a second; the index takes two queries to say so. What leaves
the index stays here until the next start: such a name is then asked for in vain, never the other way round.

Two bits a name in 16 million (Bloom 1970, doi:10.1145/362686.362692): of 100,000 names one unknown name in 7,000 is
asked for in vain, of a million one in 80.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable
from typing import Final

from xxhash import xxh3_64_intdigest

_BITS: Final = 1 << 24
_BYTES: Final = _BITS >> 3


class HeardOf:
    """Made before the writer is forked: the memory is one for both."""

    __slots__ = ("_map",)

    def __init__(self) -> None:
        self._map = mmap.mmap(-1, _BYTES + 1)  # anonymous and shared; the last byte says that it was filled

    def fill(self, paths: Iterable[bytes]) -> None:
        """Take in all that is known at the start; until this is done every answer is "perhaps"."""
        for path in paths:
            self.add(path)
        self._map[_BYTES] = 1

    def add(self, path: bytes) -> None:
        """Take in a name. Called by the writer, before the name can be found in the index."""
        found, bits = xxh3_64_intdigest(path), self._map
        for at in (found & _BITS - 1, found >> 24 & _BITS - 1):
            bits[at >> 3] |= 1 << (at & 7)

    def may_hold(self, path: bytes) -> bool:
        """Return False only where the index surely knows nothing under this name, now or of an earlier move."""
        found, bits = xxh3_64_intdigest(path), self._map
        one, two = found & _BITS - 1, found >> 24 & _BITS - 1
        return bool(bits[one >> 3] >> (one & 7) & bits[two >> 3] >> (two & 7) & 1 or not bits[_BYTES])
