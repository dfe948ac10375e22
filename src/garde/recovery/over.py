"""What the way back says about the end of a crisis: inputs for whoever stands down.

Comes in: the state, the estate, the time. Goes out: `Over`. Pure; it ends nothing. The rules, one test each:

1. Every planned server is open, and none is cut again.
2. No exception in a round that goes on is past its end, and no credential of a planned server is left.
3. Somebody has said until when the watch stays reinforced: it has its own end, after that of the plan.
4. Retention that is frozen still is said; a person lets it go on.
"""

from __future__ import annotations

from collections.abc import Iterator

from garde.estate.look import Lookup
from garde.model.restart import Item, Stage
from garde.recovery import credentials
from garde.recovery import reasons as r
from garde.recovery.gates import gate_of
from garde.recovery.judged import Gate, Over
from garde.recovery.memory import State
from garde.recovery.reasons import Reason, because


def over(state: State, look: Lookup, now: float) -> Over:
    """Return how it stands."""
    planned = [name for wave in (state.plan.waves if state.plan else []) for name in wave]
    gates = {name: gate_of(state, look, name, now) for name in state.steps if state.step(name).round}
    frozen = [each for each in state.stores.values() if each.held]
    return Over(
        planned=len(planned),
        open=sum(state.step(name).stage == Stage.OPEN for name in planned),
        last_seen=state.relapse.at if state.relapse else 0.0,
        frozen=len(frozen),
        exceptions=tuple(_exceptions(gates)),
        watch_until=max(state.watch_until, 0.0),
        reenter=dict(state.reenter),
        reasons=tuple(dict.fromkeys(_against(state, look, planned, gates, now))),
    )


def _exceptions(gates: dict[str, Gate]) -> Iterator[tuple[str, str, float]]:
    for name, gate in gates.items():
        for item in gate.items:
            if item.excepted_until and not item.expired:
                yield name, item.item, item.excepted_until


def _against(state: State, look: Lookup, planned: list[str], gates: dict[str, Gate], now: float) -> Iterator[Reason]:
    if not planned:
        yield because(r.O_NO_PLAN)
    for name in dict.fromkeys([*planned, *gates]):
        stage = state.step(name).stage
        if stage == Stage.RECUT:
            yield because(r.O_RECUT, machine=name)
        elif stage != Stage.OPEN:
            yield because(r.O_NOT_OPEN, machine=name)
    for name, gate in gates.items():
        for number, item in enumerate(Item, 1):
            if gate.item(item).expired and gate.item(item).answer != "yes":
                yield because(r.O_EXCEPTION, machine=name, number=number)
    for each in credentials.list_of(state, look, now):
        if each.left:
            yield because(r.O_CREDENTIAL, credential=each.credential)
    if planned and state.watch_until < 0:
        yield because(r.O_WATCH)
    for holder in dict.fromkeys(each.holder for each in state.stores.values() if each.held):
        yield because(r.O_FROZEN, machine=holder)
