"""The return-to-service record: the thirteen items of one server, with exceptions and signatures.

Comes in: the state, the estate, a machine, the time. Goes out: `Gate` (`judged.py`). Pure. `items.py` judges the first
twelve. The rules, one test each:

1. An item is fine where its answer is yes, or where a named person who may has excepted it and the time is not over.
2. What a server needs is never excepted, nor are the observation and the signatures.
3. A no said after an exception ends it. An exception counts 90 days at most.
4. Two signatures: one for IT, one for the service, of two persons who may; the last of each side that counts.
5. A signature counts in its round, when it was given after the observation was over: what was not known yet nobody has
   signed.
6. A signature counts no more once something was seen during any return since: whoever signs must know of it.
7. Both signatures by one person are one: the later of the two does not count.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from garde.estate.look import Lookup
from garde.model.restart import Answer, Item
from garde.recovery import items, may, needs
from garde.recovery import reasons as r
from garde.recovery.items import Case
from garde.recovery.judged import Gate, ItemView, SignatureView
from garde.recovery.memory import Signature, State
from garde.recovery.reasons import because

FIRST_ELEVEN: Final = tuple(Item)[:11]
FIRST_TWELVE: Final = tuple(Item)[:12]
_NEVER_EXCEPTED: Final = (Item.OBSERVED, Item.SIGNED)


def gate_of(state: State, look: Lookup, machine: str, now: float) -> Gate:
    """Return the record of this server in its round."""
    case = Case(state, look, machine, now)
    views = [_view(case, item) for item in FIRST_TWELVE]
    views[0] = _with_circle(case, views[0])
    signatures = signatures_of(state, look, machine)
    views.append(_signed(signatures))
    step = case.step
    return Gate(machine, step.round, step.stage, case.rating.status, tuple(views), signatures)


def others_fine(state: State, look: Lookup, machine: str, now: float) -> bool:
    """Whether the items 2 to 11 of this server are fine: what it needs is left out."""
    case = Case(state, look, machine, now)
    return all(_view(case, item).fine for item in FIRST_ELEVEN[1:])


def _view(case: Case, item: Item) -> ItemView:
    made = items.judge(case, item)
    exceptable = item not in _NEVER_EXCEPTED and not made.fixed
    given = case.exception(item) if exceptable else None
    in_force = given is not None and case.in_force(given)
    yes = made.answer == Answer.YES
    return ItemView(
        item, made.answer, yes or in_force, tuple(made.by), tuple(made.reasons), tuple(made.found), made.more,
        given.by if given else "", given.until if given else 0.0, given is not None and not in_force,
        made.note or (given.note if given else ""), items.people_for(case.look, item, case.machine), exceptable,
    )  # fmt: skip


def _with_circle(case: Case, view: ItemView) -> ItemView:
    """Item 1 of a machine that stands in a circle."""
    found = tuple(needs.circle_against(case.state, case.look, case.machine, case.now, others_fine))
    if not found:
        return view
    return replace(view, answer=Answer.NO, fine=False, exceptable=False, reasons=(*view.reasons, *found))


# --- signatures -------------------------------------------------------------------------------------------------------


def signatures_of(state: State, look: Lookup, machine: str) -> tuple[SignatureView, ...]:
    """Return the last signature of each side that counts, and those that do not with the reason."""
    made: list[SignatureView] = []
    people: dict[str, str] = {}  # side -> person, of those that count
    for each in state.step(machine).signatures:  # in the order in which they were given
        why = _why_not(state, look, machine, each, people)
        if why is None:
            people[each.side] = may.person_of(look, each.by)
            made = [other for other in made if not (other.counts and other.side == each.side)]
        made.append(SignatureView(each.side, each.by, each.role, each.at, why is None, why))
    return tuple(made)


def _why_not(state: State, look: Lookup, machine: str, each: Signature, people: dict[str, str]) -> r.Reason | None:
    step = state.step(machine)
    if each.side not in may.SIDES or not may.may(look, may.SIDES[each.side], each.by, each.role, machine):
        return because(r.S_ROLE, by=each.by, side=each.side)
    if not step.observed or each.seq < step.observed:
        return because(r.S_EARLY)
    if state.relapse is not None and each.seq < state.relapse.seq:
        return because(r.S_RELAPSE)
    person = may.person_of(look, each.by)
    if any(other == person for side, other in people.items() if side != each.side):
        return because(r.S_SAME)
    return None


def _signed(signatures: tuple[SignatureView, ...]) -> ItemView:
    by = {each.side: each.by for each in signatures if each.counts}
    lacking = tuple(because(r.G_NOT_SIGNED, side=side) for side in may.SIDES if side not in by)
    answer = Answer.NO if lacking else Answer.YES
    return ItemView(Item.SIGNED, answer, not lacking, tuple(by.values()), lacking)
