"""The TCP connections that are open on this machine now: paths of somebody who is still there.

Comes in: addresses that are asked about. Goes out: `path_seen` of sort `socket`, with the bytes that each has carried
so far. Who called is told by the ports that somebody listens on. Where the kernel, or the library, is not there it
tells nothing: the flow sources have the rest. It looks once and closes nothing.
"""

from __future__ import annotations

import socket
from collections.abc import Collection, Iterator
from typing import Any, Final

from garde.forensics.egress.nouns import TCP, Inside, place
from garde.journal.forensic_kinds import PathSeen
from garde.sockets import ESTABLISHED, LISTEN, plain_address

_INFO: Final = 2  # INET_DIAG_INFO, as a bit of what is asked for
MOST: Final = 200


def open_paths(addresses: Collection[str], inside: Inside, now: float, command: str) -> Iterator[PathSeen]:
    """Yield the open connections that one of these addresses is an end of."""
    rows = _rows()
    doors = {row["idiag_sport"] for row in rows if row["idiag_state"] == LISTEN}
    told = 0
    for row in rows:
        ends = [plain_address(row[name]) for name in ("idiag_src", "idiag_dst")]
        if row["idiag_state"] != ESTABLISHED or not set(ends) & set(addresses) or told >= MOST:
            continue
        found = _path(row, ends, called=row["idiag_sport"] in doors, inside=inside, now=now, command=command)
        if found is not None:
            told += 1
            yield found


def _path(row: Any, ends: list[str], *, called: bool, inside: Inside, now: float, command: str) -> PathSeen | None:
    info = row.get_attr("INET_DIAG_INFO") or {}
    sent, came = int(info.get("tcpi_bytes_acked") or 0), int(info.get("tcpi_bytes_received") or 0)
    ports = (row["idiag_sport"], row["idiag_dport"])
    if called:  # somebody came in by one of our doors
        ends, ports, sent, came = ends[::-1], ports[::-1], came, sent
    flow = place(inside, *ends, ports=ports, protocol=TCP, sent=(sent, came), times=(now, now))
    if flow is None:
        return None
    return PathSeen(
        command, "socket", flow.inside, flow.outside, flow.port, flow.inbound, now, now, flow.back, flow.out,
        detail="open now",
    )  # fmt: skip


def _rows() -> list[Any]:
    try:
        from pyroute2 import DiagSocket
    except ImportError:
        return []
    found: list[Any] = []
    try:
        with DiagSocket() as asked:
            asked.bind()
            for family in (socket.AF_INET, socket.AF_INET6):
                found += asked.get_sock_stats(family=family, extensions=_INFO)
    except Exception:  # its own kinds of errors, and the kernel's: a look is worth no errand
        return []
    return found
