"""How far each server has come: the plan, isolations, stages, answers and signatures. The last third of the fold.

Comes in: what people say, what the hub published, wakes. Goes out: changes of `State`. The rules, one test each:

1. A server comes to another stage where `step_moved` says so for its round and from the stage that it is in; being cut
   again is believed from any stage.
2. Nothing is opened in a round in which something was seen.
3. A new round forgets answers, signatures, sweeps and looks.
4. Answers and signatures count for the round that they name, while it goes on. All of them are kept: which count is
   judged when they are needed (`items.py`, `gates.py`).
5. A wake ends a time where that time has come by the entry's own clock; one that comes early ends nothing.
6. An isolation that no longer holds is an alarm once the server is verified.
7. A plan takes the place of the one before. What is on its way goes on, whatever wave it is in now.
8. A credential is listed once; each further machine is added to it.
"""

from __future__ import annotations

import math
from typing import Final

from garde.journal import hub_kinds as h
from garde.journal import paper_kinds as paper
from garde.journal import recovery_kinds as v
from garde.journal.entry import Entry
from garde.model.restart import OPENED, Stage, Status
from garde.recovery import reasons as r
from garde.recovery.harm_fold import alarm, ask_freeze
from garde.recovery.keys import LISTED, OBSERVED, SWEEP, WATCH, split
from garde.recovery.memory import (
    BY_RULE,
    CHECKED,
    LISTED_S,
    LOST,
    OBSERVE_S,
    ON_ITS_WAY,
    PROVEN,
    REFUSED,
    Change,
    Credential,
    Isolation,
    Moved,
    Planned,
    Rating,
    Said,
    Signature,
    State,
    Step,
)
from garde.recovery.reasons import because

CLOCK_S: Final = 0.001  # entries keep microseconds: a time has come when it has come, not a hair later
LONGEST_S: Final = 30 * 86_400.0  # of watching, or with listed flows
MOST_MOVES: Final = 60  # remembered of one server
MOST_ANSWERS: Final = 20  # to one item; of signatures as well
MOST_CHANGES: Final = 20  # of one credential
PERSON: Final = "person/"


# --- the plan ---------------------------------------------------------------------------------------------------------


def on_planned(state: State, entry: Entry, payload: v.RestartPlanned) -> None:
    """People decided which machines return together. Rule 7."""
    seen: set[str] = set()
    waves = []
    for wave in payload.waves:
        own = [each for each in dict.fromkeys(wave) if each not in seen and each in state.machines]
        seen |= set(own)
        waves.append(own)
    state.plan = Planned(
        waves, _bounded(payload.observe_s, OBSERVE_S), _bounded(payload.listed_s, LISTED_S), payload.by, payload.role,
        list(payload.warnings), entry.at, entry.seq,
    )  # fmt: skip
    if state.watch_until == 0:
        state.watch_until = -1.0  # another way back: its watch is reinforced until somebody says otherwise
    place = {name: number for number, wave in enumerate(waves, 1) for name in wave}
    state.steps = {name: each for name, each in state.steps.items() if each.round or name in place}
    for name in place:
        state.steps.setdefault(name, Step(name))
    for name, step in state.steps.items():
        step.wave = place.get(name, 0)
    state.news.all = True
    ask_freeze(state, entry)


def _bounded(seconds: float, otherwise: float) -> float:
    return min(max(seconds, 0.0), LONGEST_S) if math.isfinite(seconds) else otherwise


# --- stages -----------------------------------------------------------------------------------------------------------


def on_moved(state: State, entry: Entry, payload: v.StepMoved) -> None:
    """A server came to another stage. Rules 1, 2 and 3."""
    step = state.steps.get(payload.machine) or Step(payload.machine)
    if not _follows(step, payload):
        return
    state.steps[payload.machine] = step
    if payload.stage == Stage.WAITING:
        _begin(step, entry, payload)
    step.stage, step.since, step.seq, step.due = payload.stage, entry.at, entry.seq, 0.0
    step.history = [*step.history, Moved(payload.stage, step.round, entry.at, payload.why, payload.by)][-MOST_MOVES:]
    if payload.stage == Stage.RECUT:
        step.seen = step.seen or entry.seq
    elif payload.stage == Stage.OBSERVING:
        step.due = entry.at + (state.plan.observe_s if state.plan else OBSERVE_S)
    elif payload.stage == Stage.LISTED:
        step.due = entry.at + (state.plan.listed_s if state.plan else LISTED_S)
    state.news.moved, state.news.look = payload.machine, [payload.machine]


def _follows(step: Step, payload: v.StepMoved) -> bool:
    if payload.stage == Stage.WAITING:
        may_begin = step.stage == Stage.RECUT if step.round else step.stage == Stage.WAITING
        return may_begin and payload.round == step.round + 1
    if payload.round != step.round or not step.round:
        return False
    if payload.stage == Stage.RECUT:
        return step.stage != Stage.RECUT
    if payload.stage in OPENED and step.seen:
        return False
    return payload.before == step.stage and (step.stage, payload.stage) in _NEXT


_NEXT: Final = {
    (Stage.WAITING, Stage.ISOLATED), (Stage.ISOLATED, Stage.VERIFIED), (Stage.VERIFIED, Stage.OBSERVING),
    (Stage.OBSERVING, Stage.LISTED), (Stage.LISTED, Stage.OPEN),
}  # fmt: skip


def _begin(step: Step, entry: Entry, payload: v.StepMoved) -> None:
    step.round, step.began, step.began_seq = payload.round, entry.at, entry.seq
    step.swept = step.looked = None
    step.answers, step.signatures, step.opening = {}, [], []
    step.observed = step.listed = step.seen = 0
    step.raised = 0.0


def on_step_wanted(state: State, entry: Entry, payload: v.StepWanted) -> None:
    """A person wants a server to go on: what that leads to is for `policy.py`."""
    step = state.steps.get(payload.machine)
    if payload.want == "open" and step is not None and step.stage == Stage.LISTED:
        step.opening = [*step.opening, Signature("", payload.by, payload.role, entry.at, entry.seq)][-MOST_ANSWERS:]
        state.news.look = [step.machine]


# --- isolations -------------------------------------------------------------------------------------------------------


def on_isolation(state: State, entry: Entry, payload: v.IsolationWanted) -> None:
    """It is wanted that a machine talks to these only. What is cut as a precaution is healthy: it is on no way back."""
    if payload.isolation.startswith(v.PRECAUTION):
        return
    step = state.steps.setdefault(payload.machine, Step(payload.machine))
    if any(each.id == payload.isolation for each in step.isolations):
        return
    step.isolations.append(Isolation(payload.isolation, list(payload.allow), seq=entry.seq))
    step.numbered += 1
    step.looked = None  # of another isolation: what answers now was not seen yet


def on_isolation_over(state: State, entry: Entry, payload: v.IsolationOver) -> None:
    """It is wanted no more."""
    if step := state.steps.get(payload.machine):
        step.isolations = [each for each in step.isolations if each.id != payload.isolation]


def on_cut_proposed(state: State, entry: Entry, payload: h.CutProposed) -> None:
    """Containment says why an isolation is never made."""
    for step in state.steps.values() if payload.refused else ():
        for each in step.isolations:
            if each.id == payload.cut:
                each.state = REFUSED


def on_cut(state: State, entry: Entry, payload: h.CutChanged) -> None:
    """How a cut stands; ours are isolations."""
    found = ((step, each) for step in state.steps.values() for each in step.isolations if each.id == payload.cut)
    for step, isolation in found:
        before, isolation.state = isolation.state, payload.state
        state.news.look.append(step.machine)
        if isolation is not step.isolation:
            continue
        if payload.state == PROVEN and before != PROVEN:
            state.news.proven = step.machine
        if before == PROVEN and payload.state in LOST:
            alarm(state, entry, step.machine, because(r.CUT_LOST, machine=step.machine), CHECKED)


# --- answers and signatures -------------------------------------------------------------------------------------------


def on_answered(state: State, entry: Entry, payload: v.GateAnswered) -> None:
    """A person answered an item. Rule 4."""
    step = state.steps.get(payload.machine)
    if step is None or not step.begun or payload.round != step.round:
        return
    said = Said(payload.answer, payload.by, payload.role, payload.until, payload.note.shown(), entry.at)
    step.answers[payload.item] = [*step.answers.get(payload.item, []), said][-MOST_ANSWERS:]
    state.news.look = [step.machine]


def on_signed(state: State, entry: Entry, payload: v.GateSigned) -> None:
    """A person signed. Rule 4."""
    step = state.steps.get(payload.machine)
    if step is None or not step.begun or payload.round != step.round:
        return
    made = Signature(payload.side, payload.by, payload.role, entry.at, entry.seq)
    step.signatures = [*step.signatures, made][-MOST_ANSWERS:]
    state.news.look = [step.machine]


def on_rated(state: State, entry: Entry, payload: v.ServerRated) -> None:
    """How a server stands, as it was published or as a person says."""
    if payload.status not in set(Status):
        return
    state.ratings[payload.machine] = Rating(payload.status, payload.by, payload.why.shown(), entry.at, entry.seq)
    state.news.all = True


# --- credentials, the watch, what must be entered again ---------------------------------------------------------------


def on_listed(state: State, entry: Entry, payload: v.CredentialListed) -> None:
    """It must be changed. Rule 8."""
    known = state.credentials.setdefault(
        payload.credential, Credential(payload.credential, payload.sort, [], max(payload.times, 1))
    )
    if payload.machine not in known.machines:
        known.machines.append(payload.machine)


def on_changed(state: State, entry: Entry, payload: v.CredentialChanged) -> None:
    """It was changed, once."""
    if known := state.credentials.get(payload.credential):
        known.changes = [*known.changes, Change(entry.at, payload.by, entry.seq)][-MOST_CHANGES:]
        state.news.look = list(known.machines)


def on_reinforced(state: State, entry: Entry, payload: v.WatchReinforced) -> None:
    """Until when the watch stays reinforced. The rule's word ends it only where nobody has said another time since."""
    by_rule = payload.by == BY_RULE and not entry.who.startswith(PERSON)
    if by_rule and state.watch_until > entry.at + CLOCK_S:
        return
    state.watch_until = max(payload.until, 0.0)
    state.news.watch = True


def on_reenter(state: State, entry: Entry, payload: paper.ReenterSaid) -> None:
    """From when on data must be entered again."""
    if payload.after > 0:
        state.reenter[payload.subject] = payload.after
    else:
        state.reenter.pop(payload.subject, None)


# --- time -------------------------------------------------------------------------------------------------------------


def on_woke(state: State, entry: Entry, payload: h.Woke) -> None:
    """A time has come. Rule 5."""
    kind, about, more = split(payload.key)
    if kind == WATCH:
        state.news.watch_over = state.watch_until > 0 and more == repr(state.watch_until)
        return
    step = state.steps.get(about)
    if step is None or more != str(step.round):
        return
    if kind == SWEEP and step.stage in ON_ITS_WAY:
        state.news.sweep = about
    elif (kind, step.stage) in ((OBSERVED, Stage.OBSERVING), (LISTED, Stage.LISTED)):
        if entry.at + CLOCK_S < step.due:
            state.news.early = payload.key
            return
        if kind == OBSERVED:
            step.observed = step.observed or entry.seq
        else:
            step.listed = step.listed or entry.seq
        state.news.ended, state.news.look = about, [about]
