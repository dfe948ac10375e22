"""The connections of addresses that are asked about: by which way somebody may have come, or is led.

Comes in: a store, addresses, two times. Goes out: `path_seen`, the telling ones first: opened from outside, to places
that the machine did not know, long, on ports by which machines are led. Raw material: it concludes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Final

from garde.forensics.egress.baseline import read_usual
from garde.forensics.egress.store import FlowStore, Seen
from garde.forensics.egress.tally import BUCKET_S
from garde.journal.forensic_kinds import PathSeen

MOST: Final = 60  # paths of one address: what a person can still read
# Remote shells and desktops, file shares, remote management: how one machine leads another.
LEADS: Final = frozenset({22, 23, 135, 139, 445, 3389, 5800, 5900, 5938, 5985, 5986, 6568, 8040, 8041})
_LONG_S: Final = 1800.0
_ROWS: Final = (
    "select inside, outside, port, inbound, within, max(name), sum(sent), sum(back), min(first), max(last),"
    " max(longest) from flows where source = ? and bucket between ? and ? and {} = ?"
    " group by inside, outside, port, inbound, within"
)


def paths(
    store: FlowStore, seen: Seen, addresses: Collection[str], times: tuple[float, float], command: str
) -> Iterator[PathSeen]:
    """Yield the paths of each address, each path once."""
    told: set[tuple[str, str, int, int]] = set()
    for address in sorted(addresses):
        usual = read_usual(store, seen, address, times[0])
        rows = _rows(store, seen, address, times)
        ranked = sorted(rows, key=lambda row: _rank(row, usual.place(row[1], row[5]).days), reverse=True)
        for row in ranked[:MOST]:
            key = (row[0], row[1], row[2], row[3])
            if key not in told:
                told.add(key)
                yield _path(seen, row, command)


def _rows(store: FlowStore, seen: Seen, address: str, times: tuple[float, float]) -> list[Any]:
    first, last = int(times[0]) // BUCKET_S, int(times[1]) // BUCKET_S
    found: list[Any] = []
    for column in ("inside", "outside"):
        found += store.ask(_ROWS.format(column), (seen.id, first, last, address))
    return found


def _rank(row: Any, known_days: int) -> tuple[int, float]:
    _, _, port, inbound, within, _, sent, back, _, _, longest = row
    leads = port in LEADS
    if within:
        return (2 if leads else 0), float(sent + back)
    points = 4 * bool(inbound) + 2 * (known_days < 3) + (longest >= _LONG_S) + leads
    return points + 1, longest + (sent + back) / 1e12


def _path(seen: Seen, row: Any, command: str) -> PathSeen:
    inside, outside, port, inbound, _, name, sent, back, first, last, longest = row
    detail = "; ".join(filter(None, (name, f"longest {longest:.0f} s" if longest >= _LONG_S else "")))
    return PathSeen(command, seen.sort, inside, outside, port, bool(inbound), first, last, back, sent, detail=detail)
