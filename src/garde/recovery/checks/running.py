"""What runs on this machine now: sockets that listen, modules of the kernel, libraries forced into processes.

Comes in: /proc. Goes out: entries for a baseline. It asks nothing of the network. A port that the kernel chose (from
the range for outgoing connections) counts as "ephemeral", or the same honest service would differ after each start.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from garde.recovery.checks.names import spell
from garde.sockets import kernel_address, socket_inodes

_LISTENING: Final = {"tcp": "0A", "tcp6": "0A", "udp": "07", "udp6": "07", "sctp": "0A", "raw": "07", "raw6": "07"}
_ANY: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with, never bound to
# Whoever listens through one of these is told apart by what it runs.
INTERPRETERS: Final = re.compile(
    r"/(python[0-9.]*|perl[0-9.]*|ruby[0-9.]*|php[0-9.]*|node(js)?|java|lua[0-9.]*|tclsh[0-9.]*|bash|dash|sh|zsh|busybox"
    r"|(nc|ncat|netcat)(\.[a-z]+)?|socat[0-9]*|inetd|xinetd|systemd)$"
)
_PRELOAD: Final = (b"LD_PRELOAD=", b"LD_AUDIT=")


def listeners() -> dict[str, str]:
    """Return "tcp 0.0.0.0 445" -> the program that listens there (and what it runs, for an interpreter)."""
    holders = _holders()
    low, high = _range()
    found: dict[str, str] = {}
    for protocol, address, port, inode in _sockets():
        chosen = low <= port <= high
        if protocol.startswith(("udp", "raw")) and chosen:
            continue  # a question under way, not a service
        program = holders.get(inode, "the kernel")
        key = f"{protocol} {address} {f'ephemeral {program}' if chosen else port}"
        found[key] = program
    return found


def tcp_ports() -> dict[int, str]:
    """Return the TCP ports that listen beyond the loopback, with the program."""
    holders = _holders()
    return {
        port: holders.get(inode, "the kernel")
        for protocol, address, port, inode in _sockets()
        if protocol.startswith("tcp") and not address.startswith("127.") and address != "::1"
    }


def peers() -> set[str]:
    """Return the addresses at the other end of this machine's TCP connections."""
    found: set[str] = set()
    for name in ("tcp", "tcp6"):
        for words in _rows(name):
            if words[3] not in ("0A", "07"):
                with contextlib.suppress(ValueError):
                    found.add(kernel_address(words[2].partition(":")[0]))
    return found - _ANY


def _sockets() -> Iterator[tuple[str, str, int, int]]:
    for name, state in _LISTENING.items():
        for words in _rows(name):
            if words[3] != state:
                continue
            host, _, port = words[1].partition(":")
            with contextlib.suppress(ValueError, IndexError):
                yield name, kernel_address(host), int(port, 16), int(words[9])


def _rows(name: str) -> Iterator[list[str]]:
    try:
        lines = Path("/proc/self/net", name).read_text(encoding="ascii", errors="replace").splitlines()[1:]
    except OSError:
        return
    for line in lines:
        words = line.split()
        if len(words) > 9:
            yield words


def _range() -> tuple[int, int]:
    try:
        low, high = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()
        return int(low), int(high)
    except (OSError, ValueError):
        return 32768, 60999


def _holders() -> dict[int, str]:
    """Inode of a socket -> the program of the process that holds it."""
    found: dict[int, str] = {}
    for pid in processes():
        inodes = socket_inodes(pid)
        if inodes and (program := program_of(pid)):
            found |= dict.fromkeys(inodes.values(), program)
    return found


def processes(*, own_network: bool = False) -> list[int]:
    """Return the ids of the processes that can be seen, or of those in this one's network namespace."""
    found = [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - names only
    if not own_network:
        return found
    own = _network("self")
    return [pid for pid in found if _network(str(pid)) == own]


def _network(pid: str) -> str:
    try:
        return os.readlink(f"/proc/{pid}/ns/net")  # noqa: PTH115 - no Path for each of a thousand
    except OSError:
        return ""


def program_of(pid: int) -> str:
    """Return the spelled path of what a process runs; for an interpreter with its script. "" where it is gone."""
    try:
        program = os.readlink(f"/proc/{pid}/exe".encode())  # noqa: PTH115 - paths are bytes
    except OSError:
        return ""
    spelled = spell(program.removesuffix(b" (deleted)"))
    if not INTERPRETERS.search(spelled):
        return spelled
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return spelled
    return f"{spelled} {script}" if (script := _script(words[1:])) else spelled


def _script(words: list[bytes]) -> str:
    """What an interpreter runs, and nothing else of its arguments: they may hold a password."""
    for number, word in enumerate(words):
        if word == b"-m" and number + 1 < len(words):
            return f"-m {spell(words[number + 1])}"
        if word and not word.startswith(b"-"):
            return spell(word)
    return ""


def modules() -> dict[str, str]:
    """Return the kernel's loaded modules -> taint letters, or "-"."""
    found: dict[str, str] = {}
    try:
        lines = Path("/proc/modules").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return found
    for line in lines:
        words = line.split()
        taint = words[-1].strip("()") if words and words[-1].startswith("(") else "-"
        found[words[0]] = taint
    return found


def preloads(*, own_network: bool = False) -> dict[str, str]:
    """Return the programs whose running process was made to load a foreign library -> the variable."""
    found: dict[str, str] = {}
    for pid in processes(own_network=own_network):
        try:
            words = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except OSError:
            continue
        forced = [spell(word) for word in words if word.startswith(_PRELOAD) and not word.endswith(b"=")]
        if forced:
            found[f"process {program_of(pid)}"] = "; ".join(forced[:4])
    return found
