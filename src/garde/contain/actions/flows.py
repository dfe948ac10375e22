"""The flows that a cut leaves open, as an order writes them.

Comes in: "ADDRESS", "NETWORK/BITS", "ADDRESS:PORT/tcp", "[ADDRESS6]:PORT/udp", "if:NAME". Goes out: `Flow`,
`parse_flow`, `split`, `holds`. Only numbers are understood: a name would have to be resolved, and nothing in a cut
depends on DNS. It makes no rules."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from garde.sockets import plain_address

_WITH_PORT: Final = re.compile(
    r"(?:\[(?P<six>[^\[\]]*)\]|(?P<four>[0-9./]*)):(?P<port>[0-9]{1,5})/(?P<protocol>tcp|udp)"
)
_INTERFACE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@-]{0,14}")  # IFNAMSIZ is 16 with the closing zero
_PREFIX: Final = "if:"

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Flow:
    """A peer, and the one service of it that stays open; port 0 is everything, both ways."""

    network: Network
    port: int = 0
    protocol: str = ""  # tcp | udp; "" with port 0

    def __str__(self) -> str:
        text = str(self.network.network_address) if self.network.num_addresses == 1 else str(self.network)
        if not self.port:
            return text
        return f"{f'[{text}]' if self.network.version == 6 else text}:{self.port}/{self.protocol}"


def parse_flow(text: str) -> Flow:
    """One flow; ValueError with the reason for anything else. A network that is all of the Internet is none."""
    found = _WITH_PORT.fullmatch(text)
    if found is None:
        return Flow(_network(text))
    port = int(found["port"])
    if not 0 < port < 65536:
        raise ValueError(f"{text!r}: there is no port {port}")
    network = _network(found["six"] if found["six"] is not None else found["four"])
    if (network.version == 6) != (found["six"] is not None):
        raise ValueError(f"{text!r}: brackets are for IPv6")
    return Flow(network, port, found["protocol"])


def _network(text: str) -> Network:
    if not text.isascii() or "%" in text:
        raise ValueError(f"{text!r} is no address")
    try:
        network = ipaddress.ip_network(text if "/" in text else plain_address(text), strict=False)
    except ValueError:
        raise ValueError(f"{text!r} is no address: names are not resolved in a cut") from None
    if network.prefixlen == 0 or network.network_address.is_loopback or network.network_address.is_multicast:
        raise ValueError(f"{text!r} is no flow to another machine")
    return network


def split(allow: Iterable[str]) -> tuple[tuple[str, ...], tuple[Flow, ...]]:
    """The interfaces and the flows of an order's `allow`, each once. ValueError as `parse_flow`."""
    names: dict[str, None] = {}
    flows: dict[Flow, None] = {}
    for text in allow:
        if text.startswith(_PREFIX):
            name = text.removeprefix(_PREFIX)
            if not _INTERFACE.fullmatch(name) or name == "lo":
                raise ValueError(f"{name!r} is no name of an outside interface")
            names[name] = None
        else:
            flows[parse_flow(text)] = None
    return tuple(names), tuple(flows)


def holds(flows: Iterable[Flow], address: str) -> bool:
    """Whether an address is a peer of one of the flows."""
    found = ipaddress.ip_address(address)
    return any(found in flow.network for flow in flows)
