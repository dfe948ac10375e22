"""What the agent knows of itself: its mode, its bait, the clock, the ports that listen.

Comes in: a machine. Goes out: four answers. The word of an agent about itself opens nothing: the hub wants the look
from outside as well.
"""

from __future__ import annotations

import hashlib
from typing import ClassVar, Final

from garde.model.restart import Item
from garde.recovery.checks import running
from garde.recovery.checks.base import Canary, Said, said
from garde.recovery.checks.machine import Machine
from garde.recovery.checks.names import open_regular, spell

_MOST: Final = 1 << 20  # bytes: a canary is some kilobytes


class Enforcing:
    """The agent holds, and does not only watch."""

    name: ClassVar[str] = "agent"
    item: ClassVar[Item] = Item.WATCHED

    def __call__(self, machine: Machine) -> Said:
        asked, force = machine.given.mode_asked, machine.given.mode_in_force
        if not force:
            return said(self, ["no agent said in which mode it is"], unknown=True)
        if force != "enforce":
            return said(self, [f"the agent is in mode “{force}”, asked for “{asked}”: it holds nobody"])
        return said(self, [])


class Bait:
    """The canaries stand as they were placed."""

    name: ClassVar[str] = "bait"
    item: ClassVar[Item] = Item.WATCHED

    def __call__(self, machine: Machine) -> Said:
        bait = machine.given.bait
        if bait is None:
            return said(self, ["nobody said where bait should stand"], unknown=True)
        if not bait:
            return said(self, ["no bait is placed on this machine"], unknown=True)
        return said(self, [f"{why}: {spell(each.path)}" for each in bait if (why := _wrong(each))])


def _wrong(canary: Canary) -> str:
    try:  # as the agent placed it on the running machine, whose root need not be the one that is swept
        with open_regular(canary.path) as file:
            content = hashlib.sha256(file.read(_MOST)).hexdigest()
    except FileNotFoundError:
        return "bait is missing"
    except OSError as error:
        return f"bait can't be read ({error.strerror})"
    return "bait was changed" if canary.sha256 and content != canary.sha256 else ""


class Clock:
    """The clock is right, by the hub's signed time."""

    name: ClassVar[str] = "clock"
    item: ClassVar[Item] = Item.WATCHED

    def __call__(self, machine: Machine) -> Said:
        offset, most = machine.given.hub_offset, machine.given.clock_s
        if offset is None:
            return said(self, ["the hub's time is not known here"], unknown=True)
        wrong = f"the clock is {abs(offset):.0f} s {'behind' if offset > 0 else 'ahead'}"
        return said(self, [wrong] if abs(offset) > most else [])


class Ports:
    """Nothing listens that the estate's flows do not name; where they name no port, nothing that is new since then."""

    name: ClassVar[str] = "ports"
    item: ClassVar[Item] = Item.NETWORK

    def __call__(self, machine: Machine) -> Said:
        listed = machine.given.listed_ports
        if not machine.given.live:
            return said(self, ["this is another machine's root: nobody knows what listens there"], unknown=True)
        if listed is None:
            return _since_the_sound_day(self, machine)
        found = sorted(running.tcp_ports().items())
        return said(
            self, [f"listens, and no flow names it: {port} ({how})" for port, how in found if port not in listed]
        )


def _since_the_sound_day(check: Ports, machine: Machine) -> Said:
    kept, _, _ = machine.kept
    if kept is None:
        return said(check, ["nobody said which ports are listed for this machine"], unknown=True)
    was, now = kept.parts.get("listeners", {}), machine.now.parts["listeners"]
    new = sorted(name for name in now if name.startswith("tcp") and name not in was)
    return said(check, [f"listens, and did not on the sound day: {name} ({now[name]})" for name in new])
