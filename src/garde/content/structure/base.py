"""The contract of a structure checker.

A checker is a function: bytes, a budget, and the ranges that changed; it answers `Checked`. `check_structure` calls
it, for files before and after, with the same budget and the same ranges; twice on the same bytes gives the same
answer.

* WHOLE: everything it looked at holds. BROKEN: something that a reader relies on does not. UNCHECKED: the file holds
  nothing that could be checked, or the budget ran out before anything was decided.
* It raises nothing: bytes are hostile. It decodes at most about `budget` bytes, and reads 4 MiB or eight times as many.
* Where the budget can't reach all of the file, it looks first at what changed (`near`), and says `complete=False`.
* `covered=True` says that the payload itself was checked (a CRC, a decoder, a walk that ends exactly at the end), so
  that random bytes in it are honest compression. False where raw data is only framed (OLE, SQLite, native pixels).
  Where compressed data is only framed (Zstandard, 7z, encrypted PDF), the frames speak for a file that was written
  anew, and not for one that was changed in places: `covered=not near`.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from garde.content.access import Bytes


class Structure(StrEnum):
    """What a file's own checks say."""

    WHOLE = "whole"
    BROKEN = "broken"
    UNCHECKED = "unchecked"  # no checker for the kind, nothing to check, or over budget


@dataclass(frozen=True, slots=True)
class Checked:
    """One checker's answer; `why` is a clause for people."""

    structure: Structure
    why: str
    covered: bool = False
    complete: bool = True

    @property
    def broken(self) -> bool:
        return self.structure is Structure.BROKEN


@dataclass(slots=True)
class Budget:
    """Units of work left: a byte read and hashed is an eighth of one, a byte inflated is one, a byte of LZMA eight."""

    left: int

    def take(self, units: int) -> bool:
        """Pay; False when the purse is empty (the last payment may overdraw it)."""
        if self.left <= 0:
            return False
        self.left -= units
        return True


class Near:
    """The ranges that changed, sorted; empty means "nowhere in particular"."""

    __slots__ = ("_ends", "_starts", "ranges")

    def __init__(self, ranges: tuple[tuple[int, int], ...] = ()) -> None:
        self.ranges = ranges
        self._starts = [start for start, _ in ranges]
        self._ends = [end for _, end in ranges]

    def __bool__(self) -> bool:
        return bool(self.ranges)

    def touches(self, start: int, end: int) -> bool:
        """True when [start, end) meets a changed range."""
        index = bisect_right(self._starts, end - 1) - 1
        return index >= 0 and self._ends[index] > start


class Spans:
    """The stretches of a file whose payload a checker has verified."""

    __slots__ = ("_spans",)

    def __init__(self) -> None:
        self._spans: list[tuple[int, int]] = []

    def add(self, start: int, end: int) -> None:
        """Note a verified stretch; stretches do not overlap."""
        self._spans.append((start, end))

    def __bool__(self) -> bool:
        return bool(self._spans)

    def cover(self, near: Near, size: int) -> bool:
        """True when at least half of what changed, or of the file where it changed all over, is verified."""
        wanted = near.ranges or ((0, size),)
        total = sum(min(end, size) - start for start, end in wanted if start < size)
        inside = sum(
            max(0, min(end, high) - max(start, low))
            for start, end in self._spans
            for low, high in wanted
            if low < end and start < high
        )
        return inside * 2 >= total > 0


class Checker(Protocol):
    """Looks into one family of files."""

    def __call__(self, data: Bytes, budget: Budget, near: Near) -> Checked: ...


def whole(why: str = "", *, covered: bool = False, complete: bool = True) -> Checked:
    """Everything looked at holds."""
    return Checked(Structure.WHOLE, why, covered, complete)


def broken(why: str) -> Checked:
    """Something that a reader relies on does not hold."""
    return Checked(Structure.BROKEN, why)


def unchecked(why: str) -> Checked:
    """Nothing could be decided."""
    return Checked(Structure.UNCHECKED, why, complete=False)
