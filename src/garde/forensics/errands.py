"""Errands for agents, as commands: who gathers evidence, who looks back at flows. The rules, one test each:

1. What is under way at a machine is not asked twice: it is asked once more when it has ended.
2. Flows are looked at from a day before the first harm until now, with the addresses of all suspects.
3. Each has an end: after it the hub says that it failed. An agent that is switched off tonight is asked when it is
   there again.

Comes in: the state and a case. Goes out: `ErrandAsked`. Pure; it sends nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from garde.forensics.memory import BEFORE_S, BY_RULE, Case, Errand, State
from garde.journal.recovery_kinds import ErrandAsked
from garde.model.order import Verb

COUNTS_S: Final = 7 * 24 * 3600.0


def gather(state: State, case: Case, machine: str) -> Iterator[ErrandAsked]:
    """Have a machine keep what is evidence."""
    if machine in state.machines and not is_under_way(state, case, Verb.GATHER, machine):
        yield _errand(state, case, Verb.GATHER, machine, case.first_harm)


def flows(state: State, case: Case, machine: str) -> Iterator[ErrandAsked]:
    """Have a machine look back at its flow records. Rule 2."""
    if machine in state.machines and not is_under_way(state, case, Verb.FLOWS, machine):
        since = max(case.first_harm - BEFORE_S, 0.0) if case.first_harm else 0.0
        yield _errand(state, case, Verb.FLOWS, machine, since, addresses=tuple(case.suspects))


def under_way(state: State, case: Case, verb: Verb) -> list[Errand]:
    """Return such errands for an incident that have no outcome."""
    return [each for each in state.errands.values() if each.verb == verb and state.case(each.incident) is case]


def is_under_way(state: State, case: Case, verb: Verb, machine: str) -> bool:
    """Whether this machine has such an errand without an outcome."""
    return any(each.machine == machine for each in under_way(state, case, verb))


def knows_all(case: Case, machine: str) -> bool:
    """Whether a machine was asked to look back at everybody who is suspected."""
    asked = case.asked.get(machine)
    return asked is not None and set(case.suspects) <= set(asked)


def flow_machines(state: State) -> list[str]:
    """Return the machines whose agents have told of a source that has not ended."""
    return list(dict.fromkeys(each.machine for each in state.sources.values() if each.state != "ended"))


def _errand(
    state: State, case: Case, verb: Verb, machine: str, since: float, *, addresses: tuple[str, ...] = ()
) -> ErrandAsked:
    return ErrandAsked(
        machine=machine, verb=verb, about=case.id, since=since, until=state.now, addresses=addresses, by=BY_RULE,
        reason=f"the account of {case.id}", expires=state.now + COUNTS_S,
    )  # fmt: skip
