"""From a cut to what its machines are asked: signed orders to agents, switch ports to the hub itself.

Comes in: a cut, machines, who authorised it. Goes out: commands without ids (the journal gives them theirs). It
judges nothing: whoever calls has checked the authority.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from garde.contain import names
from garde.contain.memory import Cut
from garde.contain.planner import BLOCK, KICK, OUTSIDE, PORT
from garde.estate.look import Lookup
from garde.journal import hub_kinds as h
from garde.journal.payload import Payload

INTERFACE = "if:"  # before the name of an outside interface, among the flows of an order


def orders_for(cut: Cut, machines: Iterable[str], look: Lookup, by: str, with_kick: bool) -> Iterator[Payload]:
    """Yield what carries the cut out: the refusals first, at every machine, then what only helps."""
    asked = list(machines)
    if cut.action == PORT:
        found = look.switch_port(cut.target)
        if found is not None and found.switch.id in asked:
            yield h.PortAsked(cut=cut.id, machine=cut.target, switch=found.switch.id, port=found.port, up=False, by=by)
        return
    for machine in asked:
        yield _order(cut, machine, cut.action, by, _flows(cut, machine, look))
    if with_kick and cut.action == BLOCK:
        for machine in asked:
            yield _order(cut, machine, KICK, by)


def undo_orders(cut: Cut, machines: Iterable[str], by: str) -> Iterator[Payload]:
    """Yield what undoes the cut at these machines."""
    for machine in machines:
        if cut.action == PORT:
            behind, switch, port = cut.shut
            yield h.PortAsked(cut=cut.id, machine=behind, switch=switch, port=port, up=True, by=by)
        else:
            yield h.OrderAsked(cut=cut.id, machine=machine, verb="undo", by=by, reason=f"undo of {cut.id}")


def _order(cut: Cut, machine: str, verb: str, by: str, allow: tuple[str, ...] = ()) -> h.OrderAsked:
    return h.OrderAsked(
        cut=cut.id,
        machine=machine,
        verb=verb,
        addresses=tuple(cut.addresses),
        users=tuple(map(names.give, cut.users)),
        allow=allow,
        by=by,
        reason=cut.why if cut.isolation else f"incident {cut.incident}: {cut.action} {cut.target}",
    )


def _flows(cut: Cut, machine: str, look: Lookup) -> tuple[str, ...]:
    """Return what stays open. The hub is not named: every agent knows its own and never cuts itself from it."""
    if cut.isolation:
        return tuple(cut.allow)
    gateway = look.gateways.get(machine)
    if cut.action != OUTSIDE or gateway is None:
        return ()
    return (*(f"{INTERFACE}{name}" for name in gateway.outside), *gateway.allow)
