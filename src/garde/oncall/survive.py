"""Which channels survive which cut.

Comes in: the estate, a channel's note, machines that are cut off. Goes out: why the channel does not stand, or "";
and which machines it hangs on. Pure. Rules, one test each:

1. A channel that passes through nothing (a local modem) survives every cut.
2. It falls with any machine that it needs, and with any service that it needs and that stops with a machine.
3. One that leads outside falls with the cut of a gateway, unless its address may stay open there.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import Final

from garde.estate.addresses import Flow, read_flow
from garde.estate.dependencies import impact
from garde.estate.look import Lookup
from garde.journal.oncall_kinds import ChannelNote

KEPT: Final = 64  # answers; a changed estate is another Lookup, and asked anew


def falls_with(look: Lookup, note: ChannelNote, cut: Collection[str]) -> str:
    """Return the id of the machine or service by whose loss the channel falls; "" where it stands."""
    if not cut:
        return ""
    known = [found.id if (found := look.machine(name)) else name for name in cut]
    if note.needs and (need := _lost(look, note, known)):
        return need
    if note.outside:
        return next((gate for gate in look.gateways if gate in known and not _stays_open(look, gate, note)), "")
    return ""


def _lost(look: Lookup, note: ChannelNote, cut: Collection[str]) -> str:
    """Return the first of what the channel needs that stops with these machines."""
    lost = impact(look.estate, cut)
    stopped = {*cut, *lost.machines, *lost.stopped}
    needs = (found.id if (found := look.machine(need)) else need for need in note.needs)
    return next((need for need in needs if need in stopped), "")


@lru_cache(maxsize=KEPT)
def hangs_on(look: Lookup, note: ChannelNote) -> tuple[str, ...]:
    """Return every machine whose loss takes the channel down, in the order of the file."""
    return tuple(each.id for each in look.estate.machines if falls_with(look, note, (each.id,)))


@lru_cache(maxsize=KEPT)
def survives_outside(look: Lookup, note: ChannelNote) -> bool:
    """Whether the channel works when the outside is cut at every gateway."""
    return not falls_with(look, note, tuple(look.gateways))


def _stays_open(look: Lookup, gate: str, note: ChannelNote) -> bool:
    try:
        wanted = read_flow(note.address) if note.address else None
    except ValueError:
        wanted = None  # a name: who would resolve it inside a cut?
    return wanted is not None and any(_covers(flow, wanted) for flow in look.gateways[gate].allow)


def _covers(text: str, wanted: Flow) -> bool:
    try:
        flow = read_flow(text)
    except ValueError:
        return False
    held = flow.network.version == wanted.network.version and wanted.network.subnet_of(flow.network)  # type: ignore[arg-type]
    return held and (not flow.port or (flow.port, flow.protocol) == (wanted.port, wanted.protocol))
