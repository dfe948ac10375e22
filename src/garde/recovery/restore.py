"""Restore points and stores as people see them, and why a point may not be chosen.

Comes in: the state, the estate. Goes out: `PointView`, `StoreView`, and a reason. Pure; it restores nothing. The rules,
one test each:

1. A point that must not be used, or was not judged, is never brought back; nor one that holds another machine's data.
2. A point judged against a later first hostile write than is known now is judged again before it is put in place.
3. It is put in place only after it was brought to a scratch place and verified whole, and only while its machine is
   isolated on its way back.
4. What is being brought back is not asked for twice.
"""

from __future__ import annotations

from typing import Final

from garde.estate.look import Lookup
from garde.model.order import Verb
from garde.model.restart import Colour, Stage
from garde.recovery import reasons as r
from garde.recovery.judged import PointView, StoreView
from garde.recovery.memory import Point, State
from garde.recovery.reasons import Reason, because

SCRATCH, PLACE = "scratch", "place"
EARLIER_S: Final = 1.0  # a first hostile write that moved by less changes no verdict


def find_point(state: State, machine: str, store: str, point: str) -> Point | None:
    """Return the judged point of this machine; of several holders with such a store the one judged last."""
    named = [each for each in state.points.values() if (each.store, each.point) == (store, point)]
    own = [each for each in named if each.covers == machine]
    return max(own or named, key=lambda each: each.at, default=None)


def why_not(state: State, machine: str, store: str, point: str, where: str) -> Reason | None:
    """Return why this point may not be brought back there; None where it may."""
    found = find_point(state, machine, store, point)
    return because(r.P_NONE) if found is None else _why_not(state, machine, found, where)


def _why_not(state: State, machine: str, found: Point, where: str) -> Reason | None:
    if found.covers != machine:
        return because(r.P_OTHER, machine=found.covers)
    if found.colour not in (Colour.GREEN, Colour.AMBER):
        return because(r.P_RED if found.colour == Colour.RED else r.P_GREY)
    if any(each.verb == Verb.RESTORE and each.about == machine for each in state.errands.values()):
        return because(r.P_RUNNING)
    return _why_not_in_place(state, machine, found) if where == PLACE else None


def _why_not_in_place(state: State, machine: str, found: Point) -> Reason | None:
    if is_stale(state, found):
        return because(r.P_STALE)
    if not _done(state, machine, found, SCRATCH):
        return because(r.P_NOT_TRIED)
    if state.step(machine).stage != Stage.ISOLATED:
        return because(r.P_STAGE)
    return None


def is_stale(state: State, found: Point) -> bool:
    """Whether a hostile write is known now from before the one that it was judged against."""
    return state.since > 0 and (not found.since or state.since < found.since - EARLIER_S)


def _done(state: State, machine: str, found: Point, where: str) -> bool:
    return any(
        each.verified and (each.holder, each.store, each.point, each.where)
        == (found.holder, found.store, found.point, where)
        for each in state.restored.get(machine, ())
    )  # fmt: skip


def points_of(state: State, look: Lookup, machine: str) -> tuple[PointView, ...]:
    """Return the points of a machine's data, the newest first; "": of every machine."""
    own = [each for each in state.points.values() if not machine or each.covers == machine]
    last: dict[tuple[str, str, str], Point] = {}  # as `find_point` finds it, for all of them at once
    for each in own:
        known = last.setdefault(_named(each), each)
        last[_named(each)] = max(known, each, key=lambda of: of.at)  # of equals the first
    return tuple(
        _view(state, each, last[_named(each)]) for each in sorted(own, key=lambda each: (-each.taken_at, each.point))
    )


def _named(each: Point) -> tuple[str, str, str]:
    return each.covers, each.store, each.point


def _view(state: State, each: Point, last: Point) -> PointView:
    store = state.stores.get(f"{each.holder}|{each.store}")
    made = state.restored.get(each.covers, ())
    placed = [(of.holder, of.store, of.point) for of in made if of.where == PLACE and of.verified]
    in_place = placed[-1:] == [(each.holder, each.store, each.point)]
    return PointView(
        each.holder, each.store, store.sort if store else "", each.point, each.covers, each.taken_at, each.colour,
        each.when, each.files, each.bytes, each.looked_at, each.readable, each.changed, each.indicators,
        each.catalogue, each.test_restore, each.enter_after, tuple(each.reasons), each.at, is_stale(state, each),
        _done(state, each.covers, each, SCRATCH), in_place,
        _why_not(state, each.covers, last, SCRATCH), _why_not(state, each.covers, last, PLACE),
    )  # fmt: skip


def stores_of(state: State, look: Lookup) -> tuple[StoreView, ...]:
    """Return every store with its retention, by the machine whose data it holds."""
    order = {each.id: number for number, each in enumerate(look.estate.machines)}
    found = sorted(
        state.stores.values(), key=lambda each: (order.get(each.covers, len(order)), each.holder, each.store)
    )
    return tuple(
        StoreView(each.holder, each.store, each.sort, each.covers, each.freezes, each.frozen, each.seconds,
                  each.detail, each.at)
        for each in found
    )  # fmt: skip
