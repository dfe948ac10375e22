"""What flow sources speak of: one conversation as seen from inside, and which addresses are inside.

Comes in: addresses as text. Goes out: `Flow`, `Lookup`, `Batch`, `Inside`. Times are wall seconds of this machine.
Nothing here reads a source.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from garde.journal.forensic_kinds import Blind

TCP: Final = 6
UDP: Final = 17
DNS_PORT: Final = 53
# RFC 1918 and 4193, what a hospital's addresses are drawn from; another one says its own in flows.toml.
USUAL_INSIDE: Final = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
# Nobody's data leaves to these: this machine, its link, everybody.
_NOWHERE: Final = ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3", "::/127", "fe80::/10", "ff00::/8")
_REMEMBERED: Final = 100_000  # addresses whose side is remembered: some 20 MB; a scan must not grow it without end

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Flow(NamedTuple):
    """What one record says. `outside` may be another address inside: a hop within."""

    inside: str
    outside: str
    port: int  # of whoever was called
    protocol: int  # as IP numbers it
    inbound: bool  # it was opened from `outside`
    out: int  # bytes from `inside` to `outside`
    back: int
    since: float
    until: float
    opened: bool = True  # the conversation's first record: it counts as one session
    name: str = ""  # what `outside` was called there, as far as the source says it
    longest: float = 0.0  # seconds that the conversation has lasted so far; 0: as long as this record


class Lookup(NamedTuple):
    """One question to a resolver."""

    client: str
    resolver: str
    name: str  # as it was asked: lower case, no closing dot
    at: float
    answers: tuple[str, ...] = ()  # addresses


@dataclass(slots=True)
class Batch:
    """What a source has read: records, questions, and the times in which it did not see."""

    flows: list[Flow] = field(default_factory=list)
    lookups: list[Lookup] = field(default_factory=list)
    blind: list[Blind] = field(default_factory=list)
    records: int = 0  # as the source counts them, what was left aside as well

    def __bool__(self) -> bool:
        return bool(self.records or self.flows or self.lookups or self.blind)


class Inside:
    """Which addresses are inside, which outside, and which are nowhere. Remembers what it was asked."""

    def __init__(self, networks: Iterable[str] = USUAL_INSIDE) -> None:
        self._inside = [ipaddress.ip_network(each) for each in networks]
        self._nowhere = [ipaddress.ip_network(each) for each in _NOWHERE]
        self._texts: dict[str, int] = {}
        self._packed: dict[bytes, tuple[str, int]] = {}

    def side(self, address: str) -> int:
        """1: inside; 0: outside; -1: nowhere, or no address at all."""
        found = self._texts.get(address)
        if found is None:
            found = self._find(address)
            if len(self._texts) >= _REMEMBERED:
                self._texts.clear()
            self._texts[address] = found
        return found

    def packed(self, address: bytes) -> tuple[str, int]:
        """The same of four or sixteen bytes, with the address as text."""
        found = self._packed.get(address)
        if found is None:
            text = plain_packed(address)
            found = (text, self._find(text))
            if len(self._packed) >= _REMEMBERED:
                self._packed.clear()
            self._packed[address] = found
        return found

    def _find(self, text: str) -> int:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return -1
        if any(address in network for network in self._nowhere):
            return -1
        return int(any(address in network for network in self._inside))


def plain_packed(address: bytes) -> str:
    """Four or sixteen bytes as one spelling of an address; "" for anything else."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)


def place(
    inside: Inside,
    source: str,
    target: str,
    *,
    ports: tuple[int, int],
    protocol: int,
    sent: tuple[int, int],
    times: tuple[float, float],
    opened: bool = True,
    name: str = "",
    longest: float = 0.0,
) -> Flow | None:
    """A conversation that `source` opened to `target`, as seen from inside; None where it does not concern us.

    `ports` are those of source and target, `sent` the bytes from source to target and back. Between two addresses
    inside it is seen from the one that was opened from: that one is led, or spreads.
    """
    here, there = inside.side(source), inside.side(target)
    if here < 0 or there < 0 or not (here or there):
        return None
    if here:
        return Flow(source, target, ports[1], protocol, False, sent[0], sent[1], *times, opened, name, longest)
    return Flow(target, source, ports[1], protocol, True, sent[1], sent[0], *times, opened, name, longest)
