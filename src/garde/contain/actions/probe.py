"""Tries a cut from the machine that made it: does a packet leave, does a peer answer, is a server still there?

Comes in: addresses, flows, interfaces. Goes out: `leaves`, `answers`, `listening`, `peers_now`, `links`. All probes
of one call run side by side and end within `seconds`. It sends one small datagram or begins one connection; it sends
no data, resolves nothing and changes nothing.

A drop on the way out is not silent on Linux: the sender of a datagram is told EPERM, so that this half of a proof needs
nobody's help and no waiting.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import ipaddress
import os
import select
import socket
import struct
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from garde.contain.actions.flows import Flow, Network
from garde.contain.actions.peers import Row, parse_table

_DISCARD: Final = 9  # RFC 863: whoever gets it throws it away
_HTTPS: Final = 443  # where a peer is named without a port: a refusal is an answer as well
_SECONDS: Final = 0.4  # a LAN answers in a millisecond; one lost SYN is not sent again within this
_ECHO4, _ECHO_REPLY4, _ECHO6, _ECHO_REPLY6 = 8, 0, 128, 129
_ESTABLISHED, _LISTEN = "01", "0A"
_ALL_NODES: Final = {4: "224.0.0.1", 6: "ff02::1"}
_UP: Final = 0x1  # IFF_UP
_GET_FLAGS: Final = 0x8913  # SIOCGIFFLAGS


class Link(NamedTuple):
    """One interface that is up and not the loopback."""

    name: str
    number: int  # the kernel's index


def links() -> tuple[Link, ...]:
    """The machine's interfaces that are up. /sys may show another network namespace: the kernel's own list is asked."""
    found: list[Link] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for index, name in socket.if_nameindex():
            if name != "lo" and _flags(sock, name) & _UP:
                found.append(Link(name, index))
    return tuple(found)


def _flags(sock: socket.socket, name: str) -> int:
    request = struct.pack("16sH14x", name.encode(), 0)
    try:
        (flags,) = struct.unpack("16xH14x", fcntl.ioctl(sock, _GET_FLAGS, request))
    except OSError:
        return 0
    return int(flags)


def leaves(address: str) -> bool:
    """Whether a datagram to this address gets out of the machine; False where the kernel refuses it or knows no way."""
    found = ipaddress.ip_address(address)
    if found.version == 6 and found.is_link_local:
        return any(_sends(address, link) for link in links())
    return _sends(address)


def leaves_by(link: Link, version: int) -> bool:
    """Whether a datagram to all neighbours gets out by an interface; False also where it has no address for it."""
    return _sends(_ALL_NODES[version], link)


def _sends(address: str, link: Link | None = None) -> bool:
    six = ":" in address
    try:
        with socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM) as sock:
            if link and not six:
                how = struct.pack("4s4si", b"\0" * 4, b"\0" * 4, link.number)
                sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, how)
            where = (address, _DISCARD, 0, link.number if link else 0) if six else (address, _DISCARD)
            sock.sendto(b"", where)
    except OSError:  # also where the machine has no IPv6 at all
        return False
    return True


def answers(flows: Sequence[Flow], *, seconds: float = _SECONDS) -> dict[Flow, bool]:
    """Which peers answer: a connection made or refused, or an echo. Networks are not asked: they are no single peer."""
    single = [flow for flow in dict.fromkeys(flows) if flow.network.num_addresses == 1]
    found = dict.fromkeys(single, False)
    with contextlib.ExitStack() as stack:
        waiting: dict[int, tuple[socket.socket, Flow]] = {}
        for flow in single:
            for sock in (_connecting(flow), _echoing(flow)):
                if sock is not None:
                    stack.enter_context(sock)
                    waiting[sock.fileno()] = (sock, flow)
        _collect(waiting, found, time.monotonic() + seconds)
    return found


def _collect(waiting: dict[int, tuple[socket.socket, Flow]], found: dict[Flow, bool], deadline: float) -> None:
    poll = select.poll()
    for handle, (sock, _) in waiting.items():
        poll.register(handle, select.POLLOUT if sock.type == socket.SOCK_STREAM else select.POLLIN)
    while waiting and not all(found.values()):
        ready = poll.poll(max(0.0, deadline - time.monotonic()) * 1000)
        for handle, _ in ready:
            sock, flow = waiting[handle]
            if sock.type == socket.SOCK_STREAM:
                said = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                found[flow] |= said == 0 or (said == errno.ECONNREFUSED and not flow.port)
            elif not _echoed(sock, flow.network):
                continue
            else:
                found[flow] = True
            poll.unregister(handle)
            del waiting[handle]
        if not ready:
            return


def _connecting(flow: Flow) -> socket.socket | None:
    if flow.protocol == "udp":
        return None
    try:
        sock = socket.socket(_family(flow.network), socket.SOCK_STREAM)
    except OSError:
        return None
    sock.setblocking(False)
    # No lingering connection of a probe, at the peer or here.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    said = sock.connect_ex((str(flow.network.network_address), flow.port or _HTTPS))
    if said in (0, errno.EINPROGRESS, errno.ECONNREFUSED):
        return sock
    sock.close()
    return None


def _echoing(flow: Flow) -> socket.socket | None:
    """An ICMP echo on its way, where nothing but the address is named (or a UDP service, which need not answer)."""
    if flow.protocol == "tcp":
        return None
    six = flow.network.version == 6
    try:
        sock = socket.socket(_family(flow.network), socket.SOCK_RAW, 58 if six else 1)
    except OSError:
        return None
    sock.setblocking(False)
    # The kernel fills in ICMPv6's checksum; ICMP's is ours.
    head = struct.pack("!BBHHH", _ECHO6 if six else _ECHO4, 0, 0, os.getpid() & 0xFFFF, 1)
    if not six:
        head = head[:2] + struct.pack("!H", _checksum(head)) + head[4:]
    try:
        sock.sendto(head, (str(flow.network.network_address), 0))
    except OSError:
        sock.close()
        return None
    return sock


def _checksum(data: bytes) -> int:
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def _echoed(sock: socket.socket, network: Network) -> bool:
    """Whether what came is our peer's reply; a raw socket hears everybody's."""
    try:
        data, sender = sock.recvfrom(2048)
    except OSError:
        return False
    if network.version == 4:
        data = data[(data[0] & 0xF) * 4 :] if data else b""
    wanted = _ECHO_REPLY6 if network.version == 6 else _ECHO_REPLY4
    ours = len(data) >= 8 and data[0] == wanted and data[4:6] == struct.pack("!H", os.getpid() & 0xFFFF)
    return ours and ipaddress.ip_address(sender[0].partition("%")[0]) == network.network_address


def _family(network: Network) -> socket.AddressFamily:
    return socket.AF_INET if network.version == 4 else socket.AF_INET6


def listening(ports: Iterable[int]) -> frozenset[int]:
    """Which of these TCP ports this machine listens on."""
    return frozenset(row.local_port for row in _rows() if row.state == _LISTEN) & frozenset(ports)


def takes_connections(port: int, addresses: Iterable[str], *, seconds: float = _SECONDS) -> bool:
    """Whether a server of this machine takes a connection at one of the machine's own addresses."""
    flows = [Flow(ipaddress.ip_network(address), port, "tcp") for address in addresses]
    return any(answers(flows, seconds=seconds).values())


def peers_now(limit: int = 64) -> tuple[str, ...]:
    """Other machines that this one is connected with or has for neighbours now, connected ones first."""
    connected = (row.remote for row in _rows() if row.state == _ESTABLISHED)
    found = dict.fromkeys(it for it in (*connected, *_neighbours()) if _is_other(it))
    return tuple(found)[:limit]


def _neighbours() -> Iterator[str]:
    for line in _text("/proc/net/arp").splitlines()[1:]:
        fields = line.split()
        if len(fields) > 3 and fields[2] != "0x0":
            yield fields[0]


def routers(names: Iterable[str]) -> tuple[str, ...]:
    """The gateways that this machine's IPv4 routes by these interfaces name."""
    wanted = frozenset(names)
    rows = [line.split() for line in _text("/proc/net/route").splitlines()[1:]]
    words = {row[2] for row in rows if len(row) > 2 and row[0] in wanted and row[2] != "00000000"}
    return tuple(sorted(str(ipaddress.IPv4Address(struct.pack("=I", int(word, 16)))) for word in words))


def _is_other(address: str) -> bool:
    found = ipaddress.ip_address(address)
    return not (found.is_loopback or found.is_unspecified or found.is_multicast)


def _rows() -> list[Row]:
    return [row for name in ("tcp", "tcp6") for row in parse_table(_text(f"/proc/net/{name}"))]


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
