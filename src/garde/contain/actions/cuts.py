"""The table of cuts, and all of them together for one state directory.

Comes in: a state directory, the never-cut list, the flows to the hub. Goes out: `CUTS`, from the verb of an order to
what makes its cut, and `Cuts`: the whole table made up, with undo by the id alone. A switch port is not among them:
the hub shuts it itself (`port.py`). It checks no signature and no authority."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from garde.contain.actions.account import AccountCut
from garde.contain.actions.block import BlockCut
from garde.contain.actions.cut import Cut, CutRefused, Factory, Undone, Why
from garde.contain.actions.isolate import IsolateCut
from garde.contain.actions.kick import KickCut
from garde.contain.actions.nft import NeverCut
from garde.contain.actions.outside import OutsideCut
from garde.contain.actions.read_only import ReadOnlyCut
from garde.contain.actions.ruled import RuleCut
from garde.model.order import Verb

CUTS: Final[Mapping[Verb, Factory]] = {
    Verb.BLOCK: BlockCut,
    Verb.KICK: KickCut,
    Verb.ACCOUNT: AccountCut,
    Verb.READ_ONLY: ReadOnlyCut,
    Verb.ISOLATE: IsolateCut,
    Verb.OUTSIDE: OutsideCut,
}


class Cuts:
    """Every cut of one agent. `cuts[Verb.BLOCK]` is one; an UNDO is not in the table, it is `undo`."""

    def __init__(self, state: Path, never: NeverCut, hub: Sequence[str]) -> None:
        self._cuts: dict[Verb, Cut] = {verb: make(state, never, hub) for verb, make in CUTS.items()}

    def __getitem__(self, verb: Verb) -> Cut:
        return self._cuts[verb]

    def __contains__(self, verb: Verb) -> bool:
        return verb in self._cuts

    def active(self) -> dict[str, tuple[Verb, ...]]:
        """Every cut in force, with the verbs that make it up."""
        found: dict[str, tuple[Verb, ...]] = {}
        for verb, cut in self._cuts.items():
            for cut_id in cut.active():
                found[cut_id] = (*found.get(cut_id, ()), verb)
        return found

    def undo(self, cut_id: str) -> Undone | CutRefused:
        """Undo a cut in every verb. Where one verb fails the others are undone all the same, and it is refused."""
        said = [cut.undo(cut_id) for cut in self._cuts.values()]
        refused = [one for one in said if isinstance(one, CutRefused)]
        if refused:
            return CutRefused(cut_id, refused[0].code, "; ".join(dict.fromkeys(one.reason for one in refused)))
        undone = [one for one in said if isinstance(one, Undone) and one.verbs]
        if not undone:
            return Undone(cut_id, (), "there is nothing left to undo")
        return Undone(
            cut_id,
            tuple(verb for one in undone for verb in one.verbs),
            "; ".join(one.detail for one in undone),
            tuple(skipped for one in undone for skipped in one.skipped),
        )

    def undo_all(self) -> tuple[Undone | CutRefused, ...]:
        """Undo every cut on this machine: what a printed release code does, with no network and no agent.

        Rules of which no record is left go as well; their answer carries no cut's id.
        """
        said: list[Undone | CutRefused] = [self.undo(cut_id) for cut_id in self.active()]
        for verb, cut in self._cuts.items():
            if isinstance(cut, RuleCut):
                said += _swept(verb, cut)
        return tuple(said)

    def recover(self) -> tuple[CutRefused, ...]:
        """Call once when an agent starts: see `Cut.recover`."""
        return tuple(refused for cut in self._cuts.values() for refused in cut.recover())


def _swept(verb: Verb, cut: RuleCut) -> list[Undone | CutRefused]:
    try:
        found = cut.sweep()
    except OSError as error:
        return [CutRefused("", Why.FAILED, str(error))]
    return [Undone("", (verb,), f"{found} tables of which no record was left are removed")] if found else []
