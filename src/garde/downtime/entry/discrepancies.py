"""What does not fit: paper against the census, against the clock, against itself, one person against another.

Comes in: the state, one patient as the census knows them (or None). Goes out: `Discrepancy`s, each about one item. None
of them changes anything. The rules:

1. A second person who does not agree: open until another item takes the place.
2. Allergies: paper has one and the record says none known; the other way round; paper says both.
3. A drug was given that the record has stopped, or before it was prescribed, or that nobody prescribed.
4. The observed time is in the future, or before paper counted.
5. A giving that the record (or another item) has as well: the same drug within a quarter of an hour. Once the record
   has taken an item from here, what it says of it is its echo.
6. Two patients on one form; the very same thing keyed twice.
7. An item whose sealed part cannot be opened.
8. 2 to 6 are settled by a second person who agrees and says why, or by another item.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from garde.downtime.census.view import AllergyStatus, Drug, PatientView
from garde.downtime.codes import SheetCode
from garde.downtime.entry.items import AllergyFound, Given, NoAllergy, Prescribed, Whole
from garde.downtime.entry.returns import is_of_one
from garde.downtime.entry.state import Item, State
from garde.downtime.high_risk import fold
from garde.downtime.nouns import Coded, GivenStated, NoneKnown, Standing

NEAR_S: Final = 900.0  # seconds between two givings that may be one
AHEAD_S: Final = 300.0  # a watch may run ahead that much


class Kind(Enum):
    """In words that a ward understands."""

    NOT_AGREED = "a second person does not agree"
    UNREADABLE = "the item cannot be opened"
    ALLERGY_NEW = "an allergy on paper, none known in the record"
    ALLERGY_DENIED = "no allergy on paper, one in the record"
    ALLERGY_BOTH = "paper has an allergy and no allergy"
    STOPPED = "given, but stopped in the record"
    TOO_EARLY = "given before it was prescribed"
    NOT_PRESCRIBED = "given, but nobody prescribed it"
    FUTURE = "observed in the future"
    BEFORE_PAPER = "observed before paper counted"
    TWICE_RECORD = "the record has the same giving"
    TWICE_PAPER = "the same was keyed twice"
    TWO_ON_FORM = "two patients on one form"


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One thing that somebody must look at."""

    kind: Kind
    item: str
    subject: str
    place: str
    detail: str = ""  # tells of a patient: for who may see them


def discrepancies(state: State, subject: str, view: PatientView | None, place: str = "") -> list[Discrepancy]:
    """Return what does not fit for one patient, in the order in which it was keyed."""
    items = [item for item in state.items_of(subject) if item.counts]
    found = []
    for item in items:
        settled = any(check.agrees and check.noted for check in item.checks)
        for kind, detail in _of_item(state, item, items, view, place):
            if not settled or kind in (Kind.NOT_AGREED, Kind.UNREADABLE):
                found.append(Discrepancy(kind, item.item, state.person(subject), place, detail))
    return found


_Found = Iterator[tuple[Kind, str]]


def _of_item(state: State, item: Item, items: list[Item], view: PatientView | None, place: str) -> _Found:
    if item.refused:
        yield Kind.NOT_AGREED, ", ".join(check.by for check in item.checks if not check.agrees)
    if item.kept is None:
        yield Kind.UNREADABLE, ""
        return
    yield from _times(state, item, place)
    yield from _form(state, item)
    yield from _again(item, items)
    match item.kept.item:
        case AllergyFound() | NoAllergy() as said:
            yield from _allergies(said, items, view)
        case Given() as given:
            if given.status in ("given", "partly"):
                yield from _prescribed(given, item, items, view)
                yield from _twice(given, item, items, None if _is_taken(state, item) else view)


def _times(state: State, item: Item, place: str) -> _Found:
    if item.observed > item.at + AHEAD_S:
        yield Kind.FUTURE, ""
    if 0 < item.observed < state.since(place):
        yield Kind.BEFORE_PAPER, ""


def _form(state: State, item: Item) -> _Found:
    own = state.numbers_of(item.subject)
    on_it = (state.items[each] for each in state.on_sheet.get(item.sheet, ()))
    others = [each.item for each in on_it if each.subject not in own and each.counts]
    if others and is_of_one(state.sheets, SheetCode.of(item.sheet)):
        yield Kind.TWO_ON_FORM, f"{item.sheet}: {', '.join(others)}"


def _again(item: Item, items: list[Item]) -> _Found:
    """The very same thing, at the very same time: it was typed twice. Givings are looked at more closely below."""
    same = (each.item for each in items if each is not item and each.kept is not None and item.kept is not None
            and (each.kept.item, each.observed) == (item.kept.item, item.observed))  # fmt: skip
    whole = item.kept is not None and isinstance(item.kept.item, Whole | Given)
    if not whole and (other := next(same, None)) is not None:
        yield Kind.TWICE_PAPER, other


# --- allergies --------------------------------------------------------------------------------------------------------


def _allergies(said: AllergyFound | NoAllergy, items: list[Item], view: PatientView | None) -> _Found:
    keyed = [item.kept.item for item in items if item.kept is not None]
    if isinstance(said, NoAllergy):
        if any(isinstance(each, AllergyFound) for each in keyed) and said.of == "any":
            yield Kind.ALLERGY_BOTH, ""
        if view is not None and view.allergies.status is AllergyStatus.RECORDED:
            known = ", ".join(each.value.what.shown for each in view.allergies.items)
            yield Kind.ALLERGY_DENIED, known
    elif view is not None and _denies(view, said.type):
        yield Kind.ALLERGY_NEW, said.what


def _denies(view: PatientView, type_: str) -> bool:
    """Whether the record says that there is none of it. Which type an allergy is, paper seldom says."""
    drug = any(each.value is NoneKnown.DRUG for each in view.allergies.none_known)
    return view.allergies.status is AllergyStatus.NONE_KNOWN or (drug and type_ in ("", "DA", "MA"))


# --- drugs ------------------------------------------------------------------------------------------------------------


def _prescribed(given: Given, item: Item, items: list[Item], view: PatientView | None) -> _Found:
    on_paper = [each for each in items if _is_prescription(each, given)]
    in_record = [drug for drug in (view.drugs if view else ()) if _is_same(given, drug.order.value.number, _what(drug))]
    if not on_paper and not in_record:
        if view is not None:
            yield Kind.NOT_PRESCRIBED, given.what
        return
    if on_paper:
        return
    orders = [drug.order.value for drug in in_record]
    if all(order.standing in (Standing.STOPPED, Standing.DONE) for order in orders):
        yield Kind.STOPPED, given.what
    begins = [order.begins for order in orders if order.begins is not None]
    if len(begins) == len(orders) and item.observed < min(begins):
        yield Kind.TOO_EARLY, given.what


def _is_prescription(item: Item, given: Given) -> bool:
    drug = item.kept.item if item.kept is not None else None
    return isinstance(drug, Prescribed) and _is_same(given, drug.number, Coded(drug.code, drug.what))


def _is_taken(state: State, item: Item) -> bool:
    message = state.out.messages.get(state.out.of_item.get(item.item, ""))
    return message is not None and message.accepted


def _twice(given: Given, item: Item, items: list[Item], view: PatientView | None) -> _Found:
    for each in view.given if view else ():
        value: GivenStated = each.value
        near = value.at is not None and abs(value.at - item.observed) <= NEAR_S
        if near and value.status not in ("RE", "NA") and _is_same(given, value.number, value.what):
            yield Kind.TWICE_RECORD, each.source.sender
            break
    others = (each.item for each in items if each is not item and _is_near(each, item, given))
    if (other := next(others, None)) is not None:
        yield Kind.TWICE_PAPER, other


def _is_near(other: Item, item: Item, given: Given) -> bool:
    same = other.kept.item if other.kept is not None else None
    if not isinstance(same, Given) or same.status not in ("given", "partly"):
        return False
    return abs(other.observed - item.observed) <= NEAR_S and _is_same(given, same.number, Coded(same.code, same.what))


def _what(drug: Drug) -> Coded:
    return drug.order.value.what


def _is_same(given: Given, number: str, what: Coded) -> bool:
    """Whether two speak of the same drug: by the prescription, the code, or the first word of the name."""
    if given.number and number:
        return given.number == number
    if given.code and what.code:
        return given.code.casefold() == what.code.casefold()
    one, other = fold(given.what).split()[:1], fold(what.shown).split()[:1]
    return bool(one) and one == other
