"""Which files of a point are looked at: those asked for, then others spread over all of it.

Comes in: the point's files in the order of its catalogue, what is wanted. Goes out: the chosen ones. Pure. The spread
is even over the names and the same for the same list, so that two judgings of one point agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from garde.recovery.points.base import Wanted

_GOLDEN = 0.6180339887498949  # places inside a stratum: an even step could fall into step with an attacker's


class Listed(NamedTuple):
    """One regular file of a point, as its catalogue has it."""

    path: bytes
    size: int


def choose(files: Sequence[Listed], wanted: Wanted) -> list[Listed]:
    """At most `wanted.count` files and `wanted.most_bytes` bytes; empty ones say nothing and are left out."""
    asked = set(wanted.first)
    first = [each for each in files if each.path in asked and each.size > 0]
    half = first if len(first) <= wanted.count // 2 else _spread(first, wanted.count // 2)
    taken = {each.path for each in half}
    rest = [each for each in files if each.size > 0 and each.path not in taken]
    return _within([*half, *_spread(rest, wanted.count - len(half))], wanted.most_bytes)


def _spread(files: Sequence[Listed], count: int) -> list[Listed]:
    if len(files) <= count:
        return list(files)
    stratum = len(files) / count if count > 0 else 0.0
    inside = int(stratum)  # whole: two strata must not meet in one file
    return [files[int(number * stratum) + int(number * _GOLDEN % 1.0 * inside)] for number in range(count)]


def _within(files: Iterable[Listed], most: int) -> list[Listed]:
    """Leave out the large ones that would not fit: the small ones say as much."""
    found: list[Listed] = []
    for each in files:
        if each.size <= most:
            most -= each.size
            found.append(each)
    return found


def is_below(path: bytes, tops: Sequence[bytes]) -> bool:
    """Whether a path is one of these or lies in one; all paths lie in none at all."""
    return not tops or any(path == top or path.startswith(top.rstrip(b"/") + b"/") for top in tops)
