"""Which files of a point are looked at: those asked for, then others spread over all of it.

Comes in: the point's files in the order of its catalogue, what is wanted. Goes out: the chosen ones; each as a
`Sample`, once it lies on disk. Choosing is pure, even over the names, and the same for the same list, so that two
judgings of one point agree.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from garde.recovery.points.base import Sample, Wanted

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


def as_sample(at: bytes, chosen: Listed, why: str = "") -> Sample:
    """One that was chosen, as it lies at `at`; `why` it failed, where somebody knows."""
    try:
        size = os.lstat(at).st_size
    except OSError as error:
        return Sample(chosen.path, chosen.size, b"", why or error.strerror or "it did not come")
    if why or size != chosen.size:
        return Sample(chosen.path, chosen.size, b"", why or f"{size:,} bytes came instead of {chosen.size:,}")
    return Sample(chosen.path, chosen.size, at)


def is_below(path: bytes, tops: Sequence[bytes]) -> bool:
    """Whether a path is one of these or lies in one; all paths lie in none at all."""
    return not tops or any(path == top or path.startswith(top.rstrip(b"/") + b"/") for top in tops)
