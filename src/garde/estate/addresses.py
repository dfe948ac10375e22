"""Addresses in one spelling, and flows that stay open in a cut.

Comes in: text as a person, a kernel or Samba writes it. Goes out: the same address always as the same text, `Flow`,
and networks. No name is ever resolved: nothing inside a cut may depend on DNS.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_PORTS = 65_535
_FLOW = re.compile(r"(?P<six>\[[^\]]+\]|[^\[\]]*?)(?::(?P<port>\d{1,5})/(?P<protocol>tcp|udp))?", re.ASCII)


def read_address(text: str) -> Address:
    """Read one address; ValueError where it is none. A zone is left out, IPv4 dressed as IPv6 is IPv4."""
    found = ipaddress.ip_address(text.strip().strip("[]").split("%", 1)[0])
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return found


def same(text: str) -> str:
    """Return the address in its one spelling; text that is no address as it is."""
    try:
        return str(read_address(text))
    except ValueError:
        return text


def read_network(text: str) -> Network:
    """Read an address or a network (CIDR, host bits allowed); ValueError where it is neither."""
    address, slash, bits = text.strip().partition("/")
    plain = read_address(address)
    return ipaddress.ip_network(f"{plain}/{bits}" if slash else str(plain), strict=False)


@dataclass(frozen=True, slots=True)
class Flow:
    """What stays open: an address or network, with a port or (0) with all of them."""

    network: Network
    port: int = 0
    protocol: str = ""  # tcp | udp; "" with port 0: every protocol


def read_flow(text: str) -> Flow:
    """Read `ADDRESS`, `NETWORK`, `ADDRESS:PORT/tcp` or `[IPV6]:PORT/udp`; ValueError where it is none of them."""
    found = _FLOW.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no flow")
    network = read_network(found["six"].strip("[]"))
    if found["port"] is None:
        return Flow(network)
    port = int(found["port"])
    if not 0 < port <= _PORTS:
        raise ValueError(f"{port} is no port")
    return Flow(network, port, found["protocol"])
