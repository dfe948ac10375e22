"""Access databases (Jet and ACE): the header, and what each page claims to be.

Comes in: bytes. Goes out: `Checked`. A page begins with its type and a fixed byte; rows are not read. Databases that encrypt
their pages have no such pages, and count as broken before and after alike. Source: the file format notes of mdbtools.
"""

from __future__ import annotations

from garde.content.access import Bytes, spread
from garde.content.structure.base import Budget, Checked, Near, broken, whole

_TYPES = frozenset(range(6))
_LOOKS = 256


def check_jet(data: Bytes, budget: Budget, near: Near) -> Checked:
    """Look at the first bytes of pages, changed ones first."""
    head = data.read(0, 24)
    if head[:4] != b"\0\1\0\0" or head[4:13] != b"Standard ":
        return broken("Access header is missing")
    size = 2048 if head[20] == 0 else 4096
    changed = [place for start, end in near.ranges[:_LOOKS] for place in range(start, min(end, start + 4 * size), size)]
    places = [place // size * size for place in (*changed[:_LOOKS], *spread(data.size, _LOOKS, first=size, width=size))]
    for place in places:
        budget.take(64)
        page = data.read(place, 2)
        if place and len(page) == 2 and (page[0] not in _TYPES or page[1] > 1):
            return broken(f"Access page {place // size} is no page")
    return whole(f"{len(places)} Access pages hold", complete=data.size // size <= _LOOKS)
