"""Which client each smbd child serves: the peers of the connections it took from the listener.

Comes in: the listener's pid. Goes out: `Listener`: the addresses a child serves, and the children that serve an
address. The sockets are asked for themselves (`garde.sockets`); where the kernel lends none, and where there are many
children, its tables are read, in the processes' own network namespace. It asks for no user and no share.

A child has connections of its own making as well (to a domain controller, say): only those on a port where the listener
listens are a client's. Blocking the peer of any other would cut the hospital from its directory.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from functools import cached_property
from typing import Final, NamedTuple

from garde.contain.actions import proc
from garde.sockets import CLOSE_WAIT, ESTABLISHED, LISTEN, kernel_address, socket_inodes, tcp_sockets

MANY: Final = 64  # children: from here on reading two tables costs less than asking each
_ESTABLISHED, _CLOSE_WAIT, _LISTEN = "01", "08", "0A"  # include/net/tcp_states.h


class Row(NamedTuple):
    """One line of /proc/net/tcp or tcp6."""

    local_port: int
    remote: str  # textual, IPv4-mapped unwrapped
    state: str
    inode: int


def parse_table(text: str) -> list[Row]:
    """Parse /proc/net/tcp{,6}; lines that are not rows are left out."""
    rows: list[Row] = []
    for line in text.splitlines()[1:]:
        fields = line.split()
        with contextlib.suppress(ValueError, IndexError):
            local, remote = fields[1].rpartition(":")[2], fields[2].partition(":")[0]
            rows.append(Row(int(local, 16), kernel_address(remote), fields[3], int(fields[9])))
    return rows


class Listener:
    """The smbd that accepts. What was read of it is read once: make a new one to look again."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        asked = tcp_sockets(pid)
        self._ports = None if asked is None else {each.local_port for each in asked if each.state == LISTEN}

    @cached_property
    def _clients(self) -> dict[int, str]:
        """Client addresses by the inodes of their sockets, from the tables."""
        rows = [row for name in ("tcp", "tcp6") for row in parse_table(_read(f"/proc/{self.pid}/net/{name}"))]
        own = set(socket_inodes(self.pid).values())
        ports = {row.local_port for row in rows if row.state == _LISTEN and row.inode in own}
        return {
            row.inode: row.remote
            for row in rows
            if row.local_port in ports and row.inode and row.state in (_ESTABLISHED, _CLOSE_WAIT)
        }

    def clients_of(self, child: int) -> frozenset[str]:
        """Every client address of one child. Several: one client with several channels."""
        asked = None if self._ports is None else tcp_sockets(child)
        if asked is None:
            return self._clients_by_table(child)
        return frozenset(
            each.address
            for each in asked
            if each.local_port in (self._ports or ()) and each.address and each.state in (ESTABLISHED, CLOSE_WAIT)
        )

    def _clients_by_table(self, child: int) -> frozenset[str]:
        return frozenset(self._clients[inode] for inode in socket_inodes(child).values() if inode in self._clients)

    def children_serving(self, addresses: AbstractSet[str], *, apart_from: Iterable[int] = ()) -> list[int]:
        """The children with a connection from one of the addresses."""
        known = set(apart_from)
        children = [child for child in proc.children_of(self.pid) if child not in known]
        clients_of = self.clients_of
        if len(children) > MANY or self._ports is None:
            if addresses.isdisjoint(self._clients.values()):
                return []
            clients_of = self._clients_by_table
        return [child for child in children if clients_of(child) & addresses]


def _read(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
