"""What may be done with downtime numbers next: each function returns what to write, or refuses and says what to do.

Comes in: `State`, what a person said, already sealed where it names somebody. Goes out: one payload. Pure; called
inside `Book.change`, so that two commands at once never get the same number. The rules stand in `state`.
"""

from __future__ import annotations

import re
from typing import Final

from garde.downtime.numbers.form import Clash, Number, clear_numbers, is_prefix, read_number
from garde.downtime.numbers.state import Block, Held, Standing, State
from garde.errors import NotFound, Refused, SettingsError, UsageError
from garde.journal import Text
from garde.journal.paper_kinds import (
    NumberDescribed,
    NumberIssued,
    NumbersReserved,
    NumberVoided,
)

MOST: Final = 5_000  # numbers of one block: 625 sheets of labels
AHEAD_S: Final = 300.0  # a moment may be this far in the future: two watches
LONGEST_NAME: Final = 60


# --- blocks -----------------------------------------------------------------------------------------------------------


def check_prefix(clash: Clash) -> None:
    """Refuse a prefix with which a downtime number could be a patient's own."""
    if not is_prefix(clash.prefix):
        raise SettingsError(
            f"{clash.prefix!r} cannot begin a number", "desk.json: number_prefix, a letter and up to three more signs, "
            "none of I, L, O, U",
        )  # fmt: skip
    if clash.refuses:
        raise Refused(
            f"{clash.prefix} could be a patient's number: of {clash.compared} in the census, {clash.begins} begin with "
            f"it, {clash.shaped} are made alike",
            "set another number_prefix in desk.json and try it: garde number check PREFIX",
        )


def reserve(state: State, *, prefix: str, place: str, count: int, by: str, first: int = 0) -> NumbersReserved:
    """Give a place its next block, or the one that begins with the serial `first`."""
    check_place(place)
    if not 1 <= count <= MOST:
        raise UsageError(f"a block has 1 to {MOST} numbers", "garde number need says how many a place needs")
    start = first or 1 + max((each.last for each in state.blocks.values() if each.prefix == prefix), default=0)
    numbers = [number for _, number in zip(range(count), clear_numbers(prefix, start), strict=False)]
    if len(numbers) < count:
        raise Refused(f"{prefix} has no {count} numbers left", "set another number_prefix in desk.json")
    block = Block(f"B{len(state.blocks) + 1}", prefix, start, numbers[-1].serial, place)
    taken = [each.block for each in state.blocks.values() if _overlap(each, block)]
    if taken:
        raise Refused(f"these numbers belong to block {', '.join(taken)}", "name another --first, or none")
    return NumbersReserved(block.block, prefix, block.first, block.last, place, check_name(by))


def _overlap(one: Block, other: Block) -> bool:
    return one.prefix == other.prefix and one.first <= other.last and other.first <= one.last


def check_place(place: str) -> None:
    """Refuse what is no name of a place."""
    if not place or len(place) > LONGEST_NAME or not place.isprintable() or place != place.strip():
        raise UsageError("no place was named", "name a ward as the census does: garde number reserve URG")


def check_name(name: str) -> str:
    """Return who it is, or refuse: a signature is somebody's."""
    found = " ".join(name.split())
    if not folded(found):
        raise UsageError("nobody signs", "name who does it: --by 'N. Peeters'")
    return found


# --- giving -----------------------------------------------------------------------------------------------------------


def read_typed(text: str) -> Number:
    """Return the number that was typed; Refused says what to do about a wrong one."""
    try:
        return read_number(text)
    except ValueError as error:
        raise Refused(f"{text.strip()!r} is no downtime number: {error}", "look at the label again, sign by sign, "
                      "or scan it; do not give another number for the same label") from error  # fmt: skip


def issue(
    state: State, *, place: str, number: Number | None, person: Text, at: float, by: str, now: float,
    elsewhere: bool = False,
) -> NumberIssued:  # fmt: skip
    """Give a number: the place's next, or one that stands on paper already."""
    check_place(place)
    check_moment(at, now)
    chosen = number or _next_free(state, place)
    check_can_be_given(state, chosen, place, elsewhere=elsewhere)
    return NumberIssued(str(chosen), place, check_name(by), at, person)


def _next_free(state: State, place: str) -> Number:
    blocks = [each for each in state.blocks.values() if each.place == place]
    if not blocks:
        known = ", ".join(sorted({each.place for each in state.blocks.values()})) or "none"
        raise NotFound(f"{place} has no downtime numbers", f"places that have: {known}; garde number reserve {place}")
    for block in blocks:
        for number in state.free(block):
            return number
    raise Refused(f"{place} has no downtime number left", f"reserve more: garde number reserve {place} --count 100")


def check_can_be_given(state: State, number: Number, place: str, *, elsewhere: bool) -> None:
    """Refuse a number that is nobody's to give, or was given."""
    held = state.held.get(str(number))
    if held is not None:
        raise Refused(_why_held(held), "take the next label; if both are one person, void the wrong one")
    block = state.block_of(number)
    if block is None:
        prefixes = {each.prefix for each in state.blocks.values()}
        if prefixes and number.prefix not in prefixes:
            raise Refused(f"{number} is another desk's number: this one gives {', '.join(sorted(prefixes))}",
                          "type it at the desk that printed it")  # fmt: skip
        raise Refused(
            f"{number} is of no block that was reserved here",
            f"where the label is real: garde number reserve {place} --first {number.serial} --count 1",
        )
    if block.place != place and not elsewhere:
        raise Refused(f"{number} belongs to {block.place} (block {block.block})",
                      f"if its label was really used on {place}, say so: --elsewhere")  # fmt: skip


def _why_held(held: Held) -> str:
    if held.standing is Standing.VOID:
        return f"{held.number} is void ({held.by}): it is never given again"
    return f"{held.number} was given to somebody on {held.place} ({held.by})"


def check_moment(at: float, now: float) -> None:
    """Refuse a moment that is still to come."""
    if at > now + AHEAD_S:
        raise UsageError(
            "this moment is still to come", "name when it happened: --at 03:40, or --at '2026-11-24 03:40'"
        )


def describe(state: State, *, number: str, place: str, person: Text, at: float, by: str, now: float) -> NumberDescribed:
    """Write down what is known of somebody from now on."""
    held = find_given(state, number)
    check_moment(at, now)
    if at < held.at:
        raise UsageError(f"{number} was given later than that", "name a moment after the arrival")
    check_place(place)
    return NumberDescribed(number, place, check_name(by), at, person)


def void(state: State, *, number: Number, by: str, reason: Text) -> NumberVoided:
    """Make a number useless for ever."""
    held = state.held.get(str(number))
    if held is None:
        if state.block_of(number) is None:
            raise NotFound(f"{number} is of no block that was reserved here", "look at garde number list")
        return NumberVoided(str(number), check_name(by), reason)
    if held.waiting:
        raise Refused(f"{number} waits for a second person", f"first: garde number refuse {number} --note WHY")
    if held.standing is Standing.USED:
        raise Refused(f"{number} has been used: requests or items are written under it",
                      "match it to its person instead: garde number match")  # fmt: skip
    if held.standing is not Standing.ISSUED:
        raise Refused(f"{number} is {held.standing.value}", "nothing is to be done")
    if not reason:
        raise UsageError(f"{number} was given to somebody, who will be seen no more", "say why: --note 'given twice, "
                         "is D1-…'")  # fmt: skip
    return NumberVoided(str(number), check_name(by), reason)


def find_given(state: State, number: str) -> Held:
    """Return what is known of a number that somebody has; refuses a free, void or unknown one."""
    held = state.held.get(number)
    if held is None:
        raise NotFound(f"{number} was given to nobody", "garde number issue PLACE NUMBER")
    if held.standing is Standing.VOID:
        raise Refused(_why_held(held), "look at garde number list")
    return held


def folded(name: str) -> str:
    """Return a name as it is compared: spaces, points and case make no second person."""
    return "".join(re.findall(r"[^\W_]+", name)).casefold()
