"""The baseline check: is the machine what it was on the sound day, but for honest upgrades?

Comes in: a machine. Goes out: no with each change that nothing explains; unknown where there is no baseline that
the hub believes, or where something could not be read.
"""

from __future__ import annotations

from typing import ClassVar

from garde.model.restart import Item
from garde.recovery.checks.base import Said, said
from garde.recovery.checks.compare import Change
from garde.recovery.checks.machine import Machine


class Drift:
    """Compares with the baseline."""

    name: ClassVar[str] = "baseline"
    item: ClassVar[Item] = Item.REBUILT

    def __call__(self, machine: Machine) -> Said:
        kept, _, why = machine.kept
        if kept is None:
            return said(self, [why], unknown="replaced" not in why)
        found = [_line(machine, change) for change, honest in machine.changes if not honest]
        noted = _summary([honest for _, honest in machine.changes if honest])
        if found:
            return said(self, found, noted=noted)
        unread = [f"could not be read: {line}" for line in machine.now.skipped if line not in kept.skipped]
        unread += [
            f"upgraded, and no signed package list is at hand to confirm it: {name}" for name in machine.unproven
        ]
        if not unread and not machine.given.believed:
            unread = ["nothing differs, but the hub knows no digest that this baseline could be held against"]
        return said(self, unread, unknown=True, noted=noted)


def _line(machine: Machine, change: Change) -> str:
    why = machine.doubted.get(change.name, "") if change.part == "packages" else ""
    return f"{change.line()}: {why}" if why else change.line()


def _summary(reasons: list[str]) -> list[str]:
    """One line a reason: an upgrade changes a hundred files."""
    counted = {reason: reasons.count(reason) for reason in dict.fromkeys(reasons)}
    return [f"explained, {reason}: {number}" for reason, number in counted.items()]
