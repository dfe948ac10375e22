"""Why these addresses are never cut: the hub's side of the never-cut list. The agent checks its own once more.

Comes in: the estate, and addresses, networks or machines. Goes out: one sentence, or "" where nothing speaks against
it. The rules, in this order, one test each:

* What is no address is never cut.
* Loopback, unspecified, multicast and broadcast are no single machine; they are never cut.
* The hub is never cut: nobody could undo it.
* What the never-cut list names, by machine, address or network, is never cut; neither is a network that holds it.
* A gateway is never cut: what lies behind it would go with it (the outside is cut by its own rules, see `outside`).
* A machine is never cut where one of its addresses is; a switch, where a machine behind it is.
"""

from __future__ import annotations

from collections.abc import Iterable

from garde.estate.addresses import Network, read_network
from garde.estate.look import Lookup
from garde.estate.nouns import Estate


def why_never(estate: Estate | Lookup, addresses: Iterable[str]) -> str:
    """Return why one of these addresses (or networks) is never cut, or ""."""
    look = estate if isinstance(estate, Lookup) else Lookup(estate)
    return next((why for why in (_why_address(look, each) for each in addresses) if why), "")


def why_never_machine(estate: Estate | Lookup, machine: str) -> str:
    """Return why this machine (id) is never cut from the network, by whatever means, or ""."""
    look = estate if isinstance(estate, Lookup) else Lookup(estate)
    for each in look.behind(machine):
        if why := _why_machine(look, each):
            return why if each == machine else f"{each} hangs on {machine}, and {why}"
    return ""


def why_never_port(estate: Estate | Lookup, machine: str) -> str:
    """Return why the switch port of this machine (id) is never shut, or "": others may hang on the same port."""
    look = estate if isinstance(estate, Lookup) else Lookup(estate)
    found = look.switch_port(machine)
    if found is None:
        return why_never_machine(look, machine)
    for each in found.behind:
        if why := _why_machine(look, each):
            return why if each == machine else f"{each} hangs on the same port, and {why}"
    return ""


def _why_machine(look: Lookup, machine: str) -> str:
    found = look.machines.get(machine)
    if found is not None and found.role == "hub":
        return f"{machine} is the hub"
    if line := look.never_machine(machine):
        return _listed(machine, line.what, line.why)
    if machine in look.gateways or (found is not None and found.role == "gateway"):
        return f"{machine} is a gateway: what lies behind it would be cut as well"
    return next((why for why in (_why_address(look, each) for each in (found.addresses if found else ())) if why), "")


def _why_address(look: Lookup, text: str) -> str:
    try:
        wanted = read_network(text)
    except ValueError:
        return f"{text} is no address"
    single = wanted.num_addresses == 1
    if _is_nobody(wanted) or (single and look.is_broadcast(wanted)):
        return f"{text} is no single other machine"
    if hub := _holds(look, wanted, (each.id for each in look.hubs)):
        return f"{text} is the hub" if single else f"{text} holds the hub, {hub}"
    if line := look.never(text):
        return _listed(text, line.what, line.why)
    gateways = (each.id for each in look.estate.machines if each.role == "gateway" or each.id in look.gateways)
    if gateway := _holds(look, wanted, gateways):
        return f"{text} {'is' if single else 'holds'} the gateway {gateway}: what lies behind it would be cut as well"
    return ""


def _listed(asked: str, what: str, why: str) -> str:
    named = "" if asked == what else f" ({what})"
    return f"{asked} is on the never-cut list{named}" + (f": {why}" if why else "")


def _is_nobody(wanted: Network) -> bool:
    first = wanted.network_address
    return (
        wanted.prefixlen == 0  # everybody
        or first.is_loopback
        or first.is_unspecified
        or first.is_multicast
        or str(wanted.broadcast_address) == "255.255.255.255"
    )


def _holds(look: Lookup, wanted: Network, machines: Iterable[str]) -> str:
    """Return the first of these machines that has an address in the network."""
    for name in machines:
        for address in look.machines[name].addresses:
            try:
                found = read_network(address)
            except ValueError:
                continue
            if found.version == wanted.version and found.network_address in wanted:
                return name
    return ""
