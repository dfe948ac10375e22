"""What a ward's PC knows: a fold over its own journal.

Comes in: entries. Goes out: `State`, and what may be taken or should go, decided from it. Pure. The rules:

1. Packs are taken from the one desk that is trusted, under its newest enrolment, for the places it named.
2. Of one kind (place, use, language) a pack is newer where its counter is higher; an older one never replaces it, also
   after the newer one was shredded. A new enrolment begins to count anew.
3. The same parcel twice is one.
4. The newest pack of each kind stays for `keep`; the one before it for `previous` after the newest has come; others go
   at once.
5. A printing is known by its run and pack; the newer word about it counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from garde.downtime.packs.shelf import BLANKS
from garde.downtime.parcel.envelope import Code, Header, ParcelRefusedError
from garde.downtime.parcel.receipt import Run
from garde.journal import Entry
from garde.journal.paper_kinds import DeskTrusted, PackKept, PackShredded, PackStale, SheetsPrinted

Slot = tuple[str, str, str]  # place, about, language
KEPT_BEFORE: Final = 1  # packs of a kind that are kept beside the newest


@dataclass(frozen=True, slots=True)
class Held:
    """One pack that is here."""

    pack: str
    slot: Slot
    pages: int
    as_of: float
    made_at: float
    kept_at: float
    order: tuple[int, int]  # which enrolment of this PC (from 1), the parcel's counter

    @property
    def place(self) -> str:
        return self.slot[0]

    @property
    def about(self) -> str:
        return self.slot[1]

    @property
    def language(self) -> str:
        return self.slot[2]


@dataclass(slots=True)
class State:
    """The fold's state."""

    desk: DeskTrusted | None = None
    enrolment: int = 0  # how often a desk was trusted
    senders: set[str] = field(default_factory=set)  # signing keys of every desk that was ever trusted
    held: dict[str, Held] = field(default_factory=dict)
    newest: dict[Slot, tuple[int, int]] = field(default_factory=dict)  # also of packs that are gone
    stale: set[str] = field(default_factory=set)  # packs; "": there is none
    runs: dict[tuple[str, str], Run] = field(default_factory=dict)  # by run and pack

    def slots(self) -> dict[Slot, list[Held]]:
        """Return what is here by kind, the newest first."""
        found: dict[Slot, list[Held]] = {}
        for each in sorted(self.held.values(), key=lambda held: held.order, reverse=True):
            found.setdefault(each.slot, []).append(each)
        return dict(sorted(found.items()))

    def kin(self, pack: str) -> set[str]:
        """Return a pack and what is here of its kind."""
        held = self.held.get(pack)
        return {pack} | {each.pack for each in self.held.values() if held and each.slot == held.slot}

    def current(self) -> list[Held]:
        """Return the newest pack of each kind."""
        return [kind[0] for kind in self.slots().values()]


def project(state: State, entry: Entry) -> None:
    """Take in one entry; others are passed over."""
    match entry.payload:
        case DeskTrusted() as told:
            state.desk = told
            state.enrolment += 1
            state.senders.add(told.sign)
        case PackKept() as told:
            slot, order = (told.place, told.about, told.language), (state.enrolment, told.counter)
            state.held[told.pack] = Held(told.pack, slot, told.pages, told.as_of, told.made_at, entry.at, order)
            state.newest[slot] = max(order, state.newest.get(slot, order))
        case PackShredded() as told:
            state.held.pop(told.pack, None)
            state.stale.discard(told.pack)
        case PackStale() as told:
            state.stale = state.stale | {told.pack} if told.stale else state.stale - state.kin(told.pack)
        case SheetsPrinted() as told:
            state.runs[told.run, told.pack] = Run(
                told.run, told.pack, told.place, told.pages, told.copies, told.printer, told.by, entry.at, told.fault
            )


# --- deciding ---------------------------------------------------------------------------------------------------------


def check_parcel(state: State, header: Header) -> None:
    """Raise ParcelRefusedError where this parcel is not for here, or not newer than what was here."""
    desk = state.desk
    if desk is None or header.sender != desk.sign:
        raise ParcelRefusedError(Code.UNKNOWN_SENDER, "its sender is not the desk that is trusted here")
    if header.place not in desk.places:
        raise ParcelRefusedError(Code.MISADDRESSED, "it is for a place that this PC does not serve")
    if header.epoch != desk.epoch:
        raise ParcelRefusedError(Code.OLDER, "it is of another enrolment of this PC: take the desk's newest card")
    slot = (header.place, header.about, header.language)
    if (state.enrolment, header.counter) <= state.newest.get(slot, (0, 0)):
        raise ParcelRefusedError(Code.OLDER, "a newer one of the same kind was here already")


def is_known(state: State, header: Header) -> bool:
    """Say whether exactly this parcel is here."""
    held = state.held.get(header.pack)
    return held is not None and held.order == (state.enrolment, header.counter)


def to_shred(state: State, now: float, previous_s: float, keep_s: float) -> Iterator[tuple[str, str]]:
    """Yield the packs that should go, and why: newer | age."""
    for newest, *before in state.slots().values():
        age = now - newest.kept_at
        if age > keep_s:
            yield newest.pack, "age"
        for place, each in enumerate(before, 1):
            if place > KEPT_BEFORE or age > previous_s:
                yield each.pack, "newer"


def data_packs(state: State) -> list[Held]:
    """Return the newest packs that show patients: blank forms have no age."""
    return [each for each in state.current() if each.about != BLANKS]
