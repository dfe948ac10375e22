"""What of the paper is to go to the record: which items, in which order, as new, corrected or withdrawn.

Comes in: the state. Goes out: `Merge`s and `Fact`s of a patient, for `messages` (HL7) and `bundle` (FHIR). The rules:

1. Identity first: a downtime number that two people linked goes as a merge before anything of that person.
2. Then allergies, administrations, results and images, vitals, notes, in the order of steps. Prescriptions and orders
   are never sent: the record would carry them out once more. They are listed for whoever may prescribe (`by_hand`).
3. An item goes once nobody has to look at it any more: checked where it must be, nothing that does not fit.
4. An item is in one message. What corrects one that went is sent as its correction, under the same number; what
   strikes one out, as its withdrawal; of one that never went, nothing goes.
5. Of a patient whom the record does not know (a downtime number that is not linked) nothing goes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from garde.downtime.entry.items import (
    AllergyFound,
    Anything,
    Given,
    Image,
    NoAllergy,
    Note,
    Ordered,
    Prescribed,
    Result,
    Step,
    Struck,
    Vital,
)
from garde.downtime.entry.state import Item, State
from garde.downtime.nouns import Person, Place

SENT: Final = (AllergyFound, NoAllergy, Given, Result, Image, Vital, Note)
_ORDER: Final = list(Step)


class Action(Enum):
    """HL7 table 0323, where a message has it."""

    ADD = "A"
    UPDATE = "U"
    DELETE = "D"


@dataclass(frozen=True, slots=True)
class Subject:
    """The patient, as the record knows them."""

    number: str
    person: Person = field(default_factory=Person)
    place: Place = field(default_factory=Place)
    visit: str = ""
    inpatient: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """One item that is to go."""

    item: str
    origin: str  # the first of the items that replaced one another: what the record knows it by
    action: Action
    what: Anything  # of a withdrawal: what is withdrawn
    observed: float
    entered: float
    author: str
    by: str  # who keyed it
    on_behalf: str
    checked: tuple[str, ...]  # who looked
    sheet: str
    picture: str = ""  # FILE/PAGE, of a note


@dataclass(frozen=True, slots=True)
class Merge:
    """A downtime number that becomes the record's own."""

    match: str
    gone: str
    by: tuple[str, ...] = ()


def merges_due(state: State, subject: str) -> Iterator[Merge]:
    """Yield the merges of one person that are in no message yet."""
    root = state.person(subject)
    for held in state.numbers.held.values():
        if held.record == root and held.number != root:
            found = [m for m in state.numbers.matches.values() if (m.number, m.record) == (held.number, root)]
            if found and found[-1].match not in state.out.of_item:
                yield Merge(found[-1].match, held.number, (found[-1].by,))


def facts_due(state: State, subject: str, doubtful: Collection[str]) -> list[Fact]:
    """Return one person's items that are in no message yet and may go. `doubtful`: items with discrepancies."""
    if state.person(subject) in state.numbers.held:  # a downtime number that nobody linked
        return []
    items = sorted(state.items_of(subject), key=lambda each: _ORDER.index(each.step))
    ready = (item for item in items if _is_ready(item) and item.item not in doubtful)
    return [fact for item in ready if item.item not in state.out.of_item and (fact := _fact(state, item))]


def _is_ready(item: Item) -> bool:
    return item.counts and item.kept is not None and not item.waits and not item.refused


def _fact(state: State, item: Item) -> Fact | None:
    assert item.kept is not None
    before = _chain(state, item)
    went = any(_went(state, each) for each in before)
    what: Anything = item.kept.item
    action = Action.UPDATE if went else Action.ADD
    if isinstance(what, Struck):
        last = next((each.kept.item for each in reversed(before) if each.kept and _went(state, each)), None)
        if last is None:
            return None
        what, action = last, Action.DELETE
    if not isinstance(what, SENT):
        return None
    checked = tuple(check.by for check in item.checks if check.agrees)
    origin = before[0].item if before else item.item
    pictures = state.sheets.scans.get(item.sheet, ()) if isinstance(what, Note) else ()
    return Fact(
        item.item, origin, action, what, item.observed, item.at, item.kept.author, item.by, item.kept.on_behalf,
        checked, item.sheet, pictures[-1] if pictures else "",
    )  # fmt: skip


def _chain(state: State, item: Item) -> list[Item]:
    """The items that this one took the place of, the first one first."""
    found: list[Item] = []
    while item.replaces in state.items and len(found) < len(state.items):
        item = state.items[item.replaces]
        found.insert(0, item)
    return found


def _went(state: State, item: Item) -> bool:
    message = state.out.messages.get(state.out.of_item.get(item.item, ""))
    return message is not None and not message.refused


def by_hand(state: State, subject: str) -> list[Item]:
    """Return what whoever may prescribe enters in the record themselves: prescriptions and live orders."""
    items = (item for item in state.items_of(subject) if item.counts and item.kept is not None)
    return [item for item in items if item.kept is not None and isinstance(item.kept.item, Prescribed | Ordered)]
