"""`block`: refuse client addresses on this server, in and out, for connections already open as for new ones.

Comes in: an order with addresses. Goes out: `BlockCut`. An address that is never cut off is left out and said, and the
proof of an order that named it fails; an order of such addresses only is refused. It ends no sessions (see `kick.py`)
and does not touch the holds' own table (`nft.py`): a hold let go does not open a cut, nor the other way round.

Packets *to* the address are dropped as well: nothing more can be sent from here to a machine that attacks, and the
kernel says so to whoever tries, which is this server's half of the proof. The other half is the client's: the
witness."""

from __future__ import annotations

import ipaddress
from typing import ClassVar, Final

from garde.contain.actions import probe
from garde.contain.actions.cut import CutRefused, Why
from garde.contain.actions.flows import Flow, holds
from garde.contain.actions.nft import own_addresses
from garde.contain.actions.records import Record
from garde.contain.actions.ruled import RuleCut
from garde.contain.actions.rules import Chain, Loaded, field, rule
from garde.journal.hub_kinds import Check
from garde.model.finding import Skipped
from garde.model.order import Order, Verb
from garde.sockets import plain_address

_PROTOCOLS: Final = {4: "ip", 6: "ip6"}
_SERVICES: Final = (445, 139)  # SMB: what a file server is asked for


class BlockCut(RuleCut):
    """A table that drops what comes from or goes to the order's addresses."""

    verb: ClassVar[Verb] = Verb.BLOCK

    def _refuse(self, order: Order, allow: tuple[Flow, ...]) -> CutRefused | None:
        if not order.addresses:
            return CutRefused(order.cut, Why.ARGUMENTS, "no address to refuse")
        for address in order.addresses:
            if _plain(address) is None:
                return CutRefused(order.cut, Why.ARGUMENTS, f"{address!r} is no address")
        if not self._targets(order):
            why = "; ".join(skipped.reason for skipped in self._left_out(order))
            return CutRefused(order.cut, Why.NEVER_CUT, why)
        return None

    def _targets(self, order: Order) -> tuple[str, ...]:
        return tuple(address for address, why in self._whys(order).items() if not why)

    def _whys(self, order: Order) -> dict[str, str]:
        """Every address of an order, once, with why it is never blocked."""
        whys = self._never.whys(it for address in order.addresses if (it := _plain(address)))
        return {address: "it is the hub" if holds(self._hub, address) else why for address, why in whys.items()}

    def _left_out(self, order: Order) -> tuple[Skipped, ...]:
        whys = self._whys(order).items()
        return tuple(Skipped(f"block {address}", f"never blocked: {why}") for address, why in whys if why)

    def _chains(self, order: Order) -> tuple[Chain, ...]:
        by_version = {
            version: [it for it in self._targets(order) if ipaddress.ip_address(it).version == version]
            for version in _PROTOCOLS
        }

        def drops(*sides: str) -> tuple[tuple[dict[str, object], ...], ...]:
            return tuple(
                rule(field(_PROTOCOLS[version], side, found), verdict="drop")
                for version, found in by_version.items()
                for side in sides
                if found
            )

        return (
            Chain("input", drops("saddr")),
            Chain("forward", drops("saddr", "daddr")),
            Chain("output", drops("daddr")),
        )

    def _words(self, order: Order) -> tuple[str, tuple[str, ...], str]:
        targets = self._targets(order)
        changes = tuple(f"nothing from {it} is taken, nothing is sent to it" for it in targets)
        return (
            f"refuse {', '.join(targets)} on this server",
            changes,
            "the rules are removed; clients come back by themselves",
        )

    def _try(self, order: Order, record: Record | None, loaded: Loaded | None) -> tuple[Check, ...]:
        plain = dict.fromkeys(it for address in order.addresses if (it := _plain(address)))
        checks = [Check(f"a packet to {address} leaves", False, probe.leaves(address)) for address in plain]
        checks += [
            Check(f"a packet to the hub at {flow} leaves", True, probe.leaves(str(flow.network.network_address)))
            for flow in self._hub
        ]
        checks += [
            Check(f"port {port} still takes other clients", True, probe.takes_connections(port, own_addresses()))
            for port in sorted(probe.listening(_SERVICES))
        ]
        return tuple(checks)


def _plain(text: str) -> str | None:
    try:
        return plain_address(text)
    except ValueError:
        return None
