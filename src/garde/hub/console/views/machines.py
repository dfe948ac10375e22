"""The board of machines: by segment, who guards, who is silent, who is cut off.

Comes in: the estate, what the agents say of themselves, the cuts in force, and who takes part in an open incident.
Goes out: `Group`s of `Row`s in the order of the estate: what needs a look first, then the machines with an agent,
then the others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from garde.estate.look import Lookup
from garde.estate.nouns import Machine
from garde.hub.liveness import Agent

ALIVE, SILENT, AWAITED, EXPECTED, NONE = "alive", "silent", "awaited", "expected", "none"


@dataclass(frozen=True, slots=True)
class Row:
    """One machine."""

    id: str
    role: str
    address: str
    agent: str  # alive | silent | awaited (enrolled, never spoke) | expected (not enrolled yet) | none
    asked: str = ""
    mode: str = ""
    last_seen: float = 0.0
    clock_off: float = 0.0
    coverage: Mapping[str, Any] | None = None
    cuts: tuple[str, ...] = ()
    harm: str = ""  # spreads | hit, in an open incident

    @property
    def weaker(self) -> bool:
        """Whether the mode in force is not the one asked for."""
        return self.agent == ALIVE and self.mode != self.asked

    @property
    def needs_a_look(self) -> bool:
        """Whether it stands above the fold."""
        return bool(self.harm or self.cuts or self.weaker) or self.agent == SILENT

    @property
    def tone(self) -> str:
        """The colour of its edge."""
        if self.harm == "spreads" or self.agent == SILENT or self.weaker:
            return "bad"
        if self.harm or self.cuts:
            return "warn"
        return {ALIVE: "good", AWAITED: "note", EXPECTED: "note"}.get(self.agent, "plain")


@dataclass(frozen=True, slots=True)
class Group:
    """One segment."""

    id: str
    rows: tuple[Row, ...]  # shown
    others: tuple[Row, ...]  # machines without an agent and without a cut: folded away


@dataclass(frozen=True, slots=True)
class Counts:
    """The whole board in numbers."""

    alive: int
    silent: int
    awaited: int
    expected: int
    weaker: int
    cut: int

    @property
    def agents(self) -> int:
        """Machines that are enrolled."""
        return self.alive + self.silent + self.awaited


def rows(
    look: Lookup,
    agents: Iterable[Agent],
    cuts: Mapping[str, Sequence[str]],
    spreading: Collection[str] = (),
    hit: Collection[str] = (),
) -> list[Row]:
    """Return every machine of the estate, and what is cut off or enrolled without standing in it."""
    by_machine = {agent.machine: agent for agent in agents}
    known = [_row(each, by_machine.pop(each.id, None), cuts, spreading, hit) for each in look.estate.machines]
    strangers = [_row(_unknown(name), agent, cuts, spreading, hit) for name, agent in by_machine.items()]
    placed = {name for each in look.estate.machines for name in (each.id, *each.addresses)} | set(by_machine)
    addresses = dict.fromkeys([*cuts, *spreading])
    loose = [name for name in addresses if name not in placed and look.machine(name) is None]
    return known + strangers + [_row(_unknown(name), None, cuts, spreading, hit) for name in loose]


def groups(look: Lookup, all_rows: Iterable[Row]) -> list[Group]:
    """Return the rows by segment, in the estate's order; machines of no segment come last."""
    found: dict[str, list[Row]] = {segment.id: [] for segment in look.estate.segments}
    found[""] = []
    for row in all_rows:
        segment = look.segment_of(row.id)
        found[segment.id if segment else ""].append(row)
    return [_group(name, members) for name, members in found.items() if members]


def counts(all_rows: Iterable[Row]) -> Counts:
    """Count."""
    listed = list(all_rows)
    of = [row.agent for row in listed]
    return Counts(
        of.count(ALIVE),
        of.count(SILENT),
        of.count(AWAITED),
        of.count(EXPECTED),
        sum(row.weaker for row in listed),
        sum(bool(row.cuts) for row in listed),
    )


def _group(name: str, members: list[Row]) -> Group:
    shown = [row for row in members if row.agent != NONE or row.needs_a_look]
    others = [row for row in members if row.agent == NONE and not row.needs_a_look]
    shown.sort(key=lambda row: (not row.needs_a_look, row.agent == EXPECTED))  # stable: the rest keeps the file's order
    return Group(name, tuple(shown), tuple(others))


def _unknown(name: str) -> Machine:
    return Machine(name, "", "other", ())


def _row(
    machine: Machine,
    agent: Agent | None,
    cuts: Mapping[str, Sequence[str]],
    spreading: Collection[str],
    hit: Collection[str],
) -> Row:
    names = (machine.id, *machine.addresses)
    on = tuple(dict.fromkeys(cut for name in names for cut in cuts.get(name, ())))
    harm = "spreads" if any(name in spreading for name in names) else "hit" if machine.id in hit else ""
    address = machine.addresses[0] if machine.addresses else ""
    if agent is None:
        return Row(machine.id, machine.role, address, EXPECTED if machine.agent else NONE, cuts=on, harm=harm)
    return Row(
        machine.id, machine.role, address, agent.state, agent.asked, agent.mode, agent.last_seen, agent.clock_off,
        agent.coverage, on, harm,
    )  # fmt: skip
