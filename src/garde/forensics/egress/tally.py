"""Adding flows up in memory, until they are written: by five minutes, and by the day.

Comes in: batches. Goes out: rows for the store. A conversation that lasted is spread evenly over its time: nobody knows
better. It holds some seconds of records.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, TypeVar

from garde.forensics.egress.nouns import DNS_PORT, Batch, Flow, Inside, Lookup

BUCKET_S: Final = 300
DAY_S: Final = 86_400
_PIECES: Final = 288  # a conversation of more than a day is spread over so many
_TWO_PART: Final = frozenset(
    {"ac", "asso", "co", "com", "edu", "go", "gob", "gouv", "gov", "ne", "net", "nom", "or", "org"}
)

K = TypeVar("K")
Row = list[float]  # sent, back, sessions, first, last, longest
# source, bucket, inside, outside, port, protocol, inbound, within, name
FlowKey = tuple[str, int, str, str, int, int, bool, bool, str]
DayKey = tuple[str, str, int, str, bool, bool, str]  # source, inside, day, outside, inbound, dns, name
LookupKey = tuple[str, int, str, str, str]  # source, day, client, resolver, domain


@dataclass(slots=True)
class Asked:
    """Questions of one client below one domain, on one day."""

    bytes: int = 0  # of the names below the domain, without dots: what a tunnel carries
    queries: int = 0
    first: float = float("inf")
    last: float = 0.0


@dataclass(slots=True)
class Tally:
    """What was not written yet."""

    inside: Inside
    flows: dict[FlowKey, Row] = field(default_factory=dict)
    days: dict[DayKey, Row] = field(default_factory=dict)
    lookups: dict[LookupKey, Asked] = field(default_factory=dict)
    names: dict[str, tuple[str, float]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.flows) + len(self.lookups) + len(self.names)

    def clear(self) -> None:
        for each in (self.flows, self.days, self.lookups, self.names):
            each.clear()

    def take(self, source: str, batch: Batch) -> None:
        """Add a batch."""
        for flow in batch.flows:
            if flow.since // BUCKET_S == flow.until // BUCKET_S:
                self._add(source, flow)
            else:
                self._spread(source, flow)
        for lookup in batch.lookups:
            self._asked(source, lookup)

    def _add(self, source: str, flow: Flow) -> None:
        inside, outside, port, protocol, inbound, sent, back, since, until, opened, name, longest = flow
        within = self.inside.side(outside) > 0
        longest = longest or until - since
        key = (source, int(until) // BUCKET_S, inside, outside, port, protocol, inbound, within, name)
        added: Row = [sent, back, opened, since, until, longest]
        _join(self.flows, key, added)
        dns = port == DNS_PORT
        if within and not dns:
            return  # what stays inside is kept for paths, and has no baseline
        day = (source, inside, int(until) // DAY_S, outside, inbound, dns, name)
        _join(self.days, day, added)

    def _spread(self, source: str, flow: Flow) -> None:
        lasted = flow.until - flow.since
        pieces = min(int(flow.until) // BUCKET_S - int(flow.since) // BUCKET_S + 1, _PIECES)
        longest, sent, back = flow.longest or lasted, 0, 0
        for number in range(1, pieces + 1):
            until = flow.since + lasted * number / pieces
            now_sent, now_back = flow.out * number // pieces, flow.back * number // pieces
            self._add(
                source,
                flow._replace(
                    out=now_sent - sent, back=now_back - back, since=flow.since + lasted * (number - 1) / pieces,
                    until=until, opened=flow.opened and number == 1, longest=longest,
                ),
            )  # fmt: skip
            sent, back = now_sent, now_back

    def _asked(self, source: str, lookup: Lookup) -> None:
        for address in lookup.answers:
            if self.inside.side(address) == 0:
                self.names[address] = (lookup.name, lookup.at)
        if self.inside.side(lookup.client) <= 0:
            return
        domain = base_domain(lookup.name)
        key = (source, int(lookup.at) // DAY_S, lookup.client, lookup.resolver, domain)
        found = self.lookups.setdefault(key, Asked())
        below = lookup.name[: len(lookup.name) - len(domain)]
        found.bytes += len(below) - below.count(".")
        found.queries += 1
        found.first, found.last = min(found.first, lookup.at), max(found.last, lookup.at)


def _join(rows: dict[K, Row], key: K, added: Row) -> None:
    row = rows.get(key)
    if row is None:
        rows[key] = list(added)
        return
    row[0] += added[0]
    row[1] += added[1]
    row[2] += added[2]
    row[3] = min(row[3], added[3])
    row[4] = max(row[4], added[4])
    row[5] = max(row[5], added[5])


def base_domain(name: str) -> str:
    """The part of a name that somebody bought, as well as that can be told without a list."""
    labels = name.split(".")
    if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _TWO_PART:
        return ".".join(labels[-3:])
    return ".".join(labels[-2:])
