"""The papers of the way back, for the console and the command line alike: which servers stand on them, and how.

Comes in: the engine's state, the estate, a language, the time. Goes out: the waves that are in force or proposed, and
`Document`s. It writes nothing and asks nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain

from garde.errors import NotFound
from garde.estate.look import Lookup
from garde.journal.speech import say_in
from garde.paper import Document
from garde.recovery.gates import gate_of
from garde.recovery.judged import Row, Wave
from garde.recovery.memory import LISTED_S, OBSERVE_S, Planned, State
from garde.recovery.order import propose, warn
from garde.recovery.restore import points_of
from garde.recovery.sheets import Paper, Record, blank_record, order_sheet, record_sheet
from garde.recovery.waves import waves_of
from garde.recovery.words import RECOVERY_LOCALE


@dataclass(frozen=True, slots=True)
class Papers:
    """The way back at one moment, in one language."""

    state: State
    look: Lookup
    now: float
    language: str

    def order(self, decided: str) -> Document:
        """Return the order of restart. `decided`: by whom and when; "" where nobody has."""
        waves = waves_shown(self.state, self.look, self.now)
        warnings = warn(self.look, self.state, order_of(self.state, self.look))
        return order_sheet(self._paper, waves, warnings, hours_of(self.state), decided)

    def records(self, machine: str = "") -> Document:
        """Return a record for each server, a blank one where there is none yet; or for one server: raises NotFound."""
        rows = [row for wave in waves_shown(self.state, self.look, self.now) for row in wave.rows]
        found = [row for row in rows if not machine or row.machine == machine]
        if machine and not found:
            raise NotFound("no such server stands in a wave or is on its way back", "put it in a wave first")
        return record_sheet(self._paper, [self._record(row) for row in found] or [blank_record()])

    @property
    def _paper(self) -> Paper:
        return Paper(self.look, say_in(self.language, RECOVERY_LOCALE), self.now)

    def _record(self, row: Row) -> Record:
        placed = (each for each in points_of(self.state, self.look, row.machine) if each.placed)
        return Record(gate_of(self.state, self.look, row.machine, self.now), row, next(placed, None))


def hours_of(state: State) -> tuple[float, float]:
    """Return for how long a server is watched alone, and then with its listed flows: in seconds."""
    return (state.plan.observe_s, state.plan.listed_s) if state.plan else (OBSERVE_S, LISTED_S)


def order_of(state: State, look: Lookup) -> list[list[str]]:
    """Return the machines of the waves in force; where nobody has decided any, as the hospital's file proposes them."""
    return state.plan.waves if state.plan is not None else [list(each) for each in propose(look, state)]


def machines_shown(state: State, look: Lookup) -> list[str]:
    """Return the machines of `waves_shown`, in the same order."""
    on_their_way = (name for name, step in state.steps.items() if step.round)
    return list(dict.fromkeys([*chain.from_iterable(order_of(state, look)), *on_their_way]))


def waves_shown(state: State, look: Lookup, now: float) -> tuple[Wave, ...]:
    """Return how the waves of `order_of` stand, and last those on their way that none of them names."""
    if state.plan is None:
        waves = order_of(state, look)
        state = replace(state, plan=Planned(waves, OBSERVE_S, LISTED_S, "", "", [], 0.0, 0))
    return waves_of(state, look, now)
