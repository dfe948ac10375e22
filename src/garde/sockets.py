"""The TCP sockets of another process, asked of the sockets themselves; and more room for what comes in on one of ours.

Comes in: a pid. Goes out: for each TCP socket that it holds, its own port, its peer and its state. A socket is borrowed
for the moment (`pidfd_getfd`, Linux 5.6) and asked for its peer: some microseconds each, in whatever network namespace
the process is. The kernel's tables (/proc/PID/net/tcp) say the same, but the kernel goes through all of its buckets for
them: 10 ms a table on a server with memory, and a row can be missed while others come and go. Needs the right to trace
the process; where it is refused the answer is None, and the caller reads the tables.
"""

from __future__ import annotations

import ctypes
import os
import socket
import sys
from contextlib import suppress
from ipaddress import IPv6Address, ip_address
from typing import Final, NamedTuple

ESTABLISHED, CLOSE_WAIT, LISTEN = 1, 8, 10  # include/net/tcp_states.h
_SO_RCVBUFFORCE: Final = 33  # include/uapi/asm-generic/socket.h
_PIDFD_GETFD: Final = 438  # the same number on every architecture
_syscall = ctypes.CDLL(None, use_errno=True).syscall


class TcpSocket(NamedTuple):
    """One socket. `address` is "" and `port` 0 where there is no peer (any more)."""

    local_port: int
    address: str  # textual, IPv4-mapped unwrapped
    port: int
    state: int


def tcp_sockets(pid: int) -> list[TcpSocket] | None:
    """Return the process's TCP sockets; none for a process that is gone, None where the kernel lends no socket."""
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return []
    except (OSError, AttributeError):
        return None
    try:
        return [found for number in socket_inodes(pid) if (found := _ask(pidfd, number)) is not None]
    except PermissionError:
        return None
    finally:
        os.close(pidfd)


def socket_inodes(pid: int) -> dict[int, int]:
    """Return the inode of each descriptor of a process that is a socket; none where they can't be read."""
    found: dict[int, int] = {}
    try:
        names = os.listdir(f"/proc/{pid}/fd")  # noqa: PTH208 - a Path for each costs more than the call
    except OSError:
        return found
    for name in names:
        with suppress(OSError, ValueError):
            target = os.readlink(f"/proc/{pid}/fd/{name}")  # noqa: PTH115 - as above
            if target.startswith("socket:["):
                found[int(name)] = int(target[8:-1])
    return found


def _ask(pidfd: int, number: int) -> TcpSocket | None:
    """Borrow one socket; None for one that is not TCP, or closed meanwhile. Raises PermissionError."""
    borrowed = _syscall(_PIDFD_GETFD, pidfd, number, 0)
    if borrowed < 0:
        if ctypes.get_errno() in (1, 13, 38):  # EPERM, EACCES, ENOSYS
            raise PermissionError(ctypes.get_errno(), "the kernel lends no socket")
        return None
    try:
        found = socket.socket(fileno=borrowed)
    except OSError:
        os.close(borrowed)
        return None
    with found, suppress(OSError):
        return _describe(found)
    return None


def _describe(found: socket.socket) -> TcpSocket | None:
    if found.family not in (socket.AF_INET, socket.AF_INET6) or found.type != socket.SOCK_STREAM:
        return None
    state = found.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
    local = int(found.getsockname()[1])
    try:
        address, port = found.getpeername()[:2]
    except OSError:
        return TcpSocket(local, "", 0, state)
    return TcpSocket(local, plain_address(address), int(port), state)


def kernel_address(text: str) -> str:
    """Turn the kernel's `0100007F` into `127.0.0.1`: it prints each 32-bit word in its own byte order.

    Raises ValueError for what is no address.
    """
    words = [bytes.fromhex(text[start : start + 8]) for start in range(0, len(text), 8)]
    packed = b"".join(word[::-1] for word in words) if sys.byteorder == "little" else b"".join(words)
    return plain_address(str(ip_address(packed)))


def plain_address(text: str) -> str:
    """One spelling for one client: no scope, no IPv4-mapped form. Raises ValueError for what is no address."""
    found = ip_address(text.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return str(mapped or found)


def widen(made: socket.socket, size: int) -> None:
    """Let the kernel hold so many bytes for a socket of ours; without the right to it as many as it allows."""
    try:
        made.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, size)
    except OSError:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
