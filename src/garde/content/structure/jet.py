"""Access databases (Jet and ACE): the header, and what each page claims to be.

Comes in: bytes. Goes out: `Checked`. A page begins with its type and a fixed byte; rows are not read. Databases with
encrypted pages have none of them, and are left alone. Source: the file format notes of mdbtools.
"""

from __future__ import annotations

from garde.content.access import Bytes, spread
from garde.content.structure.base import Budget, Checked, Near, broken, unchecked, whole

_TYPES = frozenset(range(6))
_LOOKS = 256


def check_jet(data: Bytes, budget: Budget, near: Near) -> Checked:
    """Look at the first bytes of pages, changed ones first."""
    head = data.read(0, 24)
    if len(head) < 24 or head[:4] != b"\0\1\0\0" or head[4:13] != b"Standard ":
        return broken("Access header is missing")
    size = 2048 if head[20] == 0 else 4096
    changed = [place for start, end in near.ranges[:_LOOKS] for place in range(start, min(end, start + 4 * size), size)]
    places = [place // size * size for place in (*changed[:_LOOKS], *spread(data.size, _LOOKS, first=size, width=size))]
    wrong = [place for place in places if place and not _is_page(data.read(place, 2))]
    budget.take(64 * len(places))
    if len(wrong) * 10 >= len(places) * 9:
        return unchecked("Access pages are encrypted")
    if wrong:
        return broken(f"Access page {wrong[0] // size} is no page")
    return whole(f"{len(places)} Access pages hold", complete=data.size // size <= _LOOKS)


def _is_page(start: bytes) -> bool:
    return len(start) < 2 or (start[0] in _TYPES and start[1] <= 1)
