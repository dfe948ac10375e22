"""The state without the names of people: for a screen that many people see.

Comes in: a copy of the state. Goes out: the same, where nobody is named any more: whoever did something is "somebody",
who was called and what people noted is left out. What is said aloud stays: why a way in is limited, why a service is
as a person says. It changes the copy that it is given.
"""

from __future__ import annotations

from garde.emergency.memory import BY_PLAN, SOMEBODY, Activation, State


def nameless(state: State) -> State:
    """Return the state without names."""
    if state.activation is not None:
        _of_the_plan(state.activation)
    for way in state.diversions.values():
        way.by = _who(way.by)
        for heard in way.heard.values():
            heard.told_by, heard.name = _who(heard.told_by), ""
    for word in state.overrides.values():
        word.by = _who(word.by)
    for service in state.services.values():
        service.by = _who(service.by)
    for flag in state.flags.values():
        flag.by = _who(flag.by)
    state.watch_by = _who(state.watch_by)
    for cut in state.cuts.values():
        cut.by = _who(cut.by)
    state.decisions = []
    return state


def _of_the_plan(found: Activation) -> None:
    found.by = _who(found.by)
    for task in found.tasks.values():
        task.by, task.taken, task.ended_by = _who(task.by), _who(task.taken), _who(task.ended_by)
        task.note = ""
    for call in found.calls.values():
        call.people, call.missing = [], []
    for met in found.criteria.values():
        met.by, met.note = _who(met.by), ""


def _who(login: str) -> str:
    return SOMEBODY if login not in ("", BY_PLAN) else login
