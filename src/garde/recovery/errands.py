"""Errands for agents, as commands: who is asked for what, and how long it counts.

Comes in: the state, the entry that they answer. Goes out: `ErrandAsked`. Pure; it sends nothing. The rules, one test
each:

1. What freezes is asked of the agent that holds the store, once for each store that is not frozen since the alarm.
2. What is under way is not asked twice: a sweep, a look, a judging of one store.
3. A sweep goes to the machine itself where an agent runs on it, a look to another sound machine; where there is
   nobody to look, none is asked.
4. Each has an end: after it the hub says that it failed, and it may be asked anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from garde.estate.look import Lookup
from garde.journal.recovery_kinds import ErrandAsked, PointChosen
from garde.model.order import Verb
from garde.model.restart import Stage
from garde.recovery.flows import find_looker, ports_to_try
from garde.recovery.memory import BY_RULE, State, Store

SHORT_S: Final = 3_600.0  # a sweep of a large file server takes minutes
LONG_S: Final = 24 * 3600.0  # judging or bringing back terabytes
FREEZE_S: Final = 7 * 24 * 3600.0  # an agent that is switched off tonight is asked when it comes back
RAISE_S: Final = 30 * 24 * 3600.0  # sensitivity stays raised for so long where nobody says; the agent ends it itself


def freeze(state: State, holder: str = "") -> Iterator[ErrandAsked]:
    """Freeze what is not frozen: everywhere, or at one agent. Rule 1."""
    if not state.alarm:
        return
    for each in state.stores.values():
        if each.freezes and (not holder or each.holder == holder) and _to_freeze(state, each):
            yield _errand(state, each.holder, Verb.FREEZE, each.covers, FREEZE_S, store=each.store, since=state.since)


def _to_freeze(state: State, store: Store) -> bool:
    let_go_since = store.frozen == "thawed" and store.seq > state.alarm
    return store.frozen not in ("asked", "proven", "thawing") and not let_go_since


def thaw(state: State, machine: str, store: str, by: str) -> Iterator[ErrandAsked]:
    """Let retention go on at this agent."""
    for each in state.stores.values():
        if each.holder == machine and each.freezes and (not store or each.store == store):
            yield _errand(state, machine, Verb.THAW, each.covers, LONG_S, store=each.store, by=by)


def judge(state: State, machine: str, store: str, by: str) -> Iterator[ErrandAsked]:
    """Judge the points of a machine's data, wherever they lie. Rule 2."""
    for each in state.stores.values():
        wanted = each.covers == machine and (not store or each.store == store)
        if wanted and not _under_way(state, Verb.JUDGE, each.holder, machine, each.store):
            yield _errand(state, each.holder, Verb.JUDGE, machine, LONG_S, store=each.store, since=state.since, by=by)


def restore(state: State, holder: str, chosen: PointChosen) -> ErrandAsked:
    """Bring a point back."""
    return _errand(
        state, holder, Verb.RESTORE, chosen.machine, LONG_S, store=chosen.store, point=chosen.point,
        where=chosen.where, since=state.since, by=chosen.by,
    )  # fmt: skip


def baseline(state: State, machine: str, by: str) -> ErrandAsked:
    """Write down what a sound machine looks like."""
    return _errand(state, machine, Verb.BASELINE, machine, SHORT_S, by=by)


def sweep(state: State, look: Lookup, machine: str) -> Iterator[ErrandAsked]:
    """Have the machine answer for itself, and another look at it. Rules 2 and 3."""
    found = look.machines.get(machine)
    if found is not None and machine in state.agents and not _under_way(state, Verb.SWEEP, machine, machine):
        believed = state.baselines.get(machine, "")
        yield _errand(state, machine, Verb.SWEEP, machine, SHORT_S, baseline=believed, since=state.since)
    step = state.step(machine)
    if step.stage == Stage.OPEN or found is None:
        return  # everybody may reach it
    looker = find_looker(look, state, machine, step.allow)
    addresses = look.addresses_of(machine)
    if looker and addresses and not _under_way(state, Verb.LOOK, looker, machine):
        ports = ports_to_try(look, machine)
        yield _errand(state, looker, Verb.LOOK, machine, SHORT_S, addresses=addresses, ports=ports)


def raise_watch(state: State, machine: str) -> Iterator[ErrandAsked]:
    """Watch more sensitively; as usual again where the watch is over."""
    if machine in state.agents:
        until = 0.0 if state.watch_until == 0 else state.watch_until if state.watch_until > 0 else state.now + RAISE_S
        yield _errand(state, machine, Verb.RAISE, machine, LONG_S, until=until)


def _under_way(state: State, verb: Verb, machine: str, about: str, store: str = "") -> bool:
    step = state.step(about)
    after = max(step.began_seq, step.isolation.seq if step.isolation is not None else 0, step.observed)
    return any(
        (each.verb, each.machine, each.about, each.store) == (verb, machine, about, store)
        and (verb == Verb.JUDGE or each.seq > after)  # what was asked before counts for nothing now
        for each in state.errands.values()
    )


def _errand(
    state: State, machine: str, verb: Verb, about: str, counts_s: float, *, store: str = "", point: str = "",
    where: str = "", since: float = 0.0, until: float = 0.0, addresses: tuple[str, ...] = (),
    ports: tuple[int, ...] = (), baseline: str = "", by: str = BY_RULE,
) -> ErrandAsked:  # fmt: skip
    return ErrandAsked(
        machine=machine, verb=verb, about=about, store=store, point=point, where=where, since=since, until=until,
        addresses=addresses, ports=ports, baseline=baseline, by=by, reason=f"the way back of {about}",
        expires=state.now + counts_s,
    )  # fmt: skip
