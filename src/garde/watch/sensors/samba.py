"""What stands behind an smbd child: the client's address, and by `smbstatus` its users and shares.

Comes in: a pid, and the tables of the process's own network namespace. Goes out: `SmbClient`. It stops nobody and
talks to no smbd; `sessions_of` and `sessions_of_all` run a program and are never called on the hot path.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from garde.model.actor import SmbClient
from garde.model.finding import Skipped
from garde.sockets import CLOSE_WAIT, ESTABLISHED, LISTEN, TcpSocket, kernel_address, socket_inodes, tcp_sockets
from garde.watch.sensors.proc import slurp

PORTS: Final = frozenset((445, 139))
_PORT_ENDS: Final = frozenset(b":%04X" % port for port in PORTS)
_PATIENTLY = ("nice", "-n", "19")
_TIMEOUT = 3.0  # seconds; smbstatus opens a few small databases and answers in 30 ms


@dataclass(frozen=True, slots=True)
class Connection:
    """One row of /proc/PID/net/tcp or tcp6."""

    local_port: int
    address: str  # the peer's
    port: int
    state: int
    inode: int


@dataclass(frozen=True, slots=True)
class Sessions:
    """Whom one smbd serves."""

    users: tuple[str, ...] = ()
    shares: tuple[str, ...] = ()


def client_of(pid: int) -> SmbClient | None:
    """Return the client that this process serves on an SMB port, None when it serves none.

    A connection that the client has already closed (CLOSE_WAIT) counts when there is no other.
    """
    found = _sockets_of(pid)
    for state in (ESTABLISHED, CLOSE_WAIT):
        peers = sorted((each.address, each.port) for each in found if each.state == state and each.address)
        if peers:
            return SmbClient(*peers[0])
    return None


def listens(pid: int) -> bool:
    """True when this process waits for SMB clients: it is the server that the children come from."""
    return any(each.state == LISTEN for each in _sockets_of(pid))


def _sockets_of(pid: int) -> list[TcpSocket]:
    """The process's own TCP sockets on an SMB port: asked for themselves, or looked up in its network's tables."""
    asked = tcp_sockets(pid)
    if asked is not None:
        return [each for each in asked if each.local_port in PORTS]
    inodes = set(socket_inodes(pid).values())
    return [TcpSocket(row.local_port, row.address, row.port, row.state) for row in _rows(pid) if row.inode in inodes]


def parse_connections(text: bytes) -> Iterator[Connection]:
    """Give the SMB ports' rows of /proc/net/tcp{,6}; what makes no sense is left out."""
    for line in text.splitlines():
        fields = line.split(None, 10)
        if len(fields) < 10 or fields[1][-5:] not in _PORT_ENDS:  # a busy server has thousands of other rows
            continue
        try:
            address, port = _endpoint(fields[2])
            yield Connection(int(fields[1][-4:], 16), address, port, int(fields[3], 16), int(fields[9]))
        except ValueError:
            continue


def sessions_of(pid: int) -> Sessions | Skipped:
    """Ask `smbstatus` for the users and shares of one smbd."""
    told = _ask(_configuration_of(pid))
    return told if isinstance(told, Skipped) else parse_sessions(told, pid)


def sessions_of_all(pids: Collection[int]) -> dict[int, Sessions]:
    """Ask once for each Samba that these processes belong to, behind everybody else's work.

    Processes of which it knows no user yet are left out.
    """
    by_configuration: dict[tuple[str, ...], list[int]] = {}
    for pid in pids:
        by_configuration.setdefault(tuple(_configuration_of(pid)), []).append(pid)
    found: dict[int, Sessions] = {}
    for words, theirs in by_configuration.items():
        told = _ask(words, _PATIENTLY)
        tables = told if isinstance(told, Skipped) else _load(told)
        if not isinstance(tables, Skipped):
            found |= {pid: one for pid in theirs if (one := _pick(tables, pid)).users}
    return found


def parse_sessions(text: bytes, pid: int) -> Sessions | Skipped:
    """Pick one smbd's users and shares out of `smbstatus --json`. All of them: a connection can carry several users."""
    told = _load(text)
    return told if isinstance(told, Skipped) else _pick(told, pid)


def _load(text: bytes) -> dict[str, dict[str, list[dict[str, Any]]]] | Skipped:
    """Return the tables that matter, their rows by the pid of the smbd that they belong to."""
    try:
        told = json.loads(text.decode("utf-8", "surrogateescape"))
    except ValueError:
        return Skipped("smbstatus", "its answer is no JSON (Samba before 4.17?)")
    return {table: _by_pid(told, table) for table in ("sessions", "tcons")}


def _by_pid(told: Any, table: str) -> dict[str, list[dict[str, Any]]]:
    rows = told.get(table) if isinstance(told, dict) else None
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows.values() if isinstance(rows, dict) else ():
        server = row.get("server_id") if isinstance(row, dict) else None
        pid = server.get("pid") if isinstance(server, dict) else None
        if isinstance(pid, str):
            found.setdefault(pid, []).append(row)
    return found


def _pick(tables: dict[str, dict[str, list[dict[str, Any]]]], pid: int) -> Sessions:
    users = {str(one.get("username", "")) for one in tables["sessions"].get(str(pid), ())}
    shares = {str(one.get("service", "")) for one in tables["tcons"].get(str(pid), ())}
    return Sessions(tuple(sorted(users - {""})), tuple(sorted(shares - {"", "IPC$"})))


def _ask(configuration: Sequence[str], prefix: Sequence[str] = ()) -> bytes | Skipped:
    try:
        done = subprocess.run(
            [*prefix, "smbstatus", "--json", *configuration], capture_output=True, timeout=_TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Skipped("smbstatus", str(error))
    return done.stdout


def _configuration_of(pid: int) -> list[str]:
    """Return the words that make smbstatus read the same configuration file as this smbd."""
    words = [os.fsdecode(word) for word in slurp(b"/proc/%d/cmdline" % pid).split(b"\0")]
    for at, word in enumerate(words):
        if word in ("-s", "--configfile") and at + 1 < len(words):
            return [f"--configfile={words[at + 1]}"]
        if word.startswith("--configfile="):
            return [word]
    return []


def _rows(pid: int) -> Iterator[Connection]:
    """The process's own network namespace, not ours: a server in a container has another table."""
    for table in (b"tcp", b"tcp6"):
        yield from parse_connections(slurp(b"/proc/%d/net/%s" % (pid, table)))


def _endpoint(text: bytes) -> tuple[str, int]:
    """Turn the kernel's `0100007F:01BD` into ("127.0.0.1", 445)."""
    address, _, port = text.decode("ascii").partition(":")
    return kernel_address(address), int(port, 16)
