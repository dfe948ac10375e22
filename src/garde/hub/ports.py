"""Switch ports, shut and opened by the hub itself: the machine behind one may be dead or lying.

Comes in: `port_asked` commands. Goes out: `command_done` when the port is shut and `cut_tried` with the proof,
`cut_undone` when it is open again, `command_failed` with the reason. The work is `garde.contain.actions.port`'s; here
it is given a thread, because a switch may take seconds to answer. Rules:

1. The never-cut list is looked at once more, as it stands when the port is about to be shut: also who else hangs on
   it.
2. A command begun again after the hub was killed finds its record: a port shut twice is shut once.
3. Two machines of one cut are two records: the one's undo does not open the other's port.
4. What a switch's restart has opened is shut again when the hub starts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from garde.contain.actions.cut import CutRefused
from garde.contain.actions.nft import NeverCut
from garde.contain.actions.port import Opener, PortCut, PortOrder
from garde.contain.actions.snmp import SnmpSwitch
from garde.estate.look import Lookup
from garde.estate.never import why_never_port
from garde.hub.performer import Say
from garde.hub.threaded import Threaded
from garde.journal.hub_kinds import CommandDone, CommandFailed, CutTried, CutUndone, PortAsked
from garde.journal.kinds import ErrorSeen
from garde.journal.payload import Command, Payload
from garde.journal.text import Text
from garde.settings import ContainSettings

AT_ONCE = 4  # switches spoken to at one time


class Ports(Threaded):
    """The performer of `port_asked`. See `garde.hub.performer.Performer`."""

    kinds = ("port_asked",)

    def __init__(self, state: Path, estate: Callable[[], Lookup], open_switch: Opener = SnmpSwitch) -> None:
        super().__init__("ports", AT_ONCE)
        self._state, self._estate, self._open_switch = state, estate, open_switch

    def open(self, say: Say) -> None:
        super().open(say)
        self._threads.submit(self._recover)

    # --- in a thread of its own ---

    def _carry_out(self, command: Command) -> list[list[Payload]]:
        assert isinstance(command, PortAsked)
        return self._undo(command) if command.up else self._shut(command)

    def _shut(self, asked: PortAsked) -> list[list[Payload]]:
        estate = self._estate()
        order = order_of(asked, estate)
        why = why_never_port(estate, asked.machine)
        if isinstance(order, str) or why:
            return [[CommandFailed(asked.command, why or str(order))]]
        cut = self._cut(estate)
        done = cut.apply(order)
        if isinstance(done, CutRefused):
            return [[CommandFailed(asked.command, f"{done.code}: {done.reason}")]]
        left = "".join(f"; {each.what}: {each.reason}" for each in done.skipped)
        self._say([CommandDone(asked.command, done.detail + left)])  # before the proof, which takes its time
        proof = cut.prove(order)
        return [[CutTried(asked.command, asked.cut, proof.proven, proof.checks)]]

    def _undo(self, asked: PortAsked) -> list[list[Payload]]:
        done = self._cut(self._estate()).undo(record_id(asked))
        if isinstance(done, CutRefused):
            return [[CommandFailed(asked.command, f"{done.code}: {done.reason}")]]
        return [[CutUndone(asked.cut, asked.command, "hub")]]

    def _recover(self) -> None:
        try:
            failed = self._cut(self._estate()).recover()
        except Exception as error:
            self._say([ErrorSeen("hub/ports", Text(f"{type(error).__name__}: {error}"), "look at snmp.toml")])
            return
        for each in failed:
            words = f"the port of cut {each.cut} may be open again: {each.reason}"
            self._say([ErrorSeen("hub/ports", Text(words), "look at the switch, and ask for the cut once more")])

    def _cut(self, estate: Lookup) -> PortCut:
        return PortCut(self._state, never_of(estate), open_switch=self._open_switch)


def order_of(asked: PortAsked, estate: Lookup) -> PortOrder | str:
    """Return what is to be done; the reason where the estate does not say how the switch is reached."""
    switch = estate.machines.get(asked.switch)
    if switch is None or not switch.snmp:
        return f"the estate does not say how the switch {asked.switch!r} is reached by SNMP"
    addresses = estate.addresses_of(asked.machine)
    return PortOrder(record_id(asked), asked.machine, asked.switch, switch.snmp, asked.port, addresses)


def record_id(asked: PortAsked) -> str:
    """Return the name of the record: of this cut, and of this port."""
    place = hashlib.sha256(f"{asked.switch}\n{asked.port}".encode()).hexdigest()[:12]
    return f"{asked.cut[:48]}-{place}"


def never_of(estate: Lookup) -> NeverCut:
    """Return the hospital's own never-cut list and its hubs, as the action checks them."""
    machines = [estate.machines[line.what] for line in estate.estate.never_cut if line.what in estate.machines]
    listed = [line.what for line in estate.estate.never_cut if line.what not in estate.machines]
    addresses = [address for machine in machines for address in machine.addresses]
    return NeverCut(ContainSettings(never_cut=(*listed, *addresses, *estate.hub_addresses)))
