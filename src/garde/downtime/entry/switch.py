"""Switched back: a named person signs that for one patient the record counts again. Paper counts until then.

Comes in: the state, what the census shows, who signs. Goes out: payloads; what stands in the way; per cent per ward.
The rules:

1. One patient, one signature, by a named person. Nobody is switched back with the ward.
2. It is refused while the record is said to be away; while a sheet of the patient, or a form from which was keyed, is
   open; while a step is open (where paper bears anything of them); while a second person has yet to look, or did not
   agree; while something does not fit; while a message has not been taken.
3. Who signs all the same says why: the reason and what stood in the way are kept.
4. A patient who was switched back is switched back once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from garde.downtime.entry.account import OPEN, UNSURE, all_sheets
from garde.downtime.entry.discrepancies import Discrepancy
from garde.downtime.entry.guide import Sealer, guide
from garde.downtime.entry.returns import BACK
from garde.downtime.entry.state import State
from garde.errors import Refused, UsageError
from garde.journal.paper_kinds import SwitchedBack


def in_the_way(state: State, subject: str, found: Iterable[Discrepancy]) -> list[str]:
    """Return what stands in the way, in words; nothing of them names a patient."""
    if state.began and not state.ended:
        return ["the record is not back yet"]
    pages, now = state.pages_of(subject), guide(state, subject)
    used = {item.sheet for item in state.items_of(subject) if item.counts}  # forms with something of theirs on it
    sheets = [
        each for each in all_sheets(state.sheets) if (each.code.pack, each.code.page) in pages or str(each.code) in used
    ]
    ways = [f"sheet {s.code} ({s.title}) is {s.standing}" for s in sheets if s.standing in (OPEN, UNSURE)]
    if state.items_of(subject) or any(sheet.standing in BACK for sheet in sheets):
        ways += [f"the step {each.step} is open" for each in now.steps if not each.closed]
    ways += [f"a second person has yet to look at {item.item}" for item in now.waits]
    ways += [f"{each.item}: {each.kind.value}" for each in found]
    ways += [f"{message} has not been taken by the record" for message in _untaken(state, subject)]
    return ways


def _untaken(state: State, subject: str) -> Iterator[str]:
    own = {item.item for item in state.items_of(subject)}
    gone = {item.item for item in state.items.values() if item.replaced_by}
    for message in state.out.messages.values():
        if not message.accepted and own & set(message.items) and not set(message.items) <= gone:
            yield message.message


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signs."""

    by: str  # the login
    signed: str  # the name
    reason: str = ""  # why it is done all the same


def switch_back(
    state: State, subject: str, place: str, found: Iterable[Discrepancy], signature: Signature, *, seal: Sealer
) -> Iterator[SwitchedBack]:
    """Decide on a signature."""
    if not signature.signed.strip():
        raise UsageError("who signs?", "name yourself: --signed NAME")
    if (done := state.switch(subject)) is not None:
        raise Refused(f"this patient is switched back already, signed {done.signed}")
    ways = in_the_way(state, subject, found)
    if ways and not signature.reason.strip():
        more = f", and {len(ways) - 3} more" if len(ways) > 3 else ""
        raise Refused(f"paper still counts: {'; '.join(ways[:3])}{more}", "settle it, or --accept REASON")
    note = seal({"reason": signature.reason, "in_the_way": ways}) if ways else seal({})
    yield SwitchedBack(place, signature.by, signature.signed, seal(state.person(subject)), note)


@dataclass(frozen=True, slots=True)
class WardStand:
    """One ward."""

    place: str
    patients: int
    switched: int

    @property
    def per_cent(self) -> int:
        """Rounded down: 100 only where everybody is."""
        return self.switched * 100 // self.patients if self.patients else 100


def wards(state: State, places: Mapping[str, str]) -> list[WardStand]:
    """Return how far each ward is. `places`: where the census has people now, by number."""
    found: dict[str, list[bool]] = {}
    for subject in state.subjects():
        place = place_of(state, subject, places)
        found.setdefault(place, []).append(state.switch(subject) is not None)
    return [WardStand(place, len(each), sum(each)) for place, each in sorted(found.items())]


def place_of(state: State, subject: str, places: Mapping[str, str]) -> str:
    """Return the ward: of the census, of the downtime number, of the paper that bears the name."""
    own = state.numbers_of(subject)
    if here := next((places[number] for number in own if number in places), ""):
        return here
    if held := next((state.numbers.held[number] for number in own if number in state.numbers.held), None):
        return held.place
    packs = (
        state.sheets.packs[pack].place for pack, _ in sorted(state.pages_of(subject)) if pack in state.sheets.packs
    )
    return next(packs, "")
