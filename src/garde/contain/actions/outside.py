"""`outside`: this gateway lets nothing in from the outside or out to it but the named flows.

Comes in: an order whose `allow` holds the outside interfaces ("if:wan0") and the flows that stay open. Goes out:
`OutsideCut`. What the gateway forwards is cut, and what it sends and takes itself: its resolver and its proxy are ways
out as well. Between inside networks nothing changes.

A flow "ADDRESS:PORT/tcp" stays open to that service wherever it is, inside or outside; a plain "ADDRESS" may talk
with the outside both ways. The hub is always allowed, so that a hub or an agent that is reached through the outside
is not lost."""

from __future__ import annotations

import socket
from typing import ClassVar

from garde.contain.actions import flows, probe
from garde.contain.actions.cut import CutRefused, Why
from garde.contain.actions.flows import Flow
from garde.contain.actions.records import Record
from garde.contain.actions.ruled import RuleCut
from garde.contain.actions.rules import NEIGHBOURS, Chain, Loaded, Rule, back, interface, rule, towards
from garde.journal.hub_kinds import Check
from garde.model.finding import Skipped
from garde.model.order import Order, Verb


class OutsideCut(RuleCut):
    """A table that drops what passes an outside interface and no flow allows."""

    verb: ClassVar[Verb] = Verb.OUTSIDE

    def _refuse(self, order: Order, allow: tuple[Flow, ...]) -> CutRefused | None:
        names = flows.split(order.allow)[0]
        if not names:
            return CutRefused(order.cut, Why.ARGUMENTS, "no outside interface is named")
        if not set(names) & _present():
            return CutRefused(order.cut, Why.UNAVAILABLE, f"this machine has no interface {', '.join(names)}")
        return None

    def _left_out(self, order: Order) -> tuple[Skipped, ...]:
        missing = sorted(set(flows.split(order.allow)[0]) - _present())
        return tuple(Skipped(f"interface {name}", "not there now; it is cut when it comes") for name in missing)

    def _open(self, order: Order) -> tuple[Flow, ...]:
        return tuple(dict.fromkeys([*self._hub, *flows.split(order.allow)[1]]))

    def _chains(self, order: Order) -> tuple[Chain, ...]:
        names = flows.split(order.allow)[0]
        allowed = self._open(order)
        come, go = interface("iifname", *names), interface("oifname", *names)
        return (
            Chain("forward", (*_both(allowed), rule(come, verdict="drop"), rule(go, verdict="drop"))),
            Chain("input", (*NEIGHBOURS, *_both(allowed), rule(come, verdict="drop"))),
            Chain("output", (*NEIGHBOURS, *_both(allowed), rule(go, verdict="drop"))),
        )

    def _words(self, order: Order) -> tuple[str, tuple[str, ...], str]:
        names, _ = flows.split(order.allow)
        allowed = ", ".join(map(str, self._open(order))) or "nothing"
        return (
            f"nothing passes {', '.join(names)} but {allowed}",
            tuple(f"all traffic by {name} is dropped, open connections included" for name in names),
            "the rules are removed; the outside is open as before",
        )

    def _try(self, order: Order, record: Record | None, loaded: Loaded | None) -> tuple[Check, ...]:
        names = flows.split(order.allow)[0]
        checks = [
            Check(f"IPv{version} leaves by {link.name} to its neighbours", False, probe.leaves_by(link, version))
            for link in probe.links()
            if link.name in names
            for version in (4, 6)
        ]
        checks += [
            Check(f"a packet to the outside at {address} leaves", False, probe.leaves(address))
            for address in self._routers(order, names)
        ]
        checks.append(Check("a flowtable takes open connections past the rules", False, self._tables.carried_past()))
        hub = probe.answers(self._hub)
        return (*checks, *(Check(f"the hub at {flow} answers", True, seen) for flow, seen in hub.items()))

    def _routers(self, order: Order, names: tuple[str, ...]) -> tuple[str, ...]:
        """The next machines of the outside, as the routing table names them, unless a flow allows them."""
        allowed = self._open(order)
        return tuple(it for it in probe.routers(names) if not flows.holds(allowed, it))


def _present() -> frozenset[str]:
    return frozenset(name for _, name in socket.if_nameindex())


def _both(allowed: tuple[Flow, ...]) -> tuple[Rule, ...]:
    """To the service and back; for a peer without a port every packet of it, whoever began."""
    return tuple(rule for flow in allowed for rule in (towards(flow), back(flow)))
