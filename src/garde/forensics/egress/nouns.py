"""What flow sources speak of: one conversation as seen from inside, and which addresses are inside.

Comes in: addresses as text. Goes out: `Flow`, `Lookup`, `Batch`, `Inside`. Times are wall seconds of this machine.
Nothing here reads a source.
"""

from __future__ import annotations

import ipaddress
import socket
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

_MAPPED: Final = bytes(10) + b"\xff\xff"  # an IPv4 address in IPv6's clothes


def covers(networks: Iterable[str], address: str) -> bool:
    """Whether one of these addresses or networks holds an address; what is neither holds none."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    for each in networks:
        try:
            if found in ipaddress.ip_network(each, strict=False):
                return True
        except ValueError:
            continue
    return False


# Bytes of IPv4 and what is in it that carry nothing: TCP with its usual options, UDP, ICMP. IPv6 has 20 more.
_HEADERS: Final = {TCP: 52, UDP: 28, 1: 28, 58: 28}


def carried(size: int, packets: int, protocol: int, *, v6: bool = False, link: int = 0) -> int:
    """What is left of so many bytes on the wire without the headers of their packets; `link`: those of the link, where
    they were counted as well. A tunnel of small packets would seem an eighth larger than what it carried."""
    return max(0, size - packets * (_HEADERS.get(protocol, 20) + 20 * v6 + link))


class Flow(NamedTuple):
    """What one record says. `outside` may be another address inside: a hop within."""

    inside: str
    outside: str
    port: int  # of whoever was called
    protocol: int  # as IP numbers it
    inbound: bool  # it was opened from `outside`
    out: int  # bytes from `inside` to `outside`, headers left out as far as packets are counted
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
        self._inside, self._nowhere = _ranges(networks), _ranges(_NOWHERE)
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
        packed = _packed(text)
        if not packed:
            return -1
        value = int.from_bytes(packed, "big")
        if any(value & mask == network for network, mask in self._nowhere[len(packed)]):
            return -1
        return int(any(value & mask == network for network, mask in self._inside[len(packed)]))


def _ranges(networks: Iterable[str]) -> dict[int, list[tuple[int, int]]]:
    """Networks as (number, mask), by the length of their addresses: a scan asks for thousands of new ones a second."""
    found: dict[int, list[tuple[int, int]]] = {4: [], 16: []}
    for each in map(ipaddress.ip_network, networks):
        found[each.max_prefixlen // 8].append((int(each.network_address), int(each.netmask)))
    return found


def _packed(text: str) -> bytes:
    """An address's bytes; none for what is no address."""
    try:
        return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)
    except (OSError, ValueError):
        return b""


def plain_packed(address: bytes) -> str:
    """Four or sixteen bytes as one spelling of an address; "" for anything else."""
    if len(address) == 16 and address.startswith(_MAPPED):
        address = address[12:]
    if len(address) == 4:
        return socket.inet_ntop(socket.AF_INET, address)
    return str(ipaddress.IPv6Address(address)) if len(address) == 16 else ""


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
