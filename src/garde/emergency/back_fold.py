"""The fold's part about the way back: who is on it, what is to be entered again, what the wards still have on paper.

Comes in: payloads with their entry. Goes out: changes to `State`. It re-derives nothing: stages are `recovery`'s own
facts, and what wards have on paper is what the downtime desk's signed facts say.
"""

from __future__ import annotations

from typing import Final

from garde.emergency.memory import State
from garde.journal import paper_kinds as paper
from garde.journal import recovery_kinds as r
from garde.journal.entry import Entry
from garde.model.restart import OPENED, Stage

DONE: Final = frozenset({Stage.WAITING, Stage.OPEN})  # a server at these is not on its way
_KEPT: Final = 500  # wards


def on_step(state: State, entry: Entry, payload: r.StepMoved) -> None:
    """A server that is offered again has passed its gate: what was damaged on it keeps no service down any more."""
    if payload.stage in DONE:
        state.returning.pop(payload.machine, None)
    else:
        state.returning[payload.machine] = payload.stage
    if payload.stage in OPENED and payload.machine in state.harmed:
        state.news.before = state.picture()
        del state.harmed[payload.machine]


def on_recut(state: State, entry: Entry, payload: r.MachineRecut) -> None:
    state.last_recut = entry.at
    state.returning[payload.machine] = Stage.RECUT


def on_watch(state: State, entry: Entry, payload: r.WatchReinforced) -> None:
    state.watch_until, state.watch_by = payload.until, payload.by


def on_reenter(state: State, entry: Entry, payload: paper.ReenterSaid) -> None:
    """Data of a service or a machine after a time must be entered again; 0 takes that back."""
    if payload.after:
        state.reenter[payload.subject] = payload.after
    else:
        state.reenter.pop(payload.subject, None)


def on_fact(state: State, entry: Entry, payload: paper.FactHeard) -> None:
    """What the downtime desk says of its wards."""
    match payload.fact:
        case "downtime":
            state.on_paper[payload.subject] = payload.state
        case "switched" if payload.state.isdigit():
            state.switched[payload.subject] = int(payload.state)
    for known in (state.on_paper, state.switched):
        while len(known) > _KEPT:
            known.pop(next(iter(known)))
