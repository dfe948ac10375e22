"""`isolate`: this machine talks to the hub and to the named flows only, IPv4 and IPv6, in, out and forwarded.

Comes in: an order whose `allow` names the flows that stay open. Goes out: `IsolateCut`. A machine that is itself on the
never-cut list is not isolated, and none is that has no hub to talk to: nobody could let it go again but by hand.

Connections already open are no exception. A flow with a port lets this machine ask and its peer answer, no more; one
without a port is open both ways. No DNS is let through (port 53 to anywhere is a way out), and no DHCP: a client that
renews its lease does so on a raw socket, below the firewall. A root attacker can send on raw sockets as well, and a
virtual machine on a bridge passes it by: that is what the cuts at the neighbours and at the switch port are for.

Several may be in force at once, each a table of its own: a packet passes that all of them let pass, so that what is
open is what all of them allow, and undoing one leaves the others as they were.
"""

from __future__ import annotations

import ipaddress
from typing import ClassVar, Final

from garde.contain.actions import flows, probe
from garde.contain.actions.cut import CutRefused, Why
from garde.contain.actions.flows import Flow
from garde.contain.actions.nft import own_addresses
from garde.contain.actions.records import Record
from garde.contain.actions.ruled import RuleCut
from garde.contain.actions.rules import NEIGHBOURS, Chain, Loaded, back, interface, rule, towards
from garde.journal.hub_kinds import Check
from garde.model.order import Order, Verb

_TRIED: Final = 4  # neighbours that a proof tries


class IsolateCut(RuleCut):
    """A table whose chains drop what no flow allows."""

    verb: ClassVar[Verb] = Verb.ISOLATE

    def _refuse(self, order: Order, allow: tuple[Flow, ...]) -> CutRefused | None:
        if flows.split(order.allow)[0]:
            return CutRefused(order.cut, Why.ARGUMENTS, "interfaces are for a gateway's cut of the outside")
        if not self._hub:
            return CutRefused(order.cut, Why.STRANDED, "no hub is known here: nobody could let it go again")
        for address in sorted(own_addresses()):
            if why := self._never.listed(address):
                return CutRefused(order.cut, Why.NEVER_CUT, f"this machine has {address}: {why}")
        return None

    def _open(self, order: Order) -> tuple[Flow, ...]:
        return tuple(dict.fromkeys([*self._hub, *flows.split(order.allow)[1]]))

    def _chains(self, order: Order) -> tuple[Chain, ...]:
        allowed = self._open(order)
        return (
            Chain(
                "input",
                (rule(interface("iifname", "lo"), verdict="accept"), *NEIGHBOURS, *map(back, allowed)),
                drop=True,
            ),
            Chain(
                "output",
                (rule(interface("oifname", "lo"), verdict="accept"), *NEIGHBOURS, *map(towards, allowed)),
                drop=True,
            ),
            Chain("forward", (), drop=True),
        )

    def _words(self, order: Order) -> tuple[str, tuple[str, ...], str]:
        allowed = ", ".join(map(str, self._open(order)))
        return (
            f"this machine talks to {allowed} only",
            ("everything else from, to and through this machine is dropped, open connections included",),
            "the rules are removed; what still waits goes on",
        )

    def _peers(self) -> tuple[str, ...]:
        """Whom it knows now; under another isolation that is hardly anybody, so those known before that one as well."""
        before = (peer for record in self._records.all() for peer in record.peers)
        return tuple(dict.fromkeys([*before, *probe.peers_now()]))

    def _try(self, order: Order, record: Record | None, loaded: Loaded | None) -> tuple[Check, ...]:
        hub = probe.answers(self._hub)
        checks = [Check(f"the hub at {flow} answers", True, seen) for flow, seen in hub.items()]
        forbidden = self._forbidden(order, record)
        checks += [Check(f"a packet to {address} leaves", False, probe.leaves(address)) for address in forbidden]
        reached = probe.answers([Flow(ipaddress.ip_network(address)) for address in forbidden])
        checks += [Check(f"{flow} answers", False, seen) for flow, seen in reached.items()]
        checks += [
            Check(f"IPv{version} leaves by {link.name} to its neighbours", False, probe.leaves_by(link, version))
            for link in probe.links()
            for version in (4, 6)
        ]
        return tuple(checks)

    def _forbidden(self, order: Order, record: Record | None) -> tuple[str, ...]:
        """Machines that this one knew before and must not reach now."""
        known = record.peers if record else ()
        allowed = self._open(order)
        own = own_addresses()
        return tuple(it for it in known if not flows.holds(allowed, it) and it not in own)[:_TRIED]
