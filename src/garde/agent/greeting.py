"""What the agent says once the first pass is complete: what it sees, in which mode, and how much is covered.

Comes in: the assembled core and what the sensor could not do. Goes out: the `ready` event, journal entries, bait in the
trees, and the facts that `garde status` repeats. The mode in force is said beside the mode asked for, always.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from garde import __version__
from garde.agent import messages as say
from garde.agent import words
from garde.agent.core import Core
from garde.agent.errands.core_end import Errands
from garde.agent.errands.wire import Facts
from garde.agent.link.core_end import Link
from garde.agent.mode import Mode
from garde.agent.voice import skipped_notes
from garde.journal import kinds
from garde.journal.text import Text
from garde.model.finding import Skipped
from garde.vault import Coverage
from garde.watch import bait
from garde.watch.sensors import Opened
from garde.watch.suspicion import PartyKey

OURS: PartyKey = ("garde", 0, 0)  # the hand that places bait


@dataclass(frozen=True, slots=True)
class Greeting:
    """Called once."""

    core: Core
    opened: Opened
    blind: Skipped | None  # the fork tree's refusal, where there is one
    asked: Mode
    state: str
    restore: bool
    link: Link | None = None
    errands: Errands | None = None

    def __call__(self, coverage: Coverage) -> None:
        core = self.core
        if core.bait:
            self._place_bait()
        in_force = self.asked if core.sensor.has_actor else Mode.WATCHING
        notes = (*([self.blind] if self.blind else ()), *self.opened.reduced)
        self._note(in_force, notes)
        core.facts = {
            "mode": in_force.value,
            "asked": self.asked.value,
            "sensor": core.sensor.name,
            "restore": self.restore,
            "trees": [words.text(tree) for tree in core.trees],
            "unseen": [words.unseen(item) for item in self.opened.unseen],
            "notes": [words.unseen(item) for item in notes],
            "pid": os.getpid(),
            "state": self.state,
        }
        if self.errands is not None:
            self.errands.stand(Facts(self.asked.value, in_force.value, core.trees if core.bait else ()))
        if self.link is not None:
            core.facts["hub"] = self.link.facts()
        core.emit("ready", coverage=words.coverage(coverage), **core.facts)
        core.emit.flush()

    def _place_bait(self) -> None:
        """Place it, and have it kept at once: no sensor tells of our own writes, and the first pass is over."""
        placed = [path for tree in self.core.trees for path in bait.place(tree)]
        self.core.watcher.bait |= set(placed)
        self.core.keeper.urgent(say.Batch((), tuple((path, b"", OURS, None) for path in placed)))

    def _note(self, in_force: Mode, notes: tuple[Skipped, ...]) -> None:
        core = self.core
        trees = tuple(Text(tree) for tree in core.trees)
        mode, asked, name = in_force.value, self.asked.value, core.sensor.name
        core.note(kinds.AgentStarted(__version__, asked, mode, name, os.getpid(), self.restore, trees))
        if in_force is not self.asked:
            core.note(kinds.ModeChanged(asked, mode, "; ".join(note.reason for note in notes)))
        if self.opened.unseen:
            core.note(kinds.TreesUnseen(skipped_notes(self.opened.unseen)))
