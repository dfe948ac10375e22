"""The look from outside: which TCP ports of a machine answer another one.

Comes in: addresses (IPv4, IPv6; no names), ports. Goes out: `Looked`. It begins connections and ends them at once: it
sends no data and reads none. Time and number of open connections are bounded. A port that refuses is counted apart: it
offers nothing, but the machine's rules let us through to it.
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import select
import socket
import struct
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

ANSWER_S: Final = 1.5  # a LAN answers in a millisecond; one lost SYN is sent again after a second
LOOK_S: Final = 60.0  # the whole look
AT_ONCE: Final = 256  # connections open at the same time: far below the usual limit of 1024 descriptors
_NO_LINGER: Final = struct.pack("ii", 1, 0)  # a reset instead of a connection that lingers at both ends
_REFUSED: Final = frozenset({errno.ECONNREFUSED, errno.ECONNRESET})

Target = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Looked:
    """What was seen."""

    answering: tuple[int, ...]  # ports at which a connection was made, at any of the addresses
    refused: tuple[int, ...]  # ports that said no at one of the addresses, and yes at none
    tried: int  # pairs of address and port that were tried
    detail: str = ""  # why it is not the whole answer


@dataclass(slots=True)
class _Round:
    """The connections under way."""

    waiting: dict[int, tuple[socket.socket, Target, float]] = field(default_factory=dict)  # by descriptor, with its end
    poll: select.poll = field(default_factory=select.poll)
    answering: set[int] = field(default_factory=set)
    refused: set[int] = field(default_factory=set)
    unreachable: dict[str, str] = field(default_factory=dict)  # address -> the system's words
    tried: int = 0


def look(
    addresses: Sequence[str],
    ports: Iterable[int],
    *,
    answer_s: float = ANSWER_S,
    look_s: float = LOOK_S,
    at_once: int = AT_ONCE,
) -> Looked:
    """Try every port at every address; ValueError for what is no address or no port."""
    wanted = deque(_targets(addresses, ports))
    ends, state = time.monotonic() + look_s, _Round()
    try:
        while (wanted or state.waiting) and time.monotonic() < ends:
            while wanted and len(state.waiting) < at_once:
                _begin(state, wanted.popleft(), min(time.monotonic() + answer_s, ends))
            _collect(state)
    finally:
        for sock, _, _ in state.waiting.values():
            sock.close()
    return _looked(state, left=len(wanted) + len(state.waiting))


def _targets(addresses: Sequence[str], ports: Iterable[int]) -> list[Target]:
    """All pairs, port by port, so that a slow address does not keep the others for last."""
    plain = list(dict.fromkeys(str(ipaddress.ip_address(address)) for address in addresses))
    numbers = list(dict.fromkeys(ports))
    if wrong := [port for port in numbers if not 0 < port < 65536]:
        raise ValueError(f"{wrong[0]} is no port")
    return [(address, port) for port in numbers for address in plain]


def _begin(state: _Round, target: Target, ends: float) -> None:
    address, _ = target
    state.tried += 1
    try:
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    except OSError as error:
        state.unreachable[address] = error.strerror or str(error)
        return
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    code = sock.connect_ex(target)
    if code == errno.EINPROGRESS:
        state.waiting[sock.fileno()] = (sock, target, ends)
        state.poll.register(sock, select.POLLOUT)
        return
    sock.close()
    _note(state, target, code)


def _note(state: _Round, target: Target, code: int) -> None:
    address, port = target
    if code == 0:
        state.answering.add(port)
    elif code in _REFUSED:
        state.refused.add(port)
    else:
        state.unreachable[address] = errno.errorcode.get(code, str(code))


def _collect(state: _Round) -> None:
    """Wait for one answer at least, or for the first connection whose time is over."""
    if not state.waiting:
        return
    first = min(ends for _, _, ends in state.waiting.values())
    for handle, _ in state.poll.poll(max(0.0, first - time.monotonic()) * 1000):
        sock, target, _ = state.waiting[handle]
        _note(state, target, sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
        _end(state, handle)
    now = time.monotonic()
    for handle in [handle for handle, (_, _, ends) in state.waiting.items() if ends <= now]:
        _end(state, handle)


def _end(state: _Round, handle: int) -> None:
    sock, _, _ = state.waiting.pop(handle)
    with contextlib.suppress(KeyError):
        state.poll.unregister(handle)
    sock.close()


def _looked(state: _Round, left: int) -> Looked:
    why = [f"{address}: {words}" for address, words in sorted(state.unreachable.items())]
    if left:
        why.append(f"time was over before {left} of the ports had been tried")
    refused = state.refused - state.answering
    return Looked(tuple(sorted(state.answering)), tuple(sorted(refused)), state.tried, "; ".join(why))
