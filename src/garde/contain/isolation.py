"""Isolations of machines on their way back: wanted by whoever leads them back, cut and proven here.

Comes in: `isolation_wanted` and `isolation_over`; the state, the hospital. Goes out: a cut of its own for each, with
what is asked for it and what undoes it. It judges no machine and decides no stage. The rules, one test each:

1. An isolation is a cut under its own id, of no incident, asked for in the transaction that wants it: it is no answer
   to an attack, and no attack's proposals, evidence, silence or end touch it.
2. It is not made where the never-cut list names the machine, where the written authority never allows `isolate`, or
   where no agent can carry it out: it is shown with the reason.
3. Said twice it is one, and it never changes: other flows are another isolation. What an agent enforces of several is
   what all of them allow.
4. One that is over is undone when every other that is wanted of its machine is proven, and not before: between two
   isolations there is no moment without one. With none wanted any more it is undone at once.
5. It is undone by that or by a person (or a printed code) alone; it is not wanted anew by itself.
6. One that leaves only the hub open takes the machine from the others, with its price in care; one with listed flows
   takes it from nobody whom it lists.
7. The agent that was silent or away is asked again when it lives, as for every cut.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Final

from garde.contain import authority
from garde.contain.actions.records import is_cut_id
from garde.contain.memory import Cut, State
from garde.contain.outcomes import standing
from garde.contain.planner import ISOLATE, NO_GATEWAY_AGENT, UNDO, Crew
from garde.estate.dependencies import Impact, impact
from garde.estate.look import Lookup
from garde.estate.never import why_never_machine
from garde.journal import hub_kinds as h
from garde.journal import recovery_kinds as r
from garde.journal.entry import Entry

RETURN: Final = "return"  # `needs` of such a cut: whoever began the way back has decided it
RULE: Final = "rule"  # who wants it where no person does
SEVERITY: Final = 3  # where the authority asks for one: a machine comes back from the worst
KEPT: Final = 200  # isolations that are undone, still remembered
_NOTHING: Final = Impact((), (), ())


def cut_of(isolation: str) -> str:
    """Return the id of an isolation's cut: its own, where a cut may be called so."""
    if is_cut_id(isolation):
        return isolation
    return "r-" + hashlib.sha256(isolation.encode("utf-8", "replace")).hexdigest()[:16]


# --- the fold ---------------------------------------------------------------------------------------------------------


def on_wanted(state: State, entry: Entry, payload: r.IsolationWanted) -> None:
    """Rules 1 and 3."""
    name = cut_of(payload.isolation)
    if name in state.cuts:
        return
    state.cuts[name] = Cut(
        name, "", ISOLATE, payload.machine, [], [], [payload.machine], 1, [], [], [], UNDO[ISOLATE], RETURN,
        payload.why, "", entry.seq, by=payload.by, isolation=payload.isolation, allow=list(payload.allow),
    )  # fmt: skip
    state.news.cut, state.news.ask = name, [payload.machine]
    _forget(state)


def on_over(state: State, entry: Entry, payload: r.IsolationOver) -> None:
    """Rule 4: note who said so."""
    cut = state.cuts.get(cut_of(payload.isolation))
    if cut is not None and cut.isolation and not cut.over:
        cut.over = payload.by or RULE
        let_go(state, cut.target)


def let_go(state: State, machine: str) -> None:
    """Leave word for `decide` which isolations of a machine are to be undone now (rule 4), each once."""
    of = [each for each in state.cuts.values() if each.isolation and each.target == machine and not each.undone]
    if any(standing(each).state != "proven" for each in of if not each.over):
        return
    for cut in of:
        if cut.over and not cut.undoing and not cut.let_go and not cut.refused:
            cut.let_go = True
            state.news.let_go.append(cut.id)


def _forget(state: State) -> None:
    gone = [name for name, each in state.cuts.items() if each.isolation and each.undone][:-KEPT]
    for name in gone:
        del state.cuts[name]
    if gone:
        state.commands = {each: place for each, place in state.commands.items() if place[0] not in gone}


# --- what follows -----------------------------------------------------------------------------------------------------


def priced(cut: Cut, told: h.CutProposed, look: Lookup, crew: Crew) -> h.CutProposed:
    """Return an isolation as it is published: with its price in care, or why it is never made (rules 2 and 6)."""
    price = _NOTHING if cut.allow else impact(look.estate, (cut.target,))
    refused = _refused(cut.target, look, crew, price)
    return replace(told, price=price.price, degraded=price.degraded, works=price.works, refused=refused)


def _refused(machine: str, look: Lookup, crew: Crew, price: Impact) -> str:
    never = why_never_machine(look, machine) or authority.ruling(look, ISOLATE, SEVERITY, price.price).never
    return never or ("" if crew.has(look, machine) else NO_GATEWAY_AGENT)
