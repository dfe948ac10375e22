"""Undo of mass deletes and truncates, and of harm done while nobody watched.

Comes in: mass losses, findings of a pass over the trees. Goes out: reports, and restores asked of the keeper. Nobody is
held for deleting.

Rules, one test each:

1. A mass loss is reported, and put back where the settings say so.
2. What a hand deletes again within an hour of an undo stays deleted: the second delete is honoured, and said.
3. In observe mode, or without restore, it is reported only.
4. Harm that was done while nobody watched is reported without an actor, and left to `garde restore`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from garde.agent import messages as say
from garde.agent import words
from garde.agent.holds import Emit
from garde.agent.keeper_link import KeeperLink
from garde.content import Comparison
from garde.model.actor import Actor, ActorKind
from garde.model.finding import Finding, Proof
from garde.watch.commands import MassLoss
from garde.watch.parties import Parties

HONOURED_SECONDS = 3600.0
NOBODY = Actor(ActorKind.UNKNOWN, None, "")


@dataclass(slots=True)
class Undo:
    """Counts its own ids: u1, u2 …"""

    parties: Parties
    keeper: KeeperLink
    emit: Emit
    wall: Callable[[], float]
    enabled: bool
    prefix: str
    _undone: dict[bytes, float] = field(default_factory=dict)  # path -> monotonic seconds
    _count: int = 0

    def mass_loss(self, loss: MassLoss, now: float) -> None:
        """Report a mass loss, and put back what was not deleted twice."""
        party = self.parties.get(loss.party)
        who = party.actor if party else NOBODY
        self._undone = {path: at for path, at in self._undone.items() if now - at < HONOURED_SECONDS}
        again = [path for path in loss.paths if path in self._undone]
        first = [path for path in loss.paths if path not in self._undone]
        self._count += 1
        key = f"{self.prefix}{self._count}"
        undo = self.enabled and bool(first)
        self.emit("finding", id=key, proofs=[Proof.MISSING.value], files=len(loss.paths), undo=undo,
                  honoured=len(again), actor=words.actor(who), path=words.text(loss.paths[0]),
                  paths=[words.text(path) for path in loss.paths[:20]], about=(loss, who))  # fmt: skip
        if not undo:
            return
        offset = self.wall() - now
        self._undone |= dict.fromkeys(first, now)
        self.keeper.urgent(say.RestoreFiles(key, tuple((path, None, loss.since + offset) for path in first)))

    def unwatched(self, damaged: tuple[tuple[bytes, Comparison], ...]) -> None:
        """Report files that a pass found damaged."""
        for path, comparison in damaged:
            finding = Finding(
                at=self.wall(), path=path, path_after=path, proofs=comparison.proofs, actor=NOBODY,
                kind_before=comparison.kind_before, kind_after=comparison.kind_after, changed=comparison.changed,
                provisional=False, detail=comparison.detail,
            )  # fmt: skip
            self.emit("finding", about=finding, unwatched=True)
